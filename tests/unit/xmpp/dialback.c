#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse.h"
#include "xmpp/dialback.h"

#define STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"

/* ---- Asking ---- */

static void written(void **state)
{
    static const struct {
        const char *from, *to, *id, *key;
        size_t limit;
        int error;
        const char *text;
    } rows[] = {
        {"a.example", "b.example", "417GAF25", "b4835385", 1024, S2S_OK,
         "!<db:verify from='a.example' to='b.example' id='417GAF25'>b4835385"
         "</db:verify>"},
        {"a'b", "c<d", "e&f", "g<h>&'", 1024, S2S_OK,
         "!<db:verify from='a&apos;b' to='c&lt;d' id='e&amp;f'>g&lt;h&gt;&amp;"
         "'</db:verify>"},
        {"a", "b", "c", "", 1024, S2S_OK,
         "!<db:verify from='a' to='b' id='c'></db:verify>"},
        {"\xff", "b", "c", "d", 1024, S2S_EINTERNAL, NULL},
        {"a", "\xff", "c", "d", 1024, S2S_EINTERNAL, NULL},
        {"a", "b", "\xff", "d", 1024, S2S_EINTERNAL, NULL},
        {"a", "b", "c", "\xff", 1024, S2S_EINTERNAL, NULL},
        {"a", "b", "c", "d", 2, S2S_ELIMIT, NULL},
        {"a", "b", "c", "d", 12, S2S_ELIMIT, NULL},
        {"a", "b", "c", "d", 47, S2S_ELIMIT, NULL},
        {"a", "b", "c", "d", 48, S2S_OK,
         "!<db:verify from='a' to='b' id='c'>d</db:verify>"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b;
        buf_init(&b, rows[i].limit);
        assert_int_equal(buf_add_text(&b, "!"), S2S_OK); /* it appends */
        int e = dialback_write_verify(&b, rows[i].from, rows[i].to, rows[i].id,
                                      rows[i].key);
        assert_int_equal(e, rows[i].error);
        if (e == S2S_OK) {
            assert_int_equal(b.length, strlen(rows[i].text));
            assert_memory_equal(b.data, rows[i].text, b.length);
        }
        buf_free(&b);
    }
}

/* ---- Being answered: us.example asked them.example, id 1 ---- */

#define RIGHT "from='them.example' to='us.example' id='1' "
#define ERROR(inside)                                                          \
    "<db:verify " RIGHT "type='error'><error type='cancel'>" inside            \
    "</error></db:verify>"

static void answered(void **state)
{
    static const struct {
        const char *element;
        enum dialback_answer answer;
        const char *condition;
    } rows[] = {
        {"<db:verify " RIGHT "type='valid'/>", DIALBACK_VALID, NULL},
        {"<db:verify " RIGHT "type='invalid'/>", DIALBACK_INVALID, NULL},
        {"<db:verify " RIGHT "type='invalid'>key</db:verify>", DIALBACK_INVALID,
         NULL},
        {"<db:verify " RIGHT "type='error'/>", DIALBACK_ERROR, NULL},
        {"<verify xmlns='jabber:server:dialback' " RIGHT "type='valid'/>",
         DIALBACK_VALID, NULL},
        {"<x:verify xmlns:x='jabber:server:dialback' " RIGHT "type='valid'/>",
         DIALBACK_VALID, NULL},
        /* Conditions */
        {ERROR("<item-not-found xmlns='" STANZAS "'/>"), DIALBACK_ERROR,
         "item-not-found"},
        {ERROR("<text xmlns='" STANZAS "'>a</text><forbidden xmlns='" STANZAS
               "'/>"),
         DIALBACK_ERROR, "forbidden"},
        {ERROR("<forbidden xmlns='" STANZAS "'/><conflict xmlns='" STANZAS
               "'/>"),
         DIALBACK_ERROR, "forbidden"},
        {ERROR("<own xmlns='urn:x'/><forbidden xmlns='" STANZAS "'/>"),
         DIALBACK_ERROR, "forbidden"},
        {ERROR("<text xmlns='" STANZAS "'>a</text>"), DIALBACK_ERROR, NULL},
        {ERROR("<forbidden xmlns='urn:x'/>"), DIALBACK_ERROR, NULL},
        {ERROR(""), DIALBACK_ERROR, NULL},
        {"<db:verify " RIGHT "type='error'><forbidden xmlns='" STANZAS "'/>"
         "</db:verify>",
         DIALBACK_ERROR, NULL},
        {"<db:verify " RIGHT "type='invalid'><error><forbidden xmlns='" STANZAS
         "'/></error></db:verify>",
         DIALBACK_INVALID, NULL},
        /* Not an answer, or not to this */
        {"<db:verify " RIGHT "/>", DIALBACK_OTHER, NULL},
        {"<db:verify " RIGHT "type=''/>", DIALBACK_OTHER, NULL},
        {"<db:verify " RIGHT "type='Valid'/>", DIALBACK_OTHER, NULL},
        {"<db:verify " RIGHT "type='valid '/>", DIALBACK_OTHER, NULL},
        {"<db:result " RIGHT "type='valid'/>", DIALBACK_OTHER, NULL},
        {"<verify " RIGHT "type='valid'/>", DIALBACK_OTHER, NULL},
        {"<iq " RIGHT "type='error'/>", DIALBACK_OTHER, NULL},
        {"<db:verify from='us.example' to='them.example' id='1' "
         "type='valid'/>",
         DIALBACK_OTHER, NULL},
        {"<db:verify from='other.example' to='us.example' id='1' "
         "type='valid'/>",
         DIALBACK_OTHER, NULL},
        {"<db:verify from='them.example' to='other.example' id='1' "
         "type='valid'/>",
         DIALBACK_OTHER, NULL},
        {"<db:verify from='them.example' to='us.example' id='2' "
         "type='valid'/>",
         DIALBACK_OTHER, NULL},
        {"<db:verify from='them.example' to='us.example' id='11' "
         "type='valid'/>",
         DIALBACK_OTHER, NULL},
        {"<db:verify from='them.example.' to='us.example' id='1' "
         "type='valid'/>",
         DIALBACK_OTHER, NULL},
        {"<db:verify to='us.example' id='1' type='valid'/>", DIALBACK_OTHER,
         NULL},
        {"<db:verify from='them.example' id='1' type='valid'/>", DIALBACK_OTHER,
         NULL},
        {"<db:verify from='them.example' to='us.example' type='valid'/>",
         DIALBACK_OTHER, NULL},
        {"<db:verify xmlns:x='urn:x' from='them.example' to='us.example' "
         "x:id='1' type='valid'/>",
         DIALBACK_OTHER, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parse p;
        const char *condition = "untouched";
        const tree_node *n = parse_element(&p, rows[i].element);
        enum dialback_answer a = dialback_read_verify(
            n, "us.example", "them.example", "1", &condition);
        if (a != rows[i].answer)
            fail_msg("%s: %d", rows[i].element, (int)a);
        if (rows[i].condition == NULL)
            assert_null(condition);
        else
            assert_string_equal(condition, rows[i].condition);
        parse_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written),
        cmocka_unit_test(answered),
    };
    return cmocka_run_group_tests_name("xmpp/dialback", tests, NULL, NULL);
}
