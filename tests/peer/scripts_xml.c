/* Bytes that are not what RFC 6120, 11 allows, and too many of them. */
#include "scripts.h"

/* Nothing but this in answer to our first header. */
#define ANSWERED(name, ...)                                                    \
    static const struct peer_step name[] = {EXPECT(OURS), __VA_ARGS__, FINISH}

/* ---- Not XMPP ---- */

ANSWERED(http, SEND("HTTP/1.1 400 Bad Request\r\nServer: " MARKER
                    "\r\nContent-Length: 0\r\n\r\n"));
ANSWERED(ssh, SEND("SSH-2.0-OpenSSH_9.2 " MARKER "\r\n"));
ANSWERED(html, SEND("<html><head><title>" MARKER "</title></head></html>"));
ANSWERED(doctype_html, SEND("<!DOCTYPE html><html>" MARKER "</html>"));
ANSWERED(nothing_but_space, SEND("  \r\n " MARKER));
ANSWERED(zero, SEND_RAW("\0\0\0\0" MARKER));
ANSWERED(binary, SEND_RAW("\x80\x2e\x01\xff\xfe" MARKER "\0\xc3"));

/* ---- Forbidden ---- */

ANSWERED(comment, SEND(HEADER("c1") "<!-- comment -->" FEATURES("")));
ANSWERED(comment_in_features, SEND(HEADER("c1") FEATURES("<!--" MARKER "-->")));
ANSWERED(instruction, SEND(HEADER("c1") "<?php echo ?>"));
ANSWERED(doctype,
         SEND("<?xml version='1.0'?><!DOCTYPE stream [<!ENTITY a 'b'>]>"
              "<stream:stream xmlns:stream='" NS_STREAM_TEXT "' id='1'>"));
ANSWERED(entity,
         SEND(HEADER("c1") FEATURES("<x xmlns='urn:example:x'>&nbsp;</x>")));

/* ---- Not well-formed ---- */

ANSWERED(other_tag, SEND(HEADER("c1") "<stream:features></stream:feature>"));
ANSWERED(unquoted, SEND(HEADER("c1") "<stream:features a=b/>"));
ANSWERED(twice, SEND(HEADER("c1") "<stream:features a='1' a='2'/>"));
ANSWERED(unbound, SEND(HEADER("c1") "<other:features/>"));
ANSWERED(text_between, SEND(HEADER("c1") "text" FEATURES("")));
ANSWERED(bad_reference,
         SEND(HEADER("c1") FEATURES("<x xmlns='urn:example:x'>&#0;</x>")));
ANSWERED(second_declaration,
         SEND(HEADER("c1") "<?xml version='1.0'?>" FEATURES("")));

/* ---- Allowed, and no line for a log ---- */

#define FOUR_BYTES "\xf0\x9f\x92\xa1"
ANSWERED(several_lines,
         SEND("<?xml version='1.0'?>\r\n<stream:stream\n\tid='c1'\n\t"
              "from='them.example' xml:lang='en' version='1.0'\n\t"
              "xmlns:stream='" NS_STREAM_TEXT
              "'>\n\n" FEATURES("\n\t" OFFER_DIALBACK
                                "\n\t<x xmlns='urn:x'>\xc2\x85\x7f"
                                "\xe2\x80\xa8&#10;</x>\n")),
         EXPECT(BYE));
ANSWERED(long_lines, SEND(HEADER("c1") "<stream:features><x xmlns='urn:x'>"),
         SEND_N(FOUR_BYTES, 700), SEND("</x></stream:features>"), EXPECT(BYE));

/* ---- Not UTF-8 ---- */

ANSWERED(latin, SEND(HEADER("c1") FEATURES("<x xmlns='urn:example:x'>caf\xe9"
                                           "</x>")));
ANSWERED(surrogate, SEND(HEADER("\xed\xa0\x80")));
ANSWERED(overlong, SEND("<?xml version='1.0'?>\xc0\xbcstream>"));
ANSWERED(declared, SEND("<?xml version='1.0' encoding='ISO-8859-1'?>"
                        "<stream:stream>"));

/* ---- Limits ---- */

static const s2s_limits small = {
    .size = sizeof(small),
    .header = 512,
    .element = 10000,
    .depth = 5,
    .nodes = 40,
    .attributes = 16,
    .bindings = 8,
    .name = 64,
    .probe = 12000,
    .stanzas = 4,
};

ANSWERED(
    big_header,
    SEND("<?xml version='1.0'?><stream:stream xmlns:stream='" NS_STREAM_TEXT
         "' id='"),
    SEND_N("0123456789", 50), SEND("'>"));
ANSWERED(big_element, SEND(HEADER("c1") "<stream:features><x xmlns='urn:x'>"),
         SEND_N("0123456789", 1000), SEND("</x></stream:features>"));
ANSWERED(deep, SEND(HEADER("c1") "<stream:features>"),
         SEND_N("<x xmlns='urn:x'>", 5));
ANSWERED(wide, SEND(HEADER("c1") "<stream:features>"),
         SEND_N("<x xmlns='urn:x'/>", 50));
ANSWERED(many_attributes,
         SEND(HEADER("c1") "<stream:features a1='' a2='' a3='' a4='' a5='' "
                           "a6='' a7='' a8='' a9='' b1='' b2='' b3='' b4='' "
                           "b5='' b6='' b7='' b8=''/>"));
ANSWERED(many_bindings,
         SEND(HEADER("c1") "<stream:features xmlns:a='urn:a' xmlns:b='urn:b' "
                           "xmlns:c='urn:c' xmlns:d='urn:d' xmlns:e='urn:e' "
                           "xmlns:f='urn:f'/>"));
