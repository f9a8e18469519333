/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts of a process, from its mountinfo (proc(5)). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lab/audit/facts.h"
#include "lab/audit/facts_parts.h"

/* Space, tab, newline, backslash and # stand as three octal digits: undone in place. */
static void unescape(char *text)
{
	char *out = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' && text[2] <= '7' &&
		    text[3] >= '0' && text[3] <= '7') {
			*out++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

static int parse_line(char *line, struct facts_mount *ret)
{
	enum { ID, PARENT, DEVICE, ROOT, TARGET, OPTIONS, N_FIELDS };
	char *fields[N_FIELDS], *word;

	*ret = (struct facts_mount){ 0 };
	for (int i = 0; i < N_FIELDS; i++) {
		fields[i] = strsep(&line, " ");
		if (!line)
			return -EBADMSG;
	}
	if (sscanf(fields[ID], "%d", &ret->id) != 1 ||
	    sscanf(fields[DEVICE], "%u:%u", &ret->major, &ret->minor) != 2)
		return -EBADMSG;
	while ((word = strsep(&line, " ")) && !str_equal(word, "-"))
		ret->shared = ret->shared || str_starts(word, "shared:");
	ret->fstype = strsep(&line, " ");
	if (!strsep(&line, " ") || !line)
		return -EBADMSG;
	ret->super = line;
	ret->root = fields[ROOT];
	ret->target = fields[TARGET];
	ret->options = fields[OPTIONS];
	unescape(ret->root);
	unescape(ret->target);
	return 0;
}

int facts_parse_mounts(char *text, struct arena *arena, struct facts_mounts *ret)
{
	size_t lines = 0;
	char *line;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	if (lines > FACTS_MOUNTS_MAX)
		return -E2BIG;
	ret->n = 0;
	ret->items = arena_array(arena, lines + 1, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	while ((line = strsep(&text, "\n"))) {
		if (*line == '\0')
			continue;
		if (ret->n > lines || parse_line(line, &ret->items[ret->n]) < 0)
			return -EBADMSG;
		ret->n++;
	}
	return ret->n > 0 ? 0 : -ENODATA;
}

const struct facts_mount *facts_mount_at(const struct facts_mounts *mounts, const char *target)
{
	for (size_t i = mounts->n; i > 0; i--)
		if (str_equal(mounts->items[i - 1].target, target))
			return &mounts->items[i - 1];
	return NULL;
}

static void read_one(int process, const char *name, struct arena *arena, struct facts_mounts *ret)
{
	char *text = NULL;
	ssize_t got = facts_text(process, name, arena, &text);

	ret->error = got < 0 ? (int)-got : -facts_parse_mounts(text, arena, ret);
	if (ret->error)
		ret->n = 0;
}

void facts_read_mounts(const struct facts_source *source, int process, struct arena *arena,
		       struct facts *facts)
{
	char path[512];

	read_one(process, "mountinfo", arena, &facts->mounts);
	snprintf(path, sizeof(path), "%s/self/mountinfo", source->proc);
	read_one(AT_FDCWD, path, arena, &facts->host_mounts);
}
