#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '\\' && from[1] == 'n') {
            *to++ = '\n';
            from++;
        } else if (*from == '\\' && from[1] == '\\') {
            *to++ = '\\';
            from++;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

int corpus_each(const char *path, const struct mxp_rules *rules,
                void (*cb)(void *arg, const struct corpus_row *row), void *arg)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    int n = 0;
    if (!file)
        return -1;
    for (unsigned number = 1; getline(&line, &size, file) > 0; number++) {
        char *fields[6] = {line};
        int k = 1;
        line[strcspn(line, "\n")] = '\0';
        for (char *p = line; *p && k < 6; p++) {
            if (*p == '\t') {
                *p = '\0';
                fields[k++] = p + 1;
            }
        }
        if (*line == '#' || k < 5)
            continue;
        char *original = strdup(fields[2]);
        struct corpus_row row = {
            .line = number,
            .stage = mxp_stage_find(mxp_slice_str(fields[0])),
            .provider = mxp_rules_provider(rules, mxp_slice_str(fields[1])),
            .text = original,
            .verdict = fields[3],
            .reason = fields[4],
        };
        size_t len = unescape(fields[2]);
        mxp_reply_parse((struct mxp_slice){fields[2], len}, &row.reply);
        cb(arg, &row);
        free(original);
        n++;
    }
    free(line);
    fclose(file);
    return n;
}
