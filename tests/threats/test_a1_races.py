# SPDX-License-Identifier: LGPL-2.1-or-later
"""A1: a neighbour exchanges names on a shared volume while containers start. Each race lasts THREATS_SECONDS."""

import os
import shutil

import pytest

import lib_drivers
from lib_drivers import SECRET, Mount, Start

pytestmark = pytest.mark.drivers("run", "oci-create", "oci-run")


@pytest.fixture
def contested(volume, world, exchange):
    """A volume with two names that are exchanged: a directory with what a start needs, and a link out."""
    def start(name="a", inside=("p",), target=None):
        there = volume / name
        for place in inside:
            (there / place).mkdir(parents=True)
        there.mkdir(exist_ok=True)
        (volume / "link").symlink_to(target or world.up)
        exchange(there, volume / "link")
        lost = any(os.path.isdir(there) and not os.path.islink(there) and os.path.exists(there / "secret")
                   for _ in range(200000))
        assert lost, "control: who looks twice must lose this race"
        return there
    return start


def race(driver, make):
    """Start again and again; return how many of them did."""
    started = 0
    for number in lib_drivers.rounds():
        outcome = driver.run(make(number))
        outcome.assert_safe()
        assert SECRET not in outcome.out, outcome
        started += outcome.started
    return started


SEE = "cat /vol/*/secret /vol/*/*/secret /vol/a/p/x 2>/dev/null; true"


@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_a1_02_mount_point_that_turns_into_a_link(driver, oci, world, volume, contested, kind):
    source = oci.place / "source"
    source.mkdir()
    contested()
    (world.path / "p").mkdir()
    world.tree = type(world.tree)(world.path)
    bundle = oci.bundle()
    race(driver, lambda _: Start(bundle, f"echo evil >/vol/a/p/x; {SEE}", mounts=[
        Mount("/vol", volume, True), Mount("/vol/a/p", source if kind == "bind" else None, True)]))


def test_a1_04_missing_mount_point_made_under_a_moving_parent(driver, oci, world, volume, contested):
    contested(inside=())
    bundle = oci.bundle()
    race(driver, lambda number: Start(bundle, SEE, mounts=[
        Mount("/vol", volume, True), Mount(f"/vol/a/b{number}/c"), Mount(f"/vol/a/f{number}", volume / "file")]))


@pytest.mark.parametrize("part", ["cwd", "masked", "read-only", "device"])
@pytest.mark.drivers("oci-run")
def test_a1_04_other_paths_of_a_config_under_a_moving_parent(driver, oci, world, volume, contested, part):
    contested(inside=())

    def change(number):
        def config(it):
            if part == "device":
                it.set("linux.devices", [{"path": f"/vol/a/d{number}", "type": "c", "major": 1, "minor": 3}])
            elif part != "cwd":
                it.set("linux.maskedPaths" if part == "masked" else "linux.readonlyPaths",
                                                ["/vol/a/sub", "/vol/a/secret", "/vol/a"])
        return config
    bundle = oci.bundle()
    race(driver, lambda number: Start(bundle, "cat secret /vol/*/secret 2>/dev/null | grep -v evil; true"
                                      if part == "cwd" else "true", cwd=f"/vol/a/w{number}" if part == "cwd" else None,
                                      mounts=[Mount("/vol", volume, True)], config=change(number)))


def test_a1_05_null_device_that_is_exchanged(driver, oci, world, exchange):
    """/dev of the image itself: the mask is a null device, whichever of the two was there a moment ago."""
    bundle = oci.bundle()
    bundle.put("/mask", SECRET)
    shutil.rmtree(bundle.rootfs / "dev")
    (bundle.rootfs / "dev").mkdir()
    os.mknod(bundle.rootfs / "dev/null", 0o020666, os.makedev(1, 3))
    (bundle.rootfs / "dev/evil").symlink_to(world.path / "secret")
    exchange(bundle.rootfs / "dev/null", bundle.rootfs / "dev/evil")

    def config(it):
        it.set("linux.maskedPaths", ["/mask"]).without_mount("/dev/shm").without_mount("/dev/pts").without_mount("/dev")
    script = "echo evil >/mask; cat /mask 2>/dev/null; true" if driver.name != "run" else "cat /dev/null"
    race(driver, lambda _: Start(bundle, script, config=config))


def test_a1_08_proc_that_is_exchanged(driver, oci, world, exchange):
    bundle = oci.bundle()
    (bundle.rootfs / "evil").symlink_to(world.up)
    exchange(bundle.rootfs / "proc", bundle.rootfs / "evil")

    def make(_):
        return Start(bundle, "stat -f -c %T /proc")
    for _ in lib_drivers.rounds():
        outcome = driver.run(make(0))
        outcome.assert_safe()
        # The neighbour goes on after the start: then /proc may be its link, which leads nowhere inside.
        assert not outcome.started or outcome.status != 0 or outcome.out.strip() in ("proc", "UNKNOWN"), outcome


def test_a1_09_dev_that_is_exchanged(driver, oci, world, exchange):
    bundle = oci.bundle()
    (bundle.rootfs / "evil").symlink_to(world.up)
    exchange(bundle.rootfs / "dev", bundle.rootfs / "evil")
    race(driver, lambda _: Start(bundle))
