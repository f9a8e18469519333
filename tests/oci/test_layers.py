# SPDX-License-Identifier: LGPL-2.1-or-later
"""The annotation org.kapsel.profile: what a profile adds to an OCI container.

Every layer is attacked: without the annotation the attack succeeds, so that it means something; with it it
fails, in the container's first process and in one that `exec` brings in.
"""

import ctypes
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "conformance"))

import lib_oci  # noqa: E402
from lib_oci import make_config  # noqa: E402

ANNOTATION = "org.kapsel.profile"
PROFILES = Path("/etc/kapsel/profiles")
LIBRARY = SOURCE / "profiles" / "library"
numbers = itertools.count()

pytestmark = [
    pytest.mark.kapsel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]


def landlock_abi():
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(444, None, 0, 1)


# --- fixtures -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    directory = tmp_path_factory.mktemp("template")
    os.chmod(directory, 0o755)
    template = lib_oci.make_template(directory)
    attack = template / "usr/bin/attack"
    subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Werror", "-static", "-o", attack,
                    Path(__file__).with_name("attack.c")], check=True, timeout=120)
    attack.chmod(0o755)
    return template


@pytest.fixture
def oci(template):
    runtime = lib_oci.Oci(template)
    yield runtime
    runtime.end_all()


@pytest.fixture
def layer():
    """Writes a profile where an administrator would, and returns its name."""
    made = [path for path in (PROFILES, PROFILES.parent) if not path.exists()]
    PROFILES.mkdir(parents=True, exist_ok=True)
    files = []

    def write(text=None, /, name=None, mode=0o644, **keys):
        name = name or f"kapsel-test-{os.getpid()}-{next(numbers)}"
        path = PROFILES / f"{name}.kapsel.jsonc"
        files.append(path)
        if text is None:
            text = json.dumps({"kapsel": 1, **OPEN, **keys})
        path.write_text(text)
        path.chmod(mode)
        return name

    yield write
    for path in files:
        path.unlink(missing_ok=True)
    for path in made:
        path.rmdir()


ENOUGH = ["@base", "@process", "@threads", "@file-write", "@identity", "@socket-client", "@sandbox"]
CAPABILITIES = [name[4:] for name in lib_oci.CAPABILITIES]
# A layer that takes nothing of what the tests need to attack the other parts.
OPEN = {
    "syscalls": {"allow": ENOUGH, "on_violation": "errno"},
    "capabilities": CAPABILITIES,
    "exec": {"allow": ["*"]},
}


def annotated(config, name):
    return config.set("annotations", {ANNOTATION: name})


class Door:
    """Runs an attack as the container's own command, or by exec in one that only waits."""

    def __init__(self, oci, kind):
        self.oci, self.kind = oci, kind

    def run(self, config, *words):
        if self.kind == "run":
            return self.oci.run(config.copy().args(*words))
        container = self.oci.running(config.copy())
        return container.exec(*words)

    def __call__(self, config, *words):
        result = self.run(config, "/usr/bin/attack", *words)
        assert result.status == 0, result
        return result.out.strip()


@pytest.fixture(params=["run", "exec"])
def door(oci, request):
    return Door(oci, request.param)


# --- each layer, attacked ---------------------------------------------------------------


@pytest.mark.parametrize("attack, answer", [
    ("mmap-wx", "EACCES"), ("mprotect-x", "EACCES"), ("map-twice", "EPERM"), ("proc-mem", "EACCES")])
def test_memory_is_never_written_and_executed(door, layer, attack, answer):
    assert door(make_config(), attack) == "done"
    assert door(annotated(make_config(), layer()), attack) == answer


def test_a_compiler_can_be_let_in(door, layer):
    allowed = annotated(make_config(), layer(allow_jit=True))
    assert door(allowed, "mmap-wx") == "done"
    assert door(allowed, "mdwe") == "0 done"


def test_the_kernel_itself_holds_w_xor_x(door, layer):
    if door(make_config(), "mdwe") == "-1 done":
        pytest.skip("this kernel has no PR_SET_MDWE (6.3)")
    assert door(annotated(make_config(), layer()), "mdwe") == "1 done"


