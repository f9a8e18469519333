/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/systemd_sets.h"

#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "lab/convert/syscall_list.h"
#include "seccomp/groups.h"

enum { WORD_MAX = 64, DEPTH_MAX = 4 };

/* "=@x": the group @x of kapsel. Others are systemd's sets and names of calls. */
static const struct {
	const char *name, *members;
} sets[] = {
	{ "@aio", "=@aio" },
	{ "@basic-io", "=@base" },
	{ "@chown", "chown fchown fchownat lchown" },
	{ "@clock", "adjtimex clock_adjtime clock_settime settimeofday" },
	{ "@cpu-emulation", "modify_ldt" },
	{ "@debug", "perf_event_open pidfd_getfd ptrace" },
	{ "@default", "=@base" },
	{ "@file-system", "=@base =@file-write" },
	{ "@io-event", "=@base" },
	{ "@ipc", "=@ipc memfd_create pipe pipe2 process_vm_readv process_vm_writev process_madvise" },
	{ "@keyring", "add_key keyctl request_key" },
	{ "@memlock", "=@memory-lock" },
	{ "@module", "delete_module finit_module init_module" },
	{ "@mount",
	  "chroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root "
	  "umount2" },
	{ "@network-io", "=@socket-client =@socket-server =@netlink" },
	{ "@obsolete", "_sysctl uselib ustat sysfs" },
	{ "@pkey", "pkey_alloc pkey_free pkey_mprotect" },
	{ "@privileged",
	  "@chown @clock @module @raw-io @reboot @swap acct bpf capset chroot fanotify_init "
	  "nfsservctl open_by_handle_at pivot_root quotactl quotactl_fd setdomainname setfsuid "
	  "setgroups sethostname setresuid setreuid setuid vhangup" },
	{ "@process", "=@process =@threads" },
	{ "@raw-io", "ioperm iopl" },
	{ "@reboot", "kexec_file_load kexec_load reboot" },
	{ "@resources",
	  "ioprio_set mbind migrate_pages move_pages sched_setaffinity sched_setattr sched_setparam "
	  "sched_setscheduler set_mempolicy setpriority" },
	{ "@sandbox", "=@sandbox" },
	{ "@setuid", "=@identity" },
	{ "@signal", "=@base" },
	{ "@swap", "swapoff swapon" },
	{ "@sync", "fdatasync fsync msync sync sync_file_range syncfs" },
	{ "@system-service",
	  "@aio @basic-io @chown @default @file-system @io-event @ipc @keyring @memlock @network-io @process "
	  "@resources @setuid @signal @sync @timer =@splice get_mempolicy" },
	{ "@timer", "=@base" },
};

static void apply_group(struct syscall_list *list, const char *name, bool allow)
{
	const struct syscall_group *group = groups_find(name);

	for (size_t i = 0; group && group->calls[i]; i++) {
		if (allow)
			syscall_list_add(list, group->calls[i]);
		else
			syscall_list_remove(list, group->calls[i]);
	}
}

static bool apply(struct syscall_list *list, const char *word, bool allow, unsigned int depth)
{
	const char *rest;

	if (word[0] == '=') {
		apply_group(list, word + 1, allow);
		return true;
	}
	if (word[0] != '@') {
		if (allow)
			return syscall_list_add(list, word);
		syscall_list_remove(list, word);
		return syscall_row_find(word) >= 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sets) && depth < DEPTH_MAX; i++) {
		if (!str_equal(sets[i].name, word))
			continue;
		for (rest = sets[i].members; *rest; rest += strspn(rest, " ")) {
			char member[WORD_MAX] = "";
			size_t length = strcspn(rest, " ");

			memcpy(member, rest, length < sizeof(member) - 1 ? length : sizeof(member) - 1);
			apply(list, member, allow, depth + 1);
			rest += length;
		}
		return true;
	}
	return false;
}

bool systemd_sets_apply(struct syscall_list *list, const char *word, bool allow)
{
	return word[0] != '=' && apply(list, word, allow, 0);
}
