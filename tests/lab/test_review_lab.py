# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile input for kapsel-lab: what a workload writes, what stands in /tmp, an end at any time."""

import fcntl
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

import lib_host

pytestmark = pytest.mark.root

SHELL = {"exec": {"allow": ["*"]}, "syscalls": {"allow": ["@base", "@process"]}}
CONTROL = {chr(code) for code in [*range(32), *range(127, 160)]} - {"\t", "\n"}


@pytest.fixture
def said(kapsel):
    """What `kapsel why` makes of a workload that writes these bytes and fails."""
    def ask(text, status=1):
        command = ["/bin/sh", "-c", f'printf "%b" "$TEXT"; exit {status}']
        profile = kapsel.profile(command, env={"TEXT": text}, **SHELL)
        assert kapsel.start_profile(profile).finish().status == status
        shown = kapsel.call("why", profile["name"])
        answer = kapsel.call("why", "--json", profile["name"])
        assert shown.status == answer.status == 0, (shown, answer)
        assert not (set(shown.stdout) | set(answer.stdout)) & CONTROL, shown
        return json.loads(answer.stdout)["causes"]
    return ask


@pytest.mark.parametrize("text, key", [
    ("""touch: '/a": {"type": "tmpfs"} }, "capabilities": ["SYS_ADMIN"], "mounts": { "q/x': """
     "Read-only file system", "mounts"),
    ("""open '/dev/a": "rw"}, "network": "host", "devices": {"b': No such file or directory""", "devices"),
    ("""cat: '/a": 1}, "capabilities": ["SYS_PTRACE"], "x": {"b': No such file or directory""", "mounts"),
    (r"""rm: '/x\\033]0;own\\007/y': Read-only file system""", "mounts"),
    (r"""rm: '/a\\\\/b': Read-only file system""", "mounts"),
])
def test_a_path_that_the_workload_names_adds_no_key_to_the_line(said, text, key):
    """The reader copies the line into a profile: it may open one path, as it says."""
    line = said(text + r"\n")[0]["line"]
    members = json.loads("{" + line + "}")
    assert list(members) == [key] and len(members[key]) == 1, line


def test_a_signal_that_anybody_could_send_is_no_certain_filter(said, kapsel):
    profile = kapsel.profile(["/bin/sh", "-c", "kill -SYS $$; sleep 5"], **SHELL)
    assert kapsel.start_profile(profile).finish().status == 128 + signal.SIGSYS
    cause = json.loads(kapsel.call("why", "--json", profile["name"]).stdout)["causes"][0]
    assert cause["cause"] == "seccomp-kill" and cause["certainty"] == "likely", cause


# --- standard output


@pytest.mark.parametrize("arguments", [
    ["lab", "list"], ["lab", "probes", "--json"], ["audit", "--rootfs", "/usr/share"]])
