/* Which names a certificate bears, and whether one is the domain's. */
#ifndef NET_CERTIFICATE_NAME_H
#define NET_CERTIFICATE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/domain.h"
#include "base/result.h"
#include "net/certificate_reference.h"

struct gnutls_x509_crt_int;

/*
 * RFC 6120, 13.7.1.2: whether one identifier of a certificate is the domain.
 * `type` is "dns", "srv" or "xmpp"; `value` its bytes as in the certificate
 * (for srv "_xmpp-server.example.com"). A wildcard is the whole left-most
 * label of a dns name, stands for exactly one label (RFC 9525, 6.3), and has
 * two or more behind it. Embedded NULs never match.
 */
bool certificate_name_matches(const char *type, const void *value,
                              size_t length, const struct domain *domain);

/*
 * Record the names of a certificate, subjectAltName and common names, and
 * what they say of the domain: RESULT_OK, RESULT_CN_ONLY (RFC 9525, 2: counts
 * for nothing) or RESULT_NAME_MISMATCH. Only the first 1024 are looked at. With
 * `dns_only` no name of another type matches. The target is a host, so that
 * only a dns name stands for it; when nothing else matches, a finding says so.
 */
enum result_verdict certificate_name_judge(
    struct gnutls_x509_crt_int *crt, const struct certificate_reference *ref,
    bool dns_only, s2s_result *result);

#endif
