#include "ratelimit/spacing.h"

#define MINUTE_MS 60000.0
#define TOGETHER  10 /* so many times closer than the level has it */
#define HURT      2  /* once may be chance: the pair was where the limit happened to be */

void mxp_spacing_take(struct mxp_spacing *spacing, uint32_t n, double level, uint64_t now_ms)
{
    double since = (double)(now_ms - spacing->took_ms);
    if (n == 0)
        return;
    spacing->together = n > 1 || since * level * TOGETHER < MINUTE_MS;
    spacing->took_ms = now_ms;
}

void mxp_spacing_hurt(struct mxp_spacing *spacing)
{
    spacing->n_hurt = spacing->together ? (uint8_t)(spacing->n_hurt + 1) : 0;
    if (spacing->n_hurt < HURT)
        return;
    spacing->needed = true;
    spacing->n_hurt = 0;
}
