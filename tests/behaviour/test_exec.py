# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec: more processes in a container."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from lib_oci import CAPABILITIES, capability_mask, make_config, read_mounts, reap, wait_for
from oci_fixtures import limits

SYS_GETPRIORITY = 141 if os.uname().machine == "aarch64" else 140


@pytest.fixture(scope="module")
def target(oci_module):
    """A container with something to inherit of everything."""
    config = make_config().set("process.umask", 0).set("process.user", {"uid": 0, "gid": 0, "umask": 0o027, "additionalGids": [7]})
    config.set("process.rlimits", [{"type": "RLIMIT_NOFILE", "soft": 300, "hard": 400}])
    config.set("process.oomScoreAdj", 555).add("process.env", "OF_THE_CONFIG=1").set("process.cwd", "/data")
    config.set("linux.personality", {"domain": "LINUX32"}).capabilities(*CAPABILITIES)
    config.set("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["getpriority"], "action": "SCMP_ACT_ERRNO"}]})
    return oci_module.running(config)


def report(container, *flags, **more):
    result = container.exec("/bin/helper", "report", flags=flags, **more)
    assert result.status == 0, result
    return result.json()


# --- what is inherited -----------------------------------------------------------------------------------


def test_a_process_of_exec_is_in_the_same_namespaces(target):
    inside = report(target)["namespaces"]
    theirs = target.namespaces()
    assert {kind: inside[kind] for kind in ("pid", "net", "mnt", "ipc", "uts", "user")} == \
        {kind: theirs[kind] for kind in ("pid", "net", "mnt", "ipc", "uts", "user")}


def test_a_process_of_exec_inherits_the_configuration(target):
    seen = report(target)
    assert (seen["cwd"], seen["umask"], seen["no_new_privs"], seen["seccomp"]) == ("/data", 0o027, 1, 2)
    assert seen["rlimits"]["RLIMIT_NOFILE"] == [300, 400]
    assert seen["oom_score_adj"] == "555"
    assert "OF_THE_CONFIG=1" in seen["env"]
    assert seen["personality"] & 0xFF == 8 or seen["machine"] in ("i686", "x86_64")
    assert 7 in seen["groups"]


def test_a_process_of_exec_has_the_capabilities_of_the_configuration(target):
    seen = report(target)
    own = int(re.search(r"CapBnd:\s*(\w+)", Path("/proc/self/status").read_text())[1], 16)
    assert [seen[name] for name in ("bounding", "effective", "permitted")] == [capability_mask(CAPABILITIES) & own] * 3
    assert (seen["inheritable"], seen["ambient"]) == (0, 0)


def test_the_containers_filter_holds_for_exec(target):
    assert target.exec("/bin/helper", "syscall", SYS_GETPRIORITY, 0, 0).out == "-1\n"


def test_only_the_standard_streams_are_open(target):
    extra = os.open("/", os.O_RDONLY)
    try:
        seen = report(target, pass_fds=[extra])
    finally:
        os.close(extra)
    assert set(seen["fds"]) == {"0", "1", "2"}, seen["fds"]


def test_nothing_of_the_callers_environment_gets_in(target):
    seen = report(target, env={**os.environ, "SECRET_OF_THE_CALLER": "1"})
    assert not [entry for entry in seen["env"] if entry.startswith("SECRET")]


@limits
def test_a_process_of_exec_is_in_the_containers_cgroup(oci):
    container = oci.running()
    process = oci.popen("exec", container.id, "/bin/sleep", "100")
    wait_for(lambda: len(container.cgroup_file("cgroup.procs").split()) == 2)
    process.kill()
    process.wait()


# --- status, streams ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 1, 42, 255])
def test_exec_has_the_programs_status(target, status):
    result = target.exec("/bin/sh", "-c", f"echo out; echo err >&2; exit {status}")
    assert (result.status, result.out, result.err) == (status, "out\n", "err\n")


def test_exec_has_128_and_the_signals_number(target):
    assert target.exec("/bin/sh", "-c", "kill -9 $$").status == 137


def test_exec_hands_on_its_input(target):
    assert target.exec("/bin/cat", input="through").out == "through"


def test_words_behind_the_id_are_the_commands(target):
    result = target.exec("/bin/echo", "--detach", "-t", "--", "-x")
    assert result.out == "--detach -t -- -x\n", result


def test_exec_with_closed_standard_streams(target):
    def close_all():
        for number in (0, 1, 2):
            os.close(number)
    result = target.exec("/bin/helper", "report", preexec_fn=close_all)
    assert result.status in (0, 1), result  # and nothing of the runtime's got their numbers
    path = target.bundle.rootfs / "data" / "fds"
    target.exec("/bin/sh", "-c", "ls -l /proc/self/fd > /data/fds 2>&1", preexec_fn=close_all)
    assert "socket" not in path.read_text() and "cgroup" not in path.read_text()


def test_exec_passes_signals_on(oci, target):
    out = oci.place / "out"
    process = oci.popen("exec", target.id, "/bin/sh", "-c", "trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.05; done",
                        out=open(out, "wb"), flags=target.oci.flags)
    wait_for(lambda: "ready" in out.read_text())
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 9


# --- refusals: 255, with the words that engines look for ------------------------------------------------------


@pytest.mark.parametrize("word, text", [("no-such-program", "executable file not found in $PATH"),
                                        ("/no/such/program", "no such file or directory")])
def test_a_missing_command_is_255(target, word, text):
    result = target.exec(word)
    assert result.status == 255 and text in result.err.lower().replace("$path", "$PATH"), result


def test_a_directory_as_command_is_255(target):
    result = target.exec("/data")
    assert result.status == 255 and "permission denied" in result.err.lower(), result


def test_exec_without_a_command_is_refused(target):
    result = target.exec()
    assert result.status != 0 and result.err + result.out, result


@pytest.mark.parametrize("state", ["created", "stopped"])
def test_exec_in_a_created_and_in_a_stopped_container(oci, state):
    """runc lets a process into a created container; hooks of engines rely on it."""
    container = oci.create(make_config("/bin/helper", "hold"))
    if state == "stopped":
        container.kill("KILL")
        container.wait()
        result = container.exec("/bin/true")
        assert result.status == 255 and "stopped" in result.err, result
    else:
        assert container.exec("/bin/echo", "inside").out == "inside\n"


def test_exec_with_a_working_directory_that_is_missing(target):
    result = target.exec("/bin/true", flags=["--cwd", "/no/such/place"])
    assert result.status == 255 and result.err, result


@pytest.mark.parametrize("place", ["/proc/self/fd/7", "/proc/self/fd/8", "/proc/self/fd/9", "/proc/self/cwd/.."])
def test_a_working_directory_does_not_lead_out(target, place):
    """A descriptor of the host that the runtime has open (CVE-2024-21626)."""
    result = target.exec("/bin/sh", "-c", "ls etc/passwd ../../../../../../etc/debian_version", flags=["--cwd", place])
    assert "debian_version\n" not in result.out, result
    assert target.exec("/bin/true").status == 0


# --- options -----------------------------------------------------------------------------------------------------


def test_option_cwd(target):
    assert report(target, "--cwd", "/tmp")["cwd"] == "/tmp"


def test_option_env(target):
    seen = report(target, "--env", "ONE=1", "-e", "TWO=a=b", "-e", "OF_THE_CONFIG=2")
    assert {"ONE=1", "TWO=a=b", "OF_THE_CONFIG=2"} <= set(seen["env"]) and "OF_THE_CONFIG=1" not in seen["env"]


@pytest.mark.parametrize("value, uid, gid", [("1000:2000", 1000, 2000), ("1000", 1000, None), ("0:5", 0, 5)])
def test_option_user(target, value, uid, gid):
    seen = report(target, "--user", value)
    assert seen["uids"] == [uid] * 3
    assert gid is None or seen["gids"] == [gid] * 3
    assert uid == 0 or seen["effective"] == 0, "another user keeps root's capabilities"


def test_option_additional_gids(target):
    if target.oci.path.name == "crun":
        pytest.skip("this version has no --additional-gids")
    assert {77, 78} <= set(report(target, "--user", "1000:1000", "--additional-gids", "77", "--additional-gids", "78")["groups"])


def test_option_cap(oci):
    container = oci.running(make_config().capabilities("CAP_KILL"))
    seen = report(container, "--cap", "CAP_CHOWN")
    assert seen["bounding"] & capability_mask(["CAP_CHOWN"]) and seen["bounding"] & capability_mask(["CAP_KILL"])


@pytest.mark.parametrize("given", [True, False])
def test_option_no_new_privs(oci, given):
    container = oci.running(make_config().set("process.noNewPrivileges", False))
    assert report(container, *(["--no-new-privs"] if given else []))["no_new_privs"] == given


def test_option_process(oci, target):
    path = oci.place / "process.json"
    path.write_text(json.dumps({"args": ["/bin/helper", "report"], "cwd": "/tmp", "env": ["PATH=/bin", "ONLY=1"],
                                "user": {"uid": 33, "gid": 44, "additionalGids": [55], "umask": 0o077},
                                "rlimits": [{"type": "RLIMIT_CPU", "soft": 77, "hard": 88}], "noNewPrivileges": True,
                                "oomScoreAdj": 600}))
    result = target.call("exec", "--process", path)
    seen = result.json()
    assert (seen["uids"][0], seen["gids"][0], seen["cwd"], seen["umask"]) == (33, 44, "/tmp", 0o077)
    assert "ONLY=1" in seen["env"] and "OF_THE_CONFIG=1" not in seen["env"]
    assert seen["rlimits"]["RLIMIT_CPU"] == [77, 88] and 55 in seen["groups"]
    assert seen["oom_score_adj"] == "600"


@pytest.mark.parametrize("text", ["{", "{}", '{"args": []}', '{"args": ["/bin/true"], "cwd": "relative"}'])
def test_option_process_refuses_nonsense(oci, target, text):
    path = oci.place / "process.json"
    path.write_text(text)
    result = target.call("exec", "--process", path, check=False)
    assert result.status not in (0, "none: it hung") and result.err, result


def test_option_detach(oci, target):
    pid_file = oci.place / "exec.pid"
    result = target.exec("/bin/sleep", "100", flags=["--detach", "--pid-file", str(pid_file)])
    assert (result.status, result.out) == (0, ""), result
    pid = int(pid_file.read_text())
    assert re.fullmatch(r"[0-9]+", pid_file.read_text())
    assert os.readlink(f"/proc/{pid}/ns/pid") == target.namespaces()["pid"]
    assert Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/bin/sleep\0")
    assert re.search(rf"^PPid:\t{os.getpid()}$", Path(f"/proc/{pid}/status").read_text(), re.M), "it is not ours to wait for"
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: reap() or not Path(f"/proc/{pid}").exists())


