#include "net/certificate_ocsp.h"

#include <gnutls/gnutls.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define SKEW         INT64_C(300) /* clocks differ */
#define LIFETIME     (INT64_C(7) * 86400)
#define SIZE_MAX_DER 65536u
#define SINGLES_MAX  16u

/* The place of the leaf in the response; -1 when it is not there. */
static int find(gnutls_ocsp_resp_t response, gnutls_x509_crt_t leaf)
{
    for (unsigned i = 0; i < SINGLES_MAX; i++) {
        int rc = gnutls_ocsp_resp_check_crt(response, i, leaf);
        if (rc == 0)
            return (int)i;
        if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
    }
    return -1;
}

static bool is_genuine(gnutls_ocsp_resp_t response, gnutls_x509_crt_t issuer)
{
    unsigned reasons = 0;
    return issuer != NULL &&
           gnutls_ocsp_resp_verify_direct(response, issuer, &reasons,
                                          GNUTLS_VERIFY_DISABLE_TIME_CHECKS) ==
               0 &&
           reasons == 0;
}

static enum certificate_status judge_single(gnutls_ocsp_resp_t response,
                                            int place, int64_t now,
                                            int64_t *revoked)
{
    unsigned status = 0;
    time_t updated = -1, next = -1, revocation = -1;
    if (gnutls_ocsp_resp_get_single(response, (unsigned)place, NULL, NULL, NULL,
                                    NULL, &status, &updated, &next, &revocation,
                                    NULL) < 0)
        return CERTIFICATE_STATUS_BROKEN;
    if (updated == -1 || (int64_t)updated > now + SKEW)
        return CERTIFICATE_STATUS_STALE;
    if (status == GNUTLS_OCSP_CERT_REVOKED) {
        *revoked = (int64_t)revocation;
        return CERTIFICATE_STATUS_REVOKED;
    }
    int64_t end = next != -1 ? (int64_t)next : (int64_t)updated + LIFETIME;
    if (now > end + SKEW)
        return CERTIFICATE_STATUS_STALE;
    return status == GNUTLS_OCSP_CERT_GOOD ? CERTIFICATE_STATUS_GOOD
                                           : CERTIFICATE_STATUS_UNKNOWN;
}

static enum certificate_status judge_response(gnutls_ocsp_resp_t response,
                                              gnutls_x509_crt_t leaf,
                                              gnutls_x509_crt_t issuer,
                                              int64_t now, int64_t *revoked)
{
    if (gnutls_ocsp_resp_get_status(response) != GNUTLS_OCSP_RESP_SUCCESSFUL)
        return CERTIFICATE_STATUS_REFUSED;
    int place = find(response, leaf);
    if (place < 0)
        return CERTIFICATE_STATUS_OTHER;
    if (!is_genuine(response, issuer))
        return CERTIFICATE_STATUS_FORGED;
    return judge_single(response, place, now, revoked);
}

enum certificate_status certificate_ocsp_judge(
    const s2s_tls_info *info, struct gnutls_x509_crt_int *leaf,
    struct gnutls_x509_crt_int *issuer, int64_t now, int64_t *revoked)
{
    enum certificate_status status = CERTIFICATE_STATUS_BROKEN;
    gnutls_ocsp_resp_t response;
    if (info->ocsp == NULL || info->ocsp_size == 0)
        return CERTIFICATE_STATUS_NONE;
    if (info->ocsp_size > SIZE_MAX_DER || gnutls_ocsp_resp_init(&response) != 0)
        return status;
    gnutls_datum_t der = {(unsigned char *)(uintptr_t)info->ocsp,
                          (unsigned)info->ocsp_size};
    if (gnutls_ocsp_resp_import(response, &der) == 0)
        status = judge_response(response, leaf, issuer, now, revoked);
    gnutls_ocsp_resp_deinit(response);
    return status;
}

const char *certificate_ocsp_text(enum certificate_status status)
{
    static const char *const texts[] = {
        [CERTIFICATE_STATUS_BROKEN] = "the stapled status cannot be read",
        [CERTIFICATE_STATUS_OTHER] =
            "the stapled status is for another certificate",
        [CERTIFICATE_STATUS_FORGED] =
            "the signature of the stapled status could not be verified",
        [CERTIFICATE_STATUS_STALE] = "the stapled status is out of date",
        [CERTIFICATE_STATUS_UNKNOWN] =
            "the stapled status says that the responder does not know it",
        [CERTIFICATE_STATUS_REFUSED] =
            "the stapled answer is an error of the responder",
    };
    if ((size_t)status >= sizeof(texts) / sizeof(texts[0]) ||
        texts[status] == NULL)
        return "";
    return texts[status];
}
