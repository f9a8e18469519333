# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs for services but events: ps, inspect, wait, stop, kill, restart, rm, prune, update."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import lib_host
from lib_kapsel import TIMEOUT_S
from lib_service import LOG_DIR
from lib_verbs import SHELL, SLEEP, good, ps, refused, services, started  # noqa: F401

pytestmark = pytest.mark.root


# --- ps ---------------------------------------------------------------------------------------

def test_ps_shows_what_runs_in_dockers_columns(kapsel, services):
    service = started(services(listen={"http": {"stream": "127.0.0.1:18431"}}))
    lines = good(kapsel.call("ps")).splitlines()
    assert re.split(r" {2,}", lines[0]) == ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
    row, = [line for line in lines if line.endswith(service.name)]
    fields = re.split(r" {2,}", row)
    assert fields[0] == service.state["id"][:12] and fields[1] == str(kapsel.rootfs)
    assert fields[2] == '"/bin/sleep 1000"' and fields[3].endswith("ago") and fields[4].startswith("Up ")
    assert fields[5] == "127.0.0.1:18431/tcp"


def test_ps_shows_ended_ones_only_when_asked(kapsel, services):
    service = started(services(["/bin/sh", "-c", "exit 7"], exec={"allow": ["*"]}))
    service.wait("exited")
    assert service.name not in ps(kapsel)
    row = ps(kapsel, "--all")[service.name]
    assert re.fullmatch(r"Exited \(7\) .* ago", row["Status"]) and row["State"] == "exited" and row["ExitCode"] == "7"
    assert service.name in ps(kapsel, "--filter", f"status=exited,name={service.name}")
    assert service.name in ps(kapsel, "--filter", "exited=7")
    assert service.name not in ps(kapsel, "--filter", "exited=8")


def test_ps_filters_by_name_status_health_and_labels(kapsel, services):
    front = started(services(labels={"tier": "front", "team": "a"}))
    back = started(services(labels={"tier": "back", "team": "a"}))

    def found(filters):
        return {name for name in ps(kapsel, "--filter", filters) if name in (front.name, back.name)}
    assert found("label=tier=front") == {front.name}
    assert found("label=tier") == {front.name, back.name}
    assert found("label=tier=front,label=team=a") == {front.name}
    assert found("label=tier=front,label=tier=back") == set()
    assert found(f"name={front.name},name={back.name}") == {front.name, back.name}
    assert found("status=running,health=none") == {front.name, back.name}
    assert found("health=healthy") == set()
    assert found(f"id={back.state['id'][:10]}") == {back.name}


def test_ps_quiet_prints_ids_that_other_verbs_take(kapsel, services):
    service = started(services())
    short = good(kapsel.call("ps", "-q", "--filter", f"name={service.name}")).strip()
    whole = good(kapsel.call("ps", "-q", "--no-trunc", "--filter", f"name={service.name}")).strip()
    assert len(short) == 12 and len(whole) == 64 and whole.startswith(short)
    assert good(kapsel.call("stop", short)) == short + "\n"
    assert service.wait("exited")["exit_status"] == 143


def test_ps_prints_the_words_that_are_asked_for(kapsel, services):
    service = started(services())
    only = ("--filter", f"name={service.name}")
    assert good(kapsel.call("ps", *only, "--format", r"{name}\t{state}|{restarts}")) == f"{service.name}\trunning|0\n"
    payload = service.state["payload_pid"]
    assert good(kapsel.call("ps", *only, "--format", "{pid}")) == f"{payload}\n"
    refused(kapsel.call("ps", "--format", "{nmae}"), "{nmae}", "{name}", status=2)
    refused(kapsel.call("ps", "--format", "{{.Names}}"), "not a Go template", status=2)


def test_what_the_workload_is_called_does_nothing_to_the_terminal(kapsel, services):
    service = started(services(["/bin/sh", "-c", "sleep 1000", "\u009b31m\x1b]0;title\x07"], **SHELL))
    only = ("--no-trunc", "--filter", f"name={service.name}")
    for arguments in (["ps", *only], ["ps", *only, "--json"], ["ps", *only, "--format", "{command}"],
                      ["inspect", service.name]):
        out = good(kapsel.call(*arguments))
        assert "title" in out and not set("\u009b\x1b\x07") & set(out), arguments


def test_ps_is_quiet_where_nothing_ever_ran(kapsel, tmp_path):
    assert good(kapsel.call("ps", "-aq", under=alone(tmp_path))) == ""


# --- inspect ----------------------------------------------------------------------------------

