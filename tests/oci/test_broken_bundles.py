# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bundles that are wrong: one line that names the place and the reason, status 1, one log line, nothing left."""

import datetime
import itertools
import json
import os
import random
import re
import socket
import subprocess

import pytest

from conftest import TIMEOUT_S
from lib_left import Left

pytestmark = [pytest.mark.kapsel]
LEVELS = {"panic", "fatal", "error", "warning", "info", "debug", "trace"}  # logrus's, which engines use
# RFC 3339 as Go's time.RFC3339 takes it; containerd gives up on a line with any other.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@pytest.fixture
def left(runtime, tmp_path):
    watch = Left(runtime, tmp_path)
    yield watch
    if runtime.root.is_dir():
        for entry in runtime.root.iterdir():
            runtime.call("delete", "--force", entry.name)
    watch.close()


@pytest.fixture
def broken(runtime, bundle, left):
    return Broken(runtime, bundle, left)


class Broken:
    """A bundle in which one thing is wrong."""

    def __init__(self, runtime, bundle, left):
        self.runtime, self.bundle, self.left = runtime, bundle, left
        self.config = left.mark(bundle.config, "broken")
        self.file = bundle.path / "config.json"
        self.number = 0

    def change(self, change):
        """Apply `change(config)` and write the bundle."""
        change(self.config)
        self.bundle.write()

    def as_containerd(self, log):
        """The message, as containerd finds it: of the last line of level error."""
        message = None
        for line in log.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            assert entry["level"] in LEVELS, line
            assert TIME.fullmatch(entry["time"]), line
            datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00"))
            if entry["level"] == "error":
                message = entry["msg"]
        assert message, f"no line of level error in {log.read_text()!r}"
        return message

    def as_podman(self, log):
        """The message, as podman finds it: the whole file is one object."""
        entry = json.loads(log.read_text(encoding="utf-8"))
        assert entry["level"] == "error"
        return entry["msg"]

    def refused(self, *words, bundle=None, verb="create", flags=()):
        """create says no, completely; the line holds each word. Return: the line."""
        self.number += 1
        log = self.runtime.log.with_name(f"log-{self.number}.json")
        words_of_call = ["--log", log, "--log-format", "json", verb]
        done = self.runtime.call(*words_of_call, *flags, "--bundle", bundle or self.bundle.path, "broken")
        said = done.stderr.decode("utf-8")
        assert done.returncode == 1, f"status {done.returncode}: {said}"
        assert said.count("\n") == 1 and said.endswith("\n"), f"not one line: {said!r}"
        line = said[:-1]
        assert not line.startswith("warning"), line
        assert line.isprintable() and 10 < len(line) < 2000, f"{line!r}"
        for word in words:
            assert re.search(word, line), f"{word} is missing in: {line}"
        assert done.stdout == b""
        assert self.as_containerd(log) == self.as_podman(log) == line
        # Engines take these words for the container's program: 127 or 126 instead of a refused bundle.
        for trap in ("No such file or directory", "no such file or directory", "executable file not found",
                     "Operation not permitted", "operation not permitted"):
            assert trap not in line, f"an engine would misunderstand: {line}"
        self.left.assert_nothing()
        return line


def at(path, value):
    """A change: set a dotted path; `...` as the value removes it."""
    def change(config):
        place = config
        *above, last = path.split(".")
        for name in above:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        if value is ...:
            place.pop(last, None)
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    return change


def add(path, *values):
    """A change: append to a list."""
    def change(config):
        place = config
        *above, last = path.split(".")
        for name in above:
            place = place.setdefault(name, {})
        place.setdefault(last, []).extend(values)
    return change


def test_the_bundle_is_right_where_nothing_is_broken(broken, runtime, left):
    """Without this, every refusal below might have another reason."""
    broken.bundle.write()
    runtime.ok("create", "--bundle", broken.bundle.path, "broken")
    runtime.ok("delete", "--force", "broken")
    left.assert_nothing(10)


# --- the text ---------------------------------------------------------------------


