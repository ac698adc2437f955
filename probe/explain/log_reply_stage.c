#include "probe/explain/log_reply_internal.h"

/* In the order in which they are looked for: a line that names a reply's command names it in
 * these words; plain "RCPT TO" may be an argument of something else. */
static const struct {
    const char *words;
    enum mxp_stage stage;
} places[] = {
    {"(in reply to RCPT TO", MXP_STAGE_RCPT},
    {"(in reply to MAIL FROM", MXP_STAGE_MAIL},
    {"(in reply to end of DATA", MXP_STAGE_DATA},
    {"(in reply to DATA", MXP_STAGE_DATA},
    {"(in reply to EHLO", MXP_STAGE_EHLO},
    {"(in reply to HELO", MXP_STAGE_EHLO},
    {"(in reply to STARTTLS", MXP_STAGE_STARTTLS},
    {"refused to talk to me", MXP_STAGE_GREETING},
    {"while receiving the initial server greeting", MXP_STAGE_GREETING},
    {"while performing the EHLO", MXP_STAGE_EHLO},
    {"while performing the HELO", MXP_STAGE_EHLO},
    {"while sending MAIL FROM", MXP_STAGE_MAIL},
    {"while sending RCPT TO", MXP_STAGE_RCPT},
    {"while sending end of data", MXP_STAGE_DATA},
    {"while sending message body", MXP_STAGE_DATA},
    {"while sending DATA", MXP_STAGE_DATA},
    {"after initial connection", MXP_STAGE_GREETING},
    {"after EHLO", MXP_STAGE_EHLO},
    {"after HELO", MXP_STAGE_EHLO},
    {"after STARTTLS", MXP_STAGE_STARTTLS},
    {"after MAIL FROM", MXP_STAGE_MAIL},
    {"after pipelined MAIL FROM", MXP_STAGE_MAIL},
    {"after RCPT TO", MXP_STAGE_RCPT},
    {"after pipelined RCPT TO", MXP_STAGE_RCPT},
    {"after end of data", MXP_STAGE_DATA},
    {"after pipelined end of data", MXP_STAGE_DATA},
    {"after DATA", MXP_STAGE_DATA},
    {"after pipelined DATA", MXP_STAGE_DATA},
    {"reject: CONNECT from", MXP_STAGE_GREETING},
    {"reject: EHLO from", MXP_STAGE_EHLO},
    {"reject: HELO from", MXP_STAGE_EHLO},
    {"reject: MAIL from", MXP_STAGE_MAIL},
    {"reject: RCPT from", MXP_STAGE_RCPT},
    {"reject: DATA from", MXP_STAGE_DATA},
    {"reject: END-OF-MESSAGE from", MXP_STAGE_DATA},
    {"does_not_like_recipient", MXP_STAGE_RCPT},
    {"does not like recipient", MXP_STAGE_RCPT},
    {"sender_was_rejected", MXP_STAGE_MAIL},
    {"sender was rejected", MXP_STAGE_MAIL},
    {"greeting_failed", MXP_STAGE_GREETING},
    {"greeting failed", MXP_STAGE_GREETING},
    {"my_name_was_rejected", MXP_STAGE_EHLO},
    {"my name was rejected", MXP_STAGE_EHLO},
    {"after_I_sent_the_message", MXP_STAGE_DATA},
    {"after I sent the message", MXP_STAGE_DATA},
    {"failed_on_DATA_command", MXP_STAGE_DATA},
    {"failed on DATA command", MXP_STAGE_DATA},
    {">>> RCPT", MXP_STAGE_RCPT},
    {">>> MAIL", MXP_STAGE_MAIL},
    {">>> DATA", MXP_STAGE_DATA},
    {">>> .", MXP_STAGE_DATA},
    {">>> EHLO", MXP_STAGE_EHLO},
    {">>> HELO", MXP_STAGE_EHLO},
    {"command=\"RCPT", MXP_STAGE_RCPT},
    {"command=\"MAIL", MXP_STAGE_MAIL},
    {"command=\"DATA", MXP_STAGE_DATA},
    {"command\":\"RCPT", MXP_STAGE_RCPT},
    {"command\":\"MAIL", MXP_STAGE_MAIL},
    {"command\":\"DATA", MXP_STAGE_DATA},
    {"command\":\".", MXP_STAGE_DATA},
    {"command\":\"EHLO", MXP_STAGE_EHLO},
    {"command\": \"RCPT", MXP_STAGE_RCPT},
    {"command\": \"MAIL", MXP_STAGE_MAIL},
};

enum mxp_stage mxp_log_stage(struct mxp_slice line)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (mxp_log_find_text(line, 0, places[i].words) < line.len)
            return places[i].stage;
    return MXP_STAGE_UNKNOWN;
}
