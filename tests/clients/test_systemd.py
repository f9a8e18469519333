# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemd as process 1: scopes for the runtime's cgroups, services that are containers."""

import json
import os
import shutil
import subprocess
import tarfile
import time

import lib_containerd
import lib_cri
import lib_engine
import lib_podman
import pytest
from lib_podman import IMAGE

pytestmark = pytest.mark.systemd
MiB = 1 << 20

BUNDLE = {
    "ociVersion": "1.0.2", "hostname": "bundle", "root": {"path": "rootfs", "readonly": True},
    "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"], "args": []},
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
               {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]}],
    "linux": {"namespaces": [{"type": name} for name in ("pid", "mount", "ipc", "uts", "network", "cgroup")],
              "resources": {"memory": {"limit": 64 * MiB}, "pids": {"limit": 20}}},
}


def show(unit, *properties):
    """Properties of a unit as systemd has them."""
    return lib_engine.parse_facts(lib_engine.call(
        "systemctl", "show", *(f"--property={name}" for name in properties), unit).out)


@pytest.fixture(scope="module")
def rootfs(scratch, archive):
    """The image's files as a directory."""
    with tarfile.open(archive) as tar:
        layer = next(name for name in tar.getnames() if name.endswith(".tar"))
        with tarfile.open(fileobj=tar.extractfile(layer)) as files:
            files.extractall(scratch / "rootfs")
    return scratch / "rootfs"


def write_bundle(directory, rootfs, *args, cgroups_path=None):
    shutil.copytree(rootfs, directory / "rootfs", symlinks=True)
    config = json.loads(json.dumps(BUNDLE))
    config["process"]["args"] = list(args)
    if cgroups_path:
        config["linux"]["cgroupsPath"] = cgroups_path
    (directory / "config.json").write_text(json.dumps(config))


def test_systemd_run_runs_a_bundle(runtime, rootfs, tmp_path):
    write_bundle(tmp_path, rootfs, "/bin/sh", "-c", "hostname; echo err >&2; exit 7",
                 cgroups_path="system.slice:tested:once")
    result = lib_engine.call("systemd-run", "--wait", "--pipe", "--collect", "--quiet", runtime, "--systemd-cgroup",
                             "run", "--bundle", tmp_path, "systemd-run-1", status=7)
    assert result.out == "bundle\n" and result.err.endswith("err\n")
    assert show("tested-once.scope", "ActiveState")["ActiveState"] == "inactive"


def test_a_container_is_a_scope_with_its_limits(runtime, rootfs, tmp_path):
    write_bundle(tmp_path, rootfs, "/bin/sh", "-c", "trap exit TERM; sleep 1000000 & wait",
                 cgroups_path="tested.slice:tested:life")
    scope = "tested-life.scope"

    def oci(*args, **options):
        return lib_engine.call(runtime, "--systemd-cgroup", *args, **options)
    with open(tmp_path / "log", "wb") as log:  # the container keeps the streams of create
        subprocess.run([runtime, "--systemd-cgroup", "create", "--bundle", tmp_path, "--pid-file",
                                   tmp_path / "pid", "life"], stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=log, check=True, timeout=lib_engine.TIMEOUT_S)
    try:
        pid = int((tmp_path / "pid").read_text())
        oci("start", "life")
        assert lib_engine.cgroup_of(pid).relative_to(lib_engine.CGROUPS).parts[:2] == ("tested.slice", scope)
        facts = show(scope, "ActiveState", "Slice", "MemoryMax", "TasksMax", "Delegate")
        assert facts == {"ActiveState": "active", "Slice": "tested.slice", "MemoryMax": str(64 * MiB), "TasksMax": "20",
                         "Delegate": "yes"}
        oci("update", "--memory", str(80 * MiB), "life")
        # systemd knows the new limit, too: a daemon-reload must not bring the old one back.
        assert show(scope, "MemoryMax")["MemoryMax"] == str(80 * MiB)
        lib_engine.call("systemctl", "daemon-reload")
        assert (lib_engine.CGROUPS / "tested.slice" / scope / "memory.max").read_text().strip() == str(80 * MiB)
        lib_engine.call(runtime, "exec", "life", "/bin/true")
        lib_engine.call(runtime, "pause", "life")
        assert json.loads(lib_engine.call(runtime, "state", "life").out)["status"] == "paused"
        lib_engine.call(runtime, "resume", "life")
        lib_engine.call("systemctl", "stop", scope)
        lib_engine.wait_for(lambda: json.loads(oci("state", "life").out)["status"] == "stopped", "the scope's end")
    finally:
        oci("delete", "--force", "life")
    assert show(scope, "ActiveState")["ActiveState"] == "inactive"


