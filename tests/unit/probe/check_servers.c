/* Checks of a whole domain over real sockets and real TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "places.h"

/* Of no certificate. */
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static s2s_result *check_with(s2s_options o)
{
    federation_submit(&places, S2S_OP_CHECK, &o);
    return federation_result(&places, SIDE_A);
}

static void put_both(void)
{
    put(DIRECT, "SRV/10/0/%u/d.test", direct_port);
    put(STARTTLS, "SRV/20/0/5269/s.test");
}

static void succeeds(const s2s_result *r, int error)
{
    if (s2s_result_error(r) != error)
        fail_msg("%s", s2s_result_json(r));
}

/* ---- Rows ------------------------------------------------------------- */

static void whole(void **state)
{
    (void)state;
    places_open(NULL);
    put_both();
    s2s_options o = federation_options();
    o.flags = S2S_AUTHENTICATE;
    s2s_result *r = check_with(o);
    succeeds(r, S2S_OK);
    federation_path(r, "rows.0.kind", "endpoint");
    federation_path(r, "rows.0.target", "d.test");
    federation_path(r, "rows.0.address", places.address[SIDE_B]);
    federation_path(r, "rows.0.tls", "direct");
    federation_path(r, "rows.0.protocol", "TLS1.3");
    federation_path(r, "rows.0.verified", "true");
    federation_path(r, "rows.0.versions.0", "TLS1.2");
    federation_path(r, "rows.0.versions.1", "TLS1.3");
    federation_path(r, "rows.1.target", "s.test");
    federation_path(r, "rows.1.tls", "starttls");
    federation_path(r, "rows.1.port", "5269");
    federation_path(r, "rows.1.versions.1", "TLS1.3");
    federation_path(r, "rows.2.kind", "verify");
    federation_path(r, "rows.2.target", "d.test");
    federation_path(r, "rows.2.pingMethod", "dialback-verify");
    federation_path(r, "rows.2.success", "true");
    federation_path(r, "rows.3.kind", "ping");
    federation_path(r, "rows.3.target", B);
    federation_path(r, "rows.3.pingMethod", "iq");
    federation_path(r, "rows.3.success", "true");
    federation_path(r, "rows.4.kind", "time");
    federation_path(r, "rows.5.kind", NULL);
    assert_true(found(r, "address_private"));
    assert_true(found(r, "no_ipv6"));
    assert_true(found(r, "no_dnssec"));
    assert_false(found(r, "certificates_differ"));
    assert_false(found(r, "features_differ"));
    assert_false(found(r, "endpoints_differ"));
    assert_false(found(r, "no_tls_1_2"));
    assert_false(found(r, "clock_skew"));
    s2s_result_free(r);
    places_close();
}

/* Without any records: the domain's own address. */
static void domain(void **state)
{
    (void)state;
    places_open(NULL);
    s2s_options o = federation_options();
    o.flags = S2S_NO_DIALBACK;
    s2s_result *r = check_with(o);
    succeeds(r, S2S_OK);
    federation_path(r, "dns.plan", "domain");
    federation_path(r, "rows.0.target", B);
    federation_path(r, "rows.0.port", "5269");
    federation_path(r, "rows.1.kind", NULL);
    assert_true(found(r, "srv_none"));
    assert_true(found(r, "no_direct_tls"));
    assert_false(found(r, "no_dnssec"));
    s2s_result_free(r);
    places_close();
}

/* A host that is given is where all goes, the ping too. */
static void given(void **state)
{
    (void)state;
    places_open(NULL);
    s2s_options o = federation_options();
    o.flags = S2S_AUTHENTICATE;
    o.host = places.address[SIDE_B];
    s2s_result *r = check_with(o);
    succeeds(r, S2S_OK);
    assert_int_equal(script.count, 0);
    federation_path(r, "rows.0.address", places.address[SIDE_B]);
    federation_path(r, "rows.2.kind", "ping");
    federation_path(r, "rows.2.success", "true");
    federation_path(r, "rows.2.address", places.address[SIDE_B]);
    s2s_result_free(r);
    places_close();
}

