# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls programs, starts daemons, waits: what all tests of clients share."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

IN_VM = "VM_RUN" in os.environ
# Beyond this a call hangs.  The virtual machine without KVM is ten times slower, and
# its host may be busy.
TIMEOUT_S = 240 if IN_VM else 30
CGROUPS = Path("/sys/fs/cgroup")


class Result:
    """One finished call."""

    def __init__(self, argv, status, out, err):
        self.argv, self.status, self.out, self.err = argv, status, out, err

    def __repr__(self):
        return (f"{' '.join(map(str, self.argv))}\nstatus {self.status}\n"
                f"stdout: {self.out[-3000:]}\nstderr: {self.err[-3000:]}")


def call(*argv, status=0, stdin=None, env=None, timeout_s=TIMEOUT_S, **options):
    """Run a program and insist on its exit status; None takes any."""
    argv = [str(word) for word in argv]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                               env=env, start_new_session=True, **options)
    try:
        out, err = process.communicate(stdin, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"still ran after {timeout_s} s: {Result(argv, None, out, err)}") from None
    result = Result(argv, process.returncode, out, err)
    assert status is None or result.status == status, f"status {status} expected: {result}"
    return result


def call_on_terminal(*argv, rows=33, columns=77, status=0, env=None, timeout_s=TIMEOUT_S):
    """Run a program on a terminal of its own; stdout holds all that it showed."""
    argv = [str(word) for word in argv]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True,
                               preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + timeout_s
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    piece = os.read(ours, 65536)
                except OSError:  # EIO: nobody has the terminal open any more
                    break
                shown += piece
            elif process.poll() is not None:
                break
        process.wait(timeout=max(1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    finally:
        os.close(ours)
    result = Result(argv, process.returncode, shown.decode(errors="replace"), "")
    assert status is None or result.status == status, f"status {status} expected: {result}"
    return result


def wait_for(condition, what, timeout_s=TIMEOUT_S):
    """Call `condition` until it is true and return its value; an OSError means not yet."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            value = condition()
            if value:
                return value
        except OSError:
            pass
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.1)


class DaemonError(Exception):
    """The client's own daemon failed: no verdict on the runtime, in no mode of the tests."""


class Daemon:
    """A daemon of a client, in a cgroup of its own, with its output in a file."""

    def __init__(self, argv, directory, ready, env=None, timeout_s=TIMEOUT_S):
        self.command = [str(word) for word in argv]
        self.log = Path(directory) / f"{Path(self.command[0]).name}.log"
        # In the root cgroup dockerd sees no memory.swap.max and takes swap limits for impossible.
        group = CGROUPS / "clients-daemons"
        group.mkdir(exist_ok=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                            start_new_session=True, preexec_fn=lambda: join(group))
        try:
            wait_for(lambda: self.process.poll() is not None or ready(), f"{self.command[0]} to be ready", timeout_s)
        except AssertionError as error:
            self.stop()
            raise DaemonError(f"{error}\n{self.tail()}") from None
        if self.process.poll() is not None:
            raise DaemonError(f"{' '.join(self.command)}: status {self.process.returncode}\n{self.tail()}")

    def tail(self):
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def join(group):
    (Path(group) / "cgroup.procs").write_text(str(os.getpid()))


def cgroup_of(pid):
    """The cgroup's directory as the host sees it."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return CGROUPS / line[3:].lstrip("/")
    raise AssertionError(f"process {pid} is in no cgroup v2")


def status_of(pid):
    """/proc/PID/status as a dict."""
    return parse_status(Path(f"/proc/{pid}/status").read_text())


def parse_status(text):
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {name: value.strip() for name, value in pairs}


def parse_facts(text):
    """What a script printed as NAME=VALUE lines."""
    return dict(line.strip().split("=", 1) for line in text.splitlines() if "=" in line)


def below(directory, pattern="*"):
    """Names of what is in a directory; nothing if there is no such directory."""
    return sorted(path.name for path in Path(directory).glob(pattern))


def says_not_found(text):
    """Is the program missing, in the words of any runtime? (Docker looks for runc's very words.)"""
    return re.search("not found in .?PATH|no such file or directory", text, re.IGNORECASE) is not None


CAPABILITIES = {"chown": 0, "kill": 5, "net_bind_service": 10, "net_raw": 13, "sys_admin": 21, "sys_time": 25}


def capability_mask(*names):
    return f"{sum(1 << CAPABILITIES[name] for name in names):016x}"


# What Docker and containerd give to a container that asks for nothing.
DEFAULT_CAPABILITIES = "00000000a80425fb"
ALL_KNOWN = (1 << 38) - 1
