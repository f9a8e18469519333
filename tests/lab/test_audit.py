# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel audit: profiles, running containers, bare processes and root file systems."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import lib_host
import pytest

SLEEP = ["/bin/sleep", "1000"]
CATALOGUES = {"bsi": 26, "cis": 32, "nist": 20, "pss": 17, "owasp": 15}
NOBODY = 65534


def audit(kapsel, *arguments, status=0):
    """The object that `kapsel audit --json` prints."""
    result = kapsel.call("audit", "--json", *arguments)
    assert result.status == status, result
    return json.loads(result.stdout)


def rows(report):
    return {row["id"]: row for row in report["checks"]}


class Container:
    """A container in the foreground of a process of ours, and what it is on the host."""

    def __init__(self, kapsel, **keys):
        profile = kapsel.profile(SLEEP, **keys)
        self.name = profile["name"]
        self.path = kapsel.directory / f"{self.name}.kapsel.jsonc"
        self.running = kapsel.start_profile(profile)
        try:
            self.record = lib_host.record(self.name)
        except AssertionError:
            raise AssertionError(self.running.finish(signal.SIGTERM)) from None
        self.pid = self.record["payload_pid"]

    def end(self):
        self.running.finish(signal.SIGTERM)


@pytest.fixture
def container(kapsel):
    """Makes containers; they end with the test."""
    made = []

    def make(**keys):
        made.append(Container(kapsel, **keys))
        return made[-1]
    yield make
    for each in made:
        each.end()


@pytest.fixture
def process():
    """Starts bare processes; they end with the test."""
    started = []

    def start(*command, **options):
        started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options))
        return started[-1]
    yield start
    for each in started:
        each.kill()
        each.wait()


# --- three subjects, far apart ------------------------------------------------------------------------


@pytest.mark.root
def test_a_hard_container_and_a_bare_process_are_worlds_apart(kapsel, container, process):
    hard = audit(kapsel, container().name)
    bare = audit(kapsel, "--pid", process("sleep", "1000").pid)
    assert hard["score"] > 9.0 and hard["verdict"] == "SAFE", hard
    assert bare["score"] < 3.0 and bare["verdict"] in ("EXPOSED", "UNSAFE", "DANGEROUS"), bare
    assert hard["score"] == hard["effective_score"] and hard["declared_score"] > 9.0
    assert bare["declared_score"] is None and bare["subject"]["kind"] == "process"
    assert not [row["id"] for row in hard["checks"] if row["differs"]]


@pytest.mark.root
def test_what_only_the_process_itself_can_ask_comes_from_the_start(kapsel, container, process):
    row = rows(audit(kapsel, container().name))["landlock"]
    assert row["effective_score"] == 10.0 and row["evidence"].startswith("verified at start: landlock: ABI")
    row = rows(audit(kapsel, "--pid", process("sleep", "1000").pid))["landlock"]
    assert row["effective_state"] == "not-readable" and row["effective_score"] is None


@pytest.mark.root
def test_a_container_looks_the_same_by_its_process(kapsel, container):
    """Seen from outside only, and nowhere better than the container's own record says."""
    one = container()
    by_name, by_pid = rows(audit(kapsel, one.name)), rows(audit(kapsel, "--pid", one.pid))
    for name, row in by_pid.items():
        if row["effective_state"] == "judged":
            assert row["effective_score"] == by_name[name]["effective_score"], name


# --- one key, its rows --------------------------------------------------------------------------------

OPENINGS = [
    ({"network": "host"}, {"ns-net", "network-reach", "listen-address", "listen-port"}),
    ({"share_host": ["uts"]}, {"ns-uts"}),
    ({"share_host": ["ipc"]}, {"ns-ipc"}),
    ({"umask": "0022"}, {"umask"}),
    ({"user": {"uid": 0, "gid": 0}}, {"root-inside"}),
    ({"user": {"host_range": 1000, "uid": 500, "gid": 500}}, {"id-range"}),
    ({"capabilities": ["NET_BIND_SERVICE"]}, {"cap-net-bind", "cap-bounding"}),
    ({"proc": "full"}, {"proc-files"}),
    ({"env": {"API_TOKEN": "x"}}, {"secret-environment"}),
    ({"allow_jit": True}, {"memory-execution", "writable-code"}),
    ({"exec": {"allow": ["*"]}}, {"exec-once"}),
    ({"syscalls": {"allow": ["@base"], "on_violation": "errno"}}, {"syscall-violation"}),
    ({"description": "says what it is for"}, {"purpose"}),
]


