# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel export: what the other programs make of it is what kapsel makes of the profile."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import conftest
import lib_host
import pytest

PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"

# One program for all: who it is, what it holds, what is mounted how, and what is refused how.
LOOK = r"""
id -u; id -g
grep -E '^(Cap|NoNewPrivs|Seccomp:|Umask)' /proc/self/status
grep -E '^[0-9]+ [0-9]+ [^ ]+ [^ ]+ (/|/tmp|/dev|/proc|/extra) ' /proc/self/mountinfo |
	while read -r a b c d target options rest; do
		echo "$target" "$(echo "$options" | tr , '\n' | grep -E '^(ro|rw|nosuid|nodev|noexec)$' | sort | tr '\n' ' ')"
	done | sort
(: >/file) 2>/dev/null; echo "root $?"
(: >/dev/file) 2>/dev/null; echo "dev $?"
echo x >/tmp/file; echo "tmp $?"
cat /proc/sys/kernel/ostype 2>/dev/null; echo "kernel $?"
unshare -U true 2>&1; echo "unshare $?"
mount -t tmpfs none /tmp 2>&1; echo "mount $?"
hostname
ulimit -n; ulimit -f; ulimit -s; ulimit -l
echo "$GREETING"; pwd
"""

# Left to the one who mounts the root file system; "not carried over" says so.
ROOT_FLAGS = {"nosuid", "nodev"}


@pytest.fixture(scope="module")
def open_rootfs():
    """A root file system that the container's ids can reach: runtimes open it with those."""
    directory = Path(tempfile.mkdtemp(prefix="kapsel-export-"))
    directory.chmod(0o755)
    rootfs = conftest.make_rootfs("busybox", directory / "rootfs")
    (rootfs / "extra").mkdir()
    yield rootfs
    shutil.rmtree(directory)


@pytest.fixture
def profile(kapsel, open_rootfs):
    kapsel.rootfs = open_rootfs

    def make(command, **keys):
        (kapsel.directory / "extra").mkdir(exist_ok=True)
        keys = {"syscalls": {"allow": ["@base", "@process", "@file-write"]}, "exec": {"allow": ["*"]}, **keys}
        return kapsel.profile(command, **keys)
    return make


def runtimes(binary):
    """The command lines of the three runtimes."""
    crun, runc = shutil.which("crun", path=PATH), shutil.which("runc", path=PATH)
    if not crun or not runc:
        pytest.skip("needs crun and runc")
    found = {"kapsel-oci": [str(binary.parent / "kapsel-oci")], "runc": [runc], "crun": [crun]}
    if not lib_host.has_limits():
        # crun understands a cgroup2 mount at /sys/fs/cgroup only.
        found["crun"] = ["unshare", "-m", "sh", "-c",
                         'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"', "crun", crun,
                         "--cgroup-manager=disabled"]
    return found


def export(kapsel, profile, *arguments, kind="oci"):
    """`kapsel export`; its result."""
    result = kapsel.call("export", kind, kapsel.write(profile), *arguments)
    assert result.status == 0, result
    return result


def run_bundle(command, bundle, name):
    """`run` of a runtime, to its end; nothing of it is left."""
    command = [*command, "--root", str(bundle / "state")]
    try:
        return subprocess.run([*command, "run", "-b", str(bundle), name], stdin=subprocess.DEVNULL,
                              capture_output=True, encoding="utf-8", errors="replace",
                              timeout=120 if lib_host.IN_VM else 30, check=False)
    finally:
        subprocess.run([*command, "delete", "-f", name], stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=60, check=False)


def look_lines(text):
    """The output of LOOK, without what is said not to be carried over."""
    lines = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["/"]:
            words = [word for word in words if word not in ROOT_FLAGS]
        lines.append(" ".join(words))
    return lines


def answers(kapsel, binary, profile):
    """What the program sees: natively, and under each runtime from the exported bundle."""
    native = kapsel.start_profile(profile).finish()
    assert native.status == 0, native
    found = {"native": look_lines(native.logged())}
    bundle = kapsel.directory / "bundle"
    bundle.mkdir()
    export(kapsel, profile, "--output", bundle)
    for name, command in runtimes(binary).items():
        result = run_bundle(command, bundle, f"{profile['name']}-{name}")
        assert result.returncode == 0, f"{name}: {result.stdout}\n{result.stderr}"
        found[name] = look_lines(result.stdout)
    return found


