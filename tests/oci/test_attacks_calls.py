# SPDX-License-Identifier: LGPL-2.1-or-later
"""What running containers, same-uid processes and callers try against the runtime: its descriptors, its program, its
state. As in test_attacks.py every attack has a control.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from lib_attacks import UP, inodes, link, oci, template, without  # noqa: F401
import lib_oci
from lib_oci import CAPABILITIES, make_config

pytestmark = [pytest.mark.kapsel, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.partition(":")[0]: line.partition(":")[2].split() for line in lines}


# --- descriptors, and who looks at the runtime ------------------------------------------------


MAGIC = ["/proc/self/fd/3", "/proc/self/fd/7", "/proc/thread-self/fd/8", "/proc/1/cwd", "/proc/self/cwd", "/dev/fd/9",
         "/proc/self/root", "/proc/self/root/..", "/lead"]


@pytest.mark.parametrize("cwd", MAGIC)
def test_cwd__is_no_magic_link(oci, cwd):
    bundle = oci.bundle()
    link(bundle, "lead", "/proc/self/fd/7")
    oci.assert_refused(make_config().set("process.cwd", cwd), bundle=bundle)
    container = oci.running(bundle=bundle)
    assert container.exec("/bin/sh", "-c", "pwd", flags=("--cwd", cwd)).status == 255
    assert container.shell("pwd", flags=("--cwd", "/tmp")) == "/tmp\n"


def leak(fds=range(3, 21)):
    """Between fork and execve: descriptors of the host's root that nobody closes."""
    root = fcntl.fcntl(os.open("/", os.O_RDONLY | os.O_DIRECTORY), fcntl.F_DUPFD_CLOEXEC, 100)
    for fd in fds:
        os.dup2(root, fd, inheritable=True)


LIST = "ls -l /proc/self/fd | grep -c ' -> /$'"


def test_descriptors__of_the_caller_reach_nobody(oci):
    control = subprocess.run(["/bin/sh", "-c", LIST], preexec_fn=leak, close_fds=False, capture_output=True,
                             encoding="utf-8", check=False, timeout=60)
    assert int(control.stdout) == 18
    config = make_config().shell(LIST)
    files = {kind: oci.place / kind for kind in ("createRuntime", "createContainer", "poststart")}
    for kind, file in files.items():
        config.hook(kind, f"{LIST} > {file}; true")
    assert oci.run(config, preexec_fn=leak, close_fds=False).out == "0\n"
    assert {kind: file.read_text() for kind, file in files.items()} == dict.fromkeys(files, "0\n")
    container = oci.running()
    assert container.exec("/bin/sh", "-c", LIST, preexec_fn=leak, close_fds=False).out == "0\n"


def test_descriptors__a_waiting_container_holds_its_gate_only(oci):
    container = oci.create(make_config("/bin/true"), preexec_fn=leak, close_fds=False)
    held = {name: os.readlink(container.proc / "fd" / name) for name in os.listdir(container.proc / "fd")}
    beyond = [target for name, target in held.items() if int(name) > 2]
    assert len(beyond) == 1 and beyond[0].startswith("socket:"), held


def fingerprint():
    return hashlib.sha256(lib_oci.runtime_path().read_bytes()).hexdigest()


@pytest.fixture
def watcher(oci):
    """A container whose first process looks at every process of some name; more capabilities make a control."""
    def start(name, *more):
        caps = CAPABILITIES + list(more)
        return oci.start(make_config("/usr/bin/raider", "watch", name).capabilities(*caps)).ready()
    return start


def result_of(watcher):
    watcher.kill("TERM")
    lib_oci.wait_for(lambda: "looks=" in watcher.out, what="the watcher's result")
    lines = watcher.out.split()
    return {word.partition("=")[0]: int(word.partition("=")[2]) for word in lines if "=" in word}


