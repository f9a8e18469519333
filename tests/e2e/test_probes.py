# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attacks from inside, by lab/probe: under the hardest default every one must be
stopped; with the one key opened that is about it, it must work or meet the next layer.

KAPSEL_PROBE names the probe program (default: kapsel-probe beside kapsel).
"""

import itertools
import json
import os
import pty
import shutil
import socket
import struct
import subprocess
from pathlib import Path

import pytest

import lib_host
import lib_kapsel
from probe_table import (ATTACKS_MAX, BY_NAME, ELSEWHERE, LAYERS, LESSONS, OPENED, ROWS, STRICT, VOLUME,
                         WORKS_WITHOUT_KAPSEL)

pytestmark = pytest.mark.root

PREFIX = f"e2e-{os.getpid()}-"
PROBE = "/kapsel-probe"
MAPPED_ROOT = 700000  # owner of the setuid program: uid 0 of a range that starts there
CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


def merge(*patches):
    """Profile keys on top of each other; lists of what is opened add up."""
    result = {}
    for patch in patches:
        for key, value in patch.items():
            if isinstance(value, dict):
                result[key] = merge(result.get(key, {}), value)
            elif isinstance(value, list) and key in ("allow", "capabilities", "share_host"):
                result[key] = sorted({*result.get(key, []), *value})
            else:
                result[key] = value
    return result


class Answer:
    """One line of the probe program."""

    def __init__(self, line):
        self.line = line
        self.fields = json.loads(line)
        self.untestable = self.fields.get("untestable", "")
        self.ret = self.fields["ret"]
        self.text = self.fields["signal"] or self.fields["errno"] or ("OK" if self.ret >= 0 else "HELD")

    def __repr__(self):
        return f"{self.text} ({self.line})"


def parse(text):
    answers = [Answer(line) for line in text.splitlines() if line.startswith("{")]
    return {answer.fields["name"]: answer for answer in answers}


class Lab:
    """Starts containers that run the probe program; equal profiles start once."""

    def __init__(self, kapsel, environment, descriptors):
        self.kapsel = kapsel
        self.environment = environment
        self.descriptors = descriptors
        self.known = {}

    def profile(self, command, *patches):
        keys = merge({"syscalls": {"allow": ["@base", "@process"]}, "env": self.environment}, *patches)
        closed = lib_host.limits()
        if "memory" in closed:  # the swap limit stands in the same controller
            closed["swap"] = "unlimited"
        keys["limits"] = {**keys.get("limits", {}), **closed}
        return self.kapsel.profile(command, **keys)

    def start(self, profile):
        """A run to its end, with directories of the host open that kapsel must not pass on."""
        path = self.kapsel.write(profile)
        try:
            return self.kapsel.launch("run", path, log_path=Path(profile["log"]["path"]),
                                      pass_fds=self.descriptors).finish(timeout_s=180)
        finally:
            self.kapsel.end_all()

    def answers(self, names, *patches):
        key = json.dumps([names, merge(*patches)], sort_keys=True)
        if key not in self.known:
            self.known[key] = self.start(self.profile([PROBE, "run", *names], *patches))
        result = self.known[key]
        answers = parse(result.logged())
        assert answers, f"the probe program did not run: {result}"
        return answers


@pytest.fixture(scope="module")
def probe(binary):
    """The probe program."""
    path = Path(os.environ.get("KAPSEL_PROBE", binary.parent / "kapsel-probe"))
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is not there: build kapsel-probe, or name it in KAPSEL_PROBE")
    return path


def give_file_capability(path):
    """cap_net_raw+ep, as setcap(8) writes it."""
    os.setxattr(path, "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0))


@pytest.fixture(scope="module")
def probe_rootfs(probe, tmp_path_factory):
    """The probe program alone, with what it attacks: privileged programs and device nodes."""
    root = tmp_path_factory.mktemp("probe") / "rootfs"
    for directory in ("bin", "dev", "etc", "proc", "sys", "tmp", "run", "mnt", "probe"):
        (root / directory).mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    for name in ("kapsel-probe", "probe/other", "probe/setuid", "probe/filecap"):
        shutil.copy(probe, root / name)
        os.chmod(root / name, 0o755)
    os.chown(root / "probe/setuid", MAPPED_ROOT, MAPPED_ROOT)
    os.chmod(root / "probe/setuid", 0o4755)
    give_file_capability(root / "probe/filecap")
    for name, mode, device in (("block-node", 0o060666, os.makedev(7, 0)), ("char-node", 0o020666, os.makedev(1, 3))):
        os.mknod(root / "probe" / name, mode, device)
        os.chmod(root / "probe" / name, 0o666)
    # The ids inside must be able to walk down to it.
    for directory in (root, *list(root.parents)[:3]):
        os.chmod(directory, os.stat(directory).st_mode | 0o055)
    return root


@pytest.fixture(scope="module")
def lab(binary, probe_rootfs, tmp_path_factory):
    """With a process, a port, an abstract socket and open directories of the host to be found."""
    stranger = subprocess.Popen(["sleep", "3600"])
    port = socket.create_server(("127.0.0.1", 0), backlog=16)
    abstract = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    name = f"{PREFIX}probe"
    abstract.bind("\0" + name)
    abstract.listen(16)
    descriptors = [os.open("/", os.O_RDONLY | os.O_DIRECTORY) for _ in range(4)]
    environment = {
        "PROBE_HOST_PID": str(stranger.pid),
        "PROBE_HOST_PORT": str(port.getsockname()[1]),
        "PROBE_HOST_ABSTRACT": name,
        "PROBE_HOST_PATH": str(probe_rootfs.parent.name),
    }
    kapsel = lib_kapsel.Kapsel(binary, probe_rootfs, tmp_path_factory.mktemp("probes"), PREFIX)
    yield Lab(kapsel, environment, descriptors)
    kapsel.end_all()
    for descriptor in descriptors:
        os.close(descriptor)
    port.close()
    abstract.close()
    stranger.kill()
    stranger.wait()


def check(answers, name, expected):
    answer = answers.get(name)
    assert answer is not None, f"{name} gave no answer; there are {sorted(answers)}"
    if answer.untestable:
        pytest.skip(f"{name}: {answer.untestable}")
    assert answer.text in expected, f"{name}: {answer}, expected {' or '.join(sorted(expected))}"


def test_the_table_has_every_probe(probe):
    listed = subprocess.run([probe, "list", "--json"], check=True, capture_output=True, encoding="utf-8").stdout
    attempts = [json.loads(line) for line in listed.splitlines()]
    assert {attempt["name"] for attempt in attempts} == set(ROWS) - ELSEWHERE
    for attempt in attempts:
        row = ROWS[attempt["name"]]
        if row["number"] <= ATTACKS_MAX:
            assert {key: row[key] for key in ("number", "tries", "heavy")} == \
                {key: attempt[key] for key in ("number", "tries", "heavy")}, attempt


def test_the_table_has_every_number():
    numbers = {row["number"] for row in ROWS.values()}
    assert set(range(1, ATTACKS_MAX + 1)) <= numbers
    assert {name: ROWS[name]["number"] for name in ELSEWHERE} == {
        "daemon": 30, "log-flood": 83, "connect-disallowed": 104, "terminal-escapes": 110}


# --- the probes themselves --------------------------------------------------------

@pytest.fixture(scope="module")
def answers_without_kapsel(probe, tmp_path_factory):
    """As root in new namespaces that protect the machine, and nothing else."""
    command = ["unshare", "--fork", "--pid", "--mount", "--net", "--uts", "--ipc", "--cgroup",
               "--mount-proc", "sh", "-c", "ip link set lo up; \"$@\"", "sh", probe, "run", "all"]
    environment = {**os.environ, "PROBE_DIR": str(tmp_path_factory.mktemp("native"))}
    environment = {key: value for key, value in environment.items() if not key.startswith("PROBE_HOST")}
    result = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, env=environment)
    assert result.returncode == 0, result.stderr
    return parse(result.stdout)


@pytest.mark.parametrize("name", WORKS_WITHOUT_KAPSEL)
def test_without_kapsel_the_attack_works(answers_without_kapsel, name):
    check(answers_without_kapsel, name, {"OK"})


# --- closed -----------------------------------------------------------------------

def min_address():
    return int(Path("/proc/sys/vm/mmap_min_addr").read_text())


@pytest.mark.parametrize("name", STRICT)
def test_the_hardest_default_stops(lab, name):
    if name == "mmap-low" and min_address() <= 4096:
        pytest.skip("this host's vm.mmap_min_addr lets everybody map the page at 4096")
    check(lab.answers(["all"]), name, STRICT[name])


@pytest.mark.parametrize("name", LESSONS)
def test_the_hardest_default_stops_what_some_workloads_may(lab, name):
    check(lab.answers([*LESSONS]), name, LESSONS[name])


@pytest.mark.parametrize("name, expected", [
    ("unshare-user", {"EPERM"}), ("mount-tmpfs", {"EPERM"}), ("clone3", {"ENOSYS"}), ("ptrace-traceme", {"EPERM"}),
    ("keyctl-join", {"EPERM"}), ("mmap-rwx", {"EACCES"}), ("personality", {"EPERM"}), ("exec-again", {"EPERM"}),
    ("clone-user", {"EPERM"}), ("socket-unix", {"EPERM"}), ("tiocsti-bit32", {"EPERM"}), ("fork-bomb", {"EPERM"}),
])
def test_base_alone_stops_without_a_fork(lab, name, expected):
    """The true default, where even fork is refused: attempted in the program's own process."""
    names = ["unshare-user", "mount-tmpfs", "clone3", "ptrace-traceme", "keyctl-join", "mmap-rwx", "personality",
             "exec-again", "clone-user", "socket-unix", "tiocsti-bit32", "fork-bomb"]
    profile = lab.profile([PROBE, "run", "--here", *names])
    del profile["syscalls"]
    if "base alone" not in lab.known:
        lab.known["base alone"] = lab.start(profile)
    result = lab.known["base alone"]
    assert result.status == 0, result
    check(parse(result.logged()), name, expected)


