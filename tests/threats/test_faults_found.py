# SPDX-License-Identifier: LGPL-2.1-or-later
"""What no other test here noticed when a fault was planted (tests/mutation): each is the attack that it opened."""

import ctypes
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import lib_drivers
import lib_host
import lib_oci
from lib_drivers import Mount, Start
from test_a1_paths import SET_UP, link
from test_a2_descriptors import leaked

OCI = pytest.mark.drivers("oci-create", "oci-run")
SYS_MOUNT_SETATTR, AT_EMPTY_PATH = 442, 0x1000
KAPSEL_ONLY = pytest.mark.skipif(lib_drivers.RUNTIME != "kapsel", reason="kapsel's own rule")


@pytest.mark.parametrize("target", ["{path}", "{up}"])
def test_found_a_mount_behind_a_link_stands_inside(driver, oci, world, volume, target):
    """What the link names is in the image, too: there the mount has to be, and there it is seen."""
    bundle = oci.bundle()
    (bundle.rootfs / str(world.path).lstrip("/")).mkdir(parents=True)
    link(bundle, "data", target.format(path=world.path, up=world.up))
    outcome = driver.run(Start(bundle, "cat /data/file", mounts=[Mount("/data", volume, True)]))
    assert outcome.assert_started().out == "of the volume\n", outcome


@SET_UP
def test_found_a_mount_on_a_moving_parent_is_there_when_it_runs(driver, oci, world, volume, race):
    """Wherever the neighbour has led it: it is in the container, and not outside, in the place of nothing."""
    (volume / "a/p").mkdir(parents=True)
    (volume / "link").symlink_to(world.up)
    (world.path / "p").mkdir()
    world.know()
    bundle = oci.bundle()
    race.exchange(volume / "a", volume / "link")
    for _ in race.rounds():
        outcome = driver.run(Start(bundle, "cat /proc/self/mountinfo",
                                   mounts=[Mount("/vol", volume, True), Mount("/vol/a/p")])).assert_safe()
        places = [line.split()[4] for line in outcome.out.splitlines() if " - tmpfs " in line]
        assert not outcome.started or any(place.endswith("/p") for place in places), outcome


@SET_UP
@pytest.mark.parametrize("target", ["/data/made", "/data/file-made", "/etc/new"])
def test_found_nothing_is_made_behind_a_link(driver, oci, world, volume, target):
    bundle = oci.bundle()
    link(bundle, "data", world.path)
    link(bundle, "etc/new", world.path / "new")
    source = None if target == "/data/made" else volume / "file"
    before = sorted(os.listdir(world.path))
    outcome = driver.run(Start(bundle, mounts=[Mount(target, source)]))
    outcome.assert_safe()
    assert sorted(os.listdir(world.path)) == before, outcome


@OCI
def test_found_masks_are_not_made_of_a_bound_dev(driver, oci, world, volume):
    """A config that binds a /dev of its own has filled it; masks are made of the host's null device all the same."""
    bundle, device = oci.bundle(), volume / "dev/null"
    device.parent.mkdir()
    device.write_text("forged\n")
    bundle.put("/mask", "unmasked\n")

    def config(it):
        it.without_mount("/dev/shm").without_mount("/dev/pts").without_mount("/dev")
        it.bind(device.parent, "/dev", "rw").set("linux.maskedPaths", ["/mask"])
    outcome = driver.run(Start(bundle, "cat /mask; echo evil >/mask; true", config=config))
    assert outcome.assert_started().out == "", outcome
    assert device.read_text() == "forged\n"


def test_found_nothing_stands_above_the_root(driver, oci, world):
    """".." of the root is the root: no old one is stacked on it, or lies below it. A program that only the host has
    is asked for by name: to look whether it is there needs no right to read."""
    bundle, program = oci.bundle(), os.path.realpath(sys.executable)
    assert not (bundle.rootfs / program.lstrip("/")).exists()
    above = ("/..", "/../..", "/proc/self/root/..", "/proc/1/root/..", "/proc/self/cwd/../..")
    script = "; ".join(f"cat {up}{world.path}/secret 2>/dev/null; [ -e {up}{program} ] && echo host" for up in above)
    outcome = driver.run(Start(bundle, f"cd /..; {script}; true")).assert_started()
    assert outcome.out == "", outcome


