# SPDX-License-Identifier: LGPL-2.1-or-later
"""A dockerd with --userns-remap: root in every container is an unprivileged user of the host."""

import os
from pathlib import Path

import lib_docker
import lib_engine
import pytest
from lib_docker import IMAGE

FIRST = 200000


@pytest.fixture(scope="module")
def remapped(scratch, runtime, containerd, archive):
    for name in ("/etc/subuid", "/etc/subgid"):
        path = Path(name)
        path.write_text((path.read_text() if path.exists() else "") + f"nobody:{FIRST}:65536\n")
    daemon = lib_docker.Dockerd(scratch / "remapped", runtime, containerd, [
        "--userns-remap", "nobody:nogroup", "--bridge", "none", "--iptables=false"])
    daemon.load(archive)
    yield daemon
    daemon.remove_all()
    daemon.stop()


def test_root_is_nobody_outside(remapped, tmp_path):
    os.chmod(tmp_path, 0o777)
    container = remapped.run("-m", "64m", "--read-only", "--tmpfs", "/tmp", "-v", f"{tmp_path}:/shared", IMAGE)
    status = container.status()
    assert status["Uid"].split() == [str(FIRST)] * 4 and status["CapEff"] == lib_engine.DEFAULT_CAPABILITIES
    assert Path(f"/proc/{container.pid}/uid_map").read_text().split() == ["0", str(FIRST), "65536"]
    assert container.limit("memory.max") == str(64 << 20)
    assert os.readlink(f"/proc/{container.pid}/ns/user") != os.readlink("/proc/self/ns/user")
    out = container.exec("sh", "-c", "id -u; touch /shared/made /tmp/x; cat /proc/sys/kernel/hostname >/dev/null; "
                         "echo 1 >/proc/sys/kernel/panic || echo refused; stat -c %u /bin/busybox").out
    assert out == "0\nrefused\n0\n"
    assert (tmp_path / "made").stat().st_uid == FIRST
    assert container.exec("id", "-un", options=["--user", "alice"]).out == "alice\n"
    remapped("stop", "--time", "1", container.name)
    assert container.state["ExitCode"] == 137


def test_a_terminal_and_a_user_work_there_too(remapped):
    shown = remapped.on_terminal("run", "-it", "--rm", "--user", "alice", IMAGE, "sh", "-c",
                                 "tty; echo hello >/dev/console; id -un")
    assert "/dev/pts/0" in shown.out and "hello" in shown.out and "alice" in shown.out
