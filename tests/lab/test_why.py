# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel why: each cause of an end is found after a real container's real end, with the line that opens it."""

import json
import os
import signal
from pathlib import Path

import pytest

import lib_host
from lib_faults import WORKLOAD, copy_root, put, tools, workload  # noqa: F401
from lib_service import services  # noqa: F401

pytestmark = pytest.mark.root

SHELL = {"exec": {"allow": ["*"]}, "syscalls": {"allow": ["@base", "@process", "@file-write"]}}
TMP = {"/tmp": {"type": "tmpfs", "size": "16MiB"}}
MEMBERS = {"cause", "certainty", "what", "evidence", "why", "line", "exposes", "advice"}


class Why:
    """What `kapsel why` says of one container, as text and as JSON."""

    def __init__(self, kapsel, name):
        self.text = kapsel.call("why", name)
        answer = kapsel.call("why", "--json", name)
        assert self.text.status == answer.status == 0, (self.text, answer)
        self.end = json.loads(answer.stdout)
        self.causes = self.end["causes"]
        for cause in self.causes:
            assert set(cause) == MEMBERS and cause["what"], cause
        kinds = [cause["certainty"] for cause in self.causes]
        assert kinds == sorted(kinds), "the certain ones come first"
        for printed in (self.text.stdout, answer.stdout):
            assert not set(printed) & {chr(code) for code in [*range(32), 127] if chr(code) not in "\t\n"}, printed

    def the(self, cause, certainty="certain"):
        """The one cause of that kind; the text has it, too."""
        found = [each for each in self.causes if each["cause"] == cause]
        assert len(found) == 1 and found[0]["certainty"] == certainty, self.text
        for text in (found[0]["what"], found[0]["line"], found[0]["exposes"]):
            assert text is None or text in self.text.stdout, (text, self.text)
        if found[0]["line"]:
            assert found[0]["exposes"], "a line without what it exposes"
        return found[0]


@pytest.fixture
def why(kapsel):
    def ask(profile):
        return Why(kapsel, profile["name"])
    return ask


@pytest.fixture
def ended(kapsel):
    """Runs a profile to its end. Return: the profile and the result."""
    def run(command, **keys):
        limits = {**kapsel.profile([])["limits"], **keys.pop("limits", {})}
        profile = kapsel.profile(command, **{**keys, "limits": limits})
        return profile, kapsel.start_profile(profile).finish()
    return run


def shell(text):
    return ["/bin/sh", "-c", text]


def merge(profile, line):
    """The profile with a line that was proposed, as whoever believes it would write it."""
    for key, value in json.loads("{" + line + "}").items():
        old = profile.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            value = {**old, **value}
        profile = {**profile, key: value}
    return profile


# --- what seccomp refused -----------------------------------------------------------------

def test_a_refused_call_and_its_line_which_then_works(kapsel, ended, why):
    profile, result = ended(["/bin/busybox", "mkdir", "/tmp/new"], mounts=TMP)
    assert result.status == 1, result
    cause = why(profile).the("refused-call")
    assert cause["what"] == "the system call mkdir was refused"
    assert "answered EPERM, 1 time" in cause["evidence"][0]
    assert "mkdir: can't create directory '/tmp/new'" in cause["evidence"][1]
    assert cause["line"] == '"syscalls": { "allow": ["@base", "@file-write"] }'
    again = kapsel.start_profile(merge(profile, cause["line"])).finish()
    assert again.status == 0, again


def test_refusals_are_counted_and_those_that_the_program_spoke_of_come_first(ended, why):
    text = "i=0; while [ $i -lt 3 ]; do mkdir /tmp/x; i=$((i+1)); done; exit 1"
    profile, _ = ended(shell(text), exec={"allow": ["*"]}, syscalls={"allow": ["@base", "@process"]}, mounts=TMP)
    first = why(profile).causes[0]
    assert first["what"] == "the system call mkdir was refused" and "3 times" in first["evidence"][0], first


def test_a_call_that_kills_is_named_and_no_line_opens_it(ended, why, tools):
    profile, result = ended([WORKLOAD, "call", "kexec_load"], rootfs=str(tools))
    assert result.status == 128 + signal.SIGSYS, result
    answer = why(profile)
    cause = answer.the("seccomp-kill")
    assert answer.causes[0] is cause and "kexec_load" in cause["what"] and cause["line"] is None
    assert answer.end["signal"] == "SIGSYS"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="int 0x80 is of x86")
