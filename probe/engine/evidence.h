/*
 * What is known about why: the reply or event on which a verdict rests, apart from any
 * one address. It may be borrowed (built on the stack from a reply that is about to go)
 * or kept (copied, for what waits or stands for many addresses).
 */
#ifndef MXP_PROBE_EVIDENCE_H
#define MXP_PROBE_EVIDENCE_H

#include "probe/engine/result.h"
#include "smtp/classify.h"
#include "smtp/session.h"

/* A kept reply is cut to this many octets: enough for every reply with something to say,
 * little enough for a hundred thousand greylisted addresses. */
#define MXP_EVIDENCE_TEXT_MAX 1024

/* Where the exchange took place; strings borrowed from the engine, which outlives results. */
struct mxp_place {
    const char *provider, *mx;
    struct mxp_ip ip;
    const char *tls; /* static version name */
};

struct mxp_evidence {
    struct mxp_place place;
    struct mxp_classified what; /* its slices point into text */
    enum mxp_stage stage;
    uint16_t code;
    struct mxp_enhanced enhanced;
    struct mxp_slice text;
    char kept[]; /* text of a kept evidence */
};

/* A reply, classified. Borrows everything. */
void mxp_evidence_reply(struct mxp_evidence *ret, const struct mxp_place *place,
                        enum mxp_stage stage, const struct mxp_reply *reply,
                        const struct mxp_classified *what);

/* No server's word: a reason with its default action, unknown unless verdict says otherwise.
 * words must outlive the evidence, or be copied with it. */
void mxp_evidence_event(struct mxp_evidence *ret, const struct mxp_place *place,
                        enum mxp_stage stage, enum mxp_verdict verdict, enum mxp_reason reason,
                        const char *words);

/* The way a session ended without a reply: closed, timeout, tls, protocol. */
void mxp_evidence_cause(struct mxp_evidence *ret, const struct mxp_place *place,
                        enum mxp_stage stage, enum mxp_smtp_cause cause, const char *detail);

/* A copy of its own, its text cut to MXP_EVIDENCE_TEXT_MAX; NULL: no memory. */
struct mxp_evidence *mxp_evidence_keep(const struct mxp_evidence *evidence);
struct mxp_evidence *mxp_evidence_free(struct mxp_evidence *evidence); /* NULL; kept ones only */

/* Fill the fields of a result that rest on evidence; the others are zeroed, catch_all is
 * unknown. Borrows from evidence. */
void mxp_evidence_result(const struct mxp_evidence *evidence, struct mxp_result *ret);

/* How much an evidence of one MX host tells beside that of another: higher is better. An
 * address-less host tells least, a server's reply most. */
int mxp_evidence_rank(const struct mxp_evidence *evidence);

#endif
