# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel learn: what was observed becomes a profile that checks, runs the workload, and opens little."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

import lib_host
import lib_kapsel
from conftest import make_rootfs
from test_rootless import reachable, user  # noqa: F401

pytestmark = pytest.mark.root

HOST_ID = 231072
OPEN_ENDED = ["--no-limits"] if not lib_host.has_limits() else []
SLOW = 5 if lib_host.IN_VM else 1


def without_comments(text):
    """A learned profile as a dict. Its comments stand at line ends, and no string of it has "//"."""
    text = re.sub(r"(?m)(^|\s)//.*$", "", text)
    return json.loads(re.sub(r"/\*.*?\*/", "", text))


def counts(result):
    found = re.search(r"the profile allows (\d+) system calls; Docker's default list has (\d+)", result.stderr)
    assert found, result
    return int(found[1]), int(found[2])


@pytest.fixture
def learn(kapsel):
    """`kapsel learn` of a profile: waits until it serves, uses it, ends it; the learned profile's path."""
    def run(profile, *options, use=None, ready=None, end=signal.SIGINT):
        path = kapsel.write(profile)
        learned = kapsel.directory / f"{profile['name']}l.kapsel.jsonc"
        running = kapsel.launch("learn", *OPEN_ENDED, *options, "--output", learned, path)
        if use:
            lib_host.wait_for(ready, 20 * SLOW, "the service under observation")
            use()
        result = running.finish(end if use else None, timeout_s=60 * SLOW)
        assert result.status == 0, result
        learned.chmod(0o600)
        check = kapsel.call("check", learned)
        assert check.status == 0, check
        allowed, docker = counts(result)
        assert allowed < docker, result
        return learned, result
    return run


@pytest.fixture
def serve(kapsel):
    """`kapsel run` of a learned profile while `use` is called, then its end."""
    def run(path, ready, use):
        running = kapsel.launch("run", path)
        lib_host.wait_for(lambda: running.process.poll() is not None or ready(), 20 * SLOW, "the service")
        assert running.process.poll() is None, running.finish()
        use()
        result = running.finish(signal.SIGTERM)
        assert result.status == 0 and "refused" not in result.stderr, result
    return run


@pytest.fixture
def volume(tmp_path):
    """A directory of the host that belongs to the workload, on a path that it can walk."""
    def make(name, mode=0o755):
        directory = tmp_path / name
        directory.mkdir()
        os.chown(directory, HOST_ID, HOST_ID)
        directory.chmod(mode)
        return directory
    return make


def bind(directory, **keys):
    return {"type": "bind", "source": str(directory), "write": True, **keys}


# --- services


@pytest.fixture(scope="session")
def service_roots(tmp_path_factory):
    made = {}

    def root(service, *programs):
        if service not in made:
            made[service] = make_rootfs(service, tmp_path_factory.mktemp("learn") / service, *programs)
        return made[service]
    return root


def redis(path, *words):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)]))
        return client.recv(4096)


def test_redis_is_learned_and_served(kapsel, learn, serve, service_roots, volume):
    directory = volume("socket")
    path = directory / "redis.sock"
    profile = kapsel.profile(
        ["/usr/bin/redis-server", "--port", "0", "--unixsocket", "/run/redis/redis.sock", "--save", "",
         "--appendonly", "no", "--logfile", "", "--daemonize", "no"],
        rootfs=str(service_roots("redis")), user={"host_id": HOST_ID}, mounts={"/run/redis": bind(directory)})

    def ready():
        try:
            return redis(path, "PING") == b"+PONG\r\n"
        except OSError:
            return False

    def use():
        assert redis(path, "SET", "a", "b") == b"+OK\r\n"
        assert redis(path, "GET", "a") == b"$1\r\nb\r\n"
    learned, _ = learn(profile, use=use, ready=ready)
    allow = without_comments(learned.read_text())["syscalls"]["allow"]
    assert allow[:2] == ["@base", "@threads"] and {"accept4", "bind", "listen"} <= set(allow), allow
    assert not {"clone", "connect", "fsync", "execve"} & set(allow), allow
    assert 'redis-server, ' in learned.read_text()
    serve(learned, ready, use)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nginx_root(service_roots, tmp_path, port):
    root = tmp_path / "nginx"
    shutil.copytree(service_roots("nginx"), root, symlinks=True)
    conf = root / "etc/nginx/nginx.conf"
    conf.write_text(re.sub(r"listen\s+\S+;", f"listen 127.0.0.1:{port};", conf.read_text()))
    return root


