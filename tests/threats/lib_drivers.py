# SPDX-License-Identifier: LGPL-2.1-or-later
"""One way to start a container, whoever starts it.

A test says with `Start` what it wants; a driver turns that into a profile, a bundle or a command line, and answers
with an `Outcome`. So one test of an attack judges every way in, and the peers as well:

  THREATS_RUNTIME  kapsel (default): run, enter, oci-create, oci-run, oci-exec
                   crun, runc:       oci-create, oci-run, oci-exec
                   bwrap:            run
                   podman:           oci-create, oci-run, oci-exec, as far as its options go (lib_podman.py)

The peers are driven by tests/threats/peers, which gives their session what they need of it.
"""

import copy
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import lib_host
import lib_oci

RUNTIME = os.environ.get("THREATS_RUNTIME", "kapsel")
OCI = ["oci-create", "oci-run", "oci-exec"]
NAMES = {"kapsel": ["run", "enter", *OCI], "crun": OCI, "runc": OCI, "bwrap": ["run"], "podman": OCI}
SECONDS = float(os.environ.get("THREATS_SECONDS", "1.5"))
BEGAN = "began"
# What files of the canary say.
SECRET = "only the host may read this\n"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# What a shell script needs: kapsel's default is one program that starts no other.
SHELL = {"exec": {"allow": ["*"]}, "syscalls": {"allow": ["@base", "@process", "@file-write"]}}
# What engines give.
MASKED = ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware",
          "/sys/devices/virtual/powercap"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


class Mount:
    """A bind (with a source) or a tmpfs."""

    def __init__(self, target, source=None, write=False):
        self.target, self.source, self.write = target, source, write


class Start:
    """What shall be started. `script` is a shell's; `command` runs as it is, and has no marker of having begun.

    profile: top-level keys of a profile that only kapsel has; config: changes a config.json that only OCI has.
    """

    def __init__(self, bundle, script="true", command=None, mounts=(), cwd=None, user=None, env=None,
                 profile=None, config=None, launch=None):
        self.bundle, self.script, self.command = bundle, script, command
        self.mounts, self.cwd, self.user, self.env = list(mounts), cwd, user, env
        self.profile, self.config, self.launch = profile or {}, config, launch or {}

    @property
    def root(self):
        return self.bundle.rootfs

    @property
    def words(self):
        return self.command or ["/bin/sh", "-c", f"echo {BEGAN}; {self.script}"]


class Outcome:
    """How a start ended: `out` is the container's, `err` the launcher's and the container's."""

    def __init__(self, driver, status, out, err):
        self.driver, self.status, self.err = driver, status, err
        self.started = out.startswith(BEGAN + "\n")
        self.out = out[len(BEGAN) + 1:] if self.started else out

    def __repr__(self):
        return (f"[{self.driver}] {'started' if self.started else 'not started'}, status {self.status}\n"
                f"stdout: {self.out[-2000:]}\nstderr: {self.err[-2000:]}")

    def assert_refused(self, *texts):
        """Not started, a status that says so, and a reason."""
        assert not self.started and self.status not in (0, None), self
        self.assert_reason(*texts)
        return self

    def assert_reason(self, *texts):
        """One message that names what is wrong; none of a crash."""
        assert self.err.strip(), f"no reason: {self!r}"
        if RUNTIME == "kapsel":
            starts = ("kapsel: ", "kapsel-oci: ", "error[", "time=", "{")
            said = [line for line in self.err.splitlines() if line.startswith(starts) and "warning" not in line]
            assert len(said) == 1 or all("error[" in line for line in said), f"{len(said)} reasons: {self!r}"
        # 255 is what exec says where it could not start the command.
        refused = isinstance(self.status, int) and (0 < self.status < 128 or self.status == 255)
        assert refused, f"died: {self!r}"
        for text in texts if RUNTIME == "kapsel" else ():  # the peers' messages are theirs
            assert text in self.err, f"{text!r} is missing: {self!r}"

    def assert_safe(self, *texts):
        """Refused with a reason, or started: then what the world fixture sees decides."""
        if not self.started:
            self.assert_reason(*texts)
        return self

    def assert_started(self):
        assert self.started, self
        return self


# --- kapsel's own verbs --------------------------------------------------------------------------


