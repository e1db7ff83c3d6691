"""What include/s2sprobe.h declares, for the checks beside this file.

The header is written in one style (see the prototypes in it), so a few
patterns read it; counts are checked where a silent miss would hide a fault.
"""
import re
import sys


def strip_comments(text):
    return re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)


def squeeze(text):
    """One spelling for each prototype: single spaces, none beside * or ()."""
    text = re.sub(r'\s+', ' ', text).strip()
    return re.sub(r' ?([*(),]) ?', r'\1', text)


class Header:
    def __init__(self, path):
        with open(path, encoding='utf-8') as f:
            self.text = strip_comments(f.read())
        self.functions = {}  # name -> (return type, arguments)
        for result, name, arguments in re.findall(
                r'S2S_API\s+([\w\s*]+?)(\bs2s_\w+)\(([^;]*)\);', self.text):
            self.functions[name] = (squeeze(result), squeeze(arguments))
        if len(self.functions) != len(re.findall(r'^S2S_API\s', self.text,
                                                 flags=re.M)):
            sys.exit('header.py: a prototype of the header was not understood')
        self.structs = {name: self.members(body) for body, name in re.findall(
            r'typedef struct \w+ \{(.*?)\n\} (\w+);', self.text, flags=re.S)}
        self.enums = {}  # enum name -> {constant: value}
        for name, body in re.findall(r'enum (\w+) \{(.*?)\};', self.text,
                                     flags=re.S):
            self.enums[name] = {c: int(v) for c, v in re.findall(
                r'(S2S_\w+) = (-?\d+)', body)}
        self.macros = {c: int(v.strip('()u')) for c, v in re.findall(
            r'^#define (S2S_\w+)\s+(\(?-?\d+u?\)?)\s*$', self.text, flags=re.M)}
        self.callbacks = {  # name -> (return type, arguments)
            name: (squeeze(result), squeeze(arguments))
            for result, name, arguments in re.findall(
                r'(typedef [\w\s*]+?)(\bs2s_\w+)\(([^;]*)\);', self.text)}
        self.types = set(self.structs) | set(self.callbacks)

    @staticmethod
    def members(body):
        """{name: declaration}; a pointer to a function is named by (*name)."""
        members = {}
        for line in body.split(';'):
            found = re.search(r'\(\*(\w+)\)', line) or re.search(
                r'(\w+)\s*$', line)
            if found:
                members[found.group(1)] = squeeze(line)
        return members


def report(name, problems):
    """End the program: 0 and one line, or 1 and every problem."""
    for problem in problems:
        print(f'{name}: {problem}')
    if problems:
        sys.exit(1)
    print(f'{name}: ok')
