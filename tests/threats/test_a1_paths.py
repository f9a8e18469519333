# SPDX-License-Identifier: LGPL-2.1-or-later
"""A1: names in an image that lead out while the container is set up. test_a1_races.py has those that change meanwhile.

What every test asserts beside its own words: the fixture `world` (the canary tree and the host's mounts are what they
were), `nothing_is_left` (no process, cgroup, state or lock), and one reason where a start is refused.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

import lib_drivers
from lib_drivers import SECRET, Mount, Start

# What a process that joins does not do again.
SET_UP = pytest.mark.drivers("run", "oci-create", "oci-run")
OCI = ("oci-create", "oci-run", "oci-exec")


def link(bundle, name, target):
    """A link in the image in the place of whatever is there."""
    path = bundle.rootfs / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def seen_canary(world):
    """A script that shows the canary wherever it could have come out."""
    return f"cat {world.path}/secret /data/secret /data/*/secret /mnt/*/secret 2>/dev/null; true"


@pytest.mark.parametrize("kind", ["tmpfs", "bind", "file"])
@pytest.mark.parametrize("target", ["{path}", "{up}", "{path}/sub/dir", "/proc/self/root{path}"])
def test_a1_01_link_as_mount_target(driver, oci, world, volume, target, kind):
    bundle = oci.bundle()
    target = target.format(path=world.path, up=world.up)
    link(bundle, "data", target + "/file" if kind == "file" else target)
    source = {"tmpfs": None, "bind": volume, "file": volume / "file"}[kind]
    outcome = driver.run(Start(bundle, seen_canary(world), mounts=[Mount("/data", source, True)]))
    outcome.assert_safe("/data")
    assert SECRET not in outcome.out, outcome


@SET_UP
@pytest.mark.parametrize("kind", ["chain", "long chain", "loop", "through proc", "itself"])
def test_a1_03_chains_and_loops_of_links(driver, oci, world, volume, kind):
    bundle = oci.bundle()
    if kind in ("chain", "long chain"):
        count = 30 if kind == "chain" else 41  # the kernel follows 40
        for number in range(count):
            link(bundle, f"mnt/l{number}", f"l{number + 1}")
        link(bundle, f"mnt/l{count}", world.path)
    elif kind == "loop":
        link(bundle, "mnt/l0", "l1")
        link(bundle, "mnt/l1", "l0")
    elif kind == "itself":
        link(bundle, "mnt/l0", "l0")
    else:
        link(bundle, "mnt/l0", "/proc/self/root/../../.." + str(world.path))
    outcome = driver.run(Start(bundle, seen_canary(world), mounts=[Mount("/mnt/l0", volume, True)]))
    outcome.assert_safe("/mnt/l0")
    assert SECRET not in outcome.out, outcome


@pytest.mark.parametrize("kind", ["link", "file", "fifo", "missing"])
def test_a1_05_forged_null_device_for_masks(driver, oci, world, kind):
    """What is masked shows nothing and takes nothing; it is never left open because the image has no good /dev/null."""
    bundle = oci.bundle()
    null = bundle.rootfs / "dev/null"
    null.parent.mkdir(exist_ok=True)
    if null.exists():
        null.unlink()
    if kind == "link":
        null.symlink_to(world.path / "secret")
    elif kind == "file":
        null.write_text(SECRET)
    elif kind == "fifo":
        os.mkfifo(null)
    bundle.put("/mask", "unmasked\n")

    def config(it):
        it.set("linux.maskedPaths", ["/mask"]).without_mount("/dev/shm").without_mount("/dev/pts").without_mount("/dev")
    outcome = driver.run(Start(bundle, "cat /dev/null; echo forged >/mask 2>/dev/null; stat -c %F:%t,%T /dev/null",
                               config=config))
    outcome.assert_safe()
    if outcome.started:
        assert SECRET not in outcome.out and "character special file:1,3" in outcome.out, outcome
    if isinstance(driver, lib_drivers.OciRun) and outcome.started:
        masked = driver.run(Start(oci.bundle() if kind == "missing" else bundle, "cat /mask", config=config))
        assert "unmasked" not in masked.out, masked


@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("place", ["dev/console", "dev/pts/0", "dev/ptmx"])
@pytest.mark.parametrize("target", ["{path}/ptmx", "/proc/sys/kernel/hostname"])
def test_a1_06_console_on_a_forged_terminal(driver, oci, world, place, target):
    bundle, console = oci.bundle(), oci.console()
    link(bundle, place, target.format(path=world.path))
    config = lib_drivers.make_config(Start(bundle, "stat -c %F:%t /dev/console")).set("process.terminal", True)
    config.without_mount("/dev")
    container = oci.create(config, "--console-socket", console.path, bundle=bundle, check=False)
    if container.result.status != 0:
        assert (container.result.err + container.err).strip(), container
        driver.assert_gone(container, container.result.status)
        return
    container.start()
    seen = console.read_until(None)
    container.wait()
    container.delete()
    assert "character special file:88" in seen, seen  # major 136, a pty


@pytest.mark.drivers("oci-create", "oci-run", "run")
@pytest.mark.parametrize("cover", ["/proc/self/attr", "/proc/sys/net", "/proc/sys", "/proc/sys/kernel"])
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_a1_07_setting_written_through_a_covered_proc(driver, oci, world, volume, cover, kind):
    bundle = oci.bundle()
    (volume / "ipv4").mkdir()
    (volume / "ipv4/ip_default_ttl").write_text("0")
    before = Path("/proc/sys/net/ipv4/ip_default_ttl").read_text()

    def config(it):
        it.set("linux.sysctl", {"net.ipv4.ip_default_ttl": "77"}).set("linux.readonlyPaths", [])
    mount = Mount(cover, None if kind == "tmpfs" else volume, True)
    outcome = driver.run(Start(bundle, "true", mounts=[mount], config=config,
                               profile={"sysctls": {"net.ipv4.ip_default_ttl": "77"}}))
    outcome.assert_safe()
    assert (volume / "ipv4/ip_default_ttl").read_text() == "0", outcome
    assert not outcome.started or lib_drivers.RUNTIME == "bwrap", outcome  # which has no settings
    assert Path("/proc/sys/net/ipv4/ip_default_ttl").read_text() == before


@SET_UP
@pytest.mark.parametrize("name", ["proc", "sys"])
@pytest.mark.parametrize("target", ["/evil", "{path}", "{up}", "a file"])
def test_a1_08_proc_or_sys_of_the_image_is_no_directory(driver, oci, world, name, target):
    bundle = oci.bundle()
    (bundle.rootfs / "evil").mkdir()
    link(bundle, name, target.format(path=world.path, up=world.up))
    if target == "a file":
        (bundle.rootfs / name).unlink()
        (bundle.rootfs / name).write_text("")
    outcome = driver.run(Start(bundle))
    outcome.assert_safe(name)
    if name == "proc" and lib_drivers.RUNTIME == "kapsel":
        outcome.assert_refused("proc")
    assert not any((bundle.rootfs / "evil").iterdir())


@pytest.mark.parametrize("target", ["{path}", "{up}", "/proc/self/root{path}"])
@pytest.mark.parametrize("mounted", ["dev mounted", "no dev"])
def test_a1_09_dev_is_a_link(driver, oci, world, target, mounted):
    bundle = oci.bundle()
    link(bundle, "dev", target.format(path=world.path, up=world.up))

    def config(it):
        if mounted == "no dev":
            it.without_mount("/dev/shm").without_mount("/dev/pts").without_mount("/dev")
    outcome = driver.run(Start(bundle, config=config))
    outcome.assert_safe("dev")


@SET_UP
@pytest.mark.parametrize("old", ["oldroot", ".oldroot", "old_root", "newroot", ".put_old", ".pivot_root", "tmp/.old"])
def test_a1_10_names_of_an_old_root(driver, oci, world, volume, old):
    """A link of the image to where a launcher keeps the old root while it changes."""
    bundle = oci.bundle()
    link(bundle, "mnt/point", f"/{old}{world.path}/sub")
    mounts = [Mount("/mnt/point", volume, True), Mount("/mnt/point/made")]
    outcome = driver.run(Start(bundle, "echo evil >/mnt/point/new; true", mounts=mounts))
    outcome.assert_safe()


def test_a1_10_a_usual_link_of_an_image_still_works(driver, oci, world, volume):
    """/var/run -> /run: refusing it would be no defence."""
    bundle = oci.bundle()
    link(bundle, "var/run", "../run")
    (bundle.rootfs / "run/app").mkdir(parents=True)
    outcome = driver.run(Start(bundle, "cat /run/app/file", mounts=[Mount("/var/run/app", volume)]))
    assert outcome.assert_started().out == "of the volume\n", outcome


@SET_UP
@pytest.mark.parametrize("target", ["/a/../../m", "/..", "/../..{path}", "//", "/.", "/data/", "", "relative",
                                    "/" + "x" * 4095, "/" + "/".join(["x" * 254] * 16), "/a\nb",
                                    "/data/../../../..{path}/sub"],
                         ids=["a/../../m", "..", "../..canary", "//", ".", "trailing", "empty", "relative", "long name",
                              "long path", "newline", "data/..canary"])
def test_a1_11_dots_and_odd_mount_points(driver, oci, world, volume, target):
    bundle = oci.bundle()
    target = target.format(path=world.path)
    outcome = driver.run(Start(bundle, f"cat {world.path}/secret 2>/dev/null; true", mounts=[Mount(target, volume)]))
    outcome.assert_safe()
    assert SECRET not in outcome.out, outcome


@pytest.mark.parametrize("part", ["mount", "cwd", "file"])
def test_a1_12_trailing_slash_on_a_link(driver, oci, world, volume, part):
    """The kernel follows a link with O_NOFOLLOW when its name ends in a slash."""
    bundle = oci.bundle()
    link(bundle, "data", world.path)
    start = Start(bundle, seen_canary(world) + "; pwd", cwd="/data/" if part == "cwd" else None)
    if part != "cwd":
        start.mounts.append(Mount("/data/", volume if part == "mount" else volume / "file", True))
    outcome = driver.run(start)
    outcome.assert_safe()
    assert SECRET not in outcome.out, outcome


@pytest.mark.drivers("oci-create", "oci-run")
@pytest.mark.parametrize("target", ["{path}", "{up}"])
def test_a1_13_copy_up_from_a_link(driver, oci, world, target):
    bundle = oci.bundle()
    link(bundle, "data", target.format(path=world.path, up=world.up))

    def config(it):
        it.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    outcome = driver.run(Start(bundle, seen_canary(world), config=config))
    outcome.assert_safe("/data")
    assert SECRET not in outcome.out, outcome


@pytest.mark.parametrize("name", ["etc/hosts", "etc/resolv.conf", "run/secrets/x", "etc/hostname"])
def test_a1_14_file_of_the_launcher_on_a_dirty_root(driver, oci, world, volume, name):
    """A container's earlier run left a link where the next start puts a file."""
    bundle = oci.bundle()
    link(bundle, name, world.path / "hosts")
    source = volume / "file"
    source.chmod(0o400)
    profile = {"secrets": {"x": {"source": str(source)}}} if name == "run/secrets/x" else {}
    mounts = [] if profile and driver.name in ("run", "enter") else [Mount(f"/{name}", source)]
    outcome = driver.run(Start(bundle, "true", mounts=mounts, profile=profile))
    outcome.assert_safe()


