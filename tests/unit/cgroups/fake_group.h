/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A directory that looks like a group: what is read from it and written to it can be looked at. */

struct fake_group {
	char path[64];
	int fd;
};

/** fake_group_new() - an empty directory; a failure fails the test */
struct fake_group fake_group_new(void);

/** fake_group_free() - remove it with its files and directories one level deep */
void fake_group_free(struct fake_group *group);
#define _cleanup_fake_ __attribute__((cleanup(fake_group_free)))

/** fake_group_file() - make or replace a file */
void fake_group_file(const struct fake_group *group, const char *name, const char *text);

/** fake_group_text() - what stands in a file now. Return: a static buffer. */
const char *fake_group_text(const struct fake_group *group, const char *name);