def test_a_failed_detached_exec_leaves_no_pid_file(oci, target):
    """conmon knows a failure by the file that is missing."""
    pid_file = oci.place / "exec.pid"
    result = target.exec("/no/such/program", flags=["--detach", "--pid-file", str(pid_file)])
    assert result.status != 0 and not pid_file.exists(), result


def test_option_pid_file_attached(oci, target):
    pid_file = oci.place / "exec.pid"
    assert target.exec("/bin/true", flags=["--pid-file", str(pid_file)]).status == 0
    assert int(pid_file.read_text()) > 1


def test_option_preserve_fds(target):
    reading, writing = os.pipe()

    def on_number_three():
        os.dup2(reading, 3)
    try:
        result = target.exec("/bin/helper", "report", flags=["--preserve-fds", "1"], preexec_fn=on_number_three, close_fds=False)
    finally:
        os.close(reading)
        os.close(writing)
    assert result.status == 0, result
    fds = result.json()["fds"]
    assert set(fds) == {"0", "1", "2", "3"} and fds["3"].startswith("pipe:"), fds


def test_exec_after_the_programs_change_of_root(target):
    """It joins the container's namespaces, not the place where its first process stands."""
    assert target.shell("cat /etc/passwd").startswith("root:")
    assert read_mounts(target.shell("cat /proc/self/mountinfo"))["/proc"].kind == "proc"


