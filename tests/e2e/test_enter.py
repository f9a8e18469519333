# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel enter: a further process has every restriction of the payload, and no more life than it."""

import os
import pty
import re
import signal
import subprocess
import termios
import time
from pathlib import Path

import pytest

import lib_host
from lib_faults import WORKLOAD, Family, children, last_line, tools, workload  # noqa: F401

from test_rootless import reachable, subids, user  # noqa: F401

pytestmark = pytest.mark.root

OPEN = {"exec": {"allow": ["*"]}, "syscalls": {"allow": ["@base", "@process"]}}
PROFILES = {
    "plain": {},
    "a-capability": {"capabilities": ["NET_BIND_SERVICE"]},
    "setuid": {"allow_setuid": True, "user": {"host_id": "auto", "host_range": 65536}},
    "a-list-of-programs": {"exec": {"allow": ["/bin/busybox"]}},
    "jit": {"allow_jit": True},
    "groups-and-umask": {"umask": "0027", "limits": {"open_files": 40}},
}
# What the kernel says of a process that has nothing to do with its restrictions, or is its own.
OWN = re.compile(r"^(Name|State|Tgid|Ngid|Pid|PPid|NS\w+|Vm\w+|Rss\w+|Huge\w+|Threads|\w+_ctxt_switches|"
                 r"Cpus_allowed\w*|Mems_allowed\w*|SigQ|SigPnd|ShdPnd|FDSize|Kthread|untag_mask|x86_\w+):")


class Service:
    """A running service that `enter` goes into."""

    def __init__(self, kapsel, command, **keys):
        self.kapsel = kapsel
        self.profile = kapsel.profile(command, **keys)
        if "limits" in keys:
            self.profile["limits"] = {**lib_host.limits(), **keys["limits"]}
        self.name = self.profile["name"]
        self.running = kapsel.start_profile(self.profile)
        self.family = Family(self.running.process.pid)
        lib_host.wait_for(self.is_up, what="a running service")

    def is_up(self):
        state = lib_host.STATE_DIR / self.name / "state.json"
        assert self.running.process.poll() is None, self.running.finish()
        return state.exists() and '"running"' in state.read_text()

    def enter(self, *command, options=(), **launch):
        return self.kapsel.call("enter", *options, self.name, "--", *command, **launch)

    def begin(self, *command, options=(), **launch):
        return self.kapsel.launch("enter", *options, self.name, "--", *command, **launch)

    def extras(self):
        """The host pids of further processes that execute."""
        return [pid for pid, _ in children(self.family.init) if pid != self.payload]

    @property
    def payload(self):
        return min(pid for pid, _ in children(self.family.init))

    def one_extra(self, name="sleep"):
        def found():
            pids = [pid for pid in self.extras() if program(pid) == name]
            return pids[0] if pids else None
        return lib_host.wait_for(found, what="the further process")

    def stop(self):
        return self.running.finish(signal.SIGTERM)


