#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>

const char *mxp_err_name(int err)
{
    switch (err) {
    case MXP_OK:
        return "OK";
#define X(name, value, text)                                                                       \
    case value:                                                                                    \
        return #name;
        MXP_ERR_MAP(X)
#undef X
    default:
        return "UNKNOWN";
    }
}

const char *mxp_err_text(int err)
{
    switch (err) {
    case MXP_OK:
        return "success";
#define X(name, value, text)                                                                       \
    case value:                                                                                    \
        return text;
        MXP_ERR_MAP(X)
#undef X
    default:
        return "unknown error";
    }
}

int mxp_why_set(struct mxp_why *why, int err, const char *fmt, ...)
{
    if (why) {
        va_list ap;
        va_start(ap, fmt);
        (void)vsnprintf(why->text, sizeof why->text, fmt, ap); /* a cut text is still a text */
        va_end(ap);
        why->err = err;
    }
    return err;
}
