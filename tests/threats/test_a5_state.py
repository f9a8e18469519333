# SPDX-License-Identifier: LGPL-2.1-or-later
"""A5: what the launcher believes about a container that it finds: its state, its pid, its devices; and what it holds
itself while a container is noisy."""

import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest

import lib_drivers
import lib_host
import lib_races
from lib_drivers import Mount, Start
from lib_faults import Family

USER = (1000, 1000)
LIMITS = ("memory", "swap", "cpu", "pids")
KAPSEL = pytest.mark.skipif(lib_drivers.RUNTIME != "kapsel", reason="kapsel's own rule")


# --- A5.4: devices and updates --------------------------------------------------------------------

DENY = {"allow": False, "access": "rwm"}
ALLOW = {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rwm"}
# Opens a device that is not on the list, and makes one, for as long as it runs; tells how often, and whether it could.
PROBE = ("n=0; echo ready; trap 'echo tries=$n; exit' TERM; while :; do n=$((n + 1)); "
         "(: </dev/probed) 2>/dev/null && echo opened; done")


def probed(start, *rules):
    """A container with a node of /dev/kmsg's numbers, and these rules for it."""
    def config(it):
        it.set("linux.devices", [{"path": "/dev/probed", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}])
        it.set("linux.resources", {"devices": list(rules)}).shell(PROBE)
        it.capabilities("CAP_SYSLOG", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE")
    start.config = config
    return lib_drivers.make_config(start)


@KAPSEL
@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("change", [{"devices": [{"allow": True, "access": "rwm"}]}, {"devices": [ALLOW]},
                                    {"devices": [DENY]}, {"devices": []}], ids=["all", "this", "none", "empty"])
def test_a5_04_update_leaves_the_device_program_alone(driver, oci, world, request, change):
    """Neither taken away nor replaced: a process inside tries the whole time."""
    container = oci.start(probed(Start(oci.bundle()), DENY)).ready()
    resources = oci.place / "resources.json"
    resources.write_text(json.dumps(change))
    updates = 0
    until = time.monotonic() + min(lib_races.SECONDS, 60)
    while updates < 5 or time.monotonic() < until:
        assert container.call("update", "--resources", resources).status == 0
        updates += 1
    container.kill("TERM")
    lib_host.wait_for(lambda: "tries=" in container.out, 60, "the number of tries")
    container.wait()
    container.delete()
    tries = int(container.out.partition("tries=")[2].split()[0])
    lib_races.report(request.node.name, updates, tries, {})
    assert tries > 0 and "opened" not in container.out, container


@KAPSEL
@pytest.mark.vm
@pytest.mark.drivers("oci-create")
def test_a5_04_update_of_limits_under_load(driver, oci, world):
    """The same where an update changes limits, too, and engines send the devices along."""
    container = oci.start(probed(Start(oci.bundle()), DENY)).ready()
    for number in range(20):
        change = {"memory": {"limit": (64 + number) << 20}, "devices": [{"allow": True, "access": "rwm"}]}
        resources = oci.place / "resources.json"
        resources.write_text(json.dumps(change))
        container.call("update", "--resources", resources)
        assert container.cgroup_file("memory.max") == str((64 + number) << 20)
    container.kill("TERM")
    lib_host.wait_for(lambda: "tries=" in container.out, 60, "the number of tries")
    container.wait()
    container.delete()
    assert "opened" not in container.out, container


@pytest.mark.drivers("oci-create")
def test_a5_04_control_an_allowed_device_opens(driver, oci, world):
    container = oci.start(probed(Start(oci.bundle()), DENY, ALLOW)).ready("opened")
    container.kill("TERM")
    container.wait()
    container.delete()


# --- A5.7: what noise costs the launcher ----------------------------------------------------------

MIB = 1 << 20
GROWTH_BYTES = 4 * MIB


class Holdings:
    """Memory and descriptors of a process."""

    def __init__(self, pid):
        self.pid = pid
        self.first = self.look()

    def look(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        rss = int(status.partition("VmRSS:")[2].split()[0]) * 1024
        return rss, len(os.listdir(f"/proc/{self.pid}/fd"))

    def assert_flat(self):
        """No descriptor more; memory may grow by what allocators and page tables round up."""
        def flat():
            rss, fds = self.look()
            return rss <= self.first[0] + GROWTH_BYTES and fds <= self.first[1]
        lib_host.wait_for(flat, 60, f"{self.first} bytes and descriptors again, not {self.look()},")


def amount():
    """Long runs write 1 GiB."""
    return 1024 if lib_races.SECONDS >= lib_races.LONG_S else 32


@KAPSEL
@pytest.mark.drivers("run")
def test_a5_07_output_does_not_grow_the_launcher(driver, oci, world, volume):
    script = "while [ ! -e /vol/go ]; do sleep 0.1; done; " \
             f"head -c {amount()}m /dev/zero | tr '\\0' x | fold -w 1000; : >/vol/done; exec sleep 1000"
    start = Start(oci.bundle(), mounts=[Mount("/vol", volume, True)])
    profile = lib_drivers.make_profile(driver.kapsel, start, ["/bin/sh", "-c", script])
    profile["log"].update(max_size="1MiB", max_files=2)
    running = driver.kapsel.start_profile(profile)
    lib_host.record(profile["name"], timeout_s=60)
    holdings = Holdings(running.process.pid)
    (volume / "go").write_text("")
    lib_host.wait_for((volume / "done").exists, 600, "the end of the output")
    holdings.assert_flat()
    running.finish(signal.SIGTERM)


@KAPSEL
@pytest.mark.drivers("run")
def test_a5_07_entering_does_not_grow_the_launcher(driver, oci, world):
    held = driver.hold(Start(oci.bundle()))
    assert held.enter(["/bin/true"]).status == 0
    family = Family(held.running.process.pid).wait()
    holdings = [Holdings(pid) for pid in (family.supervisor, family.init)]
    for _ in range(1000 if lib_races.SECONDS >= lib_races.LONG_S else 20):
        outcome = held.enter(["/bin/echo", "out"])
        assert (outcome.status, outcome.out) == (0, "out\n"), outcome
    for one in holdings:
        one.assert_flat()
    held.end()


@KAPSEL
@pytest.mark.drivers("run")
def test_a5_07_resizing_does_not_grow_the_launcher(driver, oci, world):
    held = driver.hold(Start(oci.bundle()))
    master, slave = pty.openpty()
    script = "echo ready; while read line; do stty size; done"
    entering = subprocess.Popen([driver.kapsel.binary, "enter", held.name, "--", "/bin/sh", "-c", script], stdin=slave,
                                stdout=slave, stderr=slave, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(
                                    0, termios.TIOCSCTTY, 0))
    seen = Reader(master)
    try:
        seen.wait("ready")
        holdings = [Holdings(pid) for pid in (entering.pid, held.running.process.pid)]
        for number in range(1, 10001 if lib_races.SECONDS >= lib_races.LONG_S else 1001):
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", number % 100 + 10, 80, 0, 0))
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 133, 77, 0, 0))

        def arrived():
            os.write(master, b"\n")
            return "133 77" in seen.text
        lib_host.wait_for(arrived, 60, "the last size inside")
        for one in holdings:
            one.assert_flat()
    finally:
        entering.send_signal(signal.SIGTERM)
        entering.wait(60)
        os.close(slave)
        seen.end()
        held.end()


class Reader:
    """Takes what comes out of a terminal, so that nobody waits for room in it."""

    def __init__(self, master):
        self.master, self.text = master, ""
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:  # EIO: nobody has the other end any more
                return
            self.text = (self.text + data.decode("utf-8", "replace"))[-100000:]

    def wait(self, text):
        lib_host.wait_for(lambda: text in self.text, 60, f"{text!r} on the terminal")

    def end(self):
        self.thread.join(60)
        os.close(self.master)


# --- A5.8: the log's place ------------------------------------------------------------------------


@KAPSEL
@pytest.mark.drivers("run")
def test_a5_08_flood_of_output_stays_in_its_bounds(driver, oci, world):
    """Three files of 1 MiB, whatever the workload writes; and it is not held up for ever."""
    logs = oci.place / "logs"
    logs.mkdir()
    script = f"head -c {amount()}m /dev/zero | tr '\\0' x | fold -w 1000; echo; echo last"
    profile = lib_drivers.make_profile(driver.kapsel, Start(oci.bundle()), ["/bin/sh", "-c", script])
    profile["log"] = {"path": str(logs / "log"), "max_size": "1MiB", "max_files": 3, "compress": False}
    result = driver.kapsel.start_profile(profile).finish(timeout_s=600)
    assert result.status == 0, result
    sizes = {path.name: path.stat().st_size for path in logs.iterdir()}
    assert 2 <= len(sizes) <= 3 and sum(sizes.values()) <= 4 * MIB, sizes
    assert "last" in result.logged()[-10:], sizes


@KAPSEL
@pytest.mark.drivers("run")
@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "directory"])
def test_a5_08_log_that_is_no_file(driver, oci, world, kind):
    """CVE: a log opened through a link grows a file of the host."""
    logs = oci.place / "logs"
    logs.mkdir()
    path = logs / "log"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(world.path / ("secret" if kind == "link" else "made"))
    profile = {**lib_drivers.make_profile(driver.kapsel, Start(oci.bundle()), ["/bin/echo", "evil"]),
               "log": {"path": str(path)}}
    result = driver.kapsel.start_profile(profile).finish()
    outcome = lib_drivers.Outcome("run", result.status, "", result.stderr)
    outcome.assert_refused("log file log")


