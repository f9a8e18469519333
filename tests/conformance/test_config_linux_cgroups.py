# SPDX-License-Identifier: LGPL-2.1-or-later
"""config-linux.md: control groups, on cgroup v2."""

from pathlib import Path

import pytest

import lib_oci
from lib_oci import cgroup_mount, make_config
from oci_fixtures import limits, spec

FILE = "config-linux.md"
DELEGATE = ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"]


def cgroup_path(oci, suffix=""):
    return f"/{oci.place.name}{suffix}"


@pytest.fixture(autouse=True)
def no_cgroup_is_left(oci):
    yield
    oci.end_all()
    top = cgroup_mount()
    for place in sorted(top.glob(f"**/{oci.place.name}*/**/") if top else [], reverse=True):
        try:
            place.rmdir()
        except OSError:
            pass


def resources(**more):
    return make_config().set("linux.resources", more)


# --- Cgroups Path -------------------------------------------------------------------------------------------


@limits
@spec(FILE, "Cgroups Path", "MUST", "an absolute cgroupsPath is relative to the cgroup mount, and is made where it is missing")
def test_config_linux__cgroups_path__absolute(oci):
    container = oci.running(make_config().set("linux.cgroupsPath", cgroup_path(oci, "/below/it")))
    assert container.cgroup == cgroup_mount() / oci.place.name / "below" / "it"


@limits
@spec(FILE, "Cgroups Path", "MAY", "a relative cgroupsPath is below a place of the runtime's choice")
def test_config_linux__cgroups_path__relative(oci):
    container = oci.running(make_config().set("linux.cgroupsPath", cgroup_path(oci)[1:] + "/below"))
    assert str(container.cgroup).endswith(f"/{oci.place.name}/below"), container.cgroup


@limits
@pytest.mark.parametrize("form", ["/{}", "{}", None])
@spec(FILE, "Cgroups Path", "MUST", "the same cgroupsPath is the same place every time")
def test_config_linux__cgroups_path__is_consistent(oci, form):
    places, identity = [], oci.new_id()
    for _ in range(2):
        config = make_config()
        if form:
            config.set("linux.cgroupsPath", form.format(oci.place.name))
        container = oci.running(config, identity=identity)
        places.append(container.cgroup)
        container.kill()
        container.wait()
        container.delete()
    assert places[0] == places[1] != lib_oci.own_cgroup()


@limits
@pytest.mark.parametrize("value", ["/../../escape", "../../../escape"])
@spec(FILE, "Cgroups Path", "MUST", "a value that is not valid is an error, or stays below the mount")
def test_config_linux__cgroups_path__does_not_escape(oci, value):
    oci.assert_works()
    container = oci.create(make_config().set("linux.cgroupsPath", value + oci.place.name), check=False)
    if container.result.status == 0:
        assert cgroup_mount() in container.cgroup.parents
        assert Path(f"/proc/{container.pid}/cgroup").read_text().count("..") == 0
    else:
        assert container.result.err + container.err


@limits
@spec(FILE, "Control groups", "MAY", "a frozen cgroup may be refused, and must not hang")
def test_config_linux__control_groups__a_frozen_cgroup(oci):
    oci.assert_works()
    place = cgroup_mount() / oci.place.name
    place.mkdir()
    (place / "cgroup.freeze").write_text("1")
    container = oci.create(make_config().set("linux.cgroupsPath", cgroup_path(oci)), check=False, timeout_s=60)
    hung = container.result.status == "none: it hung"
    assert place.exists(), "a refused create removed a cgroup that was there before"
    (place / "cgroup.freeze").write_text("0")
    assert not hung, container.result


@limits
@spec(FILE, "Control groups", "MAY", "a cgroup that holds processes may be refused; if not, its processes are left alone by delete")
def test_config_linux__control_groups__a_cgroup_in_use(oci):
    first = oci.running(make_config().set("linux.cgroupsPath", cgroup_path(oci)))
    second = oci.create(make_config().set("linux.cgroupsPath", cgroup_path(oci)), check=False)
    if second.result.status == 0:
        second.delete("--force")
    else:
        assert second.result.err + second.err
    assert first.alive() and first.state()["status"] == "running"


# --- Cgroup ownership --------------------------------------------------------------------------------------------


