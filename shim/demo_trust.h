/* A certificate made at start, in files that have no name. */
#ifndef SHIM_DEMO_TRUST_H
#define SHIM_DEMO_TRUST_H

#include <stdbool.h>

#define DEMO_DOMAIN "localhost"       /* who answers */
#define DEMO_ASKER  "probe.localhost" /* who may ask with authentication */

struct demo_file {
    int fd;
    char path[32]; /* opens it, as long as fd is open */
};

struct demo_trust {
    struct demo_file certificate; /* for both domains */
    struct demo_file key;
    struct demo_file authorities; /* the certificate, and others */
};

/* The others are those in `ca_file`; NULL: the system's. */
bool demo_trust_new(struct demo_trust *trust, const char *ca_file);
void demo_trust_free(struct demo_trust *trust);

#endif