# --- A5.13: a number that another process has -----------------------------------------------------


@pytest.fixture
def twin(oci, twin_program):
    """A stranger that has the pid of somebody who is gone: `alive()` tells whether it was left alone."""
    def start(pid):
        def there():
            process = oci.spawn(twin_program, str(pid), stdout=subprocess.PIPE, encoding="utf-8")
            if process.stdout.readline() == "ready\n":
                return process
            process.wait(60)
            return None
        # Somebody may have the number for a moment: this is a busy machine's.
        return lib_host.wait_for(there, 30, f"a stranger with pid {pid}")
    return start


def assert_alive(twin):
    twin.send_signal(signal.SIGTERM)
    assert twin.communicate(timeout=60)[0] == "alive\n"


@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("words", [("kill", "KILL"), ("kill", "--all", "KILL"), ("delete", "--force"), ("delete",),
                                   ("exec", "--", "/bin/true"), ("start",), ("pause",), ("ps",), ("state",)],
                         ids=" ".join)
def test_a5_13_verb_meets_a_stranger_with_the_pid(driver, oci, world, twin, words):
    container = oci.running()
    pid = container.pid
    os.kill(pid, signal.SIGKILL)
    container.wait()
    stranger = twin(pid)
    verb, *rest = words
    flags = [word for word in rest if word.startswith("--") and word != "--"]
    after = [word for word in rest if word not in flags and word != "--"]
    result = container.call(verb, *flags, *(["--", *after] if after else []), check=False)
    assert (result.status == 0) == (verb in ("delete", "state", "ps") or "--all" in words), result
    assert str(pid) not in result.out.split(), result
    assert verb != "state" or result.json()["status"] == "stopped", result
    container.delete("--force")
    assert_alive(stranger)