def changed(before, after, side):
    return {name for name in before if before[name][f"{side}_score"] != after[name][f"{side}_score"]}


@pytest.mark.parametrize("keys, expected", OPENINGS, ids=lambda value: next(iter(value), "") if isinstance(value, dict)
                         else "")
def test_one_key_changes_its_rows_and_no_other(kapsel, keys, expected):
    hard, opened = (audit(kapsel, kapsel.write(kapsel.profile(SLEEP, **more))) for more in ({}, keys))
    found = changed(rows(hard), rows(opened), "declared")
    assert found and found <= expected, found
    if "description" in keys:
        assert opened["score"] > hard["score"] or opened["score"] == hard["score"]
    else:
        assert opened["score"] <= hard["score"]


@pytest.mark.root
@pytest.mark.parametrize("keys, expected", [
    (OPENINGS[0][0], {"ns-net", "network-reach"}),
    (OPENINGS[1][0], {"ns-uts"}),
    (OPENINGS[3][0], {"umask"}),
    (OPENINGS[4][0], {"root-inside"}),
    (OPENINGS[6][0], {"cap-net-bind", "cap-bounding"}),
    (OPENINGS[8][0], {"secret-environment"}),
], ids=["network", "uts", "umask", "user", "capabilities", "env"])
def test_the_kernel_shows_the_same_rows_opened(kapsel, container, keys, expected):
    hard, opened = (audit(kapsel, container(**more).name) for more in ({}, keys))
    assert changed(rows(hard), rows(opened), "effective") == expected
    assert opened["effective_score"] < hard["effective_score"] or opened["effective_score"] == hard["effective_score"]
    assert sum(row["lost"] for row in opened["checks"]) > sum(row["lost"] for row in hard["checks"])


# --- what is, and what was said -----------------------------------------------------------------------


@pytest.mark.root
def test_a_limit_that_was_changed_from_outside_is_a_difference(kapsel, container):
    one = container()
    subprocess.run(["prlimit", "--pid", str(one.pid), "--nofile=64:64"], check=True, timeout=30)
    report = audit(kapsel, one.name)
    assert [row["id"] for row in report["checks"] if row["differs"]] == ["open-files"]
    row = rows(report)["open-files"]
    assert (row["declared"], row["effective"]) == ("256", "64")
    assert row["declared_score"] == row["effective_score"] == 10.0
    text = kapsel.call("audit", one.name).stdout
    assert re.search(r"^! Its open files are few +\+ 256 +\+ 64 +200 ", text, re.M), text
    assert "1 row(s) differ between profile and kernel, marked !" in text


@pytest.mark.vm
def test_a_limit_of_the_group_that_was_raised_from_outside_is_a_difference(kapsel, container):
    one = container(limits={"memory": "64MiB"})
    group = Path(one.record["cgroup"])
    assert rows(audit(kapsel, one.name))["memory"]["effective"] == "64 MiB"
    (group / "memory.max").write_text(str(128 << 20))
    report = audit(kapsel, one.name)
    assert [row["id"] for row in report["checks"] if row["differs"]] == ["memory"]
    assert rows(report)["memory"]["effective"] == "128 MiB"
    (group / "memory.max").write_text("max")
    # A group above may still hold it down; kapsel's own has no limit.
    report = audit(kapsel, one.name)
    assert rows(report)["memory"]["effective"] == "unlimited"
    assert report["effective_score"] < report["declared_score"]


@pytest.mark.vm
def test_with_all_limits_a_container_scores_more_than_nine(kapsel, container):
    report = audit(kapsel, container().name)
    assert report["effective_score"] > 9.0
    for name in ("memory", "swap", "pids", "cpu", "oom-group", "descendants", "device-filter"):
        assert rows(report)[name]["effective_score"] == 10.0, rows(report)[name]


# --- any process --------------------------------------------------------------------------------------


@pytest.mark.root
def test_a_secret_in_the_environment_is_named_and_never_shown(kapsel, process):
    bare = process("sleep", "1000", env={"PATH": os.environ["PATH"], "DB_PASSWORD": "hunter2-secret",
                                         "PLAIN": "x", "OTHER": "ghp_0123456789abcdef0123456789abcdef0123"})
    result = kapsel.call("audit", "--json", "--pid", bare.pid)
    row = rows(json.loads(result.stdout))["secret-environment"]
    assert row["effective"] == "2" and "DB_PASSWORD" in row["evidence"] and "OTHER" in row["evidence"]
    assert "hunter2" not in result.stdout and "ghp_" not in result.stdout


