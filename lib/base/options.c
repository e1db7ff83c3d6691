#include "base/options.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

#define STRUCT_MAX         4096u
#define LIST_MAX           64u /* DNS servers, identities */
#define DEFAULT_PORT       5269u
#define DEFAULT_TIMEOUT_MS 15000u
#define TIMEOUT_MAX_MS     600000u
#define DEFAULT_RUNNING    256u
#define RUNNING_MAX        100000u
#define ELEMENT_MIN        10000u /* RFC 6120, 13.12 */

__attribute__((format(printf, 2, 3))) static int invalid(
    char what[OPTIONS_WHAT], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(what, OPTIONS_WHAT, format, args);
    va_end(args);
    return S2S_EINVALID_ARGUMENT;
}

int options_load(void *to, size_t known, const void *from)
{
    size_t size = known;
    memset(to, 0, known);
    if (from != NULL) {
        memcpy(&size, from, sizeof(size));
        if (size < sizeof(size) || size > STRUCT_MAX)
            return S2S_EABI;
        memcpy(to, from, size < known ? size : known);
        const uint8_t *tail = from;
        for (size_t i = known; i < size; i++)
            if (tail[i] != 0)
                return S2S_EABI;
    }
    memcpy(to, &known, sizeof(known));
    return S2S_OK;
}

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
            return invalid(what, "limits.%s: %u is not within %u to %u",
                           limit_rows[i].name, value, limit_rows[i].min,
                           limit_rows[i].max);
        memcpy(member, &value, sizeof(value));
    }
    return S2S_OK;
}

static int copy_text(const char *from, char **to)
{
    if (from == NULL)
        return S2S_OK;
    *to = strdup(from);
    return *to != NULL ? S2S_OK : S2S_ENO_MEMORY;
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
    char list[LIST_MAX * 64] = "";
    size_t used = 0;
    if (servers == NULL || servers[0] == NULL)
        return S2S_OK;
    for (size_t i = 0; servers[i] != NULL; i++) {
        char one[80];
        if (!server_form(servers[i], one, sizeof(one)))
            return invalid(what, "dns_servers: \"%.60s\" is not ADDR[:PORT]",
                           servers[i]);
        int n = snprintf(list + used, sizeof(list) - used, "%s%s",
                         i > 0 ? "," : "", one);
        if (n < 0 || (size_t)n >= sizeof(list) - used)
            return invalid(what, "dns_servers: too many");
        used += (size_t)n;
    }
    return copy_text(list, out);
}

static int load_identity(const s2s_identity *from, struct options_identity *to,
                         char *what)
{
    s2s_identity known;
    int e = options_load(&known, sizeof(known), from);
    if (e != S2S_OK)
        return e;
    e = domain_parse(known.domain, &to->domain);
    if (e == S2S_EINVALID_ARGUMENT)
        return invalid(what, "identities: domain is missing or not valid");
    if (e != S2S_OK)
        return e;
    if ((known.certificate_file == NULL) != (known.key_file == NULL))
        return invalid(what, "identities: certificate_file and key_file "
                             "belong together");
    if (known.certificate_file == NULL)
        return S2S_OK;
    e = file_read(known.certificate_file, &to->certificate);
    if (e == S2S_OK)
        e = file_read(known.key_file, &to->key);
    if (e == S2S_EINVALID_ARGUMENT)
        return invalid(what, "identities: cannot read %.100s",
                       to->certificate == NULL ? known.certificate_file
                                               : known.key_file);
    return e;
}

static int load_identities(const s2s_identity *const *from,
                           struct options_context *to, char *what)
{
    size_t count = 0;
    while (from != NULL && from[count] != NULL)
        if (++count > LIST_MAX)
            return invalid(what, "identities: more than %u", LIST_MAX);
    if (count == 0)
        return S2S_OK;
    to->identities = calloc(count, sizeof(*to->identities));
    if (to->identities == NULL)
        return S2S_ENO_MEMORY;
    to->identity_count = count;
    for (size_t i = 0; i < count; i++) {
        int e = load_identity(from[i], &to->identities[i], what);
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
        return invalid(what, "log_level: no such level");
    if (known.max_running > RUNNING_MAX)
        return invalid(what, "max_running: more than %u", RUNNING_MAX);
    to->address_filter = known.address_filter;
    to->address_filter_user = known.address_filter_user;
    to->log = (struct log){known.log, known.log_user, (int)known.log_level};
    to->max_running =
        known.max_running != 0 ? known.max_running : DEFAULT_RUNNING;
    e = load_limits(known.limits, &to->limits, what);
    if (e == S2S_OK)
        e = copy_text(known.ca_file, &to->ca_file);
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
    for (size_t i = 0; i < o->identity_count; i++) {
        free(o->identities[i].domain);
        free(o->identities[i].certificate);
        file_forget(o->identities[i].key);
    }
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
        return invalid(what, "%s: a domain is required", name);
    int e = domain_parse(text, out);
    if (e == S2S_EINVALID_ARGUMENT)
        return invalid(what, "%s: \"%.80s\" is not a domain", name, text);
    return e;
}

static int load_host(const s2s_options *o, struct options_probe *p, char *what)
{
    char host[DOMAIN_MAX];
    if (o->host == NULL)
        return copy_text(p->to->ascii, &p->host);
    p->host_given = true;
    int e = domain_parse_host(o->host, host);
    if (e == S2S_EINVALID_ARGUMENT)
        return invalid(what, "host: \"%.80s\" is no name and no address",
                       o->host);
    return e == S2S_OK ? copy_text(host, &p->host) : e;
}

static int load_numbers(const s2s_options *o, struct options_probe *p,
                        char *what)
{
    if (o->tls_mode > S2S_TLS_NONE)
        return invalid(what, "tls_mode: no such mode");
    if (o->timeout_ms > TIMEOUT_MAX_MS)
        return invalid(what, "timeout_ms: more than %u", TIMEOUT_MAX_MS);
    if ((o->flags & ~S2S_ACCEPT_UNTRUSTED) != 0)
        return invalid(what, "flags: unknown ones are set");
    if (o->ping_method > S2S_PING_DIALBACK_VERIFY)
        return invalid(what, "ping_method: no such method");
    p->port = o->port != 0 ? o->port : DEFAULT_PORT;
    p->tls_mode = o->tls_mode;
    p->timeout_ms = o->timeout_ms != 0 ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
    p->flags = o->flags;
    p->ping_method = o->ping_method;
    return S2S_OK;
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
        return invalid(what, "transport: a required function is missing");
    const s2s_tls *s = &p->tls;
    if (p->has_tls &&
        (s->open == NULL || s->handshake == NULL || s->info == NULL ||
         s->read == NULL || s->write == NULL || s->close == NULL))
        return invalid(what, "tls: a required function is missing");
    return S2S_OK;
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
    *o = (struct options_probe){.op = o->op};
}
