# SPDX-License-Identifier: LGPL-2.1-or-later
"""What reads metrics: a socket unit in miniature, Prometheus and node_exporter, all on the loopback address."""

import json
import os
import shutil
import socket
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest

import lib_host

SOURCE = Path(__file__).resolve().parents[2]
RULES = SOURCE / "packaging/monitoring/kapsel.rules.yml"
SLOW = 10 if lib_host.IN_VM else 1


def needs(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Inetd:
    """As a socket unit with Accept=yes: each connection is standard input and output of a new process."""

    def __init__(self, *command):
        self.command = [str(word) for word in command]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.processes = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.processes.append(subprocess.Popen(self.command, stdin=connection, stdout=connection,
                                                       stderr=subprocess.PIPE))

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30 * SLOW)

    def ask(self, text):
        """(status line, {header: value}, body) of one request."""
        with self.connect() as sock:
            sock.sendall(text if isinstance(text, bytes) else text.encode())
            answer = b""
            while part := sock.recv(65536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *headers = head.decode().split("\r\n")
        return status, dict(line.split(": ", 1) for line in headers), body.decode()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        for process in self.processes:
            process.kill()
            process.wait()
            process.stderr.close()


class Daemon:
    """A program that listens on a port of its own, ended with the test."""

    def __init__(self, directory, name, *arguments, ready):
        self.port = free_port()
        self.log = directory / f"{name}.log"
        command = [name, f"--web.listen-address=127.0.0.1:{self.port}", *map(str, arguments)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory)
        try:
            lib_host.wait_for(lambda: self.answers(ready), 30 * SLOW, f"{name} on its port")
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}\n{self.log.read_text()}") from None

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30 * SLOW) as answer:
            return answer.read().decode()

    def answers(self, path):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get(path) is not None
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Prometheus(Daemon):
    """Scrapes `ports` and evaluates `rules` (a text) every second."""

    def __init__(self, directory, *ports, rules="groups: []\n"):
        (directory / "rules.yml").write_text(rules)
        (directory / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n".replace(
                "1s", f"{SLOW}s") +
            "rule_files: [rules.yml]\nscrape_configs:\n- job_name: test\n  static_configs:\n  - targets: " +
            json.dumps([f"127.0.0.1:{port}" for port in ports]) + "\n")
        super().__init__(directory, "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                         "--log.level=warn", ready="/-/ready")

    def query(self, expression):
        """[(labels, value)] now."""
        quoted = urllib.request.quote(expression)
        result = json.loads(self.get(f"/api/v1/query?query={quoted}"))["data"]["result"]
        return [(row["metric"], float(row["value"][1])) for row in result]

    def wait_for(self, expression, timeout_s=30):
        return lib_host.wait_for(lambda: self.query(expression), timeout_s * SLOW, f"{expression}: {self.targets()}")

    def targets(self):
        return [(target["scrapeUrl"], target["health"], target["lastError"])
                for target in json.loads(self.get("/api/v1/targets"))["data"]["activeTargets"]]

    def firing(self):
        """{(alert, name)}"""
        alerts = json.loads(self.get("/api/v1/alerts"))["data"]["alerts"]
        return {(alert["labels"]["alertname"], alert["labels"].get("name")) for alert in alerts
                if alert["state"] == "firing"}

    def wait_firing(self, alert, name, timeout_s=60):
        lib_host.wait_for(lambda: (alert, name) in self.firing(), timeout_s * SLOW, f"{alert} of {name}")


def quick_rules():
    """Our rules, with minutes of waiting made seconds."""
    return (RULES.read_text().replace("for: 1m\n", f"for: {2 * SLOW}s\n").replace("for: 5m\n", f"for: {2 * SLOW}s\n"))


@pytest.fixture
def endpoint(binary):
    """`kapsel metrics --http` behind a port."""
    server = Inetd(binary, "metrics", "--http")
    yield server
    server.stop()


@pytest.fixture
def daemons():
    """daemons(Class, ...): started, and ended after the test."""
    made = []

    def make(kind, *arguments, **keys):
        made.append(kind(*arguments, **keys))
        return made[-1]
    yield make
    for daemon in made:
        daemon.stop()


def status_of(pid):
    """/proc/<pid>/status as a dictionary."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def descriptors_of(pid):
    return sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
