# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a person made of the peers' reds.

FAILS: {(row, runtime): what happened}. NOT_OFFERED: {(how a test's name goes on behind "test_", runtime): why it
judges nothing of that runtime}. CASES: the same for one case of a test, by its whole name. The versions are those of
results.json.
"""

FAILS = {
    ("A1.2", "runc"):
        "a tmpfs below a parent that is exchanged for a link: the mode of the host's directory behind the link is "
        "set (to what it was; its change time tells).",
    ("A1.4", "runc"):
        "a missing mount point is made through the link that the neighbour put there: the file appears on the "
        "host (CVE-2024-45310, mended in 1.1.14).",
    ("A1.5", "crun"):
        "the mask itself is a good device. But a file or FIFO of the image at `/dev/null` stays in the device's "
        "place: the container's output goes into the file, with the FIFO the start never ends.",
    ("A1.5", "runc"):
        "with a file of the image at `/dev/null` the mask is that file, which the image fills and the container "
        "writes (CVE-2025-31133); with a FIFO the start never ends.",
    ("A1.6", "crun"):
        "with `/dev/console` a link of the image and no `/dev` mounted, the link stays, and the terminal is not "
        "at `/dev/console`.",
    ("A1.6", "runc"):
        "with `/dev/console` a link of the image and no `/dev` mounted, the link stays, and the terminal is not "
        "at `/dev/console`.",
    ("A1.9", "crun"):
        "where the image's `/dev` is a link and the configuration mounts none there, `null`, `zero`, `ptmx`, `fd`"
        " and others are made in the host's directory that the link names (CVE-2026-47766).",
    ("A1.9", "runc"):
        "where the image's `/dev` is a link, `ptmx`, `fd`, `stdin`, `stdout` and `stderr` are made in the host's "
        "directory that it names (CVE-2026-41579).",
    ("A1.9", "podman"):
        "crun below it, with podman's own `/dev`, too: `null`, `zero`, `ptmx`, `fd` and others are made in the "
        "host's directory that the image's link names.",
    ("A1.17", "bwrap"):
        "its proc has no masks. Called by root, the container's only id is the host's root: "
        "`/proc/sys/kernel/core_pattern` opens for writing.",
    ("A1.17", "podman"):
        "its list of masks does not have `/proc/interrupts` yet.",
    ("A1.19", "crun"):
        "a remount that the kernel refuses with EPERM is tried again with fewer flags: the container starts, and "
        "its volume has no `nosuid`, `nodev` or `ro`.",
    ("A2.1", "crun"):
        "a working directory `/proc/self/fd/N` leads to a directory of the host that the caller left open, in "
        "run, create and exec; the container reads the host's file there.",
    ("A2.1", "podman"):
        "crun below it: a working directory `/proc/self/fd/N` leads to a directory of the host that the caller "
        "left open. The descriptors themselves stay outside.",
    ("A2.10", "crun"):
        "hooks get only their own environment. But the annotation `run.oci.hooks.stderr` names a file of the host"
        " that the runtime writes, a documented feature.",
    ("A2.10", "podman"):
        "crun below it: the annotation `run.oci.hooks.stderr` names a file of the host that is written.",
    ("A2.13", "crun"):
        "ids with a line break, a blank or an escape sequence are taken (none leaves its place; since 1.28 they "
        "are refused).",
    ("A3.6", "crun"):
        "in config.json, ids that are a text, `true` or 4294967295 are no error: the container runs as root.",
    ("A3.7", "crun"):
        "`exec --user` takes `-1`, `4294967295` and `4294967296` for root, and empty parts for 0 (compare "
        "CVE-2026-30892).",
    ("A3.7", "runc"):
        "`exec --user 4294967296` is user 0.",
    ("A3.7", "podman"):
        "no number is mistaken, but `exec --user :5` is user 0, where the row wants an error.",
    ("A3.9", "bwrap"):
        "called by root, the only id inside is the host's root, whatever its number there: a setuid file on a "
        "writable volume belongs to root on the host.",
    ("A3.13", "crun"):
        "`exec` gives the process the session keyring of its caller; `run` and `create` make a new one.",
    ("A3.13", "podman"):
        "crun below it: `exec` leaves the caller's session keyring.",
    ("A5.6", "crun"):
        "with a FIFO as the image's `/etc/passwd` the start never ends.",
    ("A5.6", "runc"):
        "with a FIFO as the image's `/etc/passwd` the start never ends.",
    ("A5.6", "podman"):
        "with a FIFO as the image's `/etc/passwd` the start never ends (CVE-2024-9676 is of this kind).",
    ("A5.14", "crun"):
        "a state directory of another user, or one that all may write, is used without a word.",
    ("A5.14", "runc"):
        "a state directory of another user, or one that all may write, is used without a word.",
}

_COVERED = ("the test wants a refusal; it starts, and the setting is in effect in the container's own namespace and "
            "nowhere else")
_FILTER = "it has no filter of its own: its caller hands one over as compiled BPF"
_PROFILE = "this is what kapsel's default profile promises"
_INHERITS = "descriptors of the caller are handed on by design, which is how data gets in"
_INTERFACE = "the test reads files or calls of kapsel's own"

NOT_OFFERED = {
    **{("a1_07", name): _COVERED for name in ("crun", "runc", "podman")},
    ("a1_19", "podman"): "the test can not get between podman and its runtime, which has a column of its own",
    ("a2_01", "bwrap"): _INHERITS,
    ("a3_03_groups_of_the_caller", "podman"):
        "it gives the user's own group as a supplementary one, which the test does not expect; those of the caller are "
        "not there",
    ("a3_06", "podman"): "ids are words of its command line, where \"+0\" is a 0; numbers out of range are refused",
    ("a3_09_state", "podman"): _INTERFACE,
    ("a3_13", "bwrap"): _FILTER,
    ("a3_14", "bwrap"): _FILTER,
    **{(f"a4_{number:02}", "bwrap"): _FILTER for number in (1, 2, 4, 5, 6, 8, 12, 13, 14)},
    ("a4_07", "bwrap"): "its defence is a session of its own, the test asks for a filter",
    ("a5_11", "bwrap"): _PROFILE,
    ("a5_14", "podman"): _INTERFACE,
    ("a5_18", "bwrap"): _PROFILE,
}

_NO_CGROUPS = "its cgroups are disabled in the run, where this is looked at"
CASES = {
    ("test_a5_05_input_without_end_is_refused_in_time[oci-create-processors]", "crun"): _NO_CGROUPS,
    ("test_a5_13_verb_meets_a_stranger_with_the_pid[oci-create-ps]", "crun"): _NO_CGROUPS,
}