def make_profile(kapsel, start, command):
    keys = {"rootfs": str(start.root), **SHELL, "stop": {"timeout": "100ms"}}
    if start.mounts:
        keys["mounts"] = {}
    for entry in start.mounts:
        keys["mounts"][entry.target] = {"type": "tmpfs", "size": "1MiB"} if entry.source is None else \
            {"type": "bind", "source": str(entry.source), "write": entry.write}
    if start.cwd is not None:
        keys["workdir"] = start.cwd
    if start.user is not None:
        keys["user"] = {"uid": start.user[0], "gid": start.user[1]}
    if start.env is not None:
        keys["env"] = start.env
    return kapsel.profile(command, **{**keys, **start.profile})


class KapselRun:
    """`kapsel run`; the container's output is in its log."""

    name = "run"

    def __init__(self, kapsel):
        self.kapsel = kapsel
        self.program = kapsel.binary
        self.running = []

    def run(self, start):
        profile = make_profile(self.kapsel, start, start.words)
        result = self.kapsel.start_profile(profile, **start.launch).finish()
        return Outcome(self.name, result.status, result.logged() + result.logged("stderr"), result.stderr)

    def hold(self, start):
        """A container that runs until the test ends it: Held, or the Outcome of its refusal."""
        profile = make_profile(self.kapsel, start, ["/bin/sleep", "1000"])
        running = self.kapsel.start_profile(profile, **start.launch)
        state = lib_host.STATE_DIR / profile["name"] / "state.json"

        def up():
            return running.process.poll() is not None or (state.exists() and '"running"' in state.read_text())
        lib_host.wait_for(up, 60, "a running service")
        if running.process.poll() is not None:
            result = running.finish()
            return Outcome(self.name, result.status, result.logged(), result.stderr)
        return HeldService(self, profile["name"], running)


class HeldService:
    """A service that runs."""

    def __init__(self, driver, name, running):
        self.driver, self.name, self.running = driver, name, running

    @property
    def launcher_pid(self):
        return self.running.process.pid

    def enter(self, words, flags=(), **launch):
        result = self.driver.kapsel.call("enter", *flags, self.name, "--", *words, **launch)
        return Outcome("enter", result.status, result.stdout, result.stderr)

    def end(self):
        return self.running.finish(signal.SIGTERM)


class KapselEnter(KapselRun):
    """`kapsel enter` into a service with the same profile."""

    name = "enter"

    def run(self, start):
        held = self.hold(start)
        if isinstance(held, Outcome):
            return held
        try:
            return held.enter(start.words, **start.launch)
        finally:
            held.end()


# --- OCI -----------------------------------------------------------------------------------------


def make_config(start):
    config = lib_oci.make_config(*start.words)
    config.set("linux.maskedPaths", list(MASKED)).set("linux.readonlyPaths", list(READ_ONLY))
    for entry in start.mounts:
        if entry.source is None:
            config.mount(entry.target, "tmpfs", "tmpfs", ["nosuid", "nodev", "size=1m"])
        else:
            config.bind(entry.source, entry.target, "rw" if entry.write else "ro", "nosuid", "nodev")
    if start.cwd is not None:
        config.set("process.cwd", start.cwd)
    if start.user is not None:
        config.set("process.user", {"uid": start.user[0], "gid": start.user[1]})
        config.capabilities()
    if start.env is not None:
        config.set("process.env", [f"PATH={PATH}", *(f"{name}={value}" for name, value in start.env.items())])
    if start.config:
        start.config(config)
    return config


class OciRun:
    """`run` in the foreground."""

    name = "oci-run"

    def __init__(self, oci):
        self.oci = oci
        self.program = oci.path

    def outcome(self, result, out=None):
        return Outcome(self.name, result.status if isinstance(result.status, int) else None,
                       result.out if out is None else out, result.err)

    def run(self, start):
        result = self.oci.run(make_config(start), bundle=start.bundle, **start.launch)
        self.assert_gone(self.oci.containers[-1], result.status)
        return self.outcome(result)

    def assert_gone(self, container, status):
        """What was refused is not known."""
        state = self.oci.root / container.id
        assert not state.exists(), f"status {status}, and {state} is left"

    def hold(self, start):
        config = make_config(start).args("/bin/helper", "hold")
        container = self.oci.create(config, bundle=start.bundle, check=False, **start.launch)
        if container.result.status != 0:
            self.assert_gone(container, container.result.status)
            return self.outcome(container.result, container.out)
        container.start()
        container.ready()
        return HeldContainer(container)


