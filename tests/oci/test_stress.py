# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many containers at once, and runtimes that are killed or starved in the middle: nothing is left.

KAPSEL_STRESS=all makes each test as long as it is meant to be; without it they take part of it.
"""

import concurrent.futures
import ctypes
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import TIMEOUT_S, Runtime, reap, wait_for
from lib_left import GRACE_S, Left, own_children

pytestmark = [pytest.mark.kapsel]
IN_VM = os.environ.get("VM_RUN") == "1"
ALL = os.environ.get("KAPSEL_STRESS") == "all"
SLOWER = 10 if IN_VM else 1
AT_ONCE = 25
KILL_WITHIN_S = 0.03 * SLOWER


def number(everything, native, vm):
    """How many of it."""
    return everything if ALL else vm if IN_VM else native


class Call:
    """A call of the runtime whose streams are files of its own, so that many can run at once."""

    def __init__(self, runtime, name, *args, setup=None):
        self.paths = [runtime.log.with_name(f"{name}.{stream}") for stream in ("out", "err")]
        self.args = args
        with open(self.paths[0], "wb") as out, open(self.paths[1], "wb") as err:
            self.process = subprocess.Popen(runtime.command(*args), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            preexec_fn=setup)

    def wait(self):
        try:
            return self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.args} hangs: {self.err}") from None

    @property
    def err(self):
        return self.paths[1].read_text(encoding="utf-8", errors="replace")

    def ok(self):
        status = self.wait()
        assert status == 0, f"{self.args}: status {status}: {self.err}"
        return self


def call(runtime, name, *args):
    return Call(runtime, f"{name}.{args[0].lstrip('-')}", *args).ok()


@pytest.fixture
def left(runtime, tmp_path):
    watch = Left(runtime, tmp_path)
    yield watch
    if runtime.root.is_dir():
        for entry in runtime.root.iterdir():
            runtime.call("delete", "--force", entry.name)
    reap()
    watch.close()


class Field:
    """Bundles that differ in their id only."""

    def __init__(self, runtime, bundle, left):
        self.runtime, self.bundle, self.left = runtime, bundle, left

    def write(self, identity, *args, **more):
        config = json.loads(json.dumps(self.bundle.config))
        config["process"]["args"] = list(args) or ["sleep", "1000"]
        # All share one root file system: the nodes of /dev have to lie elsewhere.
        config["mounts"].append({"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                                 "options": ["nosuid", "mode=755", "size=64k"]})
        config.update(more)
        path = self.bundle.path / identity
        path.mkdir(exist_ok=True)
        (path / "config.json").write_text(json.dumps(self.left.mark(config, identity)))
        return path

    def create(self, identity, *args):
        path = self.write(identity, *args)
        call(self.runtime, identity, "create", "--bundle", path, "--pid-file", path / "pid", identity)
        pid = int((path / "pid").read_text())
        self.left.saw(pid)
        return pid

    def start(self, identity, *args):
        pid = self.create(identity, *args)
        call(self.runtime, identity, "start", identity)
        return pid


@pytest.fixture
def field(runtime, bundle, left):
    return Field(runtime, bundle, left)


def in_parallel(work, names):
    """work(name) for all of them, AT_ONCE at a time; the first failure is raised when all have ended."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(work, name) for name in names]
        concurrent.futures.wait(futures)
    for future in futures:
        future.result()


# --- lives in parallel ------------------------------------------------------------


def test_many_lives_at_once_leave_nothing(runtime, field, left):
    def live(name):
        pid = field.start(name, "true")
        assert left.reaper.wait(pid) == 0
        call(runtime, name, "delete", name)

    in_parallel(live, [f"life-{i}" for i in range(number(500, 150, 30))])
    left.assert_nothing()


def test_many_that_are_deleted_by_force_leave_nothing(runtime, field, left):
    """Created only, running, and with processes that were executed in them."""
    def live(name):
        kind = int(name[-1]) % 3
        (field.create if kind == 0 else field.start)(name)
        if kind == 2:
            call(runtime, name, "exec", "--detach", name, "sleep", "1000")
        call(runtime, name, "delete", "--force", name)

    in_parallel(live, [f"forced-{i}" for i in range(number(200, 50, 12))])
    left.assert_nothing(GRACE_S)


