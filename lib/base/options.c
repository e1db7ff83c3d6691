#include "base/options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define DEFAULT_PORT       5269u
#define DEFAULT_TIMEOUT_MS 15000u
#define TIMEOUT_MAX_MS     600000u
#define DEFAULT_RUNNING    256u
#define RUNNING_MAX        100000u
#define COUNT_MAX          1000u
#define KEEPALIVE_MIN      1000u
#define KEEPALIVE_MAX      86400000u
#define DEFAULT_KEEPALIVE  300000u
#define DEFAULT_INTERVAL   1000u  /* ms */
#define ELEMENT_MIN        10000u /* RFC 6120, 13.12 */
#define KNOWN_FLAGS                                                            \
    (S2S_ACCEPT_UNTRUSTED | S2S_AUTHENTICATE | S2S_NO_EXTERNAL |               \
     S2S_NO_DIALBACK | S2S_NO_BIDI | S2S_NO_ACKS | S2S_DIALBACK_UNVERIFIED |   \
     S2S_DANE)

/* ---- Context ---- */

static const struct {
    const char *name;
    size_t offset;
    uint32_t normal, min, max;
} limit_rows[] = {
    {"header", offsetof(s2s_limits, header), 8192, 512, 1u << 20},
    {"element", offsetof(s2s_limits, element), 65536, ELEMENT_MIN, 16u << 20},
    {"element_authenticated", offsetof(s2s_limits, element_authenticated),
     524288, ELEMENT_MIN, 16u << 20},
    {"depth", offsetof(s2s_limits, depth), 64, 4, 10000},
    {"nodes", offsetof(s2s_limits, nodes), 16384, 16, 1u << 20},
    {"attributes", offsetof(s2s_limits, attributes), 64, 16, 1024},
    {"bindings", offsetof(s2s_limits, bindings), 64, 8, 1024},
    {"name", offsetof(s2s_limits, name), 1024, 64, 65536},
    {"probe", offsetof(s2s_limits, probe), 1u << 20, ELEMENT_MIN, 1u << 30},
    {"stanzas", offsetof(s2s_limits, stanzas), 100, 4, 100000},
    {"inbound", offsetof(s2s_limits, inbound), 256, 1, 100000},
    {"inbound_address", offsetof(s2s_limits, inbound_address), 32, 1, 100000},
};

static int load_limits(const s2s_limits *from, s2s_limits *to, char *what)
{
    int e = options_load(to, sizeof(*to), from);
    if (e != S2S_OK)
        return e;
    for (size_t i = 0; i < sizeof(limit_rows) / sizeof(limit_rows[0]); i++) {
        uint32_t value;
        char *member = (char *)to + limit_rows[i].offset;
        memcpy(&value, member, sizeof(value));
        if (value == 0)
            value = limit_rows[i].normal;
        if (value < limit_rows[i].min || value > limit_rows[i].max)
            return options_load_invalid(what,
                                        "limits.%s: %u is not within %u to %u",
                                        limit_rows[i].name, value,
                                        limit_rows[i].min, limit_rows[i].max);
        memcpy(member, &value, sizeof(value));
    }
    return S2S_OK;
}

/* "192.0.2.1", "192.0.2.1:53", "2001:db8::1" or "[2001:db8::1]:53", to the
 * form with brackets and a port that c-ares reads. */
