/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/sandbox_clean.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "launcher/host.h"

void sandbox_masks_make(struct sandbox_masks *ret, const struct host *host)
{
	const char *const paths[] = { host->run_dir, host->log_dir, host->cache_dir };

	*ret = (struct sandbox_masks){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		bool made = paths[i][0] && mkdir(paths[i], 0700) == 0;

		if (!made && (!paths[i][0] || errno != EEXIST))
			continue; /* kapsel itself says what is wrong with it */
		snprintf(ret->paths[ret->n], SANDBOX_MASK_MAX, "%s", paths[i]);
		ret->made[ret->n++] = made;
	}
}

void sandbox_masks_remove(const struct sandbox_masks *masks)
{
	for (size_t i = 0; i < masks->n; i++)
		if (masks->made[i])
			rmdir(masks->paths[i]);
}

enum { SANDBOX_PREFIX_MAX = 80 };

/* "lab-" and mkdtemp(3)'s six characters and "-"; names of containers are in small letters. */
static void prefix_of(char *ret, size_t size, const char *directory)
{
	const char *dot = strrchr(directory, '.');

	snprintf(ret, size, "lab-%s-", dot ? dot + 1 : directory);
	for (char *c = ret; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

void sandbox_container_name(char *ret, size_t size, const char *directory, unsigned int number)
{
	char prefix[SANDBOX_PREFIX_MAX];

	prefix_of(prefix, sizeof(prefix), directory);
	snprintf(ret, size, "%s%u", prefix, number);
}

void sandbox_clean_groups(const struct cgroup_place *place, const char *directory)
{
	char path[2 * CGROUP_PATH_MAX], prefix[SANDBOX_PREFIX_MAX];
	_cleanup_fd_ int parent = -1;
	DIR *groups;

	if (!place->found)
		return;
	prefix_of(prefix, sizeof(prefix), directory);
	snprintf(path, sizeof(path), "%s%s", place->mount, place->parent);
	groups = opendir(path);
	parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (struct dirent *entry; groups && parent >= 0 && (entry = readdir(groups)) != NULL;)
		if (str_starts(entry->d_name, prefix))
			(void)!cgroup_remove(parent, entry->d_name);
	if (groups)
		closedir(groups);
}