def test_a1_15_mount_point_that_became_a_link_before_the_end(driver, oci, world, volume):
    """What a start made is taken away at its end: not through a name that the image changed meanwhile."""
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("bwrap keeps no container to end")
    bundle = oci.bundle()
    (bundle.rootfs / "mnt/made").mkdir(parents=True)
    held = driver.hold(Start(bundle, mounts=[Mount("/mnt/made", volume), Mount("/mnt/stub")] if driver.name in OCI
                             else [Mount("/mnt/made", volume)]))
    assert not isinstance(held, lib_drivers.Outcome), held
    if (bundle.rootfs / "mnt/stub").exists():
        link(bundle, "mnt/stub", world.path)
    (bundle.rootfs / "mnt").rename(bundle.rootfs / "was")
    link(bundle, "mnt", world.path)
    held.end()
    assert (world.path / "sub/dir").is_dir()


NODES = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats",
         "/proc/interrupts", "/proc/kmsg", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern",
         "/proc/sys/kernel/modprobe", "/proc/sys/vm/panic_on_oom", "/proc/sys/fs/binfmt_misc/register", "/proc/acpi",
         "/proc/scsi", "/proc/asound", "/proc/bus/pci", "/proc/fs/xfs", "/proc/irq/default_smp_affinity",
         "/sys/firmware/efi", "/sys/kernel/security/apparmor/.load", "/sys/kernel/debug/sched",
         "/sys/power/state", "/sys/kernel/uevent_helper", "/sys/devices/virtual/powercap/intel-rapl"]
