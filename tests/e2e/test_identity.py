# SPDX-License-Identifier: LGPL-2.1-or-later
"""Known ways to more rights through ids, file privileges, names and the launcher's own binary."""

import hashlib
import os
import struct
import subprocess

import pytest

import lib_faults
from lib_faults import WORKLOAD, Family, assert_refused, own_root, put, tools, workload  # noqa: F401

pytestmark = pytest.mark.root


# --- numbers and names that mean something else (A2.11, A2.13, A3.6, A3.8) -------------------

@pytest.mark.parametrize("uid", [-1, 4294967295, 4294967296, 2 ** 63, 1.5, "0", "0x0", " 0", "+0", "root", True])
@pytest.mark.parametrize("key", ["uid", "gid", "host_id"])
def test_an_id_that_is_none_is_refused(kapsel, key, uid):
    result = kapsel.run(["/bin/true"], user={key: uid})
    assert result.status == 125 and "error[E0" in result.stderr, result


def test_host_id_0_can_not_be_mapped(kapsel):
    assert kapsel.run(["/bin/true"], user={"uid": 0, "gid": 0, "host_id": 0}).status == 125


@pytest.mark.parametrize("user", [{"host_id": 4294967290, "host_range": 100, "uid": 0, "gid": 0},
                                  {"host_id": 1, "host_range": 65537}, {"uid": 200, "gid": 0, "host_range": 100},
                                  {"uid": 0, "gid": 0, "groups": [100], "host_range": 100}])
def test_a_range_that_does_not_fit_is_refused(kapsel, user):
    result = kapsel.run(["/bin/true"], user=user)
    assert result.status == 125 and "error[E0" in result.stderr, result


@pytest.mark.parametrize("name", ["-x", "--root=/x", "..", ".", "a/b", "../../etc", "a b", "a\nb", "A", "", "x" * 65,
                                  "ü", ".ids", "a-"])
def test_a_name_that_is_no_plain_word_is_refused(kapsel, name):
    profile = {**kapsel.profile(["/bin/true"]), "name": name}
    result = kapsel.call("run", kapsel.write(profile, "strange"))
    assert_refused(result, code="E015" if "\n" in name else "E018", help_text="\n" not in name)


def test_an_argument_larger_than_the_kernel_takes_is_one_message(kapsel):
    assert_refused(kapsel.run(["/bin/true", "x" * 200000]), "/bin/true", status=126, errno="E2BIG", help_text=False)


def test_many_long_arguments_arrive_whole(kapsel):
    words = ["x" * 60000] * 9
    result = kapsel.run(["/bin/sh", "-c", "echo $# ${#1} ${#9}", "sh", *words])
    assert result.status == 0 and result.logged() == "9 60000 60000\n", result


# --- ids (A3.1, A3.2, A3.3, A3.9, A3.10) -------------------------------------------------------

def test_a_group_without_rights_on_a_file_stays_without_them(kapsel, own_root):
    """Mode 0604: members of the group have less than everybody else. The id on disk is the one
    that the container's group has outside."""
    put(own_root, "/etc/negative", "secret\n", 0o604)
    host_id = lib_faults.HOST_ID
    os.chown(own_root / "etc/negative", 0, host_id + 30)
    user = {"uid": 10, "gid": 20, "host_id": host_id, "host_range": 100}
    arguments = [WORKLOAD, "open", "/etc/negative", "r"]
    without = kapsel.run(arguments, rootfs=str(own_root), user=user)
    assert without.logged() == "/etc/negative r OK\n", without
    supplementary = kapsel.run(arguments, rootfs=str(own_root), user={**user, "groups": [30]})
    assert supplementary.logged() == "/etc/negative r EACCES\n", supplementary
    primary = kapsel.run(arguments, rootfs=str(own_root), user={**user, "gid": 30})
    assert primary.logged() == "/etc/negative r EACCES\n", primary


def test_the_callers_groups_do_not_get_in(kapsel):
    profile = kapsel.profile(["/bin/cat", "/proc/self/status"])
    result = kapsel.start_profile(profile, under=["setpriv", "--groups", "4,24,27"]).finish()
    groups = next(line for line in result.logged().splitlines() if line.startswith("Groups:"))
    assert groups.split() == ["Groups:"], result


def test_file_capabilities_give_nothing(kapsel, own_root):
    file = put(own_root, "/bin/cat", (own_root / "bin/busybox").read_bytes())
    every = 0xffffffff
    value = struct.pack("<IIIII", 0x02000001, every, 0, 0x1ff, 0)
    try:
        os.setxattr(file, "security.capability", value)
    except OSError as error:
        pytest.skip(f"no file capabilities here: {error}")
    result = kapsel.run(["/bin/cat", "/proc/self/status"], rootfs=str(own_root))
    if result.status == 0:
        held = {line.split(":\t")[0]: int(line.split(":\t")[1], 16) for line in result.logged().splitlines()
                if line.startswith("Cap")}
        assert held and not any(held.values()), result
    else:
        assert result.status == 126, result


