# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rules of traces can fail: a small start that keeps all of them, and what each says of one that does not."""

import pytest

from lib_trace import Trace, split_arguments
from lib_trace_rules import RULES, Scene

SCENE = Scene(root="/srv/root", marker="traced:", places=("/run/kapsel",), helpers=("/usr/bin/newuidmap",),
              hooks=("hook-of-the-trace",), steps=("setresgid", "setresuid", "capset", "no_new_privs", "landlock",
                                                   "seccomp"))
# 10 is the launcher, 11 the container's process; lines with a name are where others are put in.
START = """
10 execve("/usr/bin/kapsel", ["kapsel", "run"], 0x1 /* 1 var */) = 0
10 brk(NULL) = 0x5000
10 openat(AT_FDCWD</>, "/proc/sys/kernel/cap_last_cap", O_RDONLY) = 3</proc/sys/kernel/cap_last_cap>
10 close(3</proc/sys/kernel/cap_last_cap>) = 0
10 prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0
@host
10 openat(AT_FDCWD</>, "/run/kapsel", O_RDONLY|O_NOFOLLOW|O_CLOEXEC|O_DIRECTORY) = 3</run/kapsel>
10 openat(3</run/kapsel>, "name", O_RDONLY|O_NOFOLLOW|O_CLOEXEC|O_DIRECTORY) = 4</run/kapsel/name>
10 openat(4</run/kapsel/name>, "state.json.new", O_WRONLY|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0600) = 5</run/kapsel/name/s>
@state
10 open_tree(AT_FDCWD</>, "/srv/root", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) = 6</>
10 clone3({flags=CLONE_NEWNS|CLONE_NEWUSER|CLONE_NEWPID, exit_signal=SIGCHLD, stack=NULL, stack_size=0} <unfinished ...>
11 fsopen("proc", FSOPEN_CLOEXEC) = 7<anon_inode:[fscontext]>
10 <... clone3 resumed>, 88) = 11
10 openat(AT_FDCWD</>, "/proc/11/uid_map", O_WRONLY|O_NOFOLLOW|O_CLOEXEC) = 8</proc/11/uid_map>
10 write(8</proc/11/uid_map>, "0 1 1\\n", 6) = 6
11 fsmount(7<anon_inode:[fscontext]>, FSMOUNT_CLOEXEC, 0) = 8</>
11 setresgid(1, 1, 1) = 0
11 setresuid(1, 1, 1) = 0
@ids
11 prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0
11 openat2(8</proc>, "sys/a/b", {flags=O_WRONLY, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24) = 9</proc/sys/a/b>
11 fcntl(9</proc/sys/a/b>, F_SETFD, FD_CLOEXEC) = 0
11 fstatfs(9</proc/sys/a/b>, {f_type=PROC_SUPER_MAGIC, f_bsize=4096}) = 0
11 write(9</proc/sys/a/b>, "1", 1) = 1
11 openat2(6</>, "a/b", {flags=O_RDONLY|O_CLOEXEC|O_PATH, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24) = 10</a/b>
11 move_mount(8</>, "", 10</a/b>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH) = 0
@mount
11 fchdir(6</>) = 0
11 pivot_root(".", ".") = 0
11 umount2(".", MNT_DETACH) = 0
11 chdir("/") = 0
@pivoted
11 capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=0, permitted=0, inheritable=0}) = 0
11 prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) = 0
11 landlock_create_ruleset({handled_access_fs=LANDLOCK_ACCESS_FS_EXECUTE}, 8, 0) = 11<anon_inode:[landlock-ruleset]>
11 landlock_restrict_self(11<anon_inode:[landlock-ruleset]>, 0) = 0
@landlocked
11 seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=18, filter=0x5}) = 0
@sealed
11 execve("/bin/sh", ["/bin/sh", "-c", "true", "traced:word"], 0x1 /* 0 vars */) = 0
11 open("/etc/anything", O_RDONLY) = 3</etc/anything>
"""
DOCTORED = [
    ("paths", "mount", 'mount("tmpfs", "/srv/root/a", "tmpfs", 0, NULL) = 0', "the old way"),
    ("paths", "mount", 'mount("/dev/null", "/proc/self/fd/10", NULL, MS_BIND, NULL) = 0', "the old way"),
    ("paths", "mount", 'umount2("/old", MNT_DETACH) = 0', "by a name"),
    ("paths", "mount", 'pivot_root("/srv/root", "/srv/root/old") = 0', "by a name"),
    ("paths", "mount", 'move_mount(8</>, "", 6</>, "proc", MOVE_MOUNT_F_EMPTY_PATH) = 0', "attached by a name"),
    ("paths", "mount", 'openat(6</>, "a/b", O_RDONLY|O_NOFOLLOW|O_CLOEXEC) = 12</a/b>', "a path"),
    ("paths", "mount", 'openat(6</>, "a", O_RDONLY|O_CLOEXEC) = 12</a>', "a path"),
    ("paths", "mount", 'openat(6</>, "a/", O_RDONLY|O_NOFOLLOW|O_CLOEXEC) = 12</a>', "a path"),
    ("paths", "mount", 'openat(10</a/b>, "..", O_RDONLY|O_NOFOLLOW|O_CLOEXEC) = 12</a>', "a path"),
    ("paths", "mount", 'mkdirat(6</>, "a/b", 0755) = 0', "a path"),
    ("paths", "mount", 'newfstatat(6</>, "a", {st_mode=S_IFREG|0644, ...}, 0) = 0', "a path"),
    ("paths", "mount", 'openat2(6</>, "a", {flags=O_RDONLY|O_CLOEXEC, resolve=RESOLVE_IN_ROOT}, 24) = 12</a>',
     "a path"),
    ("paths", "mount", 'openat2(6</>, "a", {flags=O_RDONLY|O_CLOEXEC, resolve=RESOLVE_NO_MAGICLINKS}, 24) = 12</a>',
     "a path"),
    ("paths", "mount", 'openat(AT_FDCWD</>, "/srv/root/a", O_RDONLY|O_CLOEXEC) = 12</a>', "below the root"),
    ("paths", "mount", 'openat(6</>, "/srv/root/a", O_RDONLY|O_CLOEXEC) = 12</a>', "below the root"),
    ("paths", "host", 'openat(AT_FDCWD</>, "/proc/11/root/etc/passwd", O_RDONLY|O_CLOEXEC) = 12</etc/passwd>',
     "behind a process"),
    ("paths", "mount", 'newfstatat(AT_FDCWD</>, "/proc/self/fd/6/a", {st_mode=S_IFREG|0644, ...}, 0) = 0',
     "behind a process"),
    ("paths", "mount", 'chdir("/srv/root") = 0', "the root by its name"),
    ("paths", "mount", 'openat(AT_FDCWD</>, "etc", O_RDONLY|O_CLOEXEC) = 12</etc>', "the working directory"),
    ("paths", "pivoted", 'openat(AT_FDCWD</>, "/etc/passwd", O_RDONLY|O_NOFOLLOW|O_CLOEXEC) = 12</etc/passwd>',
     "a name of the container"),
    ("procfs_writes", "mount", 'write(10</srv/root/proc/sys/a>, "1", 1) = 1', "not through a trusted"),
    ("procfs_writes", "mount", 'openat(AT_FDCWD</>, "/proc/self/attr/exec", O_WRONLY|O_CLOEXEC) = 12</proc/11/a>',
     "by its name"),
    ("procfs_writes", "mount", 'openat2(8</proc>, "self/attr/exec", {flags=O_WRONLY|O_CLOEXEC, '
     'resolve=RESOLVE_IN_ROOT}, 24) = 12</proc/11/attr/exec>\n11 write(12</proc/11/attr/exec>, "label", 5) = 5',
     "nobody asked"),
    ("executions", "host", 'execve("/usr/bin/mount", ["mount"], 0x1 /* 1 var */) = 0', "not on the list"),
    ("executions", "host", 'execve("/usr/bin/modprobe", ["modprobe"], 0x1 /* 1 var */) = -1 ENOENT (No such file)',
     "not on the list"),
    ("executions", "state", 'execveat(4</run/kapsel/name>, "", ["kapsel"], 0x1 /* 1 var */, AT_EMPTY_PATH) = 0',
     "not on the list"),
    ("executions", "mount", 'execve("/usr/bin/newuidmap", ["newuidmap"], 0x1 /* 1 var */) = 0', "mount namespace"),
    ("descriptors", "mount", 'openat(AT_FDCWD</>, "/dev/null", O_RDONLY) = 12</dev/null<char 1:3>>', "survive: {12"),
    ("descriptors", "mount", 'fcntl(6</>, F_DUPFD, 20) = 20</>', "survive: {20"),
    ("descriptors", "mount", 'fcntl(6</>, F_SETFD, 0) = 0', "survive: {6"),
    ("descriptors", "mount", 'dup2(6</>, 20) = 20</>', "survive: {20"),
    ("descriptors", "mount", 'pipe2([12<pipe:[1]>, 13<pipe:[1]>], 0) = 0', "survive: {"),
    ("descriptors", "mount", 'socketpair(AF_UNIX, SOCK_SEQPACKET, 0, [12<UNIX:[1->2]>, 13<UNIX:[2->1]>]) = 0',
     "survive: {"),
    ("descriptors", "mount", 'recvmsg(10<UNIX:[1->2]>, {msg_name=NULL, msg_control=[{cmsg_len=20, '
     'cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[9<UNIX:[3->4]>, 12</etc>]}], msg_flags=0}, 0) = 1',
     "survive: {9: received"),
    ("descriptors", "sealed", 'close(2) = 0', "missing: {2}"),
    ("dumpable", "ids", 'openat(AT_FDCWD</>, "/dev/null", O_RDONLY|O_CLOEXEC) = 12</dev/null>', "after setresuid"),
    ("dumpable", "mount", 'prctl(PR_SET_DUMPABLE, SUID_DUMP_USER) = 0', "dumpable again"),
    ("dumpable", "mount", 'setns(10<pid:5>, CLONE_NEWNS|CLONE_NEWUSER) = 0\n11 fchdir(6</>) = 0', "after setns"),
    ("state", "state", 'openat(AT_FDCWD</>, "/run/kapsel/name/log", O_RDONLY|O_NOFOLLOW|O_CLOEXEC) = 9</x>',
     "a name instead"),
    ("state", "state", 'openat(4</run/kapsel/name>, "log", O_RDONLY|O_CLOEXEC) = 9</run/kapsel/name/log>', "follows"),
    ("state", "state", 'openat(3</run/kapsel>, "name/log", O_RDONLY|O_NOFOLLOW|O_CLOEXEC) = 9</x>', "follows"),
    ("state", "state", 'unlinkat(3</run/kapsel>, "name/log", 0) = 0', "follows"),
    ("state", "state", 'connect(9<UNIX:[1]>, {sa_family=AF_UNIX, sun_path="/run/kapsel/name/control"}, 110) = 0',
     "a socket"),
    ("state", "state", 'bind(9<UNIX:[1]>, {sa_family=AF_UNIX, sun_path="/proc/self/fd/3/name/control"}, 110) = 0',
     "a socket"),
    ("order", "landlocked", 'setresuid(1, 1, 1) = 0', "setresuid comes after"),
    ("order", "pivoted", 'setgroups(1, [5]) = 0\n11 setresgid(1, 1, 1) = 0', "setresgid comes after"),
    ("order", "landlocked", 'prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) = 0', "no_new_privs comes after"),
    ("order", "sealed", 'landlock_restrict_self(10<x>, 0) = 0', "landlock comes after"),
    ("order", "sealed", 'openat(6</>, "a", O_RDONLY|O_NOFOLLOW|O_CLOEXEC) = 12</a>', "after seccomp"),
    ("code", "mount", 'mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE, 10</a/b>, 0) = 0x7f', "mapped as code"),
    ("code", "mount", 'mprotect(0x7f, 4096, PROT_READ|PROT_EXEC) = 0', "mapped as code"),
    ("code", "pivoted", 'openat(AT_FDCWD</>, "/lib/libnss_files.so.2", O_RDONLY|O_CLOEXEC) = 12</lib/a>', "a library"),
]
LEFT_OUT = [
    ("dumpable", "10 prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0", "before it is protected"),
    ("dumpable", "11 prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0", "after setresuid"),
    ("procfs_writes", "11 fstatfs(9</proc/sys/a/b>, {f_type=PROC_SUPER_MAGIC, f_bsize=4096}) = 0", "nobody asked"),
    ("order", "11 prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) = 0", "no no_new_privs"),
    ("order", "11 landlock_restrict_self(11<anon_inode:[landlock-ruleset]>, 0) = 0", "no landlock"),
    ("order", "11 seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=18, filter=0x5}) = 0", "no seccomp"),
]


