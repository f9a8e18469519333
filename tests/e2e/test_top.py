# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel top: the screen as a user sees it, in a pseudo terminal that python3-pyte interprets.

Most services here are records without containers, in a run directory of their own: nobody's, since root
always uses /run/kapsel. What acts on a service acts on a real one.
"""

import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

import pytest

import lib_host

pyte = pytest.importorskip("pyte", reason="needs python3-pyte")

pytestmark = pytest.mark.root

NOBODY = 65534
TERM = "screen-256color"  # pyte does not know "repeat" of xterm
SLOW = 10 if lib_host.IN_VM else 1
HOSTILE = "\x1b[2J\x1b]0;title\x07 \u202eleft \u6f22\u5b57 \tend"


def starttime(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


class Services:
    """A run directory of nobody's, with records that this process supervises."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="kapsel-top-"))
        self.home.chmod(0o755)
        self.run_dir = self.home / "kapsel"
        self.run_dir.mkdir(mode=0o700)
        os.chown(self.run_dir, NOBODY, NOBODY)

    def add(self, name, log=(), steps="", **fields):
        directory = self.run_dir / name
        directory.mkdir(mode=0o700)
        record = {
            "version": 1, "name": name, "id": name.encode().hex().ljust(64, "0")[:64],
            "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
            "status": "running", "supervisor": {"pid": os.getpid(), "starttime": starttime(os.getpid())},
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3700)),
            "restarts": 0, "ready": True, "health": "none", "network": "none", "log_driver": "json-file",
            "log_path": str(self.home / f"{name}-json.log"), "command": "/bin/sleep 1000",
            **fields,
        }
        (directory / "state.json").write_text(json.dumps(record))
        (directory / "steps").write_text(steps)
        os.chown(directory, NOBODY, NOBODY)
        for path in directory.iterdir():
            os.chown(path, NOBODY, NOBODY)
        for text in log:
            self.log(name, text)

    def log(self, name, text, stream="stdout"):
        entry = {"log": text + "\n", "stream": stream, "time": "2026-11-22T09:00:00.5Z"}
        with open(self.home / f"{name}-json.log", "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def remove(self):
        shutil.rmtree(self.home)


class Screen(pyte.Screen):
    """pyte's, with the two sequences of this TERM that it does not know."""

    def scroll(self, change, count):
        x, y = self.cursor.x, self.cursor.y
        self.cursor.y = self.margins.top if self.margins else 0
        change(count)
        self.cursor.x, self.cursor.y = x, y

    def scroll_up(self, count=1):
        self.scroll(self.delete_lines, count)

    def scroll_down(self, count=1):
        self.scroll(self.insert_lines, count)


class Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Terminal:
    """`kapsel ARGUMENTS...` on a terminal of its own."""

    def __init__(self, command, environment, rows=24, columns=120, nobody=False):
        self.raw = b""
        self.screen = Screen(columns, rows)
        self.stream = Stream(self.screen)
        self.master, slave = pty.openpty()
        self.slave = os.dup(slave)
        self.set_size(rows, columns)
        self.modes = termios.tcgetattr(slave)

        def take_terminal():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if nobody else {}
        self.process = subprocess.Popen([str(part) for part in command], stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, preexec_fn=take_terminal, cwd="/",
                                        env={"PATH": os.environ["PATH"], **environment}, **who)
        os.close(slave)

    def set_size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        self.set_size(rows, columns)
        self.screen.resize(rows, columns)
        self.raw = b""

    def read(self, timeout_s=0.0):
        while select.select([self.master], [], [], timeout_s)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.raw += data
            self.stream.feed(data)
            timeout_s = 0.0

    @property
    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def row(self, text):
        """The first row that holds `text`, or None."""
        return next((i for i, line in enumerate(self.screen.display) if text in line), None)

    def expect(self, text, timeout_s=10 * SLOW, gone=False):
        deadline = time.monotonic() + timeout_s
        while (text in self.text) == gone:
            assert time.monotonic() < deadline, f"{'still' if gone else 'no'} {text!r} on\n{self.text}"
            self.read(0.05)

    def press(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def wait(self, timeout_s=10 * SLOW):
        """The exit status; what it still writes is read."""
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still runs:\n{self.text}"
            self.read(0.05)
        self.read(0.1)
        return self.process.returncode

    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.modes and self.raw.rfind(b"\x1b[?1049l") > 0

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def services():
    made = Services()
    yield made
    made.remove()


@pytest.fixture
def top(binary, services):
    """`top(...)` shows the services of the fixture."""
    terminals = []

    def show(*arguments, rows=24, columns=120, **environment):
        environment = {"TERM": TERM, "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(services.home),
                       "HOME": "/", **environment}
        terminal = Terminal([binary, "top", *arguments], environment, rows, columns, nobody=True)
        terminals.append(terminal)
        return terminal
    yield show
    for terminal in terminals:
        terminal.close()


def once(binary, services, *arguments):
    return subprocess.run([binary, "top", "--once", *arguments], capture_output=True, text=True, timeout=60, cwd="/",
                          user=NOBODY, group=NOBODY, extra_groups=[], check=False,
                          env={"XDG_RUNTIME_DIR": str(services.home), "LC_ALL": "C.UTF-8", "HOME": "/"})


def test_once_prints_a_plain_table(binary, services):
    services.add("db", health="healthy")
    services.add("job", status="exited", exit_status=3, finished="2026-11-22T09:00:00Z")
    services.add("web", restarts=7)
    done = once(binary, services)
    assert done.returncode == 0 and done.stderr == "", done
    heading, *rows = done.stdout.splitlines()
    assert heading.split() == "NAME STATUS UP RESTARTS CPU % MEM / LIMIT PIDS NET I/O BLOCK I/O DENIED".split()
    assert [row.split()[:4] for row in rows] == [
        ["db", "healthy", "1h01m", "0"], ["job", "exited", "3", "--"], ["web", "running", "1h01m", "7"]]
    assert "\x1b" not in done.stdout


def test_once_shows_a_real_service(kapsel):
    profile = kapsel.profile(["/bin/sleep", "1000"])
    running = kapsel.start_profile(profile)
    lib_host.record(profile["name"])
    done = kapsel.call("top", "--once", "--delay", "0.2")
    assert done.status == 0, done
    row = next(line for line in done.stdout.splitlines() if line.startswith(profile["name"]))
    assert row.split()[1] == "running", done
    assert row.split()[4] == "0.00%", done
    running.finish(signal.SIGTERM)


def test_the_screen_shows_services_and_the_log_of_the_selected_one(top, services):
    services.add("db", log=["from db"], health="unhealthy")
    services.add("web", log=["from web"])
    terminal = top()
    terminal.expect("from db")
    row = terminal.row("db ")
    assert "unhealthy" in terminal.screen.display[row]
    assert terminal.screen.buffer[row][0].reverse
    assert terminal.screen.buffer[row][terminal.screen.display[row].index("unhealthy")].fg == "red"
    terminal.press("j")
    terminal.expect("from web")
    assert "from db" not in terminal.text
    services.log("web", "one line more")
    terminal.expect("one line more")
    terminal.press("l")
    terminal.expect("from web", gone=True)


def test_what_a_workload_writes_does_nothing_to_the_terminal(top, services):
    services.add("evil", log=[HOSTILE], reason=HOSTILE, command=HOSTILE, status_text=HOSTILE)
    terminal = top()
    terminal.expect("\\x1b[2J\\x1b]0;title\\x07")
    assert terminal.screen.title == ""
    assert "\\xe2\\x80\\xaeleft \u6f22" in terminal.text.replace("\u6f22 ", "\u6f22")
    terminal.press("\r")
    terminal.expect("command       \\x1b[2J")
    assert b"\x1b]0;" not in terminal.raw and "\u202e".encode() not in terminal.raw


def test_keys_filter_sort_and_open_pages(top, services):
    for name, restarts in (("alpha", 1), ("beta", 9), ("gamma", 5)):
        services.add(name, restarts=restarts, steps="seccomp\tseal\tholds\tSeccomp 2\n")
    terminal = top()
    terminal.expect("gamma")
    terminal.press("r")
    lib_host.wait_for(lambda: terminal.read(0.05) or terminal.row("beta") == 2, what="beta first")
    assert [terminal.screen.display[i].split()[0] for i in (2, 3, 4)] == ["beta", "gamma", "alpha"]
    terminal.press("/AM")
    terminal.expect("alpha", gone=True)
    terminal.expect("name contains: AM")
    terminal.press("\r\r")
    terminal.expect("processes     supervisor")
    terminal.press("G")
    terminal.expect("restrictions, as the kernel confirmed them")
    terminal.expect("Seccomp 2")
    terminal.press("q?")
    terminal.expect("Keys")
    terminal.press("q\x1b")
    terminal.expect("beta")
    terminal.press("q")
    assert terminal.wait() == 0
    assert terminal.is_restored()


def test_a_real_service_is_stopped_after_a_yes(kapsel, binary):
    profile = kapsel.profile(["/bin/sleep", "1000"])
    running = kapsel.start_profile(profile)
    lib_host.record(profile["name"])
    terminal = Terminal([binary, "top"], {"TERM": TERM, "LC_ALL": "C.UTF-8"})
    try:
        terminal.expect(profile["name"])
        terminal.press(f"/{profile['name']}\r")
        terminal.expect(f"name: {profile['name']}")
        terminal.press("sn")
        time.sleep(0.5)
        assert running.process.poll() is None
        terminal.press("s")
        terminal.expect(f"stop {profile['name']}? y/n")
        terminal.press("y")
        terminal.expect(f"{profile['name']} is stopped")
        assert running.finish().status == 128 + signal.SIGTERM
        terminal.press("q")
        assert terminal.wait() == 0
    finally:
        terminal.close()


def test_a_supervisor_that_does_not_answer_does_not_stop_the_screen(top, services):
    """Its socket takes the request, and nobody reads it."""
    import socket
    services.add("stuck")
    path = services.run_dir / "stuck" / "control"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen(1)
        os.chown(path, NOBODY, NOBODY)
        terminal = top()
        terminal.expect("stuck")
        terminal.press("sy")
        terminal.expect("stopping stuck")
        terminal.press("?")
        terminal.expect("Keys")
        terminal.press("qq")
        assert terminal.wait() == 0
    # The one who asks ends with the socket.
    lib_host.wait_for(lambda: lib_host.reap_orphans() or not lib_host.descendants(), what="nobody left")


def test_a_refusal_is_shown(top, services):
    services.add("gone")
    terminal = top()
    terminal.expect("gone")
    terminal.press("Ky")
    terminal.expect("kill gone: reach the supervisor of gone: ENOENT")


def test_any_size_is_drawn(top, services):
    for i in range(30):
        services.add(f"service-{i:02}", log=["x" * 300])
    terminal = top()
    terminal.expect("service-00")
    terminal.resize(5, 20)
    terminal.expect("too small")
    terminal.resize(1, 1)
    terminal.read(0.3)
    terminal.resize(60, 300)
    terminal.expect("service-29")
    terminal.expect("NET I/O")
    terminal.press("q")
    assert terminal.wait() == 0


def test_a_tiny_terminal_from_the_start(top, services):
    services.add("web")
    terminal = top(rows=5, columns=20)
    terminal.expect("too small")
    terminal.press("q")
    assert terminal.wait() == 0


def test_five_hundred_services_scroll(top, services):
    for i in range(500):
        services.add(f"service-{i:03}")
    terminal = top()
    terminal.expect("500 of 500 services run")
    terminal.press("G")
    terminal.expect("service-499")
    assert "service-000" not in terminal.text
    terminal.press("g")
    terminal.expect("service-000")


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 0)])
def test_the_terminal_is_given_back_after_a_signal(top, services, number, status):
    services.add("web")
    terminal = top()
    terminal.expect("web")
    assert not terminal.is_restored()
    terminal.process.send_signal(number)
    assert terminal.wait() == status
    assert terminal.is_restored()


