# SPDX-License-Identifier: LGPL-2.1-or-later
"""sd_notify(3) from the workload: readiness, status, watchdog, and what else comes to that socket."""

import json
import signal
import time

import pytest

import lib_host
from test_probes import probe  # noqa: F401

pytestmark = pytest.mark.root

HEAD = """
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
def say(text, *more):
    return s.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
"""


@pytest.fixture
def notifying(kapsel, python_rootfs):
    """A Python workload; the default group of calls and nothing for sockets."""
    def start(body, **keys):
        profile = kapsel.profile(["/usr/bin/python3", "-S", "-c", HEAD + body], rootfs=str(python_rootfs),
                                 **{"notify": True, "stop": {"timeout": "100ms"}, **keys})
        running = kapsel.start_profile(profile)
        state = lib_host.STATE_DIR / profile["name"] / "state.json"

        def record():
            try:
                return json.loads(state.read_text())
            except FileNotFoundError:
                assert running.process.poll() is None, running.finish()
                return {}
        return running, record
    return start


def test_ready_and_status_are_seen(notifying):
    running, record = notifying("time.sleep(1.5); say('READY=1\\nSTATUS=serving \\x1b[31mred\\x01\\n'); time.sleep(1000)")
    lib_host.wait_for(lambda: record().get("status") == "running", 30, "the start")
    assert record()["ready"] is False
    lib_host.wait_for(lambda: record()["ready"] is True, 20, "READY=1")
    lib_host.wait_for(lambda: record()["status_text"] == "serving ?[31mred?", 20, "the status")
    running.finish(signal.SIGTERM)


def test_connecting_works_too(notifying):
    running, record = notifying("s.connect(os.environ['NOTIFY_SOCKET']); s.sendall(b'READY=1'); time.sleep(1000)")
    lib_host.wait_for(lambda: record().get("ready") is True, 30, "READY=1")
    running.finish(signal.SIGTERM)


def test_the_filter_opens_that_kind_of_socket_and_no_other(notifying):
    running, _ = notifying("""
def attempt(*kind):
    try:
        socket.socket(*kind).close()
        print("open", kind)
    except OSError as err:
        print("refused", err.errno)
attempt(socket.AF_INET, socket.SOCK_STREAM)
attempt(socket.AF_INET, socket.SOCK_DGRAM)
attempt(socket.AF_UNIX, socket.SOCK_STREAM)
attempt(socket.AF_UNIX, socket.SOCK_DGRAM)
""")
    result = running.finish()
    lines = result.logged().splitlines()
    assert lines[:3] == ["refused 1"] * 3 and lines[3].startswith("open"), result
    assert "for notifications" in result.stderr, result


def test_a_server_gets_no_connect_by_it(notifying):
    running, _ = notifying("""
t = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
try:
    t.connect(("127.0.0.1", 1))
except OSError as err:
    print(err.errno)
say("READY=1")
""", syscalls={"allow": ["@base", "@socket-server"]}, network="loopback")
    result = running.finish()
    assert result.logged() == "1\n", result


def test_without_notify_there_is_neither_socket_nor_variable(kapsel):
    result = kapsel.run(["/bin/sh", "-c", "ls /dev; env"], exec={"allow": ["*"]},
                        syscalls={"allow": ["@base", "@process"]})
    assert "notify" not in result.logged() and "NOTIFY_SOCKET" not in result.logged(), result


def test_the_socket_is_the_workloads_and_dev_stays_read_only(kapsel):
    result = kapsel.run(["/bin/sh", "-c", "ls -ln /dev/notify; rm /dev/notify; chmod 777 /dev/notify; echo $NOTIFY_SOCKET"],
                        notify=True, exec={"allow": ["*"]}, syscalls={"allow": ["@base", "@process", "@file-write"]})
    assert result.logged().split()[:4] == ["srw-------", "1", "65532", "65532"], result
    assert result.logged().endswith("/dev/notify\n"), result
    assert result.logged("stderr").count("Read-only file system") == 2, result


def test_a_watchdog_that_is_fed_stays_quiet(notifying):
    running, record = notifying("""
assert os.environ["WATCHDOG_PID"] == str(os.getpid()), os.environ
every = int(os.environ["WATCHDOG_USEC"]) / 1e6 / 3
say("READY=1")
for i in range(12):
    say("WATCHDOG=1")
    time.sleep(every)
""", watchdog="1s")
    result = running.finish()
    assert result.status == 0, result


def test_a_watchdog_that_is_forgotten_ends_it(notifying):
    running, record = notifying("say('READY=1'); time.sleep(1000)", watchdog="1s")
    began = time.monotonic()
    result = running.finish()
    assert result.status != 0 and "watchdog" in result.stderr, result
    assert time.monotonic() - began < 25


def test_the_workload_can_pull_the_trigger_itself(notifying):
    running, record = notifying("say('WATCHDOG=trigger'); time.sleep(1000)", watchdog="1h")
    result = running.finish()
    assert result.status != 0 and "watchdog" in result.stderr, result


def test_descriptors_and_floods_do_no_harm(notifying):
    """A barrier's descriptor is closed at once: the workload sees the other end go."""
    running, record = notifying("""
import array
s.setblocking(False)
for i in range(3000):
    for text in ("X" * 20000, "STATUS=" + "y" * 8000, "\\0\\n=\\nREADY\\nWATCHDOG_USEC=-1\\n"):
        try:
            say(text)
        except BlockingIOError:
            pass
s.setblocking(True)
r, w = os.pipe()
for _ in range(50):
    try:
        s.sendmsg([b"FDSTORE=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [w] * 200))], 0, "/dev/notify")
    except OSError:  # the kernel counts descriptors on their way
        time.sleep(0.02)
time.sleep(0.5)
s.sendmsg([b"BARRIER=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [w]))], 0, "/dev/notify")
os.close(w)
print("barrier", os.read(r, 1), flush=True)
say("READY=1\\nSTATUS=done")
time.sleep(1000)
""", syscalls={"allow": ["@base", "@process"]})
    lib_host.wait_for(lambda: record().get("status_text") == "done", 30, "the last status")
    result = running.finish(signal.SIGTERM)
    assert "barrier b''" in result.logged(), result
