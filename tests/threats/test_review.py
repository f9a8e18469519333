# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a review by attack found: each fix has the test that failed before it."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import lib_drivers
import lib_host

pytestmark = [pytest.mark.root,
              pytest.mark.skipif(lib_drivers.RUNTIME != "kapsel", reason="about kapsel's own processes")]

ROOTFS = Path(__file__).resolve().parent.parent / "rootfs" / "make"


@pytest.fixture(scope="module")
def python_root(tmp_path_factory):
    """A root file system with Python. Shared: none may change it."""
    root = tmp_path_factory.mktemp("review") / "python"
    subprocess.run([ROOTFS, "python", root], check=True, timeout=120)
    return root


# --- a socket whose last copy is closed only when its peer has read everything --------------------

# Closing it takes SO_LINGER's 30000 s, unless the one who closes ends.
LINGER = """
import array, os, socket, struct, time
def stuck(peer, sock=None):
    sock = sock or socket.socket()
    sock.connect(peer)
    sock.setblocking(False)
    try:
        while True:
            sock.send(b"x" * 65536)
    except BlockingIOError:
        sock.setblocking(True)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 30000))
    return sock
def give(*socks):
    to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    to.connect(os.environ["NOTIFY_SOCKET"])
    to.setblocking(False)
    # The supervisor rests after 16: what comes next lies in its queue when our copies go.
    for _ in range(40):
        try:
            to.send(b"X=1")
        except BlockingIOError:
            break
    to.setblocking(True)
    passed = array.array("i", [sock.fileno() for sock in socks])
    to.sendmsg([b"FDSTORE=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
"""
CLIENT = ["@base", "@socket-client", "@socket-server"]


@pytest.fixture
def deaf():
    """A peer outside that takes a connection and never reads: (address for the workload)."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield listener.getsockname()


@pytest.fixture
def workload(kapsel, python_root):
    """A started profile of Python code behind LINGER."""
    def start(code, launch=None, **keys):
        profile = kapsel.profile(["/usr/bin/python3", "-S", "-c", LINGER + code], rootfs=str(python_root),
                                 **{"notify": True, "syscalls": {"allow": CLIENT}, "stop": {"timeout": "100ms"},
                                    **keys})
        return kapsel.start_profile(profile, **(launch or {}))
    return start


def test_a_lingering_socket_does_not_keep_the_supervisor(workload):
    """Before, the supervisor slept in close(2): no stop, no runtime limit, no log for 30000 seconds."""
    running = workload("""
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
listener.bind(("127.0.0.1", 0))
listener.listen(8)
for _ in range(5):
    give(stuck(listener.getsockname()))
while True:
    print("alive", flush=True)
    time.sleep(0.2)
""", network="loopback")
    running.wait_for_log("alive\nalive\nalive\n")
    assert running.finish(signal.SIGTERM).status == 128 + signal.SIGTERM


def test_a_lingering_socket_in_the_queue_does_not_keep_the_end(workload, deaf):
    """It is the supervisor that ends the queue, when the workload is gone."""
    result = workload(f"""
give(stuck({deaf!r}))
os._exit(7)
""", network="host").finish()
    assert result.status == 7, result


def test_a_listening_socket_that_was_made_to_linger_does_not_keep_the_restart(workload, deaf):
    """The supervisor keeps a copy of it, finds it useless, and closes the last one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = workload(f"""
own = socket.socket(fileno=3)
print("listens", own.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN), flush=True)
own.shutdown(socket.SHUT_RDWR)
stuck({deaf!r}, own)
os._exit(7)
""", network="host", listen={"web": {"stream": f"127.0.0.1:{port}"}},
                       restart={"policy": "always", "delay": "100ms"})
    running.wait_for_log("listens 1\nlistens 1\nlistens 1\n")
    running.finish(signal.SIGTERM)


# --- text that a reader of kapsel's own files refuses ---------------------------------------------

# "text turns around here": JSON with this character in it was not read.
OVERRIDE = "\u202e"


