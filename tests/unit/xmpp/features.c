#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "parse.h"
#include "xmpp/features.h"

#define LINE_SIZE 4096

#define TLS      "urn:ietf:params:xml:ns:xmpp-tls"
#define SASL     "urn:ietf:params:xml:ns:xmpp-sasl"
#define DIALBACK "urn:xmpp:features:dialback"
#define BIDI     "urn:xmpp:features:bidi"
#define LIMITS   "urn:xmpp:stream-limits:0"
#define CAPS     "http://jabber.org/protocol/caps"
#define COMPRESS "http://jabber.org/features/compress"
#define ACK      "http://www.xmpp.org/extensions/xep-0198.html#ns"
#define REGISTER "http://jabber.org/features/iq-register"

/* ---- A reading as one line ---- */

__attribute__((format(printf, 2, 3))) static void add(char *line,
                                                      const char *format, ...)
{
    size_t used = strlen(line);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line + used, LINE_SIZE - used, format, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < LINE_SIZE - used);
}

static void add_text(char *line, const char *name, const char *value)
{
    if (value != NULL)
        add(line, " %s=%s", name, value);
}

static void describe(char *line, const struct result_features *list)
{
    line[0] = '\0';
    for (const struct result_feature *f = list->first; f != NULL; f = f->next) {
        add(line, "%s%s", line[0] != '\0' ? "; " : "", f->label);
        add(line, "%s", f->required ? " required" : "");
        add(line, "%s", f->optional ? " optional" : "");
        add(line, "%s", f->errors ? " errors" : "");
        add_text(line, "name", f->name);
        add_text(line, "node", f->node);
        add_text(line, "hash", f->hash);
        add_text(line, "ver", f->ver);
        if (f->max_bytes != -1)
            add(line, " bytes=%lld", (long long)f->max_bytes);
        if (f->idle_seconds != -1)
            add(line, " idle=%lld", (long long)f->idle_seconds);
    }
    if (list->sasl_empty)
        add(line, " (no mechanism)");
}

/* t(ls) T(ls required) e(xternal) d(ialback) b(idi) c(lient) */
static void describe_flags(char flags[16], const struct features *f)
{
    const struct {
        bool set;
        char letter;
    } rows[] = {{f->starttls, 't'}, {f->starttls_required, 'T'},
                {f->external, 'e'}, {f->dialback, 'd'},
                {f->bidi, 'b'},     {f->sm2, '2'},
                {f->sm3, '3'},      {f->client, 'c'}};
    size_t n = 0;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].set)
            flags[n++] = rows[i].letter;
    flags[n] = '\0';
}

static void read_into(s2s_result *r, struct result_stream *s,
                      struct features *out, const char *inside)
{
    struct parse p;
    char text[LINE_SIZE] = "<stream:features>";
    add(text, "%s</stream:features>", inside);
    features_read(parse_element(&p, text), r, &s->features, out);
    parse_close(&p);
}

/* ---- One feature at a time ---- */

