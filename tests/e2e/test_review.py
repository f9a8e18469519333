# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a security review found: the caller's leftovers, a workload that keeps its supervisor, a
name that two run directories share.  Each fix has the test that failed before it."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import lib_host
from lib_faults import assert_refused, compile_c, copy_root, last_line, put

pytestmark = pytest.mark.root

SHELL = {"exec": {"allow": ["*"]}, "syscalls": {"allow": ["@base", "@process"]}}
PASS = {"log": {"driver": "passthrough"}}
PROGRAM = "/bin/review"


@pytest.fixture(scope="module")
def tools(rootfs, tmp_path_factory):
    """The busybox root file system with the program of review.c. Shared: none may change it."""
    directory = tmp_path_factory.mktemp("review")
    program = compile_c(Path(__file__).parent / "review.c", directory / "program")
    root = copy_root(rootfs, directory / "root")
    put(root, PROGRAM, program.read_bytes())
    (root / "data").mkdir(exist_ok=True)
    return root


def closed(*descriptors):
    """For preexec_fn: a caller that has closed its standard streams."""
    def close():
        for descriptor in descriptors:
            os.close(descriptor)
    return close


# --- what the caller hands down -----------------------------------------------------------

@pytest.mark.parametrize("missing", [(0,), (1,), (2,), (1, 2), (0, 1, 2)])
def test_a_closed_standard_stream_is_the_null_device_inside(kapsel, tmp_path, missing):
    """Before, the next descriptor took the number: the workload held init's control socket."""
    (tmp_path / "out").mkdir(mode=0o777)
    (tmp_path / "out").chmod(0o777)
    script = "for i in 0 1 2; do (readlink /proc/$$/fd/$i) >> /data/seen; done"
    mount = {"/data": {"type": "bind", "source": str(tmp_path / "out"), "write": True}}
    profile = kapsel.profile(["/bin/sh", "-c", script], mounts=mount, stdin="inherit", **SHELL, **PASS)
    profile["syscalls"] = {"allow": ["@base", "@process", "@file-write"]}
    assert kapsel.start_profile(profile, preexec_fn=closed(*missing)).finish().status == 0
    seen = (tmp_path / "out" / "seen").read_text().splitlines()
    assert not [name for name in seen if name.startswith("socket:")], seen
    assert [seen[number] for number in missing] == ["/dev/null"] * len(missing)


@pytest.mark.parametrize("flags", [os.O_RDONLY | os.O_DIRECTORY, os.O_PATH])
def test_a_directory_of_the_host_is_no_stdin(kapsel, flags):
    """fchdir(0) led out of the root, and stat(2) there told everything but content."""
    descriptor = os.open("/", flags)
    try:
        profile = kapsel.profile(["/bin/sh", "-c", "stat /proc/self/fd/0/etc/passwd"], stdin="inherit", **SHELL)
        result = kapsel.start_profile(profile, stdin=descriptor).finish()
    finally:
        os.close(descriptor)
    assert_refused(result, "stdin", errno="EISDIR")
    assert "passwd" not in result.logged()


