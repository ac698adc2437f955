#include "probe/options/help.h"

#include <string.h>

#include "probe/options/option_table.h"

/* What each option's value is, for completion. */
static bool is_file(const struct mxp_option *option)
{
    return option->kind == MXP_OPTION_PATH || option->kind == MXP_OPTION_PATHS ||
           option->kind == MXP_OPTION_CONFIG;
}

static int add_choices(const struct mxp_option *option, struct mxp_buf *out)
{
    int err = MXP_OK;
    if (option->kind == MXP_OPTION_SWITCH)
        return mxp_buf_add_str(out, "on off");
    for (const struct mxp_choice *c = option->choices; c->name && !err; c++)
        err = mxp_buf_printf(out, "%s%s", c == option->choices ? "" : " ", c->name);
    return err;
}

static bool has_choices(const struct mxp_option *option)
{
    return option->kind == MXP_OPTION_SWITCH || option->kind == MXP_OPTION_CHOICE;
}

/* --- man -------------------------------------------------------------------------- */

/* In a text line of man(7): hyphens that are typed, backslashes and control lines. */
static int roff(struct mxp_buf *out, const char *text)
{
    int err = *text == '.' || *text == '\'' ? mxp_buf_add_str(out, "\\&") : MXP_OK;
    for (; *text && !err; text++) {
        if (*text == '\\')
            err = mxp_buf_add_str(out, "\\e");
        else if (*text == '-')
            err = mxp_buf_add_str(out, "\\-");
        else
            err = mxp_buf_add_char(out, *text);
    }
    return err;
}

/* A sentence from a help text: its first letter is that of a sentence, and it ends. */
static int sentence(struct mxp_buf *out, const char *text)
{
    char first[2] = {*text, '\0'};
    if (*text >= 'a' && *text <= 'z')
        first[0] = (char)(*text - 'a' + 'A');
    int err = roff(out, first);
    err = err || !*text ? err : roff(out, text + 1);
    return err ? err : mxp_buf_add_str(out, ".\n");
}

static int man_facts(const struct mxp_option *option, struct mxp_buf *out)
{
    int err = MXP_OK;
    const char *joint = "For ";
    if (option->def) {
        err = mxp_buf_add_str(out, "Default: ");
        err = err ? err : roff(out, option->def);
        err = err ? err : mxp_buf_add_str(out, ".\n");
    }
    if (!option->name || err)
        return err;
    for (size_t i = 0; i < MXP_CMD_VERSION && !err; i++) {
        if (!(option->commands & (1u << i)) || mxp_commands[i].planned)
            continue;
        err = mxp_buf_printf(out, "%s\\fB%s\\fR", joint, mxp_commands[i].name);
        joint = ", ";
    }
    return err ? err : mxp_buf_add_str(out, ".\n");
}

static int man_option(const struct mxp_option *option, struct mxp_buf *out)
{
    int err = mxp_buf_add_str(out, ".TP\n\\fB");
    if (!err && option->letter)
        err = mxp_buf_printf(out, "\\-%c\\fR, \\fB", option->letter);
    err = err ? err : mxp_buf_add_str(out, "\\-\\-");
    err = err ? err : roff(out, option->name);
    err = err ? err : mxp_buf_add_str(out, "\\fR");
    if (!err && option->value) {
        err = mxp_buf_add_str(out, " \\fI");
        err = err ? err : roff(out, option->value);
        err = err ? err : mxp_buf_add_str(out, "\\fR");
    }
    err = err ? err : mxp_buf_add_str(out, "\n");
    err = err ? err : sentence(out, option->help);
    return err ? err : man_facts(option, out);
}

int mxp_help_man_options(struct mxp_buf *out)
{
    const char *section = "";
    int err = MXP_OK;
    for (size_t i = 0; i < mxp_options_n && !err; i++) {
        const struct mxp_option *option = &mxp_options_table[i];
        if (!option->name)
            continue;
        if (strcmp(section, option->section) != 0)
            err = mxp_buf_printf(out, ".SS %s\n", option->section);
        section = option->section;
        err = err ? err : man_option(option, out);
    }
    return err;
}

