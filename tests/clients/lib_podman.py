# SPDX-License-Identifier: LGPL-2.1-or-later
"""The podman command with storage of our own, as root or as an ordinary user."""

import itertools
import json
import os
from pathlib import Path

import lib_engine
import lib_examples
import lib_image

# Around docs/examples/oci/kapsel-oci.conf, which makes podman know the runtime by its name.
OWN_TABLES = """\
[containers]
log_driver = "k8s-file"
[network]
network_backend = "cni"
cni_plugin_dirs = ["/usr/lib/cni"]
network_config_dir = "{directory}/networks"
"""
OWN_ENGINE = """\
[engine]
cgroup_manager = "{manager}"
events_logger = "file"
init_path = "/usr/libexec/podman/catatonit"
"""


def containers_conf(directory, runtime, manager):
    """One file, since CONTAINERS_CONF names one: a table stands in it once."""
    shown = lib_examples.example("kapsel-oci.conf", runtime)
    # A peer, or /bin/false, is known under its own name in the same way.
    shown = shown.replace('"kapsel-oci"', f'"{runtime.name}"').replace("kapsel-oci = ", f"{runtime.name} = ")
    assert shown.count("[engine]\n") == 1
    return (OWN_TABLES.format(directory=directory) +
            shown.replace("[engine]\n", OWN_ENGINE.format(manager=manager)))


class User:
    """An ordinary user of the machine with subordinate ids, and either a delegated cgroup or a systemd of its own."""

    uid = 1900
    name = "clients"

    def __init__(self, directory, own_systemd=False):
        self.home, self.runtime = directory / "home", directory / "runtime"
        for path in (directory, self.home, self.runtime):
            path.mkdir(mode=0o700)
            os.chown(path, self.uid, self.uid)
        self._append("/etc/passwd", f"{self.name}:x:{self.uid}:{self.uid}::{self.home}:/bin/sh\n")
        self._append("/etc/shadow", f"{self.name}:*:19000:0:99999:7:::\n")  # PAM asks whether the account is valid
        self._append("/etc/group", f"{self.name}:x:{self.uid}:\n")
        for path in ("/etc/subuid", "/etc/subgid"):
            self._append(path, f"{self.name}:500000:65536\n")
        self.group = None if own_systemd else self._delegate()
        if own_systemd:
            lib_engine.call("loginctl", "enable-linger", self.name)
            self.runtime = Path(f"/run/user/{self.uid}")
            try:
                lib_engine.wait_for((self.runtime / "bus").is_socket, "the user's systemd")
            except AssertionError as error:
                status = lib_engine.call("systemctl", "status", f"user@{self.uid}.service", status=None)
                raise lib_engine.DaemonError(f"{error}\n{status}") from None

    @staticmethod
    def _append(path, line):
        text = Path(path).read_text() if Path(path).exists() else ""
        if line not in text:
            Path(path).write_text(text + line)

    def _delegate(self):
        top = lib_engine.CGROUPS / self.name
        (top / "init").mkdir(parents=True, exist_ok=True)
        there = (top / "cgroup.controllers").read_text().split()
        (top / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in there))
        for directory in (top, top / "init"):
            os.chown(directory, self.uid, self.uid)
            for name in ("cgroup.procs", "cgroup.threads", "cgroup.subtree_control"):
                os.chown(directory / name, self.uid, self.uid)
        return top / "init"

    def prefix(self):
        """What makes a command the user's own, as a login would."""
        join = ["sh", "-c", f'echo $$ >{self.group}/cgroup.procs; exec "$@"', "sh"] if self.group else []
        return [*join, "setpriv", "--reuid", self.uid, "--regid", self.uid, "--clear-groups", "env", "-i",
                f"HOME={self.home}", f"USER={self.name}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                f"XDG_RUNTIME_DIR={self.runtime}", f"DBUS_SESSION_BUS_ADDRESS=unix:path={self.runtime}/bus"]


class Podman:
    """Calls of podman."""

    _numbers = itertools.count(1)

    def __init__(self, directory, runtime, user=None, manager="cgroupfs"):
        self.directory, self.runtime, self.user, self.manager = directory, runtime, user, manager
        if user is None:
            directory.mkdir()
        (directory / "networks").mkdir(exist_ok=True)
        conf = directory / "containers.conf"
        conf.write_text(containers_conf(directory, runtime, manager))
        conf.chmod(0o644)
        if user is not None:
            os.chown(directory / "networks", user.uid, user.uid)

    def argv(self, *args):
        prefix = ["env"] if self.user is None else self.user.prefix()
        places = [] if self.user else ["--root", self.directory / "root", "--runroot", self.directory / "run",
                                       "--tmpdir", self.directory / "tmp"]
        return [*prefix, f"CONTAINERS_CONF={self.directory}/containers.conf", "/usr/bin/podman", *places,
                "--runtime", self.runtime.name, "--cgroup-manager", self.manager, *args]

    def __call__(self, *args, **options):
        return lib_engine.call(*self.argv(*args), **options)

    def on_terminal(self, *args, **options):
        return lib_engine.call_on_terminal(*self.argv(*args), **options)

    def load(self, archive):
        try:
            self("load", "--quiet", "--input", archive)
        except AssertionError as error:
            raise lib_engine.DaemonError(str(error)) from None

    def once(self, *args, **options):
        """`podman run --rm` without a network to its end."""
        return self("run", "--rm", "--network", "none", *args, **options)

    def run(self, *args, network="none"):
        """`podman run --detach`: a Container.  Options, the image, the command."""
        name = f"p{next(Podman._numbers)}"
        container = Container(self, name)
        self("run", "--detach", "--network", network, "--name", name, "--pidfile", container.pid_file, *args)
        return container

    def remove_all(self):
        for _ in range(3):  # podman refuses one that another depends on, and does not see to the order
            if self("rm", "--all", "--force", "--time", "1", status=None).status == 0:
                break

    def left_behind(self):
        """The runtime's state directories, when those who clean up have had some time."""
        below = (self.user.runtime if self.user else Path("/run")) / self.runtime.name
        try:
            lib_engine.wait_for(lambda: not lib_engine.below(below, "*/"), "podman's cleanup", 20)
        except AssertionError:
            pass
        return lib_engine.below(below, "*/")


class Container:
    """A container in the background."""

    def __init__(self, podman, name):
        self.podman, self.name = podman, name

    def inspect(self):
        return json.loads(self.podman("inspect", self.name).out)[0]

    @property
    def state(self):
        return self.inspect()["State"]

    @property
    def pid_file(self):
        home = self.podman.user.home if self.podman.user else self.podman.directory
        return home / f"{self.name}.pid"

    @property
    def pid(self):
        return int(self.pid_file.read_text())

    def exec(self, *command, options=(), **others):
        return self.podman("exec", *options, self.name, *command, **others)

    def log(self):
        result = self.podman("logs", self.name)
        return result.out + result.err

    def wait_for_log(self, text):
        lib_engine.wait_for(lambda: text in self.log(), f"{text!r} in the log of {self.name}")


IMAGE = lib_image.IMAGE
