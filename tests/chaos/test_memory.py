# SPDX-License-Identifier: LGPL-2.1-or-later
"""The launcher's own cgroup has too little memory: it fails or is killed at ever later places of a start.

With memory.oom.group supervisor and janitor die together: then the next start of the name cleans up.
"""

import contextlib

import pytest

import lib_host
import lib_ways
from conftest import PREFIX
from lib_drivers import Outcome
from lib_oci import make_config
from lib_service import Service
from lib_ways import CLEAN_S, number

pytestmark = [pytest.mark.root, pytest.mark.vm]
KIB = 1 << 10
# The least is less than an empty process; with the most, all starts succeed.
SIZES = number([*range(256, 4096, 256), 65536], [256, 512, 1024, 1536, 2560, 65536],
               [*range(128, 4096, 64), 65536])


class Starved:
    """A cgroup with little memory."""

    def __init__(self):
        mount = lib_host.cgroup_mount()
        with contextlib.suppress(OSError):
            (mount / "cgroup.subtree_control").write_text("+memory")
        self.group = mount / f"{PREFIX}starved"
        self.group.mkdir()

    def limit(self, size_kib, together):
        values = {"memory.max": size_kib * KIB, "memory.swap.max": 0, "memory.oom.group": int(together)}
        for name, value in values.items():
            with contextlib.suppress(FileNotFoundError):
                (self.group / name).write_text(str(value))

    def enter(self):
        """Popen's preexec_fn."""
        (self.group / "cgroup.procs").write_text("0")

    def kills(self):
        events = dict(line.split() for line in (self.group / "memory.events").read_text().splitlines())
        return int(events["oom_kill"])

    def close(self):
        (self.group / "cgroup.kill").write_text("1")

        def gone():
            lib_host.reap_orphans()
            for path in sorted(self.group.rglob("*"), reverse=True):
                if path.is_dir():
                    with contextlib.suppress(OSError):
                        path.rmdir()
            with contextlib.suppress(OSError):
                self.group.rmdir()
            return not self.group.exists()
        lib_host.wait_for(gone, CLEAN_S, "an empty group")


@pytest.fixture
def starved(watch):
    made = Starved()
    watch.mark()
    yield made
    made.close()


def sweep(starved, watch, together, attempt, again):
    """attempt(launch) under each size, again() under none: the name is free, whatever became of it."""
    killed, refused, started = [], [], []
    for size in SIZES:
        starved.limit(size, together)
        before = starved.kills()
        outcome = attempt(preexec_fn=starved.enter)
        when = f"{size} KiB, {starved.kills() - before} killed: {outcome!r}"
        if outcome.started:
            started.append(size)
        elif starved.kills() > before:
            killed.append(size)
        else:
            refused.append(size)
            lib_ways.assert_one_answer(outcome, when)
        starved.limit(65536, False)
        lib_host.reap_orphans()
        again(when)
        watch.assert_clean(when)
    assert killed and SIZES[-1] in started, (killed, refused, started)


@pytest.mark.parametrize("together", [False, True], ids=["one", "all"])
def test_a_detached_start_without_memory(kapsel, starved, watch, together):
    service = Service(kapsel, kapsel.profile(["/bin/sleep", "1000"]))

    def attempt(**launch):
        result = kapsel.call("run", "-d", service.path, **launch)
        outcome = Outcome("run -d", result.status, "", result.stderr)
        outcome.started = result.status == 0
        return outcome

    def again(when):
        if service.directory.exists():
            kapsel.call("rm", "-f", service.name)  # there may be no record yet, or no supervisor
        result = kapsel.call("run", "-d", service.path)
        assert result.status == 0, f"{when}: {result}"
        assert kapsel.call("rm", "-f", service.name).status == 0, when
    sweep(starved, watch, together, attempt, again)


@pytest.mark.parametrize("together", [False, True], ids=["one", "all"])
def test_a_create_without_memory(oci, starved, watch, together):
    bundle = oci.bundle(make_config("/bin/true"))
    name = oci.new_id()

    def attempt(**launch):
        result = oci.call("create", "--bundle", bundle.path, name, **launch)
        outcome = Outcome("oci-create", result.status, result.out, result.err)
        outcome.started = result.status == 0
        return outcome

    def again(when):
        assert oci.call("delete", "--force", name).status == 0, when
        assert oci.call("run", "--bundle", bundle.path, name).status == 0, when
    sweep(starved, watch, together, attempt, again)