def program(pid):
    """The name that it was started by; its comm is a descriptor's number where it was executed by that."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode().rpartition("/")[2]


@pytest.fixture
def service(kapsel):
    def start(command=("/bin/sleep", "1000"), **keys):
        return Service(kapsel, list(command), stop={"timeout": "100ms"}, **keys)
    return start


def restrictions(pid):
    """All that /proc says of them."""
    process = Path(f"/proc/{pid}")
    status = [line for line in (process / "status").read_text().splitlines() if not OWN.match(line)]
    spaces = {space.name: os.readlink(space) for space in (process / "ns").iterdir()}
    files = {name: (process / name).read_text() for name in
             ("cgroup", "limits", "personality", "uid_map", "gid_map", "mountinfo", "oom_score_adj")}
    return {"status": status, "spaces": spaces, "owner": process.stat().st_uid, "root": os.readlink(process / "root"),
            "cwd": os.readlink(process / "cwd"), **files}


@pytest.mark.parametrize("keys", PROFILES.values(), ids=PROFILES.keys())
def test_it_has_exactly_the_payloads_restrictions(service, keys):
    running = service(**keys)
    entered = running.begin("/bin/sleep", "100")
    pid = running.one_extra()
    theirs, payloads = restrictions(pid), restrictions(running.payload)
    assert theirs == payloads
    text = "\n".join(payloads["status"])
    assert "Seccomp:\t2" in text, text
    assert ("NoNewPrivs:\t0" if keys.get("allow_setuid") else "NoNewPrivs:\t1") in text, text
    descriptors = sorted(int(fd.name) for fd in Path(f"/proc/{pid}/fd").iterdir())
    assert descriptors == [0, 1, 2]
    os.kill(pid, signal.SIGKILL)
    assert entered.finish().status == 128 + signal.SIGKILL
    running.stop()


def test_init_holds_nothing_but_its_three_descriptors(service):
    running = service(**OPEN)
    for _ in range(3):
        assert running.enter("/bin/true").status == 0
        assert running.enter("/bin/absent").status == 127
    links = {int(fd.name): os.readlink(fd) for fd in Path(f"/proc/{running.family.init}/fd").iterdir()}
    assert sorted(links) == [3, 4, 5], links
    assert links[3].startswith("socket:") and links[4] == "anon_inode:[signalfd]", links
    running.stop()


def test_init_sleeps_while_nothing_happens(service):
    running = service()

    def switches():
        status = Path(f"/proc/{running.family.init}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\t(\d+)", status, re.M)[1])
    time.sleep(0.3)
    before = switches()
    time.sleep(1.5)
    assert switches() == before
    running.stop()


def test_streams_and_status_are_passed_on(service, tmp_path):
    running = service(**OPEN)
    (tmp_path / "in").write_text("typed\n")
    with open(tmp_path / "in", encoding="utf-8") as stdin:
        result = running.enter("/bin/sh", "-c", "cat; echo wrong >&2; exit 42", stdin=stdin)
    assert (result.status, result.stdout, result.stderr) == (42, "typed\n", "wrong\n"), result
    assert running.enter("/bin/sh", "-c", "kill -TERM $$").status == 128 + signal.SIGTERM
    running.stop()


def test_the_environment_is_the_profiles_with_what_e_says(service):
    running = service(env={"KEPT": "1", "CHANGED": "old"}, notify=True, **OPEN)
    result = running.enter("/bin/env", options=("-e", "CHANGED=new", "--env=ADDED=a b"))
    lines = sorted(line for line in result.stdout.splitlines() if not line.startswith("PATH="))
    assert lines == ["ADDED=a b", "CHANGED=new", "KEPT=1"], result
    running.stop()


@pytest.mark.parametrize("command, status, text", [
    (["/bin/absent"], 127, "/bin/absent"),
    (["/etc"], 126, "not a regular file"),
    (["sleep"], 125, "not absolute"),
    (["/proc/self/exe"], 127, "/proc/self/exe"),
])
def test_what_can_not_be_executed_is_refused_by_name(service, command, status, text):
    running = service(**OPEN)
    result = running.enter(*command)
    assert result.status == status and text in result.stderr, result
    assert running.enter("/bin/true").status == 0
    running.stop()


def test_a_name_that_does_not_run_is_refused(kapsel):
    result = kapsel.call("enter", kapsel.prefix + "nobody", "--", "/bin/true")
    assert result.status == 125 and kapsel.prefix + "nobody" in result.stderr, result


def test_a_directory_is_no_stream(service):
    running = service(**OPEN)
    directory = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        result = running.enter("/bin/true", stdin=directory)
    finally:
        os.close(directory)
    assert result.status == 125 and "directory" in result.stderr, result
    running.stop()


# --- what it can not do ---------------------------------------------------------

def test_a_refused_call_is_named_with_the_line_that_opens_it(service):
    running = service(exec={"allow": ["*"]})
    result = running.enter("/bin/mkfifo", "/tmp/x")
    assert result.status != 0, result
    end = running.stop()
    assert re.search(r"refused mknod", end.stderr), end
    assert '"@file-write"' in end.stderr, end


def test_a_call_that_is_never_legitimate_kills_it_and_not_the_service(service, tools):
    running = service(rootfs=str(tools), exec={"allow": ["*"]})
    result = running.enter(WORKLOAD, "call", "kexec_load")
    assert result.status == 128 + signal.SIGSYS, result
    assert running.is_up()
    end = running.stop()
    assert "kexec_load" in end.stderr, end
    assert "SIGTERM" in last_line(end), end


def test_with_exec_once_its_shell_starts_nothing(service):
    running = service(syscalls={"allow": ["@base", "@process"]})
    result = running.enter("/bin/sh", "-c", "echo started; /bin/ls /; echo $?")
    assert result.stdout == "started\n126\n", result
    result = running.enter("/bin/sh", "-c", "exec /bin/ls /")
    assert result.status == 126, result
    assert "execve" in running.stop().stderr


def test_landlock_lets_it_execute_what_the_profile_lists_only(service, tools):
    running = service(rootfs=str(tools), exec={"allow": ["/bin/busybox"]}, syscalls={"allow": ["@base", "@process"]})
    result = running.enter("/bin/sh", "-c", f"/bin/ls / > /dev/null && echo listed; {WORKLOAD}; echo $?")
    assert result.stdout == "listed\n126\n", result
    # Asked for from outside that program is the one that may execute, as the payload's own command is.
    assert running.enter(WORKLOAD).status == 2
    running.stop()


def test_it_writes_nowhere_that_the_profile_does_not_open(service):
    running = service(mounts={"/tmp": {"type": "tmpfs", "size": "1MiB"}}, **OPEN)
    result = running.enter("/bin/sh", "-c", "echo a > /tmp/a && echo wrote; for f in /x /dev/x /bin/x /proc/sys/x; "
                                            "do echo x > $f || echo refused; done")
    assert result.stdout == "wrote\n" + "refused\n" * 4, result
    running.stop()


def test_neither_can_signal_or_trace_the_other(service):
    """By Landlock's scope; the kernel has it since 6.12."""
    release = tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
    if release < (6, 12):
        pytest.skip("Landlock has no scope for signals before Linux 6.12")
    running = service(["/bin/sh", "-c", "while true; do kill -KILL -1 && echo hit; sleep 0.1; done"], **OPEN)
    began = time.monotonic()
    result = running.enter("/bin/sh", "-c", "sleep 1; kill -KILL 2; echo $?; kill -KILL -1; echo alive")
    assert result.stdout == "1\nalive\n", result
    assert time.monotonic() - began >= 1
    assert running.is_up()
    running.stop()


