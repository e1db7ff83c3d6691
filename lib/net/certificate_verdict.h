/* What is wrong with a certificate's chain, its name aside. */
#ifndef NET_CERTIFICATE_VERDICT_H
#define NET_CERTIFICATE_VERDICT_H

#include <s2sprobe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"
#include "net/certificate_chain.h"
#include "net/certificate_reference.h"

/* One judgement. The first problem of the chain is its verdict. */
struct certificate_case {
    s2s_result *result;
    const struct certificate_path *path;
    const struct certificate_reference *reference;
    int64_t now;
    bool client; /* the peer is the TLS client */
    enum result_verdict chain;
    const char *why; /* of the chain */
};

/* Record findings about trust, strength, usage, revocation and times; `chain`
 * and `why` get the verdict. Facts are recorded already. */
void certificate_verdict_chain(struct certificate_case *c,
                               const s2s_tls_info *info,
                               struct gnutls_x509_trust_list_st *trust);

/* A finding with a text, which is returned; it belongs to the result. */
__attribute__((format(printf, 3, 4))) const char *certificate_verdict_find(
    s2s_result *r, enum finding id, const char *format, ...);

#endif
