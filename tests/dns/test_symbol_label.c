#include "dns/symbol_label.h"

#include "core/err.h"
#include "core/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The A-labels are another's encoding, Python's codec "punycode". */
static void test_encoded(void **state)
{
    (void)state;
    static const struct {
        const char *label, *ascii; /* NULL: err */
        int err;
    } cases[] = {
        {"\xe2\x9d\xa4", "xn--qei", 0},
        {"i\xe2\x9d\xa4", "xn--i-7iq", 0},
        {"\xe2\x9d\xa4i", "xn--i-6iq", 0},
        {"\xf0\x9f\x92\xa9", "xn--ls8h", 0},
        {"I\xe2\x9d\xa4NY", "xn--iny-4r6a", 0},
        {"\xe2\x98\x8e", "xn--y3h", 0},
        {"a-\xe2\x9d\xa4-b", "xn--a--b-mw4b", 0},
        {"\xe2\x9d\xa4\xe2\x9d\xa4", "xn--qeia", 0},
        {"\xe2\x9d\xa4\xf0\x9f\x92\xa9\xe2\x9d\xa4", "xn--qeia86356a", 0},
        {"\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9"
         "a",
         "xn--a-wb3saa", 0},
        {"\xe2\x98\x80\xe2\x98\x81\xe2\x98\x82\xe2\x98\x83", "xn--k3hcde", 0},
        {"\xe2\x9e\xa1\xef\xb8\x8f", "xn--hgi", 0},
        {"\xe2\x99\xa5\xef\xb8\x8e", "xn--g6h", 0},
        {"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", "xn--h77hc", 0},
        {"\xe2\x8c\x9a", "xn--dih", 0},
        {"\xe2\x86\x90", "xn--35g", 0},
        {"\xf0\x9f\xab\xb6", "xn--o39h", 0},
        {"\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2"
         "\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d"
         "\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4\xe2\x9d\xa4",
         "xn--qeiaaaaaaaaaaaaaaaaaaa", 0},
        {"abcdefghijklmnopqrstuvwxyz0123456789-\xf0\x9f\x92\xa9",
         "xn--abcdefghijklmnopqrstuvwxyz0123456789--95580b", 0},
        {"\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f"
         "\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9"
         "\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9",
         "xn--ls8haaaaaaaaaaaaa", 0},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xf0\x9f\x92\xa9",
         "xn--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-f1356c", 0},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xf0\x9f\x92\xa9", NULL,
         MXP_ETOOBIG},
        /* the ends of each block */
        {"\xe2\x86\x90", "xn--35g", 0},
        {"\xe2\x8c\xa8", "xn--rih", 0},
        {"\xe2\x8c\xab", "xn--uih", 0},
        {"\xe2\x8f\xbf", "xn--woh", 0},
        {"\xe2\x94\x80", "xn--8vh", 0},
        {"\xe2\x9e\xbf", "xn--chi", 0},
        {"\xe2\xa4\x80", "xn--iqi", 0},
        {"\xe2\xa5\xbf", "xn--4ti", 0},
        {"\xe2\xac\x80", "xn--44i", 0},
        {"\xe2\xaf\xbf", "xn--fdj", 0},
        {"\xf0\x9f\x87\xa6", "xn--e77h", 0},
        {"\xf0\x9f\x87\xbf", "xn--377h", 0},
        {"\xf0\x9f\x8c\x80", "xn--gg8h", 0},
        {"\xf0\x9f\xab\xbf", "xn--x39h", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char ret[MXP_LABEL_MAX + 1] = "untouched";
        int err = mxp_symbol_label(mxp_slice_str(cases[i].label), ret);
        if (err != cases[i].err || strcmp(ret, err ? "untouched" : cases[i].ascii) != 0)
            fail_msg("%s: %d %s, expected %d %s", cases[i].label, err, ret, cases[i].err,
                     cases[i].ascii ? cases[i].ascii : "");
    }
}

