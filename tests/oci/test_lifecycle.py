# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs on a container that lives: state, kill, delete, list, ps, pause, resume, update, events."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import RUNTIME, reap, wait_for

kapsel = pytest.mark.kapsel
cgroup = pytest.mark.cgroup
IS_CRUN = RUNTIME.name == "crun"


def alive(pid):
    reap()
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


# --- state and list ---------------------------------------------------------------


def test_state_tells_each_step_of_a_life(runtime, bundle):
    bundle.config["annotations"] = {"a": "b"}
    runtime.ok("create", "--bundle", bundle.write(), "web")
    state = runtime.state("web")
    assert state["status"] == "created" and state["id"] == "web" and state["pid"] > 0
    assert state["bundle"] == str(bundle.path) and state["annotations"] == {"a": "b"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", state["created"])
    runtime.ok("start", "web")
    assert runtime.status("web") == "running"
    runtime.ok("kill", "web", "KILL")
    runtime.wait_status("web", "stopped")
    assert runtime.state("web")["pid"] == 0
    runtime.ok("delete", "web")
    assert runtime.call("state", "web").returncode != 0


@kapsel
def test_state_has_its_keys_in_the_usual_order(runtime, container):
    assert list(runtime.state(container)) == ["ociVersion", "id", "pid", "status", "bundle", "rootfs", "created",
                                              "annotations", "owner"]


def test_list_shows_what_state_shows(runtime, container):
    entry, = json.loads(runtime.ok("list", "--format", "json"))
    state = runtime.state(container)
    for key in ("id", "pid", "status", "bundle", "created"):
        assert entry[key] == state[key]
    assert entry["owner"] == "root"
    assert runtime.ok("list", "-q") == f"{container}\n"
    assert re.search(rf"^{container} +{state['pid']} +running ", runtime.ok("list"), re.M)


@kapsel
def test_list_leaves_out_what_vanishes_and_sorts(runtime, bundle):
    bundle.write()
    for name in ("b", "a", "c"):
        runtime.ok("create", "-b", bundle.path, name)
    assert runtime.ok("list", "-q").split() == ["a", "b", "c"]
    (runtime.root / "b" / "state.json").unlink()
    assert [entry["id"] for entry in json.loads(runtime.ok("list", "-fjson"))] == ["a", "c"]


# --- kill ---------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["KILL", "SIGKILL", "9"])
def test_kill_takes_a_signal_by_name_and_number(runtime, container, word):
    pid = runtime.state(container)["pid"]
    runtime.ok("kill", container, word)
    wait_for(lambda: not alive(pid), "the end")


def test_kill_sends_term_by_default(runtime, bundle):
    bundle.config["process"]["args"] = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]
    runtime.ok("create", "--bundle", bundle.write(), "web")
    runtime.ok("start", "web")
    time.sleep(0.5)
    runtime.ok("kill", "web")
    runtime.wait_status("web", "stopped")


@kapsel
def test_kill_zero_asks_only_whether_it_lives(runtime, container):
    pid = runtime.state(container)["pid"]
    runtime.ok("kill", container, "0")
    assert alive(pid)


def test_kill_of_a_dead_container_says_not_running(runtime, container):
    runtime.ok("kill", container, "KILL")
    runtime.wait_status(container, "stopped")
    said = runtime.fails("kill", container, "KILL")
    if not IS_CRUN:
        assert "container not running" in said


def test_kill_reaches_a_created_container(runtime, bundle):
    runtime.ok("create", "--bundle", bundle.write(), "web")
    runtime.ok("kill", "web", "KILL")
    runtime.wait_status("web", "stopped")
    runtime.ok("delete", "web")


@cgroup
def test_kill_all_reaches_every_process(runtime, bundle):
    bundle.config["process"]["args"] = ["sh", "-c", "trap '' TERM; sleep 1000 & sleep 1001 & wait; sleep 1002"]
    runtime.ok("create", "--bundle", bundle.write(), "web")
    runtime.ok("start", "web")
    pids = wait_for(lambda: len(json.loads(runtime.ok("ps", "--format", "json", "web"))) == 3 and
                    json.loads(runtime.ok("ps", "--format", "json", "web")), "three processes")
    runtime.ok("kill", "--all", "web", "KILL")
    wait_for(lambda: not any(map(alive, pids)), "the end of all")
    runtime.wait_status("web", "stopped")
    if not IS_CRUN:
        runtime.ok("kill", "--all", "web", "KILL")


