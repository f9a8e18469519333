# SPDX-License-Identifier: LGPL-2.1-or-later
"""The exit status of `kapsel run`: the workload's own, 126 and 127 for a command that can't
be started, 128 plus the signal, 125 for the launcher; each refusal with one clear message."""

import os
import shutil
import signal
import struct
import subprocess

import pytest

import lib_faults
from lib_faults import WORKLOAD, assert_refused, last_line, put, own_root, tools, workload  # noqa: F401

pytestmark = pytest.mark.root


# --- the workload's own ---------------------------------------------------------------

@pytest.mark.parametrize("status", [0, 7, 125])
def test_the_exit_code_comes_through_with_its_origin(kapsel, status):
    """125 of a workload is told from the launcher's own by the last line."""
    result = kapsel.run(["/bin/sh", "-c", f"exit {status}"])
    assert result.status == status, result
    assert last_line(result) == f"exit code {status}"
    assert len(lib_faults.messages(result.stderr)) == 1, result


def test_quiet_says_nothing_after_success(kapsel):
    result = kapsel.run(["/bin/true"], "--quiet")
    assert result.status == 0 and lib_faults.messages(result.stderr) == [], result


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGPIPE,
                                    signal.SIGUSR1])
def test_a_signal_gives_128_and_its_number(kapsel, tools, number):
    result = kapsel.run([WORKLOAD, "raise", str(int(number))], rootfs=str(tools))
    assert result.status == 128 + number, result
    assert last_line(result) == f"signal {number.name}", result


def test_a_call_that_is_never_legitimate_gives_159_and_its_name(kapsel, tools):
    result = kapsel.run([WORKLOAD, "call", "kexec_load"], rootfs=str(tools))
    assert result.status == 128 + signal.SIGSYS, result
    assert last_line(result).startswith("seccomp killed it for calling kexec_load"), result


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="int 0x80 is of x86")
def test_a_foreign_architecture_gives_159_and_says_so(kapsel, tools):
    result = kapsel.run([WORKLOAD, "int80"], rootfs=str(tools))
    assert result.status == 128 + signal.SIGSYS, result
    assert "a system call of a foreign architecture" in last_line(result), result
    assert result.logged() == "", result


def test_a_file_beyond_the_limit_names_the_limit(kapsel):
    result = kapsel.run(["/bin/dd", "if=/dev/zero", "of=/tmp/big", "bs=64k", "count=100"],
                        mounts={"/tmp": {"type": "tmpfs", "size": "16MiB"}},
                        limits={**kapsel.profile([])["limits"], "file_size": "1MiB"},
                        syscalls={"allow": ["@base", "@file-write"]})
    assert result.status == 128 + signal.SIGXFSZ, result
    assert '"file_size"' in last_line(result), result


# --- commands that can't be started ------------------------------------------------------

OTHER_MACHINE = {"x86_64": (183, "aarch64"), "aarch64": (62, "x86-64")}[os.uname().machine]


def elf(machine, bits=2, program=b""):
    """The header of an ELF executable, with one program header if `program` names an interpreter."""
    header = struct.pack("<4sBBBBB7x", b"\x7fELF", bits, 1, 1, 0, 0)
    size = 64
    body = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0x400000, size if program else 0, 0, 0, size,
                       56, 1 if program else 0, 64, 0, 0)
    if program:
        body += struct.pack("<IIQQQQQQ", 3, 4, size + 56, 0, 0, len(program), len(program), 1) + program
    return header + body + bytes(128)


OUR_MACHINE = {"x86_64": 62, "aarch64": 183}[os.uname().machine]

NOT_EXECUTABLE = {
    "a file without the x bit": (b"\x7fELF", 0o644, "EACCES", "chmod a+rx"),
    "a text without a first line": (b"echo hello\n", 0o755, "ENOEXEC", "text file without its first line"),
    "an empty file": (b"", 0o755, "ENOEXEC", "the file is empty"),
    "a script with CRLF": (b"#!/bin/sh\r\nexit 0\r\n", 0o755, "ENOEXEC", "CRLF"),
    "a program of another machine": (elf(OTHER_MACHINE[0]), 0o755, "ENOEXEC", OTHER_MACHINE[1]),
    "a 32-bit program": (elf(3, bits=1), 0o755, "ENOEXEC", "32-bit x86"),
    "a script while exec is once": (b"#!/bin/sh\nexit 0\n", 0o755, "ENOEXEC", '"command": ["/bin/sh", "/bin/cmd"]'),
}


