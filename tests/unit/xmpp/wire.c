#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "parse.h"
#include "xmpp/wire.h"

#define LINE_MAX_BYTES 4096
#define HEX16          "0123456789abcDEF"
#define HEX63          HEX16 HEX16 HEX16 "0123456789abcDE"
#define HEX            HEX63 "0" /* as long as a dialback key */

struct note {
    unsigned count;
    int level;
    char area[8];
    char line[LINE_MAX_BYTES];
};

static void take(void *user, int level, const char *area, const char *line)
{
    struct note *n = user;
    assert_true(strlen(area) < sizeof(n->area));
    assert_true(strlen(line) < sizeof(n->line));
    n->count++;
    n->level = level;
    snprintf(n->area, sizeof(n->area), "%s", area);
    snprintf(n->line, sizeof(n->line), "%s", line);
}

static struct log log_to(struct note *n)
{
    *n = (struct note){.count = 0};
    return (struct log){take, n, S2S_LOG_WIRE};
}

static void check_line(const struct note *n, const char *area, const char *line)
{
    assert_int_equal(n->count, 1);
    assert_int_equal(n->level, S2S_LOG_WIRE);
    assert_string_equal(n->area, area);
    assert_string_equal(n->line, line);
}

/* ---- What we send ---- */

static void sent(void **state)
{
    static const struct {
        const char *text;
        bool secret;
        const char *line;
    } rows[] = {
        {"<starttls xmlns='urn:x'/>", false, "<starttls xmlns='urn:x'/>"},
        {"<a>b</a>", false, "<a>b</a>"},
        {"<db:verify id='1'>KEY</db:verify>", true,
         "<db:verify id='1'>[redacted]"},
        {"<db:verify id='1'>KEY>KEY</db:verify>", true,
         "<db:verify id='1'>[redacted]"},
        {"KEY", true, "[redacted]"}, /* no end of a tag: nothing is shown */
        {"", false, ""},
        {"<a b='" HEX "'>" HEX "</a>", false,
         "<a b='[redacted]'>[redacted]</a>"},
        {"<db:verify id='" HEX "'>KEY</db:verify>", true,
         "<db:verify id='[redacted]'>[redacted]"},
    };
    struct note n;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct log log = log_to(&n);
        wire_sent(&log, rows[i].text, strlen(rows[i].text), rows[i].secret);
        check_line(&n, "out", rows[i].line);
    }
}

/* Only as many bytes as are told are looked at. */
static void sent_has_no_end(void **state)
{
    struct note n;
    const struct log log = log_to(&n);
    (void)state;
    wire_sent(&log, "<a/>KEY", 4, false);
    check_line(&n, "out", "<a/>");
    const struct log again = log_to(&n);
    wire_sent(&again, "<a>KEY", 2, true);
    check_line(&n, "out", "[redacted]");
}

/* ---- What comes ---- */

static void received(void **state)
{
    static const struct {
        const char *element;
        const char *line; /* NULL: as it came */
    } rows[] = {
        {"<stream:features><a xmlns='urn:x'>b</a></stream:features>", NULL},
        {"<stream:error><x xmlns='urn:x'/></stream:error>", NULL},
        {"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", NULL},
        {"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", NULL},
        {"<proceed xmlns='urn:x'>KEY</proceed>",
         "<proceed xmlns='urn:x'>[redacted]"},
        {"<features>KEY</features>",
         "<features xmlns='jabber:server'>[redacted]"},
        {"<db:verify id='KEY'>KEY</db:verify>",
         "<verify xmlns='jabber:server:dialback'>[redacted]"},
        {"<db:result>KEY</db:result>",
         "<result xmlns='jabber:server:dialback'>[redacted]"},
        {"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>KEY</success>",
         "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>[redacted]"},
        {"<stream:features>\n\t<a xmlns='urn:x'>\r\n\xc2\x85|\x7f|\xe2\x80\xa8|"
         "</a></stream:features>",
         "<stream:features>  <a xmlns='urn:x'>    | |   |</a>"
         "</stream:features>"},
        {"<stream:error><x xmlns='urn:x'>" HEX "</x></stream:error>",
         "<stream:error><x xmlns='urn:x'>[redacted]</x></stream:error>"},
        {"<stream:features><x xmlns='urn:x' y='g" HEX HEX "g'/>"
         "</stream:features>",
         "<stream:features><x xmlns='urn:x' y='g[redacted]g'/>"
         "</stream:features>"},
        {"<stream:error><x xmlns='urn:x'>" HEX63 "g" HEX63
         "</x></stream:error>",
         NULL},
        {"<x xmlns='urn:" HEX "'/>", "<x xmlns='urn:[redacted]'>[redacted]"},
        {"<x" HEX " xmlns='urn:x'/>", "<x[redacted] xmlns='urn:x'>[redacted]"},
    };
    struct note n;
    struct parse p;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct log log = log_to(&n);
        const tree_node *node = parse_element(&p, rows[i].element);
        wire_received(&log, node, tokenizer_verbatim(p.tokenizer));
        check_line(&n, "in",
                   rows[i].line != NULL ? rows[i].line : rows[i].element);
        parse_close(&p);
    }
}

