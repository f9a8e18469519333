# SPDX-License-Identifier: LGPL-2.1-or-later
"""The annotation org.kapsel.profile: what a profile adds to an OCI container.

Every layer is attacked: without the annotation the attack succeeds, so that it means something; with it it
fails, in the container's first process and in one that `exec` brings in.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from lib_layers import ENOUGH, annotated, door, layer, oci, template  # noqa: F401
import lib_oci
from lib_oci import make_config

pytestmark = [
    pytest.mark.kapsel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]


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
