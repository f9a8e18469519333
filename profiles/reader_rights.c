/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/capabilities.h"
#include "profiles/nearest.h"
#include "profiles/reader.h"

/* @text without the first of @prefixes that it starts with, in any case. */
static const char *strip_prefix(const char *text, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(prefixes[i]);

		if (strncasecmp(text, prefixes[i], length) == 0 && text[length])
			return text + length;
	}
	return text;
}

static void report_capability(struct reader *reader, const struct json *item)
{
	static const char *const prefixes[] = { "CAP_" };
	const char *bare = strip_prefix(item->text, prefixes, 1), *nearest;
	const char *const *names;
	struct finding *finding;
	size_t n;

	names = capabilities_all(&n);
	nearest = nearest_find(bare, names, n);
	finding = reader_error(reader, "E012", &item->place, "unknown capability \"%s\"", item->text);
	if (nearest)
		finding_help(finding, "did you mean \"%s\"?", nearest);
	else
		finding_help(finding,
			     "names are written without CAP_; \"kapsel list capabilities\" has them");
}

static void read_capabilities(struct reader *reader)
{
	const struct json *list = reader_get(reader->root, "capabilities");

	if (!list || list->type != JSON_ARRAY)
		return;
	for (const struct json *item = list->first; item; item = item->next) {
		int number = item->type == JSON_STRING ? capabilities_number(item->text) : -1;

		if (item->type != JSON_STRING)
			continue;
		if (number < 0)
			report_capability(reader, item);
		else if (reader->spec->capabilities & (1ULL << number))
			reader_error(reader, "E039", &item->place, "\"%s\" stands in \"capabilities\" twice",
				     item->text);
		else
			reader->spec->capabilities |= 1ULL << number;
	}
}

static bool is_known(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(words[i], word))
			return true;
	return false;
}

static bool check_syscall(struct reader *reader, const struct json *item)
{
	static const char *const prefixes[] = { "SYS_", "__NR_", "NR_", "__x64_sys_", "__arm64_sys_" };
	const struct vocabulary *vocabulary = reader->options->vocabulary;
	const char *bare, *nearest;
	struct finding *finding;
	bool group = item->text[0] == '@';

	if (vocabulary && group && is_known(item->text, vocabulary->groups, vocabulary->n_groups))
		return true;
	if (vocabulary && !group && is_known(item->text, vocabulary->syscalls, vocabulary->n_syscalls))
		return true;
	finding = reader_error(reader, "E013", &item->place, "unknown %s \"%s\"",
			       group ? "system call group" : "system call", item->text);
	if (!vocabulary)
		return false;
	bare = strip_prefix(item->text, prefixes, ARRAY_SIZE(prefixes));
	nearest = group ? nearest_find(bare, vocabulary->groups, vocabulary->n_groups)
			: nearest_find(bare, vocabulary->syscalls, vocabulary->n_syscalls);
	if (!nearest && !group) {
		char as_group[64];

		snprintf(as_group, sizeof(as_group), "@%s", bare);
		nearest = is_known(as_group, vocabulary->groups, vocabulary->n_groups)
				  ? nearest_find(as_group, vocabulary->groups, vocabulary->n_groups)
				  : NULL;
	}
	if (nearest)
		finding_help(finding, "did you mean \"%s\"?", nearest);
	else
		finding_help(finding, "\"kapsel list %s\" has them", group ? "groups" : "syscalls");
	return false;
}

static void read_syscalls(struct reader *reader)
{
	static const char *const violations[] = { [SPEC_VIOLATION_KILL] = "kill",
						  [SPEC_VIOLATION_ERRNO] = "errno",
						  [SPEC_VIOLATION_LOG] = "log",
						  NULL };
	static const char *const hardest[] = { "@base", NULL };
	const struct json *syscalls = reader_get(reader->root, "syscalls");
	struct spec *spec = reader->spec;

	spec->on_violation = reader_word(reader, syscalls, "syscalls.on_violation", violations);
	if (reader_get(syscalls, "syscalls.allow"))
		spec->syscalls = reader_strings(reader, syscalls, "syscalls.allow", check_syscall);
	else
		spec->syscalls = (struct spec_strings){ .items = hardest, .n = 1 };
}

static bool check_program(struct reader *reader, const struct json *item)
{
	return str_equal(item->text, "*") ||
	       values_path(reader->findings, reader->arena, "\"exec.allow\"", &item->place, item->text);
}

void reader_rights(struct reader *reader)
{
	struct spec *spec = reader->spec;

	read_capabilities(reader);
	spec->allow_setuid = reader_bool(reader, reader->root, "allow_setuid");
	spec->allow_jit = reader_bool(reader, reader->root, "allow_jit");
	spec->allow_nested_namespaces = reader_bool(reader, reader->root, "allow_nested_namespaces");
	spec->allow_ptrace = reader_bool(reader, reader->root, "allow_ptrace");
	read_syscalls(reader);
	spec->exec_allow =
		reader_strings(reader, reader_get(reader->root, "exec"), "exec.allow", check_program);
	spec->apparmor = reader_string(reader, reader->root, "apparmor");
	spec->selinux = reader_string(reader, reader->root, "selinux");
	if ((spec->apparmor && !spec->apparmor[0]) || (spec->selinux && !spec->selinux[0]))
		reader_error(reader, "E018",
			     &reader_get(reader->root,
					 spec->apparmor && !spec->apparmor[0] ? "apparmor" : "selinux")
				      ->place,
			     "the label is empty");
}
