# SPDX-License-Identifier: LGPL-2.1-or-later
"""config.md: mounts and their options."""

import os
from pathlib import Path

import pytest

import lib_oci
from lib_oci import make_config, read_mounts
from oci_fixtures import spec

FILE = "config.md"
MOUNTINFO = "cat /proc/self/mountinfo"


@pytest.fixture
def source(oci):
    """A directory of the host with a file."""
    path = oci.place / "source"
    path.mkdir(mode=0o755)
    (path / "file").write_text("from the host")
    return path


@pytest.fixture
def tree(oci):
    """A tmpfs of the host with another one below it: what a recursive option must reach."""
    path = oci.place / "tree"
    path.mkdir()
    lib_oci.mount("tmpfs", path, "tmpfs")
    (path / "file").write_text("upper")
    (path / "sub").mkdir()
    lib_oci.mount("tmpfs", path / "sub", "tmpfs")
    (path / "sub" / "file").write_text("lower")
    return path


def mounts_of(oci, config):
    return read_mounts(oci.output(config.shell(MOUNTINFO)))


# --- Mounts ---------------------------------------------------------------------------------------------


@spec(FILE, "Mounts", "MUST", "mounts are made in the listed order")
def test_config__mounts__in_order(oci):
    config = make_config()
    for number in range(3):
        config.mount("/data", "tmpfs", f"layer{number}", [f"size={number + 1}m"])
    config.mount("/data/below", "tmpfs", "below").shell(MOUNTINFO)
    lines = [line for line in oci.output(config).splitlines() if " /data" in line]
    assert [line.partition(" - ")[2].split()[1] for line in lines] == ["layer0", "layer1", "layer2", "below"], lines


@spec(FILE, "Mounts", "MUST", "a later mount covers an earlier one")
def test_config__mounts__a_later_one_covers(oci, source):
    config = make_config("/bin/ls", "/data").bind(source, "/data").mount("/data", "tmpfs", "cover")
    assert oci.output(config) == ""


@spec(FILE, "Mounts", "MUST", "a relative destination is relative to /")
@pytest.mark.parametrize("destination", ["data", "./data", "data/sub/../other"])
def test_config__mounts__a_relative_destination(oci, source, destination):
    config = make_config("/bin/cat", "/" + os.path.normpath(destination) + "/file").bind(source, destination)
    config.set("process.cwd", "/tmp")
    assert oci.output(config) == "from the host"


@spec(FILE, "Mounts", "MUST", "a destination that is not there is made: a directory, or a file for a file")
def test_config__mounts__a_missing_destination_is_made(oci, source):
    config = make_config().bind(source, "/new/one").bind(source / "file", "/new/two/file")
    assert oci.output(config.shell("cat /new/one/file /new/two/file")) == "from the host" * 2


@spec(FILE, "Mounts", "MUST", "the source of a bind mount is absolute, or relative to the bundle")
@pytest.mark.parametrize("relative", [False, True])
def test_config__mounts__the_source_of_a_bind_mount(oci, relative):
    bundle = oci.bundle()
    (bundle.path / "near").mkdir()
    (bundle.path / "near" / "file").write_text("near")
    config = make_config("/bin/cat", "/data/file").bind("near" if relative else bundle.path / "near", "/data")
    assert oci.output(config, bundle=bundle, cwd="/") == "near"


@spec(FILE, "Mounts", "MUST", "bind or rbind in the options makes a bind mount, whatever the type, or without one")
@pytest.mark.parametrize("kind", [None, "none", "bind", "tmpfs"])
@pytest.mark.parametrize("option", ["bind", "rbind"])
def test_config__mounts__options_make_it_a_bind_mount(oci, source, kind, option):
    config = make_config("/bin/cat", "/data/file").mount("/data", kind, source, [option])
    assert oci.output(config) == "from the host"


@spec(FILE, "Mounts", "MUST", "a source that is not there is an error")
def test_config__mounts__a_missing_source_is_refused(oci):
    oci.assert_refused(make_config().bind("/no/such/place", "/data"))


@spec(FILE, "Mounts", "REQUIRED", "destination is required")
def test_config__mounts__no_destination_is_refused(oci):
    oci.assert_refused(make_config().add("mounts", {"type": "tmpfs", "source": "tmpfs"}))


@spec(FILE, "Mounts", "MUST", "a destination does not lead out of the root, by .. or by a link")
@pytest.mark.parametrize("destination", ["/../../data", "/link/data", "/link"])
def test_config__mounts__a_destination_stays_inside(oci, source, destination):
    bundle = oci.bundle()
    outside = oci.place / "outside"
    (outside / "data").mkdir(parents=True)
    (bundle.rootfs / "link").symlink_to(outside)
    config = make_config("/bin/true").bind(source, destination)
    oci.run(config, bundle=bundle)
    assert str(outside) not in Path("/proc/self/mountinfo").read_text()
    assert os.listdir(outside) == ["data"] and os.listdir(outside / "data") == []
    assert oci.call("state", "x").status != 0  # and the runtime was asked: /bin/false shows nothing
    oci.assert_works()


