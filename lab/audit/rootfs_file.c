/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/rootfs_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "lab/audit/programs.h"
#include "lab/audit/rootfs.h"

enum { KEY_HEAD_BYTES = 4096 };

static bool ends(const char *text, const char *end)
{
	size_t length = strlen(text), part = strlen(end);

	return length >= part && strcmp(text + length - part, end) == 0;
}

static bool ends_with_any(const char *path, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (ends(path, list[i]))
			return true;
	return false;
}

/* The first bytes of a regular file; a link or another kind of file that took its place is not opened. */
static ssize_t read_head(const struct rootfs_entry *entry, char *buffer, size_t size)
{
	_cleanup_fd_ int fd =
		openat(entry->dir, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	got = read(fd, buffer, size - 1);
	buffer[got > 0 ? got : 0] = '\0';
	return got;
}

static bool is_private_key(const struct rootfs_entry *entry)
{
	static const char *const names[] = { ".pem",        ".key", "/id_rsa", "/id_dsa", "/id_ecdsa",
					     "/id_ed25519", "_key", ".ppk",    NULL };
	char head[KEY_HEAD_BYTES];
	ssize_t got;

	if (!ends_with_any(entry->path, names) && !strstr(entry->path, "/.ssh/"))
		return false;
	got = read_head(entry, head, sizeof(head));
	/* What is searched ends at the first NUL: a key of this kind is text. */
	return got > 0 && (strstr(head, "PRIVATE KEY-----") || str_starts(head, "PuTTY-User-Key-File"));
}

static bool is_credential(const char *path)
{
	static const char *const names[] = {
		"/.aws/credentials",
		"/.docker/config.json",
		"/.dockercfg",
		"/.git-credentials",
		"/.netrc",
		"/.kube/config",
		"/.my.cnf",
		"/.pgpass",
		"/.pypirc",
		"/.npmrc",
		"/.s3cfg",
		"/.boto",
		"/.vault-token",
		"/.htpasswd",
		"/.env",
		"/.azure/accessTokens.json",
		"/.config/gcloud/credentials.db",
		"/.terraformrc",
		NULL,
	};

	return ends_with_any(path, names);
}

static bool is_history(const char *path)
{
	static const char *const names[] = {
		"/.bash_history",
		"/.ash_history",
		"/.sh_history",
		"/.zsh_history",
		"/.python_history",
		"/.mysql_history",
		"/.psql_history",
		"/.sqlite_history",
		"/.viminfo",
		"/.lesshst",
		"/.node_repl_history",
		"/.rediscli_history",
		NULL,
	};

	return ends_with_any(path, names);
}

/* As lgetxattr(2) through the directory's descriptor: the name itself is never followed. */
static bool has_capability(const struct rootfs_entry *entry)
{
	char path[FD_PATH_MAX + NAME_MAX + 2], value[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", entry->dir, entry->name);
	return lgetxattr(path, "security.capability", value, sizeof(value)) > 0;
}

static int look_at_program(struct rootfs *rootfs, const struct rootfs_entry *entry)
{
	static const enum rootfs_kind kinds[] = {
		[PROGRAMS_SHELL] = ROOTFS_SHELLS,  [PROGRAMS_PACKAGES] = ROOTFS_PACKAGES,
		[PROGRAMS_BUILD] = ROOTFS_BUILD,   [PROGRAMS_NETWORK] = ROOTFS_NETWORK,
		[PROGRAMS_REMOTE] = ROOTFS_REMOTE, [PROGRAMS_SERVICE] = ROOTFS_SERVICES,
	};
	const char *slash = strrchr(entry->path, '/');
	enum programs_kind kind = programs_kind(entry->name);
	size_t above = (size_t)(slash - entry->path);

	if (kind == PROGRAMS_NONE || above < 3 ||
	    (strncmp(slash - 3, "bin", 3) != 0 && !strstr(entry->path, "/libexec/")))
		return 0;
	return rootfs_add(rootfs, kinds[kind], entry->path, S_ISLNK(entry->st.st_mode) ? "a link" : "");
}

static int look_at_file(struct rootfs *rootfs, const struct rootfs_entry *entry)
{
	mode_t mode = entry->st.st_mode;
	char note[64];
	int r = 0;

	snprintf(note, sizeof(note), "mode %04o, uid %u", mode & 07777, entry->st.st_uid);
	if ((mode & S_ISUID) || (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		r = rootfs_add(rootfs, ROOTFS_SETUID, entry->path, note);
	if (r == 0 && (mode & 0111) && has_capability(entry))
		r = rootfs_add(rootfs, ROOTFS_CAPABLE, entry->path, note);
	if (r == 0 && (mode & S_IWOTH))
		r = rootfs_add(rootfs, ROOTFS_WORLD_FILES, entry->path, note);
	if (r == 0 && entry->st.st_size > 0 && is_private_key(entry))
		r = rootfs_add(rootfs, ROOTFS_KEYS, entry->path, note);
	if (r == 0 && entry->st.st_size > 0 && is_credential(entry->path))
		r = rootfs_add(rootfs, ROOTFS_CREDENTIALS, entry->path, note);
	if (r == 0 && entry->st.st_size > 0 && is_history(entry->path))
		r = rootfs_add(rootfs, ROOTFS_HISTORY, entry->path, note);
	if (r == 0 && (mode & 0111))
		r = look_at_program(rootfs, entry);
	return r;
}

/* Whether a relative link climbs above the top; reckoned by its text, since nothing is followed. */
static bool climbs_out(const char *path, const char *target)
{
	long depth = -1; /* the name itself is no directory */

	for (const char *at = path; *at; at++)
		depth += *at == '/';
	while (*target) {
		size_t length = strcspn(target, "/");

		if (length == 2 && str_starts(target, "..")) {
			if (--depth < 0)
				return true;
		} else if (length > 0 && !(length == 1 && *target == '.')) {
			depth++;
		}
		target += length;
		target += *target == '/';
	}
	return false;
}

/* An absolute link whose target is not in the tree means the host's file to every tool of the host. */
static bool leads_out(const struct rootfs_entry *entry, const char *target)
{
	static const char *const mounted[] = { "/proc/", "/dev/", "/sys/", "/run/" };
	_cleanup_fd_ int fd = -1;

	if (target[0] != '/')
		return climbs_out(entry->path, target);
	for (size_t i = 0; i < ARRAY_SIZE(mounted); i++)
		if (str_starts(target, mounted[i]))
			return false;
	fd = path_open_in_root(entry->root, target, O_PATH);
	/* ELOOP: "/etc/shadow -> /etc/shadow" leads nowhere inside, and to the host's file outside. */
	return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP;
}

static int look_at_link(struct rootfs *rootfs, const struct rootfs_entry *entry)
{
	char target[PATH_MAX], note[96];
	ssize_t length = readlinkat(entry->dir, entry->name, target, sizeof(target) - 1);

	if (length < 0)
		return 0;
	target[length] = '\0';
	snprintf(note, sizeof(note), "-> %.90s", target);
	if (leads_out(entry, target))
		return rootfs_add(rootfs, ROOTFS_LINKS, entry->path, note);
	return look_at_program(rootfs, entry);
}

int rootfs_file_look(struct rootfs *rootfs, const struct rootfs_entry *entry)
{
	mode_t mode = entry->st.st_mode;
	char note[64];

	if (S_ISREG(mode))
		return look_at_file(rootfs, entry);
	if (S_ISLNK(mode))
		return look_at_link(rootfs, entry);
	if (S_ISDIR(mode) && (mode & S_IWOTH) && !(mode & S_ISVTX)) {
		snprintf(note, sizeof(note), "mode %04o", mode & 07777);
		return rootfs_add(rootfs, ROOTFS_WORLD_DIRS, entry->path, note);
	}
	if (S_ISBLK(mode) || S_ISCHR(mode)) {
		snprintf(note, sizeof(note), "%c %u:%u", S_ISBLK(mode) ? 'b' : 'c', major(entry->st.st_rdev),
			 minor(entry->st.st_rdev));
		return rootfs_add(rootfs, ROOTFS_DEVICES, entry->path, note);
	}
	return 0;
}
