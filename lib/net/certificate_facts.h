/* What a certificate says, apart from its names. */
#ifndef NET_CERTIFICATE_FACTS_H
#define NET_CERTIFICATE_FACTS_H

#include <stdbool.h>

#include "base/result.h"

struct gnutls_x509_crt_int;

/* Record subject, issuer, serial, key, signature, validity and usage of the
 * certificate, and the fingerprint of its `size` bytes of DER. */
void certificate_facts_record(struct gnutls_x509_crt_int *crt,
                              const unsigned char *der, size_t size,
                              int64_t now, s2s_result *result);

/* Whether its extended key usage allows this purpose: no such extension, the
 * purpose itself, or any purpose (RFC 5280, 4.2.1.12). */
bool certificate_facts_purpose(struct gnutls_x509_crt_int *crt,
                               const char *purpose);

/* -1 when it is not yet valid, 1 when it is no longer, 0 within its time. */
int certificate_facts_time(struct gnutls_x509_crt_int *crt, int64_t now);

/* Subject or issuer as text, "" when it is empty; lives in the result. */
const char *certificate_facts_subject(struct gnutls_x509_crt_int *crt,
                                      s2s_result *result);
const char *certificate_facts_issuer(struct gnutls_x509_crt_int *crt,
                                     s2s_result *result);

/* "2021-01-31" in UTC. */
#define CERTIFICATE_DATE 24
void certificate_facts_date(int64_t time, char out[CERTIFICATE_DATE]);

#endif
