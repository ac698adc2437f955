/*
 * The mail servers of the simulated internet: one listener for all addresses of
 * 127.0.0.0/8 (bound to the loopback device, so that nothing from outside reaches it);
 * the address that a client connected to tells which server it is.
 */
#ifndef MXP_FARM_SMTP_H
#define MXP_FARM_SMTP_H

#include "site.h"

#include <uv.h>

struct farm_smtp;

/* port 0: any. speed: farm milliseconds per real one. NULL and why on failure. */
struct farm_smtp *farm_smtp_new(uv_loop_t *loop, const struct farm_universe *universe,
                                uint16_t port, double speed, struct mxp_why *why);
uint16_t farm_smtp_port(const struct farm_smtp *smtp);
uint64_t farm_smtp_now_ms(const struct farm_smtp *smtp);

/* The counts of a provider, those of its servers added up. */
void farm_smtp_counts(const struct farm_smtp *smtp, const struct farm_provider *provider,
                      struct farm_counts *ret);
/* At the end: false where the handle is no client's; else it is being closed. */
bool farm_smtp_close_client(const struct farm_smtp *smtp, uv_handle_t *handle);
struct farm_smtp *farm_smtp_free(struct farm_smtp *smtp); /* NULL; after the loop has ended */

#endif
