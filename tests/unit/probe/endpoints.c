/*
 * From a domain to the server that DNS leads to, over real sockets: which
 * endpoint gets the connection, how it begins, and what is told about it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "places.h"

/* ---- The decision ----------------------------------------------------- */

/* Each pair, _xmpps-server and _xmpp-server: T the records, D the domain,
 * N no service, U unknown, F forged; as in net/srv.c. */
static const char *const expected[2][5] = {
    {"DTNUF", "TTTTF", "NTNUF", "UTUUF", "FFFFF"},
    {"DTNDF", "TTTTF", "NTNUF", "DTUDF", "FFFFF"}, /* S2S_SRV_FALLBACK */
};
static const char *const states[] = {"none", "records", "refused", "failed",
                                     "bogus"};
static const struct {
    char letter;
    const char *plan, *finding;
} outcomes[] = {{'T', "srv", NULL},
                {'D', "domain", NULL},
                {'N', "none", "no_service"},
                {'U', "unknown", "dns_failed"},
                {'F', "bogus", "dnssec_bogus"}};

static void put_state(const char *name, size_t s, const char *records)
{
    static const char *const texts[] = {"", NULL, "SRV/0/0/0/", "SERVFAIL",
                                        "BOGUS "};
    put(name, "%s", s == 1 ? records : texts[s]);
}

static void look_at_decision(const s2s_result *r, char letter, size_t d)
{
    size_t i = 0;
    while (outcomes[i].letter != letter)
        i++;
    federation_path(r, "dns.plan", outcomes[i].plan);
    if (i > 1) {
        assert_int_equal(s2s_result_error(r), S2S_EDNS);
        assert_int_equal(s2s_result_stage(r), S2S_STAGE_DNS);
        assert_true(found(r, outcomes[i].finding));
        federation_path(r, "host", B);
        return;
    }
    bool direct = letter == 'T' && d == 1;
    assert_int_equal(s2s_result_error(r), S2S_OK);
    federation_path(r, "host",
                    letter == 'D' ? B
                    : direct      ? "d.test"
                                  : "s.test");
    federation_path(r, "tls.mode", direct ? "direct" : "starttls");
    federation_path(r, "tls.alpn", direct ? "xmpp-server" : NULL);
    if (!direct)
        federation_path(r, "port", "5269");
    assert_false(found(r, "no_service"));
}

static void decide(int hopeful, size_t d, size_t s)
{
    char record[100];
    places_open(NULL);
    (void)snprintf(record, sizeof(record), "SRV/10/0/%u/d.test", direct_port);
    put_state(DIRECT, d, record);
    put_state(STARTTLS, s, "SRV/20/0/5269/s.test");
    s2s_options o = federation_options();
    o.flags = hopeful ? S2S_SRV_FALLBACK : 0;
    s2s_result *r = connect_with(&o);
    federation_path(r, "dns.xmpps", states[d]);
    federation_path(r, "dns.xmpp", states[s]);
    federation_path(r, "dns.xmppError",
                    s == 3   ? "SERVFAIL"
                    : s == 4 ? "DNSSEC validation failed"
                             : NULL);
    federation_path(r, "dns.secure", "false");
    look_at_decision(r, expected[hopeful][d][s], d);
    assert_int_equal(found(r, "srv_none"), d == 0 && s == 0);
    assert_int_equal(found(r, "srv_direct_only"), d == 1 && s == 0);
    s2s_result_free(r);
    places_close();
}

static void decisions(void **state)
{
    (void)state;
    for (int hopeful = 0; hopeful < 2; hopeful++)
        for (size_t d = 0; d < COUNT(states); d++)
            for (size_t s = 0; s < COUNT(states); s++)
                decide(hopeful, d, s);
}

/* No DNS server at all is the network's fault. */
static void unavailable(void **state)
{
    (void)state;
    places_open(NULL);
    put(STARTTLS, "NOTHING");
    s2s_options o = federation_options();
    s2s_result *r = connect_with(&o);
    assert_int_equal(s2s_result_error(r), S2S_EDNS);
    assert_true(found(r, "dns_unavailable"));
    assert_false(found(r, "dns_failed"));
    federation_path(r, "error", STARTTLS ": no answer");
    s2s_result_free(r);
    places_close();
}

/* ---- TLS modes -------------------------------------------------------- */

