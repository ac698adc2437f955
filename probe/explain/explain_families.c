#include "probe/explain/explain_families.h"

#include <string.h>

#include "probe/explain/explain_match.h"

#define REGISTRY_DETAIL_MAX 30 /* x.7.30 */

static bool any_in(struct mxp_slice text, const char *const *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (mxp_explain_token_in(text, tokens[i], NULL))
            return true;
    return false;
}

/* What nobody else would say: tokens without a blank, words that stand with a code and an enhanced
 * code, an enhanced code that the registry does not have. */
static bool distinct(const struct mxp_explain_entry *entry)
{
    bool enhanced = entry->enhanced.subject != MXP_EXPLAIN_ANY;
    if (!entry->n_tokens)
        return enhanced && entry->enhanced.detail > REGISTRY_DETAIL_MAX;
    for (size_t i = 0; i < entry->n_tokens; i++)
        if (strchr(entry->tokens[i], ' '))
            return entry->code && enhanced;
    return true;
}

/* Asked by the token alone: "NoSuchUser" without its "p=". */
static bool asked_alone(const struct mxp_explained *ret, const struct mxp_explain_entry *entry)
{
    struct mxp_slice flat = mxp_buf_slice(&ret->flat);
    for (size_t i = 0; i < entry->n_tokens; i++) {
        const char *token = entry->tokens[i];
        struct mxp_slice name = mxp_slice_str(strncmp(token, "p=", 2) == 0 ? token + 2 : token);
        if (mxp_slice_find(name, ' ') == name.len && mxp_slice_ieq(flat, name))
            return true;
    }
    return false;
}

/* theirs: the reply has a sign of the entry's group. */
static bool family_fits(const struct mxp_explained *ret, const struct mxp_explain_entry *entry,
                        bool theirs)
{
    struct mxp_slice flat = mxp_buf_slice(&ret->flat);
    const struct mxp_explain_group *group = entry->group;
    if (entry->n_tokens && asked_alone(ret, entry))
        return true;
    if (!mxp_explain_codes_fit(entry, ret->reply.code, ret->enhanced))
        return false;
    if (entry->n_tokens && !any_in(flat, entry->tokens, entry->n_tokens))
        return false;
    if (ret->provider && strcmp(ret->provider, group->provider) == 0)
        return true;
    if (group->anywhere || theirs)
        return true;
    /* a bare "5.7.606" asks whose it is */
    return distinct(entry) || (ret->bare && entry->enhanced.subject != MXP_EXPLAIN_ANY);
}

void mxp_explain_families_find(const struct mxp_explain_data *data, struct mxp_explained *ret)
{
    const struct mxp_explain_entry *entry = data->first[MXP_EXPLAIN_FAMILY];
    struct mxp_slice flat = mxp_buf_slice(&ret->flat);
    const char *sign = NULL, *told = NULL;
    const struct mxp_explain_group *group = NULL;
    bool theirs = false;
    for (; entry && entry->group; entry = entry->next) { /* a family always has one */
        if (!group || group != entry->group) {
            group = entry->group;
            theirs = any_in(flat, group->signs, group->n_signs);
        }
        if (!sign && theirs && !group->anywhere)
            sign = group->provider;
        if (ret->n_families < MXP_EXPLAIN_FAMILIES && family_fits(ret, entry, theirs)) {
            ret->families[ret->n_families++] = entry;
            if (!told && !group->anywhere && (!ret->bare || entry->n_tokens))
                told = group->provider;
        }
    }
    if (!ret->provider)
        ret->provider = told ? told : sign;
}

void mxp_explain_families_agree(struct mxp_explained *ret)
{
    size_t kept = 0;
    bool agreed = false;
    for (size_t i = 0; i < ret->n_families; i++)
        agreed = agreed || ret->families[i]->reason == ret->what.reason;
    for (size_t i = 0; i < ret->n_families; i++) {
        enum mxp_reason reason = ret->families[i]->reason;
        if (!agreed || reason == ret->what.reason || reason == MXP_REASON_COUNT)
            ret->families[kept++] = ret->families[i];
    }
    ret->n_families = kept;
}
