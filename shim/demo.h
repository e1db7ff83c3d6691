/*
 * A small XMPP server for the domain localhost, so that there is something to
 * probe without a network. It does STARTTLS, and answers dialback questions
 * with "invalid".
 */
#ifndef SHIM_DEMO_H
#define SHIM_DEMO_H

#include <stddef.h>
#include <stdint.h>

#define DEMO_PORT 5269

struct demo;

/* Listens on 127.0.0.1, at DEMO_PORT or where there is room. `ca_file` NULL
 * stands for the system's authorities. NULL with one line in `error` on
 * failure. */
struct demo *demo_start(const char *ca_file, char *error, size_t error_size);

uint16_t demo_port(const struct demo *demo);

/* A file with the authorities of `ca_file` and our certificate; it lives as
 * long as the demo. */
const char *demo_ca_file(const struct demo *demo);

/* NULL is allowed. */
void demo_stop(struct demo *demo);

#endif
