/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new file system: fsopen, one fsconfig for each option, fsmount. What fsconfig can't say (an option of
 * more than 256 bytes, as an overlay's lowerdir; iversion) mount(2) does, in a scratch tmpfs of ours that the
 * container never sees, and the result is copied from there.
 */
#include "launcher/oci/steps/mount_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "launcher/mounts.h"
#include "launcher/oci/run.h"
#include "launcher/run.h"
#include "profiles/oci/oci.h"

/* strndup_user() of fsconfig(2), with its NUL. */
enum { VALUE_MAX = 256, DATA_MAX = 4096 };

static const struct {
	uint64_t flag;
	const char *set, *clear;
} super_words[] = {
	{ MS_SYNCHRONOUS, "sync", "async" },
	{ MS_DIRSYNC, "dirsync", NULL },
	{ MS_MANDLOCK, "mand", "nomand" },
	{ MS_LAZYTIME, "lazytime", "nolazytime" },
};

struct word {
	char key[VALUE_MAX];
	char value[DATA_MAX];
	bool has_value;
};

/*
 * Cut the next option off: a comma ends it, unless within quotes (SELinux contexts) or after a backslash
 * (overlay). Return: 1, 0 at the end, -EINVAL.
 */
static int next_word(const char **data, struct word *ret)
{
	const char *text = *data + strspn(*data, ",");
	bool quoted = false;
	size_t length = 0, key = 0, value;

	for (; text[length] && (quoted || text[length] != ','); length++) {
		quoted ^= text[length] == '"';
		if (text[length] == '\\' && text[length + 1])
			length++;
	}
	*data = text + length;
	if (length == 0)
		return 0;
	while (key < length && text[key] != '=')
		key++;
	if (key >= sizeof(ret->key))
		return -EINVAL;
	memcpy(ret->key, text, key);
	ret->key[key] = '\0';
	ret->has_value = key < length;
	text += key + ret->has_value;
	value = length - key - ret->has_value;
	if (value >= 2 && text[0] == '"' && text[value - 1] == '"') {
		text++;
		value -= 2;
	}
	if (value >= sizeof(ret->value))
		return -EINVAL;
	memcpy(ret->value, text, value);
	ret->value[value] = '\0';
	return 1;
}

/* fsconfig has no words for these. */
static const uint64_t old_flags = MS_I_VERSION | MS_POSIXACL;

/* What the kernel has to say about the last failure ("e tmpfs: Bad value for 'size'"). */
static int refused(const struct oci_mount *mount, int context, int errnum, const char *what,
		   struct error *err)
{
	char text[MOUNT_TEXT_MAX], said[160];
	ssize_t length = context >= 0 ? read(context, said, sizeof(said) - 1) : 0;

