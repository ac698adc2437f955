#include "probe/options/nearest.h"

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t mxp_nearest_distance(struct mxp_slice a, struct mxp_slice b)
{
    if (a.len > MXP_NEAREST_LEN || b.len > MXP_NEAREST_LEN)
        return SIZE_MAX;
    size_t rows[MXP_NEAREST_LEN + 1][MXP_NEAREST_LEN + 1];
    for (size_t i = 0; i <= a.len; i++) {
        for (size_t j = 0; j <= b.len; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            bool same = mxp_lower(a.ptr[i - 1]) == mxp_lower(b.ptr[j - 1]);
            size_t best = rows[i - 1][j - 1] + (same ? 0 : 1);
            best = min2(best, rows[i - 1][j] + 1);
            best = min2(best, rows[i][j - 1] + 1);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                best = min2(best, rows[i - 2][j - 2] + 1);
            rows[i][j] = best;
        }
    }
    return rows[a.len][b.len];
}

/* Near: at most a third of the word is wrong, and one letter in short words. A word that
 * begins a name is near, too. */
static bool is_near(struct mxp_slice typed, struct mxp_slice name, size_t distance)
{
    size_t allowed = typed.len < 6 ? 1 : typed.len / 3;
    return distance <= allowed || (typed.len > 2 && mxp_slice_istarts(name, typed));
}

void mxp_nearest_offer(struct mxp_nearest *nearest, const char *name)
{
    struct mxp_slice slice = mxp_slice_str(name);
    size_t distance = mxp_nearest_distance(nearest->typed, slice);
    if (!is_near(nearest->typed, slice, distance))
        return;
    if (nearest->best && nearest->distance <= distance)
        return;
    nearest->best = name;
    nearest->distance = distance;
}