def test_a_call_of_a_foreign_architecture_is_named(ended, why, tools):
    profile, _ = ended([WORKLOAD, "int80"], rootfs=str(tools))
    assert "foreign architecture" in why(profile).the("seccomp-kill", "likely")["what"]


# --- what the log tells ---------------------------------------------------------------------

def test_a_write_to_the_root_file_system_and_its_line_which_then_works(kapsel, ended, why):
    profile, result = ended(shell("echo x > /data/new || exit 3"), **SHELL)
    assert result.status == 3, result
    cause = why(profile).the("read-only", "likely")
    assert cause["what"] == "it could not write /data/new" and "always read-only" in cause["why"]
    assert "Read-only file system" in cause["evidence"][0]
    assert kapsel.start_profile(merge(profile, cause["line"])).finish().status == 0


def test_a_write_among_files_of_the_image_warns_of_hiding_them(ended, why):
    profile, _ = ended(shell("touch /etc/new || exit 3"), **SHELL)
    assert "has files in /etc" in why(profile).the("read-only", "likely")["advice"]


def test_a_write_to_a_mount_that_is_read_only(kapsel, ended, why, tmp_path):
    source = tmp_path / "shared"
    source.mkdir(mode=0o777)
    source.chmod(0o777)
    profile, _ = ended(shell("touch /data/new || exit 3"), **SHELL,
                       mounts={"/data": {"type": "bind", "source": str(source)}})
    cause = why(profile).the("read-only", "likely")
    assert "the mount /data is read-only" in cause["why"] and '"write": true' in cause["line"]
    assert kapsel.start_profile(merge(profile, cause["line"])).finish().status == 0


def test_a_program_on_a_mount_without_exec_and_its_line_which_then_works(kapsel, ended, why):
    profile, result = ended(shell("cp /bin/busybox /tmp/sleep && /tmp/sleep 0 || exit 3"), **SHELL, mounts=TMP)
    assert result.status == 3, result
    cause = why(profile).the("noexec", "likely")
    assert cause["what"] == "it could not execute /tmp/sleep" and "the mount /tmp is noexec" in cause["why"]
    assert "bring one and run it" in cause["exposes"]
    assert kapsel.start_profile(merge(profile, cause["line"])).finish().status == 0


def test_a_command_on_a_mount_without_exec(kapsel, ended, why, tmp_path, rootfs):
    source = tmp_path / "programs"
    source.mkdir()
    source.chmod(0o755)
    put(source, "true", (rootfs / "bin/busybox").read_bytes())
    profile, result = ended(["/data/true"], mounts={"/data": {"type": "bind", "source": str(source)}})
    assert result.status == 126, result
    cause = why(profile).the("noexec")
    assert "the mount /data is noexec" in cause["why"]
    assert kapsel.start_profile(merge(profile, cause["line"])).finish().status == 0


def make_arm(rootfs):
    program = bytearray((rootfs / "bin/busybox").read_bytes())
    program[18:20] = b"\xb7\x00" if os.uname().machine == "x86_64" else b"\x3e\x00"
    return bytes(program)


@pytest.mark.parametrize("kind, text", [("script", "its interpreter /nope is missing"),
                                        ("dynamic", "its dynamic linker /lib64/ld-nope.so is missing"),
                                        ("foreign", "it is a program for"), ("mode", "nobody may execute it")])
def test_a_program_that_the_kernel_does_not_execute(ended, why, rootfs, tmp_path, kind, text):
    """As a child of a shell, whose message hides the reason; as the command the launcher says it itself."""
    root = copy_root(rootfs, tmp_path / "root")
    dynamic = Path("/bin/ls").read_bytes()
    linker = b"/lib64/ld-linux-x86-64.so.2" if b"/lib64/ld-linux-x86-64.so.2" in dynamic else b"/lib/ld-linux-aarch64.so.1"
    dynamic = dynamic.replace(linker, b"/lib64/ld-nope.so".ljust(len(linker), b"\0"), 1)
    content = {"script": b"#!/nope\n", "dynamic": dynamic, "foreign": make_arm(rootfs), "mode": b"#!/bin/sh\n"}[kind]
    put(root, "/data/program", content, mode=0o644 if kind == "mode" else 0o755)
    profile, result = ended(shell("/data/program || exit 3"), rootfs=str(root), **SHELL)
    assert result.status == 3, result
    cause = why(profile).the("mode" if kind == "mode" else "program", "likely")
    assert text in cause["why"], cause