def test_watcher__control_takes_over_a_process_of_the_container(oci, watcher):
    spy = watcher("raider")
    spy.exec("/bin/sh", "-c", "raider decoy & wait $!")
    seen = result_of(spy)
    assert seen["looks"] > 0 and seen["seized"] > 0 and seen["mem"] > 0 and seen["root"] > 0, seen


def test_exec__cannot_be_taken_over_by_the_container_that_it_enters(oci, watcher):
    before, spy = fingerprint(), watcher("kapsel")
    for _ in range(20):
        spy.exec("/bin/true")  # which the container may well kill
    seen = result_of(spy)
    assert seen.pop("looks") > 0, "it came in unseen: nothing was tried"
    assert set(seen.values()) == {0}, seen
    assert fingerprint() == before


def test_create__cannot_be_taken_over_where_the_pid_namespace_is_shared(oci, watcher):
    spy = watcher("kapsel")
    config = make_config("/bin/true").namespace("pid", f"/proc/{spy.pid}/ns/pid")
    for _ in range(4):
        container = oci.create(config.copy())
        time.sleep(0.05)
        container.start()
        container.wait()
    seen = result_of(spy)
    assert seen.pop("looks") > 0 and set(seen.values()) == {0}, seen


def test_own_program__is_not_written_through_an_interpreter_line(oci):
    before = fingerprint()
    container = oci.running(make_config().set("process.noNewPrivileges", False))
    container.shell("rm /bin/env; printf '#!/proc/self/exe\\n' > /bin/env; chmod 755 /bin/env")
    process = oci.popen("exec", container.id, "/bin/env", err=subprocess.PIPE)
    error = process.communicate(timeout=lib_oci.TIMEOUT_S)[1]
    # It did run ourselves in there, as the attack wants.
    assert b"kapsel" in error and process.returncode != 0
    assert fingerprint() == before


# --- ids and groups ----------------------------------------------------------------------------


def test_groups__of_the_caller_do_not_come_along(oci):
    groups = os.getgroups()
    os.setgroups([42, 1234])
    try:
        assert status_of("self")["Groups"] == ["42", "1234"]  # control
        container = oci.running()
        assert status_of(container.pid)["Groups"] == []
        assert container.shell("grep Groups /proc/self/status").split() == ["Groups:"]
    finally:
        os.setgroups(groups)


@pytest.mark.parametrize("user", ["4294967296", "-1", "+1", " 1", "0x1", "1:", ":1", "1:-1", "1:2:3", "root", ""])
def test_exec__user_is_a_number_or_an_error(oci_module, user):
    container = oci_module.known
    assert container.exec("/bin/true", flags=("--user", user)).status == 255
    assert container.exec("/bin/true", flags=("--user", "01:2")).status == 0


@pytest.fixture(scope="module")
def oci_module(template):
    runtime = lib_oci.Oci(template)
    runtime.known = runtime.running()
    yield runtime
    runtime.end_all()


@pytest.mark.parametrize("identity", ["", ".", "..", "../x", "a/b", "a" * 256, "a\nb", "\u00e9", "@x", "a b",
                                      "x\x1b[2J"])
def test_ids__that_are_no_plain_names_are_refused(oci, identity):
    oci.root.mkdir()
    before = inodes(oci.place)
    result = oci.call("create", "--bundle", oci.place, identity)
    assert result.status == 1 and "invalid container id" in result.err and "\x1b" not in result.err, result
    assert {name for name in inodes(oci.place) if "call-" not in name} == set(before)


# --- state and cgroups ---------------------------------------------------------------------------


