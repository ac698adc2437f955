/*
 * One line of output: the contract's fields in their order (docs/design.md), as CSV
 * behind the list's own columns, or as a JSON object.
 */
#ifndef MXP_PROBE_RESULT_ROW_H
#define MXP_PROBE_RESULT_ROW_H

#include "core/buf.h"
#include "core/err.h"
#include "probe/list/list.h"

#define MXP_FIELD_MAP(X)                                                                           \
    X(line)                                                                                        \
    X(address)                                                                                     \
    X(normalized)                                                                                  \
    X(verdict)                                                                                     \
    X(reason)                                                                                      \
    X(action)                                                                                      \
    X(provider)                                                                                    \
    X(mx)                                                                                          \
    X(ip)                                                                                          \
    X(stage)                                                                                       \
    X(code)                                                                                        \
    X(enhanced)                                                                                    \
    X(text)                                                                                        \
    X(catch_all)                                                                                   \
    X(role)                                                                                        \
    X(disposable)                                                                                  \
    X(free)                                                                                        \
    X(suggestion)                                                                                  \
    X(tls)                                                                                         \
    X(attempts)                                                                                    \
    X(duration_ms)                                                                                 \
    X(checked_at)                                                                                  \
    X(retry_after_s)                                                                               \
    X(blocklist)                                                                                   \
    X(new_address)                                                                                 \
    X(exists)                                                                                      \
    X(limit)                                                                                       \
    X(footprint)

enum mxp_field {
#define X(name) MXP_FIELD_##name,
    MXP_FIELD_MAP(X)
#undef X
        MXP_FIELD_COUNT
};

#define MXP_FIELD_PREFIX "mxprobe_"
const char *mxp_field_name(enum mxp_field field);

enum mxp_field_kind { MXP_KIND_NULL, MXP_KIND_TEXT, MXP_KIND_NUMBER, MXP_KIND_BOOL };

struct mxp_value {
    enum mxp_field_kind kind;
    struct mxp_slice text;
    uint64_t number; /* 0 or 1 for a truth value */
};

/* All fields of a row; texts borrow from row, result and scratch, which is emptied first. */
int mxp_row_values(const struct mxp_row *row, const struct mxp_result *result,
                   struct mxp_buf *scratch, struct mxp_value ret[static MXP_FIELD_COUNT]);

/* Append one line with its newline. n_own: the list's own columns (0: none); fields beyond
 * them are joined to the last one. */
int mxp_row_csv(const struct mxp_row *row, size_t n_own, const struct mxp_value *values,
                struct mxp_buf *out);
int mxp_row_json(const struct mxp_value *values, struct mxp_buf *out);

/* The CSV header: the list's own names (own NULL: "column1" ..), then ours, those that the
 * list has already with MXP_FIELD_PREFIX before them, as often as it takes. */
int mxp_row_header(const char *const *own, size_t n_own, struct mxp_buf *out);

#endif
