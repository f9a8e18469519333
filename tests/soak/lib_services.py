# SPDX-License-Identifier: LGPL-2.1-or-later
"""The services of the soak test: a profile for each, as hard as it goes."""

import json
import os
import shutil
from pathlib import Path

import lib_host
from lib_state import Service

SOURCE = Path(__file__).resolve().parents[2]
TOOL = "/usr/bin/soak-tool"
FIRST_HOST_ID = 232000  # one for each service, so that each has its own files
NET, HOST_ADDRESS, NET_ADDRESS = "198.18.77.0/30", "198.18.77.1", "198.18.77.2"  # RFC 2544: for tests only

# What nearly every one of them needs besides, for its health check connects to it.
SERVER = ["accept", "accept4", "bind", "listen", "socket", "setsockopt", "getsockopt", "getsockname", "getpeername",
          "sendto", "recvfrom", "sendmsg", "recvmsg", "shutdown", "connect"]
LINES_PER_S = 40


def ask(address, request, answer):
    return [TOOL, "ask", address, request, answer]


class Layout:
    """Where everything of one test is."""

    def __init__(self, base, roots, prefix):
        self.base, self.roots, self.prefix = Path(base), Path(roots), prefix
        self.slow = 1.0  # how many times longer everything takes than on a machine of today, without load
        self.log_disk = self.base / "log"
        self.netns = f"{prefix}net"
        self.link = "soak" + str(os.getpid() % 100000)
        self.http_port = 20000 + os.getpid() % 10000

    def ms(self, seconds):
        """As many milliseconds, and more on a slow machine."""
        return int(seconds * self.slow * 1000)

    def volume(self, name, number, mode=0o750):
        """A directory of the host that belongs to the service's id."""
        path = self.base / "volumes" / name
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, FIRST_HOST_ID + number, FIRST_HOST_ID + number)
        path.chmod(mode)
        return path


def joined(layout):
    return {"mode": "join", "netns": f"/run/netns/{layout.netns}"}


def bind(path, **keys):
    return {"type": "bind", "source": str(path), "write": True, **keys}


def redis(layout, number):
    return {
        "extends": "redis.kapsel.jsonc",
        "rootfs": str(layout.roots / "redis"),
        "mounts": {"/run/redis": bind(layout.volume("redis", number), size=None)},
        "syscalls": {"allow": ["@base", "@threads", "socket", "bind", "listen", "accept4", "setsockopt", "pipe2",
                               "unlink", "connect"]},
        "health": {"command": ask("unix:/run/redis/redis.sock", r"PING\r\n", "+PONG")},
    }


def nginx(layout, number):
    volume = layout.volume("nginx", number, 0o2750)  # the launcher's socket in it gets the directory's group
    config = (layout.roots / "nginx/etc/nginx/nginx.conf").read_text()
    config = config.replace("127.0.0.1:8080;", f"127.0.0.1:{layout.http_port};\n\t\tlisten unix:{volume}/http.sock;")
    (layout.base / "nginx.conf").write_text(config)
    return {
        "extends": "nginx.kapsel.jsonc",
        "rootfs": str(layout.roots / "nginx"),
        # The second one is for the health check: there is no network inside to ask through.
        "listen": {"http": {"stream": f"127.0.0.1:{layout.http_port}", "fd": 3},
                   "health": {"stream": f"{volume}/http.sock", "fd": 4}},
        "env": {"NGINX": "3;4;"},
        "mounts": {"/etc/nginx/nginx.conf": {"type": "bind", "source": str(layout.base / "nginx.conf")},
                   "/run/health": {"type": "bind", "source": str(volume)}},
        "syscalls": {"allow": ["@base", "@process", "sendmsg", "recvmsg", "accept4", "getsockname", "getsockopt",
                               "setsockopt", "recvfrom", "sendfile", "shutdown", "mkdir", "unlink",
                               "socket", "connect"]},
        "health": {"command": ask("unix:/run/health/http.sock", r"GET / HTTP/1.0\r\n\r\n", " 200 ")},
    }


def postgresql(layout, number):
    cluster = layout.volume("postgresql", number, 0o700)
    if not (cluster / "PG_VERSION").exists():
        shutil.unpack_archive(layout.roots / "cluster.tar", cluster)
        for place, directories, files in os.walk(cluster):
            for name in [".", *directories, *files]:
                os.chown(os.path.join(place, name), FIRST_HOST_ID + number, FIRST_HOST_ID + number)
        cluster.chmod(0o700)
    parent = json.loads("".join(
        line for line in (SOURCE / "profiles/library/postgresql.kapsel.jsonc").read_text().splitlines(True)
        if not line.lstrip().startswith("//")))
    return {
        "extends": "postgresql.kapsel.jsonc",
        "rootfs": str(layout.roots / "postgresql"),
        # A killed server loses nothing without fsync, only a killed machine does.
        "command": [*parent["command"], "-c", "shared_buffers=16MB", "-c", "fsync=off",
                    "-c", "checkpoint_timeout=30s"],
        "mounts": {"/var/lib/postgresql": bind(cluster),
                   "/run/postgresql": bind(layout.volume("postgresql-socket", number), size=None)},
        "syscalls": {"allow": [*parent["syscalls"]["allow"], "connect"]},
        # "Do you speak TLS?", the cheapest question that a process of its own answers: "N".
        "health": {"command": ask("unix:/run/postgresql/.s.PGSQL.5432", r"\x00\x00\x00\x08\x04\xd2\x16\x2f", "N")},
        "limits": {"cpu": 1},
        # Also the time that one lives on which does not hear it.
        "stop": {"signal": "SIGINT", "timeout": f"{layout.ms(10)}ms"},
    }


