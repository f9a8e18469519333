# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private copy of the tree, in which one fault at a time is planted, built and tried.

The copies are built with the meson option faults: KAPSEL_SKIP_VERIFY then names steps whose reading-back is left
out, so that a fault that kapsel itself notices can be tried a second time, by the attack alone.
"""

import filecmp
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import xml.etree.ElementTree
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
# Beyond this a build or the tests of one fault hang; those that do are no proof of anything.
LIMIT_S = 600
RACE_S = "4"  # long enough that one of the two states is met for sure
# What a test says that has judged; a test of a log judges by reading it.
ASSERTIONS = re.compile(r'(failed on (setup|teardown) with ")?(AssertionError|assert |Failed: |json\.decoder\.)')
UNIT = "unit:"
# Filters are kept between starts: a spoilt one must reach nobody, and an old one must not hide a fault.
OWN_CACHE = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "mkdir -p /var/cache/kapsel && "
             'mount -t tmpfs -o mode=0700 none /var/cache/kapsel && exec "$@"', "sh"]


class Broken(Exception):
    """The trial itself failed: nothing is known of the fault."""


def step_names(source=SOURCE):
    """The names of all steps, as a refusal shows them."""
    files = [*source.glob("launcher/steps/*.c"), *source.glob("launcher/oci/steps/*.c")]
    return sorted({name for file in files for name in re.findall(r'^\t\.name = "([a-z-]+)",$', file.read_text(), re.M)})


def test_files(source=SOURCE):
    """{function: file} of tests/threats."""
    return {name: file.relative_to(source) for file in sorted((source / "tests/threats").glob("test_*.py"))
            for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)}


def node_of(test, source=SOURCE, files=None):
    """What pytest takes for a test of a Fault, or None where there is no such test."""
    path, _, name = test.rpartition("::")
    function = name.partition("[")[0]
    if not path:
        file = (files or test_files(source)).get(function)
        return f"{file}::{name}" if file else None
    text = (source / path).read_text() if (source / path).exists() else ""
    return test if re.search(rf"^def {function}\(", text, re.M) else None


class Verdict:
    """How tests ended: the first that failed, all that passed or were skipped, and everything that was said."""

    def __init__(self, text, cases=()):
        self.text, self.failed, self.said, self.passed, self.skipped = text, None, "", set(), set()
        self.odd = None  # a failure that was no assertion
        for name, trouble, message in cases:
            if trouble in ("failure", "error"):
                self.failed, self.said = self.failed or name, self.said or message
                if not ASSERTIONS.match(message):
                    self.odd = self.odd or f"{name}: {message}\n{text[-3000:]}"
            else:
                (self.skipped if trouble == "skipped" else self.passed).add(name)

    def add(self, other):
        self.text += other.text
        self.failed, self.said, self.odd = self.failed or other.failed, self.said or other.said, self.odd or other.odd
        self.passed |= other.passed
        self.skipped |= other.skipped


def read_report(path):
    """(name, None or what went wrong, message) of each test in pytest's XML."""
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}.py::{case.get('name')}"
        found = [child for child in case if child.tag in ("failure", "error", "skipped")]
        yield (name, found[0].tag, found[0].get("message") or "") if found else (name, None, "")


_RUNNING, _ENDING = set(), threading.Event()


def call(command, **more):
    """(everything it said, status); what is not done in time is ended with all that it started."""
    if _ENDING.is_set():
        raise Broken("ended before")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               encoding="utf-8", errors="replace", start_new_session=True, **more)
    _RUNNING.add(process)
    try:
        return process.communicate(timeout=LIMIT_S)[0], process.returncode
    except subprocess.TimeoutExpired as late:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Broken(f"{' '.join(map(str, command))}: not done after {LIMIT_S} s") from late
    finally:
        _RUNNING.discard(process)


def end_calls():
    """For a run that is ended itself: SIGINT, so that the tests clean up."""
    _ENDING.set()
    for process in list(_RUNNING):
        os.killpg(process.pid, signal.SIGINT)
    for process in list(_RUNNING):
        process.wait()


