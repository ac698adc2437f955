#include "probe/options/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options_util.h"
#include "probe/options/option_table.h"
#include "probe/options/yaml_tree.h"

static const char *const check[] = {"check", "a@b.example", "--config", "@", NULL};
static const char *const bulk[] = {"bulk", "l", "--config", "@", NULL};

static void test_every_key(void **state)
{
    (void)state;
    struct mxp_options o;
    util_must("json: true\nquiet: no\nverbose: on\nbatch: false\noutput: \"o u t\"\n"
              "format: jsonl\ncolumn: 3\nresume: yes\nexclude: ex\nseen: [s, t]\n"
              "progress: true\n"
              "transcript: tr\nrules: ru\nehlo: a.example\nmail_from: p@a.example\n"
              "source: 192.0.2.1\nresolver: [192.0.2.2, \"[::1]:53\"]\ndns_rate: 7\nport: 26\n"
              "ip: 4\ntls: none\nallow_private_mx: true\nmax_sessions: 9\nloops: 1\n"
              "limits: off\nlimits_file: lf\ngo_on_when_listed: true\nretry_for: 1h\n"
              "retry_after: 2m\nmax_attempts: 3\nno_catch_all: true\nclock_speed: 1.5\n"
              "timeouts:\n  connect: 1s\n  greeting: 2s\n  ehlo: 3s\n  starttls: 4s\n  tls: 5s\n"
              "  mail: 6s\n  rcpt: 7s\n  quit: 8s\n  mx_total: 9s\n",
              bulk, &o);
    assert_true(o.json && !o.quiet && o.verbose && !o.batch && o.resume && o.progress);
    assert_string_equal(o.output, "o u t");
    assert_int_equal(o.format, MXP_FORMAT_JSONL);
    assert_string_equal(o.column, "3");
    assert_string_equal(o.exclude, "ex");
    assert_int_equal(o.seen.n, 2);
    assert_string_equal(o.seen.names[1], "t");
    assert_string_equal(o.transcript, "tr");
    assert_string_equal(o.rules, "ru");
    assert_int_equal(o.n_identities, 1);
    assert_string_equal(o.identities[0].ehlo_name, "a.example");
    assert_string_equal(o.identities[0].mail_from, "p@a.example");
    assert_int_equal(o.identities[0].source.bytes[3], 1);
    assert_int_equal(o.n_resolvers, 2);
    assert_string_equal(o.resolvers[1], "[::1]:53");
    assert_int_equal(o.dns_rate.n, 7);
    assert_int_equal(o.dns_rate.per_ms, 1000);
    assert_int_equal(o.port, 26);
    assert_int_equal(o.ip, MXP_IP_4_ONLY);
    assert_int_equal(o.tls, MXP_SMTP_TLS_NONE);
    assert_true(o.allow_private_mx && o.limits_off && o.go_on_when_listed && o.no_catch_all);
    assert_int_equal(o.max_sessions, 9);
    assert_string_equal(o.limits_file, "lf");
    assert_int_equal(o.retry_for_ms, 3600000);
    assert_int_equal(o.retry_after_ms, 120000);
    assert_int_equal(o.max_attempts, 3);
    assert_true(o.clock_speed == 1.5);
    assert_int_equal(o.connect_ms, 1000);
    assert_int_equal(o.smtp.greeting_ms, 2000);
    assert_int_equal(o.smtp.ehlo_ms, 3000);
    assert_int_equal(o.smtp.starttls_ms, 4000);
    assert_int_equal(o.smtp.tls_ms, 5000);
    assert_int_equal(o.smtp.mail_ms, 6000);
    assert_int_equal(o.smtp.rcpt_ms, 7000);
    assert_int_equal(o.smtp.quit_ms, 8000);
    assert_int_equal(o.mx_total_ms, 9000);
    mxp_options_free(&o);
}

