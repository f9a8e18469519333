/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/keys.h"
#include "profiles/nearest.h"

enum { SIBLINGS_MAX = 64, WORDS_MAX = 24 };

/* What people who come from elsewhere write. */
static const struct {
	const char *theirs, *ours;
} other_tools[] = {
	{ "image", "rootfs" },
	{ "root", "rootfs" },
	{ "cmd", "command" },
	{ "args", "command" },
	{ "entrypoint", "command" },
	{ "cwd", "workdir" },
	{ "working_dir", "workdir" },
	{ "environment", "env" },
	{ "volumes", "mounts" },
	{ "binds", "mounts" },
	{ "tmpfs", "mounts" },
	{ "ports", "listen" },
	{ "publish", "listen" },
	{ "cap_add", "capabilities" },
	{ "seccomp", "syscalls" },
	{ "ulimits", "limits" },
	{ "resources", "limits" },
	{ "logging", "log" },
	{ "healthcheck", "health" },
	{ "restart_policy", "restart" },
	{ "sysctl", "sysctls" },
	{ "parent", "extends" },
	{ "include", "extends" },
	{ "version", "kapsel" },
	{ "no_new_privs", "allow_setuid" },
};

static void suggest_key(struct finding *finding, const char *name, const char *above, size_t length)
{
	const char *siblings[SIBLINGS_MAX], *nearest;
	const struct key *keys;
	size_t n, used = 0;

	keys = keys_all(&n);
	for (size_t i = 0; i < n && used < SIBLINGS_MAX; i++)
		if (keys_level(&keys[i], above, length))
			siblings[used++] = keys[i].path + length + (length > 0);
	nearest = nearest_find(name, siblings, used);
	if (nearest) {
		finding_help(finding, "did you mean \"%s\"?", nearest);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(other_tools) && length == 0; i++) {
		if (str_equal(other_tools[i].theirs, name)) {
			finding_help(finding, "did you mean \"%s\"? (kapsel explain %s)", other_tools[i].ours,
				     other_tools[i].ours);
			return;
		}
	}
	for (size_t i = 0; i < n; i++) {
		const char *dot = strrchr(keys[i].path, '.');

		if (strchr(keys[i].path, '*'))
			continue;
		if (dot && str_equal(dot + 1, name)) {
			finding_help(finding, "\"%s\" stands inside \"%.*s\"", name,
				     (int)(dot - keys[i].path), keys[i].path);
			return;
		}
		if (!dot && length > 0 && str_equal(keys[i].path, name)) {
			finding_help(finding, "\"%s\" stands at the top of the profile", name);
			return;
		}
	}
}

static void report_unknown(struct findings *findings, const struct json *member, const char *above,
			   size_t length)
{
	struct finding *finding = findings_add(findings, FINDING_ERROR, "E003", &member->name_place,
					       "unknown key \"%s\"", member->name);

	if (!finding)
		return;
	finding_label(finding, "not part of profile format 1");
	suggest_key(finding, member->name, above, length);
	finding_note(finding, "unknown keys are refused so that a typo can never switch a protection off "
			      "(kapsel explain E003)");
}

static unsigned int json_types(unsigned int kind)
{
	unsigned int types = 0;

	if (kind & (KEY_STRING | KEY_PATH | KEY_SIZE | KEY_DURATION | KEY_MODE | KEY_WORD | KEY_UNLIMITED))
		types |= JSON_STRING;
	if (kind & KEY_BOOL)
		types |= JSON_BOOL;
	if (kind & (KEY_INTEGER | KEY_SIZE | KEY_CORES))
		types |= JSON_INTEGER;
	if (kind & KEY_CORES)
		types |= JSON_NUMBER;
	if (kind & (KEY_STRINGS | KEY_WORDS | KEY_INTEGERS | KEY_ARRAY))
		types |= JSON_ARRAY;
	if (kind & (KEY_OBJECT | KEY_MAP))
		types |= JSON_OBJECT;
	return types;
}

static void report_type(struct findings *findings, const struct key *key, const struct json *value)
{
	struct finding *finding;
	char kind[256];

	finding =
		findings_add(findings, FINDING_ERROR, "E004", &value->place, "\"%s\" can't be %s", key->path,
			     value->type == JSON_BOOL     ? (value->boolean ? "true" : "false")
			     : value->type == JSON_NUMBER ? "a fraction"
							  : json_type_name(value->type));
	finding_label(finding, "expected %s", keys_kind(key, kind, sizeof(kind)));
	finding_help(finding, "write it like this: %s (kapsel explain %s)", key->example, key->path);
}

static void report_absent(struct findings *findings, const struct key *key, const struct place *place,
			  const char *what)
{
	struct finding *finding = findings_add(findings, FINDING_ERROR, "E017", place,
					       "%s is not available in this version", what);

	finding_label(finding, "part of the format, but of a later version");
	finding_help(finding, "%s", key->absent);
}

static void report_foreign(struct findings *findings, const struct key *key, const struct json *value)
{
	struct finding *finding = findings_add(findings, FINDING_ERROR, "E051", &value->place,
					       "\"%s\" can't be \"%s\"", key->path, value->text);
	char kind[256];

	finding_label(finding, "expected %s", keys_kind(key, kind, sizeof(kind)));
	finding_help(finding, "%s", key->foreign);
}