def test_a_setuid_file_of_a_volume_is_worth_nothing_outside(kapsel, tools, tmp_path):
    volume = tmp_path / "volume"
    volume.mkdir()
    volume.chmod(0o777)
    script = "echo >/data/evil; chmod 4755 /data/evil"
    kapsel.run(["/bin/sh", "-c", script], rootfs=str(tools), exec={"allow": ["*"]},
               syscalls={"allow": ["@base", "@process", "@file-write"]},
               mounts={"/data": {"type": "bind", "source": str(volume), "write": True}})
    status = (volume / "evil").stat()
    assert status.st_uid >= 0x20000000 and status.st_uid != 0


def test_idmapped_volumes_keep_their_owners(kapsel, tools, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    os.chown(source, 65532, 65532)
    bind = {"type": "bind", "source": str(source)}
    command = ["/bin/stat", "-c", "%u %g", "/data"]
    mapped = kapsel.run(command, rootfs=str(tools), mounts={"/data": {**bind, "idmap": True}})
    if mapped.status == 125 and "may not support" in mapped.stderr:
        pytest.skip("this file system has no id-mapped mounts")
    assert mapped.logged() == "65532 65532\n", mapped
    plain = kapsel.run(command, rootfs=str(tools), mounts={"/data": bind})
    assert plain.logged() == "65534 65534\n", plain


# --- the launcher's own binary and descriptors (A2.1, A2.3, A2.4, A2.6) -------------------------

def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_launcher_can_not_be_executed_from_inside(kapsel, own_root):
    """CVE-2019-5736: an entry point that is the launcher itself."""
    before = digest(kapsel.binary)
    (own_root / "bin/self").symlink_to("/proc/self/exe")
    assert kapsel.run(["/bin/self"], rootfs=str(own_root)).status == 127
    put(own_root, "/bin/script", "#!/proc/self/exe\n")
    result = kapsel.run(["/bin/script"], rootfs=str(own_root), exec={"allow": ["*"]})
    assert result.status in (126, 127) and len(lib_faults.messages(result.stderr)) == 1, result
    assert digest(kapsel.binary) == before


def test_the_launchers_binary_is_not_reachable_from_inside(kapsel, tools):
    probes = [word for pid in (1, 2) for word in (f"/proc/{pid}/exe", "w")] + ["/proc/self/exe", "w"]
    result = kapsel.run([WORKLOAD, "open", *probes], rootfs=str(tools), syscalls={"allow": ["@base", "@file-write"]})
    assert result.status == 0 and "OK" not in result.logged(), result


def test_hostile_libraries_of_the_image_are_not_loaded_by_the_launcher(kapsel, own_root, tmp_path):
    """What the loader, NSS or iconv would look for; a process of the host that loads one leaves a trace."""
    trace = tmp_path / "trace"
    for path in ("/etc/ld.so.preload", "/lib/libc.so.6", "/lib/libnss_files.so.2", "/lib/x86_64-linux-gnu/libc.so.6"):
        put(own_root, path, f"#!/bin/sh\ntouch {trace}\n")
    put(own_root, "/usr/bin/xz", f"#!/bin/sh\ntouch {trace}\n")
    put(own_root, "/etc/passwd", "root:x:65532:65532::/:/bin/sh\n65532:x:0:0::/:/bin/sh\n", 0o644)
    result = kapsel.run(["/bin/cat", "/proc/self/status"], rootfs=str(own_root))
    assert result.status == 0 and "Uid:\t65532\t65532" in result.logged(), result
    assert not trace.exists()


def test_a_setuid_launcher_refuses_to_run(kapsel, tmp_path):
    copy = tmp_path / "kapsel"
    copy.write_bytes(kapsel.binary.read_bytes())
    os.chown(copy, 1, 1)
    copy.chmod(0o6755)
    tmp_path.chmod(0o755)
    result = subprocess.run([copy, "run", kapsel.write(kapsel.profile(["/bin/true"]))], capture_output=True,
                            encoding="utf-8", timeout=30, stdin=subprocess.DEVNULL)
    assert result.returncode == 125 and "setuid" in result.stderr, result


def test_descriptors_of_cgroups_and_of_the_state_are_not_in_the_container(kapsel, tools):
    running = kapsel.start([WORKLOAD, "signals"], rootfs=str(tools), stop={"timeout": "100ms"})
    running.wait_for_log("ready")
    payload = Family(running.process.pid).wait().payload
    held = sorted(os.readlink(path) for path in lib_faults.Path(f"/proc/{payload}/fd").iterdir())
    assert len(held) == 3 and held[0] == "/dev/null" and all(name.startswith("pipe:") for name in held[1:]), held
    assert running.finish(15).status == 137