def copy_tree(source, target):
    """All but builds; where a copy stands already, what differs: so that little is built again."""
    target.mkdir(exist_ok=True)
    for name in set(os.listdir(target)) - set(os.listdir(source)):
        shutil.rmtree(target / name) if (target / name).is_dir() else (target / name).unlink()
    for entry in os.scandir(source):
        path = target / entry.name
        if entry.name in (".git", ".cache", "__pycache__") or (source == SOURCE and entry.name.startswith("build")):
            continue
        if entry.is_dir(follow_symlinks=False):
            copy_tree(Path(entry.path), path)
        elif not (path.is_file() and filecmp.cmp(entry.path, path, shallow=False)):
            path.unlink(missing_ok=True)
            shutil.copy(entry.path, path, follow_symlinks=False)


class Copy:
    """A copy of the tree with its build."""

    def __init__(self, place, programs, first=None):
        """`first`: one that is built already, and is copied in its turn: in a build all paths are relative."""
        self.place, self.tree, self.build = place, place / "tree", place / "build"
        if first and not place.exists():
            self.check("cp", "-a", first.place, place)
        self.targets = ["kapsel", "kapsel-oci"]
        place.mkdir(mode=0o755, exist_ok=True)
        copy_tree(SOURCE, self.tree)
        if not (self.build / "build.ninja").exists():
            self.check("meson", "setup", "-Dfaults=true", self.build, self.tree)
        self.make(*self.targets, *(f"tests/unit/unit-{name}" for name in programs))

    def check(self, *command):
        said, status = call(command)
        if status != 0:
            raise Broken(f"{' '.join(map(str, command))}\n{said[-4000:]}")

    def make(self, *targets):
        self.check("ninja", "-C", self.build, *targets)

    def plant(self, changes):
        """{path: text before} of the changed files."""
        before = {}
        for file, old, new in changes:
            path = self.tree / file
            text = path.read_text()
            before.setdefault(path, text)
            if text.count(old) != 1:
                self.restore(before)
                raise Broken(f"{file}: stands {text.count(old)} times in it: {old}")
            path.write_text(text.replace(old, new))
        return before

    @staticmethod
    def restore(before):
        for path, text in before.items():
            path.write_text(text)

    def try_unit(self, name):
        """The program of tests/unit."""
        self.make(f"tests/unit/unit-{name}")
        said, _ = call([self.build / f"tests/unit/unit-{name}", "--tap"])
        lines = re.findall(r"^(not ok|ok) - (\S+)", said, re.M)
        if not lines:
            raise Broken(f"unit-{name} says nothing\n{said[-3000:]}")
        return Verdict(said, [(f"{UNIT}{name} {test}", None if word == "ok" else "failure", "AssertionError")
                              for word, test in lines])

    def try_pytest(self, nodes, silence, every):
        """pytest, to the first failure unless `every`."""
        report = self.place / "report.xml"
        report.unlink(missing_ok=True)
        kapsel = str(self.build / "kapsel")
        environment = {"THREATS_SECONDS": RACE_S, **os.environ, "KAPSEL": kapsel, "KAPSEL_FAULTS": kapsel,
                       "KAPSEL_SKIP_VERIFY": ",".join(silence), "PYTHONDONTWRITEBYTECODE": "1"}
        for name in ("KAPSEL_RESULTS", "KAPSEL_SKIP_APPLY", "PYTEST_ADDOPTS", "THREATS_RUNTIME", "OCI_RUNTIME"):
            environment.pop(name, None)
        said, status = call([*OWN_CACHE, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-vv",
                             "--tb=short", "-m", "not vm", f"--junitxml={report}", *([] if every else ["-x"]), *nodes],
                            env=environment, cwd=self.tree)
        if status not in (0, 1) or not report.exists():
            raise Broken(f"pytest ended with {status}\n{said[-4000:]}")
        return Verdict(said, read_report(report))

    def judge(self, tests, silence=(), every=False):
        """The Verdict of the tests: those of one folder together, for each folder has a harness of its own."""
        folders = {}
        total = Verdict("")
        for test in tests:
            if test.startswith(UNIT):
                total.add(self.try_unit(test[len(UNIT):]))
                continue
            node = node_of(test, self.tree)
            if node is None:
                raise Broken(f"{test}: there is no such test")
            folders.setdefault(node.rpartition("::")[0].rpartition("/")[0], []).append(node)
        for nodes in folders.values():
            if every or not total.failed:
                total.add(self.try_pytest(nodes, silence, every))
        return total
