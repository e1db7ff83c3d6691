#include "probe/inbound_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "probe/pump.h"
#include "xmpp/stanza.h"

#define STEPS_AT_ONCE  64
#define STRANGER_US    60000000   /* until it has authenticated */
#define IDLE_US        900000000L /* afterwards */
#define ANSWER_MAX     8192u
#define TLS_FIRST_BYTE 0x16 /* handshake: RFC 8446, 5.1 */

static void wake(struct inbound_stream *s)
{
    s->wake(s, s->wake_user);
}

static void on_watch(void *user)
{
    wake(user);
}

static void on_deadline(void *user)
{
    struct inbound_stream *s = user;
    s->expired = true;
    wake(s);
}

static int64_t now(const struct inbound_stream *s)
{
    return loop_now(&s->shared->loop);
}

/* ---- What the responder asks ---- */

static const struct domain *serves(void *user, const char *to)
{
    struct inbound_stream *s = user;
    const struct options_identity *i = shared_serves(s->shared, to);
    return i != NULL ? i->domain : NULL;
}

static bool trusts(void *user, const struct domain *from, const char **why)
{
    struct inbound_stream *s = user;
    s2s_tls_info info = {.size = sizeof(info)};
    int e = s->link.secure ? s->link.tls->info(s->link.session, &info)
                           : S2S_EINTERNAL;
    snprintf(s->why, sizeof(s->why), "there is no TLS");
    if (e == S2S_OK)
        e = certificate_proves(s->shared->trust, &info, from,
                               s->shared->wall_clock(), s->why);
    *why = s->why;
    return e == S2S_OK;
}

static enum dialback_answer verify(void *user, const struct dialback_request *q)
{
    struct inbound_stream *s = user;
    if (q->to == NULL || shared_serves(s->shared, q->to) == NULL)
        return DIALBACK_ERROR;
    return router_sent_key(&s->shared->router, q) ? DIALBACK_VALID
                                                  : DIALBACK_INVALID;
}

/* An open stream of ours to a peer whose certificate is verified is as good
 * as a new connection, and is there. */
static int ask(void *user, const struct domain *from, const struct domain *to,
               const char *id, const char *key)
{
    struct inbound_stream *s = user;
    struct errands *e = &s->shared->errands;
    if (router_ask(&s->shared->router, from, to, id, key) == S2S_OK)
        return S2S_OK;
    return e->verify(e->user, to, from, id, key);
}

/* On their stream where that is agreed (XEP-0288), else on one of ours. */
static void answer(struct inbound_stream *s, const struct domain *theirs,
                   const struct domain *ours, const tree_node *stanza)
{
    struct errands *e = &s->shared->errands;
    struct buf b;
    buf_init(&b, ANSWER_MAX);
    if (stanza_write_answer(&b, stanza) != S2S_OK || b.length == 0)
        goto done;
    if (responder_can_send(s->stream, ours, theirs)) {
        (void)responder_send(s->stream, ours, theirs, b.data, b.length);
    } else if (router_send(&s->shared->router, ours, theirs, b.data,
                           b.length) != S2S_OK &&
               buf_add(&b, "", 1) == S2S_OK) {
        (void)e->send(e->user, ours, theirs, (const char *)b.data);
    }
done:
    buf_free(&b);
}

static void on_stanza(void *user, const struct domain *from,
                      const struct domain *to, const tree_node *stanza,
                      struct tokenizer_span verbatim)
{
    struct inbound_stream *s = user;
    if (!router_deliver(&s->shared->router, NULL, from, to, stanza, verbatim))
        answer(s, from, to, stanza);
}

static void on_answer(void *user, const struct domain *ours,
                      const struct domain *theirs, const char *id,
                      enum dialback_answer answer, const char *condition)
{
    struct inbound_stream *s = user;
    if (s->stream == NULL)
        return;
    responder_verdict(s->stream, theirs, ours, id, answer, condition);
    wake(s);
}

