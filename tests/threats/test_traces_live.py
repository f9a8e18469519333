# SPDX-License-Identifier: LGPL-2.1-or-later
"""Others with the same id, while kapsel starts something: what strace's order of calls promises, tried for real."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lib_drivers
import lib_host
import lib_oci
from lib_faults import Family
from lib_trace_scenes import end, shell
from test_rootless import GID, UID, reachable, user  # noqa: F401

pytestmark = [pytest.mark.root,
              pytest.mark.skipif(lib_drivers.RUNTIME != "kapsel", reason="the rules are kapsel's own")]

# An id that only this session's raider and its victims have: it kills what it gets.
RAIDER = 70_000 + os.getpid() % 10_000
# Each way into another process that ptrace(2) access is asked for; says which went.
ATTEMPTS = """
import ctypes, os, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
PTRACE_SEIZE, PIDFD_OPEN, PIDFD_GETFD = 0x4206, 434, 438
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
def can(attempt):
    try:
        return attempt()
    except OSError:
        return False
def peek(name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return bool(file.read(1)) or name == "environ"
def read_memory():
    here, there = Vector(None, 1), Vector(0x1000, 1)
    libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return ctypes.get_errno() == 14  # it may, and there is nothing at that address
def seize():
    return libc.ptrace(PTRACE_SEIZE, pid, None, None) == 0
attempts = {
    "pidfd_getfd": lambda: libc.syscall(PIDFD_GETFD, libc.syscall(PIDFD_OPEN, pid, 0), 0, 0) >= 0,
    "process_vm_readv": read_memory, "mem": lambda: os.open(f"/proc/{pid}/mem", os.O_RDWR) >= 0,
    "maps": lambda: peek("maps"), "environ": lambda: peek("environ"), "fd": lambda: bool(os.listdir(f"/proc/{pid}/fd")),
    "root": lambda: bool(os.readlink(f"/proc/{pid}/root")), "exe": lambda: bool(os.readlink(f"/proc/{pid}/exe")),
    "seize": seize,
}
print(*(name for name, attempt in attempts.items() if can(attempt)))
"""
NAMES = {"pidfd_getfd", "process_vm_readv", "mem", "maps", "environ", "fd", "root", "exe", "seize"}


def ways_into(pid, uid, gid):
    """What another process of that user can do to process `pid`."""
    done = subprocess.run([sys.executable, "-I", "-c", ATTEMPTS, str(pid)], user=uid, group=gid, extra_groups=[],
                          cwd="/", capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.fixture
def victim():
    """A process of the user's that is nothing special: the control."""
    process = subprocess.Popen(["/bin/sleep", "1000"], user=UID, group=GID, extra_groups=[])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def revealing():
    """Where the machine is ours alone: processes that changed ids are dumpable unless they say that they are not."""
    setting = Path("/proc/sys/fs/suid_dumpable")
    before = setting.read_text()
    if lib_host.IN_VM:
        setting.write_text("1")
    yield
    if lib_host.IN_VM:
        setting.write_text(before)


def test_all_ways_in_are_open_by_default(victim):
    assert ways_into(victim.pid, UID, GID) == NAMES


def test_a_created_container_is_closed_to_its_own_id(oci, world, revealing):
    """It has the id of the workload, no user namespace, and waits for as long as the engine likes."""
    config = lib_oci.make_config("/bin/helper", "hold").set("process.user", {"uid": UID, "gid": GID}).capabilities()
    container = oci.create(config)
    owner = int(re.search(r"^Uid:\t(\d+)", (container.proc / "status").read_text(), re.M)[1])
    waiting = ways_into(container.pid, UID, GID)
    container.start()
    container.ready()
    running = ways_into(container.pid, UID, GID)
    end(container)
    assert owner == UID and waiting == set(), waiting
    assert running == NAMES, f"control: the workload's own process is open: {running}"


def test_nothing_of_a_plain_users_container_is_open_to_the_same_user(user, revealing):  # noqa: F811
    """Supervisor, standby and init hold descriptors of the host for as long as the workload runs."""
    with user.running(["/bin/sleep", "1000"]):
        family = Family(user.started[-1].process.pid).wait()
        for name in ("supervisor", "janitor", "init"):
            assert ways_into(getattr(family, name), UID, GID) == set(), name


def test_nobody_of_the_workloads_id_gets_at_a_start(oci, world, template):
    """A process of the host with that id tries every process of kapsel, over and over, during many starts."""
    raider, decoy = oci.place / "raider", oci.place / "kapsel-decoy"
    for path in (raider, decoy):
        shutil.copy(template / "usr/bin/raider", path)
    plain = {"user": RAIDER, "group": RAIDER, "extra_groups": [], "stdout": subprocess.PIPE, "encoding": "utf-8"}
    config = lib_oci.make_config(*shell("raided", "sleep 1000"))
    config.set("process.user", {"uid": RAIDER, "gid": RAIDER, "additionalGids": []}).capabilities()

    def watched(play):
        watcher = oci.spawn(raider, "watch", "kapsel", **plain)
        assert watcher.stdout.readline() == "ready\n"
        play()
        watcher.terminate()
        return {key: int(value) for key, _, value in (word.partition("=") for word in watcher.stdout.read().split())}

    def starts():
        for _ in lib_drivers.rounds():
            container = oci.create(config.copy())
            # The workload is its own user's, who may well kill it.
            container.start(check=False)
            container.exec("/bin/true")
            end(container)

    seen = watched(starts)
    assert seen.pop("looks") > 0, "nothing was seen: nothing was tried"
    assert set(seen.values()) == {0}, seen
    caught = watched(lambda: oci.spawn(decoy, "decoy", **plain).wait(60))
    assert caught["seized"] == 1 and caught["mem"] >= 1, f"control: one that is not hidden is caught: {caught}"
