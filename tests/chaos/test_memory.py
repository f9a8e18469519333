# SPDX-License-Identifier: LGPL-2.1-or-later
"""The launcher's own cgroup has too little memory: it fails or is killed at ever later places of a start.

With memory.oom.group supervisor and janitor die together: then the next start of the name cleans up.
A supervisor that runs may be at its limit all the time: what it writes is page cache, and that is charged to it.
"""

import contextlib
import gzip
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import lib_host
import lib_oci
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

    def event(self, name):
        """How often memory.events counted it."""
        events = dict(line.split() for line in (self.group / "memory.events").read_text().splitlines())
        return int(events[name])

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
        before = starved.event("oom_kill")
        outcome = attempt(preexec_fn=starved.enter)
        n_killed = starved.event("oom_kill") - before
        when = f"{size} KiB, {n_killed} killed: {outcome!r}"
        if outcome.started:
            started.append(size)
        elif n_killed > 0:
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


@pytest.fixture
def disk(tmp_path):
    """A file system on a disk: the pages of a file in memory could not be written back."""
    if not lib_host.IN_VM:
        yield tmp_path
        return
    place = tmp_path / "disk"
    place.mkdir()
    for command in (["modprobe", "ext4"], ["mkfs.ext4", "-q", "-F", "/dev/vdb"],
                    ["mount", "-t", "ext4", "/dev/vdb", place]):
        subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=60)
    yield place
    lib_oci.unmount(place)


def lines_of(path):
    """What a json-file log has, with all that was rotated, the oldest first."""
    old = sorted(path.parent.glob(f"{path.name}.*"), key=lambda file: -int(file.name.removesuffix(".gz").split(".")[-1]))
    for file in [*old, path]:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as text:
            for line in text:
                yield json.loads(line)["log"]


def test_a_log_writer_at_its_memory_limit_loses_no_line(kapsel, services, starved, disk, tmp_path):
    """Bursts, rotation, compression and a reader that follows, all at once, with less memory than the files are."""
    n_lines, limit_kib = 400000, 16384
    log = disk / "burst.log"
    service = services(["/usr/bin/burst", str(n_lines), "40000", "50"],
                       log={"path": str(log), "max_size": "4MiB", "max_files": 64, "compress": True})
    starved.limit(limit_kib, False)
    started = subprocess.run([kapsel.binary, "run", "-d", service.path], preexec_fn=starved.enter, timeout=60,
                             capture_output=True, check=False)
    assert started.returncode == 0, started
    with open(tmp_path / "followed", "wb+") as followed:
        follower = subprocess.Popen([kapsel.binary, "logs", "-f", service.name], stdout=followed,
                                    stderr=subprocess.PIPE)
        supervisor = service.state["supervisor"]["pid"]
        assert f"/{starved.group.name}" in Path(f"/proc/{supervisor}/cgroup").read_text()
        ended = service.wait("exited", timeout_s=240)
        assert ended["exit_status"] == 0 and starved.event("oom_kill") == 0, ended
        assert follower.wait(timeout=120) == 0, follower.stderr.read()
        followed.seek(0)
        seen = [int(line[:8]) for line in followed]
    follower.stderr.close()
    written = [int(re.match(r"\d{8} ", line)[0]) for line in lines_of(log)]
    assert written == list(range(n_lines))
    assert seen == written
    assert starved.event("max") > 50, starved.event("max")
    assert len(list(disk.glob("burst.log.*.gz"))) > 5
