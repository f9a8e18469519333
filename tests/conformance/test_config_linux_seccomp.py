# SPDX-License-Identifier: LGPL-2.1-or-later
"""config-linux.md: seccomp."""

import errno
import json
import os
import socket
import threading

import pytest

from lib_oci import make_config, receive
from oci_fixtures import spec

FILE = "config-linux.md"
SYS_GETPRIORITY, SYS_GETCWD, SYS_PERSONALITY, SYS_SYSINFO = 140, 79, 135, 99
if os.uname().machine == "aarch64":
    SYS_GETPRIORITY, SYS_GETCWD, SYS_PERSONALITY, SYS_SYSINFO = 141, 17, 92, 179
ERRNO, ALLOW = "SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW"


def seccomp(*syscalls, default=ALLOW, **more):
    return make_config().set("linux.seccomp", {"defaultAction": default, **more, "syscalls": list(syscalls)})


def rule(name, action=ERRNO, args=None, **more):
    entry = {"names": [name], "action": action, **more}
    return entry if args is None else {**entry, "args": args}


def calls(oci, config, *words):
    """The result of one system call in the container, -errno if it failed."""
    return int(oci.output(config.args("/bin/helper", "syscall", *map(str, words))))


@spec(FILE, "Seccomp", "MUST", "a filter is in force")
def test_config_linux__seccomp__mode(oci):
    report = oci.report(seccomp(rule("getpriority")))
    assert report["seccomp"] == 2
    assert oci.report(make_config())["seccomp"] == 0


@spec(FILE, "Seccomp", "MUST", "an errno is EPERM if none is named")
def test_config_linux__seccomp__errno_by_default(oci):
    assert calls(oci, seccomp(rule("getpriority")), SYS_GETPRIORITY, 0, 0) == -errno.EPERM
    assert calls(oci, seccomp(rule("getpriority")), SYS_PERSONALITY, 0xffffffff) >= 0


@pytest.mark.parametrize("number", [1, errno.ENOSYS, errno.EBUSY, 0])
@spec(FILE, "Seccomp", "MUST", "errnoRet is the errno of a rule")
def test_config_linux__seccomp__errno_ret(oci, number):
    assert calls(oci, seccomp(rule("getpriority", errnoRet=number)), SYS_GETPRIORITY, 0, 0) == -number


def allow_all_but(name):
    """Everything that a small program needs, by a rule; what is left falls to the default action."""
    names = ("read write close fstat mmap mprotect munmap brk rt_sigaction rt_sigprocmask ioctl pread64 access exit "
             "exit_group execve execveat arch_prctl set_tid_address set_robust_list rseq prlimit64 getrandom readlink "
             "readlinkat newfstatat openat uname futex getpid getppid capset capget prctl setgroups setuid setgid setresuid "
             "setresgid chdir fchdir fcntl close_range dup dup2 dup3 kill wait4 clone clone3 epoll_pwait epoll_ctl tgkill "
             "gettid sigaltstack nanosleep clock_nanosleep sched_getaffinity sched_yield madvise getdents64 lseek stat lstat "
             "open sendmsg recvmsg statx faccessat faccessat2 umask keyctl fchmod fchown fchownat pipe2 epoll_create1 "
             "eventfd2 timerfd_create openat2 restart_syscall rt_sigreturn seccomp sethostname setsid mount umount2 "
             "getsockname connect socket newuname sysinfo writev poll ppoll select getcwd getuid getgid geteuid getegid "
             "clock_gettime gettimeofday time getrlimit setrlimit statfs fstatfs").split()
    return {"names": [entry for entry in names if entry != name], "action": ALLOW}


@spec(FILE, "Seccomp", "MUST", "defaultAction is for what no rule matches; its errno is EPERM")
def test_config_linux__seccomp__default_action(oci):
    config = seccomp(allow_all_but("getpriority"), default=ERRNO)
    assert calls(oci, config, SYS_GETPRIORITY, 0, 0) == -errno.EPERM


@spec(FILE, "Seccomp", "MUST", "defaultErrnoRet is the errno of the default action")
def test_config_linux__seccomp__default_errno_ret(oci):
    config = seccomp(allow_all_but("getpriority"), default=ERRNO, defaultErrnoRet=errno.ENOTTY)
    assert calls(oci, config, SYS_GETPRIORITY, 0, 0) == -errno.ENOTTY


