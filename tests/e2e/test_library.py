# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shipped profiles run the service that they are for, and refuse what they promise to."""

import json
import re
import shutil
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import lib_faults
import lib_host
from conftest import SOURCE, make_rootfs

pytestmark = pytest.mark.root

LIBRARY = SOURCE / "profiles" / "library"
HOST_ID = 231072


@pytest.fixture(params=["as far as this machine can", pytest.param("with every limit", marks=pytest.mark.vm)])
def child(kapsel, request):
    """Writes a child of a shipped profile; natively without the limits a hybrid host lacks."""
    def write(name, **keys):
        shutil.copy(LIBRARY / f"{name}.kapsel.jsonc", kapsel.directory)
        (kapsel.directory / f"{name}.kapsel.jsonc").chmod(0o600)
        profile = kapsel.profile(None, extends=f"{name}.kapsel.jsonc", **keys)
        del profile["command"]
        if request.param == "with every limit":
            del profile["limits"]
        return profile
    return write


@pytest.fixture(scope="session")
def redis_rootfs(tmp_path_factory):
    return make_rootfs("redis", tmp_path_factory.mktemp("rootfs") / "redis")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def nginx_rootfs(tmp_path):
    """Its listen has a free port: nginx finds the inherited socket by its address."""
    root = make_rootfs("nginx", tmp_path / "nginx")
    port = free_port()
    config = root / "etc/nginx/nginx.conf"
    config.write_text(config.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}"))
    return root, port


class Redis:
    """As much of the protocol as the tests need."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(path))

    def __call__(self, *words):
        parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
        self.socket.sendall(b"*%d\r\n%s" % (len(words), parts))
        return self.socket.recv(65536).decode()


def started_name(running):
    return Path(running.arguments[-1]).name.removesuffix(".kapsel.jsonc")


@pytest.fixture
def redis(kapsel, child, redis_rootfs):
    """A running redis: (the call, its client)."""
    directory = kapsel.directory / "socket"
    directory.mkdir(mode=0o750)
    shutil.chown(directory, HOST_ID, HOST_ID)
    running = kapsel.start_profile(child(
        "redis", rootfs=str(redis_rootfs), user={"host_id": HOST_ID},
        mounts={"/run/redis": {"type": "bind", "source": str(directory), "write": True, "size": None}}))
    running.name = started_name(running)
    running.wait_for_log("ready to accept connections")
    return running, Redis(directory / "redis.sock")


def test_hello_greets(kapsel, child):
    running = kapsel.start_profile(child("hello"))
    result = running.finish()
    assert result.status == 0
    assert result.logged() == "hello from a container\n"


def test_redis_keeps_what_it_is_given(redis):
    running, client = redis
    assert client("SET", "greeting", "hello") == "+OK\r\n"
    assert client("GET", "greeting") == "$5\r\nhello\r\n"
    result = running.finish(signal.SIGTERM)
    assert result.status == 0
    assert "refused" not in result.stderr, "the profile refuses what redis needs"
    assert "Redis is now ready to exit" in result.logged()


def limits_of(running):
    """{file: value} of a running container's cgroup, those that its profile is about."""
    group = lib_host.cgroup_mount() / "kapsel" / running.name
    return {file: (group / file).read_text().strip() for file in ("memory.max", "pids.max", "cpu.max")}


def holds(kapsel, running):
    """The table of restrictions: all hold, and the limits are the profile's."""
    table = kapsel.call("explain", "--run", running.name)
    rows = [line.split(None, 3) for line in table.stdout.splitlines()[1:]]
    assert table.status == 0 and len(rows) > 15, table
    return {row[0] for row in rows if row[2] == "holds"}


def test_redis_serves_many_clients_within_its_limits(kapsel, redis, request):
    running, client = redis
    assert client("PING") == "+PONG\r\n"
    others = [Redis(kapsel.directory / "socket" / "redis.sock") for _ in range(100)]
    assert {other("PING") for other in others} == {"+PONG\r\n"}
    for other in others:
        other.socket.close()
    # More than maxmemory: the oldest go, the container does not.
    for number in range(40):
        assert client("SET", f"key{number}", "x" * 2_000_000) == "+OK\r\n"
    assert client("EXISTS", "key39") == ":1\r\n" and int(client("DBSIZE")[1:]) < 40
    assert {"seccomp", "landlock", "user-namespace", "capabilities"} <= holds(kapsel, running)
    if "every limit" in request.node.name:
        assert limits_of(running) == {"memory.max": str(128 << 20), "pids.max": "16", "cpu.max": "50000 100000"}
    result = running.finish(signal.SIGTERM)
    assert result.status == 0 and "refused" not in result.stderr and "out of memory" not in result.stderr, result


