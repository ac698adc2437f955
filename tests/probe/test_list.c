#include "probe/list/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Answers as text: "LINE=REASON/ADDRESS " in the order in which they come. */
struct answers {
    struct mxp_buf out;
    uint64_t skip;        /* this line was answered before */
    const char *excluded; /* this domain is */
    uint64_t fail_at;     /* this line's answer cannot be written */
    const char *words;    /* of the last answer; static where the list itself gave it */
};

static int on_answer(void *arg, const struct mxp_row *row, const struct mxp_result *result,
                     struct mxp_why *why)
{
    struct answers *answers = arg;
    if (row->line == answers->fail_at)
        return mxp_why_set(why, MXP_EIO, "full");
    mxp_buf_printf(&answers->out, "%llu=%s/", (unsigned long long)row->line,
                   mxp_reason_name(result->reason));
    answers->words = result->text.ptr;
    mxp_buf_add_slice(&answers->out, row->address);
    if (row->normalized.len)
        assert_true(mxp_slice_iends(row->normalized, row->domain) || row->literal);
    return mxp_buf_add_char(&answers->out, ' ');
}

static int skip_line(void *arg, uint64_t line, struct mxp_slice entry, struct mxp_why *why)
{
    const struct answers *answers = arg;
    (void)entry;
    if (line == 666)
        return mxp_why_set(why, MXP_EDATA, "another list");
    return line == answers->skip;
}

static bool excluded(void *arg, struct mxp_slice local, const char *domain)
{
    const struct answers *answers = arg;
    (void)local;
    return answers->excluded && strcmp(answers->excluded, domain) == 0;
}

static struct mxp_list *make(struct answers *answers)
{
    struct mxp_list_options options = {
        .skip = skip_line, .excluded = excluded, .on_answer = on_answer, .arg = answers};
    struct mxp_why why = {0};
    mxp_buf_init(&answers->out, 1 << 24);
    struct mxp_list *list = mxp_list_new(&options, &why);
    if (!list)
        fail_msg("%s", why.text);
    return list;
}

static int add(struct mxp_list *list, uint64_t line, const char *text)
{
    struct mxp_slice field = mxp_slice_str(text);
    struct mxp_list_record record = {.line = line, .fields = &field, .n_fields = 1};
    struct mxp_why why = {0};
    return mxp_list_add(list, &record, &why);
}

static void must_pull(struct mxp_list *list, uint32_t id, const char *domain, const char *wire)
{
    struct mxp_source *source = mxp_list_source(list);
    struct mxp_item item;
    struct mxp_why why = {0};
    const char *address;
    size_t len;
    bool utf8;
    assert_int_equal(source->pull(source, &item, &why), 0);
    assert_int_equal(item.id, id);
    assert_string_equal(item.domain, domain);
    assert_int_equal(source->wire(source, id, &address, &len, &utf8), 0);
    assert_string_equal(address, wire);
    assert_int_equal(len, strlen(wire));
}

static void must_answer(struct mxp_list *list, uint32_t id, enum mxp_reason reason)
{
    struct mxp_result result = {.reason = reason,
                                .exists = MXP_TRI_UNKNOWN,
                                .catch_all = MXP_TRI_UNKNOWN,
                                .provider = "p",
                                .text = MXP_SLICE_LIT("words")};
    struct mxp_why why = {0};
    if (mxp_list_answer(list, id, &result, &why))
        fail_msg("%s", why.text);
}

static void must_be(struct answers *answers, const char *expected)
{
    assert_string_equal(mxp_buf_slice(&answers->out).ptr, expected);
    mxp_buf_clear(&answers->out);
}