static bool server_form(const char *text, char *out, size_t size)
{
    char host[64];
    const char *port = "";
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    const char *colon = strchr(text, ':');
    bool v4 = end == NULL && colon != NULL && strchr(colon + 1, ':') == NULL;
    size_t length = strlen(text);
    if (end != NULL) {
        port = end + 1;
        length = (size_t)(end + 1 - text);
    } else if (v4) {
        port = colon;
        length = (size_t)(colon - text);
    }
    if (length == 0 || length >= sizeof(host))
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    if (!domain_is_ip(host) || (port[0] != '\0' && port[0] != ':'))
        return false;
    if (port[0] == ':') {
        size_t digits = strspn(port + 1, "0123456789");
        unsigned long value = strtoul(port + 1, NULL, 10);
        if (digits == 0 || digits > 5 || port[1 + digits] != '\0' ||
            value == 0 || value > 65535)
            return false;
    }
    bool bare_v6 = end == NULL && strchr(host, ':') != NULL;
    if (port[0] == '\0')
        port = ":53";
    int n = snprintf(out, size, bare_v6 ? "[%s]%s" : "%s%s", host, port);
    return n > 0 && (size_t)n < size;
}

static int load_servers(const char *const *servers, char **out, char *what)
{
    char list[OPTIONS_LIST * 64] = "";
    size_t used = 0;
    if (servers == NULL || servers[0] == NULL)
        return S2S_OK;
    for (size_t i = 0; servers[i] != NULL; i++) {
        char one[80];
        if (!server_form(servers[i], one, sizeof(one)))
            return options_load_invalid(
                what, "dns_servers: \"%.60s\" is not ADDR[:PORT]", servers[i]);
        int n = snprintf(list + used, sizeof(list) - used, "%s%s",
                         i > 0 ? "," : "", one);
        if (n < 0 || (size_t)n >= sizeof(list) - used)
            return options_load_invalid(what, "dns_servers: too many");
        used += (size_t)n;
    }
    return options_load_text(list, out);
}

static int load_identities(const s2s_identity *const *from,
                           struct options_context *to, char *what)
{
    size_t count = 0;
    while (from != NULL && from[count] != NULL)
        if (++count > OPTIONS_LIST)
            return options_load_invalid(what, "identities: more than %u",
                                        OPTIONS_LIST);
    if (count == 0)
        return S2S_OK;
    to->identities = calloc(count, sizeof(*to->identities));
    if (to->identities == NULL)
        return S2S_ENO_MEMORY;
    to->identity_count = count;
    for (size_t i = 0; i < count; i++) {
        char member[24];
        (void)snprintf(member, sizeof(member), "identities.%zu", i);
        int e =
            options_load_identity(from[i], member, &to->identities[i], what);
        if (e != S2S_OK)
            return e;
    }
    return S2S_OK;
}

static int load_context(const s2s_context_options *from,
                        struct options_context *to, char *what)
{
    s2s_context_options known;
    int e = options_load(&known, sizeof(known), from);
    if (e != S2S_OK)
        return e;
    if (known.log_level > S2S_LOG_WIRE)
        return options_load_invalid(what, "log_level: no such level");
    if (known.max_running > RUNNING_MAX)
        return options_load_invalid(what, "max_running: more than %u",
                                    RUNNING_MAX);
    to->address_filter = known.address_filter;
    to->address_filter_user = known.address_filter_user;
    to->log = (struct log){known.log, known.log_user, (int)known.log_level};
    to->max_running =
        known.max_running != 0 ? known.max_running : DEFAULT_RUNNING;
    e = load_limits(known.limits, &to->limits, what);
    if (e == S2S_OK)
        e = options_load_text(known.ca_file, &to->ca_file);
    if (e == S2S_OK)
        e = load_servers(known.dns_servers, &to->dns_servers, what);
    if (e == S2S_OK)
        e = load_identities(known.identities, to, what);
    return e;
}

int options_load_context(const s2s_context_options *from,
                         struct options_context *to, char what[OPTIONS_WHAT])
{
    struct options_context o = {.ca_file = NULL};
    what[0] = '\0';
    int e = load_context(from, &o, what);
    if (e == S2S_OK)
        *to = o;
    else
        options_free_context(&o);
    return e;
}

void options_free_context(struct options_context *o)
{
    for (size_t i = 0; i < o->identity_count; i++)
        options_free_identity(&o->identities[i]);
    free(o->identities);
    free(o->ca_file);
    free(o->dns_servers);
    *o = (struct options_context){.ca_file = NULL};
}

