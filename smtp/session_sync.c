/* Which reply is whose: they carry no number. */
#include "smtp/session_internal.h"

#include "smtp/command.h"

#define NAMES_MAX 4 /* addresses looked at in one reply: bounds the work */

void mxp_smtp_session_one_at_a_time(struct mxp_smtp_session *session, uint32_t silence_ms)
{
    session->one_at_a_time = true;
    session->ehlo.pipelining = false;
    session->silence_ms = silence_ms;
}

bool mxp_smtp_session_is_quiet(struct mxp_smtp_session *s)
{
    if (s->silence_ms == 0 || s->now_ms >= s->heard_ms + s->silence_ms)
        return true;
    s->listening = true;
    s->deadline_ms = s->heard_ms + s->silence_ms;
    return false;
}

void mxp_smtp_session_doubt(struct mxp_smtp_session *s, enum mxp_smtp_sync sync)
{
    if (s->sync < sync)
        s->sync = (uint8_t)sync;
}

void mxp_smtp_session_doubt_end(struct mxp_smtp_session *s)
{
    if (s->state >= MXP_SMTP_STATE_WORK && s->state < MXP_SMTP_STATE_CLOSED && !s->goodbye)
        mxp_smtp_session_doubt(s, MXP_SMTP_SYNC_UNSURE);
}

/* No recipient is told 221, 500 or 502; a 421, 501, 503 or 504 may be; all else surely was. */
void mxp_smtp_session_take_goodbye(struct mxp_smtp_session *s, const struct mxp_reply *reply)
{
    switch (reply->code) {
    case 221:
    case 500:
    case 502:
        s->goodbye = true;
        break;
    case 421:
    case 501:
    case 503:
    case 504:
        break;
    default:
        mxp_smtp_session_doubt(s, MXP_SMTP_SYNC_BROKEN);
        break;
    }
}

/* The next address in angle brackets, or an empty slice. */
static struct mxp_slice next_named(struct mxp_slice *rest)
{
    while (rest->len) {
        *rest = mxp_slice_sub(*rest, mxp_slice_find(*rest, '<') + 1, rest->len);
        struct mxp_slice near = mxp_slice_sub(*rest, 0, MXP_PATH_MAX + 1);
        struct mxp_slice name = mxp_slice_sub(near, 0, mxp_slice_find(near, '>'));
        if (name.len < near.len && mxp_slice_find(name, '@') < name.len)
            return name;
    }
    return MXP_SLICE_NONE;
}

static bool is_rcpt(const struct mxp_smtp_session *s, uint16_t i, struct mxp_slice name)
{
    struct mxp_slice path = {s->batch.rcpts[i].address, s->batch.rcpts[i].len};
    return mxp_slice_ieq(path, name);
}

/* Replies carry no number. Where a server left one out or gave one twice, a reply that
 * quotes another recipient of the batch, and not its own, is what shows it; taken for an
 * answer it could make a living mailbox invalid. 251 and 551 name others by their nature. */
bool mxp_smtp_session_names_another(const struct mxp_smtp_session *s, const struct mxp_reply *reply,
                                    bool *ret_own)
{
    struct mxp_slice rest = reply->text;
    bool another = false;
    *ret_own = false;
    for (unsigned n = 0; n < NAMES_MAX; n++) {
        struct mxp_slice name = next_named(&rest);
        if (name.len == 0)
            break;
        if (is_rcpt(s, s->next, name)) {
            *ret_own = true;
            return false;
        }
        for (uint16_t i = 0; i < s->batch.n_rcpts && !another; i++)
            another = is_rcpt(s, i, name);
    }
    return another && reply->code != 251 && reply->code != 551;
}
