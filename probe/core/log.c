#include "core/log.h"

#include "core/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static enum mxp_log_level g_level = MXP_LOG_WARN;

void mxp_log_level_set(enum mxp_log_level level)
{
    g_level = level;
}

void mxp_log(enum mxp_log_level level, const char *fmt, ...)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char words[1024], line[1056];
    va_list ap;
    if (level > g_level)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof words, fmt, ap); /* a cut line is still a line */
    va_end(ap);
    for (char *c = words; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    int n = snprintf(line, sizeof line, "mxprobe: %s: %s\n", names[level], words);
    /* Where nobody reads, a warning is lost rather than the run stopped. */
    if (n > 0)
        (void)mxp_say(STDERR_FILENO, line, (size_t)n, 0);
}
