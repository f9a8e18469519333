/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observe_filter.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "scene.h"

static struct arena *arena;

static void begin(void)
{
	arena = arena_new();
	cr_assert(ne(ptr, arena, NULL));
}

static void end(void)
{
	arena_free(arena);
}

TestSuite(observe_filter, .init = begin, .fini = end);

static const struct json *write_and_parse(const struct observe_filter *filter)
{
	static struct findings findings;
	static struct source source;
	struct json *root = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	cr_assert(ne(ptr, out, NULL));
	observe_filter_write(filter, out);
	fclose(out);
	source = (struct source){ .name = "filter", .text = arena_memdup(arena, text, size), .size = size };
	free(text);
	cr_assert(zero(int, json_parse(&source, JSON_STRICT, arena, &findings, &root)));
	return root;
}

/* The action of the first rule that names the call, whatever its arguments. */
static const char *action_of(const struct json *filter, const char *call)
{
	for (const struct json *rule = json_get(filter, "syscalls")->first; rule; rule = rule->next)
		for (const struct json *name = json_get(rule, "names")->first; name; name = name->next)
			if (str_equal(name->text, call))
				return json_get(rule, "action")->text;
	return "none";
}

Test(observe_filter, watches_what_tells_something_and_nothing_that_every_profile_opens)
{
	const struct observe_filter filter = { .listener = "/run/x/listener" };
	const struct json *root = write_and_parse(&filter);

	cr_assert(eq(str, action_of(root, "openat"), "SCMP_ACT_NOTIFY"));
	cr_assert(eq(str, action_of(root, "socket"), "SCMP_ACT_NOTIFY"));
	cr_assert(eq(str, action_of(root, "execve"), "SCMP_ACT_NOTIFY"));
	cr_assert(eq(str, action_of(root, "clone3"), "SCMP_ACT_NOTIFY"));
	cr_assert(eq(str, action_of(root, "read"), "SCMP_ACT_ALLOW"));
	cr_assert(eq(str, action_of(root, "futex"), "SCMP_ACT_ALLOW"));
	cr_assert(eq(str, action_of(root, "epoll_pwait"), "SCMP_ACT_ALLOW"));
}

Test(observe_filter, lets_sendmsg_alone_because_the_listener_travels_by_it)
{
	const struct observe_filter filter = { .listener = "/x", .every = true };
	const struct json *root = write_and_parse(&filter);

	cr_assert(eq(str, action_of(root, "sendmsg"), "SCMP_ACT_ALLOW"));
	cr_assert(eq(str, action_of(root, "futex"), "SCMP_ACT_NOTIFY"));
	cr_assert(eq(str, action_of(root, "mmap"), "SCMP_ACT_NOTIFY"));
}

Test(observe_filter, watches_only_what_the_profile_does_not_know_in_a_second_pass)
{
	struct observe_filter filter = { .listener = "/x" };
	const struct json *root;

	observe_filter_know(&filter,
			    scene_spec(arena, "\"syscalls\": { \"allow\": [\"@base\", \"accept4\"] }"));
	root = write_and_parse(&filter);
	cr_assert(eq(str, action_of(root, "accept4"), "SCMP_ACT_ALLOW"));
	cr_assert(eq(str, action_of(root, "openat"), "SCMP_ACT_ALLOW"));
	cr_assert(eq(str, action_of(root, "mkdir"), "SCMP_ACT_NOTIFY"));
	cr_assert(eq(str, action_of(root, "execve"), "SCMP_ACT_NOTIFY"));
}

Test(observe_filter, has_every_call_of_this_architecture_once)
{
	const struct observe_filter filter = { .listener = "/x", .every = true };
	const struct json *root = write_and_parse(&filter);

	for (size_t row = 0; row < SYSCALL_ROWS; row++)
		if (syscall_row_number(row) >= 0)
			cr_assert(ne(str, action_of(root, syscall_rows[row].name), "none"), "%s",
				  syscall_rows[row].name);
}
