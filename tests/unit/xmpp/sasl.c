#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/error.h"
#include "element.h"
#include "xmpp/sasl.h"

#define SASL "urn:ietf:params:xml:ns:xmpp-sasl"

/* --- writing --- */

static int write_auth(struct buf *b, const void *authzid)
{
    return sasl_write_auth(b, authzid);
}

static int write_success(struct buf *b, const void *nothing)
{
    (void)nothing;
    return sasl_write_success(b);
}

static int write_failure(struct buf *b, const void *condition)
{
    return sasl_write_failure(b, condition);
}

#define AUTH(response)                                                         \
    "<auth xmlns='" SASL "' mechanism='EXTERNAL'>" response "</auth>"

static void written(void **state)
{
    (void)state;
    assert_written(write_auth, "", AUTH("="));
    assert_written(write_auth, "example.org", AUTH("ZXhhbXBsZS5vcmc="));
    assert_written(write_auth,
                   "b\xc3\xbc"
                   "cher.example",
                   AUTH("YsO8Y2hlci5leGFtcGxl"));
    assert_written(write_success, NULL, "<success xmlns='" SASL "'/>");
    assert_written(write_failure, "invalid-authzid",
                   "<failure xmlns='" SASL "'><invalid-authzid/></failure>");
}

/* --- <auth/> --- */

#define ASKED(mechanism, inner)                                                \
    "<auth xmlns='" SASL "'" mechanism ">" inner "</auth>"
#define EXTERNAL " mechanism='EXTERNAL'"

static void asked(void **state)
{
    static const struct {
        const char *xml, *condition, *authzid;
    } rows[] = {
        {AUTH("="), NULL, ""},
        {AUTH(""), NULL, ""},
        {"<auth xmlns='" SASL "' mechanism='EXTERNAL'/>", NULL, ""},
        {AUTH("ZXhhbXBsZS5vcmc="), NULL, "example.org"},
        {"<s:auth xmlns:s='" SASL "'" EXTERNAL ">ZXhhbXBsZS5vcmc=</s:auth>",
         NULL, "example.org"},
        {AUTH("<![CDATA[ZXhhbXBs]]>ZS5vcmc&#61;"), NULL, "example.org"},
        {AUTH("YsO8Y2hlci5leGFtcGxl"), NULL,
         "b\xc3\xbc"
         "cher.example"},
        {AUTH("IGFAYi9jIA=="), NULL, " a@b/c "},
        {ASKED("", "="), "invalid-mechanism", NULL},
        {ASKED(" mechanism=''", "="), "invalid-mechanism", NULL},
        {ASKED(" mechanism='external'", "="), "invalid-mechanism", NULL},
        {ASKED(" mechanism='EXTERNAL '", "="), "invalid-mechanism", NULL},
        {ASKED(" mechanism='PLAIN'", "AGEAYg=="), "invalid-mechanism", NULL},
        {ASKED(" mechanism='PLAIN'", "<x/>"), "invalid-mechanism", NULL},
        {ASKED(" x:mechanism='EXTERNAL' xmlns:x='u'", "="), "invalid-mechanism",
         NULL},
        {AUTH("=="), "incorrect-encoding", NULL},
        {AUTH(" ="), "incorrect-encoding", NULL},
        {AUTH(" "), "incorrect-encoding", NULL},
        {AUTH("\n"), "incorrect-encoding", NULL},
        {AUTH("ZXhhbXBsZS5vcmc"), "incorrect-encoding", NULL},
        {AUTH("ZXhhbXBsZS5vcmd="), "incorrect-encoding", NULL},
        {AUTH("ZXhhbXBsZS5vcmc=\n"), "incorrect-encoding", NULL},
        {AUTH("example.org"), "incorrect-encoding", NULL},
        {AUTH("<x/>"), "malformed-request", NULL},
        {AUTH("<x>ZXhhbXBsZS5vcmc=</x>"), "malformed-request", NULL},
        {AUTH("ZXhhbXBsZS5vcmc=<x/>"), "malformed-request", NULL},
        {AUTH("AA=="), "malformed-request", NULL},
        {AUTH("ZXhhbXBsZS5vcmcA"), "malformed-request", NULL},
        {AUTH("ZXhhbXBsZS5vcmcAeA=="), "malformed-request", NULL},
        {AUTH("/w=="), "malformed-request", NULL},
        {AUTH("wLw="), "malformed-request", NULL},
        {AUTH("ww=="), "malformed-request", NULL},
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char authzid[SASL_AUTHZID] = "untouched";
        const tree_node *n = stream_element(&s, rows[i].xml);
        assert_text(sasl_read_auth(n, authzid), rows[i].condition);
        assert_string_equal(authzid, rows[i].authzid != NULL ? rows[i].authzid
                                                             : "untouched");
    }
    stream_end(&s);
}

