"""What the scripts here share: claims that are checked one after the other, and the table at the end."""

import subprocess
import sys
import time
import traceback

DEADLINE = 30.0   # seconds for what has to come about
LOOK_AGAIN = 0.05

_claims = []


def claim(sentence):
    """Marks a function as the proof of a sentence; it returns what was seen, and raises when the sentence is wrong."""
    def add(proof):
        _claims.append((sentence, proof))
        return proof
    return add


def run(*command, ok=True, **options):
    """Runs a command; its result, with both outputs as text. With `ok` a failure of it is ours."""
    done = subprocess.run(command, text=True, capture_output=True, errors='replace', check=False, timeout=120, **options)
    if ok and done.returncode != 0:
        raise AssertionError(f'{" ".join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}')
    return done


def wait_for(condition, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(LOOK_AGAIN)
    raise AssertionError(f'{what} did not come about within {deadline:g} s')


def prove_all(only=()):
    """Proves every claim in the order of the file, or those whose function is named; exit status 1 when one is wrong."""
    wrong = 0
    for sentence, proof in _claims:
        if only and proof.__name__ not in only:
            continue
        begun = time.monotonic()
        try:
            seen, verdict = proof(), 'ok'
        except Exception as failure:  # whatever went wrong is the proof's result
            seen, verdict = '', 'WRONG'
            wrong += 1
            if not isinstance(failure, AssertionError):
                traceback.print_exc()
            print(failure)
        print(f'{verdict:5} {time.monotonic() - begun:5.1f} s  {sentence}' + (f': {seen}' if seen else ''), flush=True)
    print(f'{wrong} of {len(_claims)} claims are wrong' if wrong else 'all claims hold')
    sys.exit(1 if wrong else 0)