# Readable of old for everybody and no secret: only writing counts there.
READABLE = ("/proc/sys/", "/proc/irq/", "/proc/bus/", "/proc/fs/", "/sys/power/", "/sys/kernel/")


def test_a1_17_dangerous_nodes_are_masked(driver, oci, world):
    """Missing, refused or empty; and none can be written. Opened only, never written to."""
    script = "".join(f'[ -f {node} ] && head -c 1 {node} 2>/dev/null | grep -q . && echo read {node};'
                     f'[ -c {node} ] || [ ! -e {node} ] || (true 3>>{node}) 2>/dev/null && [ -f {node} ] '
                     f'&& echo write {node};' for node in NODES)
    outcome = driver.run(Start(oci.bundle(), script + "true"))
    outcome.assert_started()
    # Opened by the container's root for reading, a node of the read-only kind is no finding.
    found = [line for line in outcome.out.splitlines()
             if line.startswith("write") or (line.startswith("read") and not line.split()[1].startswith(READABLE))]
    assert found == [], outcome


@pytest.mark.parametrize("target", ["/vol/l/proc", "vol"])
def test_a1_18_proc_leads_into_a_shared_volume(driver, oci, world, volume, target):
    bundle = oci.bundle()
    (volume / "l/proc").mkdir(parents=True)
    link(bundle, "proc", target)
    outcome = driver.run(Start(bundle, mounts=[Mount("/vol", volume, True)]))
    if lib_drivers.RUNTIME == "kapsel":
        outcome.assert_refused("proc")
    assert not any((volume / "l/proc").iterdir())


