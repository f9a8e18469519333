# SPDX-License-Identifier: LGPL-2.1-or-later
"""What each probe of tests/probe must answer.

An answer is an errno's name, a signal's name, OK (the attack worked) or HELD (it
ran and gained nothing).  Each line of a table is `ANSWER[|ANSWER...]: PROBE...`.

`base` means: syscalls.allow ["@base", "@process"], since a probe attacks from a
child; everything else in the profile is the hardest default.
"""


def table(text):
    answers = {}
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if not line:
            continue
        expected, _, names = line.partition(":")
        for name in names.split():
            assert name not in answers, f"{name} stands in the table twice"
            answers[name] = set(expected.split("|"))
    return answers


# The hardest default.  Sets stand where kernels differ, or where two layers stop
# the attack and either may be the first to answer.
STRICT = table("""
# D1: mounts and namespaces
EPERM: mount-tmpfs mount-proc remount-root bind-proc umount-proc umount-dev pivot-root chroot-escape
EPERM: fsopen fspick open-tree-clone move-mount mount-setattr setns-own setns-nothing
ENOENT|EACCES|EPERM: setns-init      # hidepid hides pid 1 before setns can be refused
EPERM: unshare-user unshare-mount unshare-net unshare-cgroup unshare-uts unshare-ipc unshare-pid unshare-time
EPERM: clone-user clone-user-bit32 clone-mount
ENOSYS: clone3 clone3-user listmount statmount

# D2: processes
EPERM: ptrace-init ptrace-child ptrace-traceme vm-readv-init vm-readv-own
EPERM: pidfd-getfd-init pidfd-getfd-own kcmp-init kcmp-own
ENOENT|EACCES: init-environ init-root init-fds init-exe init-mem init-maps
ESRCH: kill-host-pid
EACCES|EROFS|ETXTBSY: write-self-exe
EACCES: oom-score-adj
EPERM: sched-fifo
EACCES|EPERM: nice-minus-20
EPERM: raise-rlimit process-madvise move-pages migrate-pages mbind set-mempolicy
EINVAL: clear-no-new-privs           # the kernel knows no other answer
EPERM: raise-ambient set-securebits drop-bounding

# D3: the kernel
SIGSYS: kexec-load kexec-file-load init-module finit-module delete-module
EPERM: bpf-map-create bpf-prog-load perf-event-self perf-event-cpu
EPERM: keyctl-join keyctl-get add-key request-key userfaultfd userfaultfd-user
ENOSYS: io-uring
EPERM: clock-settime settimeofday adjtimex reboot swapon swapoff acct quotactl vhangup iopl ioperm syslog
EPERM: sethostname setdomainname
ENOSYS: fanotify-content fanotify-fid lookup-dcookie nfsservctl uselib sysctl ustat sysfs modify-ldt
EPERM: personality
EACCES: mmap-rwx mprotect-rx
EACCES|EPERM: pkey-mprotect-rx       # not in @base: refused by its number
EPERM: memfd-dual-map memfd-exec
EACCES|EROFS|ENOENT: file-dual-map   # no file can be written
EPERM: mmap-low
SIGSYS|ENOSYS: x32-getpid            # a kernel without x32 may answer first
SIGSYS|SIGSEGV: int80-getpid int80-mount int80-socketcall  # SIGSEGV: a kernel without 32-bit calls
ENOSYS: syscall-9999 syscall-minus-1
EPERM: seccomp-listener
EPERM|ENOSYS: lsm-set-self-attr
ENOSYS: map-shadow-stack

# D4: files, devices, identity, limits
EPERM: open-by-handle
ENOSYS: name-to-handle
EPERM: mknod-disk mknod-mem mknod-null mknod-whiteout
EACCES|EPERM: image-block-node image-char-node
ENOENT: dev-mem dev-port dev-kmsg dev-fuse dev-kvm dev-net-tun dev-sda dev-vda
EROFS|EACCES: create-in-root write-etc-passwd
EACCES|EROFS|ENOENT: write-and-exec setxattr-filecap fill-tmpfs exhaust-inodes large-file  # no file can be written
EPERM: symlink-in-volume hardlink-root-file
EPERM: exec-again execveat-again exec-other
EPERM|EACCES: execveat-absolute execveat-absolute-own
HELD: climb-above-root
EBADF: fchdir-inherited inherited-fds
EPERM|HELD: setuid-program filecap-program
EPERM|EINVAL: setresuid-root setresgid-root
EPERM: setgroups-none setgroups-root capset-all
EMFILE: exhaust-fds
EPERM|ENOMEM: mlockall mlock-page
HELD: core-dump
EPERM: lower-core-limit lower-core-limit-by-pid

# D5: nodes of proc, sys, cgroup
ENOENT: sys-core-pattern sys-modprobe sys-hostname sys-vm-overcommit sys-vm-drop-caches sysrq-trigger
ENOENT: proc-kcore proc-kmsg proc-kallsyms proc-keys proc-timer-list proc-sched-debug proc-interrupts
ENOENT: proc-config proc-modules proc-latency-stats proc-cmdline
ENOENT: proc-irq proc-bus proc-fs proc-acpi proc-scsi proc-asound
ENOENT: sys-firmware sys-debug sys-security sys-powercap sys-uevent-helper
ENOENT: cgroup-release-agent cgroup-procs cgroup-memory-max cgroup-pids-max cgroup-cpu-max
ENOENT: proc-host-pid
HELD: proc-other-pids
# Differs from the plan to show no path of the host: for a root that is a directory of a
# larger file system mountinfo always names that directory (proc(5), field 4); only a file
# system of its own (an image) or "proc": "none" hides it.
OK: mountinfo-host-paths

# D6: sockets and terminals; @base has no sockets at all
EPERM: socket-raw-icmp socket-raw6 socket-packet socket-packet-bit32 socket-alg socket-vsock
EPERM: socket-xdp socket-key socket-can socket-bluetooth socket-tipc socket-rds socket-qipcrtr socket-smc
EPERM: socket-nfc socket-llc socket-unix socket-inet socket-mptcp
EPERM: netlink-audit netlink-netfilter netlink-xfrm netlink-uevent netlink-sock-diag netlink-generic netlink-route
EPERM: sendto-fastopen sendto-fastopen-closed listen-unbound connect-host-loopback connect-host-abstract
EPERM: tiocsti tiocsti-bit32 tioclinux tioclinux-bit32 kdskbmode tioccons
""")

