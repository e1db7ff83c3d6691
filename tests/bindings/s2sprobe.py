"""libs2sprobe by ctypes: all of include/s2sprobe.h, and a little comfort.

The library is $S2SPROBE_LIBRARY, or libs2sprobe.so.0 of the system. `c` has
the functions as they are in C; connect(), ping(), send(), check_domain(),
Context and Stream are easier:

    result = connect('a.example', 'b.example', host='192.0.2.1')
    print(result.error, result.json['features'])
"""
import ctypes
import json
import os
from ctypes import byref, c_uint16, c_uint64, c_void_p

from declarations import *  # noqa: F403

# ---- The library -----------------------------------------------------------


class Functions:
    """The C functions, by name without s2s_; `called` says which were used."""

    def __init__(self, path):
        library = ctypes.CDLL(path)
        self.called = set()
        for name, (returns, arguments) in FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = returns, arguments
            setattr(self, name[len('s2s_'):], self.noting(name, function))

    def noting(self, name, function):
        def call(*arguments):
            self.called.add(name)
            return function(*arguments)
        return call


c = Functions(os.environ.get('S2SPROBE_LIBRARY', 'libs2sprobe.so.0'))

# ---- Comfort ---------------------------------------------------------------


def text(value):
    return None if value is None else value.decode()


class Result:
    """What a probe found. Freed with this object, unless it is another's."""

    def __init__(self, pointer, owner=None):
        self.pointer, self.owner = pointer, owner
        self.error = c.result_error(pointer)
        self.code = text(c.code_name(self.error))
        self.message = text(c.result_message(pointer))
        self.stage = c.result_stage(pointer)
        self.raw = c.result_json(pointer).decode()
        self.json = json.loads(self.raw)

    def __del__(self):
        if self.owner is None:
            c.result_free(self.pointer)

    def get(self, path):
        return text(c.result_get(self.pointer, path.encode()))

    def stage_us(self, stage):
        return c.result_stage_us(self.pointer, stage)

    def features(self):
        return [text(c.result_feature(self.pointer, i))
                for i in range(c.result_feature_count(self.pointer))]

    def stanzas(self):
        return [text(c.result_stanza(self.pointer, i))
                for i in range(c.result_stanza_count(self.pointer))]

    def findings(self):
        """Dictionaries with the members of the JSON's findings."""
        severities = {SEVERITY_INFO: 'info', SEVERITY_WARNING: 'warning',
                      SEVERITY_ERROR: 'error'}
        p = self.pointer
        return [{'code': text(c.result_finding_code(p, i)),
                 'severity': severities[c.result_finding_severity(p, i)],
                 'fault': text(c.result_finding_fault(p, i)),
                 'seen': text(c.result_finding_seen(p, i)),
                 'advice': text(c.result_finding_advice(p, i))}
                for i in range(c.result_finding_count(p))]


class Failure(Exception):
    """A call that gave no result."""

    def __init__(self, error):
        super().__init__(text(c.strerror(error)))
        self.error = error


def check(error):
    if error < 0:
        raise Failure(error)
    return error


def probe(function, *texts, **options):
    pointer = c_void_p()
    error = function(*[t.encode() for t in texts], byref(Options(**options)), byref(pointer))
    if not pointer:
        raise Failure(error)
    result = Result(pointer)
    assert result.error == error
    return result


def connect(from_domain, to_domain, **options):
    return probe(c.connect, from_domain, to_domain, **options)


def ping(from_domain, to_domain, **options):
    return probe(c.ping, from_domain, to_domain, **options)


def check_domain(from_domain, to_domain, **options):
    return probe(c.check, from_domain, to_domain, **options)


def send(from_domain, to_domain, stanza, **options):
    return probe(c.send, from_domain, to_domain, stanza, **options)


def look_at(from_domain, to_domain, **options):
    """s2s_check()."""
    return probe(c.check, from_domain, to_domain, **options)


# For contexts of which one server has to bear much.
UNLIMITED = {'host_running': NO_LIMIT, 'address_running': NO_LIMIT, 'host_rate': NO_LIMIT}


