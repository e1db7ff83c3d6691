/*
 * What an authenticated probe does once its stream is open: nothing more, ping,
 * send a stanza, or serve a caller's stream; and its place in the router.
 */
#ifndef PROBE_TALK_H
#define PROBE_TALK_H

#include "probe/state.h"
#include "xmpp/stanza_check.h"

/* An op beside the public ones: a stream that stays open. */
#define TALK_OP_STREAM 100

/* Whether the probe has to authenticate. */
bool talk_wanted(const struct probe *p);

/*
 * Set up p->talk and the authenticating part of p->config. S2S_OK,
 * S2S_ENO_MEMORY, S2S_EPOLICY when no identity of ours is for from or one of
 * also_from, S2S_EINVALID_ARGUMENT when the stanza is none.
 */
int talk_new(struct probe *p);
/* NULL is allowed. */
void talk_free(struct talk *t);

/* The probe begins, or ends: from now on it is known to the router, or no
 * longer. Both may be called twice. */
void talk_join(struct talk *t);
void talk_leave(struct talk *t);

/* What is due by time. */
void talk_step(struct talk *t);

/* The certificate was refused: go on without. */
void talk_drop_certificate(struct talk *t);

/* The identity's certificate and key (PEM), or NULL. */
const struct options_identity *talk_identity(const struct talk *t);

/* Whether a text is a stanza that may be sent: see stanza_check(). */
int talk_check(const struct talk *t, const char *text, size_t length,
               struct stanza_facts *out);

/* Queue a stanza of the caller's on the open stream: errors of
 * initiator_send(). */
int talk_send(struct talk *t, const void *bytes, size_t length);

/* Whether its deadline is its good end. */
bool talk_ends_in_time(const struct talk *t);

/* Whether the peer has asked about our key, and was told that it is good. */
bool talk_key_checked(const struct talk *t);

#endif