def in_net(layout, command, health, allow, **keys):
    """A service of the small programs' root, in the namespace that all of them join."""
    return {
        "rootfs": str(layout.roots / "services"),
        "command": command,
        "network": joined(layout),
        "syscalls": {"allow": ["@base", *SERVER, *allow]},
        "health": {"command": health},
        "limits": {"memory": "48MiB", "pids": 24, "cpu": 1},
        **keys,
    }


HTTP_REQUEST = r"GET / HTTP/1.0\r\n\r\n"


def memcached(layout, _):
    return in_net(layout, ["/usr/bin/memcached", "-l", "0.0.0.0", "-p", "11211", "-m", "16", "-t", "2", "-U", "0",
                           "-c", "64"],
                  ask("tcp:127.0.0.1:11211", r"version\r\n", "VERSION"), ["@threads", "@process"])


def mosquitto(layout, _):
    (layout.base / "mosquitto.conf").write_text(
        "listener 1883 0.0.0.0\nallow_anonymous true\npersistence false\nlog_dest stderr\n")
    return in_net(layout, ["/usr/sbin/mosquitto", "-c", "/etc/mosquitto.conf"],
                  ask("tcp:127.0.0.1:1883", r"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04soak", r"\x20\x02"),
                  ["@process"],
                  mounts={"/etc/mosquitto.conf": {"type": "bind", "source": str(layout.base / "mosquitto.conf")}})


def dnsmasq(layout, _):
    return in_net(layout, ["/usr/sbin/dnsmasq", "--no-daemon", "--port=5353", "--no-resolv", "--no-hosts",
                           "--address=/soak.test/192.0.2.1", "--pid-file=", "--conf-file=/etc/hostname",
                           "--log-facility=-"],
                  ask("udp:127.0.0.1:5353", DNS_REQUEST, r"\xc0\x00\x02\x01"), ["@process", "@netlink"],
                  mounts={"/etc/hostname": {"type": "bind", "source": str(empty_file(layout))}})


DNS_REQUEST = (r"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
               r"\x04soak\x04test\x00\x00\x01\x00\x01")


def empty_file(layout):
    path = layout.base / "empty"
    path.write_text("")
    return path


def haproxy(layout, _):
    (layout.base / "haproxy.cfg").write_text("""\
global
	nbthread 1
	maxconn 100
defaults
	mode http
	timeout connect 5s
	timeout client 20s
	timeout server 20s
frontend front
	bind 0.0.0.0:8080
	monitor-uri /alive
	default_backend back
backend back
	server one 127.0.0.1:8081
""")
    return in_net(layout, ["/usr/sbin/haproxy", "-db", "-f", "/etc/haproxy.cfg"],
                  ask("tcp:127.0.0.1:8080", r"GET /alive HTTP/1.0\r\n\r\n", " 200 "),
                  ["@process", "@threads", "@splice"],
                  limits={"memory": "96MiB", "pids": 24, "cpu": 1, "open_files": 1024},
                  mounts={"/etc/haproxy.cfg": {"type": "bind", "source": str(layout.base / "haproxy.cfg")}})


def httpd(layout, _):
    return in_net(layout, ["/bin/busybox", "httpd", "-f", "-p", "8081", "-h", "/srv/www"],
                  ask("tcp:127.0.0.1:8081", HTTP_REQUEST, "busybox"), ["@process", "sendfile"])


def python(layout, _):
    return in_net(layout, ["/usr/bin/python3", "-I", "-B", "-m", "http.server", "-d", "/srv/www", "8000"],
                  ask("tcp:127.0.0.1:8000", HTTP_REQUEST, "python"), ["@threads", "@process"],
                  rootfs=str(layout.roots / "python"), limits={"memory": "96MiB", "pids": 24, "cpu": 1})


def exporter(layout, _):
    return in_net(layout, ["/usr/bin/prometheus-node-exporter", "--collector.disable-defaults",
                           "--collector.textfile", "--collector.textfile.directory=/srv/www",
                           "--web.listen-address=0.0.0.0:9100", "--web.max-requests=4"],
                  ask("tcp:127.0.0.1:9100", r"GET / HTTP/1.0\r\n\r\n", " 200 "), ["@threads", "@process"],
                  limits={"memory": "128MiB", "pids": 40, "cpu": 1},
                  env={"GOMAXPROCS": "2"})


