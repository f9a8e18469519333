# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every step is missed when it is left out: a build with planted faults (meson option faults)
leaves out the steps that KAPSEL_SKIP_APPLY names, and the questions that KAPSEL_SKIP_VERIFY names.

With the step left out the start is refused and the workload never runs. With the question left
out as well, an attack that the step stops succeeds: so it was this step that stopped it.

KAPSEL_FAULTS names such a build; without it one is made for the session.
"""

import os
import platform
import re
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

import lib_kapsel
from conftest import PREFIX, SOURCE
from lib_faults import HERE, LAUNCHER_LINE, compile_c, copy_root, messages, put

pytestmark = pytest.mark.root

# The plan of a profile that asks for everything, in order.
STEPS = """
cgroup-limits device-filter listen user-namespace namespaces user-id hostname network root-filesystem
proc dev mount secrets mask-path sysctls nested-namespaces program pivot-root working-directory keyring
exec-once rlimits umask memory-execution capabilities undumpable no-new-privs descriptors landlock seccomp
""".split()

# What can't be applied without the step; the first of them refuses the start, before anything is asked.
NEED_IT = {
    "listen": ["descriptors"],
    "user-namespace": ["user-id", "dev", "mount", "secrets"],
    "namespaces": ["sysctls", "nested-namespaces", "descriptors", "landlock"],
    "user-id": ["dev", "mount", "secrets"],
    "root-filesystem": ["proc", "dev", "mount", "secrets", "mask-path", "program", "pivot-root", "exec-once",
                        "landlock"],
    "program": ["exec-once", "landlock"],
    "exec-once": ["landlock"],
    "no-new-privs": ["landlock", "seccomp"],
}

# Where another step's question comes first.
ASKED_BEFORE = {"pivot-root": "root-filesystem", "rlimits": "exec-once"}

# Left out, these give an attacker nothing, whatever else is open.
NO_ATTACK = {
    "listen": "the workload gets no socket, and descriptors refuses",
    "user-namespace": "no id exists inside, and user-id refuses",
    "network": "lo of a new namespace is down; the step looks, or opens it",
    "root-filesystem": "there is no tree to mount into, and proc refuses",
    "proc": "an empty directory stays in its place",
    "program": "there is nothing to execute, and exec-once refuses",
    "exec-once": "there is nothing to execute, and landlock refuses",
    "undumpable": "user-id has done it before; nothing in between takes it back",
}


class Attack:
    """What the program of faults.c is told to try, and what it must get with and without the step."""

    def __init__(self, command, held, gained, left_out=(), keys=None, **launch):
        self.command, self.held, self.gained = command, held, gained
        self.left_out = list(left_out)  # other layers that stop it, too
        self.keys = keys or {}
        self.launch = launch


# Where the filter is left out the payload has no listener to wait in: exec is open instead.
NO_FILTER = {"left_out": ["seccomp"], "keys": {"exec": {"allow": ["*"]}}}
HAS_MDWE = tuple(int(number) for number in re.match(r"(\d+)\.(\d+)", platform.release()).groups()) >= (6, 3)

ATTACKS = {
    "cgroup-limits": Attack("fork-many 32", held="EAGAIN", gained="OK",
                            keys={"limits": {"pids": 8}, "syscalls": {"allow": ["@base", "@process"]}}),
    # A node that may only be read: mounts don't stop a writer of devices.
    "device-filter": Attack("write /dev/tty x", held="EPERM", gained="ENXIO", left_out=["landlock"],
                            keys={"devices": {"/dev/tty": "r"}}),
    "namespaces": Attack("read /proc/self/cgroup", held="0::/\n", gained="/{name}\n",
                         left_out=["nested-namespaces", "descriptors", "landlock"]),
    "user-id": Attack("read /vol/for-root", held="EACCES", gained="of root", left_out=["dev"],
                      keys={"mounts": {"/vol": {"type": "bind", "source": "{host}"}}}),
    "hostname": Attack("get-name", held="capsule", gained=socket.gethostname(), keys={"hostname": "capsule"}),
    # The image has a forged file in each of these places.
    "dev": Attack("read /dev/null", held="empty", gained="forged"),
    "mount": Attack("read /vol/file", held="of the host", gained="forged",
                    keys={"mounts": {"/vol": {"type": "bind", "source": "{host}"}}}),
    "secrets": Attack("read /run/secrets/key", held="of the host", gained="forged",
                      keys={"secrets": {"key": {"source": "{host}/secret"}}}),
    "mask-path": Attack("read /proc/interrupts", held="empty", gained="CPU0", keys={"proc": "full"}),
    "sysctls": Attack("read /proc/sys/net/ipv4/ip_unprivileged_port_start", held="80", gained="1024",
                      keys={"proc": "full", "sysctls": {"net.ipv4.ip_unprivileged_port_start": 80}}),
    "nested-namespaces": Attack("userns", held="ENOSPC", gained="OK", **NO_FILTER),
    "pivot-root": Attack("read {file}", held="ENOENT", gained="of the host"),
    "working-directory": Attack("cwd", held="/tmp", gained="/", keys={"workdir": "/tmp"}),
    "keyring": Attack("find-key kapsel-{name}", held="ENOKEY", gained="OK",
                      under=["{program}", "with-key", "kapsel-{name}"], **NO_FILTER),
    "rlimits": Attack("open-many 256", held="EMFILE", gained="more than the limit"),
    "umask": Attack("create /tmp/x", held="0600", gained="0666", umask=0,
                    keys={"mounts": {"/tmp": {"type": "tmpfs", "size": "64KiB"}}}),
    "memory-execution": Attack("writable-code", held="EACCES" if HAS_MDWE else "OK", gained="OK", **NO_FILTER),
    "capabilities": Attack("set-name pwned", held="EPERM", gained="OK", left_out=["seccomp"],
                           keys={"exec": {"allow": ["*"]}, "user": {"uid": 0, "gid": 0}}),
    "no-new-privs": Attack("no-new-privs", held="1", gained="0", left_out=["landlock", "seccomp"],
                           keys={"exec": {"allow": ["*"]}}),
    "descriptors": Attack("read-below {leaked} file", held="EBADF", gained="of the host", left_out=["landlock"]),
    "landlock": Attack("write /proc/self/oom_score_adj 500", held="EACCES", gained="OK"),
    "seccomp": Attack("trace-me", held="EPERM", gained="OK", keys={"exec": {"allow": ["*"]}}),
}


@pytest.fixture(scope="session")
def faulty_binary(tmp_path_factory):
    """A build that can leave steps out."""
    if "KAPSEL_FAULTS" in os.environ:
        return Path(os.environ["KAPSEL_FAULTS"]).absolute()
    build = tmp_path_factory.mktemp("build") / "faults"
    for command in (["meson", "setup", "-Dfaults=true", "-Dtests=disabled", build, SOURCE],
                    ["meson", "compile", "-C", build, "kapsel:executable"]):
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
    return build / "kapsel"


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """The static program of faults.c, as a file of the host."""
    return compile_c(HERE / "faults.c", tmp_path_factory.mktemp("faults") / "faults")


@pytest.fixture(scope="session")
def forged(rootfs, program, tmp_path_factory):
    """A root whose image has a file wherever a mount of ours belongs. Shared: none may change it."""
    root = copy_root(rootfs, tmp_path_factory.mktemp("rootfs") / "forged")
    put(root, "/bin/faults", program.read_bytes())
    for path in ("/vol/file", "/dev/null", "/run/secrets/key"):
        put(root, path, "forged\n", 0o644)
    return root


@pytest.fixture(scope="session")
def host_tree(tmp_path_factory):
    """A directory of the host to bind."""
    tree = tmp_path_factory.mktemp("host")
    tree.chmod(0o755)
    put(tree, "file", "of the host\n", 0o644)
    put(tree, "secret", "of the host\n", 0o400)
    put(tree, "for-root", "of root\n", 0o600)
    return tree


@pytest.fixture
def faulty(faulty_binary, forged, tmp_path):
    calls = lib_kapsel.Kapsel(faulty_binary, forged, tmp_path, PREFIX)
    yield calls
    calls.end_all()


def everything(faulty, host_tree):
    """A profile whose plan has every step that this test knows."""
    return faulty.profile(
        ["/bin/sh", "-c", "echo ran"], log={"driver": "passthrough"}, proc="full", workdir="/tmp",
        mounts={"/vol": {"type": "bind", "source": str(host_tree)}, "/tmp": {"type": "tmpfs", "size": "64KiB"}},
        secrets={"key": {"source": str(host_tree / "secret")}}, sysctls={"net.ipv4.ip_forward": 1},
        listen={"socket": {"stream": "@" + PREFIX + "faults"}})


def run_without(faulty, profile, apply=(), verify=(), **launch):
    environment = {**os.environ, "KAPSEL_SKIP_APPLY": ",".join(apply), "KAPSEL_SKIP_VERIFY": ",".join(verify)}
    return faulty.start_profile(profile, env=environment, **launch).finish()


def assert_refused_by(result, step):
    said = messages(result.stderr)
    assert result.status == 125 and len(said) == 1, result
    match = LAUNCHER_LINE.match(said[0].splitlines()[0])
    assert match and match["step"] == step, result
    assert "ran" not in result.stdout, f"the workload had started before the refusal\n{result}"
    return match["errno"]


def test_the_tables_know_every_step(faulty, host_tree):
    plan = faulty.call("run", "--dry-run", faulty.write(everything(faulty, host_tree))).stdout
    names = list(dict.fromkeys(line for line in plan.splitlines() if re.match(r"^[a-z][a-z-]*$", line)))
    assert names == STEPS
    assert sorted([*ATTACKS, *NO_ATTACK]) == sorted(STEPS)


def test_nothing_left_out_starts(faulty, host_tree):
    result = run_without(faulty, everything(faulty, host_tree))
    assert result.status == 0 and result.stdout == "ran\n", result


@pytest.mark.parametrize("step", STEPS)
def test_a_step_left_out_is_a_refused_start(faulty, host_tree, step):
    noticed_by = NEED_IT.get(step, [ASKED_BEFORE.get(step, step)])
    result = run_without(faulty, everything(faulty, host_tree), apply=[step])
    said = [name for name in noticed_by if f"kapsel: {name}: " in result.stderr]
    assert_refused_by(result, said[0] if said else noticed_by[0])


@pytest.mark.parametrize("step", STEPS)
def test_its_own_question_alone_finds_it_missing(faulty, host_tree, step):
    others = [name for name in STEPS if name != step]
    result = run_without(faulty, everything(faulty, host_tree), apply=[step, *NEED_IT.get(step, [])], verify=others)
    assert assert_refused_by(result, step) == "EBADE", result


@pytest.mark.parametrize("step", [pytest.param(step, marks=pytest.mark.vm if step == "cgroup-limits" else [])
                                  for step in ATTACKS])
def test_an_attack_succeeds_only_without_the_step(faulty, program, host_tree, step):
    attack = ATTACKS[step]
    leaked = os.open(host_tree, os.O_PATH | os.O_DIRECTORY)
    high = 100  # above what the launcher opens, below the workload's limit
    os.dup2(leaked, high)
    os.close(leaked)
    with tempfile.NamedTemporaryFile("w", prefix=PREFIX) as file:
        os.fchmod(file.fileno(), 0o644)
        file.write("of the host\n")
        file.flush()
        try:
            for left_out, expected in (([], attack.held), ([step], attack.gained)):
                profile = faulty.profile([], log={"driver": "passthrough"})
                words = {"name": profile["name"], "host": host_tree, "file": file.name, "leaked": high,
                         "program": program}
                fill = lambda value: (  # noqa: E731
                    {key: fill(item) for key, item in value.items()} if isinstance(value, dict) else
                    [fill(item) for item in value] if isinstance(value, list) else
                    value.format(**words) if isinstance(value, str) else value)
                keys = fill(attack.keys)
                profile["command"] = ["/bin/faults", *fill(attack.command.split())]
                profile["limits"] = {**profile["limits"], **keys.pop("limits", {})}
                profile.update(keys)
                result = run_without(faulty, profile, apply=[*attack.left_out, *left_out], verify=STEPS,
                                     pass_fds=[high], **fill(attack.launch))
                assert result.status == 0, f"{left_out or 'nothing'} left out: {result}"
                got, wanted = result.stdout, fill(expected)
                assert got == wanted + "\n" or (len(wanted) > 2 and wanted in got), \
                    f"without {left_out or 'nothing'}: {got!r}, not {wanted!r}\n{result}"
        finally:
            os.close(high)
