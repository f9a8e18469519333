# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must hold in every trace of a start (lib_trace.py): each rule returns its violations as texts.

A rule gets the trace and the `Scene` that it was made of. Processes that do not run kapsel are nobody's business here,
with one exception: that they were started.
"""

import re
from typing import NamedTuple

from lib_trace import EXECS, is_own_program


class Scene(NamedTuple):
    """What the rules must know of a start.

    root: the root file system on the host; places: directories of state and logs; helpers: programs of the host that
    may be executed; hooks: words of hooks, inside ones as well; marker: a word of every payload; declared: descriptors
    that a payload with that word may have beside 0 to 2; exposed: the caller can write id maps of a dumpable process
    only; steps: of order(), which each payload must have gone through.
    """

    root: str
    marker: str
    places: tuple = ()
    helpers: tuple = ()
    hooks: tuple = ()
    declared: dict = {}
    exposed: bool = False
    steps: tuple = ("setresuid", "capset", "no_new_privs", "seccomp")


# Arguments that are a path, each with the descriptor that it is relative to (None: the working directory).
PATHS = {
    "open": [(None, 0)], "creat": [(None, 0)], "openat": [(0, 1)], "openat2": [(0, 1)], "stat": [(None, 0)],
    "lstat": [(None, 0)], "newfstatat": [(0, 1)], "statx": [(0, 1)], "access": [(None, 0)], "faccessat": [(0, 1)],
    "faccessat2": [(0, 1)], "mkdir": [(None, 0)], "mkdirat": [(0, 1)], "mknod": [(None, 0)], "mknodat": [(0, 1)],
    "unlink": [(None, 0)], "rmdir": [(None, 0)], "unlinkat": [(0, 1)], "symlink": [(None, 1)], "symlinkat": [(1, 2)],
    "link": [(None, 0), (None, 1)], "linkat": [(0, 1), (2, 3)], "rename": [(None, 0), (None, 1)],
    "renameat": [(0, 1), (2, 3)], "renameat2": [(0, 1), (2, 3)], "readlink": [(None, 0)], "readlinkat": [(0, 1)],
    "chmod": [(None, 0)], "fchmodat": [(0, 1)], "fchmodat2": [(0, 1)], "chown": [(None, 0)], "lchown": [(None, 0)],
    "fchownat": [(0, 1)], "utimensat": [(0, 1)], "truncate": [(None, 0)], "statfs": [(None, 0)], "chdir": [(None, 0)],
    "chroot": [(None, 0)], "mount": [(None, 0), (None, 1)], "umount2": [(None, 0)],
    "pivot_root": [(None, 0), (None, 1)],
    "open_tree": [(0, 1)], "move_mount": [(0, 1), (2, 3)], "mount_setattr": [(0, 1)], "name_to_handle_at": [(0, 1)],
    "execve": [(None, 0)], "execveat": [(0, 1)], "getxattr": [(None, 0)], "lgetxattr": [(None, 0)],
    "setxattr": [(None, 0)], "lsetxattr": [(None, 0)], "inotify_add_watch": [(None, 1)], "acct": [(None, 0)],
    "swapon": [(None, 0)], "quotactl": [(None, 1)], "uselib": [(None, 0)],
}
# Calls that never follow their last component.
NOT_FOLLOWING = {"mkdirat", "mknodat", "unlinkat", "symlinkat", "readlinkat", "renameat", "renameat2", "lstat",
                 "lchown", "mkdir", "unlink", "rmdir", "rename", "lgetxattr", "lsetxattr", "readlink"}
# The working directory is the new root then.
MOUNT_CALLS = {"umount2": (".",), "pivot_root": (".", "."), "chroot": (".",)}
# The command is looked for as the one who will run it, and executed by its name in the container.
COMMAND_CALLS = {"newfstatat", "faccessat2", "execve", "execveat"}
CREDENTIALS = {"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid"}


def named(call):
    """(descriptor or None, path) of each path that the call was given."""
    for directory, number in PATHS.get(call.name, []):
        path = call.path(number)
        if path is not None:
            yield (call.descriptor(directory) if directory is not None else None), path


def is_open(call):
    return call.name in ("open", "openat", "openat2", "creat")


# --- 1: paths ------------------------------------------------------------------------------------


def is_hostile(descriptor, root):
    """Whether somebody else may own what lies below: the root file system, mounts, a container's own root."""
    origin = descriptor.origin if descriptor else None
    made_by = origin.made_by if origin else None
    if made_by is None or made_by.name in ("recvmsg", "socket", "accept4"):
        return False
    path = made_by.path(1) or ""
    if made_by.name == "fsopen":
        return not is_trusted_procfs(descriptor)
    if made_by.name == "open_tree":
        return True
    own_view = made_by.pivoted or re.match(r"/proc/\d+/(root|cwd)", path) is not None
    return own_view or path == root or path.startswith(root + "/")


