# SPDX-License-Identifier: LGPL-2.1-or-later
"""The harness of the tests of kapsel-oci as a caller sees it.

The same tests judge other runtimes, so that a test that is wrong shows itself:

  OCI_RUNTIME  the program (default: kapsel-oci beside $KAPSEL or in build/)
  OCI_FLAGS    its global flags, for one that needs some here:
                   OCI_RUNTIME=/usr/bin/crun OCI_FLAGS=--cgroup-manager=disabled
  KAPSEL_ROOTFS  a busybox root file system that stands already
  KAPSEL_RESULTS a file that gets one line for each test (tests/run)

Markers:
  kapsel  asks for more than the runtimes agree on: left out for others
  cgroup  needs a cgroup that can be frozen
  vm      needs cgroup v2 with every controller
"""

import ctypes
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
SOURCE = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120 if os.environ.get("VM_RUN") == "1" else 30


def find_runtime():
    given = os.environ.get("OCI_RUNTIME")
    if given:
        return Path(given).absolute()
    kapsel = os.environ.get("KAPSEL")
    return (Path(kapsel).parent if kapsel else SOURCE / "build").absolute() / "kapsel-oci"


RUNTIME = find_runtime()
NAME = RUNTIME.name
FLAGS = shlex.split(os.environ.get("OCI_FLAGS", ""))


def unified():
    """The cgroup v2 mount and its controllers."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        if rest.split()[0] == "cgroup2":
            mount = Path(fields.split()[4])
            return mount, set((mount / "cgroup.controllers").read_text().split())
    return None, set()


def pytest_configure(config):
    for marker in ("kapsel: of kapsel-oci only", "cgroup: needs a cgroup that can be frozen",
                   "vm: needs cgroup v2 with every controller"):
        config.addinivalue_line("markers", marker)
    # Orphans (the containers) come to us, as they come to a shim.
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    # Ignored signals are inherited by what is tested.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if not os.access(RUNTIME, os.X_OK):
        pytest.exit(f"{RUNTIME} is not there: build first, or name the program in OCI_RUNTIME", returncode=2)


def pytest_collection_modifyitems(items):
    controllers = unified()[1]
    reasons = {
        "kapsel": None if NAME == "kapsel-oci" else f"of kapsel-oci, not of {NAME}",
        "cgroup": f"{NAME} runs without cgroups" if "--cgroup-manager=disabled" in FLAGS else None,
        "vm": None if {"memory", "cpu", "pids"} <= controllers
        else "needs cgroup v2 with the memory, cpu and pids controllers, as root",
    }
    for item in items:
        for name, reason in reasons.items():
            if item.get_closest_marker(name) and reason:
                item.add_marker(pytest.mark.skip(reason=reason))
        if "bundle" in item.fixturenames and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def pytest_runtest_logreport(report):
    path = os.environ.get("KAPSEL_RESULTS")
    if not path or (report.when != "call" and report.passed):
        return
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if report.when != "call" and report.failed:
        reason = f"during {report.when}"
    name = report.nodeid.split("/")[-1]
    with open(path, "a", encoding="utf-8") as file:
        file.write("\t".join([os.environ.get("KAPSEL_PART", "oci"), report.outcome, name, reason]) + "\n")


def wait_for(condition, what, timeout_s=TIMEOUT_S):
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come true within {timeout_s} s"
        time.sleep(0.01)


class Runtime:
    """Calls the runtime with a state directory of its own."""

    def __init__(self, directory):
        self.root = directory / "state"
        self.log = directory / "log.json"

    def command(self, *args):
        return [str(RUNTIME), "--root", str(self.root), *FLAGS, *map(str, args)]

    def call(self, *args, stdin=None, env=None, cwd=None):
        """Output goes to files: a container inherits it, and would keep a pipe open."""
        out, err = self.root.with_name("stdout"), self.root.with_name("stderr")
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            done = subprocess.run(self.command(*args), stdout=stdout, stderr=stderr, env=env, cwd=cwd,
                                  timeout=TIMEOUT_S, check=False,
                                  **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}))
        done.stdout, done.stderr = out.read_bytes(), err.read_bytes()
        return done

    def ok(self, *args, **more):
        done = self.call(*args, **more)
        assert done.returncode == 0, f"{args}: status {done.returncode}: {done.stderr.decode()}"
        return done.stdout.decode()

    def fails(self, *args, **more):
        """Return what it says on stderr."""
        done = self.call(*args, **more)
        assert done.returncode == 1, f"{args}: status {done.returncode}: {done.stderr.decode()}"
        return done.stderr.decode()

    def state(self, name):
        return json.loads(self.ok("state", name))

    def status(self, name):
        return self.state(name)["status"]

    def wait_status(self, name, status):
        def reached():
            reap()
            return self.status(name) == status
        wait_for(reached, f"status {status} of {name}")


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        pass


@pytest.fixture
def runtime(tmp_path):
    program = Runtime(tmp_path)
    yield program
    if program.root.is_dir():
        for entry in program.root.iterdir():
            program.call("delete", "--force", entry.name)
    reap()


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory):
    """A busybox root file system. Shared by all tests: none may change it."""
    if "KAPSEL_ROOTFS" in os.environ:
        return Path(os.environ["KAPSEL_ROOTFS"])
    directory = tmp_path_factory.mktemp("rootfs") / "busybox"
    subprocess.run([SOURCE / "tests/rootfs/make", "busybox", directory], check=True, timeout=120)
    return directory


class Bundle:
    """A bundle whose config is changed before it is used."""

    def __init__(self, path, rootfs):
        self.path = path
        self.config = {
            "ociVersion": "1.0.2",
            "process": {
                "terminal": False,
                "user": {"uid": 0, "gid": 0},
                "args": ["sleep", "1000"],
                "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                "cwd": "/",
                "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
            },
            "root": {"path": str(rootfs), "readonly": True},
            "hostname": "web",
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
            "linux": {
                "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network")],
            },
        }

    def write(self):
        (self.path / "config.json").write_text(json.dumps(self.config))
        return self.path

    def hook(self, kind, script, **more):
        hook = {"path": "/bin/sh", "args": ["sh", "-c", script], **more}
        self.config.setdefault("hooks", {}).setdefault(kind, []).append(hook)


@pytest.fixture
def bundle(tmp_path, rootfs):
    path = tmp_path / "bundle"
    path.mkdir()
    return Bundle(path, rootfs)


@pytest.fixture
def container(runtime, bundle, request):
    """A running one. Its id tells which test it belongs to."""
    name = f"kt-{os.getpid()}-{abs(hash(request.node.name)) % 100000}"
    runtime.ok("create", "--bundle", bundle.write(), name)
    runtime.ok("start", name)
    return name
