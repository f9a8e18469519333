# SPDX-License-Identifier: LGPL-2.1-or-later
"""podman as an ordinary user: no right of root is there to help.

podman 4.3 asks no cgroup of the runtime here (there is no systemd), so limits and
pause are not part of this.
"""

import os

import lib_engine
from lib_podman import IMAGE

KUBE = f"""\
apiVersion: v1
kind: Pod
metadata:
  name: played
spec:
  restartPolicy: Never
  containers:
  - name: worker
    image: {IMAGE}
    command: ["sh", "-c", "echo $WORD; sleep 1000000"]
    env:
    - name: WORD
      value: said
    securityContext:
      readOnlyRootFilesystem: true
      runAsUser: 1000
      capabilities:
        drop: ["ALL"]
"""


def test_run_hands_on_streams_and_status_and_leaves_nothing(rootless):
    result = rootless.once("--interactive", IMAGE, "sh", "-c", "cat; id -u; echo err >&2; exit 7", stdin="in\n",
                           status=7)
    assert (result.out, result.err) == ("in\n0\n", "err\n")
    assert lib_engine.says_not_found(rootless.once(IMAGE, "nosuch", status=127).err)
    assert "permission denied" in rootless.once(IMAGE, "/etc/not-executable", status=126).err.lower()
    assert rootless.left_behind() == []


def test_exec_kill_stop_logs_and_top_work(rootless):
    container = rootless.run(IMAGE, "sh", "-c", "trap 'echo bye; exit 3' TERM; echo ready; "
                             "sleep 1000000 & while :; do wait $!; done")
    container.wait_for_log("ready")
    assert lib_engine.status_of(container.pid)["Uid"].split() == [str(rootless.user.uid)] * 4
    result = container.exec("sh", "-c", "id -un; pwd; cat; exit 9", stdin="in\n", status=9,
                            options=["-i", "--user", "alice", "--workdir", "/home/alice"])
    assert result.out == "alice\n/home/alice\nin\n"
    inside = lib_engine.parse_status(container.exec("cat", "/proc/self/status").out)
    outside = lib_engine.status_of(container.pid)
    assert all(inside[key] == outside[key] for key in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp"))
    shown = rootless.on_terminal("exec", "-it", container.name, "sh", "-c", "tty; exit 5", status=5)
    assert "/dev/pts/" in shown.out
    assert "sleep 1000000" in rootless("top", container.name, "args").out
    rootless("stop", "--time", "60", container.name)
    assert rootless("wait", container.name).out == "3\n" and container.log() == "ready\nbye\n"
    rootless("start", container.name)
    rootless("kill", container.name)
    assert rootless("wait", container.name).out == "137\n"


def test_ids_are_mapped_as_asked(rootless):
    keep = rootless.run("--userns", "keep-id", IMAGE)
    assert keep.exec("id", "-u").out == f"{rootless.user.uid}\n"
    other = rootless.run("--user", "1000:1001", IMAGE)
    assert lib_engine.status_of(other.pid)["Uid"].split() == [str(500000 + 999)] * 4
    mapped = rootless.run("--uidmap", "0:1:1000", "--uidmap", "1000:0:1", "--gidmap", "0:1:1000",
                          "--gidmap", "1000:0:1", IMAGE)
    assert mapped.exec("sh", "-c", "id -u; wc -l </proc/self/uid_map").out.split() == ["0", "2"]


def test_rights_and_file_systems_are_as_asked(rootless):
    host = rootless.user.home / "shared"
    host.mkdir()
    os.chown(host, rootless.user.uid, rootless.user.uid)
    script = """
        echo caps=$(awk '/^CapBnd/ { print $2 }' /proc/self/status); echo x >/h/written && echo volume=written
        echo nnp=$(awk '/^NoNewPrivs/ { print $2 }' /proc/self/status); touch /x 2>/dev/null || echo root=read-only
        echo sys=$(touch /proc/sys/kernel/panic 2>/dev/null && echo writable || echo read-only); echo host=$(hostname)
        echo tmpfs=$(stat -c %a /t); echo null=$(echo x >/dev/null && stat -c %t:%T /dev/null)
        echo nets=$(ls /sys/class/net)
        """
    out = rootless.once("--cap-drop", "all", "--cap-add", "kill", "--security-opt", "no-new-privileges", "--read-only",
                        "--tmpfs", "/t:mode=1770", "-v", f"{host}:/h", "--hostname", "named",
                        IMAGE, "sh", "-c", script).out
    assert lib_engine.parse_facts(out) == {
        "caps": lib_engine.capability_mask("kill"), "volume": "written", "nnp": "1", "root": "read-only",
        "sys": "read-only", "host": "named", "tmpfs": "1770", "null": "1:3", "nets": "lo"}
    assert (host / "written").stat().st_uid == rootless.user.uid


def test_slirp4netns_gives_a_network(rootless):
    container = rootless.run(IMAGE, network="slirp4netns")
    lib_engine.wait_for(lambda: "10.0.2." in container.exec("ip", "-4", "addr", "show", "tap0").out, "an address")


def test_a_terminal_and_init_work(rootless):
    sized = 'until [ "$(stty size)" = "33 77" ]; do sleep 0.2; done; tty; cat /proc/1/comm'
    shown = rootless.on_terminal("run", "-it", "--rm", "--init", "--network", "none", IMAGE, "sh", "-c",
                                 f"{sized}; exit 4", status=4)
    assert "/dev/pts/0" in shown.out and ("catatonit" in shown.out or "podman-init" in shown.out)


def test_a_pod_is_played_from_kubernetes_yaml(rootless):
    manifest = rootless.user.home / "pod.yaml"
    manifest.write_text(KUBE)
    rootless("play", "kube", "--network", "none", manifest)
    try:
        name = "played-worker"
        lib_engine.wait_for(lambda: rootless("logs", name).out == "said\n", "the container's output")
        status = lib_engine.parse_status(rootless("exec", name, "cat", "/proc/self/status").out)
        assert status["Uid"].split()[0] == "1000" and status["CapBnd"] == "0" * 16
        generated = rootless("generate", "kube", "played").out
        assert "kind: Pod" in generated and "readOnlyRootFilesystem: true" in generated
    finally:
        rootless("play", "kube", "--down", manifest)
    assert rootless("ps", "--all", "--quiet").out == ""


def test_a_build_runs_its_steps(rootless):
    context = rootless.user.home / "context"
    context.mkdir()
    (context / "Containerfile").write_text(
        f"FROM {IMAGE}\nRUN echo made as $(id -u) >/made\nCMD [\"cat\", \"/made\"]\n")
    rootless("build", "--isolation", "oci", "--network", "none", "--tag", "built", context)
    assert rootless.once("built").out == "made as 0\n"
