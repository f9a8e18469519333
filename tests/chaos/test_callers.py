# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad callers: they close what is open, do not read, hang up, stop the supervisor, or send signals all the time."""

import contextlib
import fcntl
import os
import pty
import random
import signal
import subprocess
import threading
import time

import pytest

import lib_host
import lib_oci
import lib_ways
from lib_faults import messages
from lib_verbs import SHELL, good
from lib_ways import CLEAN_S, number

pytestmark = pytest.mark.root
LIMIT_S = 20 * lib_ways.SLOW
FOREVER = {"policy": "always", "max": "unlimited", "delay": "10ms"}


# --- streams -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["0", "1", "2", "012"])
@pytest.mark.parametrize("way", lib_ways.NAMES, indirect=True)
def test_closed_standard_descriptors(way, watch, closed):
    """Nothing that is opened lands in their place, and the start is as usual."""
    def close():
        for descriptor in closed:
            os.close(int(descriptor))
    watch.mark()
    outcome = way.attempt(preexec_fn=close)
    # Without a stdout what runs in the caller's streams can't say that it began; `run` has a log of its own.
    if way.name in ("run", "run-d") or "1" not in closed:
        outcome.assert_started()
    else:
        assert outcome.status in (0, 1, 125, 126), outcome
    watch.assert_clean(f"{way.name} without {closed}: {outcome!r}")


@pytest.fixture
def full_pipe():
    """A pipe that nobody reads, with no room left."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"\0" * 4096)
    os.set_blocking(writer, True)
    yield writer
    for descriptor in (reader, writer):
        os.close(descriptor)


@pytest.fixture
def broken_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


VERBS = [["ps"], ["list", "syscalls"], ["doctor"], ["explain"], ["schema"], ["--help"]]


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_a_verb_whose_reader_has_left(kapsel, broken_pipe, words):
    done = subprocess.run([kapsel.binary, *words], stdin=subprocess.DEVNULL, stdout=broken_pipe,
                          stderr=subprocess.PIPE, encoding="utf-8", timeout=LIMIT_S, check=False)
    assert done.returncode in (0, 1, 2, 125, -signal.SIGPIPE), done
    assert done.stderr.count("\n") <= 3, done


def test_streams_that_nobody_reads_hold_nobody_up(kapsel, services, full_pipe, watch):
    """Messages are lost then; restarts, answers and the end are not."""
    service = services(["/bin/sleep", "1000"], restart=FOREVER)
    process = subprocess.Popen([kapsel.binary, "run", service.path], stdin=subprocess.DEVNULL, stdout=full_pipe,
                               stderr=full_pipe)
    service.wait()
    service.kill("payload")
    service.wait("running", 1)
    service.kill("init")
    service.wait("running", 2)
    assert kapsel.call("update", "--pids", "50", service.name).status in (0, 1)
    process.terminate()
    assert process.wait(LIMIT_S) == 128 + signal.SIGTERM
    watch.assert_clean("after a supervisor with full streams")


def test_a_failed_start_whose_message_nobody_reads(kapsel, full_pipe, watch):
    path = kapsel.write(kapsel.profile(["/bin/nothing"]))
    done = subprocess.run([kapsel.binary, "run", path], stdin=subprocess.DEVNULL, stdout=full_pipe, stderr=full_pipe,
                          timeout=LIMIT_S, check=False)
    assert done.returncode == 127
    watch.assert_clean("after a failed start")


@pytest.mark.parametrize("way", lib_ways.NAMES, indirect=True)
def test_a_reader_that_has_left(way, watch, broken_pipe):
    """Of stderr: what is said there is lost, and nothing else."""
    watch.mark()

    def replace():
        os.dup2(broken_pipe, 2)
    outcome = way.attempt(preexec_fn=replace)
    assert outcome.started, outcome
    watch.assert_clean(f"{way.name}: {outcome!r}")


def ignore_children():
    """What some callers leave behind: whoever ends is nobody's to wait for."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


