# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of probes against an OCI container, by `run` and by `exec`: what a bundle's own fields and the
annotation org.kapsel.profile can give is asked for, and every answer that then differs from the hardest default
of a profile stands below with its reason.
"""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from lib_layers import PROFILES, annotated  # noqa: E402
import lib_programs  # noqa: F401, E402
import lib_oci  # noqa: E402
from lib_oci import make_config  # noqa: E402
from oci_fixtures import oci_module, template  # noqa: F401, E402
from probe_table import STRICT  # noqa: E402

pytestmark = [
    pytest.mark.kapsel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]

PROBE = "/usr/bin/kapsel-probe"
UID = 65532
LAYER = {"syscalls": {"allow": ["@base", "@process"]}, "capabilities": [], "exec": {"allow": []}, "mounts": {}}


def program():
    path = Path(os.environ.get("KAPSEL_PROBE", lib_oci.runtime_path().parent / "kapsel-probe"))
    assert os.access(path, os.X_OK), f"{path} is not there: build kapsel-probe, or name it in KAPSEL_PROBE"
    return path


def put_targets(root, uid):
    """The probe program, and what it attacks: other programs, a privileged one, device nodes."""
    (root / "probe").mkdir(mode=0o755)
    for name in (PROBE[1:], "probe/other", "probe/setuid", "probe/filecap"):
        shutil.copy(program(), root / name)
        (root / name).chmod(0o755)
    os.chown(root / "probe/setuid", uid, uid)
    (root / "probe/setuid").chmod(0o4755)
    # cap_net_raw+ep, as setcap(8) writes it
    os.setxattr(root / "probe/filecap", "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0))
    for name, mode, device in (("block-node", 0o060666, os.makedev(7, 0)), ("char-node", 0o020666, os.makedev(1, 3))):
        os.mknod(root / "probe" / name, mode, device)
        (root / "probe" / name).chmod(0o666)


def strict_config(environment):
    """What a bundle can ask for of the hardest default."""
    config = make_config().user_namespace().set("process.user", {"uid": UID, "gid": UID})
    config.set("process.capabilities", {}).set("root.readonly", True).without_mount("/sys").without_mount("/dev/shm")
    config.set("process.rlimits", [{"type": f"RLIMIT_{name}", "soft": value, "hard": value}
                                   for name, value in (("NOFILE", 256), ("FSIZE", 16 << 20), ("MEMLOCK", 0), ("CORE", 1))])
    for entry in config["mounts"]:
        if entry["destination"] == "/proc":
            entry["options"] = ["nosuid", "nodev", "noexec", "subset=pid", "hidepid=invisible"]
    return config.add("process.env", *(f"{key}={value}" for key, value in environment.items()))


class Answers:
    def __init__(self, text):
        self.known = {}
        for line in text.splitlines():
            if line.startswith("{"):
                fields = json.loads(line)
                fields["text"] = fields["signal"] or fields["errno"] or ("OK" if fields["ret"] >= 0 else "HELD")
                self.known[fields["name"]] = fields


@pytest.fixture(scope="module")
def host():
    """A process, a port and an abstract socket to be found."""
    stranger = subprocess.Popen(["sleep", "3600"])
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as abstract:
        name = f"oci-probe-{os.getpid()}"
        abstract.bind("\0" + name)
        abstract.listen(1)
        yield {"PROBE_HOST_PID": stranger.pid, "PROBE_HOST_PORT": port.getsockname()[1], "PROBE_HOST_ABSTRACT": name,
               "PROBE_HOST_PATH": "rootfs"}
    stranger.kill()
    stranger.wait()


@pytest.fixture(scope="module")
def written_layer():
    """What layer of lib_layers does, for a whole file."""
    made = [path for path in (PROFILES, PROFILES.parent) if not path.exists()]
    PROFILES.mkdir(parents=True, exist_ok=True)
    path = PROFILES / f"kapsel-test-{os.getpid()}-probes.kapsel.jsonc"
    path.write_text(json.dumps({"kapsel": 1, **LAYER}))
    yield path.name.removesuffix(".kapsel.jsonc")
    path.unlink()
    for directory in made:
        directory.rmdir()


# Where a container of an engine differs from a profile's, and why.
DIFFERENT = {
    "exec-again": ({"OK"}, "no supervisor stays that could count: the command may be executed again"),
    "execveat-again": ({"OK"}, "the same"),
    "execveat-absolute-own": ({"OK"}, "the same"),
    "exec-other": ({"EACCES"}, "Landlock answers, not the filter: the layer's list has no other program"),
    "setuid-program": ({"EACCES"}, "the same"),
    "filecap-program": ({"EACCES"}, "the same"),
    "image-char-node": ({"OK"}, "1:3 is among the devices that every container has, and the image's root has no nodev"),
}
PROCESS_ONE = {
    name: ({"OK"}, "the command of `run` is process 1 itself, and looks at what is its own")
    for name in ("init-environ", "init-root", "init-fds", "init-exe", "init-mem", "init-maps")
}
# Without the layer and these settings, so that the answers mean something.
OPEN_BY_DEFAULT = ["unshare-user", "clone-user", "keyctl-join", "personality", "mmap-rwx", "mprotect-rx",
                   "memfd-dual-map", "memfd-exec", "exec-other", "ptrace-child", "socket-inet", "socket-unix",
                   "netlink-route", "create-in-root", "write-etc-passwd", "write-and-exec", "mknod-null", "setresuid-root",
                   "proc-cmdline", "chroot-escape", "mknod-whiteout", "setxattr-filecap"]


class Attacked:
    """The answers by way of `run` or of `exec`, collected once."""

    def __init__(self, oci, way):
        self.oci, self.way = oci, way
        self.known = {}

    def all(self, what, config):
        if what not in self.known:
            bundle = self.oci.bundle()
            put_targets(bundle.rootfs, 100000)
            if self.way == "run":
                result = self.oci.run(config.args(PROBE, "run", "all"), bundle=bundle)
            else:
                result = self.oci.running(config, bundle=bundle).exec(PROBE, "run", "all")
            self.known[what] = Answers(result.out).known
            assert self.known[what], f"the probe program did not run: {result}"
        return self.known[what]


@pytest.fixture(scope="module", params=["run", "exec"])
def attacked(request, oci_module):
    return Attacked(oci_module, request.param)


@pytest.mark.parametrize("name", STRICT)
def test_a_bundle_with_strict_settings_stops(attacked, host, written_layer, name):
    answer = attacked.all("strict", annotated(strict_config(host), written_layer))[name]
    if "untestable" in answer:
        pytest.skip(f"{name}: {answer['untestable']}")
    if name == "mmap-low" and int(Path("/proc/sys/vm/mmap_min_addr").read_text()) <= 4096:
        pytest.skip("this host's vm.mmap_min_addr lets everybody map the page at 4096")
    expected, reason = {**(PROCESS_ONE if attacked.way == "run" else {}), **DIFFERENT}.get(name, (STRICT[name], "strict"))
    assert answer["text"] in expected, (answer, reason)


@pytest.mark.parametrize("name", OPEN_BY_DEFAULT)
def test_a_plain_bundle_does_not(attacked, name):
    answer = attacked.all("plain", make_config())[name]
    assert answer["text"] == "OK", answer