def test_ctrl_c_ends_and_ctrl_z_gives_the_terminal_back_for_a_while(top, services):
    services.add("web")
    terminal = top()
    terminal.expect("web")
    terminal.press("\x1a")

    def state():
        return Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    lib_host.wait_for(lambda: terminal.read(0.05) or state() == "T", what="stopped")
    terminal.read(0.2)
    assert terminal.is_restored()
    terminal.screen.reset()
    terminal.process.send_signal(signal.SIGCONT)
    terminal.expect("web")
    terminal.press("\x03")
    assert terminal.wait() == 0
    assert terminal.is_restored()


def test_it_ends_when_the_terminal_goes(top, services):
    services.add("web")
    terminal = top()
    terminal.expect("web")
    os.close(terminal.slave)
    os.close(terminal.master)
    try:
        terminal.process.wait(timeout=10 * SLOW)
    finally:
        terminal.master, terminal.slave = os.open("/dev/null", os.O_RDWR), os.open("/dev/null", os.O_RDWR)


def test_no_color_means_none(top, services):
    services.add("db", health="unhealthy")
    terminal = top(NO_COLOR="1")
    terminal.expect("unhealthy")
    assert {terminal.screen.buffer[y][x].fg for y in range(24) for x in range(120)} == {"default"}
    assert {terminal.screen.buffer[y][x].bg for y in range(24) for x in range(120)} == {"default"}


