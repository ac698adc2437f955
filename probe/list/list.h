/*
 * The addresses of a run and who waits for them: each distinct one is an item of the
 * engine's source, each record of the list a row that gets exactly one answer. Records
 * lie in a spool file; in memory are 30 to 35 octets an address.
 *
 * Two addresses are the same when their domains are (in A-labels, whatever the case) and
 * their local parts are to the octet (RFC 5321, 2.4).
 */
#ifndef MXP_PROBE_LIST_H
#define MXP_PROBE_LIST_H

#include "probe/list/list_reader.h"
#include "probe/list/seen.h"
#include "probe/engine/source.h"

struct mxp_row {
    uint64_t line;
    const struct mxp_slice *fields; /* as read */
    size_t n_fields;
    struct mxp_slice address;    /* as typed, blanks around it left out */
    struct mxp_slice normalized; /* local@domain as on the wire; len 0: no address */
    bool literal;
    struct mxp_slice domain; /* of normalized, without brackets */
};

struct mxp_list_options {
    /* 1: the record is not wanted (answered in an earlier run); 0: it is; an error ends the
     * reading, and sets why. NULL: all are wanted. */
    int (*skip)(void *arg, uint64_t line, struct mxp_slice entry, struct mxp_why *why);
    /* local and domain must not be probed; NULL: all may. */
    bool (*excluded)(void *arg, struct mxp_slice local, const char *domain);
    /* One row's answer. */
    int (*on_answer)(void *arg, const struct mxp_row *row, const struct mxp_result *result,
                     struct mxp_why *why);
    void *arg;
    const struct mxp_seen *seen; /* what is in it is expected to be unknown (source.h); or NULL */
};

struct mxp_list;

/* NULL and why: MXP_ENOMEM, or MXP_EIO where there is no place for the spool (list_spool.h). */
struct mxp_list *mxp_list_new(const struct mxp_list_options *options, struct mxp_why *why);
struct mxp_list *mxp_list_free(struct mxp_list *list); /* NULL */

/* One record; what is no address is answered at once. 0 or an error: why is set. */
int mxp_list_add(struct mxp_list *list, const struct mxp_list_record *record, struct mxp_why *why);

/* No more records will come: kept answers of duplicates can be forgotten. */
void mxp_list_end(struct mxp_list *list);

/* What the engine pulls from; pull gives MXP_EAGAIN until mxp_list_end. */
struct mxp_source *mxp_list_source(struct mxp_list *list);

/* The engine's answer to an item, for all rows that wait for it, the newest first. 0, or an error
 * of the spool or of on_answer: why is set. */
int mxp_list_answer(struct mxp_list *list, uint32_t id, const struct mxp_result *result,
                    struct mxp_why *why);

/* Answer every item that has none yet with this (a run that cannot go on). */
int mxp_list_answer_rest(struct mxp_list *list, const struct mxp_result *result,
                         struct mxp_why *why);

struct mxp_list_stats {
    uint64_t n_rows, n_answered; /* records, and those of them that were answered */
    uint32_t n_items;            /* distinct addresses */
    uint64_t n_duplicates;       /* records whose address was there before */
    uint64_t memory;             /* octets of the index */
};
void mxp_list_stats(const struct mxp_list *list, struct mxp_list_stats *ret);

#endif
