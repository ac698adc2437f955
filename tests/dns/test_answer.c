#include "dns/answer.h"
#include "dns/wire.h"

#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A message of exactly its size on the heap, so that a sanitizer sees a read behind it. */
static struct mxp_answer *parse(const struct message *m, enum mxp_dns_status status,
                                enum mxp_rr_type type)
{
    char *copy = malloc(m->len ? m->len : 1);
    assert_non_null(copy);
    memcpy(copy, m->bytes, m->len);
    struct mxp_answer *answer = mxp_answer_parse(status, (struct mxp_slice){copy, m->len}, type);
    assert_non_null(answer);
    free(copy);
    return answer;
}

/* "OK 300 more doubtful | 10 mx.test | 192.0.2.1" */
static const char *text_of(const struct mxp_answer *answer, char ret[static 8192])
{
    size_t n =
        (size_t)snprintf(ret, 8192, "%s %u%s%s", mxp_dns_status_name(answer->status), answer->ttl_s,
                         answer->more ? " more" : "", answer->doubtful ? " doubtful" : "");
    for (uint16_t i = 0; i < answer->n_mx; i++)
        n += (size_t)snprintf(ret + n, 8192 - n, " | %u %s", answer->mx[i].preference,
                              answer->mx[i].name);
    for (uint16_t i = 0; i < answer->n_ips; i++) {
        char ip[MXP_IP_TEXT_MAX];
        n += (size_t)snprintf(ret + n, 8192 - n, " | %s", mxp_ip_text(&answer->ips[i], ip));
    }
    return ret;
}

static void check(const char *what, const struct message *m, enum mxp_dns_status status,
                  enum mxp_rr_type type, const char *expected)
{
    char text[8192];
    struct mxp_answer *answer = parse(m, status, type);
    if (strcmp(text_of(answer, text), expected) != 0)
        fail_msg("%s: %s, expected %s", what, text, expected);
    mxp_answer_unref(answer);
}

#define FAILED "no usable answer 60"
#define MX     MXP_RR_MX
#define OK     MXP_DNS_OK

static struct message m; /* too large for a stack; each case begins it anew */

static void test_records(void **state)
{
    (void)state;
    message_init(&m, 0, "a.test", 15);
    message_mx(&m, "a.test", 300, 10, "MX1.A.test");
    message_mx(&m, "a.test", 200, 5, "mx2.a.test");
    check("two MX", &m, OK, MX, "NOERROR 200 | 10 mx1.a.test | 5 mx2.a.test");
    check("asked for A", &m, OK, MXP_RR_A, "NOERROR 60");

    message_init(&m, 0, "a.test", 1);
    message_a(&m, "a.test", 0, "192.0.2.1");
    message_a(&m, "a.test", 30, "192.0.2.2");
    check("TTL 0", &m, OK, MXP_RR_A, "NOERROR 0 | 192.0.2.1 | 192.0.2.2");

    message_init(&m, 0, "a.test", 28);
    message_a(&m, "a.test", 0x80000001, "2001:db8::1");
    check("a TTL with the highest bit", &m, OK, MXP_RR_AAAA, "NOERROR 0 | 2001:db8::1");
    message_init(&m, 0, "a.test", 28);
    message_a(&m, "a.test", 0x7fffffff, "2001:db8::1");
    check("the longest TTL", &m, OK, MXP_RR_AAAA, "NOERROR 2147483647 | 2001:db8::1");

    message_init(&m, 0, "a.test", 15);
    message_cname(&m, "a.test", 20, "b.test");
    message_mx(&m, "b.test", 300, 0, ".");
    check("CNAME to a null MX", &m, OK, MX, "NOERROR 20 | 0 ");

    message_init(&m, 0, "a.test", 15);
    message_mx(&m, "a.test", 9, 1, "a\\032b\\046c\\092.\\255.test");
    check("odd octets", &m, OK, MX, "NOERROR 9 | 1 a\\032b\\.c\\\\.\\255.test");

    message_init(&m, 0, "a.test", 15);
    size_t begin = message_begin(&m, ANSWER, "a.test", 15, 7);
    message_u16(&m, 10);
    message_raw(&m, "\3mx1\xc0\x0c", 6); /* mx1 and the question's name */
    message_end(&m, begin);
    check("compressed", &m, OK, MX, "NOERROR 7 | 10 mx1.a.test");

    message_init(&m, 0, "a.test", 15);
    begin = message_begin(&m, ANSWER, "a.test", 15, 7);
    m.bytes[begin - 7] = 3; /* CHAOS */
    message_u16(&m, 10);
    message_name(&m, "mx.test");
    message_end(&m, begin);
    check("another class", &m, OK, MX, "NOERROR 60");

    message_init(&m, 0, "a.test", 15);
    for (unsigned i = 0; i < MXP_ANSWER_MAX + 1; i++)
        message_mx(&m, "a.test", 300, i, "m.test");
    struct mxp_answer *answer = parse(&m, OK, MX);
    assert_int_equal(answer->n_mx, MXP_ANSWER_MAX);
    assert_true(answer->more);
    mxp_answer_unref(answer);
}