def test_without_utf8_nothing_but_ascii_is_written(top, services):
    services.add("db", log=["\u6f22\u5b57 \u00fcber"])
    terminal = top(LC_ALL="C", columns=160)
    terminal.expect("?? ?ber")
    terminal.read(1.5)
    assert max(terminal.raw) < 0x80, terminal.text


@pytest.mark.parametrize("term", ["dumb", "no-such-terminal", ""])
def test_a_terminal_that_can_not_be_drawn_on_is_refused(top, term):
    terminal = top(TERM=term)
    assert terminal.wait() == 1
    assert "kapsel stats" in terminal.text
    assert b"\x1b" not in terminal.raw
    assert termios.tcgetattr(terminal.slave) == terminal.modes


def test_without_a_terminal_it_is_refused(kapsel):
    done = kapsel.call("top")
    assert done.status == 1
    assert "without a terminal" in done.stderr and "kapsel stats" in done.stderr, done


@pytest.mark.parametrize("arguments", [["--delay", "0"], ["--delay", "x"], ["-d", "1e3"], ["--delay", "nan"], ["web"],
                                       ["--delay", "99999"], ["--", "x"]])
def test_a_wrong_command_line_is_refused(kapsel, arguments):
    done = kapsel.call("top", *arguments)
    assert done.status == 2 and done.stderr.startswith("kapsel top: "), done


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def switches(pid):
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                if line.startswith("voluntary_ctxt_switches"))
    return int(line.split()[1])