@pytest.mark.parametrize("action", ["SCMP_ACT_ALLOW", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
                                    "SCMP_ACT_TRAP", "SCMP_ACT_LOG"])
@spec(FILE, "Seccomp", "MUST", "an errno for an action that has none is an error")
def test_config_linux__seccomp__an_errno_without_use_is_refused(oci, action):
    oci.assert_refused(seccomp(rule("getpriority", action, errnoRet=5)))


@spec(FILE, "Seccomp", "MUST", "defaultErrnoRet for a default action that has none is an error")
def test_config_linux__seccomp__a_default_errno_without_use_is_refused(oci):
    oci.assert_refused(seccomp(default=ALLOW, defaultErrnoRet=5))


@pytest.mark.parametrize("action, status", [("SCMP_ACT_KILL", 159), ("SCMP_ACT_KILL_PROCESS", 159), ("SCMP_ACT_TRAP", 159),
                                            ("SCMP_ACT_KILL_THREAD", 159)])
@spec(FILE, "Seccomp", "MUST", "the killing actions and TRAP end the process by SIGSYS")
def test_config_linux__seccomp__killing_actions(oci, action, status):
    config = seccomp(rule("getpriority", action)).args("/bin/helper", "syscall", str(SYS_GETPRIORITY), "0", "0")
    assert oci.start(config).wait() == status


@spec(FILE, "Seccomp", "MUST", "LOG lets the call through")
def test_config_linux__seccomp__log(oci):
    assert calls(oci, seccomp(rule("getpriority", "SCMP_ACT_LOG")), SYS_GETPRIORITY, 0, 0) > 0


@spec(FILE, "Seccomp", "MUST", "TRACE without a tracer fails with ENOSYS")
def test_config_linux__seccomp__trace(oci):
    assert calls(oci, seccomp(rule("getpriority", "SCMP_ACT_TRACE")), SYS_GETPRIORITY, 0, 0) == -errno.ENOSYS


OPERATORS = {"SCMP_CMP_NE": lambda a, b: a != b, "SCMP_CMP_LT": lambda a, b: a < b, "SCMP_CMP_LE": lambda a, b: a <= b,
             "SCMP_CMP_EQ": lambda a, b: a == b, "SCMP_CMP_GE": lambda a, b: a >= b, "SCMP_CMP_GT": lambda a, b: a > b}


@pytest.mark.parametrize("operator", OPERATORS)
@spec(FILE, "Seccomp", "MUST", "operators compare an argument: NE LT LE EQ GE GT")
def test_config_linux__seccomp__operators(oci, operator):
    """getpriority(which, who): of a user that does not exist it fails with ESRCH, by the rule with EBUSY."""
    config = seccomp(rule("getpriority", errnoRet=errno.EBUSY, args=[{"index": 1, "value": 5000005, "op": operator}]))
    script = "; ".join(f"helper syscall {SYS_GETPRIORITY} 2 {5000005 + step}" for step in (-1, 0, 1))
    found = [int(line) == -errno.EBUSY for line in oci.output(config.shell(script)).split()]
    assert found == [OPERATORS[operator](step, 0) for step in (-1, 0, 1)]


@spec(FILE, "Seccomp", "MUST", "MASKED_EQ compares under a mask: value is the mask, valueTwo what must be left")
def test_config_linux__seccomp__masked_equal(oci):
    args = [{"index": 1, "value": 0xF0, "valueTwo": 0x50, "op": "SCMP_CMP_MASKED_EQ"}]
    config = seccomp(rule("getpriority", errnoRet=errno.EBUSY, args=args))
    script = "; ".join(f"helper syscall {SYS_GETPRIORITY} 2 {number}" for number in (0x50005F, 0x500060))
    assert [int(line) == -errno.EBUSY for line in oci.output(config.shell(script)).split()] == [True, False]


@spec(FILE, "Seccomp", "MUST", "64 bits of a value are compared")
def test_config_linux__seccomp__values_have_64_bits(oci):
    args = [{"index": 2, "value": (1 << 63) + 5, "op": "SCMP_CMP_EQ"}]
    config = seccomp(rule("getpriority", errnoRet=errno.EBUSY, args=args))
    script = "; ".join(f"helper syscall {SYS_GETPRIORITY} 2 5000000 {number}" for number in ((1 << 63) + 5, 5))
    assert [int(line) == -errno.EBUSY for line in oci.output(config.shell(script)).split()] == [True, False]


