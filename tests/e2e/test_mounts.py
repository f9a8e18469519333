# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mounts, devices and /proc of the profile, and root file systems that try to lead them astray."""

import os
import stat
import subprocess

import pytest

import lib_faults
from lib_faults import WORKLOAD, assert_refused, canary, own_root, put, tools, workload  # noqa: F401

pytestmark = pytest.mark.root

FILES = {"syscalls": {"allow": ["@base", "@file-write"]}}


@pytest.fixture
def volume(tmp_path):
    directory = tmp_path / "volume"
    directory.mkdir()
    directory.chmod(0o777)
    (directory / "file").write_text("of the host\n")
    return directory


def mount_options(result, target):
    rows = [line.split() for line in result.logged().splitlines()]
    return next(set(row[5].split(",")) for row in reversed(rows) if row[4] == target)


# --- binds -----------------------------------------------------------------------------

def test_a_bind_is_read_only_and_closed_by_default(kapsel, tools, volume):
    bind = {"/data": {"type": "bind", "source": str(volume)}}
    result = kapsel.run(["/bin/cat", "/data/file"], rootfs=str(tools), mounts=bind)
    assert result.status == 0 and result.logged() == "of the host\n", result
    rows = kapsel.run(["/bin/cat", "/proc/self/mountinfo"], rootfs=str(tools), mounts=bind)
    assert {"ro", "nosuid", "nodev", "noexec"} <= mount_options(rows, "/data")
    refused = kapsel.run([WORKLOAD, "open", "/data/new", "w", "/data/file", "w"], rootfs=str(tools), mounts=bind,
                         **FILES)
    assert "OK" not in refused.logged(), refused


def test_a_bind_can_be_written_when_the_profile_says_so(kapsel, tools, volume):
    bind = {"/data": {"type": "bind", "source": str(volume), "write": True}}
    result = kapsel.run(["/bin/sh", "-c", "echo inside >/data/new"], rootfs=str(tools), mounts=bind, **FILES)
    assert result.status == 0, result
    assert (volume / "new").read_text() == "inside\n"
    assert (volume / "new").stat().st_uid >= 0x20000000
    assert (volume / "new").stat().st_mode & 0o777 == 0o600
    options = mount_options(kapsel.run(["/bin/cat", "/proc/self/mountinfo"], rootfs=str(tools), mounts=bind), "/data")
    assert "rw" in options and {"nosuid", "nodev", "noexec", "nosymfollow"} <= options


def test_noexec_holds_until_the_profile_opens_it(kapsel, tools, volume, workload):
    put(volume, "tool", workload.read_bytes())
    bind = {"type": "bind", "source": str(volume)}
    closed = kapsel.run(["/data/tool", "open", "/etc/passwd", "r"], rootfs=str(tools), mounts={"/data": bind})
    assert_refused(closed, '"exec": true', status=126, errno="EACCES")
    opened = kapsel.run(["/data/tool", "open", "/etc/passwd", "r"], rootfs=str(tools),
                        mounts={"/data": {**bind, "exec": True}})
    assert opened.status == 0 and opened.logged() == "/etc/passwd r OK\n", opened


def test_links_in_what_can_be_written_are_not_followed(kapsel, tools, volume):
    (volume / "link").symlink_to("/etc/passwd")
    arguments = [WORKLOAD, "open", "/data/link", "r", "/data/file", "r"]
    writable = {"/data": {"type": "bind", "source": str(volume), "write": True}}
    result = kapsel.run(arguments, rootfs=str(tools), mounts=writable)
    assert result.logged() == "/data/link r ELOOP\n/data/file r OK\n", result


def test_a_single_file_can_be_bound(kapsel, tools, volume):
    result = kapsel.run(["/bin/cat", "/etc/file"], rootfs=str(tools),
                        mounts={"/etc/file": {"type": "bind", "source": str(volume / "file")}})
    assert result.logged() == "of the host\n", result
    assert (tools / "etc/file").read_text() == "of the image\n"


def test_a_missing_source_is_refused_with_the_remedy(kapsel, tools):
    result = kapsel.run(["/bin/true"], rootfs=str(tools),
                        mounts={"/data": {"type": "bind", "source": "/nonesuch/source"}})
    assert_refused(result, "/nonesuch/source", '"optional": true', errno="ENOENT", step="mount")


