/*
 * A text file that the build put into the program: mxp_embed in cmake/MxpBuild.cmake writes a table
 * of them. Static; nobody owns them.
 */
#ifndef MXP_CORE_EMBEDDED_H
#define MXP_CORE_EMBEDDED_H

#include <stddef.h>

struct mxp_embedded {
    const char *name; /* of the file, without its folder */
    const char *text; /* NUL-terminated */
};

#endif
