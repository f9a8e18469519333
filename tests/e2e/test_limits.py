# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits: what a container can use up is what its profile says, and others do not notice."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

import lib_host
from lib_faults import HERE, assert_refused, compile_c, copy_root, last_line, put

pytestmark = [pytest.mark.root, pytest.mark.vm]

LOAD = "/bin/load"
MIB = 1024 * 1024
FORKS = {"syscalls": {"allow": ["@base", "@process"]}}
# What a process of the machine itself is allowed to take longer there.
SLOW = 4 if lib_host.IN_VM else 1


@pytest.fixture(scope="module")
def load(rootfs, tmp_path_factory):
    """The busybox root file system with the program of load.c."""
    directory = tmp_path_factory.mktemp("load")
    root = copy_root(rootfs, directory / "root")
    put(root, LOAD, compile_c(HERE / "load.c", directory / "load").read_bytes())
    return root


@pytest.fixture
def start(kapsel, load):
    """Starts a verb of load.c under these limits."""
    def call(*words, limits=None, under=(), **keys):
        # memory.high makes a hog crawl for minutes before memory.max kills it.
        limits = {"memory_high": "unlimited", **limits} if limits and "memory" in limits else limits or {}
        profile = kapsel.profile([LOAD, *map(str, words)], rootfs=str(load), limits=limits, **keys)
        running = kapsel.start_profile(profile, under=under)
        running.name = profile["name"]
        return running

    return call


@pytest.fixture
def started(start):
    """The same, and waits until the container runs."""
    def call(*words, **keys):
        running = start(*words, **keys)

        def up():
            assert running.process.poll() is None, running.finish()
            return (lib_host.STATE_DIR / running.name / "state.json").exists()
        lib_host.wait_for(up, 20 * SLOW, "a running container")
        return running
    return call


def group(name, parent="kapsel"):
    """A container's cgroup."""
    return lib_host.cgroup_mount() / parent / name


def value(name, file):
    return (group(name) / file).read_text().strip()


def counts(name, file):
    """A file of "NAME NUMBER" lines."""
    return {key: int(number) for key, number in (line.split() for line in value(name, file).splitlines())}


def host_id(name):
    return json.loads((lib_host.STATE_DIR / name / "state.json").read_text())["host_id"]


@contextlib.contextmanager
def lives_on(running):
    """A container that must not notice what happens meanwhile."""
    running.wait_for_log("alive 0")
    yield
    seen = running.log[-1]["log"]
    lib_host.wait_for(lambda: running.log[-1]["log"] != seen, 20, "another sign of life")
    result = running.finish(signal.SIGTERM)
    assert "(stop was asked for)" in last_line(result), result


# --- memory ----------------------------------------------------------------------------

def test_a_memory_hog_dies_alone(start):
    neighbour = start("stay", limits={"memory": "16MiB"})
    with lives_on(neighbour):
        result = start("hog", 200, limits={"memory": "16MiB"}).finish()
        assert result.status == 137, result
        said = re.fullmatch(r'out of memory: peak (\d+\.\d) MiB, limit 16\.0 MiB; '
                            r'"limits": { "memory": … } raises it', last_line(result))
        assert said and 15 <= float(said[1]) <= 16, result
        assert result.logged() == "", result


def test_out_of_memory_ends_the_whole_container(start):
    """memory.oom.group: a parent that would live on without its child is half a service."""
    result = start("family", 200, limits={"memory": "16MiB"}, **FORKS).finish()
    assert result.status == 137 and "out of memory" in last_line(result), result


def test_what_fits_into_the_limit_runs(start):
    running = start("hog", 24, limits={"memory": "48MiB"})
    running.wait_for_log("has it")
    assert 24 * MIB <= int(value(running.name, "memory.current")) <= 48 * MIB
    assert counts(running.name, "memory.events")["oom_kill"] == 0
    running.finish(signal.SIGTERM)


def test_a_tmpfs_counts_as_memory(start):
    mounts = {"/tmp": {"type": "tmpfs", "size": "64MiB"}}
    limits = {"memory": "16MiB", "file_size": "unlimited"}
    result = start("fill", "/tmp/file", 40, limits=limits, mounts=mounts).finish()
    assert result.status == 137 and "out of memory" in last_line(result), result


