#include "probe/options/option_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/require.h"
#include "probe/options/duration.h"
#include "probe/options/nearest.h"

#define AT(field) offsetof(struct mxp_options, field)
#define PROBING   (MXP_ON(CHECK) | MXP_ON(BULK))
#define WORKING   (PROBING | MXP_ON(EXPLAIN))
#define ALL       (WORKING | MXP_ON(BOUNCES) | MXP_ON(VERSION) | MXP_ON(HELP))
#define DAY_MS    86400000ull
#define HOUR_MS   3600000ull

static const struct mxp_choice formats[] = {
    {"csv", MXP_FORMAT_CSV}, {"jsonl", MXP_FORMAT_JSONL}, {NULL, 0}};
static const struct mxp_choice ip_choices[] = {
    {"any", MXP_IP_4_FIRST}, {"4", MXP_IP_4_ONLY}, {"6", MXP_IP_6_ONLY}, {NULL, 0}};
static const struct mxp_choice tls_choices[] = {{"may", MXP_SMTP_TLS_MAY},
                                                {"encrypt", MXP_SMTP_TLS_ENCRYPT},
                                                {"none", MXP_SMTP_TLS_NONE},
                                                {NULL, 0}};

/* One line per column would hide the table: name, letter, key, kind, commands, place, then
 * what is peculiar to the row. */
#define OPT(n, c, k, t, who, ...)                                                                  \
    {                                                                                              \
        .name = (n), .letter = (c), .key = (k), .kind = MXP_OPTION_##t, .commands = (who),         \
        __VA_ARGS__                                                                                \
    }
#define STAGE(k, field, d, h)                                                                      \
    {                                                                                              \
        .key = "timeouts." k, .kind = MXP_OPTION_TIME, .offset = AT(field), .min = 1,              \
        .max = HOUR_MS, .def = (d), .value = "DURATION", .help = (h), .section = "Time-outs",      \
    }

