# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel import: a profile that kapsel takes, and a line for everything that got lost."""

import json
import os

import pytest


def imported(kapsel, *arguments, status=0):
    """`kapsel import ... --json`: profile, what is lost, notes."""
    result = kapsel.call("import", "--json", *arguments)
    assert result.status == status, result
    found = json.loads(result.stdout)
    return found["profile"], found["lost"], found["notes"]


def docker(kapsel, *line, status=0, rootfs=True):
    where = ["--rootfs", kapsel.rootfs] if rootfs else []
    return imported(kapsel, "docker-run", *where, "--", "docker", "run", *line, status=status)


def check(kapsel, *arguments):
    """What is imported passes `kapsel check`, comments and all."""
    path = kapsel.directory / "imported.kapsel.jsonc"
    result = kapsel.call("import", *arguments[:1], "--output", path, *arguments[1:])
    assert result.status == 0, result
    checked = kapsel.call("check", path)
    assert checked.status == 0, checked.stdout + path.read_text()
    return path


def write(kapsel, name, text):
    path = kapsel.directory / name
    path.write_text(text)
    return path


# --- docker run ---------------------------------------------------------------------------------

LINE = ["-d", "--name", "Web_1", "-m", "128m", "--memory-swap", "128m", "--cpus", "1.5", "--pids-limit", "50", "--read-only",
        "--tmpfs", "/run:size=8m", "-v", "/srv/www:/www:ro", "-e", "A=b", "-p", "8080:80", "--restart", "on-failure:10",
        "--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE", "-u", "101:101", "--log-opt", "max-size=10m",
        "--security-opt", "no-new-privileges", "nginx:1.25", "sh", "-c", "echo hi"]


def test_a_docker_line_becomes_a_profile_that_passes_check(kapsel):
    profile, lost, _ = docker(kapsel, *LINE)
    assert profile["name"] == "web_1"
    assert profile["rootfs"] == str(kapsel.rootfs.resolve())
    assert profile["command"] in (["/bin/sh", "-c", "echo hi"], ["/usr/bin/sh", "-c", "echo hi"])
    assert profile["limits"] == {"memory": "128MiB", "cpu": 1.5, "pids": 50}
    assert profile["mounts"] == {"/run": {"type": "tmpfs", "size": "8MiB", "mode": "1777"},
                                 "/www": {"type": "bind", "source": "/srv/www"}}
    assert profile["listen"] == {"port-8080": {"stream": "0.0.0.0:8080"}}
    assert profile["restart"] == {"policy": "on-failure", "max": 10}
    assert profile["user"] == {"uid": 101, "gid": 101}
    assert lost == ["--detach: say it at the start: kapsel run -d"]
    check(kapsel, "docker-run", "--rootfs", kapsel.rootfs, "--", "docker", "run", *LINE)


@pytest.mark.root
def test_the_imported_profile_runs(kapsel):
    # Where limits can't be set, they are lifted by hand.
    profile, _, _ = docker(kapsel, "-e", "A=b c", "--tmpfs", "/tmp", "busybox", "sh", "-c", 'echo "$A"; id -u; echo x >/tmp/x')
    made = kapsel.profile(profile["command"])
    profile.update({key: made[key] for key in ("name", "limits", "log")})
    result = kapsel.start_profile(profile).finish()
    assert result.status == 0 and result.logged() == "b c\n65532\n", result


def test_what_is_missing_is_asked_for(kapsel):
    result = kapsel.call("import", "docker-run", "--", "docker", "run", "nginx:1.25")
    assert result.status == 1 and 'add "rootfs"' in result.stderr and '"command"' in result.stderr
    assert "image nginx:1.25: unpack it" in result.stderr
    assert result.stdout.startswith("// Made by")


def test_a_mistake_names_the_nearest_option(kapsel):
    result = kapsel.call("import", "docker-run", "--", "docker", "run", "--memroy", "1g", "x")
    assert result.status == 1 and "did you mean --memory?" in result.stderr and result.stdout == ""


def test_privileged_is_refused_with_advice(kapsel):
    result = kapsel.call("import", "docker-run", "--", "docker", "run", "--privileged", "x")
    assert result.status == 1 and "--cap-add" in result.stderr and result.stdout == ""


def test_the_hosts_root_is_refused_by_the_profiles_own_rules(kapsel):
    result = kapsel.call("import", "docker-run", "--rootfs", kapsel.rootfs, "--", "docker", "run", "-v", "/:/homeroot", "x",
                         "/bin/sh")
    assert result.status == 1 and "kapsel refuses this profile" in result.stderr and "error[" in result.stderr


def test_strict_ends_with_1_when_something_is_lost(kapsel):
    line = ["docker-run", "--rootfs", kapsel.rootfs, "--", "docker", "run", "-t", "x", "/bin/sh"]
    assert kapsel.call("import", *line).status == 0
    assert kapsel.call("import", "--strict", *line).status == 1


