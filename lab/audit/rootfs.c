/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/rootfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/audit/assessment.h"
#include "lab/audit/rootfs_file.h"

enum { DEPTH_MAX = 64 }; /* one descriptor each */

static const struct rootfs_type types[ROOTFS_KINDS] = {
	[ROOTFS_SETUID] = { "setuid", "No file gives another user's rights",
			    "one mistake in it makes whoever starts it root; inert under no_new_privs and nosuid",
			    1000, "bsi A17, cis 5.26, nist 4.1.2, owasp 4" },
	[ROOTFS_CAPABLE] = { "file-capabilities", "No file gives capabilities",
			     "as set-user-id, and harder to see", 1000,
			     "bsi A17, cis 5.4, nist 4.1.2, owasp 3" },
	[ROOTFS_KEYS] = { "private-keys", "No private key is left over",
			  "everybody who has the image has the key", 2000, "bsi A8, nist 4.1.4, owasp 12" },
	[ROOTFS_CREDENTIALS] = { "credentials", "No stored credentials are left over",
				 "they open other systems", 2000, "bsi A8, nist 4.1.4, owasp 12" },
	[ROOTFS_HISTORY] = { "history", "No history of a shell is left over",
			     "it shows how the image was made, with passwords that were typed", 500,
			     "bsi A8, nist 4.1.4" },
	[ROOTFS_WORLD_FILES] = { "world-writable-files", "No file can be written by everybody",
				 "a service that was taken over changes what others execute or read", 500,
				 "bsi A19, nist 4.1.2" },
	[ROOTFS_WORLD_DIRS] = { "world-writable-directories", "No directory without the sticky bit can be",
				"files of others can be renamed and removed in it", 300,
				"bsi A19, nist 4.1.2" },
	[ROOTFS_DEVICES] = { "devices", "No device node lies in it",
			     "it opens hardware of the host wherever a mount is not nodev", 1000,
			     "cis 5.18, nist 4.1.2" },
	[ROOTFS_LINKS] = { "links-out", "No link leads out of it",
			   "a tool of the host that follows it reads or writes the host's file", 200,
			   "bsi A19" },
	[ROOTFS_REMOTE] = { "remote-servers", "No server for logging in", "a second way in, past the service",
			    1000, "bsi A16, cis 5.7" },
	[ROOTFS_SERVICES] = { "further-services", "No second service or service manager",
			      "one container, one service", 300, "bsi A11" },
	[ROOTFS_PACKAGES] = { "package-managers", "No package manager", "it fetches an intruder's tools", 300,
			      "nist 4.1.2" },
	[ROOTFS_BUILD] = { "build-tools", "No compiler or debugger", "it builds them on the spot", 300,
			   "nist 4.1.2" },
	[ROOTFS_NETWORK] = { "network-tools", "No tool of the network",
			     "it fetches them, and carries data away", 300, "nist 4.1.2" },
	[ROOTFS_SHELLS] = { "shells", "No shell", "most ready-made attacks start one", 300, "nist 4.1.2" },
};

const struct rootfs_type *rootfs_type_of(enum rootfs_kind kind)
{
	return &types[kind];
}

struct rootfs *rootfs_free(struct rootfs *rootfs)
{
	for (size_t kind = 0; rootfs && kind < ROOTFS_KINDS; kind++) {
		for (size_t i = 0; i < rootfs->found[kind].n; i++)
			free(rootfs->found[kind].items[i].path);
		free(rootfs->found[kind].items);
	}
	if (rootfs)
		free(rootfs->path);
	free(rootfs);
	return NULL;
}