def test_many_at_the_same_time(oci, target):
    processes = [oci.popen("exec", target.id, "/bin/true", flags=target.oci.flags) for _ in range(8)]
    assert [process.wait(100) for process in processes] == [0] * 8


def test_exec_in_a_user_namespace(oci):
    container = oci.running(make_config().user_namespace(600000))
    seen = report(container)
    assert seen["uids"] == [0] * 3 and seen["namespaces"]["user"] == container.namespaces()["user"]
    assert report(container, "--user", "5:6")["uids"] == [5] * 3


def test_exec_in_a_time_namespace(oci):
    if oci.path.name != "kapsel-oci":
        pytest.skip("not known by this version")
    config = make_config().namespace("time").set("linux.timeOffsets", {"monotonic": {"secs": 86400}})
    container = oci.running(config)
    seen = report(container)
    assert seen["namespaces"]["time"] == container.namespaces()["time"]
    assert seen["monotonic"] - time.clock_gettime(time.CLOCK_MONOTONIC) > 80000


@pytest.mark.parametrize("setting, key, value", [
    ({"scheduler": {"policy": "SCHED_BATCH", "nice": 5}}, "policy", 3),
    ({"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 6}}, "ioprio", 2 << 13 | 6),
], ids=["scheduler", "io priority"])
def test_scheduler_and_io_priority_of_exec(oci, target, setting, key, value):
    if oci.path.name != "kapsel-oci":
        pytest.skip("not known by this version")
    path = oci.place / "process.json"
    path.write_text(json.dumps({"args": ["/bin/helper", "report"], "cwd": "/", **setting}))
    assert target.call("exec", "--process", path).json()[key] == value


# --- paused ------------------------------------------------------------------------------------------------------


@limits
def test_exec_in_a_paused_container(oci):
    container = oci.running()
    container.call("pause")
    result = container.exec("/bin/true")
    assert result.status == 255 and "paused" in result.err, result
    container.call("resume")
    assert container.exec("/bin/true").status == 0


@limits
def test_option_cgroup(oci):
    if oci.path.name == "crun" or oci.path.name == "runc":
        pytest.skip("differs between versions")
    container = oci.running(make_config().mount("/sys/fs/cgroup", "cgroup", "cgroup", ["rw"]))
    (container.cgroup / "sub").mkdir()
    out = container.exec("/bin/cat", "/proc/self/cgroup", flags=["--cgroup", "sub"])
    assert out.out.strip().endswith("/sub"), out
    result = container.exec("/bin/true", flags=["--cgroup", "../.."])
    assert result.status == 255, result