@pytest.mark.parametrize("name", ["kexec-load", "init-module", "int80-getpid"])
def test_what_is_never_legitimate_ends_the_workload(lab, name):
    """31: SIGSYS."""
    profile = lab.profile([PROBE, "run", "--here", name])
    del profile["syscalls"]
    result = lab.start(profile)
    assert result.status == 128 + 31, result
    assert not parse(result.logged()), result


# --- opened -----------------------------------------------------------------------

OPENED_CASES = [pytest.param(keys, name, expected[name], id=f"{title}-{name}")
                for title, (keys, expected) in OPENED.items() for name in expected]


@pytest.mark.parametrize("keys, name, expected", OPENED_CASES)
def test_an_opened_key_opens_only_itself(lab, keys, name, expected):
    names = next(list(table) for opened, table in OPENED.values() if opened is keys)
    check(lab.answers(names, keys), name, expected)


def test_a_device_key_opens_that_device(lab):
    if not os.path.exists("/dev/fuse"):
        pytest.skip("this host has no /dev/fuse")
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except PermissionError:
        pytest.skip("this host's own device rules refuse /dev/fuse")
    os_mode = os.stat("/dev/fuse").st_mode & 0o006
    answers = lab.answers(["dev-fuse", "dev-kvm", "dev-kmsg"], {"devices": {"/dev/fuse": "rw"}})
    check(answers, "dev-fuse", {"OK"} if os_mode == 0o006 else {"EACCES"})
    check(answers, "dev-kvm", {"ENOENT"})
    check(answers, "dev-kmsg", {"ENOENT"})


