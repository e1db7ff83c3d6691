/* Where the transport gets to: addresses, filters, and what is told of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tcp_world.h"

static int only_allowed(void *user, const struct sockaddr *address,
                        uint32_t length)
{
    struct world *w = user;
    const struct sockaddr_in *a = (const void *)address;
    struct in_addr wanted;
    assert_int_equal(length, sizeof(*a));
    assert_int_equal(ntohs(a->sin_port), w->port);
    if (w->allowed == NULL || inet_pton(AF_INET, w->allowed, &wanted) != 1)
        return -1;
    return wanted.s_addr == a->sin_addr.s_addr ? 0 : 1;
}

static const struct row {
    const char *host;
    bool filtered;
    const char *allowed;
    enum tcp_phase phase;
    int error;
    const char *text;
    const char *attempts; /* "address outcome;" each, "?" for none */
    const char *findings; /* "code=address;" each */
} rows[] = {
    {"127.0.0.1", false, NULL, TCP_CONNECTED, 0, "", "127.0.0.1 connected;",
     ""},
    {"127.0.0.2", false, NULL, TCP_FAILED, S2S_ECONNECT,
     "127.0.0.2: connection refused", "127.0.0.2 refused;", ""},
    {"one.example", false, NULL, TCP_CONNECTED, 0, "", "127.0.0.1 connected;",
     ""},
    {"second.example", false, NULL, TCP_CONNECTED, 0, "",
     "127.0.0.2 refused;127.0.0.1 connected;",
     "address_unreachable=127.0.0.2;"},
    {"three.example", false, NULL, TCP_CONNECTED, 0, "",
     "127.0.0.3 refused;127.0.0.2 refused;127.0.0.1 connected;",
     "address_unreachable=127.0.0.3;address_unreachable=127.0.0.2;"},
    {"nobody.example", false, NULL, TCP_FAILED, S2S_ECONNECT,
     "127.0.0.2: connection refused; 127.0.0.3: connection refused",
     "127.0.0.2 refused;127.0.0.3 refused;", ""},
    /* Names */
    {"nothing.example", false, NULL, TCP_UNRESOLVED, S2S_EDNS,
     "nothing.example: ", "? NXDOMAIN;", ""},
    {"empty.example", false, NULL, TCP_UNRESOLVED, S2S_EDNS,
     "empty.example: ", "? no address;", ""},
    {"broken.example", false, NULL, TCP_UNRESOLVED, S2S_EDNS,
     "broken.example: ", "? SERVFAIL;", ""},
    /* Filters: of addresses, whatever the name; what it led to is not told */
    {"127.0.0.1", true, "127.0.0.1", TCP_CONNECTED, 0, "",
     "127.0.0.1 connected;", ""},
    {"127.0.0.1", true, NULL, TCP_FAILED, S2S_EADDRESS_FORBIDDEN,
     "the address policy does not allow any address of the host",
     "127.0.0.1 forbidden;", "address_forbidden=127.0.0.1;"},
    {"second.example", true, "127.0.0.1", TCP_CONNECTED, 0, "",
     "? forbidden;127.0.0.1 connected;", "address_forbidden=;"},
    {"second.example", true, "127.0.0.2", TCP_FAILED, S2S_ECONNECT,
     "127.0.0.2: connection refused", "127.0.0.2 refused;? forbidden;",
     "address_forbidden=;"},
    {"nobody.example", true, NULL, TCP_FAILED, S2S_EADDRESS_FORBIDDEN,
     "the address policy does not allow any address of the host",
     "? forbidden;? forbidden;", "address_forbidden=;"},
};

static void join(const s2s_result *r, char attempts[256], char findings[256])
{
    size_t used = 0;
    attempts[0] = findings[0] = '\0';
    for (const struct result_attempt *a = r->attempts; a; a = a->next)
        used +=
            (size_t)snprintf(attempts + used, 256 - used, "%s %s;",
                             a->address != NULL ? a->address : "?", a->outcome);
    used = 0;
    for (const struct result_finding *f = r->findings; f; f = f->next)
        used += (size_t)snprintf(findings + used, 256 - used, "%s=%s;",
                                 finding_info(f->id)->code, f->seen);
}