class Injector:
    """The runtime under strace: the n-th call of that name in each of its processes fails."""

    def __init__(self, driver, oci):
        self.driver, self.script, self.trace = driver, oci.place / driver.program.name, oci.place / "trace"
        self.program = driver.program
        if lib_drivers.RUNTIME == "bwrap":
            driver.program = self.script
        elif driver.name == "run":
            driver.kapsel.binary = self.script
        else:
            oci.path = self.script

    def run(self, start, call, number):
        """The outcome, or None when there is no such call any more."""
        self.script.write_text(f"#!/bin/sh\nexec strace -f -qq -o {self.trace} -e trace={call} "
                               f"-e inject={call}:error=EPERM:when={number} {self.program} \"$@\"\n")
        self.script.chmod(0o755)
        outcome = self.driver.run(start)
        return outcome if "(INJECTED)" in self.trace.read_text() else None


FLAGS = {"/vol": {"ro", "nosuid", "nodev"}, "/mnt": {"rw", "nosuid", "nodev"}, "/data": {"nosuid", "nodev"}}


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.drivers("run", "oci-run")
@pytest.mark.parametrize("call", ["mount_setattr", "fsmount", "mount"])
def test_a1_19_flags_that_can_not_be_set(driver, oci, world, volume, call):
    """No mount without its flags: the start fails and says why, or all are there."""
    bundle, injector = oci.bundle(), Injector(driver, oci)
    start = Start(bundle, "cat /proc/self/mountinfo; echo evil >/vol/file || echo refused",
                  mounts=[Mount("/vol", volume), Mount("/mnt", volume, True), Mount("/data")])
    refused = 0
    for number in range(1, 60):
        outcome = injector.run(start, call, number)
        if outcome is None:
            break
        if not outcome.started:
            outcome.assert_reason()
            refused += 1
            continue
        options = options_of(outcome)
        assert all(flags <= options[target] for target, flags in FLAGS.items()), outcome
        assert "refused" in outcome.out and (volume / "file").read_text() == "of the volume\n", outcome
    assert outcome is None, "there are more calls than that"
    assert refused or call == "mount" or lib_drivers.RUNTIME != "kapsel", "control: none of the calls failed"


