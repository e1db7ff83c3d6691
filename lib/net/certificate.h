/* Judging a peer's certificate: chain and name apart, evidence complete. */
#ifndef NET_CERTIFICATE_H
#define NET_CERTIFICATE_H

#include <s2sprobe.h>

#include "base/domain.h"
#include "base/result.h"

struct certificate_trust; /* a trust list; loaded once, shared */

/* Nothing is read yet. `ca_file` NULL: the system's store. */
int certificate_trust_new(const char *ca_file, struct certificate_trust **out);
void certificate_trust_free(struct certificate_trust *t);

/* Read the authorities, once; later calls are free. S2S_OK, S2S_ENO_MEMORY,
 * or S2S_EPOLICY when the file cannot be read or holds none. */
int certificate_trust_load(struct certificate_trust *t);

/*
 * Judge the chain in `info` for an XMPP server of `domain` at `now` (seconds
 * since 1970), record all facts and findings in `result->tls.certificate`
 * and return S2S_OK, S2S_ECERT_UNTRUSTED, S2S_ECERT_EXPIRED, S2S_ECERT_NAME
 * (the first that applies, in this order) or S2S_ENO_MEMORY; *why gets a text
 * that belongs to the result, "" when all is well. An empty chain is
 * untrusted.
 */
int certificate_judge(struct certificate_trust *trust, const s2s_tls_info *info,
                      const struct domain *domain, int64_t now,
                      s2s_result *result, const char **why);

/*
 * RFC 6120, 13.7.1.2: whether one identifier of a certificate is the domain.
 * `type` is "dns", "srv" or "xmpp"; `value` its bytes as in the certificate
 * (for srv "_xmpp-server.example.com"). A wildcard is the whole left-most
 * label of a dns or srv name and stands for exactly one label (RFC 9525,
 * 6.3). Embedded NULs never match.
 */
bool certificate_name_matches(const char *type, const void *value,
                              size_t length, const struct domain *domain);

#endif
