/*
 * The two doors of the engine: where addresses come from and where results go. A list
 * file, the arguments of check, a daemon's queue all stand behind these; the engine
 * never knows which.
 *
 * An item is a number that the source chose (0, 1, 2 .. dense) and a domain; its local
 * part is asked for again when its transaction is built, so that the engine holds a
 * few bytes per pending address and no text.
 */
#ifndef MXP_PROBE_SOURCE_H
#define MXP_PROBE_SOURCE_H

#include "core/err.h"
#include "probe/engine/result.h"

struct mxp_item {
    uint32_t id;
    const char *domain; /* A-labels, lower case; or the bare IP text of an address literal.
                           Valid until the next pull */
    bool literal;
    bool suspect; /* expected to be unknown to its server: not asked in a row with others such */
};

struct mxp_source {
    /* The next address to probe: MXP_OK; MXP_EAGAIN (none at the moment: wake the engine with
     * mxp_engine_wake when there is); MXP_EEOF; or an error that ends the run (why is set). */
    int (*pull)(struct mxp_source *self, struct mxp_item *ret, struct mxp_why *why);

    /* The address on the wire, local@domain, NUL-terminated, at most 254 octets; *ret_utf8:
     * the local part needs SMTPUTF8. The pointer is valid until the next call. */
    int (*wire)(struct mxp_source *self, uint32_t id, const char **ret_address, size_t *ret_len,
                bool *ret_utf8);
};

struct mxp_sink {
    /* Exactly once for each item pulled. The result is borrowed. An error ends the run. */
    int (*result)(struct mxp_sink *self, uint32_t id, const struct mxp_result *result,
                  struct mxp_why *why);
};

#endif
