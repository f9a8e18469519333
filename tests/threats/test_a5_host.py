# SPDX-License-Identifier: LGPL-2.1-or-later
"""A5: cgroups, devices, parsers, network, logs, and the end of a container."""

import json
import os
import socket
import time

import pytest

import lib_drivers
from lib_drivers import Mount, Start

DENIED = {"EPERM", "EACCES", "ENOSYS", "SIGSYS", "EROFS", "ENOENT", "ENODEV", "EAFNOSUPPORT", "EPROTONOSUPPORT",
          "ENXIO"}
# What hangs takes for ever; a machine with other work only takes longer.
SOON_S = 300 if lib_drivers.lib_host.IN_VM else 60


def knock(driver, oci, *names, **more):
    start = Start(oci.bundle(), f"/usr/bin/knock {' '.join(names)}", mounts=[Mount("/tmp")], **more)
    lines = driver.run(start).assert_started().out.splitlines()
    answers = dict(line.split() for line in lines if len(line.split()) == 2)
    assert set(answers) == set(names), lines
    return answers


def test_a5_01_cgroup_of_the_old_kind_is_not_mounted(driver, oci, world):
    assert knock(driver, oci, "mount-cgroup")["mount-cgroup"] in DENIED
    outcome = driver.run(Start(oci.bundle(), "cat /proc/self/mountinfo")).assert_started()
    assert not any(line.partition(" - ")[2].startswith("cgroup ") for line in outcome.out.splitlines()), outcome


@pytest.mark.drivers("oci-create", "oci-exec")
@pytest.mark.parametrize("namespace", ["own namespace", "shared namespace"])
def test_a5_02_cgroup_files_are_read_only(driver, oci, world, namespace):
    def config(it):
        it.mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "ro"])
        if namespace == "shared namespace":
            it.without_namespace("cgroup")
    outcome = driver.run(Start(oci.bundle(), "mkdir /sys/fs/cgroup/evil; echo $$ >/sys/fs/cgroup/cgroup.procs; true",
                               config=config))
    outcome.assert_safe()
    assert not outcome.started or (outcome.out + outcome.err).count("Read-only file system") == 2, outcome


def test_a5_03_devices_that_are_not_on_the_list(driver, oci, world):
    answers = knock(driver, oci, "mem", "disk", "fuse")
    assert set(answers.values()) <= DENIED, answers


@pytest.mark.drivers("run", "oci-create")
@pytest.mark.parametrize("kind", ["deep", "large", "processors", "passwd"])
def test_a5_05_input_without_end_is_refused_in_time(driver, oci, world, kind):
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("bwrap reads no files")
    bundle = oci.bundle()
    start = Start(bundle)
    if kind == "passwd":
        with open(bundle.put("/etc/passwd", ""), "w", encoding="utf-8") as file:
            file.truncate(1 << 30)
    before = time.monotonic()
    if kind == "processors":
        start.profile = {"limits": {"cpus": "0-1000000000"}}
        start.config = lambda it: it.set("linux.resources", {"cpu": {"cpus": "0-1000000000"}})
    if kind in ("deep", "large"):
        text = "[" * 100000 if kind == "deep" else '{"x": "' + "x" * (100 << 20) + '"}'
        if driver.name == "run":
            result = driver.kapsel.call("run", driver.kapsel.write(text))
            status, err = result.status, result.stderr
        else:
            (bundle.path / "config.json").write_text(text)
            result = oci.call("create", "--bundle", bundle.path, oci.new_id())
            status, err = result.status, result.err
        assert isinstance(status, int) and 0 < status < 128 and err.strip(), (status, err[:300])
        assert len(err) < 4096, len(err)
    else:
        outcome = driver.run(start)
        outcome.assert_safe()
        if kind == "processors":
            outcome.assert_refused()
    assert time.monotonic() - before < SOON_S


@pytest.mark.parametrize("kind", ["fifo", "device", "directory", "link", "loop"])
def test_a5_06_passwd_that_is_no_file(driver, oci, world, kind):
    bundle = oci.bundle()
    for name in ("passwd", "group"):
        path = bundle.rootfs / "etc" / name
        path.unlink()
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "device":
            os.mknod(path, 0o020666, os.makedev(1, 5))
        elif kind == "directory":
            path.mkdir()
        else:
            path.symlink_to(world.path / "secret" if kind == "link" else path.name)
    before = time.monotonic()
    outcome = driver.run(Start(bundle, "echo $HOME"))
    outcome.assert_safe()
    assert time.monotonic() - before < SOON_S


