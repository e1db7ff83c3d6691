#include "status.h"

#include <stddef.h>
#include <s2sprobe.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct refusal_info refusals[REFUSAL_COUNT] = {
    [REFUSAL_NONE] = {500, "internal", "Internal error"},
    [REFUSAL_BAD_REQUEST] = {400, "bad_request",
                             "Incomplete or malformed request"},
    [REFUSAL_INVALID_JSON] = {400, "invalid_json", "Invalid JSON"},
    [REFUSAL_MISSING_FIELD] = {400, "missing_field", "A field is missing"},
    [REFUSAL_INVALID_FIELD] = {400, "invalid_field", "A field is not valid"},
    [REFUSAL_BAD_ORIGIN] = {403, "bad_origin",
                            "Requests from other web sites are refused"},
    [REFUSAL_NOT_FOUND] = {404, "not_found", "Not found"},
    [REFUSAL_METHOD_NOT_ALLOWED] = {405, "method_not_allowed",
                                    "Method not allowed"},
    [REFUSAL_REQUEST_TIMEOUT] = {408, "request_timeout",
                                 "The request did not arrive in time"},
    [REFUSAL_LENGTH_REQUIRED] = {411, "length_required",
                                 "Content-Length is required"},
    [REFUSAL_TOO_LARGE] = {413, "too_large",
                           "Request body too large (max 8192 bytes)"},
    [REFUSAL_UNSUPPORTED_MEDIA_TYPE] = {415, "unsupported_media_type",
                                        "Content-Type must be "
                                        "application/json"},
    [REFUSAL_BAD_HOST] = {421, "bad_host",
                          "This server does not answer for that Host; see "
                          "--allow-host"},
    [REFUSAL_HEADERS_TOO_LARGE] = {431, "headers_too_large",
                                   "Too many header fields"},
    [REFUSAL_BUSY] = {503, "busy", "All probes are in use, try again"},
    [REFUSAL_SHUTTING_DOWN] = {503, "shutting_down",
                               "The server is shutting down"},
    [REFUSAL_INTERNAL] = {500, "internal", "Internal error"},
};

/* The one place that says which outcome gets which status. */
static const struct {
    int error;
    int status;
    enum refusal refusal;
} outcomes[] = {
    {S2S_OK, 200, REFUSAL_NONE},

    {S2S_EINVALID_ARGUMENT, 400, REFUSAL_INVALID_FIELD},
    {S2S_ENO_MEMORY, 500, REFUSAL_INTERNAL},
    {S2S_EABI, 500, REFUSAL_INTERNAL},
    {S2S_EBUSY, 503, REFUSAL_SHUTTING_DOWN},
    {S2S_EINTERNAL, 500, REFUSAL_INTERNAL},
    {S2S_ECANCELLED, 503, REFUSAL_SHUTTING_DOWN},
    {S2S_ETIMEOUT, 504, REFUSAL_NONE},
    {S2S_EADDRESS_FORBIDDEN, 403, REFUSAL_NONE},
    {S2S_EPOLICY, 403, REFUSAL_NONE},

    {S2S_EDNS, 502, REFUSAL_NONE},
    {S2S_ECONNECT, 502, REFUSAL_NONE},
    {S2S_ECLOSED, 502, REFUSAL_NONE},
    {S2S_ENOT_XMPP, 502, REFUSAL_NONE},
    {S2S_EXML, 502, REFUSAL_NONE},
    {S2S_EXML_FORBIDDEN, 502, REFUSAL_NONE},
    {S2S_EENCODING, 502, REFUSAL_NONE},
    {S2S_ENAMESPACE, 502, REFUSAL_NONE},
    {S2S_ESTREAM_HEADER, 502, REFUSAL_NONE},
    {S2S_EPROTOCOL, 502, REFUSAL_NONE},
    {S2S_ELIMIT, 502, REFUSAL_NONE},
    {S2S_ETLS_HANDSHAKE, 502, REFUSAL_NONE},
    {S2S_ETLS_INJECTION, 502, REFUSAL_NONE},

    {S2S_ESTREAM_ERROR, 200, REFUSAL_NONE},
    {S2S_EREDIRECT, 200, REFUSAL_NONE},
    {S2S_ETLS_NOT_OFFERED, 200, REFUSAL_NONE},
    {S2S_ETLS_REFUSED, 200, REFUSAL_NONE},
    {S2S_ECERT_UNTRUSTED, 200, REFUSAL_NONE},
    {S2S_ECERT_EXPIRED, 200, REFUSAL_NONE},
    {S2S_ECERT_NAME, 200, REFUSAL_NONE},
    {S2S_EAUTH_FAILED, 200, REFUSAL_NONE},
    {S2S_EAUTH_ABORTED, 200, REFUSAL_NONE},
    {S2S_EDIALBACK_FAILED, 200, REFUSAL_NONE},
    {S2S_EREMOTE_ERROR, 200, REFUSAL_NONE},
    {S2S_ENO_RETURN_PATH, 200, REFUSAL_NONE},
    {S2S_EFEATURES, 200, REFUSAL_NONE},
    {S2S_EVERSION, 200, REFUSAL_NONE},
};

/* Also the statuses that only civetweb uses. */
static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const struct refusal_info *status_refusal(enum refusal refusal)
{
    return &refusals[refusal];
}

int status_outcome(int error, enum refusal *refusal)
{
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        if (outcomes[i].error == error) {
            *refusal = outcomes[i].refusal;
            return outcomes[i].status;
        }
    }
    *refusal = REFUSAL_INTERNAL;
    return 500;
}

enum refusal status_civetweb(int status)
{
    for (int i = REFUSAL_BAD_REQUEST; i < REFUSAL_COUNT; i++)
        if (refusals[i].status == status)
            return (enum refusal)i;
    return status < 500 || status == 505 ? REFUSAL_BAD_REQUEST
                                         : REFUSAL_INTERNAL;
}

const char *status_reason(int status)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Error";
}
