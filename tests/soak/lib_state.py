# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service under test as the system shows it: state.json, events, processes, control socket."""

import array
import json
import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

STATE_DIR = Path("/run/kapsel")


def stat_fields(pid):
    """The fields of /proc/PID/stat from the third on, or None."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def is_alive(process):
    """Whether a process of a record ({"pid", "starttime"}) still runs; a zombie does not."""
    fields = stat_fields(process["pid"]) if process else None
    return bool(fields) and fields[0] not in "ZX" and int(fields[19]) == process["starttime"]


def identify(pid):
    """{"pid", "starttime"} of a process, or None."""
    fields = stat_fields(pid) if pid else None
    return {"pid": pid, "starttime": int(fields[19])} if fields else None


def send_signal(process, number):
    """Send a signal to that very process, never to one that has got its number. Return: whether."""
    if not process:
        return False
    try:
        pidfd = os.pidfd_open(process["pid"])
    except OSError:
        return False
    try:
        if not is_alive(process):
            return False
        signal.pidfd_send_signal(pidfd, number)
        return True
    except OSError:
        return False
    finally:
        os.close(pidfd)


def children(pid):
    """Every live process below `pid`, identified."""
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        try:
            tasks = list(Path(f"/proc/{parent}/task").iterdir())
        except OSError:
            continue
        for task in tasks:
            try:
                numbers = [int(word) for word in (task / "children").read_text().split()]
            except OSError:
                continue
            todo += numbers
            found += filter(None, map(identify, numbers))
    return found


class Refused(Exception):
    """The supervisor said no, or went without a word."""


class Service:
    """One service: how it is started, and what is seen of it."""

    def __init__(self, kapsel, name, path, definition):
        self.kapsel = kapsel
        self.name = name
        self.path = path
        self.kind = definition["kind"]
        self.adopt = definition.get("adopt", True)
        self.remove = definition.get("remove", True)
        self.joined = definition.get("joined", False)
        self.allowed_denials = set(definition.get("denials", ()))
        self.log_path = Path(definition["log_path"])
        self.tally = definition.get("tally")
        self.state_dir = STATE_DIR / name
        self.events_path = None
        self.kills = 0
        self.started_again = 0

    def record(self):
        """state.json as it is now, or None."""
        try:
            record = json.loads((self.state_dir / "state.json").read_text())
        except FileNotFoundError:
            return None
        if record.get("events_path"):
            self.events_path = Path(record["events_path"])
        return record

    def status(self, record):
        """As `ps` would say: the record's word, "lost", or "gone" without a record."""
        if record is None:
            return "gone"
        if record["status"] != "exited" and not is_alive(record["supervisor"]) and not is_alive(record["standby"]):
            return "lost"
        return record["status"]

    def is_healthy(self, record):
        return record is not None and record["status"] == "running" and record["health"] == "healthy" \
            and is_alive(record["supervisor"]) and is_alive(record["init"])

    def start(self, timeout_s):
        """`kapsel run -d`. Return: None, or what it said when it failed."""
        arguments = [self.kapsel, "run", "-d", *(["--rm"] if self.remove else []), self.path]
        with tempfile.TemporaryFile("w+") as output:  # a pipe might be held by what stays
            try:
                status = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                        timeout=timeout_s, check=False).returncode
            except subprocess.TimeoutExpired:
                status = "timeout"
            output.seek(0)
            return None if status == 0 else f"status {status}: {output.read()}"

    def ask(self, *words, fds=(), timeout_s=60):
        """One request to the supervisor. Return: (number, text) of its answer."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(timeout_s)
            try:
                sock.connect(str(self.state_dir / "control"))
                ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
                sock.sendmsg([b"".join(word.encode() + b"\0" for word in words)], ancillary)
                answer = sock.recv(65536)
            except OSError as error:
                raise Refused(f"{self.name}: {words[0]}: {error}") from error
        if not answer:
            raise Refused(f"{self.name}: {words[0]}: the supervisor went without a word")
        number, _, text = answer[1:].partition(b"\0")
        if answer[:1] != b"+":
            raise Refused(f"{self.name}: {words[0]}: {number.decode()}: {text.decode(errors='replace')}")
        return int(number), text.rstrip(b"\0").decode(errors="replace")

    def events(self):
        """All events so far. A line that is none is an error of the launcher's."""
        if self.events_path is None:
            self.record()
        if self.events_path is None or not self.events_path.exists():
            return []
        return [json.loads(line) for line in self.events_path.read_text().splitlines()]
