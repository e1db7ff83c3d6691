/* The findings about what happens on a stream, whole domains, and ourselves. */
#ifndef BASE_FINDING_LIST_MORE_H
#define BASE_FINDING_LIST_MORE_H

#define FINDING_LIST_MORE(X)                                                   \
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
