# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drives an OCI runtime as an engine does: writes bundles, calls the runtime, reads the kernel.

The runtime under test is named by OCI_RUNTIME; without it, it is the kapsel-oci that lies beside
KAPSEL (default: build/kapsel).  What one runtime needs on one kind of machine stands in QUIRKS and
nowhere else: a test is written by the specification, whatever its runtime.
"""

import array
import atexit
import copy
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
IN_VM = os.environ.get("VM_RUN") == "1"
# Beyond this a call hangs.  The virtual machine without KVM is ten times slower.
TIMEOUT_S = 100 if IN_VM else 20
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLONE_NEWNS, CLONE_NEWCGROUP = 0x20000, 0x2000000
MS_REC, MS_PRIVATE, MS_SHARED, MS_BIND = 0x4000, 1 << 18, 1 << 20, 4096
MNT_DETACH = 2
PR_SET_CHILD_SUBREAPER = 36

libc = ctypes.CDLL(None, use_errno=True)

ALL_CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split()
# What engines give by default.
CAPABILITIES = ["CAP_" + name for name in (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL "
    "AUDIT_WRITE").split()]


def capability_mask(names):
    """The bits of capabilities(7) for CAP_ names."""
    return sum(1 << ALL_CAPABILITIES.index(name[4:]) for name in names)


# --- what the peers need ------------------------------------------------------------------------


class Quirks:
    """What a runtime needs on this machine beside the specification's words."""

    def __init__(self, own_cgroup_mount=False, flags=()):
        # Only a cgroup2 mount at /sys/fs/cgroup is understood: the session gets one of its own.
        self.own_cgroup_mount = own_cgroup_mount
        self.flags = list(flags)  # global flags, where controllers are missing


QUIRKS = {
    "crun": Quirks(own_cgroup_mount=True, flags=["--cgroup-manager=disabled"]),
    "runc": Quirks(own_cgroup_mount=True),
}


def runtime_path():
    """The program under test."""
    if "OCI_RUNTIME" in os.environ:
        return Path(shutil.which(os.environ["OCI_RUNTIME"], path=os.environ["PATH"] + ":/usr/sbin")
                    or os.environ["OCI_RUNTIME"]).absolute()
    return Path(os.environ.get("KAPSEL", SOURCE / "build" / "kapsel")).absolute().parent / "kapsel-oci"


def runtime_version(path):
    """The number that --version tells, or "?"."""
    try:
        text = subprocess.run([path, "--version"], capture_output=True, encoding="utf-8", errors="replace",
                              timeout=TIMEOUT_S, check=False).stdout
        return text.splitlines()[0].split()[-1]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "?"


def cgroup_mount():
    """The cgroup v2 mount point; the last one where several cover each other."""
    found = None
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        if rest.split()[0] == "cgroup2":
            found = Path(fields.split()[4])
    return found


