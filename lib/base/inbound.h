/*
 * What was seen of one connection that came in: plain facts of bounded size,
 * kept for the probes that wait for it.
 */
#ifndef BASE_INBOUND_H
#define BASE_INBOUND_H

#include <stdbool.h>
#include <stdint.h>

#define INBOUND_NAME 254
#define INBOUND_TEXT 256

enum inbound_auth { INBOUND_NOBODY, INBOUND_EXTERNAL, INBOUND_DIALBACK };

struct inbound {
    char address[64];        /* of the peer, "192.0.2.1:40000" */
    char from[INBOUND_NAME]; /* A-labels, as claimed first; "" for unknown */
    char to[INBOUND_NAME];   /* the domain of ours, A-labels */
    bool heard;              /* a byte came */
    bool header;             /* a stream header came */
    bool direct;             /* it began with TLS */
    bool tls_tried, tls;     /* begun; stands */
    bool ended;
    bool turned_away;              /* there was no room for it */
    char tls_error[96];            /* why the handshake failed */
    enum inbound_auth auth;        /* how it has authenticated */
    bool auth_tried;               /* <auth/> or db:result came */
    char auth_error[INBOUND_TEXT]; /* why we refused it */
    uint32_t verifies;             /* db:verify requests answered */
    uint32_t verifies_valid;
    uint32_t stanzas; /* taken, authenticated */
    uint32_t refused; /* stanzas and requests refused */
    char error[64];   /* stream error of theirs */
    char error_text[INBOUND_TEXT];
    char our_error[64]; /* stream error of ours */
    /* Microseconds of the loop's clock; 0: not yet. */
    int64_t at_accept, at_tls, at_auth, at_end;
};

/* Whether it may have been from domain `theirs` for our domain `ours`
 * (A-labels): names that were not told may be anybody's. */
bool inbound_concerns(const struct inbound *i, const char *ours,
                      const char *theirs);

/* How far it got, and how much it says about whom it concerns: more explains
 * more. */
int inbound_rank(const struct inbound *i);

#endif
