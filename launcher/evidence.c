/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"

static int read_of(pid_t pid, const char *name, char *buffer, size_t size, struct error *err)
{
	char path[64];
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	got = fd_read_file(AT_FDCWD, path, buffer, size);
	if (got < 0)
		return error_set(err, (int)-got, "read %s", path);
	return 0;
}

/* mountinfo writes space, tab, newline and backslash as octal: undone in place. */
static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3]) {
			*out++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static bool parse_mount(char *line, struct mount_row *row)
{
	char *save = NULL, *field = strtok_r(line, " ", &save);

	for (int i = 0; field; i++, field = strtok_r(NULL, " ", &save)) {
		if (i == 4) {
			row->target = field;
		} else if (i == 5) {
			row->options = field;
		} else if (i > 5 && str_equal(field, "-")) {
			row->fstype = strtok_r(NULL, " ", &save);
			strtok_r(NULL, " ", &save);
			row->super = strtok_r(NULL, " ", &save);
			break;
		}
	}
	if (!row->fstype || !row->super)
		return false;
	unescape(row->target);
	return true;
}

static int parse_mounts(struct evidence *ret, struct error *err)
{
	char *save = NULL;

	ret->n_mounts = 0;
	for (char *line = strtok_r(ret->mountinfo, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (ret->n_mounts == MOUNT_ROWS_MAX)
			return error_set(err, E2BIG, "read the payload's mounts: more than %d",
					 MOUNT_ROWS_MAX);
		ret->mounts[ret->n_mounts] = (struct mount_row){ 0 };
		if (!parse_mount(line, &ret->mounts[ret->n_mounts]))
			return error_set(err, EBADMSG, "read the payload's mounts: line %zu",
					 ret->n_mounts + 1);
		ret->n_mounts++;
	}
	return 0;
}

int evidence_read(const struct run *run, struct evidence *ret, struct error *err)
{
	pid_t pid = proc_pidfd_pid(run->payload_pidfd);
	int r;

	if (pid < 0)
		return error_set(err, -pid, "find the payload's process");
	ret->payload_pid = pid;
	r = proc_status_read(pid, &ret->payload);
	if (r == 0)
		r = proc_status_read(run->init_pid, &ret->init);
	if (r < 0)
		return error_set(err, -r, "read /proc/%d/status", (int)pid);
	r = read_of(pid, "uid_map", ret->uid_map, sizeof(ret->uid_map), err);
	if (r == 0)
		r = read_of(pid, "gid_map", ret->gid_map, sizeof(ret->gid_map), err);
	if (r == 0)
		r = read_of(pid, "setgroups", ret->setgroups, sizeof(ret->setgroups), err);
	if (r == 0)
		r = read_of(pid, "limits", ret->limits, sizeof(ret->limits), err);
	if (r == 0)
		r = read_of(pid, "mountinfo", ret->mountinfo, sizeof(ret->mountinfo), err);
	if (r < 0)
		return r;
	return parse_mounts(ret, err);
}

const struct mount_row *evidence_mount(const struct evidence *evidence, const char *target)
{
	/* mountinfo lists in mount order: the last one at a place covers the others. */
	for (size_t i = evidence->n_mounts; i > 0; i--)
		if (str_equal(evidence->mounts[i - 1].target, target))
			return &evidence->mounts[i - 1];
	return NULL;
}

bool evidence_option(const char *options, const char *option)
{
	size_t length = strlen(option);

	while (options && *options) {
		size_t next = strcspn(options, ",");

		if (next == length && strncmp(options, option, length) == 0)
			return true;
		options += next;
		if (*options == ',')
			options++;
	}
	return false;
}
