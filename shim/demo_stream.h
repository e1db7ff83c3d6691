/* The demo server's side of a stream: bytes in, bytes out, no I/O. */
#ifndef SHIM_DEMO_STREAM_H
#define SHIM_DEMO_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#define DEMO_ID  24
#define DEMO_IN  4096 /* one tag */
#define DEMO_OUT 8192

enum demo_wish {
    DEMO_READ, /* more bytes */
    DEMO_TLS,  /* send what is there, then handshake */
    DEMO_CLOSE /* send what is there, then close */
};

struct demo_stream {
    bool secure;          /* set by the owner after the handshake */
    bool open;            /* a stream header was read */
    bool inside;          /* an element is open: its text is skipped */
    char id[DEMO_ID + 1]; /* for the next header; set by the owner */
    char in[DEMO_IN];
    size_t in_length;
    char out[DEMO_OUT];
    size_t out_length;
};

/* Work on what is in `in`, write to `out`. */
enum demo_wish demo_stream_work(struct demo_stream *s);

#endif
