# SPDX-License-Identifier: LGPL-2.1-or-later
"""Detached services: started, looked at through what they leave on disk, asked through their socket."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import lib_host
from lib_kapsel import TIMEOUT_S, Result

LOG_DIR = Path("/var/log/kapsel")
UNLIMITED = str(2**64 - 1)


class Answer:
    """What the supervisor answered: a number and a text, or why it refused."""

    def __init__(self, packet):
        parts = packet.split(b"\0")
        self.accepted = packet[:1] == b"+"
        self.number = int(parts[0][1:] or 0)
        self.text = parts[1].decode() if len(parts) > 1 else ""
        self.remedy = parts[2].decode() if len(parts) > 2 else ""

    def __repr__(self):
        return f"{'+' if self.accepted else '-'}{self.number} {self.text!r} {self.remedy!r}"


class Service:
    """One service under `kapsel run -d`."""

    def __init__(self, kapsel, profile):
        self.kapsel = kapsel
        self.profile = profile
        self.name = profile["name"]
        self.path = kapsel.write(profile)
        self.directory = lib_host.STATE_DIR / self.name
        self.log_path = kapsel.log_path(profile)
        mount = lib_host.cgroup_mount()
        self.group = mount and mount / "kapsel" / self.name

    def start(self, *options, status=0):
        """`kapsel run -d`; it must not wait for anything that the service holds open."""
        with open(self.kapsel.directory / f"{self.name}.out", "w+", encoding="utf-8") as out, \
             open(self.kapsel.directory / f"{self.name}.err", "w+", encoding="utf-8") as err:
            command = [str(self.kapsel.binary), "run", "-d", *options, str(self.path)]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            process.wait(timeout=TIMEOUT_S)
            out.seek(0)
            err.seek(0)
            result = Result(command, process.returncode, out.read(), err.read(), self.log_path)
        assert result.status == status, result
        return result

    @property
    def state(self):
        """state.json as it is, or None."""
        with contextlib.suppress(OSError, ValueError):
            return json.loads((self.directory / "state.json").read_text())
        return None

    def wait(self, status="running", restarts=0, timeout_s=TIMEOUT_S):
        """The record, once it has that status and at least so many restarts."""
        def reached():
            state = self.state
            return state if state and state["status"] == status and state["restarts"] >= restarts else None
        state = lib_host.wait_for(reached, timeout_s, f"{self.name}: {status} after {restarts} restarts")
        if status == "exited":
            lib_host.wait_for(self.is_unlocked, timeout_s, f"{self.name}: the end of its supervisor")
        return state

    def is_unlocked(self):
        """The record is written just before the last things go; the lock is the very last."""
        try:
            directory = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(directory, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(directory)
        return True

    def wait_until(self, condition, what, timeout_s=TIMEOUT_S):
        """The record, once `condition(record)` is true."""
        def reached():
            state = self.state
            return state if state and condition(state) else None
        return lib_host.wait_for(reached, timeout_s, f"{self.name}: {what}")

    @property
    def events(self):
        path = LOG_DIR / self.name / f"{self.name}-events.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def event(self, name):
        """The last event of that name, or None."""
        return next((event for event in reversed(self.events) if event["event"] == name), None)

    @property
    def lines(self):
        """The lines of stdout that the log has."""
        return Result([], None, "", "", self.log_path).logged().splitlines()

    def kill(self, who, number=signal.SIGKILL):
        """Signal the "supervisor", "standby", "init" or "payload" that the record names."""
        state = self.state
        os.kill(state["payload_pid"] if who == "payload" else state[who]["pid"], number)
        return state

    def connect(self):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.connect(str(self.directory / "control"))  # before the timeout: with it a full queue is an error
        sock.settimeout(TIMEOUT_S)
        return sock

    def ask(self, *words):
        """One request to the supervisor, and its answer."""
        with self.connect() as sock:
            sock.send(b"".join(word.encode() + b"\0" for word in words))
            return Answer(sock.recv(4096))

    def left(self):
        """What is still there of it."""
        things = [str(self.directory)] if self.directory.exists() else []
        things += [str(self.group)] if self.group and self.group.exists() else []
        needle = str(self.path).encode()
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and needle in (entry / "cmdline").read_bytes():
                    things.append(f"process {entry.name}")
        return things

    def wait_gone(self, timeout_s=TIMEOUT_S):
        lib_host.wait_for(lambda: not self.left(), timeout_s, f"{self.name} gone, but {self.left()}")

    def end(self):
        """Whatever a failed test has left."""
        with contextlib.suppress(OSError):
            self.ask("stop", "100")
        for who in ("supervisor", "standby", "init"):
            with contextlib.suppress(OSError, TypeError, KeyError):
                pid = self.state[who]["pid"]
                if pid and b"kapsel" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            for path in self.directory.iterdir():
                path.unlink()
            self.directory.rmdir()


@pytest.fixture
def services(kapsel):
    """services(command, **keys): a Service that is ended after the test, not started yet."""
    made = []

    def make(command, **keys):
        made.append(Service(kapsel, kapsel.profile(command, **keys)))
        return made[-1]
    yield make
    for service in made:
        service.end()
