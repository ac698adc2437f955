#include "probe/options/duration.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/err.h"

struct unit {
    const char *name;
    uint64_t ms;
};

static const struct unit units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

#define N_UNITS (sizeof units / sizeof *units)

static const struct unit *unit_find(struct mxp_slice name)
{
    for (size_t i = 0; i < N_UNITS; i++)
        if (mxp_slice_eq(name, mxp_slice_str(units[i].name)))
            return &units[i];
    return NULL;
}

static size_t n_digits(struct mxp_slice text)
{
    size_t n = 0;
    while (n < text.len && mxp_is_digit(text.ptr[n]))
        n++;
    return n;
}

int mxp_duration_parse(struct mxp_slice text, uint64_t max_ms, uint64_t *ret_ms)
{
    size_t digits = n_digits(text);
    struct mxp_slice name = mxp_slice_sub(text, digits, text.len);
    const struct unit *unit = unit_find(name);
    if (digits == 0 || (!unit && name.len))
        return MXP_ESYNTAX;
    uint64_t number = 0;
    int err = mxp_slice_number(mxp_slice_sub(text, 0, digits),
                               unit ? max_ms / unit->ms : UINT64_MAX, &number);
    if (err)
        return err;
    if (!unit && number != 0) /* a bare number says nothing */
        return MXP_ESYNTAX;
    *ret_ms = unit ? number * unit->ms : 0;
    return MXP_OK;
}

const char *mxp_duration_text(uint64_t ms, char ret[static MXP_DURATION_TEXT_MAX])
{
    size_t i = 0;
    while (ms % units[i].ms)
        i++;
    (void)snprintf(ret, MXP_DURATION_TEXT_MAX, "%" PRIu64 "%s", ms / units[i].ms,
                   ms ? units[i].name : "");
    return ret;
}

const char *mxp_duration_words(uint64_t ms, char ret[static MXP_DURATION_TEXT_MAX])
{
    uint64_t s = ms / 1000;
    if (s < 60)
        (void)snprintf(ret, MXP_DURATION_TEXT_MAX, "%" PRIu64 ".%" PRIu64 " s", s, ms % 1000 / 100);
    else if (s < 3600)
        (void)snprintf(ret, MXP_DURATION_TEXT_MAX, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
    else if (s < 86400)
        (void)snprintf(ret, MXP_DURATION_TEXT_MAX, "%" PRIu64 " h %" PRIu64 " min", s / 3600,
                       s % 3600 / 60);
    else
        (void)snprintf(ret, MXP_DURATION_TEXT_MAX, "%" PRIu64 " d %" PRIu64 " h", s / 86400,
                       s % 86400 / 3600);
    return ret;
}

int mxp_rate_parse(struct mxp_slice text, struct mxp_rate *ret)
{
    size_t slash = mxp_slice_find(text, '/');
    uint64_t n = 0, per_ms = 1;
    int err = mxp_slice_number(mxp_slice_sub(text, 0, slash), UINT32_MAX, &n);
    if (err)
        return err;
    if (slash == text.len) {
        if (n != 0)
            return MXP_ESYNTAX;
    } else {
        struct mxp_slice time = mxp_slice_sub(text, slash + 1, text.len);
        const struct unit *unit = unit_find(time);
        if (unit)
            per_ms = unit->ms;
        else
            err = mxp_duration_parse(time, UINT32_MAX, &per_ms);
        if (err)
            return err;
        if (per_ms == 0)
            return MXP_ESYNTAX;
    }
    *ret = (struct mxp_rate){.n = (uint32_t)n, .per_ms = n ? (uint32_t)per_ms : 0};
    return MXP_OK;
}

const char *mxp_rate_text(const struct mxp_rate *rate, char ret[static MXP_RATE_TEXT_MAX])
{
    char per[MXP_DURATION_TEXT_MAX];
    if (rate->n == 0)
        (void)snprintf(ret, MXP_RATE_TEXT_MAX, "0");
    else
        (void)snprintf(ret, MXP_RATE_TEXT_MAX, "%" PRIu32 "/%s", rate->n,
                       mxp_duration_text(rate->per_ms, per));
    return ret;
}
