# SPDX-License-Identifier: LGPL-2.1-or-later
"""A3: user and group ids, capabilities, setuid programs, keys."""

import json
import os
import re
import shutil
import struct
import subprocess

import pytest

import lib_drivers
import lib_host
from lib_drivers import Mount, Start

USER = (1000, 1000)
DENIED = {"EPERM", "EACCES", "ENOSYS", "SIGSYS", "EINVAL"}


def status_of(outcome):
    lines = outcome.assert_started().out.splitlines()
    return {line.partition(":")[0]: line.partition(":")[2].split() for line in lines if ":" in line}


@pytest.mark.parametrize("user", [None, USER], ids=["default user", "user 1000"])
def test_a3_01_nothing_is_inheritable_or_ambient(driver, oci, world, user):
    seen = status_of(driver.run(Start(oci.bundle(), "cat /proc/self/status", user=user)))
    assert int(seen["CapInh"][0], 16) == 0 and int(seen["CapAmb"][0], 16) == 0, seen


def test_a3_01_file_capabilities_give_nothing(driver, oci, world):
    bundle = oci.bundle()
    (bundle.rootfs / "caps").mkdir()
    shutil.copy(bundle.rootfs / "bin/busybox", bundle.rootfs / "caps/busybox")
    every = struct.pack("<IIIII", 0x02000001, 0xffffffff, 0, 0x1ff, 0)
    os.setxattr(bundle.rootfs / "caps/busybox", "security.capability", every)
    outcome = driver.run(Start(bundle, "/caps/busybox cat /proc/self/status", user=USER,
                               config=lambda it: it.set("process.noNewPrivileges", False)))
    # Where the mask of what may be had at all is empty, the kernel refuses to execute it.
    assert outcome.started, outcome
    if outcome.status == 0:
        seen = status_of(outcome)
        assert int(seen["CapEff"][0], 16) == 0 and int(seen["CapPrm"][0], 16) == 0, seen


def test_a3_02_a_user_has_no_capability(driver, oci, world):
    seen = status_of(driver.run(Start(oci.bundle(), "cat /proc/self/status", user=USER)))
    assert {int(seen[name][0], 16) for name in ("CapEff", "CapPrm", "CapAmb", "CapInh")} == {0}, seen
    assert seen["Uid"] == ["1000"] * 4 and seen["Gid"] == ["1000"] * 4, seen


def test_a3_03_groups_of_the_caller_do_not_get_in(driver, oci, world):
    outcome = driver.run(Start(oci.bundle(), "cat /proc/self/status", user=USER,
                               launch={"preexec_fn": lambda: os.setgroups([42, 1234])}))
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("bwrap keeps the caller's groups by design")
    assert status_of(outcome)["Groups"] == [], outcome


@pytest.mark.drivers("oci-create", "oci-run", "oci-exec")
@pytest.mark.parametrize("user", [{"gid": 1234}, {"gid": 1000, "additionalGids": [1234]}],
                         ids=["primary", "additional"])
def test_a3_03_a_group_without_rights_stays_without(driver, oci, world, user):
    bundle = oci.bundle()
    path = bundle.put("/negative", "readable\n", 0o604)
    os.chown(path, 0, 1234)

    def config(it):
        it.set("process.user", {"uid": 1000, **user}).capabilities()
    outcome = driver.run(Start(bundle, "cat /negative", config=config))
    assert outcome.assert_started().status != 0 and "readable" not in outcome.out, outcome
    control = driver.run(Start(bundle, "cat /negative", config=lambda it: it.set(
        "process.user", {"uid": 1000, "gid": 1000}).capabilities()))
    assert control.out == "readable\n", control


@pytest.mark.drivers("run", "enter")
def test_a3_04_groups_can_not_be_given_up(driver, oci, world):
    assert knock(driver, oci, "setgroups")["setgroups"] in DENIED


