#include "probe/options/identity.h"

#include <stdio.h>
#include <string.h>

#include "dns/name.h"
#include "probe/options/settings.h"
#include "smtp/address.h"
#include "smtp/command.h"

#define LITERAL_MAX 64

/* As it goes on the wire: the A-label form, or the literal as written. */
static int ehlo_wire(struct mxp_slice text, char ret[static MXP_NAME_MAX], const char **ret_detail)
{
    bool literal = text.len && text.ptr[0] == '[';
    if (!literal && mxp_name_to_ascii(text, ret) == 0)
        text = mxp_slice_str(ret);
    else if (!literal || text.len > LITERAL_MAX) {
        *ret_detail = "not a domain name";
        return MXP_EINVAL;
    }
    /* Hosts with underscores exist, but as a name for EHLO servers refuse it (RFC 5321, 4.1.2;
     * Postfix' reject_invalid_helo_hostname). */
    if (!literal && mxp_slice_find(text, '_') < text.len) {
        *ret_detail = "an underscore is not allowed here";
        return MXP_EINVAL;
    }
    /* The address grammar knows domains and literals: borrow it. */
    char mailbox[MXP_NAME_MAX + 2];
    int n = snprintf(mailbox, sizeof mailbox, "x@%.*s", (int)text.len, text.ptr);
    struct mxp_address address;
    enum mxp_address_status status =
        mxp_address_parse((struct mxp_slice){mailbox, (size_t)n}, &address);
    /* A name may be longer than an address can hold; none that resolves in practice is. */
    if (status != MXP_ADDRESS_OK) {
        *ret_detail = mxp_address_status_text(status);
        return MXP_EINVAL;
    }
    if (literal)
        (void)snprintf(ret, MXP_NAME_MAX, "%.*s", (int)text.len, text.ptr);
    return MXP_OK;
}

int mxp_identity_check_ehlo(struct mxp_slice text, const char **ret_detail)
{
    char wire[MXP_NAME_MAX];
    return ehlo_wire(text, wire, ret_detail);
}

/* "<a@b>" is a@b, and "<>" the null sender. */
static struct mxp_slice unbracket(struct mxp_slice text)
{
    if (text.len >= 2 && text.ptr[0] == '<' && text.ptr[text.len - 1] == '>')
        return mxp_slice_sub(text, 1, text.len - 2);
    return text;
}

/* local@domain in wire form, or "" for the null sender. */
static int sender_wire(struct mxp_slice text, char ret[static MXP_PATH_MAX + 1], bool *ret_utf8,
                       const char **ret_detail)
{
    struct mxp_slice bare = unbracket(text);
    if (bare.len == 0 && text.len == 2) {
        ret[0] = '\0';
        *ret_utf8 = false;
        return MXP_OK;
    }
    struct mxp_address address;
    enum mxp_address_status status = mxp_address_parse(bare, &address);
    if (status != MXP_ADDRESS_OK) {
        *ret_detail = mxp_address_status_text(status);
        return MXP_EINVAL;
    }
    char local[65], domain[MXP_NAME_MAX];
    (void)mxp_address_local_wire(&address, local);
    if (address.kind == MXP_ADDRESS_IPV4_LITERAL)
        (void)snprintf(domain, sizeof domain, "[%.*s]", (int)address.domain.len,
                       address.domain.ptr);
    else if (address.kind == MXP_ADDRESS_IPV6_LITERAL)
        (void)snprintf(domain, sizeof domain, "[IPv6:%.*s]", (int)address.domain.len,
                       address.domain.ptr);
    else if (mxp_name_to_ascii(address.domain, domain)) {
        *ret_detail = "its domain is none that IDNA allows";
        return MXP_EINVAL;
    }
    int n = snprintf(ret, MXP_PATH_MAX + 1, "%s@%s", local, domain);
    if (n < 0 || n > MXP_PATH_MAX) {
        *ret_detail = mxp_address_status_text(MXP_ADDRESS_TOO_LONG);
        return MXP_EINVAL;
    }
    *ret_utf8 = address.local_utf8;
    return MXP_OK;
}

int mxp_identity_check_sender(struct mxp_slice text, const char **ret_detail)
{
    char wire[MXP_PATH_MAX + 1];
    bool utf8;
    return sender_wire(text, wire, &utf8, ret_detail);
}

static int no_ehlo(struct mxp_why *why)
{
    return mxp_why_set(why, MXP_ECONFIG,
                       "no name for EHLO: this machine has no fully qualified name; set "
                       "--ehlo NAME (ehlo: in the configuration file) to the name that the "
                       "sending address resolves to, and back");
}

static int no_sender(struct mxp_why *why, bool given)
{
    return mxp_why_set(why, MXP_ECONFIG,
                       "%s: to servers a null sender in bulk looks like sender callouts, so "
                       "the sending IP gets blocklisted (Backscatterer); set --mail-from ADDRESS "
                       "(mail_from: in the configuration file) to one that receives mail",
                       given ? "--mail-from <> in bulk" : "bulk needs a sender");
}