@KAPSEL_ONLY
@OCI
def test_found_dots_do_not_hide_that_it_is_proc(driver, oci, world):
    def config(it):
        it.without_mount("/proc").mount("/data/../proc", "tmpfs", "tmpfs").set("linux.maskedPaths", [])
        it.set("linux.readonlyPaths", [])
    driver.run(Start(oci.bundle(), config=config)).assert_refused("/proc")


@KAPSEL_ONLY
@OCI
@pytest.mark.parametrize("target", ["/.", "//", "/data/.."])
def test_found_a_mount_on_the_root_itself_is_refused(driver, oci, world, target):
    """It would take the place of the whole image, with what the runtime has already checked and made there."""
    driver.run(Start(oci.bundle(), mounts=[Mount(target, oci.bundle().rootfs, True)])).assert_refused("root itself")


@OCI
def test_found_links_are_copied_as_links(driver, oci, world):
    bundle = oci.bundle()
    link(bundle, "data/lead", world.path / "secret")
    outcome = driver.run(Start(bundle, "readlink /data/lead; cat /data/lead",
                               config=lambda it: it.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])))
    assert outcome.assert_started().out == f"{world.path}/secret\n", outcome


def test_found_no_descriptor_of_the_caller_is_left(driver, oci, world):
    """Not even one that cannot be read, for Landlock forbids that only to who has it."""
    script = "for n in 3 4 5 9 15 20; do [ -L /proc/self/fd/$n ] && echo $n; done; true"
    outcome = driver.run(Start(oci.bundle(), script, launch=leaked(world.path))).assert_started()
    assert outcome.out == "", outcome


def is_sealed(fd):
    try:
        return fcntl.fcntl(fd, fcntl.F_GET_SEALS) & fcntl.F_SEAL_WRITE != 0
    except OSError:  # no file of memory
        return False


@KAPSEL_ONLY
@pytest.mark.drivers("oci-create")
def test_found_the_runtime_runs_from_what_nobody_writes(driver, oci, world):
    """A created container still is the runtime's program: on a read-only mount, or a sealed file of memory. "Busy"
    protects it only while it runs."""
    container = oci.create(lib_drivers.make_config(Start(oci.bundle())))
    program = os.open(f"/proc/{container.pid}/exe", os.O_RDONLY)
    try:
        assert os.fstatvfs(program).f_flag & os.ST_RDONLY or is_sealed(program)
    finally:
        os.close(program)
        container.delete("--force")


@pytest.mark.drivers("oci-create", "oci-run", "oci-exec")
def test_found_a_user_keeps_no_capability_over_execve(driver, oci, world):
    """Listed for him, but not as ambient: his program has none, as any that a user executes."""
    def config(it):
        it.set("process.user", {"uid": 1000, "gid": 1000}).capabilities("CAP_CHOWN", "CAP_NET_RAW")
    seen = driver.run(Start(oci.bundle(), "cat /proc/self/status", config=config)).assert_started().out
    held = {line.split()[0]: int(line.split()[1], 16) for line in seen.splitlines() if line.startswith("Cap")}
    assert not held["CapInh:"] and not held["CapPrm:"] and not held["CapEff:"] and not held["CapAmb:"], seen


@pytest.mark.drivers("run", "enter")
def test_found_groups_are_closed_for_good(driver, oci, world):
    """Before there is a filter, and behind it: the namespace itself knows no setgroups(2)."""
    outcome = driver.run(Start(oci.bundle(), "cat /proc/self/setgroups")).assert_started()
    assert outcome.out == "deny\n", outcome