int mxp_help_man_config(struct mxp_buf *out)
{
    int err = MXP_OK;
    for (size_t i = 0; i < mxp_options_n && !err; i++) {
        const struct mxp_option *option = &mxp_options_table[i];
        if (option->name || !option->key)
            continue;
        err = mxp_buf_printf(out, ".TP\n\\fB%s\\fR\n", option->key);
        err = err ? err : sentence(out, option->help);
        err = err ? err : man_facts(option, out);
    }
    return err;
}

/* --- bash ------------------------------------------------------------------------- */

static int bash_values(struct mxp_buf *out)
{
    int err = MXP_OK;
    for (size_t i = 0; i < mxp_options_n && !err; i++) {
        const struct mxp_option *option = &mxp_options_table[i];
        if (!option->name || !option->value)
            continue;
        err = mxp_buf_printf(out, "    --%s", option->name);
        if (!err && option->letter)
            err = mxp_buf_printf(out, "|-%c", option->letter);
        err = err ? err : mxp_buf_add_str(out, ") ");
        if (!err && has_choices(option)) {
            err = mxp_buf_add_str(out, "words='");
            err = err ? err : add_choices(option, out);
            err = err ? err : mxp_buf_add_str(out, "' ;;\n");
        } else if (!err) {
            err = mxp_buf_add_str(out, is_file(option) ? "files=1 ;;\n" : "return ;;\n");
        }
    }
    return err;
}

static int bash_options(struct mxp_buf *out)
{
    int err = MXP_OK;
    for (size_t command = 0; command < MXP_N_COMMANDS && !err; command++) {
        if (mxp_commands[command].planned)
            continue;
        err = mxp_buf_printf(out, "    %s) options='", mxp_commands[command].name);
        for (size_t i = 0; i < mxp_options_n && !err; i++) {
            const struct mxp_option *option = &mxp_options_table[i];
            if (option->name && option->commands & (1u << command))
                err = mxp_buf_printf(out, "--%s ", option->name);
        }
        err = err ? err : mxp_buf_add_str(out, "' ;;\n");
    }
    return err;
}

static int command_words(struct mxp_buf *out)
{
    int err = MXP_OK;
    for (size_t i = 0; i < MXP_N_COMMANDS && !err; i++)
        if (!mxp_commands[i].planned)
            err = mxp_buf_printf(out, "%s%s", i ? " " : "", mxp_commands[i].name);
    return err;
}

static int bash_find_command(struct mxp_buf *out)
{
    int err = mxp_buf_add_str(out, "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                                   "    case \" ");
    err = err ? err : command_words(out);
    return err ? err
               : mxp_buf_add_str(out, " \" in *\" $word \"*) command=$word; break ;; esac\n"
                                      "  done\n");
}

int mxp_help_bash(struct mxp_buf *out)
{
    int err = mxp_buf_add_str(out, "# bash completion of mxprobe, written by its build\n"
                                   "_mxprobe() {\n"
                                   "  local cur=${COMP_WORDS[COMP_CWORD]} "
                                   "prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                                   "  local command='' words='' files='' options='' word\n"
                                   "  COMPREPLY=()\n"
                                   "  # --name=value comes as three words\n"
                                   "  if [[ $cur == '=' ]]; then cur='';\n"
                                   "  elif [[ $prev == '=' ]]; then "
                                   "prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
                                   "  case $prev in\n");
    err = err ? err : bash_values(out);
    err = err ? err : mxp_buf_add_str(out, "  esac\n");
    err = err ? err : bash_find_command(out);
    err = err ? err : mxp_buf_add_str(out, "  case $command in\n");
    err = err ? err : bash_options(out);
    err = err ? err : mxp_buf_add_str(out, "    '') options='--help --version ");
    err = err ? err : command_words(out);
    err = err ? err
              : mxp_buf_add_str(out, "' ;;\n  esac\n"
                                     "  if [[ -z $words && -z $files ]]; then\n"
                                     "    if [[ $command == help ]]; then words='");
    err = err ? err : command_words(out);
    return err ? err
               : mxp_buf_add_str(out, " config';\n"
                                      "    elif [[ $cur == -* || -z $command ]]; then "
                                      "words=$options;\n"
                                      "    elif [[ $command == bulk || $command == explain "
                                      "]]; then files=1; fi\n"
                                      "  fi\n"
                                      "  if [[ $files ]]; then\n"
                                      "    compopt -o filenames 2>/dev/null\n"
                                      "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                                      "  else\n"
                                      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
                                      "\"$cur\")\n"
                                      "  fi\n"
                                      "}\n"
                                      "complete -F _mxprobe mxprobe\n");
}