def test_a_missing_optional_source_is_left_out(kapsel, tools):
    result = kapsel.run(["/bin/ls", "/data"], rootfs=str(tools),
                        mounts={"/data": {"type": "bind", "source": "/nonesuch/source", "optional": True}})
    assert result.status == 0 and result.log == [], result


def test_a_missing_mount_point_is_refused_and_not_made(kapsel, own_root, volume):
    result = kapsel.run(["/bin/true"], rootfs=str(own_root),
                        mounts={"/no/such/point": {"type": "bind", "source": str(volume)}})
    assert_refused(result, f"mkdir -p {own_root}/no/such/point", errno="ENOENT", step="mount")
    assert not (own_root / "no").exists()


def test_a_file_on_a_directory_is_refused(kapsel, tools, volume):
    result = kapsel.run(["/bin/true"], rootfs=str(tools),
                        mounts={"/data": {"type": "bind", "source": str(volume / "file")}})
    assert_refused(result, "both be directories, or both files", step="mount")


def test_a_mount_point_inside_a_tmpfs_is_made(kapsel, tools, volume):
    mounts = {"/data": {"type": "tmpfs", "size": "1MiB"},
              "/data/a/b": {"type": "bind", "source": str(volume)}}
    result = kapsel.run(["/bin/cat", "/data/a/b/file"], rootfs=str(tools), mounts=mounts)
    assert result.status == 0 and result.logged() == "of the host\n", result


def test_a_mount_point_inside_a_bind_is_not_made_on_the_host(kapsel, tools, volume):
    mounts = {"/data": {"type": "bind", "source": str(volume), "write": True},
              "/data/new": {"type": "tmpfs", "size": "1MiB"}}
    assert_refused(kapsel.run(["/bin/true"], rootfs=str(tools), mounts=mounts), "/data/new", errno="ENOENT")
    assert not (volume / "new").exists()


def test_mounts_below_a_bind_come_only_with_recursive(kapsel, tools, volume):
    (volume / "below").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=0755", "below", volume / "below"], check=True)
    try:
        (volume / "below" / "deep").write_text("deep\n")
        bind = {"type": "bind", "source": str(volume)}
        with_it = kapsel.run(["/bin/cat", "/data/below/deep"], rootfs=str(tools),
                             mounts={"/data": {**bind, "recursive": True}})
        assert with_it.logged() == "deep\n", with_it
        without = kapsel.run(["/bin/cat", "/data/below/deep"], rootfs=str(tools), mounts={"/data": bind})
        assert without.status == 1 or "may not be hidden" in without.stderr, without
        refused = kapsel.run([WORKLOAD, "open", "/data/below/deep", "w"], rootfs=str(tools),
                             mounts={"/data": {**bind, "recursive": True}}, **FILES)
        assert refused.logged() != "/data/below/deep w OK\n", refused
    finally:
        subprocess.run(["umount", volume / "below"], check=True)


# --- tmpfs -----------------------------------------------------------------------------------

def test_a_tmpfs_holds_its_size_and_no_more(kapsel, tools):
    result = kapsel.run([WORKLOAD, "fill", "/data/full"], rootfs=str(tools),
                        mounts={"/data": {"type": "tmpfs", "size": "1MiB"}}, **FILES)
    size, name = result.logged().split()
    assert int(size) == 1024 * 1024 and name == "ENOSPC", result


def test_a_tmpfs_holds_its_inodes_and_no_more(kapsel, tools):
    result = kapsel.run([WORKLOAD, "inodes", "/data"], rootfs=str(tools),
                        mounts={"/data": {"type": "tmpfs", "size": "1MiB", "inodes": 20}}, **FILES)
    count, name = result.logged().split()
    assert int(count) == 19 and name == "ENOSPC", result  # the directory itself is one


def test_a_tmpfs_bounds_its_inodes_without_being_told(kapsel, tools):
    result = kapsel.run([WORKLOAD, "inodes", "/data"], rootfs=str(tools),
                        mounts={"/data": {"type": "tmpfs", "size": "1MiB"}}, **FILES)
    count, name = result.logged().split()
    assert int(count) < 256 and name == "ENOSPC", result