@pytest.mark.parametrize("attack, answer", [
    ("userns", "EPERM"), ("io-uring", "ENOSYS"), ("ptrace", "EPERM"), ("keyctl", "EPERM")])
def test_calls_that_the_profile_does_not_list_are_refused(door, layer, attack, answer):
    bare = door(make_config(), attack)
    if attack == "io-uring" and bare != "done":
        pytest.skip(f"this kernel has no io_uring: {bare}")
    assert bare == "done"
    assert door(annotated(make_config(), layer()), attack) == answer


def test_on_violation_decides_what_module_loading_gets(oci, layer):
    for word, status in (("errno", 0), ("kill", 128 + 31)):
        name = layer(syscalls={"allow": ENOUGH, "on_violation": word})
        result = oci.run(annotated(make_config("/bin/helper", "syscall", "175", "0", "0", "0"), name))
        assert result.status == status, result
    assert result.out == ""


# --- writing


def test_a_writable_root_is_written_below_its_directories_only(door, layer):
    tight = annotated(make_config(), layer())
    for config, answer in ((make_config(), "done"), (tight, "EACCES")):
        assert door(config, "write", "/new") == answer
        assert door(config, "write", "/proc/self/comm") == answer
    for place in ("/tmp/x", "/etc/x", "/dev/shm/x", "/dev/null", "/dev/x"):
        assert door(tight, "write", place) == "done"


@pytest.mark.parametrize("attack, path", [("write", "/etc/x"), ("truncate", "/etc/passwd"), ("unlink", "/etc/passwd"),
                                          ("write", "/dev/shm/x"), ("write", "/tmp/x")])
def test_only_listed_places_are_written(door, layer, attack, path):
    def config():
        return make_config().mount("/data", "tmpfs", "tmpfs")
    tight = annotated(config(), layer(mounts={"/data": {"write": True}, "/tmp": {"write": False}}))
    assert door(config(), attack, path) == "done"
    assert door(tight, attack, path) == "EACCES"
    assert door(tight, "write", "/data/x") == "done"
    assert door(tight, "write", "/dev/null") == "done"


def test_a_read_only_root_leaves_the_writable_mounts(door, layer, oci):
    volume = oci.place / "volume"
    volume.mkdir()
    config = make_config().set("root.readonly", True).bind(volume, "/data").bind(volume, "/run", "ro")
    tight = annotated(config.copy(), layer())
    assert door(tight, "write", "/data/x") == "done"
    assert (volume / "x").read_text() == "x"
    assert door(tight, "write", "/run/x") == "EROFS"
    assert door(tight, "write", "/tmp/x") in ("EROFS", "EACCES")


def test_a_read_only_root_stays_so_for_who_may_mount(door, layer):
    """The second lock: CAP_SYS_ADMIN takes the mount's flag off, but Landlock stays."""
    names = ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]
    config = make_config().set("root.readonly", True).capabilities(*names)
    name = layer(capabilities=[name[4:] for name in names],
                 syscalls={"allow": [*ENOUGH, "mount"], "on_violation": "errno"})
    assert door(config, "remount", "/") == "done"
    tight = annotated(config.copy(), name)
    assert door(tight, "remount", "/nowhere") == "ENOENT", "the filter lets the call through"
    assert door(tight, "remount", "/") == "EPERM"


def test_a_place_that_the_config_mounts_read_only_stays_so(door, layer, oci):
    volume = oci.place / "volume"
    volume.mkdir()
    config = annotated(make_config().bind(volume, "/data", "ro"), layer(mounts={"/data": {"write": True}}))
    assert door(config, "write", "/data/x") == "EROFS"


def test_no_device_node_can_be_made(door, layer):
    # The device filter of the config would refuse to open it, not to make it.
    config = make_config().set("linux.resources", {"devices": [{"allow": True, "access": "rwm"}]})
    assert door(config, "mknod", "/tmp/node") == "done"
    assert door(annotated(config.copy(), layer()), "mknod", "/tmp/node") in ("EACCES", "EPERM")


