# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel logs: what a container wrote, as docker logs shows it."""

import datetime
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import lib_host

pytestmark = pytest.mark.root

TIMEOUT_S = 60 if lib_host.IN_VM else 20
LOGS = Path("/var/log/kapsel")
# Writes what it is told, "E..." to stderr, until it is told no more.
ECHO = 'while read -r line; do case "$line" in E*) printf "%b\\n" "$line" >&2;; *) printf "%b\\n" "$line";; esac; done </data/in'


class Talker:
    """A container that writes what say() says."""

    def __init__(self, kapsel, tmp_path, **log):
        data = tmp_path / "data"
        data.mkdir()
        data.chmod(0o755)
        os.mkfifo(data / "in")
        (data / "in").chmod(0o666)
        self.input = os.open(data / "in", os.O_RDWR)
        profile = kapsel.profile(["/bin/sh", "-c", ECHO], mounts={"/data": {"type": "bind", "source": str(data)}})
        profile["log"].update(log)
        profile["log"] = {key: value for key, value in profile["log"].items() if value is not None}
        self.name = profile["name"]
        self.log = kapsel.log_path(profile) or LOGS / self.name / f"{self.name}-json.log"
        self.running = kapsel.start_profile(profile)

    def say(self, *lines):
        for line in lines:
            os.write(self.input, (line + "\n").encode())

    def wait_for_log(self, text):
        def seen():
            written = self.log.exists() and text in self.log.read_text()
            assert written or self.running.process.poll() is None, self.running.finish()
            return written
        lib_host.wait_for(seen, TIMEOUT_S, f"{text!r} in the log")

    def end(self):
        if self.input >= 0:
            os.close(self.input)
            self.input = -1
        return self.running.finish()


@pytest.fixture
def talker(kapsel, tmp_path):
    started = []

    def start(**log):
        started.append(Talker(kapsel, tmp_path, **log))
        return started[-1]
    yield start
    for one in started:
        one.end()
        shutil.rmtree(LOGS / one.name, ignore_errors=True)


