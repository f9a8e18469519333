/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What opens a probe, once for all rows that it opens. A key that is a list replaces the one of the hardest
 * profile, so each list begins with that profile's.
 *
 * KEYS() makes a text of JSON that stands there as JSON: quotes need no backslash.
 */
#include "lab/table/probe_table.h"

#define KEYS(...) #__VA_ARGS__

/* For the fields .openings and .alone of a row. */
#define OPENINGS(...) ((const struct probe_opening[]){ __VA_ARGS__, { 0 } })
#define LAYERS(answer, common, ...)                                                                          \
	(&(const struct probe_layers){ answer, common, (const struct probe_layer[]){ __VA_ARGS__, { 0 } } })

/* It knows no JSON: */
/* clang-format off */
#define OPENING_ALLOW_PTRACE(answer) \
	{ "allow_ptrace", KEYS({"allow_ptrace": true}), answer }
#define OPENING_ALLOW_NESTED_NAMESPACES(answer) \
	{ "allow_nested_namespaces", KEYS({"allow_nested_namespaces": true}), answer }
#define OPENING_UNSHARE_BY_NAME_ONLY(answer) \
	{ "unshare by name only", \
	  KEYS({"syscalls": {"allow": ["@base", "@process", "unshare", "setns", "clone3"]}}), \
	  answer }
#define OPENING_ALLOW_JIT(answer) \
	{ "allow_jit", \
	  KEYS({"allow_jit": true, "syscalls": {"allow": ["@base", "@process", "ftruncate"]}}), \
	  answer }
#define OPENING_MEMFD_CREATE_BY_NAME(answer) \
	{ "memfd_create by name", \
	  KEYS({"syscalls": {"allow": ["@base", "@process", "memfd_create", "ftruncate"]}}), \
	  answer }
#define OPENING_JIT_AND_A_LIST(answer) \
	{ "allow_jit and a list", \
	  KEYS({"allow_jit": true, "exec": {"allow": ["/probe/other"]}, \
	        "syscalls": {"allow": ["@base", "@process", "ftruncate"]}}), \
	  answer }
#define OPENING_EXEC_ALLOW_ANY(answer) \
	{ "exec.allow any", KEYS({"exec": {"allow": ["*"]}}), answer }
#define OPENING_EXEC_ALLOW_ONE(answer) \
	{ "exec.allow one", KEYS({"exec": {"allow": ["/probe/other"]}}), answer }
#define OPENING_A_VOLUME(answer) \
	{ "a volume", \
	  KEYS({"mounts": {"/tmp": {"type": "tmpfs", "size": "2MiB"}}, "syscalls": {"allow": \
	       ["@base", "@process", "@file-write"]}}), \
	  answer }
#define OPENING_SOCKETS(answer) \
	{ "sockets", \
	  KEYS({"syscalls": {"allow": ["@base", "@process", "@socket-client", "@socket-server"]}}), \
	  answer }
#define OPENING_SOCKETS_WITHOUT_A_SERVER(answer) \
	{ "sockets without a server", \
	  KEYS({"syscalls": {"allow": ["@base", "@process", "@socket-client"]}}), \
	  answer }
#define OPENING_NETLINK(answer) \
	{ "@netlink", KEYS({"syscalls": {"allow": ["@base", "@process", "@netlink"]}}), answer }
#define OPENING_NETWORK_LOOPBACK(answer) \
	{ "network loopback", \
	  KEYS({"network": "loopback", "syscalls": {"allow": ["@base", "@process", \
	       "@socket-client", "@socket-server"]}}), \
	  answer }
#define OPENING_NETWORK_HOST(answer) \
	{ "network host", \
	  KEYS({"network": "host", "syscalls": {"allow": ["@base", "@process", "@socket-client", \
	       "@socket-server"]}}), \
	  answer }
#define OPENING_SHARE_HOST_PID(answer) \
	{ "share_host pid", KEYS({"share_host": ["pid"], "proc": "none"}), answer }
#define OPENING_PROC_FULL(answer) \
	{ "proc full", KEYS({"proc": "full"}), answer }
#define OPENING_PROC_NONE(answer) \
	{ "proc none", KEYS({"proc": "none"}), answer }
#define OPENING_CALLS_BY_NAME(answer) \
	{ "calls by name", \
	  KEYS({"syscalls": {"allow": ["@base", "@process", "keyctl", "add_key", "request_key", \
	       "userfaultfd", "io_uring_setup", "bpf", "perf_event_open", "clock_settime", \
	       "settimeofday", "adjtimex", "reboot", "swapon", "swapoff", "acct", "quotactl", \
	       "vhangup", "syslog", "sethostname", "setdomainname", "fanotify_init", \
	       "name_to_handle_at", "open_by_handle_at", "process_madvise", "move_pages", \
	       "migrate_pages", "mbind", "set_mempolicy", "listmount", "statmount", \
	       "sched_setscheduler", "seccomp", "mlock", "mlockall", "mount", "umount2", \
	       "pivot_root", "chroot", "fsopen", "fspick", "open_tree", "move_mount", \
	       "mount_setattr"]}}), \
	  answer }
#define OPENING_CALLS_AND_CAPABILITIES(answer) \
	{ "calls by name and every capability for them", \
	  KEYS({"syscalls": {"allow": ["@base", "@process", "mount", "umount2", "pivot_root", \
	       "move_mount", "fspick", "sethostname", "setdomainname", "bpf", "settimeofday", \
	       "syslog", "open_by_handle_at", "capset"]}, "capabilities": ["SYS_ADMIN", \
	       "SYS_BOOT", "SYS_TIME", "SYSLOG", "DAC_READ_SEARCH", "BPF", "SETPCAP", \
	       "SYS_PTRACE", "MKNOD"]}), \
	  answer }
#define OPENING_ON_VIOLATION_ERRNO(answer) \
	{ "on_violation errno", KEYS({"syscalls": {"on_violation": "errno"}}), answer }
#define OPENING_ON_VIOLATION_LOG(answer) \
	{ "on_violation log", KEYS({"syscalls": {"on_violation": "log"}}), answer }
#define OPENING_LIMITS_OPEN_FILES(answer) \
	{ "limits.open_files", KEYS({"limits": {"open_files": 3000}}), answer }
#define OPENING_LIMITS_LOCKED_MEMORY(answer) \
	{ "limits.locked_memory", \
	  KEYS({"syscalls": {"allow": ["@base", "@process", "io_uring_setup", "mlock"]}, "limits": \
	       {"locked_memory": "1MiB"}}), \
	  answer }
#define OPENING_LIMITS_FILE_SIZE(answer) \
	{ "limits.file_size", \
	  KEYS({"mounts": {"/tmp": {"type": "tmpfs", "size": "2MiB"}}, "syscalls": {"allow": \
	       ["@base", "@process", "@file-write"]}, "limits": {"file_size": "unlimited"}}), \
	  answer }
#define OPENING_IDENTITY(answer) \
	{ "@identity", KEYS({"syscalls": {"allow": ["@base", "@process", "@identity"]}}), answer }
/* clang-format on */