def test_control_bytes_do_not_reach_the_terminal(kapsel):
    result = kapsel.call("import", "docker-run", "--", "docker", "run", "--gpus", "a\033[31m", "-e", "A=\033x", "--net", "b\nc",
                         "x", "/bin/\033")
    assert "\033" not in result.stdout + result.stderr
    assert "\\x1b[31m" in result.stderr and "\nc" not in result.stdout.replace("\\nc", "")


def test_a_variable_that_looks_secret_gets_advice(kapsel):
    _, lost, notes = docker(kapsel, "-e", "DB_PASSWORD=x", "x", "/bin/sh")
    assert any('"secrets"' in note and "DB_PASSWORD" in note for note in notes) and not lost


def test_env_files_and_label_files_are_read(kapsel):
    env = write(kapsel, "env", "# comment\nA=b=c\n\n  D=e \nHOME_ONLY\n")
    labels = write(kapsel, "labels", "x=y\n")
    profile, _, _ = docker(kapsel, "--env-file", str(env), "--label-file", str(labels), "x", "/bin/sh")
    assert profile["env"] == {"A": "b=c", "D": "e "} and profile["env_from_host"] == ["HOME_ONLY"]
    assert profile["labels"] == {"x": "y"}
    result = kapsel.call("import", "docker-run", "--", "docker", "run", "--env-file", "/nowhere", "x")
    assert result.status == 1 and "/nowhere" in result.stderr


