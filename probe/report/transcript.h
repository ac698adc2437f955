/*
 * The dialogue of every session, line by line: "[7] > EHLO probe.example". TLS sessions in
 * clear, addresses as sent, control octets escaped.
 */
#ifndef MXP_PROBE_TRANSCRIPT_H
#define MXP_PROBE_TRANSCRIPT_H

#include "core/err.h"
#include "core/slice.h"

struct mxp_transcript;

/* path "-": standard error. A file is created with mode 0600. NULL: MXP_ECANTCREAT in why. */
struct mxp_transcript *mxp_transcript_open(const char *path, struct mxp_why *why);

/* dir: '>' ours, '<' theirs, '*' an event. bytes may hold several lines, or part of one. */
void mxp_transcript_add(struct mxp_transcript *transcript, uint64_t session, char dir,
                        struct mxp_slice bytes);

/* 0, or MXP_EIO: not all of it could be written. */
int mxp_transcript_close(struct mxp_transcript *transcript, struct mxp_why *why);

#endif
