#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "parse.h"
#include "xmpp/stream_error.h"

#define ERRORS     "urn:ietf:params:xml:ns:xmpp-streams"
#define TEXT(text) "<text xmlns='" ERRORS "'>" text "</text>"

/* ---- Reading ---- */

static const struct row {
    const char *inside; /* a name alone is a condition */
    const char *condition, *text, *other, *redirect, *seen;
    enum finding finding;
} rows[] = {
    /* RFC 6120, 4.9.3: all of them */
    {"bad-format", NULL, NULL, NULL, NULL, NULL, FINDING_STREAM_ERROR},
    {"bad-namespace-prefix", NULL, NULL, NULL, NULL, NULL,
     FINDING_STREAM_ERROR},
    {"conflict", NULL, NULL, NULL, NULL, NULL, FINDING_CONFLICT},
    {"connection-timeout", NULL, NULL, NULL, NULL, NULL,
     FINDING_CONNECTION_TIMEOUT},
    {"host-gone", NULL, NULL, NULL, NULL, NULL, FINDING_HOST_GONE},
    {"host-unknown", NULL, NULL, NULL, NULL, NULL, FINDING_HOST_UNKNOWN},
    {"improper-addressing", NULL, NULL, NULL, NULL, NULL,
     FINDING_IMPROPER_ADDRESSING},
    {"internal-server-error", NULL, NULL, NULL, NULL, NULL,
     FINDING_STREAM_ERROR},
    {"invalid-from", NULL, NULL, NULL, NULL, NULL, FINDING_INVALID_FROM},
    {"invalid-namespace", NULL, NULL, NULL, NULL, NULL,
     FINDING_INVALID_NAMESPACE},
    {"invalid-xml", NULL, NULL, NULL, NULL, NULL, FINDING_STREAM_ERROR},
    {"not-authorized", NULL, NULL, NULL, NULL, NULL, FINDING_NOT_AUTHORIZED},
    {"not-well-formed", NULL, NULL, NULL, NULL, NULL, FINDING_STREAM_ERROR},
    {"policy-violation", NULL, NULL, NULL, NULL, NULL,
     FINDING_POLICY_VIOLATION},
    {"remote-connection-failed", NULL, NULL, NULL, NULL, NULL,
     FINDING_STREAM_ERROR},
    {"reset", NULL, NULL, NULL, NULL, NULL, FINDING_STREAM_ERROR},
    {"resource-constraint", NULL, NULL, NULL, NULL, NULL,
     FINDING_RESOURCE_CONSTRAINT},
    {"restricted-xml", NULL, NULL, NULL, NULL, NULL, FINDING_STREAM_ERROR},
    {"see-other-host", NULL, NULL, NULL, "", NULL, FINDING_SEE_OTHER_HOST},
    {"system-shutdown", NULL, NULL, NULL, NULL, NULL, FINDING_SYSTEM_SHUTDOWN},
    {"undefined-condition", NULL, NULL, NULL, NULL, NULL,
     FINDING_UNDEFINED_CONDITION},
    {"unsupported-encoding", NULL, NULL, NULL, NULL, NULL,
     FINDING_STREAM_ERROR},
    {"unsupported-feature", NULL, NULL, NULL, NULL, NULL, FINDING_STREAM_ERROR},
    {"unsupported-stanza-type", NULL, NULL, NULL, NULL, NULL,
     FINDING_STREAM_ERROR},
    {"unsupported-version", NULL, NULL, NULL, NULL, NULL,
     FINDING_UNSUPPORTED_VERSION},
    {"made-up", NULL, NULL, NULL, NULL, NULL, FINDING_STREAM_ERROR},
    /* Texts, which change nothing */
    {"<host-gone xmlns='" ERRORS "'/>" TEXT(" \n\tgone, \xc3\xa9 \r\n"),
     "host-gone", "gone, \xc3\xa9", NULL, NULL, "host-gone: gone, \xc3\xa9",
     FINDING_HOST_GONE},
    {TEXT("conflict") "<host-gone xmlns='" ERRORS "'/>", "host-gone",
     "conflict", NULL, NULL, "host-gone: conflict", FINDING_HOST_GONE},
    {"<host-gone xmlns='" ERRORS "'/>" TEXT("a\nb&#10;\xc2\x85"), "host-gone",
     "a\xef\xbf\xbd"
     "b\xef\xbf\xbd\xef\xbf\xbd",
     NULL, NULL,
     "host-gone: a\xef\xbf\xbd"
     "b\xef\xbf\xbd\xef\xbf\xbd",
     FINDING_HOST_GONE},
    {"<host-gone xmlns='" ERRORS "'/>" TEXT(""), "host-gone", "", NULL, NULL,
     "host-gone: ", FINDING_HOST_GONE},
    {"<host-gone xmlns='" ERRORS "'/>" TEXT("<a/>"), "host-gone", NULL, NULL,
     NULL, "host-gone", FINDING_HOST_GONE},
    /* More than one thing */
    {"<host-gone xmlns='" ERRORS "'/><conflict xmlns='" ERRORS "'/>",
     "host-gone", NULL, NULL, NULL, "host-gone", FINDING_HOST_GONE},
    {"<a xmlns='urn:x'/><conflict xmlns='" ERRORS "'/><b xmlns='urn:x'/>",
     "conflict", NULL, "{urn:x}a", NULL, "conflict", FINDING_CONFLICT},
    {"<host-gone xmlns='urn:x'/>", "undefined-condition", NULL,
     "{urn:x}host-gone", NULL, "undefined-condition",
     FINDING_UNDEFINED_CONDITION},
    {" ", "undefined-condition", NULL, NULL, NULL, "undefined-condition",
     FINDING_UNDEFINED_CONDITION},
    {TEXT("alone"), "undefined-condition", "alone", NULL, NULL,
     "undefined-condition: alone", FINDING_UNDEFINED_CONDITION},
    /* Redirects */
    {"<see-other-host xmlns='" ERRORS "'> other.example:5270\n"
     "</see-other-host>",
     "see-other-host", NULL, NULL, "other.example:5270", "see-other-host",
     FINDING_SEE_OTHER_HOST},
    {"<see-other-host xmlns='" ERRORS "'><a/></see-other-host>",
     "see-other-host", NULL, NULL, NULL, "see-other-host",
     FINDING_SEE_OTHER_HOST},
    {"<conflict xmlns='" ERRORS "'/><see-other-host xmlns='" ERRORS
     "'>a.example</see-other-host>",
     "conflict", NULL, NULL, NULL, "conflict", FINDING_CONFLICT},
};