@cgroup
def test_kill_all_brings_another_signal_to_every_process(runtime, bundle):
    bundle.config["process"]["args"] = ["sh", "-c", "trap : USR1; sleep 1000 & sleep 1001 & wait; sleep 1002"]
    runtime.ok("create", "--bundle", bundle.write(), "web")
    runtime.ok("start", "web")

    def pids():
        return json.loads(runtime.ok("ps", "--format", "json", "web"))
    wait_for(lambda: len(pids()) == 3, "three processes")
    first = runtime.state("web")["pid"]
    sleepers = [pid for pid in pids() if pid != first]
    runtime.ok("kill", "-a", "web", "USR1")
    wait_for(lambda: not any(map(alive, sleepers)), "the end of the sleepers")
    assert alive(first) and runtime.status("web") == "running"


@cgroup
def test_kill_reaches_a_paused_container(runtime, container):
    runtime.ok("pause", container)
    runtime.ok("kill", container, "KILL")
    runtime.wait_status(container, "stopped")
    runtime.ok("delete", container)


@kapsel
def test_kill_does_not_believe_a_pid_that_another_process_has(runtime, container):
    """The state of a container whose pid was reused: neither shown as running nor killed."""
    path = runtime.root / container / "state.json"
    pid = runtime.state(container)["pid"]
    time.sleep(0.05)  # a process is told from another one by its start, in ticks of 10 ms
    victim = subprocess.Popen(["sleep", "100"])
    path.write_text(path.read_text().replace(f'"pid":{pid}', f'"pid":{victim.pid}'))
    assert runtime.status(container) == "stopped"
    assert "container not running" in runtime.fails("kill", container, "KILL")
    runtime.ok("delete", "--force", container)
    time.sleep(0.1)
    assert victim.poll() is None
    victim.kill()
    victim.wait()


# --- delete -------------------------------------------------------------------------


def test_delete_refuses_a_running_container_and_force_does_not(runtime, container):
    said = runtime.fails("delete", container)
    if not IS_CRUN:
        assert f"cannot delete container {container} that is not stopped: running" in said
    pid = runtime.state(container)["pid"]
    runtime.ok("delete", "--force", container)
    assert not alive(pid)
    assert not (runtime.root / container).exists()


@pytest.mark.skipif(IS_CRUN, reason="crun wants --force")
def test_delete_takes_a_created_container(runtime, bundle):
    runtime.ok("create", "--bundle", bundle.write(), "web")
    pid = runtime.state("web")["pid"]
    runtime.ok("delete", "web")
    assert not alive(pid)


@cgroup
def test_delete_force_takes_a_paused_container(runtime, container):
    runtime.ok("pause", container)
    pid = runtime.state(container)["pid"]
    runtime.ok("delete", "--force", container)
    assert not alive(pid)


@kapsel
def test_delete_removes_the_cgroup(runtime, container):
    pid = runtime.state(container)["pid"]
    group = next(line[3:] for line in open(f"/proc/{pid}/cgroup").read().splitlines() if line.startswith("0::"))
    mount = json.loads((runtime.root / container / "state.json").read_text())["cgroupMount"]
    assert group != "/" and os.path.isdir(mount + group)
    runtime.ok("delete", "--force", container)
    assert not os.path.exists(mount + group)


def test_poststop_hooks_run_with_the_state_after_the_end(runtime, bundle, tmp_path):
    out = tmp_path / "hook.json"
    bundle.hook("poststop", f"cat > {out}.new; mv {out}.new {out}", env=["PATH=/usr/bin:/bin"])
    runtime.ok("create", "--bundle", bundle.write(), "web")
    runtime.ok("start", "web")
    runtime.ok("kill", "web", "KILL")
    runtime.wait_status("web", "stopped")
    assert not out.exists()
    runtime.ok("delete", "web")
    state = json.loads(out.read_text())
    assert state["id"] == "web" and state["status"] == "stopped" and state["bundle"] == str(bundle.path)


