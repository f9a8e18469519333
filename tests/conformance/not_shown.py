# SPDX-License-Identifier: LGPL-2.1-or-later
"""Requirements that no test shows, each with the reason: (file, section, word, requirement, reason)."""

NO_SELINUX = "no machine of the tests has SELinux"
NO_RDT = "needs a CPU with Resource Director Technology and a mounted resctrl"
NO_RDMA = "needs an RDMA device"
CGROUP_V1 = "about cgroup v1, which kapsel does not support (a limit that needs it is an error)"
OF_THE_CALLER = "asks something of the author of a configuration, not of a runtime"

NOT_SHOWN = [
    ("runtime.md", "State", "MUST NOT", "new values of status stand for new states only", "kapsel has one, paused: see tests/oci"),
    ("config.md", "Linux Process", "MUST", "selinuxLabel is the process's label", NO_SELINUX),
    ("config.md", "Linux mount options", "MUST", "the options lazytime, iversion and mand have their effect on a file system with a disk",
     "tmpfs takes them and shows what it keeps; the table above shows that they are understood"),
    ("config.md", "Annotations", "SHOULD", "keys are in reverse domain notation", OF_THE_CALLER),
    ("config.md", "Annotations", "MUST", "org.opencontainers.* keys are used as the specification says", OF_THE_CALLER),
    ("config.md", "Root", "SHOULD", "path is rootfs", OF_THE_CALLER),
    ("config.md", "POSIX-platform Mounts", "SHOULD", "idmap or ridmap stands beside mappings", OF_THE_CALLER),
    ("config-linux.md", "Mount Label", "MUST", "mountLabel is the SELinux context of the mounts", NO_SELINUX),
    ("config-linux.md", "Devices", "SHOULD NOT", "the same numbers are used for several devices", OF_THE_CALLER),
    ("config-linux.md", "Cgroup ownership", "SHOULD NOT", "the owner of a cgroup is not changed on cgroup v1", CGROUP_V1),
    ("config-linux.md", "Cgroup ownership", "MUST", "without /sys/kernel/cgroup/delegate three files are the list",
     "every kernel since 4.15 has that file"),
    ("config-linux.md", "Memory", "MAY", "swappiness, disableOOMKiller and useHierarchy", CGROUP_V1),
    ("config-linux.md", "CPU", "MAY", "realtimeRuntime and realtimePeriod", CGROUP_V1),
    ("config-linux.md", "Block IO", "MAY", "leafWeight and weightDevice", "need cgroup v1 or a disk with the bfq scheduler"),
    ("config-linux.md", "Network", "MAY", "classID and priorities", CGROUP_V1),
    ("config-linux.md", "RDMA", "MUST", "hcaHandles and hcaObjects are the cgroup's limits", NO_RDMA),
    ("config-linux.md", "Unified", "MUST", "v1 settings that can not be converted are an error", "the settings are those of the rows on cgroup v1"),
    ("config-linux.md", "IntelRdt", "MUST", "the process is in the tasks file of the group that closID names", NO_RDT),
    ("config-linux.md", "IntelRdt", "MUST NOT", "without intelRdt no resctrl file system is touched", NO_RDT),
    ("config-linux.md", "IntelRdt", "MUST", "l3CacheSchema, memBwSchema and schemata are written, combined and compared as described", NO_RDT),
    ("config-linux.md", "IntelRdt", "MUST", "a group is made where it is missing, and without a closID is named after the container", NO_RDT),
    ("config-linux.md", "IntelRdt", "MUST", "enableMonitoring makes a monitoring group", NO_RDT),
    ("config-linux.md", "Seccomp", "MUST", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
     "libseccomp knows it since 2.6; the test machines have 2.5.4"),
    ("features-linux.md", "AppArmor, SELinux, IntelRdt", "MAY", "enabled says what the runtime was built with", "nothing to compare it with"),
]