def trace_of(text):
    lines = [line for line in text.splitlines() if not line.startswith("@")]
    return Trace("\n".join(lines), ["/usr/bin/kapsel"])


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_small_start_keeps_it(rule):
    assert rule(trace_of(START), SCENE) == []


@pytest.mark.parametrize("rule,place,line,said", DOCTORED, ids=[f"{it[0]}-{it[2].split('(')[0]}" for it in DOCTORED])
def test_one_call_more_breaks_it(rule, place, line, said):
    pid = 10 if place in ("host", "state") else 11
    found = RULES[rule](trace_of(START.replace(f"@{place}\n", f"{pid} {line}\n")), SCENE)
    assert found and said in found[0], found


@pytest.mark.parametrize("rule,line,said", LEFT_OUT)
def test_one_call_less_breaks_it(rule, line, said):
    assert line in START
    found = RULES[rule](trace_of(START.replace(line + "\n", "")), SCENE)
    assert found and said in found[0], found


def test_waiting_for_id_maps_is_all_that_is_done_exposed():
    """A caller without rights: init shows itself, waits, hides."""
    shown = "11 prctl(PR_SET_DUMPABLE, SUID_DUMP_USER) = 0\n11 read(9<pipe:[1]>, \"\", 1) = 1\n{}" \
            "11 prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0\n"
    scene = SCENE._replace(exposed=True)
    for more, wrong in (("", False), ("11 fchdir(6</>) = 0\n", True)):
        first = "11 setresgid(1, 1, 1) = 0\n"
        trace = trace_of(START.replace(first, shown.format(more) + first))
        assert bool(RULES["dumpable"](trace, scene)) == wrong
        assert RULES["dumpable"](trace, SCENE)


