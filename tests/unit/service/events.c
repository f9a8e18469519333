/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/events.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/service/counters.h"
#include "profiles/spec.h"
#include "service_fixture.h"

TestSuite(events, .init = service_init, .fini = service_fini);

static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct events *open_events(const struct spec *spec, struct counters *counters)
{
	const struct host host = service_host();
	struct events *events = NULL;
	struct error err = { 0 };

	cr_assert(zero(int, events_open(spec, &host, id, counters, &events, &err)), "%s", err.msg);
	return events;
}

static const char *path_of(const char *suffix)
{
	const struct host host = service_host();
	static char path[600];
	char base[512];

	snprintf(path, sizeof(path), "%s%s", events_path(&host, "web", base, sizeof(base)), suffix);
	return path;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Hooks are nobody's children: what they did is all that can be waited for. */
static char *await_file(const char *path)
{
	for (int i = 0; i < 500; i++) {
		char *text = service_slurp(path);

		if (text)
			return text;
		usleep(10000);
	}
	cr_assert(0, "%s never came", path);
	return NULL;
}

Test(events, are_appended_as_lines_to_a_file_of_mode_0640)
{
	const struct spec spec = { .name = "web" };
	struct counters counters = { 0 };
	struct events *events = open_events(&spec, &counters);
	struct stat st;
	char *text;

	EVENTS_EMIT(events, "start", { "pid", NULL, 7 }, { "restarts", NULL, 0 });
	events_emit(events, "ready", NULL, 0);
	cr_assert(events_close(events) == NULL);
	events = open_events(&spec, &counters);
	EVENTS_EMIT(events, "stop", { "by", "signal", 0 });
	events_close(events);
	text = service_slurp(path_of(""));
	cr_assert(eq(sz, count_lines(text), 3));
	cr_assert(strstr(text, "\"event\":\"start\",\"name\":\"web\",\"id\":\"0123") != NULL, "%s", text);
	cr_assert(strstr(text, "\"pid\":7,\"restarts\":0}\n{\"time\":\"") != NULL, "%s", text);
	cr_assert(strstr(text, "\"by\":\"signal\"}\n") != NULL);
	cr_assert(zero(int, stat(path_of(""), &st)));
	cr_assert(zero(u32, st.st_mode & 07137));
	cr_assert(eq(u64, counters.events, 3));
	cr_assert(zero(u64, counters.events_lost));
	free(text);
}

Test(events, half_a_line_of_a_killed_supervisor_does_not_spoil_the_next)
{
	const struct spec spec = { .name = "web" };
	struct events *events = open_events(&spec, NULL);
	_cleanup_fd_ int fd = open(path_of(""), O_WRONLY | O_APPEND | O_CLOEXEC);
	char *text;

	events_close(events);
	cr_assert(zero(int, fd_write_all(fd, "{\"time\":\"20", 11)));
	events = open_events(&spec, NULL);
	events_emit(events, "ready", NULL, 0);
	events_close(events);
	text = service_slurp(path_of(""));
	cr_assert(strstr(text, "{\"time\":\"20\n{\"time\":\"2") == text, "%s", text);
	free(text);
}

Test(events, at_one_mebibyte_the_file_is_rotated_and_no_line_is_torn)
{
	const struct spec spec = { .name = "web" };
	struct events *events = open_events(&spec, NULL);
	char text[3000];
	struct stat st;
	char *older, *newer;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 400; i++)
		EVENTS_EMIT(events, "health", { "output", text, 0 });
	events_close(events);
	cr_assert(zero(int, stat(path_of(".1"), &st)));
	cr_assert(le(i64, st.st_size, 1024 * 1024));
	cr_assert(gt(i64, st.st_size, 1024 * 1024 - EVENTS_LINE_MAX));
	older = service_slurp(path_of(".1"));
	newer = service_slurp(path_of(""));
	cr_assert(eq(sz, count_lines(older) + count_lines(newer), 400));
	cr_assert(eq(int, strncmp(newer, "{\"time\":", 8), 0));
	free(older);
	free(newer);
}

Test(events, a_file_that_was_taken_away_is_made_again)
{
	const struct spec spec = { .name = "web" };
	struct events *events = open_events(&spec, NULL);
	char *text;

	cr_assert(zero(int, unlink(path_of(""))));
	events_emit(events, "ready", NULL, 0);
	events_close(events);
	text = service_slurp(path_of(""));
	cr_assert(text != NULL);
	cr_assert(eq(sz, count_lines(text), 1));
	free(text);
}

Test(events, a_planted_link_is_refused)
{
	const struct host host = service_host();
	const struct spec spec = { .name = "web" };
	struct events *events = open_events(&spec, NULL);
	struct error err = { 0 };

	events_close(events);
	cr_assert(zero(int, unlink(path_of(""))));
	cr_assert(zero(int, symlink("/etc/passwd", path_of(""))));
	cr_assert(eq(int, events_open(&spec, &host, id, NULL, &events, &err), -ELOOP));
}

static int bind_feed(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	cr_assert(zero(int, bind(sock, (const struct sockaddr *)&address, sizeof(address))));
	return sock;
}

