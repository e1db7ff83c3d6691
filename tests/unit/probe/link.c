/* What the caller's callbacks say, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/link.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define OWN         (S2S_CALLBACK_ERROR - 7)

/* A transport and a TLS session that say what they are told to. */
static struct {
    int open, tls_open, handshake, fd;
    ptrdiff_t read, write, tls_read, tls_write;
    char log[32]; /* which were closed, in order */
    s2s_tls_request request;
} says;

static int conn, session;

static int open_conn(void *user, const char *host, uint16_t port, void **out)
{
    assert_ptr_equal(user, &says);
    assert_string_equal(host, "h");
    assert_int_equal(port, 7);
    *out = &conn; /* not to be used unless it says 0 */
    return says.open;
}

static ptrdiff_t read_conn(void *c, void *buffer, size_t length)
{
    assert_ptr_equal(c, &conn);
    if (says.read > 0 && (size_t)says.read <= length)
        memset(buffer, 'r', (size_t)says.read);
    return says.read;
}

static ptrdiff_t write_conn(void *c, const void *buffer, size_t length)
{
    assert_ptr_equal(c, &conn);
    (void)buffer;
    (void)length;
    return says.write;
}

static int fd_conn(void *c)
{
    assert_ptr_equal(c, &conn);
    return says.fd;
}

static void note(const char *what)
{
    size_t used = strlen(says.log);
    assert_true(used + strlen(what) < sizeof(says.log));
    memcpy(says.log + used, what, strlen(what) + 1);
}

static void close_conn(void *c)
{
    assert_ptr_equal(c, &conn);
    note("conn ");
}

static int open_session(void *user, const s2s_tls_request *request, void **out)
{
    assert_ptr_equal(user, &says);
    says.request = *request;
    *out = &session;
    return says.tls_open;
}

static int shake(void *s)
{
    assert_ptr_equal(s, &session);
    return says.handshake;
}

static ptrdiff_t read_session(void *s, void *buffer, size_t length)
{
    assert_ptr_equal(s, &session);
    (void)buffer;
    (void)length;
    return says.tls_read;
}

static ptrdiff_t write_session(void *s, const void *buffer, size_t length)
{
    assert_ptr_equal(s, &session);
    (void)buffer;
    (void)length;
    return says.tls_write;
}

static void close_session(void *s)
{
    assert_ptr_equal(s, &session);
    note("session ");
}

static const s2s_transport transport = {
    sizeof(transport), &says,   open_conn, read_conn,
    write_conn,        fd_conn, close_conn};
static const s2s_tls tls = {sizeof(tls),   &says,        open_session,
                            shake,         NULL,         read_session,
                            write_session, close_session};

static void open_link(struct link *l)
{
    memset(&says, 0, sizeof(says));
    assert_int_equal(link_open(l, &transport, "h", 7), S2S_OK);
}

static void open_tls(struct link *l)
{
    s2s_tls_request request = {.size = sizeof(request), .server_name = "n"};
    open_link(l);
    assert_int_equal(link_begin_tls(l, &tls, &request), S2S_OK);
    assert_true(l->tls_begun);
    assert_string_equal(says.request.server_name, "n");
}

/* ---- Opening ---- */

/* What open() says counts when it is 0, or an error of ours or of the
 * caller's; all else is no answer. It may leave a connection in progress, but
 * says 0 then. */
static const struct {
    int says, is;
} opens[] = {
    {0, 0},
    {S2S_ECONNECT, S2S_ECONNECT},
    {S2S_EDNS, S2S_EDNS},
    {OWN, OWN},
    {INT32_MIN, INT32_MIN},
    {1, S2S_EINTERNAL},
    {INT32_MAX, S2S_EINTERNAL},
    {S2S_WANT_READ, S2S_EINTERNAL},
    {S2S_WANT_WRITE, S2S_EINTERNAL},
};

static void opening(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(opens); i++) {
        struct link l;
        memset(&says, 0, sizeof(says));
        says.open = opens[i].says;
        assert_int_equal(link_open(&l, &transport, "h", 7), opens[i].is);
        assert_int_equal(l.open, opens[i].is == S2S_OK);
        assert_true(l.open || link_fd(&l) == -1);
        link_close(&l);
        link_close(&l); /* once is all */
        assert_string_equal(says.log,
                            l.open || opens[i].is == S2S_OK ? "conn " : "");
    }
}

static void opening_tls(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(opens); i++) {
        struct link l;
        s2s_tls_request request = {.size = sizeof(request)};
        open_link(&l);
        says.tls_open = opens[i].says;
        assert_int_equal(link_begin_tls(&l, &tls, &request), opens[i].is);
        link_close(&l);
        assert_string_equal(says.log,
                            opens[i].is == 0 ? "session conn " : "conn ");
    }
}

/* ---- Bytes ---- */

static const struct {
    ptrdiff_t says, read, written;
    int want; /* afterwards; 0: as before */
} moves[] = {
    {1, 1, 1, 0},
    {8, 8, 8, 0},
    {9, S2S_EINTERNAL, S2S_EINTERNAL, 0}, /* more than were asked for */
    {PTRDIFF_MAX, S2S_EINTERNAL, S2S_EINTERNAL, 0},
    {0, 0, S2S_ECLOSED, 0},
    {S2S_WANT_READ, S2S_WANT_READ, S2S_WANT_READ, S2S_WANT_READ},
    {S2S_WANT_WRITE, S2S_WANT_WRITE, S2S_WANT_WRITE, S2S_WANT_WRITE},
    {S2S_ECLOSED, S2S_ECLOSED, S2S_ECLOSED, 0},
    {OWN, OWN, OWN, 0},
    /* the low 32 bits say something else, or an end */
    {-(INT64_C(1) << 32), S2S_EINTERNAL, S2S_EINTERNAL, 0},
    {-(INT64_C(1) << 33), S2S_EINTERNAL, S2S_EINTERNAL, 0},
    {-(INT64_C(1) << 32) + OWN, S2S_EINTERNAL, S2S_EINTERNAL, 0},
    {-(INT64_C(1) << 32) + S2S_WANT_READ, S2S_EINTERNAL, S2S_EINTERNAL, 0},
};

