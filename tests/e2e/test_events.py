# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb events, and where else each event goes: a socket, and programs."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import lib_host
from lib_kapsel import TIMEOUT_S
from lib_service import LOG_DIR
from lib_verbs import SHELL, good, refused, services, started  # noqa: F401

pytestmark = pytest.mark.root


def names_of(result):
    return [json.loads(line)["event"] for line in good(result).splitlines()]


def test_events_of_several_services_come_in_the_order_of_time(kapsel, services):
    first, second = started(services()), started(services())
    good(kapsel.call("stop", first.name))
    good(kapsel.call("stop", second.name))
    lines = [json.loads(line) for line in good(kapsel.call("events", first.name, second.name)).splitlines()]
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert [line["name"] for line in lines if line["event"] == "exit"] == [first.name, second.name]
    assert {line["name"] for line in lines} == {first.name, second.name}
    assert lines == sorted(first.events + second.events, key=lambda event: event["time"])


def test_events_are_filtered_by_kind_name_id_and_time(kapsel, services):
    service = started(services(["/bin/true"]))
    service.wait("exited")
    only = f"name={service.name}"
    assert names_of(kapsel.call("events", "--filter", f"{only},event=exit")) == ["exit"]
    assert set(names_of(kapsel.call("events", "--filter", f"{only},event=exit,event=start"))) == {"start", "exit"}
    assert "exit" in names_of(kapsel.call("events", service.state["id"][:12]))
    exit_time = service.event("exit")["time"]
    assert names_of(kapsel.call("events", "--since", exit_time, service.name))[0] == "exit"
    assert names_of(kapsel.call("events", "--until", exit_time, service.name))[-1] == "exit"
    assert names_of(kapsel.call("events", "--since", "0s", service.name)) == []
    assert names_of(kapsel.call("events", "--since", "2h", "--until", "1h", service.name)) == []
    refused(kapsel.call("events", "--since", "tea time"), "--since", status=2)
    refused(kapsel.call("events", "--filter", "colour=red"), "event, name", status=2)


def test_events_prints_the_members_that_are_asked_for(kapsel, services):
    service = started(services(["/bin/false"]))
    service.wait("exited")
    out = good(kapsel.call("events", "--filter", "event=exit", "--format", r"{name}\t{status}\t{nothing}|", service.name))
    assert out == f"{service.name}\t1\t|\n"


def read_until(stream, text):
    """Lines up to the one with the text."""
    for line in stream:
        if text in line:
            return json.loads(line)
    raise AssertionError(f"{text} never came")


def test_events_follows_services_that_come_later_and_new_files(kapsel, services):
    service, later = started(services()), services()
    following = kapsel.launch("events", "--follow", service.name, later.name)
    read_until(following.process.stdout, '"event":"start"')
    later.start()
    assert read_until(following.process.stdout, '"event":"start"')["name"] == later.name
    # As at one mebibyte.
    path = LOG_DIR / service.name / f"{service.name}-events.jsonl"
    path.rename(f"{path}.1")
    path.write_text("")
    os.kill(service.state["supervisor"]["pid"], 0)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"time": "2026-01-01T00:00:00.000000000Z", "event": "health", "name": service.name},
                              separators=(",", ":")) + "\n")
    read_until(following.process.stdout, '"event":"health"')
    following.process.send_signal(signal.SIGTERM)
    following.finish()


def test_events_sleeps_while_nothing_happens(kapsel, services):
    service = started(services(["/bin/sh", "-c", "while :; do echo line; done"], **SHELL))
    following = kapsel.launch("events", "--follow", service.name)
    read_until(following.process.stdout, '"event":"start"')
    time.sleep(0.3)

    def switches():
        status = Path(f"/proc/{following.process.pid}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.MULTILINE)[1])
    before = switches()
    time.sleep(1)
    assert switches() - before < 20, "the workload's output must not wake it"
    following.process.send_signal(signal.SIGTERM)
    following.finish()


def test_events_ends_at_the_given_time_and_with_its_reader(kapsel, services):
    service = started(services())
    until = time.time() + 1
    following = kapsel.launch("events", "-f", "--until", f"{until:.3f}", service.name)
    result = following.finish()
    assert time.time() >= until and names_of(result)[0] == "start"
    process = subprocess.Popen([str(kapsel.binary), "events", "-f", service.name], stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=TIMEOUT_S) == 0


def test_each_event_goes_to_a_socket_and_to_a_program(kapsel, services, tmp_path):
    feed = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    feed.bind(str(tmp_path / "feed"))
    feed.settimeout(TIMEOUT_S)
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ncat > {tmp_path}/$KAPSEL_EVENT.new\n"
                    f"{{ env; ls /proc/self/fd; }} >> {tmp_path}/$KAPSEL_EVENT.new\n"
                    f"mv {tmp_path}/$KAPSEL_EVENT.new {tmp_path}/$KAPSEL_EVENT\n")
    hook.chmod(0o700)
    service = started(services(["/bin/sh", "-c", "exit 3"], events={"socket": str(tmp_path / "feed"), "exec": [str(hook)]},
                               **SHELL))
    service.wait("exited")
    told = []
    while not told or told[-1]["event"] != "exit":
        told.append(json.loads(feed.recv(4096)))
    assert told == service.events[:len(told)]
    lib_host.wait_for(lambda: (tmp_path / "exit").exists(), TIMEOUT_S, "the program's work")
    line, *rest = (tmp_path / "exit").read_text().splitlines()
    assert json.loads(line) == service.event("exit") and json.loads(line)["status"] == 3
    variables = {word.partition("=")[0] for word in rest if "=" in word}
    assert variables <= {"PATH", "KAPSEL_EVENT", "KAPSEL_NAME", "PWD", "SHLVL", "_", "OLDPWD"}, variables
    assert f"KAPSEL_NAME={service.name}" in rest
    assert [word for word in rest if word.isdigit()] == ["0", "1", "2", "3"]  # 3 is that of ls
    assert json.loads(good(kapsel.call("inspect", service.name)))[0]["counters"]["events_lost"] == 0


def test_a_feed_that_nobody_reads_and_a_program_that_hangs_hold_up_nothing(kapsel, services, tmp_path):
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/pids\nexec sleep 1000\n")
    hook.chmod(0o700)
    service = started(services(["/bin/false"], restart={"policy": "on-failure", "max": 4, "delay": "10ms"},
                               events={"socket": str(tmp_path / "nobody"), "exec": [str(hook)]}))
    try:
        service.wait("exited", restarts=4)
        counters = json.loads(good(kapsel.call("inspect", service.name)))[0]["counters"]
        assert counters["events"] >= 14 and counters["events_lost"] >= counters["events"] + counters["events"] - 8
        assert counters["events"] == len(service.events)
        lib_host.wait_for(lambda: len((tmp_path / "pids").read_text().split()) == 8, TIMEOUT_S, "eight programs")
    finally:
        for pid in (tmp_path / "pids").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