/* Records of another name than the one asked for, and the CNAMEs that lead from it. */
static void test_owners(void **state)
{
    (void)state;
    message_init(&m, 0, "A.test", 15);
    message_mx(&m, "a.TEST", 300, 10, "mx.a.test");
    message_mx(&m, "evil.test", 5, 1, "mx.evil.test");
    check("one of another owner is left out", &m, OK, MX, "NOERROR 300 | 10 mx.a.test");

    message_init(&m, 0, "a.test", 15);
    message_mx(&m, "evil.test", 300, 1, "mx.evil.test");
    check("nothing but those: no answer, and no NODATA", &m, OK, MX, FAILED);
    message_init(&m, 0, "a.test", 1);
    message_a(&m, "evil.test", 300, "192.0.2.1");
    message_soa(&m, "test", 900, 120);
    check("likewise an address", &m, OK, MXP_RR_A, FAILED);

    message_init(&m, 0, "a.test", 15);
    message_mx(&m, "c.test", 300, 10, "mx.c.test");
    message_cname(&m, "b.test", 300, "c.test");
    message_cname(&m, "a.test", 300, "b.test");
    check("CNAMEs in any order", &m, OK, MX, "NOERROR 300 | 10 mx.c.test");

    message_init(&m, 0, "a.test", 15);
    message_cname(&m, "evil.test", 300, "c.test");
    message_mx(&m, "c.test", 300, 10, "mx.c.test");
    check("a CNAME that leads from elsewhere", &m, OK, MX, FAILED);
}

static void test_negative(void **state)
{
    (void)state;
    message_init(&m, 0, "a.test", 15);
    check("NODATA, no SOA", &m, OK, MX, "NOERROR 60");
    message_soa(&m, "test", 900, 120);
    check("NODATA: the minimum", &m, OK, MX, "NOERROR 120");
    message_soa(&m, "test", 900, 7);
    check("of two SOAs the first", &m, OK, MX, "NOERROR 120");
    message_init(&m, 0, "a.test", 15);
    size_t begin = message_begin(&m, AUTHORITY, "test", 6, 900);
    message_raw(&m, "\0\0\0\0\0\7", 6);
    message_end(&m, begin);
    check("a SOA without its numbers is none", &m, OK, MX, "NOERROR 60");
    message_init(&m, 3, "a.test", 15);
    message_soa(&m, "test", 100, 3600);
    check("NXDOMAIN: the SOA's TTL", &m, MXP_DNS_NXDOMAIN, MX, "NXDOMAIN 100");
    message_init(&m, 3, "a.test", 15);
    message_cname(&m, "a.test", 5, "gone.test");
    message_soa(&m, "test", 100, 3600);
    check("CNAME to a name that is not there", &m, MXP_DNS_NXDOMAIN, MX, "NXDOMAIN 5");
    message_init(&m, 3, "a.test", 1);
    message_a(&m, "a.test", 5, "192.0.2.1");
    check("NXDOMAIN with an address", &m, MXP_DNS_NXDOMAIN, MXP_RR_A, "NXDOMAIN 5");
    message_init(&m, 0, "a.test", 15);
    message_cname(&m, "a.test", 50, "b.test");
    message_soa(&m, "test", 900, 120);
    check("CNAME to NODATA", &m, OK, MX, "NOERROR 50");
}

