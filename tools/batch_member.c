#include "batch_member.h"

#include <stdio.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool fail(struct batch_request *r, const char *code, const char *what,
                 const char *more)
{
    r->code = code;
    snprintf(r->error, sizeof(r->error), "%s%s", what, more);
    return false;
}

static bool invalid(struct batch_request *r, const char *name, const char *must)
{
    r->code = "invalid_field";
    snprintf(r->error, sizeof(r->error), "%s must be %s", name, must);
    return false;
}

/* ---- Kinds of values: NULL is one that is absent, or null --------------- */

/* An empty string is as good as none. */
static bool text(struct batch_request *r, const char *name,
                 const struct jsontext *value, char *out, size_t size)
{
    char must[48];
    if (value == NULL || jsontext_string(value, out, size))
        return true;
    snprintf(must, sizeof(must), "a string of at most %zu bytes", size - 1);
    return invalid(r, name, must);
}

static bool yes_or_no(struct batch_request *r, const char *name,
                      const struct jsontext *value, bool *out)
{
    return value == NULL || jsontext_is_bool(value, out) ||
           invalid(r, name, "true or false");
}

static bool flag(struct batch_request *r, const char *name,
                 const struct jsontext *value, uint32_t bit)
{
    bool on = (r->flags & bit) != 0;
    if (!yes_or_no(r, name, value, &on))
        return false;
    r->flags = on ? r->flags | bit : r->flags & ~bit;
    return true;
}

static bool whole(struct batch_request *r, const char *name,
                  const struct jsontext *value, uint32_t max, uint32_t *out)
{
    char must[48];
    if (value == NULL || jsontext_is_whole(value, 1, max, out))
        return true;
    snprintf(must, sizeof(must), "a whole number from 1 to %u", max);
    return invalid(r, name, must);
}

struct word {
    const char *word; /* NULL ends */
    uint32_t value;
};

static bool choose(const struct jsontext *value, const struct word *words,
                   uint32_t *out)
{
    char given[32];
    if (value == NULL)
        return true;
    if (!jsontext_string(value, given, sizeof(given)))
        return false;
    for (; words->word != NULL; words++)
        if (strcmp(words->word, given) == 0) {
            *out = words->value;
            return true;
        }
    return false;
}

/* ---- Members ------------------------------------------------------------ */

static bool read_op(struct batch_request *r, const struct jsontext *value)
{
    static const struct word words[] = {{"connect", S2S_OP_CONNECT},
                                        {"ping", S2S_OP_PING},
                                        {"check", S2S_OP_CHECK},
                                        {NULL, 0}};
    uint32_t op = (uint32_t)r->op;
    if (!choose(value, words, &op))
        return invalid(r, "op", "\"connect\", \"ping\" or \"check\"");
    r->op = (int)op;
    return true;
}

static bool read_host(struct batch_request *r, const struct jsontext *value)
{
    return text(r, "host", value, r->host, sizeof(r->host));
}

/* A check is of a domain unless told otherwise, also when a host is named. */
static bool read_discover(struct batch_request *r, const struct jsontext *value)
{
    r->discover = r->op == S2S_OP_CHECK && r->host[0] != '\0';
    return yes_or_no(r, "discover", value, &r->discover);
}

static bool read_port(struct batch_request *r, const struct jsontext *value)
{
    if (r->discover) {
        r->port = 0;
        return value == NULL ||
               fail(r, "invalid_field", "port must not be given with discover",
                    "");
    }
    return whole(r, "port", value, UINT16_MAX, &r->port);
}

static bool read_from(struct batch_request *r, const struct jsontext *value)
{
    return text(r, "fromDomain", value, r->from, sizeof(r->from));
}

static bool read_to(struct batch_request *r, const struct jsontext *value)
{
    if (!text(r, "toDomain", value, r->to, sizeof(r->to)))
        return false;
    if (r->to[0] == '\0')
        memcpy(r->to, r->host, sizeof(r->host));
    if (r->discover)
        r->host[0] = '\0';
    return r->to[0] != '\0' ||
           fail(r, "missing_field", "toDomain or host is required", "");
}

static bool read_use_tls(struct batch_request *r, const struct jsontext *value)
{
    bool use = true;
    if (!yes_or_no(r, "useTLS", value, &use))
        return false;
    if (value != NULL)
        r->tls_mode = use ? S2S_TLS_AUTO : S2S_TLS_NONE;
    return true;
}

static bool read_timeout(struct batch_request *r, const struct jsontext *value)
{
    return whole(r, "timeout", value, OPTIONS_TIME_MAX_MS, &r->timeout_ms);
}