static const struct {
    const char *inside;
    const char *line;
    const char *flags;
} rows[] = {
    {"", "", ""},
    {" \n", "", ""},
    {"<starttls xmlns='" TLS "'/>", "STARTTLS", "t"},
    {"<starttls xmlns='" TLS "'><required/></starttls>", "STARTTLS required",
     "tT"},
    {"<starttls xmlns='" TLS "'><optional/></starttls>", "STARTTLS optional",
     "t"},
    {"<x:starttls xmlns:x='" TLS "'/>", "STARTTLS", "t"},
    {"<starttls/>", "X-starttls name={jabber:server}starttls", ""},
    {"<starttls xmlns='" TLS "x'/>", "X-starttls name={" TLS "x}starttls", ""},
    {"<tls xmlns='" TLS "'/>", "X-tls name={" TLS "}tls", ""},
    {"<mechanisms xmlns='" SASL "'/>", " (no mechanism)", ""},
    {"<mechanisms xmlns='" SASL "'><other/></mechanisms>", " (no mechanism)",
     ""},
    {"<mechanisms xmlns='" SASL "'><mechanism>EXTERNAL</mechanism>"
     "</mechanisms>",
     "SASL-EXTERNAL", "e"},
    {"<mechanisms xmlns='" SASL "'><mechanism>scram-sha-1-plus</mechanism>"
     "<mechanism>PLAIN</mechanism></mechanisms>",
     "SASL-SCRAM-SHA-1-PLUS; SASL-PLAIN", ""},
    {"<mechanisms xmlns='" SASL "'><mechanism>PLAIN</mechanism>"
     "<mechanism>EXTERNAL</mechanism><mechanism>PLAIN</mechanism>"
     "</mechanisms>",
     "SASL-PLAIN; SASL-EXTERNAL; SASL-PLAIN", "e"},
    {"<mechanisms xmlns='" SASL "'><mechanism/><mechanism>a b</mechanism>"
     "<mechanism>\xc3\xa9</mechanism><mechanism><a/></mechanism>"
     "<mechanism>0123456789012345678901234567890123456789</mechanism>"
     "<mechanism>01234567890123456789012345678901234567890</mechanism>"
     "</mechanisms>",
     "SASL-INVALID; SASL-INVALID; SASL-INVALID; SASL-INVALID; "
     "SASL-0123456789012345678901234567890123456789; SASL-INVALID",
     ""},
    {"<mechanisms xmlns='" SASL "'><mechanism>EXTERNAL</mechanism><required/>"
     "</mechanisms>",
     "SASL-EXTERNAL required", "e"},
    {"<dialback xmlns='" DIALBACK "'/>", "DIALBACK", "d"},
    {"<dialback xmlns='" DIALBACK "'><errors/></dialback>", "DIALBACK errors",
     "d"},
    {"<dialback xmlns='" DIALBACK "'><required/></dialback>",
     "DIALBACK required", "d"},
    {"<starttls xmlns='" TLS "'><errors/></starttls>", "STARTTLS", "t"},
    {"<bidi xmlns='" BIDI "'/>", "BIDI", "b"},
    {"<bidi xmlns='urn:xmpp:bidi'/>", "X-bidi name={urn:xmpp:bidi}bidi", ""},
    {"<bidi xmlns='" BIDI "'><limits xmlns='" LIMITS "'><max-bytes>10</"
     "max-bytes></limits></bidi>",
     "BIDI bytes=10", "b"},
    {"<bidi xmlns='" BIDI "'><limits><max-bytes>10</max-bytes></limits>"
     "</bidi>",
     "BIDI", "b"},
    {"<sm xmlns='urn:xmpp:sm:3'/>", "SM-3", "3"},
    {"<sm xmlns='urn:xmpp:sm:3'><optional/></sm>", "SM-3 optional", "3"},
    {"<sm xmlns='urn:xmpp:sm:3'><required/></sm>", "SM-3 required", "3"},
    {"<sm xmlns='urn:xmpp:sm:2'/>", "SM-2", "2"},
    {"<sm xmlns='urn:xmpp:sm:4'/>", "X-sm name={urn:xmpp:sm:4}sm", ""},
    {"<limits xmlns='" LIMITS "'/>", "LIMITS", ""},
    {"<limits xmlns='" LIMITS "'><max-bytes>262144</max-bytes>"
     "<idle-seconds>840</idle-seconds></limits>",
     "LIMITS bytes=262144 idle=840", ""},
    {"<limits xmlns='" LIMITS "'><max-bytes>0</max-bytes>"
     "<idle-seconds>007</idle-seconds></limits>",
     "LIMITS bytes=0 idle=7", ""},
    {"<limits xmlns='" LIMITS "'><max-bytes>999999999999999999</max-bytes>"
     "<idle-seconds>1000000000000000000</idle-seconds></limits>",
     "LIMITS bytes=999999999999999999", ""},
    {"<limits xmlns='" LIMITS "'><max-bytes>-1</max-bytes>"
     "<idle-seconds>10 </idle-seconds></limits>",
     "LIMITS", ""},
    {"<limits xmlns='" LIMITS "'><max-bytes/>"
     "<idle-seconds><x/></idle-seconds></limits>",
     "LIMITS", ""},
    {"<c xmlns='" CAPS "' hash='sha-1' node='http://n' ver='abc='/>",
     "CAPS node=http://n hash=sha-1 ver=abc=", ""},
    {"<c xmlns='" CAPS "'/>", "CAPS", ""},
    {"<compression xmlns='" COMPRESS "'><method>zlib</method>"
     "<method>lzw</method></compression>",
     "COMPRESS-ZLIB; COMPRESS-LZW", ""},
    {"<compression xmlns='" COMPRESS "'/>", "", ""},
    {"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>"
     "<channel-binding type='tls-exporter'/></sasl-channel-binding>",
     "SASL-CB", ""},
    {"<authentication xmlns='urn:xmpp:sasl:2'/>", "SASL2", ""},
    {"<authentication xmlns='urn:xmpp:sasl:2'><mechanism>EXTERNAL</mechanism>"
     "</authentication>",
     "SASL2; SASL2-EXTERNAL", ""}, /* which is not RFC 6120's */
    {"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>", "BIND", "c"},
    {"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/>"
     "</session>",
     "SESSION optional", "c"},
    {"<register xmlns='" REGISTER "'/>", "REGISTER", "c"},
    {"<auth xmlns='http://jabber.org/features/iq-auth'/>", "IQ-AUTH", "c"},
    {"<ver xmlns='urn:xmpp:features:rosterver'/>", "ROSTERVER", "c"},
    {"<sub xmlns='urn:xmpp:features:pre-approval'/>", "PREAPPROVAL", "c"},
    {"<csi xmlns='urn:xmpp:csi:0'/>", "CSI", "c"},
    {"<amp xmlns='http://jabber.org/features/amp'/>", "AMP", ""},
    {"<ack xmlns='" ACK "'/>", "ACK", ""},
    {"<a xmlns='urn:x'><required/></a>", "X-a required name={urn:x}a", ""},
    {"<a xmlns='urn:x'><starttls xmlns='" TLS "'/></a>", "X-a name={urn:x}a",
     ""}, /* only what is at the top */
    {"<\xc3\xa9 xmlns='urn:x'/>", "X-\xc3\xa9 name={urn:x}\xc3\xa9", ""},
    {"text<starttls xmlns='" TLS "'/>text", "STARTTLS", "t"},
    {"<starttls xmlns='" TLS "'><required/></starttls>"
     "<dialback xmlns='" DIALBACK "'/><bidi xmlns='" BIDI "'/>",
     "STARTTLS required; DIALBACK; BIDI", "tTdb"},
};

