/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/sandbox_group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"

/* "0::/user.slice/…" */
static bool is_own(const char *group)
{
	char text[4096], *save = NULL;

	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (str_starts(line, "0::"))
			return str_equal(line + 3, group);
	return false;
}

void sandbox_group_leave(const struct cgroup_place *place)
{
	static const char leaf[] = ".supervisor"; /* the one that kapsel would take */
	char path[2 * CGROUP_PATH_MAX];
	_cleanup_fd_ int parent = -1, group = -1;

	/* The root of the hierarchy may do both. */
	if (!place->found || str_equal(place->parent, "/") || !is_own(place->parent))
		return;
	snprintf(path, sizeof(path), "%s%s", place->mount, place->parent);
	parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0 || (mkdirat(parent, leaf, 0755) < 0 && errno != EEXIST))
		return;
	group = openat(parent, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (group >= 0)
		(void)!fd_write_file(group, "cgroup.procs", "0");
}
