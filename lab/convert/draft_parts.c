/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all importers carry over in the same way: names, users, capabilities, variables, commands. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "profiles/capabilities.h"
#include "profiles/spec_check.h"

enum { NAME_MAX_BYTES = 64, ACCOUNT_FILE_MAX = 256 * 1024 };

void draft_env(struct draft *draft, const char *name, const char *value)
{
	if (!name[0]) {
		draft_lost(draft, "a variable without a name");
		return;
	}
	draft_string(draft, draft_object(draft, draft->root, "env"), name, value);
	if (spec_check_secret_name(name) && value[0])
		draft_note(draft,
			   "env.%s looks like a secret: put it into a file and use \"secrets\", which no "
			   "child, core dump or /proc shows",
			   name);
}

void draft_name(struct draft *draft, const char *name)
{
	char text[NAME_MAX_BYTES + 1];
	size_t n = 0;

	for (const char *c = name; *c && n < NAME_MAX_BYTES; c++) {
		char lower = (char)tolower((unsigned char)*c);
		bool inner = lower == '-' || lower == '.' || lower == '_';

		if (isalnum((unsigned char)lower) && (unsigned char)lower < 0x80)
			text[n++] = lower;
		else if (n > 0)
			text[n++] = inner ? lower : '-';
	}
	while (n > 0 && !isalnum((unsigned char)text[n - 1]))
		n--;
	text[n] = '\0';
	if (n == 0) {
		draft_lost(draft, "the name \"%s\": a name has lower case letters and digits", name);
		return;
	}
	draft_string(draft, draft->root, "name", text);
	if (!str_equal(text, name))
		draft_note(draft, "the name \"%s\" has become \"%s\"", name, text);
}

/* Only whether it is there: nothing is opened, so that a link of the image leads nowhere. */
static bool is_program(const char *rootfs, const char *path)
{
	char full[PATH_MAX];
	struct stat st;

	return snprintf(full, sizeof(full), "%s%s", rootfs, path) < (int)sizeof(full) &&
	       lstat(full, &st) == 0 && !S_ISDIR(st.st_mode);
}

static const char *find_program(struct draft *draft, const char *name)
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					    "/usr/bin",        "/sbin",          "/bin" };

	for (size_t i = 0; draft->rootfs && !strchr(name, '/') && i < ARRAY_SIZE(dirs); i++) {
		const char *path = arena_printf(draft->arena, "%s/%s", dirs[i], name);

		if (path && is_program(draft->rootfs, path))
			return path;
	}
	return NULL;
}

void draft_command(struct draft *draft, const char *const *argv, size_t n)
{
	const char *program = n > 0 ? argv[0] : NULL;
	struct json *command;

	if (!program || !program[0])
		return;
	if (program[0] != '/')
		program = find_program(draft, argv[0]);
	if (!program) {
		draft_lost(draft,
			   "command: \"%s\" has no path, and kapsel searches no PATH: write the program's "
			   "path in the container, or name the root file system with --rootfs",
			   argv[0]);
		return;
	}
	command = draft_array(draft, draft->root, "command");
	draft_string(draft, command, NULL, program);
	for (size_t i = 1; i < n; i++)
		draft_string(draft, command, NULL, argv[i]);
}

/* The number in field @field of the line of @name in the root file system's passwd(5) or group(5). */
static bool look_up(struct draft *draft, const char *file, const char *name, unsigned int field,
		    uint32_t *ret)
{
	char path[PATH_MAX], *text, *line, *rest;
	_cleanup_fd_ int fd = -1;
	bool found = false;

	if (!draft->rootfs || snprintf(path, sizeof(path), "%s/etc", draft->rootfs) >= (int)sizeof(path))
		return false;
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	text = arena_alloc(draft->arena, ACCOUNT_FILE_MAX);
	if (fd < 0 || !text || fd_read_file(fd, file, text, ACCOUNT_FILE_MAX) < 0)
		return false;
	rest = text;
	while (!found && (line = strsep(&rest, "\n"))) {
		char *value = NULL;

		if (!str_equal(strsep(&line, ":") ?: "", name) || !line)
			continue;
		for (unsigned int i = 1; i <= field && line; i++)
			value = strsep(&line, ":");
		found = value && str_to_u32(value, ret) == 0;
	}
	return found;
}

void draft_user(struct draft *draft, const char *what, const char *text)
{
	struct json *user = draft_object(draft, draft->root, "user");
	char *name = arena_strdup(draft->arena, text), *group = name;
	uint32_t uid = 0, gid = 0;
	bool known;

	if (!name) {
		draft->exhausted = true;
		return;
	}
	strsep(&group, ":");
	known = str_to_u32(name, &uid) == 0;
	if (!known && name[0]) {
		known = look_up(draft, "passwd", name, 2, &uid);
		if (known && !group && look_up(draft, "passwd", name, 3, &gid))
			draft_number(draft, user, "gid", gid);
	}
	if (known)
		draft_number(draft, user, "uid", uid);
	else if (name[0])
		draft_lost(draft, "%s: the user \"%s\": a profile has numbers: see /etc/passwd of the image",
			   what, name);
	if (!group)
		return;
	if (str_to_u32(group, &gid) == 0 || look_up(draft, "group", group, 2, &gid))
		draft_number(draft, user, "gid", gid);
	else
		draft_lost(draft, "%s: the group \"%s\": a profile has numbers: see /etc/group of the image",
			   what, group);
}

bool draft_capability(struct draft *draft, const char *name)
{
	char text[32];
	size_t n = 0;

	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (; name[n] && n < sizeof(text) - 1; n++)
		text[n] = (char)toupper((unsigned char)name[n]);
	text[n] = '\0';
	if (name[n] || capabilities_number(text) < 0)
		return false;
	draft_add(draft, draft_array(draft, draft->root, "capabilities"), text);
	return true;
}
