#include "probe/list/exclude.h"

#include "core/buf.h"
#include "dns/name.h"
#include "probe/list/list_address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define KEY_MAX MXP_LIST_ADDRESS_MAX
#define SHOWN   60 /* octets of a bad entry */

struct entry {
    UT_hash_handle hh;
    char text[]; /* "local@domain", "domain" or ".domain" */
};

struct mxp_exclude {
    struct entry *entries;
};

struct mxp_exclude *mxp_exclude_free(struct mxp_exclude *exclude)
{
    if (!exclude)
        return NULL;
    struct entry *entry, *next;
    HASH_ITER(hh, exclude->entries, entry, next)
    {
        HASH_DEL(exclude->entries, entry);
        free(entry);
    }
    free(exclude);
    return NULL;
}

static bool has(const struct mxp_exclude *exclude, const char *text)
{
    struct entry *entry = NULL;
    HASH_FIND(hh, exclude->entries, text, strlen(text), entry);
    return entry != NULL;
}

static int add(struct mxp_exclude *exclude, const char *text)
{
    if (has(exclude, text))
        return 0;
    struct entry *entry = calloc(1, sizeof *entry + strlen(text) + 1);
    if (!entry)
        return MXP_ENOMEM;
    memcpy(entry->text, text, strlen(text) + 1);
    HASH_ADD_KEYPTR(hh, exclude->entries, entry->text, strlen(entry->text), entry);
    if (entry->hh.tbl)
        return 0;
    free(entry);
    return MXP_ENOMEM;
}

/* Local parts are matched whatever their case: one letter's case more or less must not let an
 * address through that its owner wants left alone. */
static void key_of(char ret[static KEY_MAX], struct mxp_slice local, const char *domain)
{
    int n = snprintf(ret, KEY_MAX, "%.*s@%s", (int)local.len, local.ptr, domain);
    for (int i = 0; i < n && i < KEY_MAX && (size_t)i < local.len; i++)
        ret[i] = mxp_lower(ret[i]);
}

static int add_address(struct mxp_exclude *exclude, struct mxp_slice line)
{
    struct mxp_list_address address;
    char key[KEY_MAX];
    mxp_list_address_parse(line, &address);
    if (address.bad)
        return MXP_ESYNTAX;
    key_of(key, (struct mxp_slice){address.normalized, address.local_len}, address.domain);
    return add(exclude, key);
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]": all addresses at it; ret is its bare text. */
static int literal(struct mxp_slice name, char ret[static MXP_NAME_MAX])
{
    char text[MXP_NAME_MAX + 2];
    struct mxp_list_address address;
    int n = snprintf(text, sizeof text, "x@%.*s", (int)name.len, name.ptr);
    if (n < 0 || (size_t)n >= sizeof text)
        return MXP_ESYNTAX;
    mxp_list_address_parse(mxp_slice_str(text), &address);
    if (address.bad || !address.literal)
        return MXP_ESYNTAX;
    memcpy(ret, address.domain, sizeof address.domain);
    return 0;
}

static int add_line(struct mxp_exclude *exclude, struct mxp_slice line)
{
    char domain[MXP_NAME_MAX], text[MXP_NAME_MAX + 1];
    bool below = false;
    if (mxp_slice_find(line, '@') < line.len && line.ptr[0] != '@')
        return add_address(exclude, line);
    if (line.ptr[0] == '@')
        line = mxp_slice_sub(line, 1, line.len);
    if (mxp_slice_istarts(line, MXP_SLICE_LIT("*.")))
        line = mxp_slice_sub(line, 1, line.len);
    if (line.len && line.ptr[0] == '.') {
        below = true;
        line = mxp_slice_sub(line, 1, line.len);
    }
    int err = line.len && line.ptr[0] == '[' && !below ? literal(line, domain)
                                                       : mxp_name_to_ascii(line, domain);
    if (err)
        return MXP_ESYNTAX;
    (void)snprintf(text, sizeof text, "%s%s", below ? "." : "", domain);
    return add(exclude, text);
}

static int load(struct mxp_exclude *exclude, FILE *file, const char *path, struct mxp_why *why)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    int err = 0;
    for (unsigned number = 1; !err && (n = getline(&line, &size, file)) >= 0; number++) {
        struct mxp_slice text = {line, (size_t)n};
        if (number == 1 && mxp_slice_istarts(text, MXP_SLICE_LIT("\xef\xbb\xbf")))
            text = mxp_slice_sub(text, 3, text.len);
        text = mxp_slice_trim(text);
        if (text.len == 0 || text.ptr[0] == '#')
            continue;
        err = add_line(exclude, text);
        if (err == MXP_ESYNTAX)
            err = mxp_why_set(why, MXP_EDATA,
                              "%.150s:%u: expected a domain, an address or an MX host, not "
                              "'%.*s'",
                              path, number, text.len > SHOWN ? SHOWN : (int)text.len, text.ptr);
        else if (err)
            mxp_why_set(why, err, "%s", mxp_err_text(err));
    }
    if (!err && ferror(file))
        err = mxp_why_set(why, MXP_ENOINPUT, "%s: cannot read: %s", path, strerror(errno));
    free(line);
    return err;
}

struct mxp_exclude *mxp_exclude_load(const char *path, struct mxp_why *why)
{
    struct mxp_exclude *exclude = calloc(1, sizeof *exclude);
    FILE *file = exclude ? fopen(path, "re") : NULL;
    if (!file) {
        mxp_why_set(why, exclude ? MXP_ENOINPUT : MXP_ENOMEM, "%s: cannot open: %s", path,
                    strerror(errno));
        return mxp_exclude_free(exclude);
    }
    int err = load(exclude, file, path, why);
    fclose(file);
    return err ? mxp_exclude_free(exclude) : exclude;
}

bool mxp_exclude_host(const struct mxp_exclude *exclude, const char *host)
{
    if (has(exclude, host))
        return true;
    for (const char *dot = strchr(host, '.'); dot; dot = strchr(dot + 1, '.'))
        if (has(exclude, dot))
            return true;
    return false;
}

bool mxp_exclude_address(const struct mxp_exclude *exclude, struct mxp_slice local,
                         const char *domain)
{
    char key[KEY_MAX];
    key_of(key, local, domain);
    return has(exclude, key) || mxp_exclude_host(exclude, domain);
}
