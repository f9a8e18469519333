/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writes of linux.resources, done in order, and undone when an update fails half-way. */
#include "cgroups/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/container.h"
#include "cgroups/container_controllers.h"
#include "cgroups/controllers.h"
#include "cgroups/cpulist.h"
#include "cgroups/text.h"
#include "profiles/oci/oci.h"

enum { FILE_MAX_BYTES = 8192, LINE_BYTES = 1024 };

unsigned int cgroup_resources_controllers(const struct oci_resources *want)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct resources_plan plan = { .arena = arena, .fd = -1 };
	unsigned int controllers = 0;

	/* A mistake in there is told by cgroup_resources_apply(), which looks at the group, too. */
	if (arena && resources_build(&plan, want, NULL) < 0)
		controllers |= resources_is_set(want->memory_swap) ? CGROUP_MEMORY : 0;
	for (size_t i = 0; i < plan.n; i++)
		controllers |= plan.items[i].controller;
	return controllers;
}

static bool has_swap(void)
{
	struct sysinfo info;

	return sysinfo(&info) < 0 || info.totalswap > 0;
}

static bool may_be_absent(const struct resources_write *write)
{
	switch (write->absent) {
	case RESOURCES_PASS_OVER:
		return true;
	case RESOURCES_UNLESS_SWAP:
		return !has_swap();
	case RESOURCES_REFUSE:
	default:
		return false;
	}
}

/* Line by line: the files with a line for each device take one in a write. Return: 0 or -errno. */
static int write_lines(int fd, const char *file, const char *value)
{
	if (!strchr(value, '\n'))
		return fd_write_file(fd, file, value);
	while (*value) {
		const size_t length = strcspn(value, "\n");
		char line[LINE_BYTES];
		int r;

		if (length >= sizeof(line))
			return -E2BIG;
		memcpy(line, value, length);
		line[length] = '\0';
		r = length > 0 ? fd_write_file(fd, file, line) : 0;
		if (r < 0)
			return r;
		value += length;
		value += *value == '\n';
	}
	return 0;
}

static int refuse(const struct resources_write *write, int errnum, struct error *err)
{
	error_set(err, errnum, "%s: write \"%.200s\" to %s", write->key, write->value, write->file);
	if (errnum == ENOENT)
		return error_remedy(
			err, "this kernel has no such file: %s",
			write->absent == RESOURCES_UNLESS_SWAP
				? "it can't limit swap; switch swap off (swapoff -a), or leave the limit out"
				: "leave the limit out, or use a kernel that has it");
	if (str_equal(write->file, "cpu.weight") && errnum == EINVAL)
		return error_remedy(err, "an idle group has no weight: set cpu.idle to 0 first");
	if (str_starts(write->file, "cpuset."))
		return error_remedy(
			err, "see /sys/devices/system/cpu/possible and /sys/devices/system/node/possible");
	if (str_starts(write->file, "io.") && (errnum == ENODEV || errnum == ENXIO))
		return error_remedy(err, "it takes the number of a whole disk that is there");
	return -errnum;
}

/*
 * The kernel takes a list of CPUs of which the group above has none, and then uses all that one has.
 * Lists in forms of newer kernels are its own business.
 */
static int check_set(int fd, const struct resources_write *write, struct error *err)
{
	char file[64], text[FILE_MAX_BYTES];
	struct cpulist asked, got;

	if (write->controller != CGROUP_CPUSET || !write->key ||
	    !str_starts(write->key, "linux.resources.cpu."))
		return 0;
	snprintf(file, sizeof(file), "%s.effective", write->file);
	if (text_read(fd, file, text, sizeof(text)) < 0 || cpulist_parse(write->value, &asked) < 0 ||
	    cpulist_parse(text, &got) < 0 || cpulist_is_within(&got, &asked))
		return 0;
	error_set(err, ERANGE, "%s: \"%.100s\" is not to be had: the container would run on \"%.100s\"",
		  write->key, write->value, text);
	return error_remedy(err, "name numbers that the group above has (its %s)", file);
}

/* The line of @text that begins with the word @device, or NULL. */
static const char *find_line(const char *text, const char *device, char line[LINE_BYTES])
{
	const size_t length = strlen(device);

	for (const char *at = text; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, device, length) == 0 && at[length] == ' ') {
			snprintf(line, LINE_BYTES, "%.*s", (int)strcspn(at, "\n"), at);
			return line;
		}
	}
	return NULL;
}

static int put_back(int fd, const struct resources_write *write)
{
	char line[LINE_BYTES];
	const char *old = write->before;

	if (!old)
		return 0;
	if (write->device) {
		old = find_line(write->before, write->device, line);
		old = old ? old : write->reset;
	}
	/* An empty list of CPUs: a newline, because writing no byte at all is no write. */
	return *old ? write_lines(fd, write->file, old) : fd_write_file(fd, write->file, "\n");
}

/* From the last to the first, so that each limit finds the others as they were when it was set. */
static void undo(const struct resources_plan *plan, size_t n_done, struct error *err)
{
	while (n_done-- > 0) {
		const struct resources_write *write = &plan->items[n_done];
		int r = put_back(plan->fd, write);

		if (r < 0 && r != -ENOENT && err)
			error_remedy(err, "%s could not be set back to \"%.100s\" (%s)", write->file,
				     write->before, error_name(-r));
	}
}

static int remember(struct resources_plan *plan, struct resources_write *write)
{
	char text[FILE_MAX_BYTES];

	if (text_read(plan->fd, write->file, text, sizeof(text)) < 0)
		return 0;
	write->before = arena_strdup(plan->arena, text);
	return write->before ? 0 : -ENOMEM;
}

static int write_all(struct resources_plan *plan, bool update, struct error *err)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct resources_write *write = &plan->items[i];
		int r = update ? remember(plan, write) : 0;

		if (r < 0)
			r = error_set(err, -r, "%s", write->key);
		if (r == 0) {
			r = write_lines(plan->fd, write->file, write->value);
			if (r == -ENOENT && may_be_absent(write))
				r = 0;
			else if (r < 0)
				r = refuse(write, -r, err);
			else
				r = check_set(plan->fd, write, err);
		}
		if (r < 0) {
			/* This one, too: of several lines some may have been taken. */
			if (update)
				undo(plan, i + 1, err);
			return r;
		}
	}
	return 0;
}

int cgroup_resources_apply(int fd, const struct oci_resources *want, bool update, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct resources_plan plan = { .arena = arena, .fd = fd };
	unsigned int needed = 0;
	int r;

	if (!arena)
		return error_set(err, ENOMEM, "linux.resources");
	r = resources_build(&plan, want, err);
	if (r < 0 || plan.n == 0)
		return r;
	for (size_t i = 0; i < plan.n; i++)
		needed |= plan.items[i].controller;
	if (fd < 0) {
		char keys[CONTAINER_KEYS_MAX];

		container_controllers_keys(needed, keys, sizeof(keys));
		error_set(err, EOPNOTSUPP, "%s: the container has no cgroup", keys);
		return error_remedy(err,
				    "start it as root, with --systemd-cgroup, or below a delegated group");
	}
	r = container_controllers_check(fd, needed, err);
	return r < 0 ? r : write_all(&plan, update, err);
}