static void received_header(void **state)
{
    struct note n;
    struct parse p;
    const struct log log = log_to(&n);
    const tree_node *node = parse_header(&p, PARSE_STREAM);
    (void)state;
    wire_received(&log, node, tokenizer_verbatim(p.tokenizer));
    check_line(&n, "in", PARSE_STREAM);
    parse_close(&p);
}

/* ---- Long lines ---- */

/* prefix, `shift` letters, then the character over and over, and suffix. */
static char *repeat(const char *prefix, size_t shift, const char *character,
                    size_t times, const char *suffix)
{
    size_t size =
        strlen(prefix) + shift + strlen(character) * times + strlen(suffix) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    size_t used =
        (size_t)snprintf(text, size, "%s%.*s", prefix, (int)shift, "abcdefgh");
    for (size_t i = 0; i < times; i++) {
        memcpy(text + used, character, strlen(character));
        used += strlen(character);
    }
    memcpy(text + used, suffix, strlen(suffix) + 1);
    return text;
}

static const char *const characters[] = {"x", "\xc3\xa9", "\xe2\x82\xac",
                                         "\xf0\x9f\x92\xa1"};

/* A line shows the beginning, as long as can be, with no character split. */
static void check_cut(const struct note *n, const char *whole, size_t most)
{
    size_t length = strlen(n->line);
    assert_int_equal(n->count, 1);
    assert_true(utf8_valid(n->line, length));
    assert_memory_equal(n->line, whole, length);
    assert_in_range(length, most - 3, most);
}

static void long_sent(void **state)
{
    struct note n;
    (void)state;
    for (size_t c = 0; c < COUNT(characters); c++)
        for (size_t shift = 0; shift < 4; shift++) {
            const struct log log = log_to(&n);
            char *text = repeat("<a>", shift, characters[c], 4000, "</a>");
            wire_sent(&log, text, strlen(text), false);
            check_cut(&n, text, 1500);
            free(text);
        }
}

/* A key that the end of the line would cut is none the less hidden. */
static void cut_key(void **state)
{
    struct note n;
    (void)state;
    for (size_t before = 1430; before <= 1505; before++) {
        const struct log log = log_to(&n);
        char *text = repeat("", 0, "x", before, HEX "</a>");
        wire_sent(&log, text, strlen(text), false);
        size_t letters = strspn(n.line, "x");
        assert_int_equal(letters, before < 1500 ? before : 1500);
        char want[32] = "";
        if (before < 1500)
            (void)snprintf(want, sizeof(want), "[redacted]%.*s",
                           before < 1436 ? (int)(1436 - before) : 0, "</a>");
        assert_string_equal(n.line + letters, want);
        free(text);
    }
}

/* Whole as long as it fits. */
static void just_fits(void **state)
{
    struct note n;
    (void)state;
    for (size_t length = 1498; length <= 1503; length++) {
        const struct log log = log_to(&n);
        char *text = repeat("", 0, "x", length, "");
        wire_sent(&log, text, length, false);
        assert_int_equal(strlen(n.line), length < 1500 ? length : 1500);
        free(text);
    }
}

/* A tag as long as this is cut, and the mark of what is hidden stays. */
static void long_secret(void **state)
{
    struct note n;
    (void)state;
    for (size_t c = 0; c < COUNT(characters); c++)
        for (size_t shift = 0; shift < 4; shift++) {
            const struct log log = log_to(&n);
            char *text = repeat("<a b='", shift, characters[c], 4000, "'>KEY");
            wire_sent(&log, text, strlen(text), true);
            char *mark = strstr(n.line, "[redacted]");
            assert_non_null(mark);
            assert_string_equal(mark, "[redacted]");
            *mark = '\0';
            check_cut(&n, text, 1500);
            free(text);
        }
}

