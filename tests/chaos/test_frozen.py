# SPDX-License-Identifier: LGPL-2.1-or-later
"""A container that somebody has frozen, by its own cgroup or by one above: what looks at it answers, what ends it ends
it, nothing hangs for ever. The freezer needs no controller, only cgroup v2."""

import contextlib
import json
import subprocess
import time

import pytest

import lib_host
import lib_oci
import lib_ways
from conftest import PREFIX
from lib_faults import messages
from lib_verbs import good

pytestmark = [pytest.mark.root, pytest.mark.skipif(lib_host.cgroup_mount() is None, reason="needs cgroup v2")]
LIMIT_S = 20 * lib_ways.SLOW


def freeze(group, on=True):
    (group / "cgroup.freeze").write_text("1" if on else "0")

    def frozen():
        return f"frozen {int(on)}" in (group / "cgroup.events").read_text()
    lib_host.wait_for(frozen, LIMIT_S, f"{group} {'frozen' if on else 'thawed'}")


@pytest.fixture
def frozen(services):
    """A service with a frozen container: its workload, and init with it."""
    service = services(["/bin/sleep", "1000"], restart={"policy": "always", "max": "unlimited", "delay": "10ms"},
                       stop={"timeout": "300ms"})
    service.start()
    service.wait()
    if not (service.group / "cgroup.freeze").exists():
        pytest.skip("its cgroup can't be frozen")
    freeze(service.group)
    yield service
    with contextlib.suppress(OSError):
        freeze(service.group, False)


def test_what_looks_at_it_answers(kapsel, frozen):
    rows = [json.loads(line) for line in good(kapsel.call("ps", "--json")).splitlines()]
    assert [row["State"] for row in rows if row["Names"] == frozen.name] == ["running"]
    for words in (["inspect", frozen.name], ["stats", "--no-stream", frozen.name], ["logs", frozen.name],
                  ["events", "--no-follow", frozen.name], ["metrics"]):
        result = kapsel.call(*words, timeout_s=LIMIT_S)
        assert result.status in (0, 2), result  # 2: this verb has no such word
    freeze(frozen.group, False)
    assert frozen.ask("stop", "100").accepted


@pytest.mark.parametrize("words", [["stop", "-t", "1"], ["rm", "-f"], ["restart"]], ids=" ".join)
def test_what_ends_it_ends_it(kapsel, frozen, words):
    """A frozen process dies of SIGKILL, and of nothing else."""
    before = frozen.state
    result = kapsel.call(*words, frozen.name, timeout_s=LIMIT_S)
    assert result.status == 0, result
    if words[0] == "restart":
        record = frozen.wait("running", 1)
        assert record["init"] != before["init"], record
        assert "frozen 0" in (frozen.group / "cgroup.events").read_text()
        assert kapsel.call("enter", frozen.name, "--", "/bin/true").status == 0
        assert frozen.ask("stop", "100").accepted
    else:
        lib_host.wait_for(lambda: not frozen.group.exists(), LIMIT_S, "the end of the cgroup")


def test_what_was_killed_has_ended_once_thawed(kapsel, frozen):
    """`kill` is for the workload only, and who would tell of its end, init, is frozen, too."""
    assert kapsel.call("kill", "-s", "KILL", frozen.name, timeout_s=LIMIT_S).status == 0
    (frozen.group / "cgroup.freeze").write_text("0")  # and with its end the group is gone
    assert frozen.wait("exited")["restarts"] == 0  # as after `stop`


@pytest.mark.parametrize("words", [["kill", "-s", "TERM"], ["update", "--pids", "50"]], ids=" ".join)
def test_what_can_wait_waits_for_nobody(kapsel, frozen, words):
    result = kapsel.call(*words, frozen.name, timeout_s=LIMIT_S)
    assert result.status == 0 or len(messages(result.stderr)) == 1, result
    assert frozen.ask("stop", "100").accepted


def test_enter_waits_and_can_be_given_up(kapsel, frozen):
    """Nothing can start in there; whoever gives up leaves nothing, and the thawed service has forgotten it."""
    entering = kapsel.launch("enter", frozen.name, "--", "/bin/true")
    with contextlib.suppress(subprocess.TimeoutExpired):
        entering.process.wait(1)
    assert entering.process.poll() is None or len(messages(entering.finish().stderr)) == 1
    entering.process.terminate()
    entering.process.wait(LIMIT_S)
    freeze(frozen.group, False)
    again = kapsel.call("enter", frozen.name, "--", "/bin/true", timeout_s=LIMIT_S)
    assert again.status == 0, again
    assert frozen.ask("stop", "100").accepted


def test_a_killed_supervisor_of_a_frozen_container(kapsel, frozen, watch):
    """The janitor ends it all the same."""
    frozen.kill("supervisor")
    lib_host.wait_for(lambda: not frozen.group.exists(), LIMIT_S, "the end of the cgroup")
    lib_host.wait_for(frozen.is_unlocked, LIMIT_S, "the end of the janitor")
    assert kapsel.call("rm", "-f", frozen.name).status == 0
    frozen.start()
    frozen.wait()
    assert frozen.ask("stop", "100").accepted


