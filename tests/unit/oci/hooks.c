/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/hooks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "tests/unit/base/scratch.h"

/* One hook: sh -c SCRIPT, in a directory of its own. */
static int run_script(const char *script, const char *const *env, unsigned int timeout_s,
		      const char *state_json, int cwd_fd, struct error *err)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct oci_hook hook = { .path = "/bin/sh", .timeout_s = timeout_s };
	struct oci oci = { 0 };

	hook.args = (struct spec_strings){ .items = argv, .n = 3 };
	for (hook.env.items = env; env && env[hook.env.n]; hook.env.n++)
		;
	oci.hooks[OCI_HOOK_POSTSTOP] = (struct oci_hook_list){ .items = &hook, .n = 1 };
	return oci_hooks_run(&oci, OCI_HOOK_POSTSTOP, state_json, cwd_fd, err);
}

static int open_directory(const struct scratch *scratch)
{
	return open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What the hook left in the file "out" of its directory. */
static char *written(const struct scratch *scratch)
{
	static char text[65536];

	cr_assert(ge(i64, fd_read_file(scratch->fd, "out", text, sizeof(text)), 0));
	return text;
}

Test(oci_hooks, get_the_state_on_stdin_and_run_in_the_bundle)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int cwd = open_directory(&scratch);
	struct error err = { 0 };

	cr_assert(zero(int, run_script("read -r line; echo \"<$line>\" > out", NULL, 0, "{\"id\":\"x\"}", cwd,
				       &err)),
		  "%s", err.msg);
	cr_assert(eq(str, written(&scratch), "<{\"id\":\"x\"}>\n"));
}

Test(oci_hooks, get_a_state_that_is_longer_than_a_pipe_whether_they_read_it_or_not)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int cwd = open_directory(&scratch);
	size_t size = 3 << 20;
	char *state = malloc(size + 1);

	memset(state, 'x', size);
	state[size] = '\0';
	cr_assert(zero(int, run_script(":", NULL, 0, state, cwd, NULL)));
	cr_assert(zero(int, run_script("/usr/bin/wc -c > out", NULL, 0, state, cwd, NULL)));
	cr_assert(eq(int, atoi(written(&scratch)), 3 << 20));
	free(state);
}

Test(oci_hooks, get_their_own_environment_and_nothing_else)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int cwd = open_directory(&scratch);
	static const char *const env[] = { "A=1", "B=x y", NULL };

	setenv("SECRET", "of the runtime", 1);
	cr_assert(zero(int, run_script("/usr/bin/env -u PWD -u SHLVL -u _ -u OLDPWD > out", env, 0, "{}", cwd,
				       NULL)));
	cr_assert(eq(str, written(&scratch), "A=1\nB=x y\n"));
	cr_assert(zero(int, run_script("/usr/bin/env -u PWD -u SHLVL -u _ -u OLDPWD > out", NULL, 0, "{}",
				       cwd, NULL)));
	cr_assert(eq(str, written(&scratch), ""));
}

Test(oci_hooks, inherit_no_descriptor)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int cwd = open_directory(&scratch);
	int leaked = open("/etc/passwd", O_RDONLY); /* without O_CLOEXEC */

	cr_assert(ge(int, leaked, 0));
	/* ls opens the directory itself: that is the fourth. */
	cr_assert(zero(int, run_script("set -- /proc/self/fd/*; exec /bin/ls /proc/self/fd 2>&1 > out", NULL,
				       0, "{}", cwd, NULL)));
	cr_assert(eq(str, written(&scratch), "0\n1\n2\n3\n"));
	close(leaked);
}

