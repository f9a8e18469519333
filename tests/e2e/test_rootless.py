# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers of a user without any privilege.

The user exists in a mount namespace of each call only: there /etc/passwd, /etc/subuid
and /etc/subgid are the test's own. The machine's accounts are neither read nor changed.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

import lib_host
import lib_kapsel
from conftest import PREFIX
from lib_faults import assert_refused, copy_root, last_line

pytestmark = pytest.mark.root

UID, GID = 64217, 64218  # two numbers, so that one taken for the other shows
SUBIDS = 0x30000000
NOTHING = {"memory": "unlimited", "cpu": "unlimited", "pids": "unlimited"}
PROCESSES = {"syscalls": {"allow": ["@base", "@process"]}, "exec": {"allow": ["*"]}}


class UserKapsel(lib_kapsel.Kapsel):
    """Calls of a plain user, from his home directory."""

    def __init__(self, binary, rootfs, home):
        super().__init__(binary, rootfs, home, PREFIX)
        self.group = None  # the control group that he starts from
        self.before = []   # what root does first, in the same mount namespace

    def launch(self, *arguments, under=(), **options):
        script = [f"mount --bind {self.directory}/../etc/{name} /etc/{name}"
                  for name in ("passwd", "group", "subuid", "subgid")]
        script += self.before
        if self.group and "run" in arguments:
            script.append(f"echo 0 >{self.group}/cgroup.procs")
        prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", "\n".join([*script, 'exec "$@"']),
                  "sh", "setpriv", "--reuid", str(UID), "--regid", str(GID), "--clear-groups", "--inh-caps=-all",
                  "env", "-i", f"PATH={os.environ['PATH']}", f"HOME={self.directory}",
                  f"XDG_RUNTIME_DIR={self.directory}/run", *under]
        return super().launch(*arguments, under=prefix, cwd=self.directory, **options)

    def write(self, profile, name=None):
        path = super().write(profile, name)
        os.chown(path, UID, GID)
        return path

    def profile(self, command, **keys):
        """Without limits: what can be limited is the subject of a test, not its condition."""
        return super().profile(command, **{"limits": dict(NOTHING), **keys})

    def make(self, path, content=None, mode=0o755):
        """A file, or a directory without content, of the user's."""
        place = self.directory / path
        if content is None:
            place.mkdir(mode=mode)
        else:
            place.write_text(content)
        place.chmod(mode)
        os.chown(place, UID, GID)
        return place

    @contextlib.contextmanager
    def running(self, command, **keys):
        """A container that runs: its profile's name."""
        profile = self.profile(command, **keys)
        running = self.start_profile(profile)

        def up():
            assert running.process.poll() is None, running.finish()
            return (self.directory / "run/kapsel" / profile["name"] / "state.json").exists()
        lib_host.wait_for(up, lib_kapsel.TIMEOUT_S, "a running container")
        try:
            yield profile["name"]
        finally:
            running.finish(signal.SIGTERM)


@pytest.fixture(scope="module")
def reachable(binary, rootfs):
    """The program and a root file system where everybody gets at them; pytest's own place is root's."""
    directory = Path(tempfile.mkdtemp(prefix="kapsel-rootless-", dir="/tmp"))
    directory.chmod(0o755)
    shutil.copy(binary, directory / "kapsel")
    copy_root(rootfs, directory / "root")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def user(reachable):
    """A plain user without subordinate ids and without a control group."""
    etc, home = reachable / "etc", reachable / "home"
    etc.mkdir()
    home.mkdir(mode=0o700)
    os.chown(home, UID, GID)
    for name, text in (("passwd", f"root:x:0:0::/root:/bin/sh\nplain:x:{UID}:{GID}::{home}:/bin/sh\n"),
                       ("group", f"root:x:0:\nplain:x:{GID}:\n"), ("subuid", ""), ("subgid", "")):
        (etc / name).write_text(text)
        (etc / name).chmod(0o644)
    program = UserKapsel(reachable / "kapsel", reachable / "root", home)
    program.make("run", mode=0o700)
    yield program
    program.end_all()
    left = [path.name for path in home.glob("run/kapsel/*") if path.name != ".ids"]
    shutil.rmtree(etc)
    shutil.rmtree(home)
    assert left == [], "state is left"


@pytest.fixture
def subids(user):
    """The user again, with a range of subordinate ids."""
    for name in ("subuid", "subgid"):
        (user.directory / "../etc" / name).write_text(f"plain:{SUBIDS}:65536\n")
    return user


def remove_group(group):
    for directory in (*group.glob("*/"), group):
        if directory.is_dir():
            directory.rmdir()


