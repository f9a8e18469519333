/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets that the launcher binds, or was passed itself, and hands over as systemd does
 * (sd_listen_fds(3)): the workload serves a port without a network, a capability or the right
 * to open sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/run.h"
#include "launcher/service/endpoint.h"
#include "launcher/service/foreign.h"
#include "launcher/service/passed.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int listen_wanted(const struct spec *spec)
{
	return spec->n_listen > 0;
}

/* A socket file that a killed predecessor left is replaced; one that answers is not. */
static int remove_stale(const char *path, const struct sockaddr_storage *address, socklen_t size, int type)
{
	_cleanup_fd_ int probe = -1;
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return 0;
	probe = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return -errno;
	if (connect(probe, (const struct sockaddr *)address, size) == 0 || errno != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(path) < 0 ? -errno : 0;
}

static int open_one(const struct spec_listen *listen_spec, struct error *err)
{
	const int type = listen_spec->datagram ? SOCK_DGRAM : SOCK_STREAM, one = 1;
	struct sockaddr_storage address;
	_cleanup_fd_ int low = -1;
	socklen_t size = 0;
	mode_t saved;
	int fd, r = endpoint_parse(listen_spec->address, &address, &size);

	if (r < 0)
		return error_set(err, -r, "parse the address %s of listen.%s", listen_spec->address,
				 listen_spec->name);
	if (listen_spec->address[0] == '/')
		r = remove_stale(listen_spec->address, &address, size, type);
	low = r < 0 ? -1 : socket(address.ss_family, type | SOCK_CLOEXEC, 0);
	if (r == 0 && low < 0)
		r = -errno;
	if (r == 0 && address.ss_family != AF_UNIX &&
	    setsockopt(low, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		r = -errno;
	saved = umask(0117);
	if (r == 0 && bind(low, (const struct sockaddr *)&address, size) < 0)
		r = -errno;
	umask(saved);
	if (r == 0 && !listen_spec->datagram && listen(low, listen_spec->backlog) < 0)
		r = -errno;
	if (r < 0) {
		error_set(err, -r, "listen on %s for listen.%s", listen_spec->address, listen_spec->name);
		if (r == -EADDRINUSE)
			return error_remedy(
				err, "another process listens there: ss -ltnp, or choose another address");
		return r;
	}
	fd = fcntl(low, F_DUPFD_CLOEXEC, RUN_FD_FLOOR);
	return fd < 0 ? error_set(err, errno, "keep the socket of listen.%s", listen_spec->name) : fd;
}

/*
 * A socket that has served before, or that a service manager made: its flags belong to the open file, so
 * an earlier workload's are still set, and its queue is as long as somebody else wanted.
 */
static int reuse(int fd, const struct spec_listen *listen_spec, struct error *err)
{
	int flags = fcntl(fd, F_GETFL), copy;

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~(O_NONBLOCK | O_ASYNC)) < 0 ||
	    (!listen_spec->datagram && listen(fd, listen_spec->backlog) < 0))
		return error_set(err, errno, "prepare the socket of listen.%s again", listen_spec->name);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, RUN_FD_FLOOR);
	return copy < 0 ? error_set(err, errno, "keep the socket of listen.%s", listen_spec->name) : copy;
}

/* Whether clients still reach it: not when its file was removed, or a workload shut it down. */
static bool is_usable(int fd, const struct spec_listen *listen_spec)
{
	struct stat st;

	if (fd < 0 || endpoint_check(fd, listen_spec, NULL) < 0)
		return false;
	return listen_spec->address[0] != '/' ||
	       (lstat(listen_spec->address, &st) == 0 && S_ISSOCK(st.st_mode));
}

/* Bound by an earlier start of this service and still open, so that no client was refused; or new. */
static int open_own(struct run *run, size_t i, struct error *err)
{
	const struct spec_listen *listen_spec = &run->spec->listen[i];
	int *kept = run->kept_listen_fds ? &run->kept_listen_fds[i] : NULL;
	_cleanup_fd_ int fd = -1;

	if (kept && is_usable(*kept, listen_spec))
		return reuse(*kept, listen_spec, err);
	if (kept)
		foreign_close(kept);
	fd = open_one(listen_spec, err);
	if (fd < 0)
		return fd;
	if (kept)
		*kept = fcntl(fd, F_DUPFD_CLOEXEC, RUN_FD_FLOOR);
	if (kept && *kept < 0)
		return error_set(err, errno, "keep the socket of listen.%s", listen_spec->name);
	return take_fd(&fd);
}

static int open_passed(int passed, const struct spec_listen *listen_spec, struct error *err)
{
	int r = endpoint_check(passed, listen_spec, err);

	if (r < 0)
		return error_remedy(err, "restart the socket unit, which makes a new one");
	return reuse(passed, listen_spec, err);
}

static int listen_apply(const struct step *step, struct run *run, struct error *err)
{
	if (step->spec->n_listen > RUN_LISTEN_MAX)
		return error_set(err, E2BIG, "more than %d listen sockets", RUN_LISTEN_MAX);
	for (size_t i = 0; i < step->spec->n_listen; i++) {
		int passed = passed_fd(i);
		int fd = passed >= 0 ? open_passed(passed, &step->spec->listen[i], err)
				     : open_own(run, i, err);

		if (fd < 0)
			return fd;
		run->listen_fds[i] = fd;
		if (passed < 0)
			run->proof->listening |= 1U << i;
	}
	return STEP_DONE;
}

static int listen_verify(const struct step *step, const struct run *run, const struct evidence *evidence,
			 char report[STEP_REPORT_MAX], struct error *err)
{
	size_t used = 0;

	(void)evidence;
	report[0] = '\0';
	for (size_t i = 0; i < step->spec->n_listen; i++) {
		int accepting = 0;
		socklen_t size = sizeof(accepting);

		if (getsockopt(run->listen_fds[i], SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) < 0 ||
		    (!step->spec->listen[i].datagram && !accepting))
			return error_set(err, EBADE, "the socket of listen.%s does not accept",
					 step->spec->listen[i].name);
		if (used < STEP_REPORT_MAX)
			used += (size_t)snprintf(report + used, STEP_REPORT_MAX - used, "%sfd %d %s%s",
						 i ? ", " : "", step->spec->listen[i].fd,
						 step->spec->listen[i].address,
						 passed_fd(i) >= 0 ? " (passed)" : "");
	}
	return STEP_DONE;
}

static void listen_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	for (size_t i = 0; i < spec->n_listen; i++)
		fprintf(out, "%sfd %d: %s", i ? ", " : "", spec->listen[i].fd, spec->listen[i].address);
}

const struct step_type step_listen = {
	.name = "listen",
	.blocks = "a service that needs a network and rights only to be reachable",
	.source = "sd_listen_fds(3), socket(7)",
	.phase = PHASE_HOST,
	.apply = listen_apply,
	.verify = listen_verify,
	.explain = listen_explain,
	.wanted = listen_wanted,
};