def test_a_tmpfs_is_the_workloads_with_the_mode_of_the_profile(kapsel, tools):
    result = kapsel.run(["/bin/stat", "-c", "%a %u %g", "/data"], rootfs=str(tools),
                        mounts={"/data": {"type": "tmpfs", "size": "1MiB", "mode": "0750"}})
    assert result.logged() == "750 65532 65532\n", result
    rows = kapsel.run(["/bin/cat", "/proc/self/mountinfo"], rootfs=str(tools),
                      mounts={"/data": {"type": "tmpfs", "size": "1MiB"}})
    assert {"rw", "nosuid", "nodev", "noexec", "nosymfollow"} <= mount_options(rows, "/data")


# --- the root, /proc, /dev ---------------------------------------------------------------------

def test_the_root_is_read_only_without_setuid_and_devices(kapsel, tools):
    rows = kapsel.run(["/bin/cat", "/proc/self/mountinfo"], rootfs=str(tools))
    assert {"ro", "nosuid", "nodev"} <= mount_options(rows, "/")
    result = kapsel.run([WORKLOAD, "open", "/new", "w", "/etc/passwd", "w"], rootfs=str(tools), **FILES)
    assert "OK" not in result.logged()


def test_no_path_of_the_host_is_seen_in_the_mount_table(kapsel, tools, volume):
    rows = kapsel.run(["/bin/cat", "/proc/self/mountinfo"], rootfs=str(tools),
                      mounts={"/data": {"type": "tmpfs", "size": "1MiB"}})
    targets = [line.split()[4] for line in rows.logged().splitlines()]
    assert all(target == "/" or target.startswith(("/proc", "/dev", "/data")) for target in targets), rows


def test_proc_shows_only_the_own_processes_and_no_kernel_file(kapsel):
    result = kapsel.run(["/bin/ls", "/proc"])
    names = set(result.logged().split())
    assert names - {"self", "thread-self"} and all(name.isdigit() for name in names - {"self", "thread-self"}), result
    assert len(names) <= 4


def test_proc_can_be_left_out(kapsel):
    result = kapsel.run(["/bin/ls", "/proc"], proc="none")
    assert result.status == 0 and result.log == [], result


def test_full_proc_hides_what_is_dangerous(kapsel, tools):
    """Read-only, missing on this kernel, or covered by /dev/null (1:3)."""
    for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/kcore", "/proc/kmsg", "/proc/keys"):
        result = kapsel.run([WORKLOAD, "open", path, "w"], rootfs=str(tools), proc="full", **FILES)
        assert result.status == 0, result
        if result.logged().endswith(" OK\n"):
            covered = kapsel.run(["/bin/stat", "-c", "%t,%T", path], rootfs=str(tools), proc="full")
            assert covered.logged() == "1,3\n", (path, covered)


def test_dev_has_five_devices_and_four_links(kapsel):
    result = kapsel.run(["/bin/ls", "/dev"])
    assert sorted(result.logged().split()) == sorted("null zero full random urandom fd stdin stdout stderr".split())


def test_a_device_of_the_profile_is_there_and_writable(kapsel, tools):
    keys = {"rootfs": str(tools), **FILES}
    rights = {right: kapsel.run([WORKLOAD, "open", "/dev/kmsg", right], devices={"/dev/kmsg": "w"}, **keys).logged()
              for right in ("r", "w")}
    mode = os.stat("/dev/kmsg").st_mode
    assert stat.S_ISCHR(mode)
    assert rights["r"] == "/dev/kmsg r EPERM\n" or rights["r"] == "/dev/kmsg r EACCES\n", rights
    if mode & 0o002:
        assert rights["w"] == "/dev/kmsg w OK\n", rights


