/*
 * The answer about one address: the contract's fields as the engine fills them. What
 * depends on the text of the address alone (role, disposable, free, suggestion) and
 * the address as typed are added where results are written.
 */
#ifndef MXP_PROBE_RESULT_H
#define MXP_PROBE_RESULT_H

#include "core/verdict.h"
#include "dns/ip.h"
#include "smtp/reply.h"

struct mxp_result {
    enum mxp_verdict verdict;
    enum mxp_reason reason;
    enum mxp_action action;
    const char *provider; /* "google", or the registrable domain of the MX host; NULL: unknown */
    const char *mx;       /* host name; NULL: none */
    struct mxp_ip ip;     /* family 0: none */
    enum mxp_stage stage;
    uint16_t code; /* 0: no server replied */
    struct mxp_enhanced enhanced;
    struct mxp_slice text; /* the reply, raw; or, where no server replied, our own words.
                              Escape before writing */
    enum mxp_tri catch_all;
    const char *tls;              /* "TLSv1.3", or NULL */
    uint16_t attempts;            /* connections or transactions in which this address was asked */
    uint32_t duration_ms;         /* from the first attempt's start to the verdict */
    uint64_t checked_at;          /* Unix time, seconds */
    uint32_t retry_after_s;       /* 0: null */
    struct mxp_slice blocklist;   /* len 0: null */
    struct mxp_slice new_address; /* len 0: null */
    enum mxp_tri exists;          /* UNKNOWN: null */
    const char *limit;            /* "connections", "messages", "recipients", "rate"; NULL */
    bool footprint;
};

#endif