/* ---- What the pump tells ---- */

static const struct options_identity *first_certificate(
    const struct inbound_stream *s)
{
    const struct options_context *o = &s->shared->options;
    const struct guest *g;
    for (size_t i = 0; i < o->identity_count; i++)
        if (o->identities[i].certificate != NULL)
            return &o->identities[i];
    TAILQ_FOREACH(g, &s->shared->guests, link)
    {
        if (g->identity->certificate != NULL)
            return g->identity;
    }
    return NULL;
}

/* The identity whose certificate we show where this domain is asked for (NULL:
 * none was named): its own, else our first. NULL when there is none. */
static const struct options_identity *certificate_for(
    const struct inbound_stream *s, const char *domain)
{
    const struct options_identity *i =
        domain != NULL ? shared_serves(s->shared, domain) : NULL;
    return i != NULL && i->certificate != NULL ? i : first_certificate(s);
}

static int choose(void *chooser, const char *server_name,
                  const char **certificate, const char **key)
{
    const struct options_identity *i = certificate_for(chooser, server_name);
    if (i == NULL)
        return S2S_EPOLICY;
    *certificate = i->certificate;
    *key = i->key;
    return S2S_OK;
}

static int begin_tls(void *user)
{
    struct inbound_stream *s = user;
    const struct domain *local = responder_local(s->stream);
    const struct options_identity *i =
        certificate_for(s, local != NULL ? local->ascii : NULL);
    s2s_tls_request request = {
        .size = sizeof(request),
        .role = S2S_TLS_SERVER,
        .alpn = "xmpp-server",
        .certificate = i != NULL ? i->certificate : NULL,
        .key = i != NULL ? i->key : NULL,
        .choose = local == NULL ? choose : NULL,
        .chooser = s,
    };
    s->tls = tls_provider(s->shared->tls);
    s->seen.tls_tried = true;
    tcp_quickack(s->link.conn);
    return link_begin_tls(&s->link, &s->tls, &request);
}

static void on_secured(void *user)
{
    struct inbound_stream *s = user;
    s->seen.tls = true;
    s->seen.at_tls = now(s);
    responder_secured(s->stream);
}

static void on_tls_failed(void *user, int error)
{
    struct inbound_stream *s = user;
    const char *text = error_text(error);
    if (s->link.tls_begun && tls_error(s->link.session)[0] != '\0')
        text = tls_error(s->link.session);
    snprintf(s->seen.tls_error, sizeof(s->seen.tls_error), "%s", text);
    s->finished = true;
}

/* In TLS 1.3 a client's complaint about our certificate comes here. */
static void on_failed(void *user, int error)
{
    struct inbound_stream *s = user;
    if (s->link.secure && error == S2S_ETLS_HANDSHAKE)
        on_tls_failed(s, error);
    s->finished = true;
}

static void on_ended(void *user)
{
    (void)user;
}

static const struct pump_hooks hooks = {
    .begin_tls = begin_tls,
    .secured = on_secured,
    .tls_failed = on_tls_failed,
    .failed = on_failed,
    .ended = on_ended,
};

/* ---- Steps ---- */

static void begin(struct inbound_stream *s, bool direct)
{
    bool certificate = first_certificate(s) != NULL;
    s->seen.heard = true;
    s->seen.direct = direct;
    s->config = (struct responder_config){
        .house = &s->house,
        .limits = &s->shared->options.limits,
        .log = &s->shared->options.log,
        .direct = direct,
        .offer_tls = certificate,
        .require_tls = certificate,
        .request_certificate = true,
    };
    if (responder_new(&s->config, &s->seen, &s->stream) != S2S_OK)
        s->finished = true;
}

/* The first byte tells TLS from XML. False: it has not come yet. */
static bool sniff(struct inbound_stream *s)
{
    uint8_t first;
    ssize_t n = recv(link_fd(&s->link), &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n == 1)
        begin(s, first == TLS_FIRST_BYTE);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        s->finished = true;
    return n == 1;
}

