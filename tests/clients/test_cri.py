# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kubernetes' view: pods and containers through containerd's CRI plugin."""

import json
import os
from pathlib import Path

import lib_cri
import lib_engine
import pytest
from lib_image import IMAGE

MiB = 1 << 20
RUNTIME_DEFAULT = {"profile_type": 0}
SLEEP = ["sleep", "1000000"]


class Pod:
    """A sandbox, and containers in it."""

    def __init__(self, cri, directory, namespaces=None, sysctls=(), privileged=False):
        self.cri, self.directory = cri, directory
        # As the kubelet asks: a process namespace for each container, no host name on the node's network.
        self.namespaces = {"pid": lib_cri.CONTAINER, **(namespaces or {})}
        hostname = {} if self.namespaces.get("network") == lib_cri.NODE else {"hostname": "pod-host"}
        self.config = {
            "metadata": {"name": directory.name, "uid": f"uid-{directory.name}", "namespace": "default"},
            **hostname, "log_directory": str(directory),
            "linux": {"cgroup_parent": "/kubepods", "sysctls": [{"key": key, "value": value} for key, value in sysctls],
                      "security_context": {"namespace_options": self.namespaces, "seccomp": RUNTIME_DEFAULT,
                                           "privileged": privileged}}}
        self.id = cri.RunPodSandbox(config=self.config)["pod_sandbox_id"]

    def create(self, name, command, security=None, resources=None, **more):
        config = {"metadata": {"name": name}, "image": {"image": IMAGE}, "command": command, "log_path": f"{name}.log",
                  "linux": {"security_context": {"namespace_options": self.namespaces, **(security or {})},
                            "resources": resources or {}}, **more}
        return self.cri.CreateContainer(pod_sandbox_id=self.id, config=config,
                                        sandbox_config=self.config)["container_id"]

    def start(self, *args, **more):
        container = self.create(*args, **more)
        self.cri.StartContainer(container_id=container)
        return container

    def pid(self, container):
        answer = self.cri.ContainerStatus(container_id=container, verbose=True)
        info = {entry["key"]: entry["value"] for entry in answer["info"]}
        return json.loads(info["info"])["pid"]

    def status(self, container):
        return self.cri.ContainerStatus(container_id=container)["status"]

    def wait_for_end(self, container):
        def ended():
            status = self.status(container)
            return status if status["state"] == lib_cri.EXITED else None
        return lib_engine.wait_for(ended, "the container's end")

    def exec(self, container, *command, timeout_s=0):
        answer = self.cri.ExecSync(container_id=container, cmd=list(command), timeout=timeout_s)
        return answer["exit_code"], answer["stdout"], answer["stderr"]

    def log(self, name):
        """[(stream, text)] of a log in the CRI's own format."""
        lines = (self.directory / f"{name}.log").read_text().splitlines()
        return [(line.split(" ", 3)[1], line.split(" ", 3)[3]) for line in lines]


@pytest.fixture
def cri(containerd, kubernetes_image):
    """The interface; pods of the test are removed, and nothing of them may be left."""
    client = lib_cri.Cri(containerd.socket)
    yield client
    client.remove_all()
    left = (lib_engine.below("/run/containerd/runc/k8s.io") +
            lib_engine.below(lib_engine.CGROUPS / "kubepods", "*/"))
    assert not left, f"left behind: {left}"


def test_a_pod_lives_from_run_to_remove(cri, tmp_path):
    pod = Pod(cri, tmp_path, sysctls=[("net.ipv4.ip_forward", "1"), ("kernel.shm_rmid_forced", "1")])
    status = cri.PodSandboxStatus(pod_sandbox_id=pod.id)["status"]
    assert status["state"] == 0 and status["network"]["ip"].startswith("10.88.7.")

    container = pod.start("worker", ["sh", "-c", "echo out; echo err >&2; trap 'exit 6' TERM; sleep 1000000 & wait"])
    running = pod.status(container)
    assert running["state"] == lib_cri.RUNNING and running["started_at"] > 0
    assert lib_engine.cgroup_of(pod.pid(container)).parent.name == "kubepods"
    code, out, err = pod.exec(container, "sh", "-c", "hostname; cat /proc/sys/net/ipv4/ip_forward "
                              "/proc/sys/kernel/shm_rmid_forced; ip addr show eth0 | grep -o 'inet [0-9.]*'; "
                              "echo e >&2; exit 5")
    assert (code, err) == (5, "e\n")
    assert out.splitlines() == ["pod-host", "1", "1", f"inet {status['network']['ip']}"]
    assert pod.exec(container, "cat", "/proc/1/comm")[1] == "sh\n"

    lib_engine.wait_for(lambda: len(pod.log("worker")) == 2, "two lines of log")
    assert sorted(pod.log("worker")) == [("stderr", "err"), ("stdout", "out")]
    cri.StopContainer(container_id=container, timeout=60)
    ended = pod.status(container)
    assert (ended["state"], ended["exit_code"]) == (lib_cri.EXITED, 6)
    cri.RemoveContainer(container_id=container)
    assert cri.ListContainers()["containers"] == []
    cri.StopPodSandbox(pod_sandbox_id=pod.id)
    assert cri.PodSandboxStatus(pod_sandbox_id=pod.id)["status"]["state"] == 1
    cri.RemovePodSandbox(pod_sandbox_id=pod.id)


