# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel lab probes and kapsel lab probe: the table, and a profile under attack."""

import json
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

import lib_host
from conftest import SOURCE, make_rootfs
from test_rootless import reachable, user  # noqa: F401

pytestmark = pytest.mark.root

BASE = {"allow": ["@base", "@process"]}


def objects(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def left_over():
    """The changed profile is removed, whatever the end."""
    place = Path(os.environ.get("TMPDIR", tempfile.gettempdir()))
    before = set(place.glob("kapsel-probe-*"))
    yield
    assert set(place.glob("kapsel-probe-*")) == before


@pytest.fixture
def attack(kapsel, left_over):
    """`kapsel lab probe` of a profile with these keys: the result, and the answers by name."""
    def run(*arguments, status=None, **keys):
        path = kapsel.write(kapsel.profile(["/bin/true"], **keys))
        result = kapsel.call("lab", "probe", "--json", path, *arguments, timeout_s=180)
        if status is not None:
            assert result.status == status, result
        return result, {answer["name"]: answer for answer in objects(result)}
    return run


# --- the table


def test_the_table_is_printed_for_people_and_for_programs(kapsel):
    rows = objects(kapsel.call("lab", "probes", "--json"))
    lines = kapsel.call("lab", "probes").stdout.splitlines()
    assert len(rows) > 200 and {1, 82, 83, 93, 104, 105, 106, 110} <= {row["number"] for row in rows}
    for row in rows:
        assert any(line.split()[:2] == [str(row["number"]), row["name"]] for line in lines), row
    first = rows[0]
    assert first["name"] == "mount-tmpfs" and first["strict"] == "EPERM" and first["tries"] == "mount a tmpfs"
    assert first["openings"][0]["keys"]["syscalls"]["allow"][:2] == ["@base", "@process"]


def test_the_table_speaks_german(kapsel):
    rows = {row["name"]: row for row in objects(kapsel.call("lab", "probes", "--json", "--lang", "de"))}
    assert rows["umount-proc"]["tries"] == "/proc aushängen"
    assert "/proc aushängen" in kapsel.call("lab", "probes", "--lang=de").stdout
    assert not any("ß" in json.dumps(row, ensure_ascii=False) for row in rows.values())


@pytest.mark.parametrize("arguments, says", [
    (["--lang", "fr"], "there are de and en"), (["mount-tmpfs"], "takes no arguments"), (["--jsn"], "--json")])
def test_the_table_says_what_is_wrong_with_the_call(kapsel, arguments, says):
    result = kapsel.call("lab", "probes", *arguments)
    assert result.status == 2 and says in result.stderr, result


# --- a profile under attack


def test_the_hardest_default_holds(attack):
    result, answers = attack("all", status=0, syscalls=BASE)
    verdicts = {answer["verdict"] for answer in answers.values()}
    assert verdicts <= {"holds", "known", "not testable here"}, result
    assert answers["mount-tmpfs"]["verdict"] == "holds" and answers["mount-tmpfs"]["answer"] == "EPERM"
    assert answers["kexec-load"]["answer"] == "SIGSYS", "whether or not this kernel has it"
    assert answers["setuid-program"]["reason"] == "the image has no /probe/setuid"
    assert answers["log-flood"]["verdict"] == "not testable here" and answers["log-flood"]["reason"]
    assert "fork-bomb" not in answers and "create-in-tmp" not in answers


def test_a_profile_that_refuses_fork_is_attacked_too(attack):
    """What needs a process of its own gets a container of its own."""
    result, answers = attack(status=0)
    without = {name for name, answer in answers.items() if "fork is refused" in answer["reason"]}
    assert without == {"ptrace-child", "core-dump"}, "these two have nothing to attack without a child"
    assert answers["exec-again"]["answer"] == "EPERM" and answers["unshare-user"]["answer"] == "EPERM"
    assert answers["int80-getpid"]["answer"] in {"SIGSYS", "SIGSEGV"}
    assert sum(answer["verdict"] == "holds" for answer in answers.values()) > 150


@pytest.mark.parametrize("keys, opens, holds", [
    ({"allow_jit": True}, {"mmap-rwx", "mprotect-rx"}, {"mount-tmpfs"}),
    ({"allow_ptrace": True}, {"ptrace-child", "vm-readv-own"}, {"ptrace-init"}),
    ({"allow_nested_namespaces": True}, {"unshare-user", "clone3-user"}, {"unshare-mount"}),
    ({"exec": {"allow": ["*"]}}, {"exec-again", "execveat-again"}, {"memfd-exec"}),
    ({"exec": {"allow": ["*"]}, "proc": "none"}, {"exec-again", "execveat-again"}, {"proc-cmdline"}),
    ({"proc": "full"}, {"proc-cmdline"}, {"sys-core-pattern"}),
    ({"capabilities": ["SYS_ADMIN"], "syscalls": {"allow": [*BASE["allow"], "sethostname"]}}, {"sethostname"},
     {"setdomainname"}),
])
def test_a_profile_that_opens_something_is_found_out(attack, keys, opens, holds):
    result, answers = attack(*opens, *holds, status=1, **{"syscalls": BASE, **keys})
    assert {name for name, answer in answers.items() if answer["verdict"] == "OPEN"} == opens, result
    assert {name for name, answer in answers.items() if answer["verdict"] == "holds"} == holds, result


@pytest.mark.parametrize("keys, name", [
    ({"exec": {"allow": ["*"]}}, "exec-again"), ({"allow_jit": True}, "mmap-rwx"),
    ({"allow_nested_namespaces": True}, "unshare-user"), ({"syscalls": {"allow": ["@base", "keyctl"]}}, "keyctl-join")])
def test_without_fork_too(attack, keys, name):
    _, answers = attack(name, "mount-tmpfs", status=1, **keys)
    assert answers[name]["verdict"] == "OPEN" and answers["mount-tmpfs"]["verdict"] == "holds", answers


def test_what_is_opened_on_purpose_does_not_count(attack):
    _, answers = attack("mmap-rwx", "--allow", "mmap-rwx,mprotect-rx", status=0, allow_jit=True, syscalls=BASE)
    assert answers["mmap-rwx"]["verdict"] == "open, as allowed"


def test_keys_are_opened_from_the_command_line(attack):
    attack("mmap-rwx", status=0, syscalls=BASE)
    _, answers = attack("mmap-rwx", "--open", '{"allow_jit": true /* of a test */}', status=1, syscalls=BASE)
    assert answers["mmap-rwx"]["answer"] == "OK" and answers["mmap-rwx"]["expected"] == "EACCES"


def test_the_host_is_looked_for(attack):
    """A port, a process and an abstract socket are there to be reached."""
    client = {"allow": [*BASE["allow"], "@socket-client"]}
    names = ["connect-host-loopback", "connect-host-abstract", "kill-host-pid", "mountstats-host-paths"]
    _, answers = attack(*names, status=0, syscalls=client)
    assert not any(answer["reason"] for answer in answers.values()), answers
    _, answers = attack(*names, status=1, syscalls=client, network="host")
    assert answers["connect-host-loopback"]["verdict"] == "OPEN", answers
    assert answers["kill-host-pid"]["verdict"] == "holds", answers


def test_nothing_of_a_service_happens(kapsel, attack, tmp_path):
    """No port is bound, no log written, no health check, no hook run, nothing restarted."""
    trace = tmp_path / "trace"
    result, answers = attack("kexec-load", "mount-tmpfs", status=0, syscalls=BASE, restart={"policy": "always"},
                             health={"command": ["/bin/true"], "interval": "100ms"},
                             listen={"web": {"stream": str(tmp_path / "web.sock")}},
                             events={"exec": ["/bin/sh", "-c", f"echo >>{trace}"]},
                             log={"path": str(tmp_path / "web.log"), "max_size": "1MiB"})
    assert answers["kexec-load"]["answer"] == "SIGSYS", result
    assert not trace.exists() and not (tmp_path / "web.sock").exists() and not (tmp_path / "web.log").exists()


def test_drop_ins_count(kapsel, left_over):
    path = kapsel.write(kapsel.profile(["/bin/true"], syscalls=BASE))
    dropins = Path(f"{path}.d")
    dropins.mkdir(mode=0o755)
    (dropins / "jit.jsonc").write_text('{ "kapsel": 1, "allow_jit": true }')
    (dropins / "jit.jsonc").chmod(0o644)
    result = kapsel.call("lab", "probe", path, "mmap-rwx")
    assert result.status == 1 and "OPEN" in result.stdout, result


def test_people_get_a_table(kapsel, left_over):
    path = kapsel.write(kapsel.profile(["/bin/true"], syscalls=BASE))
    result = kapsel.call("lab", "probe", path, "mount-tmpfs", "daemon")
    lines = result.stdout.splitlines()
    assert result.status == 0 and lines[1].split() == ["mount-tmpfs", "EPERM", "EPERM", "holds"], result
    assert lines[2].startswith("daemon ") and "not testable here: the container ends" in lines[2]
    assert lines[-1] == "2 attacks: 1 held, 0 open, 0 open as allowed, 0 known, 1 not testable here"


@pytest.mark.parametrize("service, opens", [
    ("nginx", set()),  # its socket comes bound from the launcher
    ("redis", {"socket-inet", "socket-unix", "listen-unbound"}),
])
def test_shipped_profiles_open_what_they_say_and_nothing_else(kapsel, left_over, tmp_path_factory, service, opens):
    root = make_rootfs(service, tmp_path_factory.mktemp("rootfs") / service)
    shutil.copy(SOURCE / "profiles/library" / f"{service}.kapsel.jsonc", kapsel.directory)
    (kapsel.directory / f"{service}.kapsel.jsonc").chmod(0o600)
    profile = kapsel.profile(None, extends=f"{service}.kapsel.jsonc", rootfs=str(root))
    del profile["command"], profile["log"]
    path = kapsel.write(profile)
    result = kapsel.call("lab", "probe", "--json", path, timeout_s=180)
    assert {answer["name"] for answer in objects(result) if answer["verdict"] == "OPEN"} == opens, result
    assert result.status == bool(opens)
    if opens:
        assert kapsel.call("lab", "probe", path, "--allow", ",".join(opens), timeout_s=180).status == 0


# --- mistakes


@pytest.mark.parametrize("arguments, says", [
    (["mount-tmpf"], 'did you mean "mount-tmpfs"?'), (["--allow", "mount-proc,mount-prox"], 'did you mean "mount-proc"?'),
    (["--open", '{"allow_jot": true}'], 'did you mean "allow_jit"?'), (["--open", '{"allow_jit"'], "--open"),
    (["--open", "[]"], "--open"), (["--", "x"], "no arguments after --"), (["--opn", "{}"], "--open")])
def test_mistakes_are_named_before_anything_runs(kapsel, left_over, arguments, says):
    path = kapsel.write(kapsel.profile(["/bin/true"], syscalls=BASE))
    result = kapsel.call("lab", "probe", path, *arguments)
    assert result.status == 2 and says in result.stderr and not result.stdout, result


def test_a_wrong_profile_is_explained(kapsel, left_over):
    assert "which profile" in kapsel.call("lab", "probe").stderr
    missing = kapsel.call("lab", "probe", "/nowhere/x.kapsel.jsonc")
    assert missing.status == 2 and "/nowhere/x.kapsel.jsonc" in missing.stderr
    wrong = kapsel.call("lab", "probe", kapsel.write(kapsel.profile(["/bin/true"], netwerk="none")))
    assert wrong.status == 2 and 'did you mean "network"' in wrong.stderr


def test_a_profile_that_can_not_start_is_no_pass(kapsel, left_over):
    path = kapsel.write(kapsel.profile(["/bin/true"], rootfs="/nowhere"))
    result = kapsel.call("lab", "probe", path, "mount-tmpfs")
    assert result.status == 125 and "/nowhere" in result.stderr and not result.stdout, result


def test_an_interrupt_ends_the_container_and_removes_the_profile(kapsel, left_over):
    path = kapsel.write(kapsel.profile(["/bin/true"], syscalls={"allow": [*BASE["allow"]]}))
    running = kapsel.launch("lab", "probe", path, "all", "cpu-burn")
    place = Path(os.environ.get("TMPDIR", tempfile.gettempdir()))
    lib_host.wait_for(lambda: list(place.glob("kapsel-probe-*")), what="the changed profile")
    assert running.finish(signal.SIGTERM).status == 128 + signal.SIGTERM, running


# --- a user without rights


@pytest.fixture
def helpers(binary, reachable):  # noqa: F811
    """The programs that belong to kapsel, where a plain user gets at them."""
    for name in ("kapsel-lab", "kapsel-probe"):
        shutil.copy(binary.parent / name, reachable / name)


def test_a_plain_user_attacks_his_own_profiles(user, helpers, left_over):  # noqa: F811
    path = user.write(user.profile(["/bin/true"], syscalls=BASE))
    result = user.call("lab", "probe", "--json", path, "all", timeout_s=180)
    answers = {answer["name"]: answer for answer in objects(result)}
    assert result.status == 0, result
    assert sum(answer["verdict"] == "holds" for answer in answers.values()) > 140, result
    opened = user.call("lab", "probe", path, "--open", '{"allow_jit": true}', "mmap-rwx")
    assert opened.status == 1 and "OPEN" in opened.stdout, opened
