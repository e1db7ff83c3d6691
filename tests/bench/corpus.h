/* Streams of XMPP stanzas, made up for measuring. */
#ifndef BENCH_CORPUS_H
#define BENCH_CORPUS_H

#include <stddef.h>

#define CORPUS_COUNT 6

extern const char *const corpus_names[CORPUS_COUNT];

struct corpus {
    char *stream;  /* a stream header, then the stanza `count` times */
    size_t length; /* of the stream */
    size_t header_length;
    char *stanza; /* NUL-terminated */
    size_t stanza_length;
    size_t count;
};

/* A stream of about `length` bytes. */
void corpus_make(struct corpus *c, size_t which, size_t length);
void corpus_free(struct corpus *c);

#endif
