# SPDX-License-Identifier: LGPL-2.1-or-later
"""pytest's side of lib_oci: fixtures, markers and the record of results.  A conftest.py beside OCI
tests is one line: `from oci_fixtures import *`, with this directory on sys.path.

  KAPSEL_RESULTS  a file that gets one line for each test (tests/run adds them up)
  OCI_RESULTS     a file that gets one JSON object for each test (tests/conformance/generate)
"""

import json
import os
import shutil
import signal
import tempfile

import pytest

import lib_oci

__all__ = ["pytest_configure", "pytest_collection_modifyitems", "pytest_runtest_makereport",
           "pytest_runtest_logreport", "template", "oci", "oci_module"]

_REQUIREMENTS = {}  # {test's node id: its requirements}


def spec(file, section, level, text):
    """Says which requirement of the runtime specification a test shows: its place, its word (MUST, SHOULD ...)
    and what is required, in our own words."""
    return pytest.mark.spec(file, section, level, text)


limits = pytest.mark.vm


def pytest_configure(config):
    # nohup and background shells have signals ignored, which containers would inherit.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGXFSZ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    config.addinivalue_line("markers", "spec(file, section, level, text): the requirement that a test shows")
    config.addinivalue_line("markers", "vm: needs cgroup v2 with the memory, cpu and pids controllers")
    if not getattr(lib_oci, "prepared", False) and not config.option.collectonly:
        lib_oci.prepared = True
        if not os.access(lib_oci.runtime_path(), os.X_OK):
            pytest.exit(f"{lib_oci.runtime_path()} is not there: build first, or name a runtime in OCI_RUNTIME", 2)
        lib_oci.prepare_session()


def pytest_collection_modifyitems(items):
    no_limits = pytest.mark.skip(reason="needs cgroup v2 with the memory, cpu and pids controllers, as root")
    no_root = pytest.mark.skip(reason="needs root")
    for item in items:
        _REQUIREMENTS[item.nodeid] = [list(mark.args) for mark in reversed(list(item.iter_markers("spec")))]
        if item.get_closest_marker("vm") and not lib_oci.has_limits():
            item.add_marker(no_limits)
        if os.geteuid() != 0:
            item.add_marker(no_root)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows the calls that it made."""
    outcome = yield
    runtime = getattr(item, "funcargs", {}).get("oci")
    if outcome.get_result().failed and runtime is not None:
        calls = "\n".join(repr(result) for result in runtime.results[-8:])
        outcome.get_result().sections.append(("calls of the runtime", calls))


def _reason(report):
    if report.skipped:
        return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message.splitlines() or [""])[0] if crash else ""


def pytest_runtest_logreport(report):
    if report.when != "call" and report.passed:
        return
    path, _, test = report.nodeid.partition("::")
    name = f"{path.split('/')[-1]}::{test}"
    reason = _reason(report) if not report.passed else ""
    if report.when != "call" and report.failed:
        reason = f"during {report.when}: {reason}"
    # A deviation that is meant is red in the table of requirements, and no failure of the tests.
    meant = report.skipped and hasattr(report, "wasxfail")
    if meant:
        reason = report.wasxfail
    path = os.environ.get("KAPSEL_RESULTS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write("\t".join([os.environ.get("KAPSEL_PART", "oci"), "passed" if meant else report.outcome, name,
                                  reason]) + "\n")
    path = os.environ.get("OCI_RESULTS")
    if path:
        line = {"runtime": lib_oci.runtime_path().name, "version": lib_oci.runtime_version(lib_oci.runtime_path()),
                "where": "vm" if lib_oci.IN_VM else "host", "test": name, "outcome": "failed" if meant else report.outcome,
                "reason": reason,
                "requirements": _REQUIREMENTS.get(report.nodeid, [])}
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


@pytest.fixture(scope="session")
def template():
    """The root file system that bundles are copies of; on one file system with them, for hard links."""
    if "OCI_TEMPLATE" in os.environ:
        yield lib_oci.Path(os.environ["OCI_TEMPLATE"])
        return
    directory = tempfile.mkdtemp(prefix="oci-template-", dir=os.environ.get("VM_SCRATCH"))
    os.chmod(directory, 0o755)
    yield lib_oci.make_template(directory)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def oci(template):
    """The runtime; what a test left is ended."""
    runtime = lib_oci.Oci(template)
    yield runtime
    runtime.end_all()


@pytest.fixture(scope="module")
def oci_module(template):
    """The same for containers that a whole file looks at."""
    runtime = lib_oci.Oci(template)
    yield runtime
    runtime.end_all()
