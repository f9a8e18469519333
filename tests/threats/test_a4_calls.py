# SPDX-License-Identifier: LGPL-2.1-or-later
"""A4: ways around a filter of system calls, and into terminals.

kapsel's own verbs are asked with their default, the OCI runtimes with a filter that refuses what the rows are about:
what is judged there is that the filter can not be got around.
"""

import os
import socket
import subprocess
import threading

import pytest

import lib_drivers
import lib_host
import lib_oci
from lib_drivers import Mount, Start

# No OK, and no error of a call that was let in (EFAULT, ENOTTY, EBADF ...).
REFUSED = {"EPERM", "EACCES", "ENOSYS", "SIGSYS", "EAFNOSUPPORT"}
CALLS = ["mount", "keyctl", "ptrace", "unshare", "clone3", "io_uring_setup", "fsopen", "bpf", "seccomp"]
TIOCSTI, TIOCLINUX, AF_ALG, LOW = 0x5412, 0x541C, 38, 0xffffffff
FILTER = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "architectures": ["SCMP_ARCH_X86_64"],
    "syscalls": [
        {"names": CALLS, "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
        *({"names": ["ioctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
           "args": [{"index": 1, "value": LOW, "valueTwo": number, "op": "SCMP_CMP_MASKED_EQ"}]}
          for number in (TIOCSTI, TIOCLINUX)),
        {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
         "args": [{"index": 0, "value": AF_ALG, "op": "SCMP_CMP_EQ"}]},
    ],
}


@pytest.fixture
def knock(driver, oci, world):
    """{name: answer} of knock.c inside."""
    def call(*names):
        start = Start(oci.bundle(), f"/usr/bin/knock {' '.join(names)}", mounts=[Mount("/tmp")],
                      config=lambda it: it.set("linux.seccomp", FILTER))
        lines = driver.run(start).assert_started().out.splitlines()
        answers = dict(line.split() for line in lines if len(line.split()) == 2)
        # kapsel ends a workload that makes a call which is never legitimate.
        ended = driver.name in ("run", "enter")
        return {name: answers.get(name, "SIGSYS") for name in names} if answers or ended else {}
    return call


def outside(template, *names):
    """The same without a container: what it would be."""
    done = subprocess.run([template / "usr/bin/knock", *names], capture_output=True, encoding="utf-8", timeout=60,
                          check=True, stdin=subprocess.DEVNULL)
    return dict(line.split() for line in done.stdout.splitlines())


def assert_refused(answers, *names):
    assert set(answers) == set(names) and set(answers.values()) <= REFUSED, answers


ROWS = {
    "a4_01": ["x32-getpid"],
    "a4_01-int80": ["int80-mount", "int80-keyctl", "int80-ptrace"],
    "a4_02": ["tiocsti-high", "tioclinux-high"],
    "a4_03": ["suspend"],
    "a4_04": ["clone3-user", "unshare-user", "unshare-mount"],
    "a4_05": ["io-uring"],
    "a4_06": ["int80-socketcall", "af-alg"],
    "a4_07": ["tiocsti"],
    "a4_08": ["tioclinux"],
    "a4_13": ["new-listener"],
}


def test_a4_01_other_tables_of_system_calls(knock):
    assert_refused(knock("x32-getpid"), "x32-getpid")
    for name in ROWS["a4_01-int80"]:  # one each: a filter may end the whole workload at the first
        assert_refused(knock(name), name)


def test_a4_02_bits_above_an_argument(knock):
    assert_refused(knock(*ROWS["a4_02"]), *ROWS["a4_02"])


def test_a4_03_tracer_that_suspends_a_filter(knock):
    assert_refused(knock("suspend"), "suspend")


def test_a4_04_namespaces_by_clone3_and_unshare(knock):
    for name in ROWS["a4_04"]:
        assert_refused(knock(name), name)


def test_a4_05_ring_of_calls(knock):
    assert_refused(knock("io-uring"), "io-uring")


def test_a4_06_socket_through_the_multiplexer(knock):
    for name in ROWS["a4_06"]:
        assert_refused(knock(name), name)


def test_a4_07_typing_into_a_terminal(knock):
    assert_refused(knock("tiocsti"), "tiocsti")


def test_a4_08_paste_of_a_console(knock):
    assert_refused(knock("tioclinux"), "tioclinux")


def test_a4_13_listener_of_a_filter(knock):
    assert_refused(knock("new-listener"), "new-listener")


@pytest.mark.root
def test_a4_00_control_without_a_filter_the_calls_get_in(template):
    answers = outside(template, *(name for names in ROWS.values() for name in names))
    let_in = {name for name, answer in answers.items() if answer not in REFUSED}
    assert {"tiocsti-high", "suspend", "unshare-user", "new-listener", "tiocsti"} <= let_in, answers


@pytest.mark.drivers("run", "oci-create")
def test_a4_09_escapes_of_a_config_do_not_reach_the_terminal(driver, oci, world):
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("bwrap prints its caller's words only")
    evil = "/x\x1b]52;c;eA==\x07\x1b[2J\r"
    outcome = driver.run(Start(oci.bundle(), command=[evil], cwd=evil))
    assert outcome.status != 0 and outcome.err.strip(), outcome
    assert not set("\x1b\x07\r") & set(outcome.err), repr(outcome.err)


def test_a4_10_policy_files_are_not_there(driver, oci, world):
    outcome = driver.run(Start(oci.bundle(), "cat /proc/self/mountinfo; ls /sys/kernel/security/apparmor 2>/dev/null"))
    assert "securityfs" not in outcome.assert_started().out and ".load" not in outcome.out, outcome


@pytest.mark.drivers("run", "enter")
def test_a4_12_what_landlock_alone_lets_through(knock):
    names = ("fast-open", "mptcp", "listen", "udp")
    assert_refused(knock(*names), *names)


class Agent:
    """Who is asked about calls (SCMP_ACT_NOTIFY), and is gone before it answers one."""

    def __init__(self, path):
        self.listeners = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(path))
        self.socket.listen(4)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                data, descriptors = lib_oci.receive(connection)
                while data or descriptors:
                    for descriptor in descriptors:
                        self.listeners += 1
                        os.close(descriptor)
                    data, descriptors = lib_oci.receive(connection)


