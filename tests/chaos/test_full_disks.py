# SPDX-License-Identifier: LGPL-2.1-or-later
"""No room: the directories that a start writes into are full, have no inode left, or are read-only.

Each amount either is enough, or the start is refused in one message and nothing is left. tests/oci/test_stress.py has
`create`, tests/e2e/test_exit.py the disk of the log while a workload runs.
"""

import errno
import json

import pytest

import lib_host
import lib_oci
import lib_ways
from lib_faults import LAUNCHER_LINE, messages
from lib_service import LOG_DIR
from lib_verbs import SHELL
from test_inject import NEVER_REACHED, Injector, program  # noqa: F401

pytestmark = pytest.mark.root
MS_RDONLY, MS_REMOUNT = 1, 32
LIMITS = ["nr_blocks", "nr_inodes"]


def sweep(way, watch, tiny, directory, limit, amounts):
    """Mount a tmpfs of each amount over the directory and try. Return {amount: whether it started}."""
    started = {}
    for amount in amounts:
        tiny(directory, f"{limit}={amount}")
        watch.mark()
        outcome = lib_ways.assert_one_answer(way.attempt(), f"{way.name} with {limit}={amount}")
        watch.assert_clean(f"{way.name} with {limit}={amount}: {outcome!r}")
        tiny.end(directory)
        started[amount] = outcome.started
    return started


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("way", ["run", "run-d"], indirect=True)
def test_a_full_run_directory(way, watch, tiny, limit):
    """From the root directory alone to enough, one page or one file more each time."""
    started = sweep(way, watch, tiny, lib_host.STATE_DIR, limit, range(1, lib_ways.number(16, 12, 24)))
    assert not started[1] and True in started.values(), started
    way.works()


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("way", ["run", "run-d"], indirect=True)
def test_a_full_log_directory(way, watch, tiny, limit):
    """The events lie there even where the log does not: a start without a trace of it is none."""
    sweep(way, watch, tiny, LOG_DIR, limit, range(1, lib_ways.number(6, 5, 12)))
    way.works()


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("way", ["oci-run"], indirect=True)
def test_a_full_state_directory_of_the_runtime(way, watch, tiny, oci, limit):
    oci.root.mkdir(mode=0o700, exist_ok=True)
    sweep(way, watch, tiny, oci.root, limit, range(1, lib_ways.number(10, 6, 16)))
    way.works()


@pytest.mark.parametrize("directory", [lib_host.STATE_DIR, LOG_DIR], ids=str)
@pytest.mark.parametrize("way", ["run", "run-d"], indirect=True)
def test_a_read_only_directory(way, watch, tiny, directory):
    way.works()
    tiny(directory, "size=1m")
    lib_oci.mount("tmpfs", directory, "tmpfs", MS_REMOUNT | MS_RDONLY)
    watch.mark()
    outcome = lib_ways.assert_one_answer(way.attempt(), f"{directory} is read-only")
    assert outcome.started or "EROFS" in outcome.err, outcome
    watch.assert_clean("after a start without a place to write")
    tiny.end(directory)
    way.works()


def fill(place, limit):
    """Until nothing more fits."""
    number = 0
    while True:
        path = place / f"ballast-{number}"
        try:
            path.write_bytes(b"x" * (4096 if limit == "nr_blocks" else 0))
        except OSError as problem:
            assert problem.errno == errno.ENOSPC, problem
            return
        number += 1


@pytest.mark.parametrize("limit", LIMITS)
def test_the_run_directory_fills_up_under_a_service(services, tiny, kapsel, limit):
    """What runs goes on. Who ends meanwhile is started again as soon as there is room, without a storm of attempts."""
    service = services(["/bin/sh", "-c", "while true; do echo line; sleep 0.1; done"], **SHELL,
                       restart={"policy": "always", "max": "unlimited", "delay": "100ms"})
    place = tiny(lib_host.STATE_DIR, "size=64k,nr_inodes=64")
    service.start()
    before = service.wait()
    fill(place, limit)
    written = len(service.lines)
    lib_host.wait_for(lambda: len(service.lines) > written + 3, 20 * lib_ways.SLOW, "more output")
    service.kill("payload")
    lib_host.wait_for(lambda: (service.event("exit") or {}).get("error") == "ENOSPC", 20 * lib_ways.SLOW, "an event")
    assert len([event for event in service.events if event["event"] == "restart"]) < 10
    for path in place.glob("ballast-*"):
        path.unlink()
    after = service.wait("running", 1)
    assert after["supervisor"] == before["supervisor"] and after["init"] != before["init"], after
    written = len(service.lines)
    lib_host.wait_for(lambda: len(service.lines) > written + 3, 20 * lib_ways.SLOW, "more output")
    assert set(service.lines) == {"line"}
    fill(place, limit)
    assert service.ask("stop", "100").accepted
    removed = kapsel.call("rm", "-f", service.name)
    assert removed.status == 0 and service.left() == [], removed


def test_a_full_log_disk_stops_no_verb(services, kapsel, tiny, tmp_path):
    """Log and events can't be written: ps, stop, kill, rm and a new start still answer."""
    service = services(["/bin/sh", "-c", "while true; do echo 0123456789; done"], **SHELL,
                       log={"path": str(tmp_path / "small/log"), "on_full": "drop"})
    tiny(tmp_path / "small", "size=64k")
    tiny(LOG_DIR, "size=16k")
    service.start()
    service.wait()
    lib_host.wait_for(lambda: (tmp_path / "small/log").stat().st_size > 50000, 30 * lib_ways.SLOW, "a full disk")
    rows = [json.loads(line) for line in kapsel.call("ps", "--json").stdout.splitlines()]
    assert service.name in [row["Names"] for row in rows]
    assert kapsel.call("kill", "-s", "KILL", service.name).status == 0
    service.wait("exited")
    assert kapsel.call("rm", service.name).status == 0
    assert service.left() == []


@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "ENFILE"])
def test_a_call_without_room(kapsel, template, tmp_path, program, code):  # noqa: F811
    """What no small tmpfs shows: a quota, the system's table of files. Each call that makes or writes fails so."""
    stopper = Injector(program, kapsel, kapsel.profile(["/bin/echo", "ran"], rootfs=str(template)))
    names = {"ENFILE": ["openat", "openat2", "pipe2", "socket", "socketpair", "memfd_create", "dup", "signalfd4",
                        "pidfd_open", "eventfd2", "timerfd_create", "open_tree", "fsopen", "fsmount"]}
    wanted = names.get(code, ["openat", "mkdirat", "mkdir", "write", "pwrite64", "ftruncate", "renameat", "renameat2",
                              "fsync", "linkat", "symlinkat", "mknodat", "writev", "fallocate"])
    places = [place for place in stopper.trace() if place.name in wanted and place.process in (0, 1, 2)]
    assert len(places) > 20, len(places)
    problems = []
    for place in places[:: lib_ways.number(4, 16, 1)]:
        answer = stopper.start("fail", place.process, place.number, place.index, getattr(errno, code))
        left = stopper.left()
        if answer is None or left:
            stopper.clean_by_force()
            problems.append(f"{place}: {'hangs' if answer is None else ''} left: {left}")
        elif answer[0] not in (0, NEVER_REACHED):
            said = messages(answer[2])
            # Of a profile that can't be read: error[CODE], with its place.
            good = len(said) == 1 and (LAUNCHER_LINE.match(said[0].splitlines()[0]) or said[0].startswith("error["))
            if answer[0] != 125 or not good:
                problems.append(f"{place}: status {answer[0]}: {said}")
    assert not problems, "\n".join(problems)