def same_everywhere(found):
    for name, lines in found.items():
        assert lines == found["native"], f"{name} differs"


@pytest.mark.root
def test_a_bundle_gives_the_same_answers_under_every_runtime(kapsel, binary, profile):
    found = answers(kapsel, binary, profile(
        ["/bin/sh", "-c", LOOK], hostname="box", workdir="/tmp", env={"GREETING": 'a "b" $c'},
        umask="0027", user={"uid": 1234, "gid": 4321},
        mounts={"/tmp": {"type": "tmpfs", "size": "1MiB"},
                "/extra": {"type": "bind", "source": str(kapsel.directory / "extra")}}))
    same_everywhere(found)
    text = "\n".join(found["native"])
    assert "CapEff: 0000000000000000" in text and "NoNewPrivs: 1" in text and "Seccomp: 2" in text
    assert "dev 1" in text and "tmp 0" in text and "unshare 1" in text and "/extra nodev noexec nosuid ro" in text


@pytest.mark.root
def test_capabilities_and_a_full_proc_are_carried_over(kapsel, binary, profile):
    found = answers(kapsel, binary, profile(
        ["/bin/sh", "-c", LOOK], hostname="box", proc="full", capabilities=["NET_BIND_SERVICE", "CHOWN"],
        user={"uid": 0, "gid": 0, "host_range": 65536}, mounts={"/tmp": {"type": "tmpfs", "size": "1MiB"}}))
    same_everywhere(found)
    text = "\n".join(found["native"])
    assert "CapEff: 0000000000000401" in text and "kernel 0" in text


CALLS = r"""
import ctypes, mmap, socket
libc = ctypes.CDLL(None, use_errno=True)

def call(name, *args):
    ctypes.set_errno(0)
    result = libc.syscall(*[ctypes.c_long(a) for a in args])
    print(name, "ok" if result >= 0 else ctypes.get_errno())

def sock(*args):
    try:
        socket.socket(*args).close()
        print("socket", args, "ok")
    except OSError as error:
        print("socket", args, error.errno)

call("personality", 135, 0x0040000)
call("personality asks", 135, 0xffffffff)
call("ioctl TIOCSTI", 16, 0, 0x5412, 0)
call("ioctl TIOCSTI, high bits", 16, 0, 0x5412 | 1 << 32, 0)
call("ioctl KDSKBMODE", 16, 0, 0x4b45, 0)
call("ioctl FIONREAD on a bad descriptor", 16, 99, 0x541b, 0)
call("prctl PR_SET_MM", 157, 35, 1, 0, 0, 0)
call("prctl PR_SET_MM, high bits", 157, 35 | 1 << 32, 1, 0, 0, 0)
call("prctl PR_GET_DUMPABLE", 157, 3)
call("mmap W and X", 9, 0, 4096, 7, 0x22, -1, 0)
call("mprotect X", 10, 0, 0, 4)
call("setuid other", 105, 7)
call("setuid own", 105, 65532)
call("prlimit64 CORE, to read", 302, 0, 4, 0, 0)
call("prlimit64 CORE, to write", 302, 0, 4, 1, 0)
call("clone with a namespace", 56, 0x10000000, 0, 0, 0, 0)
call("unshare", 272, 0x10000000)
call("mount", 165, 0, 0, 0, 0, 0)
call("clone3", 435, 0, 0)
call("io_uring_setup", 425, 1, 0)
call("a call that nobody knows", 1000)
sock(socket.AF_UNIX, socket.SOCK_STREAM)
sock(socket.AF_INET, socket.SOCK_STREAM)
sock(socket.AF_INET, socket.SOCK_DGRAM)
sock(socket.AF_INET, socket.SOCK_RAW, 1)
sock(socket.AF_INET, socket.SOCK_STREAM, 132)
sock(socket.AF_INET, socket.SOCK_SEQPACKET, 0)
sock(socket.AF_NETLINK, socket.SOCK_RAW, 0)
sock(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
sock(38, socket.SOCK_STREAM, 0)
sock(9, socket.SOCK_STREAM, 0)
"""