@pytest.fixture
def delegated(user):
    """The user again, in a control group that was handed to him."""
    group = lib_host.cgroup_mount() / f"user-{os.getpid()}"
    group.mkdir()
    for path in (group, *(group / f"cgroup.{name}" for name in ("procs", "subtree_control", "threads"))):
        os.chown(path, UID, GID)
    user.group = group
    yield user
    user.end_all()

    def removed():
        with contextlib.suppress(OSError):
            remove_group(group)
        return not group.exists()
    lib_host.wait_for(removed, 5, "an empty group")


def logged(result):
    assert result.status == 0, result
    return result.logged()


# --- what it looks like --------------------------------------------------------------------

def test_true_runs(user):
    result = user.run(["/bin/true"])
    assert result.status == 0 and last_line(result) == "exit code 0", result


def test_without_subordinate_ids_the_own_id_is_all_there_is(user):
    assert logged(user.run(["/bin/cat", "/proc/self/uid_map"])).split() == ["65532", str(UID), "1"]
    assert logged(user.run(["/bin/cat", "/proc/self/gid_map"])).split() == ["65532", str(GID), "1"]


def test_with_subordinate_ids_the_container_has_one_of_them(subids):
    inside, outside, count = logged(subids.run(["/bin/cat", "/proc/self/uid_map"])).split()
    assert (inside, count) == ("65532", "1") and SUBIDS <= int(outside) < SUBIDS + 65536


def test_a_range_of_subordinate_ids_is_mapped(subids):
    profile = {"user": {"host_range": 1000, "uid": 7, "gid": 8}}
    inside, outside, count = logged(subids.run(["/bin/cat", "/proc/self/uid_map"], **profile)).split()
    assert (inside, count) == ("0", "1000") and SUBIDS <= int(outside) <= SUBIDS + 65536 - 1000
    assert logged(subids.run(["/bin/id"], **profile)).startswith("uid=7 gid=8")


def test_a_range_without_subordinate_ids_is_refused_with_the_remedy(user):
    result = user.run(["/bin/true"], user={"host_range": 1000, "uid": 7, "gid": 8})
    assert_refused(result, "1000 host ids", "usermod --add-subuids", errno="EPERM", step="user-namespace")


def test_a_range_larger_than_the_subordinate_ids_is_refused(subids):
    (subids.directory / "../etc/subgid").write_text(f"plain:{SUBIDS}:999\n")
    result = subids.run(["/bin/true"], user={"host_range": 1000, "uid": 7, "gid": 8})
    assert_refused(result, "1000 host ids", "usermod --add-subuids", errno="EPERM", step="user-namespace")


@pytest.mark.parametrize("host_id", [SUBIDS, SUBIDS + 4321, SUBIDS + 65535])
def test_a_subordinate_id_can_be_chosen(subids, host_id):
    result = subids.run(["/bin/cat", "/proc/self/uid_map", "/proc/self/gid_map"], user={"host_id": host_id})
    assert logged(result).split() == ["65532", str(host_id), "1"] * 2


@pytest.mark.parametrize("host_id", [1, 33, SUBIDS - 1, SUBIDS + 65536])
def test_an_id_of_somebody_else_is_refused(subids, host_id):
    result = subids.run(["/bin/true"], user={"host_id": host_id})
    assert_refused(result, str(host_id), errno="EPERM", step="user-namespace")


def test_two_containers_at_once_have_different_ids(subids):
    with subids.running(["/bin/sleep", "100"]) as first, subids.running(["/bin/sleep", "100"]) as second:
        ids = [json.loads((subids.directory / "run/kapsel" / name / "state.json").read_text())["host_id"]
               for name in (first, second)]
    assert ids[0] != ids[1]


def test_the_log_is_below_the_users_own_state_directory(user):
    profile = user.profile(["/bin/echo", "hello"])
    del profile["log"]
    result = user.start_profile(profile).finish()
    log = user.directory / f".local/state/kapsel/log/{profile['name']}/{profile['name']}-json.log"
    assert result.status == 0 and '"log":"hello\\n"' in log.read_text(), result
    assert (log.stat().st_uid, log.stat().st_gid) == (UID, GID)
    assert log.stat().st_mode & 0o077 == 0o040 or log.stat().st_mode & 0o077 == 0


# --- what holds ------------------------------------------------------------------------------

# Only for root, and said so in the table.
ABSENT = {"device-filter", "cgroup-limits"}


def test_every_restriction_is_verified(user):
    with user.running(["/bin/sleep", "100"]) as name:
        table = user.call("explain", "--run", name)
    rows = [line.split(None, 3) for line in table.stdout.splitlines()[1:]]
    assert table.status == 0 and {row[2] for row in rows} <= {"holds", "absent"}, table
    assert {row[0] for row in rows if row[2] == "absent"} <= ABSENT | {"keyring", "apparmor", "security-label"}, table
    planned = user.call("explain", user.write(user.profile(["/bin/sleep", "100"])))
    steps = {line for line in planned.stdout.splitlines() if line and not line.startswith((" ", "warning"))}
    assert {row[0] for row in rows} == steps and len(steps) > 15, (steps, table)