def knock(driver, oci, *names, **more):
    """{name: answer} of knock.c inside."""
    start = Start(oci.bundle(), f"/usr/bin/knock {' '.join(names)}", mounts=[Mount("/tmp")], **more)
    lines = driver.run(start).assert_started().out.splitlines()
    answers = dict(line.split() for line in lines if len(line.split()) == 2)
    assert set(answers) == set(names), lines
    return answers


def test_a3_05_user_that_is_a_number_is_not_looked_up(driver, oci, world):
    bundle = oci.bundle()
    bundle.put("/etc/passwd", "1000:x:0:0::/:/bin/sh\nroot:x:0:0::/:/bin/sh\n")
    outcome = driver.run(Start(bundle, "id -u; id -g", user=USER))
    assert outcome.assert_started().out == "1000\n1000\n", outcome


@pytest.mark.drivers("run", "oci-create")
@pytest.mark.parametrize("uid", [-1, 4294967295, 4294967296, 2 ** 63, 2 ** 64, 1.5, "0x0", " 0", "+0", None, True],
                         ids=repr)
@pytest.mark.parametrize("key", ["uid", "gid"])
def test_a3_06_id_that_is_too_large_or_none(driver, oci, world, uid, key):
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("another interface")
    user = {"uid": 1, "gid": 1, key: uid}
    outcome = driver.run(Start(oci.bundle(), "id", profile={"user": user},
                               config=lambda it: it.set("process.user", user)))
    if uid is None and outcome.started:  # null: not given, so the default, which is root for OCI only
        assert driver.name != "run" or "=0" not in outcome.out, outcome
        return
    outcome.assert_refused()


@pytest.mark.drivers("oci-exec")
@pytest.mark.parametrize("user, uid", [("0", 0), ("1", 1), ("01", 1), ("1:2", 1), ("1:", None), (":5", None),
                                       ("name", None), ("-1", None), ("4294967295", None), ("4294967296", None),
                                       ("", 0)])
def test_a3_07_user_of_exec_is_exact_or_refused(driver, oci, world, user, uid):
    held = driver.hold(Start(oci.bundle()))
    outcome = held.enter(["/bin/sh", "-c", "echo began; id -u"], ["--user", user])
    held.end()
    if outcome.started:
        assert uid is not None and outcome.out == f"{uid}\n", outcome
    else:
        outcome.assert_reason()
        assert uid is None or user == "", outcome


MAPS = [[(0, 200000, 0)], [(0, 200000, 10), (5, 300000, 10)], [(0, 200000, 10), (20, 200005, 10)],
        [(0, 4294967290, 100)], [(4294967290, 200000, 100)], [(5, 200000, 10)]]


@pytest.mark.drivers("oci-create", "oci-run")
@pytest.mark.parametrize("ranges", MAPS, ids=["empty", "inside twice", "outside twice", "outside wraps", "inside wraps",
                                              "without root"])
def test_a3_08_mapping_that_is_none(driver, oci, world, ranges):
    def config(it):
        mapping = [{"containerID": a, "hostID": b, "size": c} for a, b, c in ranges]
        it.namespace("user").set("linux.uidMappings", mapping).set("linux.gidMappings", mapping)
    outcome = driver.run(Start(oci.bundle(), "cat /proc/self/uid_map", config=config))
    outcome.assert_refused()


@pytest.mark.drivers("run")
@pytest.mark.parametrize("user", [{"host_id": 0}, {"host_id": 4294967290, "host_range": 100},
                                  {"host_id": 1, "host_range": 0}, {"uid": 200, "host_range": 100}], ids=str)
def test_a3_08_range_that_is_none(driver, oci, world, user):
    if lib_drivers.RUNTIME != "kapsel":
        pytest.skip("another interface")
    driver.run(Start(oci.bundle(), profile={"user": {"uid": 0, "gid": 0, **user}})).assert_refused()


@pytest.mark.drivers("run", "oci-create")
def test_a3_09_state_is_closed_to_others(driver, oci, world):
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("bwrap keeps no state")
    held = driver.hold(Start(oci.bundle()))
    state = lib_host.STATE_DIR / held.name if driver.name == "run" else oci.root / held.container.id
    mode = state.stat().st_mode & 0o777
    held.end()
    assert mode & 0o077 == 0 or state.parent.stat().st_mode & 0o077 == 0, oct(mode)


