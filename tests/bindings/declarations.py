"""What include/s2sprobe.h declares: constants, structures, functions."""
import ctypes
from ctypes import (CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_size_t,
                    c_ssize_t, c_ubyte, c_uint16, c_uint32, c_uint64, c_void_p)

# ---- Constants: every enumerator and macro of the header ----------------

ERRORS = {
    'OK': 0, 'EINVALID_ARGUMENT': -1, 'ENO_MEMORY': -2, 'EABI': -3, 'EBUSY': -4,
    'EINTERNAL': -5, 'ECANCELLED': -6, 'ETIMEOUT': -7, 'EADDRESS_FORBIDDEN': -8,
    'EPOLICY': -9, 'EDNS': -20, 'ECONNECT': -21, 'ECLOSED': -22, 'ENOT_XMPP': -23,
    'EXML': -24, 'EXML_FORBIDDEN': -25, 'EENCODING': -26, 'ENAMESPACE': -27,
    'ESTREAM_HEADER': -28, 'EPROTOCOL': -29, 'ELIMIT': -30, 'ETLS_HANDSHAKE': -31,
    'ETLS_INJECTION': -32, 'ESTREAM_ERROR': -40, 'EREDIRECT': -41,
    'ETLS_NOT_OFFERED': -42, 'ETLS_REFUSED': -43, 'ECERT_UNTRUSTED': -44,
    'ECERT_EXPIRED': -45, 'ECERT_NAME': -46, 'EAUTH_FAILED': -47,
    'EAUTH_ABORTED': -48, 'EDIALBACK_FAILED': -49, 'EREMOTE_ERROR': -50,
    'ENO_RETURN_PATH': -51, 'EFEATURES': -52, 'EVERSION': -53, 'WANT_READ': -100,
    'WANT_WRITE': -101,
}
STAGES = {
    'NONE': 0, 'QUEUE': 5, 'DNS': 10, 'TCP': 20, 'STREAM': 30, 'STARTTLS': 40,
    'TLS': 50, 'FEATURES': 60, 'AUTH': 70, 'PING': 80, 'OPEN': 90,
    'DONE': 100,
}
MACROS = {
    'CALLBACK_ERROR': -1000, 'TLS_AUTO': 0, 'TLS_STARTTLS': 1, 'TLS_DIRECT': 2,
    'TLS_NONE': 3, 'ACCEPT_UNTRUSTED': 1, 'AUTHENTICATE': 2, 'NO_EXTERNAL': 4,
    'NO_DIALBACK': 8, 'NO_BIDI': 16, 'NO_ACKS': 32, 'DIALBACK_UNVERIFIED': 64,
    'DANE': 128, 'SRV_FALLBACK': 256, 'PIPELINE': 512, 'NO_LIMIT': 0xffffffff, 'PING_AUTO': 0,
    'PING_IQ': 1, 'PING_DIALBACK_VERIFY': 2, 'OP_CONNECT': 1,
    'OP_PING': 2, 'OP_SEND': 3, 'OP_CHECK': 4, 'SEVERITY_INFO': 0, 'SEVERITY_WARNING': 1,
    'SEVERITY_ERROR': 2, 'LOG_ERROR': 0, 'LOG_INFO': 1, 'LOG_DEBUG': 2, 'LOG_WIRE': 3,
    'TLS_CLIENT': 0, 'TLS_SERVER': 1, 'TLS_ANY': 0, 'TLS_1_2': 12, 'TLS_1_3': 13,
    'EVENT_OPEN': 1, 'EVENT_STANZA': 2,
    'EVENT_ACKED': 3, 'EVENT_CLOSED': 4, 'VIA_STREAM': 1, 'VIA_INBOUND': 2,
    'DNS_INSECURE': 0, 'DNS_SECURE': 1, 'DNS_BOGUS': 2,
}
globals().update(ERRORS)
globals().update({'STAGE_' + name: value for name, value in STAGES.items()})
globals().update(MACROS)

