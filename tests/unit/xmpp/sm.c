#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "element.h"
#include "xmpp/sm.h"

#define SM3(rest) "<" rest " xmlns='urn:xmpp:sm:3'/>"
#define SM2(rest) "<" rest " xmlns='urn:xmpp:sm:2'/>"
#define TOP       UINT32_MAX

/* --- writing --- */

static int write_enable(struct buf *b, const void *version)
{
    struct sm s = {SM_NONE, true, 1, 2, 3};
    int e = sm_write_enable(&s, b, *(const enum sm_version *)version);
    if (e == S2S_OK) {
        assert_int_equal(s.version, *(const enum sm_version *)version);
        assert_false(s.on);
    }
    assert_int_equal(s.sent, e == S2S_OK ? 0 : 1);
    assert_int_equal(s.acked, e == S2S_OK ? 0 : 2);
    assert_int_equal(s.received, e == S2S_OK ? 0 : 3);
    return e;
}

static int write_enabled(struct buf *b, const void *version)
{
    struct sm s = {SM_NONE, false, 1, 2, 3};
    int e = sm_write_enabled(&s, b, *(const enum sm_version *)version);
    assert_int_equal(s.on, e == S2S_OK);
    assert_int_equal(s.sent, e == S2S_OK ? 0 : 1);
    assert_int_equal(s.acked, e == S2S_OK ? 0 : 2);
    assert_int_equal(s.received, e == S2S_OK ? 0 : 3);
    return e;
}

static int write_request(struct buf *b, const void *s)
{
    return sm_write_request(s, b);
}

static int write_answer(struct buf *b, const void *s)
{
    return sm_write_answer(s, b);
}

static void written(void **state)
{
    static const enum sm_version versions[] = {SM_2, SM_3};
    static const struct sm rows[] = {{SM_2, true, 1, 0, 0},
                                     {SM_3, true, 1, 0, TOP}};
    (void)state;
    assert_written(write_enable, &versions[0], SM2("enable"));
    assert_written(write_enable, &versions[1], SM3("enable"));
    assert_written(write_enabled, &versions[0], SM2("enabled"));
    assert_written(write_enabled, &versions[1], SM3("enabled"));
    assert_written(write_request, &rows[0], SM2("r"));
    assert_written(write_request, &rows[1], SM3("r"));
    assert_written(write_answer, &rows[0], "<a xmlns='urn:xmpp:sm:2' h='0'/>");
    assert_written(write_answer, &rows[1],
                   "<a xmlns='urn:xmpp:sm:3' h='4294967295'/>");
}

static void not_in_use(void **state)
{
    struct sm s = {.version = SM_NONE};
    struct buf b;
    (void)state;
    buf_init(&b, 1000);
    assert_int_equal(sm_write_request(&s, &b), S2S_EINTERNAL);
    assert_int_equal(sm_write_answer(&s, &b), S2S_EINTERNAL);
    assert_int_equal(sm_write_enable(&s, &b, SM_NONE), S2S_EINTERNAL);
    assert_int_equal(sm_write_enabled(&s, &b, SM_NONE), S2S_EINTERNAL);
    assert_int_equal(b.length, 0);
    buf_free(&b);
}

/* --- reading --- */

