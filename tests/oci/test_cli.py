# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line without any container: what engines parse, search and rely on."""

import json
import os
import re
import subprocess

import pytest

from conftest import RUNTIME

kapsel = pytest.mark.kapsel


def test_version_stands_on_the_first_line_and_on_no_other(runtime):
    for flag in ("--version", "-v"):
        lines = runtime.ok(flag).splitlines()
        assert re.fullmatch(r"\S+ version \S+", lines[0])
        assert not [line for line in lines[1:] if "version" in line.lower()]
        assert [line for line in lines if line.startswith("spec: ")]
        assert [line for line in lines if line.startswith("commit: ")]


@kapsel
@pytest.mark.parametrize("name", ["runc", "crun", "kapsel-oci"])
def test_a_link_speaks_under_its_own_name(tmp_path, name):
    (tmp_path / name).symlink_to(RUNTIME.resolve())
    out = subprocess.run([tmp_path / name, "--version"], capture_output=True, text=True, check=True)
    assert out.stdout.startswith(f"{name} version ")
    assert out.stderr == ""


def test_features_is_json_and_nothing_else(runtime):
    done = runtime.call("features")
    assert done.returncode == 0 and done.stderr == b""
    features = json.loads(done.stdout)
    assert re.match(r"1\.\d", features["ociVersionMin"]) and re.match(r"1\.\d", features["ociVersionMax"])
    assert "createRuntime" in features["hooks"] and "ro" in features["mountOptions"]
    assert "CAP_SYS_ADMIN" in features["linux"]["capabilities"]
    assert "SCMP_ACT_ERRNO" in features["linux"]["seccomp"]["actions"]


@kapsel
def test_features_name_what_docker_and_kubernetes_look_for(runtime):
    features = json.loads(runtime.ok("features"))
    linux = features["linux"]
    assert {"rro", "idmap", "ridmap", "rbind", "tmpcopyup"} <= set(features["mountOptions"])
    assert features["mountOptions"] == sorted(features["mountOptions"])
    assert set(linux["namespaces"]) == {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}
    assert linux["mountExtensions"]["idmap"]["enabled"] and linux["netDevices"]["enabled"]
    assert linux["cgroup"]["v2"] and not linux["cgroup"]["v1"]
    assert linux["intelRdt"] == {"enabled": True, "schemata": True, "monitoring": True}
    assert re.fullmatch(r"\d+\.\d+\.\d+", features["annotations"]["io.github.seccomp.libseccomp.version"])
    assert set(linux["seccomp"]["supportedFlags"]) <= set(linux["seccomp"]["knownFlags"])


def test_help_is_a_success_and_an_unknown_verb_is_not(runtime):
    assert "delete" in runtime.ok("--help")
    assert runtime.call("frobnicate").returncode != 0


@kapsel
def test_an_unknown_verb_is_one_line(runtime):
    assert runtime.fails("delet") == 'unknown verb "delet": EINVAL: did you mean "delete"?\n'


@pytest.mark.kapsel
@pytest.mark.parametrize("number", ["x", "-1", "1025", "", "1x"])
def test_numbers_of_descriptors_are_understood_alike_by_all_verbs(runtime, bundle, number):
    bundle.write()
    words = f"understand --preserve-fds {number}: a number up to 1024: EINVAL"
    for verb in ("create", "run"):
        assert words in runtime.fails(verb, "--bundle", bundle.path, f"--preserve-fds={number}", "web")
        assert not (runtime.root / "web").exists()
    runtime.ok("create", "--bundle", bundle.path, "web")
    done = runtime.call("exec", f"--preserve-fds={number}", "web", "true")
    assert done.returncode == 255 and words in done.stderr.decode()


@kapsel
@pytest.mark.parametrize("verb", ["state", "kill", "delete", "list", "ps", "pause", "resume", "update", "events",
                                  "spec", "features", "create", "start", "run", "exec"])
def test_every_verb_has_help(runtime, verb):
    assert runtime.ok(verb, "--help").startswith(f"Usage: kapsel-oci {verb}")


@kapsel
@pytest.mark.parametrize("verb", ["checkpoint", "restore"])
def test_checkpoint_is_refused_also_to_its_help(runtime, verb):
    assert "not supported" in runtime.fails(verb, "--help")
    assert "not supported" in runtime.fails(verb, "--image-path", "/x", "id")


@pytest.mark.parametrize("verb", ["state", "start", "kill", "delete"])
def test_an_unknown_container_does_not_exist(runtime, verb):
    runtime.root.mkdir()
    done = runtime.call(verb, "nope")
    assert done.returncode != 0
    if RUNTIME.name != "crun":
        assert "does not exist" in done.stderr.decode()


def test_delete_force_of_an_unknown_container_is_fine(runtime):
    runtime.root.mkdir()
    done = runtime.call("delete", "--force", "nope")
    assert (done.returncode, done.stdout) == (0, b"")
    assert runtime.call("delete", "-f", "nope").returncode == 0


@kapsel
@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "a b", "é", "a\nb", "x" * 256, "-x", "--root=/x", "--"])
def test_a_bad_id_is_refused(runtime, name):
    runtime.root.mkdir()
    assert "invalid container id" in runtime.fails("state", "--", name)
    assert "invalid container id" in runtime.fails("delete", "--force", "--", name)


