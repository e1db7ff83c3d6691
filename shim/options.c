#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <s2sprobe.h>

#define DEFAULT_ADDRESS    "127.0.0.1"
#define DEFAULT_PORT       8787
#define DEFAULT_PROBES     64
#define DEFAULT_TIMEOUT_MS 60000
#define TIMEOUT_MAX_MS     600000 /* the library's own limit */
#define LIMIT_MAX          1000000

const char options_usage[] =
    "usage: s2sprobe-http [options]\n"
    "  --listen ADDR:PORT     IPv4 address to serve on [127.0.0.1:8787];\n"
    "                         port 0 takes a free one\n"
    "  --ca-file FILE         trust these authorities, not the system's\n"
    "  --dns-server ADDR[:PORT]\n"
    "                         ask this name server; repeatable\n"
    "  --dns-trust-ad         believe what name servers that are not on\n"
    "                         loopback say of DNSSEC\n"
    "  --max-probes N         probes at once [64]\n"
    "  --max-timeout MS       longest timeout of a request [60000]\n"
    "  --host-running N       connections at once to one host name [4]\n"
    "  --address-running N    connections at once to one address [8]\n"
    "  --host-rate N          connections begun in a second to one host name\n"
    "                         or address [10]\n"
    "  --rate N               connections begun in a second, in all [none]\n"
    "  --max-handshakes N     connections on their way to a secure stream at\n"
    "                         once [what the machine keeps up with];\n"
    "                         for these five \"none\" is no limit\n"
    "  --allow-target CIDR    also probe this network when not serving on\n"
    "                         loopback; repeatable\n"
    "  --allow-host NAME      also answer for this Host; repeatable\n"
    "  --identity domain=D[,cert=FILE,key=FILE][,secret-file=FILE]\n"
    "                         a domain of ours; repeatable\n"
    "  --listen-s2s ADDR:PORT where its servers' connections come in;\n"
    "                         repeatable\n"
    "  --demo                 run a small XMPP server for localhost\n"
    "  --access-log           one JSON line a request on standard error\n"
    "  --version, --help\n";

struct failure {
    char *text;
    size_t size;
};

static bool fail(const struct failure *f, const char *what, const char *value)
{
    snprintf(f->text, f->size, "%s: %s", what, value);
    return false;
}

/* Decimal digits only, min..max. */
static bool parse_number(const char *text, uint32_t min, uint32_t max,
                         uint32_t *out)
{
    size_t n = strlen(text);
    uint64_t value = 0;
    if (n == 0 || n > 9 || strspn(text, "0123456789") != n)
        return false;
    for (; *text != '\0'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    if (value < min || value > max)
        return false;
    *out = (uint32_t)value;
    return true;
}

/* "none", or 1 to LIMIT_MAX. */
static bool parse_limit(const char *text, uint32_t *out)
{
    if (strcmp(text, "none") != 0)
        return parse_number(text, 1, LIMIT_MAX, out);
    *out = S2S_NO_LIMIT;
    return true;
}

static bool parse_listen(const char *text, struct options *o)
{
    struct in_addr address;
    uint32_t port;
    const char *colon = strchr(text, ':');
    size_t n = colon != NULL ? (size_t)(colon - text) : 0;
    if (n == 0 || n >= sizeof(o->listen_address) ||
        !parse_number(colon + 1, 0, UINT16_MAX, &port))
        return false;
    memcpy(o->listen_address, text, n);
    o->listen_address[n] = '\0';
    o->listen_port = (uint16_t)port;
    return inet_pton(AF_INET, o->listen_address, &address) == 1;
}

/* Append to a list that NULL ends. */
static bool append(const char **list, const char *value)
{
    size_t n = 0;
    while (list[n] != NULL)
        n++;
    if (n == OPTIONS_LIST || value[0] == '\0')
        return false;
    list[n] = value;
    return true;
}

/* What a Host field can hold, the port aside. */
static bool is_host(const char *text)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-._";
    return text[strspn(text, characters)] == '\0';
}

static bool parse_identity(char *text, struct options *o)
{
    if (o->identity_count == OPTIONS_LIST ||
        !identity_parse(text, &o->identities[o->identity_count]))
        return false;
    o->identity_count++;
    return true;
}

enum {
    LISTEN = 1,
    CA_FILE,
    DNS_SERVER,
    DNS_TRUST_AD,
    MAX_PROBES,
    MAX_TIMEOUT,
    HOST_RUNNING,
    ADDRESS_RUNNING,
    HOST_RATE,
    RATE,
    MAX_HANDSHAKES,
    ALLOW_TARGET,
    ALLOW_HOST,
    IDENTITY,
    LISTEN_S2S,
    DEMO,
    ACCESS_LOG,
    VERSION,
    HELP
};