static void test_nothing(void **state)
{
    (void)state;
    static const char nulls[] = "port: null\nresolver: ~\ntimeouts:\nproviders:\n"
                                "identities: null\ndefault_budget: null\nehlo:\n";
    static const char *const empty[] = {
        "",     "\n",  "# only a comment\n",     "---\n",       "null\n",
        "{}\n", nulls, "\xef\xbb\xbfport: 25\n", "port: 25\r\n"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        struct mxp_options o, plain;
        util_must(empty[i], check, &o);
        util_must(NULL, (const char *const[]){"check", "a@b.example", NULL}, &plain);
        assert_int_equal(o.port, 25);
        assert_int_equal(o.n_providers, plain.n_providers);
        assert_memory_equal(&o.default_budget, &plain.default_budget, sizeof o.default_budget);
        assert_memory_equal(&o.smtp, &plain.smtp, sizeof o.smtp);
        mxp_options_free(&o);
        mxp_options_free(&plain);
    }
}

static void test_command_line_beats_file(void **state)
{
    (void)state;
    struct mxp_options o;
    const char *const args[] = {"check", "--port=27", "a@b.example",      "--config",
                                "@",     "--quiet",   "--ehlo=c.example", "--resolver=192.0.2.9",
                                NULL};
    util_must("port: 26\nverbose: true\nehlo: f.example\nmail_from: p@f.example\n"
              "resolver: [192.0.2.1, 192.0.2.2]\nno_catch_all: true\n",
              args, &o);
    assert_int_equal(o.port, 27);
    assert_true(o.quiet && !o.verbose);
    assert_true(o.no_catch_all);
    assert_string_equal(o.identities[0].ehlo_name, "c.example");
    assert_string_equal(o.identities[0].mail_from, "p@f.example");
    assert_int_equal(o.n_resolvers, 1);
    assert_string_equal(o.resolvers[0], "192.0.2.9");
    mxp_options_free(&o);
}

struct bad_case {
    const char *config, *words; /* separated by | ; the first is :LINE: */
};

static void check_bad(const struct bad_case *c)
{
    struct mxp_options o;
    struct mxp_why why;
    int err = util_parse(c->config, check, &o, &why);
    if (err != MXP_ECONFIG)
        fail_msg("%s (%s) of:\n%s", mxp_err_name(err), why.text, c->config);
    assert_int_equal(why.err, err);
    util_words(c->config, why.text, c->words);
    assert_true(strncmp(why.text, "/proc/self/fd/", 14) == 0);
    mxp_options_free(&o);
}

