#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <s2sprobe.h>

#include "number.h"
#include "options_batch.h"
#include "options_rules.h"
#include "options_value.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define DAYS_MAX     100000

struct failure {
    char *text;
    size_t size;
};

static bool fail(const struct failure *f, const char *what, const char *value)
{
    snprintf(f->text, f->size, "%s%s%s", what, value != NULL ? ": " : "",
             value != NULL ? value : "");
    return false;
}

/* ---- Options ------------------------------------------------------------ */

enum {
    FROM = 256,
    HOST,
    PORT,
    TLS,
    TIMEOUT,
    DNS_SERVER,
    DNS_TRUST_AD,
    SRV_FALLBACK,
    PIPELINE,
    DANE,
    XML_TO,
    SERVICE,
    CA_FILE,
    ACCEPT_UNTRUSTED,
    CERT,
    KEY,
    PASSWORD_FILE,
    SECRET_FILE,
    LISTEN,
    AUTHENTICATE,
    NO_EXTERNAL,
    NO_DIALBACK,
    NO_BIDI,
    PINGS,
    INTERVAL,
    PING_METHOD,
    NAGIOS,
    COLOR
    /* and those of options_batch.h */
};

static const char letters[] = ":jw:c:qvVh";

static const struct option names[] = {
    {"from", required_argument, NULL, FROM},
    {"host", required_argument, NULL, HOST},
    {"port", required_argument, NULL, PORT},
    {"tls", required_argument, NULL, TLS},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"dns-server", required_argument, NULL, DNS_SERVER},
    {"dns-trust-ad", no_argument, NULL, DNS_TRUST_AD},
    {"srv-fallback", no_argument, NULL, SRV_FALLBACK},
    {"pipeline", no_argument, NULL, PIPELINE},
    {"dane", no_argument, NULL, DANE},
    {"xml-to", required_argument, NULL, XML_TO},
    {"service", required_argument, NULL, SERVICE},
    {"ca-file", required_argument, NULL, CA_FILE},
    {"accept-untrusted", no_argument, NULL, ACCEPT_UNTRUSTED},
    {"cert", required_argument, NULL, CERT},
    {"key", required_argument, NULL, KEY},
    {"password-file", required_argument, NULL, PASSWORD_FILE},
    {"secret-file", required_argument, NULL, SECRET_FILE},
    {"listen", required_argument, NULL, LISTEN},
    {"authenticate", no_argument, NULL, AUTHENTICATE},
    {"no-external", no_argument, NULL, NO_EXTERNAL},
    {"no-dialback", no_argument, NULL, NO_DIALBACK},
    {"no-bidi", no_argument, NULL, NO_BIDI},
    {"count", required_argument, NULL, PINGS},
    {"interval", required_argument, NULL, INTERVAL},
    {"ping-method", required_argument, NULL, PING_METHOD},
    {"op", required_argument, NULL, OP},
    {"concurrency", required_argument, NULL, CONCURRENCY},
    {"rate", required_argument, NULL, RATE},
    {"per-host", required_argument, NULL, PER_HOST},
    {"host-rate", required_argument, NULL, HOST_RATE},
    {"handshakes", required_argument, NULL, HANDSHAKES},
    {"shard", required_argument, NULL, SHARD},
    {"no-progress", no_argument, NULL, NO_PROGRESS},
    {"json", no_argument, NULL, 'j'},
    {"nagios", no_argument, NULL, NAGIOS},
    {"warning", required_argument, NULL, 'w'},
    {"critical", required_argument, NULL, 'c'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"color", required_argument, NULL, COLOR},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Whether `option` is one of texts; then it is taken. */
static bool take_text(int option, const char *value, struct options *o)
{
    const struct {
        int option;
        const char **out;
    } texts[] = {
        {FROM, &o->from},
        {HOST, &o->host},
        {XML_TO, &o->xml_to},
        {CA_FILE, &o->ca_file},
        {CERT, &o->certificate},
        {KEY, &o->key},
        {PASSWORD_FILE, &o->password_file},
        {SECRET_FILE, &o->secret_file},
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (texts[i].option != option)
            continue;
        *texts[i].out = value;
        return true;
    }
    return false;
}

/* The same of those without a value. */
static bool take_switch(int option, struct options *o)
{
    static const struct {
        int option;
        uint32_t flag;
    } flags[] = {
        {ACCEPT_UNTRUSTED, S2S_ACCEPT_UNTRUSTED},
        {AUTHENTICATE, S2S_AUTHENTICATE},
        {NO_EXTERNAL, S2S_NO_EXTERNAL},
        {NO_DIALBACK, S2S_NO_DIALBACK},
        {NO_BIDI, S2S_NO_BIDI},
        {DANE, S2S_DANE},
        {SRV_FALLBACK, S2S_SRV_FALLBACK},
        {PIPELINE, S2S_PIPELINE},
    };
    for (size_t i = 0; i < COUNT(flags); i++)
        if (flags[i].option == option) {
            o->flags |= flags[i].flag;
            return true;
        }
    o->json = o->json || option == 'j';
    o->nagios = o->nagios || option == NAGIOS;
    o->quiet = o->quiet || option == 'q';
    o->dns_trust_ad = o->dns_trust_ad || option == DNS_TRUST_AD;
    o->batch.no_progress = o->batch.no_progress || option == NO_PROGRESS;
    o->verbose += option == 'v' ? 1 : 0;
    if (option == 'V' || option == 'h')
        o->action = option == 'V' ? ACTION_VERSION : ACTION_HELP;
    return option == 'j' || option == NAGIOS || option == 'q' ||
           option == DNS_TRUST_AD || option == NO_PROGRESS || option == 'v' ||
           option == 'V' || option == 'h';
}

