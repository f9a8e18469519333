/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/host_value.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "launcher/host.h"

bool host_value_text(const char *path, char *text, size_t size)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	/* One read: these files give all they have at once, and this is on the path of every start. */
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	text[got > 0 ? got : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return got >= 0;
}

int64_t host_value_number(const char *path, int64_t missing)
{
	char text[32];
	uint64_t value;

	if (!host_value_text(path, text, sizeof(text)) || str_to_u64(text, &value) < 0 || value > INT64_MAX)
		return missing;
	return (int64_t)value;
}

const char *host_value_userns_setting(const struct host *host)
{
	char label[128];

	if (host_value_number("/proc/sys/user/max_user_namespaces", 1) == 0)
		return "user.max_user_namespaces = 0";
	if (host->cap_effective & (UINT64_C(1) << CAP_SYS_ADMIN))
		return NULL;
	/* Debian's own switch; other kernels have no such file. */
	if (host_value_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
		return "kernel.unprivileged_userns_clone = 0";
	/*
	 * Ubuntu since 23.10: a user namespace of a program without an AppArmor profile that
	 * has the "userns" rule gets no capabilities, so nothing could be set up in it.
	 */
	if (host_value_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) != 1)
		return NULL;
	if (!host_value_text("/proc/self/attr/apparmor/current", label, sizeof(label)))
		host_value_text("/proc/self/attr/current", label, sizeof(label));
	return str_equal(label, "unconfined") ? "kernel.apparmor_restrict_unprivileged_userns = 1" : NULL;
}
