/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/commands/container.h"
#include "launcher/oci/commands/output.h"

enum { COLUMNS = 6, COLUMN_MIN = 12, COLUMN_GAP = 3 };

struct row {
	const char *cells[COLUMNS];
};

struct table {
	struct arena *arena;
	struct row *rows;
	size_t n, room;
};

static const struct row heading = { { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" } };

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What may be a container, sorted. Return: 0 or -errno. */
static int read_names(const struct oci_globals *globals, struct arena *arena, const char ***ret,
		      size_t *ret_n, struct error *err)
{
	_cleanup_fd_ int fd = oci_state_open_root(&globals->root, err);
	size_t n = 0, room = 64;
	const char **names = arena_array(arena, room, sizeof(*names));
	DIR *directory;

	if (fd < 0)
		return fd;
	directory = fdopendir(fd);
	if (!directory)
		return error_set(err, errno, "list the state directory %s", globals->root.path);
	(void)take_fd(&fd);
	for (const struct dirent *entry = readdir(directory); names && entry; entry = readdir(directory)) {
		if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
		    oci_state_check_id(entry->d_name, NULL) < 0)
			continue;
		if (n == room) {
			const char **more = arena_array(arena, room * 2, sizeof(*names));

			if (more)
				memcpy(more, names, n * sizeof(*names));
			names = more;
			room *= 2;
		}
		if (names)
			names[n++] = arena_strdup(arena, entry->d_name);
	}
	closedir(directory);
	if (!names || (n > 0 && !names[n - 1]))
		return error_set(err, ENOMEM, "list the state directory %s", globals->root.path);
	qsort(names, n, sizeof(*names), compare_names);
	*ret = names;
	*ret_n = n;
	return 0;
}

static int add_row(struct table *table, const struct oci_state *state, enum oci_status status)
{
	struct row *row = &table->rows[table->n];
	int pid = status == OCI_STATUS_STOPPED ? 0 : (int)state->pid;

	row->cells[0] = arena_strdup(table->arena, state->id);
	row->cells[1] = arena_printf(table->arena, "%d", pid);
	row->cells[2] = oci_status_name(status);
	row->cells[3] = arena_strdup(table->arena, state->bundle);
	row->cells[4] = arena_strdup(table->arena, state->created);
	row->cells[5] = arena_strdup(table->arena, state->owner ? state->owner : "");
	for (size_t i = 0; i < COLUMNS; i++)
		if (!row->cells[i])
			return -ENOMEM;
	table->n++;
	return 0;
}

static void print_row(const struct row *row, const size_t widths[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		char cell[4096];

		str_escape(cell, sizeof(cell), row->cells[i]);
		if (i + 1 < COLUMNS)
			printf("%-*s", (int)widths[i], cell);
		else
			puts(cell);
	}
}

static void print_table(const struct table *table)
{
	size_t widths[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++) {
		widths[i] = strlen(heading.cells[i]);
		for (size_t row = 0; row < table->n; row++)
			if (strlen(table->rows[row].cells[i]) > widths[i])
				widths[i] = strlen(table->rows[row].cells[i]);
		widths[i] += COLUMN_GAP;
		if (widths[i] < COLUMN_MIN)
			widths[i] = COLUMN_MIN;
	}
	print_row(&heading, widths);
	for (size_t row = 0; row < table->n; row++)
		print_row(&table->rows[row], widths);
}

enum shape { SHAPE_TABLE, SHAPE_JSON, SHAPE_QUIET };

/*
 * One container. It may be deleted while we look, or be half made: then there is nothing to show.
 * Return: 0 or -ENOMEM.
 */
static int show(const struct oci_globals *globals, const char *id, enum shape shape, struct table *table,
		size_t *shown)
{
	_cleanup_container_ struct container container = { .dir_fd = -1 };
	struct error err = { 0 };
	const char *text;
	int r;

	if (shape == SHAPE_QUIET) {
		puts(id);
		return 0;
	}
	r = container_load(globals, id, false, &container, &err);
	if (r < 0 && r != -ENOENT && r != -ENODATA && r != -ENOTDIR)
		oci_warn(globals, "%s is left out: %s: %s", id, err.msg, error_name(err.code));
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (shape == SHAPE_TABLE)
		return add_row(table, &container.state, container.status);
	text = oci_state_json(&container.state, container.status, container.arena);
	if (!text)
		return -ENOMEM;
	printf("%s%s", (*shown)++ > 0 ? "," : "[", text);
	return 0;
}

static int list(const struct oci_globals *globals, enum shape shape, struct arena *arena, struct error *err)
{
	struct table table = { .arena = arena };
	const char **names = NULL;
	size_t n = 0, shown = 0;
	int r = read_names(globals, arena, &names, &n, err);

	/* The default directory comes with the first container; a given one should be there. */
	if (r == -ENOENT && !globals->root.given)
		r = 0;
	if (r < 0)
		return r;
	table.rows = arena_array(arena, n + 1, sizeof(*table.rows));
	if (!table.rows)
		return error_set(err, ENOMEM, "list containers");
	for (size_t i = 0; i < n && r == 0; i++)
		r = show(globals, names[i], shape, &table, &shown);
	if (r < 0)
		return error_set(err, -r, "list containers");
	if (shape == SHAPE_TABLE)
		print_table(&table);
	if (shape == SHAPE_JSON)
		puts(shown > 0 ? "]" : "null");
	return 0;
}

static int run(const struct oci_globals *globals, const struct oci_command *command, int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	enum shape shape = SHAPE_TABLE;
	struct oci_parse parse;
	struct error err = { 0 };
	const char *format;
	int status;

	if (oci_command_parse(globals, command, argc, argv, &parse, &status))
		return status;
	format = oci_option_value(&parse, "format");
	if (format && str_equal(format, "json"))
		shape = SHAPE_JSON;
	else if (format && !str_equal(format, "table")) {
		error_set(&err, EINVAL, "--format is table or json, not \"%s\"", format);
		return oci_report(globals, &err);
	}
	if (oci_option_value(&parse, "quiet"))
		shape = SHAPE_QUIET;
	if (!arena)
		error_set(&err, ENOMEM, "list containers");
	if (!arena || list(globals, shape, arena, &err) < 0)
		return oci_report(globals, &err);
	return output_end(globals);
}

static const struct oci_option options[] = {
	{ "format", 'f', "table|json", "how to print it" },
	{ "quiet", 'q', NULL, "ids only" },
	{ 0 },
};

const struct oci_command oci_command_list = {
	.name = "list",
	.usage = "[--format table|json] [-q]",
	.summary = "Lists the containers.",
	.options = options,
	.failure = 1,
	.run = run,
};
