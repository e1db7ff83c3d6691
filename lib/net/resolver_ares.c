#include "net/resolver_ares.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "net/resolver_channel.h"

#define CLASS_IN   1
#define AD_BIT     0x20
#define CD_BIT     0x10
#define RCODE_MASK 0x0f

struct resolver_ares {
    bool trust_ad;
    struct resolver_channels channels;
};

struct request {
    resolver_ares_done *done;
    void *user;
    struct resolver_channel *channel;
    uint16_t type;
    bool hosts;
    bool trusted; /* its AD bit counts */
    bool unchecked;
    bool plain; /* asked once more, without EDNS */
    char name[];
};

/* ---- Answers ---------------------------------------------------------- */

static const struct {
    int status;
    const char *text;
} reasons[] = {
    {ARES_ENOTFOUND, "NXDOMAIN"},
    {ARES_ENODATA, "no address"},
    {ARES_ESERVFAIL, "SERVFAIL"},
    {ARES_EREFUSED, "REFUSED"},
    {ARES_EFORMERR, "FORMERR"},
    {ARES_ENOTIMP, "NOTIMP"},
    {ARES_ETIMEOUT, "timed out"},
    {ARES_ECONNREFUSED, "no DNS server can be reached"},
    {ARES_EBADNAME, "not a name that DNS can hold"},
    {ARES_EBADRESP, "malformed answer"},
};

static const char *reason(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "failed";
}

static struct dns_answer *failure(int status)
{
    bool nothing = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    bool unanswered = status == ARES_ECONNREFUSED || status == ARES_ETIMEOUT;
    bool starved = unanswered && file_starved(); /* c-ares got no socket */
    if (status == ARES_ENOMEM)
        return NULL;
    struct dns_answer *a =
        dns_answer_failed(nothing   ? S2S_OK
                          : starved ? S2S_EINTERNAL
                                    : S2S_EDNS,
                          starved ? ERROR_NO_DESCRIPTORS : reason(status));
    if (a != NULL)
        a->unanswered = unanswered;
    return a;
}

/* The data of an address record. */
static struct dns_rdata rdata(const struct ares_addrinfo_node *n)
{
    struct dns_rdata d = {NULL, 0};
    if (n->ai_family == AF_INET)
        d = (struct dns_rdata){(const uint8_t *)n->ai_addr +
                                   offsetof(struct sockaddr_in, sin_addr),
                               sizeof(struct in_addr)};
    else if (n->ai_family == AF_INET6)
        d = (struct dns_rdata){(const uint8_t *)n->ai_addr +
                                   offsetof(struct sockaddr_in6, sin6_addr),
                               sizeof(struct in6_addr)};
    return d;
}

/* What the hosts file says is to be read again: its time to live is 0. */
static struct dns_answer *addresses(const struct ares_addrinfo *info)
{
    enum { MOST = 64 };
    struct dns_rdata list[MOST];
    size_t count = 0;
    int ttl = INT32_MAX;
    const struct ares_addrinfo_node *n = info->nodes;
    for (; n != NULL && count < MOST; n = n->ai_next) {
        list[count] = rdata(n);
        count += list[count].size > 0 ? 1 : 0;
        ttl = n->ai_ttl < ttl ? n->ai_ttl : ttl;
    }
    struct dns_answer *a =
        dns_answer_new(list, count, count == 0 ? "no address" : "");
    if (a != NULL) {
        a->alias = info->cnames != NULL;
        a->ttl = count > 0 && ttl > 0 ? (uint32_t)ttl : 0;
    }
    return a;
}

/* ---- Questions -------------------------------------------------------- */

static void ask(struct request *q);

/* A server that does not know EDNS turns it off for its channel. What else was
 * under way there gets the refusal. */
static bool ask_plainly(struct request *q)
{
    if (q->plain)
        return false;
    q->plain = true;
    ask(q);
    return true;
}

/* We are inside the channel, which is kept for as long: `done` may ask again,
 * and give up a channel where nothing runs. */
static void end(struct request *q, struct dns_answer *answer)
{
    q->done(q->user, answer);
    q->channel->running--;
    free(q);
}

