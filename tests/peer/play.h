/* Scripts, and playing one of them through the public calls. */
#ifndef TESTS_PEER_PLAY_H
#define TESTS_PEER_PLAY_H

#include "peer.h"
#include "trust.h"

#define PLAY_TIMEOUT_MS 5000

struct script {
    const char *name;
    int op; /* S2S_OP_*; 0: connect */
    uint16_t tls_mode;
    uint16_t port; /* 0: 5269 */
    uint32_t flags;
    enum trust_kind chain;
    const char *alpn; /* that the TLS provider reports; NULL: what we offer */
    const s2s_limits *limits;
    const struct peer_step *steps, *again; /* `again`: the second connection */

    /* How it ends when it is played whole. */
    int error;
    int stage;            /* 0: S2S_STAGE_DONE */
    const char *farewell; /* bytes that no step expects; NULL: none */
    const char *findings; /* codes in their order; NULL: none */
    const char *holds[4]; /* texts within the JSON */

    /* What else it may end with when it is cut, beside S2S_ECLOSED,
     * S2S_ETLS_HANDSHAKE inside a handshake, and S2S_ETIMEOUT. */
    int cut[4];
    bool main;  /* one of those that are taken apart most thoroughly */
    bool loose; /* a ClientHello may be sent in place of the farewell */
};

struct outcome {
    int error; /* of the result; S2S_ENO_MEMORY when there is none */
    int stage;
    char *json; /* with $ID and $KEY put back; NULL without a result */
    char *message;
    s2s_result *result;
};

struct play {
    const struct script *script;
    s2s_context *context;
    struct peer *peer;
    /* Set these before play_open(). */
    s2s_log_fn *log;
    void *log_user;
    const s2s_identity *const *identities;
    void (*taken)(void); /* when the library has done its part of a play */
};

/* A context for plays of one script: 0 or what s2s_context_new() says. */
int play_open(struct play *p, const struct script *script);
void play_close(struct play *p);

/* Play once. Fails the test when the peer was misused, a connection or session
 * was not closed exactly once, or the probe did not end at its deadline at the
 * latest. 0, or what s2s_context_submit() says. */
int play_run(struct play *p, const struct peer_manner *manner,
             struct outcome *out);
void play_forget(struct outcome *o);

/* Bytes that the library reads when the script is played whole. */
size_t play_length(struct play *p);

#endif
