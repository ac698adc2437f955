#include "probe/options/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "probe/options/nearest.h"
#include "probe/options/option_table.h"
#include "probe/options/settings.h"

#define ARGS_MAX 16
#define FROM     "--mail-from", "p@example.org"

static int has_fqdn(char *ret, size_t size)
{
    (void)snprintf(ret, size, "probe.example.org");
    return 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the machine's callback type */
static int no_fqdn(char *ret, size_t size)
{
    (void)ret;
    (void)size;
    return MXP_ENOENT;
}

static const struct mxp_machine machine = {.own_fqdn = has_fqdn, .max_files = 20000};

/* args end with NULL and come without the program's name. */
static int parse_on(const struct mxp_machine *on, const char *const *args,
                    struct mxp_options *options, struct mxp_why *why)
{
    char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t) "mxprobe"};
    int argc = 1;
    while (*args) {
        assert_true(argc <= ARGS_MAX);
        argv[argc++] = (char *)(uintptr_t)*args++;
    }
    *why = (struct mxp_why){0};
    int err = mxp_options_parse_on(on, argc, argv, options, why);
    if (err && !why->text[0])
        fail_msg("error %s without words for %s ..", mxp_err_name(err), argv[1]);
    return err;
}

static void must(const char *const *args, struct mxp_options *options)
{
    struct mxp_why why;
    if (parse_on(&machine, args, options, &why))
        fail_msg("%s %s: %s", args[0], args[1] ? args[1] : "", why.text);
}

#define MUST(options, ...) must((const char *const[]){__VA_ARGS__, NULL}, options)

static void test_defaults(void **state)
{
    (void)state;
    struct mxp_options o;
    MUST(&o, "check", "a@example.org");
    assert_int_equal(o.command, MXP_CMD_CHECK);
    assert_int_equal(o.n_args, 1);
    assert_string_equal(o.args[0], "a@example.org");
    assert_int_equal(o.port, 25);
    assert_int_equal(o.ip, MXP_IP_4_FIRST);
    assert_int_equal(o.tls, MXP_SMTP_TLS_MAY);
    assert_int_equal(o.format, MXP_FORMAT_CSV);
    assert_int_equal(o.max_sessions, 1000);
    assert_int_equal(o.loops, 1);
    assert_int_equal(o.retry_for_ms, 0);
    assert_int_equal(o.retry_after_ms, 360000);
    assert_int_equal(o.max_attempts, 5);
    assert_int_equal(o.connect_ms, 10000);
    assert_int_equal(o.smtp.greeting_ms, 60000);
    assert_int_equal(o.smtp.ehlo_ms, 30000);
    assert_int_equal(o.smtp.starttls_ms, 30000);
    assert_int_equal(o.smtp.tls_ms, 30000);
    assert_int_equal(o.smtp.mail_ms, 30000);
    assert_int_equal(o.smtp.rcpt_ms, 30000);
    assert_int_equal(o.smtp.quit_ms, 5000);
    assert_int_equal(o.mx_total_ms, 300000);
    assert_true(o.clock_speed == 1.0);
    assert_int_equal(o.n_resolvers, 0);
    assert_int_equal(o.dns_rate.n, 1000);
    assert_int_equal(o.dns_rate.per_ms, 1000);
    assert_int_equal(o.n_identities, 1);
    assert_string_equal(o.identities[0].ehlo_name, "probe.example.org");
    assert_string_equal(o.identities[0].mail_from, "");
    assert_int_equal(o.identities[0].source.family, 0);
    assert_false(o.json || o.quiet || o.verbose || o.progress || o.batch || o.resume);
    assert_false(o.allow_private_mx || o.no_catch_all || o.limits_off || o.go_on_when_listed);
    assert_null(o.output);
    assert_null(o.column);
    assert_null(o.transcript);
    assert_null(o.exclude);
    assert_int_equal(o.seen.n, 0);
    assert_null(o.rules);
    assert_null(o.limits_file);
    assert_null(o.config);
    assert_true(o.n_providers > 0);
    assert_true(o.default_budget.connections > 0);
    mxp_options_free(&o);
}

static void test_bulk_defaults(void **state)
{
    (void)state;
    struct mxp_options o;
    MUST(&o, "bulk", FROM);
    assert_int_equal(o.command, MXP_CMD_BULK);
    assert_int_equal(o.retry_for_ms, 1800000);
    assert_int_equal(o.n_args, 1);
    assert_string_equal(o.args[0], "-");
    assert_string_equal(o.identities[0].mail_from, "p@example.org");
    mxp_options_free(&o);
}

