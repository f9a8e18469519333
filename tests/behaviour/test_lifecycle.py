# SPDX-License-Identifier: LGPL-2.1-or-later
"""create, start, run, kill and delete as engines call them."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from lib_oci import Oci, make_config, reap, wait_for
from oci_fixtures import limits

REFUSED = "none: it hung"


# --- create and start ---------------------------------------------------------------------------------


def test_create_prints_nothing(oci):
    container = oci.create(make_config())
    assert (container.out, container.err) == ("", "")


def test_the_pid_file_is_the_number_and_nothing_else(oci):
    """Go's Atoi takes no newline."""
    container = oci.create(make_config())
    text = container.pid_file.read_text()
    assert re.fullmatch(r"[1-9][0-9]*", text)
    assert container.alive() and int(text) == container.state()["pid"]


def test_a_failed_create_leaves_no_pid_file(oci):
    oci.assert_works()
    container = oci.create(make_config("/no/such/program").mount("/data", "no-such-filesystem"), check=False)
    assert container.result.status not in (0, REFUSED) and not container.pid_file.exists()


def test_the_bundle_is_the_working_directory_by_default(oci):
    bundle = oci.bundle(make_config("/bin/echo", "here"))
    result = oci.call("run", oci.new_id(), cwd=bundle.path)
    assert (result.status, result.out) == (0, "here\n"), result


def test_create_leaves_only_the_containers_process(oci):
    """No supervisor stays, and the process is ours as the next subreaper."""
    container = oci.create(make_config("/bin/helper", "hold"))
    status = (container.proc / "status").read_text()
    assert re.search(rf"^PPid:\t{os.getpid()}$", status, re.M), status
    assert re.search(r"^NSpid:\t\d+\t1$", status, re.M), "it is not process 1 inside"
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    mine = [pid for pid in children if int(pid) == container.pid]
    assert mine == [str(container.pid)]


def test_the_program_is_process_1_and_survives_its_starter(oci):
    report_pid = oci.report(make_config())["pid"]
    assert report_pid == 1
    container = oci.running()
    stat = (container.proc / "stat").read_text().rpartition(")")[2].split()
    assert int(stat[1]) == os.getpid()


def test_the_parent_death_signal_is_not_inherited(oci):
    """containerd's shim sets one for the runtime."""
    import ctypes
    libc = ctypes.CDLL(None)
    report = oci.report(make_config(), preexec_fn=lambda: libc.prctl(1, 9, 0, 0, 0))
    assert report["parent_death_signal"] == 0


def test_blocked_and_ignored_signals_are_not_inherited(oci):
    def before():
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR2])
    report = oci.report(make_config(), preexec_fn=before)
    assert (report["signals_blocked"], report["signals_ignored"] & (1 << signal.SIGTERM)) == (0, 0), report


@pytest.mark.parametrize("state", ["created", "running", "stopped"])
def test_state_in_every_phase(oci, state):
    container = oci.create(make_config("/bin/helper", "hold"))
    if state != "created":
        container.start()
        container.ready()
    if state == "stopped":
        container.kill()
        container.wait()
    shown = container.state()
    assert shown["status"] == state
    assert shown["rootfs"] == str(container.bundle.rootfs)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", shown["created"]), shown["created"]
    assert shown.get("pid", 0) == (0 if state == "stopped" else container.pid)


def test_a_container_whose_process_was_killed_from_outside_has_stopped(oci):
    container = oci.running()
    os.kill(container.pid, signal.SIGKILL)
    container.wait()
    assert container.state()["status"] == "stopped"
    container.delete()


def test_a_zombie_counts_as_stopped(oci):
    """Its parent has not waited for it yet: the usual moment in which an engine asks."""
    container = oci.running()
    container.kill()
    wait_for(lambda: not container.alive())
    assert container.state()["status"] == "stopped"
    container.delete()
    container.wait()


def test_a_pid_that_belongs_to_somebody_else_now_is_not_believed(oci):
    """The state is compared with the start time of the process."""
    container = oci.running()
    path = next(path for path in (oci.root / container.id).rglob("*") if path.is_file()
                and re.search(rf"\b{container.pid}\b", path.read_text()))
    other = oci.spawn("sleep", "1000")
    path.write_text(re.sub(rf"\b{container.pid}\b", str(other.pid), path.read_text()))
    container.kill("KILL", check=False)
    oci.call("delete", "--force", container.id)
    time.sleep(0.2)
    assert other.poll() is None, "a process that is not the container's was killed"


def test_two_containers_live_side_by_side(oci):
    one, two = oci.running(), oci.running()
    one.kill()
    one.wait()
    assert (one.state()["status"], two.state()["status"]) == ("stopped", "running")