def test_nginx_is_learned_serves_and_still_withstands_every_attack(kapsel, learn, serve, service_roots, tmp_path):
    port = free_port()
    profile = kapsel.profile(
        ["/usr/sbin/nginx", "-e", "stderr", "-g", "daemon off;"], env={"NGINX": "3;"},
        rootfs=str(nginx_root(service_roots, tmp_path, port)), stop={"signal": "SIGQUIT", "timeout": "10s"},
        listen={"http": {"stream": f"127.0.0.1:{port}", "fd": 3}})

    def use():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as page:
            assert b"Served from a read-only root" in page.read()

    def ready():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
            return True
        except OSError:
            return False
    learned, result = learn(profile, use=use, ready=ready)
    text = without_comments(learned.read_text())
    assert set(text["mounts"]) == {"/run", "/var/lib/nginx"}, result
    assert not {"socket", "bind", "listen", "connect"} & set(text["syscalls"]["allow"])
    assert "capabilities" not in text and "exec" not in text and text["listen"] == profile["listen"]
    serve(learned, ready, use)
    attack = kapsel.call("lab", "probe", "--json", learned, "all", timeout_s=180 * SLOW)
    verdicts = [json.loads(line)["verdict"] for line in attack.stdout.splitlines()]
    assert attack.status == 0 and verdicts.count("holds") > 150 and "OPEN" not in verdicts, attack


def test_postgresql_is_learned_and_answers(kapsel, learn, service_roots, volume):
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        pytest.fail("postgresql is not installed: tests/lib/packages.sh rootfs-postgresql")
    data, directory = volume("data", 0o700), volume("pgsocket")
    # Not below pytest's own directories, which are root's alone: initdb refuses to be root.
    with tempfile.TemporaryDirectory(prefix="kapsel-initdb-", dir="/tmp") as place:
        os.chown(place, 65534, 65534)
        subprocess.run([binaries[-1] / "initdb", "-U", "postgres", "-D", f"{place}/d", "--locale=C", "-E", "UTF8"],
                       check=True, timeout=120, user=65534, group=65534, extra_groups=[], stdout=subprocess.DEVNULL)
        data.rmdir()
        shutil.move(f"{place}/d", data)
    for path in [data, *data.rglob("*")]:
        os.lchown(path, HOST_ID, HOST_ID)
    profile = kapsel.profile(
        ["/usr/bin/postgres", "-D", "/var/lib/postgresql", "-c", "listen_addresses=",
         "-c", "unix_socket_directories=/run/postgresql", "-c", "dynamic_shared_memory_type=mmap", "-c", "jit=off"],
        rootfs=str(service_roots("postgresql")), user={"host_id": HOST_ID}, stop={"signal": "SIGINT", "timeout": "60s"},
        mounts={"/var/lib/postgresql": bind(data), "/run/postgresql": bind(directory)})

    def sql(text):
        return subprocess.run(["psql", "-h", directory, "-U", "postgres", "-AtX", "-c", text], timeout=60,
                              capture_output=True, encoding="utf-8")

    def ready():
        return sql("select 1").stdout.strip() == "1"

    def use():
        answer = sql("create table t(a int); insert into t select generate_series(1, 1000); "
                     "select count(*) from t; drop table t")
        assert "1000" in answer.stdout.split(), answer
    learned, _ = learn(profile, use=use, ready=ready)
    text = without_comments(learned.read_text())
    assert {"shmget", "fsync", "clone"} <= set(text["syscalls"]["allow"])
    assert text["limits"]["file_size"] == "24MiB", "a segment of the log has 16 MiB"
    running = kapsel.launch("run", learned)
    lib_host.wait_for(ready, 30 * SLOW, "postgres")
    use()
    result = running.finish(signal.SIGTERM, timeout_s=60)
    assert result.status == 0 and "refused" not in result.stderr, result


