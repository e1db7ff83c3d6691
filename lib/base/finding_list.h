/* All findings, in groups. */
#ifndef BASE_FINDING_LIST_H
#define BASE_FINDING_LIST_H

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
    /* Ping and dialback */                                                    \
    X(PING_PROVES_LITTLE, "ping_proves_little", INFO, "none",                  \
      "A db:verify answer proves a living XMPP server, not that it would "     \
      "answer a ping of a federated domain.")                                  \
    X(VERIFY_VALID, "verify_valid", ERROR, "peer",                             \
      "The server calls a random dialback key valid: anybody can pass for "    \
      "this domain. Check its dialback code.")                                 \
    X(NO_ANSWER, "no_answer", ERROR, "peer",                                   \
      "The stream works but the request was not answered in time.")            \
    X(ACKED_NOT_ANSWERED, "acked_not_answered", ERROR, "peer",                 \
      "The server acknowledged the stanza (XEP-0198) but no answer came: it "  \
      "lives, and could not or did not answer. See the return path.")          \
    X(PING_ERROR, "ping_error", WARNING, "peer",                               \
      "The ping was answered by an error that proves no reachability.")        \
    X(PING_UNSUPPORTED, "ping_unsupported", INFO, "peer",                      \
      "The server does not know XMPP ping (XEP-0199); its error answer "       \
      "proves reachability all the same.")                                     \
    /* Authentication */                                                       \
    X(EXTERNAL_FAILED, "external_failed", WARNING, "us",                       \
      "SASL EXTERNAL failed: the certificate must be valid for our domain, "   \
      "lead to an authority that the server trusts, and allow use by TLS "     \
      "clients.")                                                              \
    X(CERT_REFUSED, "own_cert_refused", WARNING, "us",                         \
      "The server ended the TLS connection because of our certificate; "       \
      "without it the connection stands. Check its dates, its authority, "     \
      "and that it allows use by TLS clients.")                                \
    X(DIALBACK_NOT_OFFERED, "dialback_not_offered", INFO, "peer",              \
      "The server does not offer dialback: only a certificate that it "        \
      "trusts gets us in.")                                                    \
    X(DIALBACK_INVALID, "dialback_invalid", ERROR, "us",                       \
      "The server asked a host of our domain about our dialback key, and "     \
      "was told that it is not ours: DNS of our domain leads to another "      \
      "server, or several servers do not share one secret.")                   \
    X(DIALBACK_ERROR, "dialback_error", ERROR, "us",                           \
      "The server could not check our dialback key. Conditions that begin "    \
      "with remote-server mean that it could not reach our domain: check "     \
      "its SRV record, address and firewall.")                                 \
    X(DIALBACK_WITHHELD, "dialback_withheld", WARNING, "us",                   \
      "A dialback key goes only to a peer whose certificate is verified: "     \
      "another one could use it to pass for us.")                              \
    X(DIALBACK_NOT_CHECKED, "dialback_not_checked", INFO, "peer",              \
      "The server accepted our dialback key without asking our listener.")     \
    X(DIALBACK_SILENT, "dialback_silent", ERROR, "us",                         \
      "The server does not answer our dialback key. It is most likely still "  \
      "trying to reach our domain; see what our listener saw.")                \
    /* The way back */                                                         \
    X(RETURN_NOTHING, "return_nothing", ERROR, "us",                           \
      "No connection came to our listener: the server does not find or "       \
      "reach us. Check the SRV record of our domain, its address, firewall "   \
      "and port.")                                                             \
    X(RETURN_NO_LISTENER, "return_no_listener", ERROR, "us",                   \
      "The answer would come on a connection that the server opens to our "    \
      "domain, but this context has no listener.")                             \
    X(RETURN_SILENT, "return_silent", ERROR, "network",                        \
      "Something connected to our listener and sent nothing.")                 \
    X(RETURN_TLS_FAILED, "return_tls_failed", ERROR, "us",                     \
      "The server connected to us, and the TLS handshake failed: usually it "  \
      "does not accept our certificate.")                                      \
    X(RETURN_REFUSED, "return_refused", ERROR, "us",                           \
      "The server connected to us and ended the stream. Its condition and "    \
      "text say why: often our certificate.")                                  \
    X(RETURN_CLOSED, "return_closed", ERROR, "us",                             \
      "The server connected to us and left without a reason before it "        \
      "authenticated: often it does not accept our certificate.")              \
    X(RETURN_NO_AUTH, "return_no_auth", ERROR, "peer",                         \
      "The server connected to us but did not prove to be the domain it is: "  \
      "its certificate or its dialback failed here.")                          \
    X(RETURN_NO_VERIFY, "return_no_verify", ERROR, "peer",                     \
      "The server connected to us but never asked about our dialback key.")    \
    X(RETURN_VERIFIED, "return_verified", ERROR, "peer",                       \
      "Our listener was asked about our dialback key and called it good, but " \
      "the server does not tell the outcome on the stream. Its log may say "   \
      "more.")                                                                 \
    X(RETURN_NO_ROOM, "return_no_room", ERROR, "us",                           \
      "Our listener turned a connection away: too many were open that had "    \
      "not authenticated. Raise limits.inbound or limits.inbound_address, or " \
      "probe less at once.")                                                   \
    X(RETURN_IDLE, "return_idle", ERROR, "peer",                               \
      "The server connected to us and authenticated, but sent no answer.")     \
    /* A whole domain */                                                       \
    X(ENDPOINTS_DIFFER, "endpoints_differ", WARNING, "peer",                   \
      "Some endpoints of the domain work and others do not: servers that "     \
      "draw a bad one wait, or fail. Mend it, or take its record away.")       \
    X(CERTIFICATES_DIFFER, "certificates_differ", INFO, "peer",                \
      "The endpoints show different certificates. That is well as long as "    \
      "each is valid; a renewal has to reach them all.")                       \
    X(FEATURES_DIFFER, "features_differ", WARNING, "peer",                     \
      "The endpoints offer different features, so that it is a matter of "     \
      "chance how others authenticate. Give them the same configuration.")     \
    X(NO_DIRECT_TLS, "no_direct_tls", INFO, "peer",                            \
      "No endpoint speaks direct TLS (XEP-0368), which saves a round trip "    \
      "and cannot be stripped. Add _xmpps-server records for a port that "     \
      "does.")                                                                 \
    X(NO_IPV6, "no_ipv6", INFO, "peer",                                        \
      "No endpoint has an IPv6 address: servers without IPv4 do not get "      \
      "there.")                                                                \
    X(NO_IPV4, "no_ipv4", WARNING, "peer",                                     \
      "No endpoint has an IPv4 address: most servers need one.")               \
    X(NO_TLS_1_3, "no_tls_1_3", INFO, "peer",                                  \
      "The endpoint speaks TLS 1.2 and not 1.3. Newer software does both.")    \
    X(NO_TLS_1_2, "no_tls_1_2", INFO, "peer",                                  \
      "The endpoint speaks TLS 1.3 only: servers with old libraries do not "   \
      "get in.")                                                               \
    X(NO_DNSSEC, "no_dnssec", INFO, "peer",                                    \
      "DNSSEC does not vouch for the SRV records, as far as the resolver in "  \
      "use tells: certificates alone show who the server is.")                 \
    X(NO_DANE, "no_dane", INFO, "peer",                                        \
      "The records are signed, but no TLSA record names the certificate "      \
      "(RFC 7673). One of the kind 3 1 1 would.")                              \
    X(CLOCK_SKEW, "clock_skew", WARNING, "peer",                               \
      "The server's clock and ours differ: certificates, signatures and "      \
      "time stamps may be refused. Set both by NTP.")                          \
    X(CHECK_LIMITED, "check_limited", INFO, "us",                              \
      "The domain has more endpoints than one check looks at. Probe the "      \
      "others by host and port.")                                              \
    X(NO_TIME_LEFT, "no_time_left", WARNING, "us",                             \
      "The deadline passed before everything was looked at. Give it more "     \
      "time.")                                                                 \
    /* Ourselves */                                                            \
    X(OWN_CERT_EXPIRED, "own_cert_expired", ERROR, "us",                       \
      "Our own certificate is out of its time: renew it. Peers that check it " \
      "refuse it.")                                                            \
    X(OWN_CERT_EXPIRING, "own_cert_expiring", WARNING, "us",                   \
      "Renew our own certificate.")                                            \
    X(OWN_CERT_NAME, "own_cert_name", ERROR, "us",                             \
      "Our own certificate must carry our domain as dNSName. Peers that "      \
      "check it refuse it.")                                                   \
    X(OWN_CERT_USAGE_SERVER_ONLY, "own_cert_usage_server_only", INFO, "us",    \
      "Our own certificate is for TLS servers only: ejabberd before 25.07 "    \
      "and jabberd2 refuse it as a client certificate.")                       \
    X(OWN_CERT_USAGE_CLIENT_ONLY, "own_cert_usage_client_only", WARNING, "us", \
      "Our own certificate is not for TLS servers: Prosody refuses it in "     \
      "both directions.")                                                      \
    X(OWN_CERT_UNTRUSTED, "own_cert_untrusted", INFO, "us",                    \
      "Our own certificate does not hold up with the authorities that we "     \
      "know. Peers may know others.")                                          \
    X(OWN_CERT_XMPPADDR, "own_cert_xmppaddr", WARNING, "us",                   \
      "Our own certificate names us as xmppAddr too: ejabberd 23.01 fails "    \
      "when it reads that, and ends the stream without a word.")               \
    X(NO_AUTHORITIES, "no_authorities", ERROR, "us",                           \
      "Nothing can be verified without certificate authorities. Install the "  \
      "package ca-certificates, or name a file of them (ca_file, --ca-file).") \
    X(OWN_LIMIT, "own_limit", ERROR, "peer",                                   \
      "The peer sent more than our limits allow.")                             \
    X(TIMEOUT, "timeout", ERROR, "none",                                       \
      "The deadline passed in this stage. A longer one may tell more.")

#endif
