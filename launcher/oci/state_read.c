/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/state.h"
#include "launcher/oci/state_fields.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/source.h"

/* A mistake in state.json: somebody else wrote it, or another version of us. */
static int broken(struct error *err, const char *key, const char *what)
{
	int r = error_set(err, EBADMSG, "state.json: %s: %s", key, what);

	error_remedy(err, "kapsel-oci delete --force removes the container");
	return r;
}

/* Bytes of a path that is no UTF-8. Return: NULL when it is no such array, or memory is exhausted. */
static const char *read_bytes(const struct json *array, struct arena *arena)
{
	char *text = arena_alloc(arena, array->n + 1);
	size_t n = 0;

	for (const struct json *item = array->first; text && item; item = item->next) {
		if (item->type != JSON_INTEGER || item->integer < 1 || item->integer > UCHAR_MAX)
			return NULL;
		text[n++] = (char)item->integer;
	}
	return text;
}

static const char *read_text(const struct json *value, struct arena *arena)
{
	if (value && value->type == JSON_STRING)
		return value->text;
	return value && value->type == JSON_ARRAY ? read_bytes(value, arena) : NULL;
}

static int read_manager(const struct json *value, enum cgroup_manager *ret)
{
	const char *const *names = state_manager_names();

	for (unsigned int i = 0; value->type == JSON_STRING && names[i]; i++) {
		if (str_equal(value->text, names[i])) {
			*ret = (enum cgroup_manager)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_number(const struct json *value, int64_t max, int64_t *ret)
{
	if (value->type != JSON_INTEGER || value->integer < 0 || value->integer > max)
		return -EINVAL;
	*ret = value->integer;
	return 0;
}

static int read_chars(const struct json *value, struct arena *arena, char *ret, size_t size)
{
	const char *text = read_text(value, arena);

	if (!text || strlen(text) >= size)
		return -EINVAL;
	strcpy(ret, text);
	return 0;
}

static int read_value(const struct state_field *field, const struct json *value, struct arena *arena,
		      void *target)
{
	int64_t number = 0;
	int r = 0;

	switch (field->kind) {
	case STATE_TEXT:
	case STATE_MAYBE:
		*(const char **)target = read_text(value, arena);
		return *(const char **)target ? 0 : -EINVAL;
	case STATE_CHARS:
		return read_chars(value, arena, target, field->size);
	case STATE_BOOL:
		*(bool *)target = value->boolean;
		return value->type == JSON_BOOL ? 0 : -EINVAL;
	case STATE_PID:
		r = read_number(value, INT_MAX, &number);
		*(pid_t *)target = (pid_t)number;
		return r;
	case STATE_U64:
		r = read_number(value, INT64_MAX, &number);
		*(uint64_t *)target = (uint64_t)number;
		return r;
	case STATE_MANAGER:
		return read_manager(value, target);
	}
	return -EINVAL;
}

static int read_fields(const struct json *root, struct arena *arena, struct oci_state *ret, struct error *err)
{
	size_t n;
	const struct state_field *fields = state_fields(&n);

	for (size_t i = 0; i < n; i++) {
		const struct json *value = json_get(root, fields[i].name);

		if (!value && fields[i].kind == STATE_MAYBE)
			continue;
		if (!value)
			return broken(err, fields[i].name, "is missing");
		if (read_value(&fields[i], value, arena, (char *)ret + fields[i].offset) < 0)
			return broken(err, fields[i].name, "has a value that no version of kapsel writes");
	}
	return 0;
}

static int read_namespaces(const struct json *root, struct oci_state *ret, struct error *err)
{
	const struct json *list = json_get(root, "namespaces");
	size_t n = 0;

	if (!list || list->type != JSON_ARRAY || list->n != ARRAY_SIZE(ret->namespaces))
		return broken(err, "namespaces", "is not the list of their numbers");
	for (const struct json *item = list->first; item; item = item->next) {
		int64_t number;

		if (read_number(item, INT64_MAX, &number) < 0)
			return broken(err, "namespaces", "is not the list of their numbers");
		ret->namespaces[n++] = (uint64_t)number;
	}
	return 0;
}

static int read_annotations(const struct json *root, struct arena *arena, struct oci_state *ret,
			    struct error *err)
{
	const struct json *list = json_get(root, "annotations");
	struct spec_pair *pairs;
	size_t n = 0;

	if (!list || list->type != JSON_ARRAY)
		return broken(err, "annotations", "is not a list");
	pairs = arena_array(arena, list->n + 1, sizeof(*pairs));
	if (!pairs)
		return error_set(err, ENOMEM, "read state.json");
	for (const struct json *item = list->first; item; item = item->next, n++) {
		if (item->type != JSON_ARRAY || item->n != 2)
			return broken(err, "annotations", "holds something else than pairs");
		pairs[n].name = read_text(item->first, arena);
		pairs[n].value = read_text(item->last, arena);
		if (!pairs[n].name || !pairs[n].value)
			return broken(err, "annotations", "holds something else than pairs of texts");
	}
	ret->annotations = (struct spec_pairs){ .items = pairs, .n = n };
	return 0;
}

static int parse(const struct source *source, struct arena *arena, struct oci_state *ret, struct error *err)
{
	struct findings findings = { 0 };
	const struct json *version;
	struct json *root = NULL;
	int r = json_parse(source, JSON_STRICT, arena, &findings, &root);

	if (r == -ENOMEM)
		return error_set(err, ENOMEM, "read state.json");
	if (r < 0 || findings.n_errors > 0)
		return broken(err, "not what kapsel wrote",
			      findings.n > 0 ? findings.items[0].message : "no JSON");
	version = json_get(root, "version");
	if (!version || version->type != JSON_INTEGER || version->integer != STATE_VERSION)
		return broken(err, "version", "written by another version of kapsel");
	r = read_fields(root, arena, ret, err);
	if (r == 0)
		r = read_namespaces(root, ret, err);
	return r < 0 ? r : read_annotations(root, arena, ret, err);
}

int oci_state_read(int dir_fd, struct arena *arena, struct oci_state *ret, struct error *err)
{
	_cleanup_fd_ int fd = openat(dir_fd, "state.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct source *source = arena_alloc(arena, sizeof(*source));
	size_t size, used = 0;
	struct stat st;
	char *text;

	*ret = (struct oci_state){ 0 };
	if (fd < 0 && errno == ENOENT) {
		error_set(err, ENODATA,
			  "container does not exist: its creation is not done or was interrupted");
		error_remedy(err, "kapsel-oci delete --force removes what is left of it");
		return -ENODATA;
	}
	if (fd < 0)
		return error_set(err, errno, "open state.json");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > STATE_FILE_MAX)
		return broken(err, "the file", "is not what kapsel wrote");
	size = (size_t)st.st_size;
	text = arena_alloc(arena, size + 1);
	if (!text || !source)
		return error_set(err, ENOMEM, "read state.json");
	/* Renamed into its place and never written again: its size is final. */
	while (used < size) {
		ssize_t got = read(fd, text + used, size - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_set(err, got < 0 ? errno : EIO, "read state.json");
		used += (size_t)got;
	}
	*source = (struct source){ .name = "state.json", .text = text, .size = size };
	return parse(source, arena, ret, err);
}