# Only run by name: they need controllers, or a terminal.
BY_NAME = {"fork-bomb", "memory-hog", "cpu-burn", "tiocsti-stdin"}

# As root in new namespaces without kapsel each of these works on any kernel that has
# the call: a probe that never can prove nothing.
WORKS_WITHOUT_KAPSEL = """
mount-tmpfs mount-proc remount-root bind-proc umount-proc umount-dev chroot-escape fsopen fspick
open-tree-clone mount-setattr setns-own unshare-user unshare-mount unshare-net unshare-cgroup
unshare-uts unshare-ipc unshare-pid clone-user clone-user-bit32 clone-mount clone3 clone3-user
ptrace-init ptrace-child ptrace-traceme vm-readv-init vm-readv-own pidfd-getfd-init pidfd-getfd-own
kcmp-init kcmp-own init-environ init-root init-fds init-exe init-mem init-maps
drop-bounding set-securebits bpf-map-create bpf-prog-load perf-event-self keyctl-join keyctl-get
add-key request-key settimeofday sethostname setdomainname personality mmap-rwx mprotect-rx
pkey-mprotect-rx memfd-dual-map file-dual-map memfd-exec seccomp-listener name-to-handle mknod-null
mknod-whiteout create-in-root write-etc-passwd write-and-exec exec-again execveat-again
execveat-absolute-own symlink-in-volume setresuid-root setresgid-root setgroups-none
exhaust-inodes exhaust-fds large-file mlock-page lower-core-limit sys-hostname sys-vm-overcommit
proc-kallsyms proc-interrupts proc-cmdline socket-raw-icmp socket-packet socket-packet-bit32
netlink-netfilter netlink-uevent netlink-route socket-unix socket-inet sendto-fastopen
listen-unbound nice-minus-20 sched-fifo
""".split()

VOLUME = {"mounts": {"/tmp": {"type": "tmpfs", "size": "2MiB"}}, "syscalls": {"allow": ["@file-write"]}}
SOCKETS = {"syscalls": {"allow": ["@socket-client", "@socket-server"]}}
ANY_EXEC = {"exec": {"allow": ["*"]}}