static void wait_for_link(struct inbound_stream *s)
{
    uint32_t events = s->link.want == S2S_WANT_WRITE ? EPOLLOUT : EPOLLIN;
    if (loop_watch(&s->shared->loop, &s->watch, link_fd(&s->link), events) !=
        S2S_OK)
        s->finished = true;
}

static void look_at_time(struct inbound_stream *s)
{
    bool known = s->stream != NULL && responder_authenticated(s->stream);
    int64_t due = known ? s->active + IDLE_US : now(s);
    s->expired = false;
    if (due > now(s))
        s->finished =
            loop_set_timer(&s->shared->loop, &s->deadline, due) != S2S_OK;
    else
        inbound_stream_end(s, "connection-timeout", NULL);
}

static bool take_steps(struct inbound_stream *s)
{
    struct pump pump = {
        .link = &s->link,
        .engine = &responder_engine,
        .stream = s->stream,
        .hooks = &hooks,
        .user = s,
        .connected = true,
    };
    for (int n = 0; n < STEPS_AT_ONCE && !s->finished; n++) {
        enum pump_step step = pump_once(&pump);
        if (step == PUMP_WAIT)
            return true;
        if (step == PUMP_END)
            s->finished = true;
        s->active = now(s);
    }
    return false;
}

void inbound_stream_step(struct inbound_stream *s)
{
    if (s->expired)
        look_at_time(s);
    if (s->finished)
        return;
    if (s->stream == NULL && !sniff(s)) {
        wait_for_link(s);
        return;
    }
    if (s->finished)
        return;
    if (take_steps(s))
        wait_for_link(s);
    else if (!s->finished)
        wake(s);
    if (s->seen.at_auth == 0 && responder_authenticated(s->stream))
        s->seen.at_auth = now(s);
}

void inbound_stream_end(struct inbound_stream *s, const char *condition,
                        const char *text)
{
    if (s->finished || s->stream == NULL) {
        s->finished = true;
        return;
    }
    responder_close(s->stream, condition, text);
    (void)take_steps(s);
    s->finished = true;
}

/* ---- Life ---- */

static void settle_in(struct inbound_stream *s, const char *address)
{
    s->house = (struct responder_house){
        .user = s,
        .serves = serves,
        .trusts = trusts,
        .verify = verify,
        .ask = ask,
        .stanza = on_stanza,
    };
    s->waiter = (struct router_waiter){.user = s, .answer = on_answer};
    s->watch = (struct loop_watch){.fire = on_watch, .user = s};
    s->deadline = (struct timer){.fire = on_deadline, .user = s};
    s->seen.at_accept = s->active = now(s);
    snprintf(s->seen.address, sizeof(s->seen.address), "%s", address);
    router_add_waiter(&s->shared->router, &s->waiter);
}

int inbound_stream_new(struct shared *shared, int fd, const char *address,
                       struct inbound_stream **out)
{
    void *conn;
    s2s_transport transport = tcp_transport(NULL);
    int e = tcp_adopt(fd, &conn);
    if (e != S2S_OK) {
        (void)close(fd);
        return e;
    }
    struct inbound_stream *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        transport.close(conn);
        return S2S_ENO_MEMORY;
    }
    s->shared = shared;
    s->transport = transport;
    link_adopt(&s->link, &s->transport, conn);
    settle_in(s, address);
    e = loop_set_timer(&shared->loop, &s->deadline, s->active + STRANGER_US);
    if (e == S2S_OK)
        *out = s;
    else
        inbound_stream_free(s);
    return e;
}

void inbound_stream_free(struct inbound_stream *s)
{
    router_remove_waiter(&s->shared->router, &s->waiter);
    loop_clear_timer(&s->shared->loop, &s->deadline);
    loop_watch(&s->shared->loop, &s->watch, -1, 0);
    responder_free(s->stream);
    link_close(&s->link);
    free(s);
}