@spec(FILE, "POSIX-platform Mounts", "MUST", "type names a file system of the kernel")
@pytest.mark.parametrize("kind", ["tmpfs", "proc", "sysfs", "mqueue", "devpts", "ramfs"])
def test_config__posix_mounts__type(oci, kind):
    mounts = mounts_of(oci, make_config().mount("/data", kind, "source-of-it"))
    assert mounts["/data"].kind == kind


# --- Linux mount options: one container with a mount for each -----------------------------------------------

# What mountinfo shows, of the mount (m) or of the file system (f), with a "-" for what it does not.
TMPFS = {
    "async": ("f", "-sync"), "sync": ("f", "sync"), "dirsync": ("f", "dirsync"), "defaults": ("m", "rw"),
    "atime": ("m", "-noatime"), "noatime": ("m", "noatime"), "diratime": ("m", "-nodiratime"),
    "nodiratime": ("m", "nodiratime"), "relatime": ("m", "relatime"), "norelatime": ("m", "-noatime"),
    "strictatime": ("m", "-relatime"), "nostrictatime": ("m", "-noatime"), "lazytime": ("f", "lazytime"),
    "nolazytime": ("f", "-lazytime"), "dev": ("m", "-nodev"), "nodev": ("m", "nodev"), "exec": ("m", "-noexec"),
    "noexec": ("m", "noexec"), "suid": ("m", "-nosuid"), "nosuid": ("m", "nosuid"), "ro": ("m", "ro"),
    "rw": ("m", "rw"), "loud": ("m", "rw"), "silent": ("m", "rw"), "iversion": ("m", "rw"), "noiversion": ("m", "rw"),
    "nosymfollow": ("m", "nosymfollow"), "symfollow": ("m", "-nosymfollow"),
}
SHOULD = {"nosymfollow", "symfollow"}


def shows(mount, what):
    where, option = what
    options = mount.options if where == "m" else mount.super_options
    return option[1:] not in options if option.startswith("-") else option in options


def tmpfs_for(*options):
    config = make_config()
    for option in options:
        config.mount(f"/data/{option}", "tmpfs", "tmpfs", [option])
    return config.shell(MOUNTINFO)


@pytest.fixture(scope="module")
def tmpfs_mounts(oci_module):
    """One container with a tmpfs for each option; where a runtime refuses one of them, one container for each."""
    together = oci_module.run(tmpfs_for(*(option for option in TMPFS if option not in SHOULD)))

    def mounts_with(option):
        alone = together if together.status == 0 else oci_module.run(tmpfs_for(option))
        assert alone.status == 0, alone
        return read_mounts(alone.out)
    return mounts_with


@pytest.mark.parametrize("option", [option for option in TMPFS if option not in SHOULD])
@spec(FILE, "Linux mount options", "MUST", "the options of mount(8): async atime defaults dev diratime dirsync exec iversion lazytime "
      "loud noatime nodev nodiratime noexec noiversion nolazytime norelatime nostrictatime nosuid relatime ro rw silent "
      "strictatime suid sync")
def test_config__linux_mount_options__of_a_file_system(tmpfs_mounts, option):
    mount = tmpfs_mounts(option)[f"/data/{option}"]
    assert mount.kind == "tmpfs" and shows(mount, TMPFS[option]), mount


@pytest.mark.parametrize("option", sorted(SHOULD))
@spec(FILE, "Linux mount options", "SHOULD", "nosymfollow and symfollow")
def test_config__linux_mount_options__symfollow(oci, option):
    mount = mounts_of(oci, make_config().mount("/data", "tmpfs", "tmpfs", [option]))["/data"]
    assert shows(mount, TMPFS[option]), mount


BIND = {"ro": "ro", "rw": "rw", "nosuid": "nosuid", "nodev": "nodev", "noexec": "noexec", "noatime": "noatime",
        "nodiratime": "nodiratime", "relatime": "relatime", "strictatime": "-relatime"}


@pytest.mark.parametrize("option", BIND)
@spec(FILE, "Linux mount options", "MUST", "the options hold for bind mounts, too")
def test_config__linux_mount_options__of_a_bind_mount(oci, source, option):
    mount = mounts_of(oci, make_config().bind(source, "/data", option))["/data"]
    assert shows(mount, ("m", BIND[option])), mount