def test_a_caller_that_ignores_sigchld_still_learns_the_status(kapsel):
    profile = kapsel.profile(["/bin/sh", "-c", "exit 7"], **SHELL)
    running = kapsel.start_profile(profile, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert running.finish().status == 7


def test_the_callers_personality_does_not_switch_off_address_randomisation(kapsel):
    profile = kapsel.profile(["/bin/cat", "/proc/self/personality"])
    result = kapsel.start_profile(profile, under=["setarch", "-R"]).finish()
    assert result.status == 0, result
    assert result.logged().strip() == "00000000"


@pytest.mark.parametrize("under", [["chrt", "--fifo", "10"], ["nice", "-n", "-10"]])
def test_the_callers_priority_stays_outside(kapsel, under):
    if subprocess.run([*under, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip(f"{' '.join(under)} is not allowed here")
    profile = kapsel.profile(["/bin/cat", "/proc/self/stat"])
    result = kapsel.start_profile(profile, under=under).finish()
    assert result.status == 0, result
    fields = result.logged().rpartition(")")[2].split()
    nice, realtime, policy = fields[16], fields[37], fields[38]
    assert (nice, realtime, policy) == ("0", "0", "0")


def test_a_hang_up_that_the_caller_ignores_does_not_reach_the_workload(kapsel):
    """nohup(1): a blocked signal comes although it is ignored."""
    profile = kapsel.profile(["/bin/sh", "-c", "echo ready; sleep 1; exit 5"], **SHELL)
    running = kapsel.start_profile(profile, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    running.wait_for_log("ready")
    running.process.send_signal(signal.SIGHUP)
    assert running.finish().status == 5


def test_sigterm_stops_even_if_the_caller_ignores_it(kapsel):
    profile = kapsel.profile(["/bin/sh", "-c", "echo ready; sleep 60"], stop={"timeout": "200ms"}, **SHELL)
    running = kapsel.start_profile(profile, preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))
    running.wait_for_log("ready")
    assert running.finish(signal.SIGTERM, timeout_s=15).status in (128 + signal.SIGTERM, 128 + signal.SIGKILL)


def test_many_sockets_and_few_descriptors_leave_the_program_its_number(kapsel):
    """One of our own descriptors got the number that the program was then put on."""
    limits = {**lib_host.limits(), "open_files": 40}
    sockets = {f"s{i:02}": {"stream": f"@{kapsel.prefix}{i}"} for i in range(24)}
    result = kapsel.run(["/bin/true"], limits=limits, listen=sockets)
    assert result.status == 0, result


# --- a workload against its supervisor ------------------------------------------------------

def passed_on(kapsel, tools, directory):
    """Start the workload that sends its stdout through a socket of the host, and take it."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(directory / "peer"))
    (directory / "peer").chmod(0o777)
    directory.chmod(0o755)
    server.listen()
    server.settimeout(20)
    profile = kapsel.profile([PROGRAM, "pass", "/data/peer"], rootfs=str(tools),
                             mounts={"/data": {"type": "bind", "source": str(directory)}},
                             syscalls={"allow": ["@base", "@socket-client"]})
    running = kapsel.start_profile(profile)
    client = server.accept()[0]
    descriptors = socket.recv_fds(client, 1, 1)[1]
    client.close()
    server.close()
    return running, descriptors[0]


def test_a_held_stdout_does_not_keep_the_supervisor(kapsel, tools, tmp_path):
    """It turned in a loop without sleep, deaf to SIGTERM, until the holder let go."""
    running, held = passed_on(kapsel, tools, tmp_path)
    try:
        result = running.finish(timeout_s=10)
    finally:
        os.close(held)
    assert result.status == 0, result
    assert result.logged() == "passed on\n"


def test_a_stdout_that_outsiders_write_to_does_not_keep_the_supervisor(kapsel, tools, tmp_path):
    running, held = passed_on(kapsel, tools, tmp_path)
    os.set_blocking(held, False)
    deadline = time.monotonic() + 30
    try:
        while running.process.poll() is None and time.monotonic() < deadline:
            try:
                os.write(held, b"x" * 4096)
            except BlockingIOError:
                pass
            except BrokenPipeError:
                break
        assert time.monotonic() < deadline, "it waits for what outsiders write"
    finally:
        os.close(held)
    assert running.finish(timeout_s=10).status == 0


def test_a_start_that_fails_leaves_the_group_of_another_run_alone(kapsel):
    """Two run directories, one cgroup parent: the second start killed what the first one ran."""
    if lib_host.cgroup_mount() is None:
        pytest.skip("there is no cgroup2 mount")
    profile = kapsel.profile(["/bin/sh", "-c", "echo ready; sleep 60"], stop={"timeout": "200ms"}, **SHELL)
    first = kapsel.start_profile(profile)
    first.wait_for_log("ready")
    hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && exec "$0" "$@"']
    second = kapsel.launch("run", kapsel.write(profile), under=hidden).finish()
    assert second.status == 125, second
    assert "EBUSY" in second.stderr
    time.sleep(0.3)
    assert first.process.poll() is None, first.finish()
    result = first.finish(signal.SIGTERM)
    assert "stop was asked for" in last_line(result)


# --- the filter ------------------------------------------------------------------------------

def test_the_type_of_an_internet_socket_can_not_choose_another_protocol(kapsel, tools):
    """SOCK_SEQPACKET with protocol 0 is SCTP, and type 6 loads DCCP."""
    result = kapsel.run([PROGRAM, "sockets", "2:1", "2:2", "2:5", "2:6", "10:5", "1:5"], rootfs=str(tools),
                        syscalls={"allow": ["@base", "@socket-client"]}, network="host")
    assert result.status == 0, result
    assert result.logged().splitlines() == ["2:1 OK", "2:2 OK", "2:5 ESOCKTNOSUPPORT", "2:6 ESOCKTNOSUPPORT",
                                            "10:5 ESOCKTNOSUPPORT", "1:5 OK"]
    # Most kernels have neither by themselves, and say the same: it must be the filter that did.
    assert "neither a stream nor for datagrams" in result.stderr