def is_confined(call, path):
    """Whether a name relative to a hostile directory cannot lead out of it."""
    if path == "":
        return call.has("AT_EMPTY_PATH") or call.name in ("readlinkat", "move_mount")
    if call.name == "openat2":
        return call.has("RESOLVE_IN_ROOT") and (call.has("RESOLVE_NO_MAGICLINKS") or call.has("RESOLVE_NO_SYMLINKS"))
    if "/" in path or path == "..":
        return False
    return path == "." or call.name in NOT_FOLLOWING or any(
        call.has(word) for word in ("O_NOFOLLOW", "O_EXCL", "AT_SYMLINK_NOFOLLOW"))


def has_new_ids(call):
    """Whether the process has the container's ids already."""
    return any(it.name == "setresuid" and it.succeeded for it in call.process.lineage_until(call))


def path_from_nowhere(call, path, root):
    """What is wrong with a name that is relative to no descriptor."""
    if path == root:
        # Its own name is the operator's: it may be opened, and nothing else is done by it.
        return None if is_open(call) or call.name in ("open_tree", "newfstatat", "statx") else "the root by its name"
    if path.startswith(root + "/"):
        return "a name below the root file system"
    if re.match(r"/proc/[^/]+/(root|cwd|fd/\d+)/.", path):
        return "a name behind a process"
    if call.pivoted and path != "/" and not (call.name in COMMAND_CALLS and has_new_ids(call)):
        return "a name of the container"
    if call.inside and not path.startswith("/"):
        return "a name relative to the working directory"
    return None


def paths(trace, scene):
    """Nothing in the root file system is reached by a name that somebody could exchange."""
    found = []
    for call in trace.own():
        if call.name in ("mount", "umount"):
            found.append(f"the old way of mounting: {call}")
        elif call.name in MOUNT_CALLS:
            if tuple(call.path(number) for number in range(len(MOUNT_CALLS[call.name]))) != MOUNT_CALLS[call.name]:
                found.append(f"by a name: {call}")
        elif call.name == "move_mount":
            if not call.has("MOVE_MOUNT_F_EMPTY_PATH", "MOVE_MOUNT_T_EMPTY_PATH") or call.path(1) or call.path(3):
                found.append(f"attached by a name: {call}")
        else:
            found += [f"{why}: {call}" for why in wrong_names(call, scene.root)]
    return found


def wrong_names(call, root):
    if call.name == "chdir" and call.path(0) == "/":
        return
    for directory, path in named(call):
        if directory is None or path.startswith("/") and call.name != "openat2":
            why = path_from_nowhere(call, path, root)
        else:
            why = "a path" if is_hostile(directory, root) and not is_confined(call, path) else None
        if why:
            yield why


# --- 2: procfs -----------------------------------------------------------------------------------


def is_trusted_procfs(descriptor):
    """Our own mount of procfs, or the host's, opened before any container had a say."""
    made_by = descriptor.origin.made_by
    if made_by is None:
        return False
    if made_by.name == "fsopen":
        return made_by.path(0) == "proc"
    path = made_by.path(1) or ""
    return is_open(made_by) and not made_by.inside and (path == "/proc" or (
        path.startswith("/proc/") and not re.match(r"/proc/[^/]+/(root|cwd|exe|fd/)", path)))


def is_on_procfs(word, descriptor):
    """By the name that the argument `word` has now, or by where it comes from."""
    return bool(re.match(r"\d+<(.*/)?proc[/>]", word)) or is_trusted_procfs(descriptor)


