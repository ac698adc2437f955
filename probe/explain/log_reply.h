/*
 * The server's reply inside something longer: a mail server's log line, a bounce, a provider's
 * JSON event; and what else the line tells: the stage, and the host that was spoken to.
 *
 * Known by their words: Postfix, Exim, Sendmail, qmail, OpenSMTPD, Exchange, PowerMTA, delivery
 * status notifications, JSON events (Amazon SES, SendGrid, Mailgun, SparkPost, Postal, KumoMTA);
 * elsewhere a reply code that stands where one can stand. Numbers that only look like codes
 * ("552@example.com", "500 seconds", "10.5.7.8") are none.
 */
#ifndef MXP_PROBE_LOG_REPLY_H
#define MXP_PROBE_LOG_REPLY_H

#include "core/buf.h"
#include "core/err.h"
#include "core/verdict.h"

#define MXP_LOG_LINE_MAX (1u << 20) /* octets; what is beyond is not looked at */

struct mxp_log_reply {
    struct mxp_slice reply; /* in the line, or in own; without a code where none was found: then
                               the words of the log, or the line as it is */
    enum mxp_stage stage;   /* MXP_STAGE_UNKNOWN where the line does not tell */
    const char *format;     /* "postfix", "exim" ..; NULL: the line is the reply */
    struct mxp_slice hosts; /* the text in which the host's name may stand */
    struct mxp_buf own, own_hosts; /* private */
};

/* Find it. line may hold line ends. 0, MXP_ENOMEM or MXP_ETOOBIG. Free in any case. ret borrows
 * from line. */
int mxp_log_reply_find(struct mxp_slice line, struct mxp_log_reply *ret);
void mxp_log_reply_free(struct mxp_log_reply *found);

/* The next host name in the line that is neither of an address or a URL nor inside the reply; at
 * starts at 0. False: there is no more. */
bool mxp_log_reply_host(const struct mxp_log_reply *found, size_t *at, struct mxp_slice *ret_host);

#endif
