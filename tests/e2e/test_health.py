# SPDX-License-Identifier: LGPL-2.1-or-later
"""Health checks: what they see and say, and what a hostile workload or check can do to them."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

import lib_host
from lib_faults import WORKLOAD, Family, children, copy_root, put, tools, workload  # noqa: F401

pytestmark = pytest.mark.root

OPEN = {"exec": {"allow": ["*"]}, "syscalls": {"allow": ["@base", "@process", "@file-write"]}}


class Checked:
    """A running service with a health check."""

    def __init__(self, kapsel, command, health, **keys):
        merged = {"interval": "300ms", "timeout": "2s", "retries": 2, "on_failure": "report", **health}
        self.profile = kapsel.profile(command, health=merged, stop={"timeout": "100ms"}, **keys)
        self.directory = lib_host.STATE_DIR / self.profile["name"]
        self.running = kapsel.start_profile(self.profile)
        self.family = Family(self.running.process.pid)

    def record(self):
        try:
            return json.loads((self.directory / "state.json").read_text())
        except FileNotFoundError:
            assert self.running.process.poll() is None, self.running.finish()
            return {}

    def wait(self, health, timeout_s=20):
        lib_host.wait_for(lambda: self.record().get("health") == health, timeout_s, f"health {health}")
        return self.record()

    def wait_output(self, text, timeout_s=20):
        lib_host.wait_for(lambda: text in self.record().get("health_output", ""), timeout_s, f"{text!r}")
        return self.record()

    def stop(self):
        return self.running.finish(signal.SIGTERM)


@pytest.fixture
def checked(kapsel):
    def start(check, command=("/bin/sleep", "1000"), health=None, **keys):
        return Checked(kapsel, list(command), {"command": check, **(health or {})}, **{**OPEN, **keys})
    return start


def test_a_check_that_succeeds_makes_it_healthy(checked):
    running = checked(["/bin/sh", "-c", "echo checked; echo again >&2"])
    record = running.wait("healthy")
    assert record["health_output"] == "checked\nagain\n" and record["health_failures"] == 0
    running.stop()


def test_before_the_first_check_it_is_starting(checked):
    running = checked(["/bin/true"], health={"interval": "30s"})
    running.wait("starting")
    running.stop()


def test_failures_in_a_row_make_it_unhealthy_and_one_success_healthy_again(checked):
    running = checked(["/bin/sh", "-c", "test -e /tmp/good || { echo bad; exit 1; }"],
                      command=["/bin/sh", "-c", "sleep 3; touch /tmp/good; sleep 1000"],
                      mounts={"/tmp": {"type": "tmpfs", "size": "1MiB"}})
    record = running.wait("unhealthy")
    assert record["health_failures"] >= 2 and record["health_output"] == "bad\n"
    assert running.wait("healthy")["health_failures"] == 0
    running.stop()


def test_the_check_runs_with_exec_once_too(checked):
    running = checked(["/bin/echo", "once"], exec={}, syscalls={})
    assert running.wait("healthy")["health_output"] == "once\n"
    running.stop()


def test_a_check_that_hangs_is_killed_and_fails(checked):
    running = checked(["/bin/sh", "-c", "trap '' TERM HUP INT; while true; do sleep 1; done"], health={"timeout": "500ms"})
    assert "killed after 500 ms" in running.wait("unhealthy")["health_output"]
    running.stop()


def test_a_check_that_forks_leaves_nothing(checked):
    running = checked(["/bin/sh", "-c", "sleep 1000 & sleep 1000 & sleep 1000 & exit 0"])
    running.wait("healthy")
    time.sleep(2)
    init = running.family.init
    assert len(children(init)) <= 1 + 4, children(init)
    running.stop()


def test_a_flood_is_bounded_and_the_last_of_it_is_kept(checked):
    running = checked(["/bin/sh", "-c", "i=0; while [ $i -lt 3000 ]; do echo line-$i; i=$((i+1)); done; exit 1"],
                      health={"timeout": "20s"})
    record = running.wait_output("line-2999")
    assert len(record["health_output"]) < 400
    running.stop()


def test_a_flood_without_end_costs_the_check_its_time_and_nothing_more(checked):
    running = checked(["/bin/yes", "x" * 50], health={"timeout": "600ms"})
    assert "killed after 600 ms" in running.wait("unhealthy")["health_output"]
    status = Path(f"/proc/{running.running.process.pid}/status").read_text()
    assert int(re.search(r"VmRSS:\s+(\d+)", status)[1]) < 40000
    running.stop()


def test_a_check_that_is_not_there_fails_and_says_so(checked):
    running = checked(["/bin/absent"])
    assert "/bin/absent" in running.wait("unhealthy")["health_output"]
    running.stop()


def test_unhealthy_restarts_where_the_profile_says_so(checked):
    running = checked(["/bin/false"], health={"on_failure": "restart"},
                      restart={"policy": "always", "delay": "100ms"})
    lib_host.wait_for(lambda: running.record().get("restarts", 0) >= 1, 20, "a restart")
    running.stop()


def test_what_the_check_may_not_is_refused_named_and_counted(checked):
    running = checked(["/bin/mkfifo", "/tmp/x"], syscalls={"allow": ["@base", "@process"]})
    running.wait("unhealthy")
    end = running.stop()
    assert "refused mknod" in end.stderr and '"@file-write"' in end.stderr, end


# --- a hostile workload -----------------------------------------------------------

def test_a_payload_that_kills_all_it_can_fails_the_check_or_can_not(checked):
    """Landlock's scope keeps its signals from the check since 6.12; before, the check fails and counts."""
    running = checked(["/bin/sh", "-c", "sleep 0.3; echo survived"],
                      command=["/bin/sh", "-c", "while true; do kill -KILL -1; sleep 0.05; done"])
    release = tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
    record = running.wait("healthy" if release >= (6, 12) else "unhealthy")
    if release >= (6, 12):
        assert record["health_output"] == "survived\n"
    running.stop()