/* Names that machines give themselves and nobody else knows (RFC 6761, 6762, 8375, and habits). */
static bool is_local_name(const char *name)
{
    static const char *const suffixes[] = {".localdomain", ".localhost",    ".local",
                                           ".internal",    ".lan",          ".home.arpa",
                                           ".invalid",     ".in-addr.arpa", ".ip6.arpa"};
    struct mxp_slice text = mxp_slice_str(name);
    if (text.len && text.ptr[text.len - 1] == '.')
        text.len--;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (mxp_slice_iends(text, mxp_slice_str(suffixes[i])))
            return true;
    return false;
}

static int set_ehlo(struct mxp_settings *settings, const char *text, const char *own_fqdn,
                    struct mxp_identity *identity, struct mxp_why *why)
{
    char wire[MXP_NAME_MAX];
    const char *detail = "";
    bool own = !text;
    if (own)
        text = own_fqdn;
    if (!text || (own && is_local_name(text)))
        return no_ehlo(why);
    if (ehlo_wire(mxp_slice_str(text), wire, &detail))
        return own ? no_ehlo(why) : mxp_why_set(why, MXP_ECONFIG, "ehlo: %s", detail);
    identity->ehlo_name = mxp_arena_strdup(&settings->options->arena, mxp_slice_str(wire));
    return identity->ehlo_name ? MXP_OK : mxp_why_set(why, MXP_ENOMEM, "out of memory");
}

/* The null sender is check's default; in bulk only where nothing public can be reached. */
static int set_sender(struct mxp_settings *settings, const char *text,
                      struct mxp_identity *identity, struct mxp_why *why)
{
    const struct mxp_options *options = settings->options;
    char wire[MXP_PATH_MAX + 1] = "";
    const char *detail = "";
    bool bulk = options->command == MXP_CMD_BULK;
    if (!text && bulk)
        return no_sender(why, false);
    if (text && sender_wire(mxp_slice_str(text), wire, &identity->mail_from_utf8, &detail))
        return mxp_why_set(why, MXP_ECONFIG, "mail_from: %s", detail);
    if (bulk && !wire[0] && !options->allow_private_mx)
        return no_sender(why, true);
    identity->mail_from = mxp_arena_strdup(&settings->options->arena, mxp_slice_str(wire));
    return identity->mail_from ? MXP_OK : mxp_why_set(why, MXP_ENOMEM, "out of memory");
}

static const char *stronger(const struct mxp_settings *settings, const char *key,
                            const char *common, const char *own)
{
    if (!own || mxp_settings_origin(settings, key) == MXP_ORIGIN_COMMAND_LINE)
        return common ? common : own;
    return own;
}

/* The identities before they are wired: those of the configuration file unless the command
 * line names sources; one for each source; or one. */
static size_t plan(const struct mxp_settings *settings, bool *ret_listed)
{
    bool by_command_line =
        settings->n_sources && mxp_settings_origin(settings, "source") == MXP_ORIGIN_COMMAND_LINE;
    *ret_listed = settings->n_identities && !by_command_line;
    if (*ret_listed)
        return settings->n_identities;
    return settings->n_sources ? settings->n_sources : 1;
}

/* Servers that can only be reached in a family of which we have no source are not reached at
 * all: the system's choice would be an identity that nobody asked for. */
static int narrow_ip(struct mxp_settings *settings, struct mxp_why *why)
{
    struct mxp_options *options = settings->options;
    size_t n4 = 0, n6 = 0, n = options->n_identities;
    for (size_t i = 0; i < n; i++) {
        n4 += options->identities[i].source.family == 4;
        n6 += options->identities[i].source.family == 6;
    }
    if ((options->ip == MXP_IP_4_ONLY && n6) || (options->ip == MXP_IP_6_ONLY && n4))
        return mxp_why_set(why, mxp_settings_blame(settings, "ip"),
                           "--ip %s, but there is an IPv%s source address", n6 ? "4" : "6",
                           n6 ? "6" : "4");
    if (n4 && n6)
        return mxp_why_set(why, mxp_settings_blame(settings, "source"),
                           "IPv4 and IPv6 sources in one run are not supported yet: give those "
                           "of one family");
    if (n4)
        options->ip = MXP_IP_4_ONLY;
    if (n6)
        options->ip = MXP_IP_6_ONLY;
    return MXP_OK;
}

int mxp_identity_make(struct mxp_settings *settings, const char *own_fqdn, struct mxp_why *why)
{
    struct mxp_options *options = settings->options;
    bool listed = false;
    size_t n = plan(settings, &listed);
    if (listed && settings->n_sources)
        return mxp_why_set(why, MXP_ECONFIG,
                           "source: and identities: together: give each identity its source");
    struct mxp_identity *items = mxp_arena_alloc(&options->arena, n * sizeof *items);
    if (!items)
        return mxp_why_set(why, MXP_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        struct mxp_identity_text text = {0};
        if (listed)
            text = settings->identities[i];
        else if (settings->n_sources)
            text.source = settings->sources[i];
        items[i].source = text.source;
        int err = set_ehlo(settings, stronger(settings, "ehlo", settings->ehlo, text.ehlo),
                           own_fqdn, &items[i], why);
        if (err == MXP_OK)
            err = set_sender(settings,
                             stronger(settings, "mail_from", settings->mail_from, text.mail_from),
                             &items[i], why);
        if (err)
            return err;
    }
    options->identities = items;
    options->n_identities = n;
    return narrow_ip(settings, why);
}
