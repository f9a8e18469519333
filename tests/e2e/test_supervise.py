# SPDX-License-Identifier: LGPL-2.1-or-later
"""The supervisor while the workload runs: signals, time limits, orphans, the last line."""

import os
import re
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

import lib_host
from lib_faults import WORKLOAD, Family, last_line, tools, workload  # noqa: F401

pytestmark = pytest.mark.root

PROCESSES = {"syscalls": {"allow": ["@base", "@process"]}}


@pytest.fixture
def start(kapsel, tools):
    """A workload that prints each signal it gets, and ends with none but SIGQUIT and SIGKILL."""
    def start(**keys):
        running = kapsel.start([WORKLOAD, "signals"], rootfs=str(tools), **keys)
        running.wait_for_log("ready")
        return running
    return start


def test_sigterm_becomes_the_stop_signal_of_the_profile(start):
    running = start(stop={"signal": "SIGUSR2", "timeout": "300ms"})
    running.process.send_signal(signal.SIGTERM)
    running.wait_for_log("got SIGUSR2")
    result = running.finish()
    assert result.logged() == "ready\ngot SIGUSR2\n", result


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_workload_that_obeys_ends_with_its_own_status(kapsel, number):
    """busybox sleep dies of SIGTERM."""
    profile = kapsel.profile(["/bin/sleep", "100"])
    running = kapsel.start_profile(profile)
    Family(running.process.pid).wait()
    lib_host.wait_for(lambda: (lib_host.STATE_DIR / profile["name"] / "steps").exists(), what="a verified start")
    time.sleep(0.2)
    began = time.monotonic()
    result = running.finish(number)
    assert result.status == 128 + signal.SIGTERM, result
    assert last_line(result) == "signal SIGTERM (stop was asked for)", result
    assert time.monotonic() - began < 5


def test_a_workload_that_does_not_obey_is_killed_after_the_timeout(start):
    running = start(stop={"timeout": "700ms"})
    began = time.monotonic()
    result = running.finish(signal.SIGTERM)
    took = time.monotonic() - began
    assert result.status == 128 + signal.SIGKILL, result
    assert last_line(result) == "signal SIGKILL after 700 ms of stop timeout (stop was asked for)", result
    assert 0.7 <= took < 5, took
    assert result.logged() == "ready\ngot SIGTERM\n", result


def test_a_second_sigterm_kills_at_once(start):
    running = start(stop={"timeout": "100s"})
    running.process.send_signal(signal.SIGTERM)
    running.wait_for_log("got SIGTERM")
    began = time.monotonic()
    result = running.finish(signal.SIGTERM)
    assert result.status == 128 + signal.SIGKILL, result
    assert time.monotonic() - began < 5


def test_other_signals_are_passed_on(start):
    running = start(stop={"timeout": "100ms"})
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH):
        running.process.send_signal(number)
        running.wait_for_log(f"got {number.name}")
    assert running.finish(signal.SIGTERM).status == 128 + signal.SIGKILL


def test_sigquit_is_passed_on_and_ends_what_does_not_catch_it(start):
    result = start().finish(signal.SIGQUIT)
    assert result.status == 128 + signal.SIGQUIT, result
    assert last_line(result) == "signal SIGQUIT", result


def test_sigpipe_does_not_end_the_supervisor(start):
    running = start(stop={"timeout": "100ms"})
    running.process.send_signal(signal.SIGPIPE)
    time.sleep(0.2)
    assert running.process.poll() is None
    assert running.finish(signal.SIGTERM).status == 128 + signal.SIGKILL


def test_a_signal_before_the_workload_runs_is_not_lost(kapsel):
    """Sent at any moment after main() began: it ends soon, and nothing stays."""
    for delay in (0.0, 0.002, 0.004, 0.006, 0.008, 0.012, 0.02, 0.03, 0.05):
        running = kapsel.start(["/bin/sleep", "60"], stop={"timeout": "200ms"})
        time.sleep(delay)
        began = time.monotonic()
        result = running.finish(signal.SIGTERM, timeout_s=10)
        assert result.status in (128 + signal.SIGTERM, 128 + signal.SIGKILL, 125, -signal.SIGTERM), (delay, result)
        assert time.monotonic() - began < 5, delay


def test_the_runtime_limit_ends_the_workload(kapsel):
    limits = {**kapsel.profile([])["limits"], "runtime": "500ms"}
    result = kapsel.run(["/bin/sleep", "60"], limits=limits)
    assert result.status == 128 + signal.SIGTERM, result
    assert last_line(result) == 'wall-clock limit of 500 ms; "limits": { "runtime": … } raises it', result


