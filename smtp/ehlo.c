#include "smtp/ehlo.h"

#include "core/err.h"

#define LIMIT_MAX 999999 /* RFC 9422, 3: at most six digits */

/* The word at the front of *rest, up to a blank; *rest moves behind it. */
static struct mxp_slice next_word(struct mxp_slice *rest)
{
    size_t from = 0, to;
    while (from < rest->len && (rest->ptr[from] == ' ' || rest->ptr[from] == '\t'))
        from++;
    for (to = from; to < rest->len && rest->ptr[to] != ' ' && rest->ptr[to] != '\t'; to++)
        ;
    struct mxp_slice word = mxp_slice_sub(*rest, from, to - from);
    *rest = mxp_slice_sub(*rest, to, rest->len);
    return word;
}

static uint32_t *find_limit(struct mxp_ehlo *ehlo, struct mxp_slice name)
{
    if (mxp_slice_ieq(name, MXP_SLICE_LIT("MAILMAX")))
        return &ehlo->mail_max;
    if (mxp_slice_ieq(name, MXP_SLICE_LIT("RCPTMAX")))
        return &ehlo->rcpt_max;
    if (mxp_slice_ieq(name, MXP_SLICE_LIT("RCPTDOMAINMAX")))
        return &ehlo->domain_max;
    return NULL;
}

/* "RCPTMAX=20 MAILMAX=5": pairs; a zero or what is no number says nothing. */
static void parse_limits(struct mxp_slice rest, struct mxp_ehlo *ehlo)
{
    for (struct mxp_slice word; (word = next_word(&rest)).len;) {
        size_t equals = mxp_slice_find(word, '=');
        uint32_t *limit = find_limit(ehlo, mxp_slice_sub(word, 0, equals));
        uint64_t number;
        if (limit && mxp_slice_number(mxp_slice_sub(word, equals + 1, word.len), LIMIT_MAX,
                                      &number) == MXP_OK)
            *limit = (uint32_t)number;
    }
}

static void parse_size(struct mxp_slice rest, struct mxp_ehlo *ehlo)
{
    uint64_t number;
    ehlo->size = true;
    if (mxp_slice_number(next_word(&rest), UINT64_MAX, &number) == MXP_OK)
        ehlo->size_max = number;
}

static void parse_line(struct mxp_slice line, struct mxp_ehlo *ehlo)
{
    struct mxp_slice keyword = next_word(&line);
    if (mxp_slice_ieq(keyword, MXP_SLICE_LIT("PIPELINING")))
        ehlo->pipelining = true;
    else if (mxp_slice_ieq(keyword, MXP_SLICE_LIT("STARTTLS")))
        ehlo->starttls = true;
    else if (mxp_slice_ieq(keyword, MXP_SLICE_LIT("SMTPUTF8")))
        ehlo->smtputf8 = true;
    else if (mxp_slice_ieq(keyword, MXP_SLICE_LIT("8BITMIME")))
        ehlo->eightbitmime = true;
    else if (mxp_slice_ieq(keyword, MXP_SLICE_LIT("SIZE")))
        parse_size(line, ehlo);
    else if (mxp_slice_ieq(keyword, MXP_SLICE_LIT("LIMITS")))
        parse_limits(line, ehlo);
}

void mxp_ehlo_parse(struct mxp_slice text, struct mxp_ehlo *ret)
{
    *ret = (struct mxp_ehlo){.size_max = 0};
    for (bool first = true; text.len; first = false) {
        struct mxp_slice line = mxp_slice_sub(text, 0, mxp_slice_find(text, '\n'));
        text = mxp_slice_sub(text, line.len + 1, text.len);
        if (!first)
            parse_line(mxp_slice_trim(mxp_slice_sub(line, 4, line.len)), ret);
    }
}