SCRIPT = """
import json, tempfile, threading
with tempfile.NamedTemporaryFile(dir="/tmp") as file:
    file.write(b"x" * 100000)
    file.flush()
    thread = threading.Thread(target=print, args=("from a thread",))
    thread.start()
    thread.join()
    print(json.dumps({"answer": 42}), flush=True)
"""


def test_a_python_script_is_learned_and_runs(kapsel, learn, python_rootfs):
    profile = kapsel.profile(["/usr/bin/python3", "-c", SCRIPT], rootfs=str(python_rootfs),
                             log={"driver": "passthrough"})
    learned, result = learn(profile)
    assert '{"answer": 42}' in result.stderr, "its output is passed on"
    text = without_comments(learned.read_text())
    assert text["mounts"]["/tmp"]["size"] in {"192KiB", "256KiB"}, text
    assert "mkdir" not in text["syscalls"]["allow"], "bytecode beside the image's modules is written in vain"
    ran = kapsel.call("run", learned)
    assert ran.status == 0 and '{"answer": 42}' in ran.stdout, ran


# --- what is derived


@pytest.fixture
def learned_from(kapsel):
    """The profile learned from a shell script in the busybox root, as a dict, and the call's result."""
    def run(script, *options, status=0, **keys):
        path = kapsel.write(kapsel.profile(["/bin/busybox", "sh", "-c", script], **keys))
        result = kapsel.call("learn", *options, path, timeout_s=60 * SLOW)
        assert result.status == status, result
        return (without_comments(result.stdout) if status == 0 else None), result
    return run


def test_programs_that_are_executed_are_listed_by_their_real_path(learned_from):
    profile, _ = learned_from("/bin/ls / >/dev/null; /nosuch 2>/dev/null; exec /bin/true")
    assert profile["exec"]["allow"] == ["/usr/bin/busybox"]


def test_an_open_namespace_a_port_and_other_owners_are_seen(learned_from):
    profile, result = learned_from("echo x >/data/f; /bin/busybox chown 33:34 /data/f; "
                                   "/bin/busybox unshare -U /bin/true; "
                                   "exec /bin/busybox nc -l -p 80", "--duration", "3s")
    assert {"CHOWN", "NET_BIND_SERVICE"} <= set(profile["capabilities"]), result
    assert profile["user"]["host_range"] > 65532 and profile["allow_nested_namespaces"]
    assert '"listen"' in result.stdout and ":80" in result.stdout


def test_writing_the_image_is_reported_and_not_opened(learned_from):
    profile, result = learned_from("echo x >/etc/new; echo x >/nowhere/x; echo x >/run/pid")
    assert set(profile["mounts"]) == {"/run"}
    assert "/etc was to be written by busybox: it stays read-only" in result.stdout
    assert "/nowhere was to be written by busybox: there is no such directory" in result.stdout


def test_the_image_and_the_host_are_not_changed(learned_from, rootfs):
    before = sorted(str(path) for path in rootfs.rglob("*"))
    learned_from("echo x >/tmp/x; mkdir /data/d; echo x >/var/new; rm -f /bin/ls")
    assert sorted(str(path) for path in rootfs.rglob("*")) == before


def test_hostile_names_do_no_harm(learned_from):
    deep = "/".join(["d" * 200] * 19)
    profile, result = learned_from(
        "cd /tmp; n=$(printf 'a\\001\\033[31mb\\nc\"*/d\\377'); echo x >\"$n\"; mkdir \"$n.d\"; "
        f"mkdir -p /tmp/{deep}; echo x >/tmp/{deep}/f; echo x >'/tmp/* / \"'")
    assert set(profile["mounts"]) == {"/tmp"}
    assert not set(result.stdout) & {chr(code) for code in [*range(32), 127] if chr(code) not in "\t\n"}


def test_what_ends_in_the_middle_is_still_learned_from(learned_from):
    profile, result = learned_from("mkdir /tmp/a; kill -SEGV $$; sleep 100 & kill -9 $!; exit 3")
    assert "mkdir" in profile["syscalls"]["allow"] and "status 3" in result.stderr


def test_many_processes_at_once_lose_nothing(learned_from):
    profile, _ = learned_from("for i in $(seq 200); do (echo $i >/tmp/$i; kill -9 $$ 2>/dev/null) & done; "
                              "sleep 1; wait; mkdir /run/last", status=0)
    assert "/tmp" in profile["mounts"]


