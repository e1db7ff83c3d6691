/* The authorities that we trust. */
#ifndef NET_CERTIFICATE_TRUST_H
#define NET_CERTIFICATE_TRUST_H

struct certificate_trust; /* a trust list; loaded once, shared */
struct gnutls_x509_trust_list_st;

/* Nothing is read yet. `ca_file` NULL: the system's store. S2S_OK or
 * S2S_ENO_MEMORY. */
int certificate_trust_new(const char *ca_file, struct certificate_trust **out);
void certificate_trust_free(struct certificate_trust *t);

/* Read the authorities, once; later calls are free. S2S_OK, S2S_ENO_MEMORY,
 * S2S_EINTERNAL without descriptors, S2S_EINVALID_ARGUMENT when the file cannot
 * be read, or S2S_EPOLICY when it, or the system's store, holds none. */
int certificate_trust_load(struct certificate_trust *t);

/* The list; NULL before it is loaded. */
struct gnutls_x509_trust_list_st *certificate_trust_list(
    const struct certificate_trust *t);

#endif
