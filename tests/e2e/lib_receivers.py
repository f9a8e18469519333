# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that logs are sent to, and the two ways to send: a container, or the log writer alone."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import lib_host

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "logging"
FACILITIES = {"daemon": 3, "local0": 16}


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sender:
    """Writes what a workload would, through `kapsel run`, or through tests/bench/log_feed.c where LOG_FEED
    names it: that one needs no rights and no container."""

    def __init__(self, kapsel, directory):
        self.kapsel = kapsel
        self.feed = os.environ.get("LOG_FEED")
        self.directory = directory
        self.name = "sender"

    def send(self, data, log, stream="stdout"):
        """`data`: bytes. `log`: the profile's keys. Return: the exit status."""
        if self.feed:
            return self._feed(data, log, stream)
        place = self.directory / "data"
        place.mkdir(exist_ok=True)
        (place / "text").write_bytes(data)
        (place / "text").chmod(0o644)
        script = "cat /data/text" + (" >&2" if stream == "stderr" else "")
        profile = self.kapsel.profile(["/bin/sh", "-c", script], log=log, exec={"allow": ["*"]}, mounts={
            "/data": {"type": "bind", "source": str(place)}})
        self.name = profile["name"]
        return self.kapsel.start_profile(profile).finish().status

    def _feed(self, data, log, stream):
        words = {"syslog_address": "address", "syslog_format": "format"}
        arguments = [f"name={self.name}", f"stream={stream}"]
        for key, value in log.items():
            if key == "syslog_facility":
                arguments.append(f"facility={FACILITIES[value]}")
            else:
                arguments.append(f"{words.get(key, key)}={value}")
        return subprocess.run([self.feed, *arguments], input=data, timeout=60, check=False).returncode


class Program:
    """A receiver that runs until the test ends."""

    def __init__(self, command, **popen):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **popen)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Rsyslog(Program):
    """A private rsyslogd with one of our example configurations, its paths below `directory`."""

    def __init__(self, example, directory, replace):
        text = (EXAMPLES / example).read_text()
        for old, new in replace.items():
            assert old in text, f"{example} does not speak of {old}"
            text = text.replace(old, new)
        self.directory = directory
        config = directory / "rsyslog.conf"
        config.write_text(f'global(workDirectory="{directory}" maxMessageSize="64k")\n{text}')
        self.log = open(directory / "rsyslogd.out", "wb")
        super().__init__([shutil.which("rsyslogd", path=os.environ["PATH"] + ":/usr/sbin"), "-n", "-f", str(config),
                          "-i", str(directory / "rsyslogd.pid")], stdout=self.log, stderr=self.log)

    def output(self):
        return (self.directory / "rsyslogd.out").read_text(errors="replace")

    def wait_for(self, path, condition, what):
        def seen():
            assert self.process.poll() is None, self.output()
            return path.exists() and condition(path.read_bytes())
        lib_host.wait_for(seen, 60 if lib_host.IN_VM else 15, what)
        return path.read_bytes()

    def stop(self):
        super().stop()
        self.log.close()


class Receiver(Program):
    """docs/examples/logging/receiver.py"""

    def __init__(self, place, directory):
        self.path = directory / "receiver.out"
        self.file = open(self.path, "ab")
        super().__init__([sys.executable, EXAMPLES / "receiver.py", place], stdout=self.file)
        lib_host.wait_for(lambda: os.path.exists(place) and self._listens(place), 15, "the receiver")

    @staticmethod
    def _listens(place):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(place)) == 0

    def stop(self):
        super().stop()
        self.file.close()