static void test_every_option(void **state)
{
    (void)state;
    struct mxp_options o;
    MUST(&o, "bulk", "-o", "out.csv", "--format=jsonl", "--column", "3", "--resume", "--progress",
         "--exclude=x", "list.csv", FROM, "--verbose", "--seen=s", "--seen", "t");
    assert_string_equal(o.output, "out.csv");
    assert_int_equal(o.format, MXP_FORMAT_JSONL);
    assert_string_equal(o.column, "3");
    assert_true(o.resume && o.progress && o.verbose);
    assert_string_equal(o.exclude, "x");
    assert_int_equal(o.seen.n, 2);
    assert_string_equal(o.seen.names[0], "s");
    assert_string_equal(o.seen.names[1], "t");
    assert_string_equal(o.args[0], "list.csv");
    mxp_options_free(&o);

    MUST(&o, "check", "--json", "--transcript=t", "--rules", "r", "--limits-file", "l",
         "--dns-rate=50/m", "--port", "2525", "--ip=6", "--tls", "encrypt", "--max-sessions=7",
         "a@b.example", "-q");
    assert_true(o.json && o.quiet);
    assert_string_equal(o.transcript, "t");
    assert_string_equal(o.rules, "r");
    assert_string_equal(o.limits_file, "l");
    assert_int_equal(o.dns_rate.n, 50);
    assert_int_equal(o.dns_rate.per_ms, 60000);
    assert_int_equal(o.port, 2525);
    assert_int_equal(o.ip, MXP_IP_6_ONLY);
    assert_int_equal(o.tls, MXP_SMTP_TLS_ENCRYPT);
    assert_int_equal(o.smtp.tls, MXP_SMTP_TLS_ENCRYPT);
    assert_int_equal(o.max_sessions, 7);
    mxp_options_free(&o);

    MUST(&o, "check", "a@b.example", "--retry-for=2h", "--retry-after=90s", "--max-attempts=9",
         "--no-catch-all", "--allow-private-mx", "--limits=off", "--clock-speed=2.5",
         "--go-on-when-listed", "--loops=1");
    assert_int_equal(o.retry_for_ms, 7200000);
    assert_int_equal(o.retry_after_ms, 90000);
    assert_int_equal(o.max_attempts, 9);
    assert_true(o.no_catch_all && o.allow_private_mx && o.limits_off && o.go_on_when_listed);
    assert_true(o.clock_speed == 2.5);
    mxp_options_free(&o);
}

static void test_lists(void **state)
{
    (void)state;
    struct mxp_options o;
    MUST(&o, "check", "a@b.example", "--resolver=192.0.2.1", "--resolver", "192.0.2.2:5353",
         "--resolver=[2001:db8::1]:53", "--resolver=2001:db8::2", "--resolver=[::1]",
         "--source=192.0.2.7", "--source=192.0.2.8", "--ehlo", "Mail.Example.NET");
    assert_int_equal(o.n_resolvers, 5);
    assert_string_equal(o.resolvers[1], "192.0.2.2:5353");
    assert_string_equal(o.resolvers[4], "[::1]");
    assert_int_equal(o.n_identities, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(o.identities[i].ehlo_name, "mail.example.net");
        assert_int_equal(o.identities[i].source.family, 4);
        assert_int_equal(o.identities[i].source.bytes[3], 7 + i);
    }
    mxp_options_free(&o);
}

static void test_order_and_end_of_options(void **state)
{
    (void)state;
    struct mxp_options o;
    MUST(&o, "--port", "26", "check", "--", "-a@b.example", "--json");
    assert_int_equal(o.command, MXP_CMD_CHECK);
    assert_int_equal(o.port, 26);
    assert_int_equal(o.n_args, 2);
    assert_string_equal(o.args[0], "-a@b.example");
    assert_string_equal(o.args[1], "--json");
    assert_false(o.json);
    mxp_options_free(&o);

    MUST(&o, "check", "a@b.example", "--port=1", "b@b.example", "--port=2"); /* the last counts */
    assert_int_equal(o.n_args, 2);
    assert_int_equal(o.port, 2);
    mxp_options_free(&o);

    MUST(&o, "bulk", "-ofile", FROM, "-");
    assert_string_equal(o.output, "file");
    assert_string_equal(o.args[0], "-");
    mxp_options_free(&o);

    MUST(&o, "bulk", "-o-", FROM);
    assert_null(o.output);
    mxp_options_free(&o);
}