@KAPSEL
@pytest.mark.drivers("run")
@pytest.mark.parametrize("words", [("stop",), ("kill", "-s", "KILL"), ("rm", "--force"), ("restart",), ("inspect",)],
                         ids=" ".join)
def test_a5_13_verb_meets_a_stranger_with_the_supervisors_pid(driver, oci, world, twin, words):
    """Supervisor, janitor and payload end at once, as at a crash; then a stranger has the number of the first."""
    held = driver.hold(Start(oci.bundle()))
    family = Family(held.running.process.pid).wait()
    for pid in (family.janitor, family.supervisor):
        os.kill(pid, signal.SIGKILL)
    held.running.finish()
    stranger = twin(family.supervisor)
    verb, *flags = words
    driver.kapsel.call(verb, *flags, held.name)
    assert_alive(stranger)
    driver.kapsel.call("rm", "--force", held.name)


# --- A5.14: the directory of the state ------------------------------------------------------------


class Roots:
    """Ways to name the directory of the state, each with whether it may be used."""

    def __init__(self, place):
        self.place = place
        self.real = place / "real"
        self.real.mkdir(mode=0o700)

    def link(self, owner=0, mode=0o755, parent=0):
        above = self.place / "above"
        above.mkdir()
        above.chmod(mode)
        (above / "state").symlink_to(self.real)
        os.chown(above / "state", owner, owner, follow_symlinks=False)
        os.chown(above, parent, parent)
        return above / "state"


