# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the workload's process gets from the profile: environment, directory, ids, descriptors,
arguments, secrets; and nothing of the caller's."""

import os
import re
import subprocess
import time

import pytest

import lib_faults
import lib_host
from lib_faults import WORKLOAD, assert_refused, canary, own_root, put, tools, workload  # noqa: F401

pytestmark = pytest.mark.root

SHELL = {"exec": {"allow": ["*"]}, "syscalls": {"allow": ["@base", "@process"]}}
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def status_of(kapsel, **keys):
    result = kapsel.run(["/bin/cat", "/proc/self/status"], **keys)
    assert result.status == 0, result
    return dict(line.split(":\t", 1) for line in result.logged().splitlines() if ":\t" in line)


# --- environment ---------------------------------------------------------------------

def environment(kapsel, launch=None, **keys):
    profile = kapsel.profile(["/bin/env"], **keys)
    result = kapsel.start_profile(profile, env={**os.environ, **(launch or {})}).finish()
    assert result.status == 0, result
    return sorted(result.logged().splitlines())


def test_nothing_of_the_callers_environment_gets_in(kapsel):
    theirs = {"HOME": "/root", "SSH_AUTH_SOCK": "/x", "AWS_SECRET_ACCESS_KEY": "k", "PATH": os.environ["PATH"],
              "LISTEN_FDS": "3", "NOTIFY_SOCKET": "/x", "KAPSEL_X": "1"}
    assert environment(kapsel, theirs) == [PATH]


def test_the_environment_is_exactly_the_profiles(kapsel):
    env = {"ONE": "1", "EMPTY": "", "SPACES": "a  b", "EQUALS": "a=b", "PATH": "/bin", "UMLAUT": "ä", "LINES": "1\n2"}
    lines = "\n".join(f"{name}={value}" for name, value in env.items()).splitlines()
    assert environment(kapsel, env=env) == sorted(lines)


def test_named_variables_come_from_the_host(kapsel):
    theirs = {"WANTED": "yes", "OTHER": "no"}
    assert environment(kapsel, theirs, env_from_host=["WANTED", "MISSING"]) == [PATH, "WANTED=yes"]


@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "GCONV_PATH", "LOCPATH",
                                  "GLIBC_TUNABLES", "BASH_ENV"])
def test_what_loads_code_can_not_come_from_the_host(kapsel, name):
    result = kapsel.run(["/bin/true"], env_from_host=[name])
    assert_refused(result, name, code="E031")


def test_the_loaders_variables_do_not_reach_the_launcher_or_the_workload(kapsel, tmp_path):
    """A library that does not exist makes the loader complain in every program that it gets into."""
    theirs = {"LD_PRELOAD": str(tmp_path / "nonesuch.so"), "GCONV_PATH": str(tmp_path), "LOCPATH": str(tmp_path)}
    assert environment(kapsel, theirs) == [PATH]


# --- working directory, umask, host name ------------------------------------------------

def test_the_working_directory_is_the_root_by_default(kapsel):
    assert kapsel.run(["/bin/pwd"]).logged() == "/\n"


def test_the_working_directory_is_the_profiles(kapsel):
    assert kapsel.run(["/bin/pwd"], workdir="/etc").logged() == "/etc\n"


def test_a_linked_working_directory_is_resolved_inside(kapsel, own_root, canary):
    (own_root / "work").symlink_to(canary.directory)
    result = kapsel.run(["/bin/true"], rootfs=str(own_root), workdir="/work")
    assert_refused(result, "working directory", errno="ENOENT", step="working-directory")
    (own_root / "etc2").symlink_to("../../../../../etc")
    result = kapsel.run(["/bin/pwd"], rootfs=str(own_root), workdir="/etc2")
    assert result.status == 0 and result.logged() == "/etc\n", result


@pytest.mark.parametrize("target", [*(f"/proc/self/fd/{n}" for n in (0, 3, 4, 5, 6, 7, 8, 9, 10, 40, 41, 45)),
                                    "/proc/1/cwd", "/proc/self/root", "/proc/1/root", "/proc/thread-self/cwd",
                                    "/dev/fd/3"])
def test_magic_links_are_no_working_directory(kapsel, target):
    """CVE-2024-21626, with descriptors of host directories open in the caller."""
    opened = [os.open("/", os.O_RDONLY | os.O_DIRECTORY) for _ in range(8)]
    try:
        profile = kapsel.profile(["/bin/pwd"], workdir=target)
        result = kapsel.start_profile(profile, pass_fds=opened).finish()
    finally:
        for descriptor in opened:
            os.close(descriptor)
    assert_refused(result, "working directory", step="working-directory")