# --- executing


def test_only_the_command_is_executed_unless_more_is_listed(door, layer):
    assert door(make_config(), "exec", "/bin/helper") == "done"
    assert door(annotated(make_config(), layer(exec={"allow": []})), "exec", "/bin/helper") == "EACCES"
    assert door(annotated(make_config(), layer(exec=None)), "exec", "/bin/helper") == "EACCES"
    listed = annotated(make_config(), layer(exec={"allow": ["/bin/helper"]}))
    assert door(listed, "exec", "/bin/helper") == "done"
    assert door(listed, "exec", "/bin/busybox") == "EACCES"
    below = annotated(make_config(), layer(exec={"allow": ["/usr/bin"]}))
    assert door(below, "exec", "/usr/bin/helper") == "done"


def test_what_was_written_is_not_executed(oci, layer):
    script = "cp /usr/bin/attack /tmp/mine && exec /tmp/mine true"
    assert oci.run(make_config().shell(script)).status == 0
    result = oci.run(annotated(make_config().shell(script), layer(exec={"allow": ["/usr/bin"]})))
    assert result.status == 126, result


def test_a_command_brings_its_linker(door, layer, oci):
    """The kernel opens a dynamic program's loader for execution."""
    loader = Path("/lib64/ld-linux-x86-64.so.2")
    if not loader.exists():
        pytest.skip("the loader stands elsewhere on this architecture")
    source = oci.place / "dynamic.c"
    source.write_text('#include <stdio.h>\nint main(void) { return puts("fine") < 0; }\n')
    subprocess.run(["cc", "-o", oci.place / "dynamic", source], check=True, timeout=60)
    config = annotated(make_config(), layer(exec={"allow": []}))
    for file in (oci.place / "dynamic", loader):
        config.bind(file.resolve(), f"/{'lib64' if file == loader else 'opt'}/{file.name}", "ro")
    config.bind(Path("/lib/x86_64-linux-gnu/libc.so.6").resolve(), "/lib/libc.so.6", "ro")
    config.add("process.env", "LD_LIBRARY_PATH=/lib")
    result = door.run(config, "/opt/dynamic")
    assert (result.status, result.out) == (0, "fine\n"), result


def test_a_script_brings_its_interpreter(door, layer, oci):
    config = annotated(make_config(), layer(exec={"allow": []}))
    place = oci.place / "scripts"
    place.mkdir()
    (place / "second").write_text("#!/data/first\n")
    (place / "first").write_text("#! /bin/busybox sh\necho fine\n")
    for file in place.iterdir():
        file.chmod(0o755)
    config.bind(place, "/data", "ro")
    result = door.run(config, "/data/second")
    assert result.status == 0 and "fine" in result.out, result
    config.set("process.cwd", "/data")
    result = door.run(config, "./first")
    assert result.status == 0 and "fine" in result.out, result


# --- rights


def test_capabilities_that_are_not_listed_go(door, layer):
    def sets(config):
        result = door.run(config, "/bin/helper", "report")
        assert result.status == 0, result
        return json.loads(result.out)
    every = ("bounding", "effective", "permitted", "inheritable", "ambient")
    config = make_config().capabilities("CAP_KILL", "CAP_CHOWN", sets=every)
    for keep, left in ((["KILL"], ["CAP_KILL"]), ([], []), (["SYS_ADMIN", "NET_ADMIN", "KILL"], ["CAP_KILL"])):
        told = sets(annotated(config.copy(), layer(capabilities=keep)))
        assert {told[name] for name in every} == {lib_oci.capability_mask(left)}, told
    told = sets(annotated(config.copy(), layer(capabilities=None)))
    assert {told[name] for name in every} == {0}, told


def test_no_new_privs_is_on_whatever_the_config_says(door, layer):
    config = make_config().set("process.noNewPrivileges", False)
    assert "NoNewPrivs:\t0" in door.run(config, "/bin/cat", "/proc/self/status").out
    assert "NoNewPrivs:\t1" in door.run(annotated(config.copy(), layer()), "/bin/cat", "/proc/self/status").out


