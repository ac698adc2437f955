/*
 * A configuration file of any octets: it is read or refused with words that name the
 * file, and what was read passes the checks of its own printed form.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/options/config.h"
#include "probe/options/identity.h"
#include "probe/options/provider_table.h"
#include "probe/options/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two providers to be changed: the whole built-in table is a hundred times the work. */
static const char table[] =
    "default: {connections: 5, rcpt_rate: 120/1m, rcpts_per_session: 20}\n"
    "providers:\n"
    "  - {name: google, mx: [google.com, \"aspmx.*.example\"]}\n"
    "  - {name: big, mx: [big.example], connections: 1, catch_all: never}\n";

static void check(int ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "%s\n", what);
    abort();
}

static void check_identities(struct mxp_settings *settings)
{
    struct mxp_options *options = settings->options;
    struct mxp_why why = {0};
    int err = mxp_identity_make(settings, "probe.example.org", &why);
    if (err) {
        check(why.text[0] != '\0', "an error without words");
        return;
    }
    check(options->n_identities > 0, "no identity");
    for (size_t i = 0; i < options->n_identities; i++) {
        const struct mxp_identity *identity = &options->identities[i];
        check(identity->ehlo_name && identity->mail_from, "half an identity");
        check(!strpbrk(identity->ehlo_name, " \r\n\t"), "a name that breaks the line");
        check(!strpbrk(identity->mail_from, "\r\n"), "a sender that breaks the line");
        check(strlen(identity->mail_from) <= 254, "a sender that is too long");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mxp_options options = {.command = MXP_CMD_CHECK};
    struct mxp_settings settings;
    struct mxp_why why = {0};
    mxp_arena_init(&options.arena);
    check(mxp_settings_init(&settings, &options) == 0, "the defaults");
    int made = mxp_provider_table_parse(&options, mxp_slice_str(table), "table", &why);
    check(made == 0, why.text);
    size_t n = options.n_providers;
    struct mxp_slice text = {(const char *)data, size};
    int err = mxp_config_parse(&settings, text, "f.yaml", &why);
    if (err) {
        check(err == MXP_ECONFIG, "another error");
        check(strncmp(why.text, "f.yaml:", 7) == 0, why.text);
        check(why.text[7] >= '1' && why.text[7] <= '9', why.text);
    } else {
        check(options.n_providers >= n, "a provider was lost");
        check(options.port > 0 && options.max_sessions > 0 && options.connect_ms > 0, "a range");
        check_identities(&settings);
    }
    mxp_options_free(&options);
    return 0;
}
