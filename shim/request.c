#include "request.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <s2sprobe.h>

#include "member.h"

struct parse {
    struct request *out;
    struct problem *problem;
    uint32_t max_timeout_ms;
};

__attribute__((format(printf, 3, 4))) static bool refuse(
    struct problem *problem, enum refusal refusal, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem->refusal = refusal;
    vsnprintf(problem->text, sizeof(problem->text), format, args);
    va_end(args);
    return false;
}

/* ---- Fields: `value` is NULL when the member is absent or null --------- */

static bool missing(const struct parse *p, const char *text)
{
    if (p->out->op == S2S_OP_PING)
        text = "host and fromDomain are required";
    return refuse(p->problem, REFUSAL_MISSING_FIELD, "%s", text);
}

/* A string of at most `max` bytes into `out`. */
static bool read_text(const struct parse *p, const char *name,
                      const json_t *value, size_t max, char *out)
{
    if (!json_is_string(value))
        return refuse(p->problem, REFUSAL_INVALID_FIELD, "%s must be a string",
                      name);
    size_t n = json_string_length(value);
    if (n > max)
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "%s must not be longer than %zu bytes", name, max);
    memcpy(out, json_string_value(value), n + 1);
    return true;
}

static bool read_host(struct parse *p, const json_t *value)
{
    char host[REQUEST_HOST_MAX + 1];
    if (member_absent(value) && p->out->discover)
        return true;
    if (member_absent(value))
        return missing(p, "Host is required");
    if (!read_text(p, "host", value, REQUEST_HOST_MAX, host))
        return false;
    if (!member_host_ok(host))
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "host must be a host name or an IP address");
    if (member_has_port(host))
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "host must not contain a port: that is the member port");
    memcpy(p->out->host, host, sizeof(host));
    return true;
}

static bool read_port(struct parse *p, const json_t *value)
{
    uint32_t port = REQUEST_PORT;
    if (p->out->discover) {
        p->out->port = 0;
        return value == NULL ||
               refuse(p->problem, REFUSAL_INVALID_FIELD, "%s",
                      p->out->op == S2S_OP_CHECK
                          ? "port must not be given unless discover is false"
                          : "port must not be given with discover");
    }
    if (value != NULL && !member_whole_number(value, 1, UINT16_MAX, &port))
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "Port must be between 1 and 65535");
    p->out->port = (uint16_t)port;
    return true;
}

static bool read_from(struct parse *p, const json_t *value)
{
    if (member_absent(value))
        return missing(p, "fromDomain is required (e.g., \"example.com\")");
    return read_text(p, "fromDomain", value, REQUEST_DOMAIN_MAX, p->out->from);
}

static bool read_to(struct parse *p, const json_t *value)
{
    if (!member_absent(value))
        return read_text(p, "toDomain", value, REQUEST_DOMAIN_MAX, p->out->to);
    if (p->out->host[0] == '\0')
        return refuse(p->problem, REFUSAL_MISSING_FIELD, "%s",
                      p->out->op == S2S_OP_CHECK
                          ? "toDomain or host is required"
                          : "toDomain is required with discover");
    if (member_is_ip(p->out->host))
        return refuse(p->problem, REFUSAL_MISSING_FIELD,
                      "toDomain is required when host is an IP address");
    memcpy(p->out->to, p->out->host, sizeof(p->out->host));
    return true;
}

static bool read_flag(const struct parse *p, const char *name,
                      const json_t *value, bool *out)
{
    if (value == NULL)
        return true;
    if (!json_is_boolean(value))
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "%s must be true or false", name);
    *out = json_is_true(value);
    return true;
}

static bool read_use_tls(struct parse *p, const json_t *value)
{
    bool use = true;
    if (!read_flag(p, "useTLS", value, &use))
        return false;
    p->out->tls_mode = use ? S2S_TLS_AUTO : S2S_TLS_NONE;
    return true;
}

static bool read_timeout(struct parse *p, const json_t *value)
{
    uint32_t max = p->max_timeout_ms;
    uint32_t ms =
        p->out->op == S2S_OP_CHECK ? REQUEST_CHECK_MS : REQUEST_TIMEOUT_MS;
    ms = ms < max ? ms : max;
    if (value != NULL && !member_whole_number(value, 1, max, &ms))
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "timeout must be between 1 and %u", max);
    p->out->timeout_ms = ms;
    return true;
}

static bool read_tls(struct parse *p, const json_t *value)
{
    static const struct member_word words[] = {{"auto", S2S_TLS_AUTO},
                                               {"starttls", S2S_TLS_STARTTLS},
                                               {"direct", S2S_TLS_DIRECT},
                                               {"none", S2S_TLS_NONE},
                                               {NULL, 0}};
    uint32_t mode = p->out->tls_mode;
    if (value != NULL && !member_word(words, value, &mode))
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "tls must be \"auto\", \"starttls\", \"direct\" or "
                      "\"none\"");
    p->out->tls_mode = (uint16_t)mode;
    return true;
}

static bool read_accept(struct parse *p, const json_t *value)
{
    bool accept = false;
    if (!read_flag(p, "acceptUntrusted", value, &accept))
        return false;
    p->out->flags |= accept ? S2S_ACCEPT_UNTRUSTED : 0;
    return true;
}

/* A ping authenticates whenever it can. */
static bool read_authenticate(struct parse *p, const json_t *value)
{
    bool authenticate = false;
    if (!read_flag(p, "authenticate", value, &authenticate))
        return false;
    if (p->out->op != S2S_OP_PING && authenticate)
        p->out->flags |= S2S_AUTHENTICATE;
    return true;
}

