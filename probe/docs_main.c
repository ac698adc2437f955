/*
 * For the build only: writes the man page (from a template) and the completions.
 *     mxprobe_docs man TEMPLATE OUT | bash OUT | zsh OUT
 */
#include <stdio.h>
#include <string.h>

#include "probe/options/help.h"

/* Lines of the template that stand for generated text. */
static int man_line(const char *line, struct mxp_buf *out)
{
    if (strcmp(line, "@OPTIONS@\n") == 0)
        return mxp_help_man_options(out);
    if (strcmp(line, "@CONFIG@\n") == 0)
        return mxp_help_man_config(out);
    const char *at = strstr(line, "@VERSION@");
    if (!at)
        return mxp_buf_add_str(out, line);
    return mxp_buf_printf(out, "%.*s%s%s", (int)(at - line), line, MXP_VERSION,
                          at + strlen("@VERSION@"));
}

static int man(const char *template, struct mxp_buf *out)
{
    char line[1024];
    int err = MXP_OK;
    FILE *in = fopen(template, "r");
    if (!in)
        return MXP_ENOINPUT;
    while (!err && fgets(line, sizeof line, in))
        err = man_line(line, out);
    if (!err && ferror(in))
        err = MXP_EIO;
    (void)fclose(in);
    return err;
}

static int save(const char *path, const struct mxp_buf *text)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return MXP_ECANTCREAT;
    bool ok = fwrite(text->ptr, 1, text->len, out) == text->len;
    return fclose(out) == 0 && ok ? MXP_OK : MXP_EIO;
}

int main(int argc, char **argv)
{
    struct mxp_buf text;
    int err = MXP_EUSAGE;
    mxp_buf_init(&text, MXP_HELP_CAP);
    if (argc == 4 && strcmp(argv[1], "man") == 0)
        err = man(argv[2], &text);
    else if (argc == 3 && strcmp(argv[1], "bash") == 0)
        err = mxp_help_bash(&text);
    else if (argc == 3 && strcmp(argv[1], "zsh") == 0)
        err = mxp_help_zsh(&text);
    if (!err)
        err = save(argv[argc - 1], &text);
    mxp_buf_free(&text);
    if (err)
        (void)fprintf(stderr, "mxprobe_docs: %s\n", mxp_err_text(err));
    return err ? 1 : 0;
}