def test_the_runtime_limit_ends_one_that_does_not_obey(start, kapsel):
    limits = {**kapsel.profile([])["limits"], "runtime": "500ms"}
    result = start(limits=limits, stop={"timeout": "300ms"}).finish()
    assert result.status == 128 + signal.SIGKILL, result
    assert "wall-clock limit" in last_line(result), result


def test_the_runtime_limit_does_not_touch_one_that_ends_before(kapsel):
    limits = {**kapsel.profile([])["limits"], "runtime": "20s"}
    result = kapsel.run(["/bin/true"], limits=limits)
    assert result.status == 0 and last_line(result) == "exit code 0", result


def test_init_collects_orphans(kapsel, tools):
    """Seen from inside: no process that ended stays in the table."""
    result = kapsel.run([WORKLOAD, "reaped", "20"], rootfs=str(tools), **PROCESSES)
    assert result.status == 0 and result.logged() == "0 zombies\n", result


def test_a_daemon_ends_with_the_command(kapsel, tools):
    seconds = str(200000 + os.getpid())
    result = kapsel.run([WORKLOAD, "daemon", seconds], rootfs=str(tools), **PROCESSES)
    assert result.status == 0 and result.logged() == "left\n", result
    assert not [line for line in lib_host.descendants().values() if seconds in line]


def test_a_daemon_ends_with_the_command_also_without_a_cgroup(kapsel, tools):
    """The death of PID 1 alone must do."""
    seconds = str(300000 + os.getpid())
    profile = kapsel.profile([WORKLOAD, "daemon", seconds], rootfs=str(tools), **PROCESSES)
    mount = lib_host.cgroup_mount()
    under = ["unshare", "--mount", "sh", "-c", f'umount -l {mount} && exec "$@"', "sh"]
    result = kapsel.start_profile(profile, under=under).finish()
    if result.status == 125:
        assert "cgroup" in result.stderr, result
    else:
        assert result.status == 0 and result.logged() == "left\n", result
    assert not [line for line in lib_host.descendants().values() if seconds in line]


def test_with_the_hosts_pid_namespace_children_end_too(kapsel, tools):
    seconds = str(400000 + os.getpid())
    result = kapsel.run([WORKLOAD, "daemon", seconds], rootfs=str(tools), share_host=["pid"], proc="none",
                        **PROCESSES)
    assert result.status == 0, result
    lib_host.wait_for(lambda: not [line for line in lib_host.descendants().values() if seconds in line], 5.0,
                      "the end of the daemon")


def test_the_workload_killed_from_outside_gives_137(start):
    running = start()
    os.kill(Family(running.process.pid).payload, signal.SIGKILL)
    result = running.finish()
    assert result.status == 128 + signal.SIGKILL and last_line(result) == "signal SIGKILL", result


def test_init_killed_from_outside_ends_the_run_with_a_word(start):
    running = start()
    os.kill(Family(running.process.pid).init, signal.SIGKILL)
    result = running.finish(timeout_s=10)
    assert result.status == 128 + signal.SIGKILL, result
    assert last_line(result).startswith("signal SIGKILL"), result


def test_a_stopped_workload_can_still_be_ended(start):
    running = start(stop={"timeout": "300ms"})
    os.kill(Family(running.process.pid).payload, signal.SIGSTOP)
    assert running.finish(signal.SIGTERM, timeout_s=10).status == 128 + signal.SIGKILL


def test_a_closed_terminal_does_not_end_the_supervisor(kapsel, tools):
    """Both ends of its own stderr gone: the last line has nowhere to go, the status comes through."""
    running = kapsel.start([WORKLOAD, "signals"], rootfs=str(tools), stop={"timeout": "100ms"})
    running.wait_for_log("ready")
    running.process.stderr.close()
    running.process.stderr = None
    running.process.stdout.close()
    running.process.stdout = None
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=10) == 128 + signal.SIGKILL


def test_the_state_says_who_runs_and_what_holds(start):
    running = start(stop={"timeout": "100ms"})
    family = Family(running.process.pid)
    name = Path(running.arguments[-1]).name.split(".")[0]
    directory = lib_host.STATE_DIR / name
    record = lib_host.record(name)
    assert record["name"] == name and record["supervisor"]["pid"] == running.process.pid
    assert record["init"]["pid"] == family.init and record["standby"]["pid"] == family.janitor
    assert record["status"] == "running" and record["payload_pid"] == family.payload
    steps = [line.split("\t") for line in (directory / "steps").read_text().splitlines()]
    assert len(steps) >= 25 and {row[2] for row in steps} <= {"holds", "absent"}
    assert {"seccomp", "landlock", "user-namespace", "capabilities"} <= {row[0] for row in steps if row[2] == "holds"}
    assert (directory.stat().st_mode & 0o777) == 0o700
    running.finish(signal.SIGTERM)
    assert not directory.exists()


