#!/usr/bin/python3
"""Compares conf/REFERENCE.md with what the binary says of its directives.

usage: reference.py BINARY PAGE [--write]
"""

import difflib
import subprocess
import sys


def main():
    binary, page = sys.argv[1:3]
    said = subprocess.run([binary, '--reference'], check=True, capture_output=True, text=True).stdout
    if '--write' in sys.argv[3:]:
        with open(page, 'w', encoding='utf-8') as out:
            out.write(said)
        return 0
    with open(page, encoding='utf-8') as file:
        written = file.read()
    if written == said:
        return 0
    sys.stdout.writelines(difflib.unified_diff(written.splitlines(True), said.splitlines(True), page, 'colmeia --reference'))
    print(f'\n{page} is stale; mend it with: ./dev reference')
    return 1


if __name__ == '__main__':
    sys.exit(main())