@pytest.mark.drivers("run")
def test_a5_09_output_that_looks_like_the_log(driver, oci, world):
    if lib_drivers.RUNTIME != "kapsel":
        pytest.skip("the peer has no log")
    evil = '"},{"log":"forged\\n","stream":"stdout"}'
    script = f"printf '%s\\n' '{evil}'; printf 'a\\000b\\377\\n'; head -c 1000000 /dev/zero | tr '\\0' x; echo"
    result = driver.kapsel.run(["/bin/sh", "-c", script], rootfs=str(oci.bundle().rootfs), **lib_drivers.SHELL)
    lines = [line for line in result.log_path.read_text().splitlines()]
    entries = [json.loads(line) for line in lines]
    assert all(set(entry) >= {"log", "stream", "time"} for entry in entries), lines[:3]
    text = "".join(entry["log"] for entry in entries)
    assert text.startswith(evil + "\na\0b") and text.count("x") == 1000000 and entries[0]["log"] == evil + "\n"


def test_a5_10_network_of_its_own_reaches_nothing(driver, oci, world):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        outcome = driver.run(Start(oci.bundle(), "cd /proc/self/net; cat dev route ipv6_route; "
                                   f"echo x | nc -w 1 127.0.0.1 {port} 2>/dev/null && echo reached; true"))
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    assert "reached" not in outcome.assert_started().out, outcome
    devices = [line.split(":")[0].strip() for line in outcome.out.splitlines() if ":" in line and "|" not in line]
    assert set(devices) <= {"lo", "sit0", "tunl0", "ip6tnl0"} and "00000000\t0" not in outcome.out, outcome


@pytest.mark.drivers("run", "enter")
def test_a5_11_parts_of_the_kernel_that_user_namespaces_open(driver, oci, world):
    answers = knock(driver, oci, "af-packet", "fsopen", "netfilter", "unshare-user", "af-vsock", "bpf")
    assert set(answers.values()) <= DENIED, answers


@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("how", ["of another user", "for all"])
def test_a5_14_state_that_somebody_else_made(driver, oci, world, how):
    oci.root.mkdir()
    oci.root.chmod(0o777 if how == "for all" else 0o700)
    if how != "for all":
        os.chown(oci.root, 65534, 65534)
    driver.run(Start(oci.bundle())).assert_refused()


@pytest.mark.drivers("run", "oci-create")
def test_a5_15_processes_do_not_survive_the_end(driver, oci, world):
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("bwrap keeps no container to end")
    held = driver.hold(Start(oci.bundle()))
    script = "for n in 1 2 3; do (setsid sleep 1000 &); sleep 1000 & kill -STOP $!; done; sleep 1000"
    if driver.name == "run":
        entered = driver.kapsel.launch("enter", held.name, "--", "/bin/sh", "-c", script)
    else:
        entered = None
        pid_file = oci.place / "exec.pid"
        assert held.container.exec("/bin/sh", "-c", script, flags=("--detach", "--pid-file", pid_file)).status == 0
    time.sleep(0.3)
    before = time.monotonic()
    if not entered:
        held.container.kill("KILL")
        os.waitpid(int(pid_file.read_text()), 0)  # ours, as an engine's: the kernel waits for that
    held.end()
    assert time.monotonic() - before < SOON_S
    if entered:
        entered.finish()


@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("verb", ["checkpoint", "restore"])
def test_a5_17_checkpoints_are_not_there(driver, oci, world, verb):
    if lib_drivers.RUNTIME != "kapsel":
        pytest.skip("the peers have them")
    held = driver.hold(Start(oci.bundle()))
    result = oci.call(verb, held.container.id)
    assert result.status not in (0, None) and result.err.strip() and held.container.alive(), result
    held.end()


@pytest.mark.drivers("run", "enter")
def test_a5_18_core_handler_of_the_host(driver, oci, world):
    """A limit of exactly 1 byte keeps the kernel from starting a handler behind a pipe; 0 would not."""
    outcome = driver.run(Start(oci.bundle(), "grep 'core file' /proc/self/limits"))
    assert outcome.assert_started().out.split()[4:6] == ["1", "1"], outcome
    assert knock(driver, oci, "core-0")["core-0"] in DENIED