def test_a_full_disk_is_no_success(kapsel, arguments):
    """A script that takes status 0 for a whole score or table would go on with half of it."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run([kapsel.binary, *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                timeout=60, check=False)
    assert result.returncode == 1 and "write to standard output: ENOSPC" in result.stderr, result


# --- lab probe


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where temporary files go, for this test alone."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    return directory


def probe_containers():
    return [path for path in Path("/run/kapsel").glob("probe-*")]


def test_a_killed_probe_takes_its_container_with_it_and_the_next_one_its_file(kapsel, place):
    path = kapsel.write(kapsel.profile(["/bin/true"], syscalls={"allow": ["@base", "@process"]}))
    before = set(probe_containers())
    running = kapsel.launch("lab", "probe", path, "cpu-burn")
    lib_host.wait_for(lambda: set(probe_containers()) - before, what="the container of the probe")
    name = f"probe-{running.process.pid}"
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(timeout=10)
    lib_host.wait_for(lambda: not (Path("/run/kapsel") / name).exists(), what="the end of its container")
    assert list(place.glob("kapsel-probe-*")), "a killed one can not clean up"
    result = kapsel.call("lab", "probe", path, "mount-tmpfs", timeout_s=60)
    assert result.status == 0 and not list(place.iterdir()), result


def test_a_probe_removes_nothing_that_is_in_use_or_not_its_own(kapsel, place, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "probe.kapsel.jsonc").write_text("kept")
    (place / "kapsel-probe-linked").symlink_to(other)
    foreign = place / "kapsel-probe-nobody"
    foreign.mkdir()
    os.chown(foreign, 65534, 65534)
    held = place / "kapsel-probe-locked"
    held.mkdir()
    path = kapsel.write(kapsel.profile(["/bin/true"]))
    lock = os.open(held, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    result = kapsel.call("lab", "probe", path, "mount-tmpfs", timeout_s=60)
    os.close(lock)
    assert result.status == 0, result
    assert (other / "probe.kapsel.jsonc").exists() and foreign.is_dir() and held.is_dir()


# --- the lab's own directory


def test_a_lab_sweeps_what_a_killed_one_left_and_nothing_that_is_in_use(kapsel):
    left, held = Path(f"/tmp/kapsel-lab.left{os.getpid()}"), Path(f"/tmp/kapsel-lab.held{os.getpid()}")
    left.mkdir()
    held.mkdir()
    lock = os.open(held, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        result = kapsel.call("lab", "run", "read-only-root", timeout_s=60)
        assert result.status == 0 and not left.exists() and held.is_dir(), result
    finally:
        os.close(lock)
        held.rmdir()


def test_an_exercise_on_a_full_disk_is_no_pass(kapsel):
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run([kapsel.binary, "lab", "run", "--json", "read-only-root"], stdout=full,
                                stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert result.returncode == 125 and "write to standard output" in result.stderr, result


# --- import, export, learn, audit


def lost_of(kapsel, kind, path):
    result = kapsel.call("import", kind, "--json", "--rootfs", kapsel.rootfs, path)
    return "\n".join(json.loads(result.stdout)["lost"])


def test_what_a_unit_hides_or_says_in_drop_ins_is_not_lost_silently(kapsel, tmp_path):
    unit = tmp_path / "u.service"
    unit.write_text("[Service]\nExecStart=/bin/true\nInaccessiblePaths=/etc/secret\n")
    assert "InaccessiblePaths" in lost_of(kapsel, "systemd", unit) and "drop-ins" not in lost_of(kapsel, "systemd", unit)
    (tmp_path / "u.service.d").mkdir()
    assert "drop-ins" in lost_of(kapsel, "systemd", unit)


def bundle(directory, **linux):
    config = {"ociVersion": "1.0.2", "root": {"path": "rootfs"},
              "process": {"args": ["/bin/true"], "cwd": "/", "user": {"uid": 1, "gid": 1}},
              "mounts": [{"destination": "/data", "type": "bind", "source": "/srv", "options": ["bind", "rw"]}],
              "linux": linux}
    (directory / "rootfs").mkdir()
    (directory / "config.json").write_text(json.dumps(config))
    return directory


def test_paths_that_a_bundle_closes_and_kapsel_does_not_are_named(kapsel, tmp_path):
    path = bundle(tmp_path, maskedPaths=["/proc/kcore", "/proc/meminfo"], readonlyPaths=["/proc/sys", "/data/keep"])
    lost = lost_of(kapsel, "oci", path)
    assert "/proc/meminfo" in lost and "/data/keep" in lost, lost
    assert "/proc/kcore" not in lost and "/proc/sys" not in lost, lost


def test_a_bundle_that_is_a_fifo_holds_nobody_up(kapsel, tmp_path):
    os.mkfifo(tmp_path / "config.json")
    for path in (tmp_path, tmp_path / "config.json"):
        result = kapsel.call("import", "oci", path, timeout_s=20)
        assert result.status == 1 and "not a regular file" in result.stderr, result


@pytest.mark.parametrize("verb", ["export", "import", "learn"])
@pytest.mark.parametrize("kind", ["fifo", "link", "device"])
def test_an_output_that_is_no_file_is_refused_and_stays(kapsel, tmp_path, verb, kind):
    """Replaced by its name, /dev/null or /dev/stdout would be gone."""
    place = tmp_path / "output"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "link":
        place.symlink_to("/proc/self/fd/1")
    else:
        os.mknod(place, 0o020666, os.makedev(1, 3))
    before = os.lstat(place)
    profile = kapsel.write(kapsel.profile(["/bin/true"]))
    arguments = {"export": ["oci", "--output", place, profile],
                 "import": ["docker-run", "--rootfs", kapsel.rootfs, "--output", place, "--", "docker", "run", "x", "true"],
                 "learn": ["--no-limits", "--output", place, profile]}[verb]
    result = kapsel.call(verb, *arguments, timeout_s=60)
    assert result.status != 0 and "no regular file" in result.stderr, result
    after = os.lstat(place)
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert [path.name for path in tmp_path.glob("output*")] == ["output"]


def test_a_link_to_itself_leads_to_the_hosts_file(kapsel, tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/shadow").symlink_to("/etc/shadow")
    rows = json.loads(kapsel.call("audit", "--json", "--rootfs", tmp_path).stdout)["checks"]
    assert "/etc/shadow" in [entry["path"] for row in rows for entry in row["paths"]], rows
