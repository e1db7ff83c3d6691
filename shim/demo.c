#include "demo.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "demo_trust.h"

#define ADDRESS "127.0.0.1"
#define PEERS   256 /* connections at once, all of them from one address */

struct demo {
    struct demo_trust trust;
    s2s_identity asker;
    s2s_context *context;
    pthread_t thread;
    bool running;
    uint16_t port;
};

static s2s_identity identity_of(const struct demo *d, const char *domain)
{
    return (s2s_identity){.size = sizeof(s2s_identity),
                          .domain = domain,
                          .certificate_file = d->trust.certificate.path,
                          .key_file = d->trust.key.path};
}

struct demo *demo_new(const char *ca_file, char *error, size_t error_size)
{
    struct demo *d = calloc(1, sizeof(*d));
    if (d == NULL || !demo_trust_new(&d->trust, ca_file)) {
        free(d);
        snprintf(error, error_size, "demo: cannot make its certificate");
        return NULL;
    }
    d->asker = identity_of(d, DEMO_ASKER);
    return d;
}

const char *demo_ca_file(const struct demo *demo)
{
    return demo->trust.authorities.path;
}

const s2s_identity *demo_asker(const struct demo *demo)
{
    return &demo->asker;
}

/* Keys of strangers are not checked with other machines. */
static int loopback_only(void *user, const struct sockaddr *address,
                         uint32_t length)
{
    struct sockaddr_in a;
    (void)user;
    if (address->sa_family != AF_INET || length < sizeof(a))
        return 1;
    memcpy(&a, address, sizeof(a));
    return ntohl(a.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET ? 0 : 1;
}

static int new_context(struct demo *d)
{
    static const char *const nobody[] = {ADDRESS ":1", NULL};
    const s2s_identity us = identity_of(d, DEMO_DOMAIN);
    const s2s_identity *const identities[] = {&us, NULL};
    const s2s_limits limits = {
        .size = sizeof(limits), .inbound = PEERS, .inbound_address = PEERS};
    const s2s_context_options setup = {.size = sizeof(setup),
                                       .ca_file = d->trust.certificate.path,
                                       .dns_servers = nobody,
                                       .identities = identities,
                                       .address_filter = loopback_only,
                                       .limits = &limits};
    return s2s_context_new(&setup, &d->context);
}

static int listen_somewhere(struct demo *d)
{
    char address[32];
    snprintf(address, sizeof(address), ADDRESS ":%d", DEMO_PORT);
    int e = s2s_context_listen(d->context, address, &d->port);
    if (e == S2S_EPOLICY)
        e = s2s_context_listen(d->context, ADDRESS ":0", &d->port);
    return e;
}

/* There are no results to take: the context only answers. */
static void *run(void *user)
{
    struct demo *d = user;
    while (s2s_context_run(d->context, -1) >= 0)
        continue;
    return NULL;
}

bool demo_start(struct demo *demo, char *error, size_t error_size)
{
    const char *what = "cannot start its server";
    if (new_context(demo) != S2S_OK)
        goto failed;
    what = "cannot listen";
    if (listen_somewhere(demo) != S2S_OK)
        goto failed;
    what = "cannot start its thread";
    if (pthread_create(&demo->thread, NULL, run, demo) != 0)
        goto failed;
    demo->running = true;
    return true;

failed:
    snprintf(error, error_size, "demo: %s", what);
    return false;
}

uint16_t demo_port(const struct demo *demo)
{
    return demo->port;
}

void demo_free(struct demo *demo)
{
    if (demo == NULL)
        return;
    if (demo->running) {
        s2s_context_stop(demo->context);
        pthread_join(demo->thread, NULL);
    }
    s2s_context_free(demo->context);
    demo_trust_free(&demo->trust);
    free(demo);
}