def test_json_that_ends_anywhere_is_refused_with_its_place(broken):
    text = json.dumps(broken.config, indent=1)
    # Every offset of a small text would take a minute; these reach every kind of token.
    offsets = sorted(set(range(0, len(text) - 1, max(1, len(text) // 37))) | {0, 1, 2, len(text) - 2})
    for offset in offsets:
        broken.file.write_text(text[:offset])
        line = broken.refused(r"config\.json")
        if offset > 2:
            assert re.search(r"config\.json:\d+:\d+", line), f"cut at {offset}: no place in: {line}"


@pytest.mark.parametrize("text, words", [
    ("[]", r"config\.json"), ("null", r"config\.json"), ('"config"', r"config\.json"), ("7", r"config\.json"),
    ("{} {}", r"config\.json:1:\d"), ("{'a': 1}", r"config\.json:1:\d"), ('{"a": 1,}', r"config\.json:1:\d"),
    ('{"ociVersion": "1.0.2" "process": {}}', r"config\.json:1:\d"), ('{"a": nul}', r"config\.json:1:\d"),
    ('{"ociVersion": "1.0.2", "a": "\x01"}', r"config\.json:1:\d"), ('{"a": 01}', r"config\.json:1:\d"),
    ('{"a": "\\x"}', r"config\.json:1:\d"), ("\0" * 64, r"config\.json"), ("[" * 100000, r"config\.json"),
    ('{"a":' * 50000, r"config\.json"),
], ids=itertools.count())
def test_text_that_is_no_json_object_is_refused(broken, text, words):
    broken.file.write_text(text)
    broken.refused(words)


@pytest.mark.parametrize("text", [
    b"\xff\xfe{}", b'{"ociVersion": "1.0.\xff"}', b'{"\xc3\x28": 1}', random.Random(4711).randbytes(4096),
], ids=["byte order", "value", "key", "noise"])
def test_bytes_that_are_no_utf8_are_refused(broken, text):
    broken.file.write_bytes(text)
    broken.refused(r"config\.json")


def test_of_a_key_that_stands_twice_the_last_counts(broken, runtime, left):
    """As in the readers of all engines: two that differ in which one counts could be played off against each other."""
    right, wrong = '"ociVersion": "1.0.2"', '"ociVersion": "9.0"'
    text = json.dumps(broken.config)
    broken.file.write_text(text.replace(right, f"{right}, {wrong}"))
    broken.refused(r"config\.json:1:\d+", "ociVersion")
    broken.file.write_text(text.replace(right, f"{wrong}, {right}"))
    runtime.ok("create", "--bundle", broken.bundle.path, "broken")
    runtime.ok("delete", "--force", "broken")
    left.assert_nothing(10)


# --- the file ---------------------------------------------------------------------


def test_a_missing_config_is_refused(broken):
    broken.refused(r"config\.json", "ENOENT")


def test_a_directory_as_config_is_refused(broken):
    broken.file.mkdir()
    broken.refused(r"config\.json", "EISDIR|directory")


def test_a_config_of_5_mib_is_refused(broken):
    broken.config["annotations"] = {"large": "x" * (5 << 20)}
    broken.bundle.write()
    broken.refused(r"config\.json", "EFBIG|more than")


def test_a_fifo_as_config_is_refused_and_nobody_waits_for_its_writer(broken):
    os.mkfifo(broken.file)
    broken.refused(r"config\.json")


def test_a_socket_as_config_is_refused(broken):
    place = socket.socket(socket.AF_UNIX)
    where = os.open(broken.bundle.path, os.O_RDONLY | os.O_DIRECTORY)
    place.bind(f"/proc/self/fd/{where}/config.json")
    os.close(where)
    broken.refused(r"config\.json")
    place.close()


def test_a_device_as_config_is_refused(broken):
    broken.file.symlink_to("/dev/zero")
    broken.refused(r"config\.json")


def test_a_symlink_in_a_circle_is_refused(broken):
    broken.file.symlink_to("config.json")
    broken.refused(r"config\.json", "ELOOP")


def test_an_empty_config_is_refused(broken):
    broken.file.touch()
    broken.refused(r"config\.json")


@pytest.mark.parametrize("name, words", [("missing", "ENOENT"), ("file", "ENOTDIR")])
def test_a_bundle_that_is_no_directory_is_refused(broken, name, words):
    (broken.bundle.path / "file").touch()
    broken.refused(words, name, bundle=broken.bundle.path / name)


# --- types ------------------------------------------------------------------------


WRONG = {"object": {}, "list": [], "text": "text", "number": 7, "negative": -1, "fraction": 1.5, "huge": 1 << 80,
         "true": True}
PLACES = {
    "ociVersion": "text", "process": "object", "process.user": "object", "process.user.uid": "number",
    "process.user.additionalGids": "list", "process.args": "list", "process.args.0": "text", "process.env": "list",
    "process.env.0": "text", "process.cwd": "text", "process.terminal": "true", "process.noNewPrivileges": "true",
    "process.capabilities": "object", "process.capabilities.bounding": "list", "process.oomScoreAdj": "number negative",
    "root": "object", "root.path": "text", "root.readonly": "true", "hostname": "text", "mounts": "list",
    "mounts.0": "object", "mounts.0.destination": "text", "mounts.0.options": "list", "hooks": "object",
    "hooks.prestart": "list", "annotations": "object", "linux": "object", "linux.namespaces": "list",
    "linux.namespaces.0": "object", "linux.namespaces.0.type": "text", "linux.devices": "list",
    "linux.resources": "object", "linux.resources.devices": "list", "linux.resources.memory": "object",
    "linux.resources.memory.limit": "number negative", "linux.resources.pids": "object", "linux.seccomp": "object",
    "linux.cgroupsPath": "text", "linux.maskedPaths": "list", "linux.readonlyPaths": "list", "linux.sysctl": "object",
    "linux.uidMappings": "list", "linux.rootfsPropagation": "text",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_value_of_a_wrong_type_is_refused_with_its_place(broken, place):
    original = json.dumps(broken.config)
    name = re.sub(r"\.(\d+)", r"[\1]", place)
    for kind, value in WRONG.items():
        if kind in PLACES[place].split():
            continue
        broken.bundle.config = broken.config = json.loads(original)
        # A text or a list may be wrong by what it holds; here it is of a wrong type in every case.
        broken.change(at(place, value))
        broken.refused(r"config\.json:\d+:\d+", re.escape(name))


# --- values -----------------------------------------------------------------------


HOOK = {"path": "/bin/true"}
MAP = {"containerID": 0, "hostID": 100000, "size": 65536}
VALUES = {
    "no version": (at("ociVersion", ...), "ociVersion"),
    "version of another age": (at("ociVersion", "2.0.0"), "ociVersion.*2\\.0\\.0"),
    "version that is none": (at("ociVersion", "one"), "ociVersion.*one"),
    "no process": (at("process", ...), "process"),
    "no arguments": (at("process.args", ...), "process.*args"),
    "empty arguments": (at("process.args", []), "process\\.args"),
    "no cwd": (at("process.cwd", ...), "process.*cwd"),
    "relative cwd": (at("process.cwd", "tmp"), "process\\.cwd.*(tmp|absolute)"),
    "empty cwd": (at("process.cwd", ""), "process\\.cwd"),
    "unknown rlimit": (at("process.rlimits", [{"type": "RLIMIT_X", "soft": 1, "hard": 1}]), "rlimits.*RLIMIT_X"),
    "rlimit twice": (at("process.rlimits", 2 * [{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}]), "RLIMIT_CORE"),
    "rlimit soft over hard": (at("process.rlimits", [{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}]), "rlimits"),
    "user id too large": (at("process.user.uid", 1 << 32), "process\\.user\\.uid"),
    "oom score out of range": (at("process.oomScoreAdj", 1001), "oomScoreAdj"),
    "no root": (at("root", ...), "root"),
    "missing rootfs": (at("root.path", "missing"), "root.*missing|missing.*ENOENT"),
    "empty rootfs": (at("root.path", ""), "root"),
    "rootfs a file": (at("root.path", "/etc/passwd"), "/etc/passwd.*ENOTDIR|directory"),
    "unknown namespace": (add("linux.namespaces", {"type": "nett"}), "namespaces\\[5\\].*nett"),
    "namespace twice": (add("linux.namespaces", {"type": "pid"}), "namespaces\\[5\\].*pid|pid.*twice"),
    "namespace file missing": (at("linux.namespaces.0.path", "/missing/ns"), "/missing/ns.*ENOENT|ENOENT"),
    "namespace file is none": (at("linux.namespaces.0.path", "/etc/passwd"), "/etc/passwd"),
    "namespace path relative": (at("linux.namespaces.0.path", "proc/1/ns/pid"), "path|absolute"),
    "namespace of another type": (at("linux.namespaces.0.path", "/proc/self/ns/uts"), "/proc/self/ns/uts"),
    "mount without destination": (add("mounts", {"type": "tmpfs", "source": "tmpfs"}), "mounts\\[1\\].*destination"),
    "unknown file system": (add("mounts", {"destination": "/tmp", "type": "whatfs", "source": "x"}), "whatfs|/tmp"),
    "mount source missing": (add("mounts", {"destination": "/tmp", "type": "bind", "source": "/missing",
                                            "options": ["bind"]}), "/missing.*ENOENT"),
    "uid maps overlap": (lambda c: (add("linux.namespaces", {"type": "user"})(c), add("linux.uidMappings", MAP, MAP)(c),
                                    add("linux.gidMappings", MAP)(c)), "uidMappings"),
    "maps of size 0": (lambda c: (add("linux.namespaces", {"type": "user"})(c),
                                  add("linux.uidMappings", {**MAP, "size": 0})(c),
                                  add("linux.gidMappings", MAP)(c)), "uidMappings"),
    "maps without a namespace": (add("linux.uidMappings", MAP), "uidMappings|user namespace"),
    "hook relative": (at("hooks.prestart", [{"path": "true"}]), "prestart\\[0\\].*path|absolute"),
    "hook without path": (at("hooks.prestart", [{"args": ["true"]}]), "prestart\\[0\\].*path"),
    "hook missing": (at("hooks.prestart", [{"path": "/missing/hook"}]), "prestart.*/missing/hook|/missing/hook"),
    "hook fails": (at("hooks.createRuntime", [{"path": "/bin/false"}]), "createRuntime|/bin/false"),
    "hook in the container missing": (at("hooks.createContainer", [{"path": "/missing/hook"}]), "/missing/hook"),
    "hook timeout 0": (at("hooks.prestart", [{**HOOK, "timeout": 0}]), "timeout"),
    "unknown seccomp action": (at("linux.seccomp", {"defaultAction": "SCMP_ACT_X"}), "defaultAction.*SCMP_ACT_X"),
    "no seccomp action": (at("linux.seccomp", {"architectures": []}), "seccomp.*defaultAction"),
    "unknown seccomp architecture": (at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW",
                                                          "architectures": ["SCMP_ARCH_X"]}), "SCMP_ARCH_X"),
    "unknown seccomp operator": (at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
        "names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_X"}]}]}),
                                 "SCMP_CMP_X"),
    "seccomp argument 6": (at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
        "names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]}),
                           "index"),
    "unknown seccomp flag": (at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "flags": ["FLAG_X"]}), "FLAG_X"),
    "notify without a listener": (at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
        "names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}), "listenerPath|NOTIFY"),
    "unknown device type": (at("linux.devices", [{"path": "/dev/x", "type": "x", "major": 1, "minor": 3}]), "type.*x"),
    "device without path": (at("linux.devices", [{"type": "c", "major": 1, "minor": 3}]), "devices\\[0\\].*path"),
    "unknown device access": (at("linux.resources.devices", [{"allow": True, "access": "rwx"}]), "access.*rwx"),
    "device and file at one place": (at("linux.devices", [{"path": "/etc/passwd", "type": "c", "major": 1, "minor": 3}]),
                                     "/etc/passwd"),
    "unknown propagation": (at("linux.rootfsPropagation", "public"), "rootfsPropagation.*public"),
    "sysctl of the host": (at("linux.sysctl", {"kernel.panic": "1"}), "kernel\\.panic"),
    "sysctl that leaves": (at("linux.sysctl", {"net./../../x": "1"}), "sysctl"),
    "masked path relative": (at("linux.maskedPaths", ["proc/kcore"]), "maskedPaths\\[0\\]"),
    "host name too long": (at("hostname", "x" * 65), "hostname"),
    "host name without a namespace": (lambda c: c["linux"].update(namespaces=[
        entry for entry in c["linux"]["namespaces"] if entry["type"] != "uts"]), "hostname|uts"),
    "cgroup path that leaves": (at("linux.cgroupsPath", "/../../x"), "cgroupsPath"),
    "personality": (at("linux.personality", {"domain": "LINUX64"}), "personality.*LINUX64|domain.*LINUX64"),
    "scheduler": (at("process.scheduler", {"policy": "SCHED_X"}), "policy.*SCHED_X"),
    "io priority": (at("process.ioPriority", {"class": "IOPRIO_X", "priority": 1}), "IOPRIO_X"),
    "text with a NUL": (at("process.args", ["true\0false"]), "config\\.json:\\d+:\\d+.*NUL"),
    "environment with a NUL": (at("process.env", ["A=\0"]), "config\\.json:\\d+:\\d+.*NUL"),
}


