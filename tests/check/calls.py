#!/usr/bin/python3
"""Checks that every function of src/ has a caller in src/: what only a test calls is code that nothing needs.

It reads the objects of a build in which the compiler inlines nothing across functions (the dev preset's -Og), so that each
call, each address and each entry of a virtual table is a relocation. Functions that are written inside a class, and
templates, are not seen: the compiler drops them itself when nobody calls them.

  calls.py BUILD       prints each function without a caller, and each exception that is none any more; exit status 1
                       when there is one; 77 (not checked) where the objects hold no such calls
  calls.py --self-test compiles small programs, each with one fault, and fails when a fault goes unseen
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
SYMBOL = re.compile(r'(.*?):\s*[0-9a-f]* (\w) (\S+)$')
# What is no reference from code or data: what debuggers and unwinders read.
NOT_CODE = ('.rela.debug', '.rela.eh_frame')

# Called by tests alone, or seemingly by nothing, each with its reason. The name is as c++filt writes it, without arguments.
EXCEPTIONS = {
    'colmeia::h1::LlhttpIsStrict': 'tests ask llhttp itself which of its liberties are off',
    'colmeia::ipc::Messages': 'a test holds the table in ipc/README.md to it',
    'colmeia::log::AccessLog::empty': 'tests wait until everything was written',
    'colmeia::loop::Loop::RunOnce': 'tests turn a loop by hand',
    'colmeia::loop::Loop::Turn': 'tests turn a loop by hand, without waiting',
    'colmeia::pipeline::StreamBody': 'the other half of what handlers may ask for, before the first of them that streams',
    'colmeia::resources::HandoffQueue::ahead': 'tests see how many clients are on their way',
    'colmeia::util::Arena::capacity': 'tests see that an arena is used again instead of growing',
    'colmeia::zone::CountTable::Of': 'tests see what a key is counted at',
}


def lines_of(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=True, **more).stdout.splitlines()


def names_of(symbols, *options):
    """{symbol: its name as c++filt writes it, without ABI tags}."""
    names = lines_of(['c++filt', *options], input='\n'.join(symbols)) if symbols else []
    return {symbol: re.sub(r'\[abi:\w+\]', '', name) for symbol, name in zip(symbols, names)}


def uncalled(objects):
    """Names of the functions that are defined in some object and that nothing in any of them refers to."""
    defined = set()
    for line in lines_of(['nm', '-A', *objects]):
        symbol = SYMBOL.match(line)
        if symbol and symbol[2] == 'T':
            defined.add(symbol[3])
    called, counts = set(), False
    for line in lines_of(['readelf', '-rW', *objects]):
        if line.startswith('Relocation section'):
            counts = not line.split("'")[1].startswith(NOT_CODE)
        elif counts:
            words = line.split()
            if len(words) >= 5:
                called.add(words[4])
    names = names_of(sorted(defined))
    # A constructor or destructor is several symbols of one name, of which one is called.
    live = {name for symbol, name in names.items() if symbol in called}
    plain = names_of(sorted(defined), '-p')
    return {plain[symbol] for symbol, name in names.items() if name.startswith('colmeia::') and name not in live}


def check(objects, exceptions):
    dead = uncalled(objects)
    problems = [f'{name} has no caller: use it, or delete it' for name in sorted(dead - set(exceptions))]
    problems += [f'{name} is an exception in calls.py, and is gone or has a caller' for name in sorted(set(exceptions) - dead)]
    return problems


CALLED = 'namespace colmeia { void Used() {} struct S { S(); virtual ~S(); virtual int V(); }; S::S() {} S::~S() {} '\
         'int S::V() { return 1; } void Pointed() {} void (*at)() = &Pointed; }\n'
CALLER = 'namespace colmeia { void Used(); extern void (*at)(); struct S { S(); virtual ~S(); virtual int V(); }; }\n'\
         'int main() { colmeia::S s; colmeia::Used(); colmeia::at(); return s.V(); }\n'

# name: (sources, exceptions, words that a problem must hold, or None when there must be none)
CASES = {
    'calls, tables and addresses': ([CALLED, CALLER], {}, None),
    'an exception with a reason': ([CALLED + 'namespace colmeia { void Dead() {} }\n', CALLER], {'colmeia::Dead': ''}, None),
    'a function without a caller': ([CALLED + 'namespace colmeia { void Dead() {} }\n', CALLER], {},
                                    'colmeia::Dead has no caller'),
    'a member without a caller': ([CALLED + 'namespace colmeia { struct T { int M(); }; int T::M() { return 2; } }\n', CALLER], {},
                                  'colmeia::T::M has no caller'),
    'one of two functions of a name': ([CALLED + 'namespace colmeia { void Used(int) {} }\n', CALLER], {},
                                       'colmeia::Used has no caller'),
    'an exception that has a caller': ([CALLED, CALLER], {'colmeia::Used': ''}, 'colmeia::Used is an exception'),
    'an exception that is gone': ([CALLED, CALLER], {'colmeia::Gone': ''}, 'colmeia::Gone is an exception'),
}


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (case, (sources, exceptions, expected)) in enumerate(CASES.items()):
            objects = []
            for part, text in enumerate(sources):
                source = pathlib.Path(folder) / f'{number}_{part}.cc'
                source.write_text(text, encoding='utf-8')
                objects.append(str(source.with_suffix('.o')))
                subprocess.run(['c++', '-Og', '-fPIE', '-c', str(source), '-o', objects[-1]], check=True)
            found = check(objects, exceptions)
            if (found and expected is None) or (expected and not any(expected in problem for problem in found)):
                failures.append(f'{case}: found {found}')
    return failures


def main(arguments):
    if not all(shutil.which(tool) for tool in ('nm', 'readelf', 'c++filt')):
        print('skipped: binutils are not here')
        return SKIPPED
    if arguments == ['--self-test']:
        problems, done = self_test(), f'{len(CASES)} cases are told apart'
    else:
        build = pathlib.Path(arguments[0])
        cache = (build / 'CMakeCache.txt').read_text(encoding='utf-8')
        if 'CMAKE_BUILD_TYPE:STRING=Dev' not in cache or '-Og' not in cache or 'CXX_COMPILER:STRING=clang' in cache:
            print('skipped: only the dev preset keeps every call')
            return SKIPPED
        commands = json.loads((build / 'compile_commands.json').read_text(encoding='utf-8'))
        objects = [str(build / name) for name in re.findall(r' -o (src/\S+\.o) ', ' '.join(it['command'] for it in commands))]
        if missing := [path for path in objects if not pathlib.Path(path).exists()]:
            print(f'skipped: {len(missing)} of {len(objects)} objects are not built')
            return SKIPPED
        problems, done = check(objects, EXCEPTIONS), f'every function in {len(objects)} objects has a caller'
    for problem in problems:
        print(problem)
    if not problems:
        print(done)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
