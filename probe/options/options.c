#include "probe/options/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "probe/options/config.h"
#include "probe/options/identity.h"
#include "probe/options/nearest.h"
#include "probe/options/provider_table.h"
#include "probe/options/settings.h"

#define FILES_RESERVED  128u /* for DNS, files, the loop; a small limit gives half of itself */
#define RETRY_FOR_BULK  "30m"
#define RETRY_FOR_CHECK "0"
#define FQDN_MAX        256

/* A value as the command line gave it; kept until the configuration file was read. */
struct given {
    const struct mxp_option *option;
    struct mxp_slice text;
};

struct parse {
    struct mxp_options *options;
    struct mxp_why *why;
    struct given *given;
    size_t n_given;
    const char **operands;
    size_t n_operands;
    bool help, version;
};

static int no_memory(struct mxp_why *why)
{
    return mxp_why_set(why, MXP_ENOMEM, "out of memory");
}

static int usage(struct parse *parse, const char *what, const char *about)
{
    return mxp_why_set(parse->why, MXP_EUSAGE, "%s%.80s", what, about);
}

/* --- from argv to options and operands -------------------------------------------- */

static int keep(struct parse *parse, const struct mxp_option *option, struct mxp_slice text)
{
    struct given given = {.option = option, .text = text};
    if (option->kind == MXP_OPTION_HELP) {
        parse->help = parse->help || option->letter == 'h';
        parse->version = parse->version || option->letter == 'V';
        return MXP_OK;
    }
    struct given *items =
        mxp_settings_append(parse->options, parse->given, parse->n_given, sizeof given, &given);
    if (!items)
        return no_memory(parse->why);
    parse->given = items;
    parse->n_given++;
    return MXP_OK;
}

static int keep_operand(struct parse *parse, const char *arg)
{
    const char *copy = mxp_arena_strdup(&parse->options->arena, mxp_slice_str(arg));
    const char **items =
        mxp_settings_append(parse->options, parse->operands, parse->n_operands, sizeof copy, &copy);
    if (!copy || !items)
        return no_memory(parse->why);
    parse->operands = items;
    parse->n_operands++;
    return MXP_OK;
}

static int unknown_option(struct parse *parse, const char *arg, struct mxp_slice name)
{
    const char *nearest = mxp_option_nearest_name(name);
    if (nearest)
        return mxp_why_set(parse->why, MXP_EUSAGE, "unknown option %.60s; did you mean --%s?", arg,
                           nearest);
    return mxp_why_set(parse->why, MXP_EUSAGE,
                       "unknown option %.60s (what begins with a hyphen and is no option goes "
                       "behind --)",
                       arg);
}

/* An option at argv[*i]; *i moves on where its value is the next argument. */
static int take_option(struct parse *parse, int argc, char **argv, int *i)
{
    struct mxp_slice arg = mxp_slice_str(argv[*i]), name, value;
    const struct mxp_option *option;
    bool attached;
    if (arg.ptr[1] == '-') {
        size_t equals = mxp_slice_find(arg, '=');
        name = mxp_slice_sub(arg, 2, equals - 2);
        attached = equals < arg.len;
        value = mxp_slice_sub(arg, equals + 1, arg.len);
        option = mxp_option_by_name(name);
    } else {
        name = mxp_slice_sub(arg, 1, 1);
        attached = arg.len > 2;
        value = mxp_slice_sub(arg, 2, arg.len);
        option = mxp_option_by_letter(arg.ptr[1]);
    }
    if (!option)
        return unknown_option(parse, argv[*i], name);
    if (!option->value)
        return attached ? usage(parse, "takes no value: ", argv[*i])
                        : keep(parse, option, MXP_SLICE_LIT("true"));
    if (!attached) {
        if (*i + 1 >= argc)
            return mxp_why_set(parse->why, MXP_EUSAGE, "--%s needs a value: %s", option->name,
                               option->value);
        value = mxp_slice_str(argv[++*i]);
    }
    return keep(parse, option, value);
}

static int scan(struct parse *parse, int argc, char **argv)
{
    bool only_operands = false;
    int err = MXP_OK;
    for (int i = 1; i < argc && !err; i++) {
        const char *arg = argv[i];
        if (!only_operands && strcmp(arg, "--") == 0)
            only_operands = true;
        else if (!only_operands && arg[0] == '-' && arg[1] != '\0')
            err = take_option(parse, argc, argv, &i);
        else
            err = keep_operand(parse, arg);
    }
    return err;
}

/* --- the command and its operands ------------------------------------------------- */

static int unknown_command(struct parse *parse, const char *word)
{
    struct mxp_nearest nearest = {.typed = mxp_slice_str(word)};
    for (size_t i = 0; i < MXP_N_COMMANDS; i++)
        mxp_nearest_offer(&nearest, mxp_commands[i].name);
    if (nearest.best)
        return mxp_why_set(parse->why, MXP_EUSAGE, "unknown command '%.60s'; did you mean %s?",
                           word, nearest.best);
    if (strchr(word, '@'))
        return mxp_why_set(parse->why, MXP_EUSAGE,
                           "unknown command '%.60s'; to verify an address: mxprobe check %.60s",
                           word, word);
    return mxp_why_set(parse->why, MXP_EUSAGE, "unknown command '%.60s'; see mxprobe help", word);
}

