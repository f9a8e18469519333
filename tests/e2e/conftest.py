# SPDX-License-Identifier: LGPL-2.1-or-later
"""The harness of the end-to-end tests.

KAPSEL names the program (default: build/kapsel), KAPSEL_ROOTFS a busybox root
file system that stands already (default: one is made for the session), and
KAPSEL_RESULTS a file that gets one line for each test (tests/run).

Markers:
  vm    needs cgroup v2 with every controller: runs where they are (tests/run
        takes these tests into the virtual machine), skipped elsewhere
  root  needs root
"""

import os
import signal
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import lib_host  # noqa: E402
import lib_kapsel  # noqa: E402

SOURCE = Path(__file__).resolve().parents[2]
PREFIX = f"e2e-{os.getpid()}-"


def take_signals():
    """nohup, and shells that start us in the background, have signals ignored; that is
    inherited by what is tested, which then rightly ignores them, too."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGXFSZ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_configure(config):
    take_signals()
    config.addinivalue_line("markers", "vm: needs cgroup v2 with the memory, cpu and pids controllers")
    config.addinivalue_line("markers", "root: needs root")
    lib_host.become_subreaper()


def pytest_collection_modifyitems(items):
    no_limits = pytest.mark.skip(reason="needs cgroup v2 with the memory, cpu and pids controllers, as root")
    no_root = pytest.mark.skip(reason="needs root")
    for item in items:
        if item.get_closest_marker("vm") and not lib_host.has_limits():
            item.add_marker(no_limits)
        if item.get_closest_marker("root") and os.geteuid() != 0:
            item.add_marker(no_root)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows every call that it made, whole."""
    outcome = yield
    program = getattr(item, "funcargs", {}).get("kapsel")
    if outcome.get_result().failed and program is not None:
        calls = "\n".join(running.describe() for running in program.started)
        outcome.get_result().sections.append(("calls of kapsel", calls))


def pytest_runtest_logreport(report):
    """Record each outcome where tests/run adds them up (see tests/lib/run_programs.py)."""
    path = os.environ.get("KAPSEL_RESULTS")
    if not path or (report.when != "call" and report.passed):
        return
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if report.when != "call" and report.failed:
        reason = f"during {report.when}"
    name = report.nodeid.split("/")[-1]
    with open(path, "a", encoding="utf-8") as file:
        file.write("\t".join([os.environ.get("KAPSEL_PART", "e2e"), report.outcome, name, reason]) + "\n")


@pytest.fixture(scope="session")
def binary():
    """The program under test."""
    path = Path(os.environ.get("KAPSEL", SOURCE / "build" / "kapsel")).absolute()
    if not os.access(path, os.X_OK):
        pytest.exit(f"{path} is not there: build first, or name the program in KAPSEL", returncode=2)
    return path


def make_rootfs(service, directory, *programs):
    subprocess.run([SOURCE / "tests/rootfs/make", service, directory, *programs], check=True, timeout=120)
    return Path(directory)


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory):
    """A busybox root file system. Shared by all tests: none may change it."""
    if "KAPSEL_ROOTFS" in os.environ:
        return Path(os.environ["KAPSEL_ROOTFS"])
    return make_rootfs("busybox", tmp_path_factory.mktemp("rootfs") / "busybox")


@pytest.fixture(scope="session")
def python_rootfs(tmp_path_factory):
    """A root file system with Python, for probes that busybox can not make."""
    return make_rootfs("python", tmp_path_factory.mktemp("rootfs") / "python")


@pytest.fixture
def kapsel(binary, rootfs, tmp_path):
    """Calls the program; what a failed test left running is ended."""
    program = lib_kapsel.Kapsel(binary, rootfs, tmp_path, PREFIX)
    yield program
    program.end_all()
    # The events of a service stay when it has ended, for whoever asks later; here nobody will.
    for directory in Path("/var/log/kapsel").glob(f"{PREFIX}*"):
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_is_left():
    """Everything or nothing: no test, whatever its outcome, may leave a process, mount,
    cgroup, state directory or lock behind."""
    lib_host.reap_orphans()
    before = lib_host.Footprint(PREFIX)
    yield
    left = []

    def clean():
        lib_host.reap_orphans()
        left[:] = lib_host.Footprint(PREFIX).left_since(before)
        return not left
    try:
        lib_host.wait_for(clean, 5.0)
    except AssertionError:
        pytest.fail("left behind: " + ", ".join(left))
