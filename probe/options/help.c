#include "probe/options/help.h"

#include <string.h>

#include "probe/options/nearest.h"
#include "probe/options/option_table.h"
#include "probe/options/provider_table.h"

#define WIDTH       79
#define OPTION_COLS 30 /* where the texts of options begin */
#define USAGE_COLS  46 /* likewise of commands */
#define INDENT      "  "

/* --- pieces ----------------------------------------------------------------------- */

static int pad(struct mxp_buf *out, size_t line_start, size_t column)
{
    int err = MXP_OK;
    while (!err && out->len - line_start < column)
        err = mxp_buf_add_char(out, ' ');
    return err;
}

/* Words from the cursor on, which is at used columns of its line; the lines after it begin at
 * column, each behind prefix. */
static int wrap(struct mxp_buf *out, const char *text, size_t used, size_t column,
                const char *prefix)
{
    int err = MXP_OK;
    bool first = true;
    while (*text && !err) {
        size_t len = strcspn(text, " ");
        if (!first && used + 1 + len > WIDTH) {
            err = mxp_buf_printf(out, "\n%s", prefix);
            size_t start = out->len - strlen(prefix);
            err = err ? err : pad(out, start, column);
            used = column;
        } else if (!first) {
            err = mxp_buf_add_char(out, ' ');
            used++;
        }
        err = err ? err : mxp_buf_add(out, text, len);
        used += len;
        text += len;
        text += strspn(text, " ");
        first = false;
    }
    return err ? err : mxp_buf_add_char(out, '\n');
}

static int add_option(const struct mxp_option *option, struct mxp_buf *out)
{
    size_t start = out->len;
    int err = option->letter ? mxp_buf_printf(out, INDENT "-%c, --%s", option->letter, option->name)
                             : mxp_buf_printf(out, INDENT "    --%s", option->name);
    if (!err && option->value)
        err = mxp_buf_printf(out, " %s", option->value);
    size_t used = out->len - start;
    if (!err && used + 2 > OPTION_COLS) {
        err = mxp_buf_add_char(out, '\n');
        start = out->len;
    }
    err = err ? err : pad(out, start, OPTION_COLS);
    if (err || !option->def)
        return err ? err : wrap(out, option->help, OPTION_COLS, OPTION_COLS, "");
    char text[512];
    (void)snprintf(text, sizeof text, "%s (default: %s)", option->help, option->def);
    return wrap(out, text, OPTION_COLS, OPTION_COLS, "");
}

/* --- help and help COMMAND -------------------------------------------------------- */

int mxp_help_usage(struct mxp_buf *out)
{
    int err = mxp_buf_add_str(
        out, "mxprobe asks mail servers whether e-mail addresses exist; it never sends "
             "mail.\n\n");
    for (size_t i = 0; i < MXP_N_COMMANDS && !err; i++) {
        size_t start = out->len;
        if (mxp_commands[i].planned)
            continue;
        err = mxp_buf_printf(out, INDENT "mxprobe %s %s", mxp_commands[i].name,
                             mxp_commands[i].synopsis);
        err = err ? err : pad(out, start, USAGE_COLS);
        err = err ? err : wrap(out, mxp_commands[i].help, USAGE_COLS, USAGE_COLS, "");
    }
    return err ? err
               : mxp_buf_add_str(out,
                                 "\nOptions: mxprobe help COMMAND. Configuration file: mxprobe "
                                 "help config.\n"
                                 "First steps: mxprobe check --ehlo NAME --mail-from ADDRESS "
                                 "someone@example.org\n");
}

static int add_exit_codes(size_t command, struct mxp_buf *out)
{
    const char *own = "0 done; ";
    if (command == MXP_CMD_CHECK)
        own = "0 all valid, 1 any invalid, 2 any unknown and none invalid; ";
    else if (command == MXP_CMD_BULK)
        own = "0 the list is finished, whatever the verdicts; ";
    int err = mxp_buf_printf(out, "\nExit codes\n" INDENT);
    char text[400];
    (void)snprintf(text, sizeof text,
                   "%s64 usage, 65 bad data, 66 no input, 70 internal error, 73 cannot create "
                   "output, 74 input/output error, 75 interrupted and resumable, 78 configuration",
                   own);
    return err ? err : wrap(out, text, 2, 2, "");
}

