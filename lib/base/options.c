#include "base/options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define DEFAULT_RUNNING 256u
#define RUNNING_MAX     100000u

/* Public servers throttle. */
#define DEFAULT_HOST_RUNNING    4u
#define DEFAULT_ADDRESS_RUNNING 8u
#define DEFAULT_HOST_RATE       10u

#define ELEMENT_MIN 10000u /* RFC 6120, 13.12 */

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

static int load_resolver(const s2s_context_options *from,
                         struct options_context *to, char *what)
{
    const s2s_resolver *r = &to->resolver;
    int e = options_load(&to->resolver, sizeof(to->resolver), from->resolver);
    if (e != S2S_OK)
        return e;
    to->has_resolver = from->resolver != NULL;
    if (from->dns_trust_ad > 1)
        return options_load_invalid(what, "dns_trust_ad: not 0 or 1");
    to->dns_trust_ad = from->dns_trust_ad == 1;
    if (!to->has_resolver)
        return S2S_OK;
    if (r->start == NULL || r->cancel == NULL)
        return options_load_invalid(what,
                                    "resolver: a required function is missing");
    if ((r->fd == NULL) != (r->process == NULL))
        return options_load_invalid(what,
                                    "resolver: fd and process go together");
    if (to->dns_servers != NULL)
        return options_load_invalid(what,
                                    "resolver: not together with dns_servers");
    return S2S_OK;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static void load_pace(const s2s_context_options *from,
                      struct options_context *to)
{
    to->max_running = or_default(from->max_running, DEFAULT_RUNNING);
    to->max_handshakes = from->max_handshakes;
    to->rate = or_default(from->rate, S2S_NO_LIMIT);
    to->host_running = or_default(from->host_running, DEFAULT_HOST_RUNNING);
    to->address_running =
        or_default(from->address_running, DEFAULT_ADDRESS_RUNNING);
    to->host_rate = or_default(from->host_rate, DEFAULT_HOST_RATE);
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
    load_pace(&known, to);
    to->share = known.share;
    e = load_limits(known.limits, &to->limits, what);
    if (e == S2S_OK)
        e = options_load_text(known.ca_file, &to->ca_file);
    if (e == S2S_OK)
        e = load_servers(known.dns_servers, &to->dns_servers, what);
    if (e == S2S_OK)
        e = load_resolver(&known, to, what);
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