@pytest.mark.parametrize("way", lib_ways.NAMES, indirect=True)
def test_a_caller_that_ignores_the_end_of_its_children(way, watch):
    watch.mark()
    outcome = way.attempt(preexec_fn=ignore_children)
    assert outcome.started and outcome.status == 0, outcome
    watch.assert_clean(f"{way.name}: {outcome!r}")


@pytest.mark.parametrize("verb", [["run"], ["run", "-d"]], ids=" ".join)
def test_a_failed_start_tells_a_caller_that_ignores_the_end_of_its_children(kapsel, verb):
    path = kapsel.write(kapsel.profile(["/bin/true"], rootfs="/nowhere"))
    result = kapsel.call(*verb, path, preexec_fn=ignore_children)
    assert result.status == 125 and len(messages(result.stderr)) == 1, result


# --- terminals and parents -----------------------------------------------------------------------------


def in_terminal(words):
    """A session leader on a terminal of its own: (process, master)."""
    master, slave = pty.openpty()

    def lead():
        os.setsid()
        fcntl.ioctl(0, 0x540E, 0)  # TIOCSCTTY
    process = subprocess.Popen(list(map(str, words)), stdin=slave, stdout=slave, stderr=slave, preexec_fn=lead)
    os.close(slave)
    return process, master


def test_a_terminal_that_hangs_up_ends_a_run(kapsel, services, watch):
    service = services(["/bin/sleep", "1000"])
    process, master = in_terminal([kapsel.binary, "run", service.path])
    service.wait()
    os.close(master)
    process.wait(LIMIT_S)
    watch.assert_clean("after a hang-up")


def test_a_terminal_that_hangs_up_ends_enter_and_nothing_else(kapsel, services):
    service = services(["/bin/sleep", "1000"], **SHELL)
    service.start()
    before = service.wait()
    process, master = in_terminal([kapsel.binary, "enter", service.name, "--", "/bin/sleep", "1000"])
    time.sleep(0.3 * lib_ways.SLOW)
    os.close(master)
    process.wait(LIMIT_S)
    assert good(kapsel.call("enter", service.name, "--", "/bin/echo", "fine")) == "fine\n"
    assert service.state["init"] == before["init"]
    assert service.ask("stop", "100").accepted


def test_a_terminal_that_hangs_up_touches_no_service(kapsel, services):
    """`run -d` has left its caller's session."""
    service = services(["/bin/sleep", "1000"])
    process, master = in_terminal([kapsel.binary, "run", "-d", service.path])
    assert process.wait(LIMIT_S) == 0
    before = service.wait()
    os.close(master)
    time.sleep(0.3)
    assert service.state["init"] == before["init"] and service.state["status"] == "running"
    assert service.ask("stop", "100").accepted


