# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 at any moment: within two seconds nothing of the container is left, and the next run
of the same name works. test_inject.py does the same at each single system call.

KAPSEL_KILLS sets how many moments are tried for each process.
"""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

import lib_host
from lib_faults import HOST_ID, WORKLOAD, Family, messages, tools, workload  # noqa: F401

pytestmark = pytest.mark.root

KILLS = int(os.environ.get("KAPSEL_KILLS", "30"))
CLEAN_S = 20.0 if lib_host.IN_VM else 2.0


class Case:
    """One container that is killed again and again, always under the same name and host id."""

    def __init__(self, kapsel, command, host_id, **keys):
        self.kapsel = kapsel
        self.profile = kapsel.profile(command, user={"uid": 0, "gid": 0, "host_id": host_id, "host_range": 10}, **keys)
        self.path = kapsel.write(self.profile)
        self.state = lib_host.STATE_DIR / self.profile["name"]
        mount = lib_host.cgroup_mount()
        self.group = mount and mount / "kapsel" / self.profile["name"]

    def launch(self):
        """Without pipes, so that nobody but us waits for the end of anything."""
        return subprocess.Popen([str(self.kapsel.binary), "run", str(self.path)], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def left(self):
        lib_host.reap_orphans()
        things = [f"process {line}" for line in lib_host.descendants().values()]
        things += [str(self.state)] if self.state.exists() else []
        things += [str(self.group)] if self.group and self.group.exists() else []
        return things

    def assert_gone(self, when):
        deadline = time.monotonic() + CLEAN_S
        while left := self.left():
            assert time.monotonic() < deadline, f"{when}: left after {CLEAN_S} s: {left}"
            time.sleep(0.01)

    def assert_runs(self, when):
        result = self.kapsel.call("run", self.path)
        assert result.status == 0, f"{when}: {result}"


@pytest.fixture
def case(kapsel, tools):
    number = iter(range(10))

    def case(command, **keys):
        return Case(kapsel, command, HOST_ID + 100 * next(number), rootfs=str(tools), **keys)
    return case


@pytest.fixture
def run_ms(case):
    """How long a run of `true` takes here."""
    one = case(["/bin/true"])
    one.launch().wait()
    times = []
    for _ in range(3):
        began = time.monotonic()
        one.launch().wait()
        times.append((time.monotonic() - began) * 1000)
    return sorted(times)[1]


def moments(run_ms, factor):
    """Delays in seconds, spread over the run and a little beyond; the same in each session."""
    source = random.Random(1)
    return [source.uniform(0, run_ms * factor) / 1000 for _ in range(KILLS)]


def child(pid, number):
    """The number-th child of a process that is just being made: 0 the janitor, 1 init."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            found = path.read_text().split()
        except OSError:
            return None
        if len(found) > number:
            return int(found[number])
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return None
    return None


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def test_the_supervisor_killed_at_any_moment_of_a_short_run(case, run_ms):
    one = case(["/bin/true"])
    for delay in moments(run_ms, 1.2):
        process = one.launch()
        time.sleep(delay)
        kill(process.pid)
        process.wait()
        one.assert_gone(f"supervisor killed after {delay * 1000:.1f} ms")
    one.assert_runs("after all")


def test_the_supervisor_killed_while_the_workload_runs(case, run_ms):
    """A workload that would go on for ever, with processes of its own."""
    one = case([WORKLOAD, "daemon", "1000"], syscalls={"allow": ["@base", "@process"]})
    forever = case(["/bin/sleep", "1000"])
    for delay in moments(run_ms, 3):
        process = forever.launch()
        time.sleep(delay)
        kill(process.pid)
        process.wait()
        forever.assert_gone(f"supervisor killed after {delay * 1000:.1f} ms")
    for delay in moments(run_ms, 1.2):
        process = one.launch()
        time.sleep(delay)
        kill(process.pid)
        process.wait()
        one.assert_gone(f"supervisor killed after {delay * 1000:.1f} ms")
    one.assert_runs("after all")