def test_redis_ends_well_before_its_patience_does(redis):
    running, _ = redis
    began = time.monotonic()
    result = running.finish(signal.SIGTERM)
    assert time.monotonic() - began < 8
    assert "exit code 0 (stop was asked for)" in result.stderr.splitlines()[-1], result
    entries = result.log
    assert all(set(entry) == {"log", "stream", "time"} and entry["log"].endswith("\n") for entry in entries), result
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z", entry["time"]) for entry in entries), result
    assert "Redis version=" in result.logged() and "bye bye" in result.logged(), result


def test_redis_can_not_fork(redis):
    running, client = redis
    assert client("BGSAVE").startswith("-ERR")
    result = running.finish(signal.SIGTERM)
    assert re.search(r"refused clone .*EPERM", result.stderr)
    assert "Can't save in background: fork: Operation not permitted" in result.logged()


def test_redis_can_not_write_a_file(redis):
    running, client = redis
    assert client("SAVE").startswith("-ERR")
    result = running.finish(signal.SIGTERM)
    assert "Read-only file system" in result.logged()


def test_redis_can_not_call_home(redis):
    """Replication would be the way: no connect, and no network to connect in."""
    running, client = redis
    client("REPLICAOF", "127.0.0.1", str(free_port()))
    lib_host.wait_for(lambda: "Unable to connect to MASTER" in json.dumps(running.log), 20, "redis trying")
    result = running.finish(signal.SIGTERM)
    assert "Unable to connect to MASTER: Operation not permitted" in result.logged()


@pytest.fixture
def nginx(kapsel, child, nginx_rootfs):
    """A running nginx: (the call, the address that it serves)."""
    root, port = nginx_rootfs
    running = kapsel.start_profile(child("nginx", rootfs=str(root),
                                         listen={"http": {"stream": f"127.0.0.1:{port}"}}))
    running.name = started_name(running)
    running.wait_for_log("using inherited sockets", stream="stderr")
    return running, f"http://127.0.0.1:{port}"


def fetch(url, data=None):
    return urllib.request.urlopen(url, data=data, timeout=20).read()


def test_nginx_serves_from_an_empty_network_namespace(kapsel, nginx, request):
    running, address = nginx
    assert fetch(f"{address}/").startswith(b"<!doctype html>")
    family = lib_faults.Family(running.process.pid).wait()
    for pid in [family.payload, *(pid for pid, _ in lib_faults.children(family.payload))]:
        devices = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in devices] == ["lo"]
        assert Path(f"/proc/{pid}/net/tcp").read_text().count("\n") == 1  # its heading: the socket is the host's
    if "every limit" in request.node.name:
        assert limits_of(running) == {"memory.max": str(64 << 20), "pids.max": "8", "cpu.max": "50000 100000"}
    assert {"seccomp", "landlock", "user-namespace", "capabilities"} <= holds(kapsel, running)
    running.finish(signal.SIGTERM)


def test_nginx_finishes_what_is_under_way(nginx, nginx_rootfs):
    """A download that has begun when the stop is asked for comes whole."""
    running, address = nginx
    root, port = nginx_rootfs
    size = 12_000_000
    (root / "srv/www/large").write_bytes(b"x" * size)
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(b"GET /large HTTP/1.0\r\n\r\n")
        got = client.recv(1000)
        assert got.startswith(b"HTTP/1.1 200"), got
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert running.process.poll() is None
        while piece := client.recv(1 << 20):
            got += piece
    assert len(got.partition(b"\r\n\r\n")[2]) == size
    result = running.finish()
    assert result.status == 0 and "stop was asked for" in result.stderr, result
    assert "refused" not in result.stderr, result


def test_nginx_serves_files_and_logs_requests(nginx, nginx_rootfs):
    running, address = nginx
    assert fetch(f"{address}/") == (Path(nginx_rootfs[0]) / "srv/www/index.html").read_bytes()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"{address}/missing")
    with pytest.raises(urllib.error.HTTPError, match="405"):  # the body went to the tmpfs
        fetch(f"{address}/", data=b"x" * 500_000)
    result = running.finish(signal.SIGTERM)
    assert result.status == 0
    assert "refused" not in result.stderr, "the profile refuses what nginx needs"
    assert '"GET / HTTP/1.1" 200' in result.logged("stdout")
    assert '"GET /missing HTTP/1.1" 404' in result.logged("stdout")


def test_nginx_can_not_open_a_socket_of_its_own(kapsel, child, nginx_rootfs):
    """Its configuration asks for another address than the one handed over."""
    root, _ = nginx_rootfs
    profile = child("nginx", rootfs=str(root), listen={"http": {"stream": f"127.0.0.1:{free_port()}"}})
    result = kapsel.start_profile(profile).finish()
    assert result.status == 1
    assert "socket() 127.0.0.1" in result.logged("stderr")
    assert re.search(r"refused socket .*EPERM", result.stderr)
