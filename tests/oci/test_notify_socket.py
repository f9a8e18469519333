# SPDX-License-Identifier: LGPL-2.1-or-later
"""NOTIFY_SOCKET: what a workload tells its service manager arrives there, with the pid as the host sees it."""

import array
import json
import os
import socket
import subprocess
import threading
import time

import pytest

from conftest import TIMEOUT_S, wait_for
import lib_programs

pytestmark = pytest.mark.kapsel
LOOK = "env; cat /proc/self/mounts; ls -a /run"


class Manager:
    """Hears as systemd does: all messages in order, and a barrier ends when it is read."""

    def __init__(self, directory):
        self.address = str(directory / "manager")
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.settimeout(0.1)
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        self.environ = {**os.environ, "NOTIFY_SOCKET": self.address}

    def _serve(self):
        while not self.ends.is_set():
            try:
                text, control, _, _ = self.socket.recvmsg(8192, socket.CMSG_SPACE(16))
            except TimeoutError:
                continue
            for _, _, data in control:
                for fd in array.array("i", data):
                    os.close(fd)
            self.messages.append(text.decode())

    def hear(self, message):
        wait_for(lambda: message in self.messages, f"{message!r} among {self.messages}")

    def close(self):
        self.ends.set()
        self.thread.join()
        self.socket.close()


@pytest.fixture(autouse=True)
def no_manager_of_our_own(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)


@pytest.fixture
def manager(tmp_path_factory):
    heard = Manager(tmp_path_factory.mktemp("m"))
    yield heard
    heard.close()


@pytest.fixture(scope="module")
def notifier(tmp_path_factory):
    directory = tmp_path_factory.mktemp("notifier")
    os.chmod(directory, 0o755)
    return lib_programs.build("notifier", directory)


@pytest.fixture
def service(bundle, notifier):
    """A bundle whose workload sends these messages. /run is new, for the image is everybody's."""
    def make(*messages):
        bundle.config["mounts"] += [
            {"destination": "/run", "type": "tmpfs", "source": "tmpfs"},
            {"destination": "/data", "type": "bind", "source": str(notifier.parent), "options": ["bind", "ro"]}]
        bundle.config["process"]["args"] = ["/data/notifier", *messages]
        return bundle.write()
    return make


def look(runtime, bundle, name, **more):
    """What a workload finds: variables, mounts, /run."""
    bundle.config["mounts"][1:] = [{"destination": "/run", "type": "tmpfs", "source": "tmpfs"}]
    bundle.config["process"]["args"] = ["sh", "-c", LOOK]
    return runtime.ok("run", "--bundle", bundle.write(), name, **more)


def test_start_waits_until_the_workload_is_ready(runtime, service, manager):
    runtime.ok("create", "--bundle", service("STATUS=warm", "MAINPID=1\nREADY=1", "STATUS=late"), "web",
               env=manager.environ)
    assert manager.messages == []
    runtime.ok("start", "web", env=manager.environ)
    pid = runtime.state("web")["pid"]
    assert manager.messages[:2] == ["STATUS=warm\n", f"READY=1\nMAINPID={pid}\n"]
    assert manager.messages[-1] == "BARRIER=1", "start stays until the manager has looked it up"
    assert runtime.status("web") == "running"


def test_a_start_is_not_over_before_ready(runtime, service, manager):
    runtime.ok("create", "--bundle", service("STATUS=warm"), "web", env=manager.environ)
    start = subprocess.Popen(runtime.command("start", "web"), env=manager.environ, stdin=subprocess.DEVNULL)
    manager.hear("STATUS=warm\n")
    time.sleep(0.3)
    assert start.poll() is None
    runtime.ok("kill", "web", "KILL")  # other verbs work meanwhile, and the end of the workload ends the wait
    assert start.wait(timeout=TIMEOUT_S) == 0
    assert not any("READY" in message for message in manager.messages)


