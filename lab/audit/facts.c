/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/audit/facts_parts.h"

enum { TEXT_MAX_BYTES = 4 * 1024 * 1024, TEXT_STEP = 16 * 1024 };

/* In the order of enum facts_namespace. */
static const char *const namespace_names[FACTS_NAMESPACES] = { "user", "mnt", "pid",    "net",
							       "ipc",  "uts", "cgroup", "time" };

ssize_t facts_text(int process, const char *name, struct arena *arena, char **ret)
{
	/* A size can't be asked for: tried with more room until it fits. */
	for (size_t size = TEXT_STEP; size <= TEXT_MAX_BYTES; size *= 4) {
		char *text = arena_alloc(arena, size);
		ssize_t got;

		if (!text)
			return -ENOMEM;
		got = fd_read_file(process, name, text, size);
		if (got == -EFBIG)
			continue;
		if (got >= 0)
			*ret = text;
		return got;
	}
	return -EFBIG;
}

void facts_append(char *list, size_t size, const char *word)
{
	static const char more[] = ", ...";
	size_t used = strlen(list), length = strlen(word);

	if (used >= sizeof(more) - 1 && str_equal(list + used - (sizeof(more) - 1), more))
		return;
	if (used + 2 + length + sizeof(more) > size)
		snprintf(list + used, size - used, "%s", used ? more : "...");
	else
		snprintf(list + used, size - used, "%s%s", used ? ", " : "", word);
}

bool facts_option(const char *options, const char *option)
{
	size_t length = strlen(option);

	while (options && *options) {
		size_t next = strcspn(options, ",");

		if (strncmp(options, option, length) == 0 && (next == length || options[length] == '='))
			return true;
		options += next;
		options += *options == ',';
	}
	return false;
}

int facts_parse_map(const char *text, struct facts_map *ret)
{
	ret->n = 0;
	while (*text) {
		struct facts_range *range = &ret->ranges[ret->n];
		int used = 0;

		if (ret->n == FACTS_RANGES_MAX ||
		    sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32 "%n", &range->inside, &range->outside,
			   &range->count, &used) != 3 ||
		    text[used] != '\n')
			return -EBADMSG;
		ret->n++;
		text += used + 1;
	}
	return 0;
}

int64_t facts_inside(const struct facts_map *map, uint32_t outside)
{
	for (size_t i = 0; i < map->n; i++)
		if (outside >= map->ranges[i].outside &&
		    outside - map->ranges[i].outside < map->ranges[i].count)
			return (int64_t)map->ranges[i].inside + (outside - map->ranges[i].outside);
	return -1;
}

