/*
 * Error codes of our own failures, and the context that travels with them.
 *
 * What a server, a list or DNS says is data (see verdict.h), never an error
 * code. Functions return 0 or one of these, all negative.
 */
#ifndef MXP_CORE_ERR_H
#define MXP_CORE_ERR_H

#define MXP_ERR_MAP(X)                                                                             \
    X(ENOMEM, -1, "out of memory")                                                                 \
    X(EINVAL, -2, "invalid argument")                                                              \
    X(EBUG, -3, "internal error")                                                                  \
    X(ETOOBIG, -4, "a limit on size was reached")                                                  \
    X(ESYNTAX, -5, "syntax error")                                                                 \
    X(ENOENT, -6, "not found")                                                                     \
    X(EIO, -7, "input/output error")                                                               \
    X(EAGAIN, -8, "nothing at the moment")                                                         \
    X(EEOF, -9, "end of input")                                                                    \
    X(ECONFIG, -10, "configuration error")                                                         \
    X(EUSAGE, -11, "usage error")                                                                  \
    X(ECANTCREAT, -12, "cannot create output")                                                     \
    X(ENOINPUT, -13, "cannot open input")                                                          \
    X(EDATA, -14, "bad data")                                                                      \
    X(ENET, -15, "network error")                                                                  \
    X(ECANCELED, -16, "cancelled")                                                                 \
    X(ETLS, -17, "TLS error")

enum mxp_err {
    MXP_OK = 0,
#define X(name, value, text) MXP_##name = (value),
    MXP_ERR_MAP(X)
#undef X
};

/* Where a failure is described in words, for a person. Zero-initialise. */
struct mxp_why {
    int err;
    char text[320];
};

/* The code's name ("ENOMEM") and its plain meaning; static strings, never NULL. */
const char *mxp_err_name(int err);
const char *mxp_err_text(int err);

/* Record err and the formatted text in why (which may be NULL); returns err. */
int mxp_why_set(struct mxp_why *why, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