/* None of these says that there is no such record. */
static void test_unbelievable(void **state)
{
    (void)state;
    message_init(&m, 0, "a.test", 15);
    message_cname(&m, "a.test", 50, "b.test");
    check("a CNAME that nobody followed", &m, OK, MX, "NOERROR 50 doubtful");
    message_cname(&m, "b.test", 50, "A.test");
    check("a circle of two", &m, OK, MX, FAILED);
    message_init(&m, 0, "a.test", 15);
    message_cname(&m, "a.test", 50, "a.test");
    check("a circle of one", &m, OK, MX, FAILED);
    message_init(&m, 0, "a.test", 15);
    message_cname(&m, "a.test", 50, "b.test");
    message_cname(&m, "b.test", 50, "b.test");
    message_soa(&m, "test", 900, 120);
    check("a way into a circle", &m, OK, MX, FAILED);
    message_init(&m, 0, "a.test", 15);
    for (unsigned i = 0; i < 17; i++) {
        char owner[] = "ca.test", target[] = "cb.test";
        owner[1] = (char)('a' + i);
        target[1] = (char)('b' + i);
        message_cname(&m, owner, 50, target);
    }
    check("CNAMEs without end", &m, OK, MX, FAILED);

    message_init(&m, 0, "a.test", 15);
    message_ns(&m, "test", "ns.test");
    check("a referral", &m, OK, MX, FAILED);
    message_flags(&m, 0x8400);
    check("NODATA of an authority with NS", &m, OK, MX, "NOERROR 60");
    message_flags(&m, 0x8180);
    message_soa(&m, "test", 900, 120);
    check("NODATA with NS and SOA", &m, OK, MX, "NOERROR 120");

    message_init(&m, 0, "a.test", 15);
    message_flags(&m, 0x0100);
    check("our question, sent back", &m, OK, MX, FAILED);
    message_flags(&m, 0x8380);
    check("truncated", &m, OK, MX, FAILED);
    message_flags(&m, 0x9180);
    check("another opcode", &m, OK, MX, FAILED);
    message_flags(&m, 0x8182);
    check("SERVFAIL called NOERROR", &m, OK, MX, FAILED);
    check("SERVFAIL called NXDOMAIN", &m, MXP_DNS_NXDOMAIN, MX, FAILED);
    message_flags(&m, 0x8180);
    check("NOERROR called NXDOMAIN", &m, MXP_DNS_NXDOMAIN, MX, FAILED);
    message_opt(&m, 0);
    check("with EDNS", &m, OK, MX, "NOERROR 60");
    message_init(&m, 0, "a.test", 15);
    message_opt(&m, 1u << 24);
    check("BADVERS, which is NOERROR by the header", &m, OK, MX, FAILED);

    static const enum mxp_dns_status failures[] = {MXP_DNS_SERVFAIL, MXP_DNS_REFUSED,
                                                   MXP_DNS_FORMERR,  MXP_DNS_TIMEOUT,
                                                   MXP_DNS_FAILED,   MXP_DNS_CANCELED};
    message_init(&m, 0, "a.test", 15);
    message_mx(&m, "a.test", 300, 10, "mx.test");
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        struct mxp_answer *answer = parse(&m, failures[i], MX);
        assert_int_equal(answer->status, failures[i]);
        assert_int_equal(answer->n_mx, 0);
        mxp_answer_unref(answer);
    }
}