def test_a_container_of_one_root_directory_is_unknown_in_another(oci):
    container = oci.running()
    other = ["--root", str(oci.place / "other"), *oci.flags[2:]]
    assert oci.call("state", container.id, flags=other).status != 0
    assert container.state()["status"] == "running"


def test_the_hosts_name_and_address_are_untouched(oci):
    before = os.uname().nodename
    oci.running(make_config().set("hostname", "other"))
    assert os.uname().nodename == before


@pytest.mark.parametrize("word", ["no-such-program", "/no/such/program"])
def test_a_missing_command_has_the_words_that_engines_look_for(oci, word):
    result = oci.assert_refused(make_config(word))
    text = result.err
    assert "executable file not found in $PATH" in text or "no such file or directory" in text.lower(), result


def test_a_command_without_a_right_to_execute_has_the_words_that_engines_look_for(oci):
    bundle = oci.bundle()
    bundle.put("/opt/program", "#!/bin/sh\n", 0o644)
    assert "permission denied" in oci.assert_refused(make_config("/opt/program"), bundle=bundle).err.lower()


def test_a_missing_command_is_told_by_create(oci):
    """containerd and docker make 127 of what create says."""
    oci.assert_works()
    result = oci.create(make_config("/no/such/program"), check=False).result
    assert result.status not in (0, REFUSED)


# --- run ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 1, 42, 255])
def test_run_has_the_programs_status(oci, status):
    result = oci.run(make_config().shell(f"echo out; echo err >&2; exit {status}"))
    assert (result.status, result.out, result.err) == (status, "out\n", "err\n")


def test_run_has_128_and_the_signals_number(oci):
    assert oci.run(make_config().shell("kill -9 $$; sleep 1").namespace("pid")).status in (137, 0)
    bundle = oci.bundle()
    config = make_config("/bin/helper", "hold")
    container = oci.prepare(config, bundle)
    process = oci.popen("run", "--bundle", bundle.path, "--pid-file", container.pid_file, container.id,
                        out=open(container.out_path, "wb"))
    wait_for(lambda: "ready" in container.out)
    container.kill("KILL")
    assert process.wait(60) == 137


def test_run_hands_on_its_input(oci):
    assert oci.run(make_config("/bin/cat"), input="through\n").out == "through\n"


def test_run_deletes_the_container(oci):
    container = oci.prepare(make_config())
    assert oci.run(None, bundle=container.bundle, identity=container.id).status == 0
    assert not oci.knows(container.id)


def test_run_keep_leaves_the_stopped_container(oci):
    if oci.path.name == "crun":
        pytest.skip("this version has no --keep")
    container = oci.prepare(make_config())
    result = oci.call("run", "--keep", "--bundle", container.bundle.path, container.id)
    assert result.status == 0, result
    assert container.state()["status"] == "stopped"
    container.delete()


def test_run_detached_returns_while_the_container_runs(oci):
    container = oci.prepare(make_config("/bin/helper", "hold"))
    result = oci.call("run", "--detach", "--bundle", container.bundle.path, "--pid-file", container.pid_file, container.id,
                      out=container.out_path)
    assert result.status == 0, result
    container.ready()
    assert container.state()["status"] == "running"


def test_run_passes_signals_on(oci):
    """An attached run stands for its container: podman and systemd send it their signals."""
    script = "trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    container = oci.prepare(make_config().shell(script))
    process = oci.popen("run", "--bundle", container.bundle.path, container.id, out=open(container.out_path, "wb"))
    wait_for(lambda: "ready" in container.out)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 9
    assert "got" in container.out


def test_run_reports_the_end_of_the_first_process_only(oci):
    """A child in the background does not keep it."""
    began = time.monotonic()
    assert oci.run(make_config().shell("sleep 30 & exit 3")).status == 3
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("name", ["a b", "ä", "a\nb", ".", "a:b", "x" * 2000])
def test_odd_ids_are_refused(oci, name):
    oci.assert_works()
    bundle = oci.bundle(make_config())
    result = oci.call("create", "--bundle", bundle.path, "--", name)
    assert result.status not in (0, REFUSED) and result.err, result


@pytest.mark.parametrize("name", ["a", "A-b_c.d+e", "0123", "_x"])
def test_usual_ids_are_accepted(oci, name):
    container = oci.create(make_config(), identity=name)
    assert container.state()["id"] == name


# --- kill -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, status", [("TERM", 143), ("term", 143), ("SIGTERM", 143), ("sigkill", 137), ("15", 143),
                                          ("9", 137), ("HUP", 129), ("34", 77), (None, 143)])
