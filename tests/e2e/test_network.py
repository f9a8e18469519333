# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network modes, and sockets that the launcher opens for a workload without a network."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

import lib_host
from lib_faults import WORKLOAD, assert_refused, tools, workload  # noqa: F401

pytestmark = pytest.mark.root

CLIENT = {"syscalls": {"allow": ["@base", "@process", "@socket-client", "@socket-server"]}}


def interfaces(result):
    """The names in /proc/net/dev, which `proc: full` shows."""
    return {line.split(":")[0].strip() for line in result.logged().splitlines()[2:]}


def devices(kapsel, **keys):
    return kapsel.run(["/bin/cat", "/proc/self/net/dev"], **keys)


def test_without_a_network_there_is_only_a_dead_lo(kapsel):
    result = devices(kapsel)
    assert interfaces(result) == {"lo"}, result
    closed = kapsel.run(["/bin/nc", "127.0.0.1", "9"], **CLIENT)
    # Landlock refuses TCP from ABI 4 on, before the missing route does.
    assert closed.status == 1 and re.search("Permission denied|Network is unreachable", closed.logged("stderr")), closed


def test_loopback_brings_lo_up_and_nothing_else(kapsel):
    assert interfaces(devices(kapsel, network="loopback")) == {"lo"}
    refused = kapsel.run(["/bin/nc", "127.0.0.1", "9"], network="loopback", **CLIENT)
    assert refused.status == 1 and "Connection refused" in refused.logged("stderr"), refused


def test_loopback_is_not_the_hosts(kapsel):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = kapsel.run(["/bin/nc", "127.0.0.1", str(port)], network="loopback", **CLIENT)
        assert result.status == 1 and "Connection refused" in result.logged("stderr"), result


def test_the_hosts_network_reaches_the_host(kapsel):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        running = kapsel.start(["/bin/nc", "127.0.0.1", str(port)], network="host", **CLIENT)
        server.settimeout(20)
        client, _ = server.accept()
        client.sendall(b"hello inside\n")
        client.close()
        result = running.finish()
    assert result.logged() == "hello inside\n", result


@pytest.fixture
def netns():
    """A network namespace with one interface of its own."""
    name = f"e2e-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "add", "kpsl0", "type", "dummy"], check=False)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield Path("/run/netns") / name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)
        # ip makes this directory a mount of its own, once.
        subprocess.run(["umount", "/run/netns"], check=False, stderr=subprocess.DEVNULL)


def test_join_enters_the_named_namespace_and_no_other(kapsel, netns):
    """The container joins before it has a user namespace of its own, and cannot configure it."""
    inside = subprocess.run(["ip", "-n", netns.name, "-o", "link"], check=True, capture_output=True, encoding="utf-8")
    expected = {line.split(": ")[1].split("@")[0] for line in inside.stdout.splitlines()}
    result = devices(kapsel, network={"mode": "join", "netns": str(netns)})
    assert result.status == 0 and interfaces(result) == expected, result
    link = kapsel.run(["/bin/readlink", "/proc/self/ns/net"], network={"mode": "join", "netns": str(netns)})
    assert link.logged().strip() == f"net:[{os.stat(netns).st_ino}]", link


def test_the_supervisor_returns_from_a_joined_namespace(kapsel, netns, tools):
    running = kapsel.start([WORKLOAD, "signals"], rootfs=str(tools), network={"mode": "join", "netns": str(netns)},
                           stop={"timeout": "100ms"})
    running.wait_for_log("ready")
    assert os.readlink(f"/proc/{running.process.pid}/ns/net") == os.readlink("/proc/self/ns/net")
    assert running.finish(15).status == 137


def test_another_kind_of_namespace_can_not_be_joined(kapsel):
    result = kapsel.run(["/bin/true"], network={"mode": "join", "netns": "/proc/self/ns/uts"})
    assert_refused(result, errno="EINVAL", help_text=False)


# --- listen ---------------------------------------------------------------------------------

SERVER = {"syscalls": {"allow": ["@base", "@socket-server"]}}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def ask(family, address, text):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(20)
        client.connect(address)
        client.sendall(text.encode())
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := client.recv(4096):
            answer += piece
    return answer.decode()


