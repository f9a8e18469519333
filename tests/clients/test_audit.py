# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel audit looks at what Docker starts, beside a bare process and a hard container of kapsel's own."""

import json
import os
import subprocess
from pathlib import Path

import lib_engine
import pytest
from lib_docker import IMAGE

SOURCE = Path(__file__).resolve().parents[2]
HARDENED = ["--cap-drop", "ALL", "--read-only", "--security-opt", "no-new-privileges", "--user", "1000:1000",
            "--network", "none", "--memory", "64m", "--memory-swap", "64m", "--pids-limit", "16", "--cpus", "0.5",
            "--ulimit", "nofile=256:256", "--ulimit", "core=0:0"]


@pytest.fixture(scope="module")
def kapsel(runtime):
    """The program that belongs to the tested runtime, or that of the build where another one is tested."""
    for place in (Path(runtime).parent, SOURCE / "build-test", SOURCE / "build"):
        if (place / "kapsel").exists() and (place / "kapsel-lab").exists():
            return place / "kapsel"
    return pytest.fail("no kapsel with a kapsel-lab beside it: build first")


def audit(kapsel, *arguments):
    report = json.loads(lib_engine.call(kapsel, "audit", "--json", *arguments).out)
    return report["score"], {row["id"]: row for row in report["checks"]}


@pytest.fixture
def bare():
    process = subprocess.Popen(["sleep", "100000"], stdin=subprocess.DEVNULL)
    yield process.pid
    process.kill()
    process.wait()


@pytest.fixture
def hard(kapsel, scratch):
    """A container with a profile that opens nothing, and with the default limits."""
    root, profile = scratch / "audit-root", scratch / "hard.kapsel.jsonc"
    if not root.exists():
        subprocess.run([SOURCE / "tests/rootfs/make", "busybox", root], check=True, timeout=lib_engine.TIMEOUT_S)
    profile.write_text(json.dumps({"kapsel": 1, "name": "audit-hard", "rootfs": str(root),
                                   "command": ["/bin/sleep", "100000"],
                                   "log": {"path": str(scratch / "audit-hard.log")}}))
    profile.chmod(0o600)
    lib_engine.call(kapsel, "run", "-d", "--rm", profile)
    yield "audit-hard"
    lib_engine.call(kapsel, "stop", "audit-hard", status=None)


def test_a_bare_process_docker_and_a_hard_profile_are_three_worlds(docker, kapsel, bare, hard):
    container = docker.run(IMAGE)
    scores = {"bare": audit(kapsel, "--pid", bare), "docker": audit(kapsel, "--pid", container.pid),
              "hard": audit(kapsel, hard)}
    for name, (score, rows) in scores.items():
        print(f"{name}: {score}; open: "
              f"{', '.join(key for key, row in rows.items() if row['effective_score'] not in (10.0, None))}")
    assert scores["bare"][0] < 3
    assert 4 < scores["docker"][0] < 7
    assert scores["hard"][0] > 9


def test_docker_s_defaults_are_seen_for_what_they_are(docker, kapsel):
    rows = audit(kapsel, "--pid", docker.run(IMAGE).pid)[1]
    good = ["cap-sys-admin", "cap-ptrace", "cap-net-admin", "cap-kernel", "syscall-filter", "ns-mnt", "ns-pid",
            "ns-ipc", "ns-net", "ns-uts", "own-root", "proc-sys", "devices", "device-filter", "engine-socket",
            "sensitive-paths", "descriptors", "own-cgroup", "listen-address"]
    bad = ["user-namespace", "host-root", "host-root-mapped", "no-new-privs", "cap-set-ids", "cap-files",
           "cap-net-raw", "root-read-only", "write-exec", "memory", "cpu"]
    for name in good:
        assert rows[name]["effective_score"] == 10.0, rows[name]
    for name in bad:
        assert rows[name]["effective_score"] < 10.0, rows[name]
    for name in ("landlock", "calls-mount", "syscall-width"):
        assert rows[name]["effective_state"] == "not-readable", rows[name]


def test_each_flag_of_docker_shows_in_the_score(docker, kapsel):
    scores = [audit(kapsel, "--pid", docker.run(*flags, IMAGE).pid)[0]
              for flags in (["--privileged", "--pid", "host", "--network", "host"], [], HARDENED)]
    assert scores[0] + 1 < scores[1] and scores[1] + 1 < scores[2], scores
    assert scores[0] < 4 and scores[2] > 7, scores


def test_what_a_flag_gives_away_is_named(docker, kapsel, scratch):
    shared = scratch / "shared"
    shared.mkdir(exist_ok=True)
    docker_socket = os.fspath(docker.socket)
    rows = audit(kapsel, "--pid", docker.run(
        "--volume", f"{docker_socket}:/run/docker.sock", "--volume", "/etc:/host-etc:ro", "--volume", f"{shared}:/shared",
        "--device", "/dev/fuse" if os.path.exists("/dev/fuse") else "/dev/kmsg", "--env", "DB_PASSWORD=hunter2",
        "--memory", "64m", IMAGE).pid)[1]
    assert "/run/docker.sock" in rows["engine-socket"]["evidence"]
    assert rows["host-write"]["effective_score"] == 0.0 and rows["devices"]["effective_score"] == 0.0
    assert "DB_PASSWORD" in rows["secret-environment"]["evidence"]
    assert rows["memory"]["effective"] == "64 MiB"
    assert "hunter2" not in json.dumps(rows)
    assert rows["sensitive-paths"]["evidence"] == "mountinfo: /host-etc shows the host's /etc"
