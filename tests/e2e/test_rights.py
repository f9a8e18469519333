# SPDX-License-Identifier: LGPL-2.1-or-later
"""Execute once, the keys that open a right, and the message that names what was refused."""

import pytest

from lib_faults import WORKLOAD, assert_refused, last_line, own_root, put, tools, workload  # noqa: F401

pytestmark = pytest.mark.root


def refusals(result):
    """{call: the lines about it} of what stderr says was refused."""
    found, call = {}, None
    for line in result.stderr.splitlines():
        if line.startswith("kapsel:   refused "):
            call = line.split()[2]
            found.setdefault(call, []).append(line)
        elif line.startswith("kapsel:     opened by ") and call:
            found[call].append(line)
    return found


def assert_names(result, call, opener):
    """The refusal of `call` is on stderr with the profile line that opens it."""
    said = refusals(result)
    assert call in said, result
    assert opener in "\n".join(said[call]), result


# --- execute once --------------------------------------------------------------------

@pytest.mark.parametrize("command", ["/bin/ls", "exec /bin/ls", "exec /bin/busybox ls", "exec /bin/sh"])
def test_a_shell_can_not_start_another_program(kapsel, command):
    result = kapsel.run(["/bin/sh", "-c", command], syscalls={"allow": ["@base", "@process"]})
    assert result.status in (126, 127) and result.logged() == "", result
    assert_names(result, "execve", '"exec": { "allow":')


def test_the_shell_itself_runs(kapsel):
    result = kapsel.run(["/bin/sh", "-c", "echo builtin"])
    assert result.status == 0 and result.logged() == "builtin\n", result


@pytest.mark.parametrize("open_files", [256, 16, 1024])
@pytest.mark.parametrize("path", ["/bin/sh", "/bin/workload", "bin/sh", ""])
def test_execveat_on_the_launchers_descriptor_is_refused(kapsel, tools, open_files, path):
    """The kernel ignores the descriptor of execveat where the path is absolute."""
    descriptor = max(64, open_files)
    limits = {**kapsel.profile([])["limits"], "open_files": open_files}
    result = kapsel.run([WORKLOAD, "reexec", str(descriptor), path], rootfs=str(tools), limits=limits)
    assert "escaped" not in result.logged(), result
    answers = result.logged().split()
    assert len(answers) == 2 and set(answers) <= {"EPERM", "EBADF"}, result
    if path.startswith("/"):
        assert answers == ["EPERM", "EPERM"], result
        assert_names(result, "execveat", '"exec": { "allow":')


def test_execveat_on_any_other_descriptor_is_refused(kapsel, tools):
    for descriptor in ("-100", "-1", "0", "3", "257", "5000"):
        result = kapsel.run([WORKLOAD, "reexec", descriptor, "/bin/sh"], rootfs=str(tools))
        assert result.logged() == "EPERM\nEPERM\n", result


def test_a_list_opens_its_programs_and_no_other(kapsel):
    script = "/bin/ls / >/dev/null && echo listed; /bin/date >/dev/null || echo refused"
    result = kapsel.run(["/bin/sh", "-c", script], exec={"allow": ["/bin/ls"]},
                        syscalls={"allow": ["@base", "@process", "@file-write"]})
    assert result.status == 0, result
    # busybox: all names are one file, so one listed name opens it - the file counts, not the name.
    assert result.logged().startswith("listed\n"), result


def test_a_list_is_about_files(kapsel, own_root):
    put(own_root, "/bin/other", (own_root / "bin/workload").read_bytes())
    script = f"{WORKLOAD} open /etc/passwd r; /bin/other open /etc/passwd r || echo refused"
    result = kapsel.run(["/bin/sh", "-c", script], rootfs=str(own_root), exec={"allow": [WORKLOAD]},
                        syscalls={"allow": ["@base", "@process"]})
    assert result.logged() == "/etc/passwd r OK\nrefused\n", result


