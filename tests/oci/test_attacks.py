# SPDX-License-Identifier: LGPL-2.1-or-later
"""What hostile images try against the runtime; test_attacks_calls.py has who is beside it or inside.

Every attack has a control: the same attack where it must succeed (outside, or against a planted weakness).
Without that a test would also pass if the attack were simply wrong.
"""

import os
import subprocess
from pathlib import Path

import pytest

from lib_attacks import UP, inodes, link, oci, template, without  # noqa: F401
import lib_oci
from lib_oci import PATH, make_config

pytestmark = [pytest.mark.kapsel, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]

# Of all rounds of a race; the chance to lose one is shown by the control.
RACES = 4 if lib_oci.IN_VM else 12


class Canary:
    """A directory of the host that nothing inside may reach; `check` tells whether it was reached."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        (path / "file").write_text("canary")
        (path / "ptmx").write_text("canary")
        self.before = inodes(path)

    def reached(self):
        mounted = [line for line in Path("/proc/self/mountinfo").read_text().splitlines()
                   if line.split()[4].startswith(str(self.path.parent))]
        return inodes(self.path) != self.before or mounted != []


@pytest.fixture
def canary(oci):
    return Canary(oci.place / "canary")


# --- paths of the image -------------------------------------------------------------------


def test_control__the_canary_tells_of_a_link_that_is_followed(canary, oci):
    bundle = oci.bundle()
    link(bundle, "data", canary.path)
    (bundle.rootfs / "data" / "made").mkdir()
    assert canary.reached()


@pytest.mark.parametrize("name, target, destination", [
    ("data", "{canary}", "/data"),
    ("data", "{canary}", "/data/a/b"),
    ("data", UP + "{canary}", "/data/a/b"),
    ("data", "/proc/self/root{canary}", "/data/a"),
    ("data", "/proc/1/root{canary}", "/data/a"),
    ("x/y", UP + "{canary}", "/x/y/../y/a"),
    ("unused", "/", UP + "{canary}/a"),
    ("unused", "/", "/.." + "{canary}/a"),
    ("unused", "/", "//.//..//{canary}/a/"),
])
@pytest.mark.parametrize("kind", ["bind", "file", "tmpfs"])
def test_mounts__a_link_or_dots_do_not_lead_out(oci, canary, name, target, destination, kind):
    bundle, source = oci.bundle(), oci.place / "source"
    source.mkdir()
    (source / "file").write_text("")
    link(bundle, name, target.format(canary=canary.path))
    destination = destination.format(canary=canary.path)
    config = make_config("/bin/true")
    if kind == "tmpfs":
        config.mount(destination, "tmpfs", "tmpfs")
    else:
        config.bind(source if kind == "bind" else source / "file", destination)
    result = oci.run(config, bundle=bundle)
    assert result.status in (0, 1), result
    assert not canary.reached(), result


@pytest.mark.parametrize("target", ["{canary}", UP + "{canary}"])
@pytest.mark.parametrize("part", ["device", "cwd", "masked", "readonly"])
def test_paths__of_other_kinds_do_not_lead_out_either(oci, canary, target, part):
    bundle = oci.bundle()
    link(bundle, "lead", target.format(canary=canary.path))
    config = make_config("/bin/true")
    if part == "device":
        config.set("linux.devices", [{"path": "/lead/new", "type": "c", "major": 1, "minor": 3}])
    elif part == "cwd":
        config.set("process.cwd", "/lead/new/er")
    else:
        config.set("linux." + {"masked": "maskedPaths", "readonly": "readonlyPaths"}[part], ["/lead", "/lead/file"])
    assert oci.run(config, bundle=bundle).status in (0, 1)
    assert not canary.reached()


@pytest.mark.parametrize("target", ["{canary}", UP + "{canary}"])
@pytest.mark.parametrize("mounted", [True, False])
def test_dev__is_no_link_to_the_host(oci, canary, target, mounted):
    bundle, config = oci.bundle(), make_config("/bin/true")
    link(bundle, "dev", target.format(canary=canary.path))
    oci.assert_refused(config if mounted else without(config, "/dev", "/dev/pts", "/dev/shm"), bundle=bundle)
    assert not canary.reached()


@pytest.mark.parametrize("target", ["/evil", "/sys", UP + "/proc"])
def test_proc__is_no_link(oci, target):
    bundle = oci.bundle()
    (bundle.rootfs / "evil").mkdir()
    link(bundle, "proc", target)
    assert "ordinary directory" in oci.assert_refused(make_config(), bundle=bundle).err


@pytest.mark.parametrize("destination", ["/proc", "/proc/sys", "//proc//.//sys/", "/dev/../proc/sys/net", "/lead",
                                         "/lead/sys", "/proc/self/attr"])
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_proc__is_not_covered(oci, destination, kind):
    bundle, source = oci.bundle(), oci.place / "source"
    source.mkdir()
    link(bundle, "lead", "/proc")
    config = make_config()
    oci.assert_refused(config.bind(source, destination) if kind == "bind" else config.mount(destination, "tmpfs", "t"),
                       bundle=bundle)


@pytest.mark.parametrize("kind", ["link", "pipe", "file", "missing"])
def test_masked_paths__are_covered_by_no_forged_null_device(oci, kind):
    bundle, victim = oci.bundle(), oci.place / "victim"
    victim.write_text("victim")
    bundle.put("/secret", "secret")
    null = bundle.rootfs / "dev/null"
    null.parent.mkdir(exist_ok=True)
    if kind == "link":
        null.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(null)
    elif kind == "file":
        null.write_text("forged")
    config = without(make_config(), "/dev", "/dev/pts", "/dev/shm")
    config.shell("cat /secret; echo more > /secret; cat /secret")
    # Control: without the mask it is there.
    plain = oci.bundle()
    plain.put("/secret", "secret")
    assert oci.run(config.copy(), bundle=plain).out == "secretmore\n"
    result = oci.run(config.set("linux.maskedPaths", ["/secret"]), bundle=bundle)
    assert result.out == "" and result.status == (1 if kind in ("link", "pipe") else 0), result
    assert victim.read_text() == "victim"


@pytest.mark.parametrize("kind", ["link", "procfs", "directory"])
def test_console__stands_on_nothing_that_the_image_chose(oci, canary, kind):
    bundle, console = oci.bundle(), oci.console()
    place = bundle.rootfs / "dev/console"
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        place.unlink()
    if kind == "directory":
        place.mkdir()
    else:
        place.symlink_to(canary.path / "file" if kind == "link" else "/proc/sys/kernel/hostname")
    config = without(make_config().set("process.terminal", True), "/dev")
    result = oci.assert_refused(config, "--console-socket", console.path, bundle=bundle)
    assert "/dev/console" in result.err and not canary.reached()


@pytest.mark.parametrize("script", ["mkfifo ptmx", "echo > ptmx", "ln -s /proc/self/fd/5 ptmx", "ln -s /dev/tty ptmx",
                                    "mknod ptmx c 5 2", "mknod ptmx c 1 3", "mkdir ptmx"])
def test_console__exec_takes_no_forged_multiplexer(oci, script):
    container = oci.running(without(make_config(), "/dev/pts"))
    console = oci.console()
    words = ("/bin/true",)
    container.shell(f"mkdir -p /dev/pts && cd /dev/pts && {script}")
    result = container.exec(*words, flags=("--tty", "--console-socket", console.path))
    assert result.status == 255 and console.master is None, result
    # Control: a devpts is taken.
    console = oci.console()
    assert oci.running().exec(*words, flags=("--tty", "--console-socket", console.path)).status == 0
    assert console.terminal() is not None


@pytest.mark.parametrize("kind", ["pipe", "directory", "link", "zero", "sparse"])
def test_passwd__of_the_image_neither_blocks_nor_fills_memory(oci, kind):
    bundle = oci.bundle()
    passwd = bundle.rootfs / "etc/passwd"
    passwd.unlink()
    if kind == "pipe":
        os.mkfifo(passwd)
    elif kind == "directory":
        passwd.mkdir()
    elif kind == "link":
        passwd.symlink_to("/proc/self/fd/5")
    elif kind == "zero":
        os.mknod(passwd, 0o020666, os.makedev(1, 5))
    else:
        with open(passwd, "w", encoding="utf-8") as file:
            file.truncate(1 << 32)
    config = make_config().shell("echo $HOME").set("process.env", [PATH])
    assert oci.run(config, bundle=bundle).out == "/\n"
    # Control: one that can be read is.
    bundle = oci.bundle()
    bundle.put("/etc/passwd", "root:x:0:0::/found:/bin/sh\n")
    assert oci.run(config, bundle=bundle).out == "/found\n"


# --- races ---------------------------------------------------------------------------------


@pytest.fixture
def exchange(oci, template):
    """Exchanges two names as long as the test lasts, as another container on the same volume would."""
    def start(a, b):
        words = (template / "usr/bin/raider", "exchange", a, b)
        process = oci.spawn(*words, stdout=subprocess.PIPE, encoding="utf-8")
        assert process.stdout.readline() == "ready\n"
    return start


def test_race__a_mount_point_that_turns_into_a_link_leads_nowhere(oci, canary, exchange):
    volume, source = oci.place / "volume", oci.place / "source"
    for directory in (volume, source, volume / "a", volume / "c"):
        directory.mkdir()
    (source / "file").write_text("")
    (volume / "b").symlink_to(UP + str(canary.path))
    (volume / "d").symlink_to(canary.path)
    exchange(volume / "a", volume / "b")
    exchange(volume / "c", volume / "d")
    # Control: who resolves the name in two steps loses.
    lost = False
    for _ in range(100000):
        if os.path.isdir(volume / "a") and not os.path.islink(volume / "a"):
            lost = os.path.exists(volume / "a" / "file")
        if lost:
            break
    assert lost, "the exchange is too slow to mean anything"
    config = make_config().shell(f"cat {canary.path}/file /volume/*/file; true").bind(volume, "/volume")
    config.bind(source, "/volume/a/new/er").bind(source / "file", "/volume/c/new/file")
    config.mount("/volume/c/t", "tmpfs", "tmpfs").set("process.cwd", "/volume/c/work/dir")
    config.set("linux.maskedPaths", ["/volume/c/new", "/volume/a/file"]).set("linux.readonlyPaths", ["/volume/a"])
    for _ in range(RACES):
        result = oci.run(config)
        assert result.status in (0, 1) and "canary" not in result.out, result
        assert not canary.reached(), result
