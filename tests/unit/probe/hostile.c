/* Strangers and wrong peers, who must have no effect on what others do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "federation.h"

#define GUEST  "guest.test"
#define SILENT "127.201.1.1" /* nobody answers there */
#define EVIL   "127.202.1.1" /* somebody who says to be b.test */
#define HEADER                                                                 \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "               \
    "xmlns:db='jabber:server:dialback' "                                       \
    "xmlns:stream='http://etherx.jabber.org/streams' to='" B "' "              \
    "version='1.0'>"
#define KEY(to) "<db:result from='also.test' to='" to "'>k</db:result>"

static bool take(s2s_stream *s, s2s_event *e)
{
    *e = (s2s_event){.size = sizeof(*e)};
    return s2s_stream_next(s, e) == 1;
}

static void await_open(struct federation *f, s2s_stream *s)
{
    s2s_event e;
    do {
        while (!take(s, &e))
            federation_step(f);
        assert_int_not_equal(e.type, S2S_EVENT_CLOSED);
    } while (e.type != S2S_EVENT_OPEN);
}

static s2s_stream *open_stream(struct federation *f)
{
    s2s_options o = federation_options();
    s2s_stream *s = NULL;
    assert_int_equal(s2s_stream_open(f->c[SIDE_A], A, B, &o, f, &s), S2S_OK);
    await_open(f, s);
    return s;
}

static void turn(struct federation *f, int rounds)
{
    for (int i = 0; i < rounds; i++)
        federation_poke(f, 5);
}

/* ---- A domain that goes away while a stranger's stream is for it ---- */

static int say(struct federation *f, int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
    turn(f, 30);
    return fd;
}

static int knock(struct federation *f)
{
    struct sockaddr_in to = loopback_address(f->address[SIDE_B], 5269);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void guests_leave(void **state)
{
    const struct federation_setting setting = {.bare = {[SIDE_B] = true}};
    const s2s_identity guest = {.size = sizeof(guest), .domain = GUEST};
    struct federation f;
    char end;
    uint64_t id;
    (void)state;
    federation_open(&f, &setting);
    int silent = loopback_bind(SOCK_STREAM, SILENT, 5269);
    assert_int_equal(listen(silent, 8), 0);
    f.rows[2].answer = SILENT;
    s2s_options o = federation_options();
    o.identity = &guest;
    o.host = SILENT;
    o.ping_method = S2S_PING_IQ;
    assert_int_equal(
        s2s_context_submit(f.c[SIDE_B], S2S_OP_PING, GUEST, A, &o, NULL, &id),
        S2S_OK);
    turn(&f, 5);
    int fd = say(&f, knock(&f), HEADER KEY(GUEST));
    s2s_context_cancel(f.c[SIDE_B], id);
    s2s_result_free(federation_result(&f, SIDE_B));
    turn(&f, 5);
    /* The stream that was for the guest has gone with it. */
    ssize_t n;
    do
        n = recv(fd, &end, 1, MSG_DONTWAIT);
    while (n > 0);
    assert_true(n == 0 || errno == ECONNRESET);
    close(fd);
    close(silent);
    federation_close(&f);
}

/* ---- A peer that is accepted and not verified ---- */

struct evil {
    struct pki_party ca, leaf;
    char certificate[40], key[40];
    s2s_context *context;
};

static void evil_open(struct evil *e)
{
    const struct pki_spec ca = {.cn = "Evil CA", .ca = true};
    const struct pki_spec leaf = {.names = {{"dns", B, 0}}};
    e->ca = pki_make(&ca, NULL);
    e->leaf = pki_make(&leaf, &e->ca);
    federation_write(e->certificate, pki_certificate_pem(&e->leaf));
    federation_write(e->key, pki_key_pem(&e->leaf));
    const s2s_identity own = {.size = sizeof(own),
                              .domain = B,
                              .certificate_file = e->certificate,
                              .key_file = e->key};
    const s2s_identity *const list[] = {&own, NULL};
    const s2s_context_options options = {.size = sizeof(options),
                                         .ca_file = files.ca,
                                         .identities = list,
                                         .host_running = S2S_NO_LIMIT,
                                         .address_running = S2S_NO_LIMIT,
                                         .host_rate = S2S_NO_LIMIT};
    assert_int_equal(s2s_context_new(&options, &e->context), S2S_OK);
    context_shared(e->context)->wall_clock = federation_clock;
    assert_int_equal(s2s_context_listen(e->context, EVIL ":5269", NULL),
                     S2S_OK);
}

static void evil_close(struct evil *e)
{
    s2s_context_free(e->context);
    pki_free(&e->leaf);
    pki_free(&e->ca);
    unlink(e->certificate);
    unlink(e->key);
}

/* It sends our own message back as an answer, to whoever is there. */
static void unverified(void **state)
{
    struct federation f;
    struct evil evil;
    s2s_result *r = NULL;
    s2s_event event;
    uint64_t id;
    (void)state;
    federation_open(&f, NULL);
    evil_open(&evil);
    s2s_stream *verified = open_stream(&f);
    s2s_options o = federation_options();
    o.host = EVIL;
    o.flags = S2S_ACCEPT_UNTRUSTED;
    o.timeout_ms = 1500;
    o.stanza = "<message from='" A "' to='evil@" B "' id='forged'/>";
    assert_int_equal(
        s2s_context_submit(f.c[SIDE_A], S2S_OP_SEND, A, B, &o, NULL, &id),
        S2S_OK);
    while (s2s_context_next(f.c[SIDE_A], &r, NULL, NULL) == 0) {
        federation_poke(&f, 2);
        s2s_context_process(evil.context);
        while (take(verified, &event))
            assert_int_not_equal(event.type, S2S_EVENT_STANZA);
    }
    assert_int_equal(s2s_result_error(r), S2S_OK);
    assert_string_equal(s2s_result_get(r, "tls.verified"), "false");
    assert_true(s2s_result_stanza_count(r) > 0); /* it did answer */
    s2s_result_free(r);
    s2s_stream_free(verified);
    evil_close(&evil);
    federation_close(&f);
}

/* ---- A loop of the caller's ---- */

static void wakes(void **state)
{
    static const char text[] = "<message from='" A "' to='x@" B "'/>";
    struct federation f;
    s2s_event event;
    (void)state;
    federation_open(&f, NULL);
    s2s_stream *s = open_stream(&f);
    struct pollfd p = {.fd = s2s_context_fd(f.c[SIDE_A]), .events = POLLIN};
    do
        while (take(s, &event))
            continue;
    while (federation_poke(&f, 300));
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_int_equal(s2s_stream_send(s, text, sizeof(text) - 1), S2S_OK);
    assert_int_equal(poll(&p, 1, 1000), 1);
    do
        while (take(s, &event))
            continue;
    while (federation_poke(&f, 300));
    s2s_stream_close(s);
    assert_int_equal(poll(&p, 1, 1000), 1);
    s2s_stream_free(s);
    federation_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_leave),
        cmocka_unit_test(unverified),
        cmocka_unit_test(wakes),
    };
    return cmocka_run_group_tests_name("probe/hostile", tests, federation_begin,
                                       federation_end);
}
