#include "probe/result/address_facts.h"

#include "probe/result/address_facts.def"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 64 /* longer ones are in no table */
#define SLIP_MIN     9  /* "gmail.com" */

#define X(text) text,
static const char *const roles[] = {MXP_ROLE_MAP(X)};
static const char *const free_domains[] = {MXP_FREE_MAP(X)};
static const char *const disposable[] = {MXP_DISPOSABLE_MAP(X)};
static const char *const big[] = {MXP_BIG_MAP(X)};
#undef X

#define N(array) (sizeof(array) / sizeof *(array))

static int compare(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

static bool is_in(const char *name, const char *const *table, size_t n)
{
    return bsearch(name, table, n, sizeof *table, compare) != NULL;
}

/* Whether one edit leads from a to b: a letter more, less or other, or two swapped. It can
 * only be where they first differ: this is asked of every address and every big domain. */
static bool one_edit(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    if (*a && *b) {
        bool swapped = a[1] && a[0] == b[1] && a[1] == b[0] && strcmp(a + 2, b + 2) == 0;
        if (swapped || strcmp(a + 1, b + 1) == 0)
            return true;
    }
    return (*a && strcmp(a + 1, b) == 0) || (*b && strcmp(a, b + 1) == 0);
}

/* "hotmail.gr" is no slip of "hotmail.fr": the same name in another country. "gmail.co" is one. */
static bool is_abroad(const char *domain, const char *other)
{
    static const char *const slips[] = {".co", ".cm", ".om", ".cn"};
    const char *dot = strrchr(domain, '.'), *other_dot = strrchr(other, '.');
    if (!dot || !other_dot || strlen(dot) != 3 || dot - domain != other_dot - other ||
        memcmp(domain, other, (size_t)(dot - domain)) != 0)
        return false;
    for (size_t i = 0; i < N(slips); i++)
        if (strcmp(dot, slips[i]) == 0)
            return false;
    return true;
}

/* The big domain that is one slip of a finger away. Domains that exist on their own account and
 * are close to a big one (mail.com, ymail.com) are in the tables; short names (aon.com beside
 * aol.com) mostly do. */
static const char *suggest(const char *domain)
{
    for (size_t i = 0; i < N(big); i++)
        if (strlen(big[i]) >= SLIP_MIN && one_edit(domain, big[i]) && !is_abroad(domain, big[i]))
            return big[i];
    return NULL;
}

void mxp_address_facts(struct mxp_slice local, struct mxp_slice domain,
                       struct mxp_address_facts *ret)
{
    char name[NAME_MAX_LEN + 1];
    *ret = (struct mxp_address_facts){0};
    struct mxp_slice part = mxp_slice_sub(local, 0, mxp_slice_find(local, '+'));
    if (part.len < sizeof name) {
        for (size_t i = 0; i < part.len; i++)
            name[i] = mxp_lower(part.ptr[i]);
        name[part.len] = '\0';
        ret->role = is_in(name, roles, N(roles));
    }
    if (domain.len >= sizeof name)
        return;
    memcpy(name, domain.ptr, domain.len);
    name[domain.len] = '\0';
    ret->free = is_in(name, free_domains, N(free_domains));
    ret->disposable = is_in(name, disposable, N(disposable));
    if (!ret->free && !ret->disposable)
        ret->suggestion = suggest(name);
}
