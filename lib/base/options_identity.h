/* A domain of ours, as the caller gives it. */
#ifndef BASE_OPTIONS_IDENTITY_H
#define BASE_OPTIONS_IDENTITY_H

#include <s2sprobe.h>
#include <stddef.h>

#include "base/domain.h"
#include "base/options_load.h"

#define OPTIONS_LIST       64u /* entries of a list at most */
#define OPTIONS_SECRET_HEX 64  /* digits of a secret that we make */

/* Owned, with its files read. See identity_open() for what they hold. */
struct options_identity {
    struct domain *domain;
    char member[24];   /* "identities.0", for texts */
    char *certificate; /* PEM, or NULL */
    char *key;         /* PEM, or NULL */
    void *pkcs12;      /* DER, or NULL */
    size_t pkcs12_size;
    char *password; /* of key or pkcs12, or NULL */
    char *certificate_file, *key_file, *pkcs12_file; /* for texts */
    char *secret;                                    /* of dialback keys */
    char **listen; /* NULL ends; NULL when there is none */
};

/*
 * Load the caller's, which `member` names in texts. S2S_OK, S2S_EABI,
 * S2S_ENO_MEMORY, S2S_EINTERNAL (no randomness), or S2S_EINVALID_ARGUMENT with
 * `what` naming the member.
 */
int options_load_identity(const s2s_identity *from, const char *member,
                          struct options_identity *to, char what[OPTIONS_WHAT]);

/* What is secret is wiped. */
void options_free_identity(struct options_identity *o);

#endif
