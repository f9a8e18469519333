/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "profiles/reader.h"

/* Only what belongs to a namespace: all other settings are the host's (proc_sys(5)). */
static const struct {
	const char *prefix; /* ends with "." or is a whole name or its start, see `exact` */
	bool exact;
	enum spec_namespace space;
} namespaced[] = {
	{ "net.", false, SPEC_NS_NET },       { "fs.mqueue.", false, SPEC_NS_IPC },
	{ "kernel.msg", false, SPEC_NS_IPC }, { "kernel.shm", false, SPEC_NS_IPC },
	{ "kernel.sem", true, SPEC_NS_IPC },
};

static bool is_name(const char *name)
{
	bool start = true;

	for (; *name; name++) {
		if (*name == '.' && start)
			return false; /* an empty part, or ".." that would climb in /proc/sys */
		start = *name == '.';
		if (!start &&
		    !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *name))
			return false;
	}
	return !start;
}

/* The name with dots; sysctl(8) takes slashes too, and mixed they could mean two files. */
static const char *normalise(struct reader *reader, const struct json *sysctl)
{
	struct finding *finding;
	char *name;

	if (strchr(sysctl->name, '/') && strchr(sysctl->name, '.')) {
		finding = reader_error(reader, "E030", &sysctl->name_place, "\"%s\" mixes \".\" and \"/\"",
				       sysctl->name);
		finding_help(finding, "write the name with dots only");
		return NULL;
	}
	name = arena_strdup(reader->arena, sysctl->name);
	if (!name) {
		reader->exhausted = true;
		return NULL;
	}
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '.';
	if (!is_name(name)) {
		reader_error(reader, "E030", &sysctl->name_place, "\"%s\" can't be the name of a setting",
			     sysctl->name);
		return NULL;
	}
	return name;
}

static bool check_name(struct reader *reader, const struct json *sysctl, const char *name)
{
	struct finding *finding;

	for (size_t i = 0; i < ARRAY_SIZE(namespaced); i++) {
		if (namespaced[i].exact ? !str_equal(name, namespaced[i].prefix)
					: !str_starts(name, namespaced[i].prefix))
			continue;
		if (reader->spec->namespaces & namespaced[i].space)
			return true;
		finding =
			reader_error(reader, "E030", &sysctl->name_place,
				     "\"%s\" would change a namespace that is not the container's own", name);
		finding_label(finding, "the %s namespace is shared",
			      namespaced[i].space == SPEC_NS_NET ? "net" : "ipc");
		return false;
	}
	finding = reader_error(reader, "E030", &sysctl->name_place, "\"%s\" belongs to the whole host", name);
	if (str_equal(name, "kernel.hostname"))
		finding_help(finding, "write \"hostname\" at the top of the profile");
	else if (str_equal(name, "kernel.domainname"))
		finding_help(finding, "write the full name as \"hostname\"");
	else
		finding_help(
			finding,
			"a container can set net.*, fs.mqueue.*, kernel.msg*, kernel.shm* and kernel.sem");
	return false;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct spec_pair *left = a, *right = b;

	return strcmp(left->name, right->name);
}

void reader_sysctls(struct reader *reader)
{
	const struct json *sysctls = reader_get(reader->root, "sysctls");
	struct spec_pair *pairs;
	size_t n = 0;

	if (!sysctls || sysctls->type != JSON_OBJECT)
		return;
	pairs = reader_alloc(reader, sysctls->n, sizeof(*pairs));
	if (!pairs)
		return;
	for (const struct json *sysctl = sysctls->first; sysctl; sysctl = sysctl->next) {
		const char *name = normalise(reader, sysctl);

		if (!name || !check_name(reader, sysctl, name) ||
		    !(sysctl->type & (JSON_STRING | JSON_INTEGER)) ||
		    !values_plain(reader->findings, "the value of a setting", &sysctl->place, sysctl->text))
			continue;
		pairs[n++] = (struct spec_pair){ .name = name, .value = sysctl->text };
	}
	qsort(pairs, n, sizeof(*pairs), compare_pairs);
	for (size_t i = 1; i < n; i++)
		if (str_equal(pairs[i - 1].name, pairs[i].name))
			reader_error(reader, "E030", &sysctls->name_place, "\"%s\" is set twice",
				     pairs[i].name);
	reader->spec->sysctls = (struct spec_pairs){ .items = pairs, .n = n };
}
