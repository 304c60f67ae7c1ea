"""Programs from the distribution's packages, unpacked beside us and never installed: installing a server starts it."""

import os
import pathlib
import shutil
import subprocess

SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin'
PATIENCE = 120  # seconds for one download


class Program:
    """A program that can be run: its path, and the folders of those libraries that the system lacks."""

    def __init__(self, path, libraries=()):
        self.path = str(path)
        self.root = None          # where it was unpacked; None for an installed one
        self.libraries = [str(folder) for folder in libraries]

    def environment(self):
        if not self.libraries:
            return dict(os.environ)
        return {**os.environ, 'LD_LIBRARY_PATH': ':'.join(self.libraries)}

    def runs(self):
        try:
            return subprocess.run([self.path, '-v'], env=self.environment(), capture_output=True, check=False,
                                  timeout=10).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


def unpack(package, root, packages):
    """Downloads a package into the folder `packages` and unpacks it below `root`: whether that worked."""
    if not shutil.which('apt-get') or not shutil.which('dpkg'):
        return False
    packages.mkdir(parents=True, exist_ok=True)
    quiet = {'cwd': packages, 'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL, 'check': False,
             'timeout': PATIENCE}
    try:
        if not list(packages.glob(f'{package}_*.deb')):
            subprocess.run(['apt-get', 'download', package], **quiet)
        for file in packages.glob(f'{package}_*.deb'):
            return subprocess.run(['dpkg', '-x', file.name, str(root)], **quiet).returncode == 0
    except subprocess.TimeoutExpired:
        pass
    return False


def find(name, path, folder, libraries=()):
    """The Program `name`: installed, or unpacked below `folder` from the package of that name; None without one.

    `path` is where the package has it; `libraries` are packages to unpack as well where the system lacks them.
    """
    installed = shutil.which(name, path=SYSTEM_PATH)
    if installed:
        return Program(installed)
    root = pathlib.Path(folder) / name
    if not (root / path).exists():
        unpack(name, root, pathlib.Path(folder) / 'packages')
    if not (root / path).exists():
        return None
    program = Program(root / path)
    program.root = root
    if not program.runs():
        for library in libraries:
            unpack(library, root, pathlib.Path(folder) / 'packages')
        program.libraries = sorted({str(file.parent) for file in root.rglob('*.so.*')})
    return program if program.runs() else None
