/* The two contexts of federation.h, of which A finds B by a resolver that
 * follows a script, and B takes direct TLS on a port of its own as well. */
#ifndef TESTS_UNIT_PROBE_PLACES_H
#define TESTS_UNIT_PROBE_PLACES_H

#include "federation.h"
#include "unit/net/scripted.h"

#define DIRECT   "_xmpps-server._tcp." B
#define STARTTLS "_xmpp-server._tcp." B

#define PLACES_ROWS 24

static struct scripted script;
static struct federation places;
static struct dns_row places_rows[PLACES_ROWS + 1];
static char places_text[PLACES_ROWS][600];
static size_t places_count;
static uint16_t direct_port;
static int64_t places_now; /* A's time, which stands still */

static inline int64_t places_clock(void *user)
{
    (void)user;
    return places_now;
}

/* One more row of the script; the first of a name counts. */
__attribute__((format(printf, 2, 3))) static inline void put(const char *name,
                                                             const char *format,
                                                             ...)
{
    va_list args;
    char *text = places_text[places_count];
    assert_true(places_count + 1 < PLACES_ROWS);
    va_start(args, format);
    int n = vsnprintf(text, sizeof(places_text[0]), format, args);
    va_end(args);
    assert_true(n >= 0 && n < (int)sizeof(places_text[0]));
    places_rows[places_count] = (struct dns_row){name, text};
    /* The last one is for all hosts of .test; what begins with "_" is none. */
    places_rows[++places_count] =
        (struct dns_row){"1 *.test", places.address[SIDE_B]};
}

static inline void places_open(const struct federation_setting *setting)
{
    const s2s_resolver hook = scripted_open(&script, places_rows);
    struct federation_setting s = {.deaf = {[SIDE_A] = true}};
    char at[40];
    if (setting != NULL)
        s = *setting;
    s.resolver = &hook;
    memset(places_rows, 0, sizeof(places_rows));
    places_count = 0;
    places_now = 1000000;
    federation_open(&places, &s);
    context_shared(places.c[SIDE_A])->loop.clock = places_clock;
    places_rows[0] = (struct dns_row){"1 *.test", places.address[SIDE_B]};
    (void)snprintf(at, sizeof(at), "%s:0", places.address[SIDE_B]);
    assert_int_equal(s2s_context_listen(places.c[SIDE_B], at, &direct_port),
                     S2S_OK);
}

static inline void places_close(void)
{
    federation_close(&places);
}

static inline s2s_result *connect_with(const s2s_options *o)
{
    federation_submit(&places, S2S_OP_CONNECT, o);
    return federation_result(&places, SIDE_A);
}

static inline bool found(const s2s_result *r, const char *code)
{
    for (size_t i = 0; i < s2s_result_finding_count(r); i++)
        if (strcmp(s2s_result_finding_code(r, i), code) == 0)
            return true;
    return false;
}

#endif
