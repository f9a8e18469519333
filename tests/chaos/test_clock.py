# SPDX-License-Identifier: LGPL-2.1-or-later
"""The clock jumps by a year, forwards and backwards, while services run: what is due is due after as much time as
before, nothing hangs, and nothing is started in a storm. Only in a machine of one's own the clock can be set."""

import json
import time

import pytest

import lib_host
import lib_oci
import lib_ways
from lib_verbs import SHELL, good

pytestmark = [pytest.mark.root, pytest.mark.vm]
YEAR_S = 365 * 86400
LIMIT_S = 20 * lib_ways.SLOW
FOREVER = {"policy": "always", "max": "unlimited"}


@pytest.fixture(params=[YEAR_S, -YEAR_S], ids=["forwards", "backwards"])
def jump(request):
    """Sets the clock once; it is right again when the test has ended."""
    if not lib_host.IN_VM:
        pytest.skip("sets the machine's clock: only in the virtual machine")
    began = time.clock_gettime(time.CLOCK_REALTIME), time.monotonic()

    def set_clock():
        time.clock_settime(time.CLOCK_REALTIME, time.time() + request.param)
    yield set_clock
    time.clock_settime(time.CLOCK_REALTIME, began[0] + time.monotonic() - began[1])


def test_back_off_is_neither_skipped_nor_endless(services, jump):
    service = services(["/bin/false"], restart={**FOREVER, "delay": "2s"})
    service.start()
    before = service.wait("restarting")["restarts"]
    jump()
    began = time.monotonic()
    lib_host.wait_for(lambda: service.state["restarts"] > before, LIMIT_S, "the next start")
    time.sleep(max(0.0, 3 - (time.monotonic() - began)))
    # 2 s, then 4 s: in three seconds there is room for one more, not for many.
    assert service.state["restarts"] <= before + 3, service.state
    assert service.ask("stop", "100").accepted


def test_health_goes_on(services, jump):
    service = services(["/bin/sleep", "1000"], **SHELL,
                       health={"command": ["/bin/sh", "-c", "echo checked"], "interval": "1s", "timeout": "30s"})
    service.start()
    before = service.wait_until(lambda state: state["health"] == "healthy", "health", LIMIT_S)
    jump()
    time.sleep(4)
    after = service.state
    assert after["health"] == "healthy" and after["init"] == before["init"] and after["restarts"] == 0, after
    assert service.ask("stop", "100").accepted


def test_deadlines_are_not_moved(services, jump):
    """limits.runtime, and the time that a stop leaves."""
    service = services(["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.2; done"], **SHELL,
                       limits={**lib_host.limits(), "runtime": "10min"}, stop={"timeout": "3s"})
    service.start()
    service.wait()
    jump()
    time.sleep(1)
    assert service.state["status"] == "running", service.state
    began = time.monotonic()
    with service.connect() as sock:
        sock.send(b"stop\0")
        time.sleep(0.5)
        time.clock_settime(time.CLOCK_REALTIME, time.time() + YEAR_S / 2)
        sock.settimeout(LIMIT_S)
        assert sock.recv(4096)[:1] == b"+"
    assert time.monotonic() - began > 2.5
    service.wait("exited")


def test_a_watchdog_that_is_fed_stays_quiet(services, jump):
    service = services(["/usr/bin/feeder"], notify=True, watchdog="10s", restart={**FOREVER, "delay": "10ms"})
    service.start()
    before = service.wait_until(lambda state: state["ready"], "READY=1", LIMIT_S)
    jump()
    time.sleep(5)
    assert service.state["init"] == before["init"], service.events[-3:]
    assert service.ask("stop", "100").accepted


def test_readers_of_logs_and_events(kapsel, services, jump):
    """What was written before the jump and after it is all there; --since and --follow come to an end."""
    service = services(["/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.1; done"], **SHELL,
                       log={"path": str(kapsel.directory / "log"), "max_size": "4KiB", "max_files": 20})
    service.start()
    lib_host.wait_for(lambda: len(service.lines) > 3, LIMIT_S, "lines")
    following = kapsel.launch("logs", "--follow", service.name)
    jump()
    seen = len(good(kapsel.call("logs", service.name)).splitlines())
    lib_host.wait_for(lambda: len(good(kapsel.call("logs", service.name)).splitlines()) > seen + 20, LIMIT_S, "more")
    numbers = [int(line.split()[-1]) for line in good(kapsel.call("logs", service.name)).splitlines()]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    for words in (["--since", "10m"], ["--since", "1h", "--tail", "3"], ["--until", "1s"], ["--tail", "2"]):
        good(kapsel.call("logs", *words, service.name))
    tail = good(kapsel.call("logs", "--since", "10m", service.name)).splitlines()
    assert tail and int(tail[-1].split()[-1]) >= numbers[-1], tail[-3:]
    good(kapsel.call("events", "--since", "10m", service.name))
    assert service.ask("stop", "100").accepted
    result = following.finish()
    assert result.status == 0 and len(result.stdout.splitlines()) >= numbers[-1], result


def test_what_is_shown_of_it(kapsel, services, jump):
    service = services(["/bin/sleep", "1000"])
    service.start()
    before = service.wait()
    jump()
    row = next(row for row in map(json.loads, good(kapsel.call("ps", "--json")).splitlines())
               if row["Names"] == service.name)
    assert row["State"] == "running" and "-" not in row["Status"].replace("health-", ""), row
    for words in (["stats", "--no-stream", service.name], ["inspect", service.name], ["metrics"],
                  ["monitor", service.name]):
        result = kapsel.call(*words)
        assert result.status in (0, 1, 2) and "-nan" not in result.stdout, result
    assert kapsel.call("enter", service.name, "--", "/bin/true").status == 0
    assert service.state["init"] == before["init"]
    assert kapsel.call("restart", service.name).status == 0
    assert service.ask("stop", "100").accepted


def test_the_runtime(oci, jump):
    """A record from before the jump is that of the same process, and a hook has the time that it was given."""
    config = lib_oci.make_config("/bin/sleep", "1000")
    config.hook("createRuntime", "sleep 2", timeout=60)
    process = oci.popen("create", "--bundle", oci.bundle(config).path, f"{oci.new_id()}-hook", err=None)
    oci.processes.append(process)
    container = oci.running()
    time.sleep(0.5)
    jump()
    assert process.wait(LIMIT_S) == 0
    assert container.state()["status"] == "running"
    assert container.exec("/bin/true").status == 0
    assert oci.call("events", "--stats", container.id).status == 0
    container.kill("KILL")
    container.wait()
    container.delete()