static void check_word(struct findings *findings, const struct key *key, const struct json *value)
{
	const char *candidates[WORDS_MAX], *words = key->words, *word, *nearest;
	char buffer[WORDS_MAX][24], what[128], kind[256];
	struct finding *finding;
	size_t length, n = 0;

	if (keys_has_word(key->words, value->text) ||
	    ((key->kind & KEY_UNLIMITED) && str_equal(value->text, "unlimited")))
		return;
	if (keys_has_word(key->absent_words, value->text)) {
		snprintf(what, sizeof(what), "\"%s\": \"%s\"", key->path, value->text);
		report_absent(findings, key, &value->place, what);
		return;
	}
	if (keys_has_word(key->foreign_words, value->text)) {
		report_foreign(findings, key, value);
		return;
	}
	finding = findings_add(findings, FINDING_ERROR, "E014", &value->place,
			       "unknown value \"%s\" of \"%s\"", value->text, key->path);
	finding_label(finding, "expected %s", keys_kind(key, kind, sizeof(kind)));
	while ((word = keys_word(&words, &length)) && n < ARRAY_SIZE(candidates)) {
		snprintf(buffer[n], sizeof(buffer[n]), "%.*s", (int)length, word);
		candidates[n] = buffer[n];
		n++;
	}
	nearest = nearest_find(value->text, candidates, n);
	if (nearest)
		finding_help(finding, "did you mean \"%s\"?", nearest);
	else if (key->absent)
		finding_help(finding, "%s", key->absent);
}

static void check_integer(struct findings *findings, const struct key *key, const struct json *value)
{
	int64_t max = key->max != 0 ? key->max : INT64_MAX;
	struct finding *finding;

	if (value->integer >= key->min && value->integer <= max)
		return;
	finding = findings_add(findings, FINDING_ERROR, "E011", &value->place, "\"%s\" is out of range",
			       key->path);
	finding_label(finding, "must be %" PRId64 " to %" PRId64, key->min, max);
}

static void check_elements(struct findings *findings, const struct key *key, const struct json *array)
{
	enum json_type type = key->kind & KEY_INTEGERS ? JSON_INTEGER : JSON_STRING;

	if (key->kind & KEY_ARRAY)
		return;
	for (const struct json *item = array->first; item; item = item->next) {
		if (item->type != type) {
			finding_label(findings_add(findings, FINDING_ERROR, "E004", &item->place,
						   "\"%s\" can't contain %s", key->path,
						   json_type_name(item->type)),
				      "expected %s", json_type_name(type));
			continue;
		}
		if (type == JSON_INTEGER)
			check_integer(findings, key, item);
		else if (key->kind & KEY_WORDS)
			check_word(findings, key, item);
	}
}

static void check_object(const struct json *object, const char *above, struct findings *findings);

static void check_value(const struct key *key, const struct json *value, struct findings *findings)
{
	char what[128];

	if (!keys_available(key)) {
		snprintf(what, sizeof(what), "\"%s\"", key->path);
		report_absent(findings, key, &value->name_place, what);
		return;
	}
	if (value->type == JSON_NULL)
		return;
	if (!(value->type & json_types(key->kind))) {
		report_type(findings, key, value);
		return;
	}
	if (value->type == JSON_BOOL && value->boolean && keys_has_word(key->absent_words, "true")) {
		snprintf(what, sizeof(what), "\"%s\": true", key->path);
		report_absent(findings, key, &value->place, what);
	}
	if (value->type == JSON_INTEGER && (key->kind & KEY_INTEGER))
		check_integer(findings, key, value);
	if (value->type == JSON_STRING && (key->kind & (KEY_WORD | KEY_UNLIMITED)) &&
	    !(key->kind & (KEY_PATH | KEY_SIZE)))
		check_word(findings, key, value);
	if (value->type == JSON_ARRAY)
		check_elements(findings, key, value);
	if (value->type == JSON_OBJECT)
		check_object(value, key->path, findings);
}

/* The row for a member of the object at @above, by its name or by "*". */
static const struct key *find_row(const struct json *member, const char *above, size_t length)
{
	const struct key *keys;
	size_t n;

	keys = keys_all(&n);
	for (size_t i = 0; i < n; i++) {
		const char *last;

		if (strncmp(keys[i].path, above, length) != 0 || (length > 0 && keys[i].path[length] != '.'))
			continue;
		/* A name with a dot must not pass for a path: keys_level() comes last, since it is slower. */
		last = keys[i].path + length + (length > 0);
		if ((str_equal(last, member->name) || str_equal(last, "*")) &&
		    keys_level(&keys[i], above, length))
			return &keys[i];
	}
	return NULL;
}

static void check_object(const struct json *object, const char *above, struct findings *findings)
{
	size_t length = strlen(above);

	for (const struct json *member = object->first; member; member = member->next) {
		const struct key *row = find_row(member, above, length);

		if (row)
			check_value(row, member, findings);
		else
			report_unknown(findings, member, above, length);
	}
}

void keys_check(const struct json *root, struct findings *findings)
{
	check_object(root, "", findings);
}