def test_exec_can_not_ask_for_more(oci, layer):
    container = oci.running(annotated(make_config().set("process.noNewPrivileges", False), layer(capabilities=["KILL"])))
    status = container.exec("/bin/cat", "/proc/self/status", flags=("--cap", "CAP_SYS_ADMIN")).out
    assert "CapEff:\t0000000000000020" in status and "CapBnd:\t0000000000000020" in status
    process = oci.place / "process.json"
    process.write_text(json.dumps({
        "user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["/bin/cat", "/proc/self/status"], "env": [lib_oci.PATH],
        "noNewPrivileges": False,
        "capabilities": {name: lib_oci.CAPABILITIES for name in ("bounding", "effective", "permitted")}}))
    result = container.call("exec", "--process", process)
    assert "NoNewPrivs:\t1" in result.out and "Seccomp:\t2" in result.out
    assert "CapPrm:\t0000000000000020" in result.out
    process.write_text(process.read_text().replace('"/bin/cat", "/proc/self/status"', '"/usr/bin/attack", "userns"'))
    assert container.call("exec", "--process", process).out == "EPERM\n"


def test_a_user_without_rights_gets_the_layers(door, layer):
    config = annotated(make_config().set("process.user", {"uid": 1000, "gid": 1000}), layer(exec={"allow": []}))
    assert door(config, "mmap-wx") == "EACCES"
    assert door(config, "userns") == "EPERM"
    assert door(config, "exec", "/bin/helper") == "EACCES"
    assert door(config, "write", "/dev/shm/x") == "done"


def test_a_container_with_its_own_user_namespace_gets_the_layers(door, layer):
    config = make_config().user_namespace().without_mount("/sys")
    assert door(config, "mmap-wx") == "done"
    tight = annotated(config.copy(), layer(exec={"allow": []}, mounts={"/data": {"write": True}}))
    assert door(tight, "mmap-wx") == "EACCES"
    assert door(tight, "userns") == "EPERM"
    assert door(tight, "exec", "/bin/helper") == "EACCES"
    assert door(tight, "write", "/dev/shm/x") == "EACCES"


def test_a_terminal_works(oci, layer):
    console = oci.console()
    config = annotated(make_config().set("process.terminal", True), layer()).shell(
        "stty -echo < /dev/tty && tty && read word < /dev/tty && echo got-$word")
    oci.start(config, "--console-socket", console.path)
    console.read_until("/dev/pts/0")
    console.write("it\n")
    console.read_until("got-it")


# --- with the config's own filter

ALLOW, ERRNO, NOTIFY = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY"


def filters(result):
    return [line.split()[1] for line in result.out.splitlines() if line.startswith("Seccomp_filters:")]


def test_the_filter_of_the_config_still_holds(door, layer):
    own = {"defaultAction": ALLOW, "syscalls": [{"names": ["getppid"], "action": ERRNO, "errnoRet": 71}]}
    config = make_config().set("linux.seccomp", own)
    assert door(config, "getppid") == "EPROTO"
    assert door(config, "userns") == "done"
    tight = annotated(config.copy(), layer())
    assert door(tight, "getppid") == "EPROTO"
    assert door(tight, "userns") == "EPERM"
    assert door(tight, "mmap-wx") == "EACCES"
    assert filters(door.run(tight, "/bin/cat", "/proc/self/status")) == ["1"]


def test_a_config_that_refuses_seccomp_itself_gets_the_layer(door, layer):
    own = {"defaultAction": ALLOW,
           "syscalls": [{"names": ["seccomp", "prctl", "landlock_restrict_self"], "action": ERRNO, "errnoRet": 1}]}
    for privileges in (True, False):
        config = make_config().set("linux.seccomp", own).set("process.noNewPrivileges", privileges)
        assert door(annotated(config, layer()), "userns") == "EPERM"


