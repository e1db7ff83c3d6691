#include "access.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

/* A text that is missing, empty or not UTF-8 becomes null. */
static int set_text(json_t *o, const char *name, const char *text)
{
    json_t *value = text != NULL && text[0] != '\0' ? json_string(text) : NULL;
    return json_object_set_new(o, name, value != NULL ? value : json_null());
}

static int set_time(json_t *o)
{
    char text[32] = "";
    time_t now = time(NULL);
    struct tm tm;
    if (gmtime_r(&now, &tm) != NULL)
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return set_text(o, "time", text);
}

static int set_request(json_t *o, const struct request *r)
{
    int e = 0;
    if (r == NULL || (r->host[0] == '\0' && r->to[0] == '\0'))
        return 0;
    if (r->host[0] != '\0') /* otherwise DNS says where */
        e = set_text(o, "host", r->host) |
            json_object_set_new(o, "port", json_integer(r->port));
    return e | set_text(o, "fromDomain", r->from) |
           set_text(o, "toDomain", r->to);
}

char *access_line(const struct access *a)
{
    char *line = NULL;
    json_t *o = json_object();
    int e = set_time(o) | set_text(o, "client", a->client) |
            set_text(o, "method", a->method) | set_text(o, "path", a->path) |
            json_object_set_new(o, "status", json_integer(a->status)) |
            set_text(o, "code", a->code) | set_request(o, a->request) |
            json_object_set_new(o, "ms", json_integer(a->ms));
    if (e == 0)
        line = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(o);
    return line;
}
