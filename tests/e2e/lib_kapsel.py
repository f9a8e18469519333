# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls kapsel as a user does: writes a profile, runs it, reads status, output and log."""

import itertools
import json
import os
import signal
import subprocess
from pathlib import Path

import lib_host

# Beyond this a run hangs.  The virtual machine without KVM is ten times slower.
TIMEOUT_S = 120 if lib_host.IN_VM else 30


class Result:
    """One finished call."""

    def __init__(self, arguments, status, stdout, stderr, log_path=None):
        self.arguments = arguments
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.log_path = log_path

    @property
    def log(self):
        """The entries of the json-file log, oldest first; rotated files not included."""
        if self.log_path is None or not self.log_path.exists():
            return []
        return [json.loads(line) for line in self.log_path.read_text().splitlines()]

    def logged(self, stream="stdout"):
        """What the workload wrote to `stream`, as the log has it."""
        return "".join(entry["log"] for entry in self.log if entry["stream"] == stream)

    def __repr__(self):
        return (f"{' '.join(map(str, self.arguments))}: status {self.status}\n"
                f"stdout: {self.stdout}\nstderr: {self.stderr}\n"
                f"log: {self.logged('stdout')}{self.logged('stderr')}")


class Running:
    """A call that still runs; `finish` ends it."""

    def __init__(self, process, arguments, log_path):
        self.process = process
        self.arguments = arguments
        self.log_path = log_path
        self.result = None

    @property
    def log(self):
        return Result(self.arguments, None, "", "", self.log_path).log

    def describe(self):
        return repr(self.result) if self.result else f"{' '.join(self.arguments)}: not waited for"

    def wait_for_log(self, text, stream="stdout", timeout_s=TIMEOUT_S):
        """Return once the workload has written `text`."""
        def seen():
            assert self.process.poll() is None or text in self._logged(stream), self.finish()
            return text in self._logged(stream)
        lib_host.wait_for(seen, timeout_s, f"{text!r} in the log")

    def _logged(self, stream):
        return Result(self.arguments, None, "", "", self.log_path).logged(stream)

    def finish(self, signal_number=None, timeout_s=TIMEOUT_S):
        """Send a signal, if one is given, and wait for the end."""
        if signal_number is not None and self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            stdout, stderr = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"{self.arguments} still ran after {timeout_s} s\n{stdout}\n{stderr}") from None
        self.result = Result(self.arguments, self.process.returncode, stdout, stderr, self.log_path)
        return self.result


class Kapsel:
    """The program under test, for one test: its files stand in `directory`."""

    _numbers = itertools.count(1)

    def __init__(self, binary, rootfs, directory, prefix):
        self.binary = Path(binary)
        self.rootfs = Path(rootfs)
        self.directory = Path(directory)
        self.prefix = prefix
        self.started = []

    def profile(self, command, **keys):
        """The profile of `command` in the busybox root; `keys` replace whole top-level keys.

        Without `limits` it has those that this machine can enforce, and the log
        goes to the test's own directory.
        """
        name = f"{self.prefix}{next(Kapsel._numbers)}"
        profile = {
            "kapsel": 1,
            "name": name,
            "rootfs": str(self.rootfs),
            "command": command,
            "limits": lib_host.limits(),
            "log": {"path": str(self.directory / f"{name}-json.log")},
        }
        profile.update(keys)
        return profile

    def write(self, profile, name=None):
        """Write a profile (a dict, or text for mistakes that a dict can't have). Return its path."""
        if name is None:
            name = profile["name"] if isinstance(profile, dict) else f"{self.prefix}{next(Kapsel._numbers)}"
        path = self.directory / f"{name}.kapsel.jsonc"
        text = profile if isinstance(profile, str) else json.dumps(profile, indent=2) + "\n"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    @staticmethod
    def log_path(profile):
        """Where a profile's log goes, if the profile says so."""
        path = (profile.get("log") or {}).get("path")
        return Path(path) if path else None

    def call(self, *arguments, timeout_s=TIMEOUT_S, **launch):
        """Call `kapsel ARGUMENTS...` and wait."""
        return self.launch(*arguments, **launch).finish(timeout_s=timeout_s)

    def launch(self, *arguments, under=(), log_path=None, stdin=subprocess.DEVNULL, **popen):
        """Call `kapsel ARGUMENTS...`, prefixed with the command `under`, and do not wait."""
        command = [*map(str, under), str(self.binary), *map(str, arguments)]
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   encoding="utf-8", errors="replace", **popen)
        running = Running(process, command, log_path)
        self.started.append(running)
        return running

    def run(self, command, *arguments, timeout_s=TIMEOUT_S, **keys):
        """`kapsel run` of `command` under profile(command, **keys), to its end."""
        return self.start(command, *arguments, **keys).finish(timeout_s=timeout_s)

    def start(self, command, *arguments, **keys):
        """`kapsel run` of `command`, not waited for."""
        return self.start_profile(self.profile(command, **keys), *arguments)

    def start_profile(self, profile, *arguments, **launch):
        """`kapsel run` of a profile from profile(), not waited for."""
        return self.launch("run", self.write(profile), *arguments, log_path=self.log_path(profile), **launch)

    def end_all(self):
        """What a failed test left running ends here, so that it breaks no other test."""
        for running in self.started:
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGTERM)
                try:
                    running.process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    running.process.kill()
                    running.process.wait()
            for pipe in (running.process.stdout, running.process.stderr):
                if pipe and not pipe.closed:
                    pipe.close()