def test_a3_09_setuid_file_of_a_volume_is_worth_nothing_outside(driver, oci, world, volume):
    volume.chmod(0o1777)
    script = "cp /bin/busybox /vol/evil; chmod 4755 /vol/evil; cat /proc/self/mountinfo"
    outcome = driver.run(Start(oci.bundle(), script,
                               mounts=[Mount("/vol", volume, True)], user=USER))
    options = [line.split()[5] for line in outcome.assert_started().out.splitlines() if " /vol " in line]
    assert options and {"nosuid", "nodev"} <= set(options[-1].split(",")), outcome
    assert not (volume / "evil").exists() or (volume / "evil").stat().st_uid != 0


def test_a3_10_setuid_program_of_the_image_gives_nothing(driver, oci, world):
    bundle = oci.bundle()
    (bundle.rootfs / "su").mkdir()
    shutil.copy(bundle.rootfs / "usr/bin/helper", bundle.rootfs / "su/helper")
    (bundle.rootfs / "su/helper").chmod(0o4755)
    outcome = driver.run(Start(bundle, "/su/helper report", user=USER))
    assert json.loads(outcome.assert_started().out)["uids"] == [1000, 1000, 1000], outcome


def test_a3_11_capabilities_do_not_come_back(driver, oci, world):
    answers = knock(driver, oci, "capset", "setuid-0", user=USER)
    assert answers["capset"] in DENIED and answers["setuid-0"] in DENIED, answers
    seen = status_of(driver.run(Start(oci.bundle(), "cat /proc/self/status", user=USER)))
    assert int(seen["CapBnd"][0], 16) == 0, seen


@pytest.mark.drivers("run", "oci-create")
def test_a3_12_setuid_launcher_refuses_to_run(driver, oci, world, tmp_path):
    if lib_drivers.RUNTIME != "kapsel":
        pytest.skip("kapsel's own rule")
    name = "kapsel" if driver.name == "run" else "kapsel-oci"
    program = oci.place / name
    shutil.copy(driver.program.resolve(), program)
    os.chown(program, 1, 1)
    program.chmod(0o6755)
    words = ["list", "syscalls"] if driver.name == "run" else ["--root", str(oci.place / "state"), "list"]
    done = subprocess.run([program, *words], capture_output=True, encoding="utf-8", timeout=30, check=False)
    assert done.returncode != 0 and "setuid" in done.stderr, done
    assert not os.stat(driver.program).st_mode & 0o6000


@pytest.mark.drivers("run", "enter")
def test_a3_13_keys_of_the_host_are_out_of_reach(driver, oci, world):
    answers = knock(driver, oci, "keyctl")
    assert answers["keyctl"] in DENIED, answers
    seen = driver.run(Start(oci.bundle(), "cat /proc/keys")).assert_started()
    assert seen.status != 0 and not re.search(r"keyring", seen.out), seen


@pytest.mark.drivers("oci-create", "oci-run", "oci-exec")
def test_a3_13_session_keyring_is_a_new_one(driver, oci, world):
    def number(start):
        return driver.run(start).assert_started().out.splitlines()[-1]
    nr = {"x86_64": 250, "aarch64": 219}[os.uname().machine]
    inside = number(Start(oci.bundle(), f"/usr/bin/helper syscall {nr} 0 -3 0"))
    helper = subprocess.run([oci.template / "usr/bin/helper", "syscall", str(nr), "0", "-3", "0"], capture_output=True,
                            encoding="utf-8", check=True, timeout=30)
    assert inside and inside != helper.stdout.strip(), (inside, helper.stdout)


@pytest.mark.drivers("run", "enter")
def test_a3_14_session_is_not_given_to_a_parent(driver, oci, world):
    assert knock(driver, oci, "keyctl-parent")["keyctl-parent"] in DENIED