def test_a_link_in_the_image_to_a_magic_link_is_no_working_directory(kapsel, own_root):
    (own_root / "work").symlink_to("/proc/self/fd/4")
    assert_refused(kapsel.run(["/bin/pwd"], rootfs=str(own_root), workdir="/work"), step="working-directory")


def test_a_missing_working_directory_is_refused(kapsel):
    assert_refused(kapsel.run(["/bin/true"], workdir="/nonesuch"), "/nonesuch", errno="ENOENT")


def test_a_file_is_no_working_directory(kapsel):
    assert_refused(kapsel.run(["/bin/true"], workdir="/etc/passwd"), errno="ENOTDIR")


@pytest.mark.parametrize("umask", [None, "0022", "0000", "0177"])
def test_the_umask_is_the_profiles(kapsel, umask):
    keys = {"umask": umask} if umask else {}
    assert status_of(kapsel, **keys)["Umask"] == (umask or "0077")


def test_the_host_name_is_the_profiles(kapsel):
    assert kapsel.run(["/bin/hostname"], hostname="web-1").logged() == "web-1\n"
    assert os.uname().nodename != "web-1"


def test_the_host_name_is_the_containers_name_by_default(kapsel):
    profile = kapsel.profile(["/bin/hostname"])
    assert kapsel.start_profile(profile).finish().logged() == profile["name"] + "\n"


# --- ids -----------------------------------------------------------------------------------

def test_the_default_user_is_nobody_special_and_has_no_group(kapsel):
    status = status_of(kapsel)
    assert status["Uid"].split() == ["65532"] * 4 and status["Gid"].split() == ["65532"] * 4
    assert status["Groups"].split() == []
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"


def test_uid_gid_and_groups_are_the_profiles(kapsel):
    status = status_of(kapsel, user={"uid": 33, "gid": 34, "groups": [35, 36], "host_range": 100})
    assert status["Uid"].split() == ["33"] * 4 and status["Gid"].split() == ["34"] * 4
    assert status["Groups"].split() == ["35", "36"]


def test_uid_0_inside_is_not_uid_0_outside(kapsel, tools):
    running = kapsel.start([WORKLOAD, "signals"], rootfs=str(tools), user={"uid": 0, "gid": 0},
                           stop={"timeout": "100ms"})
    running.wait_for_log("ready")
    family = lib_faults.Family(running.process.pid).wait()
    for pid in (family.init, family.payload):
        ids = re.findall(r"^[UG]id:\t(.*)$", lib_faults.Path(f"/proc/{pid}/status").read_text(), re.M)
        assert all(int(number) >= 0x20000000 for line in ids for number in line.split())
    assert running.finish(15).status == 137


def test_capabilities_are_exactly_those_of_the_profile(kapsel):
    status = status_of(kapsel, capabilities=["CHOWN", "KILL"])
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 1 << 0 | 1 << 5, name


def test_a_setuid_program_gains_nothing(kapsel, own_root):
    put(own_root, "/bin/cat", (own_root / "bin/busybox").read_bytes(), 0o4755)
    status = status_of(kapsel, rootfs=str(own_root))
    assert status["Uid"].split() == ["65532"] * 4


def ids_of(running):
    """The first host id of a container that prints "ready"."""
    running.wait_for_log("ready")
    family = lib_faults.Family(running.process.pid).wait()
    inside, outside, count = map(int, lib_faults.Path(f"/proc/{family.payload}/uid_map").read_text().split())
    return outside, count


def test_two_containers_at_once_have_different_ids(kapsel, tools):
    keys = {"rootfs": str(tools), "stop": {"timeout": "100ms"}}
    first, second = (kapsel.start([WORKLOAD, "signals"], **keys) for _ in range(2))
    a, b = ids_of(first), ids_of(second)
    assert abs(a[0] - b[0]) >= 65536, (a, b)
    assert first.finish(15).status == 137 and second.finish(15).status == 137


def test_the_same_name_twice_is_refused_and_the_first_lives_on(kapsel, tools):
    profile = kapsel.profile([WORKLOAD, "signals"], rootfs=str(tools), stop={"timeout": "100ms"})
    first = kapsel.start_profile(profile)
    first.wait_for_log("ready")
    path = kapsel.write({**profile, "command": ["/bin/true"]}, "second")
    said = kapsel.launch("run", path).finish()
    assert_refused(said, "a container of that name runs", errno="EBUSY")
    assert first.process.poll() is None
    lib_faults.Family(first.process.pid).wait()
    assert first.finish(15).status == 137
    assert kapsel.launch("run", path).finish().status == 0


@pytest.mark.parametrize("first_id, count, taken", [(100, 1, True), (150, 1, True), (90, 20, True), (200, 1, False),
                                                   (99, 1, False)])
