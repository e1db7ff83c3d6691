"""DNS messages (RFC 1035) as the lab's client and responder need them: plain
names and records in, octets out, and back."""
import ipaddress
import struct

A, NS, CNAME, SOA, TXT, AAAA, SRV, OPT, DS, RRSIG, DNSKEY, TLSA = (
    1, 2, 5, 6, 16, 28, 33, 41, 43, 46, 48, 52)
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x400, 0x200, 0x100, 0x80, 0x20, 0x10
DO = 0x8000  # in the flags of EDNS
EDNS_SIZE = 1232
LONGEST = 65535  # of a message over TCP


def name(text):
    """In octets, uncompressed. A dot ends each label; nothing is escaped."""
    labels = [label.encode() for label in text.rstrip('.').split('.') if label]
    return b''.join(bytes([len(label)]) + label for label in labels) + b'\0'


def srv(priority, weight, port, target):
    """Its data. A target in octets is taken as it is, pointers and all."""
    return struct.pack('!HHH', priority, weight, port) + (
        target if isinstance(target, bytes) else name(target))


def address(text):
    return ipaddress.ip_address(text).packed


def record(owner, kind, data, ttl=60):
    owner = owner if isinstance(owner, bytes) else name(owner)
    return owner + struct.pack('!HHIH', kind, 1, ttl, len(data)) + data


def query(number, what, kind, flags=RD | AD, do=False):
    extra = b'\0' + struct.pack('!HHIH', OPT, EDNS_SIZE, DO if do else 0, 0)
    return (struct.pack('!6H', number, flags, 1, 0, 0, 1) + name(what) +
            struct.pack('!HH', kind, 1) + extra)


def read_name(message, at):
    """The name at an offset, in small letters, and where it ends."""
    labels, end, jumps = [], None, 0
    while message[at]:
        if message[at] >= 0xC0:
            end = at + 2 if end is None else end
            jumps += 1
            if jumps > 100:
                raise ValueError('a loop of pointers')
            at = (message[at] & 0x3F) << 8 | message[at + 1]
        else:
            labels.append(message[at + 1:at + 1 + message[at]].decode('latin-1').lower())
            at += 1 + message[at]
    return '.'.join(labels) + '.', at + 1 if end is None else end


def read_data(message, kind, at, length):
    data = message[at:at + length]
    if kind in (A, AAAA):
        return str(ipaddress.ip_address(data))
    if kind in (CNAME, NS):
        return read_name(message, at)[0]
    if kind == SRV:
        return (*struct.unpack_from('!HHH', data), read_name(message, at + 6)[0])
    if kind == TLSA:
        return (*data[:3], data[3:].hex())
    return data


class Answer:
    """A message that came: its header, and (owner, type, data) of each answer."""

    def __init__(self, message):
        self.message = message
        self.number, self.flags, questions, answers = struct.unpack_from('!4H', message)
        self.rcode = self.flags & 15
        at, self.records = 12, []
        for _ in range(questions):
            self.asked, at = read_name(message, at)
            at += 4
        for _ in range(answers):
            owner, at = read_name(message, at)
            kind, _, self.ttl, length = struct.unpack_from('!HHIH', message, at)
            self.records.append((owner, kind, read_data(message, kind, at + 10, length)))
            at += 10 + length

    @property
    def secure(self):
        """Whether the resolver says that it has validated this."""
        return bool(self.flags & AD)

    def of(self, kind):
        return [data for _, k, data in self.records if k == kind]
