# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs test programs and records each of their tests as one line of a results file.

    run_programs.py --results FILE --part NAME --build DIR --suite SUITE [--only PROGRAM]...
    run_programs.py --results FILE --part NAME --script PATH...

The first form runs what a meson build registered in a suite; the second runs
scripts that print TAP.  A line of the results file is PART, OUTCOME (passed,
failed, skipped), NAME and REASON, separated by tabs; tests/run adds them up.

A program is asked for TAP if it is a Criterion one (linked to libcriterion) or
registered with protocol 'tap'; any other counts as one test by its exit status,
77 being a skip.  A program that dies, hangs or runs fewer tests than it
announced has failed: a runner that can miss tests proves nothing.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
# The virtual machine without KVM is ten times slower than its host.
PATIENCE = 10 if os.environ.get("VM_RUN") == "1" else 1
LIMIT_S = 360  # of any program in there: the machine's own watchdog must not strike before
# UBSan prints and goes on unless told otherwise.
SANITIZERS = {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1", "ASAN_OPTIONS": "strict_string_checks=1"}


class Results:
    """Appends to the results file; counts for the summary line of a program."""

    def __init__(self, path, part):
        self.path, self.part = path, part
        self.failed = 0

    def add(self, outcome, name, reason=""):
        self.failed += outcome == "failed"
        clean = [re.sub(r"\s+", " ", text).strip() for text in (self.part, outcome, name, reason)]
        with open(self.path, "a", encoding="utf-8") as file:
            file.write("\t".join(clean) + "\n")
        if outcome != "passed":
            print(f"{outcome.upper()}: {name}{': ' if reason else ''}{reason}", flush=True)


def read_tap(text):
    """Return ([(outcome, name, reason)], number of announced tests or None)."""
    tests, announced = [], None
    for line in text.splitlines():
        plan = re.match(r"1\.\.(\d+)", line)
        if plan:
            announced = int(plan.group(1))
        test = re.match(r"(not )?ok\b\s*\d*\s*-?\s*(.*)", line)
        if not test:
            continue
        name, _, directive = test.group(2).partition("# ")
        name = re.sub(r"\s+\(\d+\.\d+s\)$", "", name.strip())
        if test.group(1):
            tests.append(("failed", name, ""))
        elif directive.lower().startswith("skip"):
            tests.append(("skipped", name, directive[4:].strip()))
        else:
            tests.append(("passed", name, ""))
    return tests, announced


def is_criterion(program):
    try:
        return b"libcriterion.so" in Path(program).read_bytes()
    except OSError:
        return False


class Program:
    """One test program as meson registered it, or a script."""

    def __init__(self, name, command, protocol, env=None, workdir=None, timeout_s=30):
        self.name, self.command, self.protocol = name, command, protocol
        self.env, self.workdir = env or {}, workdir
        self.timeout_s = timeout_s if PATIENCE == 1 else min(timeout_s * PATIENCE, LIMIT_S)

    def run(self, results):
        criterion = is_criterion(self.command[0])
        with tempfile.TemporaryDirectory() as scratch:
            tap_file = Path(scratch) / "tap"
            command = self.command + ([f"--tap={tap_file}"] if criterion else [])
            status, output, late = self._call(command)
            if criterion:
                tap = tap_file.read_text(errors="replace") if tap_file.exists() else ""
            else:
                tap = output
        failed_before = results.failed
        if late:
            results.add("failed", self.name, f"still ran after {self.timeout_s} s")
        elif criterion or self.protocol == "tap":
            self._record_tap(tap, status, results)
        elif status == SKIPPED:
            results.add("skipped", self.name, output.strip().splitlines()[-1] if output.strip() else "")
        else:
            results.add("passed" if status == 0 else "failed", self.name, f"status {status}" if status else "")
        if results.failed > failed_before:
            sys.stdout.write(f"--- output of {self.name}\n{output}\n---\n")
        sys.stdout.flush()

    def _call(self, command):
        """Return (status, output, whether it was too late). Its children end with it.

        The output goes into a file: a child that a test left behind would keep a pipe open for ever.
        """
        with tempfile.TemporaryFile() as written:
            process = subprocess.Popen(command, env={**os.environ, **SANITIZERS, **self.env}, cwd=self.workdir,
                                       stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT,
                                       start_new_session=True)
            late = False
            try:
                process.wait(timeout=self.timeout_s)
            except subprocess.TimeoutExpired:
                late = True
            try:
                os.killpg(process.pid, 9)
            except ProcessLookupError:
                pass
            status = process.wait()
            written.seek(0)
            return status, written.read().decode("utf-8", "replace"), late

    def _record_tap(self, tap, status, results):
        tests, announced = read_tap(tap)
        for outcome, name, reason in tests:
            results.add(outcome, f"{self.name} {name}", reason)
        if announced is None or announced != len(tests) or not tests:
            results.add("failed", self.name, f"announced {announced} tests, ran {len(tests)}, status {status}")
        elif status != 0 and all(outcome != "failed" for outcome, _, _ in tests):
            results.add("failed", self.name, f"status {status} although no test failed")


def from_meson(build, suite, only):
    """The programs of a suite; meson prefixes suites with the project's name."""
    for test in json.loads((Path(build) / "meson-info" / "intro-tests.json").read_text()):
        if suite in [name.split(":")[-1] for name in test["suite"]] and (not only or test["name"] in only):
            yield Program(test["name"], test["cmd"], test["protocol"], test["env"], test["workdir"],
                          test["timeout"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--results", required=True)
    parser.add_argument("--part", required=True)
    parser.add_argument("--build")
    parser.add_argument("--suite")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--script", nargs="+", default=[])
    parser.add_argument("--timeout", type=int, default=300, help="of each script, in seconds")
    options = parser.parse_args()

    results = Results(options.results, options.part)
    programs = [Program(Path(path).name, [path], "tap", timeout_s=options.timeout) for path in options.script]
    if options.build:
        programs += from_meson(options.build, options.suite, options.only)
    for program in programs:
        program.run(results)
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
