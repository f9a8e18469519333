# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plug-in of pytest for tests/threats/peers: what a peer needs of the session, and one line for each test's outcome.

THREATS_OUTCOMES  the file that gets the lines: {"test", "driver", "outcome", "why"}
"""

import contextlib
import json
import os
import signal

import pytest

PEERS_WITHOUT_BUNDLES = ("bwrap", "podman")
ROOT = os.geteuid() == 0


def runtime():
    return os.environ.get("THREATS_RUNTIME", "kapsel")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """The mounts are shared again where a peer got a cgroup mount of its own, which makes them private."""
    if config.option.collectonly or not ROOT or runtime() == "kapsel":
        return
    import lib_host
    import lib_oci
    lib_host.cgroup_mount = lib_oci.cgroup_mount  # the one that covers the others
    if runtime() == "podman" and not lib_oci.has_limits():
        lib_oci.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")
    lib_oci.mount(None, "/", flags=lib_oci.MS_REC | lib_oci.MS_SHARED)


def pytest_sessionfinish():
    """A peer's start that never ended is ended: this session adopts its orphans, so all that is below it is its own."""
    import lib_host
    if ROOT and runtime() != "kapsel":
        for pid in lib_host.descendants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Tests that start their containers without a driver start kapsel's, or those of an OCI runtime."""
    if runtime() not in PEERS_WITHOUT_BUNDLES:
        return
    out = [item for item in items if "driver" not in item.fixturenames]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    params = getattr(item, "callspec", None)
    driver = params.params.get("driver") if params else None
    if driver is None and "tests/threats/" in item.nodeid:
        driver = "run" if "kapsel" in item.fixturenames else "oci-create"
    item.user_properties.append(("driver", driver or way_of(item.nodeid)))


def way_of(nodeid):
    """The way in that a test of another folder is about."""
    return "oci-create" if "tests/oci/" in nodeid else "enter" if "test_enter.py" in nodeid else "run"


def pytest_runtest_logreport(report):
    path = os.environ.get("THREATS_OUTCOMES")
    if not path or (report.passed and report.when != "call"):
        return
    why = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if report.failed:
        why = str(getattr(getattr(report.longrepr, "reprcrash", None), "message", report.longrepr))[:300]
    name = report.nodeid.partition("[")[0].partition("::")
    test = name[2] if "test_a" in name[2] and "tests/threats/" in name[0] else "::".join(name[::2])
    line = {"test": test, "driver": dict(report.user_properties).get("driver"), "outcome": report.outcome,
            "id": report.nodeid, "why": why.removeprefix("Skipped: ")}
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