static void same(const char *inside, const char *what, const char *is,
                 const char *wanted)
{
    if ((is == NULL) != (wanted == NULL) ||
        (is != NULL && strcmp(is, wanted) != 0))
        fail_msg("%s: %s is %s, not %s", inside, what, is != NULL ? is : "-",
                 wanted != NULL ? wanted : "-");
}

static void check(const struct row *row, const char *text)
{
    struct parse p;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    const char *condition =
        row->condition != NULL ? row->condition : row->inside;
    int e = stream_error_read(parse_element(&p, text), r);
    parse_close(&p);
    assert_int_equal(e,
                     row->redirect != NULL ? S2S_EREDIRECT : S2S_ESTREAM_ERROR);
    same(row->inside, "condition", r->stream_error.condition, condition);
    same(row->inside, "text", r->stream_error.text, row->text);
    same(row->inside, "other", r->stream_error.other, row->other);
    same(row->inside, "redirect", r->redirect, row->redirect);
    assert_int_equal(r->finding_count, 1);
    assert_int_equal(r->findings->id, row->finding);
    same(row->inside, "seen", r->findings->seen,
         row->seen != NULL ? row->seen : condition);
    assert_int_equal(r->error, S2S_OK); /* that is the caller's */
    result_free(r);
}

static void conditions(void **state)
{
    char text[1024];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *inside = rows[i].inside;
        if (rows[i].condition == NULL)
            snprintf(text, sizeof(text),
                     "<stream:error><%s xmlns='" ERRORS "'/></stream:error>",
                     inside);
        else
            snprintf(text, sizeof(text), "<stream:error>%s</stream:error>",
                     inside);
        check(&rows[i], text);
    }
}

/* Only as much of a text as is worth showing; no character is split badly. */
static void long_text(void **state)
{
    static char text[8192];
    (void)state;
    for (size_t shift = 0; shift < 2; shift++) {
        struct parse p;
        s2s_result *r = result_new(S2S_OP_CONNECT);
        int n = snprintf(text, sizeof(text),
                         "<stream:error><reset xmlns='" ERRORS
                         "'/><text xmlns='" ERRORS "'>%.*s",
                         (int)shift, "a");
        for (int i = 0; i < 1000; i++)
            n += snprintf(text + n, sizeof(text) - (size_t)n, "\xc3\xa9");
        snprintf(text + n, sizeof(text) - (size_t)n, "</text></stream:error>");
        stream_error_read(parse_element(&p, text), r);
        parse_close(&p);
        assert_in_range(strlen(r->stream_error.text), 1024, 1026);
        assert_memory_equal(r->findings->seen, "reset: ", 7);
        assert_in_range(strlen(r->findings->seen), 1024, 1040);
        result_free(r);
    }
}

/* ---- Writing ---- */

static void written(void **state)
{
    static const struct {
        int error;
        const char *condition; /* NULL: nothing is said */
    } said[] = {
        {S2S_EXML, "not-well-formed"},
        {S2S_EXML_FORBIDDEN, "restricted-xml"},
        {S2S_EENCODING, "unsupported-encoding"},
        {S2S_ENAMESPACE, "invalid-namespace"},
        {S2S_ELIMIT, "policy-violation"},
        {S2S_EPROTOCOL, "unsupported-stanza-type"},
        {S2S_EVERSION, "unsupported-version"},
        {S2S_OK, NULL},
        {S2S_ETIMEOUT, NULL},
        {S2S_ECANCELLED, NULL},
        {S2S_ECLOSED, NULL},
        {S2S_ENOT_XMPP, NULL},
        {S2S_ESTREAM_ERROR, NULL},
        {S2S_ECERT_NAME, NULL},
        {S2S_ETLS_INJECTION, NULL},
        {S2S_CALLBACK_ERROR, NULL},
    };
    char want[256];
    (void)state;
    for (size_t i = 0; i < COUNT(said); i++) {
        struct buf b;
        buf_init(&b, 1024);
        assert_int_equal(buf_add_text(&b, "<!"), S2S_OK); /* it appends */
        assert_int_equal(stream_error_write(&b, said[i].error), S2S_OK);
        snprintf(want, sizeof(want), "<!");
        if (said[i].condition != NULL)
            snprintf(want, sizeof(want),
                     "<!<stream:error><%s xmlns='" ERRORS "'/></stream:error>",
                     said[i].condition);
        assert_int_equal(b.length, strlen(want));
        assert_memory_equal(b.data, want, b.length);
        buf_free(&b);
    }
}

static void no_room(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 16);
    assert_int_equal(stream_error_write(&b, S2S_EXML), S2S_ELIMIT);
    assert_int_equal(b.length, 0);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions),
        cmocka_unit_test(long_text),
        cmocka_unit_test(written),
        cmocka_unit_test(no_room),
    };
    return cmocka_run_group_tests_name("xmpp/stream_error", tests, NULL, NULL);
}
