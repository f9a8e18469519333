# SPDX-License-Identifier: LGPL-2.1-or-later
"""Docker from `docker run` to `docker rm`: what an operator types every day."""

import os
import time

import lib_engine
from lib_docker import IMAGE

TRAPS = "trap 'echo usr1' USR1; trap 'echo bye; exit 3' TERM; echo ready; sleep 1000000 & while :; do wait $!; done"


def test_run_hands_on_streams_and_status_and_leaves_nothing(docker):
    result = docker.once("--interactive", IMAGE, "sh", "-c", "cat; echo err >&2; exit 7", stdin="in\n", status=7)
    assert (result.out, result.err) == ("in\n", "err\n")
    assert docker.left_behind() == []
    assert docker.once("--runtime", "with-arguments", IMAGE, "echo", "hello").out == "hello\n"


def test_what_can_not_start_has_docker_s_status_and_says_why(docker):
    for status, words, reason in (
            (127, ["nosuchprogram"], "executable file not found in $PATH"),
            (127, ["/no/such/program"], "no such file or directory"),
            (126, ["/etc/not-executable"], "permission denied"),
            (126, ["/tmp"], "permission denied")):
        result = docker.once(IMAGE, *words, status=status)
        assert reason in result.err and words[0] in result.err, result
    result = docker.once("--ulimit", "nofile=2000000000", IMAGE, "true", status=125)
    assert "rlimit" in result.err.lower() or "nofile" in result.err.lower(), result
    assert docker.left_behind() == []


def test_exec_has_its_own_user_directory_environment_and_status(docker):
    container = docker.run(IMAGE)
    result = container.exec("sh", "-c", "id -un; pwd; echo $WORD; cat; echo err >&2; exit 9", stdin="in\n", status=9,
                            options=["-i", "--user", "alice", "--workdir", "/home/alice", "--env", "WORD=said"])
    assert (result.out, result.err) == ("alice\n/home/alice\nsaid\nin\n", "err\n")

    # Docker 20.10 says 126 to whatever an exec can not start, later versions 127 to what is not there.
    missing, denied = (container.exec(name, status=None) for name in ("nosuchprogram", "/etc/not-executable"))
    assert missing.status in (126, 127) and "executable file not found in $PATH" in missing.out + missing.err
    assert denied.status == 126 and "permission denied" in denied.out + denied.err
    container.exec("sh", "-c", "echo detached >/tmp/mark", options=["--detach"])
    lib_engine.wait_for(lambda: open(f"/proc/{container.pid}/root/tmp/mark").read() == "detached\n", "a detached exec")

    inside = lib_engine.parse_status(container.exec("cat", "/proc/self/status").out)
    outside = container.status()
    for right in ("CapEff", "CapBnd", "Seccomp", "NoNewPrivs"):
        assert inside[right] == outside[right]
    privileged = container.exec("cat", "/proc/self/status", options=["--privileged"]).out
    assert int(lib_engine.parse_status(privileged)["CapEff"], 16) > int(inside["CapEff"], 16)


def test_a_terminal_has_its_size_and_works_for_exec_too(docker):
    sized = 'until [ "$(stty size)" = "33 77" ]; do sleep 0.2; done; test -c /dev/console && tty'
    shown = docker.on_terminal("run", "-it", "--rm", IMAGE, "sh", "-c", f"{sized}; exit 4", status=4)
    assert "/dev/pts/0" in shown.out
    container = docker.run("-t", IMAGE)
    shown = docker.on_terminal("exec", "-it", container.name, "sh", "-c", f"{sized}; exit 5", status=5)
    assert "/dev/pts/1" in shown.out
    assert "not a tty" in container.exec("tty", status=1).out


def test_kill_and_stop_send_the_signal_and_report_the_status(docker):
    container = docker.run(IMAGE, "sh", "-c", TRAPS)
    container.wait_for_log("ready")
    docker("kill", "--signal", "USR1", container.name)
    container.wait_for_log("usr1")
    docker("stop", "--time", "60", container.name)
    assert container.log().endswith("bye\n")
    assert container.state["ExitCode"] == 3 and docker("wait", container.name).out == "3\n"

    docker("start", container.name)
    docker("kill", container.name)
    assert container.wait_for_state(Running=False)["ExitCode"] == 137

    deaf = docker.run("--stop-signal", "WINCH", IMAGE)
    docker("stop", "--time", "1", deaf.name)
    assert deaf.state["ExitCode"] == 137
    assert docker("exec", deaf.name, "true", status=1).err


def test_a_paused_container_stands_still(docker):
    container = docker.run(IMAGE, "sh", "-c", "while :; do echo >>/tmp/beats; sleep 0.2; done")
    pid, group = container.pid, container.cgroup
    beats = f"/proc/{pid}/root/tmp/beats"
    lib_engine.wait_for(lambda: os.path.getsize(beats) > 3, "the container's first beats")
    docker("pause", container.name)
    assert container.state["Paused"] and (group / "cgroup.freeze").read_text() == "1\n"
    before = os.path.getsize(beats)
    time.sleep(1)
    assert os.path.getsize(beats) == before
    assert "paused" in container.exec("true", status=1).err
    docker("unpause", container.name)
    assert not container.state["Paused"]
    lib_engine.wait_for(lambda: os.path.getsize(beats) > before, "beats after unpause")
    docker("pause", container.name)
    docker("rm", "--force", container.name)  # a frozen container can be removed, too