def test_a_hundred_that_run_at_once_have_each_their_own(runtime, field, left):
    """All of them live at the same time: no id, cgroup or namespace is shared, and list shows them all."""
    names = [f"one-of-many-{i}" for i in range(number(100, 50, 20))]
    pids = {}
    in_parallel(lambda name: pids.update({name: field.start(name)}), names)
    assert len(set(pids.values())) == len(names) == len(left.networks)
    cgroups = {Path(f"/proc/{pid}/cgroup").read_text() for pid in pids.values()}
    assert len(cgroups) == len(names)
    assert sorted(runtime.ok("list", "-q").split()) == sorted(names)
    in_parallel(lambda name: call(runtime, name, "delete", "--force", name), names)
    left.assert_nothing(GRACE_S)


# --- kill -9 of the runtime -------------------------------------------------------


def killed(runtime, name, delay_s, *args):
    """Call the runtime and kill it after a while. Return: its status, negative if the kill met it."""
    victim = Call(runtime, f"{name}.victim", *args)
    time.sleep(delay_s)
    victim.process.kill()
    return victim.wait()


def prepare_create(field, name):
    return "create", "--bundle", field.write(name), name


def prepare_run(field, name):
    return "run", "--detach", "--bundle", field.write(name), name


def prepare_start(field, name):
    field.create(name)
    return "start", name


def prepare_exec(field, name):
    field.start(name)
    return "exec", name, "sleep", "1000"


def prepare_delete(field, name):
    field.left.reaper.wait(field.start(name, "true"))
    return "delete", name


def prepare_forced_delete(field, name):
    field.start(name)
    return "delete", "--force", name


PREPARE = {"create": prepare_create, "run": prepare_run, "start": prepare_start, "exec": prepare_exec,
           "delete": prepare_delete, "delete --force": prepare_forced_delete}


@pytest.mark.parametrize("verb", PREPARE)
def test_killed_at_a_random_moment_it_leaves_what_delete_removes(runtime, field, left, verb):
    names = [f"{verb.split()[0]}-{i}" for i in range(number(200, 40, 8))]
    # Early moments are more likely: a start takes 2 ms, a create under load 30.
    delays = {name: random.Random(verb + name).uniform(0, 1) ** 3 * KILL_WITHIN_S for name in names}
    delays.update((name, 0) for name in names[::4])
    met = []

    def play(name):
        met.append(killed(runtime, name, delays[name], *PREPARE[verb](field, name)) < 0)
        call(runtime, name, "delete", "--force", name)
        assert not (runtime.root / name).exists(), f"{name}: killed after {delays[name]:.4f} s"
        assert not (left.cgroup / name).exists(), f"{name}: killed after {delays[name]:.4f} s"

    in_parallel(play, names)
    assert any(met), "no kill came early enough to meet the runtime"
    left.assert_nothing(GRACE_S)