@pytest.mark.drivers("oci-create", "oci-exec")
def test_a4_13_agent_that_is_gone_lets_nothing_through(driver, oci, world):
    """Nobody else answers in its place: the runtime keeps no copy of the listener."""
    agent = Agent(oci.place / "agent")
    rules = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
             "listenerPath": str(oci.place / "agent"),
             "syscalls": [{"names": ["mount", "keyctl"], "action": "SCMP_ACT_NOTIFY"}]}
    try:
        outcome = driver.run(Start(oci.bundle(), "/usr/bin/knock mount-cgroup keyctl",
                                   mounts=[Mount("/tmp")], config=lambda it: it.set("linux.seccomp", rules)))
    finally:
        agent.socket.close()
    assert agent.listeners == (2 if driver.name == "oci-exec" else 1), outcome
    assert outcome.assert_started().out == "mount-cgroup ENOSYS\nkeyctl ENOSYS\n", outcome


# What a notifier could decide on, if it looked at memory that changes behind its back.
MOVING = ["mount-moving", "exec-moving", "exec-again"]
ONCE = {"exec": {}, "syscalls": {"allow": ["@base", "@process", "@file-write"]}}


@pytest.mark.drivers("run", "enter")
def test_a4_14_refused_call_stays_refused_while_its_memory_changes(driver, oci, world):
    """The supervisor answers refused calls, and lets one execveat through, once: never one of the workload's."""
    start = Start(oci.bundle(), command=["/usr/bin/knock", *MOVING], profile=ONCE)
    outcome = driver.run(start)
    assert dict(line.split() for line in outcome.out.splitlines()) == dict.fromkeys(MOVING, "EPERM"), outcome
    assert "moved" not in outcome.out and outcome.status == 0, outcome


@pytest.mark.drivers("run")
def test_a4_14_observer_decides_by_the_number_alone(driver, oci, world):
    """`kapsel learn` lets calls go on, for that it is there; what it refuses it refuses by the number."""
    bundle = oci.bundle()
    limits = [] if lib_host.has_limits() else ["--no-limits"]
    out = oci.place / "learned.kapsel.jsonc"
    result = driver.kapsel.call("learn", *limits, "--output", out, "--network", "none", "--rootfs", bundle.rootfs,
                                "--", "/usr/bin/knock", "io-uring", "clone3-user", "udp")
    assert result.status == 0, result
    said = (result.stdout + result.stderr).splitlines()
    assert {"io-uring ENOSYS", "clone3-user ENOSYS", "udp OK"} <= set(said), result


@pytest.mark.root
def test_a4_14_control_outside_such_calls_get_in(template):
    """mount(2) looks at the memory; execve runs another program, which says nothing."""
    assert outside(template, "mount-moving")["mount-moving"] not in REFUSED
    assert "exec-moving" not in outside(template, "exec-moving")
