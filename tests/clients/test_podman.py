# SPDX-License-Identifier: LGPL-2.1-or-later
"""podman as root: no daemon, conmon watches each container."""

import json
import os
import time
from pathlib import Path

import lib_engine
from lib_podman import IMAGE

MiB = 1 << 20


def test_run_hands_on_streams_and_status_and_leaves_nothing(podman):
    result = podman.once("--interactive", IMAGE, "sh", "-c", "cat; echo err >&2; exit 7", stdin="in\n", status=7)
    assert (result.out, result.err) == ("in\n", "err\n")
    for program in ("nosuchprogram", "/no/such/program"):
        result = podman.once(IMAGE, program, status=127)
        assert program in result.err and lib_engine.says_not_found(result.err), result
    assert "permission denied" in podman.once(IMAGE, "/etc/not-executable", status=126).err.lower()
    result = podman.once("--ulimit", "nofile=2000000000:2000000000", IMAGE, "true", status=None)
    assert result.status in (125, 126) and "rlimit" in result.err.lower(), result
    assert podman.left_behind() == []


def test_open_files_reach_the_container_on_request_only(podman):
    read, write = os.pipe()
    os.write(write, b"handed on\n")
    os.close(write)
    # podman hands on descriptors from 3 on; bash, for other shells know one digit only.
    script = f'exec 3<&{read}; exec "$@"'
    argv = podman.argv("run", "--rm", "--network", "none", "--preserve-fds", "1", IMAGE, "sh", "-c",
                       "cat <&3; ls /proc/self/fd | tr '\\n' ' '")
    out = lib_engine.call("bash", "-c", script, "bash", *argv, pass_fds=[read]).out
    os.close(read)
    assert out.splitlines()[0] == "handed on" and out.splitlines()[1].split()[:3] == ["0", "1", "2"]
    assert podman.once(IMAGE, "sh", "-c", "ls /proc/self/fd").out.split() == ["0", "1", "2", "3"]  # 3: ls's own


def test_exec_has_its_own_user_directory_environment_and_status(podman):
    container = podman.run("--cap-drop", "all", IMAGE)
    result = container.exec("sh", "-c", "id -un; pwd; echo $WORD; cat; echo err >&2; exit 9", stdin="in\n", status=9,
                            options=["-i", "--user", "alice", "--workdir", "/home/alice", "--env", "WORD=said"])
    assert (result.out, result.err) == ("alice\n/home/alice\nsaid\nin\n", "err\n")
    assert "not found" in container.exec("nosuchprogram", status=127).err
    assert "denied" in container.exec("/etc/not-executable", status=126).err.lower()
    container.exec("sh", "-c", "echo detached >/tmp/mark", options=["--detach"])
    mark = f"/proc/{container.pid}/root/tmp/mark"
    lib_engine.wait_for(lambda: Path(mark).read_text() == "detached\n", "a detached exec")
    status = lib_engine.parse_status(container.exec("cat", "/proc/self/status").out)
    assert (status["CapEff"], status["CapBnd"], status["Seccomp"]) == ("0" * 16, "0" * 16, "2")
    sized = 'until [ "$(stty size)" = "33 77" ]; do sleep 0.2; done; tty'
    shown = podman.on_terminal("exec", "-it", container.name, "sh", "-c", f"{sized}; exit 5", status=5)
    assert "/dev/pts/" in shown.out


def test_a_terminal_has_its_size(podman):
    sized = 'until [ "$(stty size)" = "33 77" ]; do sleep 0.2; done; test -c /dev/console && tty'
    shown = podman.on_terminal("run", "-it", "--rm", "--network", "none", IMAGE, "sh", "-c",
                               f"{sized}; exit 4", status=4)
    assert "/dev/pts/0" in shown.out


def test_kill_stop_and_restart_work(podman):
    container = podman.run(IMAGE, "sh", "-c", "trap 'echo usr1' USR1; trap 'echo bye; exit 3' TERM; echo ready; "
                           "sleep 1000000 & while :; do wait $!; done")
    container.wait_for_log("ready")
    podman("kill", "--signal", "USR1", container.name)
    container.wait_for_log("usr1")
    first = container.pid
    podman("restart", "--time", "60", container.name)
    assert container.log().split() == ["ready", "usr1", "bye", "ready"] or container.pid != first
    podman("stop", "--time", "60", container.name)
    assert podman("wait", container.name).out == "3\n" and container.log().endswith("bye\n")
    podman("start", container.name)
    podman("kill", container.name)
    assert podman("wait", container.name).out == "137\n"


