#include "dns/name.h"

#include "core/err.h"

#include <idn2.h>
#include <libpsl.h>
#include <string.h>

#define LABEL_MAX 63

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

static int from_idn(struct mxp_slice name, char ret[static MXP_NAME_MAX])
{
    char utf8[4 * MXP_NAME_MAX];
    if (name.len >= sizeof utf8)
        return MXP_ETOOBIG;
    memcpy(utf8, name.ptr, name.len);
    utf8[name.len] = '\0';
    if (strlen(utf8) != name.len)
        return MXP_ESYNTAX;
    char *ascii = NULL;
    int rc = idn2_to_ascii_8z(utf8, &ascii, IDN2_NONTRANSITIONAL);
    if (rc == IDN2_TOO_BIG_DOMAIN || rc == IDN2_TOO_BIG_LABEL)
        return MXP_ETOOBIG;
    if (rc != IDN2_OK)
        return rc == IDN2_MALLOC ? MXP_ENOMEM : MXP_ESYNTAX;
    int err = check(mxp_slice_str(ascii));
    if (!err)
        memcpy(ret, ascii, strlen(ascii) + 1);
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
    if (name.len && name.ptr[name.len - 1] == '.')
        name.len--;
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

const char *mxp_name_registrable(const char *name)
{
    const psl_ctx_t *psl = psl_builtin();
    const char *domain = psl ? psl_registrable_domain(psl, name) : NULL;
    return domain ? domain : name;
}
