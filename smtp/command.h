/*
 * Builds command lines (RFC 5321, 4.1). The only place that writes what goes to a
 * server: whatever the arguments hold, what is added is exactly one line of at most
 * MXP_COMMAND_MAX octets with its CRLF, or nothing. There is no DATA, BDAT, VRFY or
 * EXPN here.
 *
 * All return 0, MXP_EINVAL (an argument that no command line can carry; nothing was
 * added), MXP_ETOOBIG or MXP_ENOMEM (the buffer's).
 */
#ifndef MXP_SMTP_COMMAND_H
#define MXP_SMTP_COMMAND_H

#include "core/buf.h"

#define MXP_COMMAND_MAX 512 /* RFC 5321, 4.5.3.1.4 */
#define MXP_PATH_MAX    254 /* 4.5.3.1.3: 256 with the angle brackets */

/* Octets of a RCPT line beside its path. */
#define MXP_COMMAND_RCPT_EXTRA (sizeof "RCPT TO:<>\r\n" - 1)

enum mxp_verb {
    MXP_VERB_EHLO, /* argument: our name */
    MXP_VERB_HELO, /* argument: our name */
    MXP_VERB_STARTTLS,
    MXP_VERB_RSET,
    MXP_VERB_QUIT
};

/* A command; argument must be empty where the verb has none. */
int mxp_command_add(struct mxp_buf *out, enum mxp_verb verb, struct mxp_slice argument);

/* MAIL FROM; an empty path is the null sender. smtputf8 as RFC 6531, 3.4. */
int mxp_command_mail(struct mxp_buf *out, struct mxp_slice path, bool smtputf8);
int mxp_command_rcpt(struct mxp_buf *out, struct mxp_slice path);

/* Whether a path can be carried: not too long, no control character, and blanks or
 * angle brackets only inside quotes. An empty one passes. */
bool mxp_command_path_ok(struct mxp_slice path);

#endif