def delegated(oci, *, namespace=True, options=("rw",), user=True):
    config = make_config().set("linux.cgroupsPath", cgroup_path(oci))
    if user:
        config.user_namespace(500000)
    if not namespace:
        config.without_namespace("cgroup")
    if options is not None:
        config.mount("/sys/fs/cgroup", "cgroup", "cgroup", options)
    return oci.running(config.set("process.user", {"uid": 5, "gid": 5}))


def owners(container):
    return {path.name: path.stat().st_uid for path in [container.cgroup, *container.cgroup.iterdir()] if path.is_file()
            or path == container.cgroup}


@limits
@spec(FILE, "Cgroup ownership", "SHOULD", "with a cgroup namespace of its own and a writable cgroup mount the container's user owns the cgroup")
@spec(FILE, "Cgroup ownership", "SHOULD", "only the directory and the files of /sys/kernel/cgroup/delegate change their owner")
@spec(FILE, "Cgroup ownership", "MUST NOT", "a file of that list that does not exist is no failure")
def test_config_linux__cgroup_ownership__is_given(oci):
    container = delegated(oci)
    wanted = Path("/sys/kernel/cgroup/delegate").read_text().split() or DELEGATE
    found = owners(container)
    assert found[container.cgroup.name] == 500005
    for name, owner in found.items():
        if name != container.cgroup.name:
            assert owner == (500005 if name in wanted else 0), (name, owner)


@limits
@pytest.mark.parametrize("case", ["read-only mount", "no mount", "no namespace"])
@spec(FILE, "Cgroup ownership", "SHOULD NOT", "without a writable cgroup mount, or without a cgroup namespace of its own, the owner stays")
def test_config_linux__cgroup_ownership__is_not_given(oci, case):
    options = {"read-only mount": ("ro",), "no mount": None, "no namespace": ("rw",)}[case]
    container = delegated(oci, options=options, namespace=case != "no namespace")
    assert set(owners(container).values()) == {0}


# --- Allowed Device list ------------------------------------------------------------------------------------------


def can_open(oci, config, path, mode="r"):
    verb = {"r": f"head -c 0 {path}", "w": f": > {path}"}[mode]
    return oci.output(config.shell(f"({verb}) 2>/dev/null && echo yes || echo no")).strip() == "yes"


def with_device(rules, minor=11, path="/dev/kmsg-like"):
    """/dev/kmsg can be opened for reading and writing by root: it shows the filter and nothing else."""
    config = resources(devices=rules).set("linux.devices", [{"path": path, "type": "c", "major": 1, "minor": minor,
                                                            "fileMode": 0o666}])
    return config.capabilities(*lib_oci.CAPABILITIES, "CAP_SYSLOG", "CAP_SYS_ADMIN")


DENY = {"allow": False, "access": "rwm"}
KMSG = {"type": "c", "major": 1, "minor": 11}
needs_devices = pytest.mark.skipif(lib_oci.QUIRKS.get(lib_oci.runtime_path().name) is not None
                                   and not lib_oci.has_limits(),
                                   reason="needs a pure cgroup v2 host for this runtime")


@needs_devices
@pytest.mark.parametrize("rules, reads, writes", [
    ([DENY, {"allow": True, **KMSG, "access": "rw"}], True, True),
    ([DENY, {"allow": True, **KMSG, "access": "r"}], True, False),
    ([DENY, {"allow": True, **KMSG, "access": "w"}], False, True),
    ([DENY], False, False),
    ([DENY, {"allow": True, "type": "b", "major": 1, "minor": 11, "access": "rwm"}], False, False),
    ([DENY, {"allow": True, "type": "c", "major": 1, "access": "rwm"}], True, True),
    ([DENY, {"allow": True, "type": "c", "access": "rwm"}], True, True),
    ([DENY, {"allow": True, "access": "rwm"}], True, True),
], ids=["rw", "r", "w", "none", "block", "any minor", "any number", "any type"])
@spec(FILE, "Allowed Device list", "MUST", "a device can be used as the list allows: by type, numbers and access, unset meaning all")
def test_config_linux__allowed_device_list__access(oci, rules, reads, writes):
    assert can_open(oci, with_device(rules), "/dev/kmsg-like") == reads
    assert can_open(oci, with_device(rules), "/dev/kmsg-like", "w") == writes


