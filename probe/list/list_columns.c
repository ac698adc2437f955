#include "probe/list/list_columns.h"

#include "core/buf.h"
#include "probe/list/list_address.h"
#include "smtp/address.h"

#define COLUMNS_MAX 512
#define NAMES_SHOWN 160 /* octets of column names in an error */

int mxp_list_columns_rank(struct mxp_slice name)
{
    static const char *const sure[] = {"email",          "e-mail",         "email address",
                                       "email_address",  "emailaddress",   "e-mail address",
                                       "e-mail-address", "e-mail-adresse", "e-mail adresse",
                                       "email-adresse",  "e_mail",         "recipient_email"};
    static const char *const hints[] = {"address", "adresse", "recipient", "courriel", "correo"};
    name = mxp_slice_trim(name);
    for (size_t i = 0; i < sizeof sure / sizeof *sure; i++)
        if (mxp_slice_ieq(name, mxp_slice_str(sure[i])))
            return MXP_LIST_RANK_SURE;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (mxp_slice_ieq(name, mxp_slice_str(hints[i])))
            return MXP_LIST_RANK_HINT;
    for (size_t i = 0; i + 4 <= name.len; i++)
        if (mxp_slice_ieq(mxp_slice_sub(name, i, 4), MXP_SLICE_LIT("mail")))
            return MXP_LIST_RANK_HINT;
    return MXP_LIST_RANK_NONE;
}

bool mxp_list_columns_is_address(struct mxp_slice text)
{
    struct mxp_list_address address;
    mxp_list_address_parse(text, &address);
    return !address.bad;
}

static bool has_at(struct mxp_slice text)
{
    return mxp_slice_find(text, '@') < text.len;
}

/* How often it stands in the line, but for quoted parts. */
static size_t count(struct mxp_slice text, char separator)
{
    size_t n = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            quoted = !quoted;
        n += !quoted && text.ptr[i] == separator;
    }
    return n;
}

bool mxp_list_columns_is_entry(struct mxp_slice line)
{
    struct mxp_address address;
    struct mxp_slice text = mxp_slice_trim(line);
    if (mxp_address_parse(text, &address) == MXP_ADDRESS_OK)
        return true;
    bool named = text.len && text.ptr[text.len - 1] == '>' && !count(text, ',') &&
                 !count(text, ';') && !count(text, '\t');
    return named && mxp_list_columns_is_address(text);
}

char mxp_list_columns_separator(struct mxp_slice line, bool column)
{
    static const char separators[] = {',', ';', '\t'};
    struct mxp_slice text = mxp_slice_trim(line);
    size_t most = 0;
    char best = ',';
    for (size_t i = 0; i < sizeof separators; i++) {
        size_t n = count(line, separators[i]);
        if (n > most) {
            most = n;
            best = separators[i];
        }
    }
    /* A bar may stand in an address, so it separates only where there is none. */
    if (!most && !has_at(line) && count(line, '|')) {
        most = 1;
        best = '|';
    }
    if (column)
        return best;
    if (mxp_list_columns_is_entry(text))
        return 0;
    bool quoted = text.len && text.ptr[0] == '"';
    return most || quoted || (!has_at(text) && mxp_list_columns_rank(text)) ? best : 0;
}

bool mxp_list_columns_is_header(const struct mxp_slice *fields, size_t n)
{
    int rank = 0;
    for (size_t i = 0; i < n; i++) {
        if (has_at(fields[i]))
            return false;
        rank |= mxp_list_columns_rank(fields[i]);
    }
    /* A single column's first line that is no name is an entry, though no address. */
    return n > 1 || rank > 0;
}

static int no_such_column(const char *column, const struct mxp_slice *fields, size_t n,
                          struct mxp_why *why)
{
    struct mxp_buf names;
    mxp_buf_init(&names, NAMES_SHOWN);
    for (size_t i = 0; i < n; i++) {
        struct mxp_slice name = mxp_slice_trim(fields[i]);
        if (mxp_buf_printf(&names, "%s%.*s", i ? ", " : "", (int)name.len, name.ptr))
            break;
    }
    mxp_why_set(why, MXP_EDATA, "--column %.60s: the list has no such column, but: %s", column,
                names.len ? names.ptr : "");
    mxp_buf_free(&names);
    return MXP_EDATA;
}

int mxp_list_columns_find(const char *column, const struct mxp_slice *fields, size_t n,
                          bool *ret_named, size_t *ret_column, struct mxp_why *why)
{
    struct mxp_slice wanted = mxp_slice_trim(mxp_slice_str(column));
    size_t found = SIZE_MAX;
    uint64_t number = 0;
    for (size_t i = 0; i < n; i++) {
        if (!mxp_slice_ieq(mxp_slice_trim(fields[i]), wanted))
            continue;
        if (found != SIZE_MAX)
            return mxp_why_set(why, MXP_EDATA,
                               "--column %.60s: columns %zu and %zu have that name: give the "
                               "number",
                               column, found + 1, i + 1);
        found = i;
    }
    *ret_named = found != SIZE_MAX;
    if (*ret_named) {
        *ret_column = found;
        return 0;
    }
    if (mxp_slice_number(wanted, COLUMNS_MAX, &number) || number == 0)
        return no_such_column(column, fields, n, why);
    if (number > n)
        return mxp_why_set(why, MXP_EDATA, "--column %.60s: the list has %zu column%s", column, n,
                           n == 1 ? "" : "s");
    *ret_column = (size_t)number - 1;
    return 0;
}