@pytest.mark.root
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of the calls are those of x86-64")
def test_every_refused_call_gets_the_same_errno(kapsel, binary, python_rootfs):
    """Those by number, by argument, and those that look absent."""
    for directory in [python_rootfs, *python_rootfs.parents]:
        if directory.stat().st_uid == os.geteuid() and directory != Path("/tmp") and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o111)
    python_rootfs.chmod(0o755)
    script = kapsel.directory / "calls.py"
    script.write_text(CALLS)
    script.chmod(0o644)
    kapsel.rootfs = python_rootfs
    found = answers(kapsel, binary, kapsel.profile(
        ["/usr/bin/python3", "-I", "-S", "-c", CALLS], exec={"allow": ["*"]}, allow_jit=False,
        syscalls={"allow": ["@base", "@process", "@threads", "@socket-client"]}))
    same_everywhere(found)
    text = "\n".join(found["native"])
    for line in ["personality 1", "personality asks ok", "ioctl TIOCSTI 1", "ioctl TIOCSTI, high bits 1",
                 "ioctl FIONREAD on a bad descriptor 9", "prctl PR_SET_MM 1", "mmap W and X 13", "setuid other 1",
                 "setuid own ok", "mount 1", "clone3 38", "a call that nobody knows 38"]:
        assert line in text


@pytest.mark.vm
def test_limits_hold_under_every_runtime(kapsel, binary, profile):
    found = profile(["/bin/sleep", "60"], limits={"memory": "64MiB", "swap": 0, "pids": 20, "cpu": 0.5,
                                                  "cpu_weight": 50, "memory_high": "48MiB"})
    bundle = kapsel.directory / "bundle"
    bundle.mkdir()
    export(kapsel, found, "--output", bundle)
    wanted = {"memory.max": "67108864", "memory.swap.max": "0", "pids.max": "20", "cpu.max": "50000 100000",
              "cpu.weight": "50", "memory.high": "50331648", "memory.oom.group": "1"}
    for name, command in runtimes(binary).items():
        full = [*command, "--root", str(bundle / "state")]
        subprocess.run([*full, "create", "-b", str(bundle), found["name"]], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=True)
        try:
            group = lib_host.cgroup_mount() / "kapsel" / found["name"]
            have = {file: (group / file).read_text().strip() for file in wanted}
        finally:
            subprocess.run([*full, "delete", "-f", found["name"]], timeout=120, check=True)
        assert have == wanted, name
    (lib_host.cgroup_mount() / "kapsel").rmdir()


def test_the_configuration_says_what_the_profile_says(kapsel, profile):
    made = profile(["/bin/echo", "a b", "ä\n"], limits={"memory": "64MiB", "swap": "16MiB", "pids": 7, "cpu": 1.5,
                                                        "cpus": "0", "cpu_weight": 20, "open_files": 99},
                   network="host", share_host=["ipc"], labels={"x": "y"})
    config = json.loads(export(kapsel, made).stdout)
    assert config["process"]["args"] == ["/bin/echo", "a b", "ä\n"]
    assert config["process"]["rlimits"][0] == {"type": "RLIMIT_NOFILE", "hard": 99, "soft": 99}
    resources = config["linux"]["resources"]
    assert resources["memory"] == {"limit": 64 << 20, "swap": 80 << 20}
    assert resources["cpu"] == {"quota": 150000, "period": 100000, "cpus": "0"}
    assert resources["pids"] == {"limit": 7}
    assert resources["unified"] == {"memory.oom.group": "1", "cpu.weight": "20"}
    assert resources["devices"][0] == {"allow": False, "access": "rwm"}
    kinds = [namespace["type"] for namespace in config["linux"]["namespaces"]]
    assert kinds == ["user", "mount", "pid", "uts", "cgroup"]
    assert "annotations" not in config
    assert config["linux"]["uidMappings"][0]["hostID"] >= 0x20000000


def test_what_a_bundle_has_no_word_for_is_printed(kapsel, profile):
    made = profile(["/bin/true"], exec={"allow": []}, restart={"policy": "always"}, stop={"signal": "SIGINT"},
                   listen={"a": {"stream": "127.0.0.1:1"}}, health={"command": ["/bin/true"]})
    lines = export(kapsel, made).stderr.splitlines()
    assert all(line.startswith("not carried over: ") for line in lines), lines
    text = "\n".join(lines)
    for word in ["Landlock", "exec:", "allow_jit", "restart", "stop", "listen", "LISTEN_FDS", "health", "rootfs",
                 "log:", "time namespace"]:
        assert word in text, word