static void length(void **state)
{
    static const struct {
        size_t length;
        const char *condition;
    } rows[] = {
        {SASL_AUTHZID - 2, NULL},
        {SASL_AUTHZID - 1, NULL},
        {SASL_AUTHZID, "malformed-request"},
        {SASL_AUTHZID + 1, "malformed-request"},
        {20000, "malformed-request"},
    };
    struct stream s;
    static char long_id[20001];
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char authzid[SASL_AUTHZID] = "untouched";
        struct buf b;
        memset(long_id, 'a', rows[i].length);
        long_id[rows[i].length] = '\0';
        buf_init(&b, 100000);
        assert_int_equal(sasl_write_auth(&b, long_id), S2S_OK);
        assert_int_equal(buf_add(&b, "", 1), S2S_OK);
        const tree_node *n = stream_element(&s, (const char *)b.data);
        assert_text(sasl_read_auth(n, authzid), rows[i].condition);
        assert_string_equal(authzid, rows[i].condition ? "untouched" : long_id);
        buf_free(&b);
    }
    stream_end(&s);
}

/* --- <failure/> --- */

#define FAILURE(inner) "<failure xmlns='" SASL "'>" inner "</failure>"

static void failures(void **state)
{
    static const struct {
        const char *xml, *condition, *text;
    } rows[] = {
        {FAILURE("<not-authorized/>"), "not-authorized", NULL},
        {FAILURE("<not-authorized/><text xml:lang='en'>certificate has "
                 "expired</text>"),
         "not-authorized", "certificate has expired"},
        {FAILURE("<text> t </text><invalid-authzid/>"), "invalid-authzid",
         " t "},
        {FAILURE("<text>one</text><a/><text>two</text><b/>"), "a", "one"},
        {FAILURE("<a/><text/>"), "a", ""},
        {FAILURE("<a/><text><b/></text>"), "a", NULL},
        {FAILURE("<x xmlns='u'/><text xmlns='u'>no</text><a/>"), "a", NULL},
        {FAILURE("<x xmlns='u'/>"), "undefined", NULL},
        {FAILURE("<text>why</text>"), "undefined", "why"},
        {FAILURE("not-authorized"), "undefined", NULL},
        {FAILURE(""), "undefined", NULL},
        {"<s:failure xmlns:s='" SASL "'><s:aborted/></s:failure>", "aborted",
         NULL},
        {"<s:failure xmlns:s='" SASL "'><aborted/></s:failure>", "undefined",
         NULL},
    };
    struct stream s;
    (void)state;
    stream_begin(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = "untouched";
        const tree_node *n = stream_element(&s, rows[i].xml);
        assert_string_equal(sasl_read_failure(n, &text), rows[i].condition);
        assert_text(text, rows[i].text);
    }
    stream_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written),
        cmocka_unit_test(asked),
        cmocka_unit_test(length),
        cmocka_unit_test(failures),
    };
    return cmocka_run_group_tests_name("xmpp/sasl", tests, NULL, NULL);
}
