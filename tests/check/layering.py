#!/usr/bin/python3
"""Checks that src/ keeps to the table in src/README.md.

A folder may include lower floors, itself, and the siblings that its row names; a third-party header with a door may be
included only by the door's folder; every folder has a row and every row a folder; and the floors and siblings in
src/CMakeLists.txt are the table's.

The lines of a row, to the hundred, are off by half at most. Some words of a row's last column are rules, too. "includes
neither `a` nor `b`": not even what lies below. "blind to each other": a file there includes only headers of its own module. A
module is a header that exports a site::Module, with the files of its stem and of its stem and "_": hive.h, hive_json.h.
"sees no socket": no header and no call for one. "gives no descriptor away": no function in its headers returns one.

  layering.py [SRC]       prints each breach as file:line, exit status 1 when there is one
  layering.py --self-test builds small trees, each with one fault, and fails when a fault goes unseen
"""

import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
ROW = re.compile(r'\|\s*`(\w+)`\s*\|\s*(\d+)\s*\|([^|]*)\|([^|]*)\|(.*)')
NEITHER = re.compile(r'includes neither `(\w+)` nor `(\w+)`')
BLIND = 'blind to each other'
SEES_NO_SOCKET = 'sees no socket'
SOCKET_HEADERS = {'sys/sockets.h', 'sys/socket_io.h', 'transport/layer.h', 'sys/socket.h', 'sys/sendfile.h', 'sys/epoll.h', 'poll.h',
                  'netinet/tcp.h'}
SOCKET_CALL = re.compile(r'\bLocalOf\(|::(?:recv|recvmsg|send|sendmsg|sendfile|accept4?|shutdown|[gs]etsockopt|get(?:sock|peer)name)\(')
KEEPS_DESCRIPTORS = 'gives no descriptor away'
GIVES_DESCRIPTOR = re.compile(r'\bint\s+\w*(?:fd|descriptor)\w*\(|\bUniqueFd\s*&{0,2}\s*\w+\([^)]*\)\s*(?:const|noexcept|&|[;{])', re.IGNORECASE)
EXPORT = re.compile(r'^extern const (site::)?Module k', re.MULTILINE)
CMAKE_FOLDER = re.compile(r'^\s*colmeia_folder\((\w+)\s+FLOOR\s+(\d+)([^)]*)\)', re.MULTILINE)


class Folder:
    def __init__(self, floor, siblings, doors, text):
        self.floor = floor
        self.siblings = siblings
        self.doors = doors
        self.never = {name for pair in NEITHER.findall(text) for name in pair}
        self.blind = BLIND in text
        self.sees_no_socket = SEES_NO_SOCKET in text
        self.keeps_descriptors = KEEPS_DESCRIPTORS in text
        lines = re.match(r'\s*(\d+)\s*\|', text)
        self.lines = int(lines[1]) if lines else None


def read_table(readme):
    """Rows of the table: {folder: Folder}."""
    table = {}
    for line in readme.read_text(encoding='utf-8').splitlines():
        row = ROW.match(line)
        if row:
            name, floor, siblings, doors, text = row.groups()
            table[name] = Folder(int(floor), set(re.findall(r'`(\w+)`', siblings)), re.findall(r'`([^`]+)`', doors), text)
    return table


def is_behind(header, door):
    """Whether a header belongs to a door: `uv.h` means that file and the folder uv/, `spdlog/` a whole folder."""
    folder = door if door.endswith('/') else door.removesuffix('.h') + '/'
    return header == door or header.startswith(folder)


def module_of(stem, modules):
    """The module that a file belongs to: the longest name that is its stem, or its stem's beginning up to a "_"."""
    return max((name for name in modules if stem == name or stem.startswith(name + '_')), key=len, default=stem)


def check_file(path, folder, table, modules, breaches, src):
    here = table[folder]
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        include = INCLUDE.match(line)
        place = f'{path.relative_to(src.parent)}:{number}'
        if not include:
            code = line.split('//')[0]
            if here.sees_no_socket and SOCKET_CALL.search(code):
                breaches.append(f'{place}: {folder}/ asks a socket itself, and its row says that it {SEES_NO_SOCKET}')
            if here.keeps_descriptors and path.suffix == '.h' and GIVES_DESCRIPTOR.search(code):
                breaches.append(f'{place}: {folder}/ returns a descriptor, and its row says that it {KEEPS_DESCRIPTORS}')
            continue
        kind, header = include.groups()
        if here.sees_no_socket and header in SOCKET_HEADERS:
            breaches.append(f'{place}: {folder}/ includes "{header}", and its row says that it {SEES_NO_SOCKET}')
        for name, other in table.items():
            if name != folder and any(is_behind(header, door) for door in other.doors):
                breaches.append(f'{place}: <{header}> has one door, {name}/')
        if kind != '"':
            continue
        target = header.split('/')[0]
        if '/' not in header or target not in table:
            breaches.append(f'{place}: "{header}" is not written as a full path from src/')
            continue
        there = table[target]
        if target in here.never:
            breaches.append(f'{place}: {folder}/ includes "{header}", and its row says that it never does')
        if here.blind and target == folder:
            own, other = module_of(path.stem, modules), module_of(pathlib.PurePath(header).stem, modules)
            if own != other:
                breaches.append(f'{place}: the module {own} includes "{header}" of the module {other}')
        if target == folder or there.floor < here.floor or target in here.siblings:
            continue
        where = 'a sibling that its row does not name' if there.floor == here.floor else 'above it'
        breaches.append(f'{place}: {folder}/ (floor {here.floor}) includes "{header}" (floor {there.floor}), {where}')