@pytest.mark.root
def test_a_socket_on_all_addresses_is_seen(kapsel, process):
    code = "import socket,time;s=socket.socket();s.bind(('%s',0));s.listen();open('%s','w').write('x');time.sleep(99)"
    for address, expected in (("0.0.0.0", 0.0), ("127.0.0.1", 10.0)):
        ready = kapsel.directory / f"ready-{address}"
        server = process(sys.executable, "-c", code % (address, ready))
        lib_host.wait_for(ready.exists, 20, "the server")
        row = rows(audit(kapsel, "--pid", server.pid))["listen-address"]
        assert row["effective_score"] == expected, row
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))
        assert rows(audit(kapsel, "--pid", os.getpid()))["listen-address"]["effective_score"] == 10.0


@pytest.mark.root
def test_a_process_that_may_not_be_looked_at_is_refused_by_name(kapsel, process):
    bare = process("sleep", "1000")
    result = kapsel.call("audit", "--pid", bare.pid,
                         under=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"])
    assert result.status == 1, result
    assert f"look at process {bare.pid} (sleep): EACCES" in result.stderr, result
    assert "run as root" in result.stderr


def test_a_process_that_is_not_there_is_refused(kapsel):
    gone = subprocess.Popen(["true"])
    gone.wait()
    result = kapsel.call("audit", "--pid", gone.pid)
    assert result.status == 1 and f"find process {gone.pid}: ESRCH" in result.stderr, result


@pytest.mark.parametrize("text", ["0", "-1", "1x", "99999999999999999999"])
def test_a_pid_that_is_none_is_refused(kapsel, text):
    result = kapsel.call("audit", f"--pid={text}")
    assert result.status == 1 and f'audit process "{text}"' in result.stderr, result


@pytest.mark.root
def test_an_ended_container_is_refused_with_its_profile_as_remedy(kapsel):
    profile = kapsel.profile(["/bin/true"])
    path = kapsel.write(profile)
    result = kapsel.call("run", "-d", path, stdin=subprocess.DEVNULL)
    assert result.status == 0, result
    try:
        lib_host.record(profile["name"], "exited")
        result = kapsel.call("audit", profile["name"])
        assert result.status == 1, result
        assert f"audit the container {profile['name']}: it is exited" in result.stderr
        assert f"kapsel audit {path}" in result.stderr
    finally:
        kapsel.call("rm", profile["name"])


def test_an_unknown_name_is_refused(kapsel):
    result = kapsel.call("audit", "no-such-container")
    assert result.status == 1 and "no-such-container" in result.stderr, result


# --- the command line ---------------------------------------------------------------------------------


def test_the_threshold_decides_the_status(kapsel):
    path = kapsel.write(kapsel.profile(SLEEP))
    score = audit(kapsel, path)["score"]
    assert audit(kapsel, "--threshold", f"{score:.1f}", path)["threshold"] == score
    audit(kapsel, "--threshold", f"{min(score + 0.1, 10.0):.1f}", path, status=1)
    text = kapsel.call("audit", "-t", "10", path)
    assert text.status == 1 and "Threshold  10.0: missed" in text.stdout
    text = kapsel.call("audit", "-t", "0", path)
    assert text.status == 0 and "Threshold   0.0: reached" in text.stdout


@pytest.mark.parametrize("arguments, says", [
    ([], "of what?"),
    (["a", "b"], "one at a time"),
    (["--pid", "1", "a"], "one at a time"),
    (["--threshold", "11", "a"], "is not a number from 0 to 10"),
    (["--threshold", "1.25", "a"], "is not a number from 0 to 10"),
    (["--threshold", "-1", "a"], "is not a number from 0 to 10"),
    (["--catalog", "iso", "a"], "it is bsi, cis, nist, pss or owasp"),
    (["--catalog", "bsi", "--rootfs", "/"], "not about --rootfs"),
    (["--all", "a"], "--all is for --rootfs"),
])
def test_a_call_that_makes_no_sense_says_why(kapsel, arguments, says):
    result = kapsel.call("audit", *arguments)
    assert result.status == 2 and says in result.stderr, result


def test_a_wrong_profile_shows_its_mistake(kapsel):
    result = kapsel.call("audit", kapsel.write(kapsel.profile(SLEEP, netwrok="none")))
    assert result.status == 1 and "E003" in result.stderr and result.stdout == "", result


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_catalogue_has_every_item_with_a_result_or_a_reason(kapsel, name):
    path = kapsel.write(kapsel.profile(SLEEP))
    report = audit(kapsel, "--catalog", name, path)
    items = report["catalogue"]["items"]
    assert len(items) == CATALOGUES[name]
    known = rows(report)
    for item in items:
        assert all(check in known for check in item["checks"])
        if item["checks"]:
            assert item["result"] in ("met", "partly met", "not met", "not judged"), item
        else:
            assert item["result"] in ("organisational", "image build", "not checkable by a program") and item["remark"]
    assert {entry["catalogue"] for entry in report["not_checkable"]} <= {name}
    text = kapsel.call("audit", "--catalog", name, path).stdout
    for item in items:
        assert re.search(rf"^{re.escape(item['item'])} +{item['result']} ", text, re.M), item


def test_the_table_has_every_row_and_no_control_character(kapsel):
    path = kapsel.write(kapsel.profile(SLEEP, description="x"))
    report = audit(kapsel, path)
    text = kapsel.call("audit", path).stdout
    assert all(row["title"] in text for row in report["checks"] if row["declared_state"])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    assert re.search(r"^Declared +\d+\.\d of 10 ", text, re.M) and "Effective " not in text.splitlines()[-1]


# --- root file systems --------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path):
    top = tmp_path / "tree"
    for name, mode, text in (
            ("bin/tool", 0o755, "x"), ("usr/bin/passwd", 0o4755, "x"), ("usr/sbin/sshd", 0o755, "x"),
            ("root/.ssh/id_rsa", 0o600, "-----BEGIN RSA PRIVATE KEY-----\n"),
            ("root/.docker/config.json", 0o600, "{}"), ("root/.git-credentials", 0o600, "https://a:b@c\n"),
            ("etc/bad\nname\x1b[31m.pem", 0o600, "-----BEGIN PRIVATE KEY-----\n")):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
    for number in range(8):
        (top / f"open-{number}").write_text("x")
        (top / f"open-{number}").chmod(0o666)
    (top / "out").symlink_to("/etc/shadow")
    (top / "loop").symlink_to("/")
    return top


def test_a_tree_shows_what_was_left_in_it(kapsel, tree):
    report = audit(kapsel, "--rootfs", tree)
    found = {row["id"]: [entry["path"] for entry in row["paths"]] for row in report["checks"]}
    assert found["setuid"] == ["/usr/bin/passwd"] and found["remote-servers"] == ["/usr/sbin/sshd"]
    assert sorted(found["private-keys"]) == ["/etc/bad\nname\x1b[31m.pem", "/root/.ssh/id_rsa"]
    assert sorted(found["credentials"]) == ["/root/.docker/config.json", "/root/.git-credentials"]
    assert found["links-out"] == ["/out"] and len(found["world-writable-files"]) == 8
    assert found["shells"] == [] and report["score"] < 7
    audit(kapsel, "--rootfs", tree, "--threshold", "9", status=1)


def test_a_tree_shows_the_first_paths_or_all_and_never_a_raw_name(kapsel, tree):
    short = kapsel.call("audit", "--rootfs", tree).stdout
    assert short.count("/open-") == 5 and "and 3 more: --all" in short
    whole = kapsel.call("audit", "--all", "--rootfs", tree).stdout
    assert whole.count("/open-") == 8 and "--all" not in whole
    assert "\x1b" not in whole and r"/etc/bad\x0aname\x1b[31m.pem" in whole


def test_an_empty_tree_is_perfect_and_no_directory_is_an_error(kapsel, tmp_path):
    (tmp_path / "empty").mkdir()
    report = audit(kapsel, "--rootfs", tmp_path / "empty", "--threshold", "10")
    assert report["score"] == 10.0 and report["verdict"] == "PERFECT"
    result = kapsel.call("audit", "--rootfs", tmp_path / "nowhere")
    assert result.status == 1 and "ENOENT" in result.stderr and "help:" in result.stderr, result


# --- the page -----------------------------------------------------------------------------------------


def test_the_page_lists_every_row_and_what_can_not_be_checked(kapsel):
    page = (Path(__file__).resolve().parents[2] / "docs/audit.md").read_text()
    report = audit(kapsel, kapsel.write(kapsel.profile(SLEEP)))
    for row in report["checks"]:
        assert f"| {row['id']} | {row['weight']} | {row['title']} |" in page
    for entry in report["not_checkable"]:
        assert f"| {entry['catalogue']} | {entry['item']} | {entry['kind']} | {entry['about']}: {entry['reason']} |" in page
    assert f"asks {len(report['checks'])} small questions" in page.replace("\n", " ")
    assert f"All weights together are {sum(row['weight'] for row in report['checks'])}:" in page.replace("\n", " ")