/* Another server's certificate behind one of the records. */
static void differing(void **state)
{
    static const struct federation_setting both;
    char at[40];
    uint16_t port;
    (void)state;
    places_open(&both);
    (void)snprintf(at, sizeof(at), "%s:0", places.address[SIDE_A]);
    assert_int_equal(s2s_context_listen(places.c[SIDE_A], at, &port), S2S_OK);
    put(DIRECT, "SRV/10/0/%u/other.test", port);
    put(STARTTLS, "SRV/20/0/5269/s.test");
    put("other.test", "%s", places.address[SIDE_A]);
    s2s_result *r = check_with(federation_options());
    succeeds(r, S2S_OK);
    federation_path(r, "rows.0.code", "cert_name");
    federation_path(r, "rows.1.success", "true");
    assert_true(found(r, "certificates_differ"));
    assert_true(found(r, "endpoints_differ"));
    federation_path(r, "rows.2.kind", "verify");
    federation_path(r, "rows.2.target", "s.test");
    s2s_result_free(r);
    places_close();
}

static void unresolved(void **state)
{
    static const struct {
        const char *answer, *finding, *code;
    } rows[] = {
        {"NXDOMAIN", "srv_target", "dns"},
        {"BOGUS ", "dnssec_bogus", "dns"},
        {"NOTHING", "srv_target", "dns"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        places_open(NULL);
        put_both();
        put("d.test", "%s", rows[i].answer);
        put("s.test", "ALIAS %s", places.address[SIDE_B]);
        s2s_result *r = check_with(federation_options());
        succeeds(r, S2S_OK);
        federation_path(r, "rows.0.code", rows[i].code);
        federation_path(r, "rows.1.success", "true");
        assert_true(found(r, rows[i].finding));
        assert_true(found(r, "srv_alias"));
        s2s_result_free(r);
        places_close();
    }
}

static void services(void **state)
{
    static const char *const list[] = {"rooms.", NULL};
    (void)state;
    places_open(NULL);
    put_both();
    put("_xmpp-server._tcp.rooms." B, "SRV/1/0/5269/s.test");
    s2s_options o = federation_options();
    o.services = list;
    s2s_result *r = check_with(o);
    succeeds(r, S2S_OK);
    bool seen = false;
    for (int i = 0; i < 4; i++) {
        char path[30];
        (void)snprintf(path, sizeof(path), "rows.%d.target", i);
        const char *target = s2s_result_get(r, path);
        seen = seen || (target != NULL && strcmp(target, "rooms." B) == 0);
    }
    assert_true(seen);
    assert_true(found(r, "host_unknown"));
    s2s_result_free(r);
    places_close();
}

/* ---- What may not be connected to -------------------------------------- */

static int refuse_a(void *user, const struct sockaddr *address, uint32_t length)
{
    struct sockaddr_in in;
    char text[24];
    (void)user;
    assert_true(length >= sizeof(in));
    memcpy(&in, address, sizeof(in));
    assert_non_null(inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text)));
    return strcmp(text, places.address[SIDE_A]) == 0;
}

static void forbidden(void **state)
{
    static const struct federation_setting filtered = {
        .deaf = {[SIDE_A] = true}, .filter = refuse_a};
    (void)state;
    places_open(&filtered);
    int trap = loopback_listen(places.address[SIDE_A], 5269);
    put(STARTTLS, "SRV/20/0/5269/s.test");
    put("s.test", "%s %s", places.address[SIDE_A], places.address[SIDE_B]);
    s2s_result *r = check_with(federation_options());
    succeeds(r, S2S_OK);
    assert_null(strstr(s2s_result_json(r), places.address[SIDE_A]));
    assert_non_null(strstr(s2s_result_json(r), places.address[SIDE_B]));
    assert_true(found(r, "address_forbidden"));
    assert_int_equal(accept4(trap, NULL, NULL, SOCK_CLOEXEC), -1);
    s2s_result_free(r);
    close(trap);
    places_close();
}

/* Of a host to which nobody may go, not even that it is an alias. */
static void forbidden_alias(void **state)
{
    static const struct federation_setting filtered = {
        .deaf = {[SIDE_A] = true}, .filter = refuse_a};
    (void)state;
    for (int open = 0; open < 2; open++) {
        places_open(&filtered);
        put(STARTTLS, "SRV/20/0/5269/s.test");
        put("s.test", "ALIAS %s", places.address[open ? SIDE_B : SIDE_A]);
        s2s_result *r = check_with(federation_options());
        succeeds(r, open ? S2S_OK : S2S_EADDRESS_FORBIDDEN);
        assert_int_equal(found(r, "srv_alias"), open);
        s2s_result_free(r);
        places_close();
    }
}

/* ---- Limits ----------------------------------------------------------- */