def test_a_paused_container_stands_still(podman):
    container = podman.run(IMAGE, "sh", "-c", "while :; do echo >>/tmp/beats; sleep 0.2; done")
    beats = f"/proc/{container.pid}/root/tmp/beats"
    lib_engine.wait_for(lambda: os.path.getsize(beats) > 3, "the container's first beats")
    podman("pause", container.name)
    before = os.path.getsize(beats)
    assert container.state["Status"] == "paused"
    time.sleep(1)
    assert os.path.getsize(beats) == before
    podman("unpause", container.name)
    lib_engine.wait_for(lambda: os.path.getsize(beats) > before, "beats after unpause")


def test_limits_are_set_updated_and_reported(podman):
    container = podman.run("--memory", "64m", "--memory-swap", "96m", "--cpus", "0.5", "--pids-limit", "20",
                           "--cpuset-cpus", "0", "--shm-size", "3m", IMAGE, "sh", "-c", "sleep 1234 & wait")
    group = lib_engine.cgroup_of(container.pid)

    def limits(*names):
        return [(group / name).read_text().strip() for name in names]
    # podman moves conmon, and crun and podman may put the container, one level further down.
    group = next(each for each in (group, *group.parents) if limits_here(each))
    assert limits("memory.max", "memory.swap.max", "cpu.max", "pids.max", "cpuset.cpus") == [
        str(64 * MiB), str(32 * MiB), "50000 100000", "20", "0"]
    podman("update", "--memory", "80m", "--memory-swap", "96m", "--cpus", "0.25", container.name)
    # (Its stats below go on to name the limit that the container began with.)
    assert limits("memory.max", "memory.swap.max", "cpu.max") == [str(80 * MiB), str(16 * MiB), "25000 100000"]
    out = container.exec("sh", "-c", "cat /sys/fs/cgroup/memory.max; df -k /dev/shm | tail -n 1 | awk '{ print $2 }'; "
                         "for i in $(seq 30); do sleep 9 & done", status=None)
    assert out.out.split()[:2] == [str(80 * MiB), "3072"] and "can't fork" in out.err
    stats = json.loads(podman("stats", "--no-stream", "--format", "json", container.name).out)[0]
    assert stats["name"] == container.name and stats["mem_usage"].split()[-1] in ("67.11MB", "83.89MB")
    assert "sleep 1234" in podman("top", container.name, "args").out


def limits_here(group):
    return (group / "memory.max").exists() and (group / "memory.max").read_text() != "max\n"


def test_who_takes_too_much_memory_is_killed(podman):
    container = podman.run("--memory", "24m", "--memory-swap", "24m", IMAGE, "sh", "-c", "tail /dev/zero; exit $?")
    assert podman("wait", container.name).out == "137\n"


def test_rights_identity_and_file_systems_are_as_asked(podman, tmp_path):
    (tmp_path / "host").mkdir()
    profile = tmp_path / "seccomp.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                                   "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
                                                 "errnoRet": 77}]}))
    script = """
        echo ids=$(id -u):$(id -g):$(id -G | tr ' ' ,); echo host=$(hostname); echo files=$(ulimit -n):$(ulimit -H -n)
        echo queue=$(cat /proc/sys/fs/mqueue/msg_max); echo caps=$(awk '/^CapBnd/ { print $2 }' /proc/self/status)
        echo nnp=$(awk '/^NoNewPrivs/ { print $2 }' /proc/self/status); echo tmp=$(stat -c %a /tmp)
        echo mkdir=$(mkdir /tmp/d 2>&1 | grep -c 'File descriptor in bad state')
        touch /x 2>/dev/null || echo root=read-only
        echo x >/h/written && echo volume=written; echo disk=$(dd if=/dev/disk count=1 2>/dev/null | wc -c)
        echo umask=$(umask); dd if=/dev/zero of=/dev/disk count=1 conv=notrunc 2>/dev/null || echo disk=${disk}read-only
        """
    os.chmod(tmp_path / "host", 0o777)
    out = podman.once("--user", "1000:0", "--group-add", "3000", "--hostname", "named", "--ulimit", "nofile=100:200",
                      "--sysctl", "fs.mqueue.msg_max=33", "--cap-drop", "all", "--cap-add", "kill,sys_time",
                      "--umask", "0027", "--security-opt", "no-new-privileges", "--security-opt", f"seccomp={profile}",
                      "--read-only", "--tmpfs", "/tmp:mode=1777,size=1m", "-v", f"{tmp_path}/host:/h",
                      "--device", "/dev/vda:/dev/disk:r", IMAGE, "sh", "-c", script).out
    facts = lib_engine.parse_facts(out)
    assert facts.pop("disk") in ("read-only", "512")
    assert facts == {"ids": "1000:0:0,3000", "host": "named", "files": "100:200", "queue": "33",
                     "caps": lib_engine.capability_mask("kill", "sys_time"), "nnp": "1", "tmp": "1777", "mkdir": "1",
                     "root": "read-only", "volume": "written", "umask": "0027"}


