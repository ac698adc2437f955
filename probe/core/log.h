/*
 * A log of key=value lines on standard error, for the operator of a run. Library
 * rooms do not log; they return errors. The level is the one global of the house.
 */
#ifndef MXP_CORE_LOG_H
#define MXP_CORE_LOG_H

enum mxp_log_level { MXP_LOG_ERROR, MXP_LOG_WARN, MXP_LOG_INFO, MXP_LOG_DEBUG };

void mxp_log_level_set(enum mxp_log_level level); /* default: MXP_LOG_WARN */

/* "mxprobe: warning: event key=value ..." and a newline; control bytes become '?'. */
void mxp_log(enum mxp_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