@needs_devices
@pytest.mark.parametrize("last, opens", [(True, True), (False, False)])
@spec(FILE, "Allowed Device list", "MUST", "the entries are applied in the listed order: the last one counts")
def test_config_linux__allowed_device_list__order(oci, last, opens):
    rules = [DENY, {"allow": not last, **KMSG, "access": "rwm"}, {"allow": last, **KMSG, "access": "rwm"}]
    assert can_open(oci, with_device(rules), "/dev/kmsg-like") == opens


@needs_devices
@spec(FILE, "Allowed Device list", "MUST", "the default devices stay usable whatever the list says")
def test_config_linux__allowed_device_list__the_default_devices_stay(oci):
    out = oci.output(resources(devices=[DENY]).shell(
        "for name in null zero full random urandom; do head -c 1 /dev/$name > /dev/null && echo $name; done; "
        "head -c 0 /dev/ptmx && echo ptmx"))
    assert out.split() == ["null", "zero", "full", "random", "urandom", "ptmx"]


@needs_devices
@spec(FILE, "Allowed Device list", "MUST", "what m allows can be made with mknod")
def test_config_linux__allowed_device_list__mknod(oci):
    """Not the other way round: like its peers, kapsel lets every node be made, and filters its use."""
    config = resources(devices=[DENY, {"allow": True, "type": "c", "major": 10, "minor": 77, "access": "m"}])
    out = oci.output(config.shell("mknod /tmp/node c 10 77 && echo made; head -c 0 /tmp/node 2>/dev/null || echo refused"))
    assert out == "made\nrefused\n"


@pytest.mark.parametrize("rule", [{"allow": True, "type": "z", "access": "r"}, {"allow": True, "access": "q"},
                                  {"type": "c", "access": "r"}], ids=["type", "access", "no allow"])
@spec(FILE, "Allowed Device list", "REQUIRED", "allow is required, type is a, b or c, access is of r, w and m")
def test_config_linux__allowed_device_list__invalid_is_refused(oci, rule):
    oci.assert_refused(resources(devices=[rule]))


# --- Memory, CPU, PIDs: one container for each object -----------------------------------------------------------------

MIB = 1 << 20


def file_of(oci, name, **more):
    return oci.running(resources(**more)).cgroup_file(name)


@limits
@pytest.mark.parametrize("memory, name, value", [
    ({"limit": 64 * MIB}, "memory.max", str(64 * MIB)),
    ({"limit": -1}, "memory.max", "max"),
    ({"reservation": 32 * MIB}, "memory.low", str(32 * MIB)),
    ({"limit": 64 * MIB, "swap": 96 * MIB}, "memory.swap.max", str(32 * MIB)),
    ({"limit": 64 * MIB, "swap": 64 * MIB}, "memory.swap.max", "0"),
    ({"limit": 64 * MIB, "swap": -1}, "memory.swap.max", "max"),
], ids=["limit", "unlimited", "reservation", "swap", "no swap", "unlimited swap"])
@spec(FILE, "Memory", "MUST", "limit, reservation and swap (memory and swap together) are the cgroup's; -1 is unlimited")
def test_config_linux__memory(oci, memory, name, value):
    assert file_of(oci, name, memory=memory) == value


@limits
@spec(FILE, "Memory", "MUST", "what takes more than the limit is killed")
def test_config_linux__memory__limit_is_enforced(oci):
    config = resources(memory={"limit": 16 * MIB, "swap": 16 * MIB}).args("/bin/helper", "allocate", str(64 * MIB))
    container = oci.start(config)
    assert container.wait() == 137


@limits
@spec(FILE, "Memory", "NOT RECOMMENDED", "kernel and kernelTCP are accepted where the kernel has no such limit")
def test_config_linux__memory__kernel_is_no_error(oci):
    assert oci.run(resources(memory={"limit": 64 * MIB, "kernel": 32 * MIB, "kernelTCP": 32 * MIB})).status == 0


@limits
@pytest.mark.parametrize("memory", [{"limit": -2}, {"limit": "64m"}, {"limit": 64 * MIB, "swap": 32 * MIB}],
                         ids=["negative", "text", "swap below limit"])
@spec(FILE, "Memory", "MUST", "a limit that makes no sense is an error")
def test_config_linux__memory__invalid_is_refused(oci, memory):
    oci.assert_refused(resources(memory=memory))