/* The others: whether the value is right. */
static bool take_value(int option, const char *value, struct options *o)
{
    switch (option) {
    case PORT:
        return number_whole(value, 1, UINT16_MAX, &o->port);
    case TLS:
        return options_tls_mode(value, &o->tls_mode);
    case TIMEOUT:
        return options_seconds(value, &o->timeout_ms);
    case DNS_SERVER:
        return options_append(o->dns_servers, OPTIONS_LIST, value);
    case SERVICE:
        return options_append(o->services, OPTIONS_SERVICES, value);
    case LISTEN:
        return options_append(o->listen, OPTIONS_LIST, value);
    case PINGS:
        return number_whole(value, 1, OPTIONS_COUNT_MAX, &o->count);
    case INTERVAL:
        return options_seconds(value, &o->interval_ms);
    case PING_METHOD:
        return options_ping_method(value, &o->ping_method);
    case COLOR:
        return options_color(value, &o->color);
    case 'w':
        return number_whole(value, 0, DAYS_MAX, &o->warning);
    case 'c':
        return number_whole(value, 0, DAYS_MAX, &o->critical);
    default:
        return options_batch_take(option, value, &o->batch);
    }
}

static const char *wanted(int option)
{
    static const struct {
        int option;
        const char *text;
    } texts[] = {
        {PORT, "--port wants 1 to 65535"},
        {TLS, "--tls wants auto, starttls, direct or none"},
        {TIMEOUT, "--timeout wants seconds, 0.001 to 600"},
        {DNS_SERVER, "--dns-server wants an address, at most 16 times"},
        {SERVICE, "--service wants a name, at most 8 times"},
        {LISTEN, "--listen wants an address, at most 16 times"},
        {PINGS, "--count wants 1 to 1000"},
        {INTERVAL, "--interval wants seconds, 0.001 to 600"},
        {PING_METHOD, "--ping-method wants auto, iq or dialback-verify"},
        {COLOR, "--color wants auto, always or never"},
        {'w', "--warning wants days"},
        {'c', "--critical wants days"},
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i].option == option)
            return texts[i].text;
    return options_batch_wanted(option);
}

static bool take(int option, struct options *o, char **argv,
                 const struct failure *f)
{
    if (option == '?') {
        const char letter[] = {'-', (char)optopt, '\0'};
        bool is_letter =
            optopt > 0 && optopt <= CHAR_MAX && strchr(letters, optopt) == NULL;
        return fail(f, "not an option, or not with a value",
                    is_letter ? letter : argv[optind - 1]);
    }
    if (option == ':')
        return fail(f, "wants a value", argv[optind - 1]);
    if (optarg == NULL)
        return take_switch(option, o);
    return take_text(option, optarg, o) || take_value(option, optarg, o) ||
           fail(f, wanted(option), optarg);
}

/* ---- Operands ----------------------------------------------------------- */

static const struct options_word commands[] = {
    {"connect", COMMAND_CONNECT}, {"ping", COMMAND_PING},
    {"send", COMMAND_SEND},       {"check", COMMAND_CHECK},
    {"batch", COMMAND_BATCH},     {NULL, 0}};

const char *options_command_name(const struct options *o)
{
    for (size_t i = 0; commands[i].word != NULL; i++)
        if (commands[i].value == (uint32_t)o->command)
            return commands[i].word;
    return "";
}

static bool take_operands(char **operands, struct options *o,
                          const struct failure *f)
{
    uint32_t command;
    if (operands[0] == NULL)
        return fail(f, "connect, ping, send or check, and a domain; or batch",
                    NULL);
    if (!options_choose(commands, operands[0], &command))
        return fail(f, "connect, ping, send, check or batch, not", operands[0]);
    o->command = (enum command)command;
    if (o->command == COMMAND_BATCH) {
        o->batch.input = operands[1] != NULL ? operands[1] : "-";
        return operands[1] == NULL || operands[2] == NULL ||
               fail(f, "one word too many", operands[2]);
    }
    o->domain = operands[1];
    if (o->domain == NULL)
        return fail(f, "a domain is missing", NULL);
    operands += 2;
    if (o->command == COMMAND_SEND) {
        if (operands[0] == NULL)
            return fail(f, "send: a stanza is missing, or -", NULL);
        o->stanza = *operands++;
    }
    return operands[0] == NULL || fail(f, "one word too many", operands[0]);
}

bool options_parse(int argc, char **argv, struct options *out, char *error,
                   size_t error_size)
{
    const struct failure f = {error, error_size};
    int option;
    *out = (struct options){
        .warning = OPTIONS_NO_DAYS,
        .critical = OPTIONS_NO_DAYS,
        .batch = {.op = S2S_OP_CONNECT, .concurrency = OPTIONS_CONCURRENCY}};
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        out->nagios = out->nagios || strcmp(argv[i], "--nagios") == 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, letters, names, NULL)) != -1)
        if (!take(option, out, argv, &f))
            return false;
    if (out->action != ACTION_PROBE)
        return true;
    return take_operands(argv + optind, out, &f) &&
           options_complete(out, error, error_size);
}
