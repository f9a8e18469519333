# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service over more than one run: restarts, the standby process, requests, what is known on disk."""

import json
import os
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

import lib_host
from lib_faults import messages
from lib_kapsel import TIMEOUT_S
from lib_service import services  # noqa: F401

pytestmark = pytest.mark.root

SHELL = {"syscalls": {"allow": ["@base", "@process"]}, "exec": {"allow": ["*"]}}
ALWAYS = {"policy": "always", "max": "unlimited"}
SLOW = 10 if lib_host.IN_VM else 1


def at(event):
    return datetime.fromisoformat(event["time"][:26]).timestamp()


def wait_dead(pid):
    """Orphans of what a test started become its children: reaped they are gone."""
    lib_host.wait_for(lambda: lib_host.reap_orphans() or not Path(f"/proc/{pid}").exists(), 10 * SLOW, f"end of {pid}")


# --- run -d -----------------------------------------------------------------------------------

def test_run_d_prints_the_id_and_leaves_a_running_service(services):
    service = services(["/bin/sleep", "1000"])
    result = service.start()
    record = service.state
    assert result.stdout == record["id"] + "\n" and len(record["id"]) == 64 and result.stderr == "", result
    assert record["status"] == "running" and record["detached"] and record["ready"]
    assert record["command"] == "/bin/sleep 1000" and record["profile_path"] == str(service.path)
    assert service.ask("stop", "100").accepted


def test_a_detached_supervisor_keeps_nothing_of_the_callers(services):
    """Neither its terminal nor a pipe that somebody waits for."""
    service = services(["/bin/sleep", "1000"])
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    process = subprocess.Popen([str(service.kapsel.binary), "run", "-d", str(service.path)], close_fds=False,
                               stdin=subprocess.DEVNULL, stdout=writing, stderr=writing)
    assert process.wait(timeout=30 * SLOW) == 0
    os.close(writing)
    os.set_blocking(reading, False)
    assert len(os.read(reading, 4096)) == 65
    lib_host.wait_for(lambda: os.read(reading, 1) == b"", 5 * SLOW, "the end of the caller's pipe")
    assert os.getsid(service.state["supervisor"]["pid"]) != os.getsid(0)
    assert service.ask("stop", "100").accepted


def test_a_start_that_fails_is_told_where_it_was_asked_for(services):
    service = services(["/bin/nothing-here"])
    result = service.start(status=127)
    assert len(messages(result.stderr)) == 1 and "/bin/nothing-here" in result.stderr, result
    assert result.stdout == "" and not service.left()


def test_an_ended_service_is_remembered_until_it_runs_again(services):
    service = services(["/bin/sh", "-c", "sleep 0.1; exit 7"], **SHELL)
    service.start()
    record = service.wait("exited")
    assert record["exit_status"] == 7 and record["reason"] == "exit code 7" and not record["by_launcher"]
    assert not (service.directory / "control").exists()
    first = record["id"]
    service.start()
    assert service.state["id"] != first
    service.wait("exited")


def test_a_name_can_be_started_again_as_soon_as_its_record_says_exited(services):
    """Whoever reads that need not know that the lock is let go a moment later."""
    service = services(["/bin/true"])
    for _ in range(10):
        service.start()
        end = time.monotonic() + TIMEOUT_S
        while (service.state or {}).get("status") != "exited":
            assert time.monotonic() < end, service.state
    service.wait("exited")


def test_rm_leaves_nothing(services):
    service = services(["/bin/sleep", "0.1"])
    service.start("--rm")
    service.wait_gone()


def test_a_foreground_service_is_on_record_while_it_runs(kapsel):
    profile = kapsel.profile(["/bin/sleep", "100"], stop={"timeout": "100ms"})
    running = kapsel.start_profile(profile)
    record = lib_host.record(profile["name"])
    assert record["supervisor"]["pid"] == running.process.pid and not record["detached"]
    running.finish(signal.SIGTERM)
    assert not (lib_host.STATE_DIR / profile["name"]).exists()


