/* What becomes of an outcome in HTTP: the tables of all statuses and codes. */
#ifndef SHIM_STATUS_H
#define SHIM_STATUS_H

/* Answers that the shim words itself; each has its code and its status. */
enum refusal {
    REFUSAL_NONE,
    REFUSAL_BAD_REQUEST,
    REFUSAL_INVALID_JSON,
    REFUSAL_MISSING_FIELD,
    REFUSAL_INVALID_FIELD,
    REFUSAL_BAD_ORIGIN,
    REFUSAL_NOT_FOUND,
    REFUSAL_METHOD_NOT_ALLOWED,
    REFUSAL_REQUEST_TIMEOUT,
    REFUSAL_LENGTH_REQUIRED,
    REFUSAL_TOO_LARGE,
    REFUSAL_UNSUPPORTED_MEDIA_TYPE,
    REFUSAL_BAD_HOST,
    REFUSAL_HEADERS_TOO_LARGE,
    REFUSAL_BUSY,
    REFUSAL_SHUTTING_DOWN,
    REFUSAL_INTERNAL,
    REFUSAL_COUNT
};

struct refusal_info {
    int status;
    const char *code;
    const char *text; /* when there is nothing better to say */
};

const struct refusal_info *status_refusal(enum refusal refusal);

/*
 * The status of a probe's outcome (an enum s2s_error). When the shim words
 * the answer itself, *refusal says which; otherwise it is REFUSAL_NONE, and
 * the result's own JSON is the body.
 */
int status_outcome(int error, enum refusal *refusal);

/* The refusal that stands for a status that civetweb decided on. */
enum refusal status_civetweb(int status);

/* "OK", "Bad Request", ... */
const char *status_reason(int status);

#endif
