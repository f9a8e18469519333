/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report: the exercises are run, and the HTML page is written. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "lab/exercises/exercise_run.h"
#include "lab/exercises/lesson.h"
#include "lab/exercises/stage.h"
#include "lab/report/report.h"

static int write_page(FILE *out, const struct lesson *lesson, const struct result *results, struct error *err)
{
	char host[sizeof(struct utsname)], user[32] = "root", when[40];
	struct report_setting setting = {
		.language = lesson->language, .host = host, .user = user, .time = when
	};
	struct utsname name;
	time_t now = time(NULL);
	struct tm parts;

	if (uname(&name) < 0 || !gmtime_r(&now, &parts))
		return error_set(err, errno, "ask for the kernel's name and the time");
	snprintf(host, sizeof(host), "%s %s %s", name.sysname, name.release, name.machine);
	if (geteuid() != 0)
		snprintf(user, sizeof(user), "user %u", geteuid());
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return report_write(out, &setting, results, lesson->n, err);
}

/* A new file, renamed when it is whole: who reads the old one meanwhile is not disturbed. */
static int save(const struct lesson *lesson, const struct result *results, struct error *err)
{
	char temporary[PATH_MAX];
	_cleanup_fd_ int fd = -1;
	FILE *out;
	int r;

	if (snprintf(temporary, sizeof(temporary), "%s.%08lx", lesson->html, (unsigned long)time(NULL)) >=
	    (int)sizeof(temporary))
		return error_set(err, ENAMETOOLONG, "write %s", lesson->html);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		r = error_set(err, errno, "create %s", temporary);
		if (fd >= 0)
			unlink(temporary);
		return r;
	}
	(void)take_fd(&fd);
	r = write_page(out, lesson, results, err);
	if (fclose(out) != 0 && r == 0)
		r = error_set(err, errno, "write %s", temporary);
	if (r == 0 && rename(temporary, lesson->html) < 0)
		r = error_set(err, errno, "rename %s to %s", temporary, lesson->html);
	if (r < 0)
		unlink(temporary);
	return r;
}

static int report(const struct lesson *lesson, struct stage *stage, void *arg)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct result *results;
	size_t failed = 0;
	int r = 0;

	(void)arg;
	results = arena ? arena_array(arena, lesson->n, sizeof(*results)) : NULL;
	if (!results)
		r = error_set(&err, ENOMEM, "run the exercises");
	for (size_t i = 0; r == 0 && i < lesson->n; i++) {
		r = exercise_run(stage, lesson->exercises[i], arena, &results[i], &err);
		failed += r == 0 && results[i].outcome == RESULT_FAIL;
	}
	if (r == 0)
		r = save(lesson, results, &err);
	if (r < 0) {
		if (!stage->sandbox->interrupted)
			error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	return failed > 0 ? 1 : 0;
}

int lesson_report(const struct lesson *lesson)
{
	return lesson_on_stage(lesson, report, NULL);
}