@pytest.mark.parametrize("kind, status, text", [("script", 127, "interpreter /nope is missing"),
                                                ("foreign", 126, "program for"), ("none", 127, "find the command")])
def test_a_start_that_kapsel_refuses_is_remembered_with_its_remedy(ended, why, rootfs, tmp_path, kind, status, text):
    root = copy_root(rootfs, tmp_path / "root")
    if kind != "none":
        put(root, "/data/program", b"#!/nope\n" if kind == "script" else make_arm(rootfs))
    profile, result = ended(["/data/program"], rootfs=str(root))
    assert result.status == status, result
    answer = why(profile)
    cause = answer.the("start-failed")
    assert '"program" failed' in cause["what"] and text in cause["evidence"][0]
    assert answer.end["origin"] == "launcher" and answer.end["status"] == status
    assert "was not started" in answer.text.stdout


def test_a_missing_mount_point_is_remembered_with_its_remedy(ended, why):
    profile, _ = ended(["/bin/true"], mounts={"/nothere": {"type": "tmpfs", "size": "1MiB"}})
    cause = why(profile).the("start-failed")
    assert '"mount" failed' in cause["what"] and "mkdir -p" in cause["advice"]


def test_a_missing_file_says_of_which_place_it_is_missing(ended, why):
    profile, _ = ended(shell("cat /proc/meminfo; cat /dev/sda; cat /etc/app.conf; exit 3"), **SHELL)
    answer = why(profile)
    lines = {cause["what"]: cause["line"] for cause in answer.causes if cause["cause"] == "missing"}
    assert lines["it did not find /proc/meminfo"] == '"proc": "full"'
    assert lines["it did not find /dev/sda"] == '"devices": { "/dev/sda": "rw" }'
    assert '"/etc/app.conf": { "type": "bind"' in lines["it did not find /etc/app.conf"]


def test_a_full_tmpfs_and_its_line_which_then_works(kapsel, ended, why):
    profile, _ = ended(shell("dd if=/dev/zero of=/tmp/big bs=64k count=12 || exit 3"), **SHELL,
                       mounts={"/tmp": {"type": "tmpfs", "size": "512KiB"}})
    cause = why(profile).the("no-space", "likely")
    assert cause["what"] == "the tmpfs /tmp is full" and '"size": "1MiB"' in cause["line"]
    assert kapsel.start_profile(merge(profile, cause["line"])).finish().status == 0


def test_no_network_to_connect_over(ended, why):
    profile, _ = ended(["/bin/busybox", "wget", "-O", "/dev/null", "http://192.0.2.1/"],
                       syscalls={"allow": ["@base", "@socket-client"]})
    cause = why(profile).the("network", "likely")
    assert '"network" is "none"' in cause["why"] and '"mode": "join"' in cause["line"]


def test_too_many_open_files(ended, why):
    profile, _ = ended(shell("exec 10</dev/null && i=0; while cat 3</dev/null 4</dev/null 5</dev/null </dev/null; do "
                             "ulimit -n 6; done; exit 3"), **SHELL, limits={"open_files": 64})
    cause = why(profile).the("open-files", "likely")
    assert cause["line"] == '"limits": { "open_files": 128 }'


# --- limits that end it -------------------------------------------------------------------

@pytest.mark.vm
def test_out_of_memory_with_peak_limit_and_a_line(ended, why, tools):
    profile, result = ended([WORKLOAD, "hog", "64"], rootfs=str(tools),
                            limits={"memory": "16MiB", "memory_high": "unlimited", "swap": 0})
    assert result.status == 128 + signal.SIGKILL, result
    cause = why(profile).the("out-of-memory")
    assert "limit 16MiB" in cause["evidence"][0] and "peak" in cause["evidence"][0]
    assert cause["line"] == '"limits": { "memory": "32MiB" }'


@pytest.mark.vm
def test_the_limit_of_processes(ended, why):
    profile, _ = ended(shell("i=0; while [ $i -lt 20 ]; do sleep 5 & i=$((i+1)); done; exit 3"), **SHELL,
                       limits={"pids": 8})
    cause = why(profile).the("pids")
    assert cause["line"] == '"limits": { "pids": 16 }' and "the limit is 8" in cause["evidence"][0]