class Follower:
    """`kapsel logs -f`, and when each of its lines came."""

    def __init__(self, kapsel, *arguments):
        self.process = subprocess.Popen([str(kapsel.binary), "logs", "-f", *map(str, arguments)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.text = b""

    def wait_for(self, text):
        """Return when `text` had come, by time.monotonic()."""
        deadline = time.monotonic() + TIMEOUT_S
        while text.encode() not in self.text:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
            assert ready, f"{text!r} did not come after {self.text!r}"
            got = os.read(self.process.stdout.fileno(), 65536)
            assert got, (self.text, self.process.stderr.read())
            self.text += got
        return time.monotonic()

    def end(self, number=None):
        """Wait for its own end, or end it by a signal. Return its status."""
        if number is not None:
            self.process.send_signal(number)
        try:
            out, self.errors = self.process.communicate(timeout=TIMEOUT_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        self.text += out
        return self.process.returncode


def write_log(path, entries):
    with open(path, "a", encoding="utf-8") as file:
        for second, stream, text in entries:
            moment = datetime.datetime.fromtimestamp(second, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
            file.write(json.dumps({"log": text, "stream": stream, "time": f"{moment}.000000000Z"}, separators=(",", ":")) + "\n")


def numbered(path, first, last):
    write_log(path, [(1_700_000_000 + i, "stdout", f"line {i}\n") for i in range(first, last)])
    return path


def numbers(text):
    return [int(line.split()[-1]) for line in text.splitlines()]


def test_a_name_is_enough(kapsel, talker):
    container = talker(path=None)
    container.say("hello", "E oops", "tab\\there")
    container.wait_for_log("tab")
    result = kapsel.call("logs", container.name)
    assert (result.status, result.stdout, result.stderr) == (0, "hello\ntab\there\n", "E oops\n"), result
    assert container.end().status == 0
    after = kapsel.call("logs", container.name)
    assert (after.status, after.stdout, after.stderr) == (0, "hello\ntab\there\n", "E oops\n"), after


def test_a_running_containers_own_path_wins(kapsel, talker):
    container = talker()
    container.say("hello")
    container.wait_for_log("hello")
    assert kapsel.call("logs", container.log).stdout == "hello\n"
    result = kapsel.call("logs", container.name)
    assert (result.status, result.stdout) == (0, "hello\n"), result


def test_the_record_of_a_starting_container_is_waited_for(kapsel, talker):
    container = talker()
    container.say("hello")
    container.wait_for_log("hello")
    record = Path(f"/run/kapsel/{container.name}/state.json")
    lib_host.wait_for(record.exists, TIMEOUT_S, "the record")
    record.rename(f"{record}.new")
    running = kapsel.launch("logs", container.name)
    time.sleep(0.3)
    assert running.process.poll() is None, running.finish()
    Path(f"{record}.new").rename(record)
    result = running.finish()
    assert (result.status, result.stdout) == (0, "hello\n"), result


def test_a_driver_without_a_file_says_where_to_look(kapsel, talker):
    container = talker(path=None, driver="none")
    lib_host.wait_for(lambda: Path(f"/run/kapsel/{container.name}/state.json").exists(), TIMEOUT_S, "the record")
    result = kapsel.call("logs", container.name)
    assert result.status == 1 and result.stdout == "", result
    assert '"none"' in result.stderr and "= help: " in result.stderr, result


def test_no_log_is_one_clear_error(kapsel, tmp_path):
    for which in ("no-such-container", tmp_path / "no-such-file"):
        result = kapsel.call("logs", which)
        assert result.status == 1 and result.stdout == "", result
        assert len([line for line in result.stderr.splitlines() if line.startswith("kapsel: ")]) == 1, result
        assert "ENOENT" in result.stderr, result


@pytest.mark.parametrize("arguments", [
    [], ["a", "b"], ["--since", "yesterday", "a"], ["--until", "1d", "a"], ["-n", "-1", "a"], ["--stream", "stdin", "a"],
    ["--grep", "(", "a"], ["--folow", "a"]])
def test_a_wrong_command_line_is_refused(kapsel, arguments):
    result = kapsel.call("logs", *arguments)
    assert result.status == 2 and "Try 'kapsel logs --help'" in result.stderr, result


def test_follow_shows_lines_at_once_and_ends_with_the_container(kapsel, talker):
    container = talker()
    container.say("begin")
    container.wait_for_log("begin")
    follower = Follower(kapsel, container.name)
    follower.wait_for("begin\n")
    delays = []
    for i in range(20):
        began = time.monotonic()
        container.say(f"line {i}")
        delays.append(follower.wait_for(f"line {i}\n") - began)
    container.say("E last", "last")
    container.end()
    assert follower.end() == 0
    assert follower.text.decode() == "begin\n" + "".join(f"line {i}\n" for i in range(20)) + "last\n"
    assert follower.errors == b"E last\n"
    # The usual one says what the code does; a busy machine may make any single one late.
    assert sorted(delays)[len(delays) // 2] < (1.0 if lib_host.IN_VM else 0.05), delays
    print(f"median {sorted(delays)[10] * 1000:.2f} ms, worst {max(delays) * 1000:.2f} ms")


def test_follow_ends_when_the_supervisor_is_killed(kapsel, talker):
    container = talker()
    container.say("begin")
    container.wait_for_log("begin")
    follower = Follower(kapsel, container.name)
    follower.wait_for("begin\n")
    container.running.process.kill()
    assert follower.end() == 0
    assert follower.text == b"begin\n"


def test_follow_misses_nothing_over_rotation_and_compression(kapsel, talker):
    container = talker(max_size="20kB", max_files=3, compress=True)
    container.say("begin")
    container.wait_for_log("begin")
    follower = Follower(kapsel, container.log)
    follower.wait_for("begin\n")
    for i in range(2000):
        container.say(f"line {i:06}")
        if i % 200 == 199:
            follower.wait_for(f"line {i:06}\n")
    container.end()
    assert list(container.log.parent.glob(container.log.name + ".*.gz"))
    assert follower.end(signal.SIGINT) == -signal.SIGINT
    assert follower.text.decode() == "begin\n" + "".join(f"line {i:06}\n" for i in range(2000))


def test_a_file_is_followed_over_truncation_and_a_new_file(kapsel, tmp_path):
    path = numbered(tmp_path / "x.log", 0, 3)
    follower = Follower(kapsel, path)
    follower.wait_for("line 2\n")
    os.truncate(path, 0)
    time.sleep(0.2)
    numbered(path, 10, 11)
    follower.wait_for("line 10\n")
    path.unlink()
    time.sleep(0.2)
    numbered(path, 20, 21)
    follower.wait_for("line 20\n")
    assert follower.end(signal.SIGINT) == -signal.SIGINT
    assert numbers(follower.text.decode()) == [0, 1, 2, 10, 20]


def test_tail_since_and_until_over_rotated_files(kapsel, tmp_path):
    path = tmp_path / "x.log"
    numbered(tmp_path / "x.log.2", 0, 100)
    subprocess.run(["gzip", tmp_path / "x.log.2"], check=True)
    numbered(tmp_path / "x.log.1", 100, 200)
    numbered(path, 200, 300)

    def shown(*arguments):
        result = kapsel.call("logs", *arguments, path)
        assert result.status == 0 and result.stderr == "", result
        return numbers(result.stdout)
    assert shown() == shown("-n", "all") == list(range(300))
    for count in (0, 1, 5, 100, 150, 250, 300, 999):
        assert shown("--tail", count) == list(range(max(300 - count, 0), 300)), count
    assert shown("--since", "1700000150", "--until", "1700000152.5") == [150, 151, 152]
    assert shown("--since", "2023-11-14T22:15:50Z", "--until", "2023-11-14T23:15:52+01:00") == [150, 151, 152]
    assert shown("--until", "1700000050", "-n2") == [49, 50]
    assert shown("--since", "1h") == [] and shown("--until", "1h30m", "-n", "1") == [299]
    assert shown("--grep", "5$", "-n", "3") == [275, 285, 295]


def test_local_times_are_the_callers_zone(kapsel, tmp_path):
    path = numbered(tmp_path / "x.log", 0, 10)  # 2023-11-14 22:13:20 UTC
    result = kapsel.call("logs", "--since", "2023-11-15T00:13:25", path, env={**os.environ, "TZ": "UTC-2"})
    assert numbers(result.stdout) == [5, 6, 7, 8, 9], result


def test_streams_patterns_times_and_objects(kapsel, tmp_path):
    path = tmp_path / "x.log"
    write_log(path, [(1_700_000_000, "stdout", "out one\n"), (1_700_000_001, "stderr", "err one\n"),
                     (1_700_000_002, "stdout", "x" * 16384), (1_700_000_002, "stdout", "tail\n")])
    long = "x" * 16384 + "tail\n"
    assert kapsel.call("logs", "--stream=stderr", path).stdout == ""
    assert kapsel.call("logs", "--stream=stderr", path).stderr == "err one\n"
    assert kapsel.call("logs", "--stream=stdout", path).stdout == "out one\n" + long
    assert kapsel.call("logs", "--grep", "x{100}tail$", path).stdout == long
    timed = kapsel.call("logs", "-t", "--stream", "stdout", path).stdout
    assert timed == f"2023-11-14T22:13:20.000000000Z out one\n2023-11-14T22:13:22.000000000Z {long}"
    objects = kapsel.call("logs", "--json", path)
    assert objects.stdout == path.read_text() and objects.stderr == "", objects


def test_details_are_the_chosen_attributes(kapsel):
    profile = kapsel.profile(["/bin/echo", "x"], labels={"tier": "web, really"}, env={"STAGE": "test"})
    profile["log"].update({"labels": ["tier"], "env": ["STAGE"]})
    log = kapsel.start_profile(profile).finish().log_path
    assert kapsel.call("logs", "--details", log).stdout == "STAGE=test,tier=web%2C+really x\n"
    timed = kapsel.call("logs", "--details", "-t", log).stdout
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z STAGE=test,tier=web%2C\+really x\n", timed), timed


def test_cri_files_are_read_too(kapsel, tmp_path):
    path = tmp_path / "0.log"
    path.write_text("2016-10-06T00:17:09.669794202Z stdout P one \n2016-10-06T00:17:09.7Z stderr F err\n"
                    "2016-10-06T00:17:10.113242941Z stdout F line\n")
    result = kapsel.call("logs", path)
    assert (result.stdout, result.stderr) == ("one line\n", "err\n"), result


def test_damaged_lines_are_left_out_and_counted(kapsel, tmp_path):
    path = numbered(tmp_path / "x.log", 0, 2)
    with open(path, "ab") as file:
        file.write(b'{"log":"torn\n\0\0\0\n[1]\n')
    numbered(path, 2, 4)
    result = kapsel.call("logs", path)
    assert result.status == 0 and numbers(result.stdout) == [0, 1, 2, 3], result
    size = len(path.read_text().splitlines(keepends=True)[0])
    assert result.stderr.startswith("kapsel: 3 lines ") and f"byte {2 * size} of x.log" in result.stderr, result


def read_terminal(command):
    """What `command` writes to a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    text = b""
    while True:
        try:
            got = os.read(terminal, 65536)
        except OSError:
            break
        if not got:
            break
        text += got
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0
    return text.replace(b"\r\n", b"\n")


def test_a_terminal_gets_nothing_that_can_harm_it(kapsel, talker):
    container = talker()
    container.say(r"\0033[31mred\0033]0;title\0007\r", r"E \0302\0233x\0177", r"\0342\0200\0256 \0303\0244\0011end")
    container.wait_for_log("end")
    container.end()
    shown = read_terminal([str(kapsel.binary), "logs", str(container.log)])
    assert sorted(shown.splitlines()) == sorted(
        [rb"\x1b[31mred\x1b]0;title\x07\x0d", rb"E \xc2\x9bx\x7f", rb"\xe2\x80\xae " + b"\xc3\xa4\tend"]), shown
    raw = subprocess.run([kapsel.binary, "logs", container.log], capture_output=True, check=True)
    assert raw.stdout == b"\x1b[31mred\x1b]0;title\x07\r\n\xe2\x80\xae \xc3\xa4\tend\n"
    assert raw.stderr == b"E \xc2\x9bx\x7f\n"


def test_a_reader_that_leaves_ends_it_quietly(kapsel, tmp_path):
    path = numbered(tmp_path / "x.log", 0, 50000)
    done = subprocess.run(["/bin/sh", "-c", f"'{kapsel.binary}' logs '{path}' | head -n 2"], capture_output=True, check=True,
                          timeout=TIMEOUT_S)
    assert done.stdout == b"line 0\nline 1\n" and done.stderr == b""