def test_memory_high_slows_down_before_memory_kills(started):
    running = started("hog", 18, limits={"memory": "64MiB", "memory_high": "16MiB"})
    lib_host.wait_for(lambda: counts(running.name, "memory.events")["high"] > 0, 30, "a throttled hog")
    assert counts(running.name, "memory.events")["oom_kill"] == 0
    assert value(running.name, "memory.high") == str(16 * MIB)
    assert running.process.poll() is None
    running.finish(signal.SIGTERM)


@pytest.fixture
def swap(tmp_path):
    """Swap that the machine has until the end of the test: a loop device on a tmpfs."""
    if not lib_host.IN_VM:
        pytest.skip("gives swap to the whole machine")
    place = tmp_path / "swap"
    place.mkdir()
    with contextlib.ExitStack() as undo:
        def run(*command, undone_by=()):
            output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
            if undone_by:
                undo.callback(subprocess.run, undone_by, check=True, timeout=60)
            return output.strip()
        run("modprobe", "loop")
        run("mount", "-t", "tmpfs", "-o", "size=100m", "swap", place, undone_by=("umount", place))
        (place / "file").write_bytes(b"")
        os.truncate(place / "file", 64 * MIB)
        device = run("losetup", "--find", "--show", place / "file")
        undo.callback(subprocess.run, ("losetup", "--detach", device), check=True, timeout=60)
        run("mkswap", device)
        run("swapon", device, undone_by=("swapoff", device))
        yield


def test_swap_is_no_way_around_the_limit_of_memory(start, swap):
    result = start("hog", 40, limits={"memory": "16MiB"}).finish()
    assert result.status == 137 and "out of memory" in last_line(result), result


def test_swap_that_the_profile_gives_is_there_and_no_more(start, swap):
    limits = {"memory": "16MiB", "swap": "32MiB"}
    running = start("hog", 32, limits=limits)
    running.wait_for_log("has it")
    assert 14 * MIB < int(value(running.name, "memory.swap.current")) <= 32 * MIB
    running.finish(signal.SIGTERM)
    result = start("hog", 60, limits=limits).finish()
    assert result.status == 137 and "out of memory" in last_line(result), result


# --- processes -------------------------------------------------------------------------

def test_a_fork_bomb_stops_at_the_limit_and_can_be_stopped(start, started):
    neighbour = start("stay")
    with lives_on(neighbour):
        running = started("bomb", limits={"pids": 20, "cpu": 0.3}, stop={"timeout": "300ms"}, **FORKS)
        lib_host.wait_for(lambda: counts(running.name, "pids.events")["max"] > 0, 30, "the limit being hit")
        for _ in range(20):
            assert int(value(running.name, "pids.current")) <= 20
            time.sleep(0.05)
        began = time.monotonic()
        result = running.finish(signal.SIGTERM)
        took_s = time.monotonic() - began
        assert took_s < 2 * SLOW, f"{took_s} s"
        assert result.status == 137, result
        assert re.search(r'the limit of 20 processes was hit \d+ time\(s\): "limits": { "pids": … }$',
                         last_line(result)), result


def test_the_processors_stay_with_the_others_during_a_fork_bomb(start):
    """Measured from outside: the bomb gets its share and no more."""
    running = start("bomb", limits={"pids": 64, "cpu": 0.2}, stop={"timeout": "100ms"}, **FORKS)
    running.wait_for_log("lit")
    before, began = counts(running.name, "cpu.stat")["usage_usec"], time.monotonic()
    time.sleep(3)
    used_s = (counts(running.name, "cpu.stat")["usage_usec"] - before) / 1e6
    wall_s = time.monotonic() - began
    running.finish(signal.SIGTERM)
    assert used_s <= 0.2 * wall_s * 1.5, f"{used_s} s in {wall_s} s"


# --- processors ------------------------------------------------------------------------

def spun(result):
    """(processor seconds, wall seconds) of a spinner."""
    return tuple(float(word) for word in result.logged().splitlines()[-1].split())