static const struct option names[] = {
    {"listen", required_argument, NULL, LISTEN},
    {"ca-file", required_argument, NULL, CA_FILE},
    {"dns-server", required_argument, NULL, DNS_SERVER},
    {"dns-trust-ad", no_argument, NULL, DNS_TRUST_AD},
    {"max-probes", required_argument, NULL, MAX_PROBES},
    {"max-timeout", required_argument, NULL, MAX_TIMEOUT},
    {"host-running", required_argument, NULL, HOST_RUNNING},
    {"address-running", required_argument, NULL, ADDRESS_RUNNING},
    {"host-rate", required_argument, NULL, HOST_RATE},
    {"rate", required_argument, NULL, RATE},
    {"max-handshakes", required_argument, NULL, MAX_HANDSHAKES},
    {"allow-target", required_argument, NULL, ALLOW_TARGET},
    {"allow-host", required_argument, NULL, ALLOW_HOST},
    {"identity", required_argument, NULL, IDENTITY},
    {"listen-s2s", required_argument, NULL, LISTEN_S2S},
    {"demo", no_argument, NULL, DEMO},
    {"access-log", no_argument, NULL, ACCESS_LOG},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static bool take_target(const char *value, struct options *o,
                        const struct failure *f)
{
    return policy_add(&o->policy, value) ||
           fail(f,
                policy_has_host_bits(value)
                    ? "--allow-target has bits set behind the prefix"
                    : "--allow-target wants an address or network",
                value);
}

static bool take_number(int option, const char *value, struct options *o,
                        const struct failure *f)
{
    switch (option) {
    case MAX_PROBES:
        return parse_number(value, 1, OPTIONS_MAX_PROBES, &o->max_probes) ||
               fail(f, "--max-probes wants 1 to 1024", value);
    case MAX_TIMEOUT:
        return parse_number(value, 1, TIMEOUT_MAX_MS, &o->max_timeout_ms) ||
               fail(f, "--max-timeout wants 1 to 600000", value);
    case HOST_RUNNING:
        return parse_limit(value, &o->host_running) ||
               fail(f, "--host-running wants 1 to 1000000, or none", value);
    case ADDRESS_RUNNING:
        return parse_limit(value, &o->address_running) ||
               fail(f, "--address-running wants 1 to 1000000, or none", value);
    case HOST_RATE:
        return parse_limit(value, &o->host_rate) ||
               fail(f, "--host-rate wants 1 to 1000000, or none", value);
    case RATE:
        return parse_limit(value, &o->rate) ||
               fail(f, "--rate wants 1 to 1000000, or none", value);
    default:
        return parse_limit(value, &o->max_handshakes) ||
               fail(f, "--max-handshakes wants 1 to 1000000, or none", value);
    }
}

static bool take(int option, char *value, struct options *o,
                 const struct failure *f)
{
    switch (option) {
    case LISTEN:
        return parse_listen(value, o) ||
               fail(f, "--listen wants IPV4:PORT", value);
    case CA_FILE:
        o->ca_file = value;
        return true;
    case DNS_SERVER:
        return append(o->dns_servers, value) ||
               fail(f, "--dns-server wants at most 16 addresses", value);
    case DNS_TRUST_AD:
        o->dns_trust_ad = true;
        return true;
    case ALLOW_TARGET:
        return take_target(value, o, f);
    case ALLOW_HOST:
        return (is_host(value) && append(o->allow_hosts, value)) ||
               fail(f, "--allow-host wants a name without a port, at most 16",
                    value);
    case IDENTITY:
        /* Said in advance: it will be in pieces. */
        fail(f, "--identity wants " IDENTITY_SETTINGS ", at most 16 times",
             value);
        return parse_identity(value, o);
    case LISTEN_S2S:
        return append(o->listen_s2s, value) ||
               fail(f, "--listen-s2s wants at most 16 addresses", value);
    case DEMO:
        o->demo = true;
        return true;
    case ACCESS_LOG:
        o->access_log = true;
        return true;
    case VERSION:
        o->action = OPTIONS_VERSION;
        return true;
    case HELP:
        o->action = OPTIONS_HELP;
        return true;
    default:
        return take_number(option, value, o, f);
    }
}

bool options_parse(int argc, char **argv, struct options *out, char *error,
                   size_t error_size)
{
    struct failure f = {error, error_size};
    int option;
    *out = (struct options){.listen_address = DEFAULT_ADDRESS,
                            .listen_port = DEFAULT_PORT,
                            .max_probes = DEFAULT_PROBES,
                            .max_timeout_ms = DEFAULT_TIMEOUT_MS};
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", names, NULL)) != -1) {
        if (option == ':')
            return fail(&f, "a value is missing", argv[optind - 1]);
        if (option == '?')
            return fail(&f, "unknown option", argv[optind - 1]);
        if (!take(option, optarg, out, &f))
            return false;
        if (out->action != OPTIONS_SERVE)
            return true;
    }
    if (optind < argc)
        return fail(&f, "unexpected argument", argv[optind]);
    if (out->listen_s2s[0] != NULL && out->identity_count == 0)
        return fail(&f, "--listen-s2s needs an --identity", out->listen_s2s[0]);
    return true;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 ||
           strncmp(address, "[::1]:", 6) == 0;
}

bool options_exposed(const struct options *o)
{
    bool exposed = !is_loopback(o->listen_address) || o->allow_hosts[0] != NULL;
    for (size_t i = 0; o->listen_s2s[i] != NULL; i++)
        exposed = exposed || !is_loopback(o->listen_s2s[i]);
    return exposed;
}