def check_cmake(cmake, table, breaches):
    seen = set()
    for name, floor, rest in CMAKE_FOLDER.findall(cmake.read_text(encoding='utf-8')):
        seen.add(name)
        words, siblings, taking = rest.split(), set(), False
        for word in words:
            if word.isupper():
                taking = word == 'SIBLINGS'
            elif taking:
                siblings.add(word)
        if name not in table:
            breaches.append(f'src/CMakeLists.txt: {name} has no row in src/README.md')
        elif (int(floor), siblings) != (table[name].floor, table[name].siblings):
            breaches.append(f'src/CMakeLists.txt: {name} stands on another floor, or beside others, than in src/README.md')
    for name in sorted(set(table) - seen - {'app'}):
        breaches.append(f'src/CMakeLists.txt: {name} of src/README.md is not built')


def check(src):
    """All breaches in a source tree, as sentences that begin with the place."""
    table = read_table(src / 'README.md')
    breaches = [] if table else ['src/README.md: no row of the table was understood']
    folders = {path.name for path in src.iterdir() if path.is_dir() and any(path.rglob('*.[ch]*'))}
    for name in sorted(folders - set(table)):
        breaches.append(f'src/{name}: this folder has no row in src/README.md')
    for name in sorted(set(table) - folders):
        breaches.append(f'src/README.md: there is no folder {name}/')
    for name in sorted(folders & set(table)):
        paths = [path for path in sorted((src / name).rglob('*')) if path.suffix in ('.h', '.cc')]
        modules = {path.stem for path in paths
                   if path.suffix == '.h' and EXPORT.search(path.read_text(encoding='utf-8'))}
        count = sum(len(path.read_text(encoding='utf-8').splitlines()) for path in paths)
        told = table[name].lines
        if told is not None and not told / 1.5 - 100 <= count <= told * 1.5 + 100:
            breaches.append(f'src/README.md: {name}/ has {count} lines, and not {told}')
        for path in paths:
            check_file(path, name, table, modules, breaches, src)
    check_cmake(src / 'CMakeLists.txt', table, breaches)
    return breaches


GOOD = {
    'README.md': '| `low` | 0 | | | 100 | x |\n| `left` | 1 | `right` | `uv.h` | x |\n| `right` | 1 | | `spdlog/` | x |\n'
                 '| `pure` | 2 | | | it includes neither `left` nor `right` |\n| `mods` | 3 | | | blind to each other |\n'
                 '| `keep` | 1 | | | it gives no descriptor away |\n| `high` | 2 | | | it sees no socket |\n',
    'CMakeLists.txt': 'colmeia_folder(low FLOOR 0)\n'
                      'colmeia_folder(left FLOOR 1 SIBLINGS right LIBRARIES PkgConfig::UV)\n'
                      'colmeia_folder(right FLOOR 1)\n'
                      'colmeia_folder(pure FLOOR 2)\n'
                      'colmeia_folder(mods FLOOR 3)\n'
                      'colmeia_folder(keep FLOOR 1)\n'
                      'colmeia_folder(high FLOOR 2)\n',
    'low/a.h': '#include <string>\n',
    'left/a.cc': '#include <uv.h>\n\n#include "left/a.h"\n#include "low/a.h"\n#include "right/a.h"\n',
    'left/a.h': '',
    'right/a.h': '#include "low/a.h"\n#include <spdlog/sinks/base_sink.h>\n',
    'pure/a.h': '#include "low/a.h"\n',
    'mods/log.h': 'extern const site::Module kLog;\n',
    'mods/log.cc': '#include "mods/log.h"\n#include "mods/log_part.h"\n#include "left/a.h"\n',
    'mods/log_part.h': '',
    'mods/log_part.cc': '#include "mods/log_part.h"\n#include "mods/log.h"\n',
    'mods/log_off.h': 'extern const site::Module kLogOff;\n',
    'keep/a.h': 'explicit Transport(sys::UniqueFd fd);\nvoid SetFd(int fd);\nsys::UniqueFd fd_;\nint Interest(int events) const;\n',
    'high/a.h': '#include "keep/a.h"\n#include <netinet/in.h>\n// as ::recv() says\ntransport.Read(out, size);\n',
}

