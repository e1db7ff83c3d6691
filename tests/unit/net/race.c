/* Several endpoints: their order and groups, look-ups that are slow or fail,
 * limits, and what is told of it all. The test itself is the DNS server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "loopback.h"
#include "net/resolver.h"
#include "net/tcp.h"
#include "race_world.h"

/* ---- Where it gets to ---- */

static const struct row {
    const char *endpoints; /* "host[/group][!] ...": '!' is forbidden */
    const char *answers;   /* "host=address,address ..." */
    const char *allowed;   /* the filter lets these through; NULL: no filter */
    const char *attempts;  /* "host address outcome;" each, "?" for none */
    const char *text;
    int error;
    int winner;
    uint32_t max_attempts, max_addresses;
} rows[] = {
    /* Order */
    {"a b c", "a=127.0.0.2 b=127.0.0.3 c=127.0.0.1", NULL,
     "a 127.0.0.2 refused;b 127.0.0.3 refused;c 127.0.0.1 connected;", "", 0,
     .winner = 2},
    {"a b", "a=127.0.0.1 b=127.0.0.1", NULL,
     "a 127.0.0.1 connected;b 127.0.0.1 not tried;", "", 0, .winner = 0},
    {"a b", "a=127.0.0.2,::1 b=127.0.0.1", NULL,
     "a ::1 refused;a 127.0.0.2 refused;b 127.0.0.1 connected;", "", 0,
     .winner = 1},
    {"127.0.0.2 a ::1", "a=127.0.0.3,127.0.0.1", NULL,
     "127.0.0.2 127.0.0.2 refused;a 127.0.0.3 refused;a 127.0.0.1 connected;"
     "::1 ::1 not tried;",
     "", 0, .winner = 1},
    /* Groups */
    {"a/1 b/1 c/2", "a=127.0.0.2 b=127.0.0.3 c=127.0.0.1", NULL,
     "a 127.0.0.2 refused;b 127.0.0.3 refused;c 127.0.0.1 connected;", "", 0,
     .winner = 2},
    {"a/1 b/2", "a=127.0.0.1 b=127.0.0.1", NULL,
     "a 127.0.0.1 connected;b ? not tried;", "", 0, .winner = 0},
    {"a/1 b/2 c/3", "a=- b=127.0.0.2 c=127.0.0.1", NULL,
     "a ? NXDOMAIN;b 127.0.0.2 refused;c 127.0.0.1 connected;", "", 0,
     .winner = 2},
    {"127.0.0.2/1 127.0.0.3/2 127.0.0.1/3", "", NULL,
     "127.0.0.2 127.0.0.2 refused;127.0.0.3 127.0.0.3 refused;"
     "127.0.0.1 127.0.0.1 connected;",
     "", 0, .winner = 2},
    /* Nowhere */
    {"a b c", "a=- b=127.0.0.2 c=127.0.0.3", NULL,
     "a ? NXDOMAIN;b 127.0.0.2 refused;c 127.0.0.3 refused;",
     "a: NXDOMAIN; 127.0.0.2: connection refused; "
     "127.0.0.3: connection refused",
     S2S_ECONNECT, .winner = -1},
    {"a/1 b/1 c/2", "a=- b=- c=-", NULL,
     "a ? NXDOMAIN;b ? NXDOMAIN;c ? NXDOMAIN;",
     "a: NXDOMAIN; b: NXDOMAIN; c: NXDOMAIN", S2S_EDNS, .winner = -1},
    /* What DNSSEC refuses is never connected to */
    {"a b", "a=*127.0.0.1 b=127.0.0.1", NULL,
     "a ? bogus;b 127.0.0.1 connected;", "", 0, .winner = 1},
    {"a", "a=*127.0.0.1", NULL, "a ? bogus;", "a: DNSSEC validation failed",
     S2S_EDNS, .winner = -1},
    /* Filters: what names led to is not told, tried or not */
    {"a b", "a=127.0.0.2 b=127.0.0.1", "127.0.0.1",
     "a ? forbidden;b 127.0.0.1 connected;", "", 0, .winner = 1},
    {"a b", "a=127.0.0.1 b=127.0.0.2", "127.0.0.1",
     "a 127.0.0.1 connected;b ? forbidden;", "", 0, .winner = 0},
    {"a/1 127.0.0.1/2", "a=127.0.0.1", "127.0.0.9",
     "a ? forbidden;127.0.0.1 127.0.0.1 forbidden;",
     "the address policy does not allow any address of the host",
     S2S_EADDRESS_FORBIDDEN, .winner = -1},
    {"a b", "a=127.0.0.1 b=-", "127.0.0.9", "a ? forbidden;b ? NXDOMAIN;",
     "the address policy does not allow any address of the host",
     S2S_EADDRESS_FORBIDDEN, .winner = -1},
    {"a b", "a=127.0.0.2 b=127.0.0.3", "127.0.0.3",
     "a ? forbidden;b 127.0.0.3 refused;", "127.0.0.3: connection refused",
     S2S_ECONNECT, .winner = -1},
    {"a! b", "b=127.0.0.1", NULL, "a ? forbidden;b 127.0.0.1 connected;", "", 0,
     .winner = 1},
    {"a! b!/2", "", NULL, "a ? forbidden;b ? forbidden;",
     "the address policy does not allow any address of the host",
     S2S_EADDRESS_FORBIDDEN, .winner = -1},
    {"a! b", "b=-", NULL, "a ? forbidden;b ? NXDOMAIN;", "b: NXDOMAIN",
     S2S_EDNS, .winner = -1},
    /* Limits */
    {"a b", "a=127.0.0.2,127.0.0.3,127.0.0.4 b=127.0.0.1", NULL,
     "a 127.0.0.2 refused;a 127.0.0.3 refused;a 127.0.0.4 not tried;"
     "b 127.0.0.1 connected;",
     "", 0, .winner = 1, .max_addresses = 2},
    {"a b/2 c/3", "a=127.0.0.2,127.0.0.3 b=127.0.0.4 c=127.0.0.1", NULL,
     "a 127.0.0.2 refused;a 127.0.0.3 refused;b 127.0.0.4 refused;"
     "c ? not tried;",
     "127.0.0.2: connection refused; 127.0.0.3: connection refused; "
     "127.0.0.4: connection refused",
     S2S_ECONNECT, .winner = -1, .max_attempts = 3},
    {"a b", "a=127.0.0.2 b=127.0.0.1", NULL,
     "a 127.0.0.2 refused;b 127.0.0.1 not tried;",
     "127.0.0.2: connection refused", S2S_ECONNECT, .winner = -1,
     .max_attempts = 1},
    /* ...in which what is forbidden does not count */
    {"a", "a=127.0.0.2,127.0.0.1", "127.0.0.1",
     "a ? forbidden;a 127.0.0.1 connected;", "", 0, .winner = 0,
     .max_attempts = 1, .max_addresses = 1},
};