static void test_strings_are_owned(void **state)
{
    (void)state;
    struct mxp_options o;
    struct mxp_why why = {0};
    char a[] = "mxprobe", b[] = "check", c[] = "x@y.example", d[] = "--exclude=list";
    char *argv[] = {a, b, c, d, NULL};
    assert_int_equal(mxp_options_parse_on(&machine, 4, argv, &o, &why), 0);
    memset(c, 'z', sizeof c - 1);
    memset(d, 'z', sizeof d - 1);
    assert_string_equal(o.args[0], "x@y.example");
    assert_string_equal(o.exclude, "list");
    mxp_options_free(&o);
}

static void test_version_and_help(void **state)
{
    (void)state;
    static const struct {
        const char *args[4];
        enum mxp_command command;
        const char *topic;
    } cases[] = {
        {{"version"}, MXP_CMD_VERSION, NULL},
        {{"--version"}, MXP_CMD_VERSION, NULL},
        {{"-V"}, MXP_CMD_VERSION, NULL},
        {{"help"}, MXP_CMD_HELP, NULL},
        {{"--help"}, MXP_CMD_HELP, NULL},
        {{"-h"}, MXP_CMD_HELP, NULL},
        {{"help", "bulk"}, MXP_CMD_HELP, "bulk"},
        {{"help", "config"}, MXP_CMD_HELP, "config"},
        {{"bulk", "--help"}, MXP_CMD_HELP, "bulk"},
        {{"check", "-h"}, MXP_CMD_HELP, "check"},
        {{"check", "a@b.example", "-h"}, MXP_CMD_HELP, "check"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_options o;
        must(cases[i].args, &o);
        assert_int_equal(o.command, cases[i].command);
        assert_int_equal(o.n_args, cases[i].topic ? 1 : 0);
        if (cases[i].topic)
            assert_string_equal(o.args[0], cases[i].topic);
        mxp_options_free(&o);
    }
}

struct bad_case {
    const char *args[10];
    int err;
    const char *words; /* all of them, separated by |, must be in the message */
};

static void check_words(const char *text, const char *words)
{
    while (*words) {
        size_t len = strcspn(words, "|");
        if (!memmem(text, strlen(text), words, len))
            fail_msg("'%s' does not say '%.*s'", text, (int)len, words);
        words += len + (words[len] == '|');
    }
}

static void check_bad(const struct mxp_machine *on, const struct bad_case *c)
{
    struct mxp_options o;
    struct mxp_why why;
    int err = parse_on(on, c->args, &o, &why);
    if (err != c->err)
        fail_msg("%s %s %s: %s (%s), not %s", c->args[0] ? c->args[0] : "(nothing)",
                 c->args[0] && c->args[1] ? c->args[1] : "",
                 c->args[0] && c->args[1] && c->args[2] ? c->args[2] : "", mxp_err_name(err),
                 why.text, mxp_err_name(c->err));
    assert_int_equal(why.err, err);
    check_words(why.text, c->words);
    mxp_options_free(&o);
}

#define U  MXP_EUSAGE
#define CF MXP_ECONFIG
#define A  "a@b.example"

static void test_bad_usage(void **state)
{
    (void)state;
    static const struct bad_case cases[] = {
        {{NULL}, U, "no command|help"},
        {{"chek", A}, U, "chek|did you mean check"},
        {{"a@b.example"}, U, "mxprobe check a@b.example"},
        {{"xyzzy"}, U, "xyzzy|help"},
        {{""}, U, "unknown command"},
        {{"check"}, U, "ADDRESS"},
        {{"explain"}, U, "REPLY"},
        {{"explain", "--batch"}, U, "FILE"},
        {{"bulk", "a", "b"}, U, "'b' is too much"},
        {{"version", "x"}, U, "too much"},
        {{"version", "--port=1"}, U, "--port is no option of version"},
        {{"help", "--json"}, U, "--json is no option of help"},
        {{"help", "a", "b"}, U, "too much"},
        {{"bounces", "log"}, U, "bounces|not exist yet"},
        {{"bounces"}, U, "not exist yet"},
        {{"check", A, "--prot", "1"}, U, "--prot|did you mean --port"},
        {{"check", A, "--max-session=1"}, U, "did you mean --max-sessions"},
        {{"check", A, "--retry_for=1m"}, U, "did you mean --retry-for"},
        {{"check", A, "--xyzzy"}, U, "--xyzzy|behind --"},
        {{"check", A, "-x"}, U, "-x"},
        {{"check", A, "--=1"}, U, "unknown option"},
        {{"check", A, "--port"}, U, "--port needs a value"},
        {{"bulk", "-o"}, U, "--output needs a value"},
        {{"check", A, "--json=yes"}, U, "takes no value"},
        {{"check", A, "-hx"}, U, "takes no value"},
        {{"check", A, "--format=csv"}, U, "--format is no option of check, but of bulk"},
        {{"check", A, "-o", "f"}, U, "--output is no option of check"},
        {{"bulk", "--json"}, U, "--json is no option of bulk, but of check, explain"},
        {{"explain", "550", "--port=25"}, U, "check, bulk"},
        {{"bulk", FROM, "--resume"}, U, "--resume needs -o"},
        {{"check", A, "-q", "-v"}, U, "--quiet and --verbose"},
        {{"check", A, "--limits=off"}, U, "--allow-private-mx"},
        {{"check", A, "--clock-speed=2"}, U, "--allow-private-mx"},
        {{"check", A, "--config="}, U, "--config needs a value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_bad(&machine, &cases[i]);
}

static void test_bad_values(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "--port=0",
        "--port=65536",
        "--port=-1",
        "--port=",
        "--port=25x",
        "--port= 25",
        "--port=99999999999999999999999999",
        "--dns-rate=1000001",
        "--dns-rate=-0",
        "--dns-rate=1000001/s",
        "--dns-rate=5/",
        "--dns-rate=/s",
        "--dns-rate=5/0s",
        "--dns-rate=5/x",
        "--dns-rate=5/s/s",
        "--max-sessions=0",
        "--max-sessions=1000001",
        "--max-attempts=0",
        "--loops=0",
        "--ip=5",
        "--ip=",
        "--ip=4,6",
        "--tls=always",
        "--tls=MAY",
        "--limits=no",
        "--limits=true",
        "--retry-for=30",
        "--retry-for=1.5h",
        "--retry-for=-1m",
        "--retry-for=31d",
        "--retry-for=1w",
        "--retry-for=",
        "--retry-for=m",
        "--retry-for=99999999999999999999d",
        "--retry-for=213503982335d",
        "--retry-after=0",
        "--retry-after=999ms",
        "--retry-after=2d",
        "--clock-speed=0",
        "--clock-speed=0.5",
        "--clock-speed=1001",
        "--clock-speed=1e3",
        "--clock-speed=nan",
        "--clock-speed=1.",
        "--clock-speed=.5",
        "--clock-speed=1.0000000",
        "--clock-speed=1000.1",
        "--resolver=",
        "--resolver=dns.example",
        "--resolver=192.0.2.1:0",
        "--resolver=192.0.2.1:65536",
        "--resolver=192.0.2.1:",
        "--resolver=192.0.2.1:5x",
        "--resolver=[::1",
        "--resolver=[::1]53",
        "--resolver=[192.0.2.1]:53",
        "--resolver=[]",
        "--resolver=[::1]:",
        "--resolver=192.0.2.1.5",
        "--source=localhost",
        "--source=",
        "--source=192.0.2.1:25",
        "--source=[::1]",
        "--ehlo=",
        "--ehlo=localhost",
        "--ehlo=a b.example",
        "--ehlo=192.0.2.1",
        "--ehlo=[192.0.2.300]",
        "--ehlo=[::1]",
        "--ehlo=-a.example",
        "--ehlo=a..example",
        "--ehlo=x.example\r\nQUIT",
        "--ehlo=[192.0.2.1]x",
        "--mail-from=",
        "--mail-from=x",
        "--mail-from=a@b",
        "--mail-from=a@b.example\r\nDATA",
        "--mail-from=<a@b.example",
        "--mail-from=a b@c.example",
        "--mail-from=a@-.example",
        "--mail-from=<<>>",
        "--exclude=",
        "--transcript=",
        "--rules=",
        "--limits-file=",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bad_case c = {{"check", A, bad[i]}, U, "expected"};
        check_bad(&machine, &c);
    }
    struct bad_case loops = {{"check", A, "--loops=2"}, U, "--loops '2'|not supported yet"};
    check_bad(&machine, &loops);
    struct bad_case port = {{"check", A, "--port", "0"}, U, "--port '0'|from 1 to 65535"};
    check_bad(&machine, &port);
    struct bad_case twice = {{"check", A, "--source=::1", "--source=0::1"}, U, "given twice"};
    check_bad(&machine, &twice);
}

static void test_bad_identity(void **state)
{
    (void)state;
    struct mxp_machine nameless = {.own_fqdn = no_fqdn, .max_files = 20000};
    static const struct bad_case cases[] = {
        {{"bulk", "l"}, CF, "--mail-from ADDRESS|Backscatterer"},
        {{"bulk", "l", "--mail-from", "<>"}, CF, "--mail-from <>|Backscatterer"},
        {{"check", A, "--ip=6", "--source=192.0.2.1"}, U, "--ip 6|IPv4 source"},
        {{"check", A, "--ip=4", "--source=2001:db8::1"}, U, "--ip 4|IPv6 source"},
        {{"check", A, "--source=192.0.2.1", "--source=2001:db8::1"}, U, "not supported yet"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_bad(&machine, &cases[i]);
    struct bad_case fqdn = {{"check", A}, CF, "--ehlo NAME|ehlo:"};
    check_bad(&nameless, &fqdn);
    nameless.own_fqdn = NULL;
    check_bad(&nameless, &fqdn);
}

static int named(char *ret, size_t size, const char *name)
{
    (void)snprintf(ret, size, "%s", name);
    return 0;
}
#define NAMED(id, text)                                                                            \
    static int id(char *ret, size_t size)                                                          \
    {                                                                                              \
        return named(ret, size, text);                                                             \
    }
NAMED(name_local, "localhost.localdomain")
NAMED(name_mdns, "laptop.Local.")
NAMED(name_cloud, "ip-10-0-0-1.ec2.internal")
NAMED(name_short, "laptop")
NAMED(name_odd, "my host.example.org")
NAMED(name_empty, "")
NAMED(name_good, "Mail.Local.Example.")

/* The machine's name is taken only if others can know it. */
static void test_own_names(void **state)
{
    (void)state;
    static int (*const bad[])(char *, size_t) = {name_local, name_mdns, name_cloud,
                                                 name_short, name_odd,  name_empty};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mxp_machine on = {.own_fqdn = bad[i], .max_files = 20000};
        struct bad_case c = {{"check", A}, CF, "--ehlo NAME"};
        check_bad(&on, &c);
    }
    struct mxp_machine on = {.own_fqdn = name_good, .max_files = 20000};
    const char *args[] = {"check", A, NULL};
    const char *told[] = {"check", A, "--ehlo=probe.local", NULL};
    struct mxp_options o;
    struct mxp_why why;
    assert_int_equal(parse_on(&on, args, &o, &why), 0);
    assert_string_equal(o.identities[0].ehlo_name, "mail.local.example");
    mxp_options_free(&o);
    on.own_fqdn = name_local; /* what is told is taken: labs have such names */
    assert_int_equal(parse_on(&on, told, &o, &why), 0);
    assert_string_equal(o.identities[0].ehlo_name, "probe.local");
    mxp_options_free(&o);
}

static void test_descriptors(void **state)
{
    (void)state;
    static const struct {
        uint64_t files;
        uint32_t sessions;
    } cases[] = {{20000, 1000}, {1128, 1000}, {1127, 999}, {1024, 896}, {257, 129},
                 {256, 128},    {64, 32},     {1, 1},      {0, 1},      {UINT64_MAX, 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mxp_machine on = {.own_fqdn = has_fqdn, .max_files = cases[i].files};
        const char *args[] = {"check", A, NULL};
        struct mxp_options o;
        struct mxp_why why;
        assert_int_equal(parse_on(&on, args, &o, &why), 0);
        if (o.max_sessions != cases[i].sessions)
            fail_msg("%llu files: %u sessions", (unsigned long long)cases[i].files, o.max_sessions);
        mxp_options_free(&o);
    }
    struct mxp_machine on = {.own_fqdn = has_fqdn, .max_files = 1024};
    struct bad_case c = {{"check", A, "--max-sessions=900"}, U, "900|1024 files|896|ulimit"};
    check_bad(&on, &c);
}

static void test_other_commands_need_no_identity(void **state)
{
    (void)state;
    struct mxp_machine nameless = {.own_fqdn = no_fqdn, .max_files = 20000};
    const char *args[] = {"explain", "--json", "550 5.1.1 no such user", NULL};
    struct mxp_options o;
    struct mxp_why why;
    assert_int_equal(parse_on(&nameless, args, &o, &why), 0);
    assert_int_equal(o.command, MXP_CMD_EXPLAIN);
    assert_true(o.json);
    assert_string_equal(o.args[0], "550 5.1.1 no such user");
    mxp_options_free(&o);

    MUST(&o, "explain", "--batch", "-");
    assert_true(o.batch);
    assert_string_equal(o.args[0], "-");
    mxp_options_free(&o);
}

/* The real machine, but for its name, for which DNS may be asked. */
static void test_this_machine(void **state)
{
    (void)state;
    char a[] = "mxprobe", b[] = "check", c[] = A, d[] = "--ehlo=probe.example";
    char *argv[] = {a, b, c, d, NULL};
    struct mxp_options o;
    struct mxp_why why = {0};
    assert_int_equal(mxp_options_parse(4, argv, &o, &why), 0);
    assert_true(o.max_sessions >= 1 && o.max_sessions <= 1000);
    mxp_options_free(&o);
}

static void test_table_is_sound(void **state)
{
    (void)state;
    assert_true(mxp_options_n <= MXP_OPTIONS_MAX);
    /* A CHOICE is stored as an unsigned. */
    assert_int_equal(sizeof(enum mxp_format), sizeof(unsigned));
    assert_int_equal(sizeof(enum mxp_ip_choice), sizeof(unsigned));
    assert_int_equal(sizeof(enum mxp_smtp_tls), sizeof(unsigned));
    for (size_t i = 0; i < mxp_options_n; i++) {
        const struct mxp_option *o = &mxp_options_table[i];
        char expected[MXP_EXPECTED_MAX];
        assert_true(o->name || o->key);
        assert_non_null(o->help);
        assert_non_null(o->section);
        assert_true(strlen(mxp_option_expected(o, expected)) > 5);
        assert_true(strlen(expected) < MXP_EXPECTED_MAX - 1);
        if (o->name) {
            assert_ptr_equal(mxp_option_by_name(mxp_slice_str(o->name)), o);
            assert_true(o->commands != 0);
        }
        if (o->letter)
            assert_ptr_equal(mxp_option_by_letter(o->letter), o);
        if (o->key)
            assert_ptr_equal(mxp_option_by_key(o->key), o);
        /* A key is the name with underscores: one word to learn. */
        if (o->name && o->key) {
            for (size_t j = 0; j <= strlen(o->name); j++)
                assert_int_equal(o->key[j], o->name[j] == '-' ? '_' : o->name[j]);
        }
        bool takes = o->kind != MXP_OPTION_FLAG && o->kind != MXP_OPTION_HELP;
        assert_int_equal(takes, o->value != NULL);
    }
    assert_null(mxp_option_by_letter('\0'));
}

static void test_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {{"", "", 0},         {"a", "", 1},        {"", "abc", 3},
                 {"port", "prot", 1}, {"port", "PORT", 0}, {"kitten", "sitting", 3},
                 {"ab", "ba", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(mxp_nearest_distance(mxp_slice_str(cases[i].a), mxp_slice_str(cases[i].b)),
                         cases[i].distance);
        assert_int_equal(mxp_nearest_distance(mxp_slice_str(cases[i].b), mxp_slice_str(cases[i].a)),
                         cases[i].distance);
    }
    char longer[MXP_NEAREST_LEN + 2];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_true(mxp_nearest_distance(mxp_slice_str(longer), mxp_slice_str("a")) == SIZE_MAX);
    assert_null(mxp_option_nearest_name(mxp_slice_str(longer)));
    assert_null(mxp_option_nearest_name(mxp_slice_str("")));
    assert_string_equal(mxp_option_nearest_name(mxp_slice_str("allow-private")),
                        "allow-private-mx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_bulk_defaults),
        cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_order_and_end_of_options),
        cmocka_unit_test(test_strings_are_owned),
        cmocka_unit_test(test_version_and_help),
        cmocka_unit_test(test_bad_usage),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_bad_identity),
        cmocka_unit_test(test_own_names),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_other_commands_need_no_identity),
        cmocka_unit_test(test_this_machine),
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
