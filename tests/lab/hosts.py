"""What the lab's DNS answers, as a file, for a program that asks libc.

libc knows the name server and its port from /etc/resolv.conf alone. Where that
cannot be replaced, libnss_wrapper.so gives libc a file of hosts.
"""
import os
import re

NOWHERE = '127.0.0.54'  # nobody listens there


class Hosts:
    """The host-record and address lines of a dnsmasq.conf."""

    def __init__(self, path, zone):
        self.path, self.written = path, 0
        self.room = {}  # the library's own limit is 200
        self.entries = []
        self.below = re.findall(r'^address=/(.+)/(.+)$', zone, re.M)
        for record in re.findall(r'^host-record=(.+)$', zone, re.M):
            *names, address = record.split(',')
            self.entries += [(address, name) for name in names]
        # A name that the file does not have in the family that is asked for
        # goes to the machine's own name server: IPv4 is there for every name,
        # and IPv6 is never asked for (see environment()).
        self.entries += [(NOWHERE, name) for address, name in self.entries
                         if ':' in address]
        self.write()

    def write(self):
        """In one step: somebody may be reading. The library looks for a new time
        of modification, in seconds."""
        new = self.path + '.new'
        with open(new, 'w', encoding='ascii') as f:
            f.writelines(f'{address} {name}\n' for address, name in self.entries)
        os.chmod(new, 0o644)
        self.written += 1
        os.utime(new, (self.written, self.written))
        os.replace(new, self.path)

    def extend(self, found):
        """Names, and their addresses, that another server's zones have."""
        entries = [(address, name) for name, address in found]
        self.entries += [e for e in entries if e not in self.entries]
        self.room = {'NSS_WRAPPER_MAX_HOSTENTS': '4000'}  # names and addresses
        self.write()

    def add(self, name):
        """A name below a domain where DNS knows every name."""
        for domain, address in self.below:
            entry = (address, name)
            if name.endswith('.' + domain) and entry not in self.entries:
                self.entries.append(entry)
                self.write()

    def environment(self, library):
        return {**self.room, 'LD_PRELOAD': library, 'NSS_WRAPPER_HOSTS': self.path,
                'RES_OPTIONS': 'no-aaaa attempts:1 timeout:1'}