static void hosts_answered(void *user, int status, int timeouts,
                           struct ares_addrinfo *info)
{
    struct request *q = user;
    (void)timeouts;
    if (status != ARES_EFORMERR || !ask_plainly(q))
        end(q, status == ARES_SUCCESS ? addresses(info) : failure(status));
    if (info != NULL)
        ares_freeaddrinfo(info);
}

static void answered(void *user, int status, int timeouts, unsigned char *bytes,
                     int length)
{
    struct request *q = user;
    (void)timeouts;
    if (status != ARES_SUCCESS || length <= 3) {
        end(q, failure(status == ARES_SUCCESS ? ARES_EBADRESP : status));
        return;
    }
    if ((bytes[3] & RCODE_MASK) == DNS_FORMERR && ask_plainly(q))
        return;
    end(q, dns_read(bytes, (size_t)length, q->name, q->type, q->trusted));
}

/* In the order of the answer, as other queries: for another one c-ares makes
 * four system calls an address, of which a stranger may have sent thousands. */
static void ask_hosts(struct request *q)
{
    const struct ares_addrinfo_hints hints = {
        .ai_flags = ARES_AI_NOSORT,
        .ai_family = q->type == DNS_A      ? AF_INET
                     : q->type == DNS_AAAA ? AF_INET6
                                           : AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
    };
    ares_getaddrinfo(q->channel->ares, q->name, NULL, &hints, hosts_answered,
                     q);
}

static void ask_dns(struct request *q)
{
    unsigned char *bytes = NULL;
    int length = 0;
    int status = ares_create_query(q->name, CLASS_IN, q->type, 0, 1, &bytes,
                                   &length, q->plain ? 0 : RESOLVER_EDNS_SIZE);
    if (status != ARES_SUCCESS) {
        end(q, failure(status));
        return;
    }
    bytes[3] = (unsigned char)(bytes[3] | AD_BIT | (q->unchecked ? CD_BIT : 0));
    ares_send(q->channel->ares, bytes, length, answered, q);
    ares_free_string(bytes);
}

/* The answer may come before this returns. */
static void ask(struct request *q)
{
    if (q->hosts)
        ask_hosts(q);
    else
        ask_dns(q);
}

static void begin(struct resolver_ares *a, const char *name,
                  const struct request *wanted)
{
    size_t size = strlen(name) + 1;
    struct request *q = malloc(sizeof(*q) + size);
    if (q == NULL) {
        wanted->done(wanted->user, NULL);
        return;
    }
    *q = *wanted;
    memcpy(q->name, name, size);
    q->channel = resolver_channels_pick(&a->channels);
    q->trusted = a->trust_ad || q->channel->local;
    q->channel->asked++;
    q->channel->running++;
    ask(q);
}

void resolver_ares_hosts(struct resolver_ares *a, const char *name,
                         uint16_t type, resolver_ares_done *done, void *user)
{
    const struct request wanted = {
        .done = done, .user = user, .type = type, .hosts = true};
    begin(a, name, &wanted);
}

void resolver_ares_query(struct resolver_ares *a, const char *name,
                         uint16_t type, bool unchecked,
                         resolver_ares_done *done, void *user)
{
    const struct request wanted = {
        .done = done, .user = user, .type = type, .unchecked = unchecked};
    begin(a, name, &wanted);
}

/* ---- Life ------------------------------------------------------------- */

int resolver_ares_new(const char *servers, const char *config, bool trust_ad,
                      int set, struct resolver_ares **out)
{
    struct resolver_ares *a = calloc(1, sizeof(*a));
    if (a == NULL)
        return S2S_ENO_MEMORY;
    a->trust_ad = trust_ad;
    int e = resolver_channels_open(&a->channels, servers, config, set);
    if (e == S2S_OK)
        *out = a;
    else
        free(a);
    return e;
}

void resolver_ares_free(struct resolver_ares *a)
{
    if (a == NULL)
        return;
    resolver_channels_close(&a->channels);
    free(a);
}

void resolver_ares_process(struct resolver_ares *a)
{
    resolver_channels_process(&a->channels);
}

bool resolver_ares_timeout(const struct resolver_ares *a, struct timeval *out)
{
    return resolver_channels_timeout(&a->channels, out);
}

void resolver_ares_cancel(struct resolver_ares *a)
{
    resolver_channels_cancel(&a->channels);
}
