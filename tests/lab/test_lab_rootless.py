# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel lab of a user without any privilege: in a user namespace, without subordinate ids.

As in tests/e2e/test_rootless.py the user exists in a mount namespace of each call only.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

import lib_host
from test_lab import EXERCISES, TIMEOUT_S, left_behind, only_left

pytestmark = pytest.mark.root

UID, GID = 64217, 64218
LIMITS = {"memory", "pids", "cpu"}
# Shares a namespace of the host, which kapsel does with a control group only.
NEEDS_GROUP = {"pid-namespace"}


@pytest.fixture(scope="module")
def reachable(binary):
    """The programs where everybody gets at them, and accounts of the test's own."""
    directory = Path(tempfile.mkdtemp(prefix="kapsel-rootless-lab-", dir="/tmp"))
    directory.chmod(0o755)
    for name in ("kapsel", "kapsel-lab", "kapsel-probe"):
        shutil.copy(binary.parent / name, directory / name)
    home = directory / "home"
    home.mkdir(mode=0o700)
    (home / "run").mkdir(mode=0o700)
    for path in (home, home / "run"):
        os.chown(path, UID, GID)
    texts = {"passwd": f"root:x:0:0::/root:/bin/sh\nplain:x:{UID}:{GID}::{home}:/bin/sh\n",
             "group": f"root:x:0:\nplain:x:{GID}:\n", "subuid": "", "subgid": ""}
    for name, text in texts.items():
        (directory / name).write_text(text)
        (directory / name).chmod(0o644)
    yield directory
    shutil.rmtree(directory)


class User:
    """Calls of a plain user."""

    def __init__(self, directory, group=None, before=(), under=()):
        self.directory = directory
        self.group = group
        self.under = under  # words before the program
        self.before = before  # what root does first, in the mount namespace of the call

    def start(self, *arguments):
        script = [f"mount --bind {self.directory}/{name} /etc/{name}" for name in ("passwd", "group", "subuid", "subgid")]
        if self.group:
            script.append(f"echo 0 >{self.group}/cgroup.procs")
        script += self.before
        home = self.directory / "home"
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", "\n".join([*script, 'exec "$@"']),
                   "sh", "setpriv", "--reuid", str(UID), "--regid", str(GID), "--clear-groups", "--inh-caps=-all",
                   "env", "-i", f"PATH={os.environ['PATH']}", f"HOME={home}", f"XDG_RUNTIME_DIR={home}/run",
                   *self.under, self.directory / "kapsel", "lab", *map(str, arguments)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                encoding="utf-8", cwd=home)

    def lab(self, *arguments):
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, stdout, stderr

    def results(self):
        status, stdout, stderr = self.lab("all", "--json", "--lang", "en")
        found = {result["id"]: result for result in map(json.loads, stdout.splitlines())}
        assert [exercise["id"] for exercise in EXERCISES] == list(found), (status, stderr)
        failed = {name: result["reason"] for name, result in found.items() if result["result"] == "fail"}
        assert failed == {} and status == 0, failed
        return found


@pytest.fixture(scope="module")
def results(reachable):
    """Every exercise, run once."""
    return User(reachable).results()


@pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise["id"] for exercise in EXERCISES])
def test_the_exercise_shows_what_it_says(results, exercise):
    result = results[exercise["id"]]
    if result["result"] == "pass":
        assert result["evidence"]["hard"]["uid_map"].split()[1:] == [str(UID), "1"], result
        return
    needs = set(exercise["needs"])
    assert needs & (LIMITS | {"root"}) or exercise["id"] in NEEDS_GROUP, result["reason"]
    # What a plain user can't be shown must say so, and never pass.
    assert result["result"] == "not testable here" and result["reason"].startswith("needs "), result


def test_what_is_not_testable_comes_with_a_remedy(results):
    for exercise in EXERCISES:
        result = results[exercise["id"]]
        if result["result"] != "pass" and set(exercise["needs"]) & LIMITS:
            assert "needs the cgroup controller" in result["reason"] and ";" in result["reason"], result["reason"]