@limits
@spec(FILE, "Memory", "MUST", "checkBeforeUpdate: a limit below what is in use is rejected")
def test_config_linux__memory__check_before_update(oci):
    container = oci.start(resources(memory={"limit": 128 * MIB}).args("/bin/helper", "allocate", str(48 * MIB))).ready()
    result = container.call("update", "--resources", "-", check=False,
                            input='{"memory": {"limit": 16777216, "checkBeforeUpdate": true}}')
    assert result.status != 0 and result.err, result
    assert container.alive() and container.cgroup_file("memory.max") == str(128 * MIB)


@limits
@pytest.mark.parametrize("cpu, name, value", [
    ({"quota": 20000, "period": 100000}, "cpu.max", "20000 100000"),
    ({"quota": -1, "period": 50000}, "cpu.max", "max 50000"),
    ({"quota": 30000}, "cpu.max", "30000 100000"),
    ({"period": 50000}, "cpu.max", "max 50000"),
    ({"quota": 20000, "period": 100000, "burst": 10000}, "cpu.max.burst", "10000"),
    ({"idle": 1}, "cpu.idle", "1"),
    ({"cpus": "0"}, "cpuset.cpus", "0"),
    ({"mems": "0"}, "cpuset.mems", "0"),
], ids=["quota", "unlimited", "quota alone", "period alone", "burst", "idle", "cpus", "mems"])
@spec(FILE, "CPU", "MUST", "quota, period, burst, idle, cpus and mems are the cgroup's")
def test_config_linux__cpu(oci, cpu, name, value):
    assert file_of(oci, name, cpu=cpu) == value


@limits
@pytest.mark.parametrize("shares, weights", [(2, {1}), (1024, {39, 100}), (262144, {10000})])
@spec(FILE, "CPU", "MUST", "shares become the weight of cgroup v2")
def test_config_linux__cpu__shares(oci, shares, weights):
    """The linear conversion gives 39 for 1024 shares, the newer one 100: both are in use."""
    assert int(file_of(oci, "cpu.weight", cpu={"shares": shares})) in weights


@limits
@pytest.mark.parametrize("cpu", [{"quota": 10000, "period": 100000, "burst": 20000}, {"cpus": "99999"}, {"cpus": "nonsense"},
                                 {"period": 1}, {"idle": 2}], ids=["burst", "no such cpu", "text", "period", "idle"])
@spec(FILE, "CPU", "MUST", "a burst above the quota, and what the kernel refuses, is an error")
def test_config_linux__cpu__invalid_is_refused(oci, cpu):
    oci.assert_refused(resources(cpu=cpu))


@limits
@pytest.mark.parametrize("limit, value", [(17, "17"), (-1, "max")])
@spec(FILE, "PIDs", "MUST", "limit is the highest number of tasks; -1 is unlimited")
def test_config_linux__pids(oci, limit, value):
    assert file_of(oci, "pids.max", pids={"limit": limit}) == value


@limits
@spec(FILE, "PIDs", "MUST", "0 is a limit, too: the process itself, and no more (since 1.3; earlier it was unlimited)")
def test_config_linux__pids__of_zero(oci):
    config = resources(pids={"limit": 0}).set("ociVersion", "1.3.0")
    container = oci.start(config.args("/bin/helper", "fork", "3")).ready()
    assert container.cgroup_file("pids.max") in ("0", "1") and container.out.split()[0] == "0"


@limits
@spec(FILE, "PIDs", "MUST", "the limit is enforced")
def test_config_linux__pids__is_enforced(oci):
    container = oci.start(resources(pids={"limit": 6}).args("/bin/helper", "fork", "20")).ready()
    assert int(container.out.split()[0]) == 5


# --- Block IO, huge pages, unified ---------------------------------------------------------------------------------------


def disk():
    """Numbers of a whole disk that limits can be set for."""
    for place in sorted(Path("/sys/block").iterdir()):
        major, minor = (place / "dev").read_text().strip().split(":")
        if place.name.startswith(("vd", "sd", "nvme")):
            return int(major), int(minor)
    pytest.skip("no disk to set a limit for")


@limits
@pytest.mark.parametrize("key, word", [("throttleReadBpsDevice", "rbps"), ("throttleWriteBpsDevice", "wbps"),
                                       ("throttleReadIOPSDevice", "riops"), ("throttleWriteIOPSDevice", "wiops")])
