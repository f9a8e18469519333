# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything or nothing, call by call: each system call of supervisor, janitor, init and payload
fails once, and each of these processes dies at each of its calls.

Whatever fails: either one clear message, exit status 125 and nothing left, or a start that was
verified and a workload that ran. Never a hang, never a half container.

Without KAPSEL_INJECT=all every call fails with EPERM and each third or so with the other errors.
"""

import errno
import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter

import pytest

import lib_host
from lib_faults import HERE, LAUNCHER_LINE, PROFILE_LINE, messages, tools, workload  # noqa: F401

pytestmark = pytest.mark.root

ALL = os.environ.get("KAPSEL_INJECT") == "all"
HANG_S = 60.0 if lib_host.IN_VM else 10.0
CLEAN_S = 20.0 if lib_host.IN_VM else 2.0
SUPERVISOR, JANITOR, INIT, PAYLOAD = range(4)
PROCESSES = {"supervisor": SUPERVISOR, "janitor": JANITOR, "init": INIT, "payload": PAYLOAD}
NEVER_REACHED = 201
PR_SET_DUMPABLE = 4

# Left out of the failures, since what the tracer would do is not what a kernel does.
EXCLUDED = {
    "close": "the descriptor is closed whatever it returns (close(2)); a call left out would leave it open",
    "close_range": "fails only for mistaken arguments or without memory for a private table; a call left out "
                   "would leave descriptors open, which the descriptors step's own look catches",
    "munmap": "fails only for mistaken arguments; nothing depends on it",
    "brk": "answers with an address, never with an error",
    "exit_group": "does not return", "exit": "does not return", "rt_sigreturn": "does not return",
    "geteuid": "has no errors", "getegid": "has no errors", "getuid": "has no errors", "getgid": "has no errors",
    "getpid": "has no errors", "getppid": "has no errors", "umask": "has no errors",
}

# Faults that no kernel produces, and that only the janitor or PID 1 could notice.
IMPOSSIBLE = {
    (JANITOR, "recvmsg"): "of a socket that is there fails only without memory; then the janitor cleans up, which "
                          "ends the container: the safe side",
}


class Place:
    """One call of one process."""

    def __init__(self, process, index, number, name, arguments):
        self.process, self.index, self.number, self.name, self.arguments = process, index, number, name, arguments

    def __str__(self):
        who = next(name for name, number in PROCESSES.items() if number == self.process)
        return f"{who} {self.name}[{self.index}]({', '.join(self.arguments)})"


class Injector:
    """Starts one profile again and again with a fault in it."""

    def __init__(self, program, kapsel, profile):
        self.program, self.kapsel, self.profile = program, kapsel, profile
        self.path = kapsel.write(profile)
        self.log = kapsel.log_path(profile)
        self.state = lib_host.STATE_DIR / profile["name"]
        mount = lib_host.cgroup_mount()
        self.group = mount and mount / "kapsel" / profile["name"]
        names = subprocess.run([kapsel.binary, "list", "syscalls"], check=True, capture_output=True,
                               encoding="utf-8").stdout.splitlines()
        self.missed = 0
        self.names = {int(line.split()[1]): line.split()[0] for line in names if line.split()[1].isdigit()}

    def command(self, *what):
        return [str(self.program), *map(str, what), str(self.kapsel.binary), "run", str(self.path)]

    def trace(self):
        """All calls of a run without a fault."""
        path = self.path.with_suffix(".trace")
        result = subprocess.run(self.command("trace", path), stdin=subprocess.DEVNULL, capture_output=True,
                                timeout=HANG_S, encoding="utf-8")
        assert result.returncode == 0, result
        rows = [line.split() for line in path.read_text().splitlines()]
        places = [Place(int(row[0]), int(row[1]), int(row[2]), self.names.get(int(row[2]), row[2]), row[3:]) for row in rows]
        assert {place.process for place in places} >= set(PROCESSES.values()), Counter(p.process for p in places)
        return places

    def places(self, process):
        """Its calls from main() on: what comes before is libc's and says so itself."""
        mine = [place for place in self.trace() if place.process == process]
        if process != SUPERVISOR:
            return mine
        first = next(i for i, place in enumerate(mine)
                     if place.name == "prctl" and place.arguments[0] == f"{PR_SET_DUMPABLE:x}")
        return mine[first:]

    def start(self, *what):
        """One start with a fault: (status, stdout, stderr), or None if it hung."""
        if self.log:
            self.log.unlink(missing_ok=True)
        process = subprocess.Popen(self.command(*what), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
        try:
            stdout, stderr = process.communicate(timeout=HANG_S)
        except subprocess.TimeoutExpired:
            for pid in lib_host.descendants():
                os.kill(pid, signal.SIGKILL)
            process.communicate()
            return None
        return process.returncode, stdout, stderr

    def left(self):
        """What is left after CLEAN_S; mostly nothing, at once."""
        deadline = time.monotonic() + CLEAN_S
        while True:
            lib_host.reap_orphans()
            things = [f"process {line}" for line in lib_host.descendants().values()]
            things += [str(path) for path in (self.state, self.group) if path and path.exists()]
            if not things or time.monotonic() > deadline:
                return things
            time.sleep(0.01)

    def ran(self, stdout):
        """Whether the workload's output is where it belongs."""
        if not self.log:
            return "ran\n" in stdout
        if not self.log.exists():
            return False
        return any(json.loads(line)["log"] == "ran\n" for line in self.log.read_text().splitlines())

    def clean_by_force(self):
        """So that one finding does not become many."""
        shutil.rmtree(self.state, ignore_errors=True)
        if self.group and self.group.exists():
            self.group.rmdir()

    def fail(self, place, code):
        """What is wrong about a start in which this call failed, or None."""
        answer = self.start("fail", place.process, place.number, place.index, code)
        if answer is None:
            self.left()
            self.clean_by_force()
            return "hangs"
        status, stdout, stderr = answer
        if status == NEVER_REACHED:
            self.missed += 1  # the number of polls and reads differs a little from run to run
            return None
        problem = self.judge(place, status, stdout, stderr)
        left = self.left()
        if left:
            self.clean_by_force()
            problem = f"{problem or 'fine'}, but left: {left}"
        return problem

    def judge(self, place, status, stdout, stderr):
        said = messages(stderr)
        if status == 0:
            return None if self.ran(stdout) else f"status 0, but the workload's output is missing: {stderr!r}"
        if status != 125 and not (status == 126 and place.name in ("execve", "execveat")):
            return f"status {status}: {said}"
        if len(said) != 1:
            return f"{len(said)} messages: {said}"
        if not (LAUNCHER_LINE.match(said[0].splitlines()[0]) or PROFILE_LINE.match(said[0].splitlines()[0])):
            return f"not a clear message: {said[0]!r}"
        return None


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("inject") / "inject"
    subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-o", path, HERE / "inject.c"],
                   check=True, timeout=120)
    return path