def test_inspect_has_state_profile_restrictions_and_counters(kapsel, services):
    service = started(services(labels={"tier": "front"}))
    found, = json.loads(good(kapsel.call("inspect", service.name)))
    for key, value in service.state.items():
        assert found[key] == value, key
    assert found["profile"]["labels"] == {"tier": "front"} and found["profile"]["umask"]
    rows = {row["step"]: row for row in found["restrictions"]}
    assert rows["seccomp"]["result"] == "holds" and rows["seccomp"]["phase"] == "seal" and rows["seccomp"]["report"]
    assert found["counters"]["starts"] == 1 and found["counters"]["denied"]["seccomp"] == 0


def test_inspect_shows_those_that_are_there_and_fails_for_the_others(kapsel, services):
    first, second = started(services()), started(services())
    result = kapsel.call("inspect", first.name, "no-such-service", second.state["id"])
    assert [found["name"] for found in json.loads(result.stdout)] == [first.name, second.name]
    refused(result, "no-such-service", "ENOENT")
    result = kapsel.call("inspect", "no-such-service")
    assert json.loads(result.stdout) == [] and result.status == 1


# --- stop, kill, wait, restart ----------------------------------------------------------------

def test_stop_stops_several_and_goes_on_after_a_mistake(kapsel, services):
    first, second = started(services()), started(services())
    result = kapsel.call("stop", first.name, "no-such-service", second.name)
    assert result.stdout == f"{first.name}\n{second.name}\n"
    refused(result, "no-such-service")
    assert first.wait("exited")["exit_status"] == 143 and second.wait("exited")["exit_status"] == 143
    assert first.event("stop")["by"] == "control"


def test_stop_of_an_ended_service_is_done_already(kapsel, services):
    service = started(services(["/bin/true"]))
    service.wait("exited")
    assert good(kapsel.call("stop", service.name)) == f"{service.name}\n"


STUBBORN = ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]


def stubborn(services):
    service = started(services(STUBBORN, **SHELL))
    lib_host.wait_for(lambda: service.lines == ["ready"], TIMEOUT_S, "the trap")
    return service


def test_stop_ends_by_force_after_the_time_that_is_given(kapsel, services):
    service = stubborn(services)
    began = time.monotonic()
    good(kapsel.call("stop", "-t", "1", service.name))
    assert time.monotonic() - began >= 1
    assert service.wait("exited")["exit_status"] == 137


def test_a_service_that_is_named_twice_is_stopped_once(kapsel, services):
    """A second request to stop is one to kill."""
    script = "trap 'sleep 0.5; exit 3' TERM; echo ready; while :; do sleep 0.1; done"
    service = started(services(["/bin/sh", "-c", script], **SHELL))
    lib_host.wait_for(lambda: service.lines == ["ready"], TIMEOUT_S, "the trap")
    assert good(kapsel.call("stop", service.name, service.state["id"])).count("\n") == 2
    assert service.wait("exited")["exit_status"] == 3


def test_several_are_stopped_at_the_same_time(kapsel, services):
    many = [stubborn(services) for _ in range(3)]
    began = time.monotonic()
    good(kapsel.call("stop", "-t", "2", *[service.name for service in many]))
    assert time.monotonic() - began < 5 * (10 if lib_host.IN_VM else 1)


def test_stop_ends_the_wait_for_the_next_start(kapsel, services):
    service = started(services(["/bin/false"], restart={"policy": "always", "max": "unlimited", "delay": "50s"}))
    service.wait("restarting")
    assert re.match(r"Restarting \(1\) .* ago", ps(kapsel)[service.name]["Status"])
    good(kapsel.call("stop", service.name))
    assert service.wait("exited")["exit_status"] == 1


def test_kill_sends_sigkill_or_the_signal_that_is_given(kapsel, services):
    script = "trap 'echo usr1' USR1; echo ready; while :; do sleep 0.1; done"
    service = started(services(["/bin/sh", "-c", script], **SHELL))
    lib_host.wait_for(lambda: service.lines == ["ready"], TIMEOUT_S, "the trap")
    for count, word in enumerate(("USR1", "SIGUSR1", str(int(signal.SIGUSR1))), start=1):
        assert good(kapsel.call("kill", "-s", word, service.name)) == f"{service.name}\n"
        lib_host.wait_for(lambda: service.lines.count("usr1") == count, TIMEOUT_S, word)
    refused(kapsel.call("kill", "-s", "SIGNONE", service.name), "signal")
    good(kapsel.call("kill", service.name))
    assert service.wait("exited")["exit_status"] == 137
    refused(kapsel.call("kill", service.name), "does not run")