@pytest.mark.parametrize("child", [False, True])
def test_a_file_beyond_its_limit(kapsel, ended, why, child):
    command = ["/bin/dd", "if=/dev/zero", "of=/tmp/big", "bs=64k", "count=24"]
    profile, result = ended(shell(" ".join(command) + " || exit $?") if child else command, **SHELL, mounts=TMP,
                            limits={"file_size": "1MiB"})
    assert result.status == 128 + signal.SIGXFSZ, result
    cause = why(profile).the("file-size", "likely" if child else "certain")
    assert cause["line"] == '"limits": { "file_size": "2MiB" }' and "fill" in cause["exposes"]
    assert kapsel.start_profile(merge(profile, cause["line"])).finish().status == 0


def test_the_runtime_limit(ended, why):
    profile, result = ended(["/bin/sleep", "60"], limits={"runtime": "300ms"}, stop={"timeout": "1s"})
    assert result.status == 128 + signal.SIGTERM, result
    cause = why(profile).the("runtime")
    assert cause["line"] == '"limits": { "runtime": "600ms" }'


# --- signals -------------------------------------------------------------------------------

@pytest.mark.parametrize("number, text", [(signal.SIGSEGV, "accessed memory"), (signal.SIGABRT, "gave up"),
                                          (signal.SIGBUS, "mapped file"), (signal.SIGKILL, "by force")])
def test_a_signal_is_told_with_its_meaning_and_its_sender(ended, why, tools, number, text):
    profile, result = ended([WORKLOAD, "raise", str(int(number))], rootfs=str(tools))
    assert result.status == 128 + number, result
    answer = why(profile)
    cause = answer.the("signal")
    assert text in cause["what"] and number.name in cause["what"] and cause["why"]
    assert answer.end["signal"] == number.name


def test_a_child_that_a_signal_ended(ended, why):
    profile, result = ended(shell("sh -c 'kill -SEGV $$'; exit $?"), **SHELL)
    assert result.status == 128 + signal.SIGSEGV, result
    assert "SIGSEGV ended a process that it waited for" in why(profile).the("signal-of-child", "likely")["what"]


def test_a_stop_by_the_operator_is_no_fault(kapsel, services, why):
    service = services(["/bin/sleep", "1000"])
    service.start()
    service.wait("running")
    assert kapsel.call("stop", service.name).status == 0
    answer = why(service.profile)
    cause = answer.the("stop")
    assert "kapsel stop" in cause["evidence"][0] and "nothing was wrong" in cause["why"]
    assert len(answer.causes) == 1


def test_a_stop_that_needed_force_says_so(kapsel, services, why):
    service = services(shell("trap '' TERM; while :; do sleep 1; done"), **SHELL, stop={"timeout": "200ms"})
    service.start()
    service.wait("running")
    lib_host.wait_for(lambda: service.state["payload_pid"], 10, "the workload")
    kapsel.call("stop", service.name)
    cause = why(service.profile).the("stop")
    assert any("200 ms after its stop signal" in text for text in cause["evidence"]), cause


def test_a_signal_that_the_operator_sent(kapsel, services, why):
    service = services(["/bin/sleep", "1000"])
    service.start()
    service.wait("running")
    assert kapsel.call("kill", service.name).status == 0
    service.wait("exited")
    assert "SIGKILL was sent to it on request" == why(service.profile).the("kill")["what"]


# --- services --------------------------------------------------------------------------------

def test_a_failed_health_check_with_its_output(services, why):
    service = services(["/bin/sleep", "1000"], **SHELL, restart={"policy": "on-failure", "max": 1, "delay": "100ms"},
                       stop={"timeout": "200ms"},
                       health={"command": shell("echo no answer from port 80; exit 1"), "interval": "200ms",
                               "timeout": "5s", "retries": 1, "start_period": "0s"})
    service.start()
    lib_host.wait_for(lambda: service.event("exit"), 20, "an end")
    answer = why(service.profile)
    assert "no answer from port 80" in answer.the("health")["evidence"][0]


def test_a_service_that_was_started_again_tells_its_last_end(services, why):
    service = services(shell("echo x > /data/x; sleep 1; exit 3"), **SHELL,
                       restart={"policy": "on-failure", "delay": "100ms"})
    service.start()
    service.wait("running", restarts=1)
    answer = why(service.profile)
    assert answer.end["now"] in ("running", "restarting") and answer.end["status"] == 3
    assert answer.the("read-only", "likely")
    assert "It was started again" in answer.text.stdout or "It waits for its next start" in answer.text.stdout


def test_the_lines_of_an_earlier_run_are_not_taken_for_this_one(ended, why, kapsel):
    profile, _ = ended(shell("echo x > /data/x; exit 3"), **SHELL)
    second = {**profile, "command": shell("echo all is well; exit 4")}
    assert kapsel.start_profile(second).finish().status == 4
    answer = why(profile)
    assert answer.end["status"] == 4 and answer.causes == [] and answer.end["explained"] is False
    assert answer.end["last_line"] == "all is well" and "kapsel logs" in answer.text.stdout