@pytest.mark.parametrize("content, mode, name, text", NOT_EXECUTABLE.values(), ids=NOT_EXECUTABLE.keys())
def test_not_executable_is_126(kapsel, own_root, content, mode, name, text):
    put(own_root, "/bin/cmd", content, mode)
    result = kapsel.run(["/bin/cmd"], rootfs=str(own_root))
    assert_refused(result, "execute /bin/cmd", text, status=126, step="program", errno=name)


def test_a_program_that_the_kernel_rejects_is_126(kapsel, own_root):
    """A header that looks right with a body that is not: only execveat finds out."""
    put(own_root, "/bin/cmd", elf(OUR_MACHINE))
    result = kapsel.run(["/bin/cmd"], rootfs=str(own_root))
    assert_refused(result, "execute /bin/cmd", status=126, errno="ENOEXEC", help_text=False)


def test_a_directory_is_126(kapsel):
    assert_refused(kapsel.run(["/etc"]), "not a regular file", status=126, errno="EACCES", step="program",
                   help_text=False)


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_what_is_no_file_is_126_and_never_waited_for(kapsel, own_root, kind):
    if kind == "fifo":
        os.mkfifo(own_root / "bin/cmd", 0o755)
    command = "/bin/cmd" if kind == "fifo" else "/dev/null"
    assert_refused(kapsel.run([command], rootfs=str(own_root), timeout_s=10), status=126, step="program",
                   errno="EACCES", help_text=False)


def test_a_command_on_a_noexec_mount_is_126(kapsel, tools, workload):
    workload.parent.chmod(0o755)
    result = kapsel.run(["/data/workload"], rootfs=str(tools),
                        mounts={"/data": {"type": "bind", "source": str(workload.parent)}})
    assert_refused(result, '"exec": true', status=126, errno="EACCES", step="program")


def test_a_missing_command_is_127(kapsel):
    assert_refused(kapsel.run(["/bin/nonesuch"]), "/bin/nonesuch", status=127, errno="ENOENT", step="program",
                   help_text=False)


def test_a_command_below_a_file_is_127(kapsel):
    assert_refused(kapsel.run(["/bin/sh/nonesuch"]), status=127, errno="ENOTDIR", step="program", help_text=False)


def test_a_command_that_is_a_dangling_link_is_127(kapsel, own_root):
    (own_root / "bin/cmd").symlink_to("/nowhere")
    assert_refused(kapsel.run(["/bin/cmd"], rootfs=str(own_root)), status=127, errno="ENOENT", help_text=False)


@pytest.mark.parametrize("keys", [{}, {"exec": {"allow": ["*"]}}], ids=["exec once", "exec any"])
def test_a_missing_interpreter_of_a_script_is_127_and_named(kapsel, own_root, keys):
    put(own_root, "/bin/cmd", "#!/usr/bin/perl5 -w\nexit 0\n")
    result = kapsel.run(["/bin/cmd"], rootfs=str(own_root), **keys)
    assert_refused(result, "its interpreter /usr/bin/perl5 is missing", status=127, errno="ENOENT", step="program")


def test_a_missing_dynamic_linker_is_127_and_named(kapsel, own_root):
    put(own_root, "/bin/cmd", elf(OUR_MACHINE, program=b"/lib/ld-missing.so.1\0"))
    result = kapsel.run(["/bin/cmd"], rootfs=str(own_root))
    assert_refused(result, "its dynamic linker /lib/ld-missing.so.1 is missing", status=127, errno="ENOENT",
                   step="program")


# --- 125: the launcher ------------------------------------------------------------------

def test_a_mistake_in_the_profile_is_125_and_shows_the_place(kapsel):
    profile = kapsel.profile(["/bin/true"], capabilites=["CHOWN"])
    result = kapsel.start_profile(profile).finish()
    said = assert_refused(result, 'did you mean "capabilities"?', "^^^^", code="E003")
    assert ".kapsel.jsonc:" in said


def test_several_mistakes_are_all_shown(kapsel):
    profile = kapsel.profile(["true"], nonesuch=1, umask="7")
    result = kapsel.start_profile(profile).finish()
    assert result.status == 125 and len(lib_faults.messages(result.stderr)) == 3, result


@pytest.mark.parametrize("text, code", [("{", "E001"), ("", "E001"), ('{"kapsel":1,"kapsel":1}', "E002")])
def test_a_file_that_is_no_profile_is_125(kapsel, text, code):
    result = kapsel.call("run", kapsel.write(text))
    assert result.status == 125 and f"error[{code}]" in result.stderr, result


def test_a_missing_profile_is_125(kapsel):
    result = kapsel.call("run", kapsel.directory / "nonesuch.kapsel.jsonc")
    assert_refused(result, code="E019", help_text=False)


def test_a_profile_that_others_can_write_is_125(kapsel):
    path = kapsel.write(kapsel.profile(["/bin/true"]))
    path.chmod(0o666)
    assert_refused(kapsel.call("run", path), code="E020", help_text=False)


