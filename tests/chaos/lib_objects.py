# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel has of each kind of object: a start may not leave one, however small."""

import os
from pathlib import Path

import lib_host

# Of caches that are not shared with others: one for each namespace, key and mount.
CACHES = ("net_namespace", "user_namespace", "pid_namespace", "uts_namespace", "mnt_cache", "key_jar", "task_struct")


def _lines(path):
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def kernel():
    """{kind: how many}. Those of the caches are of the whole machine, and some are freed only after a while."""
    counts = {"mounts": len(_lines("/proc/self/mountinfo")), "locks": len(_lines("/proc/locks"))}
    for line in _lines("/proc/slabinfo"):
        fields = line.split()
        if fields and fields[0] in CACHES:
            counts[fields[0]] = int(fields[1])
    mount = lib_host.cgroup_mount()
    for line in _lines(mount / "cgroup.stat") if mount else []:
        if line.startswith(("nr_descendants ", "nr_dying_descendants ")):
            counts[line.split()[0]] = int(line.split()[1])
    return counts


def assert_flat(before, starts, allowance, timeout_s):
    """None has grown by as much as one for two starts; `allowance` is for what others do on this machine."""
    most = {}

    def flat():
        lib_host.reap_orphans()
        most.clear()
        most.update({kind: (before[kind], count) for kind, count in kernel().items()
                     if count - before.get(kind, count) > max(starts // 2, allowance)})
        return not most
    try:
        lib_host.wait_for(flat, timeout_s)
    except AssertionError:
        raise AssertionError(f"grown over {starts} starts: {most}") from None


def of_process(pid):
    """{"fds", "rss_kib", "mappings"} of a process."""
    status = dict(line.split(":", 1) for line in _lines(f"/proc/{pid}/status") if ":" in line)
    return {"fds": len(os.listdir(f"/proc/{pid}/fd")), "rss_kib": int(status["VmRSS"].split()[0]),
            "mappings": len(_lines(f"/proc/{pid}/maps"))}


def assert_same_size(earlier, later):
    """Between two looks at a process (of_process()) nothing was kept. A look may fall into a moment in which a client's
    connection or a file is open; what is kept each time would be more than that."""
    assert later["fds"] <= earlier["fds"] + 2 and later["mappings"] <= earlier["mappings"] + 2, (earlier, later)
    assert later["rss_kib"] <= earlier["rss_kib"] + 256, (earlier, later)