int rootfs_add(struct rootfs *rootfs, enum rootfs_kind kind, const char *path, const char *note)
{
	size_t n = rootfs->found[kind].n;
	struct rootfs_finding *items = rootfs->found[kind].items;

	/* Room for 1, 2, 4, 8 … */
	if ((n & (n - 1)) == 0) {
		items = reallocarray(items, n ? 2 * n : 1, sizeof(*items));
		if (!items)
			return -ENOMEM;
		rootfs->found[kind].items = items;
	}
	items[n].path = strdup(path);
	if (!items[n].path)
		return -ENOMEM;
	snprintf(items[n].note, sizeof(items[n].note), "%s", note);
	rootfs->found[kind].n++;
	return 0;
}

static void note_unreadable(struct rootfs *rootfs, const char *path)
{
	if (rootfs->n_unreadable++ == 0)
		snprintf(rootfs->first_unreadable, sizeof(rootfs->first_unreadable), "%.255s", path);
}

struct walk {
	struct rootfs *rootfs;
	int root;
	dev_t device;
	char path[PATH_MAX];
};

static int walk_dir(struct walk *walk, int fd, size_t length, int depth);

static int walk_entry(struct walk *walk, int dir, const char *name, size_t length, int depth)
{
	struct rootfs_entry entry = { .root = walk->root, .dir = dir, .name = name, .path = walk->path };
	size_t more = strlen(name) + 1;
	int fd, r;

	if (length + more >= sizeof(walk->path) || fstatat(dir, name, &entry.st, AT_SYMLINK_NOFOLLOW) < 0) {
		note_unreadable(walk->rootfs, walk->path);
		return 0;
	}
	walk->path[length] = '/';
	memcpy(walk->path + length + 1, name, more);
	walk->rootfs->n_files += !S_ISDIR(entry.st.st_mode);
	r = rootfs_file_look(walk->rootfs, &entry);
	if (r < 0 || !S_ISDIR(entry.st.st_mode))
		return r;
	if (entry.st.st_dev != walk->device) {
		walk->rootfs->n_other++;
		return 0;
	}
	fd = depth < DEPTH_MAX ? openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (fd < 0) {
		note_unreadable(walk->rootfs, walk->path);
		return 0;
	}
	return walk_dir(walk, fd, length + more, depth + 1);
}

/* Takes over @fd. The depth is bounded, so the recursion is. */
static int walk_dir(struct walk *walk, int fd, size_t length, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		close(fd);
		return -errno;
	}
	walk->rootfs->n_dirs++;
	while (r == 0 && (entry = readdir(dir))) {
		if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
			continue;
		r = walk_entry(walk, dirfd(dir), entry->d_name, length, depth);
		walk->path[length] = '\0';
	}
	closedir(dir);
	return r;
}

int rootfs_scan(const char *path, struct rootfs **ret, struct error *err)
{
	_cleanup_rootfs_ struct rootfs *rootfs = calloc(1, sizeof(*rootfs));
	_cleanup_fd_ int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk *walk;
	struct stat st;
	int fd, r;

	if (root < 0 || fstat(root, &st) < 0) {
		error_set(err, errno, "open the root file system %s", path);
		return error_remedy(err, "--rootfs takes the directory that is a container's /");
	}
	walk = calloc(1, sizeof(*walk));
	if (!rootfs || !walk || !(rootfs->path = strdup(path))) {
		free(walk);
		return error_set(err, ENOMEM, "walk through %s", path);
	}
	*walk = (struct walk){ .rootfs = rootfs, .root = root, .device = st.st_dev };
	fd = fcntl(root, F_DUPFD_CLOEXEC, 3);
	r = fd < 0 ? -errno : walk_dir(walk, fd, 0, 0);
	free(walk);
	if (r < 0)
		return error_set(err, -r, "walk through %s", path);
	*ret = take_ptr(rootfs);
	return 0;
}

unsigned int rootfs_score(const struct rootfs *rootfs)
{
	uint64_t badness = 0, weight = 0;

	for (size_t kind = 0; kind < ROOTFS_KINDS; kind++) {
		weight += types[kind].weight;
		badness += rootfs->found[kind].n ? types[kind].weight : 0;
	}
	return assessment_tenths(badness, weight);
}
