# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel stats: Docker's columns and keys, from what the kernel counts."""

import json
import os
import pty
import re
import subprocess
import time

import pytest

import lib_host
from lib_service import services  # noqa: F401

pytestmark = pytest.mark.root

SHELL = {"syscalls": {"allow": ["@base", "@process"]}, "exec": {"allow": ["*"]}}
DOCKER_KEYS = {"BlockIO", "CPUPerc", "Container", "ID", "MemPerc", "MemUsage", "Name", "NetIO", "PIDs"}
MIB = 1024 * 1024
SLOW = 10 if lib_host.IN_VM else 1


@pytest.fixture
def started(services):  # noqa: F811
    def start(command, **keys):
        service = services(command, **keys)
        service.start()
        service.wait()
        return service
    return start


def rows(result):
    assert result.status == 0 and result.stderr == "", result
    return [json.loads(line) for line in result.stdout.splitlines()]


def group_file(service, name):
    return (service.group / name).read_text()


def test_a_service_has_dockers_columns(kapsel, started):
    service = started(["/bin/sleep", "1000"])
    result = kapsel.call("stats", "--no-stream", service.name)
    heading, row = result.stdout.splitlines()
    assert re.split(r" {2,}", heading) == ["CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O",
                                           "BLOCK I/O", "PIDS"]
    columns = re.split(r" {2,}", row)
    assert columns[0] == service.state["id"][:12] and columns[1] == service.name
    assert columns[5] == "0B / 0B" and columns[7] == str(len(group_file(service, "cgroup.threads").split()))


def test_json_has_dockers_keys(kapsel, started):
    service = started(["/bin/sleep", "1000"])
    row, = rows(kapsel.call("stats", "--no-stream", "--json", "--no-trunc", service.name))
    assert set(row) == DOCKER_KEYS
    assert row["Name"] == row["Container"] == service.name and row["ID"] == service.state["id"]
    assert all(isinstance(value, str) for value in row.values())
    row, = rows(kapsel.call("stats", "--no-stream", "--json", "--columns", "throttled,psi,oom,denied", service.name))
    assert set(row) == DOCKER_KEYS | {"Throttled", "PSI", "OOM", "Denied"}
    assert row["OOM"] == "0" and row["Denied"] == "0"


def test_a_busy_processor_is_a_hundred_percent(kapsel, started):
    service = started(["/bin/sh", "-c", "while :; do :; done"], **SHELL)
    idle = started(["/bin/sleep", "1000"])
    busy, still = rows(kapsel.call("stats", "--no-stream", "--json", "--sample", "1s", service.name, idle.name))
    before, began = group_file(service, "cpu.stat"), time.monotonic()
    time.sleep(1)
    after, took_s = group_file(service, "cpu.stat"), time.monotonic() - began
    used = [int(re.search(r"usage_usec (\d+)", text)[1]) for text in (before, after)]
    share = (used[1] - used[0]) / took_s / 1e4  # what the loop gets here now: others use the machine, too
    assert abs(float(busy["CPUPerc"].rstrip("%")) - share) < 35, (busy, share)
    assert float(still["CPUPerc"].rstrip("%")) < 10, still


def test_one_reading_is_the_average_since_the_start(kapsel, started):
    service = started(["/bin/sh", "-c", "while :; do :; done"], **SHELL)
    time.sleep(1)
    row, = rows(kapsel.call("stats", "--no-stream", "--json", service.name))
    assert float(row["CPUPerc"].rstrip("%")) > 5, row


def test_a_format_has_only_what_it_names(kapsel, started):
    service = started(["/bin/sleep", "1000"])
    result = kapsel.call("stats", "--no-stream", "--format", r"<{name}>\t{pids} {id}", service.name)
    assert result.stdout == f"<{service.name}>\t{len(group_file(service, 'cgroup.threads').split())} " \
                            f"{service.state['id'][:12]}\n", result


def test_what_ended_is_shown_on_request(kapsel, services):  # noqa: F811
    service = services(["/bin/true"])
    service.start()
    service.wait("exited")
    running = {row["Name"] for row in rows(kapsel.call("stats", "--no-stream", "--json"))}
    everything = {row["Name"]: row for row in rows(kapsel.call("stats", "--no-stream", "--json", "-a"))}
    assert service.name not in running
    assert everything[service.name]["CPUPerc"] == "--" and everything[service.name]["PIDs"] == "--"


def test_a_stream_for_a_pipe_has_no_control_characters(kapsel, started):
    service = started(["/bin/sleep", "1000"])
    running = kapsel.launch("stats", "--sample", "100ms", "--json", service.name)
    lines = [json.loads(running.process.stdout.readline()) for _ in range(3)]
    running.process.terminate()
    running.finish()
    assert lines[0]["CPUPerc"] == "--" and all(line["CPUPerc"].endswith("%") for line in lines[1:]), lines


def test_a_stream_clears_a_terminal(binary, started):
    service = started(["/bin/sleep", "1000"])
    master, slave = pty.openpty()
    process = subprocess.Popen([str(binary), "stats", "--sample", "100ms", service.name], stdin=subprocess.DEVNULL,
                               stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""
    try:
        while seen.count(b"\x1b[H\x1b[2J") < 2:
            seen += os.read(master, 4096)
    finally:
        process.terminate()
        process.wait(10 * SLOW)
        os.close(master)
    assert b"CONTAINER ID" in seen


@pytest.mark.parametrize("arguments, text", [
    (["--format", "{nmae}"], 'did you mean "name"'),
    (["--format", "{name"], "a { without its }"),
    (["--columns", "cpu"], 'unknown word "cpu"'),
    (["--columns", "thotled"], 'did you mean "throttled"'),
    (["--sample", "soon"], "--sample is a time"),
    (["--json", "--format", "{name}"], "exclude each other"),
    (["--", "x"], "behind --"),
])
def test_a_mistake_is_one_message(kapsel, arguments, text):
    result = kapsel.call("stats", "--no-stream", *arguments)
    assert result.status == 2 and text in result.stderr and result.stdout == "", result


def test_a_name_that_is_not_there_is_an_error(kapsel):
    result = kapsel.call("stats", "--no-stream", "nobody-of-that-name")
    assert result.status == 1 and "nobody-of-that-name" in result.stderr and result.stdout == "", result


@pytest.mark.vm
def test_memory_and_throttling_are_the_kernels(kapsel, started):
    service = started(["/bin/sh", "-c", "while :; do :; done"], limits={"memory": "64MiB", "cpu": 0.2, "pids": 20},
                      **SHELL)
    lib_host.wait_for(lambda: "nr_throttled 0" not in group_file(service, "cpu.stat"), 30, "throttling")
    row, = rows(kapsel.call("stats", "--no-stream", "--json", "--sample", "2s", "--columns", "throttled,psi",
                            service.name))
    used, limit = row["MemUsage"].split(" / ")
    assert limit == "64MiB" and used.endswith(("KiB", "MiB")), row
    assert 10 < float(row["CPUPerc"].rstrip("%")) < 30, row
    assert float(row["Throttled"].rstrip("%")) > 50, row
    current = int(group_file(service, "memory.current"))
    number = float(used[:-3]) * (MIB if used.endswith("MiB") else 1024)
    assert number <= current + MIB and row["MemPerc"] != "--", (row, current)
    assert row["BlockIO"] == "-- / --" or row["BlockIO"].count("B") >= 2