# ---- Types ---------------------------------------------------------------

READ_FN = CFUNCTYPE(c_ssize_t, c_void_p, c_void_p, c_size_t)
WRITE_FN = CFUNCTYPE(c_ssize_t, c_void_p, c_void_p, c_size_t)
ADDRESS_FILTER = CFUNCTYPE(c_int, c_void_p, c_void_p, c_uint32)
LOG_FN = CFUNCTYPE(None, c_void_p, c_int, c_char_p, c_char_p)
TRANSPORT_OPEN = CFUNCTYPE(c_int, c_void_p, c_char_p, c_uint16, POINTER(c_void_p))
OF_CONN = CFUNCTYPE(c_int, c_void_p)
CLOSE_FN = CFUNCTYPE(None, c_void_p)
TLS_CHOOSE = CFUNCTYPE(c_int, c_void_p, c_char_p, POINTER(c_char_p), POINTER(c_char_p))


class Sized(ctypes.Structure):
    """A structure that knows its size, and takes text for char pointers."""

    def __init__(self, **members):
        super().__init__(size=ctypes.sizeof(self))
        for name, value in members.items():
            self[name] = value

    def __setitem__(self, name, value):
        kind = dict(self._fields_)[name]
        if isinstance(value, str):
            value = value.encode()
        elif kind is POINTER(c_char_p) and value is not None:
            value = string_list(value)
        elif isinstance(value, list):
            value = structure_list(value)
        elif isinstance(value, ctypes.Structure):
            value = ctypes.pointer(value)
        setattr(self, name, value)


def string_list(texts):
    return (c_char_p * (len(texts) + 1))(*[t.encode() for t in texts], None)


def structure_list(values):
    kind = POINTER(type(values[0]))
    return (kind * (len(values) + 1))(*[ctypes.pointer(v) for v in values], None)


class Transport(Sized):
    _fields_ = [('size', c_size_t), ('user', c_void_p), ('open', TRANSPORT_OPEN),
                ('read', READ_FN), ('write', WRITE_FN), ('fd', OF_CONN),
                ('close', CLOSE_FN)]


class TlsRequest(Sized):
    _fields_ = [('size', c_size_t), ('server_name', c_char_p), ('alpn', c_char_p),
                ('certificate', c_char_p), ('key', c_char_p), ('lower', c_void_p),
                ('lower_read', READ_FN), ('lower_write', WRITE_FN),
                ('role', c_uint32), ('version', c_uint32), ('choose', TLS_CHOOSE),
                ('chooser', c_void_p)]


class TlsInfo(Sized):
    _fields_ = [('size', c_size_t), ('protocol', c_char_p), ('cipher', c_char_p),
                ('alpn', c_char_p), ('chain', POINTER(POINTER(c_ubyte))),
                ('chain_sizes', POINTER(c_size_t)), ('chain_length', c_size_t),
                ('ocsp', POINTER(c_ubyte)), ('ocsp_size', c_size_t),
                ('client_certificate_requested', c_uint32),
                ('client_certificate_sent', c_uint32), ('server_name', c_char_p)]


TLS_OPEN = CFUNCTYPE(c_int, c_void_p, POINTER(TlsRequest), POINTER(c_void_p))
TLS_INFO = CFUNCTYPE(c_int, c_void_p, POINTER(TlsInfo))


class Tls(Sized):
    _fields_ = [('size', c_size_t), ('user', c_void_p), ('open', TLS_OPEN),
                ('handshake', OF_CONN), ('info', TLS_INFO), ('read', READ_FN),
                ('write', WRITE_FN), ('close', CLOSE_FN)]


class Identity(Sized):
    _fields_ = [('size', c_size_t), ('domain', c_char_p),
                ('certificate_file', c_char_p), ('key_file', c_char_p),
                ('key_password', c_char_p), ('pkcs12_file', c_char_p),
                ('dialback_secret', c_char_p), ('listen', POINTER(c_char_p))]


