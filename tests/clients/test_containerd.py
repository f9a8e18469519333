# SPDX-License-Identifier: LGPL-2.1-or-later
"""containerd's own command: ctr run, ctr task."""

import os
import time
from pathlib import Path

import lib_containerd
import lib_engine
import pytest
from lib_image import IMAGE

MiB = 1 << 20


@pytest.fixture
def ctr(containerd, archive):
    """The ctr command; the test's containers are removed, and nothing of them may be left."""
    client = lib_containerd.Ctr(containerd)
    client.load(archive)
    yield client
    client.remove_all()
    left = client.left_behind()
    assert not left, f"left behind: {left}"


def test_run_hands_on_streams_and_status_and_leaves_nothing(ctr):
    script = "head -n 1; echo err >&2; echo $WORD; pwd; exit 7"
    result = ctr(*ctr.run_argv("--rm", "--env", "WORD=said", "--cwd", "/tmp"), IMAGE, ctr.name(), "sh", "-c", script,
                 stdin="in\n", status=7)
    assert (result.out, result.err) == ("in\nsaid\n/tmp\n", "err\n")
    assert ctr.left_behind() == []
    for program in ("nosuch", "/no/such"):
        result = ctr(*ctr.run_argv("--rm"), IMAGE, ctr.name(), program, status=1)
        assert program in result.err and lib_engine.says_not_found(result.err), result
    assert ctr.left_behind() == []


def test_a_terminal_works_for_run_and_exec(ctr):
    argv = ctr.argv(*ctr.run_argv("--rm", "--tty"), IMAGE, ctr.name(), "sh", "-c", "tty; exit 3")
    assert "/dev/pts/0" in lib_engine.call_on_terminal(*argv, status=3).out
    name, _ = ctr.run()
    argv = ctr.argv("task", "exec", "--tty", "--exec-id", "t", name, "sh", "-c", "tty; exit 4")
    assert "/dev/pts/" in lib_engine.call_on_terminal(*argv, status=4).out


def test_a_task_is_executed_in_paused_measured_and_killed(ctr):
    name, pid = ctr.run("--memory-limit", str(64 * MiB), "--cpu-quota", "50000", "--cpu-period", "100000",
                        command=("sh", "-c", "trap 'exit 6' TERM; while :; do echo >>/tmp/beats; sleep 0.2; done"))
    group = lib_engine.CGROUPS / ctr.namespace / name
    assert lib_engine.cgroup_of(pid) == group
    assert [(group / file).read_text().strip() for file in ("memory.max", "cpu.max")] == [str(64 * MiB), "50000 100000"]

    result = ctr.exec(name, "sh", "-c", "pwd; ps -o pid,args | grep -c 'while :'; exit 9",
                      options=["--cwd", "/tmp"], status=9)
    assert result.out.splitlines()[0] == "/tmp" and lib_engine.cgroup_of(pid) == group
    assert str(pid) in ctr("task", "ps", name).out.split()
    metrics = ctr("task", "metrics", name).out
    assert "memory.usage_in_bytes" in metrics or "memory.usage" in metrics, metrics

    beats = f"/proc/{pid}/root/tmp/beats"
    ctr("task", "pause", name)
    assert ctr.tasks()[name][1] == "PAUSED" and (group / "cgroup.freeze").read_text() == "1\n"
    before = os.path.getsize(beats)
    time.sleep(1)
    assert os.path.getsize(beats) == before
    ctr("task", "resume", name)
    lib_engine.wait_for(lambda: os.path.getsize(beats) > before, "beats after resume")

    ctr("task", "kill", name)
    lib_engine.wait_for(lambda: ctr.tasks()[name][1] == "STOPPED", "the task's end")
    assert "exit code 6" in ctr("task", "rm", name).err


def test_kill_all_reaches_every_process(ctr):
    name, pid = ctr.run(command=("sh", "-c", "sleep 1234 & sleep 1235 & wait; sleep 1236"))
    group = lib_engine.cgroup_of(pid)
    lib_engine.wait_for(lambda: len((group / "cgroup.procs").read_text().split()) == 3, "three processes")
    ctr("task", "kill", "--all", "--signal", "KILL", name)
    lib_engine.wait_for(lambda: ctr.tasks()[name][1] == "STOPPED", "the task's end")
    assert not group.exists() or not (group / "cgroup.procs").read_text()


def test_rights_and_mounts_are_as_asked(ctr, tmp_path):
    (tmp_path / "file").write_text("from the host\n")
    name, pid = ctr.run("--read-only", "--seccomp", "--cap-drop", "CAP_CHOWN", "--cap-add", "CAP_SYS_TIME",
                        "--device", "/dev/vda", "--mount", f"type=bind,src={tmp_path},dst=/mnt/here,options=rbind:ro")
    status = lib_engine.status_of(pid)
    wanted = int(lib_engine.DEFAULT_CAPABILITIES, 16) & ~1 | int(lib_engine.capability_mask("sys_time"), 16)
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == wanted
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
    out = ctr.exec(name, "sh", "-c", "cat /mnt/here/file; touch /mnt/here/x || echo mount-is-read-only; "
                   "touch /x || echo root-is-read-only; dd if=/dev/vda of=/dev/null count=1 && echo disk-read; "
                   "grep -E '^(Cap(Eff|Bnd)|NoNewPrivs|Seccomp):' /proc/self/status").out
    assert out.splitlines()[:4] == ["from the host", "mount-is-read-only", "root-is-read-only", "disk-read"]
    inside = lib_engine.parse_status(out)
    assert all(inside[key] == status[key] for key in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp"))


def test_a_privileged_container_has_everything(ctr):
    _, pid = ctr.run("--privileged")
    status = lib_engine.status_of(pid)
    assert status["CapEff"] == lib_engine.status_of(os.getpid())["CapEff"] and status["Seccomp"] == "0"


def test_a_user_namespace_is_mapped(ctr):
    name, pid = ctr.run("--uidmap", "0:300000:65536", "--gidmap", "0:300000:65536")
    assert lib_engine.status_of(pid)["Uid"].split() == ["300000"] * 4
    assert ctr.exec(name, "sh", "-c", "id -u; stat -c %u /bin/busybox; cat /proc/self/uid_map").out.split() == [
        "0", "0", "0", "300000", "65536"]


def test_namespaces_are_joined_by_path(ctr):
    name, pid = ctr.run()
    other, guest = ctr.run("--with-ns", f"network:/proc/{pid}/ns/net", "--with-ns", f"uts:/proc/{pid}/ns/uts")
    for namespace in ("net", "uts"):
        assert os.readlink(f"/proc/{guest}/ns/{namespace}") == os.readlink(f"/proc/{pid}/ns/{namespace}")
    assert os.readlink(f"/proc/{guest}/ns/mnt") != os.readlink(f"/proc/{pid}/ns/mnt") and name != other
    _, host = ctr.run("--net-host")
    assert os.readlink(f"/proc/{host}/ns/net") == os.readlink("/proc/self/ns/net")
    assert Path(f"/proc/{host}/root/etc/passwd").read_text().startswith("root:x:0:0:root:/root:/bin/sh")
