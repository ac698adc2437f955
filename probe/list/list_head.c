#include "probe/list/list_head.h"

#include "probe/list/list_columns.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX  64
#define OCTETS_MAX 65536

void mxp_list_head_init(struct mxp_list_head *head)
{
    *head = (struct mxp_list_head){.last = &head->first};
}

void mxp_list_head_free(struct mxp_list_head *head)
{
    while (head->first) {
        struct mxp_list_held *next = head->first->next;
        free(head->first);
        head->first = next;
    }
    mxp_list_head_init(head);
}

int mxp_list_head_add(struct mxp_list_head *head, const struct mxp_list_line *line)
{
    struct mxp_list_held *held = malloc(sizeof *held + line->text.len + 1);
    if (!held)
        return MXP_ENOMEM;
    char *text = (char *)(held + 1);
    memcpy(text, line->text.len ? line->text.ptr : "", line->text.len);
    held->next = NULL;
    held->line = *line;
    held->line.text.ptr = text;
    *head->last = held;
    head->last = &held->next;
    head->n++;
    head->octets += line->text.len;
    return 0;
}

/* Whether a quoted field is still open at the end of the line; open: it was at its start. */
static bool leaves_open(struct mxp_slice line, bool open)
{
    bool at_start = !open;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        if (c == '"' && (open || at_start))
            open = !open; /* a doubled one closes and opens */
        at_start = c == ',' || c == ';' || c == '\t' || c == '|' || (at_start && c == ' ') ||
                   (c == '"' && !open);
    }
    return open;
}

/* The last line of the first record, or NULL: it is not whole yet. */
static const struct mxp_list_held *end_of_record(const struct mxp_list_held *held)
{
    bool open = false;
    for (; held; held = held->next) {
        open = leaves_open(held->line.text, open);
        if (!open)
            return held;
    }
    return NULL;
}

static const struct mxp_list_held *find_address(const struct mxp_list_held *held)
{
    while (held && mxp_slice_find(held->line.text, '@') == held->line.text.len)
        held = held->next;
    return held;
}

/* The separator that the first record tells, from all of its lines to the last one. */
static char of_record(const struct mxp_list_held *first, const struct mxp_list_held *last,
                      bool column)
{
    struct mxp_buf record;
    mxp_buf_init(&record, OCTETS_MAX * 2);
    int err = 0;
    for (const struct mxp_list_held *held = first; held != last->next && !err; held = held->next) {
        err = mxp_buf_add_slice(&record, held->line.text);
        if (!err && held != last)
            err = mxp_buf_add_char(&record, ' ');
    }
    struct mxp_slice text = err ? first->line.text : mxp_buf_slice(&record);
    char separator = mxp_list_columns_separator(text, column);
    mxp_buf_free(&record);
    return separator;
}

/* The table starts at the first line that has the separator of its rows. */
static uint32_t count_titles(const struct mxp_list_held *held, char separator)
{
    uint32_t n = 0;
    for (; held && mxp_slice_find(held->line.text, separator) == held->line.text.len;
         held = held->next)
        n++;
    return n;
}

struct mxp_list_guess mxp_list_head_guess(const struct mxp_list_head *head, bool column, bool end)
{
    struct mxp_list_guess guess = {.known = false};
    const struct mxp_list_held *first = head->first;
    bool full = end || head->n >= LINES_MAX || head->octets >= OCTETS_MAX;
    if (!first)
        return guess;
    const struct mxp_list_held *last = end_of_record(first);
    if (!last && !full)
        return guess;
    last = last ? last : first;
    guess.separator = of_record(first, last, column);
    guess.known = true;
    const struct mxp_list_held *row = find_address(first);
    if (column || row == first)
        return guess;
    if (!row) {
        guess.known = full;
        return guess;
    }
    struct mxp_slice text = row->line.text;
    bool fits = guess.separator && mxp_slice_find(text, guess.separator) < text.len;
    char other = mxp_list_columns_separator(text, false);
    if (fits || !other || mxp_list_columns_is_address(text))
        return guess;
    guess.separator = other;
    guess.n_titles = count_titles(first, other);
    return guess;
}
