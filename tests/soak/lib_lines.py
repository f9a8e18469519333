# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts for every line that a line writer (soak_tool.c) has handed over."""

import gzip
import json
import re
import struct
from pathlib import Path

STREAMS = {"stdout": 0, "stderr": 1}
LINE = re.compile(r"R(\d+) ([oe]) (\d+) (.*)\n", re.DOTALL)
HEADER, RUN = struct.Struct("=Q"), struct.Struct("=QQQ")

# What dies with both the supervisor and its standby: two pipes (pipe(7): 64 KiB each), and what the
# supervisor had taken out of them and not written yet.
LOST_MAX_BYTES = 4 * 65536


def read_tally(path):
    """[(lines to stdout, lines to stderr, ended), ...], the first for run 1."""
    data = Path(path).read_bytes()
    runs = HEADER.unpack_from(data)[0]
    return [RUN.unpack_from(data, HEADER.size + RUN.size * run) for run in range(1, runs + 1)]


def count_runs(path):
    try:
        with open(path, "rb") as file:
            return HEADER.unpack(file.read(HEADER.size))[0]
    except (OSError, struct.error):
        return 0


def log_files(path):
    """The files of a log, oldest first, and all others beside it that have its name."""
    path = Path(path)
    numbered, other = {}, []
    for file in path.parent.glob(path.name + "*"):
        match = re.fullmatch(re.escape(path.name) + r"\.(\d+)(\.gz)?", file.name)
        if match:
            numbered.setdefault(int(match[1]), []).append(file)
        elif file != path:
            other.append(file)
    # A kill between compression and removal may leave both; readers take the plain file.
    files = [sorted(numbered[number], key=lambda file: file.name)[0] for number in sorted(numbered, reverse=True)]
    return files + ([path] if path.exists() else []), other


def read_entries(path):
    """The entries of one file; None for a line that is torn."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                yield None


def filling(number):
    return chr(ord("a") + number % 26) * (number * 37 % 200) + "."


class Account:
    """What the log of one writer has, against what the writer has counted."""

    def __init__(self, log_path, tally_path, lossy_runs, lossy_kills):
        """In `lossy_runs` supervisor and standby were killed together, `lossy_kills` times in all."""
        self.problems = []
        self.lines = self.lost = self.torn = 0
        self.highest = {}
        self.last_run = {0: 0, 1: 0}
        files, other = log_files(log_path)
        if other:
            self.problems.append(f"left beside the log: {', '.join(file.name for file in other)}")
        self.files = len(files)
        for file in files:
            try:
                for entry in read_entries(file):
                    if entry is None:
                        self.torn += 1
                    else:
                        self._take(entry, file)
            except (OSError, EOFError, ValueError) as error:
                self.problems.append(f"{file.name} can not be read: {error}")
        # Of two that are killed amidst a write nobody is left to finish it.
        if self.torn > lossy_kills:
            self.problems.append(f"{self.torn} torn lines in the log, {lossy_kills} are to be expected at most")
        self._compare(read_tally(tally_path), lossy_runs)

    def _complain(self, text):
        if len(self.problems) < 20:
            self.problems.append(text)

    def _take(self, entry, file):
        match = LINE.fullmatch(entry["log"])
        stream = STREAMS[entry["stream"]]
        if not match or "oe".index(match[2]) != stream:
            self._complain(f"{file.name}: not a line of the writer: {entry}")
            return
        run, number = int(match[1]), int(match[3])
        if match[4] != filling(number) and not match[4].startswith("end "):
            self._complain(f"{file.name}: torn or mixed: {entry}")
        if run < self.last_run[stream]:
            self._complain(f"{file.name}: run {run} after run {self.last_run[stream]}")
        self.last_run[stream] = run
        expected = self.highest.get((run, stream), 0) + 1
        if number != expected:
            self._complain(f"{file.name}: run {run}, {entry['stream']}: line {number} where {expected} is due")
        self.highest[run, stream] = number
        self.lines += 1

    def _compare(self, tally, lossy_runs):
        for run, (out, err, ended) in enumerate(tally, 1):
            for stream, written in enumerate((out, err)):
                logged = self.highest.pop((run, stream), 0)
                missing = written - logged
                # The last line may have been taken before it was counted.
                if -1 <= missing <= 0 and not (ended and missing == -1 and stream == 1):
                    continue
                if missing > 0 and run in lossy_runs:
                    self.lost += missing
                    if missing * 100 > LOST_MAX_BYTES:
                        self._complain(f"run {run}: {missing} lines lost, more than pipes hold")
                    continue
                self._complain(f"run {run}, {'stdout' if stream == 0 else 'stderr'}: {written} lines were handed "
                               f"over, the log has {logged}")
        for run, stream in self.highest:
            self._complain(f"run {run}: the log has lines of it, the writer does not know it")
