/*
 * A peer in memory that follows a script: a transport without a descriptor, a
 * TLS provider that changes no byte, and time that moves only when told to.
 */
#ifndef TESTS_PEER_PEER_H
#define TESTS_PEER_PEER_H

#include <s2sprobe.h>

#include <stdbool.h>

#define PEER_OUT_MAX  (256u << 10)
#define PEER_WANT_MAX 1024u
#define PEER_TAIL_MAX 1536u
#define PEER_TOKEN    33u

enum peer_act {
    PEER_FINISH, /* nothing more is expected, the connection stays open */
    PEER_EXPECT, /* these bytes come next; $ID and $KEY are kept */
    PEER_SEND,   /* $ID is put in */
    PEER_WAIT,   /* `count` milliseconds pass */
    PEER_END,    /* FIN */
    PEER_RESET,
    PEER_REFUSE /* the connection is not made: open() returns -count */
};

struct peer_step {
    enum peer_act act;
    const char *text;
    unsigned count; /* of a text: how often; 0 is once */
    size_t length;  /* 0: up to the NUL */
};

/* How the bytes of a script travel. Zeroed: whole. */
enum peer_cut { PEER_NO_CUT, PEER_CUT_END, PEER_CUT_RESET, PEER_CUT_STALL };

struct peer_manner {
    size_t read_max, write_max; /* 0: as much as there is */
    size_t split;               /* say WANT_READ once before this byte; or 0 */
    bool hesitant;              /* every other call would block */
    enum peer_cut cut;
    size_t cut_at; /* bytes before the cut, over all connections */
};

/* What a callback is made to do. */
enum peer_fault {
    PEER_NO_FAULT,
    PEER_OPEN,
    PEER_READ,
    PEER_WRITE,
    PEER_TLS_OPEN,
    PEER_TLS_HANDSHAKE,
    PEER_TLS_INFO,
    PEER_TLS_READ,
    PEER_TLS_WRITE
};

struct peer_tokens { /* of the library's db:verify */
    char id[PEER_TOKEN], key[PEER_TOKEN];
};

struct peer_chain { /* DER, leaf first */
    const unsigned char *der[2];
    size_t sizes[2];
    size_t length;
};

struct peer {
    const struct peer_step *scripts[2]; /* one a connection; NULL: refused */
    const struct peer_chain *chain;
    const char *server_name; /* that the TLS request must carry */
    const char *alpn;        /* that is reported; NULL: what is offered */
    struct peer_manner manner;
    enum peer_fault fault;
    ptrdiff_t fault_value;
    bool fault_late; /* reads and writes: not on the first call */
    int64_t now;     /* microseconds */
    s2s_context *context;

    /* One play. */
    unsigned opened, closed, notified; /* connections; close_notify */
    unsigned sessions, session_closes;
    bool misused;   /* the library broke the callbacks' contract */
    size_t given;   /* bytes read by the library, over all connections */
    uint64_t moved; /* grows whenever something happens */
    unsigned hesitation, calls;
    struct peer_tokens tokens;

    /* One connection. */
    bool open;
    const struct peer_step *step;
    char want[PEER_WANT_MAX]; /* what the step expects */
    size_t want_length, matched;
    size_t learnt; /* digits of the tokens */
    char out[PEER_OUT_MAX];
    size_t out_length, out_given;
    bool ended, reset, split_done;
    bool broken;              /* something else came than the step expects */
    char tail[PEER_TAIL_MAX]; /* bytes that no step expects */
    size_t tail_length;

    /* One session. */
    s2s_tls_request request;
    size_t hello_sent, answer_got;
    bool session_open, secure;
};

/* The bytes of a made-up handshake; both begin like TLS records. */
#define PEER_HELLO  "\x16\x03\x01<<HELLO>>"
#define PEER_ANSWER "\x16\x03\x03<<READY>>"
#define PEER_NOTIFY '\x15' /* close_notify: one byte that XML never has */

/* Forget an earlier play; what the script says stays. */
void peer_rewind(struct peer *p);
s2s_transport peer_transport(struct peer *p);
s2s_tls peer_tls(struct peer *p);
/* For struct loop. */
int64_t peer_clock(void *peer);

/* The bytes that a step sends, at most `size`; aborts when there are more. */
size_t peer_expand(const struct peer_tokens *tokens, const struct peer_step *s,
                   char *out, size_t size);

/* peer_tls.c: whether a callback is to fail now. */
bool peer_faulty(struct peer *p, enum peer_fault which);

#endif
