/* s2s_options with from and to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"

#define DEFAULT_PORT       5269u
#define DEFAULT_TIMEOUT_MS 15000u
#define DEFAULT_CHECK_MS   30000u
#define TIMEOUT_MAX_MS     600000u
#define COUNT_MAX          1000u
#define KEEPALIVE_MIN      1000u
#define KEEPALIVE_MAX      86400000u
#define DEFAULT_KEEPALIVE  300000u
#define DEFAULT_INTERVAL   1000u /* ms */
#define KNOWN_FLAGS                                                            \
    (S2S_ACCEPT_UNTRUSTED | S2S_AUTHENTICATE | S2S_NO_EXTERNAL |               \
     S2S_NO_DIALBACK | S2S_NO_BIDI | S2S_NO_ACKS | S2S_DIALBACK_UNVERIFIED |   \
     S2S_DANE | S2S_SRV_FALLBACK | S2S_PIPELINE)

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

/* The text of `to` in XML, in place of its U-labels. */
static int load_xml_to(const s2s_options *o, struct options_probe *p,
                       char *what)
{
    struct domain *d;
    if (o->xml_to == NULL)
        return S2S_OK;
    int e = load_domain("xml_to", o->xml_to, &d, what);
    if (e != S2S_OK)
        return e;
    free(d);
    e = domain_rename(p->to, o->xml_to, &d);
    if (e != S2S_OK)
        return e;
    free(p->to);
    p->to = d;
    return S2S_OK;
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
    p->port_given = o->port != 0;
    p->tls_mode = o->tls_mode;
    uint32_t normal =
        p->op == S2S_OP_CHECK ? DEFAULT_CHECK_MS : DEFAULT_TIMEOUT_MS;
    p->timeout_ms = o->timeout_ms != 0 ? o->timeout_ms : normal;
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

/* Room for `most` domains, where there are names at all. */
static int make_list(const char *const *names, size_t most,
                     struct domain ***list)
{
    if (names == NULL || names[0] == NULL)
        return S2S_OK;
    *list = calloc(most, sizeof(**list));
    return *list != NULL ? S2S_OK : S2S_ENO_MEMORY;
}

static void free_list(struct domain **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

static int load_also(const s2s_options *o, struct options_probe *p, char *what)
{
    int made = make_list(o->also_from, OPTIONS_ALSO, &p->also_from);
    if (made != S2S_OK)
        return made;
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

/* "conference." in front of the domain, or a domain. */
static int load_service(const char *text, struct options_probe *p,
                        struct domain **out, char *what)
{
    char name[DOMAIN_UNICODE_MAX];
    size_t length = strlen(text);
    bool prefix = length > 0 && text[length - 1] == '.';
    int n = snprintf(name, sizeof(name), "%s%s", text,
                     prefix ? p->to->unicode : "");
    if (n < 0 || (size_t)n >= sizeof(name))
        return options_load_invalid(what, "services: too long");
    return load_domain("services", name, out, what);
}

static int load_services(const s2s_options *o, struct options_probe *p,
                         char *what)
{
    int made = make_list(o->services, OPTIONS_SERVICES, &p->services);
    if (made != S2S_OK)
        return made;
    for (size_t i = 0; o->services != NULL && o->services[i] != NULL; i++) {
        if (i == OPTIONS_SERVICES)
            return options_load_invalid(what, "services: more than %u",
                                        OPTIONS_SERVICES);
        int e = load_service(o->services[i], p, &p->services[i], what);
        if (e != S2S_OK)
            return e;
        p->service_count++;
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
        e = load_xml_to(&known, &p, what);
    if (e == S2S_OK)
        e = load_host(&known, &p, what);
    if (e == S2S_OK)
        e = load_numbers(&known, &p, what);
    if (e == S2S_OK)
        e = load_callbacks(&known, &p, what);
    if (e == S2S_OK)
        e = load_also(&known, &p, what);
    if (e == S2S_OK)
        e = load_services(&known, &p, what);
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
    free_list(o->also_from, o->also_count);
    free_list(o->services, o->service_count);
    if (o->identity != NULL && !o->identity_lent) {
        options_free_identity(o->identity);
        free(o->identity);
    }
    *o = (struct options_probe){.op = o->op};
}
