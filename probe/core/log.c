#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>

static enum mxp_log_level g_level = MXP_LOG_WARN;

void mxp_log_level_set(enum mxp_log_level level)
{
    g_level = level;
}

void mxp_log(enum mxp_log_level level, const char *fmt, ...)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char line[1024];
    va_list ap;
    if (level > g_level)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof line, fmt, ap); /* a cut line is still a line */
    va_end(ap);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    (void)fprintf(stderr, "mxprobe: %s: %s\n", names[level], line);
}