def test_the_next_run_of_the_name_works_at_once(case, run_ms):
    """Without waiting for the janitor: the second start waits for nobody, it is refused or runs."""
    one = case(["/bin/true"])
    for delay in moments(run_ms, 1.2)[:max(5, KILLS // 3)]:
        process = one.launch()
        time.sleep(delay)
        kill(process.pid)
        process.wait()
        result = one.kapsel.call("run", one.path)
        if result.status != 0:
            assert result.status == 125 and len(messages(result.stderr)) == 1 and "EBUSY" in result.stderr, result
        one.assert_gone("after the second run")
        one.assert_runs("after the janitor")


@pytest.mark.parametrize("number, name", [(0, "janitor"), (1, "init")])
def test_a_child_killed_at_any_moment(case, run_ms, number, name):
    """The janitor's death does not touch what runs; init's ends the run with one word and a status."""
    one = case(["/bin/true"])
    for delay in moments(run_ms, 0.6):
        process = subprocess.Popen([str(one.kapsel.binary), "run", str(one.path)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8")
        pid = child(process.pid, number)
        time.sleep(delay)
        if pid:
            kill(pid)
        try:
            stderr = process.communicate(timeout=CLEAN_S + 8)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            pytest.fail(f"hangs when {name} is killed {delay * 1000:.1f} ms after its birth")
        when = f"{name} killed {delay * 1000:.1f} ms after its birth: status {process.returncode}\n{stderr}"
        if number == 0:
            # Dead before it got the locks: without a janitor nothing starts.
            assert process.returncode == 0 or (process.returncode == 125 and "janitor" in stderr), when
        else:
            assert process.returncode in (0, 125, 128 + 9), when
            assert len(messages(stderr)) == 1, when
        one.assert_gone(when)
    one.assert_runs("after all")


def test_janitor_and_supervisor_killed_together_is_mended_by_the_next_run(case, run_ms):
    """Nobody is left to clean; processes end all the same, and the next start finds a clean place."""
    one = case(["/bin/sleep", "1000"])
    runs = {**one.profile, "command": ["/bin/true"]}
    path = one.kapsel.write(runs, "runs")
    mess = 0
    for delay in moments(run_ms, 1.5)[:max(10, KILLS // 2)]:
        process = one.launch()
        janitor = child(process.pid, 0)
        time.sleep(delay)
        os.kill(process.pid, signal.SIGSTOP)
        if janitor:
            kill(janitor)
        kill(process.pid)
        process.wait()

        def no_process():
            lib_host.reap_orphans()
            return not lib_host.descendants()
        lib_host.wait_for(no_process, CLEAN_S, "the end of all processes")
        mess += one.state.exists()
        result = one.kapsel.call("run", path)
        assert result.status == 0, f"{delay * 1000:.1f} ms: {result}"
        one.assert_gone(f"after {delay * 1000:.1f} ms and a run")
    assert mess > 0, "no moment left anything: the test shows nothing"


def test_a_unix_socket_of_a_killed_container_is_gone(case, tmp_path):
    path = tmp_path / "x.sock"
    one = case([WORKLOAD, "signals"], listen={"s": {"stream": str(path)}})
    process = one.launch()
    Family(process.pid).wait()
    lib_host.wait_for(path.exists, what="the socket")
    lib_host.wait_for((one.state / "steps").exists, what="a verified start")
    kill(process.pid)
    process.wait()
    one.assert_gone("after a run with a socket")
    assert not path.exists()


def test_the_log_of_a_killed_supervisor_has_whole_lines(case, kapsel):
    one = case(["/bin/sh", "-c", "while true; do echo 0123456789; done"])
    process = one.launch()
    log = kapsel.log_path(one.profile)
    lib_host.wait_for(lambda: log.exists() and log.stat().st_size > 100000, what="some output")
    kill(process.pid)
    process.wait()
    one.assert_gone("after a busy run")
    lines = log.read_bytes().split(b"\n")
    assert all(line.startswith(b'{"log":"0123456789\\n"') for line in lines[:-1])
    # The killed writer's last line may be torn: the next run starts a new one.
    other = {**one.profile, "command": ["/bin/echo", "next"]}
    assert kapsel.launch("run", kapsel.write(other, "next")).finish().status == 0
    assert b'{"log":"next\\n"' in log.read_bytes().split(b"\n")[-2]


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGHUP, signal.SIGXCPU])
def test_any_other_death_of_the_supervisor_is_cleaned_up_too(case, number):
    one = case(["/bin/sleep", "1000"])
    process = one.launch()
    lib_host.wait_for((one.state / "steps").exists, what="a verified start")
    time.sleep(0.05)
    os.kill(process.pid, number)
    process.wait(timeout=15)
    one.assert_gone(f"after {number.name}")
    assert process.returncode != 0
