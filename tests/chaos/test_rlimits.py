# SPDX-License-Identifier: LGPL-2.1-or-later
"""The caller's resource limits, from far too little to enough: each value starts, or is refused in one message with
nothing left. tests/oci/test_stress.py has `create` with few descriptors."""

import resource
import subprocess

import pytest

import lib_ways
from lib_faults import messages
from test_rootless import reachable, user  # noqa: F401

pytestmark = pytest.mark.root
KIB, MIB = 1 << 10, 1 << 20


def under(which, soft, hard=None):
    """Popen's preexec_fn that sets a limit."""
    return lambda: resource.setrlimit(which, (soft, soft if hard is None else hard))


def sweep(way, watch, which, values):
    """Try them in order. Return {value: whether it started}."""
    way.works()
    watch.mark()
    started = {}
    for value in values:
        outcome = way.attempt(preexec_fn=under(which, value))
        lib_ways.assert_one_answer(outcome, f"{way.name} with {value}")
        watch.assert_clean(f"{way.name} with {value}: {outcome!r}")
        started[value] = outcome.started
    way.works()  # whatever was refused stands in nobody's way
    return started


@pytest.mark.parametrize("way", lib_ways.NAMES, indirect=True)
def test_few_descriptors(way, watch):
    """Beyond the least number that is enough, every one is enough."""
    values = [*range(3, 64, lib_ways.number(5, 12, 1)), 1024]
    started = sweep(way, watch, resource.RLIMIT_NOFILE, values)
    assert not started[3] and started[1024], started
    least = min(value for value, fine in started.items() if fine)
    assert all(started[value] for value in values if value > least), started


def least_to_begin(way, which):
    """From where on the program begins at all: below that the kernel or libc ends it before main()."""
    for value in range(MIB // 2, 64 * MIB, MIB // 4):
        done = subprocess.run([way.driver.program, "--version"], preexec_fn=under(which, value), capture_output=True,
                              check=False)
        if done.returncode == 0:
            return value
    raise AssertionError("64 MiB are not enough")


@pytest.mark.parametrize("way", lib_ways.NAMES, indirect=True)
@pytest.mark.parametrize("which", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_little_memory(way, watch, which):
    """Every page counts: allocations, stacks of clones, mappings of files fail at ever later places."""
    which = getattr(resource, which)
    least = least_to_begin(way, which)
    step = lib_ways.number(768, 1024, 16) * KIB
    started = sweep(way, watch, which, [*range(least, least + 4 * MIB, step), 256 * MIB])
    assert started[256 * MIB], started


@pytest.mark.parametrize("way", lib_ways.NAMES, indirect=True)
def test_files_of_little_size(way, watch):
    """Less than the state, less than a line of the log. What an engine has a file for may not hold the message."""
    started = sweep(way, watch, resource.RLIMIT_FSIZE, [*([] if "oci" in way.name else [0, 1]), 400, 800, 1600, 8192])
    assert started[8192], started


@pytest.mark.parametrize("way", lib_ways.NAMES, indirect=True)
@pytest.mark.parametrize("which, values", [
    ("RLIMIT_STACK", [256 * KIB, MIB]), ("RLIMIT_MEMLOCK", [0, 4096]), ("RLIMIT_SIGPENDING", [0, 1]),
    ("RLIMIT_MSGQUEUE", [0]), ("RLIMIT_CORE", [0]), ("RLIMIT_RTPRIO", [0]), ("RLIMIT_NPROC", [0, 1, 3])])
def test_any_other_limit(way, watch, which, values):
    sweep(way, watch, getattr(resource, which), values if lib_ways.number(True, False, True) else values[:1])


def test_few_processes_of_a_plain_user(user):  # noqa: F811
    """RLIMIT_NPROC holds for whoever is not root: supervisor, janitor, init and payload need four."""
    started = {}
    for limit in [*range(1, lib_ways.number(9, 6, 16)), 64]:
        path = user.write(user.profile(["/bin/true"]))
        result = user.call("run", path, preexec_fn=under(resource.RLIMIT_NPROC, limit))
        started[limit] = result.status == 0
        assert started[limit] or (result.status == 125 and len(messages(result.stderr)) == 1), f"{limit}: {result}"
    assert not started[1] and started[64], started
