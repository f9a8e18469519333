/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * passwd(5) and subuid(5), and the program "app": the first and the last belong to the image. HOME comes from
 * it. The reader opens it below the root directory it stands in, so the target changes that for the one call
 * and steps back.
 */
#include <fcntl.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/home.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "launcher/subid.h"
#include "profiles/spec.h"
#include "tests/fuzz/directory.h"

static void home(void)
{
	static const uid_t uids[] = { 0, 1000, 65534 };
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int work = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char ret[64];

	demand(root >= 0 && work >= 0);
	if (chroot(directory_path()) < 0)
		return; /* not root */
	for (size_t i = 0; i < ARRAY_SIZE(uids); i++) {
		memset(ret, 'x', sizeof(ret));
		oci_home_find(uids[i], ret, sizeof(ret));
		demand(strnlen(ret, sizeof(ret)) < sizeof(ret) && str_starts(ret, "HOME=/"));
	}
	demand(fchdir(root) == 0 && chroot(".") == 0 && fchdir(work) == 0);
}

static void subids(void)
{
	char path[128], name[SUBID_NAME_MAX] = "";
	struct subid_range range = { 0 };

	snprintf(path, sizeof(path), "%s/etc/passwd", directory_path());
	if (subid_user_name(path, 1000, name) == 0)
		demand(name[0] && strnlen(name, sizeof(name)) < sizeof(name));
	else
		demand(name[0] == '\0');
	snprintf(path, sizeof(path), "%s/etc/subuid", directory_path());
	if (subid_read(path, name, 1000, &range) == 0 && range.count > 0)
		demand((uint64_t)range.first + range.count - 1 < UINT32_MAX);
}

/* An ELF program or a script, as the launcher looks at it. A refusal says why. */
static void program(struct arena *arena)
{
	const char *command = "/app";
	struct spec spec = { .command = { &command, 1 } };
	const struct step step = { .type = &step_program, .spec = &spec };
	struct proof *proof = arena_alloc(arena, sizeof(*proof));
	struct run *run = arena_alloc(arena, sizeof(*run));
	struct error err = { 0 };
	int r;

	demand(proof && run);
	run->proof = proof;
	run->rootfs_fd = directory_fd();
	run->program_fd = run->interpreter_fd = -1;
	r = step_program.apply(&step, run, &err);
	demand(r == STEP_DONE || (r < 0 && err.msg[0]));
	demand(err.exit_status == 0 || err.exit_status == EXIT_NOT_FOUND ||
	       err.exit_status == EXIT_NOT_EXECUTABLE);
	fd_close(&run->program_fd);
	if (run->interpreter_fd >= 0)
		fd_close(&run->interpreter_fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	demand(arena != NULL);
	directory_fill(data, size);
	home();
	subids();
	program(arena);
	return 0;
}
