#include "core/require.h"

#include <stdio.h>
#include <stdlib.h>

void mxp_require_failed(const char *cond, const char *file, int line)
{
    (void)fprintf(stderr, "mxprobe: internal error at %s:%d: %s\n", file, line, cond);
    abort();
}

bool mxp_require_reported(const char *cond, const char *file, int line)
{
    (void)fprintf(stderr, "mxprobe: internal error at %s:%d, going on: %s\n", file, line, cond);
    return true;
}
