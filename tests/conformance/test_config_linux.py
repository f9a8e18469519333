# SPDX-License-Identifier: LGPL-2.1-or-later
"""config-linux.md: file systems, namespaces, devices, paths and the process's kernel settings."""

import os
import re
import stat
import subprocess
import time
from pathlib import Path

import pytest

import lib_oci
from lib_oci import make_config, read_mounts
from oci_fixtures import spec

FILE = "config-linux.md"
KINDS = {"pid": "pid", "network": "net", "mount": "mnt", "ipc": "ipc", "uts": "uts", "user": "user", "cgroup": "cgroup",
         "time": "time"}


def own_namespace(kind):
    return os.readlink(f"/proc/self/ns/{KINDS[kind]}")


# --- Default Filesystems ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(oci_module):
    """What a plain container sees of itself."""
    script = "cat /proc/self/mountinfo; echo ===; ls -l /dev; echo ===; for name in null zero full random urandom tty; do " \
             "stat -c '%n %F %t:%T %a %u:%g' /dev/$name; done; echo ===; readlink /dev/ptmx; ls -l /dev/pts/ptmx; echo ===; " \
             "echo x > /dev/null && head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; " \
             "echo x 2>&- > /dev/full || echo full"
    return oci_module.output(make_config().shell(script)).split("===\n")


@pytest.mark.parametrize("place, kind", [("/proc", "proc"), ("/sys", "sysfs"), ("/dev/pts", "devpts"), ("/dev/shm", "tmpfs")])
@spec(FILE, "Default Filesystems", "SHOULD", "/proc, /sys, /dev/pts and /dev/shm are there, of their types, where the bundle mounts them")
def test_config_linux__default_filesystems(plain, place, kind):
    assert read_mounts(plain[0])[place].kind == kind


# --- Namespaces ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@spec(FILE, "Namespaces", "MUST", "an entry without a path makes a new namespace of that type")
@spec(FILE, "Namespaces", "SHOULD", "pid, network, mount, ipc, uts, user, cgroup and time are supported")
def test_config_linux__namespaces__a_new_one(oci, kind):
    config = make_config()
    config.user_namespace() if kind == "user" else config.namespace(kind)
    assert oci.running(config).namespaces()[KINDS[kind]] != own_namespace(kind)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("mount", "user")])
@spec(FILE, "Namespaces", "MUST", "a type that is not listed is the runtime's own")
def test_config_linux__namespaces__an_unlisted_one_is_inherited(oci, kind):
    config = make_config().without_namespace(kind)
    if kind == "uts":
        config.remove("hostname")
    if kind == "network":  # sysfs belongs to the owner of the network
        config.without_mount("/sys").bind("/sys", "/sys", "rbind", "ro")
    assert oci.running(config).namespaces()[KINDS[kind]] == own_namespace(kind)


@pytest.fixture(scope="module")
def joined(oci_module):
    """A container whose namespaces others join."""
    return oci_module.running(make_config())


@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts", "cgroup"])
@spec(FILE, "Namespaces", "MUST", "an entry with a path puts the process into that namespace")
def test_config_linux__namespaces__a_path_is_joined(oci, joined, kind):
    config = make_config().namespace(kind, f"/proc/{joined.pid}/ns/{KINDS[kind]}")
    if kind == "uts":
        config.remove("hostname")
    assert oci.running(config).namespaces()[KINDS[kind]] == joined.namespaces()[KINDS[kind]]


@pytest.mark.parametrize("kind", ["user", "time"])
@spec(FILE, "Namespaces", "MUST", "a user or time namespace is joined by its path")
def test_config_linux__namespaces__a_user_or_time_namespace_is_joined(oci, kind):
    config = make_config()
    first = oci.running(config.user_namespace(400000) if kind == "user" else config.namespace(kind))
    config = make_config().namespace(kind, f"/proc/{first.pid}/ns/{kind}")
    assert oci.running(config).namespaces()[kind] == first.namespaces()[kind]


@pytest.mark.parametrize("kind, other", [("network", "uts"), ("uts", "net"), ("ipc", "mnt"), ("pid", "user")])
@spec(FILE, "Namespaces", "MUST", "a path of another type of namespace is an error")
def test_config_linux__namespaces__a_path_of_another_type_is_refused(oci, joined, kind, other):
    config = make_config().remove("hostname").namespace(kind, f"/proc/{joined.pid}/ns/{other}")
    oci.assert_refused(config)