def test_limits_come_from_peaks_with_a_margin(learned_from):
    profile, result = learned_from("dd if=/dev/zero of=/tmp/big bs=1M count=3 2>/dev/null; sleep 1")
    assert profile["limits"]["file_size"] == "6MiB" and profile["mounts"]["/tmp"]["size"] == "6MiB", result
    assert profile["limits"]["memory"] == "16MiB" and 4 <= profile["limits"]["pids"] <= 8, result


def test_no_limits_are_proposed_where_none_can_be_set(learned_from):
    profile, _ = learned_from("true", "--no-limits")
    assert [profile["limits"][key] for key in ("memory", "pids", "cpu", "swap")] == ["unlimited"] * 4


def test_what_was_seen_alone_is_smaller_than_the_base(learned_from, kapsel):
    profile, result = learned_from("echo hello", "--exact")
    assert "@base" not in profile["syscalls"]["allow"] and "brk" in profile["syscalls"]["allow"]
    assert counts(result)[0] < 60
    profile["log"] = {"driver": "passthrough"}
    profile["limits"].pop("file_size")  # the test's stdout may be a file
    profile["limits"].update(lib_host.limits())
    ran = kapsel.call("run", kapsel.write(profile))
    assert ran.status == 0 and ran.stdout == "hello\n", ran


# --- several runs


def test_a_second_run_is_merged_and_a_quick_one_watches_less(kapsel):
    learned = kapsel.directory / "a.kapsel.jsonc"

    def learn(script, *options):
        path = kapsel.write(kapsel.profile(["/bin/busybox", "sh", "-c", script], name=f"{kapsel.prefix}merge"))
        result = kapsel.call("learn", "--no-limits", "--output", learned, *options, path)
        assert result.status == 0, result
        return without_comments(learned.read_text()), int(re.search(r"(\d+) calls were watched", result.stderr)[1])
    first, watched = learn("mkdir /tmp/a; for i in $(seq 100); do echo >/tmp/b; done")
    second, _ = learn("mkdir /tmp/a; rmdir /tmp/a", "--merge", learned)
    assert "rmdir" not in first["syscalls"]["allow"]
    assert {"mkdir", "rmdir"} <= set(second["syscalls"]["allow"])
    assert "from 2 runs" in learned.read_text()
    third, quick = learn("mkdir /tmp/a; rmdir /tmp/a; ln -s a /tmp/l; for i in $(seq 100); do echo >/tmp/b; done",
                         "--merge", learned, "--quick")
    assert set(second["syscalls"]["allow"]) < set(third["syscalls"]["allow"]) and "symlink" in str(third)
    assert quick < watched / 2, (quick, watched)


def test_the_difference_to_the_present_profile_is_shown(learned_from):
    _, result = learned_from("mkdir /tmp/a", syscalls={"allow": ["@base", "flock"]}, allow_jit=True)
    lines = result.stderr.splitlines()
    assert {"-syscalls.allow: flock", "-allow_jit: true", "+syscalls.allow: mkdir"} <= set(lines), result


# --- the end of an observation


def workloads(text):
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and text in _command_line(pid)]


def _command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def left_directories():
    return set(Path("/run").glob("kapsel-learn-*"))


def test_it_ends_after_the_duration(learned_from):
    began = time.monotonic()
    _, result = learned_from("trap 'mkdir /tmp/ended; exit 0' TERM; while :; do sleep 0.1; done", "--duration", "1s")
    assert time.monotonic() - began < 10 * SLOW and "mkdir" in result.stdout, result


def test_what_does_not_listen_to_its_stop_signal_is_killed_at_once(learned_from):
    began = time.monotonic()
    learned_from("sleep 1000", "--duration", "500ms")
    assert time.monotonic() - began < 5 * SLOW