@kapsel
def test_a_failing_poststop_hook_fails_nothing_and_holds_up_nobody(runtime, bundle, tmp_path):
    """runtime-spec runtime.md, Lifecycle: "the remaining hooks and lifecycle continue" (runc 1.1 stops there)."""
    bundle.hook("poststop", "exit 3")
    bundle.hook("poststop", f"echo second > {tmp_path}/second")
    runtime.ok("create", "--bundle", bundle.write(), "web")
    done = runtime.call("delete", "--force", "web")
    assert done.returncode == 0
    assert (tmp_path / "second").exists()
    assert not (runtime.root / "web").exists()


@kapsel
def test_a_poststop_hook_runs_into_its_timeout(runtime, bundle):
    bundle.hook("poststop", "exec sleep 100", timeout=1, env=["PATH=/usr/bin:/bin"])
    runtime.ok("create", "--bundle", bundle.write(), "web")
    began = time.monotonic()
    done = runtime.call("delete", "--force", "web")
    assert done.returncode == 0 and b"killed after its timeout of 1 s" in done.stderr
    assert time.monotonic() - began < 20


@kapsel
def test_poststop_hooks_are_those_of_the_creation(runtime, bundle, tmp_path):
    """Whoever can write the bundle later must not choose what root executes at the end."""
    bundle.hook("poststop", f"echo then > {tmp_path}/out")
    runtime.ok("create", "--bundle", bundle.write(), "web")
    bundle.config["hooks"] = {}
    bundle.hook("poststop", f"echo now > {tmp_path}/out")
    bundle.write()
    runtime.ok("delete", "--force", "web")
    assert (tmp_path / "out").read_text() == "then\n"


def test_delete_needs_no_bundle(runtime, bundle, container):
    (bundle.path / "config.json").unlink()
    bundle.path.rmdir()
    runtime.ok("delete", "--force", container)


