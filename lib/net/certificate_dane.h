/* TLSA records and the certificate that a peer sent (RFC 6698, RFC 7671). */
#ifndef NET_CERTIFICATE_DANE_H
#define NET_CERTIFICATE_DANE_H

#include <s2sprobe.h>

#include "base/result.h"
#include "net/certificate_reference.h"

struct gnutls_x509_crt_int;

#define DANE_RECORDS_MAX 32u /* more are not looked at, only counted */

/*
 * Record in result->tlsa what the records say of the leaf in `info`, with
 * findings; nothing when nobody looked. `leaf` is the same as GnuTLS reads it,
 * NULL when it cannot: then its bytes are compared, and no key. `pkix` is
 * whether chain and name are good, which usage 1 needs too; usage 3 does
 * without (RFC 7671, 5.1). Usages 0 and 2 are no proof in XMPP (RFC 7712, 5.1)
 * and are not evaluated.
 *
 * Returns a text on a verdict of mismatch or bogus, "" otherwise; it belongs
 * to the result.
 */
const char *certificate_dane_judge(const struct certificate_reference *ref,
                                   const s2s_tls_info *info,
                                   struct gnutls_x509_crt_int *leaf, bool pkix,
                                   s2s_result *result);

#endif