/* Of several endpoints an address comes with its port, which is any here. */
static void drop_ports(struct world *w, const char *text, bool several,
                       char out[512])
{
    char port[16];
    char *at;
    (void)snprintf(port, sizeof(port), " port %u", w->port);
    (void)snprintf(out, 512, "%s", text);
    assert_true(several || strstr(out, port) == NULL);
    while ((at = strstr(out, port)) != NULL)
        memmove(at, at + strlen(port), strlen(at + strlen(port)) + 1);
}

static void check_row(struct world *w, const struct row *row)
{
    char byte;
    char attempts[1024], text[512];
    report(w, S2S_OK, attempts);
    assert_string_equal(attempts, row->attempts);
    drop_ports(w, tcp_error(w->conn), strpbrk(row->endpoints, " |,") != NULL,
               text);
    assert_string_equal(text, row->text);
    assert_int_equal(tcp_connected_endpoint(w->conn), row->winner);
    assert_int_equal(tcp_phase(w->conn), row->error == 0 ? TCP_CONNECTED
                                         : row->error == S2S_EDNS
                                             ? TCP_UNRESOLVED
                                             : TCP_FAILED);
    if (row->error != 0)
        assert_int_equal(w->t.read(w->conn, &byte, 1), row->error);
    assert_false(tcp_never_left(w->conn) &&
                 row->error != S2S_EADDRESS_FORBIDDEN);
}

/* The order in which answers come does not matter. */
static void places(void **state)
{
    static struct world w;
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        const struct row *row = &rows[i / 2];
        open_world(&w);
        w.allowed = row->allowed;
        w.settings.filter = row->allowed != NULL ? filter : NULL;
        w.settings.max_attempts = row->max_attempts;
        w.settings.max_addresses = row->max_addresses;
        begin(&w, row->endpoints);
        while (going(&w)) {
            answer_all(&w, row->answers, i % 2 == 1);
            step(&w);
        }
        check_row(&w, row);
        close_world(&w);
    }
}

/* ---- What is not said otherwise ---- */

/* By default: ten in all, eight of one. */
static void defaults(void **state)
{
    static struct world w;
    char attempts[1024];
    (void)state;
    open_world(&w);
    begin(&w, "a b");
    answer(&w, "a",
           "127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5,127.0.0.6,127.0.0.7,"
           "127.0.0.8,127.0.0.9,127.0.1.1");
    answer(&w, "b", "127.0.1.2,127.0.1.3,127.0.1.4");
    finish(&w);
    report(&w, S2S_OK, attempts);
    assert_non_null(strstr(attempts, "a 127.0.0.9 refused;a 127.0.1.1 not "
                                     "tried;b 127.0.1.2 refused;b 127.0.1.3 "
                                     "refused;b 127.0.1.4 not tried;"));
    close_world(&w);
}