def test_kill_knows_signals_by_name_and_number(oci, name, status):
    script = "trap 'exit 143' TERM; trap 'exit 129' HUP; trap 'exit 77' 34; echo ready; while :; do sleep 0.05; done"
    container = oci.start(make_config().shell(script)).ready()
    container.call("kill", *(["--", name] if name else []))
    assert container.wait() == status


@pytest.mark.parametrize("name", ["NONSENSE", "-1", "999", "9x"])
def test_kill_refuses_what_is_no_signal(oci, name):
    container = oci.running()
    result = container.kill(name, check=False)
    assert result.status not in (0, REFUSED) and result.err, result
    assert container.alive()


def test_kill_of_a_stopped_container_has_the_words_that_containerd_looks_for(oci):
    container = oci.start(make_config())
    container.wait()
    result = container.kill("KILL", check=False)
    assert result.status != 0 and "container not running" in result.err, result


@pytest.mark.parametrize("verb", ["state", "start", "kill", "delete", "exec", "ps", "pause", "resume", "events", "update"])
def test_an_unknown_id_has_the_words_that_engines_look_for(oci, verb):
    words = {"kill": ["KILL"], "exec": ["/bin/true"], "events": [], "update": []}.get(verb, [])
    flags = {"events": ["--stats"], "update": ["--pids-limit", "10"]}.get(verb, [])
    result = oci.call(verb, *flags, "no-such-container", *words)
    assert result.status not in (0, REFUSED) and "does not exist" in result.err, result


@limits
@pytest.mark.parametrize("private", [True, False])
def test_kill_all_reaches_every_process(oci, private):
    """In the host's pid namespace nothing else ends them."""
    config = make_config("/bin/helper", "fork", "5")
    if not private:
        config.without_namespace("pid")
    container = oci.start(config).ready()
    procs = [int(pid) for pid in container.cgroup_file("cgroup.procs").split()]
    assert len(procs) == 6
    container.call("kill", "--all", "--", "KILL")
    container.wait()
    wait_for(lambda: reap() or not any(Path(f"/proc/{pid}").exists() for pid in procs))


@limits
def test_delete_force_ends_every_process_in_the_hosts_pid_namespace(oci):
    container = oci.start(make_config("/bin/helper", "fork", "3").without_namespace("pid")).ready()
    procs = [int(pid) for pid in container.cgroup_file("cgroup.procs").split()]
    container.delete("--force")
    wait_for(lambda: reap() or not any(Path(f"/proc/{pid}").exists() for pid in procs))


# --- delete -------------------------------------------------------------------------------------------------


def test_delete_force_of_an_unknown_container_is_no_error(oci):
    oci.assert_works()
    assert oci.call("delete", "--force", "no-such-container").status == 0


@pytest.mark.parametrize("state", ["created", "running", "stopped"])
def test_delete_force_in_every_phase(oci, state):
    container = oci.create(make_config("/bin/helper", "hold"))
    pid = container.pid
    if state != "created":
        container.start()
        container.ready()
    if state == "stopped":
        container.kill()
        container.wait()
    container.delete("--force")
    assert not oci.knows(container.id)
    wait_for(lambda: reap() or not Path(f"/proc/{pid}").exists())


def test_delete_of_a_running_container_says_so(oci):
    container = oci.running()
    result = container.delete(check=False)
    assert "not stopped" in result.err or "running" in result.err, result


def test_delete_leaves_nothing_of_its_own(oci):
    before = Path("/proc/self/mountinfo").read_text()
    container = oci.running()
    container.delete("--force")
    assert Path("/proc/self/mountinfo").read_text() == before
    left = [path for path in oci.root.rglob("*") if container.id in str(path)] if oci.root.exists() else []
    assert left == []


def test_delete_works_without_bundle_and_root(oci):
    """Engines remove the bundle first, sometimes."""
    import shutil
    container = oci.running()
    container.kill()
    container.wait()
    shutil.rmtree(container.bundle.path)
    container.delete()
    assert not oci.knows(container.id)


@limits
def test_delete_removes_cgroups_that_the_container_made(oci):
    config = make_config().mount("/sys/fs/cgroup", "cgroup", "cgroup", ["rw"])
    container = oci.start(config.shell("mkdir -p /sys/fs/cgroup/a/b/c; echo ready; sleep 1000")).ready()
    cgroup = container.cgroup
    assert (cgroup / "a/b/c").is_dir()
    container.delete("--force")
    assert not cgroup.exists()


def test_sixteen_at_a_time(oci):
    """Several calls at the same time do not get into each other's way."""
    containers = [oci.prepare(make_config("/bin/true")) for _ in range(16)]
    processes = [oci.popen("run", "--bundle", container.bundle.path, container.id) for container in containers]
    assert [process.wait(100) for process in processes] == [0] * 16
    assert isinstance(oci, Oci) and not any(oci.knows(container.id) for container in containers)