static int choose_command(struct parse *parse)
{
    struct mxp_options *options = parse->options;
    size_t command = MXP_CMD_HELP;
    if (parse->n_operands > 0) {
        command = mxp_command_by_name(mxp_slice_str(parse->operands[0]));
        if (command == MXP_N_COMMANDS)
            return unknown_command(parse, parse->operands[0]);
    } else if (parse->version) {
        command = MXP_CMD_VERSION;
    } else if (!parse->help) {
        return usage(parse, "no command; see mxprobe help", "");
    }
    options->command = (enum mxp_command)command;
    options->args = parse->n_operands > 1 ? parse->operands + 1 : NULL;
    options->n_args = parse->n_operands > 1 ? parse->n_operands - 1 : 0;
    if (parse->help && command != MXP_CMD_HELP) {
        /* "check --help" is "help check" */
        options->command = MXP_CMD_HELP;
        options->args = parse->operands;
        options->n_args = 1;
    }
    return MXP_OK;
}

static int check_owner(struct parse *parse, const struct mxp_option *option)
{
    const struct mxp_options *options = parse->options;
    char owners[80] = "";
    size_t len = 0;
    if (option->commands & (1u << options->command))
        return MXP_OK;
    for (size_t i = 0; i < MXP_N_COMMANDS; i++) {
        if (!(option->commands & (1u << i)))
            continue;
        int n = snprintf(owners + len, sizeof owners - len, "%s%s", len ? ", " : "",
                         mxp_commands[i].name);
        len += n > 0 ? (size_t)n : 0;
    }
    return mxp_why_set(parse->why, MXP_EUSAGE, "--%s is no option of %s, but of %s", option->name,
                       mxp_commands[options->command].name, owners);
}

/* How many operands each command takes. */
static int check_operands(struct parse *parse)
{
    static const struct {
        size_t min, max;
    } counts[] = {[MXP_CMD_CHECK] = {1, SIZE_MAX},   [MXP_CMD_BULK] = {0, 1},
                  [MXP_CMD_EXPLAIN] = {1, SIZE_MAX}, [MXP_CMD_BOUNCES] = {0, SIZE_MAX},
                  [MXP_CMD_VERSION] = {0, 0},        [MXP_CMD_HELP] = {0, 1}};
    static const char *const standard_input[] = {"-"};
    struct mxp_options *options = parse->options;
    const struct mxp_command_row *row = &mxp_commands[options->command];
    if (options->n_args < counts[options->command].min)
        return mxp_why_set(parse->why, MXP_EUSAGE, "%s needs more: mxprobe %s %s", row->name,
                           row->name, row->synopsis);
    if (options->n_args > counts[options->command].max)
        return mxp_why_set(parse->why, MXP_EUSAGE, "'%.60s' is too much: mxprobe %s %s",
                           options->args[counts[options->command].max], row->name, row->synopsis);
    if (options->command == MXP_CMD_BULK && options->n_args == 0) {
        options->args = standard_input;
        options->n_args = 1;
    }
    return MXP_OK;
}

/* --- values ----------------------------------------------------------------------- */

static int apply(struct parse *parse, struct mxp_settings *settings, const struct given *given)
{
    char expected[MXP_EXPECTED_MAX];
    const char *detail = NULL;
    int err =
        mxp_settings_set(settings, given->option, MXP_ORIGIN_COMMAND_LINE, given->text, &detail);
    if (err == MXP_ENOMEM)
        return no_memory(parse->why);
    if (err)
        return mxp_why_set(parse->why, MXP_EUSAGE, "--%s '%.*s': expected %s%s%s",
                           given->option->name, given->text.len > 60 ? 60 : (int)given->text.len,
                           given->text.ptr ? given->text.ptr : "",
                           mxp_option_expected(given->option, expected), detail ? ": " : "",
                           detail ? detail : "");
    return MXP_OK;
}

/* --config of the command line; the last one counts. */
static int read_config(struct parse *parse, struct mxp_settings *settings)
{
    struct mxp_options *options = parse->options;
    for (size_t i = 0; i < parse->n_given; i++) {
        if (parse->given[i].option->kind != MXP_OPTION_CONFIG)
            continue;
        if (parse->given[i].text.len == 0)
            return usage(parse, "--config needs a value: FILE", "");
        options->config = mxp_arena_strdup(&options->arena, parse->given[i].text);
        if (!options->config)
            return no_memory(parse->why);
    }
    return options->config ? mxp_config_read(settings, options->config, parse->why) : MXP_OK;
}

static int apply_all(struct parse *parse, struct mxp_settings *settings)
{
    int err = mxp_settings_init(settings, parse->options);
    if (err)
        return no_memory(parse->why);
    err = mxp_provider_table_builtin(parse->options, parse->why);
    err = err ? err : read_config(parse, settings);
    for (size_t i = 0; i < parse->n_given && !err; i++)
        if (parse->given[i].option->kind != MXP_OPTION_CONFIG)
            err = apply(parse, settings, &parse->given[i]);
    return err;
}