def test_a_spinner_is_held_to_its_share(started):
    running = started("spin", 4, limits={"cpu": 0.25})
    lib_host.wait_for(lambda: counts(running.name, "cpu.stat")["nr_throttled"] > 3, 60, "throttling")
    assert value(running.name, "cpu.max") == "25000 100000"
    result = running.finish()
    assert result.status == 0, result
    used_s, wall_s = spun(result)
    assert 0.1 * wall_s <= used_s <= 0.25 * wall_s * 1.4, result


def test_weights_divide_what_is_there(start):
    """Both on the same processor, neither limited: the heavier one gets more."""
    allowed = str(min(os.sched_getaffinity(0)))
    light = start("spin", 600, limits={"cpu": "unlimited", "cpus": allowed, "cpu_weight": 20})
    heavy = start("spin", 600, limits={"cpu": "unlimited", "cpus": allowed, "cpu_weight": 2000})
    light.wait_for_log("spinning")
    heavy.wait_for_log("spinning")
    assert value(heavy.name, "cpu.weight") == "2000" and value(light.name, "cpu.weight") == "20"

    def used():
        return [counts(running.name, "cpu.stat")["usage_usec"] for running in (heavy, light)]
    before = used()
    # As long as it takes: on a busy machine both get little.
    lib_host.wait_for(lambda: used()[0] - before[0] > 2_000_000, 120, "two seconds of the heavier one")
    used_heavy, used_light = (after - then for after, then in zip(used(), before))
    for running in (heavy, light):
        running.finish(signal.SIGTERM)
    assert used_heavy > 2 * used_light, (used_heavy, used_light)


def test_only_the_named_processors_are_used(start):
    wanted = max(os.sched_getaffinity(0))
    running = start("cpus", limits={"cpus": str(wanted)})
    result = running.finish()
    assert result.status == 0 and result.logged() == f"1 {wanted}\n", result


def test_a_processor_that_is_not_there_is_refused(start):
    result = start("cpus", limits={"cpus": "8000"}).finish()
    assert_refused(result, "8000", "cpuset.cpus", "limits.cpus", step="cgroup-limits")


# --- disks -----------------------------------------------------------------------------

@pytest.fixture
def disk():
    """A whole disk that may be read by everybody."""
    path = Path("/dev/vda")
    if not lib_host.IN_VM or not path.is_block_device():
        pytest.skip("needs the virtual machine's disk")
    mode = path.stat().st_mode & 0o777
    path.chmod(0o666)
    yield path
    path.chmod(mode)


def test_a_disk_is_read_no_faster_than_allowed(start, disk):
    def took(**limits):
        result = start("read", disk, 3072, limits=limits, devices={str(disk): "r"}).finish()
        assert result.status == 0, result
        return float(result.logged())

    free_s = took()
    held_s = took(io={str(disk): {"read_bps": "1MiB"}})
    assert held_s > 1.5 and held_s > 3 * free_s, (free_s, held_s)


def test_a_partition_or_no_disk_at_all_is_refused(start):
    result = start("cpus", limits={"io": {"/dev/null": {"read_bps": "1MiB"}}}).finish()
    assert_refused(result, "limits.io", "/dev/null", errno="ENOTBLK", help_text=False)


# --- time ------------------------------------------------------------------------------

def test_the_runtime_limit_ends_every_process(start):
    result = start("bomb", limits={"pids": 12, "runtime": "1s"}, stop={"timeout": "200ms"}, **FORKS).finish()
    assert result.status == 137, result
    assert last_line(result).startswith("wall-clock limit of 1000 ms"), result


# --- what the kernel says ----------------------------------------------------------------

WRITTEN = {
    "memory.max": str(32 * MIB), "memory.high": str(24 * MIB), "memory.swap.max": "0", "memory.oom.group": "1",
    "pids.max": "9", "cpu.max": "30000 100000", "cpu.weight": "50",
    "cgroup.max.depth": "0", "cgroup.max.descendants": "0",
}


