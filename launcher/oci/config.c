/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "profiles/oci/oci_read.h"

enum { FIRST_SIZE = 64 * 1024 };

/* A pipe has no size, a file may grow while it is read: room is doubled as needed. */
static int read_all(int fd, struct arena *arena, struct oci_config *ret, struct error *err)
{
	struct stat st;
	size_t room = FIRST_SIZE, used = 0;
	char *text;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at %s", ret->path);
	if (S_ISDIR(st.st_mode))
		return error_set(err, EISDIR, "read %s: it is a directory", ret->path);
	if (S_ISREG(st.st_mode) && st.st_size > OCI_FILE_MAX)
		return error_set(err, EFBIG, "read %s: more than %d bytes", ret->path, OCI_FILE_MAX);
	if (S_ISREG(st.st_mode))
		room = (size_t)st.st_size + 2;
	text = arena_alloc(arena, room);
	for (;;) {
		ssize_t got;

		if (!text)
			return error_set(err, ENOMEM, "read %s", ret->path);
		if (used + 1 == room) {
			char *more = room > OCI_FILE_MAX ? NULL : arena_alloc(arena, room * 2);

			if (!more)
				return error_set(err, EFBIG, "read %s: more than %d bytes", ret->path,
						 OCI_FILE_MAX);
			text = memcpy(more, text, used);
			room *= 2;
		}
		got = read(fd, text + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, errno, "read %s", ret->path);
		if (got == 0)
			break;
		used += (size_t)got;
	}
	text[used] = '\0';
	ret->text = text;
	ret->size = used;
	return 0;
}

int oci_config_read(const char *path, struct arena *arena, struct oci_config *ret, struct error *err)
{
	bool is_stdin = str_equal(path, "-");
	_cleanup_fd_ int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
				       : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	*ret = (struct oci_config){ .path = is_stdin ? "stdin" : path };
	if (fd < 0)
		return error_set(err, errno, "open %s", ret->path);
	return read_all(fd, arena, ret, err);
}

int oci_config_load(const char *bundle, const char *file, struct arena *arena, struct oci_config *ret,
		    struct error *err)
{
	const char *path = file ? file : arena_printf(arena, "%s/" OCI_CONFIG_NAME, bundle);
	struct stat st;
	int r;

	if (!path)
		return error_set(err, ENOMEM, "read the config");
	/* A pipe in a bundle would hold us for ever; one that is named on purpose has a writer. */
	if (!file && stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return error_set(err, EINVAL, "read %s: it is not a regular file", path);
	r = oci_config_read(path, arena, ret, err);
	if (r == -ENOENT)
		error_remedy(err, "a bundle is a directory with a " OCI_CONFIG_NAME
				  "; kapsel-oci spec writes one");
	return r;
}

int oci_config_keep(const struct oci_config *config, int state_fd, struct error *err)
{
	_cleanup_fd_ int fd =
		openat(state_fd, OCI_CONFIG_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, config->text, config->size);

	return r < 0 ? error_set(err, -r, "keep a copy of the config in the state directory") : 0;
}

int oci_config_kept(int state_fd, struct arena *arena, struct oci_config *ret, struct error *err)
{
	_cleanup_fd_ int fd = openat(state_fd, OCI_CONFIG_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	*ret = (struct oci_config){ .path = OCI_CONFIG_NAME };
	if (fd < 0)
		return error_set(err, errno, "open the config that the container was created with");
	return read_all(fd, arena, ret, err);
}