static void long_received(void **state)
{
    struct note n;
    struct parse p;
    (void)state;
    for (size_t c = 0; c < COUNT(characters); c++)
        for (size_t shift = 0; shift < 4; shift++) {
            const struct log log = log_to(&n);
            char *text = repeat("<stream:features><a xmlns='urn:x'>", shift,
                                characters[c], 4000, "</a></stream:features>");
            const tree_node *node = parse_element(&p, text);
            wire_received(&log, node, tokenizer_verbatim(p.tokenizer));
            check_cut(&n, text, 1500);
            parse_close(&p);
            free(text);
        }
}

/* A name and a namespace as long as these leave room for the mark. */
static void long_names(void **state)
{
    struct note n;
    struct parse p;
    (void)state;
    for (size_t c = 0; c < COUNT(characters); c++)
        for (size_t shift = 1; shift < 5; shift++) {
            const struct log log = log_to(&n);
            char *name = repeat("<a", shift, "\xc3\xa9", 1000, "");
            char *text = repeat(name, 0, "", 0, " xmlns='");
            char *all = repeat(text, shift, characters[c], 3000, "'/>");
            const tree_node *node = parse_element(&p, all);
            wire_received(&log, node, tokenizer_verbatim(p.tokenizer));
            assert_true(utf8_valid(n.line, strlen(n.line)));
            assert_null(strchr(n.line, '?'));
            assert_non_null(strstr(n.line, "\xc3\xa9 xmlns='a"));
            assert_non_null(strstr(n.line, "'>[redacted]"));
            parse_close(&p);
            free(all);
            free(text);
            free(name);
        }
}

/* ---- The log itself ---- */

/* Any format, any length, and bytes that are no UTF-8 at all. */
static void any_bytes(void **state)
{
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"plain", "plain"},
        {"a\nb\r\nc\td\x01\x1b[0m\x7f", "a b  c d  [0m "},
        {"\xc2\x80\xc2\x9f|\xe2\x80\xa8|\xe2\x80\xa9|", "    |   |   |"},
        {"\xc2\xa0\xe2\x80\xa7", "\xc2\xa0\xe2\x80\xa7"},
        {"a\xff\x80z", "a??z"},
        {"a\xed\xa0\x80z", "a???z"},
        {"a\xc3", "a"},         /* cut behind the first of two bytes */
        {"a\xf0\x9f\x92", "a"}, /* and of four */
    };
    struct note n;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct log log = log_to(&n);
        log_line(&log, S2S_LOG_WIRE, "in", "%s", rows[i].text);
        check_line(&n, "in", rows[i].line);
    }
    for (size_t shift = 0; shift < 4; shift++) {
        const struct log log = log_to(&n);
        char *text = repeat("", shift, characters[3], 4000, "");
        log_line(&log, S2S_LOG_WIRE, "in", "%s", text);
        check_cut(&n, text, 2047);
        free(text);
    }
}

static void levels(void **state)
{
    struct note n;
    struct log log = log_to(&n);
    (void)state;
    for (log.level = S2S_LOG_ERROR; log.level <= S2S_LOG_WIRE; log.level++)
        for (int level = S2S_LOG_ERROR; level <= S2S_LOG_WIRE; level++) {
            n.count = 0;
            log_line(&log, level, "in", "%d", level);
            assert_int_equal(n.count, level <= log.level);
        }
    log.function = NULL;
    log_line(&log, S2S_LOG_ERROR, "in", "nobody hears it");
    log_line(NULL, S2S_LOG_ERROR, "in", "nobody hears it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sent),          cmocka_unit_test(sent_has_no_end),
        cmocka_unit_test(received),      cmocka_unit_test(received_header),
        cmocka_unit_test(long_sent),     cmocka_unit_test(cut_key),
        cmocka_unit_test(just_fits),     cmocka_unit_test(long_secret),
        cmocka_unit_test(long_received), cmocka_unit_test(long_names),
        cmocka_unit_test(any_bytes),     cmocka_unit_test(levels),
    };
    return cmocka_run_group_tests_name("xmpp/wire", tests, NULL, NULL);
}
