/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As answers.c, for the steps whose answer is a mount. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "launcher/steps/dev.h"
#include "launcher/steps/steps.h"
#include "tests/kernel/answers_scene.h"

static struct mount_row *row_of(const char *target)
{
	for (size_t i = 0; i < answers.evidence.n_mounts; i++)
		if (str_equal(answers.evidence.mounts[i].target, target))
			return &answers.evidence.mounts[i];
	cr_assert(false, "no row for %s", target);
	abort();
}

/* Each option of @options alone missing, and the mount as a whole. */
static void assert_needs_options(const struct step_type *type, const void *arg, const char *target,
				 const char *const *options)
{
	static char text[256];

	answers_assert_hold(type, arg);
	for (; *options; options++) {
		struct mount_row *row = row_of(target);
		char *at;

		cr_assert(evidence_option(row->options, *options));
		snprintf(text, sizeof(text), "%s", row->options);
		at = strstr(text, *options);
		memset(at, 'x', strlen(*options));
		row->options = text;
		answers_assert_missed(type, arg, text);
	}
	row_of(target)->target = (char *)(uintptr_t) "/elsewhere";
	answers_assert_missed(type, arg, "no mount at all");
}

#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })

Test(answers, root_filesystem_needs_its_options)
{
	assert_needs_options(&step_root_filesystem, NULL, "/", OPTIONS("ro", "nosuid", "nodev"));
	answers_fill();
	answers.spec.allow_setuid = true;
	row_of("/")->options = (char *)(uintptr_t) "ro,nodev";
	cr_assert(answers_ask(&step_root_filesystem, NULL, &(struct error){ 0 }) == STEP_DONE);
}

Test(answers, a_mount_needs_its_options)
{
	assert_needs_options(&step_mount, &answers_mounts[0], "/data",
			     OPTIONS("ro", "nosuid", "nodev", "noexec"));
	assert_needs_options(&step_mount, &answers_mounts[1], "/tmp",
			     OPTIONS("nosuid", "nodev", "noexec", "nosymfollow"));
	assert_needs_options(&step_mount, &answers_mounts[2], "/exec", OPTIONS("ro", "nosuid", "nodev"));
}

Test(answers, only_an_optional_mount_may_be_absent)
{
	struct error err;

	answers_fill();
	cr_assert(answers_ask(&step_mount, &answers_mounts[3], &err) == STEP_ABSENT);
	answers_add_mount("/maybe", "rw,nosuid,nodev,noexec", "ext4", "rw");
	cr_assert(answers_ask(&step_mount, &answers_mounts[3], &err) == -EBADE,
		  "an optional mount may be writable");
}

/* Somebody has mounted over it: the topmost one counts. */
Test(answers, a_mount_that_is_covered_is_seen)
{
	answers_fill();
	answers_add_mount("/data", "rw,nosuid,nodev,noexec,relatime", "ext4", "rw");
	answers_assert_missed(&step_mount, &answers_mounts[0], "a writable mount on top");
	answers_add_mount("/proc", "rw,nosuid,nodev,noexec,relatime", "tmpfs", "rw");
	answers_assert_missed(&step_proc, NULL, "a tmpfs over /proc");
}

Test(answers, proc_and_dev_need_their_options)
{
	assert_needs_options(&step_proc, NULL, "/proc", OPTIONS("noexec"));
	MISSED_WHEN(&step_proc, NULL, row_of("/proc")->super = (char *)(uintptr_t) "rw,subset=pid");
	MISSED_WHEN(&step_proc, NULL, row_of("/proc")->super = (char *)(uintptr_t) "rw,hidepid=invisible");
	MISSED_WHEN(&step_proc, NULL, row_of("/proc")->fstype = (char *)(uintptr_t) "tmpfs");
	assert_needs_options(&step_dev, NULL, "/dev", OPTIONS("ro", "nosuid", "noexec"));
	MISSED_WHEN(&step_dev, NULL, row_of("/dev")->fstype = (char *)(uintptr_t) "ext4");
	for (size_t i = 0; i < DEV_NODES; i++)
		assert_needs_options(&step_dev, NULL, dev_nodes[i].path, OPTIONS("nosuid", "noexec"));
}

Test(answers, mask_path_needs_every_place_that_was_covered)
{
	struct error err;

	answers_fill();
	answers_add_mount("/proc/keys", "ro,nosuid,noexec", "devtmpfs", "rw");
	answers_add_mount("/proc/sys", "ro,nosuid,nodev,noexec", "proc", "rw");
	answers.proof.masked = answers.proof.read_only = 1;
	cr_assert(answers_ask(&step_mask_paths, NULL, &err) == STEP_DONE, "%s", err.msg);
	row_of("/proc/sys")->options = (char *)(uintptr_t) "rw,nosuid,nodev,noexec";
	cr_assert(answers_ask(&step_mask_paths, NULL, &err) == -EBADE, "/proc/sys may be writable");
	row_of("/proc/sys")->options = (char *)(uintptr_t) "ro,nosuid,nodev,noexec";
	answers.proof.masked = 2;
	cr_assert(answers_ask(&step_mask_paths, NULL, &err) == -EBADE, "one of two covers may be gone");
	answers_fill();
	answers_assert_missed(&step_mask_paths, NULL, "nothing covered at all");
}

Test(answers, secrets_need_their_tmpfs_and_every_file)
{
	assert_needs_options(&step_secrets, NULL, "/run/secrets", OPTIONS("ro", "noexec"));
	MISSED_WHEN(&step_secrets, NULL, row_of("/run/secrets")->fstype = (char *)(uintptr_t) "ext4");
	MISSED_WHEN(&step_secrets, NULL, answers.proof.secrets = 0);
}

Test(answers, pivot_root_leaves_one_mount_at_the_root)
{
	answers_assert_hold(&step_pivot_root, NULL);
	MISSED_WHEN(&step_pivot_root, NULL, answers_add_mount("/", "rw", "ext4", "rw"));
	MISSED_WHEN(&step_pivot_root, NULL, answers.evidence.n_mounts = 0);
}