def layer_cases():
    for name, (goal, common, layers) in LAYERS.items():
        yield pytest.param(name, common, list(layers.values()), goal, True, id=f"{name}-all open")
        for closed in layers:
            opened = [keys for layer, keys in layers.items() if layer != closed]
            yield pytest.param(name, common, opened, goal, False, id=f"{name}-{closed} closed")


@pytest.mark.parametrize("name, common, opened, goal, works", layer_cases())
def test_each_layer_alone_stops(lab, name, common, opened, goal, works):
    answer = lab.answers([name], common, *opened)[name]
    if answer.untestable:
        pytest.skip(f"{name}: {answer.untestable}")
    assert (answer.text in goal) == works, f"{answer}, all open: {goal}"


# --- what only the outside sees ----------------------------------------------------

def test_a_log_has_an_end(lab):
    """83: what the workload writes beyond it is dropped from the oldest end, not from the newest."""
    profile = lab.profile([PROBE, "flood", "4"])
    path = Path(profile["log"]["path"])
    profile["log"].update(max_size="256KiB", max_files=2, compress=False)
    result = lab.start(profile)
    assert result.status == 0, result
    files = [file for file in path.parent.iterdir() if file.name.startswith(path.name)]
    assert len(files) == 2 and sum(file.stat().st_size for file in files) <= 600 << 10, files
    assert result.logged().splitlines()[-1].startswith("0000004095 "), result.logged()[-100:]