def test_state__a_recycled_pid_is_not_signalled(oci):
    container = oci.running()
    stranger = oci.spawn("sleep", "1000")
    file = oci.root / container.id / "state.json"
    state = json.loads(file.read_text())
    start_time = int(Path(f"/proc/{stranger.pid}/stat").read_text().rpartition(")")[2].split()[19])
    own = (state["pid"], state["startTime"])
    assert own[0] == container.pid and own[1] != start_time
    file.write_text(json.dumps({**state, "pid": stranger.pid}))
    assert container.call("kill", "--", "KILL", check=False).status == 1
    assert container.state()["status"] == "stopped" and stranger.poll() is None
    # Control: with the start time it would be the one.
    file.write_text(json.dumps({**state, "pid": stranger.pid, "startTime": start_time}))
    assert container.call("kill", "--", "KILL").status == 0
    assert stranger.wait(10) == -signal.SIGKILL
    file.write_text(json.dumps(state))


def test_state__a_link_is_no_container(oci):
    container = oci.running()
    (oci.root / "link").symlink_to(oci.root / container.id)
    assert oci.call("state", "link").status == 1
    assert oci.call("state", container.id).status == 0


@pytest.mark.parametrize("path", ["/..", "/../x", "../x", "/a/../../b", "a/.."])
def test_cgroups__path_does_not_go_up(oci, path):
    assert "cgroupsPath" in oci.assert_refused(make_config().set("linux.cgroupsPath", path)).err


@pytest.mark.parametrize("path", ["..", "/../..", "a/../.."])
def test_cgroups__exec_does_not_go_up(oci, path):
    container = oci.running()
    assert container.exec("/bin/true", flags=("--cgroup", path)).status == 255
    assert container.exec("/bin/true", flags=("--cgroup", "/")).status == 0


def test_gate__is_reached_by_nobody_who_may_not_enter_the_state(oci):
    container = oci.create(make_config("/bin/true"))
    directory = oci.root / container.id
    assert (directory.stat().st_mode & 0o777) == 0o700

    def connects():
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connection.connect(str(directory / "start"))
        except PermissionError:
            return False
        return True
    child = os.fork()
    if child == 0:
        os.setresuid(65534, 65534, 65534)
        os._exit(connects())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert container.state()["status"] == "created"
    assert connects()  # control; the workload is started by it


# --- confirmed ----------------------------------------------------------------------------------


def test_found__exec_leaves_the_callers_null_device_alone(oci):
    """The container forges its /dev/null; exec as another user then took ours for a stream to be given away."""
    null = oci.place / "null"
    os.mknod(null, 0o020666, os.makedev(1, 3))
    null.chmod(0o666)
    ours = oci.place / "pipe"
    os.mkfifo(ours)
    container = oci.running()
    container.shell("rm /dev/null; echo forged > /dev/null")
    with open(null, "rb") as stdin, open(os.open(ours, os.O_RDWR), "rb") as pipe:
        result = container.exec("/usr/bin/raider", "chmod", "0", "600", flags=("--user", "1000"), stdin=stdin)
        # Control: a pipe is given away.
        container.exec("/usr/bin/raider", "chmod", "0", "600", flags=("--user", "1000"), stdin=pipe)
    assert ours.stat().st_uid == 1000 and ours.stat().st_mode & 0o777 == 0o600
    assert null.stat().st_uid == 0 and null.stat().st_mode & 0o777 == 0o666, result


@pytest.mark.parametrize("user", ["4294967295", "4294967295:1", "1:4294967295"])
def test_found__exec_refuses_the_id_that_means_no_change(oci, user):
    """setresuid(-1) changes nothing: in a user namespace the process stayed the host's root."""
    bundle, secret = oci.bundle(), oci.place / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    bundle.put("/secret", "")
    container = oci.running(make_config().user_namespace().bind(secret, "/secret", "ro"), bundle=bundle)
    assert "secret" not in container.exec("/bin/cat", "/secret", flags=("--user", "0")).out
    result = container.exec("/bin/cat", "/secret", flags=("--user", user))
    assert result.status == 255 and "--user" in result.err and result.out == "", result
    # Control: whoever is the host's root reads it.
    assert oci.running(make_config().bind(secret, "/secret"), bundle=bundle).exec("/bin/cat", "/secret").out == "secret"


