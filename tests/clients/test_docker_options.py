# SPDX-License-Identifier: LGPL-2.1-or-later
"""The options of `docker run`: limits, rights, file systems, identity."""

import json
import os
from pathlib import Path

import lib_engine
from lib_docker import IMAGE

MiB = 1 << 20


def test_limits_reach_the_cgroup(docker):
    container = docker.run("-m", "64m", "--memory-swap", "96m", "--memory-reservation", "48m", "--cpus", "0.5",
                           "--cpuset-cpus", "0", "--cpu-shares", "2048", "--pids-limit", "20",
                           "--device-read-bps", "/dev/vda:1mb", "--device-write-iops", "/dev/vda:100", IMAGE)
    found = {name: container.limit(name) for name in (
        "memory.max", "memory.swap.max", "memory.low", "cpu.max", "cpuset.cpus", "pids.max")}
    assert found == {"memory.max": str(64 * MiB), "memory.swap.max": str(32 * MiB), "memory.low": str(48 * MiB),
                     "cpu.max": "50000 100000", "cpuset.cpus": "0", "pids.max": "20"}
    assert int(container.limit("cpu.weight")) > 50
    disk = container.limit("io.max")
    assert "rbps=1048576" in disk and "wiops=100" in disk
    forks = container.exec("sh", "-c", "for i in $(seq 30); do sleep 9 & done; wait", status=None)
    assert "can't fork" in forks.err
    # The container sees its own cgroup, and can not write to it.
    assert container.exec("cat", "/sys/fs/cgroup/pids.max", "/proc/self/cgroup", status=None).status in (0, 1, 126)


def test_who_takes_too_much_memory_is_killed_and_docker_knows(docker):
    container = docker.run("-m", "24m", "--memory-swap", "24m", IMAGE, "sh", "-c", "tail /dev/zero; exit $?")
    state = container.wait_for_state(Running=False)
    assert state["ExitCode"] == 137 and state["OOMKilled"], state


def test_what_is_not_asked_for_is_docker_s_default(docker):
    container = docker.run(IMAGE)
    status = container.status()
    assert (status["CapEff"], status["CapBnd"]) == (lib_engine.DEFAULT_CAPABILITIES,) * 2
    assert int(status["CapAmb"], 16) == 0 and status["Seccomp"] == "2"
    if Path("/sys/module/apparmor/parameters/enabled").exists():
        assert Path(f"/proc/{container.pid}/attr/current").read_text().strip() == "docker-default (enforce)"
    for namespace in ("mnt", "pid", "net", "ipc", "uts", "cgroup"):
        assert os.readlink(f"/proc/{container.pid}/ns/{namespace}") != os.readlink(f"/proc/self/ns/{namespace}")
    script = """
        cat /proc/kcore >/dev/null 2>&1; wc -c </proc/timer_list; ls /proc/scsi /sys/firmware | wc -w
        echo 1 >/proc/sys/kernel/domainname || echo proc-sys-is-read-only
        mkdir /sys/fs/cgroup/x || echo cgroup-is-read-only
        echo $$; ls /dev | tr '\\n' ' '; ls /proc/self/fd | wc -l; stat -c %t:%T /dev/null /dev/tty
        dd if=/dev/vda of=/dev/null || mknod /tmp/vda b 253 0; dd if=/tmp/vda of=/dev/null count=1 || echo no-disk
        unshare -m true || echo no-unshare; df /dev/shm | grep -c 65536"""
    out = container.exec("sh", "-c", script).out
    for line in ("proc-sys-is-read-only", "cgroup-is-read-only", "no-disk", "no-unshare", "1:3", "5:0"):
        assert line in out.splitlines(), out
    assert "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero" in out