static void check_move(struct link *l, size_t i)
{
    char buffer[8];
    for (int before = S2S_WANT_WRITE; before <= S2S_WANT_READ; before++) {
        int after = moves[i].want != 0 ? moves[i].want : before;
        l->want = before;
        assert_int_equal(link_read(l, buffer, 8), moves[i].read);
        assert_int_equal(l->want, after);
        l->want = before;
        assert_int_equal(link_write(l, buffer, 8), moves[i].written);
        assert_int_equal(l->want, after);
    }
}

static void moving(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(moves); i++) {
        struct link l;
        bool moved = moves[i].read > 0;
        open_link(&l);
        says.read = says.write = moves[i].says;
        check_move(&l, i);
        assert_int_equal(l.moved, moved);
        assert_int_equal(l.heard, moved);
        assert_int_equal(l.first, moved ? 'r' : 0);
        assert_false(l.heard_tls);
        link_close(&l);
        open_tls(&l);
        says.read = says.write = S2S_EINTERNAL; /* not asked */
        says.tls_read = says.tls_write = moves[i].says;
        check_move(&l, i);
        assert_false(l.moved); /* nothing went through the transport */
        link_close(&l);
    }
}

/* What TLS is given to read and write with is the same transport, judged in
 * the same way; and what came first is known. */
static void below_tls(void **state)
{
    char buffer[8];
    (void)state;
    for (size_t i = 0; i < COUNT(moves); i++) {
        struct link l;
        open_tls(&l);
        const s2s_tls_request *r = &says.request;
        says.read = says.write = moves[i].says;
        assert_int_equal(r->lower_write(r->lower, "12345678", 8),
                         moves[i].written);
        assert_int_equal(l.moved, moves[i].written > 0);
        assert_false(l.heard);
        assert_int_equal(r->lower_read(r->lower, buffer, 8), moves[i].read);
        assert_int_equal(l.heard_tls, moves[i].read > 0);
        assert_int_equal(l.first_tls, moves[i].read > 0 ? 'r' : 0);
        link_close(&l);
    }
}

/* A connection brings no more than a peer of so much XML needs. */
static void limited(void **state)
{
    static const struct {
        uint64_t xml;
        bool limited;
    } rows[] = {
        {1, true},
        {4096, true},
        {0, false},
        {UINT64_MAX, false},
        {UINT64_MAX / 4, false},
    };
    char buffer[4096];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct link l;
        uint64_t most = 4 * rows[i].xml + 65536, got = 0;
        open_tls(&l);
        link_limit(&l, rows[i].xml);
        const s2s_tls_request *r = &says.request;
        says.read = sizeof(buffer);
        for (int n = 0; n < 30; n++)
            got += r->lower_read(r->lower, buffer, sizeof(buffer)) > 0
                       ? sizeof(buffer)
                       : 0;
        assert_int_equal(l.flooded, rows[i].limited);
        if (rows[i].limited)
            assert_in_range(got, most, most + sizeof(buffer) - 1);
        says.tls_read = S2S_ELIMIT; /* what a provider passes on */
        assert_int_equal(link_read(&l, buffer, 1), S2S_ELIMIT);
        link_close(&l);
    }
}

static void handshakes(void **state)
{
    static const struct {
        int says, is;
    } rows[] = {
        {0, 0},
        {1, S2S_EINTERNAL},
        {S2S_WANT_READ, S2S_WANT_READ},
        {S2S_WANT_WRITE, S2S_WANT_WRITE},
        {S2S_ETLS_HANDSHAKE, S2S_ETLS_HANDSHAKE},
        {OWN, OWN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct link l;
        open_tls(&l);
        says.handshake = rows[i].says;
        assert_int_equal(link_handshake(&l), rows[i].is);
        assert_int_equal(l.secure, rows[i].is == 0);
        if (rows[i].is == S2S_WANT_READ || rows[i].is == S2S_WANT_WRITE)
            assert_int_equal(l.want, rows[i].is);
        link_close(&l);
        link_close(&l); /* once is all */
        assert_string_equal(says.log, "session conn ");
    }
}

/* ---- Descriptors ---- */

static void descriptors(void **state)
{
    static const struct {
        int says, is;
    } rows[] = {{0, 0}, {7, 7}, {-1, -1}, {-2, -1}, {S2S_WANT_READ, -1}};
    s2s_transport blind = transport;
    struct link l;
    (void)state;
    open_link(&l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        says.fd = rows[i].says;
        assert_int_equal(link_fd(&l), rows[i].is);
    }
    link_close(&l);
    assert_int_equal(link_fd(&l), -1);
    blind.fd = NULL;
    assert_int_equal(link_open(&l, &blind, "h", 7), S2S_OK);
    assert_int_equal(link_fd(&l), -1);
    link_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening),     cmocka_unit_test(opening_tls),
        cmocka_unit_test(moving),      cmocka_unit_test(below_tls),
        cmocka_unit_test(limited),     cmocka_unit_test(handshakes),
        cmocka_unit_test(descriptors),
    };
    return cmocka_run_group_tests_name("probe/link", tests, NULL, NULL);
}
