#include "server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "unit/net/override.h"

#define HEADER                                                                 \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "               \
    "xmlns:db='jabber:server:dialback' id='s1' from='" SERVER_DOMAIN "' "      \
    "xmlns:stream='http://etherx.jabber.org/streams' xml:lang='en' "           \
    "to='us.example' version='1.0'>"
#define FEATURES_CLEAR                                                         \
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>"      \
    "<required/></starttls></stream:features>"
#define FEATURES_SECURE                                                        \
    "<stream:features><dialback xmlns='urn:xmpp:features:dialback'>"           \
    "<errors/></dialback><limits xmlns='urn:xmpp:stream-limits:0'>"            \
    "<max-bytes>262144</max-bytes></limits></stream:features>"
#define PROCEED "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define ERROR                                                                  \
    "<stream:error><host-unknown "                                             \
    "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"                            \
    "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>not here</text>"        \
    "</stream:error></stream:stream>"
#define ANSWER                                                                 \
    "<db:verify from='" SERVER_DOMAIN "' to='us.example' id='%.*s' "           \
    "type='invalid'/>"

/* ---- Bytes ---- */

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void say(struct server *s, const char *text)
{
    size_t length = strlen(text);
    ssize_t n = s->tls != NULL ? gnutls_record_send(s->tls, text, length)
                               : send(s->fd, text, length, MSG_NOSIGNAL);
    (void)n; /* the client may have gone: the test looks at what it says */
}

static bool hear(struct server *s)
{
    char *at = s->heard + s->heard_length;
    size_t room = sizeof(s->heard) - 1 - s->heard_length;
    ssize_t n = s->tls != NULL ? gnutls_record_recv(s->tls, at, room)
                               : recv(s->fd, at, room, 0);
    if (n <= 0)
        return false;
    s->heard_length += (size_t)n;
    s->heard[s->heard_length] = '\0';
    return true;
}

/* Whether the client said these words before it ended. What it said is in
 * `heard`, and forgotten when the next words are waited for: it never says
 * more than one thing before it is answered. */
static bool await(struct server *s, const char *words)
{
    s->heard_length = 0;
    s->heard[0] = '\0';
    while (strstr(s->heard, words) == NULL)
        if (!hear(s))
            return false;
    return true;
}

/* ---- The conversation ---- */

static bool shake_hands(struct server *s)
{
    int rc;
    must(gnutls_init(&s->tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL) == 0);
    must(gnutls_set_default_priority(s->tls) == 0);
    must(gnutls_credentials_set(s->tls, GNUTLS_CRD_CERTIFICATE,
                                s->credentials) == 0);
    gnutls_certificate_server_set_request(s->tls, GNUTLS_CERT_REQUEST);
    gnutls_transport_set_int(s->tls, s->fd);
    if (s->manner == SERVER_OTHER)
        override_alpn(s->tls);
    do
        rc = gnutls_handshake(s->tls);
    while (rc < 0 && gnutls_error_is_fatal(rc) == 0);
    s->certificate_seen =
        rc == 0 && gnutls_certificate_get_peers(s->tls, NULL) != NULL;
    return rc == 0;
}

/* The stream in the clear; whether TLS follows. */
static bool start(struct server *s)
{
    if (s->manner == SERVER_DIRECT || s->manner == SERVER_OTHER)
        return true;
    if (!await(s, "xml:lang='en'>"))
        return false;
    if (s->manner == SERVER_NO_XMPP)
        say(s, "220 mail.example ESMTP\r\n");
    else if (s->manner == SERVER_ERROR)
        say(s, HEADER ERROR);
    else
        say(s, HEADER FEATURES_CLEAR);
    if (!await(s, "<starttls"))
        return false;
    say(s, PROCEED);
    if (s->manner == SERVER_RUBBISH && hear(s)) /* a ClientHello */
        say(s, "\x16\x03\x03 no handshake at all");
    return s->manner == SERVER_STARTTLS || s->manner == SERVER_PADDING;
}

static void answer(struct server *s)
{
    char text[512];
    const char *id = strstr(s->heard, " id='");
    if (id == NULL)
        return;
    id += strlen(" id='");
    snprintf(text, sizeof(text), ANSWER, (int)strcspn(id, "'"), id);
    say(s, text);
}

/* A space in each record (RFC 8446, 5.4), until the client has gone. */
static void pad(struct server *s)
{
    say(s, HEADER);
    while (gnutls_record_send2(s->tls, " ", 1, SERVER_PAD, 0) > 0)
        continue;
}

static void serve(struct server *s)
{
    if (!start(s) || !shake_hands(s) || !await(s, "xml:lang='en'>"))
        return;
    if (s->manner == SERVER_PADDING) {
        pad(s);
        return;
    }
    say(s, HEADER FEATURES_SECURE);
    if (await(s, "</db:verify>")) {
        answer(s);
        await(s, "</stream:stream>");
    }
}

static void *run(void *user)
{
    struct server *s = user;
    const struct timeval wait = {.tv_sec = SERVER_WAIT_S};
    s->fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
    must(s->fd >= 0);
    must(setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0);
    serve(s);
    if (s->tls != NULL)
        gnutls_deinit(s->tls);
    close(s->fd);
    return NULL;
}

/* ---- Life ---- */

void server_start(struct server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(a);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(s->listener >= 0);
    must(bind(s->listener, (struct sockaddr *)&a, length) == 0);
    must(listen(s->listener, 4) == 0);
    must(getsockname(s->listener, (struct sockaddr *)&a, &length) == 0);
    s->port = ntohs(a.sin_port);
    must(pthread_create(&s->thread, NULL, run, s) == 0);
}

void server_join(struct server *s)
{
    must(pthread_join(s->thread, NULL) == 0);
    close(s->listener);
}