def test_control_sequences_do_not_reach_the_operators_terminal(lab):
    """110: kapsel's own verbs print what the workload wrote, and the terminal must not act upon it."""
    master, slave = pty.openpty()
    try:
        profile = lab.profile([PROBE, "escapes"])
        del profile["log"]  # where `kapsel logs` looks
        result = lab.kapsel.launch("run", lab.kapsel.write(profile)).finish()
        assert result.status == 0, result
        process = subprocess.Popen([lab.kapsel.binary, "logs", profile["name"]], stdin=slave, stdout=slave,
                                   stderr=slave, env={**os.environ, "TERM": "xterm"})
        shown = b""
        while b" end" not in shown:
            shown += os.read(master, 4096)
        assert process.wait(20) == 0
        assert rb"\x1b]0;owned\x07" in shown and rb"\xc2\x9b31m" in shown, shown
        assert not {0x1b, 0x07, 0x08, 0x7f, 0x9b} & set(shown), shown
    finally:
        os.close(master)
        os.close(slave)
        shutil.rmtree(Path("/var/log/kapsel") / profile["name"], ignore_errors=True)


def test_there_is_no_list_of_addresses_to_get_around(lab):
    """104: a profile that believes in one is refused, and told what there is instead."""
    path = lab.kapsel.write(lab.profile([PROBE, "list"], {"network": {"outbound": ["192.0.2.1:443"]}}))
    result = lab.kapsel.call("check", path)
    assert result.status == 1 and "network.outbound" in result.stdout and "namespace" in result.stdout, result


def test_a_socket_of_the_host_answers_only_where_it_was_mounted(lab, tmp_path):
    """106: what a profile that mounts an engine's socket gives away."""
    directory = tmp_path / "engine"
    directory.mkdir(mode=0o755)
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        os.chmod(parent, os.stat(parent).st_mode | 0o055)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine:
        engine.bind(str(directory / "engine.sock"))
        engine.listen(1)
        os.chmod(directory / "engine.sock", 0o777)
        keys = {**OPENED["sockets"][0], "env": {"PROBE_HOST_SOCKET": "/mnt/engine.sock"}}
        check(lab.answers(["connect-host-socket"], keys), "connect-host-socket", {"ENOENT", "EACCES"})
        mounted = {"mounts": {"/mnt": {"type": "bind", "source": str(directory)}}}
        check(lab.answers(["connect-host-socket"], keys, mounted), "connect-host-socket", {"OK"})


def test_a_daemon_dies_with_its_container(lab):
    """30: double fork and a session of its own."""
    seconds = str(100000 + os.getpid())
    result = lab.start(lab.profile([PROBE, "daemon", seconds]))
    assert result.status == 0 and result.logged() == "left\n", result

    def gone():
        return not [line for line in lib_host.descendants().values() if seconds in line]
    lib_host.wait_for(gone, 5.0, "the end of the daemon")


def test_descriptors_of_the_caller_do_not_get_inside(lab):
    """75, and CVE-2024-21626: the lab's starts have directories of the host open."""
    answers = lab.answers(["all"])
    check(answers, "inherited-fds", {"EBADF"})
    check(answers, "fchdir-inherited", {"EBADF"})


def test_nothing_can_be_typed_into_an_inherited_terminal(lab):
    """107: with stdin inherited it is the operator's own."""
    master, slave = pty.openpty()
    try:
        path = lab.kapsel.write(profile := lab.profile([PROBE, "run", "tiocsti-stdin"], {"stdin": "inherit"}))
        result = lab.kapsel.launch("run", path, log_path=Path(profile["log"]["path"]), stdin=slave).finish()
        check(parse(result.logged()), "tiocsti-stdin", {"EPERM"})
        os.set_blocking(slave, False)
        with pytest.raises(BlockingIOError):
            os.read(slave, 1)
    finally:
        lab.kapsel.end_all()
        os.close(master)
        os.close(slave)