def test_the_table_shows_what_the_kernel_holds(kapsel, start):
    running = start("stay", limits={"memory": "32MiB", "memory_high": "24MiB", "pids": 9, "cpu": 0.3,
                                    "cpu_weight": 50})
    running.wait_for_log("alive")
    held = {file: value(running.name, file) for file in WRITTEN if (group(running.name) / file).exists()}
    assert held == {file: text for file, text in WRITTEN.items() if file in held}
    assert set(WRITTEN) - set(held) <= {"memory.swap.max"}  # a kernel without swap accounting
    table = kapsel.call("explain", "--run", running.name)
    row = next(line for line in table.stdout.splitlines() if line.startswith("cgroup-limits "))
    assert " holds " in row, table
    for file, text in held.items():
        assert re.search(rf"(^| ){re.escape(file)} {re.escape(text)}(,|$)", row), table
    running.finish(signal.SIGTERM)
    assert kapsel.call("explain", "--run", running.name).status != 0


# --- controllers that are missing ------------------------------------------------------

@pytest.fixture
def poor_group(request):
    """A group handed to the launcher whose parent keeps the memory controller for itself."""
    parent = lib_host.cgroup_mount() / f"poor-{os.getpid()}"
    inner = parent / "inner"
    inner.mkdir(parents=True)
    (parent / "cgroup.subtree_control").write_text("+pids +cpu")
    os.setxattr(inner, "trusted.delegate", b"1")
    yield inner

    def remove():
        for directory in (*inner.glob("*/"), inner, parent):
            if directory.is_dir():
                directory.rmdir()
        return True
    lib_host.wait_for(lambda: suppressed(remove), 5, "an empty group")


def suppressed(function):
    with contextlib.suppress(OSError):
        return function()
    return False


def inside(directory):
    """Moves the launcher into a group first."""
    return ["sh", "-c", f'echo 0 >{directory}/cgroup.procs && exec "$@"', "sh"]


def test_a_controller_that_was_not_delegated_is_refused_with_the_remedy(start, poor_group):
    result = start("cpus", under=inside(poor_group)).finish()
    assert_refused(result, "limits.memory", "memory", "not delegated", "Delegate=yes", errno="EOPNOTSUPP",
                   step="cgroup-limits")
    assert list(poor_group.glob("*/")) == []


def test_limits_that_were_delegated_hold(start, poor_group):
    running = start("stay", under=inside(poor_group), limits={"memory": "unlimited", "pids": 7})
    running.wait_for_log("alive")
    assert (poor_group / running.name / "pids.max").read_text() == "7\n"
    result = running.finish(signal.SIGTERM)
    assert result.status == 143, result


def test_on_missing_warn_starts_with_a_word_about_it(start, poor_group):
    running = start("stay", under=inside(poor_group), limits={"pids": 7}, on_missing="warn")
    running.wait_for_log("alive")
    assert (poor_group / running.name / "pids.max").read_text() == "7\n"
    assert not (poor_group / running.name / "memory.max").exists()
    result = running.finish(signal.SIGTERM)
    assert re.search(r"^kapsel: warning: started without some limits .*memory", result.stderr, re.M), result


# --- the end -----------------------------------------------------------------------------

def test_nothing_is_left_of_a_killed_supervisor(started):
    running = started("bomb", limits={"pids": 30}, **FORKS)
    running.wait_for_log("lit")
    directory = group(running.name)
    assert directory.is_dir()
    running.finish(signal.SIGKILL)
    lib_host.wait_for(lambda: not directory.exists(), 2 * SLOW, "the end of the group")
    lib_host.wait_for(lambda: not (lib_host.STATE_DIR / running.name).exists(), 2 * SLOW, "the end of the state")


def test_fifty_start_at_once_with_ids_of_their_own(start):
    running = [start("stay", limits={"memory": "4MiB", "pids": 2}, log={"driver": "none"}) for _ in range(50)]
    names = [one.name for one in running]

    def all_up():
        for one in running:
            assert one.process.poll() is None, one.finish()
        return all((lib_host.STATE_DIR / name / "state.json").exists() for name in names)
    lib_host.wait_for(all_up, 60 * SLOW, "fifty containers")
    ids = {host_id(name) for name in names}
    assert len(ids) == 50 and all(number >= 0x20000000 for number in ids)
    assert {path.name for path in group("").iterdir() if path.is_dir()} >= set(names)
    for one in running:
        one.process.send_signal(signal.SIGTERM)
    results = [one.finish() for one in running]
    assert {result.status for result in results} == {143}, results
    assert not {path.name for path in group("").iterdir() if path.is_dir()} & set(names)
