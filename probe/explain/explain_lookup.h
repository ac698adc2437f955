/*
 * One question of explain, answered: the reply found in what was asked, what the classifier says
 * of it, and the entries of probe/explain that fit. It prints nothing.
 */
#ifndef MXP_PROBE_EXPLAIN_LOOKUP_H
#define MXP_PROBE_EXPLAIN_LOOKUP_H

#include "dns/provider.h"
#include "probe/explain/explain_data.h"
#include "probe/explain/log_reply.h"
#include "probe/options/options.h"
#include "smtp/classify.h"

#define MXP_EXPLAIN_FAMILIES 3 /* of a reply; more are left out */

/* What is needed to answer; lives for the run. */
struct mxp_explain {
    const struct mxp_options *options; /* borrowed: the provider table */
    struct mxp_rules *rules;
    struct mxp_explain_data *data;      /* NULL in a batch */
    struct mxp_provider_map *providers; /* likewise */
};

struct mxp_explained {
    struct mxp_buf asked;         /* private: what was asked, unescaped */
    struct mxp_log_reply log;     /* the reply within it */
    struct mxp_buf text, flat;    /* that reply, a line a line; and all on one line */
    enum mxp_stage stage;         /* told by the log, or UNKNOWN */
    const char *provider;         /* NULL: not known */
    struct mxp_reply reply;       /* as the classifier got it */
    struct mxp_enhanced enhanced; /* as asked; klass MXP_EXPLAIN_ANY: "x.2.2" */
    bool bare;                    /* a code, enhanced code, token or reason without words */
    struct mxp_classified what;
    const struct mxp_explain_entry *reason; /* never NULL: what the classifier's reason means, or,
                                               where it has none, what it usually is */
    const struct mxp_explain_entry *code, *status, *guide; /* or NULL; status: enhanced code */
    const struct mxp_explain_entry *families[MXP_EXPLAIN_FAMILIES];
    size_t n_families;
};

/* with_data false: the rules only. 0, MXP_ECONFIG, MXP_ENOMEM ..: why is set. */
int mxp_explain_init(const struct mxp_options *options, bool with_data, struct mxp_explain *ret,
                     struct mxp_why *why);
void mxp_explain_free(struct mxp_explain *explain);

/* text: a reply, code, enhanced code, token, reason or log line; "\n" and "\\" count as a line end
 * and a backslash. Free ret in any case. 0, MXP_ENOMEM or MXP_ETOOBIG. */
int mxp_explain_lookup(const struct mxp_explain *explain, struct mxp_slice text,
                       struct mxp_explained *ret);
void mxp_explained_free(struct mxp_explained *explained);

/* The entry that says what the reply is worth, where the classifier can't say: a family's or the
 * enhanced code's usual reason. MXP_REASON_COUNT: none. */
enum mxp_reason mxp_explain_usual(const struct mxp_explained *explained);

/* The reason makes addresses invalid, and this reply does not prove it. */
bool mxp_explain_is_unproven(const struct mxp_explained *explained);

/* What the sender is to do: the closest entry's words that agree with the classifier, never
 * NULL. */
const char *mxp_explain_todo(const struct mxp_explained *explained);

/* Whose fault it is: a word of reasons.yaml, by the closest entry that agrees, never NULL. */
const char *mxp_explain_fault(const struct mxp_explained *explained);

/* Where it is usual, by the closest entry: bits 1 << enum mxp_stage. */
unsigned mxp_explain_stages(const struct mxp_explained *explained);

/* "\n" and "\\" undone; ret_text has text.len octets at least. Returns the length. */
size_t mxp_explain_unescape(struct mxp_slice text, char *ret_text);

#endif