/* Duplicates before and behind the answer, told apart by the local part's case only. */
static void test_duplicates(void **state)
{
    (void)state;
    struct answers answers = {0};
    struct mxp_list *list = make(&answers);
    struct mxp_item item;
    struct mxp_list_stats stats;
    struct mxp_source *source = mxp_list_source(list);
    assert_int_equal(source->pull(source, &item, NULL), MXP_EAGAIN);
    assert_int_equal(add(list, 2, "bob@X.de"), 0);
    assert_int_equal(add(list, 3, "Bob@x.de"), 0);
    assert_int_equal(add(list, 4, " <bob@x.DE> "), 0);
    assert_int_equal(add(list, 5, "bob@m\xc3\xbcnchen.de"), 0);
    must_pull(list, 0, "x.de", "bob@x.de");
    must_pull(list, 1, "x.de", "Bob@x.de");
    must_pull(list, 2, "xn--mnchen-3ya.de", "bob@xn--mnchen-3ya.de");
    assert_int_equal(source->pull(source, &item, NULL), MXP_EAGAIN);
    must_be(&answers, "");
    must_answer(list, 0, MXP_REASON_ACCEPTED);
    must_be(&answers, "4=accepted/<bob@x.DE> 2=accepted/bob@X.de ");
    assert_int_equal(add(list, 6, "\"bob\"@x.de"), 0);
    must_be(&answers, "6=accepted/\"bob\"@x.de ");
    assert_int_equal(add(list, 7, "bob@XN--MNCHEN-3YA.de"), 0);
    mxp_list_end(list);
    assert_int_equal(source->pull(source, &item, NULL), MXP_EEOF);
    must_answer(list, 2, MXP_REASON_MAILBOX_NOT_FOUND);
    must_be(&answers, "7=mailbox_not_found/bob@XN--MNCHEN-3YA.de "
                      "5=mailbox_not_found/bob@m\xc3\xbcnchen.de ");
    must_answer(list, 1, MXP_REASON_GREYLISTED);
    must_be(&answers, "3=greylisted/Bob@x.de ");
    mxp_list_stats(list, &stats);
    assert_int_equal(stats.n_rows, 6);
    assert_int_equal(stats.n_answered, 6);
    assert_int_equal(stats.n_items, 3);
    assert_int_equal(stats.n_duplicates, 3);
    mxp_list_free(list);
    mxp_buf_free(&answers.out);
}

/* What needs no probe is answered at once; what was answered before, not at all. */
static void test_answered_here(void **state)
{
    (void)state;
    struct answers answers = {.skip = 3, .excluded = "x.de"};
    struct mxp_list *list = make(&answers);
    assert_int_equal(add(list, 1, "nonsense"), 0);
    assert_int_equal(add(list, 2, ""), 0);
    assert_int_equal(add(list, 3, "c@y.de"), 0);
    assert_int_equal(add(list, 4, "c@x.de"), 0);
    assert_int_equal(add(list, 666, "c@y.de"), MXP_EDATA);
    struct mxp_list_record record = {.line = 9, .fields = NULL, .n_fields = 0, .column = 1};
    assert_int_equal(mxp_list_add(list, &record, NULL), 0);
    assert_string_equal(answers.words, "the line has no such column");
    must_be(&answers, "1=bad_syntax/nonsense 2=bad_syntax/ 4=not_probed/c@x.de 9=bad_syntax/ ");
    struct mxp_slice cut = MXP_SLICE_LIT("much too lo");
    record = (struct mxp_list_record){.line = 9, .fields = &cut, .n_fields = 1, .cut = true};
    assert_int_equal(mxp_list_add(list, &record, NULL), 0);
    assert_string_equal(answers.words, "the line is too long");
    must_be(&answers, "9=bad_syntax/much too lo ");
    struct mxp_list_stats stats;
    mxp_list_stats(list, &stats);
    assert_int_equal(stats.n_rows, 5);
    assert_int_equal(stats.n_answered, 5);
    assert_int_equal(stats.n_items, 0);
    answers.fail_at = 10;
    assert_int_equal(add(list, 10, "nonsense"), MXP_EIO);
    mxp_list_end(list);
    struct mxp_item item;
    struct mxp_source *source = mxp_list_source(list);
    assert_int_equal(source->pull(source, &item, NULL), MXP_EEOF);
    mxp_list_free(list);
    mxp_buf_free(&answers.out);
}

