/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/learn_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/scratch.h"
#include "launcher/service/endpoint.h"
#include "profiles/spec.h"

enum { ALL_IDS = 65536, BLOCKS = 2000 };

#define PREFIX      "kapsel-learn-"
#define FIRST_BLOCK 1879048192U /* above what subuid(5) and dynamic users of service managers take */

static int make_directory(struct learn_place *place, struct error *err)
{
	const char *parent = geteuid() == 0 ? "/run" : getenv("XDG_RUNTIME_DIR");
	int r;

	/* Short: the path of a unix socket in it has 107 bytes at most. */
	if (!parent || parent[0] != '/' || strlen(parent) > 40 || access(parent, W_OK) < 0)
		parent = "/tmp";
	r = scratch_make(parent, PREFIX, NULL, place->directory, sizeof(place->directory), &place->lock, err);
	if (r < 0)
		return r;
	if (fchmod(place->lock, 0711) < 0)
		return error_set(err, errno, "open %s to the workload", place->directory);
	return 0;
}

/* As kapsel run maps them, so that the profile's files have the owners that the workload expects. */
static void choose_ids(const struct spec *spec, struct observe_ids *ids)
{
	const struct spec_user *user = &spec->user;

	ids->uid = user->uid;
	ids->gid = user->gid;
	ids->alone = geteuid() != 0;
	ids->first_id = FIRST_BLOCK + (uint32_t)(getpid() % BLOCKS) * 2 * ALL_IDS;
	if (!user->host_id_auto && user->host_range > 1)
		ids->first_id = user->host_id;
	ids->host_uid = ids->first_id + (user->uid < ALL_IDS ? user->uid : ALL_IDS);
	ids->host_gid = ids->first_id + (user->gid < ALL_IDS ? user->gid : ALL_IDS);
	if (!user->host_id_auto && user->host_range == 1)
		ids->host_uid = ids->host_gid = user->host_id;
	if (ids->alone)
		ids->host_uid = ids->host_gid = ids->first_id = 0;
}

static int open_listen(const struct spec_listen *entry, struct error *err)
{
	const int type = entry->datagram ? SOCK_DGRAM : SOCK_STREAM, one = 1;
	struct sockaddr_storage address;
	_cleanup_fd_ int fd = -1;
	socklen_t size = 0;
	int r = endpoint_parse(entry->address, &address, &size);

	if (r < 0)
		return error_set(err, -r, "parse the address %s of listen.%s", entry->address, entry->name);
	fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);
	if (fd >= 0 && address.ss_family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) < 0 ||
	    (!entry->datagram && listen(fd, entry->backlog) < 0)) {
		error_set(err, errno, "listen on %s for listen.%s", entry->address, entry->name);
		return error_remedy(
			err, "is the service running, or a socket file left? End it, or remove the file");
	}
	return take_fd(&fd);
}

static int open_sockets(const struct spec *spec, struct learn_place *place, struct error *err)
{
	if (spec->n_listen > LEARN_LISTEN_MAX)
		return error_set(err, E2BIG, "more than %d listen sockets", LEARN_LISTEN_MAX);
	for (; place->n_listen < spec->n_listen; place->n_listen++) {
		int fd = open_listen(&spec->listen[place->n_listen], err);

		if (fd < 0)
			return fd;
		place->listen_fds[place->n_listen] = fd;
	}
	return 0;
}

int learn_place_make(const struct spec *spec, struct learn_place *ret, struct error *err)
{
	int r = make_directory(ret, err);

	if (r < 0)
		return r;
	choose_ids(spec, &ret->ids);
	ret->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ret->listener < 0 || pipe2(ret->output, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a socket and a pipe");
	/* The workload may open /dev/stdout, which is this pipe, and read what we are about to. */
	if (fcntl(ret->output[0], F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, errno, "prepare the pipe");
	if (!ret->ids.alone && fchown(ret->output[1], ret->ids.host_uid, ret->ids.host_gid) < 0)
		return error_set(err, errno, "give the workload its output");
	return open_sockets(spec, ret, err);
}

void learn_place_remove(struct learn_place *place)
{
	for (size_t i = 0; i < place->n_listen; i++)
		fd_close(&place->listen_fds[i]);
	fd_close(&place->output[0]);
	fd_close(&place->output[1]);
	fd_close(&place->listener);
	if (place->directory[0])
		rmdir(place->directory);
	fd_close(&place->lock);
}
