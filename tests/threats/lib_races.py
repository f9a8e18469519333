# SPDX-License-Identifier: LGPL-2.1-or-later
"""Races: how long they last, whether they were hit, and what is written down about them.

THREATS_SECONDS  how long each lasts (default 1.5)
THREATS_STARTS   how many starts end it; alone: at least so many, however long they take; with THREATS_SECONDS:
                 whatever is reached first ("10 000 starts or 60 s")
THREATS_REPORT   a file that gets a line of JSON for each: {"test": ..., "starts": ..., "exchanges": ...}
"""

import json
import os
import signal
import subprocess
import time

import lib_drivers

STARTS = int(os.environ.get("THREATS_STARTS", "0"))
SECONDS = float(os.environ.get("THREATS_SECONDS", "inf" if STARTS else "1.5"))
# A race of that length must have met both states, in so many starts if need be.
LONG_S, ENOUGH = 10.0, 300
LEAST = 3


def report(test, starts, exchanges, states):
    """One line for THREATS_REPORT."""
    line = {"test": test, "starts": starts, "exchanges": exchanges, "states": states}
    path = os.environ.get("THREATS_REPORT")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Race:
    """Starts against somebody who exchanges names meanwhile."""

    def __init__(self, test, spawn, program):
        self.test, self.spawn, self.program = test, spawn, program
        self.starts, self.exchanges, self.states, self.neighbours, self.over = 0, 0, {}, [], False

    def exchange(self, a, b):
        """The neighbour (exchange.c), from now on until the race is over."""
        process = self.spawn(self.program(), a, b, stdout=subprocess.PIPE, encoding="utf-8")
        assert process.stdout.readline() == "ready\n"
        self.neighbours.append(process)

    def one_sided(self):
        """Whether a long race met one state only, so far."""
        return SECONDS >= LONG_S and lib_drivers.RUNTIME == "kapsel" and len(self.states) == 1

    def rounds(self, least=LEAST):
        """Numbers 0, 1, 2 ... for as long as the race shall last."""
        until = time.monotonic() + SECONDS
        while self.starts < least or (time.monotonic() < until and (not STARTS or self.starts < STARTS)) or \
                (self.one_sided() and self.starts < ENOUGH):
            self.starts += 1
            yield self.starts - 1

    def saw(self, state):
        """Count what a start met, to know at the end that it was not always the same."""
        self.states[str(state)] = self.states.get(str(state), 0) + 1

    def run(self, driver, make, state=lambda outcome: outcome.started):
        """Start again and again; none shows what only the host may read. state: of an outcome, which of the two
        names the start met; None where it looks at neither."""
        for number in self.rounds():
            outcome = driver.run(make(number))
            outcome.assert_safe()
            assert lib_drivers.SECRET not in outcome.out, outcome
            if state:
                self.saw(state(outcome))

    def end(self):
        """The neighbour stops; what happened is written down; a long race must have been one. The fixture calls it."""
        if self.over:
            return
        self.over = True
        for process in self.neighbours:
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=60)
            assert process.returncode == 0, f"the neighbour ended with {process.returncode}"
            self.exchanges += int(out)
        report(self.test, self.starts, self.exchanges, self.states)
        assert not self.one_sided(), f"{self.starts} starts all met {self.states}: this was no race"