def test_root_of_a_user_namespace_is_a_plain_user(reachable):
    """As in a rootless engine's container: uid 0 there has no further ids to give to files."""
    results = User(reachable, under=("unshare", "-r")).results()
    assert results["read-only-root"]["result"] == "pass"
    assert results["setuid-program"]["result"] == "not testable here", results["setuid-program"]


def test_nothing_is_written_to_the_home(reachable, results):
    assert results
    assert sorted(path.name for path in (reachable / "home").rglob("*")) == ["run"]


def test_the_solution_of_a_task_is_accepted(reachable):
    exercise = next(exercise for exercise in EXERCISES if exercise["id"] == "write-xor-execute")
    status, stdout, stderr = User(reachable).lab("task", exercise["number"], exercise["task"]["solution"], "--lang", "en")
    assert status == 0 and "right: the probe" in stdout, (stdout, stderr)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_leaves_nothing(reachable, number):
    before = left_behind()
    process = User(reachable).start("all", "--json")
    assert process.stdout.readline().startswith("{")
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    only_left(before)


def test_a_report_is_the_users_own(reachable):
    page = reachable / "home" / "page.html"
    status, _, stderr = User(reachable).lab("report", "--html", page.name, "1")
    try:
        assert status == 0, stderr
        assert (page.stat().st_uid, page.stat().st_mode & 0o7777 & ~0o044) == (UID, 0o600)
        assert f"user {UID}" in page.read_text()
    finally:
        page.unlink(missing_ok=True)


def test_where_proc_is_covered_the_lab_says_why_it_does_not_start(reachable):
    """As in a container of another tool: the kernel gives a user namespace no new procfs there."""
    user = User(reachable, before=["mount --bind /dev/null /proc/version"])
    before = left_behind()
    status, stdout, stderr = user.lab("run", "1")
    assert status == 125 and stdout == "" and "/proc" in stderr and "uncovered /proc" in stderr, (status, stderr)
    only_left(before)


@pytest.fixture
def delegated():
    """A control group that was handed to the user."""
    group = lib_host.cgroup_mount() / f"lab-user-{os.getpid()}"
    group.mkdir()
    for path in (group, *(group / f"cgroup.{name}" for name in ("procs", "subtree_control", "threads"))):
        os.chown(path, UID, GID)
    yield group

    def removed():
        for directory in (*group.glob("*/"), *group.glob(".*/"), group):
            try:
                directory.rmdir()
            except OSError:
                return False
        return True
    lib_host.wait_for(removed, 10, "an empty group")


@pytest.mark.vm
def test_limits_are_testable_in_a_delegated_group(reachable, delegated):
    """Nested: the container's group, as seen out of the lab's user namespace."""
    numbers = [exercise["number"] for exercise in EXERCISES
               if set(exercise["needs"]) & LIMITS and "root" not in exercise["needs"]]
    status, stdout, stderr = User(reachable, delegated).lab("run", *numbers, "--json", "--lang", "en")
    results = [json.loads(line) for line in stdout.splitlines()]
    assert len(results) == len(numbers) > 0, stderr
    assert status == 0 and {result["result"] for result in results} == {"pass"}, [result["reason"] for result in results]


@pytest.mark.vm
def test_a_host_that_forbids_user_namespaces_is_named(reachable):
    if not lib_host.IN_VM:
        pytest.skip("changes a setting of the whole machine")
    setting = Path("/proc/sys/user/max_user_namespaces")
    before = setting.read_text()
    setting.write_text("0")
    try:
        status, stdout, stderr = User(reachable).lab("run", "1")
    finally:
        setting.write_text(before)
    assert status == 125 and stdout == "" and "max_user_namespaces = 0" in stderr and "kapsel doctor" in stderr, stderr
