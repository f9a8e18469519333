# SPDX-License-Identifier: LGPL-2.1-or-later
"""A containerd of our own with its CRI plugin, and the ctr command."""

import itertools
import json
import os
from pathlib import Path

import lib_engine
import lib_examples
import lib_image

# Around docs/examples/oci/containerd.toml, which has to come before the first of these tables.
OWN_PLACES = """\
root = "{directory}/root"
state = "{directory}/state"
disabled_plugins = ["io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
"""
OWN_TABLES = """\
[grpc]
  address = "{directory}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{directory}/cni"
[plugins."io.containerd.internal.v1.opt"]
  path = "{directory}/opt"
"""
# A bridge without a gateway: no packet leaves the machine.
NETWORK = {
    "cniVersion": "0.4.0", "name": "tested",
    "plugins": [{"type": "bridge", "bridge": "cni-tested", "ipam": {
        "type": "host-local", "subnet": "10.88.7.0/24", "dataDir": None}}],
}


class Containerd(lib_engine.Daemon):
    """containerd, ready to serve."""

    def __init__(self, directory, runtime, systemd_cgroup=False):
        directory.mkdir()
        self.directory, self.runtime = directory, runtime
        self.socket = directory / "containerd.sock"
        network = json.loads(json.dumps(NETWORK))
        network["plugins"][0]["ipam"]["dataDir"] = str(directory / "ipam")
        (directory / "cni").mkdir()
        (directory / "cni" / "10-tested.conflist").write_text(json.dumps(network))
        config = directory / "config.toml"
        shown = lib_examples.example("containerd.toml", runtime)
        if not systemd_cgroup:
            assert "SystemdCgroup = true\n" in shown
            shown = shown.replace("SystemdCgroup = true\n", "SystemdCgroup = false\n")
        config.write_text(OWN_PLACES.format(directory=directory) + shown +
                          OWN_TABLES.format(directory=directory, image=lib_image.IMAGE))
        # What names no runtime runs `runc`: that has to be the tested one, too (ctr run --uidmap does so).
        (directory / "bin").mkdir()
        (directory / "bin" / "runc").symlink_to(runtime)
        super().__init__(["/usr/bin/containerd", "--config", config], directory, self.socket.is_socket,
                         env=dict(os.environ, PATH=f"{directory}/bin:{os.environ['PATH']}"))


class Ctr:
    """The ctr command in one namespace, for one test."""

    _numbers = itertools.count(1)

    def __init__(self, daemon, namespace="tests"):
        self.daemon, self.namespace = daemon, namespace

    def argv(self, *args):
        return ["/usr/bin/ctr", "--address", self.daemon.socket, "--namespace", self.namespace, *args]

    def __call__(self, *args, **options):
        return lib_engine.call(*self.argv(*args), **options)

    def load(self, archive):
        """Import the image, once for each namespace."""
        if lib_image.IMAGE in self("images", "ls", "--quiet").out.split():
            return
        try:
            self("images", "import", archive)
        except AssertionError as error:
            raise lib_engine.DaemonError(f"{error}\n{self.daemon.tail()}") from None

    def name(self):
        return f"ctr{next(Ctr._numbers)}"

    def run_argv(self, *options):
        return ["run", "--runtime", "io.containerd.runc.v2", "--runc-binary", self.daemon.runtime, *options]

    def run(self, *options, command=("sleep", "1000000")):
        """Start a detached container; its name and its process."""
        name = self.name()
        self(*self.run_argv("--detach", *options), lib_image.IMAGE, name, *command)
        return name, self.pid(name)

    def tasks(self):
        """{container: (pid, status)}"""
        rows = [line.split() for line in self("task", "ls").out.splitlines()[1:]]
        return {row[0]: (int(row[1]), row[2]) for row in rows}

    def pid(self, name):
        return self.tasks()[name][0]

    def exec(self, name, *command, options=(), **others):
        return self("task", "exec", "--exec-id", f"x{next(Ctr._numbers)}", *options, name, *command, **others)

    def remove_all(self):
        """Remove the namespace's containers, whatever their state."""
        for name in self.tasks():
            self("task", "rm", "--force", name, status=None)
        names = self("container", "ls", "--quiet").out.split()
        if names:
            self("container", "rm", *names, status=None)

    def left_behind(self):
        """State directories and cgroups of containers."""
        root = Path("/run/containerd/runc") / self.namespace
        bundles = self.daemon.directory / "state/io.containerd.runtime.v2.task" / self.namespace
        return (lib_engine.below(root) + lib_engine.below(bundles) +
                lib_engine.below(lib_engine.CGROUPS / self.namespace, "*/"))
