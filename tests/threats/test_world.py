# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every test asserts through the fixture `world` can fail: each kind of trace is planted once, and is seen."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

import lib_host
import lib_oci

NOW = {"grace_s": 0}


def assert_seen(world, *words):
    """The check fails, and says why."""
    with pytest.raises(AssertionError) as caught:
        world.check(**NOW)
    for word in words:
        assert word in str(caught.value), caught.value


CHANGES = {
    "made": lambda path: (path / "made").write_text(""),
    "directory made": lambda path: (path / "sub/made").mkdir(),
    "changed": lambda path: (path / "secret").write_text("other"),
    "changed below": lambda path: (path / "sub/file").write_text("other"),
    "removed": lambda path: (path / "ptmx").unlink(),
    "replaced": lambda path: (path / "hosts").write_bytes((path / "hosts").rename(path / "was").read_bytes()),
    "touched": lambda path: os.utime(path / "secret"),
    "mode": lambda path: (path / "secret").chmod(0o600),
    "owner": lambda path: os.chown(path / "secret", 1, 1),
    "link": lambda path: (path / "link").symlink_to("/"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_canary_is_seen(world, change):
    world.check(**NOW)
    CHANGES[change](world.path)
    assert_seen(world)
    world.know()


@pytest.mark.parametrize("place", ["in the canary", "elsewhere", "twice"])
def test_a_mount_that_stays_is_seen(world, oci, place):
    target = world.path / "sub" if place == "in the canary" else oci.place / "point"
    target.mkdir(exist_ok=True)
    if place == "twice":  # a mount point that there was before: only the second mount is new
        lib_oci.mount("none", target, "tmpfs", data="size=4k")
        world.mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        world.footprint = lib_host.Footprint(world.prefix)
    lib_oci.mount("none", target, "tmpfs", data="size=4k")
    try:
        # In the canary it changes the tree, which is looked at first.
        assert_seen(world, *(() if place == "in the canary" else ("mounted on the host", str(target))))
    finally:
        lib_oci.unmount(target)
    world.check()
    if place == "twice":
        lib_oci.unmount(target)


def test_a_process_that_stays_is_seen(world, oci):
    """Its parent is gone: it is ours, as what a container leaves would be."""
    out = subprocess.run(["/bin/sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!"], capture_output=True, check=True,
                         timeout=60)
    pid = int(out.stdout)
    try:
        assert_seen(world, f"process {pid} (")
    finally:
        os.kill(pid, 9)
    os.waitpid(pid, 0)


def test_a_zombie_is_no_process(world):
    out = subprocess.run(["/bin/sh", "-c", "true >/dev/null 2>&1 & echo $!"], capture_output=True, check=True,
                         timeout=60)
    assert int(out.stdout) > 1
    world.check()


def test_a_helper_of_the_test_itself_is_none(world, oci):
    oci.spawn("sleep", "1000")
    world.check(**NOW)


@pytest.mark.parametrize("place", ["of a service", "of a container"])
def test_state_that_stays_is_seen(world, oci, place):
    directory = lib_host.STATE_DIR / f"{world.prefix}planted" if place == "of a service" else oci.root / "planted"
    made = [above for above in (directory, directory.parent) if not above.exists()]
    directory.mkdir(parents=True, mode=0o700)
    try:
        assert_seen(world, f"state {directory}")
    finally:
        for path in made:
            path.rmdir()


def test_a_cgroup_that_stays_is_seen(world):
    mount = lib_host.cgroup_mount()
    if mount is None:
        pytest.skip("there is no cgroup v2")
    group = mount / f"{world.prefix}planted"
    group.mkdir()
    try:
        assert_seen(world, f"cgroup {group}")
    finally:
        group.rmdir()


@pytest.mark.vm
@pytest.mark.skipif(not lib_host.IN_VM, reason="elsewhere others hold locks, too: needs the virtual machine")
def test_a_lock_that_stays_is_seen(world):
    lib_host.STATE_DIR.mkdir(mode=0o700, exist_ok=True)
    path = lib_host.STATE_DIR / ".ids"
    with open(path, "a", encoding="utf-8") as file:
        os.lockf(file.fileno(), os.F_LOCK, 1)
        assert_seen(world, "lock ")


def test_what_goes_in_time_is_not_left(world):
    """The end of a container takes a moment; that long the check waits."""
    out, into = os.pipe()
    subprocess.run(["/bin/sh", "-c", "exec 3<&0; read line <&3 &"], check=True, timeout=60, stdin=out)
    os.close(out)
    assert_seen(world, "process ")
    end = threading.Timer(0.3, os.close, [into])
    end.start()
    world.check(grace_s=60)
    end.join()
