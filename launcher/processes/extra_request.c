/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `enter`, as it comes over the service's control socket. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "launcher/processes/extra.h"
#include "launcher/service/control.h"

/*
 * A directory would be a way around the new root (fchdir(2), openat(fd, "..")), with only Landlock behind
 * it; so would a handle that is only a path.
 */
static int check_streams(const int fds[CONTROL_FDS], struct error *err)
{
	static const char *const names[CONTROL_FDS] = { "stdin", "stdout", "stderr" };

	for (size_t i = 0; i < CONTROL_FDS; i++) {
		int flags = fds[i] < 0 ? -1 : fcntl(fds[i], F_GETFL);
		struct stat st;

		if (flags < 0 || fstat(fds[i], &st) < 0)
			return error_set(err, EBADF, "enter the container without a %s", names[i]);
		if (S_ISDIR(st.st_mode) || (flags & O_PATH)) {
			error_set(err, EISDIR, "hand the caller's %s on: it is a directory or only a path",
				  names[i]);
			return error_remedy(err, "redirect it from or to a file, a pipe or /dev/null");
		}
	}
	return 0;
}

int extra_from_request(struct run *run, struct loop *loop, const struct control_request *request,
		       extra_ended *ended, void *arg, struct extra **ret, struct error *err)
{
	const char *env[CONTROL_WORDS_MAX + 1], *argv[CONTROL_WORDS_MAX + 1];
	struct extra_request wanted = { .argv = argv, .env = env };
	size_t n_env = 0, n_args = 0, at = 1;
	int r;

	for (; at < request->n && !str_equal(request->words[at], "--"); at++) {
		if (!strchr(request->words[at], '=') || request->words[at][0] == '=') {
			error_set(err, EINVAL, "enter the container with the variable \"%s\"",
				  request->words[at]);
			return error_remedy(err, "write it as NAME=VALUE");
		}
		env[n_env++] = request->words[at];
	}
	while (++at < request->n)
		argv[n_args++] = request->words[at];
	env[n_env] = NULL;
	argv[n_args] = NULL;
	r = check_streams(request->fds, err);
	if (r < 0)
		return r;
	memcpy(wanted.fds, request->fds, sizeof(wanted.fds));
	return extra_start(run, loop, &wanted, ended, arg, ret, err);
}