	said[length > 0 ? length : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	error_set(err, errnum, "%s: %s%s%s", mount_words_text(mount, text), what, said[0] ? ": " : "",
		  said[0] && said[1] ? said + 2 : "");
	return -errnum;
}

static int set(int context, const char *key, const char *value)
{
	return fsconfig(context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0) < 0 ? -errno
												     : 0;
}

static int set_super(const struct oci_mount *mount, int context, struct error *err)
{
	const struct oci_mount_flags *flags = &mount->flags;

	for (size_t i = 0; i < ARRAY_SIZE(super_words); i++) {
		const char *word = flags->super_set & super_words[i].flag     ? super_words[i].set
				   : flags->super_clear & super_words[i].flag ? super_words[i].clear
									      : NULL;

		if (word && set(context, word, NULL) < 0)
			return refused(mount, context, errno, word, err);
	}
	return 0;
}

static int set_data(const struct oci_mount *mount, int context, const char *skip, struct error *err)
{
	const char *data = mount->flags.data ? mount->flags.data : "";
	struct word word;
	int r;

	while ((r = next_word(&data, &word)) > 0) {
		if (skip && str_equal(word.key, skip))
			continue;
		r = set(context, word.key, word.has_value ? word.value : NULL);
		if (r < 0)
			return refused(mount, context, -r, word.key, err);
	}
	return r < 0 ? refused(mount, -1, EINVAL, "an option is too long", err) : 0;
}

static bool has_option(const struct oci_mount *mount, const char *key)
{
	const char *data = mount->flags.data ? mount->flags.data : "";
	struct word word;

	while (next_word(&data, &word) > 0)
		if (str_equal(word.key, key))
			return true;
	return false;
}

static bool is_type(const struct oci_mount *mount, const char *type)
{
	return str_equal(mount->type, type);
}

/* A tmpfs is filled with mount points first, and cgroup2 is the host's: there it is the mount's flag alone.
 */
static bool read_only(const struct oci_mount *mount)
{
	return (mount->flags.attr_set & MOUNT_ATTR_RDONLY) && !mount_words_deferred(mount) &&
	       !mount_words_cgroup(mount);
}

static bool wants_label(const struct run *run, const struct oci_mount *mount)
{
	return run->oci->oci->mount_label && !is_type(mount, "proc") && !is_type(mount, "sysfs") &&
	       !is_type(mount, "mqueue") && !mount_words_cgroup(mount) && !has_option(mount, "context") &&
	       access("/sys/fs/selinux/enforce", F_OK) == 0;
}

static int configure(const struct run *run, const struct oci_mount *mount, int context, int mode,
		     const char *skip, struct error *err)
{
	char text[16];
	int r = 0;

	if (mount->source && mount->source[0])
		r = set(context, "source", mount->source);
	if (r == 0 && read_only(mount))
		r = set(context, "ro", NULL);
	if (r < 0)
		return refused(mount, context, -r, "source", err);
	r = set_super(mount, context, err);
	if (r == 0 && mode >= 0 && is_type(mount, "tmpfs") && !has_option(mount, "mode")) {
		snprintf(text, sizeof(text), "%04o", (unsigned int)mode & 07777);
		r = set(context, "mode", text);
		if (r < 0)
			return refused(mount, context, -r, "mode", err);
	}
	if (r == 0 && wants_label(run, mount)) {
		r = set(context, "context", run->oci->oci->mount_label);
		if (r < 0)
			return refused(mount, context, -r, "linux.mountLabel", err);
	}
	return r < 0 ? r : set_data(mount, context, skip, err);
}

static uint64_t fsmount_attributes(const struct oci_mount *mount)
{
	uint64_t flags = mount->flags.attr_set;

	return mount_words_deferred(mount) ? flags & ~(uint64_t)MOUNT_ATTR_RDONLY : flags;
}

static int open_new(const struct run *run, const struct oci_mount *mount, int mode, const char *skip,
		    struct error *err)
{
	_cleanup_fd_ int context = fsopen(mount->type, FSOPEN_CLOEXEC);
	int fd, r;

