/* The authorities that we trust. */
#ifndef NET_CERTIFICATE_TRUST_H
#define NET_CERTIFICATE_TRUST_H

/* A trust list, loaded once. Threads may share one: every holder has it from
 * new or share, and frees it. */
struct certificate_trust;
struct gnutls_x509_trust_list_st;
struct certificate_issuers;

/* Nothing is read yet. `ca_file` NULL: the system's store. S2S_OK, or
 * S2S_ENO_MEMORY. */
int certificate_trust_new(const char *ca_file, struct certificate_trust **out);
struct certificate_trust *certificate_trust_share(struct certificate_trust *t);
void certificate_trust_free(struct certificate_trust *t);

/* Read the authorities, once; later calls are free, and those meanwhile wait.
 * S2S_OK, S2S_ENO_MEMORY, S2S_EINTERNAL without descriptors,
 * S2S_EINVALID_ARGUMENT when the file cannot be read, or S2S_EPOLICY when it,
 * or the system's store, holds none. */
int certificate_trust_load(struct certificate_trust *t);

/* The list; NULL before it is loaded. It is only read from then on, and for
 * several threads only by what GnuTLS lets read it: not by asking for an issuer
 * without GNUTLS_TL_GET_COPY. */
struct gnutls_x509_trust_list_st *certificate_trust_list(
    const struct certificate_trust *t);

/* What was verified with it. */
struct certificate_issuers *certificate_trust_issuers(
    const struct certificate_trust *t);

/* For tests: learn issuers from the chains after so many, anew. Before the
 * first one. S2S_OK or S2S_ENO_MEMORY. */
int certificate_trust_learn(struct certificate_trust *t, unsigned after);

#endif
