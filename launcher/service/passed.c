/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/passed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/run.h"
#include "launcher/service/endpoint.h"
#include "profiles/spec.h"

/* sd_listen_fds(3): the first descriptor; a name has at most 255 bytes. */
enum { FIRST = 3, PASSED_MAX = 64, NAME_SIZE = 256 };

struct passed {
	int fd;
	char name[NAME_SIZE];
};

static struct {
	struct passed sockets[PASSED_MAX];
	size_t n;
	int of_entry[RUN_LISTEN_MAX]; /* index in sockets plus 1, 0: none */
	char problem[200];            /* why what was passed can't be taken, "" if it was */
} taken;

static void close_all(void)
{
	for (size_t i = 0; i < taken.n; i++)
		fd_close(&taken.sockets[i].fd);
	memset(&taken, 0, sizeof(taken));
}

static void take_names(const char *names)
{
	size_t i = 0;

	for (; i < taken.n && names; i++) {
		const char *end = strchrnul(names, ':');

		snprintf(taken.sockets[i].name, NAME_SIZE, "%.*s", (int)(end - names), names);
		names = *end ? end + 1 : NULL;
	}
	if (names || i < taken.n)
		snprintf(taken.problem, sizeof(taken.problem),
			 "LISTEN_FDNAMES has not as many names as "
			 "LISTEN_FDS says that there are sockets");
}

static void take_descriptors(const char *number)
{
	uint32_t n;

	if (str_to_u32(number, &n) < 0 || n > PASSED_MAX) {
		snprintf(taken.problem, sizeof(taken.problem), "LISTEN_FDS is not a number from 0 to %d",
			 PASSED_MAX);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		int low = FIRST + (int)i, fd = fcntl(low, F_DUPFD_CLOEXEC, RUN_FD_FLOOR);

		if (fd < 0) {
			snprintf(taken.problem, sizeof(taken.problem),
				 "LISTEN_FDS announces %u sockets, but descriptor %d: %s", n, low,
				 error_name(errno));
			return;
		}
		/* A low number would be in the way of those that the workload gets. */
		close(low);
		taken.sockets[taken.n++].fd = fd;
	}
}

void passed_take(void)
{
	const char *pid = getenv("LISTEN_PID"), *number = getenv("LISTEN_FDS"),
		   *names = getenv("LISTEN_FDNAMES");
	uint64_t ours;

	close_all();
	/* Meant for another process: a parent that forgot to remove them, whose descriptors are not ours. */
	if (pid && number && str_to_u64(pid, &ours) == 0 && ours == (uint64_t)getpid()) {
		take_descriptors(number);
		if (names && !taken.problem[0])
			take_names(names);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_PIDFDID"); /* systemd 257 */
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

static const struct spec_listen *find_by_name(const struct spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->n_listen; i++)
		if (str_equal(spec->listen[i].name, name))
			return &spec->listen[i];
	return NULL;
}

/* Without FileDescriptorName= the name is the socket unit's. */
static const struct spec_listen *find_by_address(const struct spec *spec, int fd)
{
	for (size_t i = 0; i < spec->n_listen; i++) {
		int r = endpoint_check(fd, &spec->listen[i], NULL);

		/* What is bound there but not ready is refused with its own message. */
		if (r != -ENOTSOCK && r != -EPROTOTYPE && r != -EADDRNOTAVAIL)
			return &spec->listen[i];
	}
	return NULL;
}

static int refuse_stranger(const struct passed *socket, struct error *err)
{
	char is[ENDPOINT_TEXT_MAX], name[NAME_SIZE];

	endpoint_describe(socket->fd, is);
	str_escape(name, sizeof(name), socket->name);
	error_set(err, EINVAL, "take over the socket \"%s\" that was passed, %s: no entry of \"listen\" %s",
		  name, is, "has that name or that address");
	return error_remedy(err, "write an entry for it into the profile's \"listen\", or remove it from the "
				 "socket unit");
}

static int match_one(const struct spec *spec, size_t index, struct error *err)
{
	const struct passed *socket = &taken.sockets[index];
	const struct spec_listen *entry = find_by_name(spec, socket->name);
	size_t at;
	int r;

	if (!entry)
		entry = find_by_address(spec, socket->fd);
	if (!entry)
		return refuse_stranger(socket, err);
	r = endpoint_check(socket->fd, entry, err);
	if (r < 0)
		return error_remedy(err, "let the profile and the socket unit say the same");
	at = (size_t)(entry - spec->listen);
	if (at >= RUN_LISTEN_MAX)
		return error_set(err, E2BIG, "more than %d listen sockets", RUN_LISTEN_MAX);
	if (taken.of_entry[at]) {
		error_set(err, EEXIST, "take over two sockets that were passed for listen.%s", entry->name);
		return error_remedy(err, "remove one from the socket units");
	}
	taken.of_entry[at] = (int)index + 1;
	return 0;
}

int passed_match(const struct spec *spec, struct error *err)
{
	memset(taken.of_entry, 0, sizeof(taken.of_entry));
	if (taken.problem[0])
		return error_set(err, EINVAL, "take over the sockets that were passed: %s", taken.problem);
	for (size_t i = 0; i < taken.n; i++) {
		int r = match_one(spec, i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int passed_fd(size_t entry)
{
	return entry < RUN_LISTEN_MAX && taken.of_entry[entry] ? taken.sockets[taken.of_entry[entry] - 1].fd
							       : -1;
}