@kapsel
def test_delete_force_cleans_up_after_a_create_that_was_killed(runtime, bundle):
    """At random moments of it; a moment too late is a created container, which is as good."""
    bundle.write()
    for i in range(12):
        create = subprocess.Popen(runtime.command("create", "--bundle", bundle.path, "web"),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(i * 0.001)
        create.kill()
        create.wait()
        runtime.ok("delete", "--force", "web")
        assert not (runtime.root / "web").exists()
    wait_for(lambda: reap() or not children(), "the end of what the dead ones had started")


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return file.read().split()


# --- ps -----------------------------------------------------------------------------


def test_ps_as_json_is_the_pids_on_the_host(runtime, container):
    if IS_CRUN:
        pytest.skip("crun without cgroups has no ps")
    assert json.loads(runtime.ok("ps", "--format", "json", container)) == [runtime.state(container)["pid"]]


def test_ps_as_table_shows_lines_of_ps_about_them(runtime, container):
    if IS_CRUN:
        pytest.skip("crun without cgroups has no ps")
    pid = runtime.state(container)["pid"]
    heading, line = runtime.ok("ps", container).splitlines()
    assert heading.split()[1] == "PID" and line.split()[1] == str(pid) and "sleep 1000" in line
    heading, line = runtime.ok("ps", container, "-o", "comm,pid").splitlines()
    assert heading.split() == ["COMMAND", "PID"] and line.split() == ["sleep", str(pid)]


@kapsel
def test_ps_needs_no_path_and_says_when_there_is_no_pid(runtime, container):
    runtime.ok("ps", container, env={})
    assert "no column PID" in runtime.fails("ps", container, "-o", "comm")


@kapsel
def test_ps_of_a_stopped_container_is_empty(runtime, container):
    runtime.ok("kill", container, "KILL")
    runtime.wait_status(container, "stopped")
    assert json.loads(runtime.ok("ps", "--format=json", container)) == []


@kapsel
def test_ps_and_kill_all_know_the_processes_without_a_cgroup(runtime, bundle):
    bundle.config["process"]["args"] = ["sh", "-c", "sleep 1000 & sleep 1001 & wait"]
    runtime.ok("--cgroup-manager", "disabled", "create", "--bundle", bundle.write(), "web")
    runtime.ok("start", "web")
    wait_for(lambda: len(json.loads(runtime.ok("ps", "-f", "json", "web"))) == 3, "three processes")
    pids = json.loads(runtime.ok("ps", "-f", "json", "web"))
    assert runtime.state("web")["pid"] in pids
    runtime.ok("kill", "-a", "web", "KILL")
    wait_for(lambda: not any(map(alive, pids)), "the end of all")


# --- pause and resume ------------------------------------------------------------------


@cgroup
def test_pause_stops_all_and_resume_lets_go_on(runtime, bundle):
    bundle.config["process"]["args"] = ["sh", "-c", "while :; do :; done"]
    runtime.ok("create", "--bundle", bundle.write(), "web")
    runtime.ok("start", "web")
    pid = runtime.state("web")["pid"]

    def ticks():
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    runtime.ok("pause", "web")
    assert runtime.status("web") == "paused"
    before = ticks()
    time.sleep(0.3)
    assert ticks() == before
    runtime.ok("resume", "web")
    assert runtime.status("web") == "running"
    wait_for(lambda: ticks() > before, "the work")


@cgroup
def test_pause_and_resume_refuse_the_wrong_moment(runtime, container):
    assert "not paused" in runtime.fails("resume", container)
    runtime.ok("pause", container)
    if not IS_CRUN:
        runtime.fails("pause", container)
    runtime.ok("resume", container)
    runtime.ok("kill", container, "KILL")
    runtime.wait_status(container, "stopped")
    assert "not running" in runtime.fails("pause", container)


@kapsel
def test_pause_without_a_cgroup_says_so(runtime, bundle):
    runtime.ok("--cgroup-manager=disabled", "create", "--bundle", bundle.write(), "web")
    runtime.ok("start", "web")
    said = runtime.fails("pause", "web")
    assert "has no cgroup" in said and "--cgroup-manager=disabled" in said
    assert "has no cgroup" in runtime.fails("events", "--stats", "web")
    assert "has no cgroup" in runtime.fails("update", "--pids-limit", "5", "web")


# --- update ----------------------------------------------------------------------------


@kapsel
def test_update_refuses_what_it_can_not_understand(runtime, container):
    for words in (["--memory", "much"], ["--cpu-quota", "half"], ["--pids-limit", "1x"]):
        assert "EINVAL" in runtime.fails("update", *words, container)
    assert "stdin:1:" in runtime.fails("update", "--resources", "-", container, stdin=b'{"cpu":{"shares":"x"}}')
    assert "stdin:1:" in runtime.fails("update", "--resources", "-", container, stdin=b"{")
    assert "open /no/file" in runtime.fails("update", "-r", "/no/file", container)


@kapsel
def test_update_of_a_stopped_container_says_not_running(runtime, container):
    runtime.ok("kill", container, "KILL")
    runtime.wait_status(container, "stopped")
    assert "container not running" in runtime.fails("update", "--pids-limit=5", container)


@kapsel
def test_update_of_an_rdt_schema_needs_a_group(runtime, container):
    assert "resctrl" in runtime.fails("update", "--l3-cache-schema", "L3:0=f", container)


def group_file(runtime, name, file):
    state = json.loads((runtime.root / name / "state.json").read_text())
    with open(state["cgroupMount"] + state["cgroupPath"] + "/" + file, encoding="ascii") as opened:
        return opened.read().strip()


@pytest.mark.vm
@kapsel
def test_update_writes_what_the_flags_say(runtime, container):
    runtime.ok("update", "--memory", "64m", "--pids-limit", "20", "--cpu-quota=50000", "--cpu-period", "100000",
               container)
    assert group_file(runtime, container, "memory.max") == str(64 << 20)
    assert group_file(runtime, container, "pids.max") == "20"
    assert group_file(runtime, container, "cpu.max") == "50000 100000"
    runtime.ok("update", container, "--memory-swap", "96m")
    assert group_file(runtime, container, "memory.swap.max") == str(32 << 20)
    assert group_file(runtime, container, "memory.max") == str(64 << 20)
    runtime.ok("update", "--cpu-period", "50000", container)
    assert group_file(runtime, container, "cpu.max") == "50000 50000"
    runtime.ok("update", "--cpu-quota", "-1", "--pids-limit", "-1", container)
    assert group_file(runtime, container, "cpu.max") == "max 50000"
    assert group_file(runtime, container, "pids.max") == "max"


@pytest.mark.vm
@kapsel
def test_update_takes_resources_from_stdin_and_ignores_the_other_flags(runtime, container):
    runtime.ok("update", "--memory=1g", "--resources=-", container, stdin=b'{"pids":{"limit":33}}')
    assert group_file(runtime, container, "pids.max") == "33"
    assert group_file(runtime, container, "memory.max") == "max"


@pytest.mark.vm
@kapsel
def test_update_applies_all_or_nothing(runtime, container):
    said = runtime.fails("update", "-r", "-", container,
                         stdin=b'{"pids":{"limit":44},"cpu":{"cpus":"4000-4001"}}')
    assert "cpus" in said
    assert group_file(runtime, container, "pids.max") == "max"


# --- events ----------------------------------------------------------------------------


@kapsel
def test_events_stats_is_one_line_with_the_usual_keys(runtime, container):
    out = runtime.ok("events", "--stats", container)
    assert out.count("\n") == 1
    event = json.loads(out, object_pairs_hook=unique)
    assert event["type"] == "stats" and event["id"] == container
    assert {"cpu", "memory", "pids", "blkio", "hugetlb", "network_interfaces"} <= set(event["data"])
    lo, = event["data"]["network_interfaces"]
    assert lo == {"Name": "lo", "RxBytes": 0, "RxPackets": 0, "RxErrors": 0, "RxDropped": 0,
                  "TxBytes": 0, "TxPackets": 0, "TxErrors": 0, "TxDropped": 0}


def unique(pairs):
    assert len(dict(pairs)) == len(pairs), "a key stands twice"
    return dict(pairs)


@kapsel
def test_events_stream_until_the_end_of_the_container(runtime, container):
    stream = subprocess.Popen(runtime.command("events", "--interval", "200ms", container), stdout=subprocess.PIPE)
    for _ in range(2):
        assert json.loads(stream.stdout.readline())["type"] == "stats"
    runtime.ok("kill", container, "KILL")
    rest, _ = stream.communicate(timeout=20)
    assert stream.returncode == 0
    assert all(json.loads(line)["type"] == "stats" for line in rest.splitlines())


@kapsel
def test_events_end_when_nobody_reads(runtime, container):
    stream = subprocess.Popen(runtime.command("events", "--interval", "1h", container), stdout=subprocess.PIPE)
    time.sleep(0.3)
    stream.stdout.close()
    assert stream.wait(timeout=20) in (0, 1, -signal.SIGPIPE)


@kapsel
def test_events_of_a_stopped_container_say_so(runtime, container):
    runtime.ok("kill", container, "KILL")
    runtime.wait_status(container, "stopped")
    for flags in (["--stats"], []):
        assert f"container with id {container} is not running" in runtime.fails("events", *flags, container)


@pytest.mark.vm
@kapsel
def test_events_tell_of_an_out_of_memory_kill(runtime, bundle):
    bundle.config["process"]["args"] = ["sh", "-c", "sleep 2; tail /dev/zero; sleep 1000"]
    bundle.config["linux"]["resources"] = {"memory": {"limit": 16 << 20, "swap": 16 << 20}}
    bundle.config["mounts"].append({"destination": "/dev", "type": "tmpfs", "source": "tmpfs"})
    runtime.ok("create", "--bundle", bundle.write(), "web")
    stream = subprocess.Popen(runtime.command("events", "--interval=1h", "web"), stdout=subprocess.PIPE)
    runtime.ok("start", "web")
    assert json.loads(stream.stdout.readline()) == {"type": "oom", "id": "web"}
    runtime.ok("delete", "--force", "web")
    stream.wait(timeout=20)


# --- what one verb leaves for the next -----------------------------------------------------


@kapsel
def test_no_verb_waits_for_a_lock_that_the_container_holds(runtime, bundle):
    """The lock of create must not live on in the container's process."""
    runtime.ok("create", "--bundle", bundle.write(), "web")
    for verb in ("start", "pause", "resume"):
        began = time.monotonic()
        runtime.ok(verb, "web")
        assert time.monotonic() - began < 5


@kapsel
def test_a_run_in_the_foreground_lets_other_verbs_work(runtime, bundle):
    run = subprocess.Popen(runtime.command("run", "--bundle", bundle.write(), "web"), stdin=subprocess.DEVNULL)
    wait_for(lambda: runtime.call("state", "web").returncode == 0 and runtime.status("web") == "running", "running")
    began = time.monotonic()
    runtime.ok("pause", "web")
    runtime.ok("resume", "web")
    assert time.monotonic() - began < 5
    runtime.ok("kill", "web", "KILL")
    assert run.wait(timeout=20) == 128 + signal.SIGKILL
    assert not (runtime.root / "web").exists()
