#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "element.h"
#include "xmpp/dialback.h"

#define STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define KEY     "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643"

/* --- keys --- */

/* The examples of XEP-0185, 2, and of XEP-0220, 2.1.1 and 2.2.2. */
static void published_keys(void **state)
{
    static const struct {
        const char *secret, *receiving, *originating, *id, *key;
    } rows[] = {
        {"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F",
         KEY},
        {"s3cr3tf0rd14lb4ck", "montague.example", "capulet.example",
         "D60000229F",
         "b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3"},
        {"d14lb4ck43v3r", "capulet.example", "montague.example", "417GAF25",
         "225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char key[CRYPTO_HEX];
        assert_int_equal(dialback_key(rows[i].secret, rows[i].receiving,
                                      rows[i].originating, rows[i].id, key),
                         S2S_OK);
        assert_string_equal(key, rows[i].key);
    }
}

/* No two of these have the same key: each value counts, and its place. */
static void keys_differ(void **state)
{
    static const char *const rows[][4] = {
        {"s", "jabber.example", "a", "1"}, {"t", "jabber.example", "a", "1"},
        {"s", "ja", "bber.example", "1"},  {"s", "a", "jabber.example", "1"},
        {"s", "jabber.example", "a1", ""}, {"s", "jabber.example", "a", ""},
        {"s", "jabber.example", "", "a1"}, {"s", "jabber.example", "a", "2"},
        {"", "jabber.example", "a", "1"},  {"s", "jabber.examplea", "", "1"},
    };
    char keys[COUNT(rows)][CRYPTO_HEX];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(dialback_key(rows[i][0], rows[i][1], rows[i][2],
                                      rows[i][3], keys[i]),
                         S2S_OK);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(keys[i], keys[k]);
    }
}

