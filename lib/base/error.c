#include "base/error.h"

#include <stddef.h>

struct entry {
    int error;
    const char *name;
    const char *text;
};

static const struct entry errors[] = {
    {S2S_OK, "ok", "success"},
    {S2S_EINVALID_ARGUMENT, "invalid_argument", "an argument is not valid"},
    {S2S_ENO_MEMORY, "no_memory", "out of memory"},
    {S2S_EABI, "abi", "a structure has a size or members unknown here"},
    {S2S_EBUSY, "busy", "the context is in use or stopped"},
    {S2S_EINTERNAL, "internal", "internal error"},
    {S2S_ECANCELLED, "cancelled", "the probe was cancelled"},
    {S2S_ETIMEOUT, "timeout", "the deadline passed"},
    {S2S_EADDRESS_FORBIDDEN, "address_forbidden",
     "the address policy does not allow any address of the host"},
    {S2S_EPOLICY, "policy", "our own configuration does not allow it"},
    {S2S_EDNS, "dns", "the host name could not be resolved"},
    {S2S_ECONNECT, "connect", "no connection could be made"},
    {S2S_ECLOSED, "closed", "the peer closed the connection"},
    {S2S_ENOT_XMPP, "not_xmpp", "the peer does not speak XMPP"},
    {S2S_EXML, "xml", "the peer sent XML that is not well-formed"},
    {S2S_EXML_FORBIDDEN, "xml_forbidden",
     "the peer sent XML that XMPP forbids"},
    {S2S_EENCODING, "encoding", "the peer sent bytes that are not UTF-8"},
    {S2S_ENAMESPACE, "namespace", "the peer used a wrong XML namespace"},
    {S2S_ESTREAM_HEADER, "stream_header",
     "the peer's stream header is not valid"},
    {S2S_EPROTOCOL, "protocol", "the peer broke the protocol"},
    {S2S_ELIMIT, "limit", "the peer sent more than is allowed"},
    {S2S_ETLS_HANDSHAKE, "tls_handshake", "the TLS handshake failed"},
    {S2S_ETLS_INJECTION, "tls_injection",
     "bytes followed <proceed/> in the clear"},
    {S2S_ESTREAM_ERROR, "stream_error", "the peer sent a stream error"},
    {S2S_EREDIRECT, "redirect", "the peer points to another host"},
    {S2S_ETLS_NOT_OFFERED, "tls_not_offered", "the peer does not offer TLS"},
    {S2S_ETLS_REFUSED, "tls_refused", "the peer offered TLS and refused it"},
    {S2S_ECERT_UNTRUSTED, "cert_untrusted",
     "the peer's certificate is not trusted"},
    {S2S_ECERT_EXPIRED, "cert_expired",
     "the peer's certificate is outside its validity"},
    {S2S_ECERT_NAME, "cert_name",
     "the peer's certificate is not for this domain"},
    {S2S_EAUTH_FAILED, "auth_failed", "the peer refused our authentication"},
    {S2S_EAUTH_ABORTED, "auth_aborted", "authentication was given up"},
    {S2S_EDIALBACK_FAILED, "dialback_failed", "dialback failed"},
    {S2S_EREMOTE_ERROR, "remote_error", "the peer answered with an error"},
    {S2S_ENO_RETURN_PATH, "no_return_path",
     "there is no way for the answer to come back"},
    {S2S_EFEATURES, "features", "the peer's features are missing or unusable"},
    {S2S_EVERSION, "version", "the peer speaks XMPP before 1.0"},
};

static const struct {
    int stage;
    const char *name;
} stages[] = {
    {S2S_STAGE_NONE, "none"},     {S2S_STAGE_QUEUE, "queue"},
    {S2S_STAGE_DNS, "dns"},       {S2S_STAGE_TCP, "tcp"},
    {S2S_STAGE_STREAM, "stream"}, {S2S_STAGE_STARTTLS, "starttls"},
    {S2S_STAGE_TLS, "tls"},       {S2S_STAGE_FEATURES, "features"},
    {S2S_STAGE_AUTH, "auth"},     {S2S_STAGE_PING, "ping"},
    {S2S_STAGE_OPEN, "open"},     {S2S_STAGE_DONE, "done"},
};

static const struct entry *find(int error)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].error == error)
            return &errors[i];
    return NULL;
}

const char *error_code_name(int error)
{
    if (error <= S2S_CALLBACK_ERROR)
        return "callback";
    const struct entry *e = find(error);
    return e != NULL ? e->name : "unknown";
}

bool error_known(int error)
{
    return error <= S2S_CALLBACK_ERROR || find(error) != NULL;
}

const char *error_text(int error)
{
    if (error <= S2S_CALLBACK_ERROR)
        return "a callback returned an error of its own";
    const struct entry *e = find(error);
    return e != NULL ? e->text : "unknown error";
}

const char *error_stage_name(int stage)
{
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
        if (stages[i].stage == stage)
            return stages[i].name;
    return "none";
}
