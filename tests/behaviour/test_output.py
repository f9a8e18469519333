# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the verbs print, and the log file."""

import json
import os
import re

import pytest

from lib_oci import make_config
from oci_fixtures import limits


def test_list_as_json(oci):
    container = oci.running(make_config().set("annotations", {"a": "b"}))
    entries = oci.call("list", "--format", "json").json()
    entry = next(entry for entry in entries if entry["id"] == container.id)
    assert (entry["pid"], entry["status"], entry["bundle"]) == (container.pid, "running", str(container.bundle.path))
    assert entry["created"] and "owner" in entry


def test_list_as_table(oci):
    container = oci.running()
    lines = oci.call("list").out.splitlines()
    assert re.split(r"\s+", lines[0])[:3] in (["ID", "PID", "STATUS"], ["NAME", "PID", "STATUS"]), lines
    assert any(line.split()[:3] == [container.id, str(container.pid), "running"] for line in lines[1:]), lines


def test_list_quietly(oci):
    ids = {oci.create(make_config()).id, oci.running().id}
    assert set(oci.call("list", "-q").out.split()) == ids
    assert set(oci.call("list", "--quiet").out.split()) == ids


def test_list_shows_every_state(oci):
    created, running, stopped = oci.create(make_config()), oci.running(), oci.start(make_config())
    stopped.wait()
    states = {entry["id"]: entry["status"] for entry in oci.call("list", "--format", "json").json()}
    assert states == {created.id: "created", running.id: "running", stopped.id: "stopped"}


def test_an_empty_list(oci):
    oci.assert_works()
    os.makedirs(oci.root, exist_ok=True)
    result = oci.call("list", "--format", "json")
    assert result.status == 0 and result.json() in (None, [])


@limits
def test_ps_as_json(oci):
    container = oci.start(make_config("/bin/helper", "fork", "2")).ready()
    pids = container.call("ps", "--format", "json").json()
    assert len(pids) == 3 and container.pid in pids
    assert set(pids) == {int(pid) for pid in container.cgroup_file("cgroup.procs").split()}


@limits
def test_ps_as_table(oci):
    container = oci.running()
    out = container.call("ps").out
    assert "PID" in out.splitlines()[0] and str(container.pid) in out


@limits
def test_ps_with_options_of_ps(oci):
    container = oci.running()
    result = container.call("ps", "--", "-e", "-o", "pid,comm", check=False)
    assert result.status == 0 and str(container.pid) in result.out and "helper" in result.out, result


@limits
def test_events_stats(oci):
    container = oci.running(make_config().set("linux.resources", {"memory": {"limit": 64 << 20}, "pids": {"limit": 50}}))
    result = container.call("events", "--stats")
    event = json.loads(result.out.splitlines()[0])
    assert (event["type"], event["id"]) == ("stats", container.id)
    data = event["data"]
    assert data["memory"]["usage"]["limit"] == 64 << 20 and data["memory"]["usage"]["usage"] > 0
    assert data["cpu"]["usage"]["total"] > 0
    assert data["pids"]["current"] >= 1 and data["pids"]["limit"] == 50
    assert "anon" in data["memory"]["raw"]


@limits
def test_events_of_a_stopped_container(oci):
    container = oci.start(make_config())
    container.wait()
    result = container.call("events", "--stats", check=False)
    assert result.status != 0 and result.err, result


@limits
def test_events_as_a_stream(oci):
    import time
    container = oci.running()
    path = oci.place / "events"
    with open(path, "wb") as out:
        process = oci.popen("events", "--interval", "200ms", container.id, out=out)
        deadline = time.monotonic() + 60
        while path.read_text().count("\n") < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        container.kill()
        container.wait()
        container.delete()
        process.kill() if process.poll() is None else None
        process.wait()
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    assert len(lines) >= 3 and {line["type"] for line in lines} == {"stats"}


# --- spec, features, version -------------------------------------------------------------------------------


@pytest.mark.parametrize("rootless", [False, True])
def test_spec_makes_a_configuration_that_runs(oci, rootless):
    bundle = oci.bundle()
    flags = ["--rootless"] if rootless else []
    result = oci.call("spec", *flags, "--bundle", bundle.path)
    assert result.status == 0, result
    config = json.loads((bundle.path / "config.json").read_text())
    assert config["root"]["path"] == "rootfs" and config["ociVersion"].startswith("1.")
    kinds = {entry["type"] for entry in config["linux"]["namespaces"]}
    assert {"pid", "ipc", "uts", "mount"} <= kinds and ("user" in kinds) == rootless
    assert (config["linux"].get("uidMappings") is not None) == rootless
    config["process"]["terminal"] = False
    config["process"]["args"] = ["/bin/echo", "fine"]
    config["process"].pop("rlimits", None)  # which a caller without CAP_SYS_RESOURCE can not raise
    bundle.write(config)
    if not rootless:
        assert oci.run(None, bundle=bundle).out == "fine\n"


def test_spec_does_not_replace_a_configuration(oci):
    oci.assert_works()
    bundle = oci.bundle(make_config())
    before = (bundle.path / "config.json").read_text()
    result = oci.call("spec", cwd=bundle.path)
    assert result.status != 0 and result.err, result
    assert (bundle.path / "config.json").read_text() == before


def test_version(oci):
    """Docker splits every line with that word in it."""
    out = oci.call("--version", flags=[]).out
    assert re.match(r"\S+ version \d+\.\d+", out.splitlines()[0]), out
    assert out.count("version") == 1 and re.search(r"^spec: 1\.", out, re.M)


@pytest.mark.parametrize("words", [["--no-such-flag"], ["no-such-verb"], ["state", "--no-such-flag", "x"], ["create", "--bundle"],
                                   ["start", "a", "b", "c"]])
def test_a_mistaken_call_is_refused(oci, words):
    oci.assert_works()
    result = oci.call(*words)
    assert result.status not in (0, "none: it hung") and result.err + result.out, result


# --- the log --------------------------------------------------------------------------------------------------


def test_an_error_is_a_line_in_the_json_log(oci):
    """containerd takes the last line of level error; podman reads the file as one object."""
    oci.assert_works()
    log = oci.place / "log.json"
    flags = [*oci.flags, "--log", str(log), "--log-format", "json"]
    result = oci.call("state", "no-such-container", flags=flags)
    assert result.status != 0
    lines = log.read_text().splitlines()
    entry = json.loads(lines[-1])
    assert entry["level"] == "error" and entry["msg"], entry
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", entry["time"]), entry


def test_the_text_log(oci):
    oci.assert_works()
    log = oci.place / "log.text"
    oci.call("state", "no-such-container", flags=[*oci.flags, "--log", str(log)])
    assert "no-such-container" in log.read_text() or "does not exist" in log.read_text()


def test_nothing_is_logged_when_nothing_fails(oci):
    log = oci.place / "log.json"
    assert oci.run(make_config("/bin/true"), flags=[*oci.flags, "--log", str(log), "--log-format", "json"]).status == 0
    assert not log.exists() or log.read_text() == ""


@pytest.mark.parametrize("verb", ["checkpoint", "restore"])
def test_checkpoints_are_refused_where_they_are_not_known(oci, verb):
    if oci.path.name != "kapsel-oci":
        pytest.skip("the peers may know them")
    for words in ([verb, "--help"], [verb, "x"]):
        result = oci.call(*words)
        assert result.status != 0 and result.err, result
    oci.assert_works()