def cgroup_of(pid):
    """The directory of a process in the cgroup v2 hierarchy."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        number, _, path = line.split(":", 2)
        if number == "0":
            return cgroup_mount() / path.lstrip("/")
    raise AssertionError("no cgroup v2")


def own_cgroup():
    return cgroup_of("self")


def controllers():
    """The controllers that can be used below the cgroup v2 mount."""
    mount = cgroup_mount()
    return set((mount / "cgroup.controllers").read_text().split()) if mount else set()


def has_limits():
    return os.geteuid() == 0 and {"memory", "cpu", "pids"} <= controllers()


def _check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind=None, flags=0, data=None):
    """mount(2)."""
    encode = [None if text is None else str(text).encode() for text in (source, target, kind, data)]
    _check(libc.mount(encode[0], encode[1], encode[2], flags, encode[3]), f"mount {target}")


def unmount(target):
    libc.umount2(str(target).encode(), MNT_DETACH)


def prepare_session():
    """Called once: orphans become our children, peers get the cgroup mount that they understand."""
    _check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")
    os.umask(0o022)
    quirks = QUIRKS.get(runtime_path().name, Quirks())
    if os.geteuid() == 0 and quirks.own_cgroup_mount and not has_limits():
        _check(libc.unshare(CLONE_NEWNS), "unshare")
        mount(None, "/", flags=MS_REC | MS_PRIVATE)
        mount("cgroup2", "/sys/fs/cgroup", "cgroup2")
        _enter_own_cgroup(Path("/sys/fs/cgroup"))


def _enter_own_cgroup(root):
    """The session's root group is a group of its own, for runc 1.1.5 ties its device rules to the root group when a
    cgroupsPath leads there: from then on nobody on the host could open /dev/fuse or /dev/kvm."""
    own = root / f"peers-{os.getpid()}"
    own.mkdir()
    back = os.open(root / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
    directory = os.open(root, os.O_PATH | os.O_CLOEXEC)
    (own / "cgroup.procs").write_text(str(os.getpid()))
    _check(libc.unshare(CLONE_NEWCGROUP), "unshare the cgroup namespace")
    unmount(root)
    mount("cgroup2", root, "cgroup2")

    def leave():
        os.write(back, str(os.getpid()).encode())
        for group in sorted(Path("/sys/fs/cgroup").glob("**/"), reverse=True):
            if group != Path("/sys/fs/cgroup"):
                group.rmdir()
        os.rmdir(own.name, dir_fd=directory)
    atexit.register(leave)


def wait_for(condition, timeout_s=None, what="the condition"):
    """Poll until `condition()` is true and return its value."""
    deadline = time.monotonic() + (timeout_s or TIMEOUT_S)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true")
        time.sleep(0.01)


# --- bundles --------------------------------------------------------------------------------------


class Config(dict):
    """A config.json that tests change by dotted paths; every change returns the object."""

    def set(self, path, value):
        place = self
        *above, last = path.split(".")
        for name in above:
            place = place.setdefault(name, {})
        place[last] = value
        return self

    def get_at(self, path):
        place = self
        for name in path.split("."):
            place = place[name]
        return place

    def remove(self, path):
        *above, last = path.split(".")
        place = self
        for name in above:
            place = place[name]
        place.pop(last, None)
        return self

    def add(self, path, *entries):
        """Append to a list, which is made where it is missing."""
        place = self
        *above, last = path.split(".")
        for name in above:
            place = place.setdefault(name, {})
        place.setdefault(last, []).extend(entries)
        return self

    def args(self, *words):
        return self.set("process.args", list(words))

    def shell(self, script):
        return self.args("/bin/sh", "-c", script)

    def mount(self, destination, kind=None, source=None, options=(), **more):
        entry = {"destination": destination, **more}
        for key, value in (("type", kind), ("source", source and str(source))):
            if value is not None:
                entry[key] = value
        if options:
            entry["options"] = list(options)
        return self.add("mounts", entry)

    def bind(self, source, destination, *options):
        return self.mount(destination, "bind", source, ["bind", *options])

    def without_mount(self, destination):
        self["mounts"] = [entry for entry in self["mounts"] if entry["destination"] != destination]
        return self

    def namespace(self, kind, path=None):
        """Ask for a new namespace, or for one that a file names."""
        self.without_namespace(kind)
        entry = {"type": kind} if path is None else {"type": kind, "path": str(path)}
        return self.add("linux.namespaces", entry)

    def without_namespace(self, kind):
        old = self["linux"].get("namespaces", [])
        self["linux"]["namespaces"] = [entry for entry in old if entry["type"] != kind]
        return self

    def user_namespace(self, host_id=100000, size=65536):
        mapping = [{"containerID": 0, "hostID": host_id, "size": size}]
        return self.namespace("user").set("linux.uidMappings", mapping).set("linux.gidMappings", copy.deepcopy(mapping))

    def capabilities(self, *names, sets=("bounding", "effective", "permitted")):
        return self.set("process.capabilities", {name: list(names) for name in sets})

    def hook(self, kind, script, **more):
        """A hook that is a shell's script, on the host's shell or, for startContainer, the container's."""
        return self.add(f"hooks.{kind}", {"path": "/bin/sh", "args": ["sh", "-c", script], "env": [PATH], **more})

    def copy(self):
        return copy.deepcopy(self)


MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
     "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
]


def make_config(*args):
    """The smallest configuration that a shell feels at home in."""
    return Config(copy.deepcopy({
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": list(args) or ["/bin/true"],
            "env": [PATH, "TERM=xterm"],
            "cwd": "/",
            "capabilities": {name: CAPABILITIES for name in ("bounding", "effective", "permitted")},
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs"},
        "hostname": "conformance",
        "mounts": MOUNTS,
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network", "cgroup")]},
    }))


def copy_tree(source, target):
    """A tree with the same files: hard links, because a test replaces files and never writes into them."""
    os.mkdir(target)
    shutil.copymode(source, target)
    for entry in os.scandir(source):
        place = os.path.join(target, entry.name)
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), place)
        elif entry.is_dir():
            copy_tree(entry.path, place)
        else:
            os.link(entry.path, place)