static void test_errors(void **state)
{
    (void)state;
    static const struct bad_case cases[] = {
        {"prt: 25\n", ":1: prt: unknown key|did you mean port?"},
        {"port: 25\n\nxyzzy: 1\n", ":3: xyzzy: unknown key"},
        {"timeouts.connect: 1s\n", ":1: timeouts.connect: unknown key"},
        {"config: x\n", ":1: config: unknown key"},
        {"help: x\n", ":1: help: unknown key"},
        {"dns-rate: 1\n", ":1: dns-rate: unknown key|dns_rate"},
        {"\n\nport: 0\n", ":3: port: expected a number from 1 to 65535, not '0'"},
        {"port: [25]\n", ":1: port: expected a number from 1 to 65535, not a list"},
        {"port: {a: b}\n", ":1: port: |not a map"},
        {"port: 0x19\n", ":1: port: "},
        {"port: 2_5\n", ":1: port: "},
        {"port: 25\nport: 26\n", ":2: port: given twice|line 1"},
        {"quiet: maybe\n", ":1: quiet: expected true or false, not 'maybe'"},
        {"limits: true\n", ":1: limits: expected on or off"},
        {"tls: sometimes\n", ":1: tls: expected may, encrypt or none, not 'sometimes'"},
        {"retry_for: 30\n", ":1: retry_for: expected|30s|not '30'"},
        {"resolver:\n  - 192.0.2.1\n  - dns.example\n",
         ":3: resolver: expected an IP|'dns.example'"},
        {"resolver: [[a]]\n", ":1: resolver: expected|not a list"},
        {"resolver: [null]\n", ":1: resolver: |not nothing"},
        {"source: ['::1', '0::1']\n", ":1: source: |given twice"},
        {"ehlo: localhost\n", ":1: ehlo: expected a domain name|no dot"},
        {"ehlo: \"a.example\\r\\nQUIT\"\n", ":1: ehlo: "},
        {"mail_from: me\n", ":1: mail_from: expected an address|no @"},
        {"timeouts:\n  conect: 1s\n", ":2: timeouts: conect: unknown key|timeouts.connect"},
        {"timeouts:\n  connect: 0s\n", ":2: timeouts.connect: expected|from 1ms to 1h|not '0s'"},
        {"timeouts: 5s\n", ":1: timeouts: expected a map|'5s'"},
        {"loops: 4\n", ":1: loops: expected 1 (more is not supported yet)"},
        {"retry_affter: 1m\n", ":1: retry_affter: unknown key; did you mean retry_after?"},
        {"- port: 1\n", ":1: expected a map of options, not a list"},
        {"hello\n", ":1: expected a map of options, not a single value"},
        {"? [a]\n: b\n", ":1: a key must be a plain word"},
        {"port: 1\n  ip: 4\n", ":2: not well-formed YAML"},
        {"port: [1\n", "not well-formed YAML"},
        {"\tport: 1\n", ":1: not well-formed YAML"},
        {"port: 1\nip: \xff\n", ":2: not well-formed YAML"},
        {"port: 1\nip: \x01\n", ":2: not well-formed YAML"},
        {"a: &x 1\n", ":1: anchors"},
        {"quiet: *x\n", ":1: aliases"},
        {"port: !!int 25\n", ":1: tags"},
        {"port: 1\n---\nport: 2\n", ":2: a second document"},
        {"exclude: \"a\\0b\"\n", ":1: a NUL"},
        {"seen: [s, \"\"]\n", ":1: seen: expected the name of a file"},
        {"ehlo: [[[[[[[[[[[[[[1]]]]]]]]]]]]]]\n", ":1: nested too deeply"},
        {"identities: 5\n", ":1: identities: expected a list, not '5'"},
        {"identities: [5]\n", ":1: identities: expected maps"},
        {"identities:\n  - ehlo: a.example\n    elho: b\n",
         ":3: identities: elho: unknown key|ehlo"},
        {"identities:\n  - source: x\n", ":2: source: expected an IP address|'x'"},
        {"identities:\n  - ehlo: x\n", ":2: ehlo: expected a domain name"},
        {"identities:\n  - ehlo: [a]\n", ":2: ehlo: |not a list"},
        {"identities:\n  - mail_from: x\n", ":2: mail_from: expected an address"},
        {"identities:\n  - source: ::1\n  - source: ::1\n", ":3: |same source|line 2"},
        {"identities:\n  - ehlo: a.example\n  - ehlo: b.example\n", ":3: |same source"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_bad(&cases[i]);
}

/* What must fit together is a configuration error where the file said it. */
static void test_blame(void **state)
{
    (void)state;
    static const char *const configs[] = {"limits: off\n",
                                          "clock_speed: 2\n",
                                          "quiet: true\nverbose: true\n",
                                          "max_sessions: 999999\n",
                                          "source: ::1\nip: 4\n",
                                          "source: ::1\nidentities: [{ehlo: a.example}]\n"};
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        struct mxp_options o;
        struct mxp_why why;
        assert_int_equal(util_parse(configs[i], check, &o, &why), MXP_ECONFIG);
        mxp_options_free(&o);
    }
}

static void test_files(void **state)
{
    (void)state;
    static const struct {
        const char *path, *words;
    } cases[] = {{"/nonexistent/mxprobe.yaml", "/nonexistent/mxprobe.yaml|No such file"},
                 {"/", "/: cannot be read|directory"},
                 {"/dev/zero", "/dev/zero|limit on size"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *args[] = {"check", "a@b.example", "--config", cases[i].path, NULL};
        struct mxp_options o;
        struct mxp_why why;
        assert_int_equal(util_parse(NULL, args, &o, &why), MXP_ECONFIG);
        util_words(cases[i].path, why.text, cases[i].words);
        mxp_options_free(&o);
    }
}

static void test_identities(void **state)
{
    (void)state;
    struct mxp_options o;
    const char *config = "ehlo: common.example\nmail_from: p@common.example\nidentities:\n"
                         "  - {source: 192.0.2.1, ehlo: a.example, mail_from: p@a.example}\n"
                         "  - {source: 192.0.2.2}\n";
    util_must(config, bulk, &o);
    assert_int_equal(o.n_identities, 2);
    assert_string_equal(o.identities[0].ehlo_name, "a.example");
    assert_string_equal(o.identities[0].mail_from, "p@a.example");
    assert_string_equal(o.identities[1].ehlo_name, "common.example");
    assert_string_equal(o.identities[1].mail_from, "p@common.example");
    assert_int_equal(o.identities[1].source.bytes[3], 2);
    assert_int_equal(o.ip, MXP_IP_4_ONLY); /* no IPv6 address of ours was named */
    mxp_options_free(&o);

    /* the command line's name is every identity's */
    util_must(config,
              (const char *const[]){"bulk", "l", "--config", "@", "--ehlo", "c.example", NULL}, &o);
    assert_int_equal(o.n_identities, 2);
    assert_string_equal(o.identities[0].ehlo_name, "c.example");
    assert_string_equal(o.identities[0].mail_from, "p@a.example");
    mxp_options_free(&o);

    /* the command line's sources replace the list */
    util_must(config,
              (const char *const[]){"bulk", "l", "--config", "@", "--source", "192.0.2.7", NULL},
              &o);
    assert_int_equal(o.n_identities, 1);
    assert_string_equal(o.identities[0].ehlo_name, "common.example");
    assert_int_equal(o.identities[0].source.bytes[3], 7);
    mxp_options_free(&o);
}

static char *repeat(const char *head, const char *item, size_t n)
{
    size_t head_len = strlen(head), item_len = strlen(item) + 8;
    char *text = malloc(head_len + n * item_len + 1);
    assert_non_null(text);
    memcpy(text, head, head_len);
    size_t len = head_len;
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(text + len, item_len + 1, item, (unsigned)i);
    text[len] = '\0';
    return text;
}

static void test_caps(void **state)
{
    (void)state;
    static const struct {
        const char *head, *item, *words;
        size_t n;
    } cases[] = {
        {"", "k%u: 1\n", "k0: unknown key", 10},
        {"providers:\n- name: x\n", "  k%u: 1\n", "too many keys", MXP_YAML_KEYS_MAX + 5},
        {"identities:\n", "- {ehlo: x%u.example}\n", "at most 1000", 1001},
        {"providers:\n", "- {name: p%u, mx: [x.example]}\n", "more than 1000", 1001},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *config = repeat(cases[i].head, cases[i].item, cases[i].n);
        struct mxp_options o;
        struct mxp_why why;
        assert_int_equal(util_parse(config, check, &o, &why), MXP_ECONFIG);
        util_words(cases[i].head, why.text, cases[i].words);
        mxp_options_free(&o);
        free(config);
    }
}

/* No error may be silent or say the wrong line, wherever the text is cut. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    const char *whole = "port: 25\nresolver: [192.0.2.1, \"[::1]:53\"]\nidentities:\n"
                        "  - {source: 192.0.2.1, ehlo: a.example}\ntimeouts:\n  connect: 1s\n"
                        "providers:\n  - name: \"big\"\n    mx: ['a.example', b.example]\n";
    char text[400];
    assert_true(strlen(whole) < sizeof text);
    for (size_t len = 0; len <= strlen(whole); len++) {
        struct mxp_options o;
        struct mxp_why why;
        memcpy(text, whole, len);
        text[len] = '\0';
        int err = util_parse(text, check, &o, &why);
        assert_true(err == 0 || err == MXP_ECONFIG);
        if (err && (!strstr(why.text, ":") || !why.text[0]))
            fail_msg("'%s' for:\n%s", why.text, text);
        mxp_options_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_command_line_beats_file),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_blame),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