def test_names_of_users_are_looked_up_in_the_root_file_system(kapsel):
    rootfs = kapsel.directory / "root"
    (rootfs / "etc").mkdir(parents=True)
    (rootfs / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nnginx:x:101:102::/:/bin/sh\n")
    (rootfs / "etc/group").write_text("www:x:33:\n")
    kapsel.rootfs = rootfs
    assert docker(kapsel, "-u", "nginx", "x", "/bin/x")[0]["user"] == {"gid": 102, "uid": 101}
    assert docker(kapsel, "-u", "nginx:www", "x", "/bin/x")[0]["user"] == {"gid": 33, "uid": 101}
    _, lost, _ = docker(kapsel, "-u", "nobody", "x", "/bin/x")
    assert any("nobody" in line for line in lost)


def test_a_seccomp_profile_becomes_groups_and_names(kapsel):
    names = ["read", "write", "mount", "kexec_load", "no_such_call"]
    path = write(kapsel, "s.json", json.dumps({"defaultAction": "SCMP_ACT_ERRNO",
                                                "syscalls": [{"names": names, "action": "SCMP_ACT_ALLOW"}]}))
    profile, lost, _ = docker(kapsel, "--security-opt", f"seccomp={path}", "x", "/bin/sh")
    assert profile["syscalls"] == {"allow": ["mount"]}  # read and write always are
    assert lost == ["syscalls: kexec_load is refused to every workload"]
    path.write_text("{")
    result = kapsel.call("import", "docker-run", "--", "docker", "run", "--security-opt", f"seccomp={path}", "x")
    assert result.status == 1 and str(path) in result.stderr


# --- compose ------------------------------------------------------------------------------------

COMPOSE = """\
x-base: &base
  restart: unless-stopped
  environment: {A: 1, B: "two", PASS_ON: }
services:
  web:
    <<: *base
    image: nginx:1.25
    entrypoint: [/bin/sh, -c]
    command: "'echo hi'"
    ports: ["8080:80", {target: 90, published: "9000", protocol: udp}]
    volumes:
      - ./html:/www:ro
      - data:/d
      - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: "0755"}}
    deploy: {resources: {limits: {cpus: "0.5", memory: 64M, pids: 9}}}
    healthcheck: {test: [CMD, /bin/true], interval: 5s}
    ulimits: {nofile: {soft: 100, hard: 100}}
    logging: {driver: json-file, options: {max-size: 1m}}
    stop_grace_period: 1m30s
    secrets: [pw]
    cost: $$5
    imagee: x
  db:
    image: pg
    command: [/bin/sleep, "5"]
    environment: [C=d, "E=${HOME}"]
secrets: {pw: {file: ./pw.txt}}
volumes: {data: {}}
"""


def test_a_service_becomes_a_profile(kapsel):
    path = write(kapsel, "c.yml", COMPOSE)
    profile, lost, _ = imported(kapsel, "compose", "--rootfs", kapsel.rootfs, path, "web")
    assert profile["name"] == "web" and profile["command"] == ["/bin/sh", "-c", "echo hi"]
    assert profile["env"] == {"A": "1", "B": "two"} and profile["env_from_host"] == ["PASS_ON"]
    assert profile["mounts"] == {"/www": {"type": "bind", "source": str(kapsel.directory / "html")},
                                 "/t": {"type": "tmpfs", "size": "1MiB", "mode": "0755"}}
    assert profile["limits"] == {"open_files": 100, "memory": "64MiB", "cpu": 0.5, "pids": 9}
    assert profile["listen"] == {"port-8080": {"stream": "0.0.0.0:8080"}, "port-9000-udp": {"datagram": "0.0.0.0:9000"}}
    assert profile["health"] == {"command": ["/bin/true"], "on_failure": "report", "interval": "5s"}
    assert profile["restart"]["policy"] == "always" and profile["stop"] == {"timeout": "90s"}
    assert profile["secrets"] == {"pw": {"source": str(kapsel.directory / "pw.txt")}}
    text = "\n".join(lost)
    for line in ["line 22: imagee: no such key; did you mean image?", "line 21: cost", "data:/d", "line 28: volumes"]:
        assert line in text, text
    check(kapsel, "compose", "--rootfs", kapsel.rootfs, path, "web")


def test_a_variable_of_compose_is_lost_not_guessed(kapsel):
    profile, lost, _ = imported(kapsel, "compose", "--rootfs", kapsel.rootfs, write(kapsel, "c.yml", COMPOSE), "db")
    assert profile["env"] == {"C": "d"}
    assert any("line 26" in line and "variable" in line for line in lost)


def test_several_services_go_into_a_directory(kapsel):
    path = write(kapsel, "c.yml", COMPOSE)
    result = kapsel.call("import", "compose", path)
    assert result.status == 1 and "web db" in result.stderr
    out = kapsel.directory / "out"
    out.mkdir()
    result = kapsel.call("import", "compose", "--rootfs", kapsel.rootfs, "--output-dir", out, path)
    assert result.status == 0, result
    assert sorted(os.listdir(out)) == ["db.kapsel.jsonc", "web.kapsel.jsonc"]
    for name in os.listdir(out):
        assert kapsel.call("check", out / name).status == 0


@pytest.mark.parametrize("text, message", [
    ("services:\n  web: [\n", "c.yml:3:1"), ("services: {a: {}}\nservices: {}\n", "c.yml:2:1: this key stands there already"),
    ("a: b\n", 'no "services"'), ("services:\n  web: x\n", "c.yml:2: the service"), ("\tx", "c.yml:1"),
    ("services: {a: {image: !env x}}\n", "a tag"),
])
def test_bad_yaml_is_an_error_with_its_place(kapsel, text, message):
    result = kapsel.call("import", "compose", write(kapsel, "c.yml", text))
    assert result.status == 1 and message in result.stderr and result.stdout == "", result


def test_a_bomb_of_aliases_ends_quickly(kapsel):
    text = "a0: &a0 [" + "x," * 9 + "]\n"
    text += "".join(f"a{n}: &a{n} [" + f"*a{n - 1}," * 9 + "]\n" for n in range(1, 9)) + "services: {a: {command: *a8}}\n"
    result = kapsel.call("import", "compose", write(kapsel, "c.yml", text))
    assert result.status == 1 and "too many values" in result.stderr


# --- systemd ------------------------------------------------------------------------------------

UNIT = """\
[Unit]
Description=Web server
After=network.target

[Service]
Type=notify
ExecStart=/bin/sh -c "echo \\"hi\\"" \\
  %s
User=101
Group=102
RootDirectory=/srv/rootfs
Environment="A=b c" D=e
CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_CHOWN
AmbientCapabilities=CAP_NET_BIND_SERVICE
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
MemoryMax=1G
CPUQuota=150%%
TasksMax=50
Restart=always
RestartSec=5
WatchdogSec=30s
StateDirectory=web
BindReadOnlyPaths=/etc/ssl:/certs
TemporaryFileSystem=/run:size=1M,mode=0700
LimitNOFILE=1024
LoadCredential=key:/etc/key
PrivateNetwork=yes
ProtectSystem=strict
Unheard=of
"""


def test_a_unit_becomes_a_profile(kapsel):
    path = write(kapsel, "web.service", UNIT % "arg")
    write(kapsel, "web.socket", "[Socket]\nListenStream=80\nFileDescriptorName=http\nBacklog=9\n")
    profile, lost, notes = imported(kapsel, "systemd", path)
    assert profile["name"] == "web" and profile["rootfs"] == "/srv/rootfs"
    assert profile["command"] == ["/bin/sh", "-c", 'echo "hi"', "arg"]
    assert profile["user"] == {"uid": 101, "gid": 102} and profile["env"] == {"A": "b c", "D": "e"}
    assert profile["capabilities"] == ["NET_BIND_SERVICE"]  # the bounding set alone gives a user nothing
    assert profile["limits"] == {"memory": "1GiB", "cpu": 1.5, "pids": 50, "open_files": 1024}
    assert profile["restart"] == {"policy": "always", "delay": "5s"}
    assert profile["notify"] is True and profile["watchdog"] == "30s"
    assert profile["mounts"] == {"/var/lib/web": {"type": "bind", "source": "/var/lib/web", "write": True},
                                 "/certs": {"type": "bind", "source": "/etc/ssl"},
                                 "/run": {"type": "tmpfs", "size": "1MiB", "mode": "0700"}}
    assert profile["secrets"] == {"key": {"source": "/etc/key"}}
    assert profile["listen"] == {"http": {"stream": "[::]:80", "backlog": 9}}
    assert profile["network"] == "loopback" and profile["syscalls"]["on_violation"] == "errno"
    allow = profile["syscalls"]["allow"]
    assert "@base" in allow and "@socket-server" in allow and "@identity" not in allow and "chown" not in allow
    assert lost[0].startswith("line 3: After=") and any("Unheard=of: kapsel has no such setting" in line for line in lost)
    assert notes
    check(kapsel, "systemd", path)


def test_specifiers_are_lost_with_their_line(kapsel):
    profile, lost, _ = imported(kapsel, "systemd", write(kapsel, "web.service", UNIT % "%i"), status=1)
    assert "command" not in profile and any(line.startswith("line 7: ExecStart=") for line in lost)


def test_a_unit_with_a_list_of_refusals_starts_from_dockers_list(kapsel):
    text = "[Service]\nExecStart=/bin/x\nRootDirectory=/srv\nSystemCallFilter=~@mount ptrace chroot\n"
    profile, _, _ = imported(kapsel, "systemd", write(kapsel, "web.service", text))
    allow = profile["syscalls"]["allow"]
    assert "ptrace" not in allow and "@socket-server" in allow and "openat" in allow


@pytest.mark.parametrize("text, message", [
    ("[Service]\n\nnonsense\n", "web.service:3: neither"), ("[Service]\nExecStart=/bin/x \"a\n", "line 2, ExecStart="),
    ("x=y\n", "web.service:1: a setting before"),
])
def test_a_mistake_in_a_unit_is_named_by_line(kapsel, text, message):
    result = kapsel.call("import", "systemd", write(kapsel, "web.service", text))
    assert result.status == 1 and message in result.stderr and result.stdout == "", result


# --- oci ----------------------------------------------------------------------------------------

def test_a_config_of_runc_spec_is_translated(kapsel):
    """What `runc spec` writes: the usual mounts, capabilities and masked paths."""
    capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
    config = {
        "ociVersion": "1.0.2-dev", "hostname": "runc", "root": {"path": "rootfs", "readonly": True},
        "process": {"terminal": True, "user": {"uid": 0, "gid": 0}, "args": ["sh"], "cwd": "/", "noNewPrivileges": True,
                    "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
                    "capabilities": {name: capabilities for name in ("bounding", "effective", "permitted")},
                    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}]},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                   {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
                   {"destination": "/dev/pts", "type": "devpts", "source": "devpts"},
                   {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
                    "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
                   {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]}],
        "linux": {"resources": {"devices": [{"allow": False, "access": "rwm"}], "memory": {"limit": 1 << 26}},
                  "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
                  "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"]},
    }
    (kapsel.directory / "rootfs/bin").mkdir(parents=True)
    (kapsel.directory / "rootfs/bin/sh").touch()
    path = write(kapsel, "config.json", json.dumps(config))
    profile, lost, _ = imported(kapsel, "oci", path)
    assert profile["command"] == ["/bin/sh"] and profile["rootfs"] == str(kapsel.directory / "rootfs")
    assert profile["capabilities"] == ["KILL", "NET_BIND_SERVICE", "AUDIT_WRITE"]
    assert profile["mounts"] == {"/dev/shm": {"type": "tmpfs", "size": "64MiB", "mode": "1777"}}
    assert profile["proc"] == "full" and profile["env"] == {"TERM": "xterm"}
    assert profile["limits"] == {"open_files": 1024, "memory": "64MiB", "swap": "unlimited", "cpu": "unlimited",
                                 "pids": "unlimited"}
    text = "\n".join(lost)
    for word in ["terminal", "devpts", "sysfs", "seccomp"]:
        assert word in text
    check(kapsel, "oci", kapsel.directory)


def test_a_mistake_in_a_config_is_named_by_place(kapsel):
    result = kapsel.call("import", "oci", write(kapsel, "config.json", '{"ociVersion": "1.0.2", "root": {"path": "/r"}, '
                                                                         '"linux": {"namespaces": [{"type": "nett"}]}}'))
    assert result.status == 1 and "config.json:1:" in result.stderr and "nett" in result.stderr


def test_an_unknown_kind_is_refused(kapsel):
    result = kapsel.call("import", "nsjail", "x")
    assert result.status == 2 and "docker-run" in result.stderr
