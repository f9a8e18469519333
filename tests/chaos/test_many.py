# SPDX-License-Identifier: LGPL-2.1-or-later
"""Very many starts and ends, in a row and at once: nothing is left, and nothing grows. tests/oci/test_stress.py has
the runtime's at once."""

import concurrent.futures
import subprocess
import time

import pytest

import lib_host
import lib_objects
import lib_oci
import lib_ways
from lib_verbs import SHELL
from lib_ways import number

pytestmark = pytest.mark.root
IN_A_ROW = number(200, 12, 10_000)
AT_ONCE = number(40, 8, 200)
RESTARTS = number(100, 15, 3000)
# What others do on this machine, and what each processor keeps of a cache; the virtual machine is ours alone.
ALLOWANCE = 40 if lib_host.IN_VM else 150
SETTLE_S = 30.0 * lib_ways.SLOW


def test_runs_in_a_row(kapsel, watch):
    profile = kapsel.profile(["/bin/true"])
    words = [kapsel.binary, "run", "--quiet", kapsel.write(profile)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    before = lib_objects.kernel()
    for turn in range(IN_A_ROW):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0 and done.stderr == "", f"run {turn}: {done}"
    watch.assert_clean(f"{IN_A_ROW} runs")
    lib_objects.assert_flat(before, IN_A_ROW, ALLOWANCE, SETTLE_S)


def test_lives_of_containers_in_a_row(oci, watch):
    """create, start, delete, and a `run` for each tenth."""
    bundle = oci.bundle(lib_oci.make_config("/bin/true"))
    turns = IN_A_ROW // 4
    before = lib_objects.kernel()
    for turn in range(turns):
        name = f"{oci.new_id()}-row"
        words = ["--bundle", bundle.path, name]
        if turn % 10 == 0:
            calls = [["run", *words]]
        else:
            calls = [["create", *words], ["start", name], ["delete", "--force", name]]
        for call in calls:
            process = oci.popen(*call, out=subprocess.DEVNULL, err=subprocess.DEVNULL)
            assert process.wait(lib_oci.TIMEOUT_S) == 0, f"turn {turn}: {call}"
        lib_host.reap_orphans()
    watch.assert_clean(f"{turns} lives")
    lib_objects.assert_flat(before, turns, ALLOWANCE, SETTLE_S)


def test_runs_at_once(kapsel, watch):
    """All live at the same time, each with a range of host ids of its own; then all end."""
    profiles = [kapsel.write(kapsel.profile(["/bin/sleep", "1000"])) for _ in range(AT_ONCE)]
    before = lib_objects.kernel()
    names = [path.name.split(".")[0] for path in profiles]

    def start(path):
        return subprocess.run([kapsel.binary, "run", "-d", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False, timeout=600).returncode
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(start, profiles)) == [0] * AT_ONCE
    records = [lib_host.record(name) for name in names]
    assert len({record["host_id"] for record in records}) == AT_ONCE
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        removed = list(pool.map(lambda name: subprocess.run([kapsel.binary, "rm", "-f", name], capture_output=True,
                                                            check=False, timeout=600).returncode, names))
    assert removed == [0] * AT_ONCE
    watch.assert_clean(f"{AT_ONCE} at once")
    lib_objects.assert_flat(before, AT_ONCE, ALLOWANCE, SETTLE_S)


def test_a_supervisor_does_not_grow_with_restarts(kapsel, services, watch):
    """The same process for all of them; memory, mappings and descriptors stay, and so do those of its standby."""
    service = services(["/bin/sleep", "1000"], restart={"policy": "always", "max": "unlimited", "delay": "10ms"},
                       stop={"timeout": "100ms"})
    service.start()
    pids = [service.wait()[who]["pid"] for who in ("supervisor", "standby")]
    restarted = 0

    def restart(times):
        nonlocal restarted
        for _ in range(times):
            assert service.ask("restart", "100").accepted
        restarted += times
        record = service.wait("running", restarted)
        assert [record[who]["pid"] for who in ("supervisor", "standby")] == pids, record
        return [lib_objects.of_process(pid) for pid in pids]
    first = restart(max(5, RESTARTS // 10))
    before = lib_objects.kernel()
    last = restart(RESTARTS)
    for earlier, later in zip(first, last):
        lib_objects.assert_same_size(earlier, later)
    assert kapsel.call("rm", "-f", service.name).status == 0
    watch.assert_clean(f"{RESTARTS} restarts")
    lib_objects.assert_flat(before, RESTARTS, ALLOWANCE, SETTLE_S)


def test_a_supervisor_does_not_grow_with_processes_let_in(kapsel, services):
    service = services(["/bin/sleep", "1000"], **SHELL)
    service.start()
    pid = service.wait()["supervisor"]["pid"]
    measured = []
    for turn in range(number(30, 6, 2000)):
        entered = kapsel.call("enter", service.name, "--", "/bin/true")
        assert entered.status == 0, entered
        kapsel.started.clear()
        if turn in (2, number(30, 6, 2000) - 1):
            time.sleep(0.1)
            measured.append(lib_objects.of_process(pid))
    lib_objects.assert_same_size(*measured)
    assert service.ask("stop", "100").accepted