/* --- zsh -------------------------------------------------------------------------- */

/* Inside '..[..]..' of _arguments. */
static int zsh_text(struct mxp_buf *out, const char *text)
{
    int err = MXP_OK;
    for (; *text && !err; text++) {
        if (*text == '\'')
            err = mxp_buf_add_str(out, "'\\''");
        else if (strchr("[]:\\", *text))
            err = mxp_buf_printf(out, "\\%c", *text);
        else
            err = mxp_buf_add_char(out, *text);
    }
    return err;
}

static int zsh_option(const struct mxp_option *option, struct mxp_buf *out)
{
    int err = mxp_buf_add_str(out, "      ");
    if (!err && option->letter)
        err = mxp_buf_printf(out, "'(-%c --%s)'{-%c%s,--%s%s}'", option->letter, option->name,
                             option->letter, option->value ? "+" : "", option->name,
                             option->value ? "=" : "");
    else if (!err)
        err = mxp_buf_printf(out, "'%s--%s%s", mxp_option_is_list(option) ? "*" : "", option->name,
                             option->value ? "=" : "");
    err = err ? err : mxp_buf_add_str(out, "[");
    err = err ? err : zsh_text(out, option->help);
    err = err ? err : mxp_buf_add_str(out, "]");
    if (!err && option->value) {
        err = mxp_buf_add_str(out, ":");
        err = err ? err : zsh_text(out, option->value);
        err = err ? err : mxp_buf_add_str(out, is_file(option) ? ":_files" : ":");
    }
    if (!err && has_choices(option)) {
        err = mxp_buf_add_str(out, "(");
        err = err ? err : add_choices(option, out);
        err = err ? err : mxp_buf_add_str(out, ")");
    }
    return err ? err : mxp_buf_add_str(out, "' \\\n");
}

static const char *zsh_operands(size_t command)
{
    switch (command) {
    case MXP_CMD_BULK:
        return "'1:list:_files'";
    case MXP_CMD_EXPLAIN:
    case MXP_CMD_BOUNCES:
        return "'*:file:_files'";
    case MXP_CMD_HELP:
        return "'1:topic:($commands config)'";
    default:
        return "'*: :'";
    }
}

int mxp_help_zsh(struct mxp_buf *out)
{
    int err = mxp_buf_add_str(out, "#compdef mxprobe\n"
                                   "# zsh completion of mxprobe, written by its build\n"
                                   "_mxprobe() {\n"
                                   "  local command word\n"
                                   "  local -a commands=(");
    err = err ? err : command_words(out);
    err = err ? err
              : mxp_buf_add_str(out, ")\n"
                                     "  for word in ${words[2,CURRENT-1]}; do\n"
                                     "    if (( $commands[(Ie)$word] )); then command=$word; "
                                     "break; fi\n"
                                     "  done\n"
                                     "  case $command in\n");
    for (size_t command = 0; command < MXP_N_COMMANDS && !err; command++) {
        if (mxp_commands[command].planned)
            continue;
        err = mxp_buf_printf(out,
                             "    %s)\n      shift words; (( CURRENT-- ))\n"
                             "      _arguments -s \\\n",
                             mxp_commands[command].name);
        for (size_t i = 0; i < mxp_options_n && !err; i++) {
            const struct mxp_option *option = &mxp_options_table[i];
            if (option->name && option->commands & (1u << command))
                err = zsh_option(option, out);
        }
        err = err ? err : mxp_buf_printf(out, "      %s ;;\n", zsh_operands(command));
    }
    return err ? err
               : mxp_buf_add_str(out, "    *) _describe command commands ;;\n"
                                      "  esac\n"
                                      "}\n"
                                      "_mxprobe \"$@\"\n");
}
