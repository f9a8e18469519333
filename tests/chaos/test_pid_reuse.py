# SPDX-License-Identifier: LGPL-2.1-or-later
"""The numbers in a record belong to strangers by now: each verb gives one answer, and no stranger is touched."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import lib_host
import lib_oci
import lib_reuse
from lib_faults import messages

pytestmark = pytest.mark.root
HERE = Path(__file__).parent


def play(directory, scenario):
    """Run it in namespaces of its own; what it leaves ends with them."""
    path = directory / "scenario.json"
    path.write_text(json.dumps(scenario))
    words = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, HERE / "lib_reuse.py", path]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
                          timeout=10 * lib_reuse.TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    for result in answer["results"]:
        assert result["status"] is not None, f"hangs: {result}"
        assert result["status"] >= 0, f"died: {result}"
        assert not result.get("strangers"), f"a stranger was ended: {result}"
    return answer["results"]


def by_verb(results, at):
    return {result["words"][at]: result for result in results}


@pytest.fixture
def own_records(tiny):
    """In another pid namespace the services of others look lost: there, no verb may see them."""
    return tiny(lib_host.STATE_DIR, "size=4m")


@pytest.mark.parametrize("orphan", ["end", "adopt"])
def test_a_service_whose_processes_are_strangers(own_records, kapsel, services, orphan, tmp_path):
    service = services(["/bin/sleep", "1000"], on_supervisor_death=orphan)
    program, name = str(kapsel.binary), service.name
    again = kapsel.write({**service.profile, "command": ["/bin/true"]}, f"{name}-again")
    verbs = [["ps"], ["ps", "-a", "--json"], ["inspect", name], ["stats", "--no-stream", name], ["logs", name],
             ["stop", name], ["kill", name], ["kill", "-s", "TERM", name], ["restart", name],
             ["update", "--pids", "9", name], ["enter", name, "--", "/bin/true"], ["wait", name], ["metrics"],
             ["rm", name], ["run", str(again)]]
    results = play(tmp_path, {
        "start": [[program, "run", "-d", str(service.path)]], "state": str(service.directory / "state.json"),
        "status": "running", "verbs": [[program, *words] for words in verbs],
        "pids": [["supervisor", "pid"], ["standby", "pid"], ["init", "pid"], ["payload_pid"]]})
    assert results[0]["status"] == 0, results[0]
    seen = by_verb(results, 1)
    row = json.loads(seen["ps"]["out"].splitlines()[-1])
    assert row["Names"] == name and row["State"] not in ("running", "restarting"), row
    for verb in ("stop", "kill", "restart", "update", "enter"):
        assert seen[verb]["status"] != 0 and len(messages(seen[verb]["err"])) == 1, seen[verb]
    assert seen["rm"]["status"] == 0 and seen["run"]["status"] == 0, seen
    assert service.left() == []


def test_a_service_whose_processes_are_strangers_is_started_again(own_records, kapsel, services, tmp_path):
    """Without `rm` before."""
    service = services(["/bin/sleep", "1000"])
    program = str(kapsel.binary)
    again = kapsel.write({**service.profile, "command": ["/bin/true"]}, f"{service.name}-again")
    results = play(tmp_path, {
        "start": [[program, "run", "-d", str(service.path)]], "state": str(service.directory / "state.json"),
        "status": "running", "verbs": [[program, "prune", "--force"], [program, "run", str(again)]],
        "pids": [["supervisor", "pid"], ["standby", "pid"], ["init", "pid"], ["payload_pid"]]})
    assert [result["status"] for result in results] == [0, 0, 0], results
    assert service.left() == []


def test_a_container_whose_process_is_a_stranger(oci, tmp_path):
    config = lib_oci.make_config("/bin/helper", "hold")
    name, bundle = oci.new_id(), oci.bundle(config)
    program = [str(oci.path), *oci.flags]
    state = oci.root / name / "state.json"
    verbs = [["state", name], ["list"], ["ps", name], ["kill", name, "KILL"], ["kill", name, "0"], ["start", name],
             ["exec", name, "/bin/true"], ["pause", name], ["resume", name], ["events", "--stats", name],
             ["update", "--pids-limit", "9", name], ["delete", name]]
    key = find_pid_key(oci)  # which would name another process of that namespace
    results = play(tmp_path, {
        "start": [[*program, "create", "--bundle", str(bundle.path), name], [*program, "start", name]],
        "state": str(state), "status": key["status"], "pids": [key["path"]],
        "verbs": [[*program, *words] for words in verbs]})
    assert [result["status"] for result in results[:2]] == [0, 0], results[:2]
    seen = by_verb(results, len(program))
    assert json.loads(seen["state"]["out"])["status"] == "stopped", seen["state"]
    for verb in ("kill", "start", "exec", "pause", "resume"):
        assert seen[verb]["status"] != 0 and seen[verb]["err"].count("\n") == 1, seen[verb]
    assert seen["delete"]["status"] == 0, seen["delete"]
    assert not (oci.root / name).exists()


def find_pid_key(oci):
    """Where a container's record has the number, and what it says of one that was started."""
    container = oci.running()
    record = json.loads((oci.root / container.id / "state.json").read_text())
    found = [[key] for key, value in record.items() if value == container.pid]
    assert found, record
    lib_host.reap_orphans()
    return {"path": found[0], "status": record.get("status")}