def facts(result):
    return dict(line.split("=", 1) for line in result.logged().splitlines() if "=" in line)


def test_a_workload_without_a_network_serves_a_tcp_port(kapsel, tools):
    port = free_port()
    running = kapsel.start([WORKLOAD, "serve"], rootfs=str(tools), listen={"http": {"stream": f"127.0.0.1:{port}"}},
                           **SERVER)
    running.wait_for_log("next=")
    assert ask(socket.AF_INET, ("127.0.0.1", port), "hello") == "hello from 3"
    result = running.finish()
    seen = facts(result)
    assert result.status == 0, result
    assert (seen["LISTEN_FDS"], seen["LISTEN_FDNAMES"], seen["LISTEN_PID"]) == ("1", "http", seen["pid"]), result
    assert seen["next"] == "EBADF", result


def test_several_sockets_come_in_the_order_of_their_numbers(kapsel, tools, tmp_path):
    port, path = free_port(), tmp_path / "x.sock"
    listen = {"web": {"stream": f"127.0.0.1:{port}", "fd": 4}, "ctl": {"stream": str(path), "fd": 3}}
    running = kapsel.start([WORKLOAD, "serve"], rootfs=str(tools), listen=listen, **SERVER)
    running.wait_for_log("next=")
    assert ask(socket.AF_UNIX, str(path), "one") == "one from 3"
    assert ask(socket.AF_INET, ("127.0.0.1", port), "two") == "two from 4"
    result = running.finish()
    assert facts(result)["LISTEN_FDS"] == "2" and facts(result)["LISTEN_FDNAMES"] == "ctl:web", result
    assert not path.exists()


def test_an_ipv6_address_is_served(kapsel, tools):
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("this host has no IPv6")
    port = free_port()
    running = kapsel.start([WORKLOAD, "serve"], rootfs=str(tools), listen={"http": {"stream": f"[::1]:{port}"}},
                           **SERVER)
    running.wait_for_log("next=")
    assert ask(socket.AF_INET6, ("::1", port), "six") == "six from 3"
    assert running.finish().status == 0


def test_an_abstract_socket_is_served(kapsel, tools):
    name = f"e2e-{os.getpid()}"
    running = kapsel.start([WORKLOAD, "serve"], rootfs=str(tools), listen={"a": {"stream": f"@{name}"}}, **SERVER)
    running.wait_for_log("next=")
    assert ask(socket.AF_UNIX, f"\0{name}", "abstract") == "abstract from 3"
    assert running.finish().status == 0


def test_a_socket_without_listen_is_not_there(kapsel, tools):
    seen = facts(kapsel.run([WORKLOAD, "serve"], rootfs=str(tools), **SERVER))
    assert seen["LISTEN_FDS"] == "" and seen["LISTEN_PID"] == "" and seen["next"] == "EBADF"


def test_the_right_to_listen_is_no_right_to_open_sockets(kapsel, tools):
    """With the default calls even socket(2) is closed; the handed socket needs accept only."""
    port = free_port()
    running = kapsel.start([WORKLOAD, "serve"], rootfs=str(tools), listen={"h": {"stream": f"127.0.0.1:{port}"}},
                           syscalls={"allow": ["@base", "accept", "accept4"]})
    running.wait_for_log("next=")
    assert ask(socket.AF_INET, ("127.0.0.1", port), "hello") == "hello from 3"
    seen = facts(running.finish())
    assert seen["socket"] == "EPERM" and seen["accept"] == "OK"


def test_a_port_in_use_is_refused_with_the_remedy(kapsel, tools):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        result = kapsel.run([WORKLOAD, "serve"], rootfs=str(tools), listen={"http": {"stream": address}}, **SERVER)
    assert_refused(result, address, "listen.http", "ss -ltnp", errno="EADDRINUSE", step="listen")


def test_the_second_of_two_sockets_in_use_leaves_nothing_of_the_first(kapsel, tools, tmp_path):
    path = tmp_path / "x.sock"
    with socket.create_server(("127.0.0.1", 0)) as server:
        listen = {"a": {"stream": str(path), "fd": 3}, "b": {"stream": f"127.0.0.1:{server.getsockname()[1]}", "fd": 4}}
        result = kapsel.run([WORKLOAD, "serve"], rootfs=str(tools), listen=listen, **SERVER)
    assert_refused(result, "listen.b", errno="EADDRINUSE")
    assert not path.exists()


