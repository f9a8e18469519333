/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

enum { MAP_WORDS_MAX = 3 * 340 }; /* the kernel takes 340 lines */

int idmap_write(pid_t pid, const char *name, const char *text, struct error *err)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	r = fd_write_file(AT_FDCWD, path, text);
	if (r < 0) {
		error_set(err, -r, "write \"%.*s\" to %s", (int)strcspn(text, "\n"), text, path);
		return error_remedy(err, "kapsel doctor shows what stops user namespaces here");
	}
	return 0;
}

int idmap_by_helper(const char *helper, pid_t pid, char *map, struct error *err)
{
	char pid_text[16], *argv[2 + MAP_WORDS_MAX + 1] = { NULL }, *save = NULL;
	char *const envp[] = { NULL };
	int status, n = 0;
	pid_t child;

	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	argv[n++] = (char *)(uintptr_t)helper;
	argv[n++] = pid_text;
	for (char *field = strtok_r(map, " \n", &save); field && n < 2 + MAP_WORDS_MAX;
	     field = strtok_r(NULL, " \n", &save))
		argv[n++] = field;
	child = vfork();
	if (child < 0)
		return error_set(err, errno, "fork for %s", helper);
	if (child == 0) {
		execve(helper, argv, envp);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(err, errno, "wait for %s", helper);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		error_set(err, EPERM, "write the id map with %s", helper);
		return error_remedy(
			err,
			"it must be setuid root or have cap_setuid, and /etc/subuid and /etc/subgid must list your user");
	}
	return 0;
}
