#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "demo_stream.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define HEADER                                                                 \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "               \
    "xmlns:db='jabber:server:dialback' "                                       \
    "xmlns:stream='http://etherx.jabber.org/streams' to='localhost' "          \
    "from='a.example' version='1.0'>"
#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define PROCEED  "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define VERIFY                                                                 \
    "<db:verify from='a.example' to=\"localhost\" id='i1'>key</db:verify>"

/* A new stream; there is one at a time. */
static struct demo_stream *fresh(bool secure)
{
    static struct demo_stream stream;
    memset(&stream, 0, sizeof(stream));
    stream.secure = secure;
    snprintf(stream.id, sizeof(stream.id), "id1");
    return &stream;
}

/* Feed `bytes`, `step` at a time; what the stream wishes in the end. */
static enum demo_wish feed(struct demo_stream *s, const char *bytes,
                           size_t step)
{
    enum demo_wish wish = DEMO_READ;
    size_t n = strlen(bytes);
    for (size_t at = 0; at < n && wish == DEMO_READ; at += step) {
        size_t piece = n - at < step ? n - at : step;
        assert_true(s->in_length + piece <= sizeof(s->in));
        memcpy(s->in + s->in_length, bytes + at, piece);
        s->in_length += piece;
        wish = demo_stream_work(s);
    }
    return wish;
}

static void sessions(void **state)
{
    static const struct {
        const char *bytes;
        bool secure;
        enum demo_wish wish;
        const char *has; /* in the output */
        const char *ends;
    } cases[] = {
        {HEADER, false, DEMO_READ, " id='id1' ", "</stream:features>"},
        {HEADER, false, DEMO_READ, "<required/>", "</stream:features>"},
        {HEADER, true, DEMO_READ, "<errors/>", "</stream:features>"},
        {HEADER " \n" STARTTLS, false, DEMO_TLS, "<required/>", PROCEED},
        {HEADER VERIFY, true, DEMO_READ, "<errors/>",
         "<db:verify from='localhost' to='a.example' id='i1' "
         "type='invalid'/>"},
        {HEADER VERIFY "</stream:stream>", true, DEMO_CLOSE, "type='invalid'",
         "</stream:stream>"},
        {HEADER STARTTLS, true, DEMO_CLOSE, "<not-authorized ",
         "</stream:stream>"},
        {HEADER "<starttls/>", false, DEMO_CLOSE, "<not-authorized ",
         "</stream:stream>"},
        {HEADER "<iq type='get'/>", true, DEMO_CLOSE, "<not-authorized ",
         "</stream:stream>"},
        {HEADER "<db:verify from='a' to='b'>k</db:verify>", true, DEMO_CLOSE,
         "<invalid-xml ", "</stream:stream>"},
        {HEADER "<db:verify from='a' to='b' id='i'><x/>", true, DEMO_CLOSE,
         "<policy-violation ", "</stream:stream>"},
        {HEADER HEADER, true, DEMO_CLOSE, "<not-authorized ",
         "</stream:stream>"},
        {"<stream:stream from='a' to='other.example'>", false, DEMO_CLOSE,
         "<host-unknown ", "</stream:stream>"},
        {"<stream:stream from='a' x=' to=\"localhost\"'>", false, DEMO_CLOSE,
         "<host-unknown ", "</stream:stream>"},
        {"<stream:stream to='localhost'>", false, DEMO_CLOSE, "<invalid-xml ",
         "</stream:stream>"},
        {"<stream:stream to='localhost' from='<'>", false, DEMO_CLOSE,
         "<invalid-xml ", "</stream:stream>"},
        {"<stream:stream to='localhost' from=\"'\">", false, DEMO_CLOSE,
         "<invalid-xml ", "</stream:stream>"},
        {"<stream:stream to='localhost' from='a'/>", false, DEMO_CLOSE,
         "<invalid-xml ", "</stream:stream>"},
        {"GET / HTTP/1.1\r\n", false, DEMO_CLOSE, "", ""},
        {"\x16\x03\x01", false, DEMO_CLOSE, "", ""},
        {"<stream>", false, DEMO_CLOSE, "", ""},
        {"</stream:stream>", false, DEMO_CLOSE, "", ""},
        {HEADER "text", true, DEMO_CLOSE, "<errors/>", "</stream:features>"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t step = 1; step <= 600; step = step * 2 + 7) {
            struct demo_stream *s = fresh(cases[i].secure);
            enum demo_wish wish = feed(s, cases[i].bytes, step);
            s->out[s->out_length] = '\0';
            if (wish != cases[i].wish || strstr(s->out, cases[i].has) == NULL)
                fail_msg("case %zu: %d %s", i, (int)wish, s->out);
            size_t n = strlen(cases[i].ends);
            assert_true(s->out_length >= n);
            assert_string_equal(s->out + s->out_length - n, cases[i].ends);
        }
    }
}

/* RFC 6120, 5.4.3.3: nothing in the clear may follow <starttls/>. */
static void injection(void **state)
{
    (void)state;
    assert_int_equal(feed(fresh(false), HEADER STARTTLS "<a/>", 4000),
                     DEMO_CLOSE);
}

static void endless_tag(void **state)
{
    struct demo_stream *s = fresh(false);
    (void)state;
    memset(s->in, 'a', sizeof(s->in));
    s->in[0] = '<';
    s->in_length = sizeof(s->in) - 1;
    assert_int_equal(demo_stream_work(s), DEMO_READ);
    s->in_length = sizeof(s->in);
    assert_int_equal(demo_stream_work(s), DEMO_CLOSE);
}

static void nul(void **state)
{
    static const char tag[] = "<stream:stream to='localhost' from='a\0b'>";
    struct demo_stream *s = fresh(false);
    (void)state;
    memcpy(s->in, tag, sizeof(tag) - 1);
    s->in_length = sizeof(tag) - 1;
    assert_int_equal(demo_stream_work(s), DEMO_CLOSE);
    assert_int_equal(s->out_length, 0);
}

/* More answers than fit, when nobody takes them away. */
static void full(void **state)
{
    struct demo_stream *s = fresh(true);
    (void)state;
    assert_int_equal(feed(s, HEADER, 4000), DEMO_READ);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(feed(s, VERIFY, 4000), DEMO_READ);
        assert_true(s->out_length <= sizeof(s->out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions),    cmocka_unit_test(injection),
        cmocka_unit_test(endless_tag), cmocka_unit_test(nul),
        cmocka_unit_test(full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