def test_a_port_is_free_again_after_the_end(kapsel, tools):
    port = free_port()
    for _ in range(2):
        running = kapsel.start([WORKLOAD, "serve"], rootfs=str(tools), listen={"h": {"stream": f"127.0.0.1:{port}"}},
                               **SERVER)
        running.wait_for_log("next=")
        assert ask(socket.AF_INET, ("127.0.0.1", port), "hello") == "hello from 3"
        assert running.finish().status == 0


def test_a_stale_unix_socket_is_replaced_and_removed(kapsel, tools, tmp_path):
    path = tmp_path / "x.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    old = path.lstat().st_ino
    running = kapsel.start([WORKLOAD, "serve"], rootfs=str(tools), listen={"s": {"stream": str(path)}}, **SERVER)
    running.wait_for_log("next=")
    assert path.lstat().st_mode & 0o777 == 0o660
    assert ask(socket.AF_UNIX, str(path), "hello") == "hello from 3"
    assert running.finish().status == 0
    assert not path.exists() and old


def test_a_unix_socket_that_answers_is_left_alone(kapsel, tools, tmp_path):
    path = tmp_path / "x.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        result = kapsel.run([WORKLOAD, "serve"], rootfs=str(tools), listen={"s": {"stream": str(path)}}, **SERVER)
        assert_refused(result, str(path), errno="EADDRINUSE", step="listen")
        assert ask_alive(server, path)


def ask_alive(server, path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        server.accept()[0].close()
    return True


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_stands_where_the_socket_should_be_is_not_removed(kapsel, tools, tmp_path, kind):
    path, precious = tmp_path / "x.sock", tmp_path / "precious"
    precious.write_text("keep\n")
    if kind == "file":
        path.write_text("keep\n")
    else:
        path.symlink_to(precious)
    result = kapsel.run([WORKLOAD, "serve"], rootfs=str(tools), listen={"s": {"stream": str(path)}}, **SERVER)
    assert_refused(result, str(path), errno="EADDRINUSE", step="listen")
    assert path.read_text() == "keep\n" and path.is_symlink() == (kind == "link")


@pytest.mark.parametrize("address", ["localhost:80", "80", "127.0.0.1:0", "127.0.0.1:70000", "1.2.3:80", "[::1:80", ""])
def test_an_address_that_is_none_is_refused(kapsel, address):
    result = kapsel.run(["/bin/true"], listen={"s": {"stream": address}})
    assert result.status == 125 and "error[E0" in result.stderr, result


# --- kernel settings --------------------------------------------------------------------------

def test_a_sysctl_of_the_own_namespace_is_set(kapsel):
    result = kapsel.run(["/bin/cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"],
                        sysctls={"net.ipv4.ip_unprivileged_port_start": "81"}, network="loopback", proc="full")
    assert result.status == 0 and result.logged() == "81\n", result
    assert Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text() != "81\n"


def test_a_sysctl_that_is_the_hosts_is_refused(kapsel):
    result = kapsel.run(["/bin/true"], sysctls={"kernel.core_pattern": "x"})
    assert_refused(result, "kernel.core_pattern", code="E030", help_text=False)


def test_a_sysctl_that_does_not_exist_is_refused(kapsel):
    result = kapsel.run(["/bin/true"], sysctls={"net.ipv4.nonesuch": "1"})
    assert_refused(result, "/proc/sys/net/ipv4/nonesuch", errno="ENOENT", step="sysctls", help_text=False)


def test_a_value_that_the_kernel_refuses_is_named(kapsel):
    result = kapsel.run(["/bin/true"], sysctls={"net.ipv4.ip_forward": "maybe"})
    assert_refused(result, "/proc/sys/net/ipv4/ip_forward", "maybe", errno="EINVAL", step="sysctls", help_text=False)


def test_a_listening_socket_of_the_host_is_not_seen(kapsel):
    lib_host.reap_orphans()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f":{server.getsockname()[1]:04X}"
        assert port in Path("/proc/net/tcp").read_text()
        assert port not in kapsel.run(["/bin/cat", "/proc/self/net/tcp"]).logged()
