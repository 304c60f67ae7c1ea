#!/usr/bin/python3
"""Checks the layout of every file that git tracks.

C++ and JavaScript are laid out as clang-format 14 does it (.clang-format). Text has no blanks at the ends of lines, no tabs, and
ends with one newline. Golden files and fuzzing seeds are bytes, not text, and are left alone.

  format.py        prints each fault, exit status 1 when there is one; 77 (skipped) without clang-format 14
  format.py --fix  mends them
"""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
BYTES = ('tests/golden/', 'tests/fuzz/corpus/')


def tracked_files():
    """Paths of tracked files, and of new ones that git does not ignore; every file where this is no git repository."""
    git = ['git', '-c', f'safe.directory={ROOT}', '-C', str(ROOT), 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    try:
        names = subprocess.run(git, capture_output=True, check=True).stdout.decode().split('\0')
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob('*')]
        names = [name for name in names if not re.match(r'(\.git|build|\.cache)/', name)]
    paths = [ROOT / name for name in sorted(set(names)) if name and not name.startswith(BYTES)]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def check_text(path, fix):
    raw = path.read_bytes()
    if b'\0' in raw or not raw:
        return []
    name = path.relative_to(ROOT)
    lines = raw.split(b'\n')
    faults = [f'{name}:{number}: blanks at the end of the line' for number, line in enumerate(lines, 1)
              if line != line.rstrip()]
    faults += [f'{name}:{number}: a tab' for number, line in enumerate(lines, 1) if b'\t' in line]
    if not raw.endswith(b'\n') or raw.endswith(b'\n\n'):
        faults.append(f'{name}:{len(lines)}: the file does not end with one newline')
    if fix and faults:
        path.write_bytes(b'\n'.join(line.rstrip().replace(b'\t', b'    ') for line in lines).rstrip() + b'\n')
        print(f'mended {name}')
        return []
    return faults


def clang_format():
    """The command, or None: other versions lay out the same file differently."""
    for name in ('clang-format-14', 'clang-format'):
        program = shutil.which(name)
        if program:
            version = subprocess.run([program, '--version'], capture_output=True, text=True, check=False).stdout
            if re.search(r'version 14\.', version):
                return program
    return None


def main(arguments):
    fix = arguments == ['--fix']
    files = tracked_files()
    faults = [fault for path in files for fault in check_text(path, fix)]
    for fault in faults:
        print(fault)

    program = clang_format()
    sources = [str(path) for path in files if path.suffix in ('.h', '.cc', '.js')]
    if not program:
        print('clang-format 14 decides the layout and is not installed: the layout of the sources was not checked')
        return 1 if faults else SKIPPED
    mode = ['-i'] if fix else ['--dry-run', '-Werror']
    laid_out = not sources or subprocess.run([program, *mode, *sources], cwd=ROOT, check=False).returncode == 0
    if not laid_out:
        print('./dev format mends these')
    return 0 if laid_out and not faults else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
