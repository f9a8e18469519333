/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/logs/log_stdout.h"

#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

void log_stdout_init(struct log_stdout *out, int fd)
{
	out->fd = fd;
	out->terminal = isatty(fd);
	out->failed = 0;
	out->used = 0;
}

int log_stdout_flush(struct log_stdout *out)
{
	int r = 0;

	if (out->failed == 0 && out->used > 0)
		r = fd_write_all(out->fd, out->buffer, out->used);
	out->used = 0;
	if (r < 0)
		out->failed = -r;
	return -out->failed;
}

void log_stdout_put(struct log_stdout *out, const char *text, size_t size)
{
	if (size == 0) /* then text may be NULL, which memcpy(3) does not take */
		return;
	while (size > LOG_STDOUT_BUFFER - out->used) {
		size_t part = LOG_STDOUT_BUFFER - out->used;

		memcpy(out->buffer + out->used, text, part);
		out->used += part;
		text += part;
		size -= part;
		log_stdout_flush(out);
	}
	memcpy(out->buffer + out->used, text, size);
	out->used += size;
}

/* U+0080 to U+009F are controls; U+202A to U+202E and U+2066 to U+2069 change the direction. */
static bool is_harmful(const unsigned char *text, size_t length)
{
	if (length == 1)
		return (text[0] < 0x20 && text[0] != '\n' && text[0] != '\t') || text[0] == 0x7f;
	if (length == 2)
		return text[0] == 0xc2 && text[1] < 0xa0;
	if (length != 3 || text[0] != 0xe2)
		return false;
	return (text[1] == 0x80 && text[2] >= 0xaa && text[2] <= 0xae) ||
	       (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9);
}

size_t log_stdout_escape(const char *text, size_t size, char *out, size_t *ret_size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = str_utf8_length(bytes, size);
	bool harmful = length == 0 || is_harmful(bytes, length);

	if (length == 0)
		length = 1;
	*ret_size = harmful ? length * 4 : length;
	if (!harmful) {
		memcpy(out, text, length);
		return length;
	}
	for (size_t i = 0; i < length; i++) {
		*out++ = '\\';
		*out++ = 'x';
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 0xf];
	}
	return length;
}

void log_stdout_put_text(struct log_stdout *out, const char *text, size_t size)
{
	char escaped[16];
	size_t length;

	if (!out->terminal) {
		log_stdout_put(out, text, size);
		return;
	}
	while (size > 0) {
		size_t taken = log_stdout_escape(text, size, escaped, &length);

		log_stdout_put(out, escaped, length);
		text += taken;
		size -= taken;
	}
}