def test_the_payload_has_no_socket_of_inits(service):
    running = service(**OPEN)
    running.enter("/bin/true")
    for pid in (running.payload, running.family.init):
        links = [os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()]
        sockets = [link for link in links if link.startswith("socket:")]
        assert len(sockets) == (1 if pid == running.family.init else 0), links
    # Init is not dumpable: what it has open can be seen by root of the host only.
    result = running.enter("/bin/ls", "/proc/1/fd")
    assert result.status != 0 and not result.stdout, result
    running.stop()


# --- lives ----------------------------------------------------------------------

def test_the_payloads_end_ends_it(service):
    running = service(["/bin/sh", "-c", "sleep 1.5"], **OPEN)
    began = time.monotonic()
    result = running.enter("/bin/sleep", "100")
    assert time.monotonic() - began < 20
    assert result.status in (125, 137), result
    assert running.running.finish().status == 0


def test_a_caller_that_goes_takes_its_process_along(service):
    running = service(**OPEN)
    entered = running.begin("/bin/sh", "-c", "trap '' TERM HUP INT; sleep 100 & sleep 100; wait")
    running.one_extra("sh")
    entered.process.send_signal(signal.SIGKILL)
    entered.finish()
    lib_host.wait_for(lambda: not running.extras(), what="the end of the process and what it started")
    assert running.is_up()
    running.stop()


def test_what_it_leaves_in_its_group_ends_with_it(service):
    running = service(**OPEN)
    assert running.enter("/bin/sh", "-c", "sleep 100 & exit 5", stdin=subprocess.DEVNULL).status == 5
    lib_host.wait_for(lambda: not running.extras(), what="the end of what it left")
    running.stop()


def test_eight_at_once_and_the_ninth_is_refused(service):
    running = service(**OPEN)
    many = [running.begin("/bin/sleep", "100") for _ in range(8)]
    lib_host.wait_for(lambda: len([pid for pid in running.extras()
                                   if program(pid) == "sleep"]) == 8, 20, "eight processes")
    result = running.enter("/bin/true")
    assert result.status == 125 and "8 further processes" in result.stderr, result
    end = running.stop()
    assert end.status == 128 + signal.SIGTERM, end
    assert all(one.finish().status in (125, 137) for one in many)


