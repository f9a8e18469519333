/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "why_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"

char why_dir[64];
struct arena *why_arena;

void why_init(void)
{
	snprintf(why_dir, sizeof(why_dir), "/tmp/kapsel-why-XXXXXX");
	cr_assert(mkdtemp(why_dir) != NULL);
	why_arena = arena_new();
	cr_assert(why_arena != NULL);
}

void why_fini(void)
{
	char command[128];

	why_arena = arena_free(why_arena);
	snprintf(command, sizeof(command), "rm -rf %s", why_dir);
	cr_assert(eq(int, system(command), 0));
}

struct host why_host(void)
{
	struct host host = { 0 };

	snprintf(host.run_dir, sizeof(host.run_dir), "%s/run", why_dir);
	snprintf(host.log_dir, sizeof(host.log_dir), "%s/log", why_dir);
	return host;
}

const char *why_file(const char *name, const void *content, size_t size, unsigned int mode)
{
	static char path[512];
	_cleanup_fd_ int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", why_dir, name);
	for (char *slash = strchr(path + strlen(why_dir) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, fd_write_all(fd, content, size)));
	cr_assert(zero(int, fchmod(fd, mode)));
	return path;
}

void why_event(unsigned int second, const char *id, const char *kind, const char *members)
{
	char line[2048];

	snprintf(
		line, sizeof(line),
		"{\"time\":\"2026-01-01T00:00:%02u.000000000Z\",\"event\":\"%s\",\"name\":\"web\",\"id\":\"%s\"%s%s}\n",
		second, kind, id, members[0] ? "," : "", members);
	why_file("log/web/web-events.jsonl", line, strlen(line), 0640);
}

struct why_end why_plain_end(int status)
{
	return (struct why_end){
		.state = WHY_END_OVER,
		.name = "web",
		.id = "",
		.started = "",
		.ended = "",
		.exit_status = status,
		.signal = "",
		.reason = "",
		.step = "",
		.error = "",
		.remedy = "",
		.stop_by = "",
		.stop_timeout_ms = WHY_END_UNKNOWN,
		.kill_signal = WHY_END_UNKNOWN,
		.killed_by = "",
		.oom_kills = WHY_END_UNKNOWN,
		.memory_peak = WHY_END_UNKNOWN,
		.memory_limit = WHY_END_UNKNOWN,
		.pids_limit_hits = WHY_END_UNKNOWN,
		.pids_limit = WHY_END_UNKNOWN,
		.cpu_throttled = WHY_END_UNKNOWN,
		.runtime_ms = WHY_END_UNKNOWN,
		.health_status = "",
		.health_output = "",
		.program = "",
		.profile = "",
		.rootfs = "",
		.log_driver = "",
		.log = "",
	};
}

struct why why_of(const struct why_end *end, const struct spec *spec, const char *const *lines, size_t n)
{
	struct why_log *log = arena_alloc(why_arena, sizeof(*log));
	struct why why = { .arena = why_arena, .end = end, .spec = spec, .log = log };

	cr_assert(log != NULL);
	for (size_t i = 0; i < n; i++)
		log->lines[log->n++] =
			(struct why_log_line){ "2026-01-01T00:00:01.000000000Z", lines[i], strlen(lines[i]) };
	cr_assert(zero(int, why_causes_find(&why)));
	return why;
}

const struct why_cause *why_the(const struct why *why, const char *id)
{
	const struct why_cause *found = NULL;

	for (size_t i = 0; i < why->n; i++)
		if (str_equal(why->causes[i].id, id))
			found = &why->causes[i];
	cr_assert(found != NULL, "there is no cause %s among %zu, the first is %s", id, why->n,
		  why->n ? why->causes[0].id : "none");
	return found;
}
