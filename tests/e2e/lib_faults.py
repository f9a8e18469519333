# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a refused start must look like, root file systems to spoil, a program to run inside."""

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import lib_host

HERE = Path(__file__).parent
WORKLOAD = "/bin/workload"
# The first of a thousand host ids that are this session's, below the launcher's own pool.
HOST_ID = 1_000_000 + os.getpid() % 20_000 * 1000

# "kapsel: STEP: WHAT: ERRNO (its text)"; messages about the profile have a code instead.
LAUNCHER_LINE = re.compile(r"^kapsel: (?:(?P<step>[a-z-]+): )?(?P<what>.+): (?P<errno>E[A-Z0-9]+) \(.+\)$")
PROFILE_LINE = re.compile(r"^error\[(?P<code>E\d{3})\]: (?P<what>.+)$")
LAST_LINE = re.compile(r"^kapsel: (?P<name>\S+) ended after \d+\.\d{3} s: (?P<reason>.+)$")


def messages(stderr):
    """The messages of a call, each with its help and source lines; warnings are left out."""
    found, current = [], None
    for line in stderr.splitlines():
        if line.startswith(("warning[", "kapsel: warning:")):
            current = None
        elif line.startswith(("kapsel: ", "error[")):
            current = [line]
            found.append(current)
        elif current is not None:
            current.append(line)
        elif not re.match(r"^(  -->|\s*\d* \||   =|  =)", line):
            found.append([line])
    return ["\n".join(lines) for lines in found]


def assert_refused(result, *texts, status=125, step=None, errno=None, code=None, help_text=True):
    """One clear message, the status, no last line, no log."""
    said = messages(result.stderr)
    assert result.status == status, result
    assert len(said) == 1, f"{len(said)} messages:\n" + "\n--\n".join(said) + f"\n{result}"
    first = said[0].splitlines()[0]
    if code:
        match = PROFILE_LINE.match(first)
        assert match and match["code"] == code, result
    else:
        match = LAUNCHER_LINE.match(first)
        assert match, f"not a message of the launcher: {first!r}\n{result}"
        assert errno is None or match["errno"] == errno, result
        assert step is None or match["step"] == step, result
    for text in texts:
        assert text in said[0], f"{text!r} is missing in:\n{said[0]}"
    assert not help_text or "= help: " in said[0], f"no remedy in:\n{said[0]}"
    assert result.log == [], result
    return said[0]


def last_line(result):
    """Why it ended, as the last line of stderr says."""
    lines = result.stderr.splitlines()
    assert lines, result
    match = LAST_LINE.match(lines[-1])
    assert match, f"not a last line: {lines[-1]!r}\n{result}"
    return match["reason"]


def compile_c(source, program, *flags):
    """A static program from one source file."""
    command = ["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-static", *flags, "-o", program, source]
    subprocess.run(command, check=True, timeout=120)
    return Path(program)


def copy_root(rootfs, directory):
    """A root file system of its own, for a test that spoils it."""
    shutil.copytree(rootfs, directory, symlinks=True)
    return Path(directory)


def put(root, path, content, mode=0o755):
    """A file in a root file system."""
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_symlink():
        file.unlink()
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    file.chmod(mode)
    return file


def children(pid):
    """The live child processes of `pid`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
            state, parent = rest.split()[:2]
            if int(parent) == pid and state != "Z":
                found.append((int(entry.name), name))
    return found


class Family:
    """The processes of one running container, seen from outside."""

    def __init__(self, supervisor):
        self.supervisor = supervisor

    @property
    def janitor(self):
        return next((pid for pid, name in children(self.supervisor) if name == "kapsel-janitor"), None)

    @property
    def init(self):
        """The child that is PID 1 of another pid namespace."""
        for pid, name in children(self.supervisor):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                if name != "kapsel-janitor" and re.search(r"^NSpid:\t\d+\t1$", status, re.M):
                    return pid
        return None

    @property
    def payload(self):
        init = self.init
        return next((pid for pid, _ in children(init)), None) if init else None

    def wait(self, timeout_s=15.0):
        """Until all of them are there."""
        lib_host.wait_for(lambda: self.janitor and self.payload, timeout_s, "janitor, init and payload")
        return self


class Tree:
    """A host directory that no test may change: compare two of them."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.facts = {}
        for path in [self.directory, *sorted(self.directory.rglob("*"))]:
            status = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
            self.facts[path] = (status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns,
                                status.st_ctime_ns, content)

    def assert_untouched(self):
        assert Tree(self.directory).facts == self.facts


@pytest.fixture(scope="session")
def workload(tmp_path_factory):
    """The static program of workload.c, as a file of the host."""
    return compile_c(HERE / "workload.c", tmp_path_factory.mktemp("workload") / "workload")


@pytest.fixture(scope="session")
def tools(rootfs, workload, tmp_path_factory):
    """The busybox root file system with the workload program. Shared: none may change it."""
    root = copy_root(rootfs, tmp_path_factory.mktemp("rootfs") / "tools")
    put(root, WORKLOAD, workload.read_bytes())
    for path in ("data", "vol/a", "etc/file"):
        (root / path).mkdir(parents=True, exist_ok=True)
    (root / "etc/file").rmdir()
    put(root, "etc/file", "of the image\n", 0o644)
    return root


@pytest.fixture
def own_root(rootfs, workload, tmp_path):
    """The same, of the test's own: it may be spoiled."""
    root = copy_root(rootfs, tmp_path / "root")
    put(root, WORKLOAD, workload.read_bytes())
    return root


@pytest.fixture
def canary(tmp_path):
    """A host tree that has what an escape would look for."""
    directory = tmp_path / "canary"
    (directory / "sub").mkdir(parents=True)
    (directory / "secret").write_text("the host's\n")
    (directory / "sub" / "file").write_text("also the host's\n")
    tree = Tree(directory)
    yield tree
    tree.assert_untouched()
