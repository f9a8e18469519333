/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets that the launcher binds and hands over as systemd does (sd_listen_fds(3)): the
 * workload serves a port without a network, a capability or the right to open sockets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "launcher/run.h"
#include "launcher/steps/steps.h"
#include "profiles/spec.h"

static int listen_wanted(const struct spec *spec)
{
	return spec->n_listen > 0;
}

static int parse_port(const char *text, in_port_t *ret)
{
	uint32_t port;

	if (str_to_u32(text, &port) < 0 || port == 0 || port > 65535)
		return -EINVAL;
	*ret = htons((uint16_t)port);
	return 0;
}

/* "127.0.0.1:80", "[::1]:80", "80" for all addresses, "/path" or "@abstract". */
static int parse_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_size)
{
	struct sockaddr_un *local = (struct sockaddr_un *)ret;
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 1];
	size_t length = strlen(text);

	*ret = (struct sockaddr_storage){ 0 };
	if (text[0] == '/' || text[0] == '@') {
		if (length >= sizeof(local->sun_path))
			return -ENAMETOOLONG;
		local->sun_family = AF_UNIX;
		memcpy(local->sun_path, text, length);
		if (text[0] == '@')
			local->sun_path[0] = '\0';
		*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length +
					(text[0] == '/' ? 1 : 0));
		return 0;
	}
	if (!colon) {
		in6->sin6_family = AF_INET6; /* dual stack: takes IPv4, too */
		*ret_size = sizeof(*in6);
		return parse_port(text, &in6->sin6_port);
	}
	if ((size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	if (host[0] == '[' && colon > text + 1 && colon[-1] == ']') {
		host[colon - text - 1] = '\0';
		in6->sin6_family = AF_INET6;
		*ret_size = sizeof(*in6);
		if (inet_pton(AF_INET6, host + 1, &in6->sin6_addr) != 1)
			return -EINVAL;
		return parse_port(colon + 1, &in6->sin6_port);
	}
	in->sin_family = AF_INET;
	*ret_size = sizeof(*in);
	if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
		return -EINVAL;
	return parse_port(colon + 1, &in->sin_port);
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
	int fd, r = parse_address(listen_spec->address, &address, &size);

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

static int listen_apply(const struct step *step, struct run *run, struct error *err)
{
	if (step->spec->n_listen > RUN_LISTEN_MAX)
		return error_set(err, E2BIG, "more than %d listen sockets", RUN_LISTEN_MAX);
	for (size_t i = 0; i < step->spec->n_listen; i++) {
		int fd = open_one(&step->spec->listen[i], err);

		if (fd < 0)
			return fd;
		run->listen_fds[i] = fd;
		run->proof->listening++;
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
			used += (size_t)snprintf(report + used, STEP_REPORT_MAX - used, "%sfd %d %s",
						 i ? ", " : "", step->spec->listen[i].fd,
						 step->spec->listen[i].address);
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