def test_host_ids_that_overlap_are_refused(kapsel, tools, first_id, count, taken):
    """Beside a container that has the hundred ids from 100 on."""
    base = lib_faults.HOST_ID
    first = kapsel.start([WORKLOAD, "signals"], rootfs=str(tools), stop={"timeout": "100ms"},
                         user={"uid": 0, "gid": 0, "host_id": base + 100, "host_range": 100})
    assert ids_of(first) == (base + 100, 100)
    second = {"uid": 0, "gid": 0, "host_id": base + first_id, "host_range": count}
    result = kapsel.run(["/bin/true"], user=second)
    if taken:
        assert_refused(result, str(second["host_id"]), errno="EBUSY", step="user-namespace")
    else:
        assert result.status == 0, result
    assert first.finish(15).status == 137
    assert kapsel.run(["/bin/true"], user=second).status == 0


# --- stdin, descriptors, arguments ------------------------------------------------------------

def test_stdin_is_empty_by_default(kapsel):
    profile = kapsel.profile(["/bin/cat"])
    result = kapsel.start_profile(profile, stdin=subprocess.PIPE).finish()
    assert result.status == 0 and result.log == [], result


def test_stdin_can_be_the_callers(kapsel):
    profile = kapsel.profile(["/bin/cat"], stdin="inherit")
    read, write = os.pipe()
    running = kapsel.start_profile(profile, stdin=read)
    os.close(read)
    os.write(write, b"from outside\n")
    os.close(write)
    result = running.finish()
    assert result.status == 0 and result.logged() == "from outside\n", result


def test_only_three_descriptors_are_open(kapsel):
    """ls has one more: that of the directory which it lists."""
    opened = [os.open("/", os.O_RDONLY | os.O_DIRECTORY) for _ in range(20)]
    try:
        profile = kapsel.profile(["/bin/ls", "/proc/self/fd"])
        result = kapsel.start_profile(profile, pass_fds=opened).finish()
    finally:
        for descriptor in opened:
            os.close(descriptor)
    assert result.logged().split() == ["0", "1", "2", "3"], result


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_it_starts_with_standard_descriptors_closed(kapsel, closed):
    """A descriptor of ours must not become what somebody takes for stdout."""
    profile = kapsel.profile(["/bin/ls", "/proc/self/fd"])
    result = kapsel.start_profile(profile, under=["sh", "-c", f'exec "$@" {closed}', "sh"]).finish()
    assert result.status == 0 and result.logged().split() == ["0", "1", "2", "3"], result


def test_stdout_can_be_opened_by_its_name(kapsel):
    """nginx and others do: the pipe has to belong to the workload's id."""
    result = kapsel.run(["/bin/sh", "-c", "echo one >/dev/stdout; echo two >/dev/stderr"],
                        syscalls={"allow": ["@base", "@file-write"]})
    assert result.status == 0 and result.logged() == "one\n" and result.logged("stderr") == "two\n", result


def test_arguments_reach_the_command_exactly(kapsel):
    words = ["", "a b", "-n", "--", "$HOME", "ä", "'", '"', "\\", "\t", "x" * 5000]
    result = kapsel.run(["/bin/sh", "-c", 'for w; do printf "[%s]\\n" "$w"; done', "sh", *words])
    assert result.logged() == "".join(f"[{word}]\n" for word in words), result


def test_arguments_from_the_command_line_are_appended_if_the_profile_says_so(kapsel):
    profile = kapsel.profile(["/bin/echo", "profile"], args_from_cli=True)
    result = kapsel.start_profile(profile, "--", "caller", "--quiet", "-x").finish()
    assert result.logged() == "profile caller --quiet -x\n", result


def test_arguments_from_the_command_line_are_refused_otherwise(kapsel):
    result = kapsel.start_profile(kapsel.profile(["/bin/echo"]), "--", "caller").finish()
    assert_refused(result, "args_from_cli", code="E033")


def test_nothing_is_ignored_or_blocked_when_the_workload_starts(kapsel):
    """nohup and a shell's background jobs ignore signals for their children."""
    profile = kapsel.profile(["/bin/cat", "/proc/self/status"])
    under = ["sh", "-c", "trap '' HUP INT TERM PIPE; exec \"$@\"", "sh"]
    result = kapsel.start_profile(profile, under=under).finish()
    masks = dict(re.findall(r"^(Sig(?:Blk|Ign|Cgt)):\t(.*)$", result.logged(), re.M))
    assert {name: int(mask, 16) for name, mask in masks.items()} == {"SigBlk": 0, "SigIgn": 0, "SigCgt": 0}, result


# --- secrets ---------------------------------------------------------------------------------

SECRET = "correct horse battery staple"


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "token.source"
    path.write_text(SECRET)
    path.chmod(0o400)
    return path


RUN = {"/run": {"type": "tmpfs", "size": "1MiB"}}