/* What elements are in each state; one that is no event changes nothing. */
static void events(void **state)
{
    static const struct sm off = {SM_NONE, false, 7, 5, 3};
    static const struct sm asked = {SM_3, false, 7, 5, 3};
    static const struct sm on = {SM_3, true, 7, 5, 3};
    static const struct sm on_2 = {SM_2, true, 7, 5, 3};
    static const struct {
        const struct sm *before;
        const char *xml;
        enum sm_event event;
    } rows[] = {
        {&asked, SM3("enabled"), SM_ENABLED},
        {&asked, "<enabled xmlns='urn:xmpp:sm:3' id='i' resume='true'/>",
         SM_ENABLED},
        {&asked, "<s:enabled xmlns:s='urn:xmpp:sm:3'/>", SM_ENABLED},
        {&asked, SM2("enabled"), SM_OTHER},
        {&asked, "<enabled/>", SM_OTHER},
        {&asked, "<enabled xmlns='urn:xmpp:sm:4'/>", SM_OTHER},
        {&asked, SM3("Enabled"), SM_OTHER},
        {&off, SM3("enabled"), SM_OTHER},
        {&on, SM3("enabled"), SM_OTHER},
        {&asked, SM3("failed"), SM_FAILED},
        {&asked,
         "<failed xmlns='urn:xmpp:sm:3'><unexpected-request "
         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
         SM_FAILED},
        {&asked, SM2("failed"), SM_OTHER},
        {&on, SM3("failed"), SM_OTHER},
        {&off, SM3("failed"), SM_OTHER},
        {&on, SM3("r"), SM_ASKED},
        {&on_2, SM2("r"), SM_ASKED},
        {&on, SM2("r"), SM_OTHER},
        {&on_2, SM3("r"), SM_OTHER},
        {&on, "<r/>", SM_OTHER},
        {&asked, SM3("r"), SM_OTHER},
        {&off, SM3("r"), SM_OTHER},
        {&asked, SM3("a h='6'"), SM_OTHER},
        {&off, SM3("a h='6'"), SM_OTHER},
        {&on, SM2("a h='6'"), SM_OTHER},
        {&on, SM2("a"), SM_OTHER},
        {&off, SM3("enable"), SM_ENABLE},
        {&off, SM2("enable"), SM_ENABLE},
        {&on, SM2("enable"), SM_ENABLE},
        {&on, SM3("enable"), SM_ENABLE},
        {&asked, "<enable xmlns='urn:xmpp:sm:3' resume='1' max='9'/>",
         SM_ENABLE},
        {&off, "<enable/>", SM_OTHER},
        {&off, "<enable xmlns='urn:xmpp:sm:1'/>", SM_OTHER},
        {&on, "<resume xmlns='urn:xmpp:sm:3' h='1' previd='x'/>", SM_OTHER},
        {&on, "<resumed xmlns='urn:xmpp:sm:3' h='1' previd='x'/>", SM_OTHER},
        {&on, "<message><r xmlns='urn:xmpp:sm:3'/></message>", SM_OTHER},
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sm want = *rows[i].before;
        struct sm got = want;
        if (rows[i].event == SM_ENABLED)
            want = (struct sm){want.version, true, want.sent, want.acked, 0};
        if (rows[i].event == SM_FAILED)
            want = (struct sm){.version = SM_NONE};
        assert_int_equal(sm_read(&got, stream_element(&s, rows[i].xml)),
                         rows[i].event);
        assert_int_equal(got.version, want.version);
        assert_int_equal(got.on, want.on);
        assert_int_equal(got.sent, want.sent);
        assert_int_equal(got.acked, want.acked);
        assert_int_equal(got.received, want.received);
    }
    stream_end(&s);
}

