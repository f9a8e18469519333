/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/oci_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "profiles/json_print.h"
#include "profiles/oci/oci.h"

/*
 * unix(7) has room for 108 bytes, a path has 4096: a longer one is opened first and then
 * named by its descriptor.
 */
static int fill_address(const char *path, struct sockaddr_un *address, int *ret_fd)
{
	int fd = -1;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof(address->sun_path)) {
		memcpy(address->sun_path, path, strlen(path) + 1);
	} else {
		fd = open(path, O_PATH | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d", fd);
	}
	*ret_fd = fd;
	return 0;
}

static int connect_to(const char *path, struct error *err)
{
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_fd_ int held = -1;
	struct sockaddr_un address;
	int r;

	if (sock < 0)
		return error_set(err, errno, "make a socket for the seccomp listener");
	r = fill_address(path, &address, &held);
	if (r == 0 && connect(sock, (const struct sockaddr *)&address, sizeof(address)) < 0)
		r = -errno;
	if (r < 0) {
		error_set(err, -r, "connect to linux.seccomp.listenerPath %s", path);
		return error_remedy(err, "start the process that is to listen there before the container");
	}
	return take_fd(&sock);
}

/* Return: the text, to be freed, or NULL. */
static char *state_text(const struct oci_seccomp *seccomp, const char *oci_version, pid_t pid,
			const char *state_json, size_t *ret_size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);
	bool failed;

	if (!out)
		return NULL;
	fputs("{\"ociVersion\":", out);
	json_print_string(out, oci_version);
	fprintf(out, ",\"fds\":[\"seccompFd\"],\"pid\":%d", (int)pid);
	if (seccomp->listener_metadata) {
		fputs(",\"metadata\":", out);
		json_print_string(out, seccomp->listener_metadata);
	}
	fprintf(out, ",\"state\":%s}", state_json);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

int oci_filter_send_listener(const struct oci_seccomp *seccomp, const char *oci_version, int listener_fd,
			     pid_t pid, const char *state_json, struct arena *arena, struct error *err)
{
	_cleanup_fd_ int sock = -1;
	char *text, *copy;
	size_t size;
	int r;

	text = state_text(seccomp, oci_version, pid, state_json, &size);
	copy = text ? arena_memdup(arena, text, size) : NULL;
	free(text);
	if (!copy)
		return error_set(err, ENOMEM, "describe the container to the seccomp listener");
	sock = connect_to(seccomp->listener_path, err);
	if (sock < 0)
		return sock;
	r = fd_send(sock, copy, size, &listener_fd, 1);
	if (r < 0)
		return error_set(err, -r, "send the seccomp listener to %s", seccomp->listener_path);
	return 0;
}
