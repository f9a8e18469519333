/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/oci/mount_options.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"

/* What a word does. ATTR and ATIME act on a mount, and with RECURSIVE on all below it, too. */
enum effect {
	EFFECT_NONE, /* "defaults": what is so anyway */
	EFFECT_ATTR_SET,
	EFFECT_ATTR_CLEAR,
	EFFECT_ATIME,      /* the mode is value */
	EFFECT_ATIME_UNDO, /* back to the kernel's default if the mode is value or was not given */
	EFFECT_SUPER_SET,  /* MS_* of the file system */
	EFFECT_SUPER_CLEAR,
	EFFECT_READ_ONLY, /* of mount and file system */
	EFFECT_READ_WRITE,
	EFFECT_PROPAGATION,
	EFFECT_BIND,
	EFFECT_REMOUNT,
	EFFECT_IDMAP,
	EFFECT_TMPCOPYUP,
	EFFECT_COPY_SYMLINK,
};

struct option {
	const char *name;
	enum effect effect;
	bool recursive;
	uint64_t value;
};

/* clang-format off */
/* Sorted by name: searched by halves, and printed as it is. */
static const struct option options[] = {
	{ "acl", EFFECT_SUPER_SET, false, MS_POSIXACL },
	{ "async", EFFECT_SUPER_CLEAR, false, MS_SYNCHRONOUS },
	{ "atime", EFFECT_ATIME_UNDO, false, MOUNT_ATTR_NOATIME },
	{ "bind", EFFECT_BIND, false, 0 },
	{ "copy-symlink", EFFECT_COPY_SYMLINK, false, 0 },
	{ "defaults", EFFECT_NONE, false, 0 },
	{ "dev", EFFECT_ATTR_CLEAR, false, MOUNT_ATTR_NODEV },
	{ "diratime", EFFECT_ATTR_CLEAR, false, MOUNT_ATTR_NODIRATIME },
	{ "dirsync", EFFECT_SUPER_SET, false, MS_DIRSYNC },
	{ "exec", EFFECT_ATTR_CLEAR, false, MOUNT_ATTR_NOEXEC },
	{ "idmap", EFFECT_IDMAP, false, 0 },
	{ "iversion", EFFECT_SUPER_SET, false, MS_I_VERSION },
	{ "lazytime", EFFECT_SUPER_SET, false, MS_LAZYTIME },
	{ "loud", EFFECT_SUPER_CLEAR, false, MS_SILENT },
	{ "mand", EFFECT_SUPER_SET, false, MS_MANDLOCK },
	{ "noacl", EFFECT_SUPER_CLEAR, false, MS_POSIXACL },
	{ "noatime", EFFECT_ATIME, false, MOUNT_ATTR_NOATIME },
	{ "nodev", EFFECT_ATTR_SET, false, MOUNT_ATTR_NODEV },
	{ "nodiratime", EFFECT_ATTR_SET, false, MOUNT_ATTR_NODIRATIME },
	{ "noexec", EFFECT_ATTR_SET, false, MOUNT_ATTR_NOEXEC },
	{ "noiversion", EFFECT_SUPER_CLEAR, false, MS_I_VERSION },
	{ "nolazytime", EFFECT_SUPER_CLEAR, false, MS_LAZYTIME },
	{ "nomand", EFFECT_SUPER_CLEAR, false, MS_MANDLOCK },
	{ "norelatime", EFFECT_ATIME_UNDO, false, MOUNT_ATTR_RELATIME },
	{ "nostrictatime", EFFECT_ATIME_UNDO, false, MOUNT_ATTR_STRICTATIME },
	{ "nosuid", EFFECT_ATTR_SET, false, MOUNT_ATTR_NOSUID },
	{ "nosymfollow", EFFECT_ATTR_SET, false, MOUNT_ATTR_NOSYMFOLLOW },
	{ "private", EFFECT_PROPAGATION, false, MS_PRIVATE },
	{ "ratime", EFFECT_ATIME_UNDO, true, MOUNT_ATTR_NOATIME },
	{ "rbind", EFFECT_BIND, true, 0 },
	{ "rdev", EFFECT_ATTR_CLEAR, true, MOUNT_ATTR_NODEV },
	{ "rdiratime", EFFECT_ATTR_CLEAR, true, MOUNT_ATTR_NODIRATIME },
	{ "relatime", EFFECT_ATIME, false, MOUNT_ATTR_RELATIME },
	{ "remount", EFFECT_REMOUNT, false, 0 },
	{ "rexec", EFFECT_ATTR_CLEAR, true, MOUNT_ATTR_NOEXEC },
	{ "ridmap", EFFECT_IDMAP, true, 0 },
	{ "rnoatime", EFFECT_ATIME, true, MOUNT_ATTR_NOATIME },
	{ "rnodev", EFFECT_ATTR_SET, true, MOUNT_ATTR_NODEV },
	{ "rnodiratime", EFFECT_ATTR_SET, true, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", EFFECT_ATTR_SET, true, MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", EFFECT_ATIME_UNDO, true, MOUNT_ATTR_RELATIME },
	{ "rnostrictatime", EFFECT_ATIME_UNDO, true, MOUNT_ATTR_STRICTATIME },
	{ "rnosuid", EFFECT_ATTR_SET, true, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", EFFECT_ATTR_SET, true, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", EFFECT_READ_ONLY, false, 0 },
	{ "rprivate", EFFECT_PROPAGATION, true, MS_PRIVATE },
	{ "rrelatime", EFFECT_ATIME, true, MOUNT_ATTR_RELATIME },
	{ "rro", EFFECT_ATTR_SET, true, MOUNT_ATTR_RDONLY },
	{ "rrw", EFFECT_ATTR_CLEAR, true, MOUNT_ATTR_RDONLY },
	{ "rshared", EFFECT_PROPAGATION, true, MS_SHARED },
	{ "rslave", EFFECT_PROPAGATION, true, MS_SLAVE },
	{ "rstrictatime", EFFECT_ATIME, true, MOUNT_ATTR_STRICTATIME },
	{ "rsuid", EFFECT_ATTR_CLEAR, true, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", EFFECT_ATTR_CLEAR, true, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", EFFECT_PROPAGATION, true, MS_UNBINDABLE },
	{ "rw", EFFECT_READ_WRITE, false, 0 },
	{ "shared", EFFECT_PROPAGATION, false, MS_SHARED },
	{ "silent", EFFECT_SUPER_SET, false, MS_SILENT },
	{ "slave", EFFECT_PROPAGATION, false, MS_SLAVE },
	{ "strictatime", EFFECT_ATIME, false, MOUNT_ATTR_STRICTATIME },
	{ "suid", EFFECT_ATTR_CLEAR, false, MOUNT_ATTR_NOSUID },
	{ "symfollow", EFFECT_ATTR_CLEAR, false, MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync", EFFECT_SUPER_SET, false, MS_SYNCHRONOUS },
	{ "tmpcopyup", EFFECT_TMPCOPYUP, false, 0 },
	{ "unbindable", EFFECT_PROPAGATION, false, MS_UNBINDABLE },
};
/* clang-format on */

static void flags_set(uint64_t *set, uint64_t *clear, uint64_t bits)
{
	*set |= bits;
	*clear &= ~bits;
}

/*
 * The mode of atime is a number in three bits, not three switches: mount_setattr(2) takes a
 * new one only together with clearing all of them.
 */
static void set_atime(uint64_t *set, uint64_t *clear, uint64_t mode)
{
	*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | mode;
	*clear |= MOUNT_ATTR__ATIME;
}

/* Without a mode there is relatime, the kernel's default since 2.6.30. */
static void undo_atime(uint64_t *set, uint64_t *clear, uint64_t mode)
{
	bool given = (*clear & MOUNT_ATTR__ATIME) != 0;

	if (!given || (*set & MOUNT_ATTR__ATIME) == mode)
		set_atime(set, clear, MOUNT_ATTR_RELATIME);
}

/* Each one changes what the ones before it left: "slave,shared" is both. The last ones count. */
static void add_propagation(struct oci_mount_flags *flags, uint64_t propagation)
{
	if (flags->n_propagation == ARRAY_SIZE(flags->propagation)) {
		memmove(flags->propagation, flags->propagation + 1,
			sizeof(flags->propagation) - sizeof(flags->propagation[0]));
		flags->n_propagation--;
	}
	flags->propagation[flags->n_propagation++] = propagation;
}

static void apply_attribute(const struct option *option, struct oci_mount_flags *flags)
{
	uint64_t *set = option->recursive ? &flags->rec_attr_set : &flags->attr_set;
	uint64_t *clear = option->recursive ? &flags->rec_attr_clear : &flags->attr_clear;

	if (option->effect == EFFECT_ATTR_SET)
		flags_set(set, clear, option->value);
	else if (option->effect == EFFECT_ATTR_CLEAR)
		flags_set(clear, set, option->value);
	else if (option->effect == EFFECT_ATIME)
		set_atime(set, clear, option->value);
	else
		undo_atime(set, clear, option->value);
}

static void apply(const struct option *option, struct oci_mount_flags *flags)
{
	switch (option->effect) {
	case EFFECT_NONE:
		break;
	case EFFECT_ATTR_SET:
	case EFFECT_ATTR_CLEAR:
	case EFFECT_ATIME:
	case EFFECT_ATIME_UNDO:
		apply_attribute(option, flags);
		break;
	case EFFECT_SUPER_SET:
		flags_set(&flags->super_set, &flags->super_clear, option->value);
		break;
	case EFFECT_SUPER_CLEAR:
		flags_set(&flags->super_clear, &flags->super_set, option->value);
		break;
	case EFFECT_READ_ONLY:
		flags_set(&flags->attr_set, &flags->attr_clear, MOUNT_ATTR_RDONLY);
		flags_set(&flags->super_set, &flags->super_clear, MS_RDONLY);
		break;
	case EFFECT_READ_WRITE:
		flags_set(&flags->attr_clear, &flags->attr_set, MOUNT_ATTR_RDONLY);
		flags_set(&flags->super_clear, &flags->super_set, MS_RDONLY);
		break;
	case EFFECT_PROPAGATION:
		add_propagation(flags, option->value | (option->recursive ? MS_REC : 0));
		break;
	case EFFECT_BIND:
		flags->bind = true;
		flags->recursive = option->recursive;
		break;
	case EFFECT_REMOUNT:
		flags->remount = true;
		break;
	case EFFECT_IDMAP:
		flags->idmap = true;
		flags->recursive_idmap = option->recursive;
		break;
	case EFFECT_TMPCOPYUP:
		flags->tmpcopyup = true;
		break;
	case EFFECT_COPY_SYMLINK:
		flags->copy_symlink = true;
		break;
	}
}

static int compare_option(const void *name, const void *option)
{
	return strcmp(name, ((const struct option *)option)->name);
}

int mount_options_parse(const char *type, const struct spec_strings *words, struct arena *arena,
			struct oci_mount_flags *ret, struct error *err)
{
	struct oci_mount_flags flags = { .bind = type && str_equal(type, "bind") };
	size_t size = 1, used = 0;
	char *data;

	for (size_t i = 0; i < words->n; i++)
		size += strlen(words->items[i]) + 1;
	data = arena_alloc(arena, size);
	if (!data)
		return error_set(err, ENOMEM, "read the mount options");
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->items[i];
		const struct option *option =
			bsearch(word, options, ARRAY_SIZE(options), sizeof(options[0]), compare_option);

		if (option) {
			apply(option, &flags);
		} else if (*word) {
			if (used > 0)
				data[used++] = ',';
			memcpy(data + used, word, strlen(word));
			used += strlen(word);
		}
	}
	flags.data = data;
	*ret = flags;
	return 0;
}

const char *const *mount_options_names(void)
{
	static const char *names[ARRAY_SIZE(options) + 1];

	for (size_t i = 0; !names[ARRAY_SIZE(options) - 1] && i < ARRAY_SIZE(options); i++)
		names[i] = options[i].name;
	return names;
}