@kapsel
@pytest.mark.parametrize("words, message", [
    (["state"], "a word is missing"),
    (["state", "a", "b"], "too many words"),
    (["state", "--frob", "a"], "unknown option --frob"),
    (["kill", "a", "NOSUCH"], 'unknown signal "NOSUCH"'),
    (["kill", "a", "65"], 'unknown signal "65"'),
    (["list", "--format", "xml"], "--format is table or json"),
    (["ps", "--format", "xml", "a"], "--format is table or json"),
    (["events", "--interval", "5", "a"], "--interval is a time"),
    (["events", "--interval=0s", "a"], "--interval is a time"),
    (["update", "--resources"], "--resources needs"),
])
def test_a_mistake_in_the_words_is_told_in_one_line(runtime, words, message):
    said = runtime.fails(*words)
    assert message in said and said.count("\n") == 1


# --- the log ---------------------------------------------------------------------


def test_the_log_is_one_json_object_with_a_time_that_go_parses(runtime):
    runtime.root.mkdir()
    done = runtime.call("--log", runtime.log, "--log-format", "json", "state", "nope")
    assert done.returncode == 1
    lines = runtime.log.read_text().splitlines()
    entry = json.loads(lines[-1])
    assert entry["level"] == "error" and "nope" in entry["msg"] or "exist" in entry["msg"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", entry["time"])


@kapsel
def test_the_log_holds_exactly_one_object(runtime):
    runtime.fails("--log", runtime.log, "--log-format=json", "--debug", "state", "nope")
    assert set(json.loads(runtime.log.read_text())) == {"level", "msg", "time"}
    assert runtime.log.stat().st_mode & 0o777 == 0o644


@kapsel
def test_a_mistake_in_the_global_flags_reaches_the_log(runtime):
    runtime.fails("--log", runtime.log, "--log-format", "json", "--frob", "state", "x")
    assert "unknown option --frob" in json.loads(runtime.log.read_text())["msg"]


@kapsel
def test_stderr_is_plain_beside_a_json_log(runtime):
    said = runtime.fails("--log", runtime.log, "--log-format", "json", "state", "nope")
    assert said == 'container does not exist: "nope": ENOENT\n'


@kapsel
def test_a_log_that_can_not_be_opened_is_an_error_of_its_own(runtime):
    assert "open the log /no/such/dir/log" in runtime.fails("--log", "/no/such/dir/log", "list")


@kapsel
def test_messages_keep_clear_of_the_words_that_mean_a_missing_command(runtime):
    for words in (["state", "nope"], ["--log", "/no/dir/x", "list"], ["spec", "--bundle", "/no/dir"],
                  ["update", "--resources", "/no/file", "nope"]):
        said = runtime.fails(*words).lower()
        assert "no such file" not in said and "not permitted" not in said and "permission denied" not in said


# --- list ------------------------------------------------------------------------


def test_an_empty_list_is_null_and_a_table_of_headings(runtime):
    runtime.root.mkdir()
    if RUNTIME.name == "crun":
        pytest.skip("crun prints [] for null")
    assert json.loads(runtime.ok("list", "--format", "json")) is None
    assert runtime.ok("list").split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    assert runtime.ok("list", "-q") == ""


@kapsel
def test_a_given_root_must_exist_and_the_default_need_not(runtime, tmp_path):
    assert "ENOENT" in runtime.fails("list")
    env = {"XDG_RUNTIME_DIR": str(tmp_path / "none")}
    out = subprocess.run([RUNTIME, "--rootless=true", "list", "-f=json"], env=env, capture_output=True, check=True)
    assert out.stdout == b"null\n"


# --- spec ------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [[], ["--rootless"]])
def test_spec_writes_a_config_once(runtime, tmp_path, flags):
    runtime.ok("spec", *flags, cwd=tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["process"]["args"] == ["sh"] and config["process"]["terminal"] is True
    namespaces = {entry["type"] for entry in config["linux"]["namespaces"]}
    assert ("user" in namespaces) == bool(flags) and {"pid", "mount"} <= namespaces
    if flags:
        assert config["linux"]["uidMappings"][0]["hostID"] == os.geteuid()
    before = (tmp_path / "config.json").read_text()
    assert runtime.call("spec", cwd=tmp_path).returncode != 0
    assert (tmp_path / "config.json").read_text() == before


def test_spec_takes_a_bundle(runtime, tmp_path):
    (tmp_path / "b").mkdir()
    runtime.ok("spec", "--bundle", tmp_path / "b")
    assert (tmp_path / "b" / "config.json").exists()


# --- what a dead create leaves ------------------------------------------------------


@kapsel
@pytest.mark.parametrize("content", [None, "", "{", '{"version":1}', "[]", '{"version":99}'])
def test_delete_force_cleans_a_state_that_nobody_can_read(runtime, content):
    runtime.root.mkdir()
    (runtime.root / "left").mkdir()
    (runtime.root / "left" / "config.json").write_text("{ truncated")
    if content is not None:
        (runtime.root / "left" / "state.json").write_text(content)
    runtime.fails("state", "left")
    assert runtime.ok("list", "-q") == "left\n"
    assert json.loads(runtime.ok("list", "-f", "json")) is None
    runtime.ok("delete", "--force", "left")
    assert list(runtime.root.iterdir()) == []


@kapsel
def test_an_interrupted_creation_does_not_exist_for_engines(runtime):
    runtime.root.mkdir()
    (runtime.root / "left").mkdir()
    said = runtime.fails("state", "left")
    assert "does not exist" in said and "delete --force" in said


@kapsel
def test_a_root_that_others_can_write_is_refused(runtime):
    runtime.root.mkdir()
    runtime.root.chmod(0o777)
    assert "others can change" in runtime.fails("state", "x")