def procfs_writes(trace, _scene):
    """Settings, labels and maps are written through a trusted procfs only, in the container after a look."""
    found = []
    for call in trace.own():
        if is_open(call) and call.inside and call.arg(0).startswith("AT_FDCWD") and is_writing(call) and \
                (call.path(1) or "").startswith("/proc"):
            found.append(f"opened for writing by its name: {call}")
        if call.name not in ("write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "splice"):
            continue
        number = 2 if call.name == "splice" else 0
        descriptor = call.descriptor(number)
        if not descriptor or descriptor.made_by is None or not is_on_procfs(call.arg(number), descriptor):
            continue
        if not is_trusted_procfs(descriptor):
            found.append(f"not through a trusted procfs: {call}")
        elif call.inside and "PROC_SUPER_MAGIC" not in descriptor.checked:
            found.append(f"nobody asked whether it is on procfs: {call}")
    return found


def is_writing(call):
    return any(call.has(word) for word in ("O_WRONLY", "O_RDWR", "O_TRUNC"))


# --- 3: programs ---------------------------------------------------------------------------------


def executions(trace, scene):
    """kapsel executes itself, declared hooks and named helpers of the host, and in the container only the payload."""
    found = []
    for call in trace.executions():
        words = " ".join(call.args)
        path = call.path(0) if call.name == "execve" else call.path(1)
        own = call.name == "execveat" and path == "" and is_own_program(call.descriptor(0))
        hook = any(word in words for word in scene.hooks)
        if call.inside and (scene.marker in words or hook):
            continue
        if hook and path == "/bin/sh":
            continue
        if call.inside:
            found.append(f"executed in the container's mount namespace: {call}")
        elif not own and path not in scene.helpers:
            found.append(f"not on the list: {call}")
    return found


# --- 4: descriptors ------------------------------------------------------------------------------


def descriptors(trace, scene):
    """The payload has 0 to 2 and what was declared."""
    found = []
    for call in trace.payloads(scene.marker):
        wanted = {0, 1, 2}.union(*(more for word, more in scene.declared.items() if word in " ".join(call.args)))
        if call.survivors != wanted:
            kept = {number: call.given.get(number) for number in call.survivors - wanted}
            found.append(f"survive: {kept}, missing: {wanted - call.survivors}: {call}")
    return found


# --- 5: dumpable ---------------------------------------------------------------------------------

# What the C library and libcap-ng do before main().
BEFORE_MAIN = {"brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "getrandom", "mprotect",
               "mmap", "munmap", "fstatfs", "read", "close", "fcntl", "getpid", "rt_sigprocmask", "rt_sigaction"}
OPENED_BEFORE_MAIN = {"/proc/sys/kernel/cap_last_cap", "/dev/null", "/proc/self/exe"}


def undumpable(call):
    return call.name == "prctl" and call.arg(0) == "PR_SET_DUMPABLE" and call.arg(1) in ("SUID_DUMP_DISABLE", "0")


def is_before_main(call):
    if call.name in ("openat", "readlink", "newfstatat"):
        return bool({call.path(0), call.path(1)} & OPENED_BEFORE_MAIN)
    return call.name in BEFORE_MAIN or (call.name == "prctl" and re.match("PR_(GET|CAP)", call.arg(0)) is not None)


def dumpable(trace, scene):
    """Nobody of the same id gets at kapsel: it says so first, and again after each change of ids."""
    processes = dict.fromkeys(call.process for call in trace.calls)
    return [text for process in processes for text in exposures(process, scene)]


def exposures(process, scene):
    """What a process does while it is, or may be, dumpable. `pending` is the call that has made it so."""
    protected = process.forked_at is not None and not process.forked_at.foreign
    pending = None
    for call in process.calls:
        if call.foreign or (call.name in EXECS and call.succeeded):
            protected, pending = False, None
            continue
        if undumpable(call):
            protected, pending = True, None
        elif call.arg(0) == "PR_SET_DUMPABLE":
            pending = call
            if not (scene.exposed and process.forked_at and "CLONE_NEWUSER" in process.forked_at.flags):
                yield f"dumpable again: {call}"
        elif not protected and not is_before_main(call):
            yield f"before it is protected: {call}"
        elif pending and not may_do(call, pending):
            yield f"after {pending.name} and before it is protected again: {call}"
        if changes_ids(call):
            pending = call


def may_do(call, pending):
    """Who waits for its id maps does nothing else; who changes ids, no more than that."""
    if pending.name == "prctl":
        return call.name in ("read", "write")
    return call.name in CREDENTIALS or call.arg(0) == "PR_SET_KEEPCAPS"


def changes_ids(call):
    return call.succeeded and (call.name in CREDENTIALS
                               or (call.name in ("setns", "unshare") and call.has("CLONE_NEWUSER")))


# --- 6: state and logs ---------------------------------------------------------------------------


def below(path, places):
    return any(path == place or path.startswith(place + "/") for place in places)


def state(trace, scene):
    """In directories of state and logs every name is one component of a held directory, and no link is followed."""
    found = []
    for call in trace.own():
        if call.name in ("bind", "connect"):
            found += socket_by_name(call, scene.places)
        for directory, path in named(call):
            if path.startswith("/") or directory is None:
                # The place itself is the operator's; it is opened, and made if need be.
                if below(path, scene.places) and path not in scene.places:
                    found.append(f"a name instead of a directory: {call}")
            elif path and below(directory.name, scene.places) and not stays(call, path):
                found.append(f"follows: {call}")
    return found


def stays(call, path):
    if call.name == "openat2":
        return call.has("RESOLVE_NO_SYMLINKS")
    return "/" not in path and path != ".." and (path == "." or call.name in NOT_FOLLOWING or any(
        call.has(word) for word in ("O_NOFOLLOW", "O_EXCL", "AT_SYMLINK_NOFOLLOW")))


def socket_by_name(call, places):
    """A socket's address holds no descriptor but by way of /proc/self/fd, and one component behind it."""
    match = re.search(r'sun_path="([^"]*)"', call.text)
    by_name = match and below(match[1], places)
    deep = match and re.match(r"/proc/self/fd/\d+/.*/", match[1])
    return [f"a socket by its name: {call}"] if by_name or deep else []


# --- 7: order ------------------------------------------------------------------------------------

AFTER_SECCOMP = {"read", "write", "close", "close_range", "clone3", *EXECS}


def last(calls, test):
    return max((number for number, call in enumerate(calls) if call.succeeded and test(call)), default=None)


def order(trace, scene):
    """Groups, ids, capabilities, no_new_privs, Landlock, seccomp, execve: in this order, for every payload."""
    found = []
    for payload in trace.payloads(scene.marker):
        calls = payload.process.lineage_until(payload)
        steps = {
            "setgroups": last(calls, lambda it: it.name == "setgroups"),
            "setresgid": last(calls, lambda it: it.name == "setresgid"),
            "setresuid": last(calls, lambda it: it.name == "setresuid"),
            "capset": last(calls, lambda it: it.name == "capset"),
            "no_new_privs": last(calls, lambda it: it.arg(0) == "PR_SET_NO_NEW_PRIVS"),
            "landlock": last(calls, lambda it: it.name == "landlock_restrict_self"),
            "seccomp": last(calls, lambda it: it.name == "seccomp" and it.arg(0) == "SECCOMP_SET_MODE_FILTER"),
        }
        may_gain = steps["no_new_privs"] is None and "no_new_privs" not in scene.steps
        if may_gain:
            del steps["capset"]  # see late()
        present = [(name, at) for name, at in steps.items() if at is not None]
        found += [f"{name} comes after {later}: {payload}" for (name, at), (later, after) in zip(present, present[1:])
                  if at > after]
        found += [f"no {name}: {payload}" for name in scene.steps if steps.get(name) is None]
        if steps["seccomp"] is not None:
            found += late(calls[steps["seccomp"] + 1:], may_gain)
    return found


def late(calls, may_gain):
    """What comes after seccomp. Without no_new_privs a right was needed for that: it goes with the very next call."""
    if may_gain and (not calls or calls[0].name != "capset"):
        yield f"a right stays: {calls[:1]}"
    for call in calls[1 if may_gain else 0:]:
        if call.name not in AFTER_SECCOMP:
            yield f"after seccomp: {call}"


# --- 8: code -------------------------------------------------------------------------------------

LIBRARY = re.compile(r"\.so(\.\d+)*$|/ld\.so\.|/nsswitch\.conf$|/gconv")


def code(trace, _scene):
    """kapsel maps no file as code, and opens no library and nothing that names one."""
    found = []
    for call in trace.own():
        mapped = call.name in ("mmap", "mprotect", "pkey_mprotect") and call.has("PROT_EXEC")
        if mapped and (call.name != "mmap" or not call.has("MAP_ANONYMOUS")):
            found.append(f"mapped as code: {call}")
        if is_open(call) and any(LIBRARY.search(path) for _, path in named(call)):
            found.append(f"a library: {call}")
    return found


def subjects(trace, scene):
    """How many calls each of the first rules had something to say about: none would mean that it sees nothing."""
    names = [(call, directory, path) for call in trace.own() for directory, path in named(call)]
    return {
        "names in the root": sum(directory is not None and is_hostile(directory, scene.root)
                                 for _, directory, _ in names),
        "names in state and logs": sum(directory is not None and below(directory.name, scene.places)
                                       for _, directory, _ in names),
        "writes to procfs": sum(bool(call.name == "write" and call.descriptor(0) and call.descriptor(0).made_by
                                     and is_on_procfs(call.arg(0), call.descriptor(0))) for call in trace.own()),
        "changes of ids": sum(changes_ids(call) for call in trace.own()),
    }


RULES = {rule.__name__: rule for rule in (paths, procfs_writes, executions, descriptors, dumpable, state, order, code)}
