# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a workload's output goes: json-file, passthrough, none."""

import json
import os
import re
import subprocess

import pytest

import lib_host
from lib_faults import WORKLOAD, last_line, tools, workload  # noqa: F401

pytestmark = pytest.mark.root


def test_a_line_is_what_docker_writes(kapsel):
    """Key order, spacing and the time's nine digits."""
    result = kapsel.run(["/bin/sh", "-c", 'echo "a\tb \\"c\\" <ä>"; echo err >&2'])
    lines = result.log_path.read_text().splitlines()
    time = r'"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"'
    assert len(lines) == 2, result
    by_stream = {json.loads(line)["stream"]: line for line in lines}
    assert re.fullmatch(r'\{"log":".*\\n","stream":"stdout",' + time + r"\}", by_stream["stdout"]), lines
    assert re.fullmatch(r'\{"log":"err\\n","stream":"stderr",' + time + r"\}", by_stream["stderr"]), lines
    assert result.logged() == 'a\tb "c" <ä>\n'
    assert [list(json.loads(line)) for line in lines] == [["log", "stream", "time"]] * 2


def test_chosen_labels_and_variables_stand_in_every_line(kapsel):
    profile = kapsel.profile(["/bin/echo", "x"], labels={"tier": "web", "other": "no"}, env={"STAGE": "test"})
    profile["log"].update({"labels": ["tier"], "env": ["STAGE"], "tag": "t1"})
    result = kapsel.start_profile(profile).finish()
    entry = result.log[0]
    assert list(entry) == ["log", "stream", "attrs", "time"], result
    assert entry["attrs"] == {"tier": "web", "STAGE": "test", "tag": "t1"}, result


def test_a_line_without_an_end_is_kept(kapsel):
    result = kapsel.run(["/bin/sh", "-c", "printf one; printf 'two\\nthree'"])
    assert [entry["log"] for entry in result.log] == ["onetwo\n", "three"], result


def test_a_long_line_becomes_pieces_of_16_kib(kapsel):
    script = "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11; do x=$x$x; done; echo $x"
    result = kapsel.run(["/bin/sh", "-c", script])
    sizes = [len(entry["log"]) for entry in result.log]
    assert sizes == [16384, 16384, 1], result.log_path


def test_bytes_that_are_no_text_do_not_break_the_log(kapsel):
    result = kapsel.run(["/bin/sh", "-c", "printf 'a\\377b\\000c\\033[31m\\n'"])
    assert len(result.log) == 1 and result.log[0]["log"] == "a�b\0c\x1b[31m\n", result


@pytest.mark.parametrize("attempt", range(3))
def test_nothing_is_lost_of_5_mb_before_an_immediate_exit(kapsel, tools, attempt):
    size = 5 * 1024 * 1024
    profile = kapsel.profile([WORKLOAD, "flood", str(size)], rootfs=str(tools))
    profile["log"]["max_size"] = "100MB"
    result = kapsel.start_profile(profile).finish()
    text = result.logged()
    assert result.status == 0 and len(text) == size, (len(text), result.status)
    assert [int(line[:8]) for line in text.splitlines()] == list(range(size // 64))


def test_both_streams_are_whole_when_both_are_busy(kapsel):
    script = "i=0; while [ $i -lt 2000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done"
    result = kapsel.run(["/bin/sh", "-c", script])
    assert result.logged() == "".join(f"out {i}\n" for i in range(2000))
    assert result.logged("stderr") == "".join(f"err {i}\n" for i in range(2000))


def test_a_second_run_continues_the_log(kapsel):
    profile = kapsel.profile(["/bin/echo", "again"])
    for _ in range(2):
        result = kapsel.start_profile(profile).finish()
    assert result.logged() == "again\nagain\n", result


def test_full_logs_are_rotated_and_bounded(kapsel, tools):
    profile = kapsel.profile([WORKLOAD, "flood", str(4 * 1024 * 1024)], rootfs=str(tools))
    profile["log"].update({"max_size": "100kB", "max_files": 3, "compress": False})
    result = kapsel.start_profile(profile).finish()
    assert result.status == 0
    files = sorted(path.name for path in result.log_path.parent.glob(result.log_path.name + "*"))
    assert files == [result.log_path.name + end for end in ("", ".1", ".2")], files
    for name in files:
        assert (result.log_path.parent / name).stat().st_size < 100_000 + 20_000
    last = result.log[-1]["log"]
    assert int(last[:8]) == 4 * 1024 * 1024 // 64 - 1


def test_rotated_logs_are_compressed(kapsel, tools):
    profile = kapsel.profile([WORKLOAD, "flood", str(1024 * 1024)], rootfs=str(tools))
    profile["log"].update({"max_size": "300kB", "max_files": 3, "compress": True})
    result = kapsel.start_profile(profile).finish()
    assert result.status == 0
    archives = list(result.log_path.parent.glob(result.log_path.name + ".*.gz"))
    assert archives, list(result.log_path.parent.iterdir())
    for archive in archives:
        subprocess.run(["gzip", "-t", archive], check=True)


def test_the_last_writer_may_be_a_child(kapsel, tools):
    """The command's end is the end: what it left behind does not hold the log open."""
    result = kapsel.run([WORKLOAD, "daemon", "100"], rootfs=str(tools), syscalls={"allow": ["@base", "@process"]})
    assert result.status == 0 and result.logged() == "left\n", result


def test_passthrough_gives_the_callers_streams(kapsel):
    profile = kapsel.profile(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], log={"driver": "passthrough"})
    result = kapsel.start_profile(profile).finish()
    assert result.status == 3 and result.stdout == "out\n", result
    assert "err" in result.stderr.splitlines() and last_line(result) == "exit code 3", result


def test_passthrough_does_not_wait_for_a_reader_after_the_end(kapsel):
    """EPIPE is the workload's affair; the launcher's status and clean-up are not touched."""
    profile = kapsel.profile(["/bin/sh", "-c", "echo one; echo two"], log={"driver": "passthrough"})
    read, write = os.pipe()
    os.close(read)
    running = subprocess.Popen(
        [str(kapsel.binary), "run", str(kapsel.write(profile))], stdin=subprocess.DEVNULL, stdout=write,
        stderr=subprocess.DEVNULL)
    os.close(write)
    assert running.wait(timeout=20) in (1, 2, 128 + 13)


def test_none_keeps_nothing(kapsel, tmp_path):
    profile = kapsel.profile(["/bin/sh", "-c", "echo out; echo err >&2"], log={"driver": "none"})
    result = kapsel.start_profile(profile).finish()
    assert result.status == 0 and result.stdout == "" and "err" not in result.stderr.splitlines(), result
    assert list(tmp_path.glob("*.log")) == []
    kept = [path.name for path in (lib_host.Path("/var/log/kapsel") / profile["name"]).iterdir()]
    assert kept == [f"{profile['name']}-events.jsonl"], kept


def test_the_launchers_own_words_are_never_in_the_log(kapsel):
    result = kapsel.run(["/bin/sh", "-c", "/bin/ls"], syscalls={"allow": ["@base", "@process"]})
    assert "refused execve" in result.stderr, result
    assert "kapsel" not in result.logged() + result.logged("stderr"), result
