/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"

/* What verification builds on must be there: a missing line would read as "no capabilities". */
enum {
	SEEN_UID = 1 << 0,
	SEEN_GID = 1 << 1,
	SEEN_SECCOMP = 1 << 2,
	SEEN_NNP = 1 << 3,
	SEEN_UMASK = 1 << 4,
	SEEN_GROUPS = 1 << 5,
	SEEN_MASKS = 1 << 6, /* and one bit for each further row of masks[] */
	MASKS = 8,
	SEEN_ALL = (SEEN_MASKS << MASKS) - 1,
};

static void parse_groups(const char *value, struct proc_status *ret)
{
	char *end;

	ret->n_groups = 0;
	while (ret->n_groups < PROC_GROUPS_MAX) {
		unsigned long id = strtoul(value, &end, 10);

		if (end == value)
			break;
		ret->groups[ret->n_groups++] = (gid_t)id;
		value = end;
	}
}

static unsigned int parse_ids(const char *value, unsigned int ids[4])
{
	return sscanf(value, "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]) == 4;
}

static unsigned int parse_mask(const char *key, const char *value, struct proc_status *ret)
{
	static const struct {
		const char *key;
		size_t offset;
	} masks[MASKS] = {
		{ "CapInh", offsetof(struct proc_status, cap_inheritable) },
		{ "CapPrm", offsetof(struct proc_status, cap_permitted) },
		{ "CapEff", offsetof(struct proc_status, cap_effective) },
		{ "CapBnd", offsetof(struct proc_status, cap_bounding) },
		{ "CapAmb", offsetof(struct proc_status, cap_ambient) },
		{ "SigBlk", offsetof(struct proc_status, sig_blocked) },
		{ "SigIgn", offsetof(struct proc_status, sig_ignored) },
		{ "SigCgt", offsetof(struct proc_status, sig_caught) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		char *end;

		if (!str_equal(key, masks[i].key))
			continue;
		*(uint64_t *)(void *)((char *)ret + masks[i].offset) = strtoull(value, &end, 16);
		return end != value && *end == '\0' ? (unsigned int)SEEN_MASKS << i : 0;
	}
	return 0;
}

static unsigned int parse_field(const char *key, const char *value, struct proc_status *ret)
{
	if (str_equal(key, "Uid"))
		return parse_ids(value, ret->uid) ? SEEN_UID : 0;
	if (str_equal(key, "Gid"))
		return parse_ids(value, ret->gid) ? SEEN_GID : 0;
	if (str_equal(key, "NoNewPrivs")) {
		ret->no_new_privs = atoi(value) == 1;
		return SEEN_NNP;
	}
	if (str_equal(key, "Seccomp")) {
		ret->seccomp_mode = atoi(value);
		return SEEN_SECCOMP;
	}
	if (str_equal(key, "Umask")) {
		ret->umask = (mode_t)strtoul(value, NULL, 8);
		return SEEN_UMASK;
	}
	if (str_equal(key, "Groups")) {
		parse_groups(value, ret);
		return SEEN_GROUPS;
	}
	if (str_equal(key, "Seccomp_filters"))
		ret->seccomp_filters = atoi(value);
	if (str_equal(key, "NSpid")) {
		const char *last = strrchr(value, '\t');

		ret->ns_pid = atoi(last ? last + 1 : value);
	}
	return parse_mask(key, value, ret);
}

int proc_status_parse(char *text, struct proc_status *ret)
{
	unsigned int seen = 0;
	char *save = NULL;

	*ret = (struct proc_status){ .seccomp_filters = -1 };
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		seen |= parse_field(line, colon + 1 + strspn(colon + 1, " \t"), ret);
	}
	return seen == SEEN_ALL ? 0 : -EINVAL;
}

int proc_status_read(pid_t pid, struct proc_status *ret)
{
	char path[64], text[8192];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	size = fd_read_file(AT_FDCWD, path, text, sizeof(text));
	if (size < 0)
		return (int)size;
	return proc_status_parse(text, ret);
}

pid_t proc_pidfd_pid(int pidfd)
{
	char path[64], text[1024];
	const char *found;
	ssize_t size;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	size = fd_read_file(AT_FDCWD, path, text, sizeof(text));
	if (size < 0)
		return (pid_t)size;
	found = strstr(text, "Pid:");
	if (!found)
		return -EINVAL;
	pid = atoi(found + strlen("Pid:"));
	return pid > 0 ? pid : -ESRCH;
}