static void each(void **state)
{
    char line[LINE_SIZE];
    char flags[16];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct features out = {true, true, true, true, true, true, true, true};
        s2s_result *r = result_new(S2S_OP_CONNECT);
        struct result_stream *s = result_add_stream(r, false);
        assert_false(s->features.received);
        read_into(r, s, &out, rows[i].inside);
        assert_true(s->features.received);
        describe(line, &s->features);
        describe_flags(flags, &out);
        if (strcmp(line, rows[i].line) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", rows[i].inside, line,
                     rows[i].line);
        if (strcmp(flags, rows[i].flags) != 0)
            fail_msg("%s: flags \"%s\", not \"%s\"", rows[i].inside, flags,
                     rows[i].flags);
        result_free(r);
    }
}

/* ---- The union ---- */

/* The order is fixed; rows of one kind stay in the order they came in. */
static const struct {
    const char *inside, *label;
} ordered[] = {
    {"<starttls xmlns='" TLS "'/>", "STARTTLS"},
    {"<mechanisms xmlns='" SASL "'><mechanism>EXTERNAL</mechanism>"
     "</mechanisms>",
     "SASL-EXTERNAL"},
    {"<dialback xmlns='" DIALBACK "'/>", "DIALBACK"},
    {"<bidi xmlns='" BIDI "'/>", "BIDI"},
    {"<sm xmlns='urn:xmpp:sm:3'/>", "SM-3"},
    {"<sm xmlns='urn:xmpp:sm:2'/>", "SM-2"},
    {"<limits xmlns='" LIMITS "'/>", "LIMITS"},
    {"<c xmlns='" CAPS "'/>", "CAPS"},
    {"<compression xmlns='" COMPRESS "'><method>zlib</method></compression>",
     "COMPRESS-ZLIB"},
    {"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'/>", "SASL-CB"},
    {"<authentication xmlns='urn:xmpp:sasl:2'/>", "SASL2"},
    {"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>", "BIND"},
    {"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>", "SESSION"},
    {"<register xmlns='" REGISTER "'/>", "REGISTER"},
    {"<auth xmlns='http://jabber.org/features/iq-auth'/>", "IQ-AUTH"},
    {"<ver xmlns='urn:xmpp:features:rosterver'/>", "ROSTERVER"},
    {"<sub xmlns='urn:xmpp:features:pre-approval'/>", "PREAPPROVAL"},
    {"<csi xmlns='urn:xmpp:csi:0'/>", "CSI"},
    {"<amp xmlns='http://jabber.org/features/amp'/>", "AMP"},
    {"<ack xmlns='" ACK "'/>", "ACK"},
    {"<a xmlns='urn:x'/>", "X-a"},
};

