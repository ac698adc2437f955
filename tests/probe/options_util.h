/*
 * For the tests of options: parse a command line, and perhaps a configuration file that
 * exists in memory only.
 */
#ifndef MXP_TESTS_OPTIONS_UTIL_H
#define MXP_TESTS_OPTIONS_UTIL_H

#include "probe/options/options.h"

/* Arguments without the program's name, ended by NULL; "@" stands for the name of a file
 * that holds config (NULL: empty). */
int util_parse(const char *config, const char *const *args, struct mxp_options *ret,
               struct mxp_why *why);

/* Likewise, and must succeed. */
void util_must(const char *config, const char *const *args, struct mxp_options *ret);

/* Each of the words, separated by |, must be in text. context is printed where not. */
void util_words(const char *context, const char *text, const char *words);

#endif