static void requested(void **state)
{
    static const struct {
        const char *xml;
        enum sm_version version;
    } rows[] = {
        {SM3("enable"), SM_3},     {SM2("enable"), SM_2},
        {"<enable/>", SM_NONE},    {"<enable xmlns='urn:xmpp:sm:1'/>", SM_NONE},
        {SM3("enabled"), SM_NONE}, {SM3("r"), SM_NONE},
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(sm_requested(stream_element(&s, rows[i].xml)),
                         rows[i].version);
    stream_end(&s);
}

/* <a/> with these attributes, when so much was sent and acknowledged. */
static void acknowledged(void **state)
{
    static const struct {
        uint32_t sent, acked;
        const char *h;
        enum sm_event event;
        uint32_t after, pending;
    } rows[] = {
        {0, 0, "h='0'", SM_ACKED, 0, 0},
        {0, 0, "h='1'", SM_BROKEN, 0, 0},
        {0, 0, "h=''", SM_BROKEN, 0, 0},
        {5, 2, "h='2'", SM_ACKED, 2, 3},
        {5, 2, "h='3'", SM_ACKED, 3, 2},
        {5, 2, "h='5'", SM_ACKED, 5, 0},
        {5, 2, "h='6'", SM_BROKEN, 2, 3},
        {5, 2, "h='1'", SM_BROKEN, 2, 3},
        {5, 2, "h='0'", SM_BROKEN, 2, 3},
        {5, 2, "h='0000000000000000000003'", SM_ACKED, 3, 2},
        {5, 2, "", SM_BROKEN, 2, 3},
        {5, 2, "h=''", SM_BROKEN, 2, 3},
        {5, 2, "h='x'", SM_BROKEN, 2, 3},
        {5, 2, "h='3x'", SM_BROKEN, 2, 3},
        {5, 2, "h=' 3'", SM_BROKEN, 2, 3},
        {5, 2, "h='3 '", SM_BROKEN, 2, 3},
        {5, 2, "h='+3'", SM_BROKEN, 2, 3},
        {5, 2, "h='-3'", SM_BROKEN, 2, 3},
        {5, 2, "h='3.0'", SM_BROKEN, 2, 3},
        {5, 2, "h='0x3'", SM_BROKEN, 2, 3},
        {5, 2, "h='\xd9\xa3'", SM_BROKEN, 2, 3},
        {5, 2, "H='3'", SM_BROKEN, 2, 3},
        {5, 2, "x:h='3' xmlns:x='u'", SM_BROKEN, 2, 3},
        {5, 2, "h='4294967299'", SM_BROKEN, 2, 3},
        {5, 2, "h='18446744073709551619'", SM_BROKEN, 2, 3},
        {5, 2, "h='99999999999999999999999999'", SM_BROKEN, 2, 3},
        {TOP, 0, "h='4294967295'", SM_ACKED, TOP, 0},
        {TOP, 0, "h='4294967296'", SM_BROKEN, 0, TOP},
        {TOP, TOP - 1, "h='0'", SM_BROKEN, TOP - 1, 1},
        {0, TOP, "h='4294967295'", SM_ACKED, TOP, 1},
        {0, TOP, "h='0'", SM_ACKED, 0, 0},
        {0, TOP, "h='1'", SM_BROKEN, TOP, 1},
        {2, TOP - 1, "h='4294967295'", SM_ACKED, TOP, 3},
        {2, TOP - 1, "h='1'", SM_ACKED, 1, 1},
        {2, TOP - 1, "h='3'", SM_BROKEN, TOP - 1, 4},
        {2, TOP - 1, "h='4294967293'", SM_BROKEN, TOP - 1, 4},
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char xml[128];
        struct sm sm = {SM_3, true, rows[i].sent, rows[i].acked, 9};
        snprintf(xml, sizeof(xml), "<a xmlns='urn:xmpp:sm:3' %s/>", rows[i].h);
        assert_int_equal(sm_read(&sm, stream_element(&s, xml)), rows[i].event);
        assert_int_equal(sm.acked, rows[i].after);
        assert_int_equal(sm_pending(&sm), rows[i].pending);
        assert_int_equal(sm.sent, rows[i].sent);
        assert_int_equal(sm.received, 9);
        assert_true(sm.on);
    }
    stream_end(&s);
}

/* Both sides of one stream, through their own elements. */
static void session(void **state)
{
    struct stream stream;
    struct buf b;
    struct sm ours = {.version = SM_NONE};
    struct sm theirs = {.version = SM_NONE};
    (void)state;
    stream_begin(&stream);
    buf_init(&b, 1000);
    assert_int_equal(sm_write_enable(&ours, &b, SM_3), S2S_OK);
    ours.sent++; /* need not wait for <enabled/> */
    assert_int_equal(sm_read(&theirs, stream_element(&stream, SM3("enable"))),
                     SM_ENABLE);
    assert_int_equal(sm_write_enabled(&theirs, &b, SM_3), S2S_OK);
    theirs.received++;
    assert_int_equal(sm_read(&ours, stream_element(&stream, SM3("enabled"))),
                     SM_ENABLED);
    assert_int_equal(sm_pending(&ours), 1);
    b.length = 0;
    assert_int_equal(sm_read(&theirs, stream_element(&stream, SM3("r"))),
                     SM_ASKED);
    assert_int_equal(sm_write_answer(&theirs, &b), S2S_OK);
    assert_int_equal(buf_add(&b, "", 1), S2S_OK);
    assert_int_equal(
        sm_read(&ours, stream_element(&stream, (const char *)b.data)),
        SM_ACKED);
    assert_int_equal(sm_pending(&ours), 0);
    buf_free(&b);
    stream_end(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written),      cmocka_unit_test(not_in_use),
        cmocka_unit_test(events),       cmocka_unit_test(requested),
        cmocka_unit_test(acknowledged), cmocka_unit_test(session),
    };
    return cmocka_run_group_tests_name("xmpp/sm", tests, NULL, NULL);
}