def calls(*names):
    return {"syscalls": {"allow": list(names)}}


def capabilities(*names):
    return {"capabilities": list(names)}


# One key opened (or a few that belong together), and what must come then: the attack
# works, or the next layer answers.
OPENED = {
    "allow_ptrace": ({"allow_ptrace": True}, table("""
        OK: ptrace-child ptrace-traceme vm-readv-own pidfd-getfd-own kcmp-own
        EPERM: ptrace-init vm-readv-init pidfd-getfd-init kcmp-init  # pid 1 is not dumpable
        ENOENT|EACCES: init-environ init-mem
    """)),
    "allow_nested_namespaces": ({"allow_nested_namespaces": True}, table("""
        OK: unshare-user clone-user clone-user-bit32 clone3 clone3-user
        EPERM: unshare-mount unshare-net unshare-cgroup unshare-uts unshare-ipc unshare-pid unshare-time
        EPERM: clone-mount setns-own
        EBADF: setns-nothing
    """)),
    "unshare by name only": (calls("unshare", "setns", "clone3"), table("""
        EPERM: unshare-user unshare-mount clone-user clone-user-bit32   # the argument rules stay
        ENOSYS: clone3 clone3-user
        EBADF: setns-nothing
    """)),
    "allow_jit": ({"allow_jit": True, **calls("ftruncate")}, table("""
        OK: mmap-rwx mprotect-rx pkey-mprotect-rx memfd-dual-map
        EPERM: memfd-exec                    # exec once
    """)),
    "memfd_create by name": (calls("memfd_create", "ftruncate"), table("""
        EACCES: mmap-rwx mprotect-rx
        EPERM: memfd-exec
    """)),
    "exec.allow any": (ANY_EXEC, table("""
        OK: exec-again execveat-again exec-other execveat-absolute execveat-absolute-own
        EPERM: memfd-exec
        EPERM|HELD: setuid-program filecap-program   # it runs, and gains nothing
    """)),
    "exec.allow one": ({"exec": {"allow": ["/probe/other"]}}, table("""
        OK: exec-other
        EACCES: setuid-program filecap-program       # Landlock: not on the list
    """)),
    "a volume": (VOLUME, table("""
        EPERM: write-and-exec                # exec once
        EPERM: file-dual-map                 # noexec
        EPERM: setxattr-filecap mknod-disk mknod-mem mknod-null mknod-whiteout
        EXDEV: hardlink-root-file
        ELOOP: symlink-in-volume
        ENOSPC: fill-tmpfs exhaust-inodes
        SIGXFSZ|EFBIG: large-file
        EROFS|EACCES: create-in-root write-etc-passwd
    """)),
    "sockets": (SOCKETS, table("""
        OK: socket-unix socket-inet
        EPERM: socket-raw-icmp socket-raw6 socket-packet socket-packet-bit32 socket-alg socket-vsock
        EAFNOSUPPORT: socket-xdp socket-key socket-can socket-bluetooth socket-tipc socket-rds
        EAFNOSUPPORT: socket-qipcrtr socket-smc socket-nfc socket-llc
        EPERM: netlink-audit netlink-netfilter netlink-xfrm netlink-uevent netlink-sock-diag
        EPERM: netlink-generic netlink-route
        EPROTONOSUPPORT: socket-mptcp
        EACCES|EPERM: sendto-fastopen        # Landlock refuses the bind before
        EPERM: sendto-fastopen-closed
        ENETUNREACH|EACCES: connect-host-loopback
        ECONNREFUSED: connect-host-abstract  # another network namespace
    """)),
    "sockets without a server": (calls("@socket-client"), table("""
        EPERM: listen-unbound
        EPERM: sendto-fastopen
    """)),
    "@netlink": (calls("@netlink"), table("""
        OK: netlink-route
        EPERM: netlink-audit netlink-netfilter netlink-xfrm netlink-uevent netlink-sock-diag netlink-generic
    """)),
    "network loopback": ({"network": "loopback", **SOCKETS}, table("""
        OK: listen-unbound
        EPERM: sendto-fastopen sendto-fastopen-closed
        ECONNREFUSED: connect-host-loopback  # another lo
    """)),
    "network host": ({"network": "host", **SOCKETS}, table("""
        OK: connect-host-loopback listen-unbound
        EPERM: connect-host-abstract         # Landlock's scope, ABI 6
        EPERM: netlink-route socket-packet
        EPROTONOSUPPORT: socket-mptcp
    """)),
    # No procfs: one of the host's pid namespace can't be made from a user namespace.
    "share_host pid": ({"share_host": ["pid"], "proc": "none"}, table("""
        EPERM: kill-host-pid                 # it is there: another id, and Landlock's scope
        ENOENT: proc-host-pid
    """)),
    "proc full": ({"proc": "full"}, table("""
        OK: proc-cmdline
        EROFS|EACCES: sys-core-pattern sys-hostname sys-vm-overcommit sys-vm-drop-caches
        HELD|EACCES|ENOENT: proc-kcore proc-kmsg proc-kallsyms proc-keys proc-timer-list proc-sched-debug
        HELD|EACCES|ENOENT: proc-interrupts proc-config proc-modules proc-latency-stats
        EROFS|EACCES|ENOENT: sysrq-trigger
        ENOENT|EACCES: proc-acpi proc-scsi proc-asound
        ENOENT: proc-host-pid
        ENOENT|EACCES: init-environ init-root
    """)),
    "proc none": ({"proc": "none"}, table("""
        ENOENT: init-environ init-root oom-score-adj write-self-exe proc-cmdline mountinfo-host-paths
    """)),
    "calls by name": (calls(
        "keyctl", "add_key", "request_key", "userfaultfd", "io_uring_setup", "bpf", "perf_event_open",
        "clock_settime", "settimeofday", "adjtimex", "reboot", "swapon", "swapoff", "acct", "quotactl",
        "vhangup", "syslog", "sethostname", "setdomainname", "fanotify_init", "name_to_handle_at",
        "open_by_handle_at", "process_madvise", "move_pages", "migrate_pages", "mbind", "set_mempolicy",
        "listmount", "statmount", "sched_setscheduler", "seccomp", "mlock", "mlockall",
        "mount", "umount2", "pivot_root", "chroot", "fsopen", "fspick", "open_tree", "move_mount",
        "mount_setattr"), table("""
        OK: keyctl-join keyctl-get add-key request-key userfaultfd-user
        OK|ENOMEM: io-uring                  # some kernels count it as limits.locked_memory
        OK: name-to-handle process-madvise move-pages migrate-pages mbind set-mempolicy listmount statmount
        EPERM: bpf-map-create bpf-prog-load  # capabilities
        OK|EACCES: perf-event-self           # kernel.perf_event_paranoid
        EACCES|EPERM: perf-event-cpu
        EFAULT: clock-settime
        EPERM: settimeofday adjtimex reboot swapon swapoff acct vhangup sethostname setdomainname
        EPERM|ENOTBLK|ENOSYS: quotactl
        EPERM: syslog open-by-handle sched-fifo
        EPERM: seccomp-listener              # the argument rule stays
        EPERM|ENOMEM: mlock-page mlockall    # limits.locked_memory
        EPERM: mount-tmpfs mount-proc remount-root bind-proc umount-proc umount-dev pivot-root chroot-escape
        EPERM: fsopen fspick open-tree-clone move-mount mount-setattr
    """)),
    "calls by name and every capability for them": ({
        **calls("mount", "umount2", "pivot_root", "move_mount", "fspick", "sethostname", "setdomainname",
                "bpf", "settimeofday", "syslog", "open_by_handle_at", "capset"),
        **capabilities("SYS_ADMIN", "SYS_BOOT", "SYS_TIME", "SYSLOG", "DAC_READ_SEARCH", "BPF", "SETPCAP",
                       "SYS_PTRACE", "MKNOD")}, table("""
        EPERM: mount-tmpfs mount-proc remount-root bind-proc umount-proc umount-dev pivot-root   # Landlock
        EBADF: move-mount
        OK: sethostname setdomainname
        EPERM: bpf-map-create settimeofday syslog open-by-handle   # rights of the host's user namespace
        EPERM: set-securebits raise-ambient  # locked
        EPERM: mknod-disk mknod-mem
    """)),
    "on_violation errno": ({"syscalls": {"allow": [], "on_violation": "errno"}}, table("""
        EPERM: kexec-load kexec-file-load init-module finit-module delete-module
        EPERM: unshare-user keyctl-join
    """)),
    "on_violation log": ({"syscalls": {"allow": [], "on_violation": "log"}}, table("""
        OK: keyctl-join personality
        EPERM: kexec-load init-module exec-again     # these stay hard
    """)),
    "limits.open_files": ({"limits": {"open_files": 3000}}, table("""
        OK: exhaust-fds
        EPERM: raise-rlimit exec-again
        EPERM|EACCES: execveat-absolute execveat-absolute-own
    """)),
    "limits.locked_memory": ({**calls("io_uring_setup", "mlock"), "limits": {"locked_memory": "1MiB"}}, table("""
        OK: io-uring mlock-page
    """)),
    "limits.file_size": ({**VOLUME, "limits": {"file_size": "unlimited"}}, table("""
        OK: large-file
    """)),
    "@identity": (calls("@identity"), table("""
        EINVAL|EPERM: setresuid-root setresgid-root  # 0 is not mapped
        EPERM: setgroups-none setgroups-root
        EPERM: capset-all
    """)),
}

