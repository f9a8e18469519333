# SPDX-License-Identifier: LGPL-2.1-or-later
"""The container's process: home, working directory, environment, rights, devices, descriptors."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from lib_oci import PATH, capability_mask, make_config
from oci_fixtures import limits


def environment(report):
    return dict(entry.split("=", 1) for entry in report["env"])


# --- environment --------------------------------------------------------------------------------------


@pytest.mark.parametrize("uid, home", [(0, "/root"), (65532, "/"), (4242, "/")])
def test_home_is_set_from_passwd(oci, uid, home):
    assert environment(oci.report(make_config().set("process.user.uid", uid))).get("HOME") == home


def test_a_configured_home_stays(oci):
    config = make_config().set("process.env", [PATH, "HOME=/data"])
    assert environment(oci.report(config))["HOME"] == "/data"


def test_a_passwd_that_leads_out_is_not_read(oci):
    bundle = oci.bundle()
    outside = oci.place / "passwd"
    outside.write_text("root:x:0:0:root:/from-outside:/bin/sh\n")
    (bundle.rootfs / "etc/passwd").unlink()
    (bundle.rootfs / "etc/passwd").symlink_to(outside)
    assert environment(oci.report(make_config(), bundle=bundle)).get("HOME") != "/from-outside"


def test_a_passwd_that_is_nonsense_is_no_error(oci):
    bundle = oci.bundle()
    bundle.put("/etc/passwd", "root\n:::\nx:y:z:a:b:c:d:e\n\0\n" + "long" * 5000)
    assert oci.run(make_config("/bin/true"), bundle=bundle).status == 0


# --- working directory ----------------------------------------------------------------------------------


def test_a_missing_working_directory_is_made(oci):
    bundle = oci.bundle()
    assert oci.report(make_config().set("process.cwd", "/new/deep/place"), bundle=bundle)["cwd"] == "/new/deep/place"


def test_a_working_directory_that_only_the_user_may_enter(oci):
    """root of a user namespace is not allowed in by itself: the change comes after the change of user."""
    bundle = oci.bundle()
    place = bundle.rootfs / "private"
    place.mkdir(mode=0o700)
    os.chown(place, 1000, 1000)
    config = make_config().set("process.user", {"uid": 1000, "gid": 1000}).set("process.cwd", "/private")
    assert oci.report(config.set("process.capabilities", {}), bundle=bundle)["cwd"] == "/private"


@pytest.mark.parametrize("number", range(6, 12))
def test_a_working_directory_does_not_lead_out(oci, number):
    """A descriptor of the host that the runtime has open (CVE-2024-21626)."""
    config = make_config("/bin/cat", "../../../../../../../etc/debian_version").set("process.cwd", f"/proc/self/fd/{number}")
    result = oci.run(config)
    assert result.status not in (0, "none: it hung"), result
    oci.assert_works()


def test_a_working_directory_that_is_a_file_is_refused(oci):
    oci.assert_refused(make_config().set("process.cwd", "/etc/passwd"))


# --- rights ------------------------------------------------------------------------------------------------


def test_a_user_who_is_not_root_keeps_no_capabilities_without_ambient(oci):
    report = oci.report(make_config().set("process.user", {"uid": 1000, "gid": 1000}))
    assert (report["effective"], report["permitted"]) == (0, 0)


def test_ambient_capabilities_reach_the_program_of_a_user(oci):
    config = make_config().set("process.user", {"uid": 1000, "gid": 1000})
    config.capabilities("CAP_NET_RAW", sets=("bounding", "effective", "permitted", "inheritable", "ambient"))
    report = oci.report(config)
    assert report["effective"] == report["ambient"] == capability_mask(["CAP_NET_RAW"])


def test_a_setuid_program_gives_nothing_with_no_new_privileges(oci):
    bundle = oci.bundle()
    program = bundle.rootfs / "usr/bin/helper"
    copy = bundle.rootfs / "usr/bin/setuid-helper"
    copy.write_bytes(program.read_bytes())
    copy.chmod(0o4755)
    config = make_config("/bin/setuid-helper", "report").set("process.user", {"uid": 1000, "gid": 1000})
    for value, uid in ((True, 1000), (False, 0)):
        result = oci.run(config.set("process.noNewPrivileges", value), bundle=bundle)
        assert result.json()["uids"][1] == uid


@pytest.mark.parametrize("key, value, reads", [("process.user.uid", 1000, "dumpable")])
def test_the_program_can_be_dumped_by_its_owner(oci, key, value, reads):
    assert oci.report(make_config().set(key, value))[reads] == 1


def test_the_session_keyring_is_the_containers_own(oci):
    first, second = oci.report(make_config())["session_keyring"], oci.report(make_config())["session_keyring"]
    assert first != second


def test_no_new_keyring_keeps_the_callers(oci):
    own = subprocess.run([oci.template / "usr/bin/helper", "syscall", "250" if os.uname().machine == "x86_64" else "219", "0",
                          str((1 << 64) - 3), "0"], capture_output=True, encoding="utf-8", check=True).stdout.strip()
    report = oci.report(make_config(), "--no-new-keyring")
    if int(own) <= 0:
        pytest.skip("the caller has no session keyring")
    assert report["session_keyring"] == int(own)


# --- descriptors ---------------------------------------------------------------------------------------------


def test_preserve_fds(oci):
    reading, writing = os.pipe()

    def on_number_three():
        os.dup2(reading, 3)
        os.dup2(writing, 4)
    try:
        report = oci.report(make_config(), "--preserve-fds", "2", preexec_fn=on_number_three, close_fds=False)
    finally:
        os.close(reading)
        os.close(writing)
    assert set(report["fds"]) == {"0", "1", "2", "3", "4"}, report["fds"]
    assert report["fds"]["3"].startswith("pipe:") and report["fds"]["4"].startswith("pipe:")


def test_preserve_fds_that_are_not_there_are_refused(oci):
    oci.assert_works()
    result = oci.run(make_config("/bin/true"), "--preserve-fds", "3")
    assert result.status not in (0, "none: it hung") and result.err, result


def test_descriptors_of_the_caller_stay_outside_even_unmarked(oci):
    """Whatever is open and not close-on-exec in the caller."""
    def open_many():
        for number in range(3, 40):
            os.dup2(0, number)
    assert set(oci.report(make_config(), preexec_fn=open_many, close_fds=False)["fds"]) == {"0", "1", "2"}


@pytest.mark.parametrize("missing", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_standard_streams_of_the_caller(oci, missing):
    """The next descriptor takes the number: nothing of the runtime's may be inside."""
    bundle = oci.bundle()
    (bundle.rootfs / "data").mkdir(exist_ok=True)

    def close():
        for number in missing:
            os.close(number)
    oci.run(make_config("/bin/sh", "-c", "for n in 0 1 2; do readlink /proc/$$/fd/$n; done > /data/fds; ls /proc/$$/fd >> /data/fds"),
            bundle=bundle, preexec_fn=close)
    text = (bundle.rootfs / "data/fds").read_text() if (bundle.rootfs / "data/fds").exists() else ""
    assert not re.search(r"socket:|state|anon_inode|cgroup", text), text
    oci.assert_works()


