/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observation_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "lab/learn/observation.h"
#include "profiles/capabilities.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"

/* One version of the format; a later kapsel that changes it refuses older files by this number. */
enum { FORMAT = 1, FILE_MAX = 16 * 1024 * 1024 };

#define PROFILE_SUFFIX  ".kapsel.jsonc"
#define OBSERVED_SUFFIX ".observed.json"

static void write_calls(const struct observation *observation, FILE *out)
{
	const char *separator = "";

	fputs(",\n\"calls\": [", out);
	for (int row = 0; row < SYSCALL_ROWS; row++) {
		const struct observed_call *call = &observation->calls[row];

		if (call->count == 0)
			continue;
		fprintf(out, "%s\n{\"name\": \"%s\", \"count\": %" PRIu64 ", \"comm\": ", separator,
			syscall_rows[row].name, call->count);
		json_print_string(out, call->comm);
		fputs("}", out);
		separator = ",";
	}
	fputs("]", out);
}

static void write_paths(const struct observation *observation, FILE *out)
{
	fputs(",\n\"paths\": [", out);
	for (size_t i = 0; i < observation->n_paths; i++) {
		const struct observed_path *path = &observation->paths[i];

		fprintf(out, "%s\n{\"access\": %u, \"count\": %" PRIu64 ", \"size\": %" PRIu64 ", \"comm\": ",
			i ? "," : "", path->access, path->count, path->size_bytes);
		json_print_string(out, path->comm);
		fputs(", \"path\": ", out);
		json_print_string(out, path->path);
		fputs("}", out);
	}
	fputs("]", out);
}

static void write_rights(const struct observation *observation, FILE *out)
{
	const char *separator = "";

	fputs(",\n\"capabilities\": [", out);
	for (int i = 0; i < 64; i++) {
		if (!(observation->capabilities & (UINT64_C(1) << i)) || !capabilities_name(i))
			continue;
		fprintf(out, "%s\n{\"name\": \"%s\", \"call\": \"%s\"}", separator, capabilities_name(i),
			syscall_rows[observation->capability_rows[i]].name);
		separator = ",";
	}
	fputs("],\n\"addresses\": [", out);
	for (size_t i = 0; i < observation->n_addresses; i++) {
		const struct observed_address *address = &observation->addresses[i];

		fprintf(out, "%s\n{\"bound\": %s, \"count\": %" PRIu64 ", \"address\": ", i ? "," : "",
			address->bound ? "true" : "false", address->count);
		json_print_string(out, address->text);
		fputs("}", out);
	}
	fputs("]", out);
}

void observation_file_write(const struct observation *observation, FILE *out)
{
	const struct observed_peaks *peaks = &observation->peaks;

	fprintf(out,
		"{\n\"kapsel_observation\": %d,\n\"runs\": %" PRIu64 ",\n\"facts\": %u,\n\"highest_id\": %u",
		FORMAT, observation->runs, observation->facts, observation->highest_id);
	fprintf(out,
		",\n\"peaks\": {\"memory\": %" PRIu64 ", \"pids\": %" PRIu64 ", \"open_files\": %" PRIu64
		", \"file_size\": %" PRIu64 ", \"locked_memory\": %" PRIu64 "}",
		peaks->memory_bytes, peaks->pids, peaks->open_files, peaks->file_size_bytes,
		peaks->locked_bytes);
	write_calls(observation, out);
	write_paths(observation, out);
	write_rights(observation, out);
	fputs("\n}\n", out);
}

/* A file that somebody edited may hold anything: what is missing or of another type counts as 0. */
static uint64_t number_of(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_INTEGER && value->integer > 0 ? (uint64_t)value->integer : 0;
}

static const char *text_of(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_STRING ? value->text : "";
}

static const struct json *first_of(const struct json *root, const char *key)
{
	const struct json *list = json_get(root, key);

	return list && list->type == JSON_ARRAY ? list->first : NULL;
}

static void read_calls(const struct json *root, struct observation *observation)
{
	for (const struct json *item = first_of(root, "calls"); item; item = item->next) {
		int row = syscall_row_find(text_of(item, "name"));

		if (row >= 0)
			observation_call(observation, row, number_of(item, "count"), text_of(item, "comm"));
	}
}

