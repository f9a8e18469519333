/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "launcher/commands/commands.h"
#include "profiles/capabilities.h"
#include "profiles/codes.h"
#include "profiles/json_print.h"
#include "profiles/keys.h"
#include "profiles/nearest.h"
#include "seccomp/groups.h"

enum { GROUP_DEPTH_MAX = 8 };

struct style {
	bool json, quiet;
};

/* One row: a name and what there is to say about it. */
static void print_row(const struct style *style, const char *name, const char *text)
{
	if (style->json) {
		fputs("{\"name\":", stdout);
		json_print_string(stdout, name);
		fputs(",\"description\":", stdout);
		json_print_string(stdout, text);
		fputs("}\n", stdout);
	} else if (style->quiet) {
		puts(name);
	} else {
		printf("%-26s %s\n", name, text);
	}
}

static void print_syscall(const struct style *style, const char *name)
{
	const char *group = groups_of(name);
	int number = syscall_number(name);
	char text[160];

	if (style->json) {
		fputs("{\"name\":", stdout);
		json_print_string(stdout, name);
		if (number >= 0)
			printf(",\"number\":%d,\"group\":", number);
		else
			fputs(",\"number\":null,\"group\":", stdout);
		if (group)
			json_print_string(stdout, group);
		else
			fputs("null", stdout);
		fputs("}\n", stdout);
		return;
	}
	if (number < 0)
		snprintf(text, sizeof(text), "    -  not on this architecture");
	else
		snprintf(text, sizeof(text), "%5d  %s%s", number, group ? group : "",
			 syscall_never(number)    ? "(kills: no workload needs it)"
			 : syscall_absent(number) ? "(ENOSYS: libraries fall back)"
						  : "");
	print_row(style, name, text);
}

/* Groups may hold groups; the depth is bounded so that a circle in the table can't hang it. */
static void print_group(const struct style *style, const struct syscall_group *group, unsigned int depth)
{
	for (const char *const *call = group->calls; *call; call++) {
		const struct syscall_group *inner = (*call)[0] == '@' ? groups_find(*call) : NULL;

		if (inner && depth < GROUP_DEPTH_MAX)
			print_group(style, inner, depth + 1);
		else if (!inner)
			print_syscall(style, *call);
	}
}

static int unknown(const struct command *command, const char *what, const char *word,
		   const char *const *candidates, size_t n)
{
	const char *nearest = nearest_find(word, candidates, n);

	if (nearest)
		return command_usage_error(command, "unknown %s \"%s\"; did you mean \"%s\"?", what, word,
					   nearest);
	return command_usage_error(command, "unknown %s \"%s\"", what, word);
}

static int unknown_group(const struct command *command, const char *word)
{
	const struct syscall_group *groups;
	const char *names[64];
	size_t n, used;

	groups = groups_all(&n);
	for (used = 0; used < n && used < ARRAY_SIZE(names); used++)
		names[used] = groups[used].name;
	return unknown(command, "group", word, names, used);
}

static int list_syscalls(const struct command *command, const struct style *style, char **words, int n_words)
{
	const char *const *names;
	size_t n;

	names = syscall_names(&n);
	if (n_words == 0)
		for (size_t i = 0; i < n; i++)
			print_syscall(style, names[i]);
	for (int i = 0; i < n_words; i++) {
		const struct syscall_group *group = words[i][0] == '@' ? groups_find(words[i]) : NULL;

		if (group)
			print_group(style, group, 0);
		else if (words[i][0] == '@')
			return unknown_group(command, words[i]);
		else if (syscall_number(words[i]) == -1)
			return unknown(command, "system call", words[i], names, n);
		else
			print_syscall(style, words[i]);
	}
	return STATUS_OK;
}

static int list_groups(const struct style *style)
{
	const struct syscall_group *groups;
	size_t n;

	groups = groups_all(&n);
	for (size_t i = 0; i < n; i++)
		print_row(style, groups[i].name, groups[i].description);
	return STATUS_OK;
}

static int list_capabilities(const struct style *style)
{
	const char *const *names;
	size_t n;

	names = capabilities_all(&n);
	for (size_t i = 0; i < n; i++)
		print_row(style, names[i], capabilities_describe((int)i));
	return STATUS_OK;
}

static int list_errors(const struct style *style)
{
	const struct code *codes;
	size_t n;

	codes = codes_all(&n);
	for (size_t i = 0; i < n; i++)
		print_row(style, codes[i].code, codes[i].title);
	return STATUS_OK;
}

static int list_keys(const struct style *style)
{
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++)
		print_row(style, keys[i].path,
			  keys_available(&keys[i]) ? keys[i].description : "(not available in this version)");
	return STATUS_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	static const char *const topics[] = { "syscalls", "groups", "capabilities", "errors", "keys" };
	struct command_parse parse;
	struct style style;
	const char *topic;
	int status;

	if (command_parse(command, argc, argv, &parse, &status))
		return status;
	if (parse.n_operands == 0 || parse.after)
		return command_usage_error(command,
					   "list what? syscalls, groups, capabilities, errors or keys");
	topic = parse.operands[0];
	style.json = command_given(command, &parse, "json");
	style.quiet = command_given(command, &parse, "quiet");
	if (str_equal(topic, "syscalls"))
		return list_syscalls(command, &style, parse.operands + 1, parse.n_operands - 1);
	if (parse.n_operands > 1)
		return command_usage_error(command, "only syscalls takes further names");
	if (str_equal(topic, "groups"))
		return list_groups(&style);
	if (str_equal(topic, "capabilities"))
		return list_capabilities(&style);
	if (str_equal(topic, "errors"))
		return list_errors(&style);
	if (str_equal(topic, "keys"))
		return list_keys(&style);
	return unknown(command, "list", topic, topics, ARRAY_SIZE(topics));
}

static const struct command_option options[] = {
	{ "json", 0, NULL, "one object a line" },
	{ "quiet", 'q', NULL, "names only" },
	{ 0 },
};

const struct command command_list = {
	.name = "list",
	.usage = "[--json] [-q] syscalls [@GROUP|NAME...] | groups | capabilities | errors | keys",
	.summary = "Lists the words that profiles are written with.",
	.example = "kapsel list syscalls @base",
	.options = options,
	.run = run,
};