class HeldContainer:
    """A container that was started."""

    def __init__(self, container):
        self.container = container

    @property
    def launcher_pid(self):
        return self.container.pid

    def enter(self, words, flags=(), **launch):
        result = self.container.exec(*words, flags=flags, **launch)
        return Outcome("oci-exec", result.status, result.out, result.err)

    def end(self):
        self.container.kill("KILL", check=False)
        lib_oci.wait_for(self.gone, what="the end of the container")
        self.container.delete("--force")

    def gone(self):
        """Whether it has ended. Its init waits for whoever joined it, and some of those have become ours."""
        lib_oci.reap()
        return not self.container.alive()


class OciCreate(OciRun):
    """`create`, `start`, `delete`, as an engine calls them."""

    name = "oci-create"

    def run(self, start):
        container = self.oci.create(make_config(start), bundle=start.bundle, check=False, **start.launch)
        if container.result.status != 0:
            self.assert_gone(container, container.result.status)
            return self.outcome(container.result, container.out)
        started = container.start(check=False)
        status = container.wait()
        container.delete("--force", check=False)
        self.assert_gone(container, status)
        err = started.err + container.err
        return Outcome(self.name, started.status or status, container.out, err)


class OciExec(OciRun):
    """`exec` into a container with the same configuration."""

    name = "oci-exec"

    def run(self, start):
        # The working directory is exec's own: the container has none that would be refused before.
        flags = ["--cwd", start.cwd] if start.cwd is not None else []
        bare = copy.copy(start)
        bare.cwd = None
        held = self.hold(bare)
        if isinstance(held, Outcome):
            return held
        try:
            if RUNTIME != "kapsel":  # whose exec takes the container's user; that of the peers takes what it is told
                return held.enter([], ["--process", self.process(start)], **start.launch)
            return held.enter(start.words, flags, **start.launch)
        finally:
            held.end()

    def process(self, start):
        """The file that an engine gives to exec."""
        path = self.oci.place / f"{self.oci.new_id()}.process.json"
        path.write_text(json.dumps(make_config(start).args(*start.words)["process"]))
        return path


# --- bubblewrap ----------------------------------------------------------------------------------


class Bubblewrap:
    """bwrap, called as its users do for a root file system."""

    name = "run"

    def __init__(self, place):
        self.place = place
        self.program = Path(shutil.which("bwrap") or "/usr/bin/bwrap")

    def words(self, start, command):
        words = [str(self.program), "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
                 "--bind", str(start.root), "/", "--proc", "/proc", "--dev", "/dev", "--clearenv", "--setenv", "PATH",
                 PATH]
        for entry in start.mounts:
            words += ["--tmpfs", entry.target] if entry.source is None else \
                ["--bind" if entry.write else "--ro-bind", str(entry.source), entry.target]
        if start.cwd is not None:
            words += ["--chdir", start.cwd]
        if start.user is not None:
            words += ["--unshare-user", "--uid", str(start.user[0]), "--gid", str(start.user[1])]
        for name, value in (start.env or {}).items():
            words += ["--setenv", name, value]
        return words + ["--", *command]

    def run(self, start):
        done = subprocess.run(self.words(start, start.words), stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", errors="replace", timeout=lib_oci.TIMEOUT_S, check=False,
                              **start.launch)
        return Outcome(self.name, done.returncode, done.stdout, done.stderr)


def no_runtime(*_, **__):
    """In the place of Oci.call(): the test calls an OCI runtime itself."""
    pytest.skip(f"{RUNTIME} is no OCI runtime")


def make(name, kapsel, oci, place):
    """The driver of that name for the runtime under test; `kapsel` is a function, for peers need none."""
    if RUNTIME == "bwrap":
        oci.call = no_runtime
        return Bubblewrap(place)
    if RUNTIME == "podman":
        import lib_podman  # it builds on this module
        return lib_podman.DRIVERS[name](oci)
    if name in ("run", "enter"):
        return {"run": KapselRun, "enter": KapselEnter}[name](kapsel())
    return {"oci-run": OciRun, "oci-create": OciCreate, "oci-exec": OciExec}[name](oci)


def rounds(seconds=None):
    """Numbers 0, 1, 2 ... for as long as a race shall last; at least three."""
    until = time.monotonic() + (SECONDS if seconds is None else seconds)
    number = 0
    while number < 3 or time.monotonic() < until:
        yield number
        number += 1