static void read_paths(const struct json *root, struct observation *observation)
{
	for (const struct json *item = first_of(root, "paths"); item; item = item->next) {
		const char *given = text_of(item, "path");
		struct observed_path *entry;
		char path[PATH_MAX];

		/* What leads back up would be proposed as a mount, or as a program, that kapsel refuses. */
		if (given[0] != '/' || path_normalise(given, path, sizeof(path)) < 0)
			continue;
		entry = observation_path(observation, path, (unsigned int)number_of(item, "access") & 0xf,
					 text_of(item, "comm"));
		if (!entry)
			continue;
		entry->count = number_of(item, "count");
		entry->size_bytes = number_of(item, "size");
	}
}

static void read_rights(const struct json *root, struct observation *observation)
{
	for (const struct json *item = first_of(root, "capabilities"); item; item = item->next) {
		int number = capabilities_number(text_of(item, "name"));
		int row = syscall_row_find(text_of(item, "call"));

		if (number >= 0 && row >= 0)
			observation_capability(observation, number, row);
	}
	for (const struct json *item = first_of(root, "addresses"); item; item = item->next) {
		const struct json *bound = json_get(item, "bound");

		observation_address(observation, text_of(item, "address"),
				    bound && bound->type == JSON_BOOL && bound->boolean,
				    number_of(item, "count"));
	}
}

static void read_tree(const struct json *root, struct observation *observation)
{
	const struct json *peaks = json_get(root, "peaks");

	observation->runs = number_of(root, "runs");
	observation->facts = (unsigned int)number_of(root, "facts") & FACT_ALL;
	observation->highest_id = (uint32_t)number_of(root, "highest_id");
	observation->peaks = (struct observed_peaks){
		.memory_bytes = number_of(peaks, "memory"),
		.pids = number_of(peaks, "pids"),
		.open_files = number_of(peaks, "open_files"),
		.file_size_bytes = number_of(peaks, "file_size"),
		.locked_bytes = number_of(peaks, "locked_memory"),
	};
	read_calls(root, observation);
	read_paths(root, observation);
	read_rights(root, observation);
}

static int read_text(const char *path, struct arena *arena, struct source *ret, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "open the observation %s", path);
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return error_set(err, EINVAL, "read %s: not a file of at most 16 MiB", path);
	text = arena_alloc(arena, (size_t)st.st_size + 1);
	n = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (n < 0)
		return error_set(err, text ? errno : ENOMEM, "read the observation %s", path);
	*ret = (struct source){ .name = path, .text = text, .size = (size_t)n };
	return 0;
}

int observation_file_read(const char *path, struct observation *observation, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_observation_ struct observation *read = observation_new();
	static struct findings findings; /* too large for the stack */
	struct json *root = NULL;
	struct source source;
	int r;

	if (!arena || !read)
		return error_set(err, ENOMEM, "read the observation %s", path);
	r = read_text(path, arena, &source, err);
	if (r < 0)
		return r;
	findings.n = findings.n_errors = 0;
	r = json_parse(&source, JSON_LENIENT, arena, &findings, &root);
	if (r < 0 || !root || number_of(root, "kapsel_observation") != FORMAT) {
		error_set(err, r == -ENOMEM ? ENOMEM : EINVAL, "read %s: not an observation of this version",
			  path);
		return error_remedy(err, "name the file that kapsel learn --output left beside the profile");
	}
	read_tree(root, read);
	observation_merge(observation, read);
	return 0;
}

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && str_equal(text + length - tail, end);
}

int observation_file_beside(const char *profile, char *ret, size_t size)
{
	int n;

	if (ends_in(profile, OBSERVED_SUFFIX))
		n = snprintf(ret, size, "%s", profile);
	else if (ends_in(profile, PROFILE_SUFFIX))
		n = snprintf(ret, size, "%.*s" OBSERVED_SUFFIX,
			     (int)(strlen(profile) - strlen(PROFILE_SUFFIX)), profile);
	else
		n = snprintf(ret, size, "%s" OBSERVED_SUFFIX, profile);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}
