#include "probe/list/list.h"

#include "core/hash.h"
#include "probe/list/list_address.h"
#include "probe/list/list_record.h"
#include "probe/list/list_spool.h"
#include "probe/result/result_pack.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NONE     UINT32_MAX
#define ANSWERED (UINT64_C(1) << 63) /* an item's ref: where its answer lies, not its row */

/* 12 octets each: a number of 64 bits would make them 16. */
struct row {
    uint32_t at_low, at_high; /* of its record in the spool */
    uint32_t next;
};

struct item {
    uint32_t hash;
    uint32_t ref_low, ref_high; /* the first row that waits, or the answer */
};

struct mxp_list {
    struct mxp_source source; /* first: the two are one */
    struct mxp_list_options options;
    struct mxp_spool *spool;
    struct mxp_buf entry;
    struct row *rows;
    struct item *items;
    uint32_t *index; /* open addressing; NONE: free */
    size_t n_kept, size_rows, size_items, size_index;
    uint64_t n_rows; /* records, answered ones too */
    uint32_t n_items, n_pulled;
    uint64_t n_answered, n_duplicates;
    struct mxp_list_address parsed;
    struct mxp_slice fields[MXP_LIST_FIELDS_MAX];
    bool ended;
};

static uint64_t ref_get(const struct item *item)
{
    return (uint64_t)item->ref_high << 32 | item->ref_low;
}

static void ref_set(struct item *item, uint64_t ref)
{
    item->ref_low = (uint32_t)ref;
    item->ref_high = (uint32_t)(ref >> 32);
}

static uint32_t hash_of(const char *text, size_t len)
{
    uint64_t hash = mxp_hash((struct mxp_slice){text, len});
    return (uint32_t)(hash ^ hash >> 32);
}

static int record_of(struct mxp_list *list, size_t row, struct mxp_list_record *ret,
                     struct mxp_why *why)
{
    struct mxp_slice entry;
    uint64_t at = (uint64_t)list->rows[row].at_high << 32 | list->rows[row].at_low;
    int err = mxp_spool_get(list->spool, at, &entry, why);
    if (!err)
        mxp_list_record_unpack(entry, list->fields, ret);
    return err;
}

static int tell(struct mxp_list *list, const struct mxp_list_record *record,
                const struct mxp_list_address *parsed, const struct mxp_result *result,
                struct mxp_why *why)
{
    struct mxp_row row = {
        .line = record->line,
        .fields = record->fields,
        .n_fields = record->n_fields,
        .address = mxp_list_record_entry(record),
        .literal = parsed->literal,
    };
    if (!parsed->bad) {
        row.normalized = (struct mxp_slice){parsed->normalized, parsed->len};
        row.domain = mxp_slice_str(parsed->domain);
    }
    list->n_answered++;
    return list->options.on_answer(list->options.arg, &row, result, why);
}

static int answer_here(struct mxp_list *list, const struct mxp_list_record *record,
                       enum mxp_verdict verdict, enum mxp_reason reason, enum mxp_stage stage,
                       const char *words, struct mxp_why *why)
{
    struct mxp_result result = {
        .verdict = verdict,
        .reason = reason,
        .action = mxp_reason_action(reason),
        .stage = stage,
        .text = mxp_slice_str(words),
        .catch_all = MXP_TRI_UNKNOWN,
        .exists = MXP_TRI_UNKNOWN,
        .checked_at = (uint64_t)time(NULL),
    };
    list->n_rows++;
    return tell(list, record, &list->parsed, &result, why);
}

static int grow(void **array, size_t *size, size_t n, size_t each)
{
    if (n < *size)
        return 0;
    size_t more = *size ? *size + *size / 2 : 1024;
    void *grown = realloc(*array, more * each);
    if (!grown)
        return MXP_ENOMEM;
    *array = grown;
    *size = more;
    return 0;
}

static void index_put(struct mxp_list *list, uint32_t id)
{
    size_t mask = list->size_index - 1;
    size_t at = list->items[id].hash & mask;
    while (list->index[at] != NONE)
        at = (at + 1) & mask;
    list->index[at] = id;
}

static int index_grow(struct mxp_list *list)
{
    if (list->n_items + 1 < list->size_index - list->size_index / 4)
        return 0;
    size_t size = list->size_index ? list->size_index * 2 : 4096;
    uint32_t *index = malloc(size * sizeof *index);
    if (!index)
        return MXP_ENOMEM;
    memset(index, 0xff, size * sizeof *index);
    free(list->index);
    list->index = index;
    list->size_index = size;
    for (uint32_t id = 0; id < list->n_items; id++)
        index_put(list, id);
    return 0;
}