def test_a_killed_observer_leaves_nothing_running(kapsel):
    mark = f"99{os.getpid()}77"
    path = kapsel.write(kapsel.profile(["/bin/busybox", "sleep", mark]))
    before = left_directories()
    running = kapsel.launch("learn", path)
    lib_host.wait_for(lambda: workloads(f"sleep\0{mark}"), 20 * SLOW, "the workload")
    running.process.kill()
    running.finish()
    lib_host.wait_for(lambda: not workloads(mark), 5 * SLOW, "the end of the workload")
    left = left_directories() - before
    assert all(not list(directory.iterdir()) for directory in left), "what is left is an empty directory"
    assert kapsel.call("learn", kapsel.write(kapsel.profile(["/bin/busybox", "true"]))).status == 0
    assert left_directories() <= before, "and the next observer removes it"


def test_an_observer_that_is_stopped_from_outside_still_reports(kapsel):
    mark = f"98{os.getpid()}77"
    running = kapsel.launch("learn", kapsel.write(kapsel.profile(["/bin/busybox", "sleep", mark])))
    lib_host.wait_for(lambda: workloads(f"sleep\0{mark}"), 20 * SLOW, "the workload")
    result = running.finish(signal.SIGTERM)
    assert result.status == 0 and '"syscalls"' in result.stdout and not workloads(mark), result


# --- a command, a user, mistakes


def test_a_command_is_observed_over_the_hosts_files(kapsel, tmp_path):
    result = kapsel.call("learn", *OPEN_ENDED, "--", "sh", "-c", "cat /etc/hostname; echo x >/tmp/kapsel-was-here")
    assert result.status == 0 and not Path("/tmp/kapsel-was-here").exists(), result
    profile = without_comments(result.stdout)
    assert profile["rootfs"] == "/srv/rootfs/sh" and "put the program and its libraries into" in result.stderr
    assert set(profile["mounts"]) == {"/tmp"} and any("cat" in path for path in profile["exec"]["allow"])


def test_a_command_in_a_root_file_system_gives_a_profile_that_runs(kapsel, rootfs):
    learned = kapsel.directory / "c.kapsel.jsonc"
    result = kapsel.call("learn", *OPEN_ENDED, "--rootfs", rootfs, "--user", "7:8", "-o", learned, "--", "busybox",
                         "id")
    assert result.status == 0 and "uid=7" in result.stderr, result
    learned.chmod(0o600)
    profile = without_comments(learned.read_text())
    profile.update({"log": {"driver": "passthrough"}, "name": f"{kapsel.prefix}command"})
    ran = kapsel.call("run", kapsel.write(profile))
    assert ran.status == 0 and "uid=7 gid=8" in ran.stdout, ran


def test_a_plain_user_learns_too(binary, user, reachable):  # noqa: F811
    shutil.copy(binary.parent / "kapsel-lab", reachable)
    profile = user.profile(["/bin/busybox", "sh", "-c", "mkdir /tmp/a; echo seen"])
    result = user.call("learn", "--no-limits", user.write(profile))
    assert result.status == 0 and "seen" in result.stderr, result
    learned = without_comments(result.stdout)
    assert "mkdir" in learned["syscalls"]["allow"] and set(learned["mounts"]) == {"/tmp"}, result


@pytest.mark.parametrize("arguments, status, says", [
    ([], 2, "name a profile, or a command"),
    (["--duration", "soon", "--", "true"], 2, "--duration is a time"),
    (["/nosuch.kapsel.jsonc"], 125, "/nosuch.kapsel.jsonc"),
    (["--", "no-such-program-anywhere"], 125, "find the program no-such-program-anywhere"),
    (["--rootfs", "/nosuch", "--", "true"], 125, "/nosuch"),
    (["--merge", "/nosuch.observed.json", "--", "true"], 125, "/nosuch.observed.json"),
    (["--user", "me", "--", "true"], 125, "--user 999"),
    (["--network", "lan", "--", "true"], 125, "lan"),
    (["--rootfs", "/x", "a.kapsel.jsonc"], 2, "a profile says its own"),
])
def test_a_mistake_is_named(kapsel, arguments, status, says):
    result = kapsel.call("learn", *arguments)
    assert result.status == status and says in result.stderr and result.stdout == "", result


def test_a_command_that_cannot_be_started_is_an_error(kapsel):
    result = kapsel.call("learn", kapsel.write(kapsel.profile(["/etc/passwd"])))
    assert result.status == 125 and "/etc/passwd" in result.stderr and result.stdout == "", result
