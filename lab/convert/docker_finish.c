/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Docker does without being asked, and what only several options together say. */
#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/docker.h"
#include "lab/convert/docker_parts.h"
#include "lab/convert/draft.h"

static void finish_command(struct docker *docker, const char *const *command, size_t n)
{
	struct draft *draft = docker->draft;
	bool entry = docker->entrypoint && docker->entrypoint[0];
	const char **argv = arena_array(draft->arena, n + 1, sizeof(*argv));
	size_t count = 0;

	if (!argv) {
		draft->exhausted = true;
		return;
	}
	if (entry)
		argv[count++] = docker->entrypoint;
	for (size_t i = 0; i < n; i++)
		argv[count++] = command[i];
	draft_command(draft, argv, count);
	if (n > 0 && !docker->entrypoint)
		draft_note(draft, "command: an ENTRYPOINT of the image stands before it in Docker; give "
				  "--entrypoint, if it has one");
}

static void finish_image(struct docker *docker)
{
	struct draft *draft = docker->draft;

	if (draft->rootfs)
		draft_string(draft, draft->root, "rootfs", draft->rootfs);
	if (docker->image && !draft->rootfs)
		draft_lost(draft,
			   "image %s: unpack it (skopeo copy docker://%s oci:image:x, umoci unpack --image "
			   "image:x bundle) and give --rootfs DIR",
			   docker->image, docker->image);
	else if (docker->image)
		draft_note(draft, "image %s: its own settings (ENTRYPOINT, CMD, ENV, USER) are not read",
			   docker->image);
}

/* What a container of Docker's may do without a word about it. */
static void finish_rights(struct docker *docker)
{
	struct draft *draft = docker->draft;
	struct json *syscalls = draft_object(draft, draft->root, "syscalls");

	if (!docker->seccomp)
		draft_add(draft, draft_array(draft, syscalls, "allow"), "@docker-default");
	draft_add(draft, draft_array(draft, draft_object(draft, draft->root, "exec"), "allow"), "*");
	draft_note(draft, "syscalls, exec: as wide as Docker's; \"kapsel learn\" finds what it really needs");
	if (!docker->drops_all)
		draft_note(draft, "capabilities: Docker's default set of 14 is not given: add what it needs");
	if (!docker->user)
		draft_note(draft, "user: Docker takes the image's, or root; here it is 65532");
	if (!docker->no_new_privileges)
		draft_note(draft, "set-user-id programs gain nothing here (\"allow_setuid\")");
	if (!docker->read_only)
		draft_note(draft,
			   "the root file system is read-only here: mount a tmpfs or a bind where it writes");
	if (docker->bind)
		draft_note(draft, "mounts: noexec, and without what is mounted below them; see \"exec\" and "
				  "\"recursive\"");
}

static void finish_network(struct docker *docker)
{
	struct draft *draft = docker->draft;

	if (docker->n_published > 0)
		draft_note(draft,
			   "listen: the socket is bound already and comes as a descriptor from 3 on "
			   "(LISTEN_FDS); the program must take it, as nginx and systemd-aware ones do");
	if (!docker->network && !docker->publishes)
		draft_note(draft, "network: Docker's bridge reaches the internet; here is no network");
}

int docker_finish(struct docker *docker, const char *const *command, size_t n)
{
	if (docker->r < 0)
		return docker->r;
	docker_limits_finish(docker);
	finish_image(docker);
	finish_command(docker, command, n);
	finish_rights(docker);
	finish_network(docker);
	if (docker->r == 0 && docker->draft->exhausted)
		docker->r = error_set(docker->err, ENOMEM, "translate the command line");
	return docker->r;
}