def test_the_payloads_end_is_heard_behind_that_of_a_further_process(service):
    """Both words lie in init's socket when the supervisor looks, and the pipes have ended, too."""
    running = service(**OPEN)
    entered = running.begin("/bin/sleep", "100")
    pid, payload, init = running.one_extra(), running.payload, running.family.init
    running.running.process.send_signal(signal.SIGSTOP)
    try:
        os.kill(pid, signal.SIGKILL)
        lib_host.wait_for(lambda: not Path(f"/proc/{pid}").exists(), what="the end of the further process")
        os.kill(payload, signal.SIGKILL)
        lib_host.wait_for(lambda: " Z " in Path(f"/proc/{init}/stat").read_text(), what="the end of init")
    finally:
        running.running.process.send_signal(signal.SIGCONT)
    end = running.running.finish()
    assert end.status == 128 + signal.SIGKILL and "signal SIGKILL" in end.stderr, end
    assert entered.finish().status == 128 + signal.SIGKILL


def test_a_killed_supervisor_takes_it_along(service):
    running = service(**OPEN)
    entered = running.begin("/bin/sleep", "100")
    pid = running.one_extra()
    init = running.family.init
    running.running.process.kill()
    result = entered.finish()
    assert result.status == 125, result
    running.running.finish()

    def ended():
        lib_host.reap_orphans()
        return not Path(f"/proc/{pid}").exists() and not Path(f"/proc/{init}").exists()
    lib_host.wait_for(ended, what="the end of the container")


def test_a_standby_that_adopts_ends_what_the_dead_supervisor_let_in_and_lets_in_others(service):
    running = service(on_supervisor_death="adopt", env={"KEPT": "1"}, **OPEN)
    entered = running.begin("/bin/sleep", "100")
    pid = running.one_extra()
    init, payload = running.family.init, running.payload
    standby = running.family.janitor
    running.running.process.kill()
    assert entered.finish().status == 125
    running.running.finish()
    try:
        lib_host.wait_for(lambda: not Path(f"/proc/{pid}").exists(), what="the end of the further process")
        assert Path(f"/proc/{payload}").exists() and Path(f"/proc/{init}").exists()
        for _ in range(3):
            result = running.enter("/bin/sh", "-c", "echo $KEPT; exit 6")
            assert (result.status, result.stdout) == (6, "1\n"), result
        again = running.begin("/bin/sleep", "100")
        extra = lib_host.wait_for(lambda: next((pid for pid, _ in children(init) if pid != payload and program(pid) == "sleep"),
                                               None), what="the further process")
        assert restrictions(extra) == restrictions(payload)
    finally:
        os.kill(standby, signal.SIGTERM)
    again.finish()

    def ended():
        lib_host.reap_orphans()
        return not any(Path(f"/proc/{pid}").exists() for pid in (standby, init, payload))
    lib_host.wait_for(ended, what="the end of the service")


@pytest.mark.parametrize("ids", ["one-id", "subids"])
def test_a_plain_user_enters_his_own(request, user, ids):
    if ids == "subids":
        user = request.getfixturevalue("subids")
    profile = user.profile(["/bin/sleep", "1000"], stop={"timeout": "100ms"}, notify=True,
                           health={"command": ["/bin/true"], "interval": "200ms", "retries": 1,
                                   "on_failure": "report"}, **OPEN)
    running = user.start_profile(profile)
    state = user.directory / "run/kapsel" / profile["name"] / "state.json"

    def healthy():
        assert running.process.poll() is None, running.finish()
        text = state.read_text() if state.exists() else ""
        assert "unhealthy" not in text, text
        return '"health":"healthy"' in text
    lib_host.wait_for(healthy, 30, "a healthy service")
    result = user.call("enter", profile["name"], "--", "/bin/sh", "-c", "ls -l /dev/notify; exit 3")
    assert result.status == 3 and result.stdout.startswith("srw-------"), result
    running.finish(signal.SIGTERM)


