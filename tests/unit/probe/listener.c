/*
 * The listener among strangers: what it answers, whom it lets in, and that
 * whoever comes is no trouble to the probes that run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "federation.h"

#define HEADER(to)                                                             \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "               \
    "xmlns:stream='http://etherx.jabber.org/streams' from='" A "' to='" to     \
    "' version='1.0'>"
#define HEARD_MAX 4096u

/* ---- Clients ---- */

/* From an address of loopback, or from any. */
static int dial_from(const struct federation *f, const char *from)
{
    struct sockaddr_in to = loopback_address(f->address[SIDE_B], 5269);
    int fd = from != NULL ? loopback_bind(SOCK_STREAM, from, 0)
                          : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    int rc = connect(fd, (struct sockaddr *)&to, sizeof(to));
    assert_true(rc == 0 || errno == EINPROGRESS);
    return fd;
}

static int dial(const struct federation *f)
{
    return dial_from(f, NULL);
}

static void say(int fd, const void *bytes, size_t length)
{
    const char *p = bytes;
    ssize_t n = 0;
    for (; length > 0 && n >= 0; p += n, length -= (size_t)n)
        n = send(fd, p, length, MSG_NOSIGNAL);
}

/* Until it says something or ends; false: the end. */
static bool hears(struct federation *f, int fd, char *text, size_t *length)
{
    for (;;) {
        ssize_t n =
            recv(fd, text + *length, HEARD_MAX - 1 - *length, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd p = {.fd = fd, .events = POLLIN};
            (void)federation_poke(f, 0);
            (void)poll(&p, 1, 1);
            continue;
        }
        *length += n > 0 ? (size_t)n : 0;
        text[*length] = '\0';
        return n > 0;
    }
}

/* ---- What is answered ---- */

static const struct {
    const char *name;
    const char *text;
    size_t length;      /* 0: strlen() */
    const char *answer; /* somewhere in it; "": nothing */
    bool stays;         /* open afterwards */
} strangers[] = {
    {"a header", HEADER(B), 0, "<starttls ", true},
    {"somebody else's", HEADER("c.test"), 0, "<host-unknown ", false},
    {"HTTP", "GET / HTTP/1.1\r\nHost: b.test\r\n\r\n", 0, "", false},
    {"SMTP", "EHLO a.test\r\n", 0, "", false},
    {"NULs", "\0\0\0\0", 4, "", false},
    {"no TLS", "\x16\x09\x09\x00\x05hello", 10, "", false},
    {"a TLS alert", "\x15\x03\x01\x00\x02\x02\x28", 7, "", false},
    {"another root", "<a xmlns='jabber:server'>", 0, "", false},
    {"a client",
     "<stream:stream xmlns='jabber:client' to='" B "' "
     "xmlns:stream='http://etherx.jabber.org/streams' "
     "version='1.0'>",
     0, "<invalid-namespace ", false},
    {"a stanza", HEADER(B) "<message from='" A "' to='" B "'/>", 0,
     "<stream:error>", false},
    {"a key in the clear",
     HEADER(B) "<db:result xmlns:db='jabber:server:"
               "dialback' from='" A "' to='" B "'>0</db:result>",
     0, "<policy-violation ", true},
    {"a verification",
     HEADER(B) "<db:verify xmlns:db='jabber:server:dialback' "
               "from='" A "' to='" B "' id='1'>0</db:verify>",
     0, "type='invalid'", true},
    {"bad XML", HEADER(B) "<a></b>", 0, "<not-well-formed ", false},
    {"a DTD", "<!DOCTYPE a>", 0, "<stream:error>", false},
};

static void answers(void **state)
{
    struct federation f;
    char text[HEARD_MAX];
    (void)state;
    federation_open(&f, NULL);
    for (size_t k = 0; k < COUNT(strangers); k++) {
        const char *answer = strangers[k].answer;
        size_t length = 0;
        size_t mine = strangers[k].length != 0 ? strangers[k].length
                                               : strlen(strangers[k].text);
        bool open = true, wanted = false;
        int fd = dial(&f);
        text[0] = '\0';
        say(fd, strangers[k].text, mine);
        while (open && !(wanted && strangers[k].stays)) {
            open = hears(&f, fd, text, &length);
            wanted = answer[0] != '\0' && strstr(text, answer) != NULL;
        }
        if (open != strangers[k].stays || wanted != (answer[0] != '\0'))
            fail_msg("%s: %s", strangers[k].name, text);
        close(fd);
    }
    federation_still_works(&f);
    federation_close(&f);
}

/* More than a stranger may send. */
static void too_much(void **state)
{
    static char flood[1u << 20];
    static const char *const begins[] = {"<", " ", HEADER(B) "<a>", HEADER(B),
                                         "\x16\x03\x01\x7f\xff"};
    struct federation f;
    char text[HEARD_MAX];
    (void)state;
    memset(flood, ' ', sizeof(flood));
    federation_open(&f, NULL);
    for (size_t k = 0; k < COUNT(begins); k++) {
        size_t length = 0;
        int fd = dial(&f);
        assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
        say(fd, begins[k], strlen(begins[k]));
        say(fd, flood, sizeof(flood)); /* as much as there is room for */
        while (hears(&f, fd, text, &length))
            assert_true(length < HEARD_MAX - 1);
        close(fd);
    }
    federation_still_works(&f);
    federation_close(&f);
}

/* ---- Whom it lets in ---- */

