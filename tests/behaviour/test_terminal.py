# SPDX-License-Identifier: LGPL-2.1-or-later
"""Terminals: the console socket, exec -t, and a run on the caller's own."""

import json
import os
import pty
import select
import struct
import termios
import time
import fcntl

import pytest

from lib_oci import make_config, wait_for

def with_terminal(*args):
    return make_config(*args).set("process.terminal", True)


def test_the_console_socket_gets_one_message_with_one_descriptor(oci):
    console = oci.console()
    container = oci.create(with_terminal("/bin/helper", "hold"), "--console-socket", console.path)
    console.terminal()
    time.sleep(0.2)
    assert len(console.messages) == 1 and len(console.messages[0][1]) == 1
    assert 0 < len(console.messages[0][0]) < 4096
    assert os.isatty(console.master)
    container.start()
    assert "ready" in console.read_until("ready")


def test_the_terminal_does_not_add_carriage_returns(oci):
    console = oci.console()
    container = oci.start(with_terminal("/bin/echo", "line"), "--console-socket", console.path)
    container.wait()
    assert console.read_until(None) == "line\n"


def test_what_is_typed_reaches_the_program(oci):
    console = oci.console()
    container = oci.start(with_terminal("/bin/sh", "-c", "echo ready; read line; echo got $line"), "--console-socket", console.path)
    console.read_until("ready")
    console.write("hello\n")
    assert "got hello" in console.read_until("got hello")
    container.wait()


def test_control_c_interrupts_the_program(oci):
    console = oci.console()
    script = "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done"
    container = oci.start(with_terminal("/bin/sh", "-c", script), "--console-socket", console.path)
    console.read_until("ready")
    console.write("\x03")
    assert container.wait() == 5


def test_a_new_size_is_seen_inside(oci):
    console = oci.console()
    script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done"
    oci.start(with_terminal("/bin/sh", "-c", script), "--console-socket", console.path)
    console.read_until("ready")
    fcntl.ioctl(console.terminal(), termios.TIOCSWINSZ, struct.pack("HHHH", 41, 133, 0, 0))
    assert "41 133" in console.read_until("133")


def test_the_terminal_belongs_to_the_user(oci):
    console = oci.console()
    config = with_terminal("/bin/sh", "-c", "stat -c '%u' /proc/self/fd/0 /dev/pts/0; echo opened > /dev/tty")
    container = oci.start(config.set("process.user", {"uid": 1000, "gid": 1000}), "--console-socket", console.path)
    container.wait()
    text = console.read_until(None).split()
    assert set(text[:-1]) == {"1000"} and text[-1] == "opened", text


def test_a_terminal_in_a_user_namespace(oci):
    console = oci.console()
    config = with_terminal("/bin/sh", "-c", "stat -c %u /proc/self/fd/0; tty").user_namespace(700000)
    container = oci.start(config, "--console-socket", console.path)
    container.wait()
    assert console.read_until(None).split()[0] == "0"


def test_a_detached_terminal_needs_a_console_socket(oci):
    oci.assert_refused(with_terminal("/bin/true"), start=False)


def test_a_console_socket_needs_a_terminal(oci):
    oci.assert_works()
    console = oci.console()
    result = oci.create(make_config(), "--console-socket", console.path, check=False).result
    assert result.status not in (0, "none: it hung"), result


@pytest.mark.parametrize("path", ["/no/such/socket", "x" * 200])
def test_a_console_socket_that_can_not_be_reached(oci, path):
    oci.assert_works()
    container = oci.create(with_terminal("/bin/true"), "--console-socket", path, check=False)
    assert container.result.status not in (0, "none: it hung"), container
    assert not oci.knows(container.id)


def test_exec_with_a_terminal(oci):
    console = oci.console()
    container = oci.running()
    result = container.exec("/bin/helper", "report", flags=["--tty", "--detach", "--console-socket", console.path])
    assert result.status == 0, result
    seen = json.loads(console.read_until(None))
    assert seen["isatty"] == 7 and seen["controlling_terminal"] == 1
    assert seen["fds"]["0"].startswith("/dev/pts/"), seen["fds"]


