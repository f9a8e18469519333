# SPDX-License-Identifier: LGPL-2.1-or-later
"""The known ways out of containers, as a list: what each is, and what shows that it is closed.

Row(id, title, drivers, tests) has tests in this folder (a prefix: "test_a1_01" stands for all that begin so) or in
another ("tests/e2e/test_x.py::test_y"). Row(id, title, (), (), reason) has none, and says why.
"""

from typing import NamedTuple

ALL = ("run", "enter", "oci-create", "oci-run", "oci-exec")
OWN = ("run", "enter")
OCI = ("oci-create", "oci-run", "oci-exec")
SET_UP = ("run", "oci-create", "oci-run")


class Row(NamedTuple):
    id: str
    title: str
    drivers: tuple
    tests: tuple
    reason: str = ""


def _row(number, title, drivers=ALL, *elsewhere):
    """A row whose tests here are named after it, and perhaps some elsewhere."""
    area, _, place = number.partition(".")
    return Row(number, title, drivers, (f"test_{area.lower()}_{int(place):02}", *elsewhere))


E2E = "tests/e2e/"
ROWS = [
    _row("A1.1", "a link in the image stands where a mount goes"),
    _row("A1.2", "a mount point becomes a link between look and mount", SET_UP),
    _row("A1.3", "chains and loops of links outwit an own resolver", SET_UP),
    _row("A1.4", "missing mount points are made through a moving parent", SET_UP),
    _row("A1.5", "masks are made of the image's forged null device"),
    _row("A1.6", "the console is bound from a terminal that the image forged", ("oci-create",)),
    _row("A1.7", "a setting or label is written through a covered proc", SET_UP),
    _row("A1.8", "proc or sys is a link or file of the image", SET_UP),
    _row("A1.9", "dev is a link, and is filled on the host"),
    _row("A1.10", "a link leads to the old root while it is still there", SET_UP),
    _row("A1.11", "dots and odd words in a mount's destination", SET_UP),
    _row("A1.12", "a trailing slash makes the kernel follow a link"),
    _row("A1.13", "what is copied into a volume comes from a link to the host", ("oci-create", "oci-run")),
    _row("A1.14", "a file of the launcher is put where an earlier run left a link"),
    _row("A1.15", "the end cleans up through a name that became a link"),
    # Whose link it is that is followed there: see "A neighbour on a shared volume" in docs/threat-model.md.
    _row("A1.16", "a part of a shared volume as source is exchanged", SET_UP),
    _row("A1.17", "dangerous nodes of proc and sys are open"),
    _row("A1.18", "proc leads into a volume that another container writes"),
    _row("A1.19", "a mount is attached though its flags failed", ("run", "oci-run"),
         E2E + "test_inject.py::test_a_call_that_fails_is_one_clear_message_or_does_not_matter",
         "tests/oci/test_stress.py::test_a_system_call_that_fails_fails_the_create_or_does_not_matter"),
    _row("A1.20", "read-only was asked for, and silently is not"),
    _row("A1.21", "a descriptor of the set-up stays open inside"),
    _row("A1.22", "mounts of containers spread to the host"),
    Row("A1.23", "bugs of the page cache get around read-only", OWN, ("test_a4_06",)),

    _row("A2.1", "the working directory is a leaked descriptor of the host"),
    _row("A2.2", "a process that joins is taken over before it is confined", ("oci-exec",),
         E2E + "test_enter.py::test_the_payload_has_no_socket_of_inits",
         E2E + "test_enter.py::test_neither_can_signal_or_trace_the_other"),
    _row("A2.3", "the container overwrites the launcher's program"),
    _row("A2.4", "the launcher loads a library of the image"),
    _row("A2.5", "the launcher runs helpers or looks up names of the image"),
    _row("A2.6", "a descriptor of a cgroup survives into the container", ("run", "oci-create")),
    _row("A2.7", "control sockets in the abstract namespace", ("run", "oci-create")),
    _row("A2.8", "the launcher can be traced by its own user", ("run",)),
    _row("A2.9", "lengths overflow in messages between own processes"),
    _row("A2.10", "hooks get the image's environment, annotations become commands", ("oci-create",)),
    _row("A2.11", "a word is taken for an option", ("oci-create",)),
    _row("A2.12", "a line break or sign in a value makes another setting"),
    _row("A2.13", "a name or cgroup path leaves its place", ("run", "oci-create")),

    _row("A3.1", "inheritable capabilities let programs gain"),
    _row("A3.2", "ambient capabilities for a user who is not root"),
    _row("A3.3", "supplementary groups are kept or missing"),
    _row("A3.4", "dropping a group opens what it was denied", OWN),
    _row("A3.5", "a user that is a number is looked up as a name"),
    _row("A3.6", "a user id wraps around to 0", ("run", "oci-create")),
    _row("A3.7", "exec takes another user for root", ("oci-exec",)),
    _row("A3.8", "mappings of ids that overlap, wrap or include the host's root", SET_UP),
    _row("A3.9", "state and setuid files are reached by users of the host"),
    _row("A3.10", "a setuid program of the image gains"),
    _row("A3.11", "capabilities come back after they were dropped"),
    _row("A3.12", "a launcher that is setuid is attacked by its caller", ("run", "oci-create")),
    _row("A3.13", "keyrings of the host are shared"),
    _row("A3.14", "a session given to the parent drops its Landlock domain", OWN),

    _row("A4.1", "other tables of system calls get around the filter"),
    _row("A4.2", "the filter compares 64 bits where the kernel takes 32"),
    _row("A4.3", "a tracer suspends the filter"),
    _row("A4.4", "clone3 hides its flags from the filter"),
    _row("A4.5", "io_uring makes calls without the filter"),
    _row("A4.6", "the 32-bit multiplexer opens sockets"),
    _row("A4.7", "typing into the caller's terminal", ALL,
         E2E + "test_probes.py::test_nothing_can_be_typed_into_an_inherited_terminal"),
    _row("A4.8", "paste on a virtual console"),
    _row("A4.9", "escape sequences reach the operator's terminal", ("run", "oci-create"),
         E2E + "test_logs.py::test_a_terminal_gets_nothing_that_can_harm_it"),
    _row("A4.10", "policy files of AppArmor are reached"),
    Row("A4.11", "SELinux relabels files of the host", (), (),
        "needs a kernel with SELinux; kapsel labels no mount source"),
    _row("A4.12", "fast open, MPTCP, unbound listen and UDP pass Landlock", OWN),
    _row("A4.13", "the container takes a filter's listener"),
    _row("A4.14", "a notifier decides on what a pointer points to", OWN),

    _row("A5.1", "a cgroup of the old kind with a release agent"),
    _row("A5.2", "cgroup files can be written", ("oci-create", "oci-exec")),
    _row("A5.3", "devices are allowed but for a list"),
    _row("A5.4", "an update leaves a moment without a device program", ("oci-create",)),
    _row("A5.5", "input without end eats memory", ("run", "oci-create")),
    _row("A5.6", "passwd is a pipe, a device or a link"),
    _row("A5.7", "output and resizing leak the launcher's memory", ("run",),
         E2E + "test_service_attacks.py::test_with_a_cgroup_no_descriptor_grows_with_restarts"),
    _row("A5.8", "a flood of output fills the disk", ("run",), E2E + "test_probes.py::test_a_log_has_an_end"),
    _row("A5.9", "output that looks like the log's own lines", ("run",)),
    _row("A5.10", "services of the host's loopback are reached"),
    _row("A5.11", "parts of the kernel that user namespaces open", OWN),
    Row("A5.12", "a setuid helper of the network", (), ("test_a3_12",)),
    _row("A5.13", "a signal meets a process that got the number", ("run", "oci-create"),
         "tests/oci/test_lifecycle.py::test_kill_does_not_believe_a_pid_that_another_process_has",
         "tests/oci/test_attacks_calls.py::test_state__a_recycled_pid_is_not_signalled"),
    _row("A5.14", "state that somebody else put there", ("run", "oci-create"),
         "tests/oci/test_attacks_calls.py::test_found__a_container_that_somebody_else_put_there_is_refused"),
    _row("A5.15", "processes survive the end", ("run", "oci-create")),
    _row("A5.16", "lack of memory ends the launcher", ("run", "oci-create", "oci-run"),
         E2E + "test_limits.py::test_a_memory_hog_dies_alone",
         E2E + "test_limits.py::test_out_of_memory_ends_the_whole_container"),
    _row("A5.17", "a checkpoint is trusted", ("oci-create",)),
    _row("A5.18", "the host's core handler runs on the container's data", OWN,
         E2E + "test_probes.py::test_a_crash_does_not_run_the_hosts_core_handler"),
]