def test_the_device_filter_allows_what_the_profile_says_and_no_more(kapsel, tools):
    """/dev/tty is there for everybody; without a terminal its driver answers ENXIO - the filter
    would say EPERM before that."""
    def answers(devices):
        return kapsel.run([WORKLOAD, "open", "/dev/tty", "r", "/dev/tty", "w"], rootfs=str(tools), devices=devices,
                          **FILES).logged().split()[2::3]
    assert answers({"/dev/tty": "rw"}) == ["ENXIO", "ENXIO"]
    assert answers({"/dev/tty": "r"})[0] == "ENXIO" and answers({"/dev/tty": "r"})[1] != "ENXIO"


def test_a_device_node_in_a_volume_does_not_open(kapsel, tools, volume):
    os.mknod(volume / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    os.mknod(volume / "kmsg", 0o666 | stat.S_IFCHR, os.makedev(1, 11))
    for name in ("null", "kmsg"):
        (volume / name).chmod(0o666)
    result = kapsel.run([WORKLOAD, "open", "/data/null", "r", "/data/kmsg", "r"], rootfs=str(tools),
                        mounts={"/data": {"type": "bind", "source": str(volume), "write": True}}, **FILES)
    assert result.logged() == "/data/null r EACCES\n/data/kmsg r EACCES\n", result


def test_a_device_node_in_the_image_does_not_open(kapsel, own_root):
    os.mknod(own_root / "kmsg", 0o666 | stat.S_IFCHR, os.makedev(1, 11))
    (own_root / "kmsg").chmod(0o666)
    result = kapsel.run([WORKLOAD, "open", "/kmsg", "r"], rootfs=str(own_root))
    assert result.logged() == "/kmsg r EACCES\n", result


def test_a_device_that_is_none_is_refused(kapsel):
    result = kapsel.run(["/bin/true"], devices={"/dev/nonesuch": "rw"})
    assert_refused(result, "/dev/nonesuch", errno="ENOENT", help_text=False)


# --- hostile roots: nothing may reach the canary -------------------------------------------------

def hostile(kind, root, canary):
    """A mount point /mnt/point that leads out."""
    (root / "mnt").mkdir(exist_ok=True)
    if kind == "absolute link":
        (root / "mnt/point").symlink_to(canary)
    elif kind == "link with ..":
        (root / "mnt/point").symlink_to("../" * 40 + str(canary).lstrip("/"))
    elif kind == "parent is a link":
        (root / "mnt").rmdir()
        (root / "mnt").symlink_to(canary)
        return "/mnt/sub"
    elif kind == "chain":
        for i in range(30):
            (root / f"mnt/l{i}").symlink_to(f"l{i + 1}")
        (root / "mnt/l30").symlink_to(canary)
        (root / "mnt/point").symlink_to("l0")
    elif kind == "loop":
        (root / "mnt/a").symlink_to("b")
        (root / "mnt/b").symlink_to("a")
        (root / "mnt/point").symlink_to("a")
    elif kind == "magic link":
        (root / "mnt/point").symlink_to("/proc/self/root/" + str(canary).lstrip("/"))
    elif kind == "magic descriptor":
        (root / "mnt/point").symlink_to("/proc/self/fd/3")
    return "/mnt/point"


KINDS = ["absolute link", "link with ..", "parent is a link", "chain", "loop", "magic link", "magic descriptor"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mount", ["tmpfs", "bind"])
def test_a_mount_point_that_leads_out_stays_in_or_is_refused(kapsel, own_root, volume, canary, kind, mount):
    target = hostile(kind, own_root, canary.directory)
    wanted = {"type": "tmpfs", "size": "1MiB"} if mount == "tmpfs" else \
        {"type": "bind", "source": str(volume), "write": True}
    host = lib_faults.Path("/proc/self/mountinfo").read_text()
    result = kapsel.run(["/bin/sh", "-c", f"echo escaped >{target}/file"], rootfs=str(own_root),
                        mounts={target: wanted}, **FILES)
    assert_refused(result, target, step="mount", help_text=False)
    assert lib_faults.Path("/proc/self/mountinfo").read_text() == host


@pytest.mark.parametrize("link", ["{canary}", "../../../../..{canary}"])
def test_a_link_whose_target_exists_inside_is_scoped_to_the_root(kapsel, own_root, canary, volume, link):
    """Scoped: the tmpfs lands in the root's own directory of that name, not on the host's."""
    inside = own_root / str(canary.directory).lstrip("/")
    inside.mkdir(parents=True)
    (own_root / "data").mkdir(exist_ok=True)
    (own_root / "data" / "point").symlink_to(link.format(canary=canary.directory))
    result = kapsel.run(["/bin/cat", f"{canary.directory}/file"], rootfs=str(own_root),
                        mounts={"/data/point": {"type": "bind", "source": str(volume)}})
    if result.status == 0:
        assert result.logged() == "of the host\n", result
    else:
        assert_refused(result, help_text=False)


def test_links_within_the_image_still_work(kapsel, own_root, volume):
    """/var/run -> ../run, as every distribution has it."""
    (own_root / "run/app").mkdir(parents=True)
    result = kapsel.run(["/bin/cat", "/run/app/file"], rootfs=str(own_root),
                        mounts={"/var/run/app": {"type": "bind", "source": str(volume)}})
    assert result.status == 0 and result.logged() == "of the host\n", result


@pytest.mark.parametrize("what", ["proc", "dev"])
@pytest.mark.parametrize("kind", ["absolute link", "relative link", "inner link", "file", "fifo"])
def test_proc_and_dev_must_be_plain_directories(kapsel, own_root, canary, what, kind):
    """CVE-2019-19921, CVE-2026-41579."""
    place = own_root / what
    place.rmdir()
    if kind == "absolute link":
        place.symlink_to(canary.directory)
    elif kind == "relative link":
        place.symlink_to("../" * 20 + str(canary.directory).lstrip("/"))
    elif kind == "inner link":
        place.symlink_to("etc")
    elif kind == "file":
        place.write_text("")
    else:
        os.mkfifo(place)
    result = kapsel.run(["/bin/true"], rootfs=str(own_root), timeout_s=10)
    assert_refused(result, f"mkdir {own_root}/{what}", step=what)


def test_a_forged_null_in_the_image_is_not_used(kapsel, own_root, canary):
    """CVE-2025-31133."""
    (own_root / "dev" / "null").symlink_to(canary.directory / "secret")
    (own_root / "dev" / "zero").write_text("forged\n")
    result = kapsel.run(["/bin/stat", "-c", "%F %t,%T", "/dev/null", "/dev/zero"], rootfs=str(own_root))
    assert result.logged() == "character special file 1,3\ncharacter special file 1,5\n", result


def test_secrets_do_not_follow_a_link_of_the_image(kapsel, own_root, canary, tmp_path):
    source = tmp_path / "s"
    source.write_text("x")
    source.chmod(0o400)
    (own_root / "run").rename(own_root / "run.old")
    (own_root / "run").symlink_to(canary.directory)
    assert_refused(kapsel.run(["/bin/true"], rootfs=str(own_root), secrets={"s": {"source": str(source)}}),
                   step="secrets", help_text=False)


@pytest.mark.parametrize("target", ["/a/../b", "/..", "//", "/.", "relative", "", "/" + "x" * 4096, "/a\nb"])
def test_a_mount_point_that_is_no_plain_path_is_refused(kapsel, target):
    result = kapsel.run(["/bin/true"], mounts={target: {"type": "tmpfs", "size": "1MiB"}})
    assert result.status == 125 and "error[E0" in result.stderr, result


@pytest.mark.parametrize("source", ["/", "/proc", "/sys", "/dev", "/proc/self/root", "/run/docker.sock"])
def test_a_source_that_hands_the_host_over_is_refused(kapsel, tools, source):
    result = kapsel.run(["/bin/true"], rootfs=str(tools), mounts={"/data": {"type": "bind", "source": source}})
    assert result.status == 125 and ("error[E022]" in result.stderr or "error[E023]" in result.stderr), result


def test_the_hosts_mounts_do_not_change(kapsel, tools, volume):
    before = lib_faults.Path("/proc/self/mountinfo").read_text()
    for _ in range(3):
        result = kapsel.run(["/bin/true"], rootfs=str(tools), mounts={
            "/data": {"type": "bind", "source": str(volume), "write": True}, "/tmp": {"type": "tmpfs", "size": "1MiB"}})
        assert result.status == 0, result
    assert lib_faults.Path("/proc/self/mountinfo").read_text() == before