def test_exec_with_a_terminal_by_process_file(oci):
    console = oci.console()
    container = oci.running()
    path = oci.place / "process.json"
    path.write_text(json.dumps({"terminal": True, "consoleSize": {"height": 11, "width": 22}, "args": ["/bin/helper", "report"],
                                "cwd": "/"}))
    result = container.call("exec", "--detach", "--console-socket", console.path, "--process", path)
    assert result.status == 0, result
    assert json.loads(console.read_until(None))["terminal_size"] == [11, 22]


def test_detached_exec_with_a_terminal_needs_a_console_socket(oci):
    result = oci.running().exec("/bin/true", flags=["--tty", "--detach"])
    assert result.status not in (0, "none: it hung") and result.err, result


class OwnTerminal:
    """The caller's terminal, with the runtime in its foreground."""

    def __init__(self, oci, *words):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execv(oci.path, [str(oci.path), *oci.flags, *map(str, words)])
        self.seen = b""

    def read_until(self, text, timeout_s=60):
        deadline = time.monotonic() + timeout_s
        while text.encode() not in self.seen:
            ready, _, _ = select.select([self.master], [], [], 0.1)
            assert time.monotonic() < deadline, self.seen
            if ready:
                try:
                    self.seen += os.read(self.master, 4096)
                except OSError:
                    break
        assert text.encode() in self.seen, self.seen

    def wait(self):
        status = None

        def gone():
            nonlocal status
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return pid
        wait_for(gone)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status)


def test_run_on_the_callers_terminal(oci):
    container = oci.prepare(with_terminal("/bin/sh", "-c", "test -t 0 && echo ready; read line; echo got $line; exit 7"))
    terminal = OwnTerminal(oci, "run", "--bundle", container.bundle.path, container.id)
    terminal.read_until("ready")
    os.write(terminal.master, b"hello\r")
    terminal.read_until("got hello")
    assert terminal.wait() == 7


def test_control_c_on_the_callers_terminal_goes_to_the_container(oci):
    script = "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done"
    container = oci.prepare(with_terminal("/bin/sh", "-c", script))
    terminal = OwnTerminal(oci, "run", "--bundle", container.bundle.path, container.id)
    terminal.read_until("ready")
    os.write(terminal.master, b"\x03")
    terminal.read_until("interrupted")
    assert terminal.wait() == 5


def test_the_callers_terminal_is_restored(oci):
    container = oci.prepare(with_terminal("/bin/true"))
    controller, user = os.openpty()
    before = termios.tcgetattr(user)
    process = oci.popen("run", "--bundle", container.bundle.path, container.id, stdin=user, out=user, err=user)
    assert process.wait(60) == 0
    assert termios.tcgetattr(user) == before
    os.close(controller)
    os.close(user)


def test_exec_on_the_callers_terminal(oci):
    container = oci.running()
    terminal = OwnTerminal(oci, "exec", "--tty", container.id, "/bin/sh", "-c", "test -t 0 && echo ready; read line; exit 9")
    terminal.read_until("ready")
    os.write(terminal.master, b"x\r")
    assert terminal.wait() == 9


def test_the_callers_window_size_is_the_containers(oci):
    container = oci.prepare(with_terminal("/bin/sh", "-c", "sleep 0.3; stty size; read line"))
    controller, user = os.openpty()
    fcntl.ioctl(controller, termios.TIOCSWINSZ, struct.pack("HHHH", 37, 121, 0, 0))
    process = oci.popen("run", "--bundle", container.bundle.path, container.id, stdin=user, out=user, err=user,
                        preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
    seen = b""
    deadline = time.monotonic() + 60
    while b"37 121" not in seen and time.monotonic() < deadline:
        if select.select([controller], [], [], 0.1)[0]:
            seen += os.read(controller, 4096)
    os.write(controller, b"\r")
    process.wait(60)
    os.close(controller)
    os.close(user)
    assert b"37 121" in seen, seen



def test_output_of_a_terminal_keeps_its_line_ends(oci):
    """ONLCR is off in the container's terminal, and the caller's makes of it what it likes."""
    console = oci.console()
    oci.create(with_terminal("/bin/true"), "--console-socket", console.path)
    assert not termios.tcgetattr(console.terminal())[1] & termios.ONLCR
