/* A certificate for localhost, made at start, and a trust file with it. */
#ifndef SHIM_DEMO_TRUST_H
#define SHIM_DEMO_TRUST_H

#include <stdbool.h>
#include <gnutls/gnutls.h>

struct demo_trust {
    gnutls_certificate_credentials_t credentials;
    int fd;        /* of the trust file, which has no name */
    char path[32]; /* opens it, as long as fd is open */
};

/* The file holds what `ca_file` (NULL: the system's) does, too. */
bool demo_trust_new(struct demo_trust *trust, const char *ca_file);
void demo_trust_free(struct demo_trust *trust);

#endif