def test_of_two_runs_of_one_name_one_wins(services):
    service = services(["/bin/sleep", "1000"])
    racers = [subprocess.Popen([str(service.kapsel.binary), "run", "-d", str(service.path)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(8)]
    assert sorted(racer.wait(timeout=60 * SLOW) for racer in racers) == [0] + 7 * [125]
    assert service.state["status"] == "running"
    assert service.ask("stop", "100").accepted


# --- restart ----------------------------------------------------------------------------------

def test_the_back_off_doubles_and_the_attempts_end(services):
    service = services(["/bin/false"], restart={"policy": "on-failure", "max": 4})
    service.start()
    record = service.wait("exited", restarts=4)
    assert record["restarts"] == 4 and record["exit_status"] == 1
    assert [event["delay_ms"] for event in service.events if event["event"] == "restart"] == [100, 200, 400, 800]
    assert service.event("give_up")["attempts"] == 4


def test_a_restart_comes_soon_after_its_back_off(services):
    """How soon is for the bench: here never early, and in the right order of magnitude."""
    service = services(["/bin/false"], restart={"policy": "always", "max": 3})
    service.start()
    service.wait("exited", restarts=3)
    told = {}
    for event in service.events:
        if event["event"] == "restart":
            told = event
        elif event["event"] == "start" and told:
            waited_ms = (at(event) - at(told)) * 1000
            assert told["delay_ms"] <= waited_ms < told["delay_ms"] + 500 * SLOW, (told, event)


def test_on_failure_leaves_a_good_end_alone(services):
    service = services(["/bin/true"], restart={"policy": "on-failure"})
    service.start()
    assert service.wait("exited")["restarts"] == 0
    assert service.event("give_up") is None


def test_always_starts_again_after_a_good_end(services):
    service = services(["/bin/true"], restart={"policy": "always", "max": 2})
    service.start()
    assert service.wait("exited", restarts=2)["exit_status"] == 0


def test_a_killed_workload_and_a_killed_init_are_started_again(services):
    service = services(["/bin/sleep", "1000"], restart=ALWAYS)
    service.start()
    for restarts, who in enumerate(("payload", "init"), 1):
        service.kill(who)
        record = service.wait("running", restarts)
        assert record["restarts"] == restarts and "SIGKILL" in record["reason"], record
    assert service.ask("stop", "100").accepted
    assert service.wait("exited")["restarts"] == 2


def test_in_the_foreground_each_end_is_told_and_sigterm_ends_all(kapsel):
    running = kapsel.start(["/bin/sh", "-c", "echo once; exit 3"], restart=ALWAYS, **SHELL)
    running.wait_for_log("once\nonce\nonce")
    result = running.finish(signal.SIGTERM)
    assert result.status in (3, 143), result
    assert result.stderr.count("exit code 3") >= 2 and "starts again in 200 ms" in result.stderr, result


def test_no_descriptor_process_or_memory_grows_with_restarts(services):
    service = services(["/bin/sleep", "1000"], restart={"policy": "always", "max": "unlimited", "delay": "10ms"})
    service.start()

    def look():
        pid = service.state["supervisor"]["pid"]
        memory = next(line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                      if line.startswith("Private_Dirty"))
        standby = service.state["standby"]["pid"]
        return [len(os.listdir(f"/proc/{process}/fd")) for process in (pid, standby)], int(memory.split()[1])

    kills = 0

    def restart(times):
        nonlocal kills
        for _ in range(times):
            kills += 1
            # A row of short runs would wait longer and longer; asked for, it starts at once.
            assert service.ask("restart", "1").accepted
        service.wait("running", kills)
        time.sleep(0.2 * SLOW)  # until the last client's connection is closed

    restart(5)
    before = look()
    restart(30)
    after = look()
    # One more is a request that was just answered.
    assert all(new <= old + 1 for new, old in zip(after[0], before[0])) and after[1] <= before[1] + 64, (before, after)
    assert service.ask("stop", "100").accepted


# --- the supervisor is killed -----------------------------------------------------------------

COUNTING = ["/bin/sh", "-c", "trap 'echo last $i; exit 0' TERM; i=0; while true; do echo line $i; i=$((i+1)); done"]


def all_lines(service):
    """Of the rotated logs, too."""
    files = sorted(service.log_path.parent.glob(service.log_path.name + "*"), key=lambda path: -int(path.suffix[1:] or 0)
                   if path.suffix[1:].isdigit() else 0)
    entries = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    return "".join(entry["log"] for entry in entries if entry["stream"] == "stdout").splitlines()


def test_no_line_is_lost_or_doubled_while_supervisor_and_standby_are_killed(services):
    service = services(COUNTING, on_supervisor_death="adopt", **SHELL)
    service.profile["log"].update({"max_size": "1MB", "max_files": 1000, "compress": False})
    service.path = service.kapsel.write(service.profile)
    service.start()
    for number in range(20):
        before = service.kill("standby" if number % 4 == 3 else "supervisor")
        service.wait_until(lambda state, old=before: state["standby"] != old["standby"], "the next standby")
        time.sleep(0.01 * (number % 5))
    assert service.ask("stop", "20000").accepted
    *lines, last = all_lines(service)
    # The signal may come between a line and the counting of it.
    assert last in (f"last {len(lines)}", f"last {len(lines) - 1}"), (last, len(lines))
    assert all(line == f"line {number}" for number, line in enumerate(lines)), "a line is lost, doubled or torn"


def test_what_a_workload_had_written_is_logged_when_it_ends_with_its_supervisor(services):
    service = services(COUNTING, **SHELL)
    service.profile["log"].update({"max_size": "1MB", "max_files": 1000, "compress": False})
    service.path = service.kapsel.write(service.profile)
    service.start()
    lib_host.wait_for(lambda: service.log_path.exists() and service.log_path.stat().st_size > 10000, what="output")
    service.kill("supervisor")
    service.wait("exited")
    lines = all_lines(service)
    assert all(line == f"line {number}" for number, line in enumerate(lines[:-1])), "a line is lost, doubled or torn"
    assert f"line {len(lines) - 1}".startswith(lines[-1]), lines[-1]


def test_end_is_the_default_and_leaves_nothing_running(services):
    service = services(["/bin/sleep", "1000"], restart=ALWAYS)
    service.start()
    before = service.kill("supervisor")
    record = service.wait("exited")
    assert record["by_launcher"] and record["reason"] == "its supervisor was killed"
    wait_dead(before["init"]["pid"])
    assert not (service.group and service.group.exists())
    service.start()
    assert service.ask("stop", "100").accepted


def test_the_standby_adopts_and_the_workload_notices_nothing(services):
    service = services(["/bin/sleep", "1000"], on_supervisor_death="adopt", restart=ALWAYS)
    service.start()
    first = service.state
    for _ in range(3):
        before = service.kill("supervisor")
        record = service.wait_until(lambda state, gone=before: state["supervisor"] != gone["supervisor"], "adoption")
        assert record["supervisor"]["pid"] == before["standby"]["pid"] and record["standby"] != before["standby"]
        assert record["payload_pid"] == first["payload_pid"] and record["status"] == "running"
    # It does all that the first one did.
    service.kill("payload")
    assert service.wait("running", restarts=1)["id"] == first["id"]
    assert service.ask("stop", "100").accepted
    assert service.wait("exited")["exit_status"] == 143


def test_a_killed_standby_is_replaced(services):
    service = services(["/bin/sleep", "1000"], on_supervisor_death="adopt")
    service.start()
    before = service.kill("standby")
    record = service.wait_until(lambda state: state["standby"] != before["standby"], "another standby")
    assert record["supervisor"] == before["supervisor"] and record["payload_pid"] == before["payload_pid"]
    service.kill("supervisor")
    after = service.wait_until(lambda state: state["supervisor"] == record["standby"], "adoption")
    assert after["payload_pid"] == before["payload_pid"]
    assert service.ask("stop", "100").accepted


@pytest.mark.parametrize("policy", ["end", "adopt"])
def test_both_killed_at_once_end_the_workload_and_free_the_name(services, policy):
    service = services(["/bin/sleep", "1000"], on_supervisor_death=policy)
    service.start()
    state = service.state
    os.kill(state["standby"]["pid"], signal.SIGSTOP)  # so that it can't act in between
    os.kill(state["supervisor"]["pid"], signal.SIGKILL)
    os.kill(state["standby"]["pid"], signal.SIGKILL)
    wait_dead(state["init"]["pid"])
    service.start()
    assert service.state["id"] != state["id"]
    assert service.ask("stop", "100").accepted
    service.wait("exited")


def test_a_supervisor_killed_while_it_waits_for_the_next_start_is_replaced(services):
    service = services(["/bin/false"], on_supervisor_death="adopt",
                       restart={"policy": "always", "max": "unlimited", "delay": "2s"})
    service.start()
    service.wait("restarting")
    before = service.kill("supervisor")
    record = service.wait_until(lambda state: state["restarts"] > before["restarts"], "the next start")
    assert record["supervisor"] == before["standby"]
    assert service.ask("stop", "100").accepted


def test_a_state_of_another_boot_does_not_block_the_name(services):
    service = services(["/bin/sleep", "1000"])
    service.start()
    state = service.state
    for who in ("standby", "supervisor", "init"):
        os.kill(state[who]["pid"], signal.SIGKILL)
    wait_dead(state["init"]["pid"])
    (service.directory / "state.json").write_text(json.dumps({**state, "boot_id": "0" * 36, "supervisor": {
        "pid": os.getpid(), "starttime": 1}}))
    service.start()
    assert service.state["boot_id"] == state["boot_id"]
    assert service.ask("stop", "100").accepted


# --- requests ---------------------------------------------------------------------------------

def test_stop_is_answered_when_all_is_over(services):
    service = services(["/bin/sleep", "1000"])
    service.start()
    answer = service.ask("stop", "5000")
    assert answer.accepted and answer.number == 143, answer
    assert service.state["status"] == "exited"
    service.start()  # the name is free by then
    assert service.ask("stop").accepted


def test_stop_ends_a_back_off(services):
    service = services(["/bin/false"], restart={"policy": "always", "delay": "1min"})
    service.start()
    service.wait("restarting")
    began = time.monotonic()
    assert service.ask("stop").accepted
    assert time.monotonic() - began < 10 and service.state["status"] == "exited"


def test_restart_is_answered_when_it_runs_again(services):
    service = services(["/bin/sleep", "1000"])
    service.start()
    before = service.state
    assert service.ask("restart", "1000").accepted
    assert service.state["restarts"] == 1 and service.state["payload_pid"] != before["payload_pid"]
    assert service.ask("stop").accepted


def test_wait_is_answered_with_the_exit_status(services):
    service = services(["/bin/sh", "-c", "sleep 0.5; exit 9"], **SHELL)
    service.start()
    answer = service.ask("wait")
    assert answer.accepted and answer.number == 9, answer


def test_kill_by_hand_is_not_followed_by_a_restart(services):
    service = services(["/bin/sleep", "1000"], restart=ALWAYS)
    service.start()
    assert service.ask("kill", "SIGKILL").accepted
    assert service.wait("exited")["restarts"] == 0


def test_kill_with_another_signal_leaves_the_policy_alone(services):
    service = services(["/bin/sleep", "1000"], restart=ALWAYS)
    service.start()
    assert service.ask("kill", "USR1").accepted
    assert service.wait("running", restarts=1)
    assert service.ask("stop").accepted


@pytest.mark.parametrize("words", [("dance",), ("kill", "SIGNONSENSE"), ("stop", "soon"), ("update", "memory=x"),
                                   ("enter",), ("enter", "--")])
def test_what_is_not_understood_is_refused_and_changes_nothing(services, words):
    service = services(["/bin/sleep", "1000"])
    service.start()
    answer = service.ask(*words)
    assert not answer.accepted and answer.number > 0 and answer.text, answer
    assert service.state["status"] == "running" and service.ask("stop", "100").accepted


def test_silent_connections_block_nobody_who_asks(services):
    service = services(["/bin/sleep", "1000"])
    service.start()
    silent = [service.connect() for _ in range(40)]
    time.sleep(1.2)  # then they have been silent for long enough
    assert service.ask("kill", "WINCH").accepted and service.state["status"] == "running"
    for sock in silent:
        sock.close()
    assert service.ask("stop", "100").accepted


def test_the_control_socket_is_the_owners_alone(services):
    service = services(["/bin/sleep", "1000"])
    service.start()
    assert service.directory.stat().st_mode & 0o777 == 0o700
    assert (service.directory / "control").stat().st_mode & 0o777 == 0o600
    assert service.ask("stop").accepted


@pytest.mark.vm
def test_update_changes_the_limits_of_what_runs_and_of_the_next_run(services):
    service = services(["/bin/sleep", "1000"], restart=ALWAYS)
    service.start()
    assert service.ask("update", f"memory={48 * 2**20}", "pids=9", "cpu=250").accepted
    for restarts in (0, 1):
        record = service.wait("running", restarts)
        assert (service.group / "memory.max").read_text() == f"{48 * 2**20}\n"
        assert (service.group / "pids.max").read_text() == "9\n"
        assert (service.group / "cpu.max").read_text() == "25000 100000\n"
        assert record["memory_bytes"] == 48 * 2**20 and record["pids"] == 9
        service.kill("payload")
    assert service.wait("running", 2) and service.ask("stop").accepted


@pytest.mark.vm
def test_an_update_that_the_kernel_refuses_changes_nothing(services):
    service = services(["/bin/sleep", "1000"])
    service.start()
    before = (service.group / "memory.max").read_text()
    answer = service.ask("update", f"memory={48 * 2**20}", "cpu_weight=0")
    assert not answer.accepted and (service.group / "memory.max").read_text() == before
    assert service.ask("stop").accepted