def test_without_no_new_privs_the_right_for_the_filter_goes_at_once():
    capset = "11 capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=0, permitted=0, inheritable=0}) = 0\n"
    text = START.replace("11 prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) = 0\n", "").replace(capset, "")
    scene = SCENE._replace(steps=("setresuid", "seccomp"))
    assert RULES["order"](trace_of(text.replace("@sealed\n", capset)), scene) == []
    assert "a right stays" in RULES["order"](trace_of(text), scene)[0]
    delayed = text.replace("@sealed\n", "11 close(3) = 0\n" + capset)
    assert "a right stays" in RULES["order"](trace_of(delayed), scene)[0]


def test_the_payload_is_found_once():
    assert len(trace_of(START).payloads("traced:word")) == 1 and trace_of(START).payloads("traced:other") == []


def test_shared_descriptors_are_shared():
    """CLONE_FILES: what one closes is closed for the other, until they part."""
    lines = ['10 execve("/usr/bin/kapsel", [], 0x1) = 0', '10 openat(AT_FDCWD</>, "/a", O_RDONLY) = 3</a>',
             "10 clone3({flags=CLONE_FILES|CLONE_NEWNS, exit_signal=SIGCHLD}, 88) = 2 /* 12 in strace's PID NS */",
             "12 close(3</a>) = 0", '12 execve("/bin/x", ["traced:word"], 0x1) = 0']
    for way, survivors in (("CLONE_FILES|", {0, 1, 2}), ("", {0, 1, 2, 3})):
        text = "\n".join(lines).replace("CLONE_FILES|", way) + '\n10 execve("/bin/y", [], 0x1) = 0'
        trace = Trace(text, ["/usr/bin/kapsel"])
        assert trace.payloads("traced:word")[0].survivors == {0, 1, 2}
        assert trace.executions()[-1].survivors == survivors


@pytest.mark.parametrize("text,wanted", [
    ('3</a, b>, "x, y\\"", {a=1, b=[2, 3]}, A|B) = 0', ["3</a, b>", '"x, y\\""', "{a=1, b=[2, 3]}", "A|B"]),
    ('4<UNIX:[1->2,"/run/x"]>, 1<<CAP_CHOWN, 7) = 1', ['4<UNIX:[1->2,"/run/x"]>', "1<<CAP_CHOWN", "7"]),
    ("AT_FDCWD</a, b>, NULL) = 0", ["AT_FDCWD</a, b>", "NULL"]), (") = 5", []),
])
def test_words_of_a_call_are_taken_apart(text, wanted):
    assert split_arguments(text)[0] == wanted