def test_supervisor_and_janitor_can_not_be_inspected_by_others(start):
    """Undumpable: their /proc files belong to root, whoever runs them."""
    running = start(stop={"timeout": "100ms"})
    family = Family(running.process.pid)
    for pid in (running.process.pid, family.janitor, family.init):
        assert os.stat(f"/proc/{pid}/fd").st_uid == 0
    running.finish(signal.SIGTERM)


def held_by(pid):
    """What a process has open, without numbers: {"socket": 1, "/dev/null": 3}."""
    names = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
    return Counter(re.sub(r"(?<=pipe|cket):\[\d+\]$", "", name) for name in names)


def test_the_janitor_holds_only_what_ending_needs(start):
    """No copy of the caller's streams, of the image, or of a socket with which it could speak to init."""
    running = start(stop={"timeout": "100ms"})
    family = Family(running.process.pid)
    held = held_by(family.janitor)
    for name in [name for name in held if name.startswith(("/run/kapsel", "/sys/fs/cgroup"))]:
        del held[name]
    # Two pipes for the workload's output, both ends of the one in which the log keeps what it has taken, the
    # supervisor's pidfd and init's, and the socket at whose other end the supervisor is.
    assert held == {"/dev/null": 3, "pipe": 4, "anon_inode:[pidfd]": 2, "socket": 1}, held
    running.finish(signal.SIGTERM)


def test_a_janitor_that_shall_adopt_holds_what_the_supervisor_needs(start):
    running = start(stop={"timeout": "100ms"}, on_supervisor_death="adopt")
    held = held_by(Family(running.process.pid).janitor)
    assert held["anon_inode:[pidfd]"] == 3 and held["socket"] == 2 and held["anon_inode:seccomp notify"] == 1, held
    running.finish(signal.SIGTERM)


def test_init_holds_its_socket_its_childrens_ends_and_its_procfs(start):
    running = start(stop={"timeout": "100ms"})
    held = held_by(Family(running.process.pid).init)
    assert held == {"socket": 1, "anon_inode:[signalfd]": 1, "/": 1}, held
    running.finish(signal.SIGTERM)


def test_init_holds_no_right(start):
    running = start(stop={"timeout": "100ms"})
    status = Path(f"/proc/{Family(running.process.pid).init}/status").read_text()
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert all(int(facts[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")), status
    assert facts["NoNewPrivs"] == "1"
    running.finish(signal.SIGTERM)


# --- limits that need controllers ------------------------------------------------------------

@pytest.mark.vm
def test_out_of_memory_is_named_with_the_limit_that_raises_it(kapsel, tools):
    result = kapsel.run([WORKLOAD, "hog", "64"], rootfs=str(tools), limits={"memory": "16MiB"})
    assert result.status == 128 + signal.SIGKILL and result.logged() == "", result
    assert re.fullmatch(r'out of memory(: peak [0-9.]+ MiB)?, limit 16\.0 MiB; "limits": \{ "memory": … \} raises it',
                        last_line(result)), result


@pytest.mark.vm
def test_enough_memory_is_enough(kapsel, tools):
    result = kapsel.run([WORKLOAD, "hog", "64"], rootfs=str(tools), limits={"memory": "128MiB"})
    assert result.status == 0 and result.logged() == "all of it\n", result


@pytest.mark.vm
def test_the_limit_of_processes_is_named(kapsel, tools):
    result = kapsel.run([WORKLOAD, "forks", "50"], rootfs=str(tools), limits={"pids": 8}, **PROCESSES)
    count, name = result.logged().split()
    assert 4 <= int(count) <= 7 and name == "EAGAIN", result
    assert "the limit of 8 processes was hit" in last_line(result), result


@pytest.mark.vm
def test_the_default_limits_are_in_force(kapsel, tools):
    running = kapsel.start([WORKLOAD, "signals"], rootfs=str(tools), limits={}, stop={"timeout": "100ms"})
    running.wait_for_log("ready")
    name = Path(running.arguments[-1]).name.split(".")[0]
    group = lib_host.cgroup_mount() / "kapsel" / name
    files = ("memory.max", "memory.swap.max", "pids.max", "cpu.max", "memory.oom.group")
    values = {file: (group / file).read_text().strip() for file in files}
    assert values == {"memory.max": str(64 * 1024 * 1024), "memory.swap.max": "0", "pids.max": "16",
                      "cpu.max": "50000 100000", "memory.oom.group": "1"}
    running.finish(signal.SIGTERM)