@spec(FILE, "Linux mount options", "MUST", "bind binds one mount, rbind what is below it, too")
@pytest.mark.parametrize("option", ["bind", "rbind"])
def test_config__linux_mount_options__bind_and_rbind(oci, tree, option):
    mounts = mounts_of(oci, make_config().mount("/data", "none", tree, [option]))
    assert ("/data/sub" in mounts) == (option == "rbind")


@spec(FILE, "Linux mount options", "MUST", "ro of an rbind mount is of the upper mount alone")
def test_config__linux_mount_options__ro_is_not_recursive(oci, tree):
    mounts = mounts_of(oci, make_config().mount("/data", "none", tree, ["rbind", "ro"]))
    assert "ro" in mounts["/data"].options and "rw" in mounts["/data/sub"].options


@spec(FILE, "Linux mount options", "MUST", "remount changes a mount that is there")
def test_config__linux_mount_options__remount(oci):
    config = make_config().mount("/data", "tmpfs", "tmpfs", ["size=1m"])
    config.mount("/data", "tmpfs", "tmpfs", ["remount", "ro", "nosuid", "size=1m"])
    mount = mounts_of(oci, config)["/data"]
    assert {"ro", "nosuid"} <= mount.options, mount


PROPAGATION = {"shared": {"shared"}, "rshared": {"shared"}, "slave": {"master"}, "rslave": {"master"}, "private": set(),
               "rprivate": set(), "unbindable": {"unbindable"}, "runbindable": {"unbindable"}}


def with_propagation(config, option):
    """Engines ask for the root's propagation beside that of a mount, for the sake of older runtimes."""
    return config.set("linux.rootfsPropagation", "shared" if "shared" in option else "slave")


@pytest.mark.parametrize("option", PROPAGATION)
@spec(FILE, "Linux mount options", "MUST", "shared, slave, private and unbindable, and the same recursively")
def test_config__linux_mount_options__propagation(oci, tree, option):
    lib_oci.mount(None, tree, flags=lib_oci.MS_SHARED | lib_oci.MS_REC)
    mounts = mounts_of(oci, with_propagation(make_config().mount("/data", "none", tree, ["rbind", option]), option))
    for place in ("/data", "/data/sub") if option.startswith("r") else ("/data",):
        found = mounts[place].propagation - {"propagate_from"}
        assert PROPAGATION[option] <= found and (PROPAGATION[option] or not found), mounts[place]


@pytest.mark.parametrize("option", ["rslave", "rshared", "rprivate"])
@spec(FILE, "Linux mount options", "MUST", "what the host mounts later appears in a slave or shared bind mount, and not in a private one")
def test_config__linux_mount_options__propagation_from_the_host(oci, tree, option):
    lib_oci.mount(None, tree, flags=lib_oci.MS_SHARED | lib_oci.MS_REC)
    (tree / "late").mkdir()
    container = oci.running(with_propagation(make_config().mount("/data", "none", tree, ["rbind", option]), option))
    lib_oci.mount("tmpfs", tree / "late", "tmpfs")
    assert ("/data/late" in container.mounts()) == (option != "rprivate")


RECURSIVE = {"rro": "ro", "rnosuid": "nosuid", "rnodev": "nodev", "rnoexec": "noexec", "rnoatime": "noatime",
             "rnodiratime": "nodiratime", "rrelatime": "relatime", "rstrictatime": "-relatime",
             "rnosymfollow": "nosymfollow"}


@pytest.mark.parametrize("option", RECURSIVE)
@spec(FILE, "Linux mount options", "SHOULD", "recursive options: rro rnosuid rnodev rnoexec rnoatime rnodiratime rrelatime "
      "rstrictatime rnosymfollow reach the mounts below")
def test_config__linux_mount_options__recursive(oci, tree, option):
    mounts = mounts_of(oci, make_config().mount("/data", "none", tree, ["rbind", option]))
    for place in ("/data", "/data/sub"):
        assert shows(mounts[place], ("m", RECURSIVE[option])), mounts[place]


# flags of mount(2) that the source gets, so that there is something to clear
CLEARING = {"rrw": ("ro", 1), "rsuid": ("nosuid", 2), "rdev": ("nodev", 4), "rexec": ("noexec", 8),
            "ratime": ("noatime", 1024), "rdiratime": ("nodiratime", 2048), "rsymfollow": ("nosymfollow", 256),
            "rnorelatime": ("noatime", 1024), "rnostrictatime": ("nothing", 0)}


@pytest.mark.parametrize("option", CLEARING)
@spec(FILE, "Linux mount options", "SHOULD", "recursive options that clear: rrw rsuid rdev rexec ratime rdiratime rsymfollow "
      "rnorelatime rnostrictatime")
