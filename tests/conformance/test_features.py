# SPDX-License-Identifier: LGPL-2.1-or-later
"""features.md and features-linux.md: what the runtime says of itself must be true."""

import os
import re

import pytest

import lib_oci
from lib_oci import make_config
from oci_fixtures import spec

FILE, LINUX = "features.md", "features-linux.md"


@pytest.fixture(scope="module")
def features(oci_module):
    result = oci_module.call("features", flags=[])
    assert result.status == 0, result
    assert result.err == "", result
    return result.json()


def numbers(version):
    return [int(part) for part in re.match(r"(\d+)\.(\d+)\.(\d+)", version).groups()]


@spec(FILE, "Specification version", "REQUIRED", "ociVersionMin and ociVersionMax are there")
@spec(FILE, "Specification version", "MUST NOT", "the highest version is not below the lowest")
def test_features__specification_version(features):
    assert numbers(features["ociVersionMin"]) <= numbers(features["ociVersionMax"])


@pytest.mark.parametrize("key", ["ociVersionMin", "ociVersionMax"])
@spec(FILE, "Specification version", "MUST", "both versions are accepted in a config.json")
def test_features__specification_version__is_accepted(oci, features, key):
    assert oci.run(make_config().set("ociVersion", features[key])).status == 0


KNOWN = {"ociVersionMin", "ociVersionMax", "hooks", "mountOptions", "linux", "annotations", "potentiallyUnsafeConfigAnnotations"}
KNOWN_LINUX = {"namespaces", "capabilities", "cgroup", "seccomp", "apparmor", "selinux", "intelRdt", "mountExtensions",
               "netDevices", "memoryPolicy"}
KNOWN_CGROUP = {"v1", "v2", "systemd", "systemdUser", "rdma"}
KNOWN_SECCOMP = {"enabled", "actions", "operators", "archs", "knownFlags", "supportedFlags"}


@spec(FILE, "Specification version", "MUST NOT", "there are no properties that the specification does not have")
def test_features__no_other_properties(features):
    assert set(features) <= KNOWN
    linux = features.get("linux") or {}
    assert set(linux) <= KNOWN_LINUX
    assert set(linux.get("cgroup") or {}) <= KNOWN_CGROUP and set(linux.get("seccomp") or {}) <= KNOWN_SECCOMP


def strings(value):
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


@spec(FILE, "Features Document", "MUST NOT", "properties have the types of the schema, and null is not used for an empty value")
def test_features__types(features):
    linux = features["linux"]
    for value in (features["hooks"], features["mountOptions"], linux["namespaces"], linux["capabilities"],
                  linux["seccomp"]["actions"], linux["seccomp"]["operators"], linux["seccomp"]["archs"]):
        assert strings(value) and value and len(set(value)) == len(value), value
    for name in KNOWN_CGROUP:
        assert isinstance(linux["cgroup"].get(name, False), bool)
    for name in ("seccomp", "apparmor", "selinux", "intelRdt", "netDevices"):
        assert isinstance((linux.get(name) or {}).get("enabled", False), bool)


@spec(FILE, "Annotations", "MUST", "annotations are a map of strings")
def test_features__annotations(features):
    for key, value in (features.get("annotations") or {}).items():
        assert key and isinstance(value, str)


@spec(FILE, "Features Document", "SHOULD", "the document is the same for every caller: made at compile time")
def test_features__do_not_depend_on_the_caller(oci_module, features):
    result = oci_module.call("features", flags=[], env={"PATH": "/nowhere"}, preexec_fn=lambda: os.chdir("/"))
    assert result.json() == features


@spec(FILE, "Hooks", "MUST", "every hook that is named is supported")
def test_features__hooks(oci, features):
    assert set(features["hooks"]) == {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}


