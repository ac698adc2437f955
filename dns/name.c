#include "dns/name.h"

#include "core/err.h"
#include "dns/symbol_label.h"

#include <idn2.h>
#include <libpsl.h>
#include <string.h>

#define LABEL_MAX MXP_LABEL_MAX

static bool is_host_char(char c)
{
    return mxp_is_alnum(c) || c == '-' || c == '_';
}

/* Labels of 1 to 63 host characters; the last one not all digits, which would be an
 * address (RFC 1123, 2.1). */
static int check(struct mxp_slice name)
{
    size_t label = 0;
    bool digits = true;
    if (name.len == 0)
        return MXP_ESYNTAX;
    if (name.len >= MXP_NAME_MAX)
        return MXP_ETOOBIG;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '.') {
            if (label == 0)
                return MXP_ESYNTAX;
            label = 0;
            digits = true;
            continue;
        }
        if (!is_host_char(c))
            return MXP_ESYNTAX;
        digits = digits && mxp_is_digit(c);
        if (++label > LABEL_MAX)
            return MXP_ETOOBIG;
    }
    return label == 0 || digits ? MXP_ESYNTAX : 0;
}

/* Of U+3002 and its like, too, which IDNA takes for dots. */
static struct mxp_slice without_dot(struct mxp_slice name)
{
    if (name.len && name.ptr[name.len - 1] == '.')
        name.len--;
    return name;
}

static int err_of_idn(int rc)
{
    if (rc == IDN2_OK)
        return MXP_OK;
    if (rc == IDN2_TOO_BIG_DOMAIN || rc == IDN2_TOO_BIG_LABEL)
        return MXP_ETOOBIG;
    return rc == IDN2_MALLOC ? MXP_ENOMEM : MXP_ESYNTAX;
}

/* Octets of the dot at the start of text: ".", or what IDNA takes for one. 0: none. */
static size_t dot_len(struct mxp_slice text)
{
    static const char *const dots[] = {".", "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};
    for (size_t i = 0; i < sizeof dots / sizeof *dots; i++)
        if (text.len >= strlen(dots[i]) && !memcmp(text.ptr, dots[i], strlen(dots[i])))
            return strlen(dots[i]);
    return 0;
}

static int label_to_ascii(struct mxp_slice label, char ret[static LABEL_MAX + 1])
{
    char utf8[4 * LABEL_MAX + 1];
    char *ascii = NULL;
    if (label.len >= sizeof utf8)
        return MXP_ETOOBIG;
    memcpy(utf8, label.ptr, label.len);
    utf8[label.len] = '\0';
    int rc = idn2_to_ascii_8z(utf8, &ascii, IDN2_NONTRANSITIONAL);
    if (rc == IDN2_DISALLOWED || rc == IDN2_UNASSIGNED)
        return mxp_symbol_label(label, ret);
    int err = err_of_idn(rc);
    if (err)
        return err;
    size_t len = strlen(ascii);
    if (len <= LABEL_MAX)
        memcpy(ret, ascii, len + 1);
    idn2_free(ascii);
    return len <= LABEL_MAX ? 0 : MXP_ETOOBIG;
}

/* Label by label, where IDNA does not like one of them. */
static int from_symbols(const char *utf8, char ret[static 4 * MXP_NAME_MAX])
{
    struct mxp_slice rest = mxp_slice_str(utf8);
    size_t len = 0, n;
    while (rest.len) {
        char ascii[LABEL_MAX + 1];
        for (n = 0; n < rest.len && !dot_len(mxp_slice_sub(rest, n, rest.len));)
            n++;
        int err = n ? label_to_ascii(mxp_slice_sub(rest, 0, n), ascii) : MXP_ESYNTAX;
        if (err)
            return err;
        if (len + strlen(ascii) + 2 > sizeof(char[4 * MXP_NAME_MAX]))
            return MXP_ETOOBIG;
        memcpy(ret + len, ascii, strlen(ascii));
        len += strlen(ascii);
        rest = mxp_slice_sub(rest, n, rest.len);
        if (rest.len)
            ret[len++] = '.';
        rest = mxp_slice_sub(rest, dot_len(rest), rest.len);
    }
    ret[len] = '\0';
    return 0;
}

static int from_idn(struct mxp_slice name, char ret[static MXP_NAME_MAX])
{
    char utf8[4 * MXP_NAME_MAX], text[4 * MXP_NAME_MAX];
    if (name.len >= sizeof utf8)
        return MXP_ETOOBIG;
    memcpy(utf8, name.ptr, name.len);
    utf8[name.len] = '\0';
    if (strlen(utf8) != name.len)
        return MXP_ESYNTAX;
    char *ascii = NULL;
    int rc = idn2_to_ascii_8z(utf8, &ascii, IDN2_NONTRANSITIONAL);
    int err =
        rc == IDN2_DISALLOWED || rc == IDN2_UNASSIGNED ? from_symbols(utf8, text) : err_of_idn(rc);
    if (!err) {
        struct mxp_slice plain = without_dot(mxp_slice_str(rc == IDN2_OK ? ascii : text));
        err = check(plain);
        if (!err) {
            memcpy(ret, plain.ptr, plain.len);
            ret[plain.len] = '\0';
        }
    }
    idn2_free(ascii);
    return err;
}

static bool starts_ace(struct mxp_slice name)
{
    for (size_t i = 0; i + 4 <= name.len; i++)
        if ((i == 0 || name.ptr[i - 1] == '.') &&
            mxp_slice_istarts(mxp_slice_sub(name, i, name.len - i), MXP_SLICE_LIT("xn--")))
            return true;
    return false;
}

int mxp_name_to_ascii(struct mxp_slice name, char ret[static MXP_NAME_MAX])
{
    name = without_dot(name);
    bool ascii = true;
    for (size_t i = 0; i < name.len && ascii; i++)
        ascii = (unsigned char)name.ptr[i] < 0x80;
    if (!ascii || starts_ace(name)) {
        /* A-labels that IDNA refuses may still be asked: DNS decides whether they exist. */
        int err = from_idn(name, ret);
        if (!ascii || !err)
            return err;
    }
    int err = check(name);
    if (err)
        return err;
    for (size_t i = 0; i < name.len; i++)
        ret[i] = mxp_lower(name.ptr[i]);
    ret[name.len] = '\0';
    return 0;
}

bool mxp_name_is_host(const char *name)
{
    return check(mxp_slice_str(name)) == 0;
}

const char *mxp_name_registrable(const char *name)
{
    const psl_ctx_t *psl = psl_builtin();
    const char *domain = psl ? psl_registrable_domain(psl, name) : NULL;
    return domain ? domain : name;
}
