# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every way to start something, tried under bad conditions: it starts, or refuses with one message; nothing is left."""

import contextlib
import os
import time

import lib_drivers
import lib_host
from lib_drivers import Outcome, Start
from lib_service import Service

LONG = os.environ.get("CHAOS") == "long"
SLOW = 10 if lib_host.IN_VM else 1
CLEAN_S = 10.0 * SLOW
# A workload that may open few and write small files: kapsel refuses limits above its own.
MODEST = {"limits": {**lib_host.limits(), "open_files": 24, "file_size": 256}}
NAMES = ["run", "run-d", "enter", "oci-create", "oci-run", "oci-exec"]


def number(short, in_vm, everything):
    """How many of it: here, in the virtual machine, and in a long session."""
    return everything if LONG else in_vm if lib_host.IN_VM else short


class Watch:
    """What exists that a start could have made, compared with what existed before."""

    def __init__(self, prefix, oci):
        self.prefix, self.oci = prefix, oci
        self.footprint = None
        self.known = set()
        self.mark()

    def mark(self):
        """What is there now is meant to be there."""
        lib_host.reap_orphans()
        self.footprint = lib_host.Footprint(self.prefix)
        self.known = self._states()

    def _states(self):
        return {path.name for path in self.oci.root.iterdir()} if self.oci.root.is_dir() else set()

    def left(self):
        lib_host.reap_orphans()
        things = lib_host.Footprint(self.prefix).left_since(self.footprint)
        return things + sorted(f"state of {name}" for name in self._states() - self.known)

    def assert_clean(self, when, timeout_s=CLEAN_S):
        deadline = time.monotonic() + timeout_s
        while things := self.left():
            assert time.monotonic() < deadline, f"{when}: left behind: {things}"
            time.sleep(0.02)


class Way:
    """Starts the same thing again and again; `launch` are Popen's keywords."""

    def __init__(self, name, driver, oci):
        self.name, self.driver, self.oci = name, driver, oci
        self.bundle = oci.bundle()

    def attempt(self, **launch):
        outcome = self.driver.run(Start(self.bundle, profile=MODEST, launch=launch))
        return outcome

    def works(self):
        """Without anything bad it starts: only then a refusal means something."""
        self.attempt().assert_started()

    def close(self):
        pass


class Detached(Way):
    """`kapsel run -d`: the caller's answer, then the service's end."""

    def __init__(self, name, driver, oci):
        super().__init__(name, driver, oci)
        kapsel = driver.kapsel
        command = ["/bin/sh", "-c", f"echo {lib_drivers.BEGAN}; exec sleep 1000"]
        self.service = Service(kapsel, lib_drivers.make_profile(kapsel, Start(self.bundle, profile=MODEST), command))

    def attempt(self, **launch):
        kapsel, service = self.driver.kapsel, self.service
        result = kapsel.call("run", "-d", service.path, **launch)
        if result.status == 0:
            service.wait_until(lambda _: lib_drivers.BEGAN in service.lines, "output")
            removed = kapsel.call("rm", "-f", service.name)
            assert removed.status == 0, removed
        outcome = Outcome(self.name, result.status, "", result.stderr)
        outcome.started = result.status == 0
        return outcome

    def close(self):
        self.service.end()


class Inside(Way):
    """One more process in a container that was started under good conditions."""

    def __init__(self, name, driver, oci):
        super().__init__(name, driver, oci)
        self.start = Start(self.bundle, profile=MODEST)
        self.held = driver.hold(self.start)
        assert not isinstance(self.held, Outcome), self.held

    def attempt(self, **launch):
        return self.held.enter(self.start.words, **launch)

    def close(self):
        with contextlib.suppress(AssertionError):  # the test may have ended it
            self.held.end()


KINDS = {"run-d": Detached, "enter": Inside, "oci-exec": Inside}


def make(name, kapsel, oci):
    driver = lib_drivers.make("run" if name == "run-d" else name, lambda: kapsel, oci, oci.place)
    return KINDS.get(name, Way)(name, driver, oci)


def assert_one_answer(outcome, when):
    """Started, or one reason."""
    try:
        outcome.assert_safe()
    except AssertionError as problem:
        raise AssertionError(f"{when}: {problem}") from None
    return outcome