const struct mxp_option mxp_options_table[] = {
    OPT("config", 0, NULL, CONFIG, WORKING, .value = "FILE", .section = "General",
        .help = "read options from this YAML file; the command line beats it"),
    OPT("quiet", 'q', "quiet", FLAG, WORKING, .offset = AT(quiet), .section = "General",
        .help = "no progress and no summary; errors only"),
    OPT("verbose", 'v', "verbose", FLAG, WORKING, .offset = AT(verbose), .section = "General",
        .help = "tell about limits, retries and breakers as they come"),
    OPT("help", 'h', NULL, HELP, ALL, .section = "General", .help = "this text"),
    OPT("version", 'V', NULL, HELP, ALL, .section = "General", .help = "the version"),

    OPT("json", 0, "json", FLAG, MXP_ON(CHECK) | MXP_ON(EXPLAIN) | MXP_ON(BOUNCES),
        .offset = AT(json), .section = "Lists and results", .help = "one JSON object a line"),
    OPT("batch", 0, "batch", FLAG, MXP_ON(EXPLAIN), .offset = AT(batch),
        .section = "Lists and results",
        .help = "read stage, provider and reply, tab-separated, from the named file or -"),
    OPT("output", 'o', "output", PATH, MXP_ON(BULK), .offset = AT(output), .value = "FILE",
        .section = "Lists and results", .help = "write results here instead of standard output"),
    OPT("format", 0, "format", CHOICE, MXP_ON(BULK), .offset = AT(format), .choices = formats,
        .def = "csv", .value = "csv|jsonl", .section = "Lists and results",
        .help = "results as CSV with the list's own columns kept, or as JSON lines"),
    OPT("column", 0, "column", TEXT, MXP_ON(BULK), .offset = AT(column), .value = "NAME|N",
        .section = "Lists and results",
        .help = "the column that holds the addresses, by name or number from 1; found by looking "
                "where not given"),
    OPT("resume", 0, "resume", FLAG, MXP_ON(BULK), .offset = AT(resume),
        .section = "Lists and results",
        .help = "go on where the output stands; start anew where there is none"),
    OPT("exclude", 0, "exclude", PATH, PROBING, .offset = AT(exclude), .value = "FILE",
        .section = "Lists and results",
        .help = "domains, addresses and MX hosts, one a line, that are never probed; "
                "*.example.org: all below it"),
    OPT("seen", 0, "seen", PATHS, MXP_ON(BULK), .offset = AT(seen), .value = "FILE",
        .section = "Lists and results",
        .help = "results of an earlier run, CSV or JSON lines; may be repeated: addresses that "
                "were invalid there are asked again, but spread over the run"),
    OPT("progress", 0, "progress", FLAG, MXP_ON(BULK), .offset = AT(progress),
        .section = "Lists and results",
        .help = "plain progress lines on standard error though it is no terminal"),
    OPT("transcript", 0, "transcript", PATH, PROBING, .offset = AT(transcript), .value = "FILE",
        .section = "Lists and results", .help = "write every dialogue here, TLS sessions in clear"),
    OPT("rules", 0, "rules", PATH, WORKING, .offset = AT(rules), .value = "FILE",
        .section = "Lists and results", .help = "classification rules of your own, tried first"),

    OPT("ehlo", 0, "ehlo", EHLO, PROBING, .value = "NAME", .section = "Identity",
        .help = "our name in EHLO: the name that the sending address resolves to, and back; "
                "default: this machine's fully qualified name"),
    OPT("mail-from", 0, "mail_from", SENDER, PROBING, .value = "ADDRESS", .section = "Identity",
        .help = "our sender; <> is the null sender, which is the default in check and refused "
                "in bulk"),
    OPT("source", 0, "source", SOURCE, PROBING, .value = "IP", .section = "Identity",
        .help = "connect from this address of ours; may be repeated, each is an identity with "
                "limits of its own"),

    OPT("resolver", 0, "resolver", RESOLVER, PROBING, .value = "ADDRESS[:PORT]",
        .section = "Network",
        .help = "ask this DNS server; may be repeated; default: the system's"),
    OPT("dns-rate", 0, "dns_rate", RATE, PROBING, .offset = AT(dns_rate), .max = 1000000,
        .def = "1000/1s", .value = "N/TIME", .section = "Network",
        .help = "DNS questions at most in any such time, repeated ones included; 0: no limit"),
    OPT("port", 0, "port", PORT, PROBING, .offset = AT(port), .min = 1, .max = 65535, .def = "25",
        .value = "N", .section = "Network", .help = "the port of the mail servers"),
    OPT("ip", 0, "ip", CHOICE, PROBING, .offset = AT(ip), .choices = ip_choices, .def = "any",
        .value = "4|6|any", .section = "Network",
        .help = "connect by IPv4 or IPv6 only; any tries IPv4 first"),
    OPT("tls", 0, "tls", CHOICE, PROBING, .offset = AT(tls), .choices = tls_choices, .def = "may",
        .value = "may|encrypt|none", .section = "Network",
        .help = "STARTTLS where offered, always, or never"),
    OPT("allow-private-mx", 0, "allow_private_mx", FLAG, PROBING, .offset = AT(allow_private_mx),
        .section = "Network", .help = "probe MX hosts at loopback and private addresses, too"),

    OPT("max-sessions", 0, "max_sessions", NUMBER, PROBING, .offset = AT(max_sessions), .min = 1,
        .max = 1000000, .def = "1000", .value = "N", .section = "Limits",
        .help = "SMTP sessions open at once; fewer where the machine allows fewer open files"),
    OPT("connect-rate", 0, "connect_rate", RATE, PROBING, .offset = AT(connect_rate),
        .max = 1000000, .def = "0", .value = "N/TIME", .section = "Limits",
        .help = "new connections of the whole run, evenly spread; 0: no limit but the providers'"),
    OPT("rcpt-rate", 0, "rcpt_rate", RATE, PROBING, .offset = AT(rcpt_rate), .max = 1000000,
        .def = "0", .value = "N/TIME", .section = "Limits",
        .help = "recipients asked by the whole run, likewise"),
    OPT("identity-connections", 0, "identity_connections", NUMBER, PROBING,
        .offset = AT(identity_connections), .max = 1000000, .def = "0", .value = "N",
        .section = "Limits", .help = "connections at once of each identity; 0: no limit"),
    OPT("identity-connect-rate", 0, "identity_connect_rate", RATE, PROBING,
        .offset = AT(identity_connect_rate), .max = 1000000, .def = "0", .value = "N/TIME",
        .section = "Limits", .help = "new connections of each identity; 0: no limit"),
    OPT("identity-rcpt-rate", 0, "identity_rcpt_rate", RATE, PROBING,
        .offset = AT(identity_rcpt_rate), .max = 1000000, .def = "0", .value = "N/TIME",
        .section = "Limits", .help = "recipients asked by each identity; 0: no limit"),
    OPT("loops", 0, "loops", NUMBER, PROBING, .offset = AT(loops), .min = 1, .max = 1, .def = "1",
        .value = "N", .section = "Limits",
        .help = "event loops; more than one is not supported yet"),
    OPT("limits", 0, "limits", SWITCH, PROBING, .offset = AT(limits_off), .def = "on",
        .value = "on|off", .section = "Limits",
        .help = "off: no budgets and breakers; only with --allow-private-mx, and only for MX "
                "hosts at private addresses"),
    OPT("limits-file", 0, "limits_file", PATH, PROBING, .offset = AT(limits_file), .value = "FILE",
        .section = "Limits", .help = "load learned limits from here, and save them at the end"),
    OPT("go-on-when-listed", 0, "go_on_when_listed", FLAG, PROBING, .offset = AT(go_on_when_listed),
        .section = "Limits",
        .help = "do not stop the run when several providers refuse our identity"),
    OPT("retry-for", 0, "retry_for", LONGTIME, PROBING, .offset = AT(retry_for_ms),
        .max = 30 * DAY_MS, .value = "DURATION", .section = "Limits",
        .help = "how long temporary refusals are retried, 0: not at all; default: 30m in bulk, 0 "
                "in check"),
    OPT("retry-after", 0, "retry_after", LONGTIME, PROBING, .offset = AT(retry_after_ms),
        .min = 1000, .max = DAY_MS, .def = "6m", .value = "DURATION", .section = "Limits",
        .help = "the time until a retry where the server names none"),
    OPT("max-attempts", 0, "max_attempts", NUMBER, PROBING, .offset = AT(max_attempts), .min = 1,
        .max = 1000, .def = "5", .value = "N", .section = "Limits",
        .help = "how often one address is asked at most, whatever happens"),
    OPT("no-catch-all", 0, "no_catch_all", FLAG, PROBING, .offset = AT(no_catch_all),
        .section = "Limits",
        .help = "do not ask for a random recipient; accepted addresses are valid then, with "
                "catch_all not known"),
    OPT("clock-speed", 0, "clock_speed", FACTOR, PROBING, .offset = AT(clock_speed), .min = 1,
        .max = 1000, .def = "1", .value = "X", .section = "Limits",
        .help = "for simulations: let time pass X times as fast; only with --allow-private-mx"),

    STAGE("connect", connect_ms, "10s", "to connect"),
    STAGE("greeting", smtp.greeting_ms, "60s", "for the greeting, which some delay on purpose"),
    STAGE("ehlo", smtp.ehlo_ms, "30s", "for the reply to EHLO or HELO"),
    STAGE("starttls", smtp.starttls_ms, "30s", "for the reply to STARTTLS"),
    STAGE("tls", smtp.tls_ms, "30s", "for the TLS handshake"),
    STAGE("mail", smtp.mail_ms, "30s", "for the reply to MAIL, and RSET"),
    STAGE("rcpt", smtp.rcpt_ms, "30s", "for each reply to RCPT"),
    STAGE("quit", smtp.quit_ms, "5s", "for the reply to QUIT, on which verdicts wait"),
    STAGE("mx_total", mx_total_ms, "5m", "for all MX hosts of one attempt together"),
};