	if (context < 0 && errno == ENODEV)
		return refused(mount, -1, ENODEV, "this kernel has no file system of that type", err);
	if (context < 0)
		return refused(mount, -1, errno, "create it", err);
	r = configure(run, mount, context, mode, skip, err);
	if (r < 0)
		return r;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return refused(mount, context, errno, "create it", err);
	fd = fsmount(context, FSMOUNT_CLOEXEC, (unsigned int)fsmount_attributes(mount));
	return fd < 0 ? refused(mount, context, errno, "create its mount", err) : fd;
}

static bool too_long(const struct oci_mount *mount)
{
	const char *data = mount->flags.data ? mount->flags.data : "";
	struct word word;
	int r;

	while ((r = next_word(&data, &word)) > 0)
		if (strlen(word.value) >= VALUE_MAX || strchr(word.value, ','))
			return true;
	return r < 0 || (mount->source && strlen(mount->source) >= VALUE_MAX);
}

static bool needs_mount(const struct oci_mount *mount)
{
	return (mount->flags.super_set & old_flags) || too_long(mount);
}

/* Options for mount(2), as one list. 0 or -E2BIG. */
static int join_data(const struct run *run, const struct oci_mount *mount, int mode, char data[DATA_MAX])
{
	const char *label = wants_label(run, mount) ? run->oci->oci->mount_label : NULL;
	const char *given = mount->flags.data ? mount->flags.data : "";
	char mode_text[16] = "";
	int length;

	if (mode >= 0 && is_type(mount, "tmpfs") && !has_option(mount, "mode"))
		snprintf(mode_text, sizeof(mode_text), "mode=%04o,", (unsigned int)mode & 07777);
	length = snprintf(data, DATA_MAX, "%s%s%s%s%s", mode_text, label ? "context=\"" : "",
			  label ? label : "", label ? "\"," : "", given);
	return length < DATA_MAX ? 0 : -E2BIG;
}

/* mount(2) in the current directory, which is a tmpfs of ours with one directory "m" in it. */
static int mount_in_scratch(const struct oci_mount *wanted, const char *data, struct error *err)
{
	const struct mounts_change change = { .set = fsmount_attributes(wanted) };
	unsigned long flags = (unsigned long)(wanted->flags.super_set & ~(uint64_t)MS_RDONLY);
	_cleanup_fd_ int tree = -1;
	int r;

	if (read_only(wanted))
		flags |= MS_RDONLY;
	if (mount(wanted->source ? wanted->source : wanted->type, "m", wanted->type, flags, data) < 0)
		return refused(wanted, -1, errno, "create it", err);
	tree = mounts_copy(AT_FDCWD, "m", false);
	if (umount2("m", MNT_DETACH) < 0 || tree < 0)
		return refused(wanted, -1, tree < 0 ? -tree : errno, "take it from where it was made", err);
	r = mounts_alter(tree, false, &change);
	return r < 0 ? refused(wanted, -1, -r, "set its flags", err) : take_fd(&tree);
}

/*
 * The scratch tmpfs covers the new root for that moment: a place that no other process has, that the host
 * does not share, and that is reached by descriptor only.
 */
static int open_by_mount(const struct run *run, const struct oci_mount *mount, int mode, struct error *err)
{
	_cleanup_fd_ int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int scratch = mounts_new("tmpfs", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	_cleanup_fd_ int tree = -1;
	char data[DATA_MAX];
	int r;

	if (join_data(run, mount, mode, data) < 0)
		return refused(mount, -1, E2BIG, "its options are longer than a page", err);
	if (here < 0 || scratch < 0)
		return refused(mount, -1, here < 0 ? errno : -scratch, "prepare a place for it", err);
	r = mounts_attach(scratch, run->oci->root_fd);
	if (r < 0)
		return refused(mount, -1, -r, "prepare a place for it", err);
	if (fchdir(scratch) < 0 || mkdirat(scratch, "m", 0700) < 0)
		return refused(mount, -1, errno, "prepare a place for it", err);
	tree = mount_in_scratch(mount, data, err);
	if (umount2(".", MNT_DETACH) < 0 || fchdir(here) < 0)
		return refused(mount, -1, errno, "take the place for it away", err);
	return take_fd(&tree);
}

int mount_new_open(const struct run *run, const struct oci_mount *mount, int mode, struct error *err)
{
	int fd;

	if (needs_mount(mount))
		return open_by_mount(run, mount, mode, err);
	fd = open_new(run, mount, mode, NULL, err);
	/* Engines ask for the group tty without knowing whether the user namespace has it. */
	if (fd == -EINVAL && is_type(mount, "devpts") && has_option(mount, "gid") &&
	    (run->oci->new_userns || run->oci->join_fds[OCI_NS_USER] >= 0)) {
		*err = (struct error){ 0 };
		fd = open_new(run, mount, mode, "gid", err);
	}
	return fd;
}

int mount_new_reconfigure(const struct oci_mount *mount, int target_fd, struct error *err)
{
	_cleanup_fd_ int context = fspick(target_fd, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
	int r;

	if (context < 0)
		return refused(mount, -1, errno, "remount", err);
	if (mount->flags.super_set & old_flags)
		return refused(mount, -1, EINVAL, "iversion and acl can't be set by a remount", err);
	r = set_super(mount, context, err);
	if (r == 0)
		r = set_data(mount, context, NULL, err);
	if (r == 0 && mount->flags.super_set & MS_RDONLY)
		r = set(context, "ro", NULL);
	else if (r == 0 && mount->flags.super_clear & MS_RDONLY)
		r = set(context, "rw", NULL);
	if (r == 0 && fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return refused(mount, context, errno, "remount", err);
	return r;
}
