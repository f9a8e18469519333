/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/logs/log_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yajl/yajl_parse.h>
#include <zlib.h>

#include "base/fd.h"
#include "base/str.h"

char fixture_dir[64], fixture_log[80];

void fixture_init(void)
{
	strcpy(fixture_dir, "/tmp/kapsel-logs-XXXXXX");
	cr_assert(mkdtemp(fixture_dir) != NULL);
	snprintf(fixture_log, sizeof(fixture_log), "%s/log", fixture_dir);
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
		      _unused_ struct FTW *ftw)
{
	return remove(path);
}

void fixture_fini(void)
{
	nftw(fixture_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct log_options *fixture_options(struct log_options options)
{
	static struct log_options complete;

	complete = options;
	if (!options.path)
		complete.path = fixture_log;
	if (options.max_size_bytes == 0)
		complete.max_size_bytes = SPEC_UNLIMITED;
	return &complete;
}

int open_writer(const struct log_options *options, struct log_writer **ret, struct error *err)
{
	struct log_writer *writer = log_writer_allocate(err);
	int r = writer ? log_writer_open(writer, options, err) : -err->code;

	if (r < 0)
		log_writer_release(writer);
	else
		*ret = writer;
	return r;
}

void close_writer(struct log_writer *writer)
{
	log_writer_close(writer);
	log_writer_release(writer);
}

void feeder_open(struct feeder *feeder, const struct log_options *options)
{
	memset(feeder, 0, sizeof(*feeder));
	for (size_t i = 0; i < 2; i++)
		cr_assert(zero(int, pipe2(feeder->pipes[i], O_CLOEXEC | O_NONBLOCK)));
	cr_assert(zero(int, open_writer(options, &feeder->writer, &feeder->err)), "%s", feeder->err.msg);
}

ssize_t feeder_put(struct feeder *feeder, enum log_stream stream, const void *data, size_t size)
{
	cr_assert(eq(long, write(feeder->pipes[stream][1], data, size), (long)size));
	return log_writer_read(feeder->writer, stream, feeder->pipes[stream][0], &feeder->err);
}

ssize_t feeder_puts(struct feeder *feeder, enum log_stream stream, const char *text)
{
	return feeder_put(feeder, stream, text, strlen(text));
}

ssize_t feeder_end(struct feeder *feeder, enum log_stream stream)
{
	fd_close(&feeder->pipes[stream][1]);
	return log_writer_read(feeder->writer, stream, feeder->pipes[stream][0], &feeder->err);
}

void feeder_close(struct feeder *feeder)
{
	for (size_t i = 0; i < 4; i++)
		fd_close(&feeder->pipes[i / 2][i % 2]);
	close_writer(feeder->writer);
	feeder->writer = NULL;
}

/* zlib reads plain files as they are; a gzip file must be whole. */
char *slurp(const char *path, size_t *ret_size)
{
	size_t used = 0, size = 1 << 16;
	gzFile file;
	char *text;
	int got;

	if (!exists(path))
		return NULL;
	file = gzopen(path, "rb");
	text = malloc(size + 1);
	cr_assert(file && text);
	while ((got = gzread(file, text + used, (unsigned int)(size - used))) > 0) {
		used += (size_t)got;
		if (used == size) {
			size *= 2;
			text = realloc(text, size + 1);
			cr_assert(text != NULL);
		}
	}
	cr_assert(zero(int, got), "read %s", path);
	cr_assert(eq(int, gzclose(file), Z_OK), "%s is cut short", path);
	text[used] = '\0';
	if (ret_size)
		*ret_size = used;
	return text;
}

const char *log_path(const char *suffix)
{
	static char paths[2][128];
	static int turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s%s", fixture_log, suffix);
	return paths[turn];
}

static bool is_time(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00.000000000Z";

	for (size_t i = 0; form[i]; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return true;
}

char *slurp_without_times(const char *path)
{
	static const char key[] = ",\"time\":\"";
	char *text = slurp(path, NULL), *out = text;

	if (!text)
		return NULL;
	for (char *in = text; *in;) {
		bool here = str_starts(in, key) && is_time(in + strlen(key));

		*out++ = *in++;
		if (here) {
			memmove(out, in, strlen(key) - 1);
			out += strlen(key) - 1;
			*out++ = 'T';
			in += strlen(key) - 1 + 30;
		}
	}
	*out = '\0';
	return text;
}

void spill(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	cr_assert(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
}

bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* --- one line, through yajl ------------------------------------------------------- */

struct parse {
	struct entry *entry;
	int depth, member; /* member: of the keys below, the last one seen */
	bool wrong;
};

static const char *const keys[] = { "log", "stream", "attrs", "time" };

static int on_key(void *ctx, const unsigned char *key, size_t size)
{
	struct parse *parse = ctx;

	if (parse->depth != 1)
		return 1;
	for (int i = 0; i < 4; i++) {
		if (size != strlen(keys[i]) || memcmp(keys[i], key, size) != 0)
			continue;
		/* in order, and only attrs may be missing */
		parse->wrong |= i != parse->member + 1 && !(i == 3 && parse->member == 1);
		parse->member = i;
		return 1;
	}
	parse->wrong = true;
	return 1;
}

static int on_string(void *ctx, const unsigned char *text, size_t size)
{
	struct parse *parse = ctx;
	struct entry *entry = parse->entry;
	char *const targets[] = { entry->log, entry->stream, NULL, entry->time };
	const size_t rooms[] = { sizeof(entry->log), sizeof(entry->stream), 0, sizeof(entry->time) };

	if (parse->depth == 2 && parse->member == 2)
		return 1;
	if (parse->depth != 1 || parse->member < 0 || size >= rooms[parse->member]) {
		parse->wrong = true;
		return 1;
	}
	memcpy(targets[parse->member], text, size);
	targets[parse->member][size] = '\0';
	if (parse->member == 0)
		entry->log_size = size;
	return 1;
}

static int on_start_map(void *ctx)
{
	struct parse *parse = ctx;

	parse->depth++;
	parse->wrong |= parse->depth > 2 || (parse->depth == 2 && parse->member != 2);
	return 1;
}

static int on_end_map(void *ctx)
{
	((struct parse *)ctx)->depth--;
	return 1;
}

/* Nothing but strings belongs into an entry. */
static int on_other(void *ctx)
{
	((struct parse *)ctx)->wrong = true;
	return 1;
}

static int on_boolean(void *ctx, _unused_ int value)
{
	return on_other(ctx);
}

static int on_number(void *ctx, _unused_ const char *text, _unused_ size_t size)
{
	return on_other(ctx);
}

bool entry_parse(const char *line, size_t size, struct entry *ret)
{
	/* what has no callback here (numbers, null, lists) would not be seen: forbidden by their first byte
	 */
	static const yajl_callbacks callbacks = {
		.yajl_string = on_string,
		.yajl_map_key = on_key,
		.yajl_start_map = on_start_map,
		.yajl_end_map = on_end_map,
		.yajl_null = on_other,
		.yajl_boolean = on_boolean,
		.yajl_number = on_number,
		.yajl_start_array = on_other,
	};
	struct parse parse = { .entry = ret, .member = -1 };
	yajl_handle handle = yajl_alloc(&callbacks, NULL, &parse);
	bool good;

	cr_assert(handle != NULL);
	good = size > 0 && line[0] == '{' &&
	       yajl_parse(handle, (const unsigned char *)line, size) == yajl_status_ok &&
	       yajl_complete_parse(handle) == yajl_status_ok;
	yajl_free(handle);
	return good && !parse.wrong && parse.member == 3 && is_time(ret->time) && strlen(ret->time) == 30;
}

static size_t visit_file(const char *path, void (*visit)(const struct entry *entry, void *arg), void *arg)
{
	static struct entry entry;
	char *text, *line, *end;
	size_t size = 0, torn;

	text = slurp(path, &size);
	if (!text)
		return 0;
	for (line = text; (end = memchr(line, '\n', size - (size_t)(line - text))); line = end + 1)
		visit(entry_parse(line, (size_t)(end - line), &entry) ? &entry : NULL, arg);
	torn = line < text + size;
	free(text);
	return torn;
}

/* The number of the oldest file; 0: there is only the log. */
static int oldest_slot(void)
{
	DIR *dir = opendir(fixture_dir);
	struct dirent *entry;
	int oldest = 0;

	cr_assert(dir != NULL);
	while ((entry = readdir(dir))) {
		int slot = 0;

		if (sscanf(entry->d_name, "log.%d", &slot) == 1 && slot > oldest)
			oldest = slot;
	}
	closedir(dir);
	return oldest;
}

size_t visit_entries(void (*visit)(const struct entry *entry, void *arg), void *arg)
{
	char suffix[16];
	size_t torn = 0;

	for (int slot = oldest_slot(); slot > 0; slot--) {
		snprintf(suffix, sizeof(suffix), ".%d", slot);
		if (!exists(log_path(suffix)))
			strcat(suffix, ".gz");
		torn += visit_file(log_path(suffix), visit, arg);
	}
	return torn + visit_file(fixture_log, visit, arg);
}
