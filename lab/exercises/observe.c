/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/exercises/result.h"
#include "lab/exercises/stage.h"
#include "launcher/service/record.h"
#include "seccomp/syscall_table.h"

enum { STEPS_MAX_BYTES = 32768, LAYERS_MAX = 64 };

static const char *const names[OBSERVE_FILES] = {
	[OBSERVE_MEMORY_PEAK] = "memory.peak",     [OBSERVE_MEMORY_MAX] = "memory.max",
	[OBSERVE_MEMORY_EVENTS] = "memory.events", [OBSERVE_PIDS_PEAK] = "pids.peak",
	[OBSERVE_PIDS_MAX] = "pids.max",           [OBSERVE_PIDS_EVENTS] = "pids.events",
	[OBSERVE_CPU_STAT] = "cpu.stat",
};

void observe_begin(struct observe *ret, const struct stage *stage, const char *name)
{
	memset(ret, 0, sizeof(*ret));
	ret->stage = stage;
	ret->name = name;
	for (size_t i = 0; i < OBSERVE_FILES; i++)
		ret->fds[i] = -1;
}

static void open_group(struct observe *observe)
{
	const struct cgroup_place *place = &observe->stage->host.place;
	char path[2 * CGROUP_PATH_MAX + RECORD_NAME_MAX];
	_cleanup_fd_ int group = -1;

	snprintf(path, sizeof(path), "%s%s/%s", place->mount, place->parent, observe->name);
	group = place->found ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	for (size_t i = 0; group >= 0 && i < OBSERVE_FILES; i++)
		if (observe->fds[i] < 0)
			observe->fds[i] = openat(group, names[i], O_RDONLY | O_CLOEXEC);
}

void observe_sample(struct observe *observe)
{
	/* cpu.stat is in every group that exists. */
	if (observe->fds[OBSERVE_CPU_STAT] < 0)
		open_group(observe);
	for (size_t i = 0; i < OBSERVE_FILES; i++) {
		char text[sizeof(observe->texts[i])];
		ssize_t n = observe->fds[i] < 0 ? -1 : pread(observe->fds[i], text, sizeof(text) - 1, 0);

		if (n <= 0)
			continue; /* ENODEV: the group is gone, what was read before stays */
		memcpy(observe->texts[i], text, (size_t)n);
		observe->texts[i][n] = '\0';
	}
}

/* The table that `kapsel explain --run` prints: step, phase, result, report, with tabs between. */
static int take_layers(char *table, struct arena *arena, struct result_run *ret)
{
	static const char serial[] = "session keyring ";
	struct result_layer *layers = arena_array(arena, LAYERS_MAX, sizeof(*layers));
	char *save = NULL;

	if (!layers)
		return -ENOMEM;
	ret->n_layers = 0;
	for (char *line = strtok_r(table, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *rest = line, *step = strsep(&rest, "\t"), *phase = strsep(&rest, "\t");
		char *state = strsep(&rest, "\t");

		if (!phase || !state || !rest || !str_equal(state, "holds") || ret->n_layers == LAYERS_MAX)
			continue;
		/* The keyring's serial number is a new one in each start: no difference that means anything.
		 */
		if (str_starts(rest, serial) && strchr(rest, ','))
			rest = strchr(rest, ',') + strspn(strchr(rest, ','), ", ");
		layers[ret->n_layers].name = arena_strdup(arena, step);
		layers[ret->n_layers].report = arena_strdup(arena, rest);
		if (!layers[ret->n_layers].name || !layers[ret->n_layers].report)
			return -ENOMEM;
		ret->n_layers++;
	}
	ret->layers = layers;
	return 0;
}

int observe_look(struct observe *observe, struct arena *arena, struct result_run *ret)
{
	char path[64], table[STEPS_MAX_BYTES];
	_cleanup_fd_ int dir = record_open(observe->stage->host.run_dir, observe->name, NULL);
	struct record record;
	ssize_t n;

	observe_sample(observe);
	if (dir < 0 || record_read(dir, &record, NULL) < 0 || record.payload_pid <= 0)
		return -EAGAIN;
	n = fd_read_file(dir, "steps", table, sizeof(table));
	if (n <= 0)
		return -EAGAIN;
	snprintf(path, sizeof(path), "/proc/%d/uid_map", record.payload_pid);
	n = fd_read_file(AT_FDCWD, path, observe->uid_map, sizeof(observe->uid_map));
	if (n < 0)
		observe->uid_map[0] = '\0';
	observe->looked = true;
	return take_layers(table, arena, ret);
}

uint64_t observe_field(const char *text, const char *field)
{
	size_t length = strlen(field);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		char digits[24];
		uint64_t value;

		line += *line == '\n';
		if (strncmp(line, field, length) != 0 || line[length] != ' ')
			continue;
		snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(line + length + 1, "\n"),
			 line + length + 1);
		return str_to_u64(digits, &value) == 0 ? value : RESULT_UNKNOWN;
	}
	return RESULT_UNKNOWN;
}

/* A file of one number, or "max". */
static uint64_t number_of(const char *text)
{
	char digits[24];
	uint64_t value;

	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(text, "\n"), text);
	return str_to_u64(digits, &value) == 0 ? value : RESULT_UNKNOWN;
}

/* "Seccomp 2, 1 filter(s), 186 calls allowed; …" */
static void count_calls(struct result_run *ret)
{
	ret->calls_allowed = RESULT_UNKNOWN;
	ret->calls_known = RESULT_UNKNOWN;
	for (size_t i = 0; i < ret->n_layers; i++) {
		const char *at = strstr(ret->layers[i].report, " calls allowed");

		if (!at || !str_equal(ret->layers[i].name, "seccomp"))
			continue;
		while (at > ret->layers[i].report && at[-1] >= '0' && at[-1] <= '9')
			at--;
		ret->calls_allowed = strtoull(at, NULL, 10);
		ret->calls_known = 0;
		for (size_t row = 0; row < SYSCALL_ROWS; row++)
			ret->calls_known += syscall_row_number(row) >= 0;
	}
}

/* Three columns of white space, as the kernel aligns them, become one space each. */
static const char *squeeze(struct arena *arena, const char *map)
{
	char *text = arena_strdup(arena, map), *to = text;

	for (const char *from = text; text && *from; from++) {
		bool space = *from == ' ';

		if (space && (to == text || to[-1] == ' ' || to[-1] == '\n'))
			continue;
		*to++ = *from;
	}
	while (text && to > text && (to[-1] == '\n' || to[-1] == ' '))
		to--;
	if (text)
		*to = '\0';
	return text ? text : "";
}

void observe_end(struct observe *observe, struct arena *arena, struct result_run *ret)
{
	ret->uid_map = squeeze(arena, observe->uid_map);
	ret->memory_peak_bytes = number_of(observe->texts[OBSERVE_MEMORY_PEAK]);
	ret->memory_max_bytes = number_of(observe->texts[OBSERVE_MEMORY_MAX]);
	ret->pids_peak = number_of(observe->texts[OBSERVE_PIDS_PEAK]);
	ret->pids_max = number_of(observe->texts[OBSERVE_PIDS_MAX]);
	/* Without the controller the group's cpu.stat has no such line. */
	ret->cpu_throttled_us = observe_field(observe->texts[OBSERVE_CPU_STAT], "throttled_usec");
	count_calls(ret);
	for (size_t i = 0; i < OBSERVE_FILES; i++)
		fd_close(&observe->fds[i]);
}