def test_update_changes_the_limits_of_a_running_container(docker):
    container = docker.run("-m", "64m", "--memory-swap", "64m", "--cpus", "0.5", "--pids-limit", "30", IMAGE)
    assert container.limit("memory.max") == str(64 << 20)
    docker("update", "--memory", "96m", "--memory-swap", "128m", "--cpus", "0.25", "--pids-limit", "40",
           "--cpuset-cpus", "0", "--cpu-shares", "512", "--memory-reservation", "32m", container.name)
    found = {name: container.limit(name) for name in (
        "memory.max", "memory.swap.max", "memory.low", "cpu.max", "pids.max", "cpuset.cpus")}
    assert found == {"memory.max": str(96 << 20), "memory.swap.max": str(32 << 20), "memory.low": str(32 << 20),
                     "cpu.max": "25000 100000", "pids.max": "40", "cpuset.cpus": "0"}
    assert container.limit("cpu.weight") != "100"
    assert "running" == container.state["Status"]


def test_stats_top_and_inspect_show_the_container(docker):
    container = docker.run("-m", "64m", "--cpus", "0.5", IMAGE, "sh", "-c", "sleep 1234 & sleep 4321; true")
    lib_engine.wait_for(lambda: (container.cgroup / "cgroup.procs").read_text().count("\n") == 3, "its processes")
    stats = docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}", container.name).out
    assert stats.split()[0] == container.name and "/ 64MiB" in stats and stats.split()[-1] == "3"
    top = docker("top", container.name).out
    assert "sleep 1234" in top and "sleep 4321" in top
    pid = container.pid
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
        assert file.read().split("\0")[0] == "sh"
    assert container.cgroup.parent.name == "docker" and container.limit("cgroup.procs").split()[0] == str(pid)


def test_restart_gives_a_new_process_and_policies_are_kept(docker):
    container = docker.run("--restart", "always", IMAGE)
    first = container.pid
    docker("restart", "--time", "1", container.name)
    second = container.state
    assert second["Running"] and second["Pid"] not in (0, first)
    os.kill(second["Pid"], 9)
    lib_engine.wait_for(lambda: container.state["Running"] and container.pid not in (0, second["Pid"]),
                        "the restart policy")
    failing = docker.run("--restart", "on-failure:2", IMAGE, "sh", "-c", "echo tried; exit 5")
    failing.wait_for_state(Status="exited", ExitCode=5)
    lib_engine.wait_for(lambda: failing.inspect()["RestartCount"] == 2 and not failing.state["Running"], "two restarts")
    assert failing.log() == "tried\n" * 3


def test_a_healthcheck_runs_in_the_container(docker):
    container = docker.run("--health-cmd", "test -e /tmp/well", "--health-interval", "2s", "--health-retries", "1",
                           "--health-timeout", "60s", IMAGE)
    lib_engine.wait_for(lambda: container.state["Health"]["Status"] == "unhealthy", "unhealthy")
    container.exec("touch", "/tmp/well")
    lib_engine.wait_for(lambda: container.state["Health"]["Status"] == "healthy", "healthy")


def test_init_is_docker_s_own_and_reaps(docker):
    container = docker.run("--init", IMAGE)
    assert container.exec("cat", "/proc/1/comm").out.strip() == "docker-init"
    script = "sh -c 'sleep 0.1 & echo' >/dev/null; sleep 1; ps -o stat,comm | grep -c '^Z'"
    assert container.exec("sh", "-c", script, status=1).out == "0\n"


def test_files_are_copied_out_of_and_into_a_running_container(docker, tmp_path):
    container = docker.run("--tmpfs", "/t", IMAGE, "sh", "-c", "echo made-inside >/tmp/out; exec sleep 1000000")
    lib_engine.wait_for(lambda: os.path.exists(f"/proc/{container.pid}/root/tmp/out"), "the container's file")
    docker("cp", f"{container.name}:/tmp/out", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "made-inside\n"
    (tmp_path / "in").write_text("made-outside\n")
    docker("cp", tmp_path / "in", f"{container.name}:/tmp/in")
    assert container.exec("cat", "/tmp/in").out == "made-outside\n"


def test_networks_are_none_the_host_s_a_bridge_s_or_another_container_s(docker):
    assert docker.once("--network", "none", IMAGE, "ls", "/sys/class/net").out == "lo\n"
    host = docker.run("--network", "host", IMAGE)
    assert os.readlink(f"/proc/{host.pid}/ns/net") == os.readlink("/proc/self/ns/net")
    bridged = docker.run(IMAGE)
    address = bridged.inspect()["NetworkSettings"]["IPAddress"]
    assert address and address in bridged.exec("ip", "-4", "addr", "show", "eth0").out
    bridged.exec("ping", "-c", "1", "-w", "30", bridged.inspect()["NetworkSettings"]["Gateway"])
    guest = docker.run("--network", f"container:{bridged.name}", "--pid", f"container:{bridged.name}",
                       "--ipc", "host", IMAGE)
    for namespace, other in (("net", bridged.pid), ("pid", bridged.pid), ("ipc", "self")):
        assert os.readlink(f"/proc/{guest.pid}/ns/{namespace}") == os.readlink(f"/proc/{other}/ns/{namespace}")


def test_five_containers_start_and_end_at_once(docker):
    names = [docker("create", IMAGE, "sh", "-c", f"exit {number}").out.strip() for number in range(5)]
    docker("start", *names)
    ended = docker("wait", *names).out.split()
    assert sorted(map(int, ended)) == list(range(5))
