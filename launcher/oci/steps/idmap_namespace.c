/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/steps/idmap_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/sys.h"
#include "launcher/idmap.h"
#include "profiles/oci/oci.h"

enum { LINE_BYTES = 3 * 11 };

static char *format(struct arena *arena, const struct oci_id_maps *maps)
{
	char *text = arena_alloc(arena, maps->n * LINE_BYTES + 1);
	size_t used = 0;

	for (size_t i = 0; text && i < maps->n; i++)
		used += (size_t)snprintf(text + used, LINE_BYTES + 1, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
					 maps->items[i].container_id, maps->items[i].host_id,
					 maps->items[i].size);
	return text;
}

static int write_and_open(pid_t pid, const char *uids, const char *gids, struct error *err)
{
	char path[64];
	int fd, r = idmap_write(pid, "gid_map", gids, err);

	if (r == 0)
		r = idmap_write(pid, "uid_map", uids, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "open %s", path) : fd;
}

/* No library may run here: after clone3 only system calls. */
_noreturn_ static void hold(void)
{
	syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

int idmap_namespace_open(struct arena *arena, const struct oci_id_maps *uids, const struct oci_id_maps *gids,
			 struct error *err)
{
	const char *uid_text = format(arena, uids->n ? uids : gids);
	const char *gid_text = format(arena, gids->n ? gids : uids);
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid;
	int fd;

	if (!uid_text || !gid_text)
		return error_set(err, ENOMEM, "format the id maps of a mount");
	pid = sys_clone3(&args);
	if (pid < 0)
		return error_set(err, errno, "create a user namespace for an id-mapped mount");
	if (pid == 0)
		hold();
	fd = write_and_open(pid, uid_text, gid_text, err);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}