@pytest.mark.parametrize("what", VALUES)
def test_a_value_that_cannot_be_is_refused_by_name(broken, what):
    change, *words = VALUES[what]
    broken.change(change)
    line = broken.refused(*words)
    assert not re.search(r"\((null|nil)\)", line), line


def test_the_words_for_a_missing_program_are_kept_for_the_program(broken):
    """Engines turn them into status 127: right for an empty command, wrong for all the rest of this file."""
    broken.change(at("process.args", [""]))
    done = broken.runtime.call("create", "--bundle", broken.bundle.path, "broken")
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1, done.stderr
    assert re.search(rb'exec: "".*(no such file or directory|executable file not found in \$PATH)', done.stderr)
    broken.left.assert_nothing()


@pytest.mark.parametrize("verb", ["create", "run"])
def test_run_refuses_as_create_does(broken, verb):
    broken.change(at("process.cwd", "tmp"))
    broken.refused(r"config\.json:\d+:\d+", "process\\.cwd", verb=verb)


def test_a_config_that_vanished_does_not_hinder_the_end(broken, runtime, left):
    """delete reads what create has kept, never the bundle again."""
    broken.bundle.write()
    runtime.ok("create", "--bundle", broken.bundle.path, "broken")
    broken.file.unlink()
    runtime.ok("delete", "--force", "broken")
    left.assert_nothing(10)


