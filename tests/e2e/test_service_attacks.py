# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service whose processes are killed at bad moments, and whose control socket is misused."""

import contextlib
import os
import resource
import signal
import socket
import time

import pytest

import lib_host
from lib_service import services  # noqa: F401

pytestmark = pytest.mark.root

SHELL = {"syscalls": {"allow": ["@base", "@process"]}, "exec": {"allow": ["*"]}}
SLOW = 10 if lib_host.IN_VM else 1
CLIENTS_MAX = 24


def kill_and_wait_for_adoption(service):
    before = service.kill("supervisor")
    return service.wait_until(lambda state: state["supervisor"] not in (None, before["supervisor"]), "adoption")


def ticks(pid):
    fields = open(f"/proc/{pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


# --- what a standby must know -------------------------------------------------------------------

def test_a_stop_under_way_is_finished_by_the_standby(services):
    """Not forgotten: neither is the service started again, nor does a deaf workload stay."""
    service = services(["/bin/sh", "-c", "trap '' TERM; while true; do sleep 0.1; done"], **SHELL,
                       on_supervisor_death="adopt", restart={"policy": "always", "max": "unlimited"})
    service.start()
    with service.connect() as sock:
        sock.send(f"stop\0{2000 * SLOW}\0".encode())
        service.wait_until(lambda _: service.event("stop"), "the stop")
        kill_and_wait_for_adoption(service)
        record = service.wait("exited")
    assert record["restarts"] == 0 and "stop was asked for" in record["reason"], record


def test_a_runtime_limit_is_not_begun_again_by_the_standby(services):
    limit_s = 3 * SLOW
    service = services(["/bin/sleep", "1000"], on_supervisor_death="adopt",
                       limits={**lib_host.limits(), "runtime": f"{limit_s}s"})
    began = time.monotonic()
    service.start()
    time.sleep(limit_s * 2 / 3)
    kill_and_wait_for_adoption(service)
    service.wait("exited")
    assert time.monotonic() - began < limit_s * 5 / 3


def test_attempts_are_counted_over_the_death_of_the_supervisor(services):
    service = services(["/bin/false"], on_supervisor_death="adopt",
                       restart={"policy": "always", "max": 2, "delay": "500ms"})
    service.start()
    for restarts in range(2):
        service.wait_until(lambda state, n=restarts: state["status"] == "restarting" and state["restarts"] == n,
                           f"back-off {restarts}")
        kill_and_wait_for_adoption(service)
    assert service.wait("exited")["restarts"] == 2


def test_standby_and_supervisor_killed_in_one_back_off_are_replaced(services):
    service = services(["/bin/false"], on_supervisor_death="adopt",
                       restart={"policy": "always", "max": "unlimited", "delay": "5s"})
    service.start()
    service.wait("restarting")
    before = service.kill("standby")
    service.wait_until(lambda state: state["standby"] != before["standby"], "another standby")
    kill_and_wait_for_adoption(service)
    kill_and_wait_for_adoption(service)
    service.wait_until(lambda state: state["restarts"] == 1, "the next start")
    assert service.ask("stop", "100").accepted


def test_listening_sockets_stay_open_over_an_adoption(services):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = services(["/bin/sleep", "1000"], on_supervisor_death="adopt",
                       restart={"policy": "always", "max": "unlimited", "delay": "1min"},
                       listen={"web": {"stream": f"127.0.0.1:{port}"}})
    service.start()
    kill_and_wait_for_adoption(service)
    service.kill("payload")
    service.wait("restarting")
    with socket.create_connection(("127.0.0.1", port), 5):
        pass
    assert service.ask("stop", "100").accepted


def test_health_is_remembered_by_the_standby(services):
    service = services(["/bin/sleep", "1000"], on_supervisor_death="adopt", **SHELL,
                       health={"command": ["/bin/true"], "interval": "500ms"})
    service.start()
    service.wait_until(lambda state: state["health"] == "healthy", "health")
    assert kill_and_wait_for_adoption(service)["health"] == "healthy"
    assert service.ask("stop", "100").accepted


def test_a_stopped_standby_holds_nothing_up(services):
    service = services(["/bin/sleep", "1000"], on_supervisor_death="adopt",
                       restart={"policy": "always", "max": "unlimited"})
    service.start()
    os.kill(service.state["standby"]["pid"], signal.SIGSTOP)
    for _ in range(3):
        assert service.ask("restart", "1").accepted
    began = time.monotonic()
    assert service.ask("stop", "100").accepted
    assert time.monotonic() - began < 5 * SLOW
    service.wait("exited")


# --- the control socket -------------------------------------------------------------------------

def test_who_waits_leaves_a_place_to_who_stops(services):
    service = services(["/bin/sleep", "1000"])
    service.start()
    waiting = []
    for _ in range(CLIENTS_MAX + 2):
        waiting.append(service.connect())
        waiting[-1].send(b"wait\0")
    assert service.ask("stop", "100").accepted
    answered = 0
    for sock in waiting:
        with sock, contextlib.suppress(ConnectionResetError):
            answered += sock.recv(4096)[:1] == b"+"
    assert answered == CLIENTS_MAX - 1


def test_without_a_free_descriptor_the_supervisor_does_not_spin(services):
    service = services(["/bin/sleep", "1000"])
    service.start()
    pid = service.state["supervisor"]["pid"]
    used = len(os.listdir(f"/proc/{pid}/fd"))  # poll(2) itself refuses a limit below what it is given
    old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 2, old[1]))
    connections = [service.connect() for _ in range(8)]
    before = ticks(pid)
    time.sleep(1)
    assert ticks(pid) - before < 20
    resource.prlimit(pid, resource.RLIMIT_NOFILE, old)
    for sock in connections:
        sock.close()
    assert service.ask("stop", "100").accepted


@pytest.mark.vm
def test_with_a_cgroup_no_descriptor_grows_with_restarts(services):
    service = services(["/bin/sleep", "1000"], restart={"policy": "always", "max": "unlimited", "delay": "10ms"})
    service.start()
    pid = service.state["supervisor"]["pid"]
    assert service.ask("restart", "1").accepted
    before = len(os.listdir(f"/proc/{pid}/fd"))
    for _ in range(5):
        assert service.ask("restart", "1").accepted
    lib_host.wait_for(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= before, 5, "as many descriptors as before")
    assert service.ask("stop", "100").accepted


@pytest.mark.vm
def test_an_update_stays_over_an_adoption_and_leaves_health_alone(services):
    service = services(["/bin/sleep", "1000"], on_supervisor_death="adopt", **SHELL,
                       restart={"policy": "always", "max": "unlimited"},
                       health={"command": ["/bin/true"], "interval": "500ms"})
    service.start()
    service.wait_until(lambda state: state["health"] == "healthy", "health")
    assert service.ask("update", "pids=19").accepted
    assert service.state["health"] == "healthy"
    kill_and_wait_for_adoption(service)
    service.kill("payload")
    assert service.wait("running", 1)["pids"] == 19
    assert (service.group / "pids.max").read_text() == "19\n"
    assert service.ask("stop", "100").accepted
