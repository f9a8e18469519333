# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts of every kind under strace, each with a rich profile or bundle, as traces and what their rules must know.

strace runs beside what it traces (-D): the program under test stays our child, and none of it knows. It is root's,
also for a plain user's start: nobody else can trace what is not dumpable.
"""

import os
import pty
import shutil
import signal
import subprocess
from pathlib import Path

import lib_host
import lib_kapsel
import lib_oci
from lib_drivers import MASKED, READ_ONLY, SHELL
from lib_service import Service
from lib_trace import Trace
from lib_trace_rules import Scene
from test_a2_descriptors import leaked

UID, GID, SUBIDS = 64317, 64318, 0x31000000
MARKER = "traced:"
HOOK = "hook-of-the-trace"
# What kapsel calls on the host for ids that are not the caller's.
ID_HELPERS = tuple(f"{directory}/{name}" for directory in ("/usr/bin", "/bin") for name in ("newuidmap", "newgidmap"))
# Which descriptors are open inside, asked without opening one.
LOOK = "n=0; while [ $n -le 300 ]; do [ -e /proc/self/fd/$n ] && echo fd=$n; n=$((n+1)); done; true"
FILTER = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
    {"names": ["ptrace", "kexec_load"], "action": "SCMP_ACT_ERRNO"}]}
STRACE = "strace -D -f -yy --decode-pids=pidns -qq -s 160"


class Taken:
    """A scene that was played: its traces, and what the containers have written."""

    def __init__(self, traces, scene, seen):
        self.traces, self.scene, self.seen = traces, scene, seen

    def violations(self, rule):
        return [text for trace in self.traces for text in rule(trace, self.scene)]

    def payloads(self, word):
        return [call for trace in self.traces for call in trace.payloads(MARKER + word)]


class Stage:
    """A place where programs run under strace: `program(name)` is a file to call in kapsel's stead."""

    def __init__(self, binary, place):
        self.place = Path(place)
        self.place.chmod(0o755)
        self.traces = self.place / "traces"
        self.traces.mkdir()
        self.kapsel = self.place / "bin/kapsel"
        self.kapsel.parent.mkdir()
        shutil.copy(binary, self.kapsel)
        self.oci = self.kapsel.with_name("kapsel-oci")
        self.oci.symlink_to("kapsel")

    def program(self, name, before="", prefix=""):
        """A script that runs kapsel, or kapsel-oci, under strace, `before` in the same namespaces, with `prefix`."""
        path = self.place / f"traced{len(list(self.place.glob('traced*')))}" / name
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh -e\n{before}\n"
                        f"exec {STRACE} -o {self.traces}/$$ {prefix} {self.kapsel.with_name(name)} \"$@\"\n")
        path.chmod(0o755)
        return path

    def end(self):
        """All traces, once strace has written them."""
        needle = str(self.traces).encode()

        def over():
            lib_host.reap_orphans()
            for entry in Path("/proc").iterdir():
                try:
                    if entry.name.isdigit() and needle in (entry / "cmdline").read_bytes():
                        return False
                except OSError:
                    pass
            return True
        lib_host.wait_for(over, 60, "the end of strace")
        paths = sorted(self.traces.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [Trace(path.read_text(errors="replace"), (self.kapsel, self.oci)) for path in paths]


def shell(word, script=LOOK):
    """A command that has a payload's marker."""
    return ["/bin/sh", "-c", script, MARKER + word]


# --- kapsel's own verbs --------------------------------------------------------------------------


def rich_profile(place):
    """Top-level keys that make most steps do something."""
    volume, secret = place / "volume", place / "secret"
    volume.mkdir(exist_ok=True)
    volume.chmod(0o777)
    secret.write_text("a secret\n")
    secret.chmod(0o600)
    return {
        **SHELL, "stop": {"timeout": "100ms"}, "workdir": "/data", "hostname": "traced", "env": {"A": "b"},
        "mounts": {"/data": {"type": "tmpfs", "size": "1MiB"}, "/run": {"type": "tmpfs", "size": "1MiB"},
                   "/vol": {"type": "bind", "source": str(volume), "write": True}},
        "secrets": {"s": {"source": str(secret)}}, "network": "loopback", "sysctls": {"net.ipv4.ip_forward": 1},
    }


def kapsel_scene(kapsel, places, **more):
    return Scene(root=str(kapsel.rootfs), marker=MARKER, places=("/var/cache/kapsel", *places),
                 steps=("setresgid", "setresuid", "capset", "no_new_privs", "landlock", "seccomp"), **more)


def log_to(place, word):
    """Logs have a directory of their own: profiles lie elsewhere."""
    return {"log": {"path": str(place / "log" / f"{word}.log")}}


def log_places(place):
    return ("/run/kapsel", "/var/log/kapsel", str(place / "log"))


def play_run(binary, rootfs, place, prefix):
    """In the foreground: a rich one, one with a socket, and the hardest default."""
    stage = Stage(binary, place)
    kapsel = lib_kapsel.Kapsel(stage.program("kapsel"), rootfs, make(place / "profiles"), prefix)
    try:
        rich = {**rich_profile(place), "devices": {"/dev/fuse": "rw"}, "proc": "full"}
        results = [kapsel.run(shell("rich"), **rich, **log_to(place, "rich")),
                   kapsel.run(shell("listen"), **SHELL, **log_to(place, "listen"),
                              listen={"s": {"stream": str(place / "socket")}}),
                   kapsel.run(["/bin/echo", MARKER + "once"], **log_to(place, "once"))]
    finally:
        kapsel.end_all()
    traces = stage.end()
    for result in results:
        assert result.status == 0, result
    seen = {"rich": results[0].logged(), "listen": results[1].logged()}
    return Taken(traces, kapsel_scene(kapsel, log_places(place), declared={MARKER + "listen": {3}}), seen)


def play_service(binary, rootfs, place, prefix):
    """run -d, health check, enter, enter on a terminal, restart; the supervisor dies, the standby goes on."""
    stage = Stage(binary, place)
    kapsel = lib_kapsel.Kapsel(stage.program("kapsel"), rootfs, make(place / "profiles"), prefix)
    look = "; ".join([LOOK, "sleep 1000"])
    service = Service(kapsel, kapsel.profile(
        shell("service", look), **rich_profile(place), **log_to(place, "service"),
        restart={"policy": "always"}, on_supervisor_death="adopt",
        health={"command": ["/bin/true", MARKER + "health"], "interval": "300ms", "timeout": "20s"}))
    try:
        service.start()
        service.wait_until(lambda state: state.get("health") == "healthy", "a health check")
        seen = {"service": "\n".join(service.lines), **enter_twice(kapsel, service)}
        service.wait()
        service.kill("payload")
        service.wait(restarts=1)
        old = service.kill("supervisor")["supervisor"]["pid"]
        service.wait_until(lambda state: state["supervisor"]["pid"] != old and state["status"] == "running", "adoption")
        service.kill("payload")
        service.wait(restarts=2)
        service.wait_until(lambda state: state.get("health") == "healthy", "a health check")
    finally:
        service.end()
        service.wait_gone()
        kapsel.end_all()
    return Taken(stage.end(), kapsel_scene(kapsel, log_places(place)), seen)


def enter_twice(kapsel, service):
    """What `enter` says, with streams and with a terminal."""
    plain = kapsel.call("enter", service.name, "--", *shell("enter"))
    assert plain.status == 0, plain
    master, slave = pty.openpty()
    process = subprocess.Popen([kapsel.binary, "enter", service.name, "--", *shell("terminal")], stdin=slave,
                               stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    try:
        status, text = process.wait(60), b""
        while b"fd=2" not in text:
            text += os.read(master, 4096)
    finally:
        os.close(master)
    assert status == 0, text
    return {"enter": plain.stdout, "terminal": text.decode().replace("\r", "")}


# --- kapsel-oci ----------------------------------------------------------------------------------


def rich_config(oci, word):
    """A bundle that asks for every kind of mount, and for what a container's engine asks for."""
    volume = make(oci.place / "volume")
    volume.chmod(0o777)
    config = lib_oci.make_config(*shell(word, LOOK + "; sleep 1000"))
    config.set("linux.maskedPaths", list(MASKED)).set("linux.readonlyPaths", list(READ_ONLY))
    config.set("linux.sysctl", {"net.ipv4.ip_forward": "1"}).set("process.oomScoreAdj", 500)
    config.set("process.user", {"uid": 1000, "gid": 1000, "additionalGids": [5]}).set("process.cwd", "/data")
    config.set("process.env", [lib_oci.PATH])
    config.set("process.rlimits", [{"type": "RLIMIT_NOFILE", "soft": 512, "hard": 512}])
    config.mount("/data", "tmpfs", "tmpfs", ["nosuid", "size=1m"]).bind(volume, "/vol", "rw", "nosuid")
    config.bind(volume, "/new/place", "ro").mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid"])
    config.mount("/copied", "tmpfs", "tmpfs", ["tmpcopyup"])
    config.mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro", "nosuid", "noexec", "nodev"])
    config.set("linux.devices", [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o666}])
    config.set("linux.seccomp", FILTER)
    for kind in ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"):
        config.hook(kind, f": {HOOK}")
    return config


def oci_scene(oci, bundle, **more):
    """Hooks run on the host's shell, and inside on the container's."""
    return Scene(root=str(bundle.rootfs), marker=MARKER, places=(str(oci.root), "/var/cache/kapsel"),
                 hooks=(HOOK,), steps=("setresgid", "setresuid", "capset", "no_new_privs", "seccomp"), **more)


def traced_oci(stage, template, **more):
    oci = lib_oci.Oci(template, parent=stage.place)
    oci.place.chmod(0o755)
    oci.path = stage.program("kapsel-oci", **more)
    return oci


def play_oci_create(binary, template, place, _prefix, users=False):
    """create and start; exec in every way; `users`: in a user namespace."""
    stage = Stage(binary, place)
    oci = traced_oci(stage, template)
    bundle = oci.bundle()
    make_places(bundle.rootfs)
    config = rich_config(oci, "create")
    if users:
        config.user_namespace(SUBIDS)
        subprocess.run(["chown", "-hR", f"{SUBIDS}:{SUBIDS}", bundle.rootfs], check=True, timeout=60)
    try:
        container = oci.start(config, bundle=bundle).ready("fd=2")
        seen = {"create": container.out, **exec_all(oci, container)}
        end(container)
    finally:
        oci.end_all()
    return Taken(stage.end(), oci_scene(oci, bundle, declared={MARKER + "preserved": {3, 4}}), seen)


def end(container):
    """Kill it and take it away. Its end waits for detached commands, which are our children."""
    container.kill("KILL", check=False)
    lib_oci.wait_for(lambda: lib_oci.reap() or not container.alive(), what="the container's end")
    container.delete("--force")


def exec_all(oci, container):
    """What exec says in the foreground, detached, on a terminal, and with descriptors to keep."""
    said = {"exec": container.exec(*shell("exec")).out}
    out = oci.place / "detached.out"
    pid_file = oci.place / "detached.pid"
    result = container.exec(*shell("detached"), flags=["--detach", "--pid-file", pid_file], out=out)
    assert result.status == 0, result
    lib_oci.wait_for(lambda: "fd=2" in out.read_text(), what="the detached command")
    said["detached"] = out.read_text()
    console = oci.console()
    result = container.exec(*shell("console"), flags=["--tty", "--detach", "--console-socket", console.path])
    assert result.status == 0, result
    said["console"] = console.read_until("fd=2")
    result = container.exec(*shell("preserved"), flags=["--preserve-fds", "2"], **leaked("/usr", (3, 4)))
    assert result.status == 0, result
    return {**said, "preserved": result.out}


def play_oci_run(binary, template, place, _prefix):
    """run in the foreground, and create with a terminal on a console socket."""
    stage = Stage(binary, place)
    oci = traced_oci(stage, template)
    bundle = oci.bundle()
    make_places(bundle.rootfs)
    try:
        result = oci.run(rich_config(oci, "run").args(*shell("run")), bundle=bundle)
        assert result.status == 0, result
        console = oci.console()
        config = rich_config(oci, "terminal").set("process.terminal", True)
        container = oci.start(config, "--console-socket", console.path, bundle=bundle)
        seen = {"run": result.out, "terminal": console.read_until("fd=2")}
        end(container)
    finally:
        oci.end_all()
    return Taken(stage.end(), oci_scene(oci, bundle), seen)


def play_oci_joined(binary, template, place, _prefix):
    """Namespaces of another container, no no_new_privs, and a filter that somebody else answers."""
    stage = Stage(binary, place)
    oci = traced_oci(stage, template)
    bundle = oci.bundle()
    make_places(bundle.rootfs)
    try:
        first = oci.start(rich_config(oci, "first"), bundle=bundle).ready("fd=2")
        config = rich_config(oci, "joined").set("process.noNewPrivileges", False).set("linux.sysctl", {})
        for kind, name in (("network", "net"), ("ipc", "ipc"), ("pid", "pid")):
            config.namespace(kind, f"/proc/{first.pid}/ns/{name}")
        second = oci.start(config, bundle=bundle).ready("fd=2")
        seen = {"first": first.out, "joined": second.out}
        end(second)
        end(first)
    finally:
        oci.end_all()
    scene = oci_scene(oci, bundle)
    return Taken(stage.end(), scene._replace(steps=("setgroups", "setresgid", "setresuid", "seccomp")), seen)


# --- a plain user --------------------------------------------------------------------------------


class PlainUser:
    """Who has subordinate ids in a mount namespace of each call, and no right at all."""

    def __init__(self, place, rootfs):
        self.etc, self.home = make(place / "etc"), make(place / "home", UID)
        self.rootfs = place / "root"
        lib_oci.copy_tree(rootfs, self.rootfs)
        for name, text in (("passwd", f"root:x:0:0::/root:/bin/sh\ntraced:x:{UID}:{GID}::{self.home}:/bin/sh\n"),
                           ("group", f"root:x:0:\ntraced:x:{GID}:\n"), ("subuid", f"traced:{SUBIDS}:65536\n"),
                           ("subgid", f"traced:{SUBIDS}:65536\n")):
            (self.etc / name).write_text(text)
        self.run = make(self.home / "run", UID)

    @property
    def script(self):
        """How a script becomes this user: `before` and `prefix` of Stage.program()."""
        mounts = "\n".join(f"mount --bind {path} /etc/{path.name}" for path in self.etc.iterdir())
        return {"before": f'[ "$ALONE" ] || exec env ALONE=1 unshare --mount --propagation private "$0" "$@"\n{mounts}',
                "prefix": f"setpriv --reuid {UID} --regid {GID} --clear-groups --inh-caps=-all env -i "
                          f"PATH={os.environ['PATH']} HOME={self.home} XDG_RUNTIME_DIR={self.run}"}


class UserKapsel(lib_kapsel.Kapsel):
    """Profiles that the user can read."""

    def write(self, profile, name=None):
        path = super().write(profile, name)
        os.chown(path, UID, GID)
        return path


def play_user_run(binary, rootfs, place, prefix):
    """A plain user's run, with ids of his own, and `enter`."""
    stage = Stage(binary, place)
    user = PlainUser(place, rootfs)
    kapsel = UserKapsel(stage.program("kapsel", **user.script), user.rootfs, user.home, prefix)
    volume = make(user.home / "volume", UID)
    mounts = {"/vol": {"type": "bind", "source": str(volume), "write": True},
              "/data": {"type": "tmpfs", "size": "1MiB"}}
    unlimited = dict.fromkeys(("memory", "cpu", "pids"), "unlimited")
    make(user.home / "log", UID)
    try:
        profile = kapsel.profile(shell("user", LOOK + "; sleep 1000"), **SHELL, mounts=mounts, limits=unlimited,
                                 stop={"timeout": "100ms"}, **log_to(user.home, "user"))
        running = kapsel.start_profile(profile)
        running.wait_for_log("fd=2")
        entered = kapsel.call("enter", profile["name"], "--", *shell("user-enter"))
        result = running.finish(signal.SIGTERM)
    finally:
        kapsel.end_all()
    traces = stage.end()
    assert entered.status == 0, entered
    scene = kapsel_scene(kapsel, (str(user.run / "kapsel"), str(user.home / "log")), helpers=ID_HELPERS,
                         exposed=True)
    return Taken(traces, scene, {"user": result.logged(), "user-enter": entered.stdout})


def play_user_oci(binary, template, place, _prefix):
    """A plain user's create, start and exec."""
    stage = Stage(binary, place)
    user = PlainUser(place, template)
    oci = traced_oci(stage, template, **user.script)
    oci.root = user.home / "state"
    oci.flags = ["--root", str(oci.root)]
    bundle = oci.bundle()
    config = lib_oci.make_config(*shell("user-create", LOOK + "; sleep 1000")).without_mount("/sys")
    config.namespace("user").without_namespace("cgroup").set("linux.seccomp", FILTER)
    config.set("linux.uidMappings", [{"containerID": 0, "hostID": UID, "size": 1}])
    config.set("linux.gidMappings", [{"containerID": 0, "hostID": GID, "size": 1}])
    subprocess.run(["chown", "-hR", f"{UID}:{GID}", bundle.rootfs, oci.place], check=True, timeout=60)
    try:
        container = oci.start(config, bundle=bundle).ready("fd=2")
        seen = {"user-create": container.out, "user-exec": container.exec(*shell("user-exec")).out}
        end(container)
    finally:
        oci.end_all()
    return Taken(stage.end(), oci_scene(oci, bundle, helpers=ID_HELPERS, exposed=True), seen)


# --- all of them ---------------------------------------------------------------------------------


def make(path, owner=None):
    path.mkdir(exist_ok=True)
    path.chmod(0o755)
    if owner:
        os.chown(path, owner, owner)
    return path


def make_places(root):
    """Mount points that a container's root could not make in an image that is not its own."""
    for name in ("vol", "new/place", "copied/file", "data"):
        (root / name).mkdir(parents=True, exist_ok=True)


def play_oci_users(*args):
    return play_oci_create(*args, users=True)


# Name: (how, the words of its payloads, and how often each is executed at least).
SCENES = {
    "run": (play_run, {"rich": 1, "listen": 1, "once": 1}),
    "service": (play_service, {"service": 3, "health": 2, "enter": 1, "terminal": 1}),
    "oci-create": (play_oci_create, {"create": 1, "exec": 1, "detached": 1, "console": 1, "preserved": 1}),
    "oci-create-userns": (play_oci_users, {"create": 1, "exec": 1, "detached": 1, "console": 1, "preserved": 1}),
    "oci-joined": (play_oci_joined, {"first": 1, "joined": 1}),
    "oci-run": (play_oci_run, {"run": 1, "terminal": 1}),
    "user-run": (play_user_run, {"user": 1, "user-enter": 1}),
    "user-oci": (play_user_oci, {"user-create": 1, "user-exec": 1}),
}