def test_wait_prints_the_status_of_ended_and_of_running_ones(kapsel, services):
    ended = started(services(["/bin/sh", "-c", "exit 7"], exec={"allow": ["*"]}))
    ended.wait("exited")
    running = started(services())
    waiting = kapsel.launch("wait", ended.name, running.name)
    time.sleep(0.3)
    assert waiting.process.poll() is None
    good(kapsel.call("stop", running.name))
    assert good(waiting.finish()) == "7\n143\n"


def test_wait_outlasts_restarts(kapsel, services):
    again = {"policy": "on-failure", "max": 2}
    service = started(services(["/bin/sh", "-c", "sleep 0.1; exit 4"], restart=again, **SHELL))
    assert good(kapsel.call("wait", service.name)) == "4\n"
    assert service.state["restarts"] == 2


def test_wait_learns_the_status_of_one_that_leaves_no_state(kapsel, services):
    service = started(services(["/bin/sh", "-c", "sleep 0.5; exit 9"], **SHELL), "--rm")
    assert good(kapsel.call("wait", service.name)) == "9\n"
    service.wait_gone()


def test_wait_outlasts_its_supervisor(kapsel, services):
    service = started(services(on_supervisor_death="adopt"))
    waiting = kapsel.launch("wait", service.name)
    time.sleep(0.3)
    old = service.kill("supervisor")
    service.wait_until(lambda state: state["supervisor"]["pid"] != old["supervisor"]["pid"], "adopted")
    lib_host.reap_orphans()
    time.sleep(0.3)
    assert waiting.process.poll() is None
    good(kapsel.call("stop", service.name))
    assert good(waiting.finish()) == "143\n"


def test_restart_starts_the_same_service_again(kapsel, services):
    service = started(services())
    before = service.state
    assert good(kapsel.call("restart", service.name)) == f"{service.name}\n"
    after = service.state
    assert after["status"] == "running" and after["id"] == before["id"] and after["restarts"] == 1
    assert after["payload_pid"] != before["payload_pid"] and after["supervisor"] == before["supervisor"]


def test_restart_of_an_ended_service_says_how_to_run_it_again(kapsel, services):
    service = started(services(["/bin/true"]))
    service.wait("exited")
    refused(kapsel.call("restart", service.name), "does not run", f"kapsel run -d {service.path}")


# --- rm, prune --------------------------------------------------------------------------------

def test_rm_forgets_an_ended_service_and_leaves_its_logs(kapsel, services):
    service = started(services(["/bin/echo", "hello"]))
    service.wait("exited")
    lib_host.wait_for(lambda: kapsel.call("rm", service.name).status == 0, TIMEOUT_S, "the supervisor's leaving")
    assert not service.directory.exists() and service.lines == ["hello"] and service.events
    refused(kapsel.call("rm", service.name), "ENOENT")


def test_rm_with_logs_leaves_nothing(kapsel, services):
    service = started(services(["/bin/echo", "hello"], log={"driver": "json-file"}))
    service.wait("exited")
    assert (LOG_DIR / service.name).exists()
    assert good(kapsel.call("rm", "--force", "--logs", service.name)) == f"{service.name}\n"
    assert not service.directory.exists() and not (LOG_DIR / service.name).exists()


def test_rm_leaves_a_running_service_alone_unless_forced(kapsel, services):
    service = started(services())
    refused(kapsel.call("rm", service.name), "EBUSY", f"kapsel rm --force {service.name}")
    assert service.state["status"] == "running"
    assert good(kapsel.call("rm", "-f", service.name)) == f"{service.name}\n"
    assert not service.directory.exists()
    assert service.event("exit")["status"] == 143
    service.wait_gone()


def test_rm_force_of_one_that_leaves_no_state_is_done_by_its_end(kapsel, services):
    service = started(services(), "--rm")
    good(kapsel.call("rm", "-f", service.name))
    service.wait_gone()


def lose(service):
    """Kill all who could look after it."""
    state = service.state
    for who in ("standby", "supervisor"):
        os.kill(state[who]["pid"], signal.SIGSTOP)
    for who in ("standby", "supervisor"):
        os.kill(state[who]["pid"], signal.SIGKILL)
    lib_host.wait_for(lambda: lib_host.reap_orphans() or not any(
        Path(f"/proc/{state[who]['pid']}").exists() for who in ("standby", "supervisor", "init")), TIMEOUT_S, "their end")