@pytest.mark.parametrize("kind", ["none", "joined"])
def test_found__exec_stands_in_the_root_of_a_container_without_a_mount_namespace_of_its_own(oci, kind):
    """Such a root is a chroot, which joining namespaces does not bring along."""
    config = make_config().without_namespace("mount").set("mounts", [])
    if kind == "joined":
        other = oci.spawn("unshare", "--mount", "sleep", "1000")
        lib_oci.wait_for(lambda: os.readlink(f"/proc/{other.pid}/ns/mnt") != os.readlink("/proc/self/ns/mnt"))
        config.namespace("mount", f"/proc/{other.pid}/ns/mnt")
    container = oci.create(config.args("/bin/helper", "hold"), check=False)
    assert container.result.status == 0, container
    container.start()
    result = container.exec("/bin/sh", "-c", f"test -e {oci.place} && echo host; test -e /usr/bin/raider && echo image")
    assert result.out == "image\n" or result.status == 255, result
    assert os.path.exists(oci.place) and not os.path.exists("/usr/bin/raider")  # control: the words tell them apart


@pytest.mark.parametrize("target", ["/dev", UP + "/dev", "/dev/."])
def test_found__a_volume_that_a_link_leads_to_dev_is_not_filled(oci, target):
    """Its mount point is a link of the image: nodes were made in the host's directory, and its ptmx removed."""
    bundle, volume = oci.bundle(), oci.place / "volume"
    volume.mkdir()
    (volume / "ptmx").write_text("data")
    link(bundle, "lead", target)
    before = inodes(volume)
    result = oci.run(make_config("/bin/true").bind(volume, "/lead"), bundle=bundle)
    assert inodes(volume) == before, result
    # Control: by its own name it is what the config wants, and used as it is.
    (volume / "null").touch()
    before = inodes(volume)
    config = without(make_config("/bin/true"), "/dev", "/dev/pts", "/dev/shm").bind(volume, "/dev")
    assert oci.run(config, bundle=oci.bundle()).status == 0 and inodes(volume) == before


@pytest.mark.parametrize("path", [".", "./", "././"])
def test_found__cgroups_path_is_not_the_directory_of_all_containers(oci, path):
    """Killing, freezing or removing that one would be the end of the others."""
    assert "can't name" in oci.assert_refused(make_config().set("linux.cgroupsPath", path)).err


def test_found__hooks_have_the_callers_umask(oci):
    """createContainer hooks are programs of the host, too; they had 0: whatever they made all could write."""
    config = make_config("/bin/true")
    kinds = ("createRuntime", "createContainer", "poststart")
    for kind in kinds:
        config.hook(kind, f"touch {oci.place}/by-{kind}")
    assert oci.run(config, umask=0o027).status == 0
    modes = {kind: (oci.place / f"by-{kind}").stat().st_mode & 0o777 for kind in kinds}
    assert modes == dict.fromkeys(kinds, 0o640)


@pytest.mark.parametrize("pid", ["1", "", None])
def test_found__sockets_for_another_process_are_not_passed_on(oci, pid):
    """sd_listen_fds(3): LISTEN_FDS counts only with one's own LISTEN_PID; else 3 is anything that is open."""
    environment = {**os.environ, "LISTEN_FDS": "1"}
    if pid is not None:
        environment["LISTEN_PID"] = pid
    more = {"env": environment, "preexec_fn": lambda: leak([3]), "close_fds": False}
    config = make_config().shell(LIST)
    assert oci.run(config, **more).out == "0\n"
    # Control: what is asked for in so many words is passed.
    assert oci.run(config, "--preserve-fds", "1", preexec_fn=lambda: leak([3]), close_fds=False).out == "1\n"