static void check_row(struct world *w, const struct row *row)
{
    char attempts[256];
    char findings[256];
    char byte;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    tcp_report(w->conn, r);
    join(r, attempts, findings);
    assert_int_equal(tcp_phase(w->conn), row->phase);
    assert_string_equal(attempts, row->attempts);
    assert_string_equal(findings, row->findings);
    if (row->phase == TCP_UNRESOLVED)
        assert_memory_equal(tcp_error(w->conn), row->text, strlen(row->text));
    else
        assert_string_equal(tcp_error(w->conn), row->text);
    if (row->error != 0) { /* for ever */
        for (int n = 0; n < 2; n++) {
            assert_int_equal(w->t.read(w->conn, &byte, 1), row->error);
            assert_int_equal(w->t.write(w->conn, "", 1), row->error);
        }
        assert_null(r->address);
    } else {
        assert_string_equal(r->address, "127.0.0.1");
        assert_true((fcntl(w->t.fd(w->conn), F_GETFL) & O_NONBLOCK) != 0);
    }
    result_free(r);
}

static void places(void **state)
{
    static struct world w;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_world(&w);
        if (rows[i].filtered)
            w.settings.filter = only_allowed;
        w.settings.filter_user = &w;
        w.allowed = rows[i].allowed;
        connect_to(&w, rows[i].host);
        bool literal = rows[i].host[0] == '1';
        assert_int_equal(w.ready, literal ? 0 : 1);
        check_row(&w, &rows[i]);
        close_world(&w);
    }
}

/* localhost is not asked for, and is the machine itself: whichever of its
 * addresses answers. */
static void localhost(void **state)
{
    static struct world w;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    (void)state;
    open_world(&w);
    connect_to(&w, "localhost");
    assert_int_equal(w.dns.queries, 0);
    assert_int_equal(tcp_phase(w.conn), TCP_CONNECTED);
    tcp_report(w.conn, r);
    assert_string_equal(r->address, "127.0.0.1");
    result_free(r);
    close_world(&w);
}

/* An address that says nothing holds nobody up. */
static void silent_address(void **state)
{
    static struct world w;
    struct loopback_silent silent;
    char attempts[256];
    char findings[256];
    s2s_result *r = result_new(S2S_OP_CONNECT);
    (void)state;
    open_world(&w);
    loopback_silence(&silent, "127.0.0.2", w.port);
    connect_to(&w, "second.example");
    assert_int_equal(tcp_phase(w.conn), TCP_CONNECTED);
    tcp_report(w.conn, r);
    join(r, attempts, findings);
    assert_string_equal(r->address, "127.0.0.1");
    assert_non_null(strstr(attempts, "127.0.0.1 connected;"));
    result_free(r);
    loopback_unsilence(&silent);
    close_world(&w);
}

static void closes_itself(void *user)
{
    struct world *w = user;
    w->t.close(w->conn);
    w->conn = NULL;
    w->ready++;
}

/* At any time: while a name is looked up, and from within the call that tells
 * of its end. */
static void closed(void **state)
{
    static struct world w;
    (void)state;
    open_world(&w);
    begin(&w, "silent.example");
    dns_step(&w.dns, w.settings.resolver, -1, 0);
    assert_int_equal(tcp_phase(w.conn), TCP_RESOLVING);
    hang_up(&w);
    assert_int_equal(w.ready, 0);
    begin(&w, "one.example");
    tcp_watch(w.conn, closes_itself, &w);
    while (w.ready == 0)
        dns_step(&w.dns, w.settings.resolver, -1, 0);
    assert_null(w.conn);
    begin(&w, "127.0.0.1");
    hang_up(&w);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(localhost),
        cmocka_unit_test(silent_address),
        cmocka_unit_test(closed),
    };
    return cmocka_run_group_tests_name("net/eyeballs", tests, NULL, NULL);
}
