/* All findings, in groups: here those about the way to a secure stream. */
#ifndef BASE_FINDING_LIST_H
#define BASE_FINDING_LIST_H

#include "base/finding_list_more.h"

/* X(ID, code, severity, fault, advice) */
#define FINDING_LIST(X)                                                        \
    /* Reaching the peer */                                                    \
    X(DNS_FAILED, "dns_failed", ERROR, "peer",                                 \
      "Check the name, its A and AAAA records, and the resolver in use.")      \
    X(DNS_UNAVAILABLE, "dns_unavailable", ERROR, "network",                    \
      "No DNS server answered, so nothing is known about the host. Check "     \
      "resolv.conf or the DNS servers that were set, and the way to them.")    \
    X(DNSSEC_BOGUS, "dnssec_bogus", ERROR, "peer",                             \
      "DNSSEC validation fails for the domain's records: to servers whose "    \
      "resolver validates the domain is not there. Check the signatures, "     \
      "their dates, and the DS record in the parent zone.")                    \
    X(NO_SERVICE, "no_service", ERROR, "peer",                                 \
      "By an SRV record with the target \".\" the domain says that it is not " \
      "there for other servers. If it should be, replace that record.")        \
    X(NO_ENDPOINT, "no_endpoint", ERROR, "us",                                 \
      "The domain's SRV records lead to no endpoint with the TLS mode that "   \
      "was asked for. Ask for another one, or for \"auto\".")                  \
    X(SRV_NONE, "srv_none", INFO, "peer",                                      \
      "The domain has no SRV records: servers go to its own addresses, port "  \
      "5269, by STARTTLS. Records would let the server be elsewhere, and "     \
      "offer direct TLS.")                                                     \
    X(SRV_FAILED, "srv_failed", WARNING, "peer",                               \
      "DNS does not answer for one of the two SRV names, so that servers "     \
      "wait for it, or give up. Check the name servers of the domain.")        \
    X(SRV_DIRECT_ONLY, "srv_direct_only", WARNING, "peer",                     \
      "There are _xmpps-server records only: servers without direct TLS "      \
      "(XEP-0368) do not find the domain. Add _xmpp-server records.")          \
    X(SRV_DOT, "srv_dot", WARNING, "peer",                                     \
      "A record with the target \".\" stands beside others. It means no "      \
      "service only when it stands alone: remove it, or the others.")          \
    X(SRV_UNREADABLE, "srv_unreadable", WARNING, "peer",                       \
      "SRV records cannot be used: the target must be a host name, not an "    \
      "address, and no alias.")                                                \
    X(SRV_PORT, "srv_port", WARNING, "peer",                                   \
      "An SRV record leads to a port where another service is expected, and "  \
      "is not followed. Correct the port; or name host and port, if that is "  \
      "meant.")                                                                \
    X(SRV_MANY, "srv_many", WARNING, "peer",                                   \
      "There are more SRV records than servers will try. Keep a few.")         \
    X(SRV_ALIAS, "srv_alias", WARNING, "peer",                                 \
      "The target of an SRV record is an alias (CNAME), which RFC 2782 "       \
      "forbids: some servers do not find it. Name the host itself.")           \
    X(SRV_TARGET, "srv_target", WARNING, "peer",                               \
      "The target of an SRV record has no address: servers that try it first " \
      "will be slow or fail. Correct the record, or its target.")              \
    X(ADDRESS_PRIVATE, "address_private", WARNING, "peer",                     \
      "DNS leads to an address that is not reachable from the Internet "       \
      "(private, loopback, link-local). Other servers do not get there.")      \
    X(DEVIATION, "deviation_characters", INFO, "us",                           \
      "The domain has a character that IDNA 2003 maps to others (sharp s, "    \
      "final sigma, a joiner): Prosody and ejabberd take it for another "      \
      "domain. See xml_to.")                                                   \
    X(CONNECT_FAILED, "connect_failed", ERROR, "peer",                         \
      "Check that the server runs, listens on this port, and that no "         \
      "firewall is in between.")                                               \
    X(NETWORK_UNREACHABLE, "network_unreachable", ERROR, "network",            \
      "Nothing could leave this machine for any address of the host. Check "   \
      "its network, routes, IPv6 and firewall.")                               \
    X(ADDRESS_UNREACHABLE, "address_unreachable", WARNING, "peer",             \
      "One address of the host does not answer; servers that try it first "    \
      "will be slow or fail. Fix the address or its DNS record.")              \
    X(ADDRESS_FORBIDDEN, "address_forbidden", INFO, "us",                      \
      "The address policy refused this address. If the probe is meant to go "  \
      "there, allow it: in the address filter of a program, by "               \
      "--allow-target of s2sprobe-http.")                                      \
    X(THROTTLED, "throttled", INFO, "us",                                      \
      "The server has asked for fewer connections, so we waited before this "  \
      "one. Probe it less often, or set host_running and host_rate lower.")    \
    X(SILENT, "silent", ERROR, "peer",                                         \
      "The port accepts connections but nothing answers a stream header. "     \
      "Check that an XMPP server-to-server listener is behind it.")            \
    X(CLOSED_AT_ONCE, "closed_at_once", ERROR, "peer",                         \
      "The peer ended the connection without a byte in answer to a stream "    \
      "header. The port may expect TLS at once (direct TLS), or the server "   \
      "or a firewall does not let us in.")                                     \
    X(CLOSED_BOTH_WAYS, "closed_both_ways", ERROR, "peer",                     \
      "The peer ended the connection without a byte in answer to a stream "    \
      "header, and direct TLS did not work either. The server or a firewall "  \
      "does not let us in, or this is no XMPP port.")                          \
    X(NOT_XMPP, "not_xmpp", ERROR, "peer",                                     \
      "Something else answers on this port. Check the port, and the SRV "      \
      "records that lead to it.")                                              \
    X(STARTTLS_PORT, "starttls_port", WARNING, "peer",                         \
      "This port speaks XMPP in the clear first (STARTTLS), not direct TLS. "  \
      "Point no _xmpps-server record at it, or probe it with STARTTLS.")       \
    X(DIRECT_TLS_PORT, "direct_tls_port", WARNING, "peer",                     \
      "This port speaks TLS at once. Point _xmpps-server, not _xmpp-server, "  \
      "records at it, or probe it with direct TLS.")                           \
    X(CLIENT_PORT, "client_port", ERROR, "peer",                               \
      "The features are those of a client port. Server-to-server is usually "  \
      "on port 5269.")                                                         \
    /* Stream */                                                               \
    X(HOST_UNKNOWN, "host_unknown", ERROR, "peer",                             \
      "The server does not serve this domain. Check the SRV target, the "      \
      "virtual host, and the spelling.")                                       \
    X(HOST_GONE, "host_gone", ERROR, "peer",                                   \
      "The server no longer serves this domain. Check DNS and the virtual "    \
      "host.")                                                                 \
    X(NOT_AUTHORIZED, "not_authorized", ERROR, "us",                           \
      "The server refuses us. Its text, beside, may say why: certificate, "    \
      "chain, name, key usage.")                                               \
    X(POLICY_VIOLATION, "policy_violation", ERROR, "us",                       \
      "The server's policy forbids what we did. Commonly it requires TLS, or " \
      "we connect too often: then probe it less often.")                       \
    X(IMPROPER_ADDRESSING, "improper_addressing", ERROR, "us",                 \
      "The server found from or to missing, empty or not a domain.")           \
    X(INVALID_FROM, "invalid_from", ERROR, "us",                               \
      "The server does not accept our from domain.")                           \
    X(INVALID_NAMESPACE, "invalid_namespace", ERROR, "peer",                   \
      "The server expects another content namespace: this may be a client "    \
      "port.")                                                                 \
    X(CONFLICT, "conflict", WARNING, "us",                                     \
      "The server ended one stream of this domain pair for another: do not "   \
      "probe with the domain of a server that is running.")                    \
    X(CONNECTION_TIMEOUT, "connection_timeout", ERROR, "peer",                 \
      "The server gave up waiting.")                                           \
    X(RESOURCE_CONSTRAINT, "resource_constraint", ERROR, "peer",               \
      "The server is short of resources or limits connections. Try later. If " \
      "ours were many, probe it less often.")                                  \
    X(SYSTEM_SHUTDOWN, "system_shutdown", ERROR, "peer",                       \
      "The server is shutting down. Try later.")                               \
    X(UNSUPPORTED_VERSION, "unsupported_version", ERROR, "peer",               \
      "The server does not speak XMPP 1.0.")                                   \
    X(SEE_OTHER_HOST, "see_other_host", ERROR, "peer",                         \
      "The server points to another host. It is reported, not followed.")      \
    X(UNDEFINED_CONDITION, "undefined_condition", ERROR, "none",               \
      "The server gives no condition of its own; its text, beside, may say "   \
      "more. It is common when from is a domain of the server itself, or "     \
      "when it has no way left to authenticate us.")                           \
    X(STREAM_ERROR, "stream_error", ERROR, "peer",                             \
      "The server ended the stream with this condition.")                      \
    X(PRE_XMPP_1, "pre_xmpp_1", ERROR, "peer",                                 \
      "The header has no version 1.0, so features, STARTTLS and SASL will "    \
      "never come. The software is very old or runs in a legacy mode.")        \
    X(NO_STREAM_ID, "no_stream_id", ERROR, "peer",                             \
      "The header has no id (RFC 6120, 4.7.3): dialback cannot work.")         \
    X(STREAM_ID_REUSED, "stream_id_reused", WARNING, "peer",                   \
      "The id is the same after the restart (RFC 6120, 4.3.3).")               \
    X(FROM_MISSING, "from_missing", INFO, "peer",                              \
      "The header has no from (RFC 6120, 4.7.1).")                             \
    X(FROM_DIFFERS, "from_differs", WARNING, "peer",                           \
      "The header names another domain than the one we asked for.")            \
    X(TO_DIFFERS, "to_differs", INFO, "peer",                                  \
      "The header is addressed to another domain than ours.")                  \
    X(LANG_MISSING, "lang_missing", INFO, "peer",                              \
      "The header has no xml:lang (RFC 6120, 4.7.4).")                         \
    X(UNKNOWN_ELEMENT, "unknown_element", INFO, "peer",                        \
      "An element that has no meaning here was ignored.")                      \
    /* Features */                                                             \
    X(STARTTLS_NOT_ADVERTISED, "starttls_not_advertised", WARNING, "peer",     \
      "STARTTLS works but is not in the features: servers that look there "    \
      "will not use it. If the server does advertise it, something on the "    \
      "way strips it.")                                                        \
    X(TLS_NOT_OFFERED, "tls_not_offered", ERROR, "peer",                       \
      "Enable STARTTLS with a certificate for this domain. If it is enabled, " \
      "something on the way strips it.")                                       \
    X(TLS_REFUSED, "tls_refused", ERROR, "peer",                               \
      "STARTTLS is offered but fails: usually the server has no usable "       \
      "certificate for this domain.")                                          \
    X(PIPELINED, "pipelined", WARNING, "us",                                   \
      "STARTTLS was asked for before it was offered, which a server need not " \
      "take: probe without pipelining before it is blamed.")                   \
    X(TLS_REQUIRED, "tls_required", INFO, "us",                                \
      "The server requires TLS. In the clear it may refuse whatever comes "    \
      "after its features.")                                                   \
    X(STARTTLS_INSIDE_TLS, "starttls_inside_tls", WARNING, "peer",             \
      "STARTTLS is offered inside TLS (RFC 6120, 5.4.3.3).")                   \
    X(SASL_EMPTY, "sasl_empty", INFO, "peer",                                  \
      "The list of SASL mechanisms is empty.")                                 \
    X(NO_AUTHENTICATION, "no_authentication", WARNING, "peer",                 \
      "Neither SASL EXTERNAL nor dialback is offered inside TLS. With no "     \
      "certificate of ours that is expected of servers that insist on one; "   \
      "otherwise nobody can federate with this server here.")                  \
    X(EXTERNAL_NOT_OFFERED, "external_not_offered", INFO, "none",              \
      "Our certificate was asked for or sent, yet SASL EXTERNAL is not "       \
      "offered: it is not trusted or not valid for our domain there.")         \
    /* TLS */                                                                  \
    X(TLS_HANDSHAKE_FAILED, "tls_handshake_failed", ERROR, "peer",             \
      "Check protocol versions (1.2 or later), cipher suites and the "         \
      "certificate of the server.")                                            \
    X(TLS_INJECTION, "tls_injection", ERROR, "network",                        \
      "Bytes in the clear followed <proceed/>: a fault of the server, or "     \
      "somebody on the way adding them.")                                      \
    X(TLS_TRUNCATED, "tls_truncated", INFO, "peer",                            \
      "The connection ended without a close_notify.")                          \
    X(ALPN_OTHER, "alpn_other", WARNING, "peer",                               \
      "The server chose another protocol than xmpp-server by ALPN.")           \
    X(TLS_STATIC_RSA, "tls_static_rsa", WARNING, "peer",                       \
      "The cipher suite has no forward secrecy.")                              \
    X(TLS_WEAK_DH, "tls_weak_dh", WARNING, "peer",                             \
      "The server's Diffie-Hellman group is smaller than 2048 bits: use a "    \
      "standard one (RFC 7919), or elliptic curves.")                          \
    /* Certificate */                                                          \
    X(CERT_UNTRUSTED, "cert_untrusted", ERROR, "peer",                         \
      "The chain does not lead to a trusted authority. Common causes: a "      \
      "missing intermediate, a self-signed certificate, a private authority.") \
    X(CERT_INVALID, "cert_invalid", ERROR, "peer",                             \
      "What the server sends does not verify, for the reason seen; trusting "  \
      "another authority would not help. Replace the certificate, or the "     \
      "chain that is sent with it.")                                           \
    X(CERT_SELF_SIGNED, "cert_self_signed", ERROR, "peer",                     \
      "The certificate is self-signed. Get one from a public authority, or "   \
      "expect dialback only.")                                                 \
    X(CERT_EXPIRED, "cert_expired", ERROR, "peer",                             \
      "Renew the certificate and make the server load it.")                    \
    X(CERT_NOT_YET_VALID, "cert_not_yet_valid", ERROR, "peer",                 \
      "The certificate is not valid yet. Check the clocks on both sides.")     \
    X(CERT_EXPIRES_SOON, "cert_expires_soon", WARNING, "peer",                 \
      "Renew the certificate.")                                                \
    X(CERT_NAME, "cert_name", ERROR, "peer",                                   \
      "The certificate must carry the XMPP domain as dNSName, SRVName or "     \
      "xmppAddr, not the name of the host that the SRV record points to.")     \
    X(CERT_CN_ONLY, "cert_cn_only", WARNING, "peer",                           \
      "Only the common name matches, which counts no longer (RFC 9525). Put "  \
      "the domain into subjectAltName.")                                       \
    X(CERT_TARGET_ONLY, "cert_target_only", WARNING, "peer",                   \
      "Only the name of the SRV target is in the certificate; servers "        \
      "without DNSSEC do not accept it. Add the XMPP domain as dNSName.")      \
    X(CERT_WEAK, "cert_weak", ERROR, "peer",                                   \
      "The key or a signature in the chain is too weak.")                      \
    X(CERT_REVOKED, "cert_revoked", ERROR, "peer",                             \
      "The stapled status says that the certificate is revoked.")              \
    X(CERT_USAGE, "cert_usage", ERROR, "peer",                                 \
      "The certificate must not be used by a TLS server.")                     \
    X(CERT_SERVER_ONLY, "cert_server_only", INFO, "peer",                      \
      "The certificate is for TLS servers only: ejabberd before 25.07 and "    \
      "jabberd2 refuse it when this server connects to them.")                 \
    X(REVOCATION_NOT_CHECKED, "revocation_not_checked", INFO, "none",          \
      "No stapled OCSP response came; revocation was not checked.")            \
    /* DANE */                                                                 \
    X(DANE_MATCH, "dane_match", INFO, "none",                                  \
      "A TLSA record is of this certificate. Before the certificate or its "   \
      "key changes, publish a record of the new one beside it, and wait "      \
      "until the old answers have left the caches.")                           \
    X(DANE_MISMATCH, "dane_mismatch", ERROR, "peer",                           \
      "The TLSA records are of another certificate: servers that check DANE "  \
      "refuse this one. Publish a record of the certificate in use (3 1 1 "    \
      "is the SHA-256 of its public key), and keep the key when you renew, "   \
      "or change the record first.")                                           \
    X(DANE_UNUSABLE, "dane_unusable", WARNING, "peer",                         \
      "A TLSA record counts for nothing. Publish 3 1 1 with the SHA-256 of "   \
      "the public key, 32 bytes, and remove the broken one.")                  \
    X(DANE_BOGUS, "dane_bogus", ERROR, "peer",                                 \
      "DNSSEC refuses the TLSA answer: servers that check DANE do not "        \
      "connect. Check the signatures and the DS record of the zone, and that " \
      "its name servers answer for TLSA.")                                     \
    X(DANE_TA_ONLY, "dane_ta_only", INFO, "peer",                              \
      "All TLSA records are of an authority (usage 0 or 2), which XMPP does "  \
      "not use (RFC 7712, 5.1). For DANE publish one of the certificate: "     \
      "3 1 1.")                                                                \
    FINDING_LIST_MORE(X)

#endif
