/*
 * A line of a batch: read or refused, never both; and what is JSON there is
 * JSON for the parser of the library, too. The first byte of the input chooses
 * the operation.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <s2sprobe.h>

#include "base/utf8.h"
#include "batch_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    must(length < size && utf8_valid(text, length));
}

static bool is_in(const struct jsontext *part, const struct batch_line *line)
{
    return part->text == NULL ||
           (part->text >= line->text && part->length > 0 &&
            part->text + part->length <= line->text + line->length);
}

static void read_line(int op, const struct batch_line *line)
{
    const struct options o = {.batch = {.op = op}};
    struct batch_request r;
    struct batch_options options;
    batch_request_read(&o, "a.example", line, &r);
    must(is_in(&r.id, line));
    check_text(r.error, sizeof(r.error));
    must((r.code == NULL) == (r.error[0] == '\0'));
    if (r.code != NULL)
        return;
    must(r.to[0] != '\0' && r.from[0] != '\0' && (!r.discover || !r.port));
    must(r.op == S2S_OP_CONNECT || r.op == S2S_OP_PING || r.op == S2S_OP_CHECK);
    must(r.port <= UINT16_MAX && r.tls_mode <= S2S_TLS_NONE);
    must(r.timeout_ms <= OPTIONS_TIME_MAX_MS && r.count <= OPTIONS_COUNT_MAX);
    must(r.service_count <= OPTIONS_SERVICES);
    check_text(r.to, sizeof(r.to));
    check_text(r.from, sizeof(r.from));
    check_text(r.host, sizeof(r.host));
    check_text(r.xml_to, sizeof(r.xml_to));
    batch_request_options(&r, &options);
    must(options.given.count == 0 || r.op == S2S_OP_PING);
}

/* What Jansson refuses and RFC 8259 does not: numbers beyond its types, half a
 * surrogate pair, a NUL. */
static bool is_jansson_only(const json_error_t *e)
{
    return json_error_code(e) == json_error_numeric_overflow ||
           json_error_code(e) == json_error_null_character ||
           json_error_code(e) == json_error_null_byte_in_key ||
           strstr(e->text, "invalid Unicode") != NULL;
}

static void compare(const char *text, size_t length)
{
    struct jsontext j;
    json_error_t e;
    size_t wrong;
    bool ours = jsontext_read(text, length, &j, &wrong);
    json_t *json = json_loadb(text, length, JSON_DECODE_ANY, &e);
    must(wrong <= length);
    if (json == NULL)
        must(!ours || is_jansson_only(&e));
    else if (!ours) /* too deep, or there is text behind a NUL */
        must(memchr(text, '[', length) != NULL ||
             memchr(text, '{', length) != NULL);
    if (json != NULL && ours && jsontext_is_string(&j)) {
        char out[64];
        if (jsontext_string(&j, out, sizeof(out)))
            must(strcmp(out, json_string_value(json)) == 0);
        else
            must(json_string_length(json) >= sizeof(out));
    }
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 4096)
        return 0;
    static char text[4097];
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    const struct batch_line line = {1, text, size - 1, 0, false};
    if (batch_line_is_empty(&line))
        return 0;
    read_line(data[0] % 2 == 0 ? S2S_OP_CONNECT : S2S_OP_CHECK, &line);
    if (memchr(text, '\0', size - 1) == NULL && utf8_valid(text, size - 1))
        compare(text, size - 1);
    return 0;
}