static void limited(void **state)
{
    char list[400] = "";
    (void)state;
    places_open(NULL);
    put(STARTTLS, "SRV/1/0/5269/many.test SRV/1/0/5298/many.test");
    for (unsigned i = 1; i <= 12; i++) {
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof(list) - used, "%s127.3.3.%u",
                       i > 1 ? " " : "", i);
    }
    put("many.test", "%s", list);
    s2s_result *r = check_with(federation_options());
    succeeds(r, S2S_ECONNECT);
    assert_true(found(r, "check_limited"));
    federation_path(r, "rows.15.code", "connect");
    federation_path(r, "rows.16.kind", NULL);
    s2s_result_free(r);
    places_close();
}

/* The same address by two records is one endpoint. */
static void twice(void **state)
{
    (void)state;
    places_open(NULL);
    put(STARTTLS, "SRV/1/0/5269/s.test SRV/2/0/5269/t.test");
    s2s_options o = federation_options();
    o.flags = S2S_NO_DIALBACK;
    s2s_result *r = check_with(o);
    succeeds(r, S2S_OK);
    federation_path(r, "rows.0.kind", "endpoint");
    federation_path(r, "rows.1.kind", NULL);
    s2s_result_free(r);
    places_close();
}

/* ---- DANE ------------------------------------------------------------- */

static void dane(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        places_open(NULL);
        put(STARTTLS, "AD SRV/1/0/5269/s.test");
        put(DIRECT, "AD ");
        put("s.test", "AD %s", places.address[SIDE_B]);
        put("_5269._tcp.s.test", "%sAD TLSA/030001" HASH, late ? "LATER " : "");
        s2s_options o = federation_options();
        o.flags = S2S_DANE;
        federation_submit(&places, S2S_OP_CHECK, &o);
        while (late && federation_poke(&places, 50))
            continue;
        assert_int_equal(scripted_answer(&script, NULL), late);
        s2s_result *r = federation_result(&places, SIDE_A);
        succeeds(r, S2S_ECERT_UNTRUSTED);
        federation_path(r, "rows.0.dane", "mismatch");
        assert_false(found(r, "no_dane"));
        s2s_result_free(r);
        places_close();
    }
}

/* ---- Ends ------------------------------------------------------------- */

/* After so many steps; whether it had ended by itself. */
static bool end_after(unsigned steps, int way)
{
    s2s_result *r = NULL;
    bool done = false;
    places_open(NULL);
    put(DIRECT, "LATER AD SRV/10/0/%u/d.test", direct_port);
    put(STARTTLS, "AD SRV/20/0/5269/s.test");
    put("s.test", "LATER AD %s", places.address[SIDE_B]);
    put("_5269._tcp.s.test", "LATER AD TLSA/030001aa");
    s2s_options o = federation_options();
    o.flags = S2S_AUTHENTICATE;
    s2s_context *c = places.c[SIDE_A];
    uint64_t id = federation_submit(&places, S2S_OP_CHECK, &o);
    for (unsigned i = 0; i < steps && !done; i++) {
        if (!federation_poke(&places, 20))
            (void)scripted_answer(&script, NULL);
        done = s2s_context_next(c, &r, NULL, NULL) == 1;
    }
    if (way == 0)
        places_now += (int64_t)TIMEOUT_MS * 1000;
    if (way == 1)
        s2s_context_cancel(c, id);
    if (way == 2)
        s2s_context_stop(c);
    for (int n = 0; n < 10 && !done && r == NULL && way < 3; n++) {
        assert_int_equal(s2s_context_process(c), S2S_OK);
        (void)s2s_context_next(c, &r, NULL, NULL);
    }
    assert_int_equal(r != NULL, done || way < 3);
    if (!done && way < 3)
        assert_int_equal(script.waiting, 0);
    if (!done && (way == 1 || way == 2))
        assert_int_equal(s2s_result_error(r), S2S_ECANCELLED);
    s2s_result_free(r);
    places_close();
    assert_int_equal(script.waiting, 0);
    return done;
}

static void ended(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        unsigned steps = way == 0; /* the time begins with the first one */
        while (!end_after(steps, way))
            steps++;
        assert_true(steps > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),      cmocka_unit_test(domain),
        cmocka_unit_test(given),      cmocka_unit_test(differing),
        cmocka_unit_test(unresolved), cmocka_unit_test(services),
        cmocka_unit_test(forbidden),  cmocka_unit_test(forbidden_alias),
        cmocka_unit_test(limited),    cmocka_unit_test(twice),
        cmocka_unit_test(dane),       cmocka_unit_test(ended),
    };
    return cmocka_run_group_tests_name("probe/check_servers", tests,
                                       federation_begin, federation_end);
}
