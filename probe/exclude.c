#include "probe/exclude.h"

#include "core/buf.h"
#include "dns/name.h"
#include "smtp/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

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
    return 0;
}

static int add_line(struct mxp_exclude *exclude, struct mxp_slice line)
{
    char domain[MXP_NAME_MAX], text[MXP_NAME_MAX + 80], local[65] = "";
    struct mxp_address address;
    const char *before = "", *at = "";
    struct mxp_slice name = line;
    if (mxp_slice_find(line, '@') < line.len && line.ptr[0] != '@') {
        if (mxp_address_parse(line, &address) != MXP_ADDRESS_OK)
            return MXP_ESYNTAX;
        mxp_address_local_wire(&address, local);
        at = "@";
        name = address.domain;
        if (address.kind != MXP_ADDRESS_DOMAIN) {
            snprintf(text, sizeof text, "%s@%.*s", local, (int)name.len, name.ptr);
            return add(exclude, text);
        }
    } else if (line.ptr[0] == '@') {
        name = mxp_slice_sub(line, 1, line.len - 1);
    } else if (mxp_slice_istarts(line, MXP_SLICE_LIT("*."))) {
        before = ".";
        name = mxp_slice_sub(line, 2, line.len - 2);
    } else if (line.ptr[0] == '.') {
        before = ".";
        name = mxp_slice_sub(line, 1, line.len - 1);
    }
    if (mxp_name_to_ascii(name, domain))
        return MXP_ESYNTAX;
    snprintf(text, sizeof text, "%s%s%s%s", before, local, at, domain);
    return add(exclude, text);
}

static int load(struct mxp_exclude *exclude, FILE *file, const char *path, struct mxp_why *why)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    int err = 0;
    for (unsigned number = 1; !err && (n = getline(&line, &size, file)) >= 0; number++) {
        struct mxp_slice text = mxp_slice_trim((struct mxp_slice){line, (size_t)n});
        if (text.len == 0 || text.ptr[0] == '#')
            continue;
        err = add_line(exclude, text);
        if (err == MXP_ESYNTAX)
            err = mxp_why_set(why, MXP_EDATA, "%s:%u: expected a domain, an address or an MX host",
                              path, number);
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
    char text[MXP_NAME_MAX + 80];
    snprintf(text, sizeof text, "%.*s@%s", (int)local.len, local.ptr, domain);
    return has(exclude, text) || mxp_exclude_host(exclude, domain);
}
