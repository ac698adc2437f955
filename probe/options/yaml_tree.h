/*
 * A YAML document as a small tree whose every node knows its line, so that whatever is
 * wrong with it can be told by file, line and key. Maps, lists and scalars only: aliases,
 * tags, several documents and repeated keys are refused.
 *
 * It stands on libyaml, on which libcyaml stands, and not on libcyaml: 1.3.1 tells lines
 * only in its log, none for text that is no YAML or no UTF-8, never what was expected, and
 * wants the option table a second time, as C structures without durations or addresses.
 */
#ifndef MXP_PROBE_YAML_TREE_H
#define MXP_PROBE_YAML_TREE_H

#include "core/arena.h"
#include "core/err.h"

#define MXP_YAML_SIZE_MAX  (4u << 20) /* octets of a file */
#define MXP_YAML_DEPTH_MAX 8
#define MXP_YAML_KEYS_MAX  1000 /* in one map */

enum mxp_yaml_kind { MXP_YAML_SCALAR, MXP_YAML_LIST, MXP_YAML_MAP };

struct mxp_yaml {
    enum mxp_yaml_kind kind;
    uint32_t line;         /* from 1 */
    const char *key;       /* in a map, else NULL */
    struct mxp_slice text; /* of a scalar; NUL-terminated, and without a NUL inside */
    bool is_null;          /* nothing, ~ or null, unquoted */
    size_t n_children;
    struct mxp_yaml *children, *next; /* in the order of the file */
};

/* name: of the file, for errors ("FILE:LINE: .."). *ret lives in the arena; an empty
 * document is an empty map. 0, MXP_ECONFIG and why, or MXP_ENOMEM. */
int mxp_yaml_parse(struct mxp_slice text, const char *name, struct mxp_arena *arena,
                   const struct mxp_yaml **ret, struct mxp_why *why);

/* The same of a file. */
int mxp_yaml_read(const char *path, struct mxp_arena *arena, const struct mxp_yaml **ret,
                  struct mxp_why *why);

/* "a list", for error messages; static. */
const char *mxp_yaml_kind_text(const struct mxp_yaml *node);

#endif