@pytest.mark.drivers("oci-create", "oci-run", "oci-exec")
def test_found_a_device_of_the_host_does_not_open(driver, oci, world):
    """A node in the image, where no mount forbids devices: the filter does. The kernel's log stands for all others."""
    bundle = oci.bundle()
    os.mknod(bundle.rootfs / "node", 0o020666, os.makedev(1, 11))
    os.close(os.open(bundle.rootfs / "node", os.O_WRONLY))
    outcome = driver.run(Start(bundle, "(true >/node) && echo opened; true")).assert_started()
    assert outcome.out == "", outcome


def gone(pid):
    """Ended: not there, or not waited for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


@pytest.mark.drivers("oci-create")
def test_found_the_end_takes_processes_of_a_shared_pid_namespace(driver, oci, world):
    """No init is there whose end would end them: the cgroup has to."""
    held = driver.hold(Start(oci.bundle(), config=lambda it: it.without_namespace("pid")))
    pid_file = oci.place / "left.pid"
    assert held.container.exec("/bin/sleep", "1000", flags=("--detach", "--pid-file", pid_file)).status == 0
    pid = int(pid_file.read_text())
    try:
        held.end()
        assert lib_oci.wait_for(lambda: gone(pid), what="the end of a process of the container")
    finally:
        if not gone(pid):
            os.kill(pid, signal.SIGKILL)
            held.container.delete("--force", check=False)
    assert not (oci.root / held.container.id).exists()


@KAPSEL_ONLY
@pytest.mark.drivers("run")
def test_found_a_launcher_of_a_plain_user_is_hidden(driver, oci, world):
    """Its /proc/PID is root's from its first line on: no other program of the same user takes what it holds."""
    program, text = oci.place / "kapsel", oci.place / "text"
    shutil.copy(driver.program, program)
    text.write_text("")
    oci.place.chmod(0o755)
    process = oci.spawn(program, "logs", "--follow", text, user=65534, group=65534, extra_groups=[])
    asleep = Path(f"/proc/{process.pid}/wchan")
    lib_oci.wait_for(lambda: asleep.read_text() not in ("", "0"), what="a launcher that waits")
    assert os.stat(f"/proc/{process.pid}/fd").st_uid == 0 and process.poll() is None
    process.terminate()
    process.wait(timeout=60)


ASK = """import socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
sock.settimeout(60)
sock.connect(f"/proc/self/fd/{sys.argv[1]}/control")
sock.send(b"stop\\0")
print(sock.recv(4096))
"""


@KAPSEL_ONLY
@pytest.mark.drivers("run")
def test_found_a_control_socket_asks_who_it_is(driver, oci, world):
    """Somebody has opened the directory and the socket to all: even so a service is its owner's."""
    held = driver.hold(Start(oci.bundle()))
    state = lib_host.STATE_DIR / held.name
    state.chmod(0o755)
    (state / "control").chmod(0o666)
    directory = os.open(state, os.O_PATH | os.O_DIRECTORY)

    def ask(**who):
        return subprocess.run([sys.executable, "-c", ASK, str(directory)], pass_fds=[directory], encoding="utf-8",
                              capture_output=True, timeout=120, check=False, **who).stdout
    try:
        assert not ask(user=65534, group=65534, extra_groups=[]).startswith("b'+")
        assert ask().startswith("b'+"), "control: the owner is heard"
    finally:
        os.close(directory)
        held.end()


@KAPSEL_ONLY
@OCI
def test_found_a_setting_of_a_shared_namespace_is_refused(driver, oci, world):
    """The container has the host's network: what it sets there is the host's. The value is the one that is there."""
    value = Path("/proc/sys/net/ipv4/ip_default_ttl").read_text().strip()

    def config(it):
        it.without_namespace("network").without_mount("/sys").set("linux.sysctl", {"net.ipv4.ip_default_ttl": value})
    driver.run(Start(oci.bundle(), config=config)).assert_refused("network namespace")