def test_a_secret_is_a_file_that_only_the_workload_reads(kapsel, secret):
    script = "read -r line </run/secrets/token; echo \"$line\" | wc -c; ls -ln /run/secrets; echo $line"
    result = kapsel.run(["/bin/sh", "-c", script], secrets={"token": {"source": str(secret)}}, mounts=RUN, **SHELL)
    assert result.status == 0, result
    lines = result.logged().splitlines()
    assert lines[0] == str(len(SECRET) + 1) and lines[-1] == SECRET, result
    listed = [line.split() for line in lines if line.endswith(" token")]
    assert len(listed) == 1 and listed[0][0] == "-r--------" and listed[0][2:4] == ["65532", "65532"], result


def test_a_secret_can_not_be_changed(kapsel, secret, tools):
    result = kapsel.run([WORKLOAD, "open", "/run/secrets/token", "rw", "/run/secrets/token", "r"], rootfs=str(tools),
                        secrets={"token": {"source": str(secret)}}, mounts=RUN,
                        syscalls={"allow": ["@base", "@file-write"]})
    assert result.logged() == "/run/secrets/token rw EROFS\n/run/secrets/token r OK\n" or \
        result.logged() == "/run/secrets/token rw EACCES\n/run/secrets/token r OK\n", result


def test_a_secret_is_nowhere_else(kapsel, secret):
    """Not in the environment, the arguments, the state, the log or what explain prints."""
    profile = kapsel.profile(["/bin/sleep", "60"], secrets={"token": {"source": str(secret)}}, mounts=RUN,
                             stop={"timeout": "100ms"})
    running = kapsel.start_profile(profile)
    family = lib_faults.Family(running.process.pid).wait()
    lib_host.wait_for(lambda: (lib_host.STATE_DIR / profile["name"] / "steps").exists(), what="the state")
    time.sleep(0.1)
    seen = b""
    for pid in (running.process.pid, family.janitor, family.init, family.payload):
        for name in ("environ", "cmdline"):
            seen += lib_faults.Path(f"/proc/{pid}/{name}").read_bytes()
    for path in (lib_host.STATE_DIR / profile["name"]).iterdir():
        seen += path.read_bytes() if path.is_file() else b""
    result = running.finish(15)
    assert SECRET.encode() not in seen
    assert SECRET not in result.stdout + result.stderr + str(result.log), result
    assert SECRET not in kapsel.call("run", "--dry-run", kapsel.write(profile)).stdout


def test_a_secret_without_a_directory_names_the_remedy(kapsel, secret):
    result = kapsel.run(["/bin/true"], secrets={"token": {"source": str(secret)}})
    assert_refused(result, "/run/secrets", "mkdir -p", '"/run": {"type": "tmpfs"', errno="ENOENT", step="secrets")


@pytest.mark.parametrize("mode", [0o444, 0o604, 0o402])
def test_a_secret_that_everybody_reads_is_none(kapsel, secret, mode):
    secret.chmod(mode)
    result = kapsel.run(["/bin/true"], secrets={"token": {"source": str(secret)}}, mounts=RUN)
    assert_refused(result, "everybody can", f"chmod 0400 {secret}", errno="EPERM", step="secrets")


def test_a_secret_behind_a_link_is_refused(kapsel, secret, tmp_path):
    (tmp_path / "link").symlink_to(secret)
    result = kapsel.run(["/bin/true"], secrets={"token": {"source": str(tmp_path / "link")}}, mounts=RUN)
    assert_refused(result, errno="ELOOP", step="secrets", help_text=False)


@pytest.mark.parametrize("kind", ["missing", "directory", "fifo", "large"])
def test_a_secret_that_is_no_small_file_is_refused(kapsel, tmp_path, kind):
    path = tmp_path / "source"
    if kind == "directory":
        path.mkdir(mode=0o700)
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "large":
        path.write_bytes(bytes(1024 * 1024 + 1))
        path.chmod(0o400)
    result = kapsel.run(["/bin/true"], secrets={"token": {"source": str(path)}}, mounts=RUN, timeout_s=10)
    assert_refused(result, str(path), step="secrets", help_text=False)


def test_a_dirty_volume_at_the_secrets_place_is_not_written_through(kapsel, secret, tmp_path, canary):
    """CVE-2025-9566: the second start finds links that the first one left."""
    volume = tmp_path / "volume"
    volume.mkdir(mode=0o777)
    (volume / "secrets").symlink_to(canary.directory)
    result = kapsel.run(["/bin/true"], secrets={"token": {"source": str(secret)}},
                        mounts={"/run": {"type": "bind", "source": str(volume), "write": True}})
    assert_refused(result, "/run/secrets", step="secrets", help_text=False)