@spec(FILE, "Block IO", "MUST", "the four throttles are limits of the device")
def test_config_linux__block_io__throttles(oci, key, word):
    major, minor = disk()
    content = file_of(oci, "io.max", blockIO={key: [{"major": major, "minor": minor, "rate": 1048576}]})
    assert f"{major}:{minor} " in content and f"{word}=1048576" in content, content


@limits
@spec(FILE, "Block IO", "MUST", "weight is the cgroup's I/O weight")
def test_config_linux__block_io__weight(oci):
    container = oci.create(resources(blockIO={"weight": 500}), check=False)
    if not (cgroup_mount() / oci.place.name).exists() and container.result.status != 0:
        assert "io" in (container.result.err + container.err), container  # neither file on this kernel: an error that says so
        oci.assert_works()
        return
    place = container.cgroup
    found = [(place / name).read_text() for name in ("io.bfq.weight", "io.weight") if (place / name).exists()]
    assert found and ("500" in found[0] or "4950" in found[0]), found


@limits
@pytest.mark.parametrize("with_device", [{"weightDevice": [{"major": 8, "minor": 0}]},
                                         {"throttleReadBpsDevice": [{"major": 8, "minor": 0}]}])
@spec(FILE, "Block IO", "MUST", "an entry without a weight or without a rate is an error")
def test_config_linux__block_io__incomplete_is_refused(oci, with_device):
    oci.assert_refused(resources(blockIO=with_device))


@limits
@spec(FILE, "Huge page limits", "MUST", "a limit is that of reservations, where the kernel has it, of the page size that is named")
def test_config_linux__huge_page_limits(oci):
    container = oci.running(resources(hugepageLimits=[{"pageSize": "2MB", "limit": 4 * MIB}]))
    name = "hugetlb.2MB.rsvd.max" if (container.cgroup / "hugetlb.2MB.rsvd.max").exists() else "hugetlb.2MB.max"
    assert container.cgroup_file(name) == str(4 * MIB)


@limits
@pytest.mark.parametrize("size", ["3MB", "2M", "nonsense", ""])
@spec(FILE, "Huge page limits", "MUST", "a page size that the kernel does not have is an error")
def test_config_linux__huge_page_limits__another_size_is_refused(oci, size):
    oci.assert_refused(resources(hugepageLimits=[{"pageSize": size, "limit": 1}]))


@limits
@spec(FILE, "Unified", "MUST", "each key is a file of the cgroup, and gets its value, known or not")
@spec(FILE, "Unified", "MUST", "the controllers that are needed are enabled")
def test_config_linux__unified(oci):
    unified = {"memory.high": str(32 * MIB), "pids.max": "33", "cpu.weight": "77", "memory.oom.group": "1"}
    container = oci.running(resources(unified=unified))
    assert {name: container.cgroup_file(name) for name in unified} == unified


@limits
@spec(FILE, "Unified", "MUST", "unified counts where both name a limit")
def test_config_linux__unified__beside_the_others(oci):
    container = oci.running(resources(unified={"memory.max": str(64 * MIB)}, memory={"limit": 128 * MIB}))
    assert container.cgroup_file("memory.max") == str(64 * MIB)


@limits
@pytest.mark.parametrize("key, value", [("nonsense.max", "1"), ("memory.nonsense", "1"), ("../memory.max", "1"), ("a/b", "1"),
                                        ("memory.max", "nonsense"), ("", "1")])
@spec(FILE, "Unified", "MUST", "a controller that is not there, or a file that is not the cgroup's, is an error")
def test_config_linux__unified__nonsense_is_refused(oci, key, value):
    oci.assert_refused(resources(unified={key: value}))


@pytest.mark.skipif("memory" in lib_oci.controllers(), reason="needs a host where the controller is missing")
@needs_devices
@spec(FILE, "Unified", "MUST", "a controller that the host does not have is an error")
def test_config_linux__unified__a_missing_controller_is_refused(oci):
    oci.assert_refused(resources(unified={"memory.max": "max"}))


@limits
@spec(FILE, "Control groups", "MAY", "the process is in its cgroup before it runs, with every limit")
def test_config_linux__control_groups__hold_from_the_start(oci):
    config = resources(pids={"limit": 20}).mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro"])
    out = oci.output(config.shell("cat /proc/self/cgroup /sys/fs/cgroup/pids.max"))
    assert out == "0::/\n20\n"
