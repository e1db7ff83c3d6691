#include "batch_request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "batch_member.h"
#include "glyph.h"

static void refuse(struct batch_request *r, const char *code, const char *text)
{
    r->code = code;
    snprintf(r->error, sizeof(r->error), "%s", text);
}

static bool is_text(const struct batch_line *line)
{
    struct glyph g = glyph_at(line->text);
    while (g.length > 0 && g.code != GLYPH_INVALID)
        g = glyph_at(g.bytes + g.length);
    return g.length == 0;
}

/* ---- A line that is a domain -------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The line without white space around it. */
static struct jsontext trim(const struct batch_line *line)
{
    struct jsontext t = {line->text, line->length};
    while (t.length > 0 && is_blank(t.text[0])) {
        t.text++;
        t.length--;
    }
    while (t.length > 0 && is_blank(t.text[t.length - 1]))
        t.length--;
    return t;
}

bool batch_line_is_empty(const struct batch_line *line)
{
    struct jsontext t = trim(line);
    return !line->too_long && (t.length == 0 || t.text[0] == '#');
}

static void read_domain(const struct jsontext *text, struct batch_request *r)
{
    if (text->length >= sizeof(r->to)) {
        refuse(r, "invalid_field", "the domain is longer than 1023 bytes");
        return;
    }
    memcpy(r->to, text->text, text->length);
    r->to[text->length] = '\0';
}

/* ---- A line that is an object ------------------------------------------- */

static void read_object(const struct jsontext *text, struct batch_request *r)
{
    struct jsontext object;
    size_t wrong;
    if (!jsontext_read(text->text, text->length, &object, &wrong)) {
        refuse(r, "invalid_json", "");
        snprintf(r->error, sizeof(r->error),
                 "no JSON, or brackets nested deeper than %d, at byte %zu",
                 JSONTEXT_DEPTH, wrong + 1);
        return;
    }
    batch_member_read(&object, r);
}

/* ---- All of it ---------------------------------------------------------- */

static void begin(const struct options *o, struct batch_request *r)
{
    *r = (struct batch_request){.op = o->batch.op,
                                .port = o->port,
                                .tls_mode = o->tls_mode,
                                .timeout_ms = o->timeout_ms,
                                .flags = o->flags,
                                .ping_method = o->ping_method,
                                .count = o->count,
                                .interval_ms = o->interval_ms};
}

/* What the line does not say is as on the command line. */
static void complete(const struct options *o, const char *from,
                     struct batch_request *r)
{
    if (r->host[0] == '\0' && o->host != NULL && !r->discover)
        snprintf(r->host, sizeof(r->host), "%s", o->host);
    if (r->from[0] == '\0' && from != NULL)
        snprintf(r->from, sizeof(r->from), "%s", from);
    if (r->xml_to[0] == '\0' && o->xml_to != NULL)
        snprintf(r->xml_to, sizeof(r->xml_to), "%s", o->xml_to);
    if (r->code == NULL && r->from[0] == '\0')
        refuse(r, "missing_field",
               "fromDomain is required: this machine has no domain name, and "
               "there is no --from");
}

static void take_services(const struct options *o, struct batch_request *r)
{
    for (size_t i = 0; o->services[i] != NULL; i++)
        snprintf(r->services[r->service_count++], sizeof(r->services[0]), "%s",
                 o->services[i]);
}

void batch_request_read(const struct options *o, const char *from,
                        const struct batch_line *line,
                        struct batch_request *out)
{
    begin(o, out);
    if (line->too_long) {
        refuse(out, "too_large", "the line is longer than 65536 bytes");
        return;
    }
    struct jsontext text = trim(line);
    if (memchr(line->text, '\0', line->length) != NULL || !is_text(line))
        refuse(out, "bad_request", "the line is not UTF-8, or has a NUL");
    else if (text.text[0] == '{')
        read_object(&text, out);
    else
        read_domain(&text, out);
    if (out->service_count == 0)
        take_services(o, out);
    complete(o, from, out);
}

/* As long as one ping may take, and the time between them. */
static uint32_t time_for_pings(const struct batch_request *r)
{
    uint64_t interval = r->interval_ms != 0 ? r->interval_ms : 1000;
    uint64_t ms = 15000 + (r->count - 1) * interval;
    return ms < OPTIONS_TIME_MAX_MS ? (uint32_t)ms : OPTIONS_TIME_MAX_MS;
}

void batch_request_options(const struct batch_request *r,
                           struct batch_options *out)
{
    bool ping = r->op == S2S_OP_PING, check = r->op == S2S_OP_CHECK;
    *out = (struct batch_options){
        .given = {.size = sizeof(out->given),
                  .host = r->host[0] != '\0' ? r->host : NULL,
                  .port = (uint16_t)r->port,
                  .tls_mode = (uint16_t)r->tls_mode,
                  .timeout_ms = r->timeout_ms,
                  .flags = ping ? r->flags & ~S2S_AUTHENTICATE : r->flags,
                  .ping_method = ping ? r->ping_method : S2S_PING_AUTO,
                  .count = ping ? r->count : 0,
                  .interval_ms = ping ? r->interval_ms : 0,
                  .xml_to = r->xml_to[0] != '\0' ? r->xml_to : NULL}};
    if (ping && r->count > 1 && r->timeout_ms == 0)
        out->given.timeout_ms = time_for_pings(r);
    for (size_t i = 0; check && i < r->service_count; i++)
        out->services[i] = r->services[i];
    out->given.services = check ? out->services : NULL;
}
