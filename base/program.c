/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/program.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define REMEMBERED "KAPSEL_PROGRAM"

/* A detached mount of a single file is called "/", what runs from memory "/memfd:… (deleted)". */
static bool has_place(const char *path)
{
	return path[0] == '/' && path[1] != '\0' && !strstr(path, " (deleted)");
}

int program_path(char *ret, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", ret, size);
	const char *remembered = getenv(REMEMBERED);

	if (length > 0 && (size_t)length < size) {
		ret[length] = '\0';
		if (has_place(ret))
			return 0;
	}
	if (!remembered || !has_place(remembered) || snprintf(ret, size, "%s", remembered) >= (int)size)
		return -ENOENT;
	return 0;
}

int program_helper(const char *name, const char *libexec_dir, char *ret, size_t size, struct error *err)
{
	char *slash = program_path(ret, size) == 0 ? strrchr(ret, '/') : NULL;

	if (slash && (size_t)(slash - ret) + strlen(name) + 2 <= size) {
		strcpy(slash + 1, name);
		if (access(ret, X_OK) == 0)
			return 0;
	}
	if ((size_t)snprintf(ret, size, "%s/%s", libexec_dir, name) < size && access(ret, X_OK) == 0)
		return 0;
	return error_set(err, ENOPKG, "find %s beside this program and in %s", name, libexec_dir);
}

int program_remember(void)
{
	char path[PATH_MAX];

	if (program_path(path, sizeof(path)) < 0)
		return unsetenv(REMEMBERED) < 0 ? -errno : 0;
	return setenv(REMEMBERED, path, 1) < 0 ? -errno : 0;
}