def test_a_lost_service_is_shown_as_such_and_can_be_removed(kapsel, services):
    service = started(services())
    lose(service)
    assert service.state["status"] == "running"  # nobody was left to write anything else
    row = ps(kapsel, "--all")[service.name]
    assert row["State"] == "lost" and row["Status"] == "Lost: the supervisor was killed"
    assert service.name not in ps(kapsel) and service.name in ps(kapsel, "--filter", "status=lost")
    assert json.loads(good(kapsel.call("inspect", service.name)))[0]["status"] == "lost"
    for verb in ("stop", "wait"):
        refused(kapsel.call(verb, service.name), "supervisor was killed", f"kapsel rm {service.name}")
    good(kapsel.call("rm", service.name))
    service.wait_gone()


def test_rm_and_a_start_do_not_meet(kapsel, services):
    """Whoever comes second waits or is refused: never is a running service's state removed."""
    service = services()
    for _ in range(10):
        service.start()
        good(kapsel.call("kill", service.name))
        service.wait("exited")
        racers = [kapsel.launch("rm", service.name), kapsel.launch("run", "-d", service.path)]
        statuses = [racer.process.wait(timeout=TIMEOUT_S) for racer in racers]
        assert statuses[1] in (0, 125), statuses
        if statuses[1] == 0:
            assert service.state["status"] == "running"
        good(kapsel.call("rm", "-f", service.name) if service.directory.exists() else kapsel.call("ps", "-q"))


def alone(directory):
    """A call with a run directory and a place for logs of its own: prune is for all services of the machine."""
    script = 'umask 077; mkdir -p "$0/run" "$0/log" /run/kapsel /var/log/kapsel && ' \
             'mount --bind "$0/run" /run/kapsel && mount --bind "$0/log" /var/log/kapsel && exec "$@"'
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", script, str(directory)]


def run_alone(kapsel, directory, command):
    profile = kapsel.profile(command)
    path = kapsel.write(profile)
    with open(os.devnull, "w", encoding="utf-8") as null:
        subprocess.run([*alone(directory), str(kapsel.binary), "run", "-d", str(path)], check=True, timeout=TIMEOUT_S,
                       stdin=subprocess.DEVNULL, stdout=null, stderr=null)
    return profile["name"]


def record_of(directory, name):
    return json.loads((directory / "run" / name / "state.json").read_text())


def test_prune_removes_all_that_ended_and_nothing_else(kapsel, tmp_path):
    under = alone(tmp_path)
    ended, running, lost = (run_alone(kapsel, tmp_path, command) for command in (["/bin/true"], SLEEP, SLEEP))
    try:
        lib_host.wait_for(lambda: record_of(tmp_path, ended)["status"] == "exited", TIMEOUT_S, "the end")
        state = record_of(tmp_path, lost)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for who in ("standby", "supervisor"):
                os.kill(state[who]["pid"], number)
        # A start that was killed long ago, and one that is under way just now.
        for name, age_s in (("old", 3600), ("new", 0)):
            (tmp_path / "run" / name).mkdir(0o700)
            os.utime(tmp_path / "run" / name, (time.time() - age_s,) * 2)
        # What is no state of a service is none of our business.
        (tmp_path / "run" / "foreign").mkdir(0o700)
        (tmp_path / "run" / "foreign" / "data").write_text("x")
        os.utime(tmp_path / "run" / "foreign", (0, 0))

        result = kapsel.call("prune", under=under)
        assert result.status == 1 and "[y/N]" in result.stdout and "nothing was removed" in result.stderr, result
        lib_host.wait_for(lambda: not lib_host.reap_orphans() and not Path(f"/proc/{state['init']['pid']}").exists(),
                          TIMEOUT_S, "the lost one's end")
        time.sleep(0.5)  # the ended one's supervisor leaves
        assert sorted(good(kapsel.call("prune", "-f", under=under)).splitlines()) == sorted([ended, lost, "old"])
        assert sorted(path.name for path in (tmp_path / "run").iterdir() if path.name != ".ids") == \
            sorted([running, "new", "foreign"])
        group = lib_host.cgroup_mount() / "kapsel"
        assert not (group / lost).exists() and (tmp_path / "log" / lost / f"{lost}-events.jsonl").exists()
    finally:
        kapsel.call("rm", "-f", running, under=under)


def test_prune_asks_and_takes_a_yes(kapsel, tmp_path):
    under = alone(tmp_path)
    name = run_alone(kapsel, tmp_path, ["/bin/true"])
    lib_host.wait_for(lambda: record_of(tmp_path, name)["status"] == "exited", TIMEOUT_S, "the end")
    time.sleep(0.5)
    process = subprocess.run([*under, str(kapsel.binary), "prune", "--logs"], input="y\n", capture_output=True,
                             encoding="utf-8", timeout=TIMEOUT_S, check=False)
    assert process.returncode == 0 and process.stdout.endswith(f"{name}\n"), process
    assert not (tmp_path / "run" / name).exists() and not (tmp_path / "log" / name).exists()