@pytest.mark.parametrize("path", ["/etc/passwd", "/no/such/file"])
@spec(FILE, "Namespaces", "MUST", "a path that is no namespace is an error")
def test_config_linux__namespaces__a_path_that_is_none_is_refused(oci, path):
    oci.assert_refused(make_config().namespace("network", path))


@spec(FILE, "Namespaces", "MUST", "a path is absolute")
def test_config_linux__namespaces__a_relative_path_is_refused(oci, joined):
    bundle = oci.bundle()
    link = bundle.path / "namespace"
    link.touch()
    lib_oci.mount(f"/proc/{joined.pid}/ns/net", link, flags=lib_oci.MS_BIND)
    config = make_config().namespace("network", "namespace")
    try:
        oci.assert_refused(config, bundle=bundle, cwd=bundle.path)
    finally:
        lib_oci.unmount(link)


@pytest.mark.parametrize("kind", ["network", "pid"])
@spec(FILE, "Namespaces", "MUST", "the same type twice is an error")
def test_config_linux__namespaces__the_same_twice_is_refused(oci, kind):
    oci.assert_refused(make_config().add("linux.namespaces", {"type": kind}))


@pytest.mark.parametrize("kind", ["", "net", "nonsense", None])
@spec(FILE, "Namespaces", "MUST", "a type that does not exist, or none, is an error")
def test_config_linux__namespaces__an_unknown_type_is_refused(oci, kind):
    oci.assert_refused(make_config().add("linux.namespaces", {} if kind is None else {"type": kind}))


@spec(FILE, "Namespaces", "MUST", "pid: only processes of the container are seen")
def test_config_linux__namespaces__pid_isolates(oci):
    out = oci.output(make_config().shell("for dir in /proc/[0-9]*; do echo ${dir#/proc/}; done"))
    assert len(out.split()) <= 2, out


