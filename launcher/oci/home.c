/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

enum { FILE_MAX = 1 << 20, LINE_SIZE = 1024, FIELDS = 7, FIELD_UID = 2, FIELD_HOME = 5 };

/* name:password:uid:gid:gecos:home:shell (passwd(5)). Return: whether it is the user's and has a home. */
static int take_line(char *line, uid_t uid, char *ret, size_t size)
{
	char *fields[FIELDS] = { NULL };
	uint32_t id;

	for (int i = 0; i < FIELDS && line; i++)
		fields[i] = strsep(&line, ":");
	if (!fields[FIELD_HOME] || str_to_u32(fields[FIELD_UID], &id) < 0 || id != uid)
		return 0;
	if (fields[FIELD_HOME][0] != '/' || strlen(fields[FIELD_HOME]) + sizeof("HOME=") > size)
		return 0;
	snprintf(ret, size, "HOME=%s", fields[FIELD_HOME]);
	return 1;
}

/* Lines longer than the buffer are no entries that anybody could log in with: passed over. */
static void search(int fd, uid_t uid, char *ret, size_t size)
{
	char line[LINE_SIZE], piece[4096];
	size_t used = 0, total = 0;
	ssize_t got;

	while (total < FILE_MAX &&
	       ((got = read(fd, piece, sizeof(piece))) > 0 || (got < 0 && errno == EINTR))) {
		for (ssize_t i = 0; i < got; i++) {
			if (piece[i] != '\n') {
				if (used < sizeof(line))
					line[used++] = piece[i];
				continue;
			}
			if (used < sizeof(line)) {
				line[used] = '\0';
				if (take_line(line, uid, ret, size))
					return;
			}
			used = 0;
		}
		total += got > 0 ? (size_t)got : 0;
	}
	if (used > 0 && used < sizeof(line)) {
		line[used] = '\0';
		take_line(line, uid, ret, size);
	}
}

void oci_home_find(uid_t uid, char *ret, size_t size)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	snprintf(ret, size, "HOME=/");
	if (root >= 0)
		fd = path_open_in_root(root, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		search(fd, uid, ret, size);
}