Test(oci_hooks, start_with_default_signals_whatever_the_runtime_ignores)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int cwd = open_directory(&scratch);
	sigset_t all;

	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	cr_assert(zero(int, run_script("/bin/grep -E '^Sig(Ign|Blk)' /proc/self/status > out", NULL, 0, "{}",
				       cwd, NULL)));
	cr_assert(eq(str, written(&scratch), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"));
}

Test(oci_hooks, tell_their_exit_status)
{
	struct error err = { 0 };

	cr_assert(eq(int, run_script("exit 3", NULL, 0, "{}", -1, &err), -ECANCELED));
	cr_assert(eq(str, err.msg, "poststop hook /bin/sh: exited with status 3"));
	cr_assert(eq(int, run_script("kill -SEGV $$", NULL, 0, "{}", -1, &err), -ECANCELED));
	cr_assert(eq(str, err.msg, "poststop hook /bin/sh: killed by signal 11"));
}

Test(oci_hooks, that_can_not_be_executed_are_named)
{
	const struct oci_hook hook = { .path = "/no/such/hook" };
	struct oci oci = { 0 };
	struct error err = { 0 };

	oci.hooks[OCI_HOOK_PRESTART] = (struct oci_hook_list){ .items = &hook, .n = 1 };
	cr_assert(eq(int, oci_hooks_run(&oci, OCI_HOOK_PRESTART, "{}", -1, &err), -ENOENT));
	cr_assert(eq(str, err.msg, "prestart hook /no/such/hook: execute it"));
}

Test(oci_hooks, without_args_get_their_path_as_the_name)
{
	const struct oci_hook hook = { .path = "/bin/true" };
	struct oci oci = { 0 };

	oci.hooks[OCI_HOOK_PRESTART] = (struct oci_hook_list){ .items = &hook, .n = 1 };
	cr_assert(zero(int, oci_hooks_run(&oci, OCI_HOOK_PRESTART, "{}", -1, NULL)));
	cr_assert(zero(int, oci_hooks_run(&oci, OCI_HOOK_POSTSTOP, "{}", -1, NULL)), "other kinds have none");
}

Test(oci_hooks, run_in_order_up_to_the_first_that_fails)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int cwd = open_directory(&scratch);
	static const char *const scripts[] = { "echo a >> out", "echo b >> out", "exit 1", "echo c >> out" };
	const char *argv[ARRAY_SIZE(scripts)][4];
	struct oci_hook hooks[ARRAY_SIZE(scripts)] = { 0 };
	struct oci oci = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		const char *words[] = { "sh", "-c", scripts[i], NULL };

		memcpy(argv[i], words, sizeof(words));
		hooks[i] = (struct oci_hook){ .path = "/bin/sh", .args = { .items = argv[i], .n = 3 } };
	}
	oci.hooks[OCI_HOOK_POSTSTART] = (struct oci_hook_list){ .items = hooks, .n = ARRAY_SIZE(hooks) };
	cr_assert(eq(int, oci_hooks_run(&oci, OCI_HOOK_POSTSTART, "{}", cwd, NULL), -ECANCELED));
	cr_assert(eq(str, written(&scratch), "a\nb\n"));
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

Test(oci_hooks, are_killed_with_all_they_started_at_their_timeout, .timeout = 60)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int cwd = open_directory(&scratch);
	struct error err = { 0 };
	double start = now();
	pid_t child;

	cr_assert(
		eq(int,
		   run_script("/bin/sleep 50 & echo $! > out; trap '' TERM; wait", NULL, 1, "{}", cwd, &err),
		   -ETIMEDOUT));
	cr_assert(eq(str, err.msg, "poststop hook /bin/sh: killed after its timeout of 1 s"));
	cr_assert(ge(dbl, now() - start, 1.0));
	cr_assert(lt(dbl, now() - start, 20.0));
	child = atoi(written(&scratch));
	cr_assert(gt(int, child, 1));
	for (int i = 0; i < 500 && kill(child, 0) == 0; i++) {
		char path[64], text[1024];

		/* A zombie waits for whoever adopted it. */
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
		if (fd_read_file(AT_FDCWD, path, text, sizeof(text)) < 0 || strstr(text, ") Z "))
			return;
		usleep(10000);
	}
	cr_assert(eq(int, kill(child, 0), -1), "the hook's child survived the timeout");
}

Test(oci_hooks, that_end_in_time_are_not_waited_for_longer)
{
	double start = now();

	cr_assert(zero(int, run_script(":", NULL, 30, "{}", -1, NULL)));
	cr_assert(lt(dbl, now() - start, 10.0));
}

Test(oci_hooks, may_leave_a_process_behind)
{
	double start = now();

	/* It keeps stdout and stderr, but nothing that we would wait for. */
	cr_assert(zero(int, run_script("/bin/sleep 15 &", NULL, 0, "{}", -1, NULL)));
	cr_assert(lt(dbl, now() - start, 10.0));
}

Test(oci_hooks, leave_no_descriptor_and_no_zombie_with_the_runtime)
{
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

	for (int i = 0; i < 5; i++)
		run_script("exit 1", NULL, 5, "{}", -1, NULL);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cr_assert(eq(int, after, before + 1));
	cr_assert(eq(int, waitpid(-1, NULL, WNOHANG), -1));
	cr_assert(eq(int, errno, ECHILD));
	close(before);
	close(after);
}