def test_without_no_new_privs_in_the_config_its_filter_is_loaded_all_the_same(door, layer):
    own = {"defaultAction": ALLOW, "syscalls": [{"names": ["capset", "getppid"], "action": ERRNO, "errnoRet": 71}]}
    config = make_config().set("process.noNewPrivileges", False).set("linux.seccomp", own)
    assert door(annotated(config, layer(capabilities=[])), "getppid") == "EPROTO"


class Listener:
    """What listenerPath names: takes descriptors and lets nothing go."""

    def __init__(self, path):
        self.path, self.descriptors = path, []
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
                self.descriptors += lib_oci.receive(connection)[1]

    def close(self):
        self.socket.close()
        for descriptor in self.descriptors:
            os.close(descriptor)


def test_a_listener_of_the_config_is_handed_over(door, layer, oci):
    """The layer refuses sendmsg, by which it is sent."""
    listener = Listener(oci.place / "listener")
    own = {"defaultAction": ALLOW, "listenerPath": str(listener.path),
           "syscalls": [{"names": ["swapoff"], "action": NOTIFY}]}
    name = layer(syscalls={"allow": ["@base", "@process"], "on_violation": "errno"})
    tight = annotated(make_config().set("linux.seccomp", own), name)
    assert door(tight, "userns") == "EPERM"
    lib_oci.wait_for(lambda: listener.descriptors, what="the listener's descriptor")
    assert filters(door.run(tight, "/bin/cat", "/proc/self/status")) == ["2"]
    listener.close()


# --- what is shared with the host


@pytest.mark.skipif(landlock_abi() < 6, reason="Landlock before ABI 6 can't scope abstract sockets and signals")
def test_sockets_and_processes_of_the_host_are_out_of_reach(door, layer, oci):
    name = f"kapsel-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as host:
        host.bind(f"\0{name}")
        host.listen(64)
        config = make_config().without_namespace("network")
        assert door(config, "abstract", name) == "done"
        assert door(annotated(config.copy(), layer()), "abstract", name) == "EPERM"
    config = make_config().without_namespace("pid")
    victim = oci.spawn("sleep", "1000")
    assert door(config, "signal", str(victim.pid)) == "done"
    assert door(annotated(config.copy(), layer()), "signal", str(victim.pid)) == "EPERM"


def test_exec_may_signal_the_container(oci, layer):
    """As a reload by `exec kill -HUP 1` does."""
    container = oci.running(annotated(make_config(), layer()))
    assert container.exec("/usr/bin/attack", "signal", "1").out == "done\n"


# --- the annotation and the file


def test_exec_gets_the_profile_that_create_had(oci, layer):
    name = layer()
    container = oci.running(annotated(make_config(), name))
    layer(name=name, allow_nested_namespaces=True, allow_jit=True)
    assert container.exec("/usr/bin/attack", "userns").out == "EPERM\n"
    (PROFILES / f"{name}.kapsel.jsonc").unlink()
    assert container.exec("/usr/bin/attack", "mmap-wx").out == "EACCES\n"
    copy = oci.root / container.id / "layer.jsonc"
    assert copy.stat().st_mode & 0o777 == 0o600
    copy.unlink()
    result = container.exec("/bin/true")
    assert result.status == 255 and "the profile" in result.err, result


def test_parents_and_drop_ins_are_part_of_it(oci, layer):
    parent = layer()
    child = layer(json.dumps({"kapsel": 1, "extends": f"{parent}.kapsel.jsonc"}))
    directory = PROFILES / f"{child}.kapsel.jsonc.d"
    directory.mkdir()
    try:
        (directory / "10.jsonc").write_text('{ "kapsel": 1, "allow_jit": true }')
        (directory / "10.jsonc").chmod(0o644)
        container = oci.running(annotated(make_config(), child))
    finally:
        shutil.rmtree(directory)
    assert container.exec("/usr/bin/attack", "mmap-wx").out == "done\n"
    assert container.exec("/usr/bin/attack", "userns").out == "EPERM\n"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/shadow", "a/b", "..", ".", ".hidden", "", "a..b", "x" * 65,
                                  "a b", "a\nb", "ä", "a%2fb"])
