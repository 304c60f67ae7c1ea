#!/usr/bin/python3
"""Checks that a type's name is declared in one folder of src/ only, so that a reader who greps for it finds one thing.

It looks at what headers declare at namespace scope: classes, structures, enumerations and aliases. colmeia-lab is a program
of its own, and is left out; so are the names that every module gives its own settings (they stand in .cc files).

  names.py [SRC]       prints each name with more than one home, and each exception that is none; exit status 1 when there is one
  names.py --self-test builds small trees, each with one fault, and fails when a fault goes unseen
"""

import pathlib
import re
import sys
import tempfile

TYPE = re.compile(r'(?:class|struct|enum class|enum|union)\s+(?:alignas\([^)]*\)\s*)?(\w+)\b[^;]*$')
ALIAS = re.compile(r'using (\w+)\s*=')
APART = {'lab'}

MESSAGE = 'a message, and the supervisor\'s action or event that stands for it'
CONTROL = 'the control socket speaks an HTTP of its own: its types are the data plane\'s in small'

# name: (its folders, why it may have them)
EXCEPTIONS = {
    'Adopt': ({'ipc', 'supervisor'}, MESSAGE),
    'Answer': ({'control', 'http1'}, CONTROL),
    'Client': ({'control', 'ipc'}, 'a program that asks the control socket, and the message that brings a client'),
    'Compile': ({'ipc', 'supervisor'}, MESSAGE),
    'Compiled': ({'ipc', 'supervisor'}, MESSAGE),
    'Connection': ({'control', 'http1'}, CONTROL),
    'Counts': ({'control', 'scoreboard'}, 'the same counts, as shared memory and as JSON has them'),
    'Drain': ({'ipc', 'worker'}, 'the message, and what a worker does about it'),
    'Event': ({'supervisor', 'trace'}, 'what the supervisor is told, and what the ring remembers of it'),
    'FailedReload': ({'control', 'master'}, 'the same, with a time of the clock and as JSON has it'),
    'Field': ({'control', 'http'}, 'a field of the status, and a field of a message'),
    'Handler': ({'control', 'site'}, CONTROL),
    'Peer': ({'control', 'trace'}, 'the program that asks, and the process that a message goes to'),
    'Received': ({'channel', 'supervisor'}, 'a frame that came, and the event that it is'),
    'Request': ({'control', 'http', 'supervisor'}, CONTROL + '; to the supervisor it is a command of one'),
    'Response': ({'control', 'pipeline'}, CONTROL),
    'Server': ({'control', 'site', 'worker'}, 'what serves the control socket, a `server` block, and what serves clients'),
    'Slot': ({'scoreboard', 'supervisor'}, 'the same slot, as shared memory and as the supervisor know it'),
    'SucceededReload': ({'control', 'master'}, 'as FailedReload'),
    'Status': ({'control', 'http'}, 'of the server, and of a response'),
}


def declared(text):
    """Names of the types that a header declares at namespace scope; what is only announced does not count."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        alias = ALIAS.match(line)
        if alias:
            yield alias[1]
        name = TYPE.match(line)
        if name is None:
            continue
        # The bases of a class may need more lines; an announcement ends at once.
        rest = ' '.join(lines[number:number + 4])
        if '{' in rest and ';' not in rest.split('{')[0]:
            yield name[1]
    for match in re.finditer(r'^(?:class|struct|enum class)\s+(?:alignas\([^)]*\)\s*)?(\w+)[^;{\n]*\{[^\n]*;', text, re.MULTILINE):
        yield match[1]  # written in one line


def homes_of(src):
    homes = {}
    for path in sorted(src.rglob('*.h')):
        folder = path.relative_to(src).parts[0]
        if folder not in APART:
            for name in declared(path.read_text(encoding='utf-8')):
                homes.setdefault(name, set()).add(folder)
    return homes


def check(src, exceptions):
    homes = homes_of(src)
    problems = []
    for name, folders in sorted(homes.items()):
        if len(folders) > 1 and folders != exceptions.get(name, (set(), ''))[0]:
            problems.append(f'{name} means something in each of {", ".join(sorted(folders))}: give them names of their own')
    for name, (folders, _) in sorted(exceptions.items()):
        if homes.get(name, set()) != folders and len(homes.get(name, set())) < 2:
            problems.append(f'{name} is an exception in names.py, and has one home or none')
    return problems


GOOD = {
    'a/x.h': 'namespace a {\nclass Announced;\nclass X final\n    : public Y {\n};\nstruct Empty {};\n}\n',
    'b/x.h': 'namespace b {\nclass X;\nstruct Announced {\n  struct X {\n  };\n};\n}\n',
    'lab/x.h': 'class X {\n};\n',
}
FAULTS = {
    'a class of the same name': ('b/y.h', 'class X {\n', 'X means something in each of a, b'),
    'a structure in one line': ('b/y.h', 'struct Empty {};\n', 'Empty means something'),
    'an alias of the same name': ('b/y.h', 'using X = int;\n', 'X means something'),
    'an enumeration of the same name': ('b/y.h', 'enum class X : int {\n', 'X means something'),
    'a template of the same name': ('b/y.h', 'template <class T>\nclass X : public T {\n', 'X means something'),
    'an aligned structure of the same name': ('b/y.h', 'struct alignas(64) X {\n', 'X means something'),
}


def found_in(files, exceptions):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding='utf-8')
        return check(pathlib.Path(folder), exceptions)


def self_test():
    failures = []
    if unexpected := found_in(GOOD, {}):
        failures.append(f'a good tree is refused: {unexpected}')
    for fault, (name, text, expected) in FAULTS.items():
        found = found_in({**GOOD, name: text}, {})
        if not any(expected in problem for problem in found):
            failures.append(f'{fault} goes unseen; found {found}')
    both = {**GOOD, 'b/y.h': 'class X {\n'}
    if unexpected := found_in(both, {'X': ({'a', 'b'}, 'for a reason')}):
        failures.append(f'an exception does not count: {unexpected}')
    if not found_in({**both, 'c/x.h': 'class X {\n'}, {'X': ({'a', 'b'}, 'for a reason')}):
        failures.append('a third home goes unseen')
    if not found_in(GOOD, {'X': ({'a', 'b'}, 'for a reason')}):
        failures.append('an exception that is none goes unseen')
    return failures


def main(arguments):
    if arguments == ['--self-test']:
        problems, done = self_test(), f'{len(FAULTS) + 2} kinds of fault are seen'
    else:
        src = pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).parents[2] / 'src'
        problems, done = check(src.resolve(), EXCEPTIONS), f'each type has one home, but for {len(EXCEPTIONS)} with a reason'
    for problem in problems:
        print(problem)
    if not problems:
        print(done)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