def test_strict_ends_with_1_when_something_is_lost(kapsel, profile):
    made = kapsel.write(profile(["/bin/true"]))
    assert kapsel.call("export", "oci", "--strict", made).status == 1
    assert kapsel.call("export", "oci", made).status == 0


def test_a_device_that_is_not_there_is_an_error_with_its_path(kapsel, profile):
    result = kapsel.call("export", "oci", kapsel.write(profile(["/bin/true"], devices={"/dev/nothing": "r"})))
    assert result.status == 1 and "/dev/nothing" in result.stderr and result.stdout == ""


def test_output_replaces_the_file_whole_and_takes_a_directory(kapsel, profile):
    made = profile(["/bin/true"])
    target = kapsel.directory / "made.json"
    target.write_text("old")
    export(kapsel, made, "--output", target)
    json.loads(target.read_text())
    bundle = kapsel.directory / "bundle"
    bundle.mkdir()
    export(kapsel, made, "--output", bundle)
    assert (bundle / "config.json").read_text() == target.read_text()
    assert not list(kapsel.directory.glob("**/*.new"))


def test_rootless_maps_the_callers_id_only(kapsel, profile):
    config = json.loads(export(kapsel, profile(["/bin/true"]), "--rootless").stdout)
    assert config["linux"]["uidMappings"] == [{"containerID": 65532, "hostID": os.geteuid(), "size": 1}]


ROUND_TRIPS = [
    {},
    {"syscalls": {"allow": ["@base", "@process", "@socket-server"]}, "capabilities": ["CHOWN", "NET_BIND_SERVICE"]},
    {"user": {"uid": 0, "gid": 5, "host_id": 300000, "host_range": 65536, "groups": [27]}, "umask": "0022"},
    {"mounts": {"/tmp": {"type": "tmpfs", "size": "1MiB", "inodes": 256, "mode": "1777",
                         "exec": True},
                "/srv": {"type": "bind", "source": "/srv", "write": True, "recursive": True},
                "/mnt": {"type": "bind", "source": "/mnt", "exec": True}}},
    {"limits": {"memory": "64MiB", "swap": "16MiB", "cpu": 0.25, "cpu_weight": 7, "pids": 9, "cpus": "0",
                "memory_high": "32MiB", "open_files": 55, "file_size": "4KiB", "core": "1MiB",
                "stack": "1MiB", "locked_memory": "64KiB", "io": {"8:0": {"read_bps": 1000, "write_iops": 5}}}},
    {"network": "host", "share_host": ["ipc", "cgroup"]},
    {"network": {"mode": "join", "netns": "/run/netns/x"}, "proc": "full", "sysctls": {"kernel.shmmax": "1000"}},
    {"allow_jit": True, "allow_setuid": True, "allow_nested_namespaces": True, "hostname": "h", "workdir": "/tmp"},
    {"syscalls": {"allow": ["@docker-default"], "on_violation": "log"}, "env": {"A": "b=c", "PATH": "/bin"}},
    {"apparmor": "x", "selinux": "system_u:system_r:container_t:s0"},
]

# Only kapsel has these; a bundle has them fixed, or not at all.
NATIVE = ["name", "log", "labels", "kapsel", "stdin", "exec", "host_id", "description"]


def resolved(kapsel, path):
    result = kapsel.call("show", "--resolved", "--json", path)
    assert result.status == 0, result
    found = json.loads(result.stdout)
    for key in NATIVE:
        found.pop(key, None)
    if found["user"]["host_id"] != 300000:
        found["user"].pop("host_id")
    found["syscalls"].pop("allow")  # the words may differ; tests/unit compares what they mean
    return found