static const char explain_text[] =
    "\nREPLY is a server's reply, a code (550), an enhanced code (5.1.1, x.2.2), a\n"
    "provider's own code (TSS04, SC-002), a reason (greylisted), or a log line or\n"
    "JSON event that holds a reply. Several lines: real line ends, or \\n between.\n" INDENT
    "mxprobe explain \"550 5.7.26 unauthenticated mail is not accepted\"\n" INDENT
    "mxprobe explain --json \"$(tail -n 1 /var/log/mail.log)\"\n";

int mxp_help_command(size_t command, struct mxp_buf *out)
{
    const struct mxp_command_row *row = &mxp_commands[command];
    const char *section = "";
    int err = mxp_buf_printf(out, "mxprobe %s%s%s\n" INDENT "%s\n", row->name,
                             *row->synopsis ? " " : "", row->synopsis, row->help);
    for (size_t i = 0; i < mxp_options_n && !err; i++) {
        const struct mxp_option *option = &mxp_options_table[i];
        if (!option->name || !(option->commands & (1u << command)))
            continue;
        if (strcmp(section, option->section) != 0)
            err = mxp_buf_printf(out, "\n%s\n", option->section);
        section = option->section;
        err = err ? err : add_option(option, out);
    }
    if (!err && (command == MXP_CMD_CHECK || command == MXP_CMD_BULK))
        err = mxp_buf_add_str(out, "\nDURATION is a number and ms, s, m, h or d: 30s, 5m, 2h.\n");
    if (!err && command == MXP_CMD_EXPLAIN)
        err = mxp_buf_add_str(out, explain_text);
    return err ? err : add_exit_codes(command, out);
}

/* --- help config ------------------------------------------------------------------ */

static const char *config_value(const struct mxp_option *option)
{
    if (option->def)
        return option->def;
    return option->kind == MXP_OPTION_FLAG ? "false" : "null";
}

static int add_key(const struct mxp_option *option, struct mxp_buf *out)
{
    char expected[MXP_EXPECTED_MAX], text[512];
    const char *dot = strchr(option->key, '.');
    const char *indent = dot ? "  " : "";
    (void)snprintf(text, sizeof text, "%s; %s%s", option->help,
                   mxp_option_is_list(option) ? "one or a list of: " : "",
                   mxp_option_expected(option, expected));
    char prefix[8];
    (void)snprintf(prefix, sizeof prefix, "%s# ", indent);
    int err = mxp_buf_add_str(out, prefix);
    err = err ? err : wrap(out, text, strlen(prefix), strlen(prefix), prefix);
    return err ? err
               : mxp_buf_printf(out, "%s%s: %s\n", indent, dot ? dot + 1 : option->key,
                                config_value(option));
}

static int add_keys(struct mxp_buf *out)
{
    const char *section = "";
    int err = MXP_OK;
    for (size_t i = 0; i < mxp_options_n && !err; i++) {
        const struct mxp_option *option = &mxp_options_table[i];
        if (!option->key)
            continue;
        if (strcmp(section, option->section) != 0) {
            err = mxp_buf_printf(out, "\n# --- %s\n", option->section);
            if (!err && strchr(option->key, '.'))
                err = mxp_buf_printf(out, "%.*s:\n", (int)strcspn(option->key, "."), option->key);
        }
        section = option->section;
        err = err ? err : add_key(option, out);
    }
    return err;
}

static const char identities_text[] =
    "\n# --- Identities and providers\n"
    "# several identities, each with limits of its own; what one does not say comes from ehlo\n"
    "# and mail_from above. Such as:\n"
    "#   identities:\n"
    "#     - {source: 192.0.2.1, ehlo: a.example.org, mail_from: probe@a.example.org}\n"
    "#     - {source: 192.0.2.2, ehlo: b.example.org, mail_from: probe@b.example.org}\n"
    "identities: null\n";