const size_t mxp_options_n = sizeof mxp_options_table / sizeof *mxp_options_table;

const struct mxp_command_row mxp_commands[] = {
    [MXP_CMD_CHECK] = {"check", "ADDRESS...", "verify addresses, one line each", false},
    [MXP_CMD_BULK] = {"bulk", "[LIST|-]", "verify a list: CSV or one address a line", false},
    [MXP_CMD_EXPLAIN] = {"explain", "REPLY... | --batch FILE|-",
                         "what a server's reply means, whose fault it is, what to do", false},
    [MXP_CMD_BOUNCES] = {"bounces", "LOG...", "delivery logs, diagnosed (not built yet)", true},
    [MXP_CMD_VERSION] = {"version", "", "the version", false},
    [MXP_CMD_HELP] = {"help", "[COMMAND|config]",
                      "this text; of a command; or a configuration file with all defaults", false},
};

const struct mxp_option *mxp_option_by_name(struct mxp_slice name)
{
    for (size_t i = 0; i < mxp_options_n; i++) {
        const struct mxp_option *option = &mxp_options_table[i];
        if (option->name && mxp_slice_eq(name, mxp_slice_str(option->name)))
            return option;
    }
    return NULL;
}

const struct mxp_option *mxp_option_by_letter(char letter)
{
    for (size_t i = 0; i < mxp_options_n; i++)
        if (letter && mxp_options_table[i].letter == letter)
            return &mxp_options_table[i];
    return NULL;
}

const struct mxp_option *mxp_option_by_key(const char *key)
{
    for (size_t i = 0; i < mxp_options_n; i++) {
        const struct mxp_option *option = &mxp_options_table[i];
        if (option->key && strcmp(option->key, key) == 0)
            return option;
    }
    return NULL;
}