static void keys_compared(void **state)
{
    static const struct {
        const char *theirs;
        bool equal;
    } rows[] = {
        {KEY, true},
        {NULL, false},
        {"", false},
        {"3", false},
        {KEY "0", false},
        {KEY KEY, false},
        {KEY "\n", false},
        {" " KEY, false},
        {&KEY[1], false},
        {"37C69B1CF07A3F67C04A5EF5902FA5114F2C76FE4A2686482BA5B89323075643",
         false},
        {"37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075644",
         false},
        {"47c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643",
         false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(dialback_key_equal(KEY, rows[i].theirs),
                         rows[i].equal);
}

/* --- writing --- */

struct unit {
    enum dialback_kind kind;
    enum dialback_answer answer; /* OTHER: a request */
    const char *from, *to, *id, *rest;
};

static int write_unit(struct buf *b, const void *what)
{
    const struct unit *u = what;
    if (u->answer != DIALBACK_OTHER)
        return dialback_write_answer(b, u->kind, u->from, u->to, u->id,
                                     u->answer, u->rest);
    if (u->kind == DIALBACK_VERIFY)
        return dialback_write_verify(b, u->from, u->to, u->id, u->rest);
    return dialback_write_result(b, u->from, u->to, u->rest);
}

static void written(void **state)
{
    static const struct {
        struct unit unit;
        const char *text;
    } rows[] = {
        {{DIALBACK_RESULT, DIALBACK_OTHER, "a.example", "b.example", NULL, KEY},
         "<db:result from='a.example' to='b.example'>" KEY "</db:result>"},
        {{DIALBACK_VERIFY, DIALBACK_OTHER, "a.example", "b.example", "i'<&>",
          KEY},
         "<db:verify from='a.example' to='b.example' "
         "id='i&apos;&lt;&amp;&gt;'>" KEY "</db:verify>"},
        {{DIALBACK_VERIFY, DIALBACK_OTHER, "a", "b", "", "<k&"},
         "<db:verify from='a' to='b' id=''>&lt;k&amp;</db:verify>"},
        {{DIALBACK_RESULT, DIALBACK_VALID, "a", "b", NULL, NULL},
         "<db:result from='a' to='b' type='valid'></db:result>"},
        {{DIALBACK_RESULT, DIALBACK_INVALID, "a", "b", "no id here", "no"},
         "<db:result from='a' to='b' type='invalid'></db:result>"},
        {{DIALBACK_VERIFY, DIALBACK_VALID, "a", "b", "i", "no"},
         "<db:verify from='a' to='b' id='i' type='valid'></db:verify>"},
        {{DIALBACK_VERIFY, DIALBACK_ERROR, "a", "b", "i", "item-not-found"},
         "<db:verify from='a' to='b' id='i' type='error'>"
         "<error type='cancel'><item-not-found xmlns='" STANZAS
         "'/></error></db:verify>"},
        {{DIALBACK_RESULT, DIALBACK_ERROR, "a", "b", NULL,
          "remote-server-timeout"},
         "<db:result from='a' to='b' type='error'>"
         "<error type='wait'><remote-server-timeout xmlns='" STANZAS
         "'/></error></db:result>"},
        {{DIALBACK_RESULT, DIALBACK_ERROR, "a", "b", NULL, NULL},
         "<db:result from='a' to='b' type='error'>"
         "<error type='cancel'><undefined-condition xmlns='" STANZAS
         "'/></error></db:result>"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_written(write_unit, &rows[i].unit, rows[i].text);
}

/* What cannot be written leaves nothing, of the key least of all. */
static void not_written(void **state)
{
    static const struct unit rows[] = {
        {DIALBACK_RESULT, DIALBACK_OTHER, "a", "b", NULL, KEY "\x01"},
        {DIALBACK_RESULT, DIALBACK_OTHER, "a\xff", "b", NULL, KEY},
        {DIALBACK_VERIFY, DIALBACK_OTHER, "a", "b", "\x02", KEY},
        {DIALBACK_VERIFY, DIALBACK_VALID, "a", "\xc3", "i", NULL},
    };
    struct buf b;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_init(&b, 1000);
        assert_int_equal(write_unit(&b, &rows[i]), S2S_EINTERNAL);
        assert_int_equal(b.length, 0);
        buf_free(&b);
    }
    static const char cut[] = "<db:result from='a' to='b'>" KEY;
    buf_init(&b, sizeof(cut) - 1); /* no room for the end tag */
    assert_int_equal(dialback_write_result(&b, "a", "b", KEY), S2S_ELIMIT);
    assert_null(memmem(b.data, sizeof(cut) - 1, KEY, 8));
    assert_int_equal(dialback_write_answer(&b, DIALBACK_VERIFY, "a", "b", "i",
                                           DIALBACK_OTHER, NULL),
                     S2S_EINTERNAL);
    assert_int_equal(b.length, 0);
    buf_free(&b);
}

/* --- requests --- */

static void requests(void **state)
{
    static const struct {
        const char *xml;
        struct dialback_request want;
    } rows[] = {
        {"<db:result from='a' to='b'>k</db:result>",
         {DIALBACK_RESULT, "a", "b", NULL, "k"}},
        {"<db:verify from='a' to='b' id='i'>k</db:verify>",
         {DIALBACK_VERIFY, "a", "b", "i", "k"}},
        {"<x:verify xmlns:x='jabber:server:dialback' to='b' from='a' "
         "id=''><![CDATA[k&]]>&lt;</x:verify>",
         {DIALBACK_VERIFY, "a", "b", "", "k&<"}},
        {"<result xmlns='jabber:server:dialback' to=''/>",
         {DIALBACK_RESULT, NULL, "", NULL, ""}},
        {"<db:verify/>", {DIALBACK_VERIFY, NULL, NULL, NULL, ""}},
        {"<db:verify from='a' to='b' id='i'>k<x/></db:verify>",
         {DIALBACK_VERIFY, "a", "b", "i", NULL}},
        {"<db:verify from='a' to='b' id='i'><x>k</x></db:verify>",
         {DIALBACK_VERIFY, "a", "b", "i", NULL}},
        {"<db:verify db:from='a' x:to='b' xmlns:x='u' Id='i'>k</db:verify>",
         {DIALBACK_VERIFY, NULL, NULL, NULL, "k"}},
        {"<db:result from='a' to='b' db:type='valid'>k</db:result>",
         {DIALBACK_RESULT, "a", "b", NULL, "k"}},
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct dialback_request *want = &rows[i].want;
        struct dialback_request got;
        assert_true(
            dialback_read_request(stream_element(&s, rows[i].xml), &got));
        assert_int_equal(got.kind, want->kind);
        assert_text(got.from, want->from);
        assert_text(got.to, want->to);
        assert_text(got.id, want->id);
        assert_text(got.key, want->key);
    }
    stream_end(&s);
}

static void no_requests(void **state)
{
    static const char *const rows[] = {
        "<result from='a' to='b'>k</result>",
        "<db:Result from='a' to='b'>k</db:Result>",
        "<db:x from='a' to='b'>k</db:x>",
        "<stream:verify from='a' to='b' id='i'>k</stream:verify>",
        "<db:result xmlns:db='jabber:server' from='a' to='b'>k</db:result>",
        "<db:result from='a' to='b' type='valid'>k</db:result>",
        "<db:verify from='a' to='b' id='i' type=''>k</db:verify>",
        "<db:verify from='a' to='b' id='i' type='what'/>",
        "<x><db:verify from='a' to='b' id='i'>k</db:verify></x>",
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dialback_request got = {.key = "untouched"};
        assert_false(dialback_read_request(stream_element(&s, rows[i]), &got));
        assert_string_equal(got.key, "untouched");
    }
    stream_end(&s);
}

/* --- answers, to a request from "a" to "b" with the id "i" --- */

#define ERROR(inner)                                                           \
    "<db:result from='b' to='a' type='error'>" inner "</db:result>"

static void answers(void **state)
{
    static const struct {
        const char *xml;
        enum dialback_kind kind;
        enum dialback_answer answer;
        const char *condition;
    } rows[] = {
        {"<db:result from='b' to='a' type='valid'/>", DIALBACK_RESULT,
         DIALBACK_VALID, NULL},
        {"<db:result from='b' to='a' type='valid' id='x'>k</db:result>",
         DIALBACK_RESULT, DIALBACK_VALID, NULL},
        {"<db:result from='b' to='a' type='invalid'><x/></db:result>",
         DIALBACK_RESULT, DIALBACK_INVALID, NULL},
        {"<db:verify from='b' to='a' id='i' type='valid'/>", DIALBACK_VERIFY,
         DIALBACK_VALID, NULL},
        {"<v xmlns='jabber:server:dialback'/>", DIALBACK_VERIFY, DIALBACK_OTHER,
         NULL},
        {"<verify xmlns='jabber:server:dialback' from='b' to='a' id='i' "
         "type='invalid'>k</verify>",
         DIALBACK_VERIFY, DIALBACK_INVALID, NULL},
        {"<db:verify from='b' to='a' type='valid'/>", DIALBACK_VERIFY,
         DIALBACK_OTHER, NULL},
        {"<db:verify from='b' to='a' id='I' type='valid'/>", DIALBACK_VERIFY,
         DIALBACK_OTHER, NULL},
        {"<db:verify from='a' to='b' id='i' type='valid'/>", DIALBACK_VERIFY,
         DIALBACK_OTHER, NULL},
        {"<db:verify from='b' to='a' id='i' type='valid'/>", DIALBACK_RESULT,
         DIALBACK_OTHER, NULL},
        {"<db:result from='b' to='a' id='i' type='valid'/>", DIALBACK_VERIFY,
         DIALBACK_OTHER, NULL},
        {"<verify from='b' to='a' id='i' type='valid'/>", DIALBACK_VERIFY,
         DIALBACK_OTHER, NULL},
        {"<db:result from='B' to='a' type='valid'/>", DIALBACK_RESULT,
         DIALBACK_OTHER, NULL},
        {"<db:result from='b' to='a.' type='valid'/>", DIALBACK_RESULT,
         DIALBACK_OTHER, NULL},
        {"<db:result to='a' type='valid'/>", DIALBACK_RESULT, DIALBACK_OTHER,
         NULL},
        {"<db:result from='b' type='valid'/>", DIALBACK_RESULT, DIALBACK_OTHER,
         NULL},
        {"<db:result from='b' to='a'>k</db:result>", DIALBACK_RESULT,
         DIALBACK_OTHER, NULL},
        {"<db:result from='b' to='a' type=''/>", DIALBACK_RESULT,
         DIALBACK_OTHER, NULL},
        {"<db:result from='b' to='a' type='Valid'/>", DIALBACK_RESULT,
         DIALBACK_OTHER, NULL},
        {"<db:result from='b' to='a' type='validated'/>", DIALBACK_RESULT,
         DIALBACK_OTHER, NULL},
        {"<db:result from='b' to='a' db:type='valid'/>", DIALBACK_RESULT,
         DIALBACK_OTHER, NULL},
        {ERROR("<error><forbidden xmlns='" STANZAS "'/></error>"),
         DIALBACK_RESULT, DIALBACK_ERROR, "forbidden"},
        {ERROR("<error type='wait'><x/><text xmlns='" STANZAS "'>t</text>"
               "<s:remote-server-timeout xmlns:s='" STANZAS "'/></error>"),
         DIALBACK_RESULT, DIALBACK_ERROR, "remote-server-timeout"},
        {"<db:result from='b' to='a' type='valid'><error><forbidden "
         "xmlns='" STANZAS "'/></error></db:result>",
         DIALBACK_RESULT, DIALBACK_VALID, NULL},
        {ERROR(""), DIALBACK_RESULT, DIALBACK_ERROR, NULL},
        {ERROR("<error/>"), DIALBACK_RESULT, DIALBACK_ERROR, NULL},
        {ERROR("<error><text xmlns='" STANZAS "'/></error>"), DIALBACK_RESULT,
         DIALBACK_ERROR, NULL},
        {ERROR("<error><forbidden/></error>"), DIALBACK_RESULT, DIALBACK_ERROR,
         NULL},
        {ERROR("<forbidden xmlns='" STANZAS "'/>"), DIALBACK_RESULT,
         DIALBACK_ERROR, NULL},
        {"<db:result from='b' to='x' type='error'><error><forbidden "
         "xmlns='" STANZAS "'/></error></db:result>",
         DIALBACK_RESULT, DIALBACK_OTHER, NULL},
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *condition = "untouched";
        const char *id = rows[i].kind == DIALBACK_VERIFY ? "i" : NULL;
        assert_int_equal(dialback_read_answer(stream_element(&s, rows[i].xml),
                                              rows[i].kind, "a", "b", id,
                                              &condition),
                         rows[i].answer);
        assert_text(condition, rows[i].condition);
    }
    stream_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_keys), cmocka_unit_test(keys_differ),
        cmocka_unit_test(keys_compared),  cmocka_unit_test(written),
        cmocka_unit_test(not_written),    cmocka_unit_test(requests),
        cmocka_unit_test(no_requests),    cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests_name("xmpp/dialback", tests, NULL, NULL);
}