const struct options_identity *options_identity(const struct options_context *o,
                                                const struct domain *domain)
{
    for (size_t i = 0; i < o->identity_count; i++)
        if (strcmp(o->identities[i].domain->ascii, domain->ascii) == 0)
            return &o->identities[i];
    return NULL;
}

/* ---- Probe ---- */

static int load_domain(const char *name, const char *text, struct domain **out,
                       char *what)
{
    if (text == NULL || text[0] == '\0')
        return options_load_invalid(what, "%s: a domain is required", name);
    int e = domain_parse(text, out);
    if (e == S2S_EINVALID_ARGUMENT)
        return options_load_invalid(what, "%s: \"%.80s\" is not a domain", name,
                                    text);
    return e;
}

static int load_host(const s2s_options *o, struct options_probe *p, char *what)
{
    char host[DOMAIN_MAX];
    if (o->host == NULL)
        return options_load_text(p->to->ascii, &p->host);
    p->host_given = true;
    int e = domain_parse_host(o->host, host);
    if (e == S2S_EINVALID_ARGUMENT)
        return options_load_invalid(
            what, "host: \"%.80s\" is no name and no address", o->host);
    return e == S2S_OK ? options_load_text(host, &p->host) : e;
}

static int load_repetition(const s2s_options *o, struct options_probe *p,
                           char *what)
{
    if (o->count > COUNT_MAX)
        return options_load_invalid(what, "count: more than %u", COUNT_MAX);
    if (o->interval_ms > TIMEOUT_MAX_MS)
        return options_load_invalid(what, "interval_ms: more than %u",
                                    TIMEOUT_MAX_MS);
    if (o->keepalive_ms != 0 &&
        (o->keepalive_ms < KEEPALIVE_MIN || o->keepalive_ms > KEEPALIVE_MAX))
        return options_load_invalid(what, "keepalive_ms: not within %u to %u",
                                    KEEPALIVE_MIN, KEEPALIVE_MAX);
    if (o->reserved != 0)
        return options_load_invalid(what, "reserved: not zero");
    p->keepalive_ms =
        o->keepalive_ms != 0 ? o->keepalive_ms : DEFAULT_KEEPALIVE;
    p->count = o->count != 0 ? o->count : 1;
    p->interval_ms = o->interval_ms != 0 ? o->interval_ms : DEFAULT_INTERVAL;
    return S2S_OK;
}

static int load_numbers(const s2s_options *o, struct options_probe *p,
                        char *what)
{
    if (o->tls_mode > S2S_TLS_NONE)
        return options_load_invalid(what, "tls_mode: no such mode");
    if (o->timeout_ms > TIMEOUT_MAX_MS)
        return options_load_invalid(what, "timeout_ms: more than %u",
                                    TIMEOUT_MAX_MS);
    if ((o->flags & ~KNOWN_FLAGS) != 0)
        return options_load_invalid(what, "flags: unknown ones are set");
    if (o->ping_method > S2S_PING_DIALBACK_VERIFY)
        return options_load_invalid(what, "ping_method: no such method");
    p->port = o->port != 0 ? o->port : DEFAULT_PORT;
    p->tls_mode = o->tls_mode;
    p->timeout_ms = o->timeout_ms != 0 ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
    p->flags = o->flags;
    p->ping_method = o->ping_method;
    return load_repetition(o, p, what);
}