class Limits(Sized):
    _fields_ = [('size', c_size_t)] + [(name, c_uint32) for name in (
        'header', 'element', 'element_authenticated', 'depth', 'nodes',
        'attributes', 'bindings', 'name', 'probe', 'stanzas', 'inbound',
        'inbound_address')]


class DnsAnswer(Sized):
    _fields_ = [('size', c_size_t), ('records', POINTER(POINTER(c_ubyte))),
                ('record_sizes', POINTER(c_size_t)), ('record_count', c_size_t),
                ('why', c_char_p), ('rcode', c_uint32), ('security', c_uint32),
                ('ttl', c_uint32), ('alias', c_uint32)]


RESOLVER_START = CFUNCTYPE(c_int, c_void_p, c_void_p, c_char_p, c_uint16)
RESOLVER_CANCEL = CFUNCTYPE(None, c_void_p, c_void_p)


class Resolver(Sized):
    _fields_ = [('size', c_size_t), ('user', c_void_p), ('start', RESOLVER_START),
                ('cancel', RESOLVER_CANCEL), ('fd', OF_CONN), ('process', CLOSE_FN)]


class ContextOptions(Sized):
    _fields_ = [('size', c_size_t), ('ca_file', c_char_p),
                ('dns_servers', POINTER(c_char_p)),
                ('identities', POINTER(POINTER(Identity))),
                ('address_filter', ADDRESS_FILTER), ('address_filter_user', c_void_p),
                ('log', LOG_FN), ('log_user', c_void_p), ('limits', POINTER(Limits)),
                ('log_level', c_uint32), ('max_running', c_uint32),
                ('resolver', POINTER(Resolver)), ('dns_trust_ad', c_uint32),
                ('max_handshakes', c_uint32), ('rate', c_uint32),
                ('host_running', c_uint32), ('address_running', c_uint32),
                ('host_rate', c_uint32), ('share', c_void_p)]


class Options(Sized):
    _fields_ = [('size', c_size_t), ('host', c_char_p), ('port', c_uint16),
                ('tls_mode', c_uint16), ('timeout_ms', c_uint32), ('flags', c_uint32),
                ('ping_method', c_uint32), ('transport', POINTER(Transport)),
                ('tls', POINTER(Tls)), ('context', c_void_p),
                ('setup', POINTER(ContextOptions)), ('identity', POINTER(Identity)),
                ('also_from', POINTER(c_char_p)), ('stanza', c_char_p),
                ('count', c_uint32), ('interval_ms', c_uint32),
                ('keepalive_ms', c_uint32), ('reserved', c_uint32), ('xml_to', c_char_p),
                ('services', POINTER(c_char_p))]


class Event(Sized):
    _fields_ = [('size', c_size_t), ('type', c_uint32), ('via', c_uint32),
                ('stanza', c_char_p), ('length', c_size_t), ('acked', c_uint64)]


class Stats(Sized):
    _fields_ = [('size', c_size_t), ('queued', c_uint32), ('running', c_uint32),
                ('held', c_uint32), ('handshakes', c_uint32),
                ('lag_p50_us', c_uint64), ('lag_p99_us', c_uint64),
                ('lag_max_us', c_uint64)]


STRUCTS = {
    's2s_stats': Stats,
    's2s_transport': Transport, 's2s_tls_request': TlsRequest, 's2s_tls_info': TlsInfo,
    's2s_tls': Tls, 's2s_identity': Identity, 's2s_limits': Limits,
    's2s_context_options': ContextOptions, 's2s_options': Options, 's2s_event': Event,
    's2s_dns_answer': DnsAnswer, 's2s_resolver': Resolver,
}

# ---- Functions -----------------------------------------------------------