size_t mxp_option_index(const struct mxp_option *option)
{
    size_t i = (size_t)(option - mxp_options_table);
    MXP_REQUIRE(i < mxp_options_n);
    return i;
}

bool mxp_option_is_list(const struct mxp_option *option)
{
    return option->kind == MXP_OPTION_RESOLVER || option->kind == MXP_OPTION_SOURCE ||
           option->kind == MXP_OPTION_PATHS;
}

size_t mxp_command_by_name(struct mxp_slice name)
{
    for (size_t i = 0; i < MXP_N_COMMANDS; i++)
        if (mxp_slice_eq(name, mxp_slice_str(mxp_commands[i].name)))
            return i;
    return MXP_N_COMMANDS;
}

static void expected_choice(const struct mxp_choice *choices, char *ret, size_t size)
{
    size_t len = 0;
    for (const struct mxp_choice *c = choices; c->name && len < size; c++) {
        const char *joint = c == choices ? "" : c[1].name ? ", " : " or ";
        int n = snprintf(ret + len, size - len, "%s%s", joint, c->name);
        len += n > 0 ? (size_t)n : 0;
    }
}

static void expected_time(const struct mxp_option *option, char *ret, size_t size)
{
    char min[MXP_DURATION_TEXT_MAX], max[MXP_DURATION_TEXT_MAX];
    (void)snprintf(ret, size, "a number and ms, s, m, h or d (30s, 5m), from %s to %s",
                   mxp_duration_text(option->min, min), mxp_duration_text(option->max, max));
}

const char *mxp_option_expected(const struct mxp_option *option, char ret[static MXP_EXPECTED_MAX])
{
    static const char *const words[] = {
        [MXP_OPTION_FLAG] = "true or false",
        [MXP_OPTION_SWITCH] = "on or off",
        [MXP_OPTION_TEXT] = "a text",
        [MXP_OPTION_PATH] = "the name of a file",
        [MXP_OPTION_PATHS] = "the name of a file",
        [MXP_OPTION_RESOLVER] = "an IP address, with a port or not: 192.0.2.53, [2001:db8::1]:53",
        [MXP_OPTION_SOURCE] = "an IP address of this machine",
        [MXP_OPTION_EHLO] = "a domain name, or an address literal such as [192.0.2.1]",
        [MXP_OPTION_SENDER] = "an address such as probe@example.org, or <> for the null sender",
        [MXP_OPTION_CONFIG] = "the name of a file",
        [MXP_OPTION_HELP] = "nothing",
    };
    switch (option->kind) {
    case MXP_OPTION_NUMBER:
    case MXP_OPTION_PORT:
        if (option->min == option->max)
            (void)snprintf(ret, MXP_EXPECTED_MAX, "%" PRIu64 " (more is not supported yet)",
                           option->min);
        else
            (void)snprintf(ret, MXP_EXPECTED_MAX, "a number from %" PRIu64 " to %" PRIu64,
                           option->min, option->max);
        break;
    case MXP_OPTION_FACTOR:
        (void)snprintf(ret, MXP_EXPECTED_MAX,
                       "a number from %" PRIu64 " to %" PRIu64 ", such as 2.5", option->min,
                       option->max);
        break;
    case MXP_OPTION_TIME:
    case MXP_OPTION_LONGTIME:
        expected_time(option, ret, MXP_EXPECTED_MAX);
        break;
    case MXP_OPTION_RATE:
        (void)snprintf(ret, MXP_EXPECTED_MAX,
                       "a number up to %" PRIu64 " and a time, such as 500/s or 3000/1m",
                       option->max);
        break;
    case MXP_OPTION_CHOICE:
        expected_choice(option->choices, ret, MXP_EXPECTED_MAX);
        break;
    default:
        (void)snprintf(ret, MXP_EXPECTED_MAX, "%s", words[option->kind]);
    }
    return ret;
}

const char *mxp_option_nearest_name(struct mxp_slice typed)
{
    struct mxp_nearest nearest = {.typed = typed};
    for (size_t i = 0; i < mxp_options_n; i++)
        if (mxp_options_table[i].name)
            mxp_nearest_offer(&nearest, mxp_options_table[i].name);
    return nearest.best;
}

const char *mxp_option_nearest_key(struct mxp_slice typed)
{
    struct mxp_nearest nearest = {.typed = typed};
    for (size_t i = 0; i < mxp_options_n; i++)
        if (mxp_options_table[i].key)
            mxp_nearest_offer(&nearest, mxp_options_table[i].key);
    return nearest.best;
}
