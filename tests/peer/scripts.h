/* The scripts, by subject. */
#ifndef TESTS_PEER_SCRIPTS_H
#define TESTS_PEER_SCRIPTS_H

#include "play.h"

/* Run `test` for each script as a test of its own, with the script as its
 * state: for all, or for those with `main` set. `only` NULL, or the beginning
 * of a name. */
int scripts_test(const char *group, void (*test)(void **state), bool main,
                 const char *only);

extern const struct script scripts_pipeline[];
extern const size_t scripts_pipeline_count;
extern const struct script scripts_servers[];
extern const size_t scripts_servers_count;
extern const struct script scripts_streams[];
extern const size_t scripts_streams_count;
extern const struct script scripts_tls[];
extern const size_t scripts_tls_count;
extern const struct script scripts_xml[];
extern const size_t scripts_xml_count;

/* ---- Words that scripts are made of ---- */

#define EXPECT(text)                                                           \
    {                                                                          \
        PEER_EXPECT, text, 0, 0                                                \
    }
#define SEND(text)                                                             \
    {                                                                          \
        PEER_SEND, text, 0, 0                                                  \
    }
#define SEND_RAW(text)                                                         \
    {                                                                          \
        PEER_SEND, text, 0, sizeof(text) - 1                                   \
    }
#define SEND_N(text, n)                                                        \
    {                                                                          \
        PEER_SEND, text, n, 0                                                  \
    }
#define WAIT(ms)                                                               \
    {                                                                          \
        PEER_WAIT, NULL, ms, 0                                                 \
    }
#define END                                                                    \
    {                                                                          \
        PEER_END, NULL, 0, 0                                                   \
    }
#define RESET                                                                  \
    {                                                                          \
        PEER_RESET, NULL, 0, 0                                                 \
    }
#define REFUSE(error)                                                          \
    {                                                                          \
        PEER_REFUSE, NULL, -(error), 0                                         \
    }
#define FINISH                                                                 \
    {                                                                          \
        PEER_FINISH, NULL, 0, 0                                                \
    }
#define HANDSHAKE EXPECT(PEER_HELLO), SEND(PEER_ANSWER)

#define NS_STREAM_TEXT "http://etherx.jabber.org/streams"
#define NS_TLS_TEXT    "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_ERROR_TEXT  "urn:ietf:params:xml:ns:xmpp-streams"

/* Bytes of a peer that must not be repeated anywhere. */
#define MARKER "MARKER-e5b1"

/* What we send. */
#define OURS                                                                   \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "               \
    "xmlns:db='jabber:server:dialback' xmlns:stream='" NS_STREAM_TEXT "' "     \
    "from='us.example' to='them.example' version='1.0' xml:lang='en'>"
#define STARTTLS "<starttls xmlns='" NS_TLS_TEXT "'/>"
#define VERIFY                                                                 \
    "<db:verify from='us.example' to='them.example' id='$ID'>$KEY</db:verify>"
#define BYE "</stream:stream>"
#define COMPLAINT(condition)                                                   \
    "<stream:error><" condition " xmlns='" NS_ERROR_TEXT                       \
    "'/></stream:error>" BYE

/* What peers say: a header with an id, in the clear and inside TLS. */
#define HEADER(id)                                                             \
    "<?xml version='1.0'?><stream:stream id='" id "' to='us.example' "         \
    "from='them.example' xmlns='jabber:server' xmlns:stream='" NS_STREAM_TEXT  \
    "' xml:lang='en' version='1.0' xmlns:db='jabber:server:dialback'>"
#define FEATURES(inside) "<stream:features>" inside "</stream:features>"
#define OFFER_TLS        "<starttls xmlns='" NS_TLS_TEXT "'><required/></starttls>"
#define OFFER_DIALBACK   "<dialback xmlns='urn:xmpp:features:dialback'/>"
#define OFFER_EXTERNAL                                                         \
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"                    \
    "<mechanism>EXTERNAL</mechanism></mechanisms>"
#define PROCEED "<proceed xmlns='" NS_TLS_TEXT "'/>"

/* Up to the features inside TLS, in the most ordinary way. */
#define UP_TO_TLS                                                              \
    EXPECT(OURS), SEND(HEADER("c1") FEATURES(OFFER_TLS)), EXPECT(STARTTLS),    \
        SEND(PROCEED), HANDSHAKE, EXPECT(OURS)
#define UP_TO_FEATURES UP_TO_TLS, SEND(HEADER("t1") FEATURES(OFFER_DIALBACK))

#endif