def refuse_call(number, argument, value):
    """A filter for this process and all that it starts: EPERM for one call where an argument has that value."""
    load, jump, leave, allow = 0x20, 0x15, 0x06, 0x7fff0000
    code = [(load, 0, 0, 0), (jump, 0, 3, number), (load, 0, 0, 16 + 8 * argument), (jump, 0, 1, value),
            (leave, 0, 0, 0x00050000 | 1), (leave, 0, 0, allow)]
    text = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(code), ctypes.addressof(text)))
    if lib_oci.libc.prctl(22, 2, program, 0, 0) != 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        os._exit(126)


@KAPSEL_ONLY
@OCI
def test_found_a_mount_whose_flags_fail_is_a_refusal(driver, oci, world, volume):
    """The kernel does not let the flags of a single mount be set: then it is not attached without them."""
    def config(it):
        it.set("linux.maskedPaths", []).set("linux.readonlyPaths", [])
    start = Start(oci.bundle(), "echo evil >/vol/file", mounts=[Mount("/vol", volume)], config=config,
                  launch={"preexec_fn": lambda: refuse_call(SYS_MOUNT_SETATTR, 2, AT_EMPTY_PATH)})
    driver.run(start).assert_refused("/vol")


@OCI
def test_found_a_cgroup_mount_is_of_the_new_kind(driver, oci, world):
    """Engines write "cgroup" and mean what the host has; the old kind has a release agent."""
    outcome = driver.run(Start(oci.bundle(), "cat /proc/self/mountinfo", config=lambda it: it.mount(
        "/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "ro", "memory"])))
    kinds = [line.partition(" - ")[2].split()[0] for line in outcome.assert_started().out.splitlines()
             if line.split()[4] == "/sys/fs/cgroup"]
    assert kinds == ["cgroup2"], outcome


@KAPSEL_ONLY
@pytest.mark.drivers("run")
def test_found_a_state_directory_of_somebody_else_is_refused(driver, oci, world):
    """In the session's own mount namespace: the host's is what it was."""
    lib_oci.mount("none", lib_host.STATE_DIR, "tmpfs", data="uid=65534,gid=65534,mode=0700,size=64k")
    try:
        driver.run(Start(oci.bundle())).assert_refused("state directory")
    finally:
        lib_oci.unmount(lib_host.STATE_DIR)


@KAPSEL_ONLY
@SET_UP
def test_found_a_null_device_of_the_host_that_is_none_is_a_refusal(driver, oci, world):
    """What can't be masked is not left open, and what is no device is not given as one. In a mount namespace of the
    launcher's own, so that only it has such a host."""
    bundle, forged = oci.bundle(), oci.place / "null"
    forged.write_text("forged\n")
    bundle.put("/mask", "unmasked\n")

    def change():
        lib_oci.libc.unshare(lib_oci.CLONE_NEWNS)
        lib_oci.mount(None, "/", flags=lib_oci.MS_REC | lib_oci.MS_PRIVATE)
        lib_oci.mount(forged, "/dev/null", flags=lib_oci.MS_BIND)
    start = Start(bundle, "cat /mask", config=lambda it: it.set("linux.maskedPaths", ["/mask"]),
                  launch={"preexec_fn": change})
    driver.run(start).assert_refused("/dev/null")


@pytest.mark.drivers("oci-exec")
def test_found_a_process_that_joins_a_user_namespace_is_not_taken_over(driver, oci, world):
    """Root of the namespace may trace all that is of it: but not a program of the host that comes in."""
    config = lib_oci.make_config("/usr/bin/raider", "watch", lib_drivers.RUNTIME).user_namespace()
    container = oci.start(config.capabilities(*("CAP_" + name for name in lib_oci.ALL_CAPABILITIES))).ready()
    for _ in range(20):
        container.exec("/bin/true")  # which the watcher may well kill
    container.kill("TERM")
    lib_oci.wait_for(lambda: "looks=" in container.out, what="the watcher's result")
    container.delete("--force")
    seen = dict(word.split("=") for word in container.out.split() if "=" in word)
    assert int(seen.pop("looks")) > 0, "it came in unseen: nothing was tried"
    assert set(seen.values()) == {"0"}, seen