static void modes(void **state)
{
    static const struct {
        uint16_t mode;
        bool direct, starttls; /* there are records */
        const char *host, *way;
    } rows[] = {
        {S2S_TLS_AUTO, true, true, "d.test", "direct"},
        {S2S_TLS_DIRECT, true, true, "d.test", "direct"},
        {S2S_TLS_STARTTLS, true, true, "s.test", "starttls"},
        {S2S_TLS_NONE, true, true, "s.test", "none"},
        {S2S_TLS_DIRECT, false, true, NULL, NULL},
        {S2S_TLS_STARTTLS, true, false, NULL, NULL},
        {S2S_TLS_NONE, true, false, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        places_open(NULL);
        if (rows[i].direct)
            put(DIRECT, "SRV/10/0/%u/d.test", direct_port);
        if (rows[i].starttls)
            put(STARTTLS, "SRV/20/0/5269/s.test");
        s2s_options o = federation_options();
        o.tls_mode = rows[i].mode;
        s2s_result *r = connect_with(&o);
        federation_path(r, "dns.plan", "srv");
        assert_int_equal(found(r, "no_endpoint"), rows[i].host == NULL);
        if (rows[i].host != NULL) {
            federation_path(r, "host", rows[i].host);
            federation_path(r, "tls.mode", rows[i].way);
        } else {
            assert_int_equal(s2s_result_error(r), S2S_EDNS);
        }
        s2s_result_free(r);
        places_close();
    }
}

/* ---- From one endpoint to another ------------------------------------- */

static uint16_t closed_port(void)
{
    int fd = loopback_listen(places.address[SIDE_B], 0);
    uint16_t port = loopback_port(fd);
    close(fd);
    return port;
}

/* The first one that answers counts, and TLS begins as its record says. */
static void next_endpoint(void **state)
{
    (void)state;
    for (int direct = 0; direct < 2; direct++) {
        places_open(NULL);
        put(direct ? STARTTLS : DIRECT,
            "SRV/1/0/25/bad.test SRV/2/0/5269/gone.test SRV/3/0/%u/x.test",
            closed_port());
        put("x.test", "ALIAS %s", places.address[SIDE_B]);
        put("gone.test", "NXDOMAIN");
        put(direct ? DIRECT : STARTTLS, "SRV/9/0/%u/y.test",
            direct ? direct_port : 5269);
        s2s_options o = federation_options();
        s2s_result *r = connect_with(&o);
        assert_int_equal(s2s_result_error(r), S2S_OK);
        federation_path(r, "host", "y.test");
        federation_path(r, "tls.mode", direct ? "direct" : "starttls");
        federation_path(r, "attempts.0.host", "bad.test");
        federation_path(r, "attempts.0.outcome", "forbidden");
        federation_path(r, "attempts.1.host", "gone.test");
        federation_path(r, "attempts.2.outcome", "refused");
        federation_path(r, "attempts.3.outcome", "connected");
        assert_true(found(r, "srv_port"));
        assert_true(found(r, "srv_target"));
        assert_true(found(r, "srv_alias"));
        assert_true(found(r, "address_private"));
        assert_int_equal(scripted_count(&script, "bad.test"), 0);
        s2s_result_free(r);
        places_close();
    }
}

/* Those that are not followed take no place of the ten; four are told of. */
static void forbidden_first(void **state)
{
    (void)state;
    places_open(NULL);
    put(STARTTLS, "SRV/1/0/25/a.test SRV/2/0/25/b.test SRV/3/0/25/c.test "
                  "SRV/4/0/25/d.test SRV/5/0/25/e.test SRV/6/0/25/f.test "
                  "SRV/7/0/25/g.test SRV/8/0/25/h.test SRV/9/0/25/i.test "
                  "SRV/10/0/25/j.test SRV/11/0/5269/y.test");
    s2s_options o = federation_options();
    s2s_result *r = connect_with(&o);
    assert_int_equal(s2s_result_error(r), S2S_OK);
    federation_path(r, "host", "y.test");
    federation_path(r, "attempts.3.host", "d.test");
    federation_path(r, "attempts.3.outcome", "forbidden");
    federation_path(r, "attempts.4.host", "y.test");
    federation_path(r, "attempts.4.outcome", "connected");
    assert_null(s2s_result_get(r, "attempts.5.host"));
    assert_true(found(r, "srv_port"));
    s2s_result_free(r);
    places_close();
}

/* ---- Peers by hand ---------------------------------------------------- */

/* The next connection, and its first byte. */
static int accepted(int listener, char *first)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) <
           0)
        (void)federation_poke(&places, 10);
    while (recv(fd, first, 1, MSG_PEEK) < 1)
        (void)federation_poke(&places, 10);
    return fd;
}

