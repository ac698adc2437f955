/*
 * Every option of the program, once: the command line, the configuration file, their
 * defaults, `help`, the man page and the completions are all read from this table. It
 * says what there is; settings.h sets values.
 */
#ifndef MXP_PROBE_OPTION_TABLE_H
#define MXP_PROBE_OPTION_TABLE_H

#include "probe/options/options.h"

enum mxp_option_kind {
    MXP_OPTION_FLAG,     /* bool */
    MXP_OPTION_SWITCH,   /* on or off; stored as "is off" */
    MXP_OPTION_TEXT,     /* const char * */
    MXP_OPTION_PATH,     /* const char *, a file's name */
    MXP_OPTION_PATHS,    /* repeatable: struct mxp_paths */
    MXP_OPTION_NUMBER,   /* uint32_t */
    MXP_OPTION_PORT,     /* uint16_t */
    MXP_OPTION_TIME,     /* uint32_t, milliseconds; min and max are too */
    MXP_OPTION_LONGTIME, /* uint64_t, milliseconds */
    MXP_OPTION_RATE,     /* struct mxp_rate; max is of its number */
    MXP_OPTION_FACTOR,   /* double */
    MXP_OPTION_CHOICE,   /* one of choices, stored as an enum */
    MXP_OPTION_RESOLVER, /* repeatable: a server for DNS */
    MXP_OPTION_SOURCE,   /* repeatable: an IP address of ours */
    MXP_OPTION_EHLO,     /* a name for EHLO; kept as text until the identities are made */
    MXP_OPTION_SENDER,   /* an address for MAIL FROM; likewise */
    MXP_OPTION_CONFIG,   /* --config: command line only */
    MXP_OPTION_HELP      /* --help, --version: command line only */
};

/* Bits of mxp_option.commands: 1 << enum mxp_command. */
#define MXP_ON(command) (1u << MXP_CMD_##command)

struct mxp_choice {
    const char *name; /* NULL ends the list */
    unsigned value;
};

struct mxp_option {
    const char *name; /* "port" for --port; NULL: configuration file only */
    char letter;      /* 'o' for -o; 0: none */
    const char *key;  /* "port", "timeouts.connect"; NULL: command line only */
    enum mxp_option_kind kind;
    unsigned commands; /* who takes it on the command line */
    size_t offset;     /* in struct mxp_options; 0 where settings.h keeps it */
    uint64_t min, max;
    const struct mxp_choice *choices;
    const char *def;   /* as it would be written; NULL: none */
    const char *value; /* what help calls the value, "N"; NULL: takes none */
    const char *help;  /* one sentence, no final stop */
    const char *section;
};

/* All options in the order of help, and how many. */
extern const struct mxp_option mxp_options_table[];
extern const size_t mxp_options_n;
#define MXP_OPTIONS_MAX 64 /* the table is not longer than that; a test holds it */

/* The row, or NULL. */
const struct mxp_option *mxp_option_by_name(struct mxp_slice name);
const struct mxp_option *mxp_option_by_letter(char letter);
const struct mxp_option *mxp_option_by_key(const char *key);
size_t mxp_option_index(const struct mxp_option *option);

/* May be given more than once, each adding to a list. */
bool mxp_option_is_list(const struct mxp_option *option);

/* The commands by their enum; never NULL in range. */
struct mxp_command_row {
    const char *name, *synopsis, *help;
    bool planned; /* not there yet: it says so, and is listed nowhere */
};
extern const struct mxp_command_row mxp_commands[];
#define MXP_N_COMMANDS (MXP_CMD_HELP + 1)
/* MXP_N_COMMANDS where there is none of that name. */
size_t mxp_command_by_name(struct mxp_slice name);

#define MXP_EXPECTED_MAX 160
/* What a value must be, "a number from 1 to 65535". Returns ret. */
const char *mxp_option_expected(const struct mxp_option *option, char ret[static MXP_EXPECTED_MAX]);

/* The name or key nearest to a mistyped one; NULL where none is near. */
const char *mxp_option_nearest_name(struct mxp_slice typed);
const char *mxp_option_nearest_key(struct mxp_slice typed);

#endif