def test_a_profile_that_is_a_link_is_125(kapsel):
    path = kapsel.write(kapsel.profile(["/bin/true"]))
    link = path.with_name("link.kapsel.jsonc")
    link.symlink_to(path)
    assert_refused(kapsel.call("run", link), code="E020", help_text=False)


def test_no_profile_at_all_is_a_usage_error(kapsel):
    result = kapsel.call("run")
    assert result.status == 2 and "kapsel run" in result.stderr, result


def test_a_missing_root_is_125(kapsel):
    result = kapsel.run(["/bin/true"], rootfs="/nonesuch/root")
    assert_refused(result, "/nonesuch/root", "unpacked image", errno="ENOENT", step="root-filesystem")


def test_the_hosts_own_root_is_125(kapsel):
    assert_refused(kapsel.run(["/bin/true"], rootfs="/"), code="E022")


def test_the_hosts_own_root_under_another_name_is_125(kapsel, tmp_path):
    (tmp_path / "link").symlink_to("/")
    result = kapsel.run(["/bin/true"], rootfs=str(tmp_path / "link"))
    assert_refused(result, "the host's own root", errno="EPERM", step="root-filesystem")


def test_a_root_that_is_a_file_is_125(kapsel, tmp_path):
    (tmp_path / "image").write_text("not unpacked\n")
    result = kapsel.run(["/bin/true"], rootfs=str(tmp_path / "image"))
    assert_refused(result, str(tmp_path / "image"), errno="ENOTDIR", step="root-filesystem")


@pytest.mark.parametrize("missing", ["proc", "dev"])
def test_a_root_without_a_mount_point_of_ours_is_125(kapsel, own_root, missing):
    (own_root / missing).rmdir()
    result = kapsel.run(["/bin/true"], rootfs=str(own_root))
    assert_refused(result, f"mkdir {own_root}/{missing}", errno="ENOENT", step=missing)


def test_open_files_above_the_callers_limit_is_125(kapsel):
    limits = {**kapsel.profile([])["limits"], "open_files": 4096}
    profile = kapsel.profile(["/bin/true"], limits=limits)
    result = kapsel.start_profile(profile, under=["prlimit", "--nofile=512:512"]).finish()
    assert_refused(result, "limits.open_files", "512", "ulimit -H")


def test_locked_memory_above_the_callers_limit_is_125(kapsel):
    limits = {**kapsel.profile([])["limits"], "locked_memory": "1GiB"}
    profile = kapsel.profile(["/bin/true"], limits=limits)
    result = kapsel.start_profile(profile, under=["prlimit", "--memlock=65536:65536"]).finish()
    assert_refused(result, "limits.locked_memory", "65536", errno="EPERM", step="rlimits")


def test_a_controller_that_this_host_lacks_is_125_with_the_boot_line(kapsel):
    missing = {"memory", "cpu", "pids"} - lib_faults.lib_host.controllers()
    if not missing:
        pytest.skip("this host has every controller")
    result = kapsel.run(["/bin/true"], limits={})
    said = assert_refused(result, errno="EOPNOTSUPP", step="cgroup-limits")
    for controller in missing:
        assert controller in said


def test_a_namespace_that_is_not_there_is_125(kapsel):
    result = kapsel.run(["/bin/true"], network={"mode": "join", "netns": "/run/netns/nonesuch"})
    assert_refused(result, "ip netns add", errno="ENOENT", step="namespaces")


def test_a_namespace_that_is_none_is_125(kapsel, tmp_path):
    (tmp_path / "netns").write_text("")
    result = kapsel.run(["/bin/true"], network={"mode": "join", "netns": str(tmp_path / "netns")})
    assert_refused(result, str(tmp_path / "netns"), errno="EINVAL", help_text=False)


def test_user_namespaces_switched_off_are_125_and_lead_to_the_doctor(kapsel):
    """In a user namespace of its own, whose limit the test may lower without the host noticing."""
    script = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
    profile = kapsel.profile(["/bin/true"])
    under = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    result = kapsel.start_profile(profile, under=under).finish()
    assert_refused(result, "user namespace", "kapsel doctor")


# --- 125: the log --------------------------------------------------------------------------

@pytest.fixture
def tiny_disk(tmp_path):
    directory = tmp_path / "disk"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,nr_inodes=3,mode=0750", "tiny", directory], check=True)
    yield directory
    subprocess.run(["umount", directory], check=True)


def test_a_log_disk_without_inodes_is_125(kapsel, tiny_disk):
    for name in ("a", "b"):
        (tiny_disk / name).write_text("")
    result = kapsel.run(["/bin/true"], log={"path": str(tiny_disk / "x.log")})
    assert_refused(result, "x.log", errno="ENOSPC", step="log", help_text=False)


