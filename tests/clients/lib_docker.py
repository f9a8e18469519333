# SPDX-License-Identifier: LGPL-2.1-or-later
"""A dockerd of our own, the docker command, and enough of the API to look and to clean up."""

import http.client
import itertools
import json
import os
import socket

import lib_engine
import lib_examples
import lib_image

READY_S = 180  # it loads kernel modules and writes its firewall first


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout_s=lib_engine.TIMEOUT_S):
        super().__init__("localhost", timeout=timeout_s)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Dockerd(lib_engine.Daemon):
    """dockerd, ready to serve, and calls of its docker command."""

    _numbers = itertools.count(1)

    def __init__(self, directory, runtime, containerd, options=()):
        directory.mkdir()
        (directory / "bin").mkdir()
        (directory / "bin" / "runc").symlink_to(runtime)
        (directory / "home").mkdir()
        self.directory, self.runtime = directory, runtime
        self.socket = directory / "docker.sock"
        self.namespace = directory.name
        config = directory / "daemon.json"
        settings = json.loads(lib_examples.example("daemon.json", runtime))
        settings["runtimes"]["with-arguments"] = {"path": str(runtime), "runtimeArgs": ["--debug"]}
        settings["exec-opts"] = ["native.cgroupdriver=cgroupfs"]
        config.write_text(json.dumps(settings))
        super().__init__(
            ["/usr/sbin/dockerd", "--config-file", config, "--containerd", containerd.socket,
             "--containerd-namespace", self.namespace, "--containerd-plugins-namespace", f"{self.namespace}-plugins",
             "--data-root", directory / "data", "--exec-root", directory / "exec",
             "--pidfile", directory / "docker.pid", "--host", f"unix://{self.socket}", *options],
            directory, lambda: self.socket.is_socket() and self.api("GET", "/_ping") == "OK",
            env=dict(os.environ, PATH=f"{directory}/bin:{os.environ['PATH']}"), timeout_s=READY_S)

    def api(self, method, path):
        connection = Connection(self.socket)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read().decode()
        finally:
            connection.close()
        return json.loads(body) if answer.getheader("Content-Type", "").startswith("application/json") else body

    def argv(self, *args):
        return ["/usr/bin/docker", "--host", f"unix://{self.socket}", *args]

    def environment(self, **more):
        return dict(os.environ, DOCKER_CONFIG=str(self.directory / "home"), **more)

    def __call__(self, *args, env=None, **options):
        return lib_engine.call(*self.argv(*args), env=self.environment(**(env or {})), **options)

    def on_terminal(self, *args, **options):
        return lib_engine.call_on_terminal(*self.argv(*args), env=self.environment(), **options)

    def load(self, archive):
        try:
            self("load", "--input", archive)
        except AssertionError as error:
            raise lib_engine.DaemonError(f"{error}\n{self.tail()}") from None

    def once(self, *args, **options):
        """`docker run --rm` to its end."""
        return self("run", "--rm", *args, **options)

    def run(self, *args):
        """`docker run --detach`: a Container.  Options, the image, the command."""
        name = f"c{next(Dockerd._numbers)}"
        self("run", "--detach", "--name", name, *args)
        return Container(self, name)

    def remove_all(self):
        for entry in self.api("GET", "/containers/json?all=1"):
            self.api("DELETE", f"/containers/{entry['Id']}?force=1&v=1")

    def left_behind(self):
        """The runtime's state directories and cgroups of containers that are no more."""
        return (lib_engine.below(self.directory / "exec" / "runtime-kapsel" / self.namespace) +
                lib_engine.below(self.directory / "exec" / "runtime-runc" / self.namespace) +
                [path.name for path in lib_engine.CGROUPS.glob("docker/*/") if path.name != "buildkit"] +
                lib_engine.below(lib_engine.CGROUPS / "docker/buildkit", "*/"))


class Container:
    """A container in the background."""

    def __init__(self, docker, name):
        self.docker, self.name = docker, name

    def inspect(self):
        return self.docker.api("GET", f"/containers/{self.name}/json")

    @property
    def state(self):
        return self.inspect()["State"]

    @property
    def pid(self):
        return self.state["Pid"]

    @property
    def cgroup(self):
        return lib_engine.cgroup_of(self.pid)

    def limit(self, name):
        """A file of the container's cgroup, as the host reads it."""
        return (self.cgroup / name).read_text().strip()

    def status(self):
        return lib_engine.status_of(self.pid)

    def exec(self, *command, options=(), **others):
        return self.docker("exec", *options, self.name, *command, **others)

    def wait_for_log(self, text):
        lib_engine.wait_for(lambda: text in self.log(), f"{text!r} in the log of {self.name}")

    def log(self):
        result = self.docker("logs", self.name)
        return result.out + result.err

    def wait_for_state(self, **wanted):
        """Wait until each of these keys of State has its value, and return State."""
        def reached():
            state = self.state
            return state if all(state[key] == value for key, value in wanted.items()) else None
        return lib_engine.wait_for(reached, f"{wanted} of {self.name}")


IMAGE = lib_image.IMAGE