static bool nobody_else(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd < 0;
}

/* What SRV says of TLS is not doubted: no second try another way. */
static void first_byte(void **state)
{
    (void)state;
    for (int direct = 0; direct < 2; direct++) {
        char first;
        places_open(NULL);
        int listener = loopback_listen(places.address[SIDE_B], 0);
        put(direct ? DIRECT : STARTTLS, "SRV/1/0/%u/h.test",
            loopback_port(listener));
        s2s_options o = federation_options();
        federation_submit(&places, S2S_OP_CONNECT, &o);
        int fd = accepted(listener, &first);
        assert_int_equal(first, direct ? 0x16 : '<');
        close(fd);
        s2s_result *r = federation_result(&places, SIDE_A);
        assert_true(s2s_result_error(r) == S2S_ECLOSED ||
                    s2s_result_error(r) == S2S_ETLS_HANDSHAKE);
        federation_path(r, "host", "h.test");
        federation_path(r, "tls.mode", direct ? "direct" : "starttls");
        assert_true(nobody_else(listener));
        s2s_result_free(r);
        close(listener);
        places_close();
    }
}

/* At the domain's own address another way is tried, in the same place. */
static void other_way(void **state)
{
    static const struct federation_setting deaf = {.deaf = {[SIDE_B] = true}};
    char first, rest[4096];
    (void)state;
    places_open(&deaf);
    int listener = loopback_listen(places.address[SIDE_B], 5269);
    s2s_options o = federation_options();
    federation_submit(&places, S2S_OP_CONNECT, &o);
    int fd = accepted(listener, &first);
    assert_int_equal(first, '<');
    assert_true(recv(fd, rest, sizeof(rest), 0) > 0);
    assert_int_equal(send(fd, "\x15\x03\x03\0\2\2\x0a", 7, 0), 7);
    close(fd);
    fd = accepted(listener, &first);
    assert_int_equal(first, 0x16);
    close(fd);
    s2s_result *r = federation_result(&places, SIDE_A);
    federation_path(r, "dns.plan", "domain");
    assert_int_equal(scripted_count(&script, STARTTLS), 1);
    assert_true(nobody_else(listener));
    s2s_result_free(r);
    close(listener);
    places_close();
}

static ptrdiff_t pull(gnutls_transport_ptr_t fd, void *buffer, size_t length)
{
    return recv((int)(intptr_t)fd, buffer, length, 0);
}

static ptrdiff_t push(gnutls_transport_ptr_t fd, const void *buffer,
                      size_t length)
{
    return send((int)(intptr_t)fd, buffer, length, MSG_NOSIGNAL);
}

/* A handshake that asks for a certificate, and a word of regret. */
static void regret(int fd, gnutls_certificate_credentials_t own)
{
    gnutls_session_t s;
    pki_must(gnutls_init(&s, GNUTLS_SERVER | GNUTLS_NONBLOCK));
    pki_must(gnutls_set_default_priority(s));
    pki_must(gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, own));
    gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUEST);
    gnutls_transport_set_ptr(s, (void *)(intptr_t)fd);
    gnutls_transport_set_pull_function(s, pull);
    gnutls_transport_set_push_function(s, push);
    int e;
    while ((e = gnutls_handshake(s)) == GNUTLS_E_AGAIN)
        (void)federation_poke(&places, 10);
    (void)gnutls_alert_send(s, GNUTLS_AL_FATAL, GNUTLS_A_CERTIFICATE_UNKNOWN);
    gnutls_deinit(s);
    close(fd);
}

/* Without our certificate the same endpoint is asked again. */
static void bare(void **state)
{
    gnutls_certificate_credentials_t own;
    char first;
    (void)state;
    places_open(NULL);
    pki_must(gnutls_certificate_allocate_credentials(&own));
    pki_must(gnutls_certificate_set_x509_key_file(
        own, files.certificate[SIDE_B], files.key[SIDE_B],
        GNUTLS_X509_FMT_PEM));
    int listener = loopback_listen(places.address[SIDE_B], 0);
    put(DIRECT, "SRV/1/0/%u/h.test SRV/2/0/%u/good.test",
        loopback_port(listener), direct_port);
    s2s_options o = federation_options();
    federation_submit(&places, S2S_OP_CONNECT, &o);
    regret(accepted(listener, &first), own);
    regret(accepted(listener, &first), own);
    s2s_result *r = federation_result(&places, SIDE_A);
    assert_true(s2s_result_error(r) != S2S_OK);
    federation_path(r, "host", "h.test");
    federation_path(r, "tls.mode", "direct");
    assert_true(nobody_else(listener));
    s2s_result_free(r);
    gnutls_certificate_free_credentials(own);
    close(listener);
    places_close();
}

