/* Judging a peer's certificate: chain and name apart, evidence complete. */
#ifndef NET_CERTIFICATE_H
#define NET_CERTIFICATE_H

#include <s2sprobe.h>

#include "base/domain.h"
#include "base/result.h"
#include "net/certificate_name.h"
#include "net/certificate_reference.h"
#include "net/certificate_trust.h"

/*
 * Judge the chain in `info` for the XMPP server in `ref` at `now` (seconds
 * since 1970), record all facts and findings in `result->tls.certificate` and
 * `result->tlsa`, and return S2S_OK, S2S_ECERT_UNTRUSTED, S2S_ECERT_EXPIRED,
 * S2S_ECERT_NAME (the first that applies, in this order), S2S_ENO_MEMORY, or
 * S2S_EPOLICY when our own authorities cannot be read; *why gets a text that
 * belongs to the result, "" when all is well. An empty chain is untrusted.
 *
 * What TLSA records say stands beside that, and is told only. With
 * `ref->dane_decides` one of usage 3 that matches is S2S_OK, and a mismatch or
 * a bogus answer S2S_ECERT_UNTRUSTED, whatever chain and name are; these are
 * recorded as ever.
 */
int certificate_judge(struct certificate_trust *trust, const s2s_tls_info *info,
                      const struct certificate_reference *ref, int64_t now,
                      s2s_result *result, const char **why);

/* The same for the client of a TLS session, which shows what it has: usage as
 * a server's, as a client's or unsaid is all the same. */
int certificate_judge_client(struct certificate_trust *trust,
                             const s2s_tls_info *info,
                             const struct domain *domain, int64_t now,
                             s2s_result *result, const char **why);

/* The same without a record: `why` gets the text. */
#define CERTIFICATE_WHY 128
int certificate_proves(struct certificate_trust *trust,
                       const s2s_tls_info *info, const struct domain *domain,
                       int64_t now, char why[CERTIFICATE_WHY]);

#endif