def test_config__linux_mount_options__recursive_clearing(oci, tree, option):
    word, flag = CLEARING[option]
    for place in (tree, tree / "sub"):
        lib_oci.mount(None, place, flags=32 | 4096 | flag)
    mounts = mounts_of(oci, make_config().mount("/data", "none", tree, ["rbind", option]))
    for place in ("/data", "/data/sub"):
        assert option in ("rnorelatime", "rnostrictatime") or word not in mounts[place].options, mounts[place]


@spec(FILE, "Linux mount options", "SHOULD", "what is unknown is an option of the file system itself")
def test_config__linux_mount_options__unknown_ones_go_to_the_file_system(oci):
    mount = mounts_of(oci, make_config().mount("/data", "tmpfs", "tmpfs", ["size=1024k", "mode=0711", "nr_inodes=77"]))
    assert {"size=1024k", "mode=711", "nr_inodes=77"} <= mount["/data"].super_options, mount["/data"]


@spec(FILE, "Linux mount options", "MUST", "an option that the file system does not know, either, is an error")
def test_config__linux_mount_options__nonsense_is_refused(oci):
    oci.assert_refused(make_config().mount("/data", "tmpfs", "tmpfs", ["nonsense=1"]))


@spec(FILE, "Linux mount options", "MAY", "tmpcopyup copies what the directory has into the tmpfs")
def test_config__linux_mount_options__tmpcopyup(oci):
    bundle = oci.bundle()
    bundle.put("/data/sub/file", "copied", 0o640)
    config = make_config().mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    out = oci.output(config.shell("cat /data/sub/file; stat -c ' %a' /data/sub/file; echo x > /data/new"), bundle=bundle)
    assert out == "copied 640\n"
    assert not (bundle.rootfs / "data" / "new").exists()


# --- idmap --------------------------------------------------------------------------------------------------

MAP = [{"containerID": 0, "hostID": 50000, "size": 1000}]


@pytest.fixture
def owned(oci):
    """A file of user 5, group 6 on a tmpfs, with another tmpfs below."""
    path = oci.place / "owned"
    path.mkdir()
    lib_oci.mount("tmpfs", path, "tmpfs")
    (path / "sub").mkdir()
    lib_oci.mount("tmpfs", path / "sub", "tmpfs")
    for place in (path / "file", path / "sub" / "file"):
        place.write_text("")
        os.chown(place, 5, 6)
    return path


@pytest.mark.parametrize("option", ["idmap", "ridmap"])
@spec(FILE, "Linux mount options", "SHOULD", "idmap and ridmap apply uidMappings and gidMappings, ridmap to what is below, too")
@spec(FILE, "POSIX-platform Mounts", "SHOULD", "uidMappings and gidMappings are done with mount_setattr(2)")
def test_config__linux_mount_options__idmap_with_mappings(oci, owned, option):
    config = make_config().mount("/data", "none", owned, ["rbind", option], uidMappings=MAP, gidMappings=MAP)
    out = oci.output(config.shell("stat -c '%u:%g' /data/file /data/sub/file"))
    assert out == ("50005:50006\n50005:50006\n" if option == "ridmap" else "50005:50006\n5:6\n")
    assert os.stat(owned / "file").st_uid == 5


@spec(FILE, "POSIX-platform Mounts", "SHOULD", "mappings without the option idmap are applied, too")
def test_config__posix_mounts__mappings_without_idmap(oci, owned):
    config = make_config().mount("/data", "none", owned, ["bind"], uidMappings=MAP, gidMappings=MAP)
    assert oci.output(config.shell("stat -c '%u:%g' /data/file")) == "50005:50006\n"


@spec(FILE, "Linux mount options", "MAY", "idmap without mappings takes those of the container's user namespace")
def test_config__linux_mount_options__idmap_of_the_user_namespace(oci, owned):
    config = make_config().user_namespace(300000, 10000).mount("/data", "none", owned, ["bind", "idmap"])
    assert oci.output(config.shell("stat -c '%u:%g' /data/file")) == "5:6\n"


@pytest.mark.parametrize("option", ["idmap", "ridmap"])
@spec(FILE, "Linux mount options", "MUST", "idmap without mappings and without a user namespace is an error")
def test_config__linux_mount_options__idmap_without_anything_is_refused(oci, owned, option):
    oci.assert_refused(make_config().mount("/data", "none", owned, ["rbind", option]))


@pytest.mark.parametrize("key", ["uidMappings", "gidMappings"])
@spec(FILE, "POSIX-platform Mounts", "MUST", "uidMappings and gidMappings are only given together")
def test_config__posix_mounts__half_a_mapping_is_refused(oci, owned, key):
    oci.assert_refused(make_config().mount("/data", "none", owned, ["bind", "idmap"], **{key: MAP}))