class Bundle:
    """A directory with config.json and rootfs."""

    def __init__(self, path, template):
        self.path = Path(path)
        self.path.mkdir(mode=0o755)
        self.rootfs = self.path / "rootfs"
        copy_tree(template, self.rootfs)

    def write(self, config):
        (self.path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config, indent=1))
        return self

    def put(self, name, text, mode=0o644):
        """A file in the root file system."""
        path = self.rootfs / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() or path.is_symlink():
            path.unlink()
        path.write_text(text)
        path.chmod(mode)
        return path


# --- calls ------------------------------------------------------------------------------------------


class Result:
    """One finished call of the runtime."""

    def __init__(self, args, status, out, err):
        self.args, self.status, self.out, self.err = args, status, out, err

    def __repr__(self):
        return f"{' '.join(map(str, self.args))}\nstatus {self.status}\nstdout: {self.out[-3000:]}\nstderr: {self.err[-3000:]}"

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise AssertionError(f"no JSON: {self!r}") from None


class Console:
    """The engine's end of --console-socket: takes the terminal that the runtime sends."""

    def __init__(self, path):
        self.path = str(path)
        self.messages = []  # (data, descriptors) of each message
        self.master = None
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(4)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                while True:
                    data, descriptors = receive(connection)
                    if not data and not descriptors:
                        break
                    self.messages.append((data, descriptors))
                    if descriptors and self.master is None:
                        self.master = descriptors[0]

    def terminal(self):
        """The descriptor of the terminal's master."""
        return wait_for(lambda: self.master, what="a terminal on the console socket")

    def read_until(self, text):
        """Everything that came out up to `text`, or up to the end if `text` is None."""
        os.set_blocking(self.terminal(), False)
        seen = b""

        def more():
            nonlocal seen
            try:
                data = os.read(self.master, 65536)
                if not data:
                    return True
                seen += data
            except BlockingIOError:
                pass
            except OSError:  # EIO: the last holder of the other end is gone
                return True
            return text is not None and text.encode() in seen
        wait_for(more, what=f"{text!r} on the terminal, which said {seen!r}")
        return seen.decode("utf-8", "replace")

    def write(self, text):
        os.write(self.terminal(), text.encode())

    def close(self):
        self.listener.close()
        for _, descriptors in self.messages:
            for descriptor in descriptors:
                try:
                    os.close(descriptor)
                except OSError:
                    pass


def receive(connection, size=65536):
    """(data, descriptors) of one message."""
    data, ancillary, _, _ = connection.recvmsg(size, socket.CMSG_SPACE(64 * 4))
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[:len(content) - len(content) % descriptors.itemsize])
    return data, list(descriptors)


class Container:
    """A container of the runtime under test, created or on the way there."""

    def __init__(self, oci, identity, bundle):
        self.oci, self.id, self.bundle = oci, identity, bundle
        self.pid_file = oci.place / f"{identity}.pid"
        self.out_path = oci.place / f"{identity}.out"
        self.err_path = oci.place / f"{identity}.err"
        self.result = None  # of create or run
        self.status = None  # of the container's process, once it was waited for
        self.known_pid = None

    def __repr__(self):
        return f"{self.result!r}\ncontainer's stdout: {self.out!r}\ncontainer's stderr: {self.err!r}"

    @property
    def pid(self):
        if self.known_pid is None:
            self.known_pid = int(self.pid_file.read_text())
        return self.known_pid

    @property
    def out(self):
        return self.out_path.read_text(errors="replace") if self.out_path.exists() else ""

    @property
    def err(self):
        return self.err_path.read_text(errors="replace") if self.err_path.exists() else ""

    def call(self, verb, *args, check=True, **more):
        """`verb FLAG... ID WORD...`: words behind the id follow "--"."""
        words = list(args)
        at = words.index("--") if "--" in words else len(words)
        result = self.oci.call(verb, *words[:at], self.id, *words[at + 1:], **more)
        if check:
            assert result.status == 0, result
        return result

    def start(self, **more):
        return self.call("start", **more)

    def state(self):
        return self.call("state").json()

    def kill(self, name="KILL", **more):
        return self.call("kill", "--", str(name), **more)

    def delete(self, *flags, **more):
        return self.call("delete", *flags, **more)

    def exec(self, *words, flags=(), **more):
        """Run a command in the container; the result is the command's."""
        return self.call("exec", *flags, "--", *words, check=more.pop("check", False), **more)

    def shell(self, script, flags=(), **more):
        """The output of a script that must succeed."""
        result = self.exec("/bin/sh", "-c", script, flags=flags, **more)
        assert result.status == 0, result
        return result.out

    def ready(self, text="ready"):
        """Wait until the container has written `text`."""
        wait_for(lambda: text in self.out or not self.alive(), what=f"{text!r} from the container")
        assert text in self.out, repr(self)
        return self

    def alive(self):
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] not in "ZX"

    def wait(self, timeout_s=None):
        """The exit status of the container's process, 128 + n for signal n."""
        def gone():
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                return not self.alive()
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code
            return bool(pid)
        if self.status is None:
            wait_for(gone, timeout_s, f"the end of container {self.id}")
        return self.status

    def wait_for_status(self, status):
        wait_for(lambda: self.state()["status"] == status, what=f"status {status}")

    @property
    def proc(self):
        return Path("/proc") / str(self.pid)

    def namespaces(self):
        return {kind: os.readlink(self.proc / "ns" / kind) for kind in os.listdir(self.proc / "ns")}

    @property
    def cgroup(self):
        """The container's directory in the cgroup v2 hierarchy."""
        return cgroup_of(self.pid)

    def cgroup_file(self, name):
        return (self.cgroup / name).read_text().strip()

    def mounts(self):
        return read_mounts((self.proc / "mountinfo").read_text())


