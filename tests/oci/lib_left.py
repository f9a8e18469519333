# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container leaves on the host when it is gone: nothing.

Left makes the bundles of one test recognizable (a cgroup of the test's own above theirs, a
root file system in its directory) and then looks for processes, cgroups, mounts, network
namespaces and state in the kernel and in the file system, never by asking the runtime.
"""

import itertools
import os
import threading
import time
from pathlib import Path

from conftest import reap, unified, wait_for

GRACE_S = 10
_numbers = itertools.count()


def lines_of(path):
    try:
        return Path(path).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []


def own_children():
    """Everybody's orphans come to us (conftest.py): what a container leaves becomes our child."""
    pids = set()
    for task in os.listdir("/proc/self/task"):
        for line in lines_of(f"/proc/self/task/{task}/children"):
            pids |= {int(word) for word in line.split()}
    return {pid for pid in pids if not any(line.startswith("State:\tZ") for line in lines_of(f"/proc/{pid}/status"))}


def network_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return None


class Reaper:
    """Collects the containers' processes at once, as a shim does: the first process of a pid namespace cannot end
    as long as others of it, that `exec` brought in, are not collected. The calls of the runtime are left to whoever
    made them; they are in no pid namespace of their own."""

    def __init__(self):
        self.statuses = {}
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.ends.wait(0.01):
            for task in os.listdir("/proc/self/task"):
                for line in lines_of(f"/proc/self/task/{task}/children"):
                    for pid in map(int, line.split()):
                        self._take(pid)

    def _take(self, pid):
        fields = dict(line.split(":", 1) for line in lines_of(f"/proc/{pid}/status") if ":" in line)
        if fields.get("State", "").split()[:1] != ["Z"] or len(fields.get("NSpid", "").split()) < 2:
            return
        try:
            self.statuses[pid] = os.waitstatus_to_exitcode(os.waitpid(pid, os.WNOHANG)[1])
        except ChildProcessError:  # a reap() was faster
            pass

    def wait(self, pid):
        """The exit code of a container's process; negative: a signal."""
        wait_for(lambda: pid in self.statuses, f"the end of process {pid}")
        return self.statuses[pid]

    def close(self):
        self.ends.set()
        self.thread.join()


class Left:
    """Compares with what was there when it was made."""

    def __init__(self, runtime, directory):
        self.runtime, self.directory = runtime, Path(directory)
        self.group = f"kt-left-{os.getpid()}-{next(_numbers)}"
        self.children = own_children()
        self.networks = set()
        self.reaper = Reaper()
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
        """The end; what is still there goes, so that the next test is not accused of it."""
        self.reaper.close()
        reap()
        if self.cgroup and self.cgroup.is_dir():
            for path in sorted(self.cgroup.rglob("*"), reverse=True):
                if path.is_dir():
                    (path / "cgroup.kill").write_text("1")
                    path.rmdir()
            self.cgroup.rmdir()

    # --- what there is

    def _processes(self, children):
        found = {pid: " ".join(lines_of(f"/proc/{pid}/cmdline")).replace("\0", " ") for pid in children}
        # A runtime, or its copy that waits to become the workload, has --root DIRECTORY/state.
        words = b"\0--root\0" + str(self.directory).encode()
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) in found:
                continue
            try:
                command = Path(f"/proc/{entry}/cmdline").read_bytes()
            except OSError:
                continue
            if words in command:
                found[int(entry)] = command.replace(b"\0", b" ").decode(errors="replace")
        return sorted(found.items())

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

    def _networks(self, children):
        living = {pid: network_of(pid) for pid in children}
        return [entry for entry in living.items() if entry[1] in self.networks]

    def _states(self):
        root = self.runtime.root
        return sorted(os.listdir(root)) if root.is_dir() else []

    def found(self):
        """{what: what there is of it}, empty if there is nothing."""
        children = own_children() - self.children
        return {what: value for what, value in (
            ("processes", self._processes(children)), ("cgroups", self._cgroups()), ("mounts", self._mounts()),
            ("network namespaces", self._networks(children)), ("state", self._states())) if value}

    def assert_nothing(self, grace_s=0):
        """Nothing is there. `grace_s`: for what the kernel still ends behind a runtime that was killed."""
        deadline = time.monotonic() + grace_s
        while True:
            reap()
            found = self.found()
            if not found:
                return
            assert time.monotonic() < deadline, f"left: {found}"
            time.sleep(0.02)
