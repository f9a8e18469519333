/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/steps/mount_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/evidence.h"
#include "profiles/oci/oci.h"

static const struct {
	uint64_t flag;
	const char *word;
} words[] = {
	{ MOUNT_ATTR_RDONLY, "ro" },
	{ MOUNT_ATTR_NOSUID, "nosuid" },
	{ MOUNT_ATTR_NODEV, "nodev" },
	{ MOUNT_ATTR_NOEXEC, "noexec" },
	{ MOUNT_ATTR_NOATIME, "noatime" },
	{ MOUNT_ATTR_STRICTATIME, "strictatime" },
	{ MOUNT_ATTR_NODIRATIME, "nodiratime" },
	{ MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow" },
};

/* As mount options, "" for none. */
static void list_flags(uint64_t attributes, char text[MOUNT_TEXT_MAX])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (attributes & words[i].flag)
			used += (size_t)snprintf(text + used, MOUNT_TEXT_MAX - used, "%s%s", used ? "," : "",
						 words[i].word);
}

const char *mount_words_text(const struct oci_mount *mount, char text[MOUNT_TEXT_MAX])
{
	const struct oci_mount_flags *flags = &mount->flags;
	char options[MOUNT_TEXT_MAX];

	list_flags(flags->attr_set | flags->rec_attr_set, options);
	snprintf(text, MOUNT_TEXT_MAX, "mount %.120s on %.120s (%.20s%s%.70s%s%.60s)",
		 mount->source ? mount->source : "none", mount->destination,
		 flags->bind   ? flags->recursive ? "rbind" : "bind"
		 : mount->type ? mount->type
			       : "no type",
		 options[0] ? "," : "", options, flags->data && flags->data[0] ? "," : "",
		 flags->data ? flags->data : "");
	return text;
}

bool mount_words_cgroup(const struct oci_mount *mount)
{
	return mount->type && (str_equal(mount->type, "cgroup") || str_equal(mount->type, "cgroup2"));
}

bool mount_words_deferred(const struct oci_mount *mount)
{
	char path[PATH_MAX];

	if (!(mount->flags.attr_set & MOUNT_ATTR_RDONLY) || mount->flags.remount)
		return false;
	if (!mount->flags.bind && mount->type && str_equal(mount->type, "tmpfs"))
		return true;
	return path_normalise(mount->destination, path, sizeof(path)) == 0 && str_equal(path, "/dev");
}

/* Where a name leads inside, as the kernel would list it. 0 or -errno. */
static int resolve(pid_t pid, const char *path, char name[PATH_MAX])
{
	char link[FD_PATH_MAX], root_name[64];
	_cleanup_fd_ int root = -1, target = -1;
	ssize_t length;

	snprintf(root_name, sizeof(root_name), "/proc/%d/root", (int)pid);
	root = open(root_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	target = path_open_in_root(root, path, O_PATH);
	if (target < 0)
		return target;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", target);
	length = readlink(link, name, PATH_MAX - 1);
	if (length < 0)
		return -errno;
	name[length] = '\0';
	return 0;
}

int mount_words_row(const struct evidence *evidence, const char *path, const struct mount_row **ret)
{
	char name[PATH_MAX];
	int r;

	*ret = NULL;
	if (path_normalise(path, name, sizeof(name)) < 0)
		return 0;
	*ret = evidence_mount(evidence, name);
	if (*ret)
		return 1;
	r = resolve(evidence->payload_pid, path, name);
	if (r < 0)
		return r;
	*ret = evidence_mount(evidence, name);
	return *ret != NULL;
}

/* A bind shows the type of its source, which nobody asked for. */
static bool type_holds(const struct oci_mount *mount, const struct mount_row *row)
{
	if (mount->flags.bind || mount->flags.remount || !mount->type)
		return true;
	/* The rootless stand-in for a cgroup mount is an empty tmpfs. */
	if (mount_words_cgroup(mount))
		return str_equal(row->fstype, "cgroup2") || str_equal(row->fstype, "tmpfs");
	return str_equal(row->fstype, mount->type);
}

int mount_words_check(const struct oci_mount *mount, const struct mount_row *row, struct error *err)
{
	const struct oci_mount_flags *flags = &mount->flags;

	if (!row)
		return error_set(err, EBADE, "nothing is mounted on %s", mount->destination);
	if (!type_holds(mount, row))
		return error_set(err, EBADE, "%s is a %s, not a %s", mount->destination, row->fstype,
				 mount->type);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		uint64_t flag = words[i].flag, set = flags->attr_set | flags->rec_attr_set;
		bool has = evidence_option(row->options, words[i].word);

		/* Strict is what remains without the other two; what is both set and cleared is for the
		 * kernel alone, which clears first. */
		if (flag == MOUNT_ATTR_STRICTATIME)
			continue;
		if ((set & flag) && !has)
			return error_set(err, EBADE, "%s is mounted %s, without %s", mount->destination,
					 row->options, words[i].word);
		if ((flags->attr_clear & flag) && !(set & flag) && has)
			return error_set(err, EBADE, "%s is mounted %s, in spite of no %s",
					 mount->destination, row->options, words[i].word);
	}
	return 0;
}