@pytest.mark.parametrize("keys", ROUND_TRIPS, ids=[" ".join(keys) or "nothing" for keys in ROUND_TRIPS])
def test_a_profile_comes_back_from_a_bundle(kapsel, profile, keys):
    if "user" in keys or keys.get("network") is None:
        keys = {"network": "loopback", **keys}  # the runtimes bring lo up
    made = kapsel.write(profile(["/bin/true"], **{"hostname": "x", **keys}))
    bundle = kapsel.directory / "bundle"
    bundle.mkdir()
    assert kapsel.call("export", "oci", made, "--output", bundle).status == 0
    back = kapsel.directory / "back.kapsel.jsonc"
    result = kapsel.call("import", "oci", bundle, "--output", back)
    assert result.status == 0, result
    before, after = resolved(kapsel, made), resolved(kapsel, back)
    if not {"swap"} & set(keys.get("limits", {})):
        before["limits"].pop("swap")
        after["limits"].pop("swap")
    assert after == before


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_a_unit_passes_systemds_own_checks(kapsel, profile):
    made = profile(["/bin/sh", "-c", 'echo "$HOME" 100% \\'], env={"X": 'a "b" %c', "E": ""},
                   capabilities=["NET_BIND_SERVICE"], restart={"policy": "on-failure"}, watchdog="30s", notify=True,
                   mounts={"/tmp": {"type": "tmpfs", "size": "1MiB"}, "/extra": {"type": "bind", "source": "/srv"}},
                   limits={"memory": "64MiB", "cpu": 0.5, "pids": 16})
    unit = kapsel.directory / "web.service"
    export(kapsel, made, "--output", unit, kind="systemd")
    verify = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, encoding="utf-8", timeout=60,
                            check=False)
    assert verify.returncode == 0 and str(unit) not in verify.stderr, verify.stderr + unit.read_text()
    security = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
                              capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert security.returncode == 0, security.stdout
    text = unit.read_text()
    assert "kapsel" not in text.lower().replace(str(kapsel.rootfs).lower(), "").replace(made["name"], "")
    assert 'ExecStart="/bin/sh" "-c" "echo \\"$$HOME\\" 100%% \\\\"' in text


def test_a_unit_refuses_what_it_can_not_hold(kapsel, profile):
    result = kapsel.call("export", "systemd", kapsel.write(profile(["/bin/echo", "a\nb"])))
    assert result.status == 1 and "write the argument" in result.stderr and "\\x0a" in result.stderr


def pod_of(kapsel, profile):
    yaml = pytest.importorskip("yaml")
    result = export(kapsel, profile, kind="k8s")
    return yaml.safe_load(result.stdout), result.stderr


def test_a_pod_meets_the_restricted_standard(kapsel, profile):
    pod, losses = pod_of(kapsel, profile(
        ["/bin/echo", "yes", "1"], env={"A": "no"}, capabilities=["NET_BIND_SERVICE"],
        health={"command": ["/bin/true"], "interval": "5s"}, secrets={"pw": {"source": "/etc/hostname"}},
        mounts={"/tmp": {"type": "tmpfs", "size": "1MiB"}, "/extra": {"type": "bind", "source": "/srv"}},
        limits={"memory": "64MiB", "cpu": 0.5, "pids": 16}))
    spec, container = pod["spec"], pod["spec"]["containers"][0]
    for host in ["hostNetwork", "hostPID", "hostIPC"]:
        assert host not in spec
    for volume in spec["volumes"]:
        assert set(volume) - {"name"} <= {"emptyDir", "persistentVolumeClaim", "secret"}
    assert spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["runAsUser"] == 65532
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False and security["privileged"] is False
    assert security["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
    assert security["readOnlyRootFilesystem"] is True
    assert container["command"] == ["/bin/echo"] and container["args"] == ["yes", "1"]
    assert {"name": "A", "value": "no"} in container["env"]
    assert container["resources"]["limits"] == {"cpu": "500m", "memory": str(64 << 20)}
    assert container["livenessProbe"]["periodSeconds"] == 5
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    assert "restricted\" refuses" not in losses
    for word in ["rootfs", "limits.pids", "claim", "secrets"]:
        assert word in losses


def test_a_pod_that_is_not_restricted_says_so(kapsel, profile):
    _, losses = pod_of(kapsel, profile(["/bin/true"], capabilities=["SYS_TIME"], network="host"))
    assert losses.count("restricted") == 2


def test_an_unknown_kind_is_refused(kapsel, profile):
    result = kapsel.call("export", "vm", kapsel.write(profile(["/bin/true"])))
    assert result.status == 2 and "oci, systemd or k8s" in result.stderr
