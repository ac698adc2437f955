#include "smtp/session_internal.h"

bool mxp_smtp_session_pipelining(const struct mxp_smtp_session *session)
{
    return session->ehlo.pipelining;
}

bool mxp_smtp_session_smtputf8(const struct mxp_smtp_session *session)
{
    return session->ehlo.smtputf8;
}

bool mxp_smtp_session_starttls_refused(const struct mxp_smtp_session *session)
{
    return session->starttls_refused;
}

uint32_t mxp_smtp_session_rcpt_max(const struct mxp_smtp_session *session)
{
    return session->ehlo.rcpt_max;
}

uint32_t mxp_smtp_session_mail_max(const struct mxp_smtp_session *session)
{
    return session->ehlo.mail_max;
}

size_t mxp_smtp_session_memory(const struct mxp_smtp_session *session)
{
    return sizeof *session + session->reader.kept.size;
}

bool mxp_smtp_session_closed_for_tls(const struct mxp_smtp_session *s)
{
    bool ehlo_in_tls = s->tls_up && s->state == MXP_SMTP_STATE_EHLO;
    return (ehlo_in_tls || s->state == MXP_SMTP_STATE_STARTTLS) &&
           mxp_reply_reader_idle(&s->reader);
}

const char *mxp_smtp_cause_name(enum mxp_smtp_cause cause)
{
    static const char *const name[] = {
        [MXP_SMTP_CAUSE_NONE] = "none",     [MXP_SMTP_CAUSE_REPLY] = "reply",
        [MXP_SMTP_CAUSE_CLOSED] = "closed", [MXP_SMTP_CAUSE_TIMEOUT] = "timeout",
        [MXP_SMTP_CAUSE_TLS] = "tls",       [MXP_SMTP_CAUSE_PROTOCOL] = "protocol",
        [MXP_SMTP_CAUSE_EAI] = "eai",       [MXP_SMTP_CAUSE_CANCELED] = "canceled",
    };
    return cause < sizeof name / sizeof *name ? name[cause] : "?";
}
