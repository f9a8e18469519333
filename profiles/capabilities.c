/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/capabilities.h"

#include <linux/capability.h>

#include "base/macro.h"
#include "base/str.h"

/* clang-format off */
static const char *const names[] = {
	[CAP_CHOWN] = "CHOWN", [CAP_DAC_OVERRIDE] = "DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "DAC_READ_SEARCH", [CAP_FOWNER] = "FOWNER", [CAP_FSETID] = "FSETID",
	[CAP_KILL] = "KILL", [CAP_SETGID] = "SETGID", [CAP_SETUID] = "SETUID", [CAP_SETPCAP] = "SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "LINUX_IMMUTABLE", [CAP_NET_BIND_SERVICE] = "NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "NET_BROADCAST", [CAP_NET_ADMIN] = "NET_ADMIN", [CAP_NET_RAW] = "NET_RAW",
	[CAP_IPC_LOCK] = "IPC_LOCK", [CAP_IPC_OWNER] = "IPC_OWNER", [CAP_SYS_MODULE] = "SYS_MODULE",
	[CAP_SYS_RAWIO] = "SYS_RAWIO", [CAP_SYS_CHROOT] = "SYS_CHROOT", [CAP_SYS_PTRACE] = "SYS_PTRACE",
	[CAP_SYS_PACCT] = "SYS_PACCT", [CAP_SYS_ADMIN] = "SYS_ADMIN", [CAP_SYS_BOOT] = "SYS_BOOT",
	[CAP_SYS_NICE] = "SYS_NICE", [CAP_SYS_RESOURCE] = "SYS_RESOURCE", [CAP_SYS_TIME] = "SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "SYS_TTY_CONFIG", [CAP_MKNOD] = "MKNOD", [CAP_LEASE] = "LEASE",
	[CAP_AUDIT_WRITE] = "AUDIT_WRITE", [CAP_AUDIT_CONTROL] = "AUDIT_CONTROL", [CAP_SETFCAP] = "SETFCAP",
	[CAP_MAC_OVERRIDE] = "MAC_OVERRIDE", [CAP_MAC_ADMIN] = "MAC_ADMIN", [CAP_SYSLOG] = "SYSLOG",
	[CAP_WAKE_ALARM] = "WAKE_ALARM", [CAP_BLOCK_SUSPEND] = "BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "AUDIT_READ", [CAP_PERFMON] = "PERFMON", [CAP_BPF] = "BPF",
	[CAP_CHECKPOINT_RESTORE] = "CHECKPOINT_RESTORE",
};

static const char *const descriptions[ARRAY_SIZE(names)] = {
	[CAP_CHOWN] = "change the owner of any file",
	[CAP_DAC_OVERRIDE] = "read, write and execute files whatever their mode",
	[CAP_DAC_READ_SEARCH] = "read any file and directory, also by handle",
	[CAP_FOWNER] = "do what only a file's owner may",
	[CAP_FSETID] = "keep set-id bits when a file changes",
	[CAP_KILL] = "send signals to any process",
	[CAP_SETGID] = "take any group id",
	[CAP_SETUID] = "take any user id",
	[CAP_SETPCAP] = "change bounding set and securebits",
	[CAP_LINUX_IMMUTABLE] = "set the immutable and append-only flags",
	[CAP_NET_BIND_SERVICE] = "bind ports below 1024",
	[CAP_NET_BROADCAST] = "nothing today",
	[CAP_NET_ADMIN] = "configure interfaces, routes and firewall",
	[CAP_NET_RAW] = "send and read raw packets",
	[CAP_IPC_LOCK] = "lock memory without limit",
	[CAP_IPC_OWNER] = "use any System V IPC object",
	[CAP_SYS_MODULE] = "load kernel modules",
	[CAP_SYS_RAWIO] = "access ports and memory of devices",
	[CAP_SYS_CHROOT] = "chroot",
	[CAP_SYS_PTRACE] = "trace any process and read its memory",
	[CAP_SYS_PACCT] = "switch process accounting",
	[CAP_SYS_ADMIN] = "mount, and dozens of other things: nearly root",
	[CAP_SYS_BOOT] = "reboot and load another kernel",
	[CAP_SYS_NICE] = "raise priorities and choose CPUs",
	[CAP_SYS_RESOURCE] = "exceed resource limits",
	[CAP_SYS_TIME] = "set the clock",
	[CAP_SYS_TTY_CONFIG] = "configure and hang up terminals",
	[CAP_MKNOD] = "make device files",
	[CAP_LEASE] = "take leases on any file",
	[CAP_AUDIT_WRITE] = "write to the kernel's audit log",
	[CAP_AUDIT_CONTROL] = "configure the kernel's audit",
	[CAP_SETFCAP] = "give capabilities to files",
	[CAP_MAC_OVERRIDE] = "pass Smack's rules",
	[CAP_MAC_ADMIN] = "change Smack's and AppArmor's rules",
	[CAP_SYSLOG] = "read the kernel's log and addresses",
	[CAP_WAKE_ALARM] = "set timers that wake the machine",
	[CAP_BLOCK_SUSPEND] = "keep the machine awake",
	[CAP_AUDIT_READ] = "read the kernel's audit log",
	[CAP_PERFMON] = "watch performance of everything",
	[CAP_BPF] = "load BPF programs",
	[CAP_CHECKPOINT_RESTORE] = "checkpoint and restore processes",
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(names) == CAP_LAST_CAP + 1, "the kernel headers know another capability: add it");

const char *const *capabilities_all(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(names);
	return names;
}

int capabilities_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_equal(names[i], name))
			return (int)i;
	return -1;
}

const char *capabilities_name(int number)
{
	return number >= 0 && (size_t)number < ARRAY_SIZE(names) ? names[number] : NULL;
}

const char *capabilities_describe(int number)
{
	return capabilities_name(number) ? descriptions[number] : "";
}
