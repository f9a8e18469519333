# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real clients drive the runtime: Docker, containerd, podman, buildah, systemd.

OCI_RUNTIME names the runtime (default: build/kapsel-oci), KAPSEL_RESULTS a file
that gets one line for each test (tests/run).

KAPSEL_CLIENTS_PROVE=1 turns the meaning round: the runtime is /bin/false, a test
that fails is right and one that passes proves nothing.  That the clients
themselves start (DaemonError) is wanted in either mode.

The tests start daemons that change the machine's network, so they run in the
virtual machine, or where KAPSEL_CLIENTS_HERE=1 allows it.
"""

import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import lib_containerd  # noqa: E402
import lib_docker  # noqa: E402
import lib_engine  # noqa: E402
import lib_image  # noqa: E402
import lib_podman  # noqa: E402

SOURCE = Path(__file__).resolve().parents[2]
PROVE = bool(os.environ.get("KAPSEL_CLIENTS_PROVE"))


def pytest_configure(config):
    pytest_configure.config = config
    # Shells that start us in the background have signals ignored, and that is inherited.
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "systemd: needs systemd as process 1")


def pytest_collection_modifyitems(items):
    here = lib_engine.IN_VM or os.environ.get("KAPSEL_CLIENTS_HERE")
    elsewhere = pytest.mark.skip(reason="starts daemons that change the machine's network: needs the virtual machine")
    no_systemd = pytest.mark.skip(reason="needs systemd as process 1 (tests/vm/run --systemd)")
    for item in items:
        if not here or os.geteuid() != 0:
            item.add_marker(elsewhere)
        if item.get_closest_marker("systemd") and not Path("/run/systemd/system").is_dir():
            item.add_marker(no_systemd)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With /bin/false as the runtime a test has to fail, before or in its body."""
    outcome = yield
    report = outcome.get_result()
    if not PROVE or report.skipped:
        return
    if call.excinfo is not None and not call.excinfo.errisinstance(lib_engine.DaemonError):
        report.outcome = "passed"  # of a set-up, too: the test's body then misses what was not set up
    elif call.excinfo is None and report.when == "call":
        report.outcome, report.longrepr = "failed", f"{item.nodeid} passes although the runtime is /bin/false"


def pytest_runtest_logreport(report):
    """Tell a failure at once, and record each outcome where tests/run adds them up (see
    tests/lib/run_programs.py): a machine that hangs later must not take it with it."""
    if report.failed:
        terminal = pytest_configure.config.pluginmanager.get_plugin("terminalreporter")
        terminal.write_line(f"\nFAILED {report.nodeid} during {report.when}\n{report.longreprtext}")
    path = os.environ.get("KAPSEL_RESULTS")
    if not path or (report.when != "call" and report.passed):
        return
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if report.when != "call" and report.failed:
        reason = f"during {report.when}"
    name = report.nodeid.split("/")[-1]
    if PROVE:
        name += " fails without a runtime"
    with open(path, "a", encoding="utf-8") as file:
        file.write("\t".join([os.environ.get("KAPSEL_PART", "clients"), report.outcome, name, reason]) + "\n")


@pytest.fixture(scope="session")
def runtime():
    """The runtime under test."""
    path = Path("/bin/false" if PROVE else os.environ.get("OCI_RUNTIME", SOURCE / "build" / "kapsel-oci"))
    if not path.is_absolute() or not os.access(path, os.X_OK):
        pytest.exit(f"no program at {path}: build first, or name the runtime in OCI_RUNTIME", returncode=2)
    return path


@pytest.fixture(scope="session")
def scratch():
    """A directory on a file system that can be an overlay's upper layer."""
    with tempfile.TemporaryDirectory(prefix="clients-", dir=os.environ.get("VM_SCRATCH"),
                                     ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def archive(scratch):
    """The busybox image, as a file."""
    return lib_image.write_image(scratch / "bb.tar")


@pytest.fixture(scope="session")
def containerd(scratch, runtime):
    """A containerd with its CRI plugin, whose default runtime is the tested one."""
    daemon = lib_containerd.Containerd(scratch / "containerd", runtime)
    yield daemon
    daemon.stop()


@pytest.fixture(scope="session")
def kubernetes_image(containerd, archive):
    """The image where the CRI plugin looks for it."""
    lib_containerd.Ctr(containerd, "k8s.io").load(archive)
    return lib_image.IMAGE


@pytest.fixture(scope="session")
def dockerd(scratch, runtime, containerd, archive):
    """A dockerd above that containerd; the tested runtime is its default and also stands as runc in its PATH."""
    daemon = lib_docker.Dockerd(scratch / "docker", runtime, containerd)
    daemon.load(archive)
    yield daemon
    daemon.stop()


@pytest.fixture
def docker(dockerd):
    """The docker command; the test's containers are removed, and nothing of them may be left."""
    yield dockerd
    dockerd.remove_all()
    left = dockerd.left_behind()
    assert not left, f"left behind: {left}"


@pytest.fixture(scope="session")
def podman_of_root(scratch, runtime, archive):
    """podman with a storage of its own and the image in it."""
    client = lib_podman.Podman(scratch / "podman", runtime)
    client.load(archive)
    return client


@pytest.fixture
def podman(podman_of_root):
    """The podman command; the test's containers are removed, and nothing of them may be left."""
    yield podman_of_root
    podman_of_root.remove_all()
    left = podman_of_root.left_behind()
    assert not left, f"left behind: {left}"


@pytest.fixture(scope="session")
def user(scratch):
    """An ordinary user with subordinate ids."""
    return lib_podman.User(scratch / "user")


@pytest.fixture(scope="session")
def podman_of_user(user, runtime, archive):
    """The user's own podman."""
    client = lib_podman.Podman(user.home.parent, runtime, user)
    client.load(archive)
    return client


@pytest.fixture
def rootless(podman_of_user):
    """The user's podman command; the test's containers are removed, and nothing of them may be left."""
    yield podman_of_user
    podman_of_user.remove_all()
    left = podman_of_user.left_behind()
    assert not left, f"left behind: {left}"