def test_with_the_hosts_pids_it_is_the_same_and_ends_with_the_payload(service):
    running = service(share_host=["pid"], proc="none", **OPEN)
    result = running.enter("/bin/sh", "-c", "sleep 100 & exit 3")
    assert result.status == 3, result
    entered = running.begin("/bin/sleep", "100")
    supervisor = running.running.process.pid
    janitor = running.family.janitor
    init = next(pid for pid, _ in children(supervisor) if pid != janitor)
    pid = lib_host.wait_for(lambda: next((pid for pid, _ in children(init) if program(pid) == "sleep"
                                          and Path(f"/proc/{pid}/cmdline").read_bytes() == b"/bin/sleep\x00100\x00"), None),
                            what="the further process")
    running.stop()
    entered.finish()

    def ended():
        lib_host.reap_orphans()
        return not Path(f"/proc/{pid}").exists()
    lib_host.wait_for(ended, what="its end")


# --- terminal -------------------------------------------------------------------

def read_all(fd, until, timeout_s=20):
    """What comes from a terminal, until `until` does."""
    text, deadline = b"", time.monotonic() + timeout_s
    os.set_blocking(fd, False)
    while until not in text:
        assert time.monotonic() < deadline, text
        try:
            text += os.read(fd, 4096)
        except BlockingIOError:
            time.sleep(0.02)
        except OSError:
            break
    return text


def in_terminal(running, *command):
    """`enter` on a terminal of its own: the process and the master side."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (33, 77)) if hasattr(termios, "tcsetwinsize") else None
    before = termios.tcgetattr(slave)
    arguments = [str(running.kapsel.binary), "enter", running.name, "--", *command]
    process = subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    return process, master, slave, before


def test_a_terminal_is_one_of_the_containers_own(service):
    running = service(**OPEN)
    process, master, slave, before = in_terminal(running, "/bin/sh", "-c",
                                                 "readlink /proc/self/fd/0; echo ready; read a; echo got-$a; exit 4")
    text = read_all(master, b"ready")
    assert os.ttyname(slave).encode() not in text, text
    assert termios.tcgetattr(slave)[3] & termios.ECHO == 0, "no raw mode while it runs"
    os.write(master, b"typed\r")
    read_all(master, b"got-typed")
    assert process.wait(20) == 4
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)
    running.stop()


def test_ctrl_c_ends_the_process_inside_and_not_the_caller(service):
    running = service(**OPEN)
    process, master, slave, before = in_terminal(running, "/bin/sh", "-c",
                                                 "trap 'echo interrupted; exit 9' INT; echo ready; while true; do sleep 0.1; done")
    read_all(master, b"ready")
    os.write(master, b"\x03")
    read_all(master, b"interrupted")
    assert process.wait(20) == 9
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)
    running.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_terminal_is_put_back_when_the_caller_is_ended(service, number):
    running = service(**OPEN)
    process, master, slave, before = in_terminal(running, "/bin/sh", "-c", "echo ready; sleep 100")
    read_all(master, b"ready")
    process.send_signal(number)
    assert process.wait(20) == 128 + number
    assert termios.tcgetattr(slave) == before
    lib_host.wait_for(lambda: not running.extras(), what="the end of the process")
    os.close(master)
    os.close(slave)
    running.stop()


def test_output_into_a_file_is_not_bound_by_the_profiles_limit_of_a_file(kapsel, tmp_path):
    """Nor does the process get the caller's file: only what it prints."""
    service = Service(kapsel, ["/bin/sleep", "100"], limits={"file_size": 0}, **OPEN)
    out = tmp_path / "out"
    with out.open("w") as file:
        status = subprocess.run([str(kapsel.binary), "enter", service.name, "--", "/bin/seq", "1", "30000"],
                                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, timeout=60, check=False)
    assert status.returncode == 0, status
    assert out.read_text() == "".join(f"{number}\n" for number in range(1, 30001))
    both = tmp_path / "both"
    with both.open("w") as file:
        subprocess.run([str(kapsel.binary), "enter", service.name, "--", "/bin/sh", "-c", "echo out; echo err >&2"],
                       stdin=subprocess.DEVNULL, stdout=file, stderr=file, timeout=60, check=True)
    assert sorted(both.read_text().split()) == ["err", "out"]