/* The address that an item stands for: of the row in the spool, or of its kept answer. */
static int item_parsed(struct mxp_list *list, uint32_t id, struct mxp_list_address *ret,
                       struct mxp_why *why)
{
    uint64_t ref = ref_get(&list->items[id]);
    struct mxp_slice entry;
    if (ref & ANSWERED) {
        int err = mxp_spool_get(list->spool, ref & ~ANSWERED, &entry, why);
        if (!err)
            mxp_list_address_parse(mxp_result_unpack_address(entry), ret);
        return err;
    }
    struct mxp_list_record record;
    int err = record_of(list, ref, &record, why);
    if (!err)
        mxp_list_address_parse(mxp_list_record_entry(&record), ret);
    return err;
}

static int find(struct mxp_list *list, uint32_t hash, uint32_t *ret_id, struct mxp_why *why)
{
    size_t mask = list->size_index - 1;
    *ret_id = NONE;
    for (size_t at = hash & mask; list->index[at] != NONE; at = (at + 1) & mask) {
        uint32_t id = list->index[at];
        struct mxp_list_address other;
        if (list->items[id].hash != hash)
            continue;
        int err = item_parsed(list, id, &other, why);
        if (err)
            return err;
        if (other.len == list->parsed.len &&
            memcmp(other.normalized, list->parsed.normalized, other.len) == 0) {
            *ret_id = id;
            return 0;
        }
    }
    return 0;
}

/* A duplicate of what was answered already. */
static int answer_again(struct mxp_list *list, uint32_t id, const struct mxp_list_record *record,
                        struct mxp_why *why)
{
    struct mxp_slice entry;
    struct mxp_result result;
    int err = mxp_spool_get(list->spool, ref_get(&list->items[id]) & ~ANSWERED, &entry, why);
    if (err)
        return err;
    mxp_result_unpack(entry, &result);
    list->n_rows++;
    return tell(list, record, &list->parsed, &result, why);
}

static int add_row(struct mxp_list *list, uint32_t id, const struct mxp_list_record *record,
                   struct mxp_why *why)
{
    int err = mxp_list_record_pack(record, &list->entry);
    if (!err && list->n_kept >= NONE - 1)
        err = MXP_ETOOBIG;
    if (!err)
        err = grow((void **)&list->rows, &list->size_rows, list->n_kept, sizeof *list->rows);
    if (err)
        return mxp_why_set(why, err, "%s", mxp_err_text(err));
    uint64_t at, first = ref_get(&list->items[id]);
    err = mxp_spool_put(list->spool, mxp_buf_slice(&list->entry), &at, why);
    if (err)
        return err;
    list->rows[list->n_kept] = (struct row){(uint32_t)at, (uint32_t)(at >> 32),
                                            first == ANSWERED ? NONE : (uint32_t)first};
    ref_set(&list->items[id], list->n_kept++);
    list->n_rows++;
    return 0;
}

static int add_item(struct mxp_list *list, uint32_t hash, uint32_t *ret_id)
{
    if (grow((void **)&list->items, &list->size_items, list->n_items, sizeof *list->items))
        return MXP_ENOMEM;
    *ret_id = list->n_items;
    list->items[*ret_id] = (struct item){.hash = hash};
    ref_set(&list->items[*ret_id], ANSWERED); /* no row yet */
    return 0;
}

static int add_address(struct mxp_list *list, const struct mxp_list_record *record,
                       struct mxp_why *why)
{
    uint32_t id, hash = hash_of(list->parsed.normalized, list->parsed.len);
    int err = index_grow(list);
    if (err)
        return mxp_why_set(why, err, "%s", mxp_err_text(err));
    err = find(list, hash, &id, why);
    if (err)
        return err;
    list->n_duplicates += id != NONE;
    if (id != NONE && (ref_get(&list->items[id]) & ANSWERED))
        return answer_again(list, id, record, why);
    if (id != NONE)
        return add_row(list, id, record, why);
    err = add_item(list, hash, &id);
    if (err)
        return mxp_why_set(why, err, "%s", mxp_err_text(err));
    err = add_row(list, id, record, why);
    if (!err) {
        list->n_items++;
        index_put(list, id);
    }
    return err;
}

int mxp_list_add(struct mxp_list *list, const struct mxp_list_record *record, struct mxp_why *why)
{
    struct mxp_slice entry = mxp_list_record_entry(record);
    int skip =
        list->options.skip ? list->options.skip(list->options.arg, record->line, entry, why) : 0;
    if (skip)
        return skip < 0 ? skip : 0;
    mxp_list_address_parse(entry, &list->parsed);
    struct mxp_list_address *parsed = &list->parsed;
    if (record->cut && parsed->bad)
        parsed->bad = "the line is too long";
    if (record->column >= record->n_fields)
        parsed->bad = "the line has no such column";
    if (parsed->bad)
        return answer_here(list, record, MXP_VERDICT_INVALID, MXP_REASON_BAD_SYNTAX,
                           MXP_STAGE_SYNTAX, parsed->bad, why);
    struct mxp_slice local = {parsed->normalized, parsed->local_len};
    if (list->options.excluded && list->options.excluded(list->options.arg, local, parsed->domain))
        return answer_here(list, record, MXP_VERDICT_UNKNOWN, MXP_REASON_NOT_PROBED,
                           MXP_STAGE_SYNTAX, "on the exclusion list", why);
    return add_address(list, record, why);
}

