/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D4: becoming somebody else. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/probe/attempt.h"
#include "lab/probe/numbers.h"

static unsigned long long effective(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	syscall(SYS_capget, &header, data);
	return data[0].effective | ((unsigned long long)data[1].effective << 32);
}

/* The harness puts a copy of this program there, setuid root or with a file capability. */
static long execute_privileged(const struct probe *probe, struct outcome *out)
{
	char uid[16], capabilities[32];
	const char *argv[] = { "kapsel-probe", "compare-privileges", uid, capabilities, NULL };
	struct stat st;
	long status;

	if (stat(probe->text, &st) < 0)
		return attempt_untestable(out, "the image has no %s", probe->text);
	snprintf(uid, sizeof(uid), "%u", (unsigned int)geteuid());
	snprintf(capabilities, sizeof(capabilities), "%llx", effective());
	status = attempt_exec(AT_FDCWD, probe->text, argv, 0, out);
	if (status < 0)
		return -1;
	attempt_note(out, "it ran with %s",
		     status == PROBE_EXIT_GAINED ? "more privileges" : "the same privileges");
	errno = 0;
	return status == PROBE_EXIT_GAINED ? 0 : -1;
}

static long become_root(const struct probe *probe, struct outcome *out)
{
	(void)out;
	return syscall(probe->a, 0, 0, 0);
}

static long set_groups(const struct probe *probe, struct outcome *out)
{
	const gid_t group = 0;

	(void)out;
	return syscall(SYS_setgroups, probe->a, probe->a ? &group : NULL);
}

static long take_capabilities(const struct probe *probe, struct outcome *out)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	(void)probe;
	(void)out;
	memset(data, 0xff, sizeof(data));
	return syscall(SYS_capset, &header, data);
}

const struct probe probes_identity[] = {
	{ 66, "setuid-program", "execute a setuid-root program", execute_privileged, PROBE_CHILD,
	  .text = "/probe/setuid" },
	{ 67, "filecap-program", "execute a program with a file capability", execute_privileged, PROBE_CHILD,
	  .text = "/probe/filecap" },
	{ 69, "setresuid-root", "become uid 0", become_root, PROBE_CHILD, SYS_setresuid },
	{ 69, "setresgid-root", "become gid 0", become_root, PROBE_CHILD, SYS_setresgid },
	{ 70, "setgroups-none", "drop all groups", set_groups, PROBE_CHILD, 0 },
	{ 70, "setgroups-root", "join group 0", set_groups, PROBE_CHILD, 1 },
	{ 71, "capset-all", "take all capabilities", take_capabilities, PROBE_CHILD },
	{ 0 },
};
