#include "probe/list/list_address.h"

#include "core/err.h"
#include "smtp/address.h"

#include <stdio.h>
#include <string.h>

#define WRAPPINGS_MAX 6
#define ADDRESS_MAX   254

/* What is not seen on a screen: no-break space, zero width space and joiners, marks of
 * direction, narrow space, word joiner, ideographic space, byte order mark. */
static const struct mxp_slice invisible[] = {
    {"\xc2\xa0", 2},     {"\xe2\x80\x8b", 3}, {"\xe2\x80\x8c", 3}, {"\xe2\x80\x8d", 3},
    {"\xe2\x80\x8e", 3}, {"\xe2\x80\x8f", 3}, {"\xe2\x80\xaa", 3}, {"\xe2\x80\xac", 3},
    {"\xe2\x80\xaf", 3}, {"\xe2\x81\xa0", 3}, {"\xe3\x80\x80", 3}, {"\xef\xbb\xbf", 3},
};

static bool trim_invisible(struct mxp_slice *text)
{
    for (size_t i = 0; i < sizeof invisible / sizeof *invisible; i++) {
        struct mxp_slice one = invisible[i];
        if (mxp_slice_istarts(*text, one)) {
            *text = mxp_slice_sub(*text, one.len, text->len);
            return true;
        }
        if (mxp_slice_iends(*text, one)) {
            text->len -= one.len;
            return true;
        }
    }
    return false;
}

static struct mxp_slice trim(struct mxp_slice text)
{
    do
        text = mxp_slice_trim(text);
    while (trim_invisible(&text));
    return text;
}

static size_t find_last(struct mxp_slice text, char c)
{
    for (size_t i = text.len; i > 0; i--)
        if (text.ptr[i - 1] == c)
            return i - 1;
    return text.len;
}

/* One wrapping off; false: there is none. */
static bool unwrap(struct mxp_slice *text)
{
    static const struct mxp_slice scheme = {"mailto:", 7};
    size_t len = text->len;
    if (len < 3)
        return false;
    char first = text->ptr[0], last = text->ptr[len - 1];
    if (last == ',' || last == ';') {
        *text = mxp_slice_sub(*text, 0, len - 1);
    } else if (mxp_slice_istarts(*text, scheme)) {
        *text = mxp_slice_sub(*text, scheme.len, len);
    } else if (last == '>' && find_last(*text, '<') < len) {
        size_t from = find_last(*text, '<') + 1;
        *text = mxp_slice_sub(*text, from, len - 1 - from);
    } else if (first == last && (first == '"' || first == '\'')) {
        *text = mxp_slice_sub(*text, 1, len - 2);
    } else {
        return false;
    }
    return true;
}

/* A line end or an escape within: whatever that is, no mail program wrote it. */
static bool has_control(struct mxp_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return true;
    return false;
}

static enum mxp_address_status find_mailbox(struct mxp_slice entry, struct mxp_address *ret)
{
    struct mxp_slice text = trim(entry);
    enum mxp_address_status status = mxp_address_parse(text, ret);
    bool plain = status != MXP_ADDRESS_OK && !has_control(text);
    for (int i = 0; plain && status != MXP_ADDRESS_OK && i < WRAPPINGS_MAX && unwrap(&text); i++) {
        text = trim(text);
        status = mxp_address_parse(text, ret);
    }
    return status;
}

static const char *set_domain(const struct mxp_address *address, struct mxp_list_address *ret)
{
    struct mxp_slice domain = address->domain;
    ret->literal = address->kind != MXP_ADDRESS_DOMAIN;
    if (!ret->literal) {
        int err = mxp_name_to_ascii(domain, ret->domain);
        return err == MXP_ETOOBIG ? "the domain is too long" : err ? "not a domain name" : NULL;
    }
    for (size_t i = 0; i < domain.len; i++)
        ret->domain[i] = mxp_lower(domain.ptr[i]);
    ret->domain[domain.len] = '\0';
    return NULL;
}

void mxp_list_address_parse(struct mxp_slice entry, struct mxp_list_address *ret)
{
    struct mxp_address address;
    char local[65];
    /* Not all of it: this is done for every line of a list. */
    ret->normalized[0] = ret->domain[0] = '\0';
    ret->len = ret->local_len = 0;
    ret->literal = ret->utf8 = false;
    enum mxp_address_status status = find_mailbox(entry, &address);
    ret->bad =
        status == MXP_ADDRESS_OK ? set_domain(&address, ret) : mxp_address_status_text(status);
    if (ret->bad)
        return;
    bool v6 = address.kind == MXP_ADDRESS_IPV6_LITERAL;
    ret->utf8 = address.local_utf8;
    ret->local_len = mxp_address_local_wire(&address, local);
    int n = snprintf(ret->normalized, sizeof ret->normalized, "%.*s@%s%s%s%s", (int)ret->local_len,
                     local, ret->literal ? "[" : "", v6 ? "IPv6:" : "", ret->domain,
                     ret->literal ? "]" : "");
    ret->len = n > 0 ? (size_t)n : 0;
    if (ret->len > ADDRESS_MAX)
        ret->bad = mxp_address_status_text(MXP_ADDRESS_TOO_LONG);
}
