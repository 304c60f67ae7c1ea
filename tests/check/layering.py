#!/usr/bin/python3
"""Checks that src/ keeps to the table in src/README.md.

A folder may include lower floors, itself, and the siblings that its row names; a third-party header with a door may be
included only by the door's folder; every folder has a row and every row a folder; and the floors and siblings in
src/CMakeLists.txt are the table's.

  layering.py [SRC]       prints each breach as file:line, exit status 1 when there is one
  layering.py --self-test builds small trees, each with one fault, and fails when a fault goes unseen
"""

import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
ROW = re.compile(r'\|\s*`(\w+)`\s*\|\s*(\d+)\s*\|([^|]*)\|([^|]*)\|')
CMAKE_FOLDER = re.compile(r'^\s*colmeia_folder\((\w+)\s+FLOOR\s+(\d+)([^)]*)\)', re.MULTILINE)


class Folder:
    def __init__(self, floor, siblings, doors):
        self.floor = floor
        self.siblings = siblings
        self.doors = doors


def read_table(readme):
    """Rows of the table: {folder: Folder}."""
    table = {}
    for line in readme.read_text(encoding='utf-8').splitlines():
        row = ROW.match(line)
        if row:
            name, floor, siblings, doors = row.groups()
            table[name] = Folder(int(floor), set(re.findall(r'`(\w+)`', siblings)), re.findall(r'`([^`]+)`', doors))
    return table


def is_behind(header, door):
    """Whether a header belongs to a door: `uv.h` means that file and the folder uv/, `spdlog/` a whole folder."""
    folder = door if door.endswith('/') else door.removesuffix('.h') + '/'
    return header == door or header.startswith(folder)


def check_file(path, folder, table, breaches, src):
    here = table[folder]
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        kind, header = include.groups()
        place = f'{path.relative_to(src.parent)}:{number}'
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
        for path in sorted((src / name).rglob('*')):
            if path.suffix in ('.h', '.cc'):
                check_file(path, name, table, breaches, src)
    check_cmake(src / 'CMakeLists.txt', table, breaches)
    return breaches


GOOD = {
    'README.md': '| `low` | 0 | | | x |\n| `left` | 1 | `right` | `uv.h` | x |\n| `right` | 1 | | `spdlog/` | x |\n',
    'CMakeLists.txt': 'colmeia_folder(low FLOOR 0)\n'
                      'colmeia_folder(left FLOOR 1 SIBLINGS right LIBRARIES PkgConfig::UV)\n'
                      'colmeia_folder(right FLOOR 1)\n',
    'low/a.h': '#include <string>\n',
    'left/a.cc': '#include <uv.h>\n\n#include "left/a.h"\n#include "low/a.h"\n#include "right/a.h"\n',
    'left/a.h': '',
    'right/a.h': '#include "low/a.h"\n#include <spdlog/sinks/base_sink.h>\n',
}

# name of the fault: (file that has it, its text, words that the breach must hold)
FAULTS = {
    'an include upwards': ('low/a.h', '#include "left/a.h"\n', 'low/a.h:1: low/ (floor 0) includes "left/a.h" (floor 1), above'),
    'an unlisted sibling': ('right/a.h', '\n  #  include "left/a.h"\n', 'right/a.h:2: right/ (floor 1) includes "left/a.h"'),
    'a library past its door': ('right/a.h', '#include <uv.h>\n', 'right/a.h:1: <uv.h> has one door, left/'),
    'a part of a library past its door': ('low/a.h', '#include <spdlog/spdlog.h>\n', 'one door, right/'),
    'a library past its door in quotes': ('right/a.h', '#include "uv/unix.h"\n', 'one door, left/'),
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
