# SPDX-License-Identifier: LGPL-2.1-or-later
"""A1: a neighbour exchanges names on a shared volume while containers start. Each race lasts THREATS_SECONDS."""

import os
import shutil

import pytest

import lib_drivers
import lib_faults
from lib_drivers import SECRET, Mount, Start

pytestmark = pytest.mark.drivers("run", "oci-create", "oci-run")


@pytest.fixture
def contested(volume, world, race):
    """A volume with two names that are exchanged: a directory with what a start needs, and a link out."""
    def start(name="a", inside=("p",), target=None):
        there = volume / name
        for place in inside:
            (there / place).mkdir(parents=True)
        there.mkdir(exist_ok=True)
        (volume / "link").symlink_to(target or world.up)
        race.exchange(there, volume / "link")
        lost = any(os.path.isdir(there) and not os.path.islink(there) and os.path.exists(there / "secret")
                   for _ in range(200000))
        assert lost, "control: who looks twice must lose this race"
        return there
    return start


SEE = "cat /vol/*/secret /vol/*/*/secret /vol/a/p/x 2>/dev/null; true"


@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_a1_02_mount_point_that_turns_into_a_link(driver, oci, world, volume, contested, race, kind):
    source = oci.place / "source"
    source.mkdir()
    contested()
    (world.path / "p").mkdir()
    world.know()
    bundle = oci.bundle()
    race.run(driver, lambda _: Start(bundle, f"echo evil >/vol/a/p/x; {SEE}", mounts=[
        Mount("/vol", volume, True), Mount("/vol/a/p", source if kind == "bind" else None, True)]))


def test_a1_04_missing_mount_point_made_under_a_moving_parent(driver, oci, world, volume, contested, race):
    contested(inside=())
    bundle = oci.bundle()
    race.run(driver, lambda number: Start(bundle, SEE, mounts=[
        Mount("/vol", volume, True), Mount(f"/vol/a/b{number}/c"), Mount(f"/vol/a/f{number}", volume / "file")]),
             state=lambda outcome: (outcome.started, "ELOOP" in outcome.err))  # `run` makes nothing on a volume


@pytest.mark.parametrize("part", ["cwd", "masked", "read-only", "device"])
@pytest.mark.drivers("oci-run")
def test_a1_04_other_paths_of_a_config_under_a_moving_parent(driver, oci, world, volume, contested, race, part):
    contested(inside=())
    paths = {"masked": "linux.maskedPaths", "read-only": "linux.readonlyPaths"}

    def make(number):
        def config(it):
            if part == "device":
                it.set("linux.devices", [{"path": f"/vol/a/d{number}", "type": "c", "major": 1, "minor": 3}])
            elif part != "cwd":
                it.set(paths[part], ["/vol/a/sub", "/vol/a/secret", "/vol/a"])
        script = "cat secret /vol/*/secret 2>/dev/null | grep -v evil" if part == "cwd" else \
            "grep -c ' /vol/a' /proc/self/mountinfo"
        return Start(bundle, script + "; true", cwd=f"/vol/a/w{number}" if part == "cwd" else None,
                     mounts=[Mount("/vol", volume, True)], config=config)
    bundle = oci.bundle()
    # Where the name leads nowhere, nothing is covered, and the start goes on.
    race.run(driver, make, state=lambda outcome: outcome.out if part in paths else outcome.started)


def test_a1_05_null_device_that_is_exchanged(driver, oci, world, race):
    """/dev of the image itself: the mask is a null device, whichever of the two was there a moment ago."""
    bundle = oci.bundle()
    bundle.put("/mask", SECRET)
    shutil.rmtree(bundle.rootfs / "dev")
    (bundle.rootfs / "dev").mkdir()
    os.mknod(bundle.rootfs / "dev/null", 0o020666, os.makedev(1, 3))
    (bundle.rootfs / "dev/evil").symlink_to(world.path / "secret")
    race.exchange(bundle.rootfs / "dev/null", bundle.rootfs / "dev/evil")

    def config(it):
        it.set("linux.maskedPaths", ["/mask"]).without_mount("/dev/shm").without_mount("/dev/pts").without_mount("/dev")
    script = "echo evil >/mask; cat /mask 2>/dev/null; true" if driver.name != "run" else "cat /dev/null"
    race.run(driver, lambda _: Start(bundle, script, config=config),
             state=None if driver.name == "run" else lambda outcome: outcome.started)  # which has a /dev of its own


def test_a1_08_proc_that_is_exchanged(driver, oci, world, race):
    bundle = oci.bundle()
    (bundle.rootfs / "evil").symlink_to(world.up)
    race.exchange(bundle.rootfs / "proc", bundle.rootfs / "evil")
    for _ in race.rounds():
        outcome = driver.run(Start(bundle, "stat -f -c %T /proc"))
        outcome.assert_safe()
        # The neighbour goes on after the start: then /proc may be its link, which leads nowhere inside.
        assert not outcome.started or outcome.status != 0 or outcome.out.strip() in ("proc", "UNKNOWN"), outcome
        race.saw(outcome.started)


def test_a1_09_dev_that_is_exchanged(driver, oci, world, race):
    bundle = oci.bundle()
    (bundle.rootfs / "evil").symlink_to(world.up)
    race.exchange(bundle.rootfs / "dev", bundle.rootfs / "evil")
    race.run(driver, lambda _: Start(bundle))


def test_a1_16_source_that_is_exchanged(driver, oci, world, volume, race):
    """Two starts share a volume and take a part of it as a source, which a third exchanges for a link. Whose path
    that is says "A neighbour on a shared volume" in docs/threat-model.md: the link may be followed. But there is one
    look only: what is mounted is one of the two, whole, and has the flags that were asked for. bwrap looks again, and
    then refuses."""
    part, other = volume / "part", oci.place / "other"
    for directory, text in ((part, "part"), (other, "other")):
        (directory / "sub").mkdir(parents=True)
        (directory / "file").write_text(text + "\n")
        (directory / "sub/file").write_text(text + "\n")
    (volume / "link").symlink_to(other)
    before = lib_faults.Tree(other)
    race.exchange(part, volume / "link")
    bundles = [oci.bundle(), oci.bundle()]
    script = "cat /mnt/file /mnt/sub/file; grep ' /mnt ' /proc/self/mountinfo; echo evil >/mnt/file"
    for number in race.rounds():
        outcome = driver.run(Start(bundles[number % 2], script, mounts=[Mount("/mnt", part)]))
        if lib_drivers.RUNTIME == "bwrap" and not outcome.started:
            outcome.assert_safe()
            race.saw("refused")
            continue
        outcome.assert_started()
        one, two, line = outcome.out.splitlines()[:3]
        assert one == two and one in ("part", "other"), outcome
        assert {"ro", "nosuid", "nodev"} <= set(line.split()[5].split(",")) and outcome.status != 0, outcome
        race.saw(one)
    race.end()
    before.assert_untouched()
    now = volume / "link" if part.is_symlink() else part
    assert {path.name: path.read_text() for path in now.iterdir() if path.is_file()} == {"file": "part\n"}