static bool read_count(struct parse *p, const json_t *value)
{
    uint32_t count = 1;
    if (value != NULL &&
        !member_whole_number(value, 1, REQUEST_COUNT_MAX, &count))
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "count must be between 1 and %u", REQUEST_COUNT_MAX);
    if (p->out->op == S2S_OP_PING)
        p->out->count = count;
    return true;
}

/* Longer than the longest timeout would never come to the next. */
static bool read_interval(struct parse *p, const json_t *value)
{
    uint32_t max = p->max_timeout_ms;
    uint32_t ms = 0; /* the library's own */
    if (value != NULL && !member_whole_number(value, 1, max, &ms))
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "intervalMs must be between 1 and %u", max);
    if (p->out->op == S2S_OP_PING)
        p->out->interval_ms = ms;
    return true;
}

static bool read_ping_method(struct parse *p, const json_t *value)
{
    static const struct member_word words[] = {
        {"auto", S2S_PING_AUTO},
        {"iq", S2S_PING_IQ},
        {"dialback-verify", S2S_PING_DIALBACK_VERIFY},
        {NULL, 0}};
    uint32_t method = S2S_PING_AUTO;
    if (value != NULL && !member_word(words, value, &method))
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "pingMethod must be \"auto\", \"iq\" or "
                      "\"dialback-verify\"");
    if (p->out->op == S2S_OP_PING)
        p->out->ping_method = method;
    return true;
}

/* A check is of a domain, unless told otherwise. */
static bool read_discover(struct parse *p, const json_t *value)
{
    p->out->discover = p->out->op == S2S_OP_CHECK;
    return read_flag(p, "discover", value, &p->out->discover);
}

static bool read_dane(struct parse *p, const json_t *value)
{
    bool dane = false;
    if (!read_flag(p, "dane", value, &dane))
        return false;
    p->out->flags |= dane ? S2S_DANE : 0;
    return true;
}

static bool read_pipeline(struct parse *p, const json_t *value)
{
    bool pipeline = false;
    if (!read_flag(p, "pipeline", value, &pipeline))
        return false;
    p->out->flags |= pipeline ? S2S_PIPELINE : 0;
    return true;
}

static bool read_xml_to(struct parse *p, const json_t *value)
{
    if (member_absent(value))
        return true;
    return read_text(p, "xmlTo", value, REQUEST_DOMAIN_MAX, p->out->xml_to);
}

/* One of the list; what is no domain is the library's to say. */
static bool read_service(const json_t *value, char *out)
{
    size_t n = json_string_length(value); /* 0: it is no string */
    if (n == 0 || n > REQUEST_SERVICE)
        return false;
    memcpy(out, json_string_value(value), n + 1);
    return true;
}

static bool read_services(struct parse *p, const json_t *value)
{
    size_t n = json_array_size(value); /* 0: it is no array */
    bool ok = value == NULL || (json_is_array(value) && n <= REQUEST_SERVICES);
    for (size_t i = 0; ok && i < n; i++)
        ok = read_service(json_array_get(value, i), p->out->services[i]);
    if (!ok)
        return refuse(p->problem, REFUSAL_INVALID_FIELD,
                      "services must be an array of at most %u strings of 1 "
                      "to %d bytes",
                      REQUEST_SERVICES, REQUEST_SERVICE);
    if (p->out->op == S2S_OP_CHECK)
        p->out->service_count = n;
    return true;
}

/* In the order in which they are checked. What others mean depends on the
 * first one. */
static const struct {
    const char *name;
    bool (*read)(struct parse *p, const json_t *value);
} fields[] = {
    {"discover", read_discover},
    {"host", read_host},
    {"port", read_port},
    {"fromDomain", read_from},
    {"toDomain", read_to},
    {"useTLS", read_use_tls},
    {"timeout", read_timeout},
    {"tls", read_tls},
    {"acceptUntrusted", read_accept},
    {"authenticate", read_authenticate},
    {"pingMethod", read_ping_method},
    {"count", read_count},
    {"intervalMs", read_interval},
    {"dane", read_dane},
    {"pipeline", read_pipeline},
    {"xmlTo", read_xml_to},
    {"services", read_services},
};

static bool read_fields(struct parse *p, const json_t *object)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const json_t *value = json_object_get(object, fields[i].name);
        if (!fields[i].read(p, json_is_null(value) ? NULL : value))
            return false;
    }
    if (p->out->discover)
        p->out->host[0] = '\0';
    return true;
}

bool request_depth_ok(const char *body, size_t length, unsigned max)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        char c = body[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if ((c == '[' || c == '{') && ++depth > max)
            return false;
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return true;
}

bool request_parse(int op, const char *body, size_t length,
                   uint32_t max_timeout_ms, struct request *request,
                   struct problem *problem)
{
    struct parse p = {request, problem, max_timeout_ms};
    json_error_t error;
    *request = (struct request){.op = op};
    *problem = (struct problem){.refusal = REFUSAL_NONE};
    if (length == 0)
        return refuse(problem, REFUSAL_INVALID_JSON, "The body is empty");
    if (!request_depth_ok(body, length, REQUEST_DEPTH_MAX))
        return refuse(problem, REFUSAL_INVALID_JSON,
                      "JSON is nested deeper than %d levels",
                      REQUEST_DEPTH_MAX);
    json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES, &error);
    /* Its text is not for strangers: it quotes the input. */
    if (json == NULL)
        return refuse(problem, REFUSAL_INVALID_JSON,
                      "Invalid JSON at byte %d%s", error.position,
                      json_error_code(&error) == json_error_duplicate_key
                          ? ": duplicate member"
                          : "");
    bool ok = json_is_object(json)
                  ? read_fields(&p, json)
                  : refuse(problem, REFUSAL_INVALID_JSON,
                           "Request body must be a JSON object");
    json_decref(json);
    return ok;
}