/* --- what must fit together ------------------------------------------------------- */

static int check_private(const struct mxp_settings *settings, struct mxp_why *why)
{
    const struct mxp_options *options = settings->options;
    if (options->allow_private_mx)
        return MXP_OK;
    if (options->limits_off)
        return mxp_why_set(why, mxp_settings_blame(settings, "limits"),
                           "--limits off only together with --allow-private-mx: towards the "
                           "world the limits hold");
    if (options->clock_speed > 1)
        return mxp_why_set(why, mxp_settings_blame(settings, "clock_speed"),
                           "--clock-speed only together with --allow-private-mx: it is for "
                           "simulations");
    return MXP_OK;
}

static int settle_output(const struct mxp_settings *settings, struct mxp_why *why)
{
    struct mxp_options *options = settings->options;
    enum mxp_origin quiet = mxp_settings_origin(settings, "quiet");
    enum mxp_origin verbose = mxp_settings_origin(settings, "verbose");
    if (options->output && strcmp(options->output, "-") == 0)
        options->output = NULL;
    if (options->quiet && options->verbose) {
        if (quiet == verbose)
            return mxp_why_set(why, mxp_settings_blame(settings, "quiet"),
                               "--quiet and --verbose together");
        options->quiet = quiet > verbose;
        options->verbose = verbose > quiet;
    }
    if (options->command == MXP_CMD_BULK && options->resume && !options->output)
        return mxp_why_set(why, mxp_settings_blame(settings, "resume"),
                           "--resume needs -o FILE: it goes on where the file stands");
    return MXP_OK;
}

static int settle_sessions(const struct mxp_settings *settings, uint64_t max_files,
                           struct mxp_why *why)
{
    struct mxp_options *options = settings->options;
    uint64_t room = max_files > 2ull * FILES_RESERVED ? max_files - FILES_RESERVED : max_files / 2;
    if (room == 0)
        room = 1;
    if (options->max_sessions <= room)
        return MXP_OK;
    if (mxp_settings_origin(settings, "max_sessions") > MXP_ORIGIN_DEFAULT)
        return mxp_why_set(why, mxp_settings_blame(settings, "max_sessions"),
                           "--max-sessions %" PRIu32 ": this process may open %" PRIu64
                           " files, which is enough for %" PRIu64 " sessions (see ulimit -n)",
                           options->max_sessions, max_files, room);
    options->max_sessions = (uint32_t)room;
    return MXP_OK;
}

static int settle_retries(struct mxp_settings *settings)
{
    bool bulk = settings->options->command == MXP_CMD_BULK;
    const char *text = bulk ? RETRY_FOR_BULK : RETRY_FOR_CHECK;
    return mxp_settings_set(settings, mxp_option_by_key("retry_for"), MXP_ORIGIN_DEFAULT,
                            mxp_slice_str(text), NULL);
}

static int settle_identity(struct mxp_settings *settings, const struct mxp_machine *machine,
                           struct mxp_why *why)
{
    char fqdn[FQDN_MAX];
    bool named = settings->ehlo != NULL;
    /* Asked only where needed: it may have to ask DNS. */
    if (!named && machine->own_fqdn && machine->own_fqdn(fqdn, sizeof fqdn) == 0)
        return mxp_identity_make(settings, fqdn, why);
    return mxp_identity_make(settings, NULL, why);
}

static int finish(struct mxp_settings *settings, const struct mxp_machine *machine,
                  struct mxp_why *why)
{
    struct mxp_options *options = settings->options;
    int err = settle_output(settings, why);
    if (err || (options->command != MXP_CMD_CHECK && options->command != MXP_CMD_BULK))
        return err;
    err = settle_retries(settings);
    if (err)
        return no_memory(why);
    err = check_private(settings, why);
    err = err ? err : settle_sessions(settings, machine->max_files, why);
    err = err ? err : settle_identity(settings, machine, why);
    options->smtp.tls = options->tls;
    return err;
}

int mxp_options_parse_on(const struct mxp_machine *machine, int argc, char **argv,
                         struct mxp_options *ret, struct mxp_why *why)
{
    struct parse parse = {.options = ret, .why = why};
    struct mxp_settings settings;
    *ret = (struct mxp_options){0};
    mxp_arena_init(&ret->arena);
    int err = scan(&parse, argc, argv);
    err = err ? err : choose_command(&parse);
    err = err ? err : check_operands(&parse);
    for (size_t i = 0; i < parse.n_given && !err && !parse.help; i++)
        err = check_owner(&parse, parse.given[i].option);
    if (err || ret->command == MXP_CMD_HELP || ret->command == MXP_CMD_VERSION)
        return err;
    if (ret->command == MXP_CMD_BOUNCES)
        return usage(&parse, "mxprobe bounces does not exist yet", "");
    err = apply_all(&parse, &settings);
    return err ? err : finish(&settings, machine, why);
}

void mxp_options_free(struct mxp_options *options)
{
    mxp_arena_free(&options->arena);
    *options = (struct mxp_options){0};
}