ANSWERED(long_name, SEND(HEADER("c1") "<stream:"), SEND_N("features", 10),
         SEND("/>"));
static const struct peer_step many_stanzas[] = {
    HANDSHAKE, EXPECT(OURS), SEND(HEADER("t1")), SEND_N("<message/>", 5),
    FINISH};
static const struct peer_step many_bytes[] = {
    HANDSHAKE,
    EXPECT(OURS),
    SEND(HEADER("t1") "<message><body>"),
    SEND_N("0123456789", 600),
    SEND("</body></message><message><body>"),
    SEND_N("0123456789", 600),
    FINISH};
/* As much as is allowed. */
static const struct peer_step full[] = {
    HANDSHAKE,
    EXPECT(OURS),
    SEND(HEADER("t1") "<message><body>"),
    SEND_N("0123456789", 990),
    SEND("</body></message><message/><message/>"),
    SEND(FEATURES(OFFER_DIALBACK)),
    FINISH};

#define SENT(label, table, code, words)                                        \
    {                                                                          \
        .name = "sent: " label, .tls_mode = S2S_TLS_STARTTLS, .steps = table,  \
        .findings = code == S2S_ENOT_XMPP ? "not_xmpp" : NULL, .error = code,  \
        .stage = S2S_STAGE_STREAM, .farewell = words                           \
    }
#define TOO(label, table, where)                                               \
    {                                                                          \
        .name = "too " label,                                                  \
        .tls_mode =                                                            \
            where == S2S_STAGE_STREAM ? S2S_TLS_STARTTLS : S2S_TLS_DIRECT,     \
        .limits = &small, .steps = table, .error = S2S_ELIMIT, .stage = where, \
        .findings = where == S2S_STAGE_STREAM                                  \
                        ? "own_limit"                                          \
                        : "revocation_not_checked unknown_element own_limit",  \
        .farewell = COMPLAINT("policy-violation")                              \
    }

const struct script scripts_xml[] = {
    SENT("HTTP", http, S2S_ENOT_XMPP, NULL),
    SENT("SSH", ssh, S2S_ENOT_XMPP, NULL),
    SENT("HTML", html, S2S_ENOT_XMPP, NULL),
    SENT("HTML with a document type", doctype_html, S2S_ENOT_XMPP, NULL),
    SENT("space and text", nothing_but_space, S2S_ENOT_XMPP, NULL),
    SENT("zeros", zero, S2S_ENOT_XMPP, NULL),
    SENT("binary", binary, S2S_ENOT_XMPP, NULL),
    SENT("comment", comment, S2S_EXML_FORBIDDEN, COMPLAINT("restricted-xml")),
    SENT("comment in the features", comment_in_features, S2S_EXML_FORBIDDEN,
         COMPLAINT("restricted-xml")),
    SENT("instruction", instruction, S2S_EXML_FORBIDDEN,
         COMPLAINT("restricted-xml")),
    SENT("document type", doctype, S2S_EXML_FORBIDDEN,
         COMPLAINT("restricted-xml")),
    SENT("entity", entity, S2S_EXML_FORBIDDEN, COMPLAINT("restricted-xml")),
    SENT("other end tag", other_tag, S2S_EXML, COMPLAINT("not-well-formed")),
    SENT("value without quotes", unquoted, S2S_EXML,
         COMPLAINT("not-well-formed")),
    SENT("attribute twice", twice, S2S_EXML, COMPLAINT("not-well-formed")),
    SENT("prefix of nothing", unbound, S2S_EXML, COMPLAINT("not-well-formed")),
    SENT("text between elements", text_between, S2S_EXML,
         COMPLAINT("not-well-formed")),
    SENT("reference to no character", bad_reference, S2S_EXML,
         COMPLAINT("not-well-formed")),
    SENT("second declaration", second_declaration, S2S_EXML_FORBIDDEN,
         COMPLAINT("restricted-xml")),
    {.name = "sent: several lines",
     .tls_mode = S2S_TLS_NONE,
     .steps = several_lines},
    {.name = "sent: long lines", .tls_mode = S2S_TLS_NONE, .steps = long_lines},
    SENT("Latin-1", latin, S2S_EENCODING, COMPLAINT("unsupported-encoding")),
    SENT("surrogate", surrogate, S2S_EENCODING,
         COMPLAINT("unsupported-encoding")),
    SENT("overlong", overlong, S2S_EENCODING,
         COMPLAINT("unsupported-encoding")),
    SENT("other encoding", declared, S2S_EENCODING,
         COMPLAINT("unsupported-encoding")),
    TOO("long header", big_header, S2S_STAGE_STREAM),
    TOO("long element", big_element, S2S_STAGE_STREAM),
    TOO("deep", deep, S2S_STAGE_STREAM),
    TOO("wide", wide, S2S_STAGE_STREAM),
    TOO("many attributes", many_attributes, S2S_STAGE_STREAM),
    TOO("many declarations", many_bindings, S2S_STAGE_STREAM),
    TOO("long name", long_name, S2S_STAGE_STREAM),
    TOO("many elements", many_stanzas, S2S_STAGE_FEATURES),
    TOO("many bytes", many_bytes, S2S_STAGE_FEATURES),
    {.name = "as much as is allowed",
     .findings = "revocation_not_checked unknown_element",
     .tls_mode = S2S_TLS_DIRECT,
     .limits = &small,
     .steps = full,
     .farewell = BYE},
};
const size_t scripts_xml_count = sizeof(scripts_xml) / sizeof(scripts_xml[0]);