def test_it_sleeps_between_two_readings(top, services):
    services.add("web", log=["x"])
    terminal = top("--delay", "60")
    terminal.expect("web")
    terminal.read(0.5)
    before = switches(terminal.process.pid)
    time.sleep(2)
    assert switches(terminal.process.pid) - before <= 1


def test_a_flood_in_the_log_is_looked_at_ten_times_a_second(top, services):
    services.add("web", log=["first"])
    terminal = top("--delay", "60")
    terminal.expect("first")
    before = switches(terminal.process.pid)
    began = time.monotonic()
    while time.monotonic() - began < 2:
        for _ in range(50):
            services.log("web", "more")
        terminal.read(0.0)
    services.log("web", "the last one")
    terminal.expect("the last one")
    assert switches(terminal.process.pid) - before < 100


def test_two_hundred_services_cost_little(top, services):
    """5 % of a core natively (docs/commands.md); here other tests run beside it."""
    for i in range(200):
        services.add(f"service-{i:03}")
    terminal = top()
    terminal.expect("200 of 200 services run")
    before = cpu_seconds(terminal.process.pid)
    began = time.monotonic()
    while time.monotonic() - began < 5:
        terminal.read(0.2)
    share = (cpu_seconds(terminal.process.pid) - before) / (time.monotonic() - began)
    assert share < 0.15 * SLOW, f"{share * 100:.1f} % of a core"
