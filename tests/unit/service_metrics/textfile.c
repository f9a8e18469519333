/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/metrics_textfile.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "sample_fixture.h"
#include "tests/unit/base/scratch.h"

static int write_web(const struct scratch *scratch, struct error *err)
{
	struct record record;
	const struct sample sample = full_sample(&record);

	return metrics_textfile_write(scratch->path, &sample, 1, "/sys/fs/cgroup", err);
}

static bool exists(const struct scratch *scratch, const char *name)
{
	struct stat st;

	return fstatat(scratch->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static const char *slurp(const struct scratch *scratch, const char *name)
{
	static char text[64 * 1024];

	cr_assert(ge(int, (int)fd_read_file(scratch->fd, name, text, sizeof(text)), 0), "%s", name);
	return text;
}

Test(metrics_textfile, is_written_whole_and_readable_for_the_collector)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct error err = { 0 };
	const char *text;
	struct stat st;

	cr_assert(zero(int, write_web(&scratch, &err)), "%s", err.msg);
	text = slurp(&scratch, "kapsel_web.prom");
	cr_assert(eq(int, strncmp(text, METRICS_TEXTFILE_MARK, strlen(METRICS_TEXTFILE_MARK)), 0));
	cr_assert(strstr(text, "\nkapsel_up{name=\"web\"} 1\n") != NULL);
	cr_assert(eq(chr, text[strlen(text) - 1], '\n'));
	cr_assert(zero(int, fstatat(scratch.fd, "kapsel_web.prom", &st, AT_SYMLINK_NOFOLLOW)));
	cr_assert(eq(uint, st.st_mode & 07777, 0644));
}

Test(metrics_textfile, replaces_a_link_and_leaves_what_it_points_at)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct error err = { 0 };
	struct stat st;

	scratch_file(&scratch, "precious", "precious");
	scratch_link(&scratch, "kapsel_web.prom", "precious");
	cr_assert(zero(int, write_web(&scratch, &err)), "%s", err.msg);
	cr_assert(eq(str, slurp(&scratch, "precious"), "precious"));
	cr_assert(zero(int, fstatat(scratch.fd, "kapsel_web.prom", &st, AT_SYMLINK_NOFOLLOW)));
	cr_assert(eq(uint, st.st_mode & S_IFMT, S_IFREG));
}

Test(metrics_textfile, follows_no_link_with_its_temporary_name)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct error err = { 0 };
	char name[64];

	scratch_file(&scratch, "precious", "precious");
	snprintf(name, sizeof(name), ".kapsel_web.prom.%d", (int)getpid());
	scratch_link(&scratch, name, "precious");
	cr_assert(zero(int, write_web(&scratch, &err)), "%s", err.msg);
	cr_assert(eq(str, slurp(&scratch, "precious"), "precious"));
	cr_assert(not(exists(&scratch, name)));
}

Test(metrics_textfile, goes_with_its_service)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	const char *const others[] = { "we", "webx" }, *const same[] = { "x", "web" };
	struct error err = { 0 };

	cr_assert(zero(int, write_web(&scratch, &err)), "%s", err.msg);
	cr_assert(zero(int, metrics_textfile_clean(scratch.path, same, 2, &err)), "%s", err.msg);
	cr_assert(exists(&scratch, "kapsel_web.prom"));
	cr_assert(zero(int, metrics_textfile_clean(scratch.path, others, 2, &err)), "%s", err.msg);
	cr_assert(not(exists(&scratch, "kapsel_web.prom")));
}

Test(metrics_textfile, of_somebody_else_stays)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	static const char *const names[] = { "kapsel_mine.prom", "other.prom",       "kapsel_x.txt",
					     "kapsel_.prom",     "kapsel_link.prom", "kapsel_short.prom" };
	struct error err = { 0 };

	scratch_file(&scratch, "kapsel_mine.prom", "# by hand\nx 1\n");
	scratch_file(&scratch, "kapsel_short.prom", "# written");
	scratch_file(&scratch, "other.prom", METRICS_TEXTFILE_MARK);
	scratch_file(&scratch, "kapsel_x.txt", METRICS_TEXTFILE_MARK);
	scratch_file(&scratch, "kapsel_.prom", METRICS_TEXTFILE_MARK);
	scratch_link(&scratch, "kapsel_link.prom", "other.prom");
	cr_assert(zero(int, metrics_textfile_clean(scratch.path, NULL, 0, &err)), "%s", err.msg);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_assert(exists(&scratch, names[i]), "%s", names[i]);
}

Test(metrics_textfile, of_a_killed_writer_is_removed_and_of_a_living_one_stays)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char living[64], killed[64];
	struct error err = { 0 };
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
	snprintf(living, sizeof(living), ".kapsel_web.prom.%d", (int)getpid());
	snprintf(killed, sizeof(killed), ".kapsel_web.prom.%d", (int)pid);
	scratch_file(&scratch, living, "half");
	scratch_file(&scratch, killed, "half");
	scratch_file(&scratch, ".kapsel_web.prom.x", "");
	cr_assert(zero(int, metrics_textfile_clean(scratch.path, NULL, 0, &err)), "%s", err.msg);
	cr_assert(exists(&scratch, living));
	cr_assert(exists(&scratch, ".kapsel_web.prom.x"));
	cr_assert(not(exists(&scratch, killed)));
}

Test(metrics_textfile, needs_its_directory)
{
	struct record record;
	const struct sample sample = full_sample(&record);
	struct error err = { 0 };

	cr_assert(eq(int, metrics_textfile_write("/nonexistent/dir", &sample, 1, "", &err), -ENOENT));
	cr_assert(eq(str, err.msg, "open the directory /nonexistent/dir"));
	cr_assert(strstr(err.remedy, "--collector.textfile.directory") != NULL);
}
