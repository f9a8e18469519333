# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logs that are sent: to a real rsyslogd with our example configurations, and to the example receiver."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

import lib_host
from lib_receivers import Receiver, Rsyslog, Sender, free_udp_port

SBIN = os.environ["PATH"] + ":/usr/sbin"
pytestmark = pytest.mark.skipif(os.geteuid() != 0 and "LOG_FEED" not in os.environ, reason="needs root")
needs_rsyslog = pytest.mark.skipif(not shutil.which("rsyslogd", path=SBIN), reason="rsyslog is not installed")


@pytest.fixture
def sender(request, tmp_path):
    feed = "LOG_FEED" in os.environ
    return Sender(None if feed else request.getfixturevalue("kapsel"), tmp_path)


@pytest.fixture
def rsyslog(tmp_path):
    """rsyslogd with rsyslog-receive.conf; `port` is its UDP port."""
    port = free_udp_port()
    (tmp_path / "in").mkdir()
    daemon = Rsyslog("rsyslog-receive.conf", tmp_path, {
        "/run/kapsel-log": str(tmp_path / "in"), 'port="514"': f'port="{port}"',
        "/var/log/kapsel-%": f"{tmp_path}/from-%"})
    daemon.port = port
    try:
        lib_host.wait_for(lambda: (tmp_path / "in/stream").exists() and (tmp_path / "in/socket").exists()
                          and f":{port:04X} " in Path("/proc/net/udp").read_text(), 20, "rsyslogd's sockets")
        yield daemon
    finally:
        daemon.stop()


def address(rsyslog, way):
    return {"unixgram": f"unixgram://{rsyslog.directory}/in/socket", "unix": f"unix://{rsyslog.directory}/in/stream",
            "udp": f"udp://127.0.0.1:{rsyslog.port}"}[way]


@needs_rsyslog
@pytest.mark.parametrize(("way", "form"), [
    ("unixgram", "rfc3164"), ("unixgram", "rfc5424"), ("unixgram", "rfc5424micro"), ("unix", "rfc5424"),
    ("unix", "rfc5424micro"), ("udp", "rfc3164"), ("udp", "rfc5424"), ("udp", "rfc5424micro")])
def test_rsyslog_understands_what_it_gets(sender, rsyslog, way, form):
    status = sender.send(b"hello \xe4 w\xc3\xb6rld\n<0>second\x00\x1b[31m\n",
                         {"driver": "syslog", "syslog_address": address(rsyslog, way), "syslog_format": form,
                          "syslog_facility": "local0"}, stream="stderr")
    assert status == 0
    path = rsyslog.directory / f"from-{sender.name}.log"
    text = rsyslog.wait_for(path, lambda text: text.count(b"\n") >= 2, "two messages").decode()
    first, second = text.splitlines()
    host = re.escape(os.uname().nodename)
    head = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+|-|Z)\S* local0\.err " + host + " " + sender.name + r" (\d+)\s+"
    assert re.fullmatch(head + "hello \ufffd wörld", first), text
    assert re.fullmatch(head + r"<0>second#000#033\[31m", second), text


@needs_rsyslog
@pytest.mark.parametrize("way", ["unixgram", "unix", "udp"])
def test_a_long_line_comes_whole_in_several_messages(sender, rsyslog, way):
    line = "".join(f"{n:05}-" for n in range(2000)).encode()
    sender.send(line + b"\nend\n", {"driver": "syslog", "syslog_address": address(rsyslog, way),
                                   "syslog_format": "rfc5424"})
    path = rsyslog.directory / f"from-{sender.name}.log"
    text = rsyslog.wait_for(path, lambda text: text.endswith(b"end\n"), "the end")
    messages = [re.sub(rb"^(\S+ ){4}\d+\s+", b"", part) for part in text.splitlines()]
    assert b"".join(messages[:-1]) == line, text


@needs_rsyslog
@pytest.mark.parametrize("way", ["unixgram", "unix"])
def test_20000_lines_come_in_order(sender, rsyslog, way):
    sender.send(b"".join(b"line %d\n" % n for n in range(20000)),
                {"driver": "syslog", "syslog_address": address(rsyslog, way), "syslog_format": "rfc5424"})
    path = rsyslog.directory / f"from-{sender.name}.log"
    text = rsyslog.wait_for(path, lambda text: text.endswith(b"line 19999\n"), "the last line")
    assert [int(n) for n in re.findall(rb"line (\d+)\n", text)] == list(range(20000))


@needs_rsyslog
def test_rsyslog_ships_json_files_with_the_example(sender, tmp_path):
    logs, out = tmp_path / "logs", tmp_path / "all.log"
    (logs / "web").mkdir(parents=True)
    path = logs / "web" / "web-json.log"
    log = {"driver": "json-file", "path": str(path)}
    sender.send(b'first "<&>"\n', log)
    daemon = Rsyslog("rsyslog-json-file.conf", tmp_path, {"/var/log/kapsel-all.log": str(out),
                                                          "/var/log/kapsel/": f"{logs}/"})
    try:
        daemon.wait_for(out, lambda text: text.count(b"\n") == 1, "the first line")
        path.rename(f"{path}.1")
        sender.send(b"after rotation \xc3\xa4\n", log, stream="stderr")
        text = daemon.wait_for(out, lambda text: text.count(b"\n") == 2, "the second line").decode()
    finally:
        daemon.stop()
    times = [json.loads(file.read_text())["time"] for file in (logs / "web/web-json.log.1", path)]
    assert text == (f'{times[0]} {path} stdout first "<&>"\n' f"{times[1]} {path} stderr after rotation ä\n")


def test_the_example_receiver_gets_each_line(sender, tmp_path):
    place = tmp_path / "socket"
    receiver = Receiver(place, tmp_path)
    try:
        assert sender.send(b"".join(b"line %d\n" % n for n in range(5000)),
                           {"driver": "socket", "socket": str(place)}) == 0
        lib_host.wait_for(lambda: receiver.path.read_bytes().endswith(b"line 4999\n"), 30, "the last line")
    finally:
        receiver.stop()
    lines = receiver.path.read_text().splitlines()
    assert len(lines) == 5000
    for number, line in enumerate(lines):
        assert re.fullmatch(sender.name + r" \d{4}-\d\d-\S+Z stdout line %d" % number, line), line


def test_a_start_is_refused_when_nobody_listens(sender, tmp_path):
    assert sender.send(b"x\n", {"driver": "socket", "socket": str(tmp_path / "nobody")}) == 125
