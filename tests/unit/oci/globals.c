/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/commands/globals.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "tests/unit/base/scratch.h"

static struct arena *arena;

static void make_arena(void)
{
	arena = arena_new();
	cr_assert(ne(ptr, arena, NULL));
}

static void free_arena(void)
{
	arena = arena_free(arena);
}

TestSuite(oci_globals, .init = make_arena, .fini = free_arena);

static int read_globals(char **words, struct oci_globals *ret, struct error *err)
{
	struct oci_parse parse;
	int argc = 0, r;

	*ret = (struct oci_globals){ 0 };
	while (words[argc])
		argc++;
	r = oci_command_words(&globals_command, argc, words, &parse, err);
	cr_assert(zero(int, r), "%s", err->msg);
	r = globals_log(&parse, arena, ret, err);
	if (r == 0)
		r = globals_decide(&parse, ret, err);
	return r < 0 ? r : globals_root(&parse, arena, ret, err);
}

#define WORDS(...) ((char *[]){ "kapsel-oci", __VA_ARGS__, NULL })

Test(oci_globals, know_the_map_of_the_initial_user_namespace)
{
	cr_assert(globals_initial_userns("         0          0 4294967295\n"));
	cr_assert(not(globals_initial_userns("         0       1000          1\n")));
	cr_assert(not(globals_initial_userns("         0          0      65536\n")));
	cr_assert(not(globals_initial_userns("0 1000 1\n1 100000 65536\n")));
	cr_assert(not(globals_initial_userns("0 0 1\n1 1 4294967294\n")));
	cr_assert(not(globals_initial_userns("")));
}

Test(oci_globals, choose_the_cgroup_manager)
{
	static const struct {
		char *word;
		enum cgroup_manager manager;
	} cases[] = {
		{ "--debug", CGROUP_MANAGER_CGROUPFS },
		{ "--systemd-cgroup", CGROUP_MANAGER_SYSTEMD },
		{ "--systemd-cgroup=false", CGROUP_MANAGER_CGROUPFS },
		{ "--cgroup-manager=systemd", CGROUP_MANAGER_SYSTEMD },
		{ "--cgroup-manager=disabled", CGROUP_MANAGER_DISABLED },
		{ "--cgroup-manager=cgroupfs", CGROUP_MANAGER_CGROUPFS },
	};
	struct oci_globals globals;
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cr_assert(zero(int, read_globals(WORDS("--root=/x", cases[i].word), &globals, &err)));
		cr_assert(eq(int, globals.manager, cases[i].manager), "%s", cases[i].word);
	}
	cr_assert(eq(int, read_globals(WORDS("--cgroup-manager=v1"), &globals, &err), -EINVAL));
	cr_assert(eq(int, read_globals(WORDS("--rootless=perhaps"), &globals, &err), -EINVAL));
	cr_assert(eq(int, read_globals(WORDS("--log-format=xml"), &globals, &err), -EINVAL));
}

Test(oci_globals, believe_a_given_rootless)
{
	struct oci_globals globals;
	struct error err = { 0 };

	cr_assert(zero(int, read_globals(WORDS("--root=/x", "--rootless=true"), &globals, &err)));
	cr_assert(globals.rootless);
	cr_assert(zero(int, read_globals(WORDS("--root=/x", "--rootless=false"), &globals, &err)));
	cr_assert(not(globals.rootless));
	cr_assert(zero(int, read_globals(WORDS("--root=/x", "--rootless", "state"), &globals, &err)));
	cr_assert(globals.rootless);
}

Test(oci_globals, make_a_given_root_absolute)
{
	struct oci_globals globals;
	struct error err = { 0 };

	cr_assert(zero(int, chdir("/tmp")));
	cr_assert(zero(int, read_globals(WORDS("--root", "some/dir//"), &globals, &err)));
	cr_assert(eq(str, globals.root.path, "/tmp/some/dir"));
	cr_assert(globals.root.given);
}

Test(oci_globals, take_the_runtime_directory_of_a_rootless_caller)
{
	struct oci_globals globals;
	struct error err = { 0 };

	setenv("XDG_RUNTIME_DIR", "/run/of/me", 1);
	cr_assert(zero(int, read_globals(WORDS("--rootless=true"), &globals, &err)));
	cr_assert(eq(str, globals.root.path, "/run/of/me/kapsel-oci"));
	cr_assert(not(globals.root.given));
	cr_assert(zero(int, read_globals(WORDS("--rootless=false"), &globals, &err)));
	cr_assert(eq(str, globals.root.path, "/run/kapsel-oci"));
	setenv("XDG_RUNTIME_DIR", "not/absolute", 1);
	if (read_globals(WORDS("--rootless=true"), &globals, &err) == 0)
		cr_assert(str_starts(globals.root.path, "/run/"));
	else
		cr_assert(eq(str, err.remedy, "set XDG_RUNTIME_DIR or give --root DIR"));
}

Test(oci_globals, create_the_log_for_all_to_read)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci_globals globals;
	struct error err = { 0 };
	struct stat st;

	umask(0);
	cr_assert(zero(int, chdir(scratch.path)));
	cr_assert(zero(int, read_globals(WORDS("--root=/x", "--log", "log.json", "--log-format=json"),
					 &globals, &err)));
	cr_assert(zero(int, stat("log.json", &st)));
	cr_assert(eq(u32, st.st_mode & 07777, 0644));
	cr_assert(eq(int, globals.log[0], '/'), "a relative path must survive a chdir");
	cr_assert(globals.log_json);
	cr_assert(eq(int, read_globals(WORDS("--log", "no/such/dir/log"), &globals, &err), -ENOENT));
}