@spec(FILE, "Namespaces", "MUST", "network: nothing but an interface lo")
def test_config_linux__namespaces__network_isolates(oci):
    out = oci.output(make_config().shell("cat /proc/net/dev"))
    names = {line.split(":")[0].strip() for line in out.splitlines()[2:]}
    assert names - {"lo"} <= {"sit0", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6tnl0", "ip6gre0"}, names


@spec(FILE, "Namespaces", "MUST", "mount: what the container mounts stays inside")
def test_config_linux__namespaces__mount_isolates(oci):
    config = make_config("/bin/helper", "hold").mount("/data", "tmpfs", "unmistakable")
    oci.start(config).ready()
    assert "unmistakable" not in Path("/proc/self/mountinfo").read_text()


# --- User namespace mappings ------------------------------------------------------------------------------


@spec(FILE, "User namespace mappings", "MUST", "uidMappings and gidMappings are the namespace's")
def test_config_linux__user_namespace_mappings__are_set(oci):
    config = make_config().namespace("user")
    config.set("linux.uidMappings", [{"containerID": 0, "hostID": 100000, "size": 1000},
                                     {"containerID": 1000, "hostID": 300000, "size": 5}])
    config.set("linux.gidMappings", [{"containerID": 0, "hostID": 200000, "size": 2000}])
    container = oci.running(config)
    assert [list(map(int, line.split())) for line in (container.proc / "uid_map").read_text().splitlines()] == \
        [[0, 100000, 1000], [1000, 300000, 5]]
    assert (container.proc / "gid_map").read_text().split() == ["0", "200000", "2000"]


@spec(FILE, "User namespace mappings", "SHOULD NOT", "the owners of files are not changed to suit a mapping")
def test_config_linux__user_namespace_mappings__owners_stay(oci):
    bundle = oci.bundle()
    source = oci.place / "source"
    source.mkdir()
    oci.output(make_config("/bin/true").user_namespace().bind(source, "/data"), bundle=bundle)
    owners = {os.lstat(path).st_uid for path in [source, bundle.rootfs, *bundle.rootfs.iterdir()]}
    assert owners == {0}


@pytest.mark.parametrize("mapping", [
    [{"hostID": 1, "size": 1}], [{"containerID": 0, "size": 1}], [{"containerID": 0, "hostID": 1}],
    [{"containerID": -1, "hostID": 1, "size": 1}], [{"containerID": 0, "hostID": 1, "size": 0}], "0 1 1",
], ids=["no containerID", "no hostID", "no size", "negative", "empty", "text"])
@spec(FILE, "User namespace mappings", "REQUIRED", "containerID, hostID and size are required and numbers")
def test_config_linux__user_namespace_mappings__invalid_is_refused(oci, mapping):
    oci.assert_refused(make_config().user_namespace().set("linux.uidMappings", mapping))


# --- Offset for Time Namespace -----------------------------------------------------------------------------


@spec(FILE, "Offset for Time Namespace", "MUST", "timeOffsets move the clocks monotonic and boottime")
def test_config_linux__time_offsets(oci):
    config = make_config().namespace("time")
    config.set("linux.timeOffsets", {"monotonic": {"secs": 7 * 86400, "nanosecs": 500}, "boottime": {"secs": 86400}})
    report = oci.report(config)
    assert 0 <= time.clock_gettime(time.CLOCK_MONOTONIC) + 7 * 86400 - report["monotonic"] < 100
    assert 0 <= time.clock_gettime(time.CLOCK_BOOTTIME) + 86400 - report["boottime"] < 100


@spec(FILE, "Offset for Time Namespace", "MUST", "offsets without a time namespace of the container's own are an error")
def test_config_linux__time_offsets__without_a_namespace_are_refused(oci):
    oci.assert_refused(make_config().set("linux.timeOffsets", {"monotonic": {"secs": 60}}))


@pytest.mark.parametrize("offsets", [{"realtime": {"secs": 1}}, {"monotonic": {"nanosecs": 2000000000}}])
@spec(FILE, "Offset for Time Namespace", "MUST", "a clock or an offset that is impossible is an error")
def test_config_linux__time_offsets__invalid_are_refused(oci, offsets):
    oci.assert_refused(make_config().namespace("time").set("linux.timeOffsets", offsets))


# --- Devices -------------------------------------------------------------------------------------------------

DEVICES = [
    {"path": "/dev/fuse-like", "type": "c", "major": 10, "minor": 229, "fileMode": 0o640, "uid": 11, "gid": 12},
    {"path": "/dev/kmsg-like", "type": "c", "major": 1, "minor": 11},
    {"path": "/dev/disk", "type": "b", "major": 7, "minor": 0, "fileMode": 0o600},
    {"path": "/dev/unbuffered", "type": "u", "major": 1, "minor": 5, "fileMode": 0o666},
    {"path": "/dev/pipe", "type": "p", "fileMode": 0o622},
    {"path": "/opt/deep/device", "type": "c", "major": 1, "minor": 3, "fileMode": 0o444},
]


@pytest.fixture(scope="module")
def devices(oci_module):
    """{path: (type, major:minor, mode, owner)} of the configured devices, seen from inside."""
    script = "for path in " + " ".join(entry["path"] for entry in DEVICES) + "; do stat -c '%n|%F|%t:%T|%a|%u:%g' $path; done"
    out = oci_module.output(make_config().set("linux.devices", DEVICES).shell(script))
    return {line.split("|")[0]: line.split("|")[1:] for line in out.splitlines()}


TYPES = {"c": "character special file", "u": "character special file", "b": "block special file", "p": "fifo"}


@pytest.mark.parametrize("entry", DEVICES, ids=[entry["path"] for entry in DEVICES])
@spec(FILE, "Devices", "MUST", "devices of type c, b, u and p are there, with their numbers, modes and owners, also outside of /dev")
def test_config_linux__devices(devices, entry):
    kind, numbers, mode, owner = devices[entry["path"]]
    assert kind == TYPES[entry["type"]]
    if entry["type"] != "p":
        assert numbers == f"{entry['major']:x}:{entry['minor']:x}"
    if "fileMode" in entry:
        assert int(mode, 8) == entry["fileMode"]
    assert owner == f"{entry.get('uid', 0)}:{entry.get('gid', 0)}"


@spec(FILE, "Devices", "MUST", "a file at the path that is not the device is an error")
@pytest.mark.parametrize("content", ["file", "other device"])
def test_config_linux__devices__another_file_is_refused(oci, content):
    bundle = oci.bundle()
    path = bundle.rootfs / "opt-device"
    if content == "file":
        path.write_text("a file")
    else:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    entry = {"path": "/opt-device", "type": "c", "major": 1, "minor": 3}
    oci.assert_refused(make_config().set("linux.devices", [entry]), bundle=bundle)


@spec(FILE, "Devices", "MUST", "a file at the path that is the device is no error")
def test_config_linux__devices__the_same_file_is_accepted(oci):
    bundle = oci.bundle()
    os.mknod(bundle.rootfs / "opt-device", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    entry = {"path": "/opt-device", "type": "c", "major": 1, "minor": 3}
    out = oci.output(make_config("/bin/stat", "-c", "%t:%T", "/opt-device").set("linux.devices", [entry]), bundle=bundle)
    assert out == "1:3\n"


@pytest.mark.parametrize("entry", [
    {"path": "/dev/x", "type": "z", "major": 1, "minor": 3}, {"type": "c", "major": 1, "minor": 3},
    {"path": "/dev/x", "major": 1, "minor": 3}], ids=["type", "no path", "no type"])
@spec(FILE, "Devices", "REQUIRED", "type and path are required, the type is one of c, b, u and p")
def test_config_linux__devices__invalid_is_refused(oci, entry):
    oci.assert_refused(make_config().set("linux.devices", [entry]))


@spec(FILE, "Devices", "MUST", "devices are there in a user namespace, too")
def test_config_linux__devices__in_a_user_namespace(oci):
    config = make_config("/bin/stat", "-c", "%t:%T", "/dev/null", "/dev/mine").user_namespace()
    os.mknod(oci.place / "node", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    config.set("linux.devices", [{"path": "/dev/zero", "type": "c", "major": 1, "minor": 5}])
    config.args("/bin/stat", "-c", "%t:%T", "/dev/null", "/dev/zero")
    assert oci.output(config) == "1:3\n1:5\n"


DEFAULTS = {"null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9", "tty": "5:0"}


@pytest.mark.parametrize("name", DEFAULTS)
@spec(FILE, "Default Devices", "MUST", "null, zero, full, random, urandom and tty are in /dev")
def test_config_linux__default_devices(plain, name):
    line = next(line for line in plain[2].splitlines() if line.startswith(f"/dev/{name} "))
    assert f"character special file {DEFAULTS[name]} 666" in line, line


@spec(FILE, "Default Devices", "MUST", "the default devices work")
def test_config_linux__default_devices__work(plain):
    assert plain[4].split() == ["3", "5", "full"], plain[4]


@spec(FILE, "Default Devices", "MUST", "/dev/ptmx is /dev/pts/ptmx, as a link or a bind mount")
def test_config_linux__default_devices__ptmx(plain):
    assert plain[3].splitlines()[0] in ("pts/ptmx", "/dev/pts/ptmx") or "/dev/ptmx" in read_mounts(plain[0])


@spec(FILE, "Default Devices", "MUST", "/dev/console is the terminal when there is one")
def test_config_linux__default_devices__console(oci):
    console = oci.console()
    config = make_config().shell("test -c /dev/console && echo through > /dev/console; exit 0").set("process.terminal", True)
    container = oci.start(config, "--console-socket", console.path)
    container.wait()
    assert "through" in console.read_until(None)


# --- Sysctl -----------------------------------------------------------------------------------------------------


@spec(FILE, "Sysctl", "MUST", "sysctl sets kernel parameters of the container")
def test_config_linux__sysctl(oci):
    own = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    settings = {"net.ipv4.ip_forward": "1" if own.strip() == "0" else "0", "kernel.msgmax": "12345",
                "net.core.somaxconn": "777", "fs.mqueue.msg_max": "77"}
    config = make_config().set("linux.sysctl", settings)
    paths = " ".join("/proc/sys/" + name.replace(".", "/") for name in settings)
    assert oci.output(config.shell(f"cat {paths}")).split() == list(settings.values())
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == own


@pytest.mark.parametrize("name", ["kernel.no_such_thing", "vm.swappiness", "net/../vm/swappiness"])
@spec(FILE, "Sysctl", "MUST", "a parameter that is unknown, or not the container's alone, is an error")
def test_config_linux__sysctl__of_the_host_is_refused(oci, name):
    own = Path("/proc/sys/vm/swappiness").read_text()
    oci.assert_refused(make_config().set("linux.sysctl", {name: "7"}))
    assert Path("/proc/sys/vm/swappiness").read_text() == own


@pytest.mark.parametrize("name, kind", [("net.core.somaxconn", "network"), ("kernel.msgmax", "ipc")])
@spec(FILE, "Sysctl", "MUST", "a parameter of a namespace that is the host's is an error")
def test_config_linux__sysctl__of_the_hosts_namespace_is_refused(oci, name, kind):
    path = Path("/proc/sys") / name.replace(".", "/")
    own = path.read_text()
    config = make_config().without_namespace(kind)
    if kind == "network":
        config.without_mount("/sys")
    oci.assert_refused(config.set("linux.sysctl", {name: "4242"}))
    assert path.read_text() == own


# --- Rootfs Mount Propagation -----------------------------------------------------------------------------------


PROPAGATION = {"shared": {"shared"}, "slave": {"master"}, "private": set(), "unbindable": {"unbindable"}}


@pytest.mark.parametrize("value", PROPAGATION)
@spec(FILE, "Rootfs Mount Propagation", "MUST", "the root's propagation is shared, slave, private or unbindable as configured")
def test_config_linux__rootfs_propagation(oci, value):
    bundle = oci.bundle()
    lib_oci.mount(bundle.rootfs, bundle.rootfs, flags=lib_oci.MS_BIND)
    lib_oci.mount(None, bundle.rootfs, flags=lib_oci.MS_SHARED)
    out = oci.output(make_config("/bin/cat", "/proc/self/mountinfo").set("linux.rootfsPropagation", value), bundle=bundle)
    found = read_mounts(out)["/"].propagation - {"propagate_from"}
    if value == "slave":
        assert "shared" not in found, found
    else:
        assert PROPAGATION[value] <= found, found
        assert value != "private" or "shared" not in found


@spec(FILE, "Rootfs Mount Propagation", "MUST", "what is mounted inside a slave or private root does not reach the host")
@pytest.mark.parametrize("value", ["slave", "private"])
def test_config_linux__rootfs_propagation__nothing_reaches_the_host(oci, value):
    config = make_config("/bin/helper", "hold").mount("/data", "tmpfs", "unmistakable")
    oci.start(config.set("linux.rootfsPropagation", value)).ready()
    assert "unmistakable" not in Path("/proc/self/mountinfo").read_text()


@spec(FILE, "Rootfs Mount Propagation", "MUST", "another value is an error")
def test_config_linux__rootfs_propagation__nonsense_is_refused(oci):
    oci.assert_refused(make_config().set("linux.rootfsPropagation", "nonsense"))


# --- Masked Paths, Readonly Paths ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def covered(oci_module):
    """A container with masked and read-only paths."""
    bundle = oci_module.bundle()
    bundle.put("/opt/secret/file", "secret")
    bundle.put("/opt/file", "secret")
    bundle.put("/opt/fixed/file", "fixed")
    bundle.put("/opt/single", "fixed")
    config = make_config()
    config.set("linux.maskedPaths", ["/opt/secret", "/opt/file", "/proc/kcore", "/proc/keys", "/no/such/path", "/sys/firmware"])
    config.set("linux.readonlyPaths", ["/opt/fixed", "/opt/single", "/proc/sys", "/no/such/other", "/proc/sysrq-trigger"])
    return oci_module.running(config, bundle=bundle)


@spec(FILE, "Masked Paths", "MUST", "a masked file reads as empty")
@pytest.mark.parametrize("path", ["/opt/file", "/proc/kcore", "/proc/keys"])
def test_config_linux__masked_paths__a_file_reads_empty(covered, path):
    assert covered.shell(f"head -c 10 {path} | wc -c").strip() == "0"
    assert covered.shell("head -c 10 /opt/single") == "fixed"


@spec(FILE, "Masked Paths", "MUST", "a masked directory is empty and can not be written")
@pytest.mark.parametrize("path", ["/opt/secret", "/sys/firmware"])
def test_config_linux__masked_paths__a_directory_is_empty(covered, path):
    assert covered.shell(f"ls -A {path} 2>/dev/null; exit 0") == ""
    assert covered.shell(f"touch {path}/new 2>/dev/null || echo refused") == "refused\n"


@spec(FILE, "Masked Paths", "MUST", "a masked path that is not there is no error, and is not made")
def test_config_linux__masked_paths__a_missing_one_is_no_error(covered):
    assert covered.shell("test -e /no || echo none") == "none\n"


@pytest.mark.parametrize("key", ["maskedPaths", "readonlyPaths"])
@spec(FILE, "Masked Paths", "MUST", "masked and read-only paths are absolute")
def test_config_linux__masked_paths__a_relative_one_is_refused(oci, key):
    oci.assert_refused(make_config().set(f"linux.{key}", ["proc/kcore"]))


@spec(FILE, "Masked Paths", "MUST", "a link at a masked path does not lead out of the container")
def test_config_linux__masked_paths__a_link_stays_inside(oci):
    bundle = oci.bundle()
    secret = oci.place / "secret"
    secret.write_text("of the host")
    (bundle.rootfs / "link").symlink_to(secret)
    oci.running(make_config().set("linux.maskedPaths", ["/link"]), bundle=bundle)
    assert secret.read_text() == "of the host"


@spec(FILE, "Readonly Paths", "MUST", "a read-only path can be read and not written")
def test_config_linux__readonly_paths(covered):
    assert covered.shell("cat /opt/fixed/file /opt/single") == "fixedfixed"
    script = "for path in /opt/fixed/file /opt/fixed/new /opt/single /proc/sys/kernel/msgmax /proc/sysrq-trigger; do " \
             "(echo 0 > $path) 2>/dev/null && echo $path; done; exit 0"
    assert covered.shell(script) == ""
    assert covered.shell("echo x > /opt/other && echo written") == "written\n"


# --- Personality ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("domain, number, machine", [("LINUX", 0, None), ("LINUX32", 8, "i686")])
@spec(FILE, "Personality", "MUST", "personality sets the execution domain: LINUX or LINUX32")
def test_config_linux__personality(oci, domain, number, machine):
    report = oci.report(make_config().set("linux.personality", {"domain": domain}))
    assert report["personality"] & 0xFF == number
    assert report["machine"] == (machine if machine and os.uname().machine == "x86_64" else os.uname().machine)


@spec(FILE, "Personality", "MUST", "another domain, or any flag, is an error")
@pytest.mark.parametrize("value", [{"domain": "NONSENSE"}, {}, {"domain": "LINUX", "flags": ["NONSENSE"]}])
def test_config_linux__personality__nonsense_is_refused(oci, value):
    oci.assert_refused(make_config().set("linux.personality", value))


# --- Memory policy (1.3) -----------------------------------------------------------------------------------------------

MODES = {"MPOL_DEFAULT": 0, "MPOL_PREFERRED": 1, "MPOL_BIND": 2, "MPOL_INTERLEAVE": 3, "MPOL_LOCAL": 4,
         "MPOL_PREFERRED_MANY": 5, "MPOL_WEIGHTED_INTERLEAVE": 6}


@pytest.mark.parametrize("mode", MODES)
@spec(FILE, "Memory policy", "MUST", "memoryPolicy is the process's: mode and nodes, set with set_mempolicy(2)")
def test_config_linux__memory_policy(oci, mode):
    if mode == "MPOL_WEIGHTED_INTERLEAVE" and tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) < (6, 9):
        pytest.skip("needs Linux 6.9")
    value = {"mode": mode}
    if mode not in ("MPOL_DEFAULT", "MPOL_LOCAL"):
        value["nodes"] = "0"
    report = oci.report(make_config().set("linux.memoryPolicy", value))
    assert report["mempolicy"] & 0xFF == MODES[mode]
    assert report["memnodes"] == (1 if "nodes" in value else 0)


@pytest.mark.parametrize("flag, bit", [("MPOL_F_STATIC_NODES", 1 << 15), ("MPOL_F_RELATIVE_NODES", 1 << 14),
                                       ("MPOL_F_NUMA_BALANCING", 1 << 13)])
@spec(FILE, "Memory policy", "MUST", "flags of memoryPolicy: static nodes, relative nodes, balancing")
def test_config_linux__memory_policy__flags(oci, flag, bit):
    value = {"mode": "MPOL_BIND", "nodes": "0", "flags": [flag]}
    assert oci.report(make_config().set("linux.memoryPolicy", value))["mempolicy"] & bit


@pytest.mark.parametrize("value", [
    {"mode": "MPOL_NONSENSE"}, {"nodes": "0"}, {"mode": "MPOL_BIND"}, {"mode": "MPOL_BIND", "nodes": "x"},
    {"mode": "MPOL_BIND", "nodes": "999"}, {"mode": "MPOL_DEFAULT", "nodes": "0"},
    {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NONSENSE"]},
    {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]},
])
@spec(FILE, "Memory policy", "MUST", "a policy that does not exist, or that the kernel refuses, is an error")
def test_config_linux__memory_policy__invalid_is_refused(oci, value):
    oci.assert_refused(make_config().set("linux.memoryPolicy", value))


# --- Network devices (1.3) ------------------------------------------------------------------------------------------------


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=60)


@pytest.fixture
def device(oci):
    """A dummy device of the host, or one end of a pair, with a permanent address; gone with the test."""
    name = f"oci{os.getpid() % 100000}a"
    made = subprocess.run(["ip", "link", "add", name, "type", "dummy"], capture_output=True, check=False)
    if made.returncode != 0:
        made = subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", name[:-1] + "b"],
                              capture_output=True, encoding="utf-8", check=False)
        if made.returncode != 0:
            pytest.skip(f"no dummy and no veth device can be made: {made.stderr.strip()}")
    ip("link", "set", name, "mtu", "1400")
    ip("address", "add", "192.0.2.7/24", "dev", name)
    yield name
    subprocess.run(["ip", "link", "delete", name], capture_output=True, check=False)


