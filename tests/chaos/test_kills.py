# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of every process of a service, and of the runtime's, at random moments of start, run and end.

What the workload had handed over is in the log; the same name starts again; nothing is left. tests/e2e/test_kill.py
kills a `run`, tests/oci/test_stress.py the verbs of the runtime, tests/soak everything for minutes.
"""

import os
import random
import signal
import time

import pytest

import lib_host
import lib_oci
import lib_ways
from lib_verbs import SHELL
from lib_ways import CLEAN_S, number

pytestmark = pytest.mark.root
ROUNDS = number(8, 2, 200)
# Each line is counted behind the write(2) that handed it over. `echo` of the shell is one write.
COUNTER = "i=0; while :; do i=$((i+1)); echo $RUN-$i && printf . >>/data/$RUN; done"
FOREVER = {"policy": "always", "max": "unlimited", "delay": "10ms"}


def kill(pid):
    if pid:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


@pytest.fixture
def counting(services, tmp_path):
    """A service whose workload counts the lines that it has written."""
    count = tmp_path / "count"
    count.mkdir()
    count.chmod(0o777)

    def make(run, **keys):
        service = services(["/bin/sh", "-c", COUNTER], **SHELL, env={"RUN": run}, **keys,
                           mounts={"/data": {"type": "bind", "source": str(count), "write": True}},
                           log={"path": str(tmp_path / f"{run}.log"), "max_size": "1GiB"})
        service.counted = lambda: (count / run).stat().st_size if (count / run).exists() else 0
        return service
    return make


def assert_lines(service, run):
    """All that were counted, in their order, once."""
    lines = service.lines
    counted = service.counted()
    assert lines == [f"{run}-{i}" for i in range(1, len(lines) + 1)], lines[-3:]
    # The one behind the last counted may have been written, and not counted any more.
    assert counted <= len(lines) <= counted + 1, f"{len(lines)} lines, {counted} counted"


@pytest.mark.parametrize("victim", ["supervisor", "init", "payload"])
def test_a_line_that_was_handed_over_is_in_the_log(counting, kapsel, watch, victim):
    source = random.Random(victim)
    for turn in range(ROUNDS):
        run = f"{victim}{turn}"
        service = counting(run)
        service.start()
        lib_host.wait_for(lambda service=service: service.counted() > 0, 20 * lib_ways.SLOW, "a line")
        time.sleep(source.uniform(0, 0.2))
        service.kill(victim)
        lib_host.wait_for(service.is_unlocked, CLEAN_S, f"the end after the death of its {victim}")
        assert_lines(service, run)
        removed = kapsel.call("rm", "-f", service.name)
        assert removed.status == 0, removed
        watch.assert_clean(f"{victim} killed, turn {turn}")


def test_no_line_is_lost_over_adoptions(counting, kapsel):
    """The supervisor dies again and again while the workload writes."""
    source = random.Random(1)
    service = counting("adopted", on_supervisor_death="adopt")
    service.start()
    before = service.wait()
    for _ in range(ROUNDS):
        time.sleep(source.uniform(0, 0.1))
        victim = service.kill("supervisor")["supervisor"]
        service.wait_until(lambda state, victim=victim: state["supervisor"] not in (None, victim)
                           and state["standby"] and state["standby"]["pid"] != state["supervisor"]["pid"], "adoption")
    assert service.state["init"] == before["init"]
    service.kill("payload")
    service.wait("exited")
    assert_lines(service, "adopted")
    assert kapsel.call("rm", service.name).status == 0


def test_every_process_at_random_moments_of_a_restarting_service(services, kapsel, watch):
    """Start, run, end and back-off follow each other in milliseconds; something dies in each of them."""
    source = random.Random(2)
    service = services(["/bin/sh", "-c", "sleep 0.05"], **SHELL, restart=FOREVER, on_supervisor_death="adopt")
    for turn in range(number(12, 3, 400)):
        if service.directory.exists():
            assert kapsel.call("rm", "-f", service.name).status == 0
        service.start()
        time.sleep(source.uniform(0, 0.15))
        record = service.state
        victims = [record[name] and record[name]["pid"] for name in ("supervisor", "standby", "init")]
        victims.append(record["payload_pid"])
        chosen = source.sample(victims, source.randint(1, 4))
        for pid in chosen:
            kill(pid)
        when = f"turn {turn}: killed {chosen} of {victims}"
        if source.random() < 0.5:
            again = kapsel.call("run", "-d", service.path)
            assert again.status == 0 or (again.status == 125 and "EBUSY" in again.stderr), f"{when}: {again}"
        remove(kapsel, service, when)
        watch.assert_clean(when)


def remove(kapsel, service, when):
    """It may end, be adopted or start again meanwhile: in the end it is gone."""
    deadline = time.monotonic() + CLEAN_S
    while service.directory.exists():
        removed = kapsel.call("rm", "-f", service.name)
        assert time.monotonic() < deadline, f"{when}: {service.state}: {removed}"
        time.sleep(0.02)


def test_a_killed_enter_leaves_the_service_alone(services, kapsel):
    """The client, and the process that it had let in, at random moments."""
    source = random.Random(3)
    service = services(["/bin/sleep", "1000"], **SHELL)
    service.start()
    before = service.wait()
    for turn in range(2 * ROUNDS):
        client = kapsel.launch("enter", service.name, "--", "/bin/sleep", "1000")
        time.sleep(source.uniform(0, 0.05) * lib_ways.SLOW)
        inside = [pid for pid, command in lib_host.descendants().items()
                  if command == "/bin/sleep 1000" and pid != before["payload_pid"]]
        kill(source.choice([client.process.pid, *inside]))
        kill(client.process.pid)
        client.process.wait()
        again = kapsel.call("enter", service.name, "--", "/bin/true")
        assert again.status == 0, f"turn {turn}: {again}"

    def alone():
        return not [pid for pid, command in lib_host.descendants().items()
                    if command == "/bin/sleep 1000" and pid != before["payload_pid"]]
    lib_host.wait_for(alone, CLEAN_S, "the end of what was let in")
    assert service.state["init"] == before["init"]
    assert service.ask("stop", "100").accepted


def end_all_but(container):
    """Orphans of `exec` are ours to reap. Return: whether the container is alone."""
    lib_host.reap_orphans()
    others = {int(pid) for pid in (container.cgroup / "cgroup.procs").read_text().split()} - {container.pid}
    for pid in others:
        kill(pid)
    return not others


@pytest.mark.parametrize("verb", ["run", "exec"])
def test_a_killed_foreground_of_the_runtime(oci, watch, verb):
    """The process that waits in front of a container dies; what it started is for delete, and no more than that."""
    source = random.Random(verb)
    held = oci.running() if verb == "exec" else None
    watch.mark()
    for turn in range(ROUNDS):
        name = held.id if held else oci.new_id()
        words = ["exec", name, "/bin/sleep", "1000"] if held else \
            ["run", "--bundle", oci.bundle(lib_oci.make_config("/bin/sleep", "1000")).path, name]
        process = oci.popen(*words)
        time.sleep(source.uniform(0, 0.1) * lib_ways.SLOW)
        process.kill()
        process.wait()
        if held:
            again = held.exec("/bin/true")
            assert again.status == 0, f"turn {turn}: {again!r}"
            lib_host.wait_for(lambda: end_all_but(held), CLEAN_S, "the end of what was executed")
        else:
            assert oci.call("delete", "--force", name).status == 0
        watch.assert_clean(f"turn {turn} of {verb}")
