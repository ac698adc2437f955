/*
 * What explain knows, read from probe/explain/: codes, enhanced codes, the pairs of the guide,
 * the providers' own codes, the reasons. docs/explain.md has the format. What a reply comes to
 * is never taken from here: that is the classifier's (smtp/classify.h).
 */
#ifndef MXP_PROBE_EXPLAIN_DATA_H
#define MXP_PROBE_EXPLAIN_DATA_H

#include "core/arena.h"
#include "core/err.h"
#include "core/verdict.h"
#include "smtp/reply.h"

#define MXP_EXPLAIN_ANY UINT16_MAX /* in a subject or detail: no condition */

/* X(name, text): what an entry is about. */
#define MXP_EXPLAIN_KIND_MAP(X)                                                                    \
    X(CODE, "code")                                                                                \
    X(ENHANCED, "enhanced")                                                                        \
    X(GUIDE, "guide")                                                                              \
    X(FAMILY, "family")                                                                            \
    X(REASON, "reason")

enum mxp_explain_kind {
#define X(name, text) MXP_EXPLAIN_##name,
    MXP_EXPLAIN_KIND_MAP(X)
#undef X
        MXP_EXPLAIN_KINDS
};

/* Of a provider's own codes: whose they are. */
struct mxp_explain_group {
    const char *provider, *name, *source, *stage;
    const char *const *signs; /* words in a reply that show that it is theirs */
    size_t n_signs;
    bool anywhere; /* software or a list, no provider: its words count in every reply */
};

struct mxp_explain_entry {
    enum mxp_explain_kind kind;
    const char *key;              /* "550", "x.1.1", "550 5.1.1", "TSS04", "mailbox_full" */
    uint16_t code;                /* 0: any */
    struct mxp_enhanced enhanced; /* klass 0: any; subject MXP_EXPLAIN_ANY: no condition */
    uint16_t detail_to;           /* the last detail of a range */
    const char *const *tokens;    /* one of them must be in the text; n_tokens 0: no condition */
    size_t n_tokens;
    const struct mxp_explain_group *group; /* of a family, else NULL */
    unsigned stages;                       /* bits 1 << enum mxp_stage, where it is usual */
    enum mxp_reason reason;                /* MXP_REASON_COUNT: the words decide */
    const char *means, *source, *example;  /* never NULL; a reason has no example */
    const char *fault;                     /* sender, address ..; NULL: that of the reason */
    enum mxp_reason pattern_of;            /* the pattern is one of this reason; COUNT: of any */
    const char *todo, *verify, *but, *pattern, *trust, *klass; /* or NULL */
    const char *unproven; /* of a reason: what to do while the verdict is unknown; or NULL */
    const char *file;
    uint32_t line;
    const struct mxp_explain_entry *next; /* of the same kind, in the order of the files */
};

struct mxp_explain_data {
    struct mxp_arena arena; /* owns all of it */
    const struct mxp_explain_entry *first[MXP_EXPLAIN_KINDS];
    struct mxp_explain_entry *last[MXP_EXPLAIN_KINDS]; /* private */
};

/* The built-in files. On failure NULL; why names file and line. Free with _free. */
struct mxp_explain_data *mxp_explain_data_new(struct mxp_why *why);
struct mxp_explain_data *mxp_explain_data_free(struct mxp_explain_data *data); /* NULL */

/* One more file; its name says what it holds ("codes.yaml", "families-..yaml"). 0, MXP_ECONFIG or
 * MXP_ENOMEM: why is set. */
int mxp_explain_data_read(struct mxp_explain_data *data, const char *name, struct mxp_slice text,
                          struct mxp_why *why);

const char *mxp_explain_kind_name(enum mxp_explain_kind kind);

#endif