/* As much is said as there is room for, and no half entry. */
static void much(void **state)
{
    static struct world w;
    static const char one[] = "a-name-of-thirty-characters-12 ";
    char list[ENDPOINTS * sizeof(one)] = "";
    (void)state;
    open_world(&w);
    for (size_t i = 0; i < ENDPOINTS; i++)
        memcpy(list + i * (sizeof(one) - 1), one, sizeof(one));
    begin(&w, list);
    while (going(&w)) {
        if (w.asked > 0)
            answer(&w, "a-name-of-thirty-characters-12", "-");
        step(&w);
    }
    const char *text = tcp_error(w.conn);
    size_t entry = strlen(one) - 1 + strlen(": NXDOMAIN; ");
    assert_int_equal((strlen(text) + 2) % entry, 0);
    assert_true(strlen(text) > 300 && strlen(text) < 384);
    close_world(&w);
}

static void no_list(void **state)
{
    static struct world w;
    void *conn = NULL;
    (void)state;
    open_world(&w);
    assert_int_equal(tcp_open_endpoints(&w.settings, NULL, 0, &conn),
                     S2S_EINVALID_ARGUMENT);
    assert_null(conn);
    close_world(&w);
}

static void names(void **state)
{
    static struct world w;
    (void)state;
    open_world(&w);
    begin(&w, "a b c");
    answer(&w, "a", "+127.0.0.2"); /* a secure alias */
    answer(&w, "b", "127.0.0.1");
    assert_false(tcp_endpoint_alias(w.conn, 0));
    finish(&w);
    assert_true(tcp_endpoint_alias(w.conn, 0));
    assert_false(tcp_endpoint_alias(w.conn, 1));
    assert_false(tcp_endpoint_alias(w.conn, 3));
    assert_int_equal(tcp_endpoint_security(w.conn, 0), DNS_SECURE);
    assert_int_equal(tcp_endpoint_security(w.conn, 1), DNS_INSECURE);
    assert_int_equal(tcp_endpoint_security(w.conn, 2), DNS_INSECURE);
    assert_int_equal(tcp_endpoint_security(w.conn, 3), DNS_INSECURE);
    s2s_result *r = result_new(S2S_OP_CONNECT);
    tcp_report(w.conn, r);
    const struct result_attempt *a = r->attempts;
    assert_true(a->alias && !a->next->alias);
    assert_int_equal(a->port, w.port);
    assert_true(a->us >= 0 && a->next->us >= 0);
    assert_int_equal(a->next->next->us, -1);
    assert_string_equal(a->next->next->outcome, "abandoned");
    result_free(r);
    close_world(&w);
}

/* The machine's own IPv6 address. */
static void six(void **state)
{
    static struct world w;
    (void)state;
    open_world(&w);
    int listener = listen_six(w.port);
    begin(&w, "a");
    answer(&w, "a", "127.0.0.1,::1");
    finish(&w);
    s2s_result *r = result_new(S2S_OP_CONNECT);
    tcp_report(w.conn, r);
    assert_string_equal(r->address, "::1");
    result_free(r);
    close(listener);
    close_world(&w);
}

/* Eight look-ups at a time, of two questions each. */
static void many(void **state)
{
    static struct world w;
    (void)state;
    open_world(&w);
    begin(&w, "a b c d e f g h i j/2");
    settle(&w);
    assert_int_equal(w.asked, 16);
    assert_false(is_asked(&w, "i"));
    answer(&w, "d", "-");
    settle(&w);
    assert_int_equal(w.asked, 16);
    assert_true(is_asked(&w, "i"));
    assert_int_equal(w.ready, 1);
    for (const char *c = "abcefghi"; *c != '\0'; c++)
        answer(&w, (char[]){*c, '\0'}, "-");
    settle(&w);
    assert_int_equal(w.asked, 2);
    answer(&w, "j", "127.0.0.1");
    finish(&w);
    assert_int_equal(tcp_connected_endpoint(w.conn), 9);
    close_world(&w);
}

static void few(void **state)
{
    static struct world w;
    (void)state;
    open_world(&w);
    w.settings.max_lookups = 1;
    begin(&w, "a b c");
    settle(&w);
    assert_int_equal(w.asked, 2);
    answer(&w, "a", "-");
    settle(&w);
    assert_int_equal(w.asked, 2);
    assert_true(is_asked(&w, "b"));
    assert_false(is_asked(&w, "c"));
    answer(&w, "b", "127.0.0.1");
    finish(&w);
    assert_int_equal(tcp_connected_endpoint(w.conn), 1);
    close_world(&w);
}

/* ---- Look-ups that are slow ---- */