def test_a_container_that_fails_says_how(cri, tmp_path):
    pod = Pod(cri, tmp_path, {"network": lib_cri.NODE})
    failing = pod.start("failing", ["sh", "-c", "exit 17"])
    assert pod.wait_for_end(failing)["exit_code"] == 17
    with pytest.raises(lib_cri.Refused, match="/no/such/program.*(?i:not found|no such file)"):
        pod.start("missing", ["/no/such/program"])
    assert lib_engine.below(lib_engine.CGROUPS / "kubepods", "*/"), "the sandbox is still there"
    hungry = pod.start("hungry", ["sh", "-c", "tail /dev/zero; exit $?"],
                       resources={"memory_limit_in_bytes": 24 * MiB})
    ended = pod.wait_for_end(hungry)
    assert (ended["exit_code"], ended["reason"]) == (137, "OOMKilled")
    sleeper = pod.start("sleeper", SLEEP)
    with pytest.raises(lib_cri.Refused, match="timeout|deadline"):
        pod.exec(sleeper, "sleep", "1000", timeout_s=2)
    cri.StopContainer(container_id=sleeper, timeout=1)
    assert pod.status(sleeper)["exit_code"] == 137


def test_the_security_context_holds_for_the_container_and_for_exec(cri, tmp_path):
    pod = Pod(cri, tmp_path)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "file").write_text("from the host\n")
    container = pod.start(
        "strict", SLEEP, working_dir="/tmp", envs=[{"key": "WORD", "value": "said"}],
        mounts=[{"container_path": "/shared", "host_path": str(tmp_path / "shared"), "readonly": True}],
        devices=[{"container_path": "/dev/disk", "host_path": "/dev/vda", "permissions": "r"}],
        resources={"memory_limit_in_bytes": 64 * MiB, "cpu_quota": 50000, "cpu_period": 100000, "cpu_shares": 512,
                   "oom_score_adj": 300, "cpuset_cpus": "0"},
        security={"run_as_user": {"value": 1000}, "run_as_group": {"value": 2000}, "supplemental_groups": [3000],
                  "readonly_rootfs": True, "no_new_privs": True, "seccomp": RUNTIME_DEFAULT,
                  "capabilities": {"drop_capabilities": ["ALL"], "add_capabilities": ["KILL"]},
                  "masked_paths": ["/proc/version"], "readonly_paths": ["/proc/sys"]})
    pid = pod.pid(container)
    group = lib_engine.cgroup_of(pid)
    assert [(group / name).read_text().strip() for name in ("memory.max", "cpu.max", "cpuset.cpus")] == [
        str(64 * MiB), "50000 100000", "0"]
    inside = lib_engine.parse_status(pod.exec(container, "cat", "/proc/self/status")[1])
    for each in (lib_engine.status_of(pid), inside):
        assert each["Uid"].split() == ["1000"] * 4 and each["Gid"].split() == ["2000"] * 4
        assert "3000" in each["Groups"].split()
        assert (each["CapEff"], each["CapBnd"]) == ("0" * 16, lib_engine.capability_mask("kill"))
        assert (each["NoNewPrivs"], each["Seccomp"]) == ("1", "2")
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "300\n"
    out = pod.exec(container, "sh", "-c", "pwd; echo $WORD; cat /shared/file; "
                   "touch /shared/x || echo shared-read-only; "
                   "touch /x || echo root-read-only; wc -c </proc/version; unshare -Ur true || echo no-unshare")[1]
    assert out.splitlines() == ["/tmp", "said", "from the host", "shared-read-only", "root-read-only", "0",
                                "no-unshare"]

    cri.UpdateContainerResources(container_id=container, linux={
        "memory_limit_in_bytes": 96 * MiB, "cpu_quota": 25000, "cpu_period": 100000})
    assert [(group / name).read_text().strip() for name in ("memory.max", "cpu.max")] == [
        str(96 * MiB), "25000 100000"]
    stats = cri.ContainerStats(container_id=container)["stats"]
    assert stats["cpu"]["usage_core_nano_seconds"]["value"] > 0
    assert 0 < stats["memory"]["working_set_bytes"]["value"] < 96 * MiB


def namespaces(pid, *names):
    return [os.readlink(f"/proc/{pid}/ns/{name}") for name in names]


def test_containers_of_a_pod_share_what_the_pod_says(cri, tmp_path):
    pod = Pod(cri, tmp_path)
    first, second = (pod.pid(pod.start(name, SLEEP)) for name in ("first", "second"))
    assert namespaces(first, "net", "ipc", "uts") == namespaces(second, "net", "ipc", "uts")
    assert namespaces(first, "net", "ipc", "uts") != namespaces("self", "net", "ipc", "uts")
    assert len(set(namespaces(first, "pid", "mnt", "cgroup") + namespaces(second, "pid", "mnt", "cgroup"))) == 6

    both = {"namespace_options": {"pid": lib_cri.POD}}
    shared = [pod.pid(pod.start(name, SLEEP, security=both)) for name in ("third", "fourth")]
    assert namespaces(shared[0], "pid") == namespaces(shared[1], "pid") != namespaces("self", "pid")


def test_a_privileged_container_of_the_node_has_the_node(cri, tmp_path):
    node = {"network": lib_cri.NODE, "pid": lib_cri.NODE, "ipc": lib_cri.NODE}
    pod = Pod(cri, tmp_path, node, privileged=True)
    container = pod.start("node", SLEEP, security={"privileged": True})
    pid = pod.pid(container)
    assert namespaces(pid, "net", "pid", "ipc") == namespaces("self", "net", "pid", "ipc")
    status = lib_engine.status_of(pid)
    assert status["CapEff"] == lib_engine.status_of(os.getpid())["CapEff"] and status["Seccomp"] == "0"
    assert pod.exec(container, "dd", "if=/dev/vda", "of=/dev/null", "count=1")[0] == 0
