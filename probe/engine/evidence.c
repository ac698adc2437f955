#include "probe/engine/evidence.h"

#include <stdlib.h>
#include <string.h>

void mxp_evidence_reply(struct mxp_evidence *ret, const struct mxp_place *place,
                        enum mxp_stage stage, const struct mxp_reply *reply,
                        const struct mxp_classified *what)
{
    *ret = (struct mxp_evidence){
        .place = *place,
        .what = *what,
        .stage = stage,
        .code = reply->code,
        .enhanced = reply->enhanced,
        .text = reply->text,
    };
}

void mxp_evidence_event(struct mxp_evidence *ret, const struct mxp_place *place,
                        enum mxp_stage stage, enum mxp_verdict verdict, enum mxp_reason reason,
                        const char *words)
{
    *ret = (struct mxp_evidence){
        .place = *place,
        .what = {.verdict = verdict,
                 .reason = reason,
                 .action = mxp_reason_action(reason),
                 .exists = MXP_TRI_UNKNOWN},
        .stage = stage,
        .text = mxp_slice_str(words),
    };
}

void mxp_evidence_cause(struct mxp_evidence *ret, const struct mxp_place *place,
                        enum mxp_stage stage, enum mxp_smtp_cause cause, const char *detail)
{
    static const struct {
        enum mxp_reason reason;
        const char *words;
    } causes[] = {
        [MXP_SMTP_CAUSE_NONE] = {MXP_REASON_CONNECTION_LOST, "the session ended early"},
        [MXP_SMTP_CAUSE_REPLY] = {MXP_REASON_SERVER_UNAVAILABLE, "refused"},
        [MXP_SMTP_CAUSE_CLOSED] = {MXP_REASON_CONNECTION_LOST, "connection closed by the server"},
        [MXP_SMTP_CAUSE_TIMEOUT] = {MXP_REASON_TIMEOUT, "no reply in time"},
        [MXP_SMTP_CAUSE_TLS] = {MXP_REASON_TLS_FAILED, "TLS could not be used"},
        [MXP_SMTP_CAUSE_PROTOCOL] = {MXP_REASON_PROTOCOL_ERROR, "the server broke the protocol"},
        [MXP_SMTP_CAUSE_EAI] = {MXP_REASON_EAI_UNSUPPORTED, "the server does not offer SMTPUTF8"},
        [MXP_SMTP_CAUSE_CANCELED] = {MXP_REASON_NOT_PROBED, "the run ended"},
    };
    mxp_evidence_event(ret, place, stage, MXP_VERDICT_UNKNOWN, causes[cause].reason,
                       detail ? detail : causes[cause].words);
}

static struct mxp_slice rebase(struct mxp_slice part, struct mxp_slice from, const char *to,
                               size_t len)
{
    if (part.len == 0 || part.ptr < from.ptr || part.ptr + part.len > from.ptr + len)
        return MXP_SLICE_NONE;
    return (struct mxp_slice){to + (part.ptr - from.ptr), part.len};
}

struct mxp_evidence *mxp_evidence_keep(const struct mxp_evidence *evidence)
{
    size_t len = evidence->text.len;
    if (len > MXP_EVIDENCE_TEXT_MAX)
        len = MXP_EVIDENCE_TEXT_MAX;
    struct mxp_evidence *kept = malloc(sizeof *kept + len + 1);
    if (!kept)
        return NULL;
    *kept = *evidence;
    if (len)
        memcpy(kept->kept, evidence->text.ptr, len);
    kept->kept[len] = '\0';
    kept->text = (struct mxp_slice){kept->kept, len};
    kept->what.blocklist = rebase(evidence->what.blocklist, evidence->text, kept->kept, len);
    kept->what.new_address = rebase(evidence->what.new_address, evidence->text, kept->kept, len);
    return kept;
}

struct mxp_evidence *mxp_evidence_free(struct mxp_evidence *evidence)
{
    free(evidence);
    return NULL;
}

void mxp_evidence_result(const struct mxp_evidence *evidence, struct mxp_result *ret)
{
    const struct mxp_classified *what = &evidence->what;
    *ret = (struct mxp_result){
        .verdict = what->verdict,
        .reason = what->reason,
        .action = what->action,
        .provider = evidence->place.provider,
        .mx = evidence->place.mx,
        .ip = evidence->place.ip,
        .stage = evidence->stage,
        .code = evidence->code,
        .enhanced = evidence->enhanced,
        .text = evidence->text,
        .catch_all = MXP_TRI_UNKNOWN,
        .tls = evidence->place.tls,
        .retry_after_s = what->retry_after_s,
        .blocklist = what->blocklist,
        .new_address = what->new_address,
        .exists = what->exists,
        .limit = mxp_limit_name(what->limit),
        .footprint = what->footprint,
    };
}

int mxp_evidence_rank(const struct mxp_evidence *evidence)
{
    if (evidence->code)
        return 6;
    switch (evidence->what.reason) {
    case MXP_REASON_PROTOCOL_ERROR:
    case MXP_REASON_CONNECTION_LOST:
    case MXP_REASON_TLS_FAILED:
        return 5;
    case MXP_REASON_TIMEOUT:
        return 4;
    case MXP_REASON_CONNECT_FAILED:
        return 3;
    case MXP_REASON_DNS_ERROR:
        return 2;
    case MXP_REASON_MX_REFUSED:
        return 1;
    default:
        return 0;
    }
}
