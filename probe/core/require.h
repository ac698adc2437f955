/*
 * Two asserts. MXP_REQUIRE: the impossible, always on, ends the process.
 * mxp_fails: the impossible that costs one session, not the process:
 *     if (mxp_fails(x != NULL)) return MXP_EBUG;
 * Neither is for anything that a server, a file or DNS can cause.
 */
#ifndef MXP_CORE_REQUIRE_H
#define MXP_CORE_REQUIRE_H

#include <stdbool.h>

#define MXP_REQUIRE(cond)                                                                          \
    do {                                                                                           \
        if (!(cond))                                                                               \
            mxp_require_failed(#cond, __FILE__, __LINE__);                                         \
    } while (0)

#define mxp_fails(cond) (!(cond) && mxp_require_reported(#cond, __FILE__, __LINE__))

_Noreturn void mxp_require_failed(const char *cond, const char *file, int line);
bool mxp_require_reported(const char *cond, const char *file, int line); /* always true */

#endif