@pytest.mark.vm
def test_a_payload_that_fills_the_pids_limit_makes_the_check_fail(checked):
    running = checked(["/bin/true"], limits={"pids": 8},
                      command=["/bin/sh", "-c", "for i in 1 2 3 4 5 6; do sleep 1000 & done; wait"])
    record = running.wait("unhealthy", 60)
    assert "limits.pids" in record["health_output"] or "EAGAIN" in record["health_output"], record
    running.stop()


def test_a_replaced_program_runs_as_what_it_is_under_the_same_restrictions(kapsel, rootfs, tools, tmp_path):
    """The payload may write the check's program: it gains nothing, since that has the payload's own rights."""
    directory = tmp_path / "own"
    directory.mkdir(mode=0o777)
    directory.chmod(0o777)
    put(directory, "busybox", (rootfs / "bin/busybox").read_bytes())
    (directory / "busybox").chmod(0o777)
    tmp_path.chmod(0o755)
    keys = {**OPEN, "rootfs": str(tools)}
    running = Checked(kapsel, ["/bin/sh", "-c", "sleep 2; printf '#!/bin/sh\\nmount -t tmpfs x /data; cat /proc/self/status; "
                               "exit 1\\n' > /data/new; chmod 755 /data/new; mv /data/new /data/busybox; sleep 1000"],
                      {"command": ["/data/busybox", "true"]}, **keys,
                      mounts={"/data": {"type": "bind", "source": str(directory), "write": True, "exec": True}})
    running.wait("healthy")
    record = running.wait("unhealthy")
    assert "x86_Thread" in record["health_output"] or "ctxt_switches" in record["health_output"], record
    end = running.stop()
    assert "refused mount" in end.stderr, end


def test_a_killed_supervisor_takes_a_running_check_along(checked):
    running = checked(["/bin/sh", "-c", "sleep 1000"], health={"timeout": "60s"})
    lib_host.wait_for(lambda: running.family.init and len(children(running.family.init)) >= 2, 20, "a running check")
    init = running.family.init
    pids = [init] + [pid for pid, _ in children(init)]
    running.running.process.kill()
    running.running.finish()

    def ended():
        lib_host.reap_orphans()
        return not any(Path(f"/proc/{pid}").exists() for pid in pids)
    lib_host.wait_for(ended, what="the end of everything")


def test_callers_of_enter_can_not_keep_the_check_out(kapsel, checked):
    running = checked(["/bin/true"], health={"interval": "1s"})
    running.wait("healthy")
    many = [kapsel.launch("enter", running.profile["name"], "--", "/bin/sleep", "100") for _ in range(9)]
    lib_host.wait_for(lambda: len(children(running.family.init)) >= 9, 20, "eight further processes")
    time.sleep(3)
    assert running.record()["health"] == "healthy" and running.record()["health_failures"] == 0
    running.stop()
    for one in many:
        one.finish()