def test_the_workload_holds_nothing(user):
    status = logged(user.run(["/bin/cat", "/proc/self/status"]))
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0, status
    assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2", status
    assert fields["Groups"].strip() in ("", "65534"), status


def test_a_refused_call_is_named(user):
    result = user.run(["/bin/sh", "-c", "/bin/true; echo $?"])
    assert "refused clone" in result.stderr and '"allow": ["@base", "@process"]' in result.stderr, result


def test_the_supervisor_killed_leaves_nothing(user):
    profile = user.profile(["/bin/sleep", "1000"])
    running = user.start_profile(profile)
    state = user.directory / "run/kapsel" / profile["name"]
    lib_host.wait_for((state / "state.json").exists, lib_kapsel.TIMEOUT_S, "a running container")
    running.finish(signal.SIGKILL)
    lib_host.wait_for(lambda: not state.exists(), 10, "the end of the state")


# --- network ---------------------------------------------------------------------------------

def interfaces(result):
    return [line.split(":")[0].strip() for line in logged(result).splitlines() if ":" in line]


def test_without_a_network_there_is_only_lo(user):
    assert interfaces(user.run(["/bin/cat", "/proc/self/net/dev"])) == ["lo"]


def test_loopback_is_up(user):
    result = user.run(["/bin/ifconfig"], network="loopback",
                      syscalls={"allow": ["@base", "socket", "ioctl"]})
    assert "127.0.0.1" in logged(result) and "UP LOOPBACK RUNNING" in result.logged(), result


def test_a_port_that_is_handed_over_is_served(user):
    """The launcher binds it, as the user; the workload has no network."""
    path = user.directory / "socket"
    with user.running(["/bin/sleep", "100"], listen={"web": {"stream": str(path)}}):
        assert path.is_socket() and path.stat().st_uid == UID
    assert not path.exists()


# --- files -----------------------------------------------------------------------------------

def bind(source, **keys):
    return {"mounts": {"/data": {"type": "bind", "source": str(source), **keys}}}


def test_a_directory_of_the_users_own_is_read_only_by_default(user):
    directory = user.make("mine")
    user.make("mine/file", "of the user\n")
    result = user.run(["/bin/cat", "/data/file"], **bind(directory))
    assert logged(result) == "of the user\n"
    result = user.run(["/bin/sh", "-c", "echo x >/data/new"], **bind(directory))
    assert result.status != 0 and "Read-only file system" in result.logged("stderr"), result
    assert [path.name for path in directory.iterdir()] == ["file"]


def test_what_is_written_belongs_to_the_user(user):
    directory = user.make("mine")
    result = user.run(["/bin/sh", "-c", "echo new >/data/new"], **bind(directory, write=True))
    assert result.status == 0, result
    written = directory / "new"
    assert written.read_text() == "new\n"
    assert (written.stat().st_uid, written.stat().st_gid) == (UID, GID)


def test_a_container_with_ids_of_its_own_writes_only_where_they_may(subids):
    """A subordinate id is another user: it needs the rights of others."""
    directory = subids.make("mine", mode=0o755)
    result = subids.run(["/bin/sh", "-c", "echo new >/data/new"], **bind(directory, write=True))
    assert result.status != 0 and list(directory.iterdir()) == [], result
    directory.chmod(0o777)
    subids.directory.chmod(0o711)
    result = subids.run(["/bin/sh", "-c", "echo new >/data/new"], **bind(directory, write=True))
    assert result.status == 0, result
    owner = (directory / "new").stat()
    assert SUBIDS <= owner.st_uid < SUBIDS + 65536 and SUBIDS <= owner.st_gid < SUBIDS + 65536


@pytest.fixture
def foreign(reachable):
    """A directory that is root's alone."""
    directory = reachable / "foreign"
    directory.mkdir(mode=0o700)
    (directory / "file").write_text("of root\n")
    (directory / "file").chmod(0o600)
    yield directory
    shutil.rmtree(directory)


def test_files_of_others_stay_closed(user, foreign):
    """As uid 0 inside, too: a user namespace gives no right to what is not its own."""
    foreign.chmod(0o711)
    for keys in ({}, {"user": {"uid": 0, "gid": 0}}):
        mounts = {"/data": {"type": "bind", "source": str(foreign / "file")}}
        result = user.run(["/bin/cat", "/data"], mounts=mounts, **keys)
        assert result.status != 0 and "of root" not in result.logged(), result


def test_a_directory_of_others_can_not_be_bound(user, foreign):
    (foreign / "sub").mkdir()
    result = user.run(["/bin/ls", "/data"], **bind(foreign / "sub"))
    assert_refused(result, str(foreign / "sub"), errno="EACCES", help_text=False)


