/* Namespaces of the protocols spoken here. */
#ifndef XMPP_NAMES_H
#define XMPP_NAMES_H

#define NS_STREAMS        "http://etherx.jabber.org/streams"
#define NS_STREAM_ERRORS  "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZA_ERRORS  "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_SERVER         "jabber:server"
#define NS_CLIENT         "jabber:client"
#define NS_TLS            "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_SASL           "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_SASL2          "urn:xmpp:sasl:2"
#define NS_DIALBACK       "jabber:server:dialback"
#define NS_DIALBACK_OFFER "urn:xmpp:features:dialback"
#define NS_BIDI_OFFER     "urn:xmpp:features:bidi"
#define NS_BIDI           "urn:xmpp:bidi"
#define NS_SM_2           "urn:xmpp:sm:2"
#define NS_SM_3           "urn:xmpp:sm:3"
#define NS_PING           "urn:xmpp:ping"
#define NS_LIMITS         "urn:xmpp:stream-limits:0"
#define NS_CAPS           "http://jabber.org/protocol/caps"
#define NS_COMPRESS       "http://jabber.org/features/compress"

#endif
