/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/logs/reader_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "launcher/logs/log_time.h"

enum { FIRST_SECOND = 1767225600 }; /* 2026-01-01T00:00:00Z */

char reader_dir[64];

void reader_init(void)
{
	snprintf(reader_dir, sizeof(reader_dir), "/tmp/kapsel-reader-XXXXXX");
	cr_assert(mkdtemp(reader_dir) != NULL);
}

void reader_fini(void)
{
	DIR *dir = opendir(reader_dir);

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(reader_dir);
}

const char *reader_path(const char *name)
{
	static char paths[4][512];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", reader_dir, name);
	return path;
}

void reader_append(const char *name, const char *text, size_t size)
{
	int fd = open(reader_path(name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	cr_assert(fd >= 0, "%s", name);
	cr_assert(eq(long, (long)write(fd, text, size), (long)size));
	close(fd);
}

void reader_appendf(const char *name, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int size;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	cr_assert(size >= 0);
	reader_append(name, text, (size_t)size);
	free(text);
}

int64_t reader_time(unsigned int second)
{
	return (FIRST_SECOND + (int64_t)second) * LOG_TIME_SECOND;
}

void reader_append_lines(const char *name, unsigned int first, unsigned int n)
{
	char *text = malloc(n * 100 + 1), *at = text, time[JSON_LINE_TIME_SIZE];

	cr_assert(text != NULL);
	for (unsigned int i = first; i < first + n; i++) {
		log_time_format(reader_time(i), time);
		at += sprintf(at, "{\"log\":\"%u\\n\",\"stream\":\"stdout\",\"time\":\"%.*s\"}\n", i,
			      JSON_LINE_TIME_SIZE, time);
	}
	reader_append(name, text, (size_t)(at - text));
	free(text);
}

static void *slurp_fd(int fd, size_t *ret_size)
{
	struct stat st;
	char *data;

	cr_assert(eq(int, fstat(fd, &st), 0));
	data = malloc((size_t)st.st_size + 1);
	cr_assert(data != NULL);
	cr_assert(eq(long, (long)pread(fd, data, (size_t)st.st_size, 0), (long)st.st_size));
	data[st.st_size] = '\0';
	*ret_size = (size_t)st.st_size;
	return data;
}

void reader_compress(const char *name, const char *gz_name, const char *extra)
{
	int fd = open(reader_path(name), O_RDONLY | O_CLOEXEC);
	gz_header header = { .os = 255 };
	z_stream stream = { 0 };
	unsigned char *plain, *packed;
	size_t size, room;

	cr_assert(fd >= 0);
	plain = slurp_fd(fd, &size);
	close(fd);
	room = size + 1024;
	packed = malloc(room);
	cr_assert(packed != NULL);
	cr_assert(eq(int, deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK));
	if (extra) {
		header.extra = (Bytef *)(uintptr_t)extra;
		header.extra_len = (uInt)strlen(extra);
	}
	deflateSetHeader(&stream, &header);
	stream.next_in = plain;
	stream.avail_in = (uInt)size;
	stream.next_out = packed;
	stream.avail_out = (uInt)room;
	cr_assert(eq(int, deflate(&stream, Z_FINISH), Z_STREAM_END));
	/* As the writer does it: a .gz is there as a whole or not at all. */
	reader_append("packing", (char *)packed, room - stream.avail_out);
	cr_assert(eq(int, rename(reader_path("packing"), reader_path(gz_name)), 0));
	deflateEnd(&stream);
	free(plain);
	free(packed);
	unlink(reader_path(name));
}

struct log_request *reader_request(const char *name)
{
	static struct log_request request;
	static struct log_set set;
	struct error err = { 0 };

	cr_assert(eq(int, log_set_init(&set, reader_path(name), false, &err), 0), "%s", err.msg);
	request = (struct log_request){
		.set = &set,
		.filter = { LOG_TIME_MIN, LOG_TIME_MAX, { true, true } },
		.lines = LOG_SEEK_ALL,
		.out_fd = -1,
	};
	return &request;
}

struct shown reader_show(const struct log_request *request, struct log_printer_options options)
{
	struct log_printer *printer;
	struct shown shown = { 0 };

	options.out_fd = memfd_create("out", MFD_CLOEXEC);
	options.err_fd = memfd_create("err", MFD_CLOEXEC);
	cr_assert(options.out_fd >= 0 && options.err_fd >= 0);
	printer = log_printer_new(&options);
	cr_assert(printer != NULL);
	shown.result = log_reader_run(request, printer, NULL, &shown.damage, &shown.error);
	log_printer_free(printer);
	shown.out = slurp_fd(options.out_fd, &shown.out_size);
	shown.err = slurp_fd(options.err_fd, &shown.err_size);
	close(options.out_fd);
	close(options.err_fd);
	return shown;
}

void shown_free(struct shown *shown)
{
	free(shown->out);
	free(shown->err);
}