@pytest.mark.parametrize("owner, mode", [(65534, 0o700), (65534, 0o777), (0, 0o777)])
def test_found__a_container_that_somebody_else_put_there_is_refused(oci, owner, mode):
    """A sticky directory that all may write: its entries' owners count, too. Hooks in there run as the caller."""
    did = oci.place / "did"
    container = oci.start(make_config("/bin/true").hook("poststop", f"id -u >> {did}"))
    container.wait()
    shared = oci.place / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    planted = shared / container.id
    shutil.copytree(oci.root / container.id, planted, ignore=lambda _, names: [n for n in names if n == "start"])
    for path in (planted, *planted.iterdir()):
        os.chown(path, owner, owner)
    planted.chmod(mode)
    flags = ["--root", str(shared)]
    for verb in ("state", "delete"):
        assert oci.call(verb, container.id, flags=flags).status == 1
    assert not did.exists()
    # Control: the own one is deleted, and its hook is run.
    container.delete()
    assert did.read_text() == "0\n"


def test_found__a_state_directory_that_a_group_can_change_is_refused(oci):
    shared = oci.place / "shared"
    shared.mkdir()
    os.chown(shared, 0, 1000)
    for mode, status in ((0o755, 0), (0o775, 1), (0o777, 1)):
        shared.chmod(mode)
        assert oci.call("list", flags=["--root", str(shared)]).status == status, oct(mode)


def test_found__settings_are_not_written_through_a_joined_mount_namespaces_procfs(oci):
    """There /proc is the other's: a file of procfs over another one turns the write aside (CVE-2025-52881)."""
    other = oci.spawn("unshare", "--mount", "sh", "-c",
                      "mount --bind /proc/sys/kernel/hostname /proc/sys/kernel/domainname && echo ready && "
                      "exec sleep 1000", stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"ready\n"
    config = make_config("/bin/true").remove("hostname").set("mounts", [])
    config.namespace("mount", f"/proc/{other.pid}/ns/mnt").set("linux.sysctl", {"kernel.domainname": "turned.aside"})
    container = oci.create(config, check=False)
    # Control: read where the attacker made it point, the setting is another one.
    other_root = Path(f"/proc/{other.pid}/root/proc/sys/kernel")
    assert other_root.joinpath("domainname").read_text() == other_root.joinpath("hostname").read_text()
    if container.result.status == 0:
        names = subprocess.run(["nsenter", f"--uts=/proc/{container.pid}/ns/uts", "hostname"], check=True,
                               capture_output=True, encoding="utf-8", timeout=60).stdout
        assert names != "turned.aside\n", container


def test_found__settings_of_the_host_are_not_reached_by_its_own_namespace_path(oci):
    old = Path("/proc/sys/net/ipv4/ip_default_ttl").read_text().strip()
    config = make_config("/bin/true").set("linux.sysctl", {"net.ipv4.ip_default_ttl": old})
    assert oci.run(config.copy()).status == 0  # control: in a network namespace of its own it may
    oci.assert_refused(config.namespace("network", f"/proc/{os.getpid()}/ns/net"))


def test_found__groups_of_the_caller_do_not_come_into_a_namespace_that_keeps_them(oci):
    """Where setgroups(2) is denied, the caller's groups would stay: one of them was overlooked."""
    groups = os.getgroups()
    other = oci.spawn("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "unshare", "--user",
                      "--map-root-user", "sleep", "1000")
    lib_oci.wait_for(lambda: Path(f"/proc/{other.pid}/setgroups").read_text() == "deny\n")
    config = make_config("/bin/helper", "hold").namespace("user", f"/proc/{other.pid}/ns/user")
    try:
        for mine in ([42], [42, 1234], []):
            os.setgroups(mine)
            container = oci.create(config.copy().set("root.path", str(oci.bundle().rootfs)), check=False)
            if container.result.status == 0:
                assert status_of(container.pid)["Groups"] == [], mine
            else:
                assert mine, container
    finally:
        os.setgroups(groups)
