# SPDX-License-Identifier: LGPL-2.1-or-later
"""What this machine offers, and what a run may have left on it."""

import ctypes
import json
import os
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
STATE_DIR = Path("/run/kapsel")
ID_LOCKS = STATE_DIR / ".ids"
IN_VM = os.environ.get("VM_RUN") == "1"


def cgroup_mount():
    """The cgroup v2 mount point, or None."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        if rest.split()[0] == "cgroup2":
            return Path(fields.split()[4])
    return None


def controllers():
    """The controllers that the cgroup v2 hierarchy has (on a hybrid host v1 holds some)."""
    mount = cgroup_mount()
    return set((mount / "cgroup.controllers").read_text().split()) if mount else set()


def has_limits():
    """Whether memory, cpu and pids can be limited: as root on a pure cgroup v2 host."""
    return os.geteuid() == 0 and {"memory", "cpu", "pids"} <= controllers()


def limits(**wanted):
    """A profile's limits: `wanted` where the controllers are, everything unlimited elsewhere.

    So one test says what it would like and still runs on a hybrid host.  A test
    that is about a limit carries the marker `vm` instead.
    """
    needs = {"memory": "memory", "swap": "memory", "cpu": "cpu", "pids": "pids"}
    have = controllers() if os.geteuid() == 0 else set()
    closed = {key: "unlimited" for key, controller in needs.items() if controller not in have}
    return {**wanted, **closed}


def wait_for(condition, timeout_s=10.0, what="the condition"):
    """Poll until `condition()` is true and return its value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout_s} s")
        time.sleep(0.02)


def record(name, status="running", timeout_s=10.0):
    """A service's state.json, once it says so."""
    path = STATE_DIR / name / "state.json"

    def read():
        found = json.loads(path.read_text()) if path.exists() else None
        return found if found and found["status"] == status else None
    return wait_for(read, timeout_s, f"{name}: {status}")


def become_subreaper():
    """Orphans of what we start become our children, so that none can hide."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def descendants():
    """{pid: command line} of every live process below this one."""
    parents, names = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        name, _, rest = stat.partition("(")[2].rpartition(")")
        state, parent = rest.split()[:2]
        if state != "Z":
            parents[int(entry.name)] = int(parent)
            names[int(entry.name)] = command.strip() or f"[{name}]"
    found, grew = set(), True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in found | {os.getpid()}} - found
        found |= more
        grew = bool(more)
    return {pid: names[pid] for pid in found}


def reap_orphans():
    """Collect the zombies that a subreaper inherits; a test has waited for its own."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        pass


def _below(directory, directories_only=False):
    """Every path below a directory. What vanishes meanwhile (others run too) is just not there."""
    found = set()
    for place, directories, files in os.walk(directory):  # which passes over what it can't read
        found |= {os.path.join(place, name) for name in directories + ([] if directories_only else files)}
    return found


def _locks():
    """Locked files below the state directory: a held range of host ids is one."""
    inodes = {}
    for path in _below(STATE_DIR):
        try:
            inodes[os.stat(path).st_ino] = path
        except OSError:
            pass
    held = set()
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.replace("-> ", "").split()
        inode = int(fields[5].split(":")[2])
        if inode in inodes:
            held.add(f"{inodes[inode]} bytes {fields[6]} to {fields[7]}")
    return held


class Footprint:
    """What exists on the machine that a run could have made: compare two of them."""

    def __init__(self, prefix):
        # Elsewhere others may run kapsel at the same time: there only names of
        # this session count.  The virtual machine is ours alone.
        def ours(path):
            return IN_VM or prefix in path

        mount = cgroup_mount()
        self.things = {f"process {pid} ({name})" for pid, name in descendants().items()}
        self.things |= {f"mount {line.split()[4]}" for line in Path("/proc/self/mountinfo").read_text().splitlines()}
        if mount:
            groups = _below(mount, directories_only=True) - {str(mount / "kapsel")}
            self.things |= {f"cgroup {path}" for path in groups if ours(path)}
        # The file whose locks hand out ranges of host ids stays; the locks on it may not.
        self.things |= {f"state {path}" for path in _below(STATE_DIR) - {str(ID_LOCKS)} if ours(path)}
        if IN_VM:
            self.things |= {f"lock {lock}" for lock in _locks()}

    def left_since(self, before):
        return sorted(self.things - before.things)