def test_a_star_opens_every_program(kapsel):
    result = kapsel.run(["/bin/sh", "-c", "/bin/echo one; /bin/cat /etc/hostname; exec /bin/echo two"],
                        exec={"allow": ["*"]}, syscalls={"allow": ["@base", "@process"]})
    assert result.status == 0 and "one" in result.logged() and "two" in result.logged(), result


def test_a_script_can_be_the_command_where_programs_may_start(kapsel, own_root):
    put(own_root, "/bin/cmd", "#!/bin/sh -e\necho script $0 $1\n")
    result = kapsel.run(["/bin/cmd", "x"], rootfs=str(own_root), exec={"allow": ["*"]})
    assert result.status == 0 and result.logged() == "script /bin/cmd x\n", result


def test_a_listed_program_that_is_missing_opens_nothing(kapsel, tools):
    result = kapsel.run(["/bin/sh", "-c", f"{WORKLOAD} open /etc/passwd r"], rootfs=str(tools),
                        exec={"allow": ["/bin/nonesuch"]}, syscalls={"allow": ["@base", "@process"]})
    assert result.status in (126, 127) and result.logged() == "", result


# --- keys that open a right ------------------------------------------------------------------

def answer(kapsel, tools, call, **keys):
    result = kapsel.run([WORKLOAD, "call", call], rootfs=str(tools), **keys)
    assert result.status == 0, result
    return result.logged().split()[1], result


OPENERS = [
    ("fork", "clone", {"syscalls": {"allow": ["@base", "@process"]}}, "@process", "OK"),
    ("socket", "socket", {"syscalls": {"allow": ["@base", "@socket-client"]}}, "@socket-client", "OK"),
    ("unshare-user", "unshare", {"allow_nested_namespaces": True, "syscalls": {"allow": ["@base", "@process"]}},
     "allow_nested_namespaces", "OK"),
    ("ptrace", "ptrace", {"allow_ptrace": True}, "allow_ptrace", "OK"),
    ("rwx", "mmap", {"allow_jit": True}, "allow_jit", "OK"),
]


@pytest.mark.parametrize("call, name, keys, opener, opened", OPENERS, ids=[row[0] for row in OPENERS])
def test_a_right_is_closed_until_its_key_opens_it(kapsel, tools, call, name, keys, opener, opened):
    closed, result = answer(kapsel, tools, call)
    assert closed in ("EPERM", "EACCES"), result
    if closed == "EPERM":
        assert_names(result, name, opener)
    got, result = answer(kapsel, tools, call, **keys)
    assert got == opened, result


def test_a_refusal_is_counted_once_with_its_number(kapsel, tools):
    result = kapsel.run([WORKLOAD, "call", "keyctl", "keyctl", "keyctl"], rootfs=str(tools))
    said = refusals(result)
    assert list(said) == ["keyctl"] and "3x, EPERM" in said["keyctl"][0], result
    assert last_line(result) == "exit code 0"


def test_a_setuid_root_program_needs_allow_setuid_for_the_bit_to_stay(kapsel, tools):
    """The mount flag is the visible half; the other is no_new_privs."""
    def flags(**keys):
        result = kapsel.run(["/bin/cat", "/proc/self/mountinfo", "/proc/self/status"], rootfs=str(tools), **keys)
        text = result.logged()
        root = next(line for line in text.splitlines() if line.split()[4] == "/")
        return "nosuid" in root.split()[5], "NoNewPrivs:\t1" in text
    assert flags() == (True, True)
    assert flags(allow_setuid=True) == (False, False)


def test_on_violation_errno_lets_the_workload_live(kapsel, tools):
    result = kapsel.run([WORKLOAD, "call", "kexec_load"], rootfs=str(tools),
                        syscalls={"allow": ["@base"], "on_violation": "errno"})
    assert result.status == 0 and result.logged() == "kexec_load EPERM\n", result


def test_an_unknown_call_or_group_is_refused(kapsel):
    for word in ("@nonesuch", "opne"):
        assert_refused(kapsel.run(["/bin/true"], syscalls={"allow": [word]}), word, code="E013")
