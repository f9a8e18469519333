# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each process of a start dies at each of its system calls: what tests/e2e/test_inject.py does for `run`, for the
detached start and for the runtime, with the processes that they make.

After it the same name can be used again, and nothing is left. CHAOS=long takes every place, else a sample.
"""

import os
import random
import signal
import subprocess
import time

import pytest

import lib_host
import lib_oci
import lib_ways
from lib_faults import messages
from test_inject import NEVER_REACHED, Injector, Place, program  # noqa: F401

pytestmark = pytest.mark.root
SAMPLE = lib_ways.number(24, 5, None)
TRACER_FAILED = 200


def sample(places, seed):
    return places if SAMPLE is None or len(places) <= SAMPLE else random.Random(seed).sample(places, SAMPLE)


def label(place):
    return f"{place.name}[{place.index}]({', '.join(place.arguments)})"


def assert_said(status, stderr, when):
    """Who was not killed itself gives one reason, if it did not succeed."""
    assert status != TRACER_FAILED, f"{when}: {stderr}"
    said = messages(stderr)
    assert status in (0, NEVER_REACHED, 128 + signal.SIGKILL) or len(said) == 1, f"{when}: status {status}: {said}"


class Stopper(Injector):
    """Calls something that leaves processes behind: with files as streams, for nobody would see the end of a pipe."""

    def start(self, *what):
        """One start with a fault: (status, stdout, stderr), or None if it hung."""
        out, err = self.directory / "stopper.out", self.directory / "stopper.err"
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            process = subprocess.Popen(self.command(*what), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
            try:
                process.wait(lib_oci.TIMEOUT_S)
            except subprocess.TimeoutExpired:
                for pid in lib_host.descendants():
                    os.kill(pid, signal.SIGKILL)
                process.wait()
                return None
        return process.returncode, out.read_text(errors="replace"), err.read_text(errors="replace")

    def trace(self):
        """All calls without a fault."""
        path = self.directory / "stopper.trace"
        answer = self.start("trace", path)
        assert answer is not None and answer[0] == 0, answer
        rows = [line.split() for line in path.read_text().splitlines()]
        return [Place(int(row[0]), int(row[1]), int(row[2]), self.names.get(int(row[2]), row[2]), row[3:])
                for row in rows if len(row) > 2]


# --- kapsel run -d -----------------------------------------------------------------------------------


class DetachedStopper(Stopper):
    """`kapsel run -d`: 0 is the caller, 1 the supervisor, then janitor, init and payload."""

    def __init__(self, program, kapsel, profile):  # noqa: F811
        super().__init__(program, kapsel, profile)
        self.directory = kapsel.directory

    def command(self, *what):
        words = super().command(*what)
        return [*words[:-1], "-d", words[-1]]


def remove(kapsel, service, when):
    """Until it is gone: a supervisor without its caller goes on, and has no record yet; a janitor may be faster."""
    deadline = time.monotonic() + lib_ways.CLEAN_S
    while service.directory.exists():
        removed = kapsel.call("rm", "-f", service.name)
        assert removed.status == 0 or "ENOENT" in removed.stderr, f"{when}: {removed}"
        assert time.monotonic() < deadline, f"{when}: {service.directory} stays: {service.state}"
        time.sleep(0.02)


PROCESSES = ["caller", "supervisor", "janitor", "init", "payload"]


@pytest.mark.parametrize("process", PROCESSES)
def test_a_detached_start_that_loses_a_process(kapsel, services, program, watch, process):  # noqa: F811
    service = services(["/bin/sleep", "1000"], restart={"policy": "always", "max": "unlimited", "delay": "1s"},
                       on_supervisor_death="adopt", listen={"s": {"stream": str(kapsel.directory / "s.sock")}})
    stopper = DetachedStopper(program, kapsel, service.profile)
    number = PROCESSES.index(process)
    places = [place for place in stopper.trace() if place.process == number]
    assert kapsel.call("rm", "-f", service.name).status == 0 and len(places) > 10, f"{len(places)} calls of {process}"
    watch.assert_clean("after a start without a fault")
    for turn, place in enumerate(sample(places, process)):
        answer = stopper.start("kill", number, place.number, place.index)
        when = f"{process} killed at call {label(place)}"
        assert answer is not None, f"{when}: hangs"
        if process != "caller":
            assert_said(answer[0], answer[2], when)
        if turn % 2:
            again = kapsel.call("run", "-d", service.path)
            assert again.status == 0 or (again.status == 125 and "EBUSY" in again.stderr), f"{when}: {again}"
        remove(kapsel, service, when)
        watch.assert_clean(when)
    service.start()
    service.wait()
    assert kapsel.call("rm", "-f", service.name).status == 0


# --- the runtime ---------------------------------------------------------------------------------------


class OciStopper(Stopper):
    """One verb of kapsel-oci, which lies on a read-only mount: so it does not execute itself again, which would end
    the tracing."""

    def __init__(self, program, kapsel, oci):  # noqa: F811
        super().__init__(program, kapsel, kapsel.profile(["/bin/true"]))
        self.oci, self.words, self.directory = oci, [], oci.place
        programs = oci.place / "programs"
        programs.mkdir()
        lib_oci.mount(oci.path.parent, programs, flags=lib_oci.MS_BIND)
        lib_oci.mount(None, programs, flags=lib_oci.MS_BIND | 32 | 1)  # MS_REMOUNT, MS_RDONLY
        self.path = programs / oci.path.name

    def command(self, *what):
        return [str(self.program), *map(str, what), str(self.path), *self.oci.flags, *map(str, self.words)]


def config_of(oci):
    config = lib_oci.make_config("/bin/true").hook("createRuntime", "exit 0").hook("poststart", "exit 0")
    return config.mount("/data", "tmpfs", "tmpfs", ["nosuid", "nodev", "size=1m"])


@pytest.mark.parametrize("verb", ["create", "run", "exec", "delete"])
def test_a_verb_of_the_runtime_that_loses_a_process(kapsel, oci, program, watch, verb):  # noqa: F811
    """The runtime itself, what joins, the container's process, hooks: whichever dies, delete --force removes it all
    and the name can be used again."""
    stopper = OciStopper(program, kapsel, oci)
    bundle = oci.bundle(config_of(oci))
    name = oci.new_id()
    held = oci.running() if verb == "exec" else None
    watch.mark()
    words = ["--bundle", bundle.path, name]
    stopper.words = {"create": ["create", *words], "run": ["run", *words], "delete": ["delete", "--force", name],
                      "exec": ["exec", held.id if held else name, "/bin/true"]}[verb]

    def prepare():
        if verb == "delete":
            assert oci.call("create", *words).status == 0

    def remove(when):
        lib_host.reap_orphans()
        removed = oci.call("delete", "--force", name)
        assert removed.status == 0, f"{when}: {removed!r}"
        watch.assert_clean(when)
    prepare()
    places = stopper.trace()
    remove("after a call without a fault")
    assert len({place.process for place in places}) >= (1 if verb == "delete" else 2)
    for place in sample(places, verb):
        prepare()
        answer = stopper.start("kill", place.process, place.number, place.index)
        when = f"{verb}: process {place.process} killed at call {label(place)}"
        assert answer is not None, f"{when}: hangs"
        status, _, err = answer
        # What a killed runtime leaves, delete finds; whoever lives cleans up and says why.
        if place.process != 0:
            assert status in (0, NEVER_REACHED, 128 + signal.SIGKILL) or err.strip(), f"{when}: status {status}, silent"
            assert status == 0 or verb == "delete" or not (oci.root / name).exists() or status == NEVER_REACHED, when
        remove(when)
        if held:
            again = held.exec("/bin/true")
            assert again.status == 0, f"{when}: {again!r}"
    if held is None:
        assert oci.call("run", *words).status == 0, "the name can't be used again"


def test_the_places_are_those_of_a_start(kapsel, services, program):  # noqa: F811
    """A tracer that sees nothing would make the tests above hold whatever happens."""
    service = services(["/bin/sleep", "1000"])
    stopper = DetachedStopper(program, kapsel, service.profile)
    seen = {place.process: place.name for place in stopper.trace()}
    assert kapsel.call("rm", "-f", service.name).status == 0
    assert set(seen) >= set(range(len(PROCESSES))), seen