def test_a_profile_of_another_user_is_refused(user):
    path = user.write(user.profile(["/bin/true"]))
    os.chown(path, UID + 1, GID)
    path.chmod(0o644)
    result = user.call("run", path)
    assert result.status == 125 and "belongs to" in result.stderr, result


def test_a_secret_is_a_file_that_only_the_workload_reads(user):
    secret = user.make("token", "s3cret", mode=0o400)
    result = user.run(["/bin/sh", "-c", "cat /run/secrets/token; ls -ln /run/secrets"], **PROCESSES,
                      secrets={"token": {"source": str(secret)}}, mounts={"/run": {"type": "tmpfs", "size": "64KiB"}})
    assert logged(result).startswith("s3cret"), result
    assert re.search(r"-r--------\s+1 65532\s+65532\s", result.logged()), result


def test_a_secret_of_others_is_refused(user, foreign):
    result = user.run(["/bin/true"], secrets={"token": {"source": str(foreign / "file")}},
                      mounts={"/run": {"type": "tmpfs", "size": "64KiB"}})
    assert_refused(result, "token", errno="EACCES", help_text=False)


# --- limits ------------------------------------------------------------------------------------

def test_limits_without_a_group_are_refused_by_name(user):
    """Of an unlimited start test_true_runs tells."""
    result = user.run(["/bin/true"], limits={})
    said = assert_refused(result, errno="EOPNOTSUPP", step="cgroup-limits")
    assert "systemd-run --user --scope -p Delegate=yes" in said or "systemd.unified_cgroup_hierarchy=1" in said
    assert "limits.memory" in said and "limits.pids" in said


@pytest.mark.vm
def test_limits_hold_in_a_delegated_group(delegated):
    limits = {"memory": "32MiB", "pids": 9, "cpu": 0.5}
    with delegated.running(["/bin/sleep", "100"], limits=limits) as name:
        group = delegated.group / name
        assert [(group / file).read_text().strip() for file in ("memory.max", "pids.max", "cpu.max")] == \
            [str(32 << 20), "9", "50000 100000"]
        assert group.stat().st_uid == UID
        table = delegated.call("explain", "--run", name)
        assert re.search(r"^cgroup-limits\s+host\s+holds\s.*memory\.max 33554432, ", table.stdout, re.M), table
    assert not group.exists()


@pytest.mark.vm
def test_out_of_memory_is_named_in_a_delegated_group(delegated):
    result = delegated.run(["/bin/tail", "/dev/zero"], limits={"memory": "16MiB", "memory_high": "unlimited"})
    assert result.status == 137 and last_line(result).startswith("out of memory: peak "), result


@pytest.mark.vm
def test_limits_and_subordinate_ids_go_together(delegated, subids):
    with subids.running(["/bin/sleep", "100"], limits={"memory": "32MiB"}) as name:
        assert (delegated.group / name / "memory.max").read_text() == f"{32 << 20}\n"


@pytest.mark.vm
def test_a_killed_supervisor_leaves_no_group(delegated):
    profile = delegated.profile(["/bin/sleep", "1000"], limits={"memory": "32MiB"})
    running = delegated.start_profile(profile)
    group = delegated.group / profile["name"]
    state = delegated.directory / "run/kapsel" / profile["name"]
    lib_host.wait_for((state / "state.json").exists, lib_kapsel.TIMEOUT_S, "a running container")
    assert group.is_dir()
    running.finish(signal.SIGKILL)
    lib_host.wait_for(lambda: not group.exists() and not state.exists(), 10, "the end of group and state")


# --- user namespaces switched off ---------------------------------------------------------------

@pytest.fixture
def setting():
    """Changes settings of the machine, which is the virtual one, until the end of the test."""
    changed = {}

    def change(name, value):
        path = Path("/proc/sys") / name.replace(".", "/")
        if not path.exists():
            return False
        changed.setdefault(path, path.read_text())
        path.write_text(value)
        return True
    yield change
    for path, text in changed.items():
        path.write_text(text)


@pytest.mark.vm
@pytest.mark.parametrize("name", ["user.max_user_namespaces", "kernel.unprivileged_userns_clone"])
def test_a_host_that_forbids_user_namespaces_is_named(user, setting, name):
    if not lib_host.IN_VM:
        pytest.skip("changes a setting of the whole machine")
    if not setting(name, "0"):
        pytest.skip(f"this kernel has no {name}")
    result = user.run(["/bin/true"])
    assert_refused(result, "user namespace", f"{name} = 0", "kapsel doctor", errno="EPERM")
    doctor = user.call("doctor")
    assert f"{name}=" in doctor.stdout and "sysctl -w" in doctor.stdout, doctor