/* Whether the other side has it in its hands, or has turned it away. */
static bool let_in(struct federation *f, int fd)
{
    static const char half[] = "<stream:stream "; /* no reason to end it */
    char byte;
    say(fd, half, sizeof(half) - 1);
    for (int n = 0; n < 5; n++)
        (void)federation_poke(f, 1);
    return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void places(void **state)
{
    const struct federation_setting s = {.limits = {.size = sizeof(s2s_limits),
                                                    .inbound = 5,
                                                    .inbound_address = 2}};
    static const struct {
        const char *from;
        bool in;
    } rows[] = {
        {"127.0.0.2", true},  {"127.0.0.2", true},  {"127.0.0.2", false},
        {"127.0.0.3", true},  {"127.0.0.3", true},  {"127.0.0.3", false},
        {"127.0.0.22", true}, {"127.0.0.4", false},
    };
    int fds[COUNT(rows)];
    struct federation f;
    (void)state;
    federation_open(&f, &s);
    for (size_t k = 0; k < COUNT(rows); k++) {
        fds[k] = dial_from(&f, rows[k].from);
        if (let_in(&f, fds[k]) != rows[k].in)
            fail_msg("connection %zu from %s", k, rows[k].from);
    }
    close(fds[1]); /* makes room for one of anybody */
    for (int n = 0; n < 5; n++)
        (void)federation_poke(&f, 1);
    fds[1] = dial_from(&f, "127.0.0.4");
    assert_true(let_in(&f, fds[1]));
    for (size_t k = 0; k < COUNT(rows); k++)
        close(fds[k]);
    federation_still_works(&f);
    federation_close(&f);
}

/* Those who have authenticated are no strangers. */
static void friends(void **state)
{
    const struct federation_setting s = {
        .limits = {.size = sizeof(s2s_limits), .inbound_address = 1}};
    struct federation f;
    s2s_stream *streams[4];
    s2s_options o = federation_options();
    (void)state;
    federation_open(&f, &s);
    for (size_t k = 0; k < COUNT(streams); k++) {
        s2s_event e = {.size = sizeof(e)};
        assert_int_equal(
            s2s_stream_open(f.c[SIDE_A], A, B, &o, NULL, &streams[k]), S2S_OK);
        while (s2s_stream_next(streams[k], &e) == 0)
            federation_step(&f);
        assert_int_equal(e.type, S2S_EVENT_OPEN);
    }
    for (size_t k = 0; k < COUNT(streams); k++)
        s2s_stream_free(streams[k]);
    federation_still_works(&f);
    federation_close(&f);
}

/* ---- Crowds ---- */

/* Silent ones, ones that reset, and all of the above, between our pings. */
static void a_crowd(void **state)
{
    enum { CROWD = 50, PINGS = 10 };
    const struct federation_setting s = {
        .limits = {.size = sizeof(s2s_limits), .inbound_address = 200}};
    const struct linger now = {.l_onoff = 1};
    struct federation f;
    s2s_options o = federation_options();
    int fds[CROWD];
    (void)state;
    federation_open(&f, &s);
    for (size_t k = 0; k < CROWD; k++) {
        size_t kind = k % (COUNT(strangers) + 2);
        fds[k] = dial(&f);
        if (kind < COUNT(strangers))
            say(fds[k], strangers[kind].text, strlen(strangers[kind].text));
        else if (kind == COUNT(strangers))
            assert_int_equal(
                setsockopt(fds[k], SOL_SOCKET, SO_LINGER, &now, sizeof(now)),
                0);
        if (kind == COUNT(strangers))
            close(fds[k]);
        if (k % (CROWD / PINGS) == 0) {
            o.flags = k % 2 != 0 ? S2S_NO_EXTERNAL : S2S_NO_BIDI;
            federation_submit(&f, S2S_OP_PING, &o);
        }
    }
    for (size_t k = 0; k < PINGS; k++) {
        s2s_result *r = federation_result(&f, SIDE_A);
        federation_path(r, "success", "true");
        s2s_result_free(r);
    }
    federation_close(&f); /* with those that are still there */
    for (size_t k = 0; k < CROWD; k++)
        if (k % (COUNT(strangers) + 2) != COUNT(strangers))
            close(fds[k]);
}

/* ---- Addresses ---- */

static void addresses(void **state)
{
    static const char *const wrong[] = {
        "",           "b.test:5269",     "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x",
        "::1:0",      "[::1:0"};
    struct federation f;
    char taken[40];
    uint16_t port = 0, same = 1;
    (void)state;
    federation_open(&f, NULL);
    for (size_t k = 0; k < COUNT(wrong); k++)
        assert_int_equal(s2s_context_listen(f.c[SIDE_A], wrong[k], &same),
                         S2S_EINVALID_ARGUMENT);
    snprintf(taken, sizeof(taken), "%s:5269", f.address[SIDE_B]);
    assert_int_equal(s2s_context_listen(f.c[SIDE_A], taken, &same),
                     S2S_EPOLICY);
    assert_int_equal(same, 1);
    assert_int_equal(s2s_context_listen(f.c[SIDE_A], "127.0.0.1:0", &port),
                     S2S_OK);
    assert_int_not_equal(port, 0);
    federation_still_works(&f);
    federation_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers), cmocka_unit_test(too_much),
        cmocka_unit_test(places),  cmocka_unit_test(friends),
        cmocka_unit_test(a_crowd), cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests_name("probe/listener", tests,
                                       federation_begin, federation_end);
}