/* One record of a type and data: what is wrong with it is wrong with the message. */
static void test_data_of_another_length(void **state)
{
    (void)state;
    static const struct {
        const char *what, *data;
        size_t len;
        unsigned type;
        const char *expected;
    } cases[] = {
        {"MX", "\0\12\1m\0", 5, 15, "NOERROR 7 | 10 m"},
        {"MX, an octet more", "\0\12\1m\0x", 6, 15, FAILED},
        {"MX, an octet less", "\0\12\1m", 4, 15, FAILED},
        {"MX without a name", "\0\12", 2, 15, FAILED},
        {"CNAME", "\1m\0", 3, 5, "NOERROR 7 doubtful"},
        {"CNAME, an octet more", "\1m\0x", 4, 5, FAILED},
        {"CNAME, an octet less", "\1m", 2, 5, FAILED},
        {"A", "\300\0\2\1", 4, 1, "NOERROR 7 | 192.0.2.1"},
        {"A, an octet more", "\300\0\2\1x", 5, 1, FAILED},
        {"A, an octet less", "\300\0\2", 3, 1, FAILED},
        {"AAAA of IPv4", "\300\0\2\1", 4, 28, FAILED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum mxp_rr_type asked = cases[i].type == 5 ? MX : (enum mxp_rr_type)cases[i].type;
        message_init(&m, 0, "a.test", asked);
        size_t begin = message_begin(&m, ANSWER, "a.test", cases[i].type, 7);
        message_raw(&m, cases[i].data, cases[i].len);
        message_end(&m, begin);
        check(cases[i].what, &m, OK, asked, cases[i].expected);
    }
}

/* Cut anywhere, and with each octet changed: never a crash, and never records out of a
 * message that ends too early. */
static void test_cut_and_changed(void **state)
{
    (void)state;
    static struct message whole;
    message_init(&whole, 0, "a.test", 15);
    message_cname(&whole, "a.test", 50, "b.test");
    size_t begin = message_begin(&whole, ANSWER, "b.test", 15, 7);
    message_u16(&whole, 10);
    message_raw(&whole, "\3mx1\xc0\x0c", 6);
    message_end(&whole, begin);
    message_soa(&whole, "test", 900, 120);
    size_t additional = whole.len;
    message_opt(&whole, 0);
    for (size_t len = 0; len <= whole.len; len++) {
        m = whole;
        m.len = len;
        check("cut", &m, OK, MX, len < additional ? FAILED : "NOERROR 7 | 10 mx1.a.test");
    }
    for (size_t i = 0; i < whole.len; i++) {
        for (unsigned octet = 0; octet < 256; octet++) {
            m = whole;
            m.bytes[i] = (uint8_t)octet;
            struct mxp_answer *answer = parse(&m, OK, MX);
            assert_true(answer->n_mx <= 2);
            mxp_answer_unref(answer);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *what, *bytes;
        size_t len, at;
        const char *name; /* NULL: bad */
        size_t end;
    } cases[] = {
        {"root", "\0", 1, 0, "", 1},
        {"one label", "\1A\0x", 4, 0, "a", 3},
        {"pointer back", "\1a\0\1b\xc0\0!", 8, 3, "b.a", 7},
        {"pointer to itself", "\xc0\0", 2, 0, NULL, 0},
        {"pointer forward", "\xc0\2\1a\0", 5, 0, NULL, 0},
        {"pointer into its own label", "\1a\xc0\0", 4, 0, NULL, 0},
        {"two pointers in turn", "\xc0\2\xc0\0", 4, 2, NULL, 0},
        {"half a pointer", "\1a\0\xc0", 4, 3, NULL, 0},
        {"no end", "\1a", 2, 0, NULL, 0},
        {"label over the end", "\5a\0", 3, 0, NULL, 0},
        {"label type 01", "\100aaaa\0", 6, 0, NULL, 0},
        {"label type 10", "\200aaaa\0", 6, 0, NULL, 0},
        {"nothing", "", 0, 0, NULL, 0},
        {"behind the end", "\0", 1, 1, NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[MXP_NAME_MAX];
        struct mxp_wire wire = {(const uint8_t *)cases[i].bytes, cases[i].len, cases[i].at, false};
        mxp_wire_name(&wire, name);
        print_message("%s\n", cases[i].what);
        assert_int_equal(wire.bad, cases[i].name == NULL);
        assert_string_equal(name, cases[i].name ? cases[i].name : "");
        if (cases[i].name)
            assert_int_equal(wire.at, cases[i].end);
    }
    /* 255 octets are the most (RFC 1035, 2.3.4): 253 of text. */
    for (size_t last = 60; last < 64; last++) {
        uint8_t bytes[400];
        size_t len = 0;
        for (int i = 0; i < 4; i++) {
            size_t label = i < 3 ? 63 : last;
            bytes[len++] = (uint8_t)label;
            memset(bytes + len, 'a', label);
            len += label;
        }
        bytes[len++] = 0;
        char name[MXP_NAME_MAX];
        struct mxp_wire wire = {bytes, len, 0, false};
        mxp_wire_name(&wire, name);
        assert_int_equal(wire.bad, last > 61);
        assert_int_equal(strlen(name), last > 61 ? 0 : 192 + last);
    }
    /* Escapes make it longer than its room: cut, and still no host's name. */
    uint8_t bytes[255];
    memset(bytes, 1, sizeof bytes);
    bytes[254] = 0;
    char name[MXP_NAME_MAX];
    struct mxp_wire wire = {bytes, sizeof bytes, 0, false};
    mxp_wire_name(&wire, name);
    assert_false(wire.bad);
    assert_int_equal(strlen(name), MXP_NAME_MAX - 1);
    assert_false(mxp_name_is_host(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_unbelievable),
        cmocka_unit_test(test_data_of_another_length),
        cmocka_unit_test(test_cut_and_changed),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