static const char budget_text[] =
    "# the limits at a provider that no table knows; 0 is no limit. host_connections count over\n"
    "# all identities; unknown_percent is the share of unknown recipients above which a\n"
    "# provider is asked more slowly\n"
    "default_budget:\n";

static const char providers_text[] =
    "# changes to the built-in provider table: an entry with a known name changes the given keys\n"
    "# only, a new one needs mx. Such as:\n"
    "#   providers:\n"
    "#     - name: google\n"
    "#       connections: 2\n"
    "#     - name: my-provider\n"
    "#       mx: [mail.example.com, \"in.*.example.net\"]   # ends of MX host names; * is a label\n"
    "#       gateway: false         # true: it stands before other providers' servers\n"
    "#       catch_all: never       # or ask\n"
    "#       probe: all             # or none: never asked, cannot_verify\n"
    "#       connect_rate: 20/1m\n"
    "providers: null\n";

int mxp_help_config(struct mxp_buf *out)
{
    struct mxp_options options = {0};
    mxp_arena_init(&options.arena);
    int err = mxp_provider_table_builtin(&options, NULL);
    if (!err)
        err = mxp_buf_add_str(out, "# Configuration of mxprobe (--config FILE): every key with its "
                                   "default.\n"
                                   "# null: not set. The command line beats this file.\n");
    err = err ? err : add_keys(out);
    err = err ? err : mxp_buf_add_str(out, identities_text);
    err = err ? err : mxp_buf_add_str(out, budget_text);
    err = err ? err : mxp_provider_table_print(&options.default_budget, "  ", out);
    err = err ? err : mxp_buf_add_str(out, providers_text);
    mxp_options_free(&options);
    return err;
}

/* --- printing --------------------------------------------------------------------- */

static int topic_text(const char *topic, struct mxp_buf *out, struct mxp_why *why)
{
    struct mxp_nearest nearest = {.typed = mxp_slice_str(topic)};
    size_t command = mxp_command_by_name(nearest.typed);
    int err;
    if (!topic)
        return mxp_help_usage(out);
    if (strcmp(topic, "config") == 0)
        return mxp_help_config(out);
    if (command < MXP_N_COMMANDS)
        return mxp_help_command(command, out);
    for (size_t i = 0; i < MXP_N_COMMANDS; i++)
        mxp_nearest_offer(&nearest, mxp_commands[i].name);
    mxp_nearest_offer(&nearest, "config");
    if (nearest.best)
        err = mxp_why_set(why, MXP_EUSAGE, "no help about '%.60s'; did you mean %s?", topic,
                          nearest.best);
    else
        err = mxp_why_set(why, MXP_EUSAGE, "no help about '%.60s'; see mxprobe help", topic);
    return err;
}

static int print(const struct mxp_buf *text, FILE *out, struct mxp_why *why)
{
    if (fwrite(text->ptr, 1, text->len, out) != text->len || fflush(out))
        return mxp_why_set(why, MXP_EIO, "standard output: %m");
    return MXP_OK;
}

int mxp_help_print(const char *topic, FILE *out, struct mxp_why *why)
{
    struct mxp_buf text;
    mxp_buf_init(&text, MXP_HELP_CAP);
    int err = topic_text(topic, &text, why);
    if (!err)
        err = print(&text, out, why);
    else if (err != MXP_EUSAGE)
        (void)mxp_why_set(why, err, "%s", mxp_err_text(err));
    mxp_buf_free(&text);
    return err;
}

int mxp_help_version(FILE *out, struct mxp_why *why)
{
    struct mxp_buf text;
    mxp_buf_init(&text, MXP_HELP_CAP);
    int err = mxp_buf_add_str(&text, "mxprobe " MXP_VERSION "\n");
    err = err ? mxp_why_set(why, err, "%s", mxp_err_text(err)) : print(&text, out, why);
    mxp_buf_free(&text);
    return err;
}