/* All columns of a record come back with its answer, whatever lies in them. */
static int check_fields(void *arg, const struct mxp_row *row, const struct mxp_result *result,
                        struct mxp_why *why)
{
    const struct mxp_list_record *record = arg;
    (void)result;
    (void)why;
    assert_int_equal(row->line, record->line);
    assert_int_equal(row->n_fields, record->n_fields);
    for (size_t i = 0; i < row->n_fields; i++)
        assert_true(mxp_slice_eq(row->fields[i], record->fields[i]));
    return 0;
}

static void test_fields(void **state)
{
    (void)state;
    static char big[MXP_LIST_RECORD_MAX];
    struct mxp_slice fields[MXP_LIST_FIELDS_MAX] = {
        {"", 0}, {"\0\n\"", 3}, {"a@x.de", 6}, {big, sizeof big}};
    struct mxp_list_record record = {
        .line = UINT64_C(1) << 40, .fields = fields, .n_fields = MXP_LIST_FIELDS_MAX, .column = 2};
    struct mxp_list_options options = {.on_answer = check_fields, .arg = &record};
    struct mxp_list *list = mxp_list_new(&options, NULL);
    assert_non_null(list);
    for (int i = 0; i < 40; i++) /* past what the spool keeps in memory */
        assert_int_equal(mxp_list_add(list, &record, NULL), 0);
    must_pull(list, 0, "x.de", "a@x.de");
    must_answer(list, 0, MXP_REASON_ACCEPTED);
    mxp_list_free(list);
}

/* Many, a third of them duplicates: each line once, and few octets of memory an address. */
#define MANY 60000

static int count_line(void *arg, const struct mxp_row *row, const struct mxp_result *result,
                      struct mxp_why *why)
{
    unsigned char *seen = arg;
    (void)result;
    (void)why;
    assert_true(row->line > 0 && row->line <= MANY);
    seen[row->line]++;
    return 0;
}

static void test_many(void **state)
{
    (void)state;
    unsigned char *seen = calloc(MANY + 1, 1);
    struct mxp_list_options options = {.on_answer = count_line, .arg = seen};
    struct mxp_list *list = mxp_list_new(&options, NULL);
    struct mxp_list_stats stats;
    struct mxp_item item;
    uint32_t n_answered = 0;
    assert_true(seen && list);
    struct mxp_source *source = mxp_list_source(list);
    for (unsigned i = 1; i <= MANY; i++) {
        char text[40];
        (void)snprintf(text, sizeof text, "u%u@d%u.de", i % 3 ? i : i / 3, i % 7);
        assert_int_equal(add(list, i, text), 0);
        if (i % 2 && source->pull(source, &item, NULL) == 0) {
            must_answer(list, item.id, MXP_REASON_ACCEPTED);
            n_answered++;
        }
    }
    mxp_list_end(list);
    mxp_list_stats(list, &stats);
    assert_true(stats.n_items + stats.n_duplicates == MANY);
    if (stats.memory > 48u * stats.n_items + 65536)
        fail_msg("%llu octets for %u addresses", (unsigned long long)stats.memory, stats.n_items);
    struct mxp_result rest = {.reason = MXP_REASON_NOT_PROBED};
    while (source->pull(source, &item, NULL) == 0) {
    }
    assert_true(n_answered < stats.n_items);
    assert_int_equal(mxp_list_answer_rest(list, &rest, NULL), 0);
    for (unsigned i = 1; i <= MANY; i++)
        if (seen[i] != 1)
            fail_msg("line %u: %u answers", i, seen[i]);
    mxp_list_free(list);
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_duplicates),
                                       cmocka_unit_test(test_answered_here),
                                       cmocka_unit_test(test_fields), cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