def there(name):
    return Path(f"/sys/class/net/{name}").exists()


@pytest.mark.parametrize("new_name", [None, "inside0"])
@spec(FILE, "Network Devices", "MUST", "netDevices moves the device into the container's network namespace, under its new name, and sets it up")
def test_config_linux__net_devices__are_moved(oci, device, new_name):
    container = oci.running(make_config().set("linux.netDevices", {device: {"name": new_name} if new_name else {}}))
    assert not there(device)
    out = container.shell(f"ip link show dev {new_name or device}")
    assert re.search(r"<[^>]*\bUP\b", out), out


@spec(FILE, "Network Devices", "MUST", "permanent addresses of global scope and the MTU stay")
def test_config_linux__net_devices__keep_their_addresses(oci, device):
    container = oci.running(make_config().set("linux.netDevices", {device: {"name": "inside0"}}))
    assert "192.0.2.7/24" in container.shell("ip address show dev inside0")
    assert "mtu 1400" in container.shell("ip link show dev inside0")


@spec(FILE, "Network Devices", "MUST", "a device that is not there is an error")
def test_config_linux__net_devices__a_missing_one_is_refused(oci):
    oci.assert_refused(make_config().set("linux.netDevices", {"no-such-dev0": {}}))


@spec(FILE, "Network Devices", "MUST", "a name that is in use inside is an error, and the device stays the host's")
def test_config_linux__net_devices__a_name_in_use_is_refused(oci, device):
    oci.assert_refused(make_config().set("linux.netDevices", {device: {"name": "lo"}}))
    assert there(device)


@pytest.mark.parametrize("name", ["", "a/b", "..", "0123456789abcdef", 23])
@spec(FILE, "Network Devices", "MUST", "a name that no interface can have is an error")
def test_config_linux__net_devices__an_invalid_name_is_refused(oci, device, name):
    if name == "":  # the same as none
        oci.running(make_config().set("linux.netDevices", {device: {"name": name}}))
        assert not there(device)
        return
    oci.assert_refused(make_config().set("linux.netDevices", {device: {"name": name}}))
    assert there(device)


@spec(FILE, "Network Devices", "MUST", "without a network namespace of its own the devices are refused")
def test_config_linux__net_devices__in_the_hosts_namespace_are_refused(oci, device):
    config = make_config().without_namespace("network").without_mount("/sys")
    oci.assert_refused(config.set("linux.netDevices", {device: {"name": "inside0"}}))
    assert there(device)