/* ---- TLSA ------------------------------------------------------------- */

static void put_secure(const char *tlsa)
{
    put(STARTTLS, "AD SRV/1/0/5269/s.test");
    put(DIRECT, "AD ");
    put("s.test", "AD %s", places.address[SIDE_B]);
    put("_5269._tcp.s.test", "%s", tlsa);
}

static void dane(void **state)
{
    static const struct {
        const char *front, *hash; /* NULL: the right one */
        const char *verdict;
        int error;
    } rows[] = {
        {"AD TLSA/030001", NULL, "match", S2S_OK},
        {"LATER AD TLSA/030001", NULL, "match", S2S_OK},
        {"AD TLSA/030001",
         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
         "mismatch", S2S_ECERT_UNTRUSTED},
        {"AD ", "", "none", S2S_OK},
        {"TLSA/030001", NULL, NULL, S2S_OK}, /* not secure */
        {"BOGUS ", "", "bogus", S2S_ECERT_UNTRUSTED},
        {"SERVFAIL", "", "bogus", S2S_ECERT_UNTRUSTED},
    };
    char hash[100] = "", record[200];
    (void)state;
    for (size_t i = 0; i <= COUNT(rows); i++) {
        places_open(NULL);
        (void)snprintf(record, sizeof(record), "%s%s",
                       i > 0 ? rows[i - 1].front : "",
                       i == 0                     ? ""
                       : rows[i - 1].hash != NULL ? rows[i - 1].hash
                                                  : hash);
        put_secure(record);
        s2s_options o = federation_options();
        o.flags = S2S_DANE;
        federation_submit(&places, S2S_OP_CONNECT, &o);
        s2s_result *r = NULL;
        while (s2s_context_next(places.c[SIDE_A], &r, NULL, NULL) == 0) {
            if (federation_poke(&places, 100))
                continue;
            /* All that could be done is done: it waits for the records. */
            assert_int_equal(scripted_answer(&script, NULL), 1);
        }
        if (i == 0) {
            (void)snprintf(hash, sizeof(hash), "%s",
                           s2s_result_get(r, "certificate.sha256"));
            assert_int_equal(strlen(hash), 64);
        } else {
            federation_path(r, "dane.verdict", rows[i - 1].verdict);
            assert_int_equal(s2s_result_error(r), rows[i - 1].error);
        }
        federation_path(r, "dns.secure", "true");
        assert_int_equal(scripted_count(&script, "_5269._tcp.s.test"), 1);
        s2s_result_free(r);
        places_close();
    }
}

/* Of the endpoint in use, whatever stands in front of it in the plan. */
static void dane_far(void **state)
{
    (void)state;
    places_open(NULL);
    put(STARTTLS,
        "AD SRV/1/0/5269/1.test SRV/1/0/5269/2.test SRV/1/0/5269/3.test "
        "SRV/1/0/5269/4.test SRV/1/0/5269/5.test SRV/1/0/5269/6.test "
        "SRV/1/0/5269/7.test SRV/1/0/5269/8.test SRV/1/0/5269/9.test "
        "SRV/1/0/5269/10.test SRV/1/0/5269/11.test");
    put(DIRECT, "AD SRV/2/0/%u/d.test", direct_port);
    put("d.test", "AD %s", places.address[SIDE_B]);
    put("*._tcp.d.test", "AD TLSA/030001aa");
    s2s_options o = federation_options();
    o.flags = S2S_DANE;
    o.tls_mode = S2S_TLS_DIRECT;
    s2s_result *r = connect_with(&o);
    federation_path(r, "host", "d.test");
    assert_non_null(s2s_result_get(r, "dane.verdict"));
    assert_int_equal(script.count, 2 + 2 + 1); /* and none of the others' */
    s2s_result_free(r);
    places_close();
}

