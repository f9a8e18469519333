# SPDX-License-Identifier: LGPL-2.1-or-later
"""Known ways out of containers, one test for each row of rows.py; the harness is that of tests/e2e and tests/oci.

KAPSEL            the program (default: build/kapsel); kapsel-oci lies beside it
THREATS_RUNTIME   kapsel (default), crun, runc, bwrap: what is judged
THREATS_SECONDS, THREATS_STARTS, THREATS_REPORT   how long races last, and what is written down (lib_races.py)

The whole session runs in a mount namespace of its own whose mounts are shared, as systemd has them: what a start
leaks there is seen, and what others mount meanwhile is not.
"""

import functools
import importlib.util
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
for folder in ("oci", "conformance", "e2e"):
    sys.path.insert(0, str(TESTS / folder))
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
RUNTIME = os.environ.get("THREATS_RUNTIME", "kapsel")
if RUNTIME in ("crun", "runc"):
    os.environ["OCI_RUNTIME"] = RUNTIME
else:
    os.environ.pop("OCI_RUNTIME", None)

import lib_drivers  # noqa: E402
import lib_faults  # noqa: E402
import lib_host  # noqa: E402
import lib_oci  # noqa: E402
import lib_programs  # noqa: E402
import lib_races  # noqa: E402
import rows  # noqa: E402

_spec = importlib.util.spec_from_file_location("e2e_conftest", TESTS / "e2e" / "conftest.py")
_harness = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_harness)
for _name in ("pytest_runtest_makereport", "binary", "kapsel", "nothing_is_left"):
    globals()[_name] = getattr(_harness, _name)
PREFIX = _harness.PREFIX


def pytest_configure(config):
    _harness.pytest_configure(config)
    config.addinivalue_line("markers", "drivers(names): the ways in that the row is about; default: all")
    if config.option.collectonly or os.geteuid() != 0:
        return
    libc = lib_oci.libc
    if libc.unshare(lib_oci.CLONE_NEWNS) != 0:
        pytest.exit("unshare the mount namespace: not permitted", 2)
    lib_oci.mount(None, "/", flags=lib_oci.MS_REC | lib_oci.MS_PRIVATE)
    lib_oci.mount(None, "/", flags=lib_oci.MS_REC | lib_oci.MS_SHARED)
    lib_oci.prepare_session()


def pytest_generate_tests(metafunc):
    if "driver" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("drivers")
    wanted = mark.args if mark else rows.ALL
    names = [name for name in lib_drivers.NAMES[RUNTIME] if name in wanted]
    metafunc.parametrize("driver", names or ["none"], indirect=True, ids=names or ["none"])


def pytest_collection_modifyitems(config, items):
    _harness.pytest_collection_modifyitems(items)
    # A peer has not every way in: what it does not have is no test of it.
    out = [item for item in items if "[none" in item.name or "-none]" in item.name]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
    if os.geteuid() != 0:
        for item in items:
            if "world" in item.fixturenames or "driver" in item.fixturenames:
                item.add_marker(pytest.mark.skip(reason="needs root"))


def pytest_runtest_logreport(report):
    os.environ.setdefault("KAPSEL_PART", "threats")
    _harness.pytest_runtest_logreport(report)


@functools.lru_cache(maxsize=None)
def compile_own(name):
    """tests/threats/NAME.c as a static program of this session."""
    directory = Path(tempfile.mkdtemp(prefix="threats-programs-", dir=os.environ.get("VM_SCRATCH")))
    _MADE.append(directory)
    return lib_faults.compile_c(HERE / f"{name}.c", directory / name, "-Werror")


_MADE = []


def pytest_unconfigure():
    for directory in _MADE:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def template():
    """The root file system that every test gets a copy of, with what its attackers run."""
    directory = Path(tempfile.mkdtemp(prefix="threats-template-", dir=os.environ.get("VM_SCRATCH")))
    _MADE.append(directory)
    directory.chmod(0o755)
    root = lib_oci.make_template(directory)
    lib_programs.build("raider", root / "usr/bin")
    shutil.copy(compile_own("knock"), root / "usr/bin/knock")
    (root / "usr/bin/knock").chmod(0o755)
    for name in ("data", "vol", "mnt", "etc"):
        (root / name).mkdir(exist_ok=True)
    return root


@pytest.fixture(scope="session")
def rootfs(template):
    return template


@pytest.fixture
def oci(template):
    """The OCI runtime; its containers have names that nothing_is_left knows."""
    runtime = lib_oci.Oci(template, prefix=PREFIX)
    yield runtime
    runtime.end_all()


class World:
    """What an attacker must not reach or leave: a tree of the host, mounts, processes, cgroups, state, locks."""

    def __init__(self, oci):
        self.oci, self.prefix = oci, PREFIX
        self.path = oci.place / "canary"
        (self.path / "sub/dir").mkdir(parents=True)
        for name in ("secret", "sub/file", "ptmx", "hosts", "file"):
            (self.path / name).write_text(lib_drivers.SECRET)
        self.up = "../" * 20 + str(self.path).lstrip("/")
        self.mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        self.footprint = lib_host.Footprint(self.prefix)
        self.know()

    def know(self):
        """The canary is from now on what it is now: the test itself has changed it."""
        self.tree = lib_faults.Tree(self.path)

    def left(self):
        """What is there that was not: of the kernel, and containers in the OCI runtime's state."""
        lib_host.reap_orphans()
        helpers = [f"process {process.pid} (" for process in self.oci.processes]
        things = [thing for thing in lib_host.Footprint(self.prefix).left_since(self.footprint)
                  if not thing.startswith(tuple(helpers))]
        root = self.oci.root
        return things + [f"state {path}" for path in (root.iterdir() if root.is_dir() else ())]

    def check(self, grace_s=5.0):
        """The canary is what it was; nothing is mounted that was not; nothing is left behind."""
        self.tree.assert_untouched()
        new = set(Path("/proc/self/mountinfo").read_text().splitlines()) - set(self.mounts)
        assert not new, f"mounted on the host: {sorted(new)}"
        until = time.monotonic() + grace_s
        while self.left() and time.monotonic() < until:
            time.sleep(0.02)
        assert self.left() == []


@pytest.fixture
def world(oci, nothing_is_left, request):
    it = World(oci)
    yield it
    # A test that failed may have stopped anywhere: what it left says nothing more, and is taken away by others.
    if not getattr(request.node, "has_failed", False):
        it.check()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    outcome = yield
    item.has_failed = outcome.excinfo is not None


@pytest.fixture
def driver(request, oci):
    if request.param == "none":
        pytest.skip("this runtime has no such way in")
    return lib_drivers.make(request.param, lambda: request.getfixturevalue("kapsel"), oci, oci.place)


@pytest.fixture
def volume(oci):
    """A directory of the host that containers get."""
    directory = oci.place / "volume"
    directory.mkdir()
    directory.chmod(0o777)
    (directory / "file").write_text("of the volume\n")
    return directory


@pytest.fixture
def race(request, oci):
    """Starts while somebody exchanges names (lib_races.py)."""
    it = lib_races.Race(request.node.name, oci.spawn, functools.partial(compile_own, "exchange"))
    yield it
    it.end()


@pytest.fixture(scope="session")
def twin_program():
    """The program of twin.c."""
    return compile_own("twin")


def pytest_report_header():
    version = "" if RUNTIME == "kapsel" else f" {lib_oci.runtime_version(shutil.which(RUNTIME) or RUNTIME)}"
    return f"threats: {RUNTIME}{version}, races of {lib_races.SECONDS} s, " \
           f"{'with' if lib_host.has_limits() else 'without'} cgroup controllers"
