# SPDX-License-Identifier: LGPL-2.1-or-later
"""podman as a driver of tests/threats: run, create and exec of a root file system, with crun below it.

A test says what it wants of an OCI runtime with a change of config.json. What podman's command line can say of that,
it gets as options (`Options`); a test that asks for more is skipped, and the reason says for what.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import lib_drivers
import lib_oci

# Locks of our own: those that it shares by default are one file for all of its users.
CONF = '[engine]\nlock_type = "file"\nevents_logger = "none"\n[network]\nnetwork_backend = "cni"\n'
# Root without CAP_SYS_RESOURCE may not raise its limits, which is podman's default.
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"]


def not_offered(what):
    pytest.skip(f"podman has no option for {what}")


class Options:
    """The changes that a test makes of a config.json, as options of podman."""

    def __init__(self, start, place):
        self.start, self.place, self.words = start, place, []
        self.privileges = False
        if start.config:
            plain = lib_drivers.copy.copy(start)
            plain.config = None
            self.old, self.new = lib_drivers.make_config(plain), lib_drivers.make_config(start)
            self.compare()

    def compare(self):
        for key, known in (("process", self.process), ("linux", self.linux), ("", self.top)):
            old, new = (self.old[key], self.new[key]) if key else (self.old, self.new)
            for name in sorted(set(old) | set(new)):
                if old.get(name) != new.get(name) and name not in ("process", "linux"):
                    known(name, new.get(name))

    def process(self, name, value):
        if name == "user":
            self.words += ["--user", f"{value['uid']}:{value['gid']}" if "gid" in value else str(value["uid"])]
            for group in value.get("additionalGids", ()):
                self.words += ["--group-add", str(group)]
        elif name == "capabilities" and not any(value.values()):
            self.words += ["--cap-drop", "all"]
        elif name == "noNewPrivileges":
            self.privileges = not value
        else:
            not_offered(f"process.{name}")

    def linux(self, name, value):
        if name == "sysctl":
            for key, text in value.items():
                self.words += ["--sysctl", f"{key}={text}"]
        elif name == "seccomp":
            path = self.place / "seccomp.json"
            path.write_text(json.dumps(value))
            self.words += ["--security-opt", f"seccomp={path}"]
        elif name == "maskedPaths":
            self.words += ["--security-opt", "mask=" + ":".join(value)]
        elif name in ("uidMappings", "gidMappings"):
            for one in value:
                self.words += [f"--{name[:3]}map", f"{one['containerID']}:{one['hostID']}:{one['size']}"]
        elif name == "namespaces":
            if not any(one["type"] == "cgroup" for one in value):
                self.words += ["--cgroupns", "host"]
        elif not (name == "readonlyPaths" and not value):
            not_offered(f"linux.{name}")

    def top(self, name, value):
        if name == "hostname":
            self.words += ["--hostname", value]
        elif name == "annotations":
            for key, text in value.items():
                self.words += ["--annotation", f"{key}={text}"]
        elif name == "hooks":
            directory = self.place / "hooks"
            directory.mkdir(exist_ok=True)
            for stage, hooks in value.items():
                for number, hook in enumerate(hooks):
                    (directory / f"{stage}{number}.json").write_text(json.dumps(
                        {"version": "1.0.0", "hook": hook, "when": {"always": True}, "stages": [stage]}))
        elif name == "mounts":
            self.mounts(value)
        else:
            not_offered(name)

    def mounts(self, new):
        gone = [one["destination"] for one in self.old["mounts"] if one not in new]
        if gone:
            not_offered(f"a container without {gone[-1]}")
        for one in new:
            if one in self.old["mounts"] or one["type"] == "cgroup":  # which it has, read-only
                continue
            if one["type"] != "tmpfs":
                not_offered(f"a mount of type {one['type']}")
            self.words += ["--tmpfs", f"{one['destination']}:{','.join(one.get('options', ()))}"]


class Container:
    """A container that runs, as HeldContainer asks for it."""

    def __init__(self, podman, name):
        self.podman, self.id = podman, name
        found = podman.call("inspect", "--format", "{{.State.Pid}}", name)
        self.pid = int(found.stdout)

    def exec(self, *words, flags=(), **launch):
        flags = ["--workdir" if flag == "--cwd" else flag for flag in flags]
        if "--pid-file" in flags:
            not_offered("exec's pid")
        done = self.podman.call("exec", *flags, self.id, *words, **launch)
        return lib_oci.Result(["exec", *words], done.returncode, done.stdout, done.stderr)

    def kill(self, name, check=True):
        done = self.podman.call("kill", "--signal", name, self.id)
        assert not check or done.returncode == 0, done

    def alive(self):
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False

    def delete(self, *_, **__):
        self.podman.remove(self.id)


class Run:
    """`podman run`, in the foreground."""

    name = "oci-run"

    def __init__(self, oci):
        self.oci, self.place = oci, oci.place / "podman"
        self.program = Path(shutil.which("crun"))
        self.number = 0
        self.place.mkdir(exist_ok=True)
        (self.place / "containers.conf").write_text(CONF)
        self.held = []
        oci.call = lib_drivers.no_runtime
        oci.end_all = self.end_all(oci.end_all)

    def end_all(self, of_oci):
        """The end of a test: what it still holds is removed first."""
        def end():
            for name in self.held:
                self.remove(name)
            of_oci()
        return end

    def call(self, *words, env=None, **launch):
        place = self.place
        command = ["podman", "--root", place / "root", "--runroot", place / "run", "--tmpdir", place / "tmp",
                   "--runtime", self.program, "--cgroup-manager", "cgroupfs", "--storage-driver", "vfs",
                   "--log-level", "error"]
        if (place / "hooks").exists():
            command += ["--hooks-dir", place / "hooks"]
        env = {**(env or os.environ), "CONTAINERS_CONF": str(place / "containers.conf")}
        return subprocess.run([*command, *words], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
                              errors="replace", timeout=3 * lib_oci.TIMEOUT_S, check=False, env=env, **launch)

    def options(self, start, name):
        words = ["--name", name, "--network", "none", "--cgroups", "disabled", *LIMITS]
        for entry in start.mounts:
            write = "rw" if entry.write else "ro"
            words += ["--tmpfs", f"{entry.target}:size=1m,nosuid,nodev"] if entry.source is None else \
                ["--volume", f"{entry.source}:{entry.target}:{write},nosuid,nodev"]
        if start.cwd is not None:
            words += ["--workdir", start.cwd]
        if start.user is not None:
            words += ["--user", f"{start.user[0]}:{start.user[1]}", "--cap-drop", "all"]
        for key, value in (start.env or {}).items():
            words += ["--env", f"{key}={value}"]
        asked = Options(start, self.place)
        words += asked.words + ([] if asked.privileges else ["--security-opt", "no-new-privileges"])
        if sum(map(len, map(str, words))) > 1 << 20:
            not_offered("more than a command line can hold")
        return words + ["--rootfs", start.root]

    def new_name(self):
        self.number += 1
        return f"{self.oci.new_id()}-{self.number}"

    def remove(self, name):
        """Whatever is left of it; nothing is known about it then."""
        self.call("rm", "--force", "--time", "0", "--ignore", name)
        assert self.call("container", "exists", name).returncode == 1, f"{name} is left"

    def outcome(self, done):
        return lib_drivers.Outcome(self.name, done.returncode, done.stdout, done.stderr)

    def run(self, start):
        name = self.new_name()
        try:
            return self.outcome(self.call("run", *self.options(start, name), *start.words, **start.launch))
        finally:
            self.remove(name)

    def hold(self, start):
        name = self.new_name()
        done = self.call("run", "--detach", *self.options(start, name), "/bin/helper", "hold", **start.launch)
        if done.returncode != 0:
            self.remove(name)
            return self.outcome(done)
        self.held.append(name)
        return lib_drivers.HeldContainer(Container(self, name))

    def assert_gone(self, container, status):
        assert self.call("container", "exists", container.id).returncode == 1, f"status {status}, and it is left"


class Create(Run):
    """`podman create`, then `start`."""

    name = "oci-create"

    def run(self, start):
        name = self.new_name()
        try:
            made = self.call("create", *self.options(start, name), *start.words, **start.launch)
            if made.returncode != 0:
                return self.outcome(made)
            return self.outcome(self.call("start", "--attach", name, **start.launch))
        finally:
            self.remove(name)


class Exec(Run):
    """`podman exec` into a container with the same options."""

    name = "oci-exec"

    def run(self, start):
        flags = ["--workdir", start.cwd] if start.cwd is not None else []
        bare = lib_drivers.copy.copy(start)
        bare.cwd = None
        held = self.hold(bare)
        if isinstance(held, lib_drivers.Outcome):
            return held
        try:
            return held.enter(start.words, flags, **start.launch)
        finally:
            held.end()


DRIVERS = {driver.name: driver for driver in (Run, Create, Exec)}