def test_a_name_is_no_path(oci, name):
    refused = oci.assert_refused(annotated(make_config(), name), start=False)
    assert refused.err.count("\n") == 1 and ANNOTATION in refused.err, refused


def test_an_unknown_profile_is_refused_in_one_line(oci):
    refused = oci.assert_refused(annotated(make_config(), "no-such-one"), start=False)
    assert refused.err.count("\n") == 1 and "no-such-one" in refused.err, refused
    # Engines would take these words for a missing command.
    assert "no such file" not in refused.err.lower() and "ENOENT" not in refused.err


@pytest.mark.parametrize("keys, words", [
    ({"limits": {"memory": "1MiB"}}, "limits"), ({"rootfs": "/"}, "rootfs"), ({"command": ["/bin/sh"]}, "command"),
    ({"user": {"uid": 1}}, "user"), ({"network": "none"}, "network"), ({"allow_setuid": True}, "allow_setuid"),
    ({"syscalls": {"allow": ["@base"], "on_violation": "log"}}, "log"), ({"sycalls": {}}, "sycalls"),
    ({"syscalls": {"allow": ["@bas"]}}, "@bas"), ({"capabilities": ["SYS_ADMN"]}, "SYS_ADMN"),
    ({"mounts": {"/data": {"type": "bind", "source": "/", "write": True}}}, "type"),
    ({"mounts": {"data": {"write": True}}}, "absolute"), ({"exec": {"allow": ["sh"]}}, "exec.allow"), ({"kapsel": 2}, "format")])
def test_a_profile_with_mistakes_is_refused(oci, layer, keys, words):
    name = layer(**keys)
    refused = oci.assert_refused(annotated(make_config(), name), start=False)
    assert refused.err.count("\n") == 1 and words in refused.err and name in refused.err, refused


def test_a_profile_that_others_may_write_is_refused(oci, layer):
    refused = oci.assert_refused(annotated(make_config(), layer(mode=0o666)), start=False)
    assert "kapsel-test" in refused.err, refused


def test_a_link_is_not_followed(oci, layer, tmp_path):
    target = tmp_path / "target"
    target.write_text("secret words")
    name = layer()
    path = PROFILES / f"{name}.kapsel.jsonc"
    path.unlink()
    path.symlink_to(target)
    refused = oci.assert_refused(annotated(make_config(), name), start=False)
    assert "secret" not in refused.err


def test_other_annotations_of_ours_are_refused_and_those_of_others_ignored(oci):
    for name in ("org.kapsel.profil", "org.kapsel.", "org.kapsel.profile.x"):
        refused = oci.assert_refused(make_config().set("annotations", {name: "x"}), start=False)
        assert name in refused.err, refused
    config = make_config("/bin/true").set("annotations", {"run.oci.handler": "wasm", "org.kapselx": "y", "a": "b"})
    assert oci.run(config).status == 0


# --- the shipped one


def test_the_shipped_profile_lets_a_service_live(oci, layer):
    name = layer((LIBRARY / "oci-strict.kapsel.jsonc").read_text())
    script = ("set -e; echo x > /tmp/x; chown 1000:1000 /tmp/x; mkdir /data/d; mv /tmp/x /data/d; "
              "(sleep 0.1 & wait); echo a | cat; nc -l -p 8080 -e /bin/true & sleep 0.2; kill $!; echo fine")
    assert oci.output(annotated(make_config().shell(script), name)).endswith("fine\n")


@pytest.mark.parametrize("attack", ["mmap-wx", "mprotect-x", "map-twice", "proc-mem", "userns", "io-uring", "ptrace",
                                    "keyctl", "mknod"])
def test_the_shipped_profile_stops_attacks(door, layer, attack):
    name = layer((LIBRARY / "oci-strict.kapsel.jsonc").read_text())
    assert door(annotated(make_config(), name), attack, "/tmp/node") in ("EACCES", "EPERM", "ENOSYS")