def test_state_that_somebody_spoiled_can_be_deleted_by_force(broken, runtime, left):
    broken.bundle.write()
    for spoiled in (b"", b"{", b"[]", b'{"version":1}', b"\xff" * 100):
        runtime.ok("create", "--bundle", broken.bundle.path, "broken")
        (runtime.root / "broken/state.json").write_bytes(spoiled)
        done = runtime.call("state", "broken")
        assert done.returncode == 1 and done.stderr.count(b"\n") == 1, done.stderr
        runtime.ok("delete", "--force", "broken")
        left.assert_nothing(TIMEOUT_S / 3)


# --- what fails late ------------------------------------------------------------------


def test_a_run_whose_start_fails_leaves_no_pid_file(broken, runtime, left, tmp_path):
    """Callers take the file for a success."""
    pid_file = tmp_path / "pid"
    broken.bundle.hook("startContainer", "exit 3")
    broken.bundle.write()
    done = runtime.call("run", "--detach", "--pid-file", pid_file, "--bundle", broken.bundle.path, "broken")
    assert done.returncode == 1 and b"startContainer" in done.stderr, done.stderr
    assert not pid_file.exists()
    left.assert_nothing(TIMEOUT_S / 3)


def test_a_pid_file_that_cannot_be_written_is_left_as_it_was(broken, runtime, left, tmp_path):
    """It may tell of another container."""
    place = tmp_path / "pid"
    place.mkdir()
    (place / "mine").write_text("1")
    broken.bundle.write()
    said = runtime.fails("create", "--pid-file", place, "--bundle", broken.bundle.path, "broken")
    assert "pid file" in said and (place / "mine").read_text() == "1"
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".pid")] == []
    left.assert_nothing(TIMEOUT_S / 3)