@spec(FILE, "Seccomp", "MUST", "several conditions on different arguments must all hold")
def test_config_linux__seccomp__conditions_are_joined(oci):
    args = [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 77, "op": "SCMP_CMP_EQ"}]
    config = seccomp(rule("getpriority", errnoRet=errno.EBUSY, args=args))
    script = f"helper syscall {SYS_GETPRIORITY} 2 77; helper syscall {SYS_GETPRIORITY} 2 5000000; " \
             f"helper syscall {SYS_GETPRIORITY} 0 77"
    assert [int(line) == -errno.EBUSY for line in oci.output(config.shell(script)).split()] == [True, False, False]


@pytest.mark.parametrize("flag", ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"])
@spec(FILE, "Seccomp", "MUST", "flags of seccomp(2): TSYNC, LOG, SPEC_ALLOW")
def test_config_linux__seccomp__flags(oci, flag):
    assert calls(oci, seccomp(rule("getpriority"), flags=[flag]), SYS_GETPRIORITY, 0, 0) == -errno.EPERM


@spec(FILE, "Seccomp", "MUST", "SPEC_ALLOW leaves speculation as it is")
def test_config_linux__seccomp__spec_allow(oci):
    show = make_config().shell("grep Speculation_Store_Bypass /proc/self/status")
    plain = oci.output(show)
    show.set("linux.seccomp", seccomp(rule("getpriority"), flags=["SECCOMP_FILTER_FLAG_SPEC_ALLOW"])["linux"]["seccomp"])
    assert oci.output(show) == plain


@pytest.mark.parametrize("arch", ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
                                  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64"])
@spec(FILE, "Seccomp", "MUST", "architectures of libseccomp are known (one filter holds those of one byte order)")
def test_config_linux__seccomp__architectures(oci, arch):
    config = seccomp(rule("getpriority"), architectures=[arch])
    assert calls(oci, config, SYS_GETPRIORITY, 0, 0) == -errno.EPERM


@pytest.mark.parametrize("path, value", [
    ("defaultAction", "SCMP_ACT_NONSENSE"), ("defaultAction", None), ("architectures", ["SCMP_ARCH_NONSENSE"]),
    ("flags", ["SECCOMP_FILTER_FLAG_NONSENSE"]), ("syscalls", [{"names": [], "action": ERRNO}]),
    ("syscalls", [{"action": ERRNO}]), ("syscalls", [{"names": ["getcwd"]}]),
    ("syscalls", [{"names": ["getcwd"], "action": "SCMP_ACT_NONSENSE"}]),
    ("syscalls", [rule("getpriority", args=[{"index": 0, "value": 1, "op": "SCMP_CMP_NONSENSE"}])]),
    ("syscalls", [rule("getpriority", args=[{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}])]),
])
@spec(FILE, "Seccomp", "MUST", "required properties and known words: anything else is an error; names has an entry")
def test_config_linux__seccomp__invalid_is_refused(oci, path, value):
    config = seccomp(rule("getpriority")).set(f"linux.seccomp.{path}", value)
    oci.assert_refused(config.remove(f"linux.seccomp.{path}") if value is None else config)


@spec(FILE, "Seccomp", "MUST", "the filter holds without noNewPrivileges, too")
@pytest.mark.parametrize("value", [True, False])
def test_config_linux__seccomp__with_and_without_no_new_privileges(oci, value):
    config = seccomp(rule("getpriority")).set("process.noNewPrivileges", value)
    assert calls(oci, config, SYS_GETPRIORITY, 0, 0) == -errno.EPERM
    report = oci.report(config)
    assert (report["no_new_privs"], report["seccomp"]) == (value, 2)


@spec(FILE, "Seccomp", "MUST", "an exec'd process has the filter, too")
def test_config_linux__seccomp__of_exec(oci):
    container = oci.running(seccomp(rule("getpriority")))
    assert container.exec("/bin/helper", "syscall", SYS_GETPRIORITY, 0, 0).out.strip() == str(-errno.EPERM)


# --- the listener --------------------------------------------------------------------------------------------


class Agent:
    """A seccomp agent: takes states and their descriptors, answers nothing."""

    def __init__(self, path):
        self.connections = []  # of each: [(data, descriptors)...], closed
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen(4)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            messages = []
            with connection:
                connection.settimeout(60)
                try:
                    while True:
                        data, descriptors = receive(connection)
                        if not data and not descriptors:
                            break
                        messages.append((data, descriptors))
                except OSError:
                    messages.append("not closed")
            self.connections.append(messages)

    def close(self):
        self.listener.close()
        for messages in self.connections:
            for message in messages:
                for descriptor in message[1] if isinstance(message, tuple) else ():
                    os.close(descriptor)


@pytest.fixture(scope="module")
def notified(oci_module):
    """A container with a listener, and what its agent was sent: (container, messages, config's metadata)."""
    agent = Agent(oci_module.place / "agent")
    config = seccomp(rule("getpriority", "SCMP_ACT_NOTIFY"), listenerPath=str(oci_module.place / "agent"),
                     listenerMetadata="opaque data, with \"quotes\"")
    config.set("annotations", {"org.example.key": "value"})
    container = oci_module.running(config)
    deadline = threading.Event()
    for _ in range(500):
        if agent.connections:
            break
        deadline.wait(0.02)
    yield container, agent
    agent.close()


def state_of(agent):
    return json.loads(b"".join(data for data, _ in agent.connections[0]).rstrip(b"\0"))


@spec(FILE, "Seccomp", "MUST", "one container process state is sent to listenerPath, over a connection of its own that is closed")
def test_config_linux__seccomp__listener_gets_one_state(notified):
    _, agent = notified
    assert len(agent.connections) == 1 and "not closed" not in agent.connections[0]
    state_of(agent)


@spec(FILE, "The Container Process State", "MUST", "descriptors come with the first message, their names in fds: seccompFd")
def test_config_linux__container_process_state__descriptors(notified):
    _, agent = notified
    descriptors = [len(message[1]) for message in agent.connections[0]]
    assert descriptors[0] == 1 and sum(descriptors) == 1
    assert state_of(agent)["fds"] == ["seccompFd"]
    link = os.readlink(f"/proc/self/fd/{agent.connections[0][0][1][0]}")
    assert "seccomp" in link, link


@spec(FILE, "The Container Process State", "REQUIRED", "the state has ociVersion, pid, metadata and the container's state")
def test_config_linux__container_process_state__content(notified):
    container, agent = notified
    state = state_of(agent)
    assert state["ociVersion"].startswith("1.")
    assert state["pid"] == container.pid
    assert state["metadata"] == 'opaque data, with "quotes"'
    assert state["state"]["id"] == container.id and state["state"]["pid"] == container.pid
    assert state["state"]["bundle"] == str(container.bundle.path)
    assert state["state"]["status"] in ("creating", "created", "running")
    assert state["state"]["annotations"] == {"org.example.key": "value"}


@pytest.mark.parametrize("path", ["/no/such/socket", "a socket that nobody listens on"])
@spec(FILE, "Seccomp", "MUST", "a listener that can not be reached is an error")
def test_config_linux__seccomp__a_missing_listener_is_refused(oci, path):
    if not path.startswith("/"):
        path = str(oci.place / "deaf")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
            deaf.bind(path)
    oci.assert_refused(seccomp(rule("getpriority", "SCMP_ACT_NOTIFY"), listenerPath=path))


@spec(FILE, "Seccomp", "MUST", "NOTIFY without a listenerPath is an error")
def test_config_linux__seccomp__notify_without_a_listener_is_refused(oci):
    oci.assert_refused(seccomp(rule("getpriority", "SCMP_ACT_NOTIFY")))


@spec(FILE, "Seccomp", "MUST", "listenerPath without NOTIFY is ignored")
def test_config_linux__seccomp__a_listener_without_notify_is_ignored(oci):
    assert calls(oci, seccomp(rule("getpriority"), listenerPath="/no/such/socket"), SYS_GETPRIORITY, 0, 0) == -errno.EPERM


@spec(FILE, "Seccomp", "MUST NOT", "listenerMetadata is not set without listenerPath")
def test_config_linux__seccomp__metadata_without_a_listener_is_refused(oci):
    oci.assert_refused(seccomp(rule("getpriority"), listenerMetadata="data"))
