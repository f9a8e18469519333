# SPDX-License-Identifier: LGPL-2.1-or-later
"""The annotation org.kapsel.profile beside the rest: the config's own filter, what is shared with the host, the file
that it names, and the profile that is shipped for it.
"""

import ctypes
import json
import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from lib_layers import ANNOTATION, PROFILES, annotated, door, layer, oci, template  # noqa: F401
import lib_oci
from lib_oci import make_config

LIBRARY = Path(__file__).resolve().parents[2] / "profiles" / "library"

pytestmark = [
    pytest.mark.kapsel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]


def landlock_abi():
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(444, None, 0, 1)


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