static int parse_limit(const char *word, uint64_t *ret)
{
	char digits[24];
	size_t length = strcspn(word, " ");

	if (length == strlen("unlimited") && strncmp(word, "unlimited", length) == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (length == 0 || length >= sizeof(digits))
		return -EBADMSG;
	memcpy(digits, word, length);
	digits[length] = '\0';
	return str_to_u64(digits, ret) < 0 ? -EBADMSG : 0;
}

int facts_parse_limits(const char *text, struct facts_limit *ret)
{
	static const char *const names[FACTS_RLIMITS] = { "Max core file size ", "Max open files ",
							  "Max file size ", "Max locked memory " };

	for (size_t i = 0; i < FACTS_RLIMITS; i++) {
		const char *line = strstr(text, names[i]);

		if (!line || (line != text && line[-1] != '\n'))
			return -EBADMSG;
		line += strlen(names[i]);
		line += strspn(line, " ");
		if (parse_limit(line, &ret[i].soft) < 0)
			return -EBADMSG;
		line += strcspn(line, " ");
		line += strspn(line, " ");
		if (parse_limit(line, &ret[i].hard) < 0)
			return -EBADMSG;
	}
	return 0;
}

bool facts_account(const char *passwd, uid_t uid, char *ret, size_t size)
{
	FILE *file = fopen(passwd, "re");
	char line[1024];
	bool found = false;

	/* Not getpwuid(3): a static program must not load the host's NSS modules. */
	while (file && !found && fgets(line, sizeof(line), file)) {
		char *rest = line, *name = strsep(&rest, ":"), *number;

		strsep(&rest, ":");
		number = strsep(&rest, ":");
		found = number && *number && strtoul(number, NULL, 10) == uid && *name;
		if (found)
			str_escape(ret, size, name);
	}
	if (file)
		fclose(file);
	return found;
}

static int read_link(int dir, const char *name, char *ret, size_t size)
{
	ssize_t length = readlinkat(dir, name, ret, size - 1);

	if (length < 0)
		return -errno;
	ret[length] = '\0';
	return 0;
}

static void read_namespaces(const struct facts_source *source, int process, struct facts *facts)
{
	static const char *const others[] = { "self", "1" };

	for (size_t i = 0; i < FACTS_NAMESPACES; i++) {
		char path[512], name[32], theirs[64], ours[64];

		snprintf(name, sizeof(name), "ns/%s", namespace_names[i]);
		facts->namespace_error[i] = -read_link(process, name, theirs, sizeof(theirs));
		facts->own[i] = facts->namespace_error[i] == 0;
		for (size_t other = 0; other < ARRAY_SIZE(others) && facts->own[i]; other++) {
			snprintf(path, sizeof(path), "%s/%s/ns/%s", source->proc, others[other],
				 namespace_names[i]);
			if (read_link(AT_FDCWD, path, ours, sizeof(ours)) == 0 && str_equal(ours, theirs))
				facts->own[i] = false;
		}
	}
}

static int read_number(int dir, const char *name, int base, long *ret)
{
	char text[64], *end;
	ssize_t got = fd_read_file(dir, name, text, sizeof(text));

	if (got < 0)
		return (int)-got;
	errno = 0;
	*ret = strtol(text, &end, base);
	return end == text || errno ? EBADMSG : 0;
}

/* "123 (name) S ppid pgrp session tty_nr ...": the name may hold anything, its last ")" ends it. */
static int parse_terminal(const char *text, int *ret)
{
	const char *end = strrchr(text, ')');

	return end && sscanf(end + 1, " %*c %*d %*d %*d %d", ret) == 1 ? 0 : EBADMSG;
}

static void read_small(int process, struct arena *arena, struct facts *facts)
{
	char text[FACTS_TEXT_MAX], *stat, *limits;
	ssize_t got = fd_read_file(process, "attr/current", text, sizeof(text));
	long number = 0;

	/* Without a security module that has labels the file says EINVAL. */
	facts->label_error = got < 0 ? (int)-got : 0;
	if (got > 0) {
		text[strcspn(text, "\n")] = '\0';
		str_escape(facts->label, sizeof(facts->label), text);
	}
	facts->personality_error = read_number(process, "personality", 16, &number);
	facts->personality = (unsigned long)number;
	facts->oom_error = read_number(process, "oom_score_adj", 10, &number);
	facts->oom_score_adj = (int)number;
	got = facts_text(process, "stat", arena, &stat);
	facts->stat_error = got < 0 ? (int)-got : parse_terminal(stat, &facts->terminal);
	got = facts_text(process, "limits", arena, &limits);
	facts->limits_error = got < 0 ? (int)-got : -facts_parse_limits(limits, facts->limits);
}

static void read_map(int process, const char *name, struct arena *arena, struct facts_map *map)
{
	char *text = NULL;
	ssize_t got = facts_text(process, name, arena, &text);

	map->error = got < 0 ? (int)-got : -facts_parse_map(text, map);
}

static void read_host(const struct facts_source *source, struct facts *facts)
{
	const struct {
		const char *name;
		int *ret;
	} settings[] = {
		{ "kernel/unprivileged_bpf_disabled", &facts->host_unprivileged_bpf },
		{ "kernel/kptr_restrict", &facts->host_kptr_restrict },
		{ "kernel/dmesg_restrict", &facts->host_dmesg_restrict },
		{ "dev/tty/legacy_tiocsti", &facts->host_legacy_tiocsti },
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		char path[512];
		long number = 0;

		snprintf(path, sizeof(path), "%s/sys/%s", source->proc, settings[i].name);
		*settings[i].ret = read_number(AT_FDCWD, path, 10, &number) == 0 ? (int)number : -1;
	}
}

static int read_status(int process, pid_t pid, struct arena *arena, struct facts *facts, struct error *err)
{
	char *text = NULL, name[64];
	ssize_t got = facts_text(process, "comm", arena, &text);

	if (got >= 0) {
		text[strcspn(text, "\n")] = '\0';
		str_escape(facts->command, sizeof(facts->command), text);
	}
	got = facts_text(process, "status", arena, &text);
	if (got < 0)
		return error_set(err, (int)-got, "read /proc/%d/status", (int)pid);
	if (proc_status_parse(text, &facts->status) < 0)
		return error_set(err, EBADMSG, "understand /proc/%d/status", (int)pid);
	/* Everything that tells a container from a bare process asks for the same right as this. */
	if (read_link(process, "ns/mnt", name, sizeof(name)) == -EACCES) {
		error_set(err, EACCES, "look at process %d (%s)", (int)pid, facts->command);
		return error_remedy(err, "it is another user's, or hides itself: run as root");
	}
	return 0;
}

int facts_read(const struct facts_source *source, pid_t pid, struct arena *arena, struct facts *ret,
	       struct error *err)
{
	_cleanup_fd_ int process = -1;
	char path[512];
	int r;

	*ret = (struct facts){ .pid = pid };
	snprintf(path, sizeof(path), "%s/%d", source->proc, (int)pid);
	process = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (process < 0 && errno == ENOENT)
		return error_set(err, ESRCH, "find process %d", (int)pid);
	if (process < 0)
		return error_set(err, errno, "open %s", path);
	r = read_status(process, pid, arena, ret, err);
	if (r < 0)
		return r;
	read_namespaces(source, process, ret);
	read_map(process, "uid_map", arena, &ret->uid_map);
	read_map(process, "gid_map", arena, &ret->gid_map);
	ret->account_known = true;
	facts_account(source->passwd, ret->status.uid[1], ret->account, sizeof(ret->account));
	read_small(process, arena, ret);
	facts_read_mounts(source, process, arena, ret);
	facts_read_group(source, process, arena, ret);
	facts_read_memory(process, arena, ret);
	facts_read_descriptors(process, ret);
	facts_read_network(source, process, arena, ret);
	facts_read_root(process, ret);
	read_host(source, ret);
	return 0;
}

const struct facts_step *facts_step(const struct facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n_steps; i++)
		if (str_equal(facts->steps[i].name, name))
			return &facts->steps[i];
	return NULL;
}

void facts_take_steps(struct facts *facts, char *text)
{
	char *line;

	facts->n_steps = 0;
	while ((line = strsep(&text, "\n")) && facts->n_steps < FACTS_STEPS_MAX) {
		char *name = strsep(&line, "\t"), *phase = strsep(&line, "\t"), *result = strsep(&line, "\t");

		if (!phase || !result || !line)
			continue;
		facts->steps[facts->n_steps++] =
			(struct facts_step){ .name = name, .result = result, .report = line };
	}
}