# --- devices ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [{"path": "/dev/tty", "type": "c", "major": 5, "minor": 0, "fileMode": 0o666},
                                   {"path": "/dev/null", "type": "c", "major": 1, "minor": 3}])
def test_a_default_device_can_be_configured_again(oci, entry):
    assert oci.run(make_config("/bin/true").set("linux.devices", [entry])).status == 0


def test_a_null_device_of_the_image_is_not_believed(oci):
    """An image may have a file, or a link, where /dev/null shall be."""
    bundle = oci.bundle()
    outside = oci.place / "outside"
    outside.write_text("untouched")
    (bundle.rootfs / "dev/null").symlink_to(outside)
    config = make_config().without_mount("/dev/pts").without_mount("/dev/shm").without_mount("/dev")
    oci.run(config.shell("echo x > /dev/null; ls -l /dev/null"), bundle=bundle)
    assert outside.read_text() == "untouched"
    oci.assert_works()


def test_devices_without_a_mount_of_dev(oci):
    bundle = oci.bundle()
    config = make_config().without_mount("/dev/pts").without_mount("/dev/shm").without_mount("/dev")
    out = oci.output(config.shell("stat -c %t:%T /dev/null /dev/zero; ls /dev"), bundle=bundle)
    assert out.startswith("1:3\n1:5\n"), out