def test_namespaces_are_own_shared_or_mapped(podman):
    mapped = podman.run("--uidmap", "0:300000:65536", "--gidmap", "0:300000:65536", IMAGE)
    assert lib_engine.status_of(mapped.pid)["Uid"].split() == ["300000"] * 4
    assert mapped.exec("sh", "-c", "id -u; stat -c %u /bin/busybox; ls /sys/class/net").out.split() == ["0", "0", "lo"]
    plain = podman.run(IMAGE)
    guest = podman.run("--pid", f"container:{plain.name}", "--ipc", "host", "--uts", "host", IMAGE, network="host")
    pid, guest_pid = plain.pid, guest.pid
    for namespace, other in (("pid", pid), ("ipc", "self"), ("uts", "self"), ("net", "self")):
        assert os.readlink(f"/proc/{guest_pid}/ns/{namespace}") == os.readlink(f"/proc/{other}/ns/{namespace}")
    for namespace in ("pid", "ipc", "uts", "net", "mnt", "cgroup"):
        assert os.readlink(f"/proc/{pid}/ns/{namespace}") != os.readlink(f"/proc/self/ns/{namespace}")


def test_a_bridge_network_has_an_address(podman):
    container = podman.run(IMAGE, network="bridge")
    address = container.inspect()["NetworkSettings"]["IPAddress"]
    assert address and address in container.exec("ip", "-4", "addr", "show", "eth0").out


def test_cgroups_can_be_left_out(podman):
    container = podman.run("--cgroups", "disabled", IMAGE)
    assert lib_engine.cgroup_of(container.pid) == lib_engine.cgroup_of("self")
    podman("stop", "--time", "1", container.name)


def test_init_health_and_hooks_work(podman, tmp_path):
    script = tmp_path / "hook"
    script.write_text(f'#!/bin/sh\ncat >{tmp_path}/$1.json\n')
    script.chmod(0o755)
    hooks = tmp_path / "hooks.d"
    hooks.mkdir()
    stages = ("prestart", "createRuntime", "poststart", "poststop")
    for stage in stages:
        (hooks / f"{stage}.json").write_text(json.dumps({
            "version": "1.0.0", "hook": {"path": str(script), "args": ["hook", stage]}, "when": {"always": True},
            "stages": [stage]}))
    name = "hooked"
    podman("--hooks-dir", hooks, "run", "--detach", "--network", "none", "--name", name, "--init", "--health-cmd",
           "test -e /tmp/well", "--health-interval", "disable", IMAGE)
    assert podman("exec", name, "cat", "/proc/1/comm").out.strip() in ("catatonit", "podman-init")
    podman("healthcheck", "run", name, status=1)
    podman("exec", name, "touch", "/tmp/well")
    podman("healthcheck", "run", name)
    pid = int(podman("inspect", "--format", "{{.State.Pid}}", name).out)
    podman("rm", "--force", "--time", "1", name)
    states = {}
    for stage in stages:
        lib_engine.wait_for((tmp_path / f"{stage}.json").exists, f"the {stage} hook")
        states[stage] = json.loads((tmp_path / f"{stage}.json").read_text())
    assert len({state["id"] for state in states.values()}) == 1
    assert [states[stage]["pid"] for stage in stages[:3]] == [pid] * 3
    assert states["createRuntime"]["status"] in ("creating", "created") and states["poststop"]["status"] == "stopped"


def test_a_build_runs_its_steps(podman, tmp_path):
    (tmp_path / "Containerfile").write_text(
        f"FROM {IMAGE}\nRUN echo made as $(id -u) >/made\nCMD [\"cat\", \"/made\"]\n")
    podman("build", "--isolation", "oci", "--network", "none", "--tag", "built", tmp_path)
    assert podman.once("built").out == "made as 0\n"


def test_a_pod_shares_its_namespaces(podman):
    # podman 4.3 with cgroupfs hangs a program that denies every device on a pod's own cgroup.
    podman("pod", "create", "--name", "pod", "--share-parent=false", "--network", "none")
    try:
        for name in ("first", "second"):
            podman("run", "--detach", "--pod", "pod", "--name", name, IMAGE)
        first, second = (int(podman("inspect", "--format", "{{.State.Pid}}", name).out) for name in ("first", "second"))
        for namespace in ("net", "ipc", "uts"):
            assert os.readlink(f"/proc/{first}/ns/{namespace}") == os.readlink(f"/proc/{second}/ns/{namespace}")
        assert os.readlink(f"/proc/{first}/ns/net") != os.readlink("/proc/self/ns/net")
        podman("pod", "stop", "--time", "1", "pod")
        assert podman("pod", "inspect", "--format", "{{.State}}", "pod").out.strip() == "Exited"
    finally:
        podman("pod", "rm", "--force", "--time", "1", "pod")
