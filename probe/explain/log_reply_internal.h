/*
 * Shared by the log_reply files.
 */
#ifndef MXP_PROBE_LOG_REPLY_INTERNAL_H
#define MXP_PROBE_LOG_REPLY_INTERNAL_H

#include "probe/explain/log_reply.h"

/* The offset of word from `from` on, in any case; text.len: it is not there. */
size_t mxp_log_find_text(struct mxp_slice text, size_t from, const char *word);
size_t mxp_log_find_last(struct mxp_slice text, const char *word);

/* A reply starts at `at`: its code and a separator, or nothing more. */
bool mxp_log_code_at(struct mxp_slice text, size_t at);

/* The first reply in text: a code followed by an enhanced code, else one behind a colon, quote or
 * bracket (only with weak). text.len: none. */
size_t mxp_log_find_code(struct mxp_slice text, bool weak);

/* Up to where the reply that starts the slice goes: a bracket or quote that was opened before it
 * is no part of it. */
struct mxp_slice mxp_log_close(struct mxp_slice reply);

/* What is said about the stage; MXP_STAGE_UNKNOWN: nothing. */
enum mxp_stage mxp_log_stage(struct mxp_slice line);

/* A JSON event. MXP_ENOENT: it is none, or holds no reply; MXP_ENOMEM. */
int mxp_log_json(struct mxp_slice text, struct mxp_log_reply *ret);

#endif