def system_calls(runtime, name, args):
    """The calls that the runtime's own process makes, in their order, as (name, how many of that name before)."""
    trace = runtime.root.with_name(f"{name}.trace")
    done = subprocess.run(["strace", "-qq", "-o", trace, *runtime.command(*args)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, trace.read_text()[-2000:]
    seen, calls = {}, []
    for line in trace.read_text(errors="replace").splitlines():
        match = re.match(r"(\w+)\(", line)
        if match:
            seen[match[1]] = seen.get(match[1], 0) + 1
            calls.append((match[1], seen[match[1]]))
    return calls


@pytest.mark.parametrize("verb", PREPARE)
def test_killed_at_any_system_call_it_leaves_what_delete_removes(runtime, field, left, verb):
    """strace kills the runtime where it is about to make one certain call; without KAPSEL_STRESS a sample of them.
    The container's process is not traced: it must notice by itself."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    word = verb.split()[0]
    args = PREPARE[verb](field, f"{word}-traced")
    if verb == "exec":
        args = "exec", f"{word}-traced", "true"
    calls = system_calls(runtime, word, args)
    call(runtime, word, "delete", "--force", f"{word}-traced")
    assert len(calls) > 20, calls
    # The first is the execve of the runtime itself.
    places = list(range(1, len(calls)))
    if not ALL:
        places = sorted(random.Random(verb).sample(places, min(len(places), number(0, 24, 6))))

    met = []

    def play(place):
        system_call, occurrence = calls[place]
        name = f"{word}-at-{place}"
        args = PREPARE[verb](field, name)
        inject = f"inject={system_call}:signal=SIGKILL:when={occurrence}"
        command = ["strace", "-qq", "-o", os.devnull, "-e", f"trace={system_call}", "-e", inject, *runtime.command(*args)]
        victim = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            # `exec` of a sleep ends only if the kill meets it; other calls may take another way this time.
            victim.wait(TIMEOUT_S if verb != "exec" else 2 * SLOWER)
        except subprocess.TimeoutExpired:
            victim.kill()
            victim.wait()
        # strace ends as what it traced.
        met.append(victim.returncode == -signal.SIGKILL)
        call(runtime, name, "delete", "--force", name)
        where = f"{verb} killed at {system_call} number {occurrence}, its call {place} of {len(calls)}"
        assert not (runtime.root / name).exists(), where
        assert not (left.cgroup / name).exists(), where

    in_parallel(play, places)
    assert sum(met) > len(met) / 2, f"{sum(met)} of {len(met)} met the runtime"
    left.assert_nothing(GRACE_S)


def test_a_killed_create_does_not_leave_a_process_even_without_delete(runtime, field, left):
    """Nobody may come to delete: what waits for a runtime that is gone has to end by itself."""
    for i in range(number(60, 20, 5)):
        name = f"alone-{i}"
        killed(runtime, name, random.Random(i).uniform(0, KILL_WITHIN_S / 2), *prepare_create(field, name))

        def settled(name=name):
            reap()
            state = runtime.root / name / "state.json"
            # One that was created completely lives on, rightly so.
            if state.exists() and runtime.call("state", name).stdout.find(b'"created"') >= 0:
                return True
            return not own_children() - left.children
        wait_for(settled, f"the end of the process of {name}")
        runtime.ok("delete", "--force", name)
    left.assert_nothing(GRACE_S)


# --- two at once ------------------------------------------------------------------


def test_of_two_creates_of_one_id_exactly_one_wins(runtime, field, left):
    for i in range(number(100, 25, 6)):
        name = f"twice-{i}"
        path = field.write(name)
        rivals = [Call(runtime, f"{name}.{j}", "create", "--bundle", path, name) for j in range(2)]
        statuses = sorted(rival.wait() for rival in rivals)
        said = [rival.err for rival in rivals]
        assert statuses == [0, 1], said
        loser, = (rival for rival in rivals if rival.process.returncode == 1)
        assert "container with given ID already exists" in loser.err and loser.err.count("\n") == 1, said
        assert runtime.status(name) == "created"
        runtime.ok("start", name)
        assert runtime.status(name) == "running"
        runtime.ok("delete", "--force", name)
    left.assert_nothing(GRACE_S)


def test_of_two_starts_exactly_one_wins(runtime, field, left):
    for i in range(number(50, 12, 4)):
        name = f"started-{i}"
        field.create(name)
        rivals = [Call(runtime, f"{name}.{j}", "start", name) for j in range(2)]
        statuses = sorted(rival.wait() for rival in rivals)
        assert statuses == [0, 1], [rival.err for rival in rivals]
        assert runtime.status(name) == "running"
        runtime.ok("delete", "--force", name)
    left.assert_nothing(GRACE_S)


def test_two_deletes_at_once_leave_nothing_and_do_not_fail_strangely(runtime, field, left):
    for i in range(number(50, 12, 4)):
        name = f"deleted-{i}"
        field.start(name)
        rivals = [Call(runtime, f"{name}.{j}", "delete", "--force", name) for j in range(2)]
        assert [rival.wait() for rival in rivals] == [0, 0], [rival.err for rival in rivals]
        assert not (runtime.root / name).exists()
    left.assert_nothing(GRACE_S)


# --- scarcity ---------------------------------------------------------------------


MS_RDONLY, MS_REMOUNT, MNT_DETACH = 1, 32, 2
libc = ctypes.CDLL(None, use_errno=True)


def mount(kind, target, flags=0, data=""):
    if libc.mount(kind.encode(), str(target).encode(), kind.encode(), flags, data.encode()) < 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


@pytest.fixture
def small(runtime, tmp_path):
    """A function that puts the state directory on a tmpfs of few pages and files."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = []

    def make(data):
        if mounted:
            libc.umount2(str(place).encode(), MNT_DETACH)
            mounted.clear()
        mount("tmpfs", place, 0, "mode=0700," + data)
        mounted.append(True)
        other = Runtime(tmp_path)
        other.root = place / "state"
        return other
    yield make
    if mounted:
        libc.umount2(str(place).encode(), MNT_DETACH)


def assert_one_line(refused, *words):
    status, text = refused.wait(), refused.err
    assert status == 1, f"status {status}: {text}"
    assert text.count("\n") == 1 and text.endswith("\n") and len(text) > 10, f"not one line: {text!r}"
    for word in words:
        assert word in text, f"{word} is missing in {text!r}"
    assert "warning" not in text, text


def assert_empty(directory):
    assert sorted(os.listdir(directory)) == [] if directory.is_dir() else True


@pytest.mark.parametrize("limit", ["nr_blocks", "nr_inodes"])
def test_a_full_state_directory_is_one_clear_refusal(small, field, left, limit):
    """From nothing free to enough for a container, one page or one file more each time."""
    refused = 0
    # The root directory itself takes one file.
    for amount in range(1, 16):
        runtime = small(f"{limit}={amount}")
        one = Call(runtime, f"full.{amount}", "create", "--bundle", field.write("full"), "full")
        if one.wait() == 0:
            call(runtime, "full", "delete", "--force", "full")
            assert refused > 0
            break
        refused += 1
        assert_one_line(one, "ENOSPC", "state")
        assert_empty(runtime.root)
        left.runtime = runtime
        assert "processes" not in left.found() and "cgroups" not in left.found(), left.found()
    else:
        raise AssertionError("not even 15 are enough")


def test_a_readonly_state_directory_is_one_clear_refusal(small, field, left):
    runtime = small("size=1m")
    runtime.root.mkdir(mode=0o700)
    mount("tmpfs", runtime.root.parent, MS_REMOUNT | MS_RDONLY)
    refused = Call(runtime, "readonly", "create", "--bundle", field.write("readonly"), "readonly")
    assert_one_line(refused, "EROFS", str(runtime.root))
    assert_empty(runtime.root)
    left.runtime = runtime
    assert "processes" not in left.found() and "cgroups" not in left.found(), left.found()


def test_a_missing_and_unwritable_root_is_one_clear_refusal(runtime, field, left):
    runtime.root = Path("/proc/kapsel/state")
    assert_one_line(Call(runtime, "nowhere", "create", "--bundle", field.write("nowhere"), "nowhere"), "/proc/kapsel")
    left.assert_nothing()


def test_few_descriptors_are_one_clear_refusal_or_enough(runtime, field, left, tmp_path):
    """With any number of them: it works or says EMFILE, never something half done."""
    path = field.write("few")
    refused = 0
    for limit in range(3, 40, 1 if ALL or not IN_VM else 4):
        def few(limit=limit):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        one = Call(runtime, f"few.{limit}", "create", "--bundle", path, "few", setup=few)
        status = one.wait()
        if status == 0:
            runtime.ok("delete", "--force", "few")
            assert refused > 0 and limit < 30
            break
        refused += 1
        assert status == 1 and "EMFILE" in one.err and one.err.count("\n") == 1, f"limit {limit}: {one.err!r}"
        left.assert_nothing(1)
    else:
        raise AssertionError("not even 39 are enough")


# --- system calls that fail ---------------------------------------------------------


FAULTS = ("EIO", "ENOMEM", "EPERM")
# What ends or says nothing when it fails, and what starts the program.
NOT_FAULTED = {"exit_group", "exit", "execve", "execveat", "close", "munmap", "brk", "arch_prctl", "set_tid_address",
               "set_robust_list", "rseq", "prlimit64", "rt_sigaction", "rt_sigprocmask", "getrandom", "mprotect"}


def test_a_system_call_that_fails_fails_the_create_or_does_not_matter(runtime, field, left):
    """Everything or nothing: an error anywhere in the runtime gives status 1, a message and no trace of a
    container, or the container is there and complete."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    calls = system_calls(runtime, "faulted", prepare_create(field, "traced"))
    runtime.ok("delete", "--force", "traced")
    places = [i for i, (name, _) in enumerate(calls) if i > 0 and name not in NOT_FAULTED]
    if not ALL:
        places = sorted(random.Random(1).sample(places, number(0, 40, 8)))

    def play(place):
        system_call, occurrence = calls[place]
        name, fault = f"faulted-{place}", FAULTS[place % len(FAULTS)]
        where = f"create with {fault} from {system_call} number {occurrence}, its call {place} of {len(calls)}"
        inject = f"inject={system_call}:error={fault}:when={occurrence}"
        err = runtime.root.with_name(f"{name}.err")
        with open(err, "wb") as stderr:
            command = ["strace", "-qq", "-o", os.devnull, "-e", f"trace={system_call}", "-e", inject,
                       *runtime.command(*prepare_create(field, name))]
            status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                                    timeout=TIMEOUT_S, check=False).returncode
        said = err.read_text(errors="replace")
        if status == 0:
            call(runtime, name, "start", name)
            call(runtime, name, "delete", "--force", name)
        else:
            assert status == 1, f"{where}: status {status}: {said}"
            # write() itself may have been the one that failed.
            assert said or system_call == "write", f"{where}: no message"
        # An error in the removal itself may leave something, which delete --force then removes.
        if (runtime.root / name).exists():
            assert "clean up" in said, f"{where}: state is left without a word: {said}"
            call(runtime, name, "delete", "--force", name)
        assert not (left.cgroup / name).exists(), f"{where}: the cgroup is left: {said}"

    in_parallel(play, places)
    left.assert_nothing(GRACE_S)


# --- signals and exit statuses ----------------------------------------------------


TRAP = 'trap "exit 41" TERM; trap "exit 42" INT; trap "exit 43" HUP; echo ready; while :; do sleep 0.05; done'


def foreground(runtime, field, name, *args):
    attached = Call(runtime, name, "run", "--bundle", field.write(name, *args), name)
    wait_for(lambda: attached.process.poll() is not None or "ready" in attached.paths[0].read_text(), "the container")
    assert attached.process.poll() is None, attached.err
    return attached


@pytest.mark.parametrize("word, status", [("TERM", 41), ("INT", 42), ("HUP", 43)])
def test_a_signal_to_run_reaches_the_container(runtime, field, left, word, status):
    attached = foreground(runtime, field, "signalled", "sh", "-c", TRAP)
    attached.process.send_signal(getattr(signal, "SIG" + word))
    assert attached.wait() == status, attached.err
    left.assert_nothing()


def test_a_run_whose_container_is_killed_says_137(runtime, field, left):
    attached = foreground(runtime, field, "killed", "sh", "-c", TRAP)
    os.kill(runtime.state("killed")["pid"], signal.SIGKILL)
    assert attached.wait() == 137, attached.err
    left.assert_nothing()


def test_a_run_whose_container_is_killed_by_the_verb_says_137(runtime, field, left):
    attached = foreground(runtime, field, "killed", "sh", "-c", TRAP)
    runtime.ok("kill", "killed", "KILL")
    assert attached.wait() == 137, attached.err
    left.assert_nothing()


def test_a_run_that_is_killed_itself_leaves_what_delete_removes(runtime, field, left):
    attached = foreground(runtime, field, "orphan", "sh", "-c", TRAP)
    attached.process.kill()
    assert attached.wait() == -signal.SIGKILL
    runtime.ok("delete", "--force", "orphan")
    left.assert_nothing(GRACE_S)


def test_signals_at_any_time_of_run_leave_nothing(runtime, field, left):
    """SIGTERM before the container is there, too: run must not end without its container."""
    def play(name):
        path = field.write(name, "sh", "-c", TRAP)
        attached = Call(runtime, name, "run", "--bundle", path, name)
        time.sleep(random.Random(name).uniform(0, KILL_WITHIN_S))
        deadline = time.monotonic() + TIMEOUT_S
        # What comes before the program has its handlers is lost or deadly, as everywhere; a user tries again.
        while attached.process.poll() is None and time.monotonic() < deadline:
            attached.process.terminate()
            time.sleep(0.05)
        status = attached.wait()
        # 41: the trap; 143 or -15: before there was one.
        assert status in (41, 143, -signal.SIGTERM, 1), f"status {status}: {attached.err}"
        if status == -signal.SIGTERM:
            call(runtime, name, "delete", "--force", name)

    in_parallel(play, [f"early-{i}" for i in range(number(100, 25, 5))])
    left.assert_nothing(GRACE_S)