static int load_callbacks(const s2s_options *o, struct options_probe *p,
                          char *what)
{
    int e = options_load(&p->transport, sizeof(p->transport), o->transport);
    if (e == S2S_OK)
        e = options_load(&p->tls, sizeof(p->tls), o->tls);
    if (e != S2S_OK)
        return e;
    p->has_transport = o->transport != NULL;
    p->has_tls = o->tls != NULL;
    const s2s_transport *t = &p->transport;
    if (p->has_transport && (t->open == NULL || t->read == NULL ||
                             t->write == NULL || t->close == NULL))
        return options_load_invalid(
            what, "transport: a required function is missing");
    const s2s_tls *s = &p->tls;
    if (p->has_tls &&
        (s->open == NULL || s->handshake == NULL || s->info == NULL ||
         s->read == NULL || s->write == NULL || s->close == NULL))
        return options_load_invalid(what,
                                    "tls: a required function is missing");
    return S2S_OK;
}

static int load_own_identity(const s2s_options *o, struct options_probe *p,
                             char *what)
{
    if (o->identity == NULL)
        return S2S_OK;
    p->identity = calloc(1, sizeof(*p->identity));
    if (p->identity == NULL)
        return S2S_ENO_MEMORY;
    int e = options_load_identity(o->identity, "identity", p->identity, what);
    if (e == S2S_OK && p->identity->listen != NULL && o->context != NULL)
        return options_load_invalid(what, "identity.listen: not with context");
    if (e == S2S_OK && strcmp(p->identity->domain->ascii, p->from->ascii) != 0)
        return options_load_invalid(what, "identity.domain: it is not from");
    return e;
}

static bool is_mine(const struct options_probe *p, const struct domain *domain)
{
    bool mine = domain_equal(p->from, domain->ascii);
    for (size_t i = 0; i < p->also_count && !mine; i++)
        mine = domain_equal(p->also_from[i], domain->ascii);
    return mine;
}

static int load_also(const s2s_options *o, struct options_probe *p, char *what)
{
    for (size_t i = 0; o->also_from != NULL && o->also_from[i] != NULL; i++) {
        struct domain *domain;
        if (i == OPTIONS_ALSO)
            return options_load_invalid(what, "also_from: more than %u",
                                        OPTIONS_ALSO);
        int e = load_domain("also_from", o->also_from[i], &domain, what);
        if (e != S2S_OK)
            return e;
        if (is_mine(p, domain)) {
            free(domain);
            return options_load_invalid(what, "also_from: %.80s comes twice",
                                        o->also_from[i]);
        }
        p->also_from[p->also_count++] = domain;
    }
    return S2S_OK;
}

static int load_stanza(const s2s_options *o, struct options_probe *p,
                       char *what)
{
    if (p->op == S2S_OP_SEND && o->stanza == NULL)
        return options_load_invalid(what, "stanza: required, to be sent");
    return options_load_text(o->stanza, &p->stanza);
}

int options_load_probe(int op, const char *from, const char *to,
                       const s2s_options *options, struct options_probe *probe,
                       char what[OPTIONS_WHAT])
{
    s2s_options known;
    struct options_probe p = {.op = op};
    what[0] = '\0';
    int e = options_load(&known, sizeof(known), options);
    if (e == S2S_OK)
        e = load_domain("from", from, &p.from, what);
    if (e == S2S_OK)
        e = load_domain("to", to, &p.to, what);
    if (e == S2S_OK)
        e = load_host(&known, &p, what);
    if (e == S2S_OK)
        e = load_numbers(&known, &p, what);
    if (e == S2S_OK)
        e = load_callbacks(&known, &p, what);
    if (e == S2S_OK)
        e = load_also(&known, &p, what);
    if (e == S2S_OK)
        e = load_stanza(&known, &p, what);
    if (e == S2S_OK)
        e = load_own_identity(&known, &p, what);
    if (e == S2S_OK)
        *probe = p;
    else
        options_free_probe(&p);
    return e;
}

void options_free_probe(struct options_probe *o)
{
    free(o->from);
    free(o->to);
    free(o->host);
    free(o->stanza);
    for (size_t i = 0; i < o->also_count; i++)
        free(o->also_from[i]);
    if (o->identity != NULL)
        options_free_identity(o->identity);
    free(o->identity);
    *o = (struct options_probe){.op = o->op};
}
