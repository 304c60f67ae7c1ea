#!/usr/bin/python3
"""Checks that every header of src/ compiles alone, with the flags of a source file of its folder.

  headers.py BUILD   BUILD holds compile_commands.json
"""

import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def flags_by_folder(build):
    """{folder: (compiler and flags, without input and output)} from one source of each folder."""
    flags = {}
    for entry in json.loads((build / 'compile_commands.json').read_text(encoding='utf-8')):
        source = pathlib.Path(entry['file'])
        if ROOT / 'src' not in source.parents:
            continue
        words = shlex.split(entry['command'])
        if words[0].endswith('ccache'):
            words.pop(0)
        kept, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ('-o', '-c', '-include'):
                skip = True
            elif word != str(source) and not word.startswith('-Winvalid-pch'):
                kept.append(word)
        flags[source.parent] = (kept, entry['directory'])
    return flags


def compile_alone(header, command, directory):
    run = subprocess.run([*command, '-fsyntax-only', '-w', '-x', 'c++', str(header)], cwd=directory, text=True,
                         capture_output=True, check=False)
    return header, run.returncode, run.stderr


def main(build):
    flags = flags_by_folder(build)
    anyone = next(iter(flags.values()))
    headers = sorted((ROOT / 'src').rglob('*.h'))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(compile_alone, header, *flags.get(header.parent, anyone)) for header in headers]
        for job in jobs:
            header, status, said = job.result()
            if status != 0:
                failed += 1
                print(f'{header.relative_to(ROOT)} does not compile alone:\n{said}')
    print(f'{len(headers) - failed} of {len(headers)} headers compile alone')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