/* All of them, every one twice, the other way round and over two streams. */
static void in_order(void **state)
{
    char inside[LINE_SIZE] = "";
    struct features out;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    (void)state;
    for (size_t i = COUNT(ordered); i-- > 0;)
        add(inside, "%s", ordered[i].inside);
    read_into(r, result_add_stream(r, false), &out, ordered[5].inside);
    read_into(r, result_add_stream(r, true), &out, inside);
    result_collect(r);
    assert_int_equal(r->union_count, COUNT(ordered));
    for (size_t i = 0; i < COUNT(ordered); i++)
        assert_string_equal(r->union_labels[i], ordered[i].label);
    result_free(r);
}

/* Within a rank the first one seen comes first, over all streams. */
static void in_order_of_coming(void **state)
{
    static const char *const labels[] = {
        "STARTTLS", "SASL-B", "SASL-A", "SASL-C", "X-z", "X-a", "X-y"};
    struct features out;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    (void)state;
    read_into(r, result_add_stream(r, false), &out,
              "<z xmlns='urn:x'/><a xmlns='urn:x'/><mechanisms xmlns='" SASL
              "'><mechanism>B</mechanism><mechanism>A</mechanism>"
              "</mechanisms>");
    read_into(r, result_add_stream(r, true), &out,
              "<y xmlns='urn:x'/><z xmlns='urn:x'/><mechanisms xmlns='" SASL
              "'><mechanism>C</mechanism><mechanism>A</mechanism>"
              "</mechanisms><starttls xmlns='" TLS "'/>");
    result_collect(r);
    assert_int_equal(r->union_count, COUNT(labels));
    for (size_t i = 0; i < COUNT(labels); i++)
        assert_string_equal(r->union_labels[i], labels[i]);
    result_free(r);
}

/* Names that are too long are cut, at a character. */
static void long_name(void **state)
{
    char inside[LINE_SIZE] = "<";
    struct features out;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    struct result_stream *s = result_add_stream(r, false);
    (void)state;
    for (int i = 0; i < 500; i++)
        add(inside, "\xc3\xa9");
    add(inside, " xmlns='urn:x'/>");
    read_into(r, s, &out, inside);
    const struct result_feature *f = s->features.first;
    assert_non_null(f);
    assert_in_range(strlen(f->label), 60, 66);
    assert_in_range(strlen(f->name), 508, 516);
    assert_memory_equal(f->label, "X-\xc3\xa9\xc3\xa9", 6);
    assert_memory_equal(f->name, "{urn:x}\xc3\xa9", 9);
    result_free(r);
}

/* No list grows without end. */
static void too_many(void **state)
{
    struct features out;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    struct result_stream *s = result_add_stream(r, false);
    (void)state;
    for (int i = 0; i < RESULT_LIST + 1; i++)
        read_into(r, s, &out, "<a xmlns='urn:x'/>");
    read_into(r, s, &out, "<starttls xmlns='" TLS "'/>");
    assert_int_equal(s->features.count, RESULT_LIST);
    assert_true(out.starttls); /* what decides is seen all the same */
    assert_false(r->no_memory);
    result_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each),
        cmocka_unit_test(in_order),
        cmocka_unit_test(in_order_of_coming),
        cmocka_unit_test(long_name),
        cmocka_unit_test(too_many),
    };
    return cmocka_run_group_tests_name("xmpp/features", tests, NULL, NULL);
}
