#!/usr/bin/python3
"""Writes the manual pages and the completions of shells from what the binary says of itself.

usage: manual.py BINARY LABORATORY FOLDER      writes colmeia.8, colmeia.conf.5, colmeia-lab.1, colmeia.bash and _colmeia there

What is a table in the binary (options, verbs, directives, default paths) is read from its -h, `ctl -h`, `serve -h`, --reference and -V;
the rest stands in the templates beside this file.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def said(*command):
    """What a command says, wherever it says it; -h speaks on descriptor 2, as nginx's does."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


def found(pattern, text, what):
    rows = re.findall(pattern, text, re.MULTILINE)
    if not rows:
        raise SystemExit(f'manual.py: no {what} was understood in:\n{text}')
    return rows


def roff(text):
    """Text for roff: a line that begins with a dot or a quote is no request, and a hyphen is one that can be copied."""
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return re.sub(r'^([.\'])', r'\\&\1', text, flags=re.MULTILINE)


def roff_markdown(text):
    """A sentence of the reference: `code` becomes bold."""
    return re.sub(r'`([^`]*)`', r'\\fB\1\\fR', roff(text))


class Facts:
    """The tables of the binary."""

    def __init__(self, binary):
        help_text, control_help, build = said(binary, '-h'), said(binary, 'ctl', '-h'), said(binary, '-V')
        # (letter, name of the value or nothing, meaning)
        self.options = found(r'^  -(.)(?: (\w+))? *: (.+)$', help_text, 'option')
        # (verb, its argument or nothing, meaning)
        self.verbs = found(r'^  ([a-z][\w-]*)((?: [^ ]+)*)  +(\S.*)$', control_help.split('Exit codes')[0], 'verb')
        self.control_options = found(r'(?<![\w-])(--?[a-z][a-z-]*)', control_help, 'option of ctl')
        # (option, name of the value or nothing, meaning), in the order of the help, those of one verb after the others
        self.control_rows = found(r'^  (--?[a-z][a-z-]*)(?: ([A-Z|]+))? +(\S.*)$', control_help, 'option of ctl')
        # (option, name of the value or nothing, meaning)
        self.serve_rows = found(r'^  (--?[a-z][a-z-]*)(?: ([A-Z|]+))? +(\S.*)$', said(binary, 'serve', '-h'), 'option of serve')
        meaning = next(meaning for letter, _, meaning in self.options if letter == 's')
        self.signals = found(r'[a-z]+', meaning.partition(':')[2], 'signal')
        self.paths = dict(found(r'^(prefix|configuration|pid file|error log|access log): (.+)$', build, 'path'))
        self.version = found(r'colmeia/(\S+)', build, 'version')[0]
        self.reference = said(binary, '--reference')


def unique(words):
    return list(dict.fromkeys(words))


def filled(template, values):
    text = (HERE / template).read_text(encoding='utf-8')
    for name, value in values.items():
        text = text.replace(f'@{name}@', value)
    left = re.findall(r'@[A-Z_]+@', text)
    if left:
        raise SystemExit(f'manual.py: {template} asks for {left}, which nobody gives')
    return text


def command_page(facts):
    options = [f'.TP\n.B \\-{roff(letter)}\n{roff(meaning)}' if not value else
               f'.TP\n.BI \\-{roff(letter)} " {roff(value)}"\n{roff(meaning)}' for letter, value, meaning in facts.options]
    verbs = [f'.TP\n.B {roff(verb)}\n{roff(meaning)}' if not argument.strip() else
             f'.TP\n.BI {roff(verb)} " {roff(argument.strip())}"\n{roff(meaning)}' for verb, argument, meaning in facts.verbs]
    rows = [f'.TP\n.B {roff(name)}\n{roff(meaning)}' if not value else
            f'.TP\n.BI {roff(name)} " {roff(value.lower())}"\n{roff(meaning)}' for name, value, meaning in facts.control_rows]
    serve_rows = [f'.TP\n.B {roff(name)}\n{roff(meaning)}' if not value else
                  f'.TP\n.BI {roff(name)} " {roff(value.lower())}"\n{roff(meaning)}' for name, value, meaning in facts.serve_rows]
    paths = {name: roff(path) for name, path in facts.paths.items()}
    return filled('colmeia.8.in', {
        'VERSION': facts.version, 'OPTIONS': '\n'.join(options), 'VERBS': '\n'.join(verbs),
        'CTL_OPTION_ENTRIES': '\n'.join(rows), 'SERVE_OPTION_ENTRIES': '\n'.join(serve_rows),
        'CONF': paths['configuration'], 'PID': paths['pid file'], 'ERROR_LOG': paths['error log'],
        'ACCESS_LOG': paths['access log'], 'PREFIX': paths['prefix'],
        'CONTROL': re.sub(r'\.pid$', '', paths['pid file']) + '.control',
    })