SHARED_HOST = """
mount --make-rshared / || exit 99
before=$(cut -d' ' -f5 /proc/self/mountinfo)
"$@"
status=$?
[ "$before" = "$(cut -d' ' -f5 /proc/self/mountinfo)" ] || { cat /proc/self/mountinfo >&2; exit 98; }
exit $status
"""


def test_mounts_do_not_reach_a_host_with_shared_mounts(lab):
    """systemd makes / shared: what is mounted in a copy of a shared tree appears in the tree."""
    path = lab.kapsel.write(lab.profile([PROBE, "run", "mount-tmpfs"], VOLUME))
    command = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", SHARED_HOST, "sh",
               str(lab.kapsel.binary), "run", str(path)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert result.returncode == 0, result.stderr


LINKER = {"x86_64": (322, "/lib64/ld-linux-x86-64.so.2"), "aarch64": (281, "/lib/ld-linux-aarch64.so.1")}
PAST_THE_DESCRIPTOR = """
import ctypes, resource, sys
number, linker = {number}, {linker!r}.encode()
libc = ctypes.CDLL(None, use_errno=True)
argv = (ctypes.c_char_p * 6)(linker, b"/usr/bin/python3", b"-c", b"print('escaped', flush=True)", None, None)
environment = (ctypes.c_char_p * 1)(None)
for descriptor in (resource.getrlimit(resource.RLIMIT_NOFILE)[1], 64, 5000):
    libc.syscall(number, descriptor, linker, argv, environment, 0x1000)
    print("refused", ctypes.get_errno(), flush=True)
"""


def test_exec_once_holds_against_the_dynamic_linker(lab, python_rootfs):
    """65: the linker may be executed for the command itself, and it can start any other
    program: an execveat with its absolute path must not pass the filter."""
    number, linker = LINKER[os.uname().machine]
    code = PAST_THE_DESCRIPTOR.format(number=number, linker=linker)
    result = lab.start(lab.profile(["/usr/bin/python3", "-c", code], {"rootfs": str(python_rootfs)}))
    assert "escaped" not in result.logged(), result
    assert result.logged().count("refused") == 3, result


def test_a_core_limit_opens_core_files(lab):
    """84, opened: the dump goes to the working directory, a volume."""
    pattern = CORE_PATTERN.read_text().strip()
    if pattern.startswith(("|", "/", "@")):
        pytest.skip(f"this host's core_pattern is {pattern}: no file in the working directory")
    volume = {"mounts": {"/tmp": {"type": "tmpfs", "size": "32MiB"}}, "workdir": "/tmp"}
    closed = lab.answers(["core-dump", "lower-core-limit"], VOLUME, volume)
    check(closed, "core-dump", {"HELD"})
    opened = lab.answers(["core-dump", "lower-core-limit"], VOLUME, volume, {"limits": {"core": "16MiB"}})
    check(opened, "core-dump", {"OK"})
    check(opened, "lower-core-limit", {"EPERM"})


@pytest.mark.vm
def test_a_crash_does_not_run_the_hosts_core_handler(lab, tmp_path):
    """84: with a pipe in core_pattern the kernel would start a helper as the host's root."""
    trace = tmp_path / "ran"
    handler = tmp_path / "handler"
    handler.write_text(f"#!/bin/sh\ncat >/dev/null\necho \"$1\" >>{trace}\n")
    handler.chmod(0o755)
    before = CORE_PATTERN.read_text()
    CORE_PATTERN.write_text(f"|{handler} %P")
    try:
        crash = subprocess.Popen(["sh", "-c", "ulimit -c unlimited; kill -ABRT $$"])
        crash.wait()
        lib_host.wait_for(trace.exists, 20, "the handler's trace of a crash outside")
        trace.unlink()
        result = lab.start(lab.profile([PROBE, "run", "lower-core-limit", "core-dump"]))
        check(parse(result.logged()), "core-dump", {"HELD"})
        # The handler of a crash outside, afterwards, shows that the inner one would be there by now.
        crash = subprocess.Popen(["sh", "-c", "ulimit -c unlimited; kill -ABRT $$"])
        crash.wait()
        lib_host.wait_for(trace.exists, 20, "the handler's trace of a crash outside")
        assert trace.read_text().split() == [str(crash.pid)]
    finally:
        CORE_PATTERN.write_text(before)


