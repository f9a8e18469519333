# SPDX-License-Identifier: LGPL-2.1-or-later
"""What may happen to a machine at the worst moment; the harness is that of tests/e2e, tests/oci and tests/threats.

KAPSEL   the program (default: build/kapsel); kapsel-oci lies beside it
CHAOS    short (default): a sample of everything; long: all of it, for a night

The whole session runs in a mount namespace of its own: what a test mounts over the host's directories (a full
/run/kapsel) nobody else sees.
"""

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
for folder in ("oci", "threats", "conformance", "e2e"):
    sys.path.insert(0, str(TESTS / folder))
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import lib_drivers  # noqa: E402
import lib_faults  # noqa: E402
import lib_oci  # noqa: E402
from lib_verbs import services  # noqa: E402,F401

_spec = importlib.util.spec_from_file_location("e2e_conftest", TESTS / "e2e" / "conftest.py")
_harness = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_harness)
for _name in ("pytest_runtest_makereport", "binary", "kapsel", "nothing_is_left"):
    globals()[_name] = getattr(_harness, _name)
PREFIX, SOURCE = _harness.PREFIX, _harness.SOURCE
# Other tests' modules take these names from the conftest of their own folder.
sys.modules.setdefault("conftest", sys.modules[__name__])

import lib_ways  # noqa: E402


def pytest_configure(config):
    _harness.pytest_configure(config)
    if config.option.collectonly or os.geteuid() != 0:
        return
    if lib_oci.libc.unshare(lib_oci.CLONE_NEWNS) != 0:
        pytest.exit("unshare the mount namespace: not permitted", 2)
    lib_oci.mount(None, "/", flags=lib_oci.MS_REC | lib_oci.MS_PRIVATE)
    lib_oci.prepare_session()


def pytest_collection_modifyitems(items):
    _harness.pytest_collection_modifyitems(items)
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def pytest_runtest_logreport(report):
    os.environ.setdefault("KAPSEL_PART", "chaos")
    _harness.pytest_runtest_logreport(report)


@pytest.fixture(scope="session")
def template():
    """The root file system: busybox, with the programs of feeder.c and burst.c. None may change it."""
    directory = Path(tempfile.mkdtemp(prefix="chaos-template-", dir=os.environ.get("VM_SCRATCH")))
    directory.chmod(0o755)
    root = lib_oci.make_template(directory)
    for program in ("feeder", "burst"):
        lib_faults.compile_c(HERE / f"{program}.c", root / "usr/bin" / program, "-Werror")
    yield root
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def rootfs(template):
    return template


@pytest.fixture
def oci(template):
    """The OCI runtime; its containers have names that nothing_is_left knows."""
    runtime = lib_oci.Oci(template, prefix=PREFIX)
    yield runtime
    runtime.end_all()


@pytest.fixture
def watch(oci):
    """assert_clean(): nothing is there that was not there at the beginning of the test."""
    return lib_ways.Watch(PREFIX, oci)


@pytest.fixture
def way(request, kapsel, oci):
    """The way to start something that the test is parametrized with (lib_ways.NAMES)."""
    made = lib_ways.make(request.param, kapsel, oci)
    yield made
    made.close()


@pytest.fixture
def tiny(tmp_path):
    """tiny(directory, OPTION...): a tmpfs of that size over a directory of the host, until the test has ended."""
    mounted = []

    def mount(directory, *options):
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True, mode=0o755)
        lib_oci.mount("tmpfs", directory, "tmpfs", data=",".join(["mode=0755", *options]))
        mounted.append(directory)
        return directory

    def unmount(directory):
        mounted.remove(directory)
        lib_oci.unmount(directory)
    mount.end = unmount
    yield mount
    for directory in reversed(mounted):
        lib_oci.unmount(directory)


def pytest_report_header():
    return f"chaos: {'long' if lib_ways.LONG else 'short'}, {lib_drivers.RUNTIME}"
