/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/exercises/exercise_profile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/stage.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"
#include "profiles/merge.h"

/* Without a cgroup a limit is refused: where the machine can't hold it, the profile must say so. */
static const struct {
	unsigned int controller;
	const char *keys;
} unlimited[] = {
	{ CGROUP_MEMORY, "{\"limits\":{\"memory\":\"unlimited\",\"swap\":\"unlimited\"}}" },
	{ CGROUP_CPU, "{\"limits\":{\"cpu\":\"unlimited\"}}" },
	{ CGROUP_PIDS, "{\"limits\":{\"pids\":\"unlimited\"}}" },
};

int exercise_profile_keys(const char *text, struct arena *arena, struct json **ret, struct error *err)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	const struct finding *first;
	int r;

	if (!source || !findings)
		return error_set(err, ENOMEM, "parse keys of a profile");
	*source = (struct source){ .name = "line", .text = arena_strdup(arena, text), .size = strlen(text) };
	if (!source->text)
		return error_set(err, ENOMEM, "parse keys of a profile");
	r = json_parse(source, JSON_STRICT, arena, findings, ret);
	if (r == 0 && findings->n == 0)
		return 0;
	if (findings->n == 0)
		return error_set(err, -r, "parse keys of a profile");
	first = &findings->items[0]; /* a duplicate key leaves a tree, and is a mistake nevertheless */
	error_set(err, EINVAL, "parse the line at column %zu: %s", source_position(&first->place).column,
		  first->message);
	return error_remedy(err, "%s",
			    first->help[0] ? first->help : "write a JSON object: { \"allow_jit\": true }");
}

static int merge(struct json *target, const char *keys, struct arena *arena, struct error *err)
{
	struct json *patch = NULL;
	int r = exercise_profile_keys(keys, arena, &patch, err);

	if (r < 0)
		return r;
	return merge_apply(target, patch, arena) < 0 ? error_set(err, ENOMEM, "merge keys of a profile") : 0;
}

static bool has_word(const struct json *array, const char *word)
{
	for (const struct json *item = array->first; item; item = item->next)
		if (item->type == JSON_STRING && str_equal(item->text, word))
			return true;
	return false;
}

/* The probe attacks from a child, so fork and wait must be there, whatever list the exercise writes. */
static int keep_groups(struct json *profile, struct arena *arena, struct error *err)
{
	static const char *const groups[] = { "@process", "@base" };
	struct json *allow = json_find(profile, "syscalls.allow");

	if (!allow || allow->type != JSON_ARRAY)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		struct json *word;

		if (has_word(allow, groups[i]))
			continue;
		word = arena_alloc(arena, sizeof(*word));
		if (!word)
			return error_set(err, ENOMEM, "merge keys of a profile");
		*word = (struct json){ .type = JSON_STRING, .text = groups[i], .next = allow->first };
		allow->first = word;
		allow->last = allow->last ? allow->last : word;
		allow->n++;
	}
	return 0;
}

/* {"/kapsel-probe", "run", NAME…, "evidence", FILE…} */
static void print_command(FILE *out, const struct exercise *exercise)
{
	/* At least one word more than the first answer: see container.h. */
	const char *const parts[] = { exercise->probes, exercise->evidence
								? exercise->evidence
								: "/proc/self/status:NoNewPrivs,Seccomp" };

	fputs("\"/kapsel-probe\", \"run\"", out);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *next = parts[i];

		if (i == 1)
			fputs(", \"evidence\"", out);
		for (next += strspn(next, " "); *next; next += strspn(next, " ")) {
			size_t length = strcspn(next, " ");

			fprintf(out, ", \"%.*s\"", (int)length, next);
			next += length;
		}
	}
}

static int hardest(const struct stage *stage, const struct exercise_profile *wanted, struct arena *arena,
		   struct json **ret, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int r;

	if (!out)
		return error_set(err, ENOMEM, "write a profile");
	fprintf(out, "{\"kapsel\": 1, \"name\": \"%s\", \"rootfs\": \"%s\", \"command\": [", wanted->name,
		stage->rootfs);
	print_command(out, wanted->exercise);
	fprintf(out, "], \"env\": {\"PROBE_HOST_PID\": \"%d\", \"PROBE_HOST_PORT\": \"%u\"", stage->stranger,
		stage->port_number);
	fputs(", \"PROBE_HOST_ABSTRACT\": \"" STAGE_ABSTRACT "\", \"PROBE_HOST_PATH\": \"rootfs\"}", out);
	fputs(", \"syscalls\": {\"allow\": [\"@base\", \"@process\"]}, \"log\": {\"driver\": \"passthrough\"}}",
	      out);
	if (fclose(out) != 0) {
		free(text);
		return error_set(err, ENOMEM, "write a profile");
	}
	r = exercise_profile_keys(text, arena, ret, err);
	free(text);
	return r;
}

static int print(const struct json *profile, struct arena *arena, const char **ret, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		json_print_value(out, profile, 0);
		fputc('\n', out);
		if (fclose(out) == 0)
			*ret = arena_strdup(arena, text);
	}
	free(text);
	return out && *ret ? 0 : error_set(err, ENOMEM, "write a profile");
}

int exercise_profile_build(const struct stage *stage, const struct exercise_profile *wanted,
			   struct arena *arena, const char **ret, struct error *err)
{
	struct json *profile = NULL;
	int r = hardest(stage, wanted, arena, &profile, err);

	*ret = NULL;
	if (r == 0 && wanted->exercise->common)
		r = merge(profile, wanted->exercise->common, arena, err);
	if (r == 0 && wanted->extra)
		r = merge(profile, wanted->extra, arena, err);
	for (size_t i = 0; r == 0 && !wanted->plain && i < ARRAY_SIZE(unlimited); i++)
		if (!(stage->host.place.available & unlimited[i].controller))
			r = merge(profile, unlimited[i].keys, arena, err);
	if (r == 0)
		r = keep_groups(profile, arena, err);
	return r < 0 ? r : print(profile, arena, ret, err);
}

/* "user" allows all of it, "user.host_range" that alone. */
static bool is_allowed(const char *allowed, const char *path)
{
	size_t length = strlen(path);

	for (allowed += strspn(allowed, " "); *allowed; allowed += strspn(allowed, " ")) {
		size_t word = strcspn(allowed, " ");

		if (word <= length && strncmp(allowed, path, word) == 0 &&
		    (path[word] == '\0' || path[word] == '.'))
			return true;
		allowed += word;
	}
	return false;
}

static const char *stray_below(const struct json *object, const char *above, const char *allowed,
			       struct arena *arena)
{
	for (const struct json *member = object->first; member; member = member->next) {
		const char *path = arena_printf(arena, "%s%s%s", above, above[0] ? "." : "", member->name);

		if (!path || is_allowed(allowed, path))
			continue;
		if (member->type != JSON_OBJECT || !member->first)
			return path;
		path = stray_below(member, path, allowed, arena);
		if (path)
			return path;
	}
	return NULL;
}

const char *exercise_profile_stray(const struct json *line, const char *allowed, struct arena *arena)
{
	return stray_below(line, "", allowed, arena);
}