class Context:
    """Many probes at once. submit() takes any object as `user`."""

    def __init__(self, **options):
        self.options = ContextOptions(**options)
        self.pointer = c_void_p()
        self.users = {}
        self.streams = {}
        check(c.context_new(byref(self.options), byref(self.pointer)))

    def close(self):
        if self.pointer:
            for stream in list(self.streams.values()):
                stream.free()
            c.context_free(self.pointer)
            self.pointer = c_void_p()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def submit(self, op, from_domain, to_domain, user=None, **options):
        number = c_uint64()
        handle = len(self.users) + 1
        copied = Options(**options)
        self.users[handle] = (user, copied)  # keeps its callbacks alive
        check(c.context_submit(self.pointer, op, from_domain.encode(), to_domain.encode(),
                               byref(copied), handle, byref(number)))
        return number.value

    def next(self):
        """(result, id, user), or None."""
        pointer, number, user = c_void_p(), c_uint64(), c_void_p()
        if check(c.context_next(self.pointer, byref(pointer), byref(number), byref(user))) == 0:
            return None
        return (Result(pointer) if pointer else None, number.value, self.users[user.value][0])

    def run(self, timeout_ms=-1):
        return check(c.context_run(self.pointer, timeout_ms))

    def process(self):
        return check(c.context_process(self.pointer))

    def timeout_ms(self):
        return c.context_timeout_ms(self.pointer)

    def stats(self):
        filled = Stats()
        check(c.context_stats(self.pointer, byref(filled)))
        return filled

    def fd(self):
        return c.context_fd(self.pointer)

    def cancel(self, number):
        c.context_cancel(self.pointer, number)

    def wakeup(self):
        c.context_wakeup(self.pointer)

    def stop(self):
        c.context_stop(self.pointer)

    def connect(self, from_domain, to_domain, **options):
        return connect(from_domain, to_domain, context=self.pointer, **options)

    def ping(self, from_domain, to_domain, **options):
        return ping(from_domain, to_domain, context=self.pointer, **options)

    def check_domain(self, from_domain, to_domain, **options):
        return check_domain(from_domain, to_domain, context=self.pointer, **options)

    def send(self, from_domain, to_domain, stanza, **options):
        return send(from_domain, to_domain, stanza, context=self.pointer, **options)

    def look_at(self, from_domain, to_domain, **options):
        return look_at(from_domain, to_domain, context=self.pointer, **options)

    def listen(self, address):
        """The port."""
        port = c_uint16()
        check(c.context_listen(self.pointer, address.encode(), byref(port)))
        return port.value

    def stream(self):
        """A stream that has events, or None."""
        pointer = c.context_stream(self.pointer)
        return self.streams[pointer] if pointer else None


class Stream:
    """An authenticated stream that stays open."""

    def __init__(self, context, from_domain, to_domain, user=None, **options):
        self.context, self.user = context, user
        pointer = c_void_p()
        check(c.stream_open(context.pointer, from_domain.encode(), to_domain.encode(),
                            byref(Options(**options)), id(self), byref(pointer)))
        self.pointer = pointer.value
        self.options = options  # keeps its callbacks alive
        context.streams[self.pointer] = self
        assert c.stream_user(self.pointer) == id(self)

    def send(self, stanza):
        check(c.stream_send(self.pointer, stanza.encode(), len(stanza.encode())))

    def next(self):
        """(type, via, stanza, acked), or None."""
        event = Event()
        if check(c.stream_next(self.pointer, byref(event))) == 0:
            return None
        return (event.type, event.via, text(event.stanza), event.acked)

    def close(self):
        c.stream_close(self.pointer)

    def result(self):
        """None before the end is taken. Not longer than the stream."""
        pointer = c.stream_result(self.pointer)
        return Result(pointer, self) if pointer else None

    def free(self):
        if self.pointer:
            c.stream_free(self.pointer)
            del self.context.streams[self.pointer]
            self.pointer = None