/* While the records are waited for. */
static void dane_ends(void **state)
{
    static const char *const ways[] = {"deadline", "cancel", "stop", "free"};
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        places_open(NULL);
        put_secure("NEVER");
        s2s_options o = federation_options();
        uint64_t id = federation_submit(&places, S2S_OP_CONNECT, &o);
        while (federation_poke(&places, 50))
            continue;
        assert_int_equal(script.waiting, 1);
        s2s_context *c = places.c[SIDE_A];
        if (i == 0)
            places_now += (int64_t)TIMEOUT_MS * 1000;
        if (i == 1)
            s2s_context_cancel(c, id);
        if (i == 2)
            s2s_context_stop(c);
        if (i < 3) {
            s2s_result *r = NULL;
            for (int n = 0; n < 10 && s2s_context_next(c, &r, NULL, NULL) == 0;
                 n++)
                assert_int_equal(s2s_context_process(c), S2S_OK);
            assert_non_null(r);
            assert_int_equal(s2s_result_error(r),
                             i == 0 ? S2S_ETIMEOUT : S2S_ECANCELLED);
            assert_int_equal(script.waiting, 0);
            s2s_result_free(r);
        }
        places_close();
        assert_int_equal(script.waiting, 0);
    }
}

/* ---- Others that look for servers -------------------------------------- */

/* B verifies our dialback key where our SRV records lead. */
static void errands(void **state)
{
    static char srv[60];
    static struct dns_row rows[4];
    char at[40];
    uint16_t port;
    (void)state;
    places_open(NULL);
    (void)snprintf(at, sizeof(at), "%s:0", places.address[SIDE_A]);
    assert_int_equal(s2s_context_listen(places.c[SIDE_A], at, &port), S2S_OK);
    (void)snprintf(srv, sizeof(srv), "SRV/1/0/%u/away.test", port);
    rows[0] = (struct dns_row){"_xmpp-server._tcp." A, srv};
    rows[1] = (struct dns_row){"away.test", places.address[SIDE_A]};
    places.dns.rows = rows;
    put(STARTTLS, "SRV/1/0/5269/s.test");
    s2s_options o = federation_options();
    o.flags = S2S_NO_EXTERNAL;
    federation_submit(&places, S2S_OP_PING, &o);
    s2s_result *r = federation_result(&places, SIDE_A);
    if (s2s_result_error(r) != S2S_OK)
        fail_msg("%s", s2s_result_json(r));
    federation_path(r, "auth.method", "dialback");
    s2s_result_free(r);
    places_close();
}

/* But not however many of them there are. */
static void errand_limit(void **state)
{
    static char srv[300];
    static struct dns_row rows[3];
    (void)state;
    for (int i = 4; i <= 5; i++) { /* the place of the one that is there */
        char at[40];
        uint16_t port;
        size_t used = 0;
        places_open(NULL);
        (void)snprintf(at, sizeof(at), "%s:0", places.address[SIDE_A]);
        assert_int_equal(s2s_context_listen(places.c[SIDE_A], at, &port),
                         S2S_OK);
        for (int k = 1; k < i; k++)
            used += (size_t)snprintf(srv + used, sizeof(srv) - used,
                                     "SRV/%d/0/5269/n%d.test ", k, k);
        (void)snprintf(srv + used, sizeof(srv) - used, "SRV/%d/0/%u/away.test",
                       i, port);
        rows[0] = (struct dns_row){"_xmpp-server._tcp." A, srv};
        rows[1] = (struct dns_row){"away.test", places.address[SIDE_A]};
        places.dns.rows = rows;
        put(STARTTLS, "SRV/1/0/5269/s.test");
        s2s_options o = federation_options();
        o.flags = S2S_NO_EXTERNAL | S2S_AUTHENTICATE;
        s2s_result *r = connect_with(&o);
        assert_int_equal(s2s_result_error(r),
                         i == 4 ? S2S_OK : S2S_EDIALBACK_FAILED);
        s2s_result_free(r);
        places_close();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions),
        cmocka_unit_test(unavailable),
        cmocka_unit_test(modes),
        cmocka_unit_test(next_endpoint),
        cmocka_unit_test(forbidden_first),
        cmocka_unit_test(first_byte),
        cmocka_unit_test(other_way),
        cmocka_unit_test(bare),
        cmocka_unit_test(dane),
        cmocka_unit_test(dane_far),
        cmocka_unit_test(dane_ends),
        cmocka_unit_test(errands),
        cmocka_unit_test(errand_limit),
    };
    return cmocka_run_group_tests_name("probe/endpoints", tests,
                                       federation_begin, federation_end);
}