Test(events, go_to_a_socket_also_when_its_owner_came_later_and_never_wait_for_it)
{
	char path[100], got[EVENTS_LINE_MAX];
	const struct spec spec = { .name = "web", .events.socket = path };
	struct counters counters = { 0 };
	_cleanup_fd_ int sock = -1;
	struct events *events;
	ssize_t size;

	snprintf(path, sizeof(path), "%s/feed", service_dir);
	events = open_events(&spec, &counters);
	events_emit(events, "early", NULL, 0); /* nobody is there */
	cr_assert(eq(u64, counters.events_lost, 1));
	sock = bind_feed(path);
	events_emit(events, "ready", NULL, 0);
	size = recv(sock, got, sizeof(got), 0);
	cr_assert(gt(long, size, 0));
	cr_assert(memmem(got, (size_t)size, "\"event\":\"ready\"", 15) != NULL);
	cr_assert(eq(chr, got[size - 1], '\n'));
	cr_assert(eq(u64, counters.events_lost, 1));
	/* Nobody reads: the queue gets full, and the emitter goes on. */
	for (int i = 0; i < 2000; i++)
		events_emit(events, "start", NULL, 0);
	cr_assert(gt(u64, counters.events_lost, 1));
	fd_close(&sock); /* its owner died */
	counters.events_lost = 0;
	events_emit(events, "start", NULL, 0);
	cr_assert(eq(u64, counters.events_lost, 1));
	events_close(events);
}

static void write_script(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, fd_write_all(fd, text, strlen(text))));
	close(fd);
}

Test(events, a_program_gets_the_line_and_nothing_of_ours)
{
	char script[128], text[1024], out[128];
	const char *const argv[] = { script, "an argument", NULL };
	const struct spec spec = { .name = "web", .events.exec = { argv, 2 } };
	struct counters counters = { 0 };
	sigset_t all, before;
	struct events *events;
	char *got;

	snprintf(script, sizeof(script), "%s/hook", service_dir);
	snprintf(out, sizeof(out), "%s/out", service_dir);
	snprintf(text, sizeof(text),
		 "#!/bin/sh\n"
		 "{ cat; echo \"arg=$1\"; env | sort; ls /proc/self/fd | tr '\\n' ' '; echo\n"
		 "readlink /proc/self/fd/2; grep -E 'Sig(Blk|Ign)' /proc/self/status\n"
		 "awk '{ print ($1 == $6) ? \"leader\" : \"follower\" }' /proc/$$/stat; pwd; } > %s.new\n"
		 "mv %s.new %s\n",
		 out, out, out);
	write_script(script, text);
	setenv("SECRET", "of the caller", 1);
	setenv("PATH", "/usr/bin:/bin", 1);
	signal(SIGHUP, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	events = open_events(&spec, &counters);
	EVENTS_EMIT(events, "exit", { "status", NULL, 3 });
	sigprocmask(SIG_SETMASK, &before, NULL);
	got = await_file(out);
	cr_assert(zero(u64, counters.events_lost));
	cr_assert(strstr(got, "\"event\":\"exit\",\"name\":\"web\"") != NULL, "%s", got);
	cr_assert(strstr(got, "\"status\":3}\narg=an argument\n") != NULL, "%s", got);
	cr_assert(strstr(got, "KAPSEL_EVENT=exit\nKAPSEL_NAME=web\n") != NULL, "%s", got);
	cr_assert(strstr(got, "PATH=/usr/bin:/bin\n") != NULL, "%s", got);
	cr_assert(strstr(got, "SECRET") == NULL, "%s", got);
	cr_assert(strstr(got, "\n0 1 2 3 \n/dev/null\n") != NULL, "%s", got); /* 3 is that of ls */
	cr_assert(strstr(got, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n") != NULL, "%s", got);
	cr_assert(strstr(got, "leader\n/\n") != NULL, "%s", got);
	free(got);
	events_close(events);
}

Test(events, programs_that_hang_are_not_waited_for_and_at_most_eight)
{
	char script[128], text[512], pids[128], go[128];
	const char *const argv[] = { script, NULL };
	const struct spec spec = { .name = "web", .events.exec = { argv, 1 } };
	struct counters counters = { 0 };
	struct events *events;
	char *got;
	int tries = 0;

	snprintf(script, sizeof(script), "%s/hook", service_dir);
	snprintf(pids, sizeof(pids), "%s/pids", service_dir);
	snprintf(go, sizeof(go), "%s/go", service_dir);
	snprintf(text, sizeof(text), "#!/bin/sh\necho x >> %s\nn=0\n"
		 "while [ $n -lt 400 ] && ! [ -e %s ]; do n=$((n+1)); sleep 0.05; done\n",
		 pids, go);
	write_script(script, text);
	events = open_events(&spec, &counters);
	for (int i = 0; i < 10; i++)
		events_emit(events, "start", NULL, 0);
	cr_assert(eq(u64, counters.events_lost, 2));
	do {
		usleep(10000);
		got = await_file(pids);
	} while (count_lines(got) < 8 && tries++ < 500);
	cr_assert(eq(sz, count_lines(got), 8));
	free(got);
	/* When they end there is room again. */
	close(open(go, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	for (tries = 0; tries < 500; tries++) {
		uint64_t lost = counters.events_lost;

		events_emit(events, "start", NULL, 0);
		if (counters.events_lost == lost)
			break;
		usleep(10000);
	}
	cr_assert(lt(int, tries, 500));
	events_close(events);
}

Test(events, no_child_is_left_behind)
{
	const char *const argv[] = { "/bin/true", NULL };
	const struct spec spec = { .name = "web", .events.exec = { argv, 1 } };
	struct events *events = open_events(&spec, NULL);

	events_emit(events, "start", NULL, 0);
	cr_assert(eq(int, waitpid(-1, NULL, __WALL | WNOHANG), -1));
	cr_assert(eq(int, errno, ECHILD));
	events_close(events);
}
