#include "probe/explain/explain_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probe/explain/explain_match.h"
#include "probe/result/escape.h"

#define LABEL       14 /* where the words begin */
#define COLUMNS_MIN 40
#define REPLY_MAX   2000 /* octets of a reply that are shown */

struct page {
    struct mxp_buf *out;
    size_t columns;
};

/* Continuation octets of UTF-8 take no column. */
static size_t width(struct mxp_slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* Words from column used on; further lines begin at column indent. */
static int wrap(const struct page *page, struct mxp_slice text, size_t used, size_t indent)
{
    int err = MXP_OK;
    for (bool first = true; !err; first = false) {
        while (text.len && text.ptr[0] == ' ')
            text = mxp_slice_sub(text, 1, text.len);
        if (text.len == 0)
            break;
        struct mxp_slice word = mxp_slice_sub(text, 0, mxp_slice_find(text, ' '));
        if (!first && used + 1 + width(word) > page->columns) {
            err = mxp_buf_printf(page->out, "\n%*s", (int)indent, "");
            used = indent;
        } else if (!first) {
            err = mxp_buf_add_char(page->out, ' ');
            used++;
        }
        err = err ? err : mxp_buf_add_slice(page->out, word);
        used += width(word);
        text = mxp_slice_sub(text, word.len, text.len);
    }
    return err ? err : mxp_buf_add_char(page->out, '\n');
}

static int line(const struct page *page, const char *label, const char *text)
{
    size_t len = strlen(label);
    if (len + 2 < LABEL) {
        int err = mxp_buf_printf(page->out, "  %-*s", LABEL - 2, label);
        return err ? err : wrap(page, mxp_slice_str(text), LABEL, LABEL);
    }
    int err = mxp_buf_printf(page->out, "  %s\n%*s", label, LABEL, "");
    return err ? err : wrap(page, mxp_slice_str(text), LABEL, LABEL);
}

__attribute__((format(printf, 3, 4))) static int linef(const struct page *page, const char *label,
                                                       const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return line(page, label, text);
}

static const char *stage_words(enum mxp_stage stage)
{
    static const char *const words[MXP_STAGE_COUNT] = {
        [MXP_STAGE_DNS] = "in DNS",           [MXP_STAGE_CONNECT] = "on connecting",
        [MXP_STAGE_GREETING] = "at greeting", [MXP_STAGE_EHLO] = "at EHLO",
        [MXP_STAGE_STARTTLS] = "at STARTTLS", [MXP_STAGE_TLS] = "in the TLS handshake",
        [MXP_STAGE_MAIL] = "at MAIL FROM",    [MXP_STAGE_RCPT] = "at RCPT TO",
        [MXP_STAGE_DATA] = "after DATA",      [MXP_STAGE_QUIT] = "at QUIT"};
    return words[stage] ? words[stage] : "before connecting";
}

static const char *fault_words(const char *fault)
{
    static const char *const words[][2] = {
        {"sender", "the sender (you)"},
        {"address", "the address: your list has it, and it is dead or wrong"},
        {"recipient", "the recipient's mailbox"},
        {"receiver", "the receiving side"},
        {"network", "the network, on either side"},
        {"unclear", "not known"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(fault, words[i][0]) == 0)
            return words[i][1];
    return "nobody";
}

/* The reply as it came, one of its lines a line, dangerous octets escaped. */
static int print_reply(const struct page *page, struct mxp_slice reply)
{
    bool cut = reply.len > REPLY_MAX;
    reply = mxp_slice_sub(reply, 0, REPLY_MAX);
    int err = reply.len ? MXP_OK : mxp_buf_add_str(page->out, "(nothing)\n");
    while (reply.len && !err) {
        struct mxp_buf clean;
        size_t end = mxp_slice_find(reply, '\n');
        mxp_buf_init(&clean, 4 * REPLY_MAX + 64);
        err = mxp_escape_utf8(mxp_slice_trim(mxp_slice_sub(reply, 0, end)), &clean);
        struct mxp_slice text = mxp_buf_slice(&clean);
        for (size_t i = 0; i < text.len && !err; i++) {
            unsigned char c = (unsigned char)clean.ptr[i];
            /* also C1, which UTF-8 writes as c2 80 to c2 9f */
            bool c1 = i && (unsigned char)clean.ptr[i - 1] == 0xc2 && c >= 0x80 && c < 0xa0;
            if (c < 0x20 || c == 0x7f || c1)
                clean.ptr[i] = '?';
            if (c1)
                clean.ptr[i - 1] = '?';
        }
        err = err ? err : wrap(page, text, 0, 0);
        mxp_buf_free(&clean);
        reply = mxp_slice_sub(reply, end < reply.len ? end + 1 : end, reply.len);
    }
    return err || !cut ? err : mxp_buf_add_str(page->out, "(cut)\n");
}

static int print_verdict(const struct page *page, const struct mxp_explained *explained)
{
    const struct mxp_classified *what = &explained->what;
    const char *verdict = mxp_verdict_name(what->verdict);
    const char *action = mxp_action_name(what->action);
    enum mxp_reason usual = mxp_explain_usual(explained);
    if (what->reason == MXP_REASON_UNCLASSIFIED && usual != MXP_REASON_COUNT)
        return linef(page, "verdict", "%s, by itself; usually %s; action %s", verdict,
                     mxp_reason_name(usual), action);
    return linef(page, "verdict", "%s: %s; action %s", verdict, mxp_reason_name(what->reason),
                 action);
}

static int print_stage(const struct page *page, const struct mxp_explained *explained)
{
    char text[300] = "";
    size_t len = 0;
    unsigned bits = mxp_explain_stages(explained);
    if (explained->stage != MXP_STAGE_UNKNOWN)
        len = (size_t)snprintf(text, sizeof text, "said %s; ", stage_words(explained->stage));
    len += (size_t)snprintf(text + len, sizeof text - len, "usual ");
    const char *joint = "";
    for (unsigned i = 0; i < MXP_STAGE_COUNT; i++) {
        if (!(bits & (1u << i)))
            continue;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", joint,
                                stage_words((enum mxp_stage)i));
        joint = ", ";
    }
    return line(page, "stage", text);
}

/* What the reply itself gives beside its meaning. */
static int print_learnt(const struct page *page, const struct mxp_explained *explained)
{
    const struct mxp_classified *what = &explained->what;
    int err = MXP_OK;
    if (explained->provider)
        err = line(page, "provider", explained->provider);
    if (!err && what->exists == MXP_TRI_YES)
        err = line(page, "mailbox", "is alive");
    if (!err && what->blocklist.len)
        err = linef(page, "blocklist", "%.*s", (int)what->blocklist.len, what->blocklist.ptr);
    if (!err && what->retry_after_s)
        err = linef(page, "wait", "%u seconds, it says", (unsigned)what->retry_after_s);
    if (!err && what->new_address.len)
        err = linef(page, "now at", "%.*s", (int)what->new_address.len, what->new_address.ptr);
    if (!err && what->throttle && what->reason == MXP_REASON_SERVER_UNAVAILABLE)
        err = line(page, "pace", "taken for a word about the rate: slower at this provider");
    if (!err && what->footprint)
        err = line(page, "footprint", "they took the sender for a harvester of addresses: stop");
    return err;
}

/* The token as the reply has it. */
static struct mxp_slice token_of(const struct mxp_explained *explained,
                                 const struct mxp_explain_entry *entry)
{
    struct mxp_slice found;
    for (size_t i = 0; i < entry->n_tokens; i++)
        if (mxp_explain_token_in(mxp_buf_slice(&explained->flat), entry->tokens[i], &found))
            return mxp_slice_sub(found, 0, 60);
    return mxp_slice_str(entry->key);
}

/* told: a provider's own code has said what it is. The doubts of what is more general are left
 * out there, and where the words have settled them. */
static int print_entry(const struct page *page, const struct mxp_explained *explained,
                       const struct mxp_explain_entry *entry, bool told)
{
    const struct mxp_explain_group *group = entry->group;
    struct mxp_slice token = token_of(explained, entry);
    enum mxp_reason reason = explained->what.reason;
    bool open = explained->bare || reason == MXP_REASON_UNCLASSIFIED;
    bool other = !open && entry->reason != reason && entry->reason != MXP_REASON_COUNT;
    bool settled = !open && entry->kind == MXP_EXPLAIN_CODE && entry->reason != reason;
    const char *book = other ? "By the book: " : "";
    int err = group ? linef(page, "code", "%s, %.*s: %s [%s]", group->name, (int)token.len,
                            token.ptr, entry->means, entry->source)
                    : linef(page, entry->key, "%s%s [%s]", book, entry->means, entry->source);
    bool fits = open || entry->reason == reason || entry->pattern_of == reason;
    if (!err && entry->pattern && fits)
        err = line(page, "many", entry->pattern);
    if (!err && entry->but && !settled && (group || !told))
        err = line(page, "but", entry->but);
    return err;
}

static bool is_told(const struct mxp_explained *explained)
{
    for (size_t i = 0; i < explained->n_families; i++)
        if (explained->families[i]->reason == explained->what.reason)
            return true;
    return false;
}

/* An enhanced code that nobody has registered, and no provider's own that is known. */
static int print_private(const struct page *page, const struct mxp_explained *explained)
{
    char text[16];
    struct mxp_enhanced enhanced = explained->enhanced;
    if (!enhanced.klass || enhanced.klass == MXP_EXPLAIN_ANY || explained->status)
        return MXP_OK;
    for (size_t i = 0; i < explained->n_families; i++)
        if (explained->families[i]->enhanced.subject != MXP_EXPLAIN_ANY)
            return MXP_OK;
    return line(page, mxp_enhanced_text(enhanced, text),
                "Not in the IANA registry: this server's own, or a mistake.");
}

/* The closest first. Where a provider's own code has said what it is, or the guide, the general
 * ones add nothing but their doubts. */
static size_t entries_of(const struct mxp_explained *explained,
                         const struct mxp_explain_entry *ret[static MXP_EXPLAIN_FAMILIES + 2])
{
    const struct mxp_explain_entry *guide = explained->guide, *status = explained->status;
    enum mxp_reason reason = explained->what.reason;
    bool told = is_told(explained);
    size_t n = 0;
    for (size_t i = 0; i < explained->n_families; i++)
        ret[n++] = explained->families[i];
    if (guide && (!told || guide->reason == reason)) {
        ret[n++] = guide;
        return n;
    }
    if (!guide && status && (!told || status->reason == reason))
        ret[n++] = status;
    if (explained->code && (explained->bare || (!told && !status)))
        ret[n++] = explained->code;
    return n;
}

int mxp_explain_print(const struct mxp_explained *explained, size_t columns, struct mxp_buf *out)
{
    struct page page = {out, columns < COLUMNS_MIN ? COLUMNS_MIN : columns};
    const struct mxp_explain_entry *reason = explained->reason;
    const struct mxp_explain_entry *entries[MXP_EXPLAIN_FAMILIES + 2];
    size_t n = entries_of(explained, entries);
    int err = print_reply(&page, explained->reply.text);
    err = err ? err : print_verdict(&page, explained);
    if (!err && n == 0)
        err = linef(&page, "means", "%s [%s]", reason->means, reason->source);
    else if (!err && !(explained->bare && explained->what.reason == MXP_REASON_UNCLASSIFIED))
        err = line(&page, "means", reason->means);
    for (size_t i = 0; i < n && !err; i++)
        err = print_entry(&page, explained, entries[i], is_told(explained));
    err = err ? err : print_private(&page, explained);
    err = err ? err : print_stage(&page, explained);
    const char *fault = mxp_explain_fault(explained);
    if (!err && mxp_explain_is_unproven(explained) && strcmp(fault, "address") == 0)
        err = line(&page, "fault", "the address, if it is true; this reply does not prove it");
    else if (!err)
        err = line(&page, "fault", fault_words(fault));
    err = err ? err : line(&page, "sender", mxp_explain_todo(explained));
    err = err ? err : line(&page, "verifier", reason->verify);
    return err ? err : print_learnt(&page, explained);
}
