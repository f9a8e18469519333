# SPDX-License-Identifier: LGPL-2.1-or-later
"""config.md: version, root, process, user, names, annotations and what is unknown."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from lib_oci import ALL_CAPABILITIES, CAPABILITIES, PATH, capability_mask, make_config
from oci_fixtures import spec

FILE = "config.md"


# --- Specification version ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.0.0", "1.0.0-rc5", "1.1.0", "1.2.1", "1.3.0", "1.99.0"])
@spec(FILE, "Specification version", "MUST", "a configuration of any 1.x version is accepted")
def test_config__specification_version__any_1_x(oci, version):
    assert oci.run(make_config().set("ociVersion", version)).status == 0


@pytest.mark.parametrize("version", ["", "one", "1", "1.0", "01.0.0", "2.0.0"])
@spec(FILE, "Specification version", "MUST", "a version that is no semantic version, or of another major one, is an error")
def test_config__specification_version__invalid_is_refused(oci, version):
    oci.assert_refused(make_config().set("ociVersion", version))


@spec(FILE, "Specification version", "REQUIRED", "ociVersion is required")
def test_config__specification_version__missing_is_refused(oci):
    oci.assert_refused(make_config().remove("ociVersion"))


# --- Root ----------------------------------------------------------------------------------------------


@spec(FILE, "Root", "REQUIRED", "root and its path are required")
@pytest.mark.parametrize("path", ["root", "root.path"])
def test_config__root__missing_is_refused(oci, path):
    config = make_config().remove(path)
    oci.assert_refused(config)


@pytest.mark.parametrize("absolute", [True, False])
@spec(FILE, "Root", "MUST", "path is absolute, or relative to the bundle")
def test_config__root__path_is_absolute_or_relative(oci, absolute):
    bundle = oci.bundle()
    bundle.put("/mark", "here")
    os.rename(bundle.rootfs, bundle.path / "other")
    path = str(bundle.path / "other") if absolute else "other"
    assert oci.output(make_config("/bin/cat", "/mark").set("root.path", path), bundle=bundle) == "here"


@pytest.mark.parametrize("kind", ["missing", "file"])
@spec(FILE, "Root", "MUST", "a directory must be there at path")
def test_config__root__path_must_be_a_directory(oci, kind):
    bundle = oci.bundle()
    (bundle.path / "file").write_text("")
    oci.assert_refused(make_config().set("root.path", kind), bundle=bundle)


@pytest.mark.parametrize("readonly", [True, False, None])
@spec(FILE, "Root", "MUST", "readonly makes the root read-only inside; it is not by default")
def test_config__root__readonly(oci, readonly):
    config = make_config().shell("touch /file && echo written || echo refused; grep ' / / \\| / ' /proc/self/mountinfo")
    if readonly is not None:
        config.set("root.readonly", readonly)
    out = oci.output(config)
    assert out.startswith("refused" if readonly else "written"), out


# --- Process -------------------------------------------------------------------------------------------


@spec(FILE, "Process", "MUST", "terminal: a pseudo-terminal is made and duplicated on the three standard streams")
def test_config__process__terminal(oci):
    console = oci.console()
    config = make_config("/bin/helper", "report").set("process.terminal", True)
    container = oci.start(config, "--console-socket", console.path)
    container.wait()
    report = json.loads(console.read_until(None))
    assert report["isatty"] == 7 and report["controlling_terminal"] == 1, report
    assert len({report["fds"][number] for number in "012"}) == 1
    assert report["fds"]["0"] in ("/dev/pts/0", "/dev/console"), report["fds"]


@spec(FILE, "Process", "MUST", "terminal is false by default")
def test_config__process__no_terminal_by_default(oci):
    assert oci.report(make_config())["isatty"] == 0


@spec(FILE, "Process", "MUST", "consoleSize is the size of the terminal in characters")
def test_config__process__console_size(oci):
    console = oci.console()
    config = make_config("/bin/helper", "report").set("process.terminal", True)
    config.set("process.consoleSize", {"height": 31, "width": 117})
    container = oci.start(config, "--console-socket", console.path)
    container.wait()
    assert json.loads(console.read_until(None))["terminal_size"] == [31, 117]


@spec(FILE, "Process", "MUST", "consoleSize without terminal is ignored")
def test_config__process__console_size_without_terminal_is_ignored(oci):
    assert oci.report(make_config().set("process.consoleSize", {"height": 31, "width": 117}))["isatty"] == 0


@spec(FILE, "Process", "MUST", "cwd is the working directory")
def test_config__process__cwd(oci):
    assert oci.report(make_config().set("process.cwd", "/data"))["cwd"] == "/data"


@pytest.mark.parametrize("cwd", ["data", "./data", "", None])
@spec(FILE, "Process", "MUST", "cwd is required and absolute")
def test_config__process__cwd_must_be_absolute(oci, cwd):
    config = make_config().set("process.cwd", cwd)
    oci.assert_refused(config.remove("process.cwd") if cwd is None else config)


@spec(FILE, "Process", "MUST", "env is the environment, as it stands")
def test_config__process__env(oci):
    environment = [PATH, "ONE=1", "EMPTY=", "SPACES= a  b ", "EQUALS=a=b", "TABS=a\tb", "UMLAUT=ä"]
    report = oci.report(make_config().set("process.env", environment))
    missing = [entry for entry in environment if entry not in report["env"]]
    added = [entry for entry in report["env"] if entry not in environment and not entry.startswith("HOME=")]
    assert not missing and not added, report["env"]


@spec(FILE, "Process", "MUST", "nothing of the runtime's own environment reaches the program")
def test_config__process__the_callers_environment_stays_outside(oci):
    report = oci.report(make_config(), env={**os.environ, "SECRET_OF_THE_CALLER": "1"})
    assert not [entry for entry in report["env"] if entry.startswith("SECRET")]


@spec(FILE, "Process", "MUST", "args reaches the program as it stands")
def test_config__process__args(oci):
    words = ["", "a b", "$HOME", "'\"", "-x", "ä"]
    config = make_config("/bin/helper", "report", *words)
    assert json.loads(oci.output(config))["args"] == ["/bin/helper", "report", *words]


@spec(FILE, "Process", "MUST", "a name without a slash is looked up in PATH, as execvp(3) does")
def test_config__process__args_are_looked_up_in_path(oci):
    bundle = oci.bundle()
    bundle.put("/opt/first/other", "no program")
    bundle.put("/opt/second/other", "#!/bin/sh\necho second\n", 0o755)
    config = make_config("other").set("process.env", ["PATH=/opt/none:/opt/first:/opt/second:/bin"])
    assert oci.output(config, bundle=bundle) == "second\n"


@spec(FILE, "Process", "MUST", "a relative name with a slash is relative to cwd")
def test_config__process__args_may_be_relative(oci):
    bundle = oci.bundle()
    bundle.put("/data/program", "#!/bin/sh\necho here\n", 0o755)
    assert oci.output(make_config("./program").set("process.cwd", "/data"), bundle=bundle) == "here\n"


@pytest.mark.parametrize("args", [[], None, ["/no/such/program"], ["no-such-program"], ["/data"], ["/etc/passwd"]])
@spec(FILE, "Process", "REQUIRED", "args has at least one entry, and it can be executed")
def test_config__process__args_that_can_not_be_executed(oci, args):
    config = make_config().set("process.args", args)
    oci.assert_refused(config.remove("process.args") if args is None else config)


# --- POSIX process: rlimits ------------------------------------------------------------------------------

LIMITS = {"RLIMIT_CPU": (100, 200), "RLIMIT_FSIZE": (1 << 30, 1 << 31), "RLIMIT_DATA": (1 << 32, 1 << 33),
          "RLIMIT_STACK": (1 << 22, 1 << 23), "RLIMIT_CORE": (0, 1024), "RLIMIT_RSS": (1 << 30, 1 << 31),
          "RLIMIT_NPROC": (1000, 1001), "RLIMIT_NOFILE": (512, 600), "RLIMIT_MEMLOCK": (1000, 2000),
          "RLIMIT_AS": (1 << 34, 1 << 35), "RLIMIT_LOCKS": (10, 20), "RLIMIT_SIGPENDING": (100, 200),
          "RLIMIT_MSGQUEUE": (1000, 2000), "RLIMIT_NICE": (0, 0), "RLIMIT_RTPRIO": (0, 0), "RLIMIT_RTTIME": (1000, 2000)}


def rlimits(limits):
    return [{"type": kind, "soft": soft, "hard": hard} for kind, (soft, hard) in limits.items()]


@spec(FILE, "POSIX process", "MUST", "the soft and the hard limit of each entry of rlimits are those that getrlimit(2) tells")
def test_config__posix_process__rlimits(oci):
    report = oci.report(make_config().set("process.rlimits", rlimits(LIMITS)))
    assert {kind: tuple(report["rlimits"][kind]) for kind in LIMITS} == LIMITS


@spec(FILE, "POSIX process", "MUST", "the limits are those of another user's process, too, also where the caller may raise none")
def test_config__posix_process__rlimits_of_a_user(oci):
    config = make_config().set("process.user", {"uid": 1000, "gid": 1000}).set("process.rlimits", rlimits({"RLIMIT_CPU": (100, 200)}))
    assert oci.report(config)["rlimits"]["RLIMIT_CPU"] == [100, 200]


@spec(FILE, "POSIX process", "MUST", "unlimited can be said")
def test_config__posix_process__rlimits_unlimited(oci):
    infinity = (1 << 64) - 1
    report = oci.report(make_config().set("process.rlimits", rlimits({"RLIMIT_CPU": (infinity, infinity)})))
    assert report["rlimits"]["RLIMIT_CPU"] == [infinity, infinity]


@pytest.mark.parametrize("kind", ["RLIMIT_NOTHING", "nofile", "", "NOFILE"])
@spec(FILE, "POSIX process", "MUST", "a resource that the kernel does not have is an error")
def test_config__posix_process__rlimits_unknown_is_refused(oci, kind):
    oci.assert_refused(make_config().set("process.rlimits", [{"type": kind, "soft": 1, "hard": 1}]))


@spec(FILE, "POSIX process", "MUST", "the same resource twice is an error")
def test_config__posix_process__rlimits_twice_is_refused(oci):
    entry = {"type": "RLIMIT_CPU", "soft": 100, "hard": 200}
    oci.assert_refused(make_config().set("process.rlimits", [entry, dict(entry)]))


@spec(FILE, "POSIX process", "MUST", "a soft limit above the hard one is an error")
def test_config__posix_process__rlimits_soft_above_hard_is_refused(oci):
    oci.assert_refused(make_config().set("process.rlimits", rlimits({"RLIMIT_CPU": (200, 100)})))


# --- Linux process -----------------------------------------------------------------------------------------

PROFILE = "conformance-profile"


def load_apparmor(place, mode="-r"):
    """Load, or with -R remove, a profile that denies writing below /data."""
    path = place / "profile"
    path.write_text(f"profile {PROFILE} flags=(attach_disconnected) {{\n file,\n capability,\n network,\n signal,\n"
                    " mount,\n deny /data/** w,\n}\n")
    subprocess.run(["apparmor_parser", "-K", mode, path], check=True, timeout=100)


def has_apparmor():
    try:
        return Path("/sys/module/apparmor/parameters/enabled").read_text().startswith("Y") and \
            subprocess.run(["apparmor_parser", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@spec(FILE, "Linux Process", "MUST", "apparmorProfile confines the process")
def test_config__linux_process__apparmor_profile(oci):
    if not has_apparmor():
        pytest.skip("needs AppArmor")
    load_apparmor(oci.place)
    config = make_config().set("process.apparmorProfile", PROFILE)
    config.shell("cat /proc/self/attr/current; touch /tmp/file && echo outside; touch /data/file || echo refused")
    out = oci.output(config)
    assert f"{PROFILE} (enforce)" in out and "outside" in out and "refused" in out, out


@spec(FILE, "Valid values", "MUST", "an AppArmor profile that is not loaded, or no AppArmor at all, is an error")
def test_config__linux_process__an_unknown_apparmor_profile_is_refused(oci):
    oci.assert_refused(make_config().set("process.apparmorProfile", "no-such-profile"))


def expected(names):
    """What of these the caller itself has: more can not be granted."""
    own = int(re.search(r"CapBnd:\s*(\w+)", Path("/proc/self/status").read_text())[1], 16)
    return capability_mask(names) & own


@pytest.mark.parametrize("sets", [
    {"bounding": CAPABILITIES, "permitted": CAPABILITIES, "effective": CAPABILITIES},
    {"bounding": ["CAP_KILL", "CAP_CHOWN"], "permitted": ["CAP_KILL"], "effective": []},
    {"bounding": ["CAP_KILL", "CAP_CHOWN"], "permitted": ["CAP_KILL"], "effective": ["CAP_KILL"],
     "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]},
    {},
], ids=["defaults", "subsets", "ambient", "none"])
@spec(FILE, "Linux Process", "MUST", "the five capability sets are those that are configured")
def test_config__linux_process__capabilities(oci, sets):
    """As a user that is not root, for whom execve(2) adds nothing."""
    config = make_config().set("process.capabilities", sets).set("process.user.uid", 1000)
    report = oci.report(config)
    ambient = expected(sets.get("ambient", []))
    assert report["bounding"] == expected(sets.get("bounding", []))
    assert report["inheritable"] == expected(sets.get("inheritable", []))
    assert (report["ambient"], report["effective"], report["permitted"]) == (ambient, ambient, ambient)


@spec(FILE, "Linux Process", "MUST", "root gets the capabilities that are configured")
def test_config__linux_process__capabilities_of_root(oci):
    report = oci.report(make_config().capabilities("CAP_KILL", "CAP_CHOWN"))
    assert [report[name] for name in ("bounding", "effective", "permitted")] == [expected(["CAP_KILL", "CAP_CHOWN"])] * 3
    assert (report["inheritable"], report["ambient"]) == (0, 0)


@spec(FILE, "Linux Process", "MUST", "every capability of capabilities(7) can be granted")
def test_config__linux_process__all_capabilities(oci):
    names = ["CAP_" + name for name in ALL_CAPABILITIES]
    report = oci.report(make_config().capabilities(*names))
    assert report["effective"] == expected(names)


@spec(FILE, "Linux Process", "MUST", "a capability that is unknown, or can not be granted, is a warning")
@spec(FILE, "Linux Process", "SHOULD NOT", "such a capability is no failure")
def test_config__linux_process__an_unknown_capability_is_a_warning(oci):
    result = oci.run(make_config("/bin/helper", "report").capabilities("CAP_KILL", "CAP_NO_SUCH_THING"))
    assert result.status == 0, result
    assert json.loads(result.out)["bounding"] == expected(["CAP_KILL"])
    assert "CAP_NO_SUCH_THING" in result.err, "no warning"


@pytest.mark.parametrize("value", [True, False, None])
@spec(FILE, "Linux Process", "MUST", "noNewPrivileges sets the process's flag, and only when it is true")
def test_config__linux_process__no_new_privileges(oci, value):
    config = make_config().remove("process.noNewPrivileges")
    report = oci.report(config if value is None else config.set("process.noNewPrivileges", value))
    assert report["no_new_privs"] == bool(value)


@pytest.mark.parametrize("value", [1000, 500, 0])
@spec(FILE, "Linux Process", "MUST", "oomScoreAdj is the process's oom_score_adj")
def test_config__linux_process__oom_score_adj(oci, value):
    own = int(Path("/proc/self/oom_score_adj").read_text())
    if value < own:
        value = own
    assert oci.report(make_config().set("process.oomScoreAdj", value))["oom_score_adj"] == str(value)


@spec(FILE, "Linux Process", "MUST NOT", "without oomScoreAdj the value stays what it is")
def test_config__linux_process__oom_score_adj_stays(oci):
    own = Path("/proc/self/oom_score_adj").read_text().strip()
    assert oci.report(make_config())["oom_score_adj"] == own


POLICIES = {"SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_IDLE": 5, "SCHED_DEADLINE": 6}


@pytest.mark.parametrize("scheduler, wanted", [
    ({"policy": "SCHED_OTHER", "nice": 7}, {"nice": 7}),
    ({"policy": "SCHED_BATCH", "nice": 3}, {"nice": 3}),
    ({"policy": "SCHED_BATCH"}, {"nice": 0}),
    ({"policy": "SCHED_IDLE"}, {}),
    ({"policy": "SCHED_FIFO", "priority": 10}, {"priority": 10}),
    ({"policy": "SCHED_RR", "priority": 11, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}, {"priority": 11, "sched_flags": 1}),
    ({"policy": "SCHED_DEADLINE", "runtime": 8000000, "deadline": 10000000, "period": 20000000},
     {"runtime": 8000000, "deadline": 10000000, "period": 20000000}),
], ids=["other", "batch", "batch-default", "idle", "fifo", "rr-flags", "deadline"])
@spec(FILE, "Linux Process", "MUST", "scheduler: policy, nice, priority, flags and the deadline's three times; what is not set is 0")
def test_config__linux_process__scheduler(oci, scheduler, wanted):
    report = oci.report(make_config().set("process.scheduler", scheduler))
    assert report["policy"] == POLICIES[scheduler["policy"]], report["policy"]
    assert {key: report[key] for key in wanted} == wanted


@pytest.mark.parametrize("scheduler", [{"policy": "SCHED_NONSENSE"}, {"nice": 1}, {"policy": "SCHED_FIFO", "priority": 1000},
                                       {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_NONSENSE"]}])
@spec(FILE, "Valid values", "MUST", "a scheduler that does not exist is an error")
def test_config__linux_process__scheduler_invalid_is_refused(oci, scheduler):
    oci.assert_refused(make_config().set("process.scheduler", scheduler))


CLASSES = {"IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3}


@pytest.mark.parametrize("name, priority", [("IOPRIO_CLASS_RT", 5), ("IOPRIO_CLASS_BE", 7), ("IOPRIO_CLASS_IDLE", 0)])
@spec(FILE, "Linux Process", "MUST", "ioPriority is the process's I/O class and priority")
def test_config__linux_process__io_priority(oci, name, priority):
    report = oci.report(make_config().set("process.ioPriority", {"class": name, "priority": priority}))
    assert report["ioprio"] == CLASSES[name] << 13 | priority


@pytest.mark.parametrize("value", [{"class": "IOPRIO_CLASS_NONSENSE", "priority": 1},
                                   {"class": "IOPRIO_CLASS_BE", "priority": 8}])
@spec(FILE, "Valid values", "MUST", "an I/O priority that does not exist is an error")
def test_config__linux_process__io_priority_invalid_is_refused(oci, value):
    oci.assert_refused(make_config().set("process.ioPriority", value))


@spec(FILE, "Linux Process", "MUST", "execCPUAffinity is for exec: the container's first process is not affected")
def test_config__linux_process__exec_cpu_affinity_is_not_for_init(oci):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two CPUs")
    report = oci.report(make_config().set("process.execCPUAffinity", {"initial": "0", "final": "0"}))
    assert report["cpus"] == sorted(os.sched_getaffinity(0))


@pytest.mark.parametrize("final", ["0", "0,0", "0-0"])
@spec(FILE, "Linux Process", "MUST", "execCPUAffinity.final are the CPUs that a process of exec runs on")
def test_config__linux_process__exec_cpu_affinity_final(oci, final):
    container = oci.running(make_config().set("process.execCPUAffinity", {"initial": "0", "final": final}))
    result = container.exec("/bin/helper", "report")
    assert result.status == 0 and result.json()["cpus"] == [0], result


@spec(FILE, "Linux Process", "MUST", "without final a process of exec has the container's CPUs")
def test_config__linux_process__exec_cpu_affinity_default(oci):
    container = oci.running(make_config().set("process.execCPUAffinity", {"initial": "0"}))
    result = container.exec("/bin/helper", "report")
    assert result.status == 0, result
    assert result.json()["cpus"] == sorted(os.sched_getaffinity(container.pid)), result


@pytest.mark.parametrize("value", ["nonsense", "0-", "3-1", "0,,1", "99999"])
@spec(FILE, "Valid values", "MUST", "a list of CPUs that is none is an error, at the latest of exec")
def test_config__linux_process__exec_cpu_affinity_invalid_is_refused(oci, value):
    oci.assert_works()
    config = make_config("/bin/helper", "hold").set("process.execCPUAffinity", {"final": value})
    container = oci.create(config, check=False)
    if container.result.status == 0:
        container.start()
        result = container.exec("/bin/true")
        assert result.status != 0 and result.err, f"accepted: {result!r}"
    else:
        assert container.err


# --- User ------------------------------------------------------------------------------------------------


@spec(FILE, "User", "MUST", "uid and gid are the process's, real, effective and saved")
def test_config__user__uid_and_gid(oci):
    report = oci.report(make_config().set("process.user", {"uid": 1234, "gid": 5678}))
    assert report["uids"] == [1234] * 3 and report["gids"] == [5678] * 3


@spec(FILE, "User", "MUST", "additionalGids are the process's groups; nothing of the caller's is left")
def test_config__user__additional_gids(oci):
    user = {"uid": 1234, "gid": 5678, "additionalGids": [7, 100000, 65534]}
    assert sorted(set(oci.report(make_config().set("process.user", user))["groups"]) - {5678}) == [7, 65534, 100000]


@spec(FILE, "User", "MUST", "without additionalGids there are no groups")
def test_config__user__no_groups_by_default(oci):
    assert set(oci.report(make_config().set("process.user", {"uid": 1234, "gid": 5678}))["groups"]) <= {5678}


@pytest.mark.parametrize("umask", [0o077, 0o000, 0o022])
@spec(FILE, "User", "MUST", "umask is the process's")
def test_config__user__umask(oci, umask):
    assert oci.report(make_config().set("process.user.umask", umask))["umask"] == umask


@spec(FILE, "User", "SHOULD NOT", "without umask the caller's stays")
def test_config__user__umask_stays(oci):
    """Shown for the usual 022 only: the peers set that whatever the caller has."""
    assert oci.report(make_config(), preexec_fn=lambda: os.umask(0o022))["umask"] == 0o022


@spec(FILE, "User", "MUST", "uid and gid are those inside a user namespace")
def test_config__user__ids_are_the_containers(oci):
    config = make_config("/bin/helper", "hold").user_namespace(200000).set("process.user", {"uid": 10, "gid": 20})
    container = oci.start(config).ready()
    status = (container.proc / "status").read_text()
    assert re.search(r"^Uid:\s+200010\s", status, re.M) and re.search(r"^Gid:\s+200020\s", status, re.M), status


# --- Hostname, Domainname -------------------------------------------------------------------------------


@spec(FILE, "Hostname", "MUST", "hostname is what the container sees, and the host's stays")
def test_config__hostname(oci):
    own = os.uname().nodename
    assert oci.report(make_config().set("hostname", "inside.example"))["hostname"] == "inside.example"
    assert os.uname().nodename == own


@spec(FILE, "Domainname", "MUST", "domainname is what the container sees, and the host's stays")
def test_config__domainname(oci):
    own = Path("/proc/sys/kernel/domainname").read_text()
    assert oci.report(make_config().set("domainname", "inside.test"))["domainname"] == "inside.test"
    assert Path("/proc/sys/kernel/domainname").read_text() == own


# --- Annotations, Extensibility, Valid values --------------------------------------------------------------


@spec(FILE, "Annotations", "MUST", "values are strings and may be empty; unknown keys are no error")
def test_config__annotations(oci):
    annotations = {"org.example.empty": "", "org.opencontainers.image.os": "linux", "run.nobody.knows/this": "x"}
    container = oci.create(make_config().set("annotations", annotations))
    assert container.state()["annotations"] == annotations


@pytest.mark.parametrize("value", [{"key": 1}, {"key": None}, {"key": ["x"]}, ["key"], "key"],
                         ids=["number", "null", "list", "array", "string"])
@spec(FILE, "Annotations", "MUST", "annotations that are no map of strings are an error")
def test_config__annotations__of_another_type_are_refused(oci, value):
    oci.assert_refused(make_config().set("annotations", value))


@spec(FILE, "Annotations", "MUST NOT", "a key is not the empty string")
def test_config__annotations__an_empty_key_is_refused(oci):
    oci.assert_refused(make_config().set("annotations", {"": "value"}))


@pytest.mark.parametrize("path", ["unknown", "process.unknown", "process.user.unknown", "root.unknown", "linux.unknown",
                                  "linux.resources.unknown", "linux.seccomp.unknown", "hooks.unknown", "solaris"])
@spec(FILE, "Extensibility", "MUST", "unknown properties are ignored and no error")
def test_config__extensibility__unknown_properties_are_ignored(oci, path):
    config = make_config()
    if path.startswith("linux.seccomp"):
        config.set("linux.seccomp.defaultAction", "SCMP_ACT_ALLOW")
    for value in ({"a": [1, None, {}]}, "text"):
        if path in ("hooks.unknown", "solaris") and value == "text":  # or it is a known property of a wrong type
            continue
        assert oci.run(config.set(path, value)).status == 0, (path, value)


WRONG_TYPES = {"process.args": "/bin/true", "process.env": {"A": "b"}, "process.cwd": 7, "process.terminal": "yes",
               "process.user.uid": "root", "process.user.additionalGids": 7, "process.rlimits": {}, "root.readonly": "yes",
               "mounts": {}, "hostname": 7, "linux.namespaces": {}, "linux.maskedPaths": "/proc", "hooks": [],
               "linux.resources": [], "process.capabilities": ["CAP_KILL"], "process.user.umask": "022",
               "linux.sysctl": ["a=b"], "linux.devices": {}}


@pytest.mark.parametrize("path", WRONG_TYPES)
@spec(FILE, "Valid values", "MUST", "a value of a wrong type is an error")
def test_config__valid_values__a_wrong_type_is_refused(oci, path):
    oci.assert_refused(make_config().set(path, WRONG_TYPES[path]))


@pytest.mark.parametrize("path, value", [("process.user.uid", -1), ("process.user.uid", 1 << 32),
                                         ("process.user.additionalGids", [-1]), ("process.user.umask", -1),
                                         ("process.oomScoreAdj", 1001), ("process.oomScoreAdj", -1001)])
@spec(FILE, "Valid values", "MUST", "a number outside its range is an error")
def test_config__valid_values__a_number_out_of_range_is_refused(oci, path, value):
    oci.assert_refused(make_config().set(path, value))