# --- limits: they need controllers ---------------------------------------------------

def limited(lab, name, **limits):
    return lab.start(lab.profile([PROBE, "run", name], {"limits": limits}))


@pytest.mark.vm
def test_a_fork_bomb_ends_at_the_pids_limit(lab):
    """29"""
    closed = parse(limited(lab, "fork-bomb").logged())
    check(closed, "fork-bomb", {"EAGAIN"})
    check(parse(limited(lab, "fork-bomb", pids=512).logged()), "fork-bomb", {"OK"})


@pytest.mark.vm
def test_memory_beyond_the_limit_ends_the_whole_container(lab):
    """80: memory.oom.group, so that no crippled half goes on."""
    closed = limited(lab, "memory-hog")
    assert closed.status == 128 + 9, closed
    assert not parse(closed.logged()), closed
    check(parse(limited(lab, "memory-hog", memory="512MiB").logged()), "memory-hog", {"OK"})


@pytest.mark.vm
def test_processor_time_is_bounded(lab):
    """82: the probe returns thousandths of one core."""
    closed = parse(limited(lab, "cpu-burn", cpu=0.2).logged())["cpu-burn"]
    opened = parse(limited(lab, "cpu-burn", cpu="unlimited").logged())["cpu-burn"]
    assert 0 < closed.ret <= 300, closed
    assert opened.ret >= 2 * closed.ret, (closed, opened)


@pytest.mark.vm
def test_writing_to_a_disk_is_bounded(lab, tmp_path):
    """82: the probe returns KiB a second."""
    if not lib_host.IN_VM:
        pytest.skip("needs the virtual machine's loop devices")
    file, place = tmp_path / "disk.img", tmp_path / "disk"
    place.mkdir()
    with open(file, "wb") as image:
        image.truncate(64 << 20)
    for module in ("loop", "ext4"):
        subprocess.run(["modprobe", module], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", file], check=True, timeout=100)
    disk = subprocess.run(["losetup", "--find", "--show", file], check=True, capture_output=True,
                          encoding="utf-8").stdout.strip()
    subprocess.run(["mount", disk, place], check=True)
    try:
        volume = place / "volume"
        volume.mkdir()
        volume.chmod(0o777)
        for parent in (tmp_path, *list(tmp_path.parents)[:2]):
            os.chmod(parent, os.stat(parent).st_mode | 0o055)
        keys = {**OPENED["a volume"][0], "mounts": {"/tmp": {"type": "bind", "source": str(volume), "write": True}}}
        slow = {"limits": {"io": {disk: {"write_bps": "2MiB"}}}}
        fast = lab.answers(["io-flood"], keys)["io-flood"]
        held = lab.answers(["io-flood"], keys, slow)["io-flood"]
        assert 0 < held.ret <= 3000 and fast.ret > 2 * held.ret, (held, fast)
    finally:
        subprocess.run(["umount", place], check=True)
        subprocess.run(["losetup", "--detach", disk], check=True)


@pytest.mark.vm
def test_a_tmpfs_counts_as_memory(lab):
    """76: what is larger than the memory limit does not help to fill it."""
    keys = merge(VOLUME, {"mounts": {"/tmp": {"size": "256MiB"}}})
    result = lab.start(lab.profile([PROBE, "run", "fill-tmpfs"], keys, {"limits": {"memory": "32MiB"}}))
    assert result.status == 128 + 9 or parse(result.logged())["fill-tmpfs"].text in {"SIGKILL", "ENOMEM"}, result


def test_profiles_of_the_cases_differ():
    """Two layers that open the same would test nothing."""
    for name, (_, common, layers) in LAYERS.items():
        merged = [json.dumps(merge(common, keys), sort_keys=True) for keys in layers.values()]
        for one, other in itertools.combinations(merged, 2):
            assert one != other, name