def options_of(outcome):
    """{mount point: options} of the mountinfo in an outcome."""
    return {line.split()[4]: set(line.split()[5].split(",")) for line in outcome.out.splitlines() if " - " in line}


def test_a1_20_read_only_is_what_the_kernel_says(driver, oci, world, volume):
    bundle = oci.bundle()
    start = Start(bundle, "cat /proc/self/mountinfo; echo evil >/vol/file || echo refused",
                  mounts=[Mount("/vol", volume), Mount("/mnt", volume, True)])
    outcome = driver.run(start).assert_started()
    options = options_of(outcome)
    assert {"ro", "nosuid", "nodev"} <= options["/vol"] and "rw" in options["/mnt"], outcome
    assert "refused" in outcome.out and (volume / "file").read_text() == "of the volume\n", outcome


def test_a1_21_no_descriptor_of_the_set_up_is_left(driver, oci, world):
    script = "ls -l /proc/self/fd 2>/dev/null | sed -n 's/.* \\([0-9]*\\) -> /\\1 /p'"
    outcome = driver.run(Start(oci.bundle(), script)).assert_started()
    held = dict(line.split(" ", 1) for line in outcome.out.splitlines())
    # ls itself has /proc/self/fd open.
    extra = {number: where for number, where in held.items()
             if int(number) > 2 and not re.fullmatch(r"/proc/\d+/fd", where)}
    assert not extra and {"0", "1", "2"} <= set(held), outcome
    assert not any(where.startswith("/") and "cgroup" in where for where in held.values()), outcome


def test_a1_22_mounts_do_not_spread_to_the_host(driver, oci, world, volume):
    """The session's own mounts are shared, as systemd has them; ten starts at once, none leaves or shares a mount."""
    assert "shared:" in Path("/proc/self/mountinfo").read_text().splitlines()[0]
    outcome = driver.run(Start(oci.bundle(), "cat /proc/self/mountinfo", mounts=[Mount("/vol", volume, True)]))
    lines = [line for line in outcome.assert_started().out.splitlines() if " - " in line]
    assert lines and not any("shared:" in line for line in lines), outcome
    if driver.name == "run" and lib_drivers.RUNTIME == "kapsel":
        profiles = [lib_drivers.make_profile(driver.kapsel, Start(oci.bundle()), ["/bin/true"]) for _ in range(10)]
        running = [driver.kapsel.start_profile(profile) for profile in profiles]
        assert [one.finish(timeout_s=90).status for one in running] == [0] * 10