ROOTS = {
    "root's link": (lambda it: it.link(), True),
    "root's link in a directory with a sticky bit": (lambda it: it.link(mode=0o1777), True),
    "link of another user": (lambda it: it.link(owner=65534), False),
    "link of another user in a directory with a sticky bit": (lambda it: it.link(owner=65534, mode=0o1777), False),
    "link where others can write": (lambda it: it.link(mode=0o777), False),
    "link where a group can write": (lambda it: it.link(mode=0o775), False),
    "link in a directory of another user": (lambda it: it.link(parent=65534), False),
    "link that leads nowhere": (lambda it: it.real.rmdir() or it.link(), False),
}


@KAPSEL
@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("kind", ROOTS)
def test_a5_14_directory_of_the_state_is_a_link(driver, oci, world, kind):
    make, good = ROOTS[kind]
    root = make(Roots(oci.place))
    flags = ["--root", str(root)]
    bundle = oci.bundle(lib_drivers.make_config(Start(oci.bundle())).args("/bin/helper", "hold"))
    identity = oci.new_id()
    created = oci.call("create", "--bundle", bundle.path, identity, flags=flags)
    # What would be there is not believed, either.
    others = [oci.call(verb, *words, flags=flags) for verb, *words in (
        ("list",), ("state", identity), ("kill", identity, "KILL"), ("delete", "--force", identity))]
    if good:
        assert created.status == 0 and [result.status for result in others] == [0, 0, 0, 0], (created, others)
        return
    nowhere = kind == "link that leads nowhere"
    for result in [created, *(others[:1] if nowhere else others)]:
        assert result.status == 1 and "the state directory" in result.err, result
        assert nowhere or "others can change" in result.err, result


@KAPSEL
@pytest.mark.drivers("run")
@pytest.mark.parametrize("kind", ["link", "of another user", "for all"])
def test_a5_14_state_directory_of_a_plain_users_services(driver, oci, world, kind):
    """$XDG_RUNTIME_DIR/kapsel was put there by somebody else (CVE-2015-1331): root's own directory is no different."""
    environment = {"XDG_RUNTIME_DIR": str(oci.place / "runtime"), "HOME": str(oci.place), "PATH": lib_drivers.PATH}
    planted = oci.place / "runtime/kapsel"
    planted.parent.mkdir(mode=0o700)
    if kind == "link":
        planted.symlink_to(world.path)
    else:
        planted.mkdir(mode=0o700)
        planted.chmod(0o777 if kind == "for all" else 0o700)
    os.chown(planted.parent, *USER)
    os.chown(planted, 1234 if kind == "of another user" else USER[0], USER[1], follow_symlinks=False)
    program, profile = oci.place / "kapsel", oci.place / "planted.kapsel.jsonc"
    shutil.copy(driver.kapsel.binary, program)
    profile.write_text(json.dumps({"kapsel": 1, "name": "planted", "rootfs": str(oci.bundle().rootfs),
                                   "command": ["/bin/true"], "limits": dict.fromkeys(LIMITS, "unlimited")}))
    os.chown(profile, *USER)
    done = subprocess.run([program, "run", profile], env=environment, user=USER[0], group=USER[1], extra_groups=[],
                          capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 125 and "state directory" in done.stderr, done
    assert not planted.is_dir() or planted.is_symlink() or list(planted.iterdir()) == []


# --- A5.16: lack of memory ------------------------------------------------------------------------


@pytest.mark.vm
@pytest.mark.drivers("oci-create", "oci-run")
def test_a5_16_memory_hog_dies_alone(driver, oci, world):
    """Its neighbour and the runtime live on; the engine learns what it was."""
    neighbour = oci.running()
    limits = {"memory": {"limit": 16 * MIB, "swap": 16 * MIB}}
    config = lib_drivers.make_config(Start(oci.bundle(), config=lambda it: it.set("linux.resources", limits)))
    config.args("/bin/helper", "allocate", str(64 * MIB))
    if driver.name == "oci-run":
        result = oci.run(config)
        assert result.status == 128 + signal.SIGKILL, result
    else:
        container = oci.create(config)
        group = container.cgroup
        container.start()
        assert container.wait() == 128 + signal.SIGKILL
        assert "oom_kill 1" in (group / "memory.events").read_text().splitlines()
        assert container.state()["status"] == "stopped"
        container.delete()
    assert neighbour.alive()
    neighbour.kill()
    neighbour.wait()
    neighbour.delete()
