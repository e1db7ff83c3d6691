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

/*
 * Set up p->talk and the authenticating part of p->config, when the probe has
 * to authenticate, and make it known to the router. False: the outcome is
 * recorded (no identity of ours for a domain; no such stanza; no memory).
 */
bool talk_begin(struct probe *p);
/* NULL is allowed. */
void talk_free(struct talk *t);

/* The probe is over: the router forgets it. May be called twice. */
void talk_leave(struct talk *t);

/* Findings about our own certificate; once, when the authorities are there. */
void talk_judge_identity(struct talk *t);

/* What is due by time. */
void talk_step(struct talk *t);

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
