"""Waiting for what happens elsewhere: always for a condition, always with a deadline, never for a length of time."""

import select
import time

# Seconds. Long, because sanitizers and parallel tests share a machine: only a failure takes so long. Less than the server's
# own limits, which are 60 s and must not end what a shorter one of the test's should have ended.
DEADLINE = 45.0


def wait_for(condition, what, deadline=DEADLINE):
    """The first true value of condition(); fails, naming `what`, when there is none before the deadline."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'waited {deadline:g} s in vain for {what}')
        select.select([], [], [], 0.01)


def pass_time(seconds):
    """Lets what is tested live for so long."""
    end = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > end, 'time to pass')