@pytest.fixture(scope="module")
def podman(scratch, runtime, archive):
    client = lib_podman.Podman(scratch / "pods", runtime, manager="systemd")
    client.load(archive)
    yield client
    client.remove_all()


def test_podman_s_containers_are_scopes(podman):
    container = podman.run("--memory", "64m", "--pids-limit", "20", IMAGE)
    group = lib_engine.cgroup_of(container.pid)
    scope = next(name for name in group.parts if name.endswith(".scope"))
    assert scope.startswith("libpod-") and "machine.slice" in group.parts
    assert show(scope, "MemoryMax", "TasksMax") == {"MemoryMax": str(64 * MiB), "TasksMax": "20"}
    podman("update", "--memory", "80m", container.name)
    assert show(scope, "MemoryMax") == {"MemoryMax": str(80 * MiB)}
    podman("pause", container.name)
    podman("unpause", container.name)
    podman("exec", container.name, "true")
    podman("stop", "--time", "1", container.name)
    lib_engine.wait_for(lambda: show(scope, "ActiveState")["ActiveState"] == "inactive", "the scope's end")


def test_a_kubernetes_pod_has_slices_and_scopes(scratch, runtime, archive, tmp_path):
    daemon = lib_containerd.Containerd(scratch / "containerd-systemd", runtime, systemd_cgroup=True)
    try:
        lib_containerd.Ctr(daemon, "k8s.io").load(archive)
        cri = lib_cri.Cri(daemon.socket)
        pod = {"metadata": {"name": "pod", "uid": "uid", "namespace": "default"}, "log_directory": str(tmp_path),
               "linux": {"cgroup_parent": "kubepods-pod1.slice",
                         "security_context": {"namespace_options": {"network": lib_cri.NODE}}}}
        sandbox = cri.RunPodSandbox(config=pod)["pod_sandbox_id"]
        container = cri.CreateContainer(pod_sandbox_id=sandbox, sandbox_config=pod, config={
            "metadata": {"name": "worker"}, "image": {"image": IMAGE}, "command": ["sleep", "1000000"],
            "log_path": "worker.log", "linux": {"resources": {"memory_limit_in_bytes": 64 * MiB},
                                                "security_context": {"namespace_options": {"network": lib_cri.NODE}}}})
        container = container["container_id"]
        cri.StartContainer(container_id=container)
        scope = f"cri-containerd-{container}.scope"
        assert show(scope, "Slice", "MemoryMax") == {"Slice": "kubepods-pod1.slice", "MemoryMax": str(64 * MiB)}
        cri.UpdateContainerResources(container_id=container, linux={"memory_limit_in_bytes": 80 * MiB})
        assert show(scope, "MemoryMax") == {"MemoryMax": str(80 * MiB)}
        assert cri.ExecSync(container_id=container, cmd=["echo", "hello"])["stdout"] == "hello\n"
        cri.StopContainer(container_id=container, timeout=1)
        cri.remove_all()
        assert show(scope, "ActiveState") == {"ActiveState": "inactive"}
    finally:
        daemon.stop()


@pytest.fixture(scope="module")
def rootless(scratch, runtime, archive):
    """podman of a user with a systemd of its own."""
    user = lib_podman.User(scratch / "user-systemd", own_systemd=True)
    client = lib_podman.Podman(user.home.parent, runtime, user, manager="systemd")
    client.load(archive)
    yield client
    client.remove_all()


def test_a_user_s_containers_have_limits_and_pause(rootless):
    container = rootless.run("--memory", "64m", "--pids-limit", "20", IMAGE, "sh", "-c",
                             "while :; do echo >>/tmp/beats; sleep 0.2; done")
    group = lib_engine.cgroup_of(container.pid)
    assert f"user@{rootless.user.uid}.service" in group.parts
    limited = next(each for each in (group, *group.parents) if each.name.endswith(".scope"))
    assert limited.name.startswith("libpod-")
    assert [(limited / name).read_text().strip() for name in ("memory.max", "pids.max")] == [str(64 * MiB), "20"]
    beats = f"/proc/{container.pid}/root/tmp/beats"
    rootless("pause", container.name)
    before = os.path.getsize(beats)
    time.sleep(1)
    assert os.path.getsize(beats) == before
    rootless("unpause", container.name)
    lib_engine.wait_for(lambda: os.path.getsize(beats) > before, "beats after unpause")
    rootless("stop", "--time", "1", container.name)