def rich(kapsel, tools, tmp_path):
    """A profile that has a step for nearly everything."""
    source, secret = tmp_path / "source", tmp_path / "secret"
    source.mkdir()
    secret.write_text("s")
    secret.chmod(0o400)
    return kapsel.profile(
        ["/bin/echo", "ran"], rootfs=str(tools), network="loopback",
        user={"uid": 10, "gid": 10, "groups": [20], "host_range": 100},
        mounts={"/run": {"type": "tmpfs", "size": "1MiB"}, "/run/inner": {"type": "bind", "source": str(source)},
                "/data": {"type": "bind", "source": str(source), "write": True}},
        secrets={"token": {"source": str(secret)}}, devices={"/dev/tty": "rw"},
        listen={"web": {"stream": str(tmp_path / "x.sock")}},
        sysctls={"net.ipv4.ip_unprivileged_port_start": "81"}, capabilities=["CHOWN"], workdir="/data", umask="0022")


def listed(kapsel, tools, tmp_path):
    """The other ways: a list of programs, no pipes, the host's network, a full /proc."""
    return kapsel.profile(["/bin/echo", "ran"], rootfs=str(tools), log={"driver": "passthrough"}, stdin="inherit",
                          exec={"allow": ["/bin/echo", "/bin/ls"]}, network="host", proc="full", on_missing="warn")


def plain(kapsel, tools, tmp_path):
    return kapsel.profile(["/bin/echo", "ran"], rootfs=str(tools))


PROFILES = {"rich": rich, "listed": listed, "plain": plain}


@pytest.fixture
def injector(request, program, kapsel, tools, tmp_path):
    return Injector(program, kapsel, PROFILES[request.param](kapsel, tools, tmp_path))


def chosen(places, stride, offset):
    stride = 1 if ALL else min(stride, len(places))
    return places[offset % stride::stride]


def report(problems, tried):
    assert tried > 0
    if problems:
        pytest.fail(f"{len(problems)} of {tried} faults:\n" + "\n".join(problems))


@pytest.mark.parametrize("code", ["EPERM", "ENOSYS", "ENOMEM", "EINTR"])
@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("injector", PROFILES if ALL else ["rich", "listed"], indirect=True)
def test_a_call_that_fails_is_one_clear_message_or_does_not_matter(injector, process, code):
    number = PROCESSES[process]
    places = [place for place in injector.places(number)
              if place.name not in EXCLUDED and (number, place.name) not in IMPOSSIBLE]
    stride = 1 if code == "EPERM" else 4
    if "exec" in injector.profile:
        stride *= 4
    tried = chosen(places, stride, len(code))
    problems = [f"{place} {code}: {problem}" for place in tried
                if (problem := injector.fail(place, getattr(errno, code)))]
    assert injector.missed <= len(tried) // 10 + 1, f"{injector.missed} of {len(tried)} places were never reached"
    report(problems, len(tried))


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("injector", PROFILES if ALL else ["rich"], indirect=True)
def test_a_process_that_dies_at_a_call_leaves_nothing(injector, process):
    """kill -9, as deterministic as it can be."""
    number = PROCESSES[process]
    problems = []
    tried = chosen(injector.places(number), 3, 1)
    for place in tried:
        answer = injector.start("kill", number, place.number, place.index)
        left = injector.left()
        if answer is None:
            problems.append(f"{place}: hangs")
        elif left:
            problems.append(f"{place}: left {left}")
        elif number in (INIT, PAYLOAD):
            status, stdout, stderr = answer
            if status not in (0, 125, 128 + signal.SIGKILL, NEVER_REACHED) or len(messages(stderr)) != 1:
                problems.append(f"{place}: status {status}: {messages(stderr)}")
        elif number == JANITOR:
            status, stdout, stderr = answer
            if status not in (0, 125, NEVER_REACHED) or len(messages(stderr)) != 1:
                problems.append(f"{place}: status {status}: {messages(stderr)}")
        if answer is None or left:
            injector.clean_by_force()
    report(problems, len(tried))


def test_the_tracer_itself_changes_nothing(program, kapsel, tools, tmp_path):
    """Without a fault the run is the usual one; with one at a place that never comes, too."""
    injector = Injector(program, kapsel, plain(kapsel, tools, tmp_path))
    places = injector.trace()
    assert len(places) > 300
    status, stdout, stderr = injector.start("fail", SUPERVISOR, 0, 10 ** 6, errno.EPERM)
    assert status == NEVER_REACHED and injector.ran(stdout), stderr
    assert injector.left() == []