/* Nobody waits for the first endpoint for ever. */
static void slow(void **state)
{
    static struct world w;
    char attempts[1024];
    (void)state;
    open_world(&w);
    begin(&w, "a b");
    answer(&w, "b", "127.0.0.1");
    settle(&w);
    assert_int_equal(w.ready, 1);
    finish(&w);
    assert_int_equal(w.ready, 2);
    assert_int_equal(tcp_connected_endpoint(w.conn), 1);
    assert_int_equal(w.asked, 0); /* nothing is asked any more */
    report(&w, S2S_OK, attempts);
    assert_string_equal(attempts, "a ? abandoned;b 127.0.0.1 connected;");
    close_world(&w);
}

/* What comes late comes first among what was not begun, and its owner, who
 * waits for another socket, is told. */
static void late(void **state)
{
    static struct world w;
    struct loopback_silent silent;
    char attempts[1024];
    (void)state;
    for (int more = 0; more < 2; more++) {
        open_world(&w);
        loopback_silence(&silent, "127.0.0.2", w.port);
        begin(&w, "a b");
        answer(&w, "b", more ? "127.0.0.2,127.0.0.3" : "127.0.0.2");
        while (tcp_phase(w.conn) == TCP_RESOLVING)
            process(&w);
        int before = w.t.fd(w.conn);
        assert_true(before >= 0);
        answer(&w, "a", "127.0.0.1");
        unsigned ready = w.ready;
        process(&w);
        assert_int_equal(w.ready, ready + 1);
        int after = w.t.fd(w.conn);
        assert_true(after >= 0 && (more || after != before));
        finish(&w);
        report(&w, S2S_OK, attempts);
        assert_string_equal(
            attempts, more ? "a 127.0.0.1 connected;b 127.0.0.2 abandoned;"
                             "b 127.0.0.3 not tried;"
                           : "a 127.0.0.1 connected;b 127.0.0.2 abandoned;");
        hang_up(&w);
        loopback_unsilence(&silent);
        close_world(&w);
    }
}

/* All that is known has failed, but not all is known. */
static void last_hope(void **state)
{
    static struct world w;
    char byte;
    char attempts[1024];
    (void)state;
    open_world(&w);
    begin(&w, "127.0.0.2 a b/2");
    while (w.t.fd(w.conn) >= 0)
        step(&w);
    assert_int_equal(tcp_phase(w.conn), TCP_CONNECTING);
    assert_int_equal(w.t.read(w.conn, &byte, 1), S2S_WANT_READ);
    assert_false(is_asked(&w, "b"));
    answer(&w, "a", "-");
    settle(&w);
    assert_int_equal(w.t.fd(w.conn), -1);
    assert_int_equal(tcp_phase(w.conn), TCP_CONNECTING);
    report(&w, S2S_ETIMEOUT, attempts);
    assert_string_equal(attempts, "127.0.0.2 127.0.0.2 refused;a ? NXDOMAIN;"
                                  "b ? timed out;");
    answer(&w, "b", "127.0.0.1");
    finish(&w);
    assert_int_equal(tcp_connected_endpoint(w.conn), 2);
    close_world(&w);
}

/* ---- Closing ---- */

static void closes_itself(void *user)
{
    struct world *w = user;
    w->ready++;
    w->t.close(w->conn);
    w->conn = NULL;
}

/* At any time; close_world() sees what is left. */
static void closed(void **state)
{
    static struct world w;
    struct loopback_silent silent;
    (void)state;
    for (int phase = 0; phase < 5; phase++) {
        open_world(&w);
        loopback_silence(&silent, "127.0.0.2", w.port);
        begin(&w, "a b c/2");
        if (phase > 0) /* the first one is waited for */
            answer(&w, "b", "127.0.0.2,127.0.0.1");
        if (phase == 1)
            settle(&w);
        if (phase == 2) /* it is not waited for */
            while (tcp_phase(w.conn) == TCP_RESOLVING)
                process(&w);
        if (phase == 3) /* connected */
            finish(&w);
        if (phase == 4) {
            tcp_watch(w.conn, closes_itself, &w);
            while (w.ready == 0)
                process(&w);
            assert_null(w.conn);
        }
        hang_up(&w);
        assert_int_equal(w.asked, 0);
        loopback_unsilence(&silent);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),    cmocka_unit_test(defaults),
        cmocka_unit_test(much),      cmocka_unit_test(no_list),
        cmocka_unit_test(names),     cmocka_unit_test(six),
        cmocka_unit_test(many),      cmocka_unit_test(few),
        cmocka_unit_test(slow),      cmocka_unit_test(late),
        cmocka_unit_test(last_hope), cmocka_unit_test(closed),
    };
    return cmocka_run_group_tests_name("net/race", tests, NULL, NULL);
}
