/*
 * A small XMPP server for the domain localhost, so that there is something to
 * probe without a network: the listener of a context of its own, which knows
 * nobody but probe.localhost.
 */
#ifndef SHIM_DEMO_H
#define SHIM_DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <s2sprobe.h>

#define DEMO_PORT 5269

struct demo;

/* Make its certificate. `ca_file` NULL stands for the system's authorities.
 * NULL with one line in `error` on failure. */
struct demo *demo_new(const char *ca_file, char *error, size_t error_size);

/* A file with the authorities of `ca_file` and the demo's certificate; it
 * lives as long as the demo. */
const char *demo_ca_file(const struct demo *demo);

/* Who asks and is known to the demo; of the same life. */
const s2s_identity *demo_asker(const struct demo *demo);

/* Answer on 127.0.0.1, at DEMO_PORT or where there is room. False with one
 * line in `error` on failure. */
bool demo_start(struct demo *demo, char *error, size_t error_size);

uint16_t demo_port(const struct demo *demo);

/* NULL is allowed. */
void demo_free(struct demo *demo);

#endif