# --- update -----------------------------------------------------------------------------------

@pytest.mark.vm
def test_update_changes_limits_until_the_service_ends(kapsel, services):
    service = started(services(limits={"memory": "64MiB", "pids": 20, "cpu": 1}))
    assert good(kapsel.call("update", "--memory", "128MiB", "--pids", "30", "--cpu", "0.5", "--cpu-weight", "50",
                            service.name)) == f"{service.name}\n"
    assert (service.group / "memory.max").read_text() == f"{128 << 20}\n"
    assert (service.group / "pids.max").read_text() == "30\n"
    assert (service.group / "cpu.max").read_text().split()[0] == "50000"
    assert (service.group / "cpu.weight").read_text() == "50\n"
    record = service.state
    assert record["memory_bytes"] == 128 << 20 and record["pids"] == 30 and record["cpu_cores"] == 0.5
    good(kapsel.call("update", "--pids", "unlimited", service.name))
    assert (service.group / "pids.max").read_text() == "max\n" and service.state["pids"] is None
    assert service.event("update")


def test_update_of_an_ended_service_names_its_profile(kapsel, services):
    service = started(services(["/bin/true"]))
    service.wait("exited")
    refused(kapsel.call("update", "--pids", "30", service.name), "does not run", str(service.path))


# --- users ------------------------------------------------------------------------------------

def test_a_user_sees_and_reaches_the_own_services_only(kapsel, services):
    service = started(services())
    home = Path(tempfile.mkdtemp(prefix="kapsel-user-", dir="/tmp"))
    program = shutil.copy(kapsel.binary, home / "program")
    try:
        home.chmod(0o700)
        for path in (home, Path(program)):
            os.chown(path, 65534, 65534)
        under = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", f"HOME={home}",
                 f"XDG_RUNTIME_DIR={home}"]

        def call(*arguments):
            return subprocess.run([*under, str(program), *arguments], capture_output=True, encoding="utf-8", check=False,
                                  timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
        assert call("ps", "-aq").stdout == ""
        for verb in ("stop", "kill", "rm", "inspect", "wait"):
            result = call(verb, service.name)
            assert result.returncode == 1 and "find a service" in result.stderr, result
        # Pointed at root's, it is refused, too.
        (home / "kapsel").symlink_to(lib_host.STATE_DIR)
        result = call("ps", "-aq")
        assert result.returncode == 1 and "open the state directory" in result.stderr, result
    finally:
        shutil.rmtree(home)
    assert service.state["status"] == "running"


# --- mistakes ---------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments, text", [
    (["stop"], "which service?"),
    (["stop", "--time", "soon", "x"], "number of seconds"),
    (["stop", "-t", "-1", "x"], "number of seconds"),
    (["kill"], "which service?"),
    (["restart", "x", "--", "y"], "behind --"),
    (["wait"], "which service?"),
    (["rm", "--froce", "x"], "--force"),
    (["inspect"], "which service?"),
    (["prune", "web"], "no names"),
    (["ps", "web"], "no names"),
    (["ps", "--json", "--quiet"], "exclude each other"),
    (["ps", "--filter", "status=dead"], "no status is called"),
    (["ps", "--filter", "running"], "KEY=VALUE"),
    (["events", "--json", "--format", "{time}"], "exclude each other"),
    (["events", "--format", "{time"], "without a word"),
    (["update", "x"], "which limit?"),
    (["update", "--memory", "64m", "x"], "a size like 128MiB"),
    (["update", "--cpu", "0", "x"], "cores like 1.5"),
    (["update", "--cpu", "1.2345", "x"], "cores like 1.5"),
    (["update", "--cpu-weight", "10001", "x"], "1 to 10000"),
    (["update", "--pids", "0", "x"], "a number from 1"),
])
def test_mistakes_on_the_command_line_are_status_2(kapsel, arguments, text):
    result = kapsel.call(*arguments)
    assert result.status == 2 and result.stdout == "" and text in result.stderr, result


@pytest.mark.parametrize("name", ["no-such-service", "../kapsel", ".ids", "", "a" * 200, "\x1b[31m"])
def test_a_name_that_is_none_is_refused(kapsel, name):
    result = kapsel.call("stop", name)
    refused(result, "find a service called")
    assert "\x1b" not in result.stderr
