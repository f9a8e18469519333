# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container leaves on the host when it is gone: nothing.

Left makes the bundles of one test recognizable (a cgroup of the test's own above theirs, a
root file system in its directory) and then looks for processes, cgroups, mounts, network
namespaces and state in the kernel and in the file system, never by asking the runtime.
"""

import itertools
import os
import time
from pathlib import Path

from conftest import reap, unified

GRACE_S = 10
_numbers = itertools.count()


def lines_of(path):
    try:
        return Path(path).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []


def processes():
    """{pid: (parent, state)} of all that /proc shows."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            for line in lines_of(f"/proc/{entry}/stat")[:1]:
                state, parent = line.rpartition(")")[2].split()[:2]
                found[int(entry)] = (int(parent), state)
    return found


def own_children():
    """Everybody's orphans come to us (conftest.py): what a container leaves becomes our child."""
    own = os.getpid()
    return {pid for pid, (parent, state) in processes().items() if parent == own and state != "Z"}


def network_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return None


class Left:
    """Compares with what was there when it was made."""

    def __init__(self, runtime, directory):
        self.runtime, self.directory = runtime, Path(directory)
        self.group = f"kt-left-{os.getpid()}-{next(_numbers)}"
        self.children = own_children()
        self.networks = set()
        mount = unified()[0]
        self.cgroup = mount / self.group if mount else None
        if self.cgroup and os.geteuid() == 0:
            self.cgroup.mkdir()

    def mark(self, config, identity):
        """Give a config a cgroup that is found again."""
        config["linux"]["cgroupsPath"] = f"/{self.group}/{identity}"
        return config

    def saw(self, pid):
        """Remember the network namespace of a container's process."""
        self.networks.add(network_of(pid))

    def close(self):
        if self.cgroup and self.cgroup.is_dir():
            self.cgroup.rmdir()

    # --- what there is

    def _processes(self):
        words = str(self.directory).encode()
        found = []
        for pid in own_children() - self.children:
            found.append((pid, " ".join(lines_of(f"/proc/{pid}/cmdline")).replace("\0", " ")))
        for pid in processes():
            if pid == os.getpid() or any(pid == known for known, _ in found):
                continue
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            # A runtime, or its copy that waits to become the workload, has --root DIRECTORY/state.
            if b"\0--root\0" + words in command:
                found.append((pid, command.replace(b"\0", b" ").decode(errors="replace")))
        return found

    def _cgroups(self):
        if not self.cgroup or not self.cgroup.is_dir():
            return []
        return [str(path.relative_to(self.cgroup)) for path in self.cgroup.rglob("*") if path.is_dir()]

    def _mounts(self):
        words = str(self.directory)
        mounts = [line for line in lines_of("/proc/self/mountinfo") if words in line.replace("\\040", " ")]
        # A network namespace without a process lives on only in a mount (or a descriptor of a process).
        held = [line for line in lines_of("/proc/self/mountinfo")
                if " - nsfs " in line and line.split()[3] in self.networks]
        return mounts + held

    def _networks(self):
        living = {}
        for pid in own_children() - self.children:
            living[pid] = network_of(pid)
        return [entry for entry in living.items() if entry[1] in self.networks]

    def _states(self):
        root = self.runtime.root
        return sorted(os.listdir(root)) if root.is_dir() else []

    def found(self):
        return {what: value for what, value in (
            ("processes", self._processes()), ("cgroups", self._cgroups()), ("mounts", self._mounts()),
            ("network namespaces", self._networks()), ("state", self._states())) if value}

    def assert_nothing(self, grace_s=0, keep_state=()):
        """Nothing is there. `grace_s`: for what the kernel ends behind a killed runtime; `keep_state`: entries of
        the state directory that the test has put there itself."""
        deadline = time.monotonic() + grace_s
        while True:
            reap()
            found = self.found()
            if "state" in found:
                found["state"] = [name for name in found["state"] if name not in keep_state]
            found = {what: value for what, value in found.items() if value}
            if not found:
                return
            assert time.monotonic() < deadline, f"left: {found}"
            time.sleep(0.02)