def test_a_status_does_not_hide_the_service(workload):
    """Before, ps did not list it, and stop, kill, enter and inspect did not find it."""
    running = workload(f"""
to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to.sendto({('READY=1' + chr(10) + 'STATUS=' + OVERRIDE + 'hidden').encode()!r}, os.environ["NOTIFY_SOCKET"])
time.sleep(1000)
""", syscalls={"allow": ["@base"]})
    name = Path(running.arguments[-1]).name.partition(".")[0]
    record = lib_host.STATE_DIR / name / "state.json"
    lib_host.wait_for(lambda: record.exists() and "hidden" in record.read_text(), 60, "the status in the record")
    kapsel = running.arguments[0]
    listed = subprocess.run([kapsel, "ps"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert name in listed and OVERRIDE not in listed, listed
    stopped = subprocess.run([kapsel, "stop", name], capture_output=True, text=True, timeout=60, check=False)
    assert stopped.returncode == 0, stopped
    running.finish()


def test_a_health_check_does_not_hide_its_event(workload):
    check = ["/usr/bin/python3", "-S", "-c", f"print({OVERRIDE!r}); raise SystemExit(1)"]
    running = workload("time.sleep(1000)",
                       health={"command": check, "interval": "1s", "timeout": "900ms", "retries": 1})
    name = Path(running.arguments[-1]).name.partition(".")[0]

    def told():
        done = subprocess.run([running.arguments[0], "events", name], capture_output=True, text=True, timeout=60,
                              check=True)
        return any('"event":"health"' in line and "unhealthy" in line for line in done.stdout.splitlines())
    lib_host.wait_for(told, 60, "the event of the failed check")
    running.finish(signal.SIGTERM)


# --- process 1 of the container, which has the workload's id --------------------------------------

def test_the_limits_of_process_1_are_not_the_workloads_to_lower(workload):
    """Before, it ended as soon as somebody wanted to enter, or a health check was due: poll(2) gave EINVAL."""
    running = workload("""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
NOFILE, none = 7, ctypes.create_string_buffer(16)
print("lowered", libc.prlimit(1, NOFILE, none, None), ctypes.get_errno(), flush=True)
time.sleep(1000)
""", syscalls={"allow": ["@base"]})
    running.wait_for_log("lowered -1 1\n")
    entered = subprocess.run([running.arguments[0], "enter", Path(running.arguments[-1]).name.partition(".")[0], "--",
                              "/usr/bin/python3", "-S", "-c", "print(42)"],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert entered.stdout == "42\n", entered
    assert running.finish(signal.SIGTERM).status == 128 + signal.SIGTERM


# --- what the caller has and the workload must not --------------------------------------------------

def test_the_callers_protection_when_memory_runs_out_stays_outside(workload):
    """Before, under a caller of -1000 the kernel would have ended everything else first, and of its group nothing."""
    def protect():
        Path("/proc/self/oom_score_adj").write_text("-500", encoding="ascii")
    try:
        subprocess.run(["true"], preexec_fn=protect, check=True)
    except subprocess.SubprocessError:
        pytest.skip("needs CAP_SYS_RESOURCE")
    running = workload('print("oom", open("/proc/self/oom_score_adj").read())', syscalls={"allow": ["@base"]},
                       launch={"preexec_fn": protect})
    assert "oom 0\n" in running.finish().logged()


def test_the_callers_terminal_is_for_output_only(kapsel, python_root):
    """Before, a workload without input read from its stdout what the caller typed."""
    code = "import os\nfor fd in (1, 2):\n try: os.read(fd, 1)\n except OSError as err: print(fd, err.errno)\n"
    profile = kapsel.profile(["/usr/bin/python3", "-S", "-c", code], rootfs=str(python_root),
                             log={"driver": "passthrough"})
    master, slave = os.openpty()
    try:
        os.write(master, b"a password\n")
        done = subprocess.run([kapsel.binary, "run", kapsel.write(profile)], stdin=slave, stdout=slave, stderr=slave,
                              timeout=60, check=False)
        os.close(slave)
        slave = -1
        shown = os.read(master, 65536).decode()
    finally:
        os.close(master)
        if slave >= 0:
            os.close(slave)
    assert done.returncode == 0 and "1 9\r\n2 9\r\n" in shown, shown