def configuration_page(facts):
    """The reference, which is Markdown of one fixed form: ## module, ### directive, a sentence, a list of facts; at last the
    variables."""
    out = [f'.TH COLMEIA.CONF 5 "" "colmeia {facts.version}" "File Formats Manual"',
           '.SH NAME', 'colmeia.conf \\- configuration of the web server colmeia',
           '.SH DESCRIPTION',
           'The language is nginx\'s: a directive is a name, its arguments and a semicolon, or a block in braces;',
           '.B #', 'begins a comment that goes to the end of the line.',
           'Directives mean what they mean in nginx, except where they are marked as colmeia\'s own.',
           'One that colmeia does not know is an error with its place, never ignored:',
           '.B colmeia \\-t', 'tells every mistake.', '.PP',
           'Relative paths start at the prefix, those of', '.B include', 'at the folder of the main configuration file.',
           'Times are numbers with', '.BR ms ", " s ", " m ", " h ", " d ", " w ", " M " or " y ,',
           'seconds without; sizes have', '.BR k ", " m " or " g .']
    body = facts.reference[facts.reference.index('\n## '):]
    for line in body.splitlines():
        if line.startswith('## '):
            title = line[3:].upper()
            out.append('.SH VARIABLES' if title == 'VARIABLES' else f'.SH "DIRECTIVES: {roff(title)}"')
        elif line.startswith('### '):
            out.append(f'.SS {roff(line[4:])}')
        elif line.startswith('- '):
            out.append(f'.br\n{roff_markdown(line[2:])}')
        elif line:
            out.append(f'{roff_markdown(line)}\n.PP')
    conf = pathlib.PurePosixPath(facts.paths['configuration'])
    out += ['.SH FILES', f'.TP\n.I {roff(str(conf))}\nthe configuration',
            f'.TP\n.I {roff(str(conf.parent / "mime.types"))}\nwhich type a file has, by the ending of its name',
            '.SH SEE ALSO', '.BR colmeia (8)']
    return '\n'.join(out) + '\n'


def laboratory_page(laboratory, version):
    """Its help, as it is: the first line is the name and what it is for."""
    title, _, rest = said(laboratory, '--help').partition('\n')
    purpose = title.partition(': ')[2]
    return '\n'.join([f'.TH COLMEIA\\-LAB 1 "" "colmeia {version}" "User Commands"', '.SH NAME',
                      f'colmeia\\-lab \\- {roff(purpose)}', '.SH DESCRIPTION', '.nf', roff(rest.strip('\n')), '.fi',
                      '.SH SEE ALSO', '.BR colmeia (8)']) + '\n'


def zsh_quoted(text):
    return text.replace("'", "'\\''").replace('[', '\\[').replace(']', '\\]').replace(':', '\\:')


def completions(facts):
    options = ' '.join(f'-{letter}' for letter, _, _ in facts.options)
    verbs = unique(verb for verb, _, _ in facts.verbs)
    yield 'colmeia.bash', filled('colmeia.bash.in', {
        'OPTIONS': options, 'SIGNALS': ' '.join(facts.signals), 'VERBS': ' '.join(verbs),
        'CTL_OPTIONS': ' '.join(unique(facts.control_options)),
        'SERVE_OPTIONS': ' '.join(name for name, _, _ in facts.serve_rows)})
    meanings = {}
    for verb, _, meaning in facts.verbs:
        meanings.setdefault(verb, meaning)
    actions = {'c': '_files', 'e': '_files', 'p': '_files -/', 's': f'({" ".join(facts.signals)})'}
    control_actions = {'-p': '_files -/', '-c': '_files', '--socket': '_files'}
    yield '_colmeia', filled('_colmeia.in', {
        'ZSH_CTL_OPTIONS': '\n'.join(
            f"    '{name}[{zsh_quoted(meaning)}]" + (f":{value.lower()}:{control_actions.get(name, '')}" if value else '') + "' \\"
            for name, value, meaning in facts.control_rows),
        'ZSH_SERVE_OPTIONS': '\n'.join(
            f"    '{name}[{zsh_quoted(meaning)}]" + (f':{value.lower()}:' if value else '') + "' \\"
            for name, value, meaning in facts.serve_rows),
        'ZSH_VERBS': '\n'.join(f"    '{verb}:{zsh_quoted(meaning)}'" for verb, meaning in meanings.items()),
        'ZSH_OPTIONS': '\n'.join(
            f"    '-{letter}[{zsh_quoted(meaning)}]" + (f":{value}:{actions.get(letter, '')}" if value else '') + "' \\"
            for letter, value, meaning in facts.options)})


def main():
    binary, laboratory, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    facts = Facts(binary)
    folder.mkdir(parents=True, exist_ok=True)
    pages = [('colmeia.8', command_page(facts)), ('colmeia.conf.5', configuration_page(facts)),
             ('colmeia-lab.1', laboratory_page(laboratory, facts.version)), *completions(facts)]
    for name, text in pages:
        (folder / name).write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