def test_a_process_that_dies_while_hooks_run_is_an_error_and_leaves_nothing(broken, runtime, left):
    """The answer to it meets a closed socket."""
    broken.bundle.hook("createRuntime", "kill -9 $(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); sleep 0.2",
                       env=["PATH=/usr/bin:/bin"])
    broken.bundle.write()
    said = runtime.fails("create", "--bundle", broken.bundle.path, "broken")
    assert "answer the container's process: EPIPE" in said
    left.assert_nothing(TIMEOUT_S / 3)


def test_warnings_that_nobody_hears_do_not_end_a_create_in_the_middle(broken, runtime, left):
    broken.config["linux"]["resources"] = {"pids": {"limit": 5}}
    broken.config["mounts"].append({"destination": "/x", "type": "bind", "source": "/no/such", "options": ["bind"]})
    broken.bundle.write()
    reader, writer = os.pipe()
    os.close(reader)
    create = subprocess.Popen(runtime.command("--cgroup-manager", "disabled", "create", "--bundle",
                                              broken.bundle.path, "broken"),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer)
    os.close(writer)
    assert create.wait(timeout=TIMEOUT_S) == 1
    left.assert_nothing(TIMEOUT_S / 3)


def test_the_workload_and_hooks_have_sigpipe_as_it_should_be(broken, runtime, tmp_path):
    """Though the runtime itself ignores it."""
    broken.bundle.hook("createRuntime", f"grep SigIgn /proc/self/status > {tmp_path}/hook",
                       env=["PATH=/usr/bin:/bin"])
    broken.bundle.config["process"]["args"] = ["grep", "SigIgn", "/proc/self/status"]
    said = runtime.ok("run", "--bundle", broken.bundle.write(), "broken")
    assert int(said.split()[1], 16) == 0
    assert int((tmp_path / "hook").read_text().split()[1], 16) == 0