# name of the fault: (file that has it, its text, words that the breach must hold)
FAULTS = {
    'an include upwards': ('low/a.h', '#include "left/a.h"\n', 'low/a.h:1: low/ (floor 0) includes "left/a.h" (floor 1), above'),
    'an unlisted sibling': ('right/a.h', '\n  #  include "left/a.h"\n', 'right/a.h:2: right/ (floor 1) includes "left/a.h"'),
    'a library past its door': ('right/a.h', '#include <uv.h>\n', 'right/a.h:1: <uv.h> has one door, left/'),
    'a part of a library past its door': ('low/a.h', '#include <spdlog/spdlog.h>\n', 'one door, right/'),
    'a library past its door in quotes': ('right/a.h', '#include "uv/unix.h"\n', 'one door, left/'),
    'an include that a row rules out': ('pure/a.h', '#include "left/a.h"\n', 'pure/a.h:1: pure/ includes "left/a.h", and its row'),
    'a module that sees another': ('mods/log_off.h', GOOD['mods/log_off.h'] + '#include "mods/log.h"\n',
                                   'mods/log_off.h:2: the module log_off includes "mods/log.h" of the module log'),
    'a module that sees a part of another': ('mods/log_off.h', GOOD['mods/log_off.h'] + '#include "mods/log_part.h"\n',
                                             'the module log_off includes "mods/log_part.h" of the module log'),
    'a module that sees one with a longer name': ('mods/log.cc', '#include "mods/log_off.h"\n',
                                                  'the module log includes "mods/log_off.h" of the module log_off'),
    'a header of sockets where none is seen': ('high/a.h', '#include <sys/socket.h>\n', 'high/a.h:1: high/ includes "sys/socket.h"'),
    'a call on a socket where none is seen': ('high/a.cc', '\nreturn ::getsockname(7, to, &size);\n', 'high/a.cc:2: high/ asks a socket'),
    'an address asked past the transport': ('high/a.cc', 'sys::Address::LocalOf(fd_)\n', 'high/a.cc:1: high/ asks a socket'),
    'a descriptor that is lent': ('keep/a.h', '[[nodiscard]] int fd() const { return fd_.get(); }\n', 'keep/a.h:1: keep/ returns a desc'),
    'a descriptor that is given away': ('keep/a.h', 'sys::UniqueFd Take() { return std::move(fd_); }\n', 'keep/ returns a descriptor'),
    'a folder that has grown': ('low/a.h', '#include <string>\n' * 300, 'low/ has 300 lines, and not 100'),
    'a short include path': ('left/a.h', '#include "a.h"\n', 'not written as a full path'),
    'a folder without a row': ('attic/a.h', '\n', 'src/attic: this folder has no row'),
    'a row without a folder': ('README.md', GOOD['README.md'] + '| `gone` | 1 | | | x |\n', 'there is no folder gone/'),
    'a table that nobody can read': ('README.md', 'nothing\n', 'no row of the table'),
    'another floor in CMake': ('CMakeLists.txt', GOOD['CMakeLists.txt'].replace('right FLOOR 1', 'right FLOOR 2'),
                               'right stands on another floor'),
    'another sibling in CMake': ('CMakeLists.txt', GOOD['CMakeLists.txt'].replace('SIBLINGS right ', ''),
                                 'left stands on another floor, or beside others'),
}


def breaches_of(files):
    with tempfile.TemporaryDirectory() as folder:
        src = pathlib.Path(folder) / 'src'
        for name, text in files.items():
            path = src / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding='utf-8')
        return check(src)


def self_test():
    failures = []
    unexpected = breaches_of(GOOD)
    if unexpected:
        failures.append(f'a good tree is refused: {unexpected}')
    for fault, (name, text, expected) in FAULTS.items():
        found = breaches_of({**GOOD, name: text})
        if not any(expected in breach for breach in found):
            failures.append(f'{fault} goes unseen; found {found}')
    return failures


def main(arguments):
    if arguments == ['--self-test']:
        problems, done = self_test(), f'{len(FAULTS)} kinds of breach are seen'
    else:
        src = pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).parents[2] / 'src'
        problems, done = check(src.resolve()), 'src/ keeps to the table in src/README.md'
    for problem in problems:
        print(problem)
    if not problems:
        print(done)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