/* Other letters are IDNA's, and what is no UTF-8 is nobody's. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what, *label;
    } cases[] = {
        {"nothing", ""},
        {"no symbol", "a"},
        {"an A-label: no symbol", "xn--i-7iq"},
        {"a letter beside", "\xc3\xbc\xe2\x9d\xa4"},
        {"a joiner", "\xe2\x9d\xa4\xe2\x80\x8d\xe2\x9d\xa4"},
        {"a joined one", "\xe2\x9d\xa4\xef\xb8\x8f\xe2\x80\x8d\xf0\x9f\x94\xa5"},
        {"cut", "\xe2\x9d"},
        {"cut behind one", "\xe2\x9d\xa4\xf0\x9f\x92"},
        {"a continuation alone", "\x80"},
        {"a continuation too much", "\xe2\x9d\xa4\xbf"},
        {"none where one is due", "\xe2"
                                  "A\xa4"},
        {"overlong", "\xc1\xa1\xe2\x9d\xa4"},
        {"overlong", "\xf0\x82\x9d\xa4"},
        {"five octets", "\xf8\x9f\x92\xa9\x80"},
        {"U+0080", "\xc2\x80\xe2\x9d\xa4"},
        {"no octet of UTF-8", "\xff"},
        {"just behind a block", "\xe2\x8c\xa9"},
        {"just before the next", "\xe2\x8c\xaa"},
        {"before the first block", "\xe2\x86\x8f"},
        {"behind a block", "\xe2\x90\x80"},
        {"before a block", "\xe2\x93\xbf"},
        {"behind it", "\xe2\x9f\x80"},
        {"between blocks", "\xf0\x9f\x88\x80"},
        {"behind the last block", "\xf0\x9f\xac\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char ret[MXP_LABEL_MAX + 1] = "untouched";
        print_message("%s\n", cases[i].what);
        /* of exactly its size on the heap, so that a sanitizer sees a read behind it */
        size_t len = strlen(cases[i].label);
        char *label = malloc(len + !len);
        assert_non_null(label);
        memcpy(label, cases[i].label, len);
        assert_int_equal(mxp_symbol_label((struct mxp_slice){label, len}, ret), MXP_ESYNTAX);
        free(label);
        assert_string_equal(ret, "untouched");
    }
    /* A NUL is no character of a label, and 64 characters are too many whatever they are. */
    char ret[MXP_LABEL_MAX + 1] = "";
    char many[70];
    assert_int_equal(mxp_symbol_label((struct mxp_slice){"\xe2\x9d\xa4\0", 4}, ret), MXP_ESYNTAX);
    memset(many, 'a', sizeof many);
    assert_int_equal(mxp_symbol_label((struct mxp_slice){many, 63}, ret), MXP_ESYNTAX);
    assert_int_equal(mxp_symbol_label((struct mxp_slice){many, 64}, ret), MXP_ETOOBIG);
}

/* RFC 3492, 6.2, for well-formed input; the number of characters. */
static size_t decode(const char *ascii, uint32_t ret[static MXP_LABEL_MAX])
{
    const char *last = strrchr(ascii, '-');
    size_t n = 0;
    for (const char *p = ascii; last && p < last; p++)
        ret[n++] = (unsigned char)*p;
    uint32_t code = 0x80, i = 0, bias = 72;
    for (const char *p = last ? last + 1 : ascii; *p;) {
        uint32_t before = i, weight = 1;
        for (uint32_t k = 36; *p; k += 36) {
            uint32_t digit = (uint32_t)(*p >= 'a' ? *p - 'a' : *p - '0' + 26);
            uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
            p++;
            i += digit * weight;
            if (digit < t)
                break;
            weight *= 36 - t;
        }
        uint32_t delta = before ? (i - before) / 2 : i / 700, k = 0;
        n++;
        delta += delta / (uint32_t)n;
        for (; delta > 455; k += 36)
            delta /= 35;
        bias = k + 36 * delta / (delta + 38);
        code += i / (uint32_t)n;
        i %= (uint32_t)n;
        memmove(ret + i + 1, ret + i, (n - 1 - i) * sizeof *ret);
        ret[i++] = code;
    }
    return n;
}

static size_t put_utf8(uint32_t c, char *ret)
{
    if (c < 0x80) {
        ret[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        ret[i] = (char)(0x80 | (c & 0x3f));
    ret[0] = (char)((len == 3 ? 0xe0 : 0xf0) | c);
    return len;
}

/* Labels of all lengths and mixtures that fit come back as they were. */
static void test_there_and_back(void **state)
{
    (void)state;
    static const uint32_t firsts[] = {0x2190, 0x2500, 0x2900, 0x1f1e6, 0x1f300, 0x1fad0, 0x2764};
    uint64_t random = 1;
    size_t n_fit = 0;
    for (int round = 0; round < 20000; round++) {
        uint32_t chars[MXP_LABEL_MAX], back[MXP_LABEL_MAX + 1];
        char label[4 * MXP_LABEL_MAX], ascii[MXP_LABEL_MAX + 1];
        size_t n = 1 + (random = mxp_mix(random)) % 20, len = 0, n_symbols = 0;
        for (size_t i = 0; i < n; i++) {
            random = mxp_mix(random);
            bool symbol = random % 3 == 0 || (i + 1 == n && !n_symbols);
            chars[i] = symbol ? firsts[(random >> 8) % 7] + (uint32_t)(random >> 16) % 8
                              : (uint32_t) "abz09-"[(random >> 8) % 6];
            n_symbols += symbol;
            len += put_utf8(chars[i], label + len);
        }
        int err = mxp_symbol_label((struct mxp_slice){label, len}, ascii);
        if (err == MXP_ETOOBIG)
            continue;
        assert_int_equal(err, 0);
        assert_memory_equal(ascii, "xn--", 4);
        n_fit++;
        if (decode(ascii + 4, back) != n || memcmp(back, chars, n * sizeof *chars) != 0)
            fail_msg("%.*s: %s", (int)len, label, ascii);
    }
    assert_true(n_fit > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoded),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