def writer(layout, number, name):
    volume = layout.volume(name, number)
    return {
        "rootfs": str(layout.roots / "services"),
        "command": [TOOL, "write", "/data/tally", str(LINES_PER_S)],
        "mounts": {"/data": bind(volume)},
        "syscalls": {"allow": ["@base", "ftruncate"]},
        "limits": {"memory": "16MiB", "pids": 8, "file_size": "4MiB"},
        # Longer than the log disk is full: a writer that waits for it does well.
        "health": {"command": [TOOL, "advances", "/data/tally", str(layout.ms(4))], "timeout": f"{layout.ms(5)}ms"},
    }


def writer_a(layout, number):
    return writer(layout, number, "writer-a")


def writer_b(layout, number):
    return writer(layout, number, "writer-b")


def writer_c(layout, number):
    return writer(layout, number, "writer-c")


# name: (the keys of its profile, what is special about it)
SERVICES = {
    "redis": (redis, {"remove": False}),
    "nginx": (nginx, {}),
    "postgresql": (postgresql, {}),
    "memcached": (memcached, {"adopt": False, "joined": True}),
    "mosquitto": (mosquitto, {"joined": True}),
    "dnsmasq": (dnsmasq, {"joined": True}),
    "haproxy": (haproxy, {"joined": True}),
    "httpd": (httpd, {"adopt": False, "joined": True}),
    # Name look-ups ask the kernel for the interfaces first, and do without.
    "python": (python, {"joined": True, "denials": ["socket"]}),
    "exporter": (exporter, {"joined": True}),
    "writer-a": (writer_a, {}),
    "writer-b": (writer_b, {"adopt": False, "remove": False}),
    "writer-c": (writer_c, {"compress": False}),
}


def health_times(layout):
    """On a slow machine the checks would take all of the processor."""
    interval_ms = 1000 if layout.slow < 1.5 else layout.ms(3)
    return {"interval": f"{interval_ms}ms", "timeout": f"{layout.ms(3)}ms", "retries": 2,
            "start_period": f"{layout.ms(10)}ms"}


def write_profile(layout, name, number, seconds):
    """Writes the profile of a service. Return: (its path, its definition for Service)."""
    make, special = SERVICES[name]
    log_path = layout.log_disk / f"{name}-json.log"
    wanted = make(layout, number)
    is_writer = name.startswith("writer-")
    profile = {
        "kapsel": 1,
        "name": layout.prefix + name,
        "user": {"host_id": FIRST_HOST_ID + number},
        **wanted,
        "restart": {"policy": "always", "max": "unlimited", "delay": "100ms"},
        "health": {**health_times(layout), **wanted["health"]},
        "on_supervisor_death": "adopt" if special.get("adopt", True) else "end",
        # All files of a writer's log stay: its lines are counted. Those of the others need not.
        "log": {"driver": "json-file", "path": str(log_path), "compress": special.get("compress", True),
                "on_full": "block", "max_files": 1000 if is_writer else 3,
                "max_size": max(96 * 1024, seconds * LINES_PER_S) if is_writer else 128 * 1024},
    }
    limits = lib_host.limits(**wanted.get("limits", {}))
    if limits:
        profile["limits"] = limits
    folder = layout.base / "profiles"
    path = folder / f"{layout.prefix}{name}.kapsel.jsonc"
    path.write_text(json.dumps(profile, indent=2) + "\n")
    path.chmod(0o600)
    definition = {"kind": name, "log_path": log_path, **special}
    if is_writer:
        definition["tally"] = layout.base / "volumes" / name / "tally"
    return path, definition


def write_probe(layout):
    """The profile of a container that ends at once."""
    path = layout.base / "probe.kapsel.jsonc"
    path.write_text(json.dumps({
        "kapsel": 1, "name": layout.prefix + "probe", "rootfs": str(layout.roots / "services"),
        "command": ["/bin/busybox", "true"], "log": {"driver": "none"}, "limits": lib_host.limits()}))
    path.chmod(0o600)
    return path


def make_all(layout, kapsel, seconds, only=None):
    """Writes every profile. Return: {name: Service}."""
    folder = layout.base / "profiles"
    folder.mkdir(mode=0o700)
    for parent in ("redis", "nginx", "postgresql"):
        shutil.copy(SOURCE / f"profiles/library/{parent}.kapsel.jsonc", folder)
        (folder / f"{parent}.kapsel.jsonc").chmod(0o600)
    services = {}
    for number, name in enumerate(SERVICES):
        if only and name not in only:
            continue
        path, definition = write_profile(layout, name, number, seconds)
        services[name] = Service(kapsel, layout.prefix + name, path, definition)
    return services