@pytest.mark.parametrize("verb", ["run", "oci run"])
def test_a_parent_that_dies(kapsel, services, oci, watch, verb):
    """Who is in front of a container goes on without a parent, and ends as ever."""
    service = services(["/bin/sleep", "1000"])
    name = oci.new_id()
    words = [kapsel.binary, "run", service.path] if verb == "run" else \
        [oci.path, *oci.flags, "run", "--bundle", oci.bundle(lib_oci.make_config("/bin/sleep", "1000")).path, name]
    parent = subprocess.Popen(["/bin/sh", "-c", '"$@" & wait', "sh", *map(str, words)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def runs():
        return (service.state or {}).get("status") == "running" if verb == "run" else \
            oci.call("state", name).out.count('"running"')
    lib_host.wait_for(runs, LIMIT_S, "a start")
    parent.kill()
    parent.wait()
    time.sleep(0.1)
    assert runs()
    if verb == "run":
        assert service.ask("stop", "100").accepted
    else:
        assert oci.call("kill", name, "KILL").status == 0
    watch.assert_clean("after the end")


# --- signals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("verb", ["run", "run -d"])
def test_a_storm_of_signals_during_a_start(kapsel, services, watch, verb, which):
    """From its birth to its end: a status, no half container. tests/oci/test_stress.py has the runtime's `run`."""
    source = random.Random(verb + which.name)
    for turn in range(number(6, 2, 100)):
        service = services(["/bin/sleep", "1000"])
        with open(kapsel.directory / "storm.err", "w+", encoding="utf-8") as error:
            process = subprocess.Popen([kapsel.binary, *verb.split(), service.path], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=error)
            time.sleep(source.uniform(0, 0.02) * lib_ways.SLOW)
            deadline = time.monotonic() + LIMIT_S
            while process.poll() is None:
                assert time.monotonic() < deadline, f"turn {turn}: {verb} does not end"
                process.send_signal(which)
                time.sleep(0.001)
            error.seek(0)
            stderr = error.read()
        when = f"{verb} under {which.name}, turn {turn}: status {process.returncode}: {stderr!r}"
        # 143: the workload's end, of the signal that stops it; 137: by force; 125: stopped before it was there.
        assert process.returncode in (-which, 128 + which, 143, 137, 125, 0), when
        if verb == "run -d":
            # The caller's end says nothing about the service: it may run.
            end_detached(kapsel, service, when)
        assert len(messages(stderr)) <= 1, when
        watch.assert_clean(when)


def end_detached(kapsel, service, when):
    """Without its caller it goes on with the start; in the end there is none."""
    deadline = time.monotonic() + CLEAN_S
    needle = str(service.path)
    while service.directory.exists() or any(needle in line for line in lib_host.descendants().values()):
        kapsel.call("rm", "-f", service.name)
        lib_host.reap_orphans()
        assert time.monotonic() < deadline, f"{when}: {service.state}"
        time.sleep(0.02)


def test_a_storm_of_signals_on_a_running_service(services):
    """What asks for a stop stops it, once; all others change nothing."""
    service = services(["/bin/sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"], **SHELL, restart=FOREVER)
    service.start()
    before = service.wait()
    for which in (signal.SIGWINCH, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGURG):
        for _ in range(100):
            service.kill("supervisor", which)
    time.sleep(0.1)
    assert service.state["init"] == before["init"]
    for _ in range(200):
        with contextlib.suppress(ProcessLookupError):
            service.kill("supervisor", signal.SIGTERM)
    record = service.wait("exited")
    assert record["restarts"] == 0, record


# --- stopped processes ---------------------------------------------------------------------------------


def test_a_stopped_supervisor_hides_nothing(kapsel, services):
    """Who only looks reads files; who asks waits, and gets the answer when it goes on."""
    service = services(["/bin/sleep", "1000"])
    service.start()
    service.wait()
    service.kill("supervisor", signal.SIGSTOP)
    try:
        for words in (["ps"], ["inspect", service.name], ["stats", "--no-stream", service.name], ["logs", service.name],
                      ["metrics"]):
            assert kapsel.call(*words, timeout_s=LIMIT_S).status == 0
        refused = kapsel.call("run", "-d", service.path, timeout_s=LIMIT_S)
        assert refused.status == 125 and "EBUSY" in refused.stderr and len(messages(refused.stderr)) == 1, refused
        stopping = kapsel.launch("stop", "-t", "1", service.name)
        with contextlib.suppress(subprocess.TimeoutExpired):
            stopping.process.wait(0.5)
        assert stopping.process.poll() is None or stopping.process.returncode != 0
    finally:
        service.kill("supervisor", signal.SIGCONT)
    assert stopping.finish().status == 0
    service.wait("exited")


@pytest.mark.parametrize("orphan", ["end", "adopt"])
def test_a_stopped_supervisor_that_is_killed(kapsel, services, orphan, watch):
    """The standby needs no last word of it."""
    service = services(["/bin/sleep", "1000"], on_supervisor_death=orphan, restart=FOREVER)
    service.start()
    before = service.wait()
    service.kill("supervisor", signal.SIGSTOP)
    service.kill("supervisor", signal.SIGKILL)
    if orphan == "adopt":
        after = service.wait_until(lambda state: state["supervisor"] != before["supervisor"], "adoption")
        assert after["init"] == before["init"]
    assert kapsel.call("rm", "-f", service.name).status == 0
    watch.assert_clean("after the end")


def test_a_stopped_standby_does_not_take_over_until_it_goes_on(kapsel, services, watch):
    """Supervisor dead, standby stopped: nobody else may start the name; then it does its work."""
    service = services(["/bin/sleep", "1000"])
    service.start()
    record = service.wait()
    service.kill("standby", signal.SIGSTOP)
    service.kill("supervisor")
    try:
        refused = kapsel.call("run", service.path, timeout_s=LIMIT_S)
        assert refused.status == 125 and "EBUSY" in refused.stderr, refused
    finally:
        os.kill(record["standby"]["pid"], signal.SIGCONT)
    lib_host.wait_for(service.is_unlocked, CLEAN_S, "the end of the standby")
    assert kapsel.call("rm", "-f", service.name).status == 0
    watch.assert_clean("after the end")


@pytest.mark.parametrize("orphan", ["end", "adopt"])
def test_rm_by_force_asks_again_who_takes_over(kapsel, services, orphan, watch):
    """Nobody listens while the standby is stopped; afterwards it ends its service, or the service would go on."""
    service = services(["/bin/sleep", "1000"], on_supervisor_death=orphan, restart=FOREVER)
    service.start()
    record = service.wait()
    service.kill("standby", signal.SIGSTOP)
    service.kill("supervisor")
    removing = kapsel.launch("rm", "-f", service.name)
    with contextlib.suppress(subprocess.TimeoutExpired):
        removing.process.wait(1)
    os.kill(record["standby"]["pid"], signal.SIGCONT)
    result = removing.finish()
    assert result.status == 0, result
    watch.assert_clean("after rm -f")


@pytest.mark.parametrize("words", [["rm"], ["rm", "-f"]], ids=["rm", "rm -f"])
def test_rm_waits_for_who_is_just_leaving(kapsel, services, watch, words):
    """The record says that it is over, and the lock goes a moment later: here we hold it."""
    service = services(["/bin/true"])
    service.start()
    service.wait("exited")
    held = os.open(service.directory, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(held, fcntl.LOCK_EX)
    removing = kapsel.launch(*words, service.name)
    with contextlib.suppress(subprocess.TimeoutExpired):
        removing.process.wait(0.2)
    os.close(held)
    result = removing.finish()
    assert result.status == 0, result
    watch.assert_clean("after rm")


def test_rm_does_not_wait_for_ever(kapsel, services, watch):
    service = services(["/bin/true"])
    service.start()
    service.wait("exited")
    held = os.open(service.directory, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(held, fcntl.LOCK_EX)
    refused = kapsel.call("rm", service.name)
    os.close(held)
    assert refused.status == 1 and "EBUSY" in refused.stderr and len(messages(refused.stderr)) == 1, refused
    assert kapsel.call("rm", service.name).status == 0
    watch.assert_clean("after rm")


def test_a_stopped_init_is_ended_by_force(kapsel, services, watch):
    """PID 1 of a pid namespace can be stopped from outside."""
    service = services(["/bin/sleep", "1000"], stop={"timeout": "300ms"})
    service.start()
    service.wait()
    service.kill("init", signal.SIGSTOP)
    result = kapsel.call("stop", service.name, timeout_s=LIMIT_S)
    assert result.status == 0, result
    assert kapsel.call("rm", service.name).status == 0
    watch.assert_clean("after the end")


def test_clients_that_only_connect(services, kapsel):
    """Silent ones, and ones that leave in the middle, while others want something."""
    service = services(["/bin/sleep", "1000"])
    service.start()
    service.wait()
    ending = threading.Event()

    def bother():
        while not ending.is_set():
            with contextlib.suppress(OSError), service.connect() as sock:
                sock.send(random.choice([b"wait\0", b"stop", b"", b"\0" * 50, b"enter\0--\0/bin/true\0"]))
    threads = [threading.Thread(target=bother) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(number(5, 2, 50)):
            assert kapsel.call("update", "--pids", "50", service.name).status in (0, 1)
            assert kapsel.call("ps").status == 0
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    lib_host.wait_for(lambda: service.ask("stop", "100").accepted, LIMIT_S, "a stop")