def test_a_killed_supervisor_is_a_cause_of_its_own(services, why):
    service = services(["/bin/sleep", "1000"])
    service.start()
    service.wait("running")
    service.kill("supervisor")
    service.wait("exited")
    assert why(service.profile).the("supervisor-killed")["line"] == '"on_supervisor_death": "adopt"'


def test_one_of_which_nobody_could_tell_the_end(kapsel, services, why):
    service = services(["/bin/sleep", "1000"])
    service.start()
    service.wait("running")
    state = service.state
    os.kill(state["standby"]["pid"], signal.SIGSTOP)
    os.kill(state["supervisor"]["pid"], signal.SIGKILL)
    os.kill(state["standby"]["pid"], signal.SIGKILL)
    lib_host.wait_for(service.is_unlocked, 10, "the end of both")
    answer = why(service.profile)
    assert answer.end["end"] == "lost" and "both killed" in answer.the("lost")["what"]
    assert kapsel.call("rm", "-f", service.name).status == 0


def test_without_an_end_there_is_nothing_to_explain(kapsel, services):
    service = services(["/bin/sleep", "1000"])
    service.start()
    service.wait("running")
    result = kapsel.call("why", service.name)
    assert result.status == 1 and "is running: there is no end" in result.stderr, result
    result = kapsel.call("why", f"{service.name}-never")
    assert result.status == 1 and "never ran here" in result.stderr, result
    result = kapsel.call("why", "\x1b[31m")
    assert result.status == 1 and "\x1b" not in result.stderr, result


def test_an_end_without_a_fault_says_so(ended, why):
    profile, _ = ended(["/bin/true"])
    assert "exit code 0" in why(profile).the("success")["what"]


# --- what is hostile, missing or old -----------------------------------------------------------

def test_hostile_lines_do_nothing_to_the_terminal(ended, why):
    escape = "\\033]0;owned\\007\\033[2J\\r\\b"
    profile, _ = ended(shell(f"printf 'x{escape}: /data/a\\033[31m: Read-only file system\\n'; exit 3"), **SHELL)
    answer = why(profile)  # which looks at every byte
    assert answer.the("read-only", "likely")["evidence"]
    assert "owned" in answer.text.stdout and "\\x1b" in answer.text.stdout


def test_endless_lines_are_quoted_around_what_counts(ended, why):
    noise = "head -c 100000 /dev/zero | tr '\\0' A"
    profile, _ = ended(shell(f"for i in 1 2 3; do {noise}; echo; done; {noise}; echo ' /data/y: Read-only file system';"
                             f"{noise}; echo; exit 3"), **SHELL)
    answer = why(profile)
    quote = answer.the("read-only", "likely")["evidence"][0]
    assert "/data/y: Read-only file system" in quote and len(quote) < 500, quote


def test_bytes_that_are_no_text_and_paths_without_end_are_survived(ended, why):
    profile, _ = ended(shell("printf '\\377\\376\\000/\\200: Permission denied\\n'; "
                             "head -c 9000 /dev/zero | tr '\\0' /; echo ': No such file or directory'; "
                             "printf '/%09000d: No such file or directory\\n' 1; exit 3"), **SHELL)
    assert why(profile).end["status"] == 3


def test_a_changed_profile_and_a_removed_one_are_told(kapsel, ended, why):
    profile, _ = ended(shell("echo x > /data/x; exit 3"), **SHELL)
    path = kapsel.write({**profile, "mounts": TMP})
    os.utime(path, (2**31, 2**31))
    answer = why(profile)
    assert answer.end["profile_changed"] is True and "was changed since" in answer.text.stdout
    path.unlink()
    answer = why(profile)
    assert answer.the("read-only", "likely") and "can not be read any more" in answer.text.stdout


def test_a_log_that_is_in_no_file_is_told(ended, why):
    profile, _ = ended(shell("exit 3"), **SHELL, log={"driver": "none"})
    answer = why(profile)
    assert '"driver": "none"' in answer.end["log_note"] and answer.end["explained"] is False


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["../x"], [".ids"], ["a/b"], ["--jsn", "x"]])
def test_mistakes_on_the_command_line_are_status_2(kapsel, arguments):
    result = kapsel.call("why", *arguments)
    assert result.status == 2 and result.stdout == "", result