void mxp_list_end(struct mxp_list *list)
{
    list->ended = true;
}

static int pull(struct mxp_source *self, struct mxp_item *ret, struct mxp_why *why)
{
    struct mxp_list *list = (struct mxp_list *)self;
    if (list->n_pulled >= list->n_items)
        return list->ended ? MXP_EEOF : MXP_EAGAIN;
    int err = item_parsed(list, list->n_pulled, &list->parsed, why);
    if (err)
        return err;
    struct mxp_slice mailbox = {list->parsed.normalized, list->parsed.len};
    *ret = (struct mxp_item){list->n_pulled++, list->parsed.domain, list->parsed.literal,
                             mxp_seen_has(list->options.seen, mailbox)};
    return 0;
}

static int wire(struct mxp_source *self, uint32_t id, const char **ret_address, size_t *ret_len,
                bool *ret_utf8)
{
    struct mxp_list *list = (struct mxp_list *)self;
    int err = item_parsed(list, id, &list->parsed, NULL);
    *ret_address = list->parsed.normalized;
    *ret_len = list->parsed.len;
    *ret_utf8 = list->parsed.utf8;
    return err;
}

struct mxp_source *mxp_list_source(struct mxp_list *list)
{
    return &list->source;
}

/* Keep the answer for duplicates that may still come. */
static int keep_answer(struct mxp_list *list, struct item *item, const struct mxp_result *result,
                       struct mxp_why *why)
{
    uint64_t at = 0;
    int err = 0;
    if (!list->ended) {
        struct mxp_slice address = {list->parsed.normalized, list->parsed.len};
        err = mxp_result_pack(result, address, &list->entry);
        if (err)
            return mxp_why_set(why, err, "%s", mxp_err_text(err));
        err = mxp_spool_put(list->spool, mxp_buf_slice(&list->entry), &at, why);
    }
    ref_set(item, at | ANSWERED);
    return err;
}

int mxp_list_answer(struct mxp_list *list, uint32_t id, const struct mxp_result *result,
                    struct mxp_why *why)
{
    struct item *item = &list->items[id];
    uint32_t at = (uint32_t)ref_get(item);
    int err = 0;
    while (at != NONE && !err) {
        struct mxp_list_record record;
        err = record_of(list, at, &record, why);
        if (err)
            break;
        mxp_list_address_parse(mxp_list_record_entry(&record), &list->parsed);
        err = tell(list, &record, &list->parsed, result, why);
        at = list->rows[at].next;
    }
    return err ? err : keep_answer(list, item, result, why);
}

int mxp_list_answer_rest(struct mxp_list *list, const struct mxp_result *result,
                         struct mxp_why *why)
{
    int err = 0;
    for (uint32_t id = 0; id < list->n_items && !err; id++)
        if (!(ref_get(&list->items[id]) & ANSWERED))
            err = mxp_list_answer(list, id, result, why);
    return err;
}

struct mxp_list *mxp_list_new(const struct mxp_list_options *options, struct mxp_why *why)
{
    struct mxp_list *list = calloc(1, sizeof *list);
    if (!list) {
        mxp_why_set(why, MXP_ENOMEM, "%s", mxp_err_text(MXP_ENOMEM));
        return NULL;
    }
    list->options = *options;
    list->source = (struct mxp_source){.pull = pull, .wire = wire};
    mxp_buf_init(&list->entry, 16 * 1024 * 1024);
    list->spool = mxp_spool_new(why);
    return list->spool ? list : mxp_list_free(list);
}

struct mxp_list *mxp_list_free(struct mxp_list *list)
{
    if (!list)
        return NULL;
    mxp_spool_free(list->spool);
    mxp_buf_free(&list->entry);
    free(list->rows);
    free(list->items);
    free(list->index);
    free(list);
    return NULL;
}

void mxp_list_stats(const struct mxp_list *list, struct mxp_list_stats *ret)
{
    *ret = (struct mxp_list_stats){
        .n_rows = list->n_rows,
        .n_answered = list->n_answered,
        .n_items = list->n_items,
        .n_duplicates = list->n_duplicates,
        .memory = list->size_rows * sizeof *list->rows + list->size_items * sizeof *list->items +
                  list->size_index * sizeof *list->index,
    };
}
