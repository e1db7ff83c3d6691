/*
 * The server's side of a TLS session. It asks the client for a certificate,
 * takes whatever comes, or none, and leaves judging to others.
 */
#ifndef NET_TLS_SERVER_H
#define NET_TLS_SERVER_H

#include "net/tls_session.h"

/* Make a session of tls_session_new() a server. S2S_OK, S2S_EPOLICY when it
 * would have no certificate, S2S_ENO_MEMORY or S2S_EINTERNAL. */
int tls_server_prepare(struct tls_session *s);

/* What the client was asked, and what it sent and asked for; after the
 * chain. */
void tls_server_info(const struct tls_session *s, s2s_tls_info *info);

#endif
