/*
 * The binary interface of release 0.1 on LP64, frozen: a line of a released
 * version never changes. What a later release adds gets a block of its own;
 * sizes of structures that grew move there, offsets stay. tests/docs/abi
 * compiles this file and checks that nothing of the header is missing.
 */
#include <s2sprobe.h>

#define SIZE(type, size)                                                       \
    _Static_assert(sizeof(type) == (size), "size of " #type)
#define AT(type, member, offset)                                               \
    _Static_assert(offsetof(type, member) == (offset),                         \
                   "offset of " #type "." #member)
#define IS(name, value) _Static_assert((name) == (value), "value of " #name)

SIZE(void *, 8);
SIZE(size_t, 8);

/* 0.1: structures */

SIZE(s2s_transport, 56);
AT(s2s_transport, size, 0);
AT(s2s_transport, user, 8);
AT(s2s_transport, open, 16);
AT(s2s_transport, read, 24);
AT(s2s_transport, write, 32);
AT(s2s_transport, fd, 40);
AT(s2s_transport, close, 48);

SIZE(s2s_tls_request, 88);
AT(s2s_tls_request, size, 0);
AT(s2s_tls_request, server_name, 8);
AT(s2s_tls_request, alpn, 16);
AT(s2s_tls_request, certificate, 24);
AT(s2s_tls_request, key, 32);
AT(s2s_tls_request, lower, 40);
AT(s2s_tls_request, lower_read, 48);
AT(s2s_tls_request, lower_write, 56);
AT(s2s_tls_request, role, 64);
AT(s2s_tls_request, version, 68);
AT(s2s_tls_request, choose, 72);
AT(s2s_tls_request, chooser, 80);

SIZE(s2s_tls_info, 88);
AT(s2s_tls_info, size, 0);
AT(s2s_tls_info, protocol, 8);
AT(s2s_tls_info, cipher, 16);
AT(s2s_tls_info, alpn, 24);
AT(s2s_tls_info, chain, 32);
AT(s2s_tls_info, chain_sizes, 40);
AT(s2s_tls_info, chain_length, 48);
AT(s2s_tls_info, ocsp, 56);
AT(s2s_tls_info, ocsp_size, 64);
AT(s2s_tls_info, client_certificate_requested, 72);
AT(s2s_tls_info, client_certificate_sent, 76);
AT(s2s_tls_info, server_name, 80);

SIZE(s2s_tls, 64);
AT(s2s_tls, size, 0);
AT(s2s_tls, user, 8);
AT(s2s_tls, open, 16);
AT(s2s_tls, handshake, 24);
AT(s2s_tls, info, 32);
AT(s2s_tls, read, 40);
AT(s2s_tls, write, 48);
AT(s2s_tls, close, 56);

SIZE(s2s_identity, 64);
AT(s2s_identity, size, 0);
AT(s2s_identity, domain, 8);
AT(s2s_identity, certificate_file, 16);
AT(s2s_identity, key_file, 24);
AT(s2s_identity, key_password, 32);
AT(s2s_identity, pkcs12_file, 40);
AT(s2s_identity, dialback_secret, 48);
AT(s2s_identity, listen, 56);

SIZE(s2s_limits, 56);
AT(s2s_limits, size, 0);
AT(s2s_limits, header, 8);
AT(s2s_limits, element, 12);
AT(s2s_limits, element_authenticated, 16);
AT(s2s_limits, depth, 20);
AT(s2s_limits, nodes, 24);
AT(s2s_limits, attributes, 28);
AT(s2s_limits, bindings, 32);
AT(s2s_limits, name, 36);
AT(s2s_limits, probe, 40);
AT(s2s_limits, stanzas, 44);
AT(s2s_limits, inbound, 48);
AT(s2s_limits, inbound_address, 52);

SIZE(s2s_context_options, 120);
AT(s2s_context_options, size, 0);
AT(s2s_context_options, ca_file, 8);
AT(s2s_context_options, dns_servers, 16);
AT(s2s_context_options, identities, 24);
AT(s2s_context_options, address_filter, 32);
AT(s2s_context_options, address_filter_user, 40);
AT(s2s_context_options, log, 48);
AT(s2s_context_options, log_user, 56);
AT(s2s_context_options, limits, 64);
AT(s2s_context_options, log_level, 72);
AT(s2s_context_options, max_running, 76);
AT(s2s_context_options, resolver, 80);
AT(s2s_context_options, dns_trust_ad, 88);
AT(s2s_context_options, max_handshakes, 92);
AT(s2s_context_options, rate, 96);
AT(s2s_context_options, host_running, 100);
AT(s2s_context_options, address_running, 104);
AT(s2s_context_options, host_rate, 108);
AT(s2s_context_options, share, 112);

SIZE(s2s_dns_answer, 56);
AT(s2s_dns_answer, size, 0);
AT(s2s_dns_answer, records, 8);
AT(s2s_dns_answer, record_sizes, 16);
AT(s2s_dns_answer, record_count, 24);
AT(s2s_dns_answer, why, 32);
AT(s2s_dns_answer, rcode, 40);
AT(s2s_dns_answer, security, 44);
AT(s2s_dns_answer, ttl, 48);
AT(s2s_dns_answer, alias, 52);

SIZE(s2s_resolver, 48);
AT(s2s_resolver, size, 0);
AT(s2s_resolver, user, 8);
AT(s2s_resolver, start, 16);
AT(s2s_resolver, cancel, 24);
AT(s2s_resolver, fd, 32);
AT(s2s_resolver, process, 40);

SIZE(s2s_options, 120);
AT(s2s_options, size, 0);
AT(s2s_options, host, 8);
AT(s2s_options, port, 16);
AT(s2s_options, tls_mode, 18);
AT(s2s_options, timeout_ms, 20);
AT(s2s_options, flags, 24);
AT(s2s_options, ping_method, 28);
AT(s2s_options, transport, 32);
AT(s2s_options, tls, 40);
AT(s2s_options, context, 48);
AT(s2s_options, setup, 56);
AT(s2s_options, identity, 64);
AT(s2s_options, also_from, 72);
AT(s2s_options, stanza, 80);
AT(s2s_options, count, 88);
AT(s2s_options, interval_ms, 92);
AT(s2s_options, keepalive_ms, 96);
AT(s2s_options, reserved, 100);
AT(s2s_options, xml_to, 104);
AT(s2s_options, services, 112);

SIZE(s2s_stats, 48);
AT(s2s_stats, size, 0);
AT(s2s_stats, queued, 8);
AT(s2s_stats, running, 12);
AT(s2s_stats, held, 16);
AT(s2s_stats, handshakes, 20);
AT(s2s_stats, lag_p50_us, 24);
AT(s2s_stats, lag_p99_us, 32);
AT(s2s_stats, lag_max_us, 40);

SIZE(s2s_event, 40);
AT(s2s_event, size, 0);
AT(s2s_event, type, 8);
AT(s2s_event, via, 12);
AT(s2s_event, stanza, 16);
AT(s2s_event, length, 24);
AT(s2s_event, acked, 32);

/* 0.1: numbers */

SIZE(enum s2s_error, 4);
IS(S2S_OK, 0);
IS(S2S_EINVALID_ARGUMENT, -1);
IS(S2S_ENO_MEMORY, -2);
IS(S2S_EABI, -3);
IS(S2S_EBUSY, -4);
IS(S2S_EINTERNAL, -5);
IS(S2S_ECANCELLED, -6);
IS(S2S_ETIMEOUT, -7);
IS(S2S_EADDRESS_FORBIDDEN, -8);
IS(S2S_EPOLICY, -9);
IS(S2S_EDNS, -20);
IS(S2S_ECONNECT, -21);
IS(S2S_ECLOSED, -22);
IS(S2S_ENOT_XMPP, -23);
IS(S2S_EXML, -24);
IS(S2S_EXML_FORBIDDEN, -25);
IS(S2S_EENCODING, -26);
IS(S2S_ENAMESPACE, -27);
IS(S2S_ESTREAM_HEADER, -28);
IS(S2S_EPROTOCOL, -29);
IS(S2S_ELIMIT, -30);
IS(S2S_ETLS_HANDSHAKE, -31);
IS(S2S_ETLS_INJECTION, -32);
IS(S2S_ESTREAM_ERROR, -40);
IS(S2S_EREDIRECT, -41);
IS(S2S_ETLS_NOT_OFFERED, -42);
IS(S2S_ETLS_REFUSED, -43);
IS(S2S_ECERT_UNTRUSTED, -44);
IS(S2S_ECERT_EXPIRED, -45);
IS(S2S_ECERT_NAME, -46);
IS(S2S_EAUTH_FAILED, -47);
IS(S2S_EAUTH_ABORTED, -48);
IS(S2S_EDIALBACK_FAILED, -49);
IS(S2S_EREMOTE_ERROR, -50);
IS(S2S_ENO_RETURN_PATH, -51);
IS(S2S_EFEATURES, -52);
IS(S2S_EVERSION, -53);
IS(S2S_WANT_READ, -100);
IS(S2S_WANT_WRITE, -101);

SIZE(enum s2s_stage, 4);
IS(S2S_STAGE_NONE, 0);
IS(S2S_STAGE_QUEUE, 5);
IS(S2S_STAGE_DNS, 10);
IS(S2S_STAGE_TCP, 20);
IS(S2S_STAGE_STREAM, 30);
IS(S2S_STAGE_STARTTLS, 40);
IS(S2S_STAGE_TLS, 50);
IS(S2S_STAGE_FEATURES, 60);
IS(S2S_STAGE_AUTH, 70);
IS(S2S_STAGE_PING, 80);
IS(S2S_STAGE_OPEN, 90);
IS(S2S_STAGE_DONE, 100);

IS(S2S_CALLBACK_ERROR, -1000);
IS(S2S_TLS_AUTO, 0);
IS(S2S_TLS_STARTTLS, 1);
IS(S2S_TLS_DIRECT, 2);
IS(S2S_TLS_NONE, 3);
IS(S2S_ACCEPT_UNTRUSTED, 1);
IS(S2S_AUTHENTICATE, 2);
IS(S2S_NO_EXTERNAL, 4);
IS(S2S_NO_DIALBACK, 8);
IS(S2S_NO_BIDI, 16);
IS(S2S_NO_ACKS, 32);
IS(S2S_DIALBACK_UNVERIFIED, 64);
IS(S2S_DANE, 128);
IS(S2S_SRV_FALLBACK, 256);
IS(S2S_PIPELINE, 512);
IS(S2S_NO_LIMIT, 4294967295);
IS(S2S_PING_AUTO, 0);
IS(S2S_PING_IQ, 1);
IS(S2S_PING_DIALBACK_VERIFY, 2);
IS(S2S_OP_CONNECT, 1);
IS(S2S_OP_PING, 2);
IS(S2S_OP_SEND, 3);
IS(S2S_OP_CHECK, 4);
IS(S2S_SEVERITY_INFO, 0);
IS(S2S_SEVERITY_WARNING, 1);
IS(S2S_SEVERITY_ERROR, 2);
IS(S2S_LOG_ERROR, 0);
IS(S2S_LOG_INFO, 1);
IS(S2S_LOG_DEBUG, 2);
IS(S2S_LOG_WIRE, 3);
IS(S2S_TLS_CLIENT, 0);
IS(S2S_TLS_SERVER, 1);
IS(S2S_TLS_ANY, 0);
IS(S2S_TLS_1_2, 12);
IS(S2S_TLS_1_3, 13);
IS(S2S_EVENT_OPEN, 1);
IS(S2S_EVENT_STANZA, 2);
IS(S2S_EVENT_ACKED, 3);
IS(S2S_EVENT_CLOSED, 4);
IS(S2S_VIA_STREAM, 1);
IS(S2S_VIA_INBOUND, 2);
IS(S2S_DNS_INSECURE, 0);
IS(S2S_DNS_SECURE, 1);
IS(S2S_DNS_BOGUS, 2);
