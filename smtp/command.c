#include "smtp/command.h"

#include "core/err.h"

#include <string.h>

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool has_control(struct mxp_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_control(s.ptr[i]))
            return true;
    return false;
}

bool mxp_command_path_ok(struct mxp_slice path)
{
    bool quoted = false;
    if (path.len > MXP_PATH_MAX || has_control(path))
        return false;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (c == '"')
            quoted = !quoted;
        else if (quoted && c == '\\')
            i++;
        else if (!quoted && (c == ' ' || c == '<' || c == '>'))
            return false;
    }
    return !quoted;
}

/* head, argument and tail as one line, or nothing at all. */
static int add_line(struct mxp_buf *out, const char *head, struct mxp_slice argument,
                    const char *tail)
{
    size_t head_len = strlen(head), tail_len = strlen(tail);
    if (argument.len > MXP_COMMAND_MAX || has_control(argument))
        return MXP_EINVAL;
    size_t len = head_len + argument.len + tail_len;
    if (len > MXP_COMMAND_MAX)
        return MXP_EINVAL;
    int rc = mxp_buf_reserve(out, len);
    if (rc == MXP_OK)
        rc = mxp_buf_add(out, head, head_len);
    if (rc == MXP_OK)
        rc = mxp_buf_add_slice(out, argument);
    if (rc == MXP_OK)
        rc = mxp_buf_add(out, tail, tail_len);
    return rc;
}

int mxp_command_add(struct mxp_buf *out, enum mxp_verb verb, struct mxp_slice argument)
{
    static const struct {
        const char *word;
        bool has_argument;
    } table[] = {
        [MXP_VERB_EHLO] = {"EHLO ", true},         [MXP_VERB_HELO] = {"HELO ", true},
        [MXP_VERB_STARTTLS] = {"STARTTLS", false}, [MXP_VERB_RSET] = {"RSET", false},
        [MXP_VERB_QUIT] = {"QUIT", false},
    };
    if (table[verb].has_argument != (argument.len > 0))
        return MXP_EINVAL;
    return add_line(out, table[verb].word, argument, "\r\n");
}

int mxp_command_mail(struct mxp_buf *out, struct mxp_slice path, bool smtputf8)
{
    if (!mxp_command_path_ok(path))
        return MXP_EINVAL;
    return add_line(out, "MAIL FROM:<", path, smtputf8 ? "> SMTPUTF8\r\n" : ">\r\n");
}

int mxp_command_rcpt(struct mxp_buf *out, struct mxp_slice path)
{
    if (path.len == 0 || !mxp_command_path_ok(path))
        return MXP_EINVAL;
    return add_line(out, "RCPT TO:<", path, ">\r\n");
}