def test_a_health_check_of_a_frozen_container_ends_it(kapsel, services):
    """Restarted, it is not frozen any more."""
    service = services(["/bin/sleep", "1000"], restart={"policy": "always", "max": "unlimited", "delay": "10ms"},
                       health={"command": ["/bin/true"], "interval": "200ms", "timeout": f"{lib_ways.SLOW}s",
                               "retries": 2}, stop={"timeout": "300ms"})
    service.start()
    before = service.wait_until(lambda state: state["health"] == "healthy", "health", LIMIT_S)
    freeze(service.group)
    after = service.wait_until(lambda state: state["health"] == "healthy" and state["restarts"] == 1, "health again",
                               3 * LIMIT_S)
    assert after["init"] != before["init"] and after["supervisor"] == before["supervisor"]
    assert service.ask("stop", "100").accepted


@pytest.mark.vm
def test_a_service_frozen_from_above(kapsel, services, watch):
    """By the group that holds all their groups."""
    if not lib_host.IN_VM:
        pytest.skip("would freeze every service of this machine: only in the virtual machine")
    service = services(["/bin/sleep", "1000"], stop={"timeout": "300ms"})
    service.start()
    service.wait()
    above = service.group.parent
    freeze(above)
    try:
        good(kapsel.call("ps"))
        result = kapsel.call("rm", "-f", service.name, timeout_s=LIMIT_S)
        assert result.status == 0, result
        watch.assert_clean("while all are frozen")
    finally:
        freeze(above, False)
    service.start()
    assert service.ask("stop", "100").accepted


# --- the runtime -----------------------------------------------------------------------------------------


@pytest.fixture
def parent():
    """A cgroup of our own above the containers'."""
    group = lib_host.cgroup_mount() / f"{PREFIX}parent"
    group.mkdir()
    yield group
    with contextlib.suppress(OSError):
        freeze(group, False)
    (group / "cgroup.kill").write_text("1")

    def removed():
        lib_host.reap_orphans()
        for path in sorted(group.rglob("*"), reverse=True):
            if path.is_dir():
                with contextlib.suppress(OSError):
                    path.rmdir()
        with contextlib.suppress(OSError):
            group.rmdir()
        return not group.exists()
    lib_host.wait_for(removed, LIMIT_S, "an empty parent")


def container_below(oci, parent):
    name = oci.new_id()
    config = lib_oci.make_config().set("linux.cgroupsPath", f"/{parent.name}/{name}")
    return oci.running(config, identity=name)


@pytest.mark.parametrize("above", [False, True], ids=["own", "above"])
@pytest.mark.parametrize("ending", ["kill", "delete"])
def test_a_frozen_container_can_be_looked_at_and_ended(oci, parent, above, ending):
    container = container_below(oci, parent)
    freeze(parent if above else container.cgroup)
    assert container.state()["status"] in ("running", "paused")
    for words in (["list"], ["ps", container.id], ["events", "--stats", container.id]):
        result = oci.call(*words, timeout_s=LIMIT_S)
        assert result.status == 0, result
    if ending == "kill":
        container.kill("KILL")
        container.wait(LIMIT_S)
        container.delete()
    else:
        container.delete("--force", timeout_s=LIMIT_S)
    assert not (oci.root / container.id).exists() and not (parent / container.id).exists()


@pytest.mark.parametrize("above", [False, True], ids=["own", "above"])
def test_exec_in_a_frozen_container_refuses_or_can_be_given_up(oci, parent, above):
    container = container_below(oci, parent)
    group = parent if above else container.cgroup
    freeze(group)
    with open(oci.place / "exec.err", "wb") as err:
        process = oci.popen("exec", container.id, "/bin/true", err=err)
        oci.processes.append(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(2 * lib_ways.SLOW)
        if process.poll() is None:
            process.kill()
            process.wait()
        else:
            assert process.returncode != 0
    freeze(group, False)
    again = container.exec("/bin/true")
    assert again.status == 0, again
    lib_host.wait_for(lambda: lib_host.reap_orphans() or len(container_pids(container)) == 1, LIMIT_S,
                      "the container alone")


def container_pids(container):
    return (container.cgroup / "cgroup.procs").read_text().split()


def test_create_below_a_frozen_cgroup_can_be_given_up(oci, parent):
    """The new process can't run: create waits. Killed, it leaves what delete removes, frozen or not."""
    name = oci.new_id()
    bundle = oci.bundle(lib_oci.make_config().set("linux.cgroupsPath", f"/{parent.name}/{name}"))
    freeze(parent)
    process = oci.popen("create", "--bundle", bundle.path, name)
    oci.processes.append(process)
    time.sleep(0.5)
    process.kill()
    process.wait()
    removed = oci.call("delete", "--force", name, timeout_s=LIMIT_S)
    assert removed.status == 0, removed
    assert not (oci.root / name).exists() and not (parent / name).exists()