def test_a_log_disk_that_fills_up_blocks_and_loses_nothing_said_so(kapsel, tools, tiny_disk):
    """The default: the workload waits. Space comes back, it goes on, every line is there."""
    running = kapsel.start([WORKLOAD, "flood", "65536"], rootfs=str(tools), log={"path": str(tiny_disk / "x.log")})
    lib_faults.lib_host.wait_for(lambda: os.statvfs(tiny_disk).f_bfree == 0, what="a full disk")
    subprocess.run(["mount", "-o", "remount,size=8m", tiny_disk], check=True)
    result = running.finish()
    assert result.status == 0, result
    lines = result.logged().splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(1024)), result
    assert "ENOSPC" in result.stderr and "free space" in result.stderr, result.stderr


def test_a_full_disk_does_not_hinder_the_stop(kapsel, tools, tiny_disk):
    running = kapsel.start([WORKLOAD, "flood", "262144"], rootfs=str(tools), log={"path": str(tiny_disk / "x.log")})
    lib_faults.lib_host.wait_for(lambda: os.statvfs(tiny_disk).f_bfree == 0, what="a full disk")
    result = running.finish(signal.SIGTERM, timeout_s=15)
    assert result.status == 128 + signal.SIGTERM, result
    assert "its last output is lost" in result.stderr, result


def test_a_full_disk_with_drop_does_not_stop_the_workload(kapsel, tools, tiny_disk):
    result = kapsel.run([WORKLOAD, "flood", "262144"], rootfs=str(tools),
                        log={"path": str(tiny_disk / "x.log"), "on_full": "drop"})
    assert result.status == 0, result


def test_a_log_that_is_a_link_is_125_and_the_target_untouched(kapsel, tmp_path):
    target = tmp_path / "precious"
    target.write_text("keep\n")
    (tmp_path / "x.log").symlink_to(target)
    profile = kapsel.profile(["/bin/echo", "gone"], log={"path": str(tmp_path / "x.log")})
    result = kapsel.launch("run", kapsel.write(profile))
    assert_refused(result.finish(), str(tmp_path / "x.log").rsplit("/", 1)[1], step="log", help_text=False)
    assert target.read_text() == "keep\n"


def test_a_log_directory_that_is_a_link_is_125(kapsel, tmp_path):
    (tmp_path / "real").mkdir(mode=0o750)
    (tmp_path / "logs").symlink_to(tmp_path / "real")
    profile = kapsel.profile(["/bin/echo", "gone"], log={"path": str(tmp_path / "logs" / "x.log")})
    assert_refused(kapsel.launch("run", kapsel.write(profile)).finish(), "logs", step="log", help_text=False)
    assert list((tmp_path / "real").iterdir()) == []


@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_a_log_that_is_no_file_is_125(kapsel, tmp_path, kind):
    (tmp_path / "x.log").mkdir() if kind == "directory" else os.mkfifo(tmp_path / "x.log")
    profile = kapsel.profile(["/bin/true"], log={"path": str(tmp_path / "x.log")})
    assert_refused(kapsel.launch("run", kapsel.write(profile)).finish(timeout_s=10), "x.log", step="log",
                   help_text=False)


def test_a_log_directory_two_levels_deep_is_made(kapsel, tmp_path):
    result = kapsel.run(["/bin/echo", "here"], log={"path": str(tmp_path / "a" / "b" / "x.log")})
    assert result.status == 0 and result.logged() == "here\n", result
    assert (tmp_path / "a" / "b").stat().st_mode & 0o027 == 0


def test_a_log_directory_three_levels_deep_is_125(kapsel, tmp_path):
    profile = kapsel.profile(["/bin/true"], log={"path": str(tmp_path / "a" / "b" / "c" / "x.log")})
    assert_refused(kapsel.launch("run", kapsel.write(profile)).finish(), errno="ENOENT", step="log",
                   help_text=False)


def test_the_hosts_default_log_place_works(kapsel):
    """Without "log": /var/log/kapsel/NAME, 0640, in a directory for root."""
    profile = kapsel.profile(["/bin/echo", "here"])
    del profile["log"]
    directory = lib_faults.Path("/var/log/kapsel") / profile["name"]
    try:
        result = kapsel.launch("run", kapsel.write(profile))
        assert result.finish().status == 0
        log = directory / f"{profile['name']}-json.log"
        assert '"log":"here\\n"' in log.read_text()
        assert log.stat().st_mode & 0o777 == 0o640 and log.stat().st_uid == 0
        assert directory.stat().st_mode & 0o027 == 0
    finally:
        shutil.rmtree(directory, ignore_errors=True)
