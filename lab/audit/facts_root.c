/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the process finds in its root directory. The tree is hostile: names are resolved inside it only. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "lab/audit/engine_sockets.h"
#include "lab/audit/facts.h"
#include "lab/audit/facts_parts.h"
#include "lab/audit/programs.h"

static void find_sockets(int root, struct facts *facts)
{
	for (size_t i = 0; engine_sockets[i]; i++) {
		_cleanup_fd_ int fd = path_open_in_root(root, engine_sockets[i], O_PATH);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)) {
			snprintf(facts->engine_socket, sizeof(facts->engine_socket), "%s", engine_sockets[i]);
			return;
		}
	}
}

/* null, zero, full, random, urandom, tty, console, ptmx: their drivers give nothing away. */
static bool harmless(dev_t device)
{
	unsigned int number = minor(device);

	if (major(device) == 1)
		return number == 3 || number == 5 || number == 7 || number == 8 || number == 9;
	return major(device) == 5 && number <= 2;
}

static void read_devices(int root, struct facts *facts)
{
	int dev = path_open_in_root(root, "/dev", O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	DIR *dir = dev < 0 ? NULL : fdopendir(dev);
	struct dirent *entry;

	facts->devices_error = dir || dev == -ENOENT ? 0 : -dev;
	while (dir && (entry = readdir(dir))) {
		struct stat st;
		char name[64];

		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISBLK(st.st_mode) || (S_ISCHR(st.st_mode) && !harmless(st.st_rdev))) {
			facts->n_devices++;
			str_escape(name, sizeof(name), entry->d_name);
			facts_append(facts->devices, sizeof(facts->devices), name);
		}
	}
	if (dir)
		closedir(dir);
}

static void take_program(int root, enum programs_kind kind, char *ret, size_t size)
{
	const char *found = programs_find(root, kind);

	if (found)
		snprintf(ret, size, "%s", found);
}

void facts_read_root(int process, struct facts *facts)
{
	_cleanup_fd_ int root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat theirs, ours;

	facts->root_error = root < 0 ? errno : 0;
	if (root < 0) {
		facts->devices_error = facts->root_error;
		return;
	}
	if (fstat(root, &theirs) == 0 && stat("/", &ours) == 0)
		facts->root_is_host = theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
	find_sockets(root, facts);
	read_devices(root, facts);
	take_program(root, PROGRAMS_REMOTE, facts->remote_server, sizeof(facts->remote_server));
	take_program(root, PROGRAMS_SHELL, facts->shell, sizeof(facts->shell));
}