_RESULT, _CONTEXT, _STREAM = c_void_p, c_void_p, c_void_p
_PROBE = (c_int, [c_char_p, c_char_p, POINTER(Options), POINTER(_RESULT)])
_COUNT = (c_size_t, [_RESULT])
_TEXT_AT = (c_char_p, [_RESULT, c_size_t])
FUNCTIONS = {  # name: (returns, arguments)
    's2s_connect': _PROBE,
    's2s_ping': _PROBE,
    's2s_send': (c_int, [c_char_p, c_char_p, c_char_p, POINTER(Options),
                         POINTER(_RESULT)]),
    's2s_check': _PROBE,
    's2s_result_free': (None, [_RESULT]),
    's2s_result_error': (c_int, [_RESULT]),
    's2s_result_message': (c_char_p, [_RESULT]),
    's2s_result_stage': (c_int, [_RESULT]),
    's2s_result_stream_id': (c_char_p, [_RESULT]),
    's2s_result_feature_count': _COUNT,
    's2s_result_feature': _TEXT_AT,
    's2s_result_stanza_count': _COUNT,
    's2s_result_stanza': _TEXT_AT,
    's2s_result_stage_us': (c_int64, [_RESULT, c_int]),
    's2s_result_finding_count': _COUNT,
    's2s_result_finding_code': _TEXT_AT,
    's2s_result_finding_severity': (c_int, [_RESULT, c_size_t]),
    's2s_result_finding_fault': _TEXT_AT,
    's2s_result_finding_seen': _TEXT_AT,
    's2s_result_finding_advice': _TEXT_AT,
    's2s_result_get': (c_char_p, [_RESULT, c_char_p]),
    's2s_result_json': (c_char_p, [_RESULT]),
    's2s_context_new': (c_int, [POINTER(ContextOptions), POINTER(_CONTEXT)]),
    's2s_context_free': (None, [_CONTEXT]),
    's2s_context_fd': (c_int, [_CONTEXT]),
    's2s_context_timeout_ms': (c_int, [_CONTEXT]),
    's2s_context_process': (c_int, [_CONTEXT]),
    's2s_context_submit': (c_int, [_CONTEXT, c_int, c_char_p, c_char_p,
                                   POINTER(Options), c_void_p, POINTER(c_uint64)]),
    's2s_context_cancel': (None, [_CONTEXT, c_uint64]),
    's2s_context_next': (c_int, [_CONTEXT, POINTER(_RESULT), POINTER(c_uint64),
                                 POINTER(c_void_p)]),
    's2s_context_run': (c_int, [_CONTEXT, c_int]),
    's2s_context_stats': (c_int, [_CONTEXT, POINTER(Stats)]),
    's2s_context_wakeup': (None, [_CONTEXT]),
    's2s_context_stop': (None, [_CONTEXT]),
    's2s_context_listen': (c_int, [_CONTEXT, c_char_p, POINTER(c_uint16)]),
    's2s_context_stream': (_STREAM, [_CONTEXT]),
    's2s_stream_open': (c_int, [_CONTEXT, c_char_p, c_char_p, POINTER(Options), c_void_p,
                                POINTER(_STREAM)]),
    's2s_stream_send': (c_int, [_STREAM, c_char_p, c_size_t]),
    's2s_stream_next': (c_int, [_STREAM, POINTER(Event)]),
    's2s_stream_user': (c_void_p, [_STREAM]),
    's2s_stream_close': (None, [_STREAM]),
    's2s_stream_result': (_RESULT, [_STREAM]),
    's2s_stream_free': (None, [_STREAM]),
    's2s_dns_done': (c_int, [c_void_p, POINTER(DnsAnswer)]),
    's2s_address_public': (c_int, [c_void_p, c_uint32]),
    's2s_strerror': (c_char_p, [c_int]),
    's2s_code_name': (c_char_p, [c_int]),
    's2s_version': (c_char_p, []),
}