static bool read_tls(struct batch_request *r, const struct jsontext *value)
{
    static const struct word words[] = {{"auto", S2S_TLS_AUTO},
                                        {"starttls", S2S_TLS_STARTTLS},
                                        {"direct", S2S_TLS_DIRECT},
                                        {"none", S2S_TLS_NONE},
                                        {NULL, 0}};
    return choose(value, words, &r->tls_mode) ||
           invalid(r, "tls", "\"auto\", \"starttls\", \"direct\" or \"none\"");
}

static bool read_accept(struct batch_request *r, const struct jsontext *value)
{
    return flag(r, "acceptUntrusted", value, S2S_ACCEPT_UNTRUSTED);
}

static bool read_authenticate(struct batch_request *r,
                              const struct jsontext *value)
{
    return flag(r, "authenticate", value, S2S_AUTHENTICATE);
}

static bool read_ping_method(struct batch_request *r,
                             const struct jsontext *value)
{
    static const struct word words[] = {
        {"auto", S2S_PING_AUTO},
        {"iq", S2S_PING_IQ},
        {"dialback-verify", S2S_PING_DIALBACK_VERIFY},
        {NULL, 0}};
    return choose(value, words, &r->ping_method) ||
           invalid(r, "pingMethod", "\"auto\", \"iq\" or \"dialback-verify\"");
}

static bool read_count(struct batch_request *r, const struct jsontext *value)
{
    return whole(r, "count", value, OPTIONS_COUNT_MAX, &r->count);
}

static bool read_interval(struct batch_request *r, const struct jsontext *value)
{
    return whole(r, "intervalMs", value, OPTIONS_TIME_MAX_MS, &r->interval_ms);
}

static bool read_dane(struct batch_request *r, const struct jsontext *value)
{
    return flag(r, "dane", value, S2S_DANE);
}

static bool read_pipeline(struct batch_request *r, const struct jsontext *value)
{
    return flag(r, "pipeline", value, S2S_PIPELINE);
}

static bool read_xml_to(struct batch_request *r, const struct jsontext *value)
{
    return text(r, "xmlTo", value, r->xml_to, sizeof(r->xml_to));
}

static bool read_services(struct batch_request *r, const struct jsontext *value)
{
    struct jsontext item;
    size_t place = 0;
    bool ok = value == NULL || jsontext_is_array(value);
    while (ok && value != NULL && jsontext_item(value, &place, &item)) {
        ok = r->service_count < OPTIONS_SERVICES &&
             jsontext_string(&item, r->services[r->service_count],
                             sizeof(r->services[0])) &&
             r->services[r->service_count][0] != '\0';
        r->service_count++;
    }
    return ok || invalid(r, "services",
                         "an array of at most 8 strings of 1 to 255 bytes");
}

/* In the order in which they are read. What others mean depends on the first
 * ones. */
static const struct {
    const char *name;
    bool (*read)(struct batch_request *r, const struct jsontext *value);
} members[] = {
    {"id", NULL},
    {"op", read_op},
    {"host", read_host},
    {"discover", read_discover},
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

static size_t find(const char *name)
{
    size_t i = 0;
    while (i < COUNT(members) && strcmp(members[i].name, name) != 0)
        i++;
    return i;
}

/* Where the value of each is. The id is known whatever else is wrong. */
static bool collect(const struct jsontext *object, struct batch_request *r,
                    struct jsontext values[])
{
    struct jsontext name, value;
    size_t place = 0;
    while (jsontext_member(object, &place, &name, &value)) {
        char plain[65];
        if (!jsontext_string(&name, plain, sizeof(plain)))
            plain[0] = '\0';
        size_t i = find(plain);
        if (i == COUNT(members)) {
            if (r->code == NULL)
                fail(r, "invalid_field", "not a member of a request: ", plain);
        } else if (values[i].text != NULL) {
            fail(r, "invalid_json", "a member comes twice: ", plain);
        } else {
            values[i] = value;
        }
    }
    r->id = values[0];
    return r->code == NULL;
}

void batch_member_read(const struct jsontext *object, struct batch_request *r)
{
    struct jsontext values[COUNT(members)] = {{NULL, 0}};
    if (!collect(object, r, values))
        return;
    for (size_t i = 1; i < COUNT(members); i++) {
        bool absent = values[i].text == NULL || jsontext_is_null(&values[i]);
        if (!members[i].read(r, absent ? NULL : &values[i]))
            return;
    }
}