def test_a_detached_run_waits_too(runtime, service, manager):
    runtime.ok("run", "--detach", "--bundle", service("READY=1"), "web", env=manager.environ)
    assert manager.messages[0] == f"READY=1\nMAINPID={runtime.state('web')['pid']}\n"


def test_an_attached_run_passes_everything_on(runtime, service, manager):
    run = subprocess.Popen(runtime.command("run", "--bundle", service("READY=1", "STATUS=late"), "web"),
                           env=manager.environ, stdin=subprocess.DEVNULL)
    manager.hear("STATUS=late\n")
    assert manager.messages == [f"READY=1\nMAINPID={runtime.state('web')['pid']}\n", "STATUS=late\n"]
    runtime.ok("kill", "web", "KILL")
    run.wait(timeout=TIMEOUT_S)
    assert not (runtime.root / "web").exists()


def test_a_workload_with_ids_of_its_own_reaches_it(runtime, bundle, service, manager):
    linux = bundle.config["linux"]
    linux["namespaces"].append({"type": "user"})
    linux["uidMappings"] = linux["gidMappings"] = [{"containerID": 0, "hostID": 300000, "size": 65536}]
    bundle.config["process"]["user"] = {"uid": 1000, "gid": 1000}
    runtime.ok("create", "--bundle", service("READY=1"), "web", env=manager.environ)
    runtime.ok("start", "web", env=manager.environ)
    assert manager.messages[0].startswith("READY=1\nMAINPID=")


def test_a_start_without_a_manager_waits_for_nobody(runtime, service, manager):
    runtime.ok("create", "--bundle", service("STATUS=warm"), "web", env=manager.environ)
    runtime.ok("start", "web")
    assert manager.messages == []


def test_the_container_gets_a_directory_of_ours_that_it_cannot_write(runtime, bundle, manager):
    bundle.config["root"]["readonly"] = True
    said = look(runtime, bundle, "web", env=manager.environ)
    assert "NOTIFY_SOCKET=/run/notify/notify.sock\n" in said and manager.address not in said
    mount, = [line.split() for line in said.splitlines() if " /run/notify " in line]
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(mount[3].split(","))


def test_without_notify_socket_nothing_is_added(runtime, bundle, manager):
    told = look(runtime, bundle, "told", env=manager.environ)
    said = look(runtime, bundle, "web")
    assert "NOTIFY_SOCKET" in told and "notify" in told
    assert "notify" not in said.lower()
    bundle.config["process"]["args"] = ["sleep", "1000"]
    for name, wanted, env in (("told2", True, manager.environ), ("web2", False, None)):
        runtime.ok("create", "--bundle", bundle.write(), name, env=env)
        assert ("notify" in os.listdir(runtime.root / name)) is wanted
        assert ("notifySocket" in json.loads((runtime.root / name / "state.json").read_text())) is wanted


def test_an_engine_that_does_it_itself_is_not_disturbed(runtime, bundle, manager):
    bundle.config["process"]["env"].append("NOTIFY_SOCKET=/run/mine")
    said = look(runtime, bundle, "web", env=manager.environ)
    assert "NOTIFY_SOCKET=/run/mine\n" in said and "/run/notify" not in said


def test_exec_gets_none_of_it(runtime, service, manager):
    """Whoever is brought in later is not the unit's main process."""
    runtime.ok("run", "--detach", "--bundle", service("READY=1"), "web", env=manager.environ)
    assert "NOTIFY_SOCKET" not in runtime.ok("exec", "web", "env", env=manager.environ)


def test_an_address_that_is_none_is_refused_and_leaves_nothing(runtime, bundle):
    said = runtime.fails("create", "--bundle", bundle.write(), "web", env={**os.environ, "NOTIFY_SOCKET": "here"})
    assert "NOTIFY_SOCKET" in said and "EINVAL" in said
    assert not (runtime.root / "web").exists()