def test_configured_owners_of_devices_are_the_namespaces(oci):
    entry = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "uid": 5, "gid": 6, "fileMode": 0o600}
    out = oci.output(make_config("/bin/stat", "-c", "%u:%g %a", "/dev/mine").set("linux.devices", [entry]))
    assert out == "5:6 600\n"


def test_the_modes_of_default_devices_do_not_depend_on_the_umask(oci):
    out = oci.output(make_config("/bin/stat", "-c", "%a", "/dev/null", "/dev/zero", "/dev/tty"), preexec_fn=lambda: os.umask(0o077))
    assert out.split() == ["666"] * 3


def test_mode_of_directories_does_not_depend_on_the_umask(oci):
    bundle = oci.bundle()
    config = make_config("/bin/true").mount("/new/place", "tmpfs", "tmpfs")
    oci.output(config, bundle=bundle, preexec_fn=lambda: os.umask(0o077))
    assert stat.S_IMODE((bundle.rootfs / "new").stat().st_mode) in (0o755, 0o700)
    report = oci.report(config.set("process.user", {"uid": 1000, "gid": 1000}), bundle=bundle, preexec_fn=lambda: os.umask(0o077))
    assert report["uids"][0] == 1000


# --- network, names ---------------------------------------------------------------------------------------------


def test_the_loopback_interface_is_up(oci):
    """As both peers do for a new network namespace."""
    out = oci.output(make_config().shell("ip link show lo"))
    assert re.search(r"<[^>]*UP[^>]*>", out), out


def test_a_name_for_the_hosts_namespace_is_refused(oci):
    own = os.uname().nodename
    oci.assert_refused(make_config().without_namespace("uts").set("hostname", "changed"))
    assert os.uname().nodename == own


@pytest.mark.parametrize("name", ["x" * 64, "ä", "a b"])
def test_unusual_host_names(oci, name):
    assert oci.report(make_config().set("hostname", name))["hostname"] == name


def test_a_host_name_that_is_too_long_is_refused(oci):
    oci.assert_refused(make_config().set("hostname", "x" * 65))


# --- the rest ----------------------------------------------------------------------------------------------------


def test_start_hello(oci):
    for change in (lambda config: config, lambda config: config.set("process.user.uid", 1000),
                   lambda config: config.set("root.readonly", True).set("process.user", {"uid": 1000, "gid": 100, "additionalGids": [10, 20]})):
        assert oci.output(change(make_config("/bin/echo", "Hello World"))) == "Hello World\n"


def test_negative_oom_score_of_root(oci):
    own = int(re.search(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())[1], 16)
    if not own & capability_mask(["CAP_SYS_RESOURCE"]):
        pytest.skip("needs CAP_SYS_RESOURCE")
    assert oci.report(make_config().set("process.oomScoreAdj", -300))["oom_score_adj"] == "-300"


def test_a_kernel_setting_by_its_path_with_slashes(oci):
    """sysctl(8) takes both."""
    config = make_config("/bin/cat", "/proc/sys/net/ipv4/ping_group_range").set("linux.sysctl", {"net/ipv4/ping_group_range": "0 100"})
    result = oci.run(config)
    assert result.status != 0 or result.out.split() == ["0", "100"], result
    oci.assert_works()


def test_a_large_configuration(oci):
    config = make_config("/bin/helper", "report").add("process.env", *(f"V{number}={'x' * 1000}" for number in range(500)))
    config.set("annotations", {f"org.example.{number}": "y" * 1000 for number in range(500)})
    result = oci.run(config)
    assert result.status == 0 and len(json.loads(result.out)["env"]) >= 502


@limits
def test_resources_that_say_nothing(oci):
    assert oci.run(make_config("/bin/true").set("linux.resources", {"cpu": {}, "memory": {}, "blockIO": {}})).status == 0
