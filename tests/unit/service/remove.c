/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/remove.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "service_fixture.h"

TestSuite(remove, .init = service_init, .fini = service_fini);

static const struct remove_options plain, with_logs = { .logs = true };

static struct record ended(void)
{
	struct record record = service_record("web");

	record.status = RECORD_EXITED;
	return record;
}

static bool there(const char *file)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", service_dir, file);
	return lstat(path, &st) == 0;
}

static void touch(const char *file)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", service_dir, file);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(ge(int, fd, 0), "%s", path);
	close(fd);
}

Test(remove, takes_an_ended_service_away)
{
	const struct record record = ended();
	struct error err = { 0 };

	close(service_write(&record));
	touch("web/counters");
	touch("web/something-new");
	cr_assert(zero(int, remove_service(service_dir, "web", &plain, &err)), "%s", err.msg);
	cr_assert(not(there("web")));
	cr_assert(eq(int, remove_service(service_dir, "web", &plain, &err), -ENOENT));
}

Test(remove, leaves_one_alone_that_lives)
{
	const struct record record = service_record("web");
	struct error err = { 0 };

	close(service_write(&record));
	cr_assert(eq(int, remove_service(service_dir, "web", &plain, &err), -EBUSY));
	cr_assert(there("web/state.json"));
}

Test(remove, leaves_one_alone_whose_lock_is_held_whatever_its_record_says)
{
	const struct record record = ended();
	_cleanup_fd_ int dir = service_write(&record);
	struct error err = { 0 };

	cr_assert(zero(int, flock(dir, LOCK_EX | LOCK_NB)));
	cr_assert(eq(int, remove_service(service_dir, "web", &plain, &err), -EBUSY));
	cr_assert(eq(int, remove_service(service_dir, "web", &(struct remove_options){ .wait_ms = 60 }, &err),
		     -EBUSY));
	cr_assert(there("web/state.json"));
}

Test(remove, waits_for_a_supervisor_that_is_about_to_leave)
{
	const struct record record = ended();
	struct error err = { 0 };
	int ready[2];
	char word;
	pid_t pid;

	close(service_write(&record));
	cr_assert(zero(int, pipe(ready)));
	pid = fork();
	if (pid == 0) {
		int dir = record_open(service_dir, "web", NULL);

		if (flock(dir, LOCK_EX) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(100000);
		_exit(0);
	}
	cr_assert(eq(long, read(ready[0], &word, 1), 1));
	cr_assert(zero(int, remove_service(service_dir, "web", &(struct remove_options){ .wait_ms = 20000 },
					   &err)),
		  "%s", err.msg);
	cr_assert(not(there("web")));
	waitpid(pid, NULL, 0);
}

Test(remove, takes_a_lost_one_away_and_one_that_can_not_be_read)
{
	struct record record = service_record("web");
	struct error err = { 0 };

	record.supervisor.starttime++;
	close(service_write(&record));
	close(service_spill("broken", "{"));
	cr_assert(zero(int, remove_service(service_dir, "web", &plain, &err)), "%s", err.msg);
	cr_assert(zero(int, remove_service(service_dir, "broken", &plain, &err)), "%s", err.msg);
	cr_assert(not(there("web")));
	cr_assert(not(there("broken")));
}

/* A record that was tampered with must not make us kill a group of somebody's choice. */
Test(remove, ends_no_cgroup_that_is_not_the_services_own)
{
	static const char *const paths[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/system.slice", "web", "/web",
					     "/tmp/web/../etc" };
	struct record record = service_record("web");
	struct error err = { 0 };

	record.supervisor.starttime++;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		strcpy(record.cgroup, paths[i]);
		close(service_write(&record));
		cr_assert(eq(int, remove_service(service_dir, "web", &plain, &err), -EINVAL), "%s", paths[i]);
	}
	/* A directory that is called right, but is no cgroup. */
	snprintf(record.cgroup, sizeof(record.cgroup), "%s/web", service_dir);
	close(service_write(&record));
	cr_assert(eq(int, remove_service(service_dir, "web", &plain, &err), -EINVAL));
	cr_assert(there("web/state.json"));
}

static struct record with_log(void)
{
	struct record record = ended();
	char path[256];

	snprintf(path, sizeof(path), "%s/log", service_dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/log/web", service_dir);
	mkdir(path, 0700);
	snprintf(record.log_path, sizeof(record.log_path), "%s/log/web/web-json.log", service_dir);
	snprintf(record.events_path, sizeof(record.events_path), "%s/log/web/web-events.jsonl", service_dir);
	touch("log/web/web-json.log");
	touch("log/web/web-json.log.1");
	touch("log/web/web-json.log.2.gz");
	touch("log/web/web-events.jsonl");
	touch("log/web/web-events.jsonl.1");
	return record;
}

Test(remove, logs_stay_unless_they_are_asked_for)
{
	const struct record record = with_log();
	struct error err = { 0 };

	close(service_write(&record));
	cr_assert(zero(int, remove_service(service_dir, "web", &plain, &err)), "%s", err.msg);
	cr_assert(there("log/web/web-json.log.2.gz"));
	cr_assert(there("log/web/web-events.jsonl"));
}

Test(remove, logs_go_with_their_directory_if_nothing_else_is_in_it)
{
	const struct record record = with_log();
	struct error err = { 0 };

	close(service_write(&record));
	cr_assert(zero(int, remove_service(service_dir, "web", &with_logs, &err)), "%s", err.msg);
	cr_assert(not(there("log/web")));
	cr_assert(there("log"));
}

Test(remove, files_beside_the_log_stay)
{
	const struct record record = with_log();
	struct error err = { 0 };

	touch("log/web/notes");
	touch("log/web/web-json.log.old");
	close(service_write(&record));
	cr_assert(zero(int, remove_service(service_dir, "web", &with_logs, &err)), "%s", err.msg);
	cr_assert(not(there("log/web/web-json.log")));
	cr_assert(not(there("log/web/web-json.log.2.gz")));
	cr_assert(not(there("log/web/web-events.jsonl.1")));
	cr_assert(there("log/web/notes"));
	cr_assert(there("log/web/web-json.log.old"));
}