def test_rights_are_taken_and_given_by_name(docker, tmp_path):
    dropped = docker.run("--cap-drop", "all", "--cap-add", "chown", "--cap-add", "SYS_TIME",
                         "--security-opt", "no-new-privileges", "--user", "root", IMAGE)
    status = dropped.status()
    wanted = lib_engine.capability_mask("chown", "sys_time")
    assert [status[name] for name in ("CapPrm", "CapEff", "CapBnd", "NoNewPrivs")] == [wanted, wanted, wanted, "1"]
    inside = lib_engine.parse_status(dropped.exec("cat", "/proc/self/status").out)
    assert [inside[name] for name in ("CapPrm", "CapEff", "CapBnd", "NoNewPrivs")] == [wanted, wanted, wanted, "1"]

    profile = tmp_path / "seccomp.json"
    profile.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"},
                     {"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_KILL"},
                     {"names": ["personality"], "action": "SCMP_ACT_ERRNO",
                      "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]}))
    result = docker.once("--security-opt", f"seccomp={profile}", IMAGE, "sh", "-c",
                         "mkdir /tmp/d || touch /tmp/f; chmod 600 /tmp/f; echo chmod $?")
    assert "Operation not permitted" in result.err and "chmod 159" in result.out  # 128 + SIGSYS
    assert docker.once("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", IMAGE,
                       "grep", "Seccomp:", "/proc/self/status").out.split() == ["Seccomp:", "0"]


def test_a_privileged_container_has_everything(docker):
    container = docker.run("--privileged", IMAGE)
    status = container.status()
    # dockerd 20.10 knows 38 of the 41 capabilities.
    assert int(status["CapEff"], 16) & lib_engine.ALL_KNOWN == lib_engine.ALL_KNOWN and status["Seccomp"] == "0"
    container.exec("sh", "-ec", "dd if=/dev/vda of=/dev/null count=1; mkdir /sys/fs/cgroup/x; rmdir /sys/fs/cgroup/x; "
                   "mount -t tmpfs none /tmp; cat /proc/sys/kernel/domainname >/proc/sys/kernel/domainname")


def test_file_systems_are_mounted_as_asked(docker, tmp_path):
    for name in ("read", "write", "late"):
        (tmp_path / name).mkdir()
    (tmp_path / "read" / "file").write_text("from the host\n")
    (tmp_path / "single").write_text("one file\n")
    container = docker.run(
        "--read-only", "--tmpfs", "/t:size=1m,mode=1770,uid=1000", "--tmpfs", "/run:exec", "--shm-size", "3m",
        "-v", f"{tmp_path}/read:/r:ro", "-v", f"{tmp_path}/write:/made/by/docker/w",
        "-v", f"{tmp_path}/single:/etc/single:ro",
        "-v", "volume:/v", "--mount", f"type=bind,src={tmp_path}/late,dst=/late,bind-propagation=rslave", IMAGE)
    lib_engine.call("mount", "-t", "tmpfs", "none", tmp_path / "late")
    try:
        (tmp_path / "late" / "seen").write_text("")
        out = container.exec("sh", "-c", """
            touch /x || echo root-is-read-only; touch /r/x || echo r-is-read-only
            touch /etc/single || echo single-is-read-only
            cat /r/file /etc/single; echo back >/made/by/docker/w/file; touch /v/x && echo volume
            stat -c %a:%u /t; dd if=/dev/zero of=/t/big bs=64k count=99 || echo t-is-full
            df -k /dev/shm | tail -n 1 | awk '{ print "shm=" $2 }'; ls /late
            cp /bin/busybox /run/ && /run/busybox true && echo run-has-exec
            grep -E ' /(t|run) ' /proc/mounts""").out
    finally:
        lib_engine.call("umount", tmp_path / "late")
    for line in ("root-is-read-only", "r-is-read-only", "single-is-read-only", "from the host", "one file", "volume",
                 "1770:1000", "t-is-full", "shm=3072", "seen", "run-has-exec"):
        assert line in out.splitlines(), out
    assert (tmp_path / "write" / "file").read_text() == "back\n"
    mounted = next(line for line in out.splitlines() if " /t " in line)
    assert all(flag in mounted for flag in ("nosuid", "nodev", "noexec", "size=1024k"))


def test_a_directory_is_not_mounted_on_a_file(docker, tmp_path):
    result = docker.once("-v", f"{tmp_path}:/etc/passwd", IMAGE, "true", status=None)
    assert result.status in (125, 126, 127) and "not a directory" in result.err, result


def test_identity_limits_and_sysctls_are_as_asked(docker):
    script = """
        echo ids=$(id -u):$(id -g):$(id -G | tr ' ' ,); echo host=$(hostname); echo dir=$(pwd); echo word=$WORD
        echo files=$(ulimit -n):$(ulimit -H -n); echo core=$(ulimit -c); echo oom=$(cat /proc/self/oom_score_adj)
        echo forward=$(cat /proc/sys/net/ipv4/ip_forward); echo queue=$(cat /proc/sys/fs/mqueue/msg_max)
        echo domain=$(cat /proc/sys/kernel/domainname); echo caps=$(grep CapEff /proc/self/status | cut -f2)
        echo home=$HOME"""
    out = docker.once("--user", "1000:2000", "--group-add", "3000", "--hostname", "named",
                      "--domainname", "example.org",
                      "--workdir", "/made/for/it", "--env", "WORD=said", "--ulimit", "nofile=100:200",
                      "--ulimit", "core=0", "--oom-score-adj", "500",
                      "--sysctl", "net.ipv4.ip_forward=0", "--sysctl", "fs.mqueue.msg_max=33",
                      IMAGE, "sh", "-c", script).out
    assert lib_engine.parse_facts(out) == {
        "ids": "1000:2000:2000,3000", "host": "named", "dir": "/made/for/it", "word": "said", "files": "100:200",
        "core": "0", "oom": "500", "forward": "0", "queue": "33", "domain": "example.org", "caps": "0" * 16,
        "home": "/home/alice"}


def test_devices_are_given_by_name_and_by_rule(docker):
    read = "dd if=/dev/disk of=/dev/null count=1 && echo read"
    write = "dd if=/dev/zero of=/dev/disk count=1 conv=notrunc || echo not-written"
    out = docker.once("--device", "/dev/vda:/dev/disk:r", IMAGE, "sh", "-c", f"{read}; {write}").out
    assert out.splitlines() == ["read", "not-written"]
    fuse = "mknod /tmp/fuse c 10 229 && (: <>/tmp/fuse) && echo opened || echo refused"
    assert docker.once(IMAGE, "sh", "-c", fuse).out == "refused\n"
    assert docker.once("--device-cgroup-rule", "c 10:229 rwm", IMAGE, "sh", "-c", fuse).out == "opened\n"


def test_namespaces_of_the_host_are_shared_on_request(docker):
    container = docker.run("--pid", "host", "--uts", "host", "--ipc", "host", "--cgroupns", "host", IMAGE)
    for namespace in ("pid", "uts", "ipc", "cgroup"):
        assert os.readlink(f"/proc/{container.pid}/ns/{namespace}") == os.readlink(f"/proc/self/ns/{namespace}")
    docker("stop", "--time", "1", container.name)