# Several layers: with one closed the attack must fail, with all open it must work.
# {probe: (answers when all are open, keys common to all, {layer: keys that open it})}
MAPPED = {"user": {"uid": 1000, "gid": 1000, "host_id": 700000, "host_range": 65536}}
LAYERS = {
    "write-and-exec": ({"OK"}, VOLUME, {
        "exec once": ANY_EXEC,
        "noexec": {"mounts": {"/tmp": {"exec": True}}}}),
    "memfd-exec": ({"OK"}, {}, {
        "exec once": ANY_EXEC,
        "no memfd": {"allow_jit": True}}),
    "file-dual-map": ({"OK"}, VOLUME, {
        "noexec": {"mounts": {"/tmp": {"exec": True}}}}),
    "setuid-program": ({"OK"}, MAPPED, {
        "exec once": ANY_EXEC,
        "no_new_privs and nosuid": {"allow_setuid": True}}),
    "unshare-mount": ({"OK"}, {}, {
        "seccomp": {"allow_nested_namespaces": True},
        "capability": capabilities("SYS_ADMIN")}),
    "setns-own": ({"OK"}, {}, {
        "seccomp": {"allow_nested_namespaces": True},
        "SYS_ADMIN": capabilities("SYS_ADMIN"),
        "SYS_CHROOT": capabilities("SYS_CHROOT")}),
    "sethostname": ({"OK"}, {}, {
        "seccomp": calls("sethostname"),
        "capability": capabilities("SYS_ADMIN")}),
    "fsopen": ({"OK"}, {}, {
        "seccomp": calls("fsopen"),
        "capability": capabilities("SYS_ADMIN")}),
    "mount-setattr": ({"OK"}, {}, {
        "seccomp": calls("mount_setattr"),
        "capability": capabilities("SYS_ADMIN")}),
    "chroot-escape": ({"OK"}, {}, {
        "seccomp": calls("chroot"),
        "capability": capabilities("SYS_CHROOT")}),
    "reboot": ({"EINVAL"}, {}, {  # the probe's magic number is wrong
        "seccomp": calls("reboot"),
        "capability": capabilities("SYS_BOOT")}),
    "socket-raw-icmp": ({"OK"}, {}, {
        "seccomp": calls("@socket-client"),
        "capability": capabilities("NET_RAW")}),
    "connect-host-loopback": ({"OK"}, {}, {
        "seccomp": calls("@socket-client"),
        "network": {"network": "host"}}),
    "mlock-page": ({"OK"}, {}, {
        "seccomp": calls("@memory-lock"),
        "limit": {"limits": {"locked_memory": "1MiB"}}}),
    "setresuid-root": ({"OK"}, {"user": {"uid": 1000, "gid": 1000}}, {
        "seccomp": calls("@identity"),
        "capability": capabilities("SETUID"),
        "id map": {"user": {"host_range": 65536}}}),
    "setxattr-filecap": ({"OK"}, {**VOLUME, "user": {"uid": 1000, "gid": 1000, "host_range": 65536}}, {
        "capability": capabilities("SETFCAP")}),
}