class Mount:
    """A line of mountinfo, proc(5)."""

    def __init__(self, line):
        fields, _, rest = line.partition(" - ")
        words, tail = fields.split(" "), rest.split(" ")
        self.root, self.target = words[3], words[4]
        self.options = set(words[5].split(","))
        self.propagation = {word.partition(":")[0] for word in words[6:] if word}
        self.kind, self.source = tail[0], tail[1]
        self.super_options = set(tail[2].split(","))

    def __repr__(self):
        return (f"{self.target}: {self.kind} from {self.source} {sorted(self.options)} "
                f"{sorted(self.super_options)} {sorted(self.propagation)}")


def read_mounts(text):
    """{target: the topmost mount there} of a mountinfo's text."""
    mounts = [Mount(line) for line in text.splitlines() if " - " in line]
    return {entry.target: entry for entry in mounts}


class Oci:
    """The runtime under test, with a place of its own for bundles and state."""

    control = None  # whether a plain container runs at all; asked once a session

    def __init__(self, template, parent=None, prefix=""):
        self.path, self.prefix = runtime_path(), prefix
        self.place = Path(tempfile.mkdtemp(prefix="oci-", dir=parent or os.environ.get("VM_SCRATCH")))
        self.place.chmod(0o755)
        self.root = self.place / "state"
        self.template = template
        self.containers, self.consoles, self.results, self.processes = [], [], [], []
        self.number = 0
        quirks = QUIRKS.get(self.path.name, Quirks())
        self.flags = ["--root", str(self.root)] + ([] if has_limits() else quirks.flags)

    # --- calls

    def popen(self, *args, stdin=None, out=None, err=None, flags=None, **more):
        """The runtime as a process; its streams are files, for a container may outlive the call."""
        words = [str(self.path), *(self.flags if flags is None else flags), *map(str, args)]
        return subprocess.Popen(words, stdin=stdin if stdin is not None else subprocess.DEVNULL, stdout=out, stderr=err,
                                **more)

    def call(self, *args, input=None, stdin=None, timeout_s=None, out=None, err=None, **more):
        """Run the runtime to its end. `out`, `err`: files that shall hold its streams."""
        self.number += 1
        own = [self.place / f"call-{self.number}.{stream}" for stream in ("out", "err")]
        paths = [Path(out) if out else own[0], Path(err) if err else own[1]]
        if input is not None:
            stdin = tempfile.TemporaryFile()
            stdin.write(input.encode())
            stdin.seek(0)
        with open(paths[0], "wb") as out_file, open(paths[1], "ab" if paths[0] == paths[1] else "wb") as err_file:
            process = self.popen(*args, stdin=stdin, out=out_file, err=err_file, **more)
            try:
                status = process.wait(timeout_s or TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = "none: it hung"
        result = Result([self.path.name, *args], status, *(path.read_text(errors="replace") for path in paths))
        self.results.append(result)
        return result

    # --- bundles and containers

    def new_id(self):
        self.number += 1
        return f"{self.prefix}{self.place.name}-{self.number}"

    def bundle(self, config=None):
        self.number += 1
        bundle = Bundle(self.place / f"bundle-{self.number}", self.template)
        return bundle.write(config) if config is not None else bundle

    def console(self):
        self.number += 1
        console = Console(self.place / f"console-{self.number}")
        self.consoles.append(console)
        return console

    def prepare(self, config, bundle=None, identity=None):
        bundle = bundle or self.bundle()
        if config is not None:
            bundle.write(config)
        container = Container(self, identity or self.new_id(), bundle)
        self.containers.append(container)
        return container

    def create(self, config, *flags, bundle=None, identity=None, check=True, **more):
        """A created container; with check=False one whose result says whether it is."""
        container = self.prepare(config, bundle, identity)
        container.result = self.call("create", "--bundle", container.bundle.path, "--pid-file", container.pid_file,
                                     *flags, container.id, out=container.out_path, err=container.err_path, **more)
        assert not check or container.result.status == 0, container.result
        return container

    def start(self, config, *flags, **more):
        """A container that was created and started."""
        container = self.create(config, *flags, **more)
        container.start()
        return container

    def running(self, config=None, *flags, **more):
        """A container that runs until it is killed."""
        config = (config or make_config()).args("/bin/helper", "hold")
        return self.start(config, *flags, **more).ready()

    def run(self, config, *flags, bundle=None, identity=None, **more):
        """`run` in the foreground; the result is the container's own."""
        container = self.prepare(config, bundle, identity)
        result = self.call("run", "--bundle", container.bundle.path, "--pid-file", container.pid_file, *flags,
                           container.id, **more)
        return result

    def output(self, config, *flags, **more):
        """What a container that must succeed has written."""
        result = self.run(config, *flags, **more)
        assert result.status == 0, result
        return result.out

    def report(self, config, *flags, **more):
        """What a process in such a container tells about itself (helper.c)."""
        config.args("/bin/helper", "report")
        return json.loads(self.output(config, *flags, **more))

    def assert_works(self):
        """A plain container runs: only then a refusal means something."""
        if Oci.control is None:
            Oci.control = self.run(make_config("/bin/echo", "fine"))
        assert (Oci.control.status, Oci.control.out) == (0, "fine\n"), f"no container runs at all: {Oci.control!r}"

    def assert_refused(self, config, *flags, start=True, **more):
        """create, or at the latest start, says no and why, and leaves no container."""
        self.assert_works()
        container = self.create(config, *flags, check=False, **more)
        refused = container.result
        if refused.status == 0 and start:
            refused = container.start(check=False)
            assert refused.status != 0, f"accepted: {container!r}"
            assert refused.err + container.err, f"no message: {refused!r}"
            container.delete("--force", check=False)
        assert refused.status not in (0, "none: it hung"), f"accepted or hung: {refused!r}"
        assert isinstance(refused.status, int) and refused.status > 0, f"died: {refused!r}"
        assert refused.err + container.err, f"no message: {refused!r}"
        assert not self.knows(container.id), f"the refused container is there: {refused!r}"
        return refused

    def knows(self, identity):
        """Whether the runtime has a container of that name; its directory is looked for first, a call takes longer."""
        return (self.root / identity).exists() and self.call("state", identity).status == 0

    # --- the end

    def _end(self, container):
        if (self.root / container.id).exists():
            self.call("delete", "--force", container.id)
        try:
            pid = container.pid
            if container.status is None and container.alive():
                os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            pass

    def end_all(self):
        if not self.place.exists():
            return
        for container in self.containers:
            self._end(container)
        for entry in self.root.iterdir() if self.root.exists() else ():  # what a test made without our knowledge
            self.call("delete", "--force", "--", entry.name)
        for process in self.processes:
            process.kill()
            process.wait()
        for console in self.consoles:
            console.close()
        reap()
        places = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for place in reversed(places):
            if place.startswith(str(self.place) + "/"):
                unmount(place)
        shutil.rmtree(self.place, ignore_errors=True)

    def spawn(self, *words, **more):
        """A process of the host that ends with the test."""
        process = subprocess.Popen(words, **more)
        self.processes.append(process)
        return process


def reap():
    """Collect orphans that are nobody's Popen."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        pass


# --- the root file system -----------------------------------------------------------------------------

# Busybox's shell knows its applets without a link; these are called by their path, too.  300 links
# in each of 1000 bundles would cost more time than the tests.
APPLETS = set("sh true false cat echo ls sleep stat env".split())


def make_template(directory):
    """The root file system that every bundle gets a copy of."""
    template = Path(directory) / "template"
    subprocess.run([SOURCE / "tests/rootfs/make", "busybox", template], check=True, timeout=10 * TIMEOUT_S)
    for link in (template / "bin").resolve().iterdir():
        if link.is_symlink() and link.name not in APPLETS:
            link.unlink()
    for name in ("var", "srv", "etc/nsswitch.conf"):
        subprocess.run(["rm", "-r", template / name], check=True)
    helper = template / "usr/bin/helper"
    subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-static", "-o", helper, HERE / "helper.c"], check=True,
                   timeout=10 * TIMEOUT_S)
    helper.chmod(0o755)
    for name in ("tmp", "root", "data", "run"):
        (template / name).mkdir(exist_ok=True)
    return template
