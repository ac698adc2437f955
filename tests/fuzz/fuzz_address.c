/* Any octets as an address: what parses carries no control octet, fits a command line,
 * and its wire form parses to the same wire form again. */
#include "smtp/address.h"
#include "smtp/command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void no_controls(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++)
        must((unsigned char)ptr[i] >= 0x20 && ptr[i] != 0x7f);
}

static bool within(struct mxp_slice part, struct mxp_slice whole)
{
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

static void check_wire(const struct mxp_address *address)
{
    char wire[65], again[65], path[65 + 1024];
    size_t len = mxp_address_local_wire(address, wire);
    must(len > 0 && len <= 64 && len <= address->local.len && wire[len] == '\0');
    no_controls(wire, len);
    if (address->kind != MXP_ADDRESS_DOMAIN || address->domain_utf8)
        return;
    memcpy(path, wire, len);
    path[len] = '@';
    memcpy(path + len + 1, address->domain.ptr, address->domain.len);
    struct mxp_slice whole = {path, len + 1 + address->domain.len};
    must(mxp_command_path_ok(whole));
    struct mxp_address parsed;
    must(mxp_address_parse(whole, &parsed) == MXP_ADDRESS_OK);
    must(mxp_address_local_wire(&parsed, again) == len && memcmp(wire, again, len) == 0);
    must(mxp_slice_eq(parsed.domain, address->domain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mxp_slice text = {(const char *)data, size};
    struct mxp_address address;
    enum mxp_address_status status = mxp_address_parse(text, &address);
    must(status < MXP_ADDRESS_COUNT && mxp_address_status_text(status)[0] != '?');
    if (status != MXP_ADDRESS_OK)
        return 0;
    no_controls(text.ptr, text.len);
    must(within(address.local, text) && within(address.domain, text));
    must(address.local.len > 0 && address.local.len <= 64 && address.domain.len > 0);
    must(address.domain_utf8 || size <= 254);
    must(address.kind == MXP_ADDRESS_DOMAIN || !address.domain_utf8);
    check_wire(&address);
    return 0;
}