@spec(FILE, "Mount Options", "MUST", "every mount option that is named is recognized")
def test_features__mount_options(oci, features):
    """Recognized: not handed to the file system as its own option, which tmpfs would refuse."""
    odd = {"bind", "rbind", "remount", "idmap", "ridmap", "acl", "noacl", "mand", "nomand", "tmpcopyup", "iversion", "noiversion"}
    for start in range(0, len(features["mountOptions"]), 12):
        config = make_config()
        for option in features["mountOptions"][start:start + 12]:
            if option not in odd:
                config.mount(f"/data/{option}", "tmpfs", "tmpfs", [option])
        result = oci.run(config)
        assert result.status == 0, result


@spec(FILE, "Mount Options", "SHOULD NOT", "options of single file systems are not in the list")
def test_features__mount_options__of_no_file_system(features):
    assert not [option for option in features["mountOptions"] if "=" in option or option in ("size", "mode", "uid", "gid", "newinstance")]


MUST = set("async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec "
           "noiversion nolazytime norelatime nostrictatime nosuid private rbind relatime remount ro rprivate rshared rslave "
           "runbindable rw shared silent slave strictatime suid sync unbindable".split())


@spec(FILE, "Mount Options", "MUST", "the options that a runtime must implement are among them")
def test_features__mount_options__that_are_required(features):
    assert MUST <= set(features["mountOptions"]), MUST - set(features["mountOptions"])


@spec(LINUX, "Namespaces", "MUST", "every namespace that is named is recognized")
def test_features_linux__namespaces(oci, features):
    for kind in features["linux"]["namespaces"]:
        config = make_config()
        config.user_namespace() if kind == "user" else config.namespace(kind)
        assert oci.run(config).status == 0, kind


@spec(LINUX, "Capabilities", "MUST", "every capability that is named is recognized")
def test_features_linux__capabilities(oci, features):
    names = features["linux"]["capabilities"]
    assert {"CAP_" + name for name in lib_oci.ALL_CAPABILITIES} <= set(names)
    result = oci.run(make_config().capabilities(*names))
    assert result.status == 0 or "CAP_SYS_RESOURCE" not in str(lib_oci.ALL_CAPABILITIES), result


@spec(LINUX, "Seccomp", "MUST", "every action, operator, architecture and flag that is named is recognized")
def test_features_linux__seccomp(oci, features):
    known = features["linux"]["seccomp"]
    assert known["enabled"] is True
    rules = [{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "args": [
        {"index": 0, "value": number, "op": operator}]} for number, operator in enumerate(known["operators"])]
    for action in known["actions"]:
        if action != "SCMP_ACT_NOTIFY":
            rules.append({"names": ["setpriority"], "action": action,
                          "args": [{"index": 0, "value": len(rules), "op": "SCMP_CMP_EQ"}]})
    # One filter holds architectures of one byte order.
    archs = [arch for arch in known["archs"] if re.search("X86|X32|ARM|AARCH64|MIPSEL|PPC64LE|RISCV64|LOONGARCH", arch)]
    config = make_config().set("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "architectures": archs,
                                                 "syscalls": [rule for rule in rules if rule["action"] != "SCMP_ACT_ALLOW"]})
    assert oci.run(config).status == 0
    for flag in known.get("supportedFlags", []):
        if "WAIT_KILLABLE" not in flag:
            config = make_config().set("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "flags": [flag], "syscalls": rules[:1]})
            assert oci.run(config).status == 0, flag
    assert set(known.get("supportedFlags", [])) <= set(known.get("knownFlags", []))


@spec(LINUX, "MountExtensions", "MUST", "idmap.enabled is true where uidMappings and gidMappings of mounts are recognized")
def test_features_linux__mount_extensions(features):
    assert features["linux"]["mountExtensions"]["idmap"]["enabled"] in (True, False)


@spec(LINUX, "Cgroup", "MUST", "cgroup v2 is said to be supported")
def test_features_linux__cgroup(features):
    assert features["linux"]["cgroup"]["v2"] is True
