/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/commands/command.h"
#include "profiles/json_print.h"

enum {
	PLAIN_MAX = sizeof(((struct error *)NULL)->step) + sizeof(((struct error *)NULL)->msg) +
		    sizeof(((struct error *)NULL)->remedy) + 64,
	LINE_MAX_BYTES = 4 * PLAIN_MAX + 128, /* escaped: \xHH for each byte */
};

/* ENOENT, not the C library's words: engines look for those to tell that the command is missing. */
static void compose(char text[PLAIN_MAX], const struct error *err)
{
	snprintf(text, PLAIN_MAX, "%s%s%s: %s%s%s", err->step, err->step[0] ? ": " : "", err->msg,
		 error_name(err->code), err->remedy[0] ? ": " : "", err->remedy);
}

static void print_line(const char *text, const char *before)
{
	char escaped[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 16];
	int size;

	str_escape(escaped, sizeof(escaped), text);
	size = snprintf(line, sizeof(line), "%s%s\n", before, escaped);
	if (size > 0 && fd_write_all(STDERR_FILENO, line, (size_t)size) < 0)
		return; /* nobody left to tell */
}

static void print_log(FILE *out, bool json, const char *text)
{
	char when[64] = "";
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
	fprintf(out, json ? "{\"level\":\"error\",\"msg\":" : "time=\"%s\" level=error msg=", when);
	json_print_string(out, text);
	if (json)
		fprintf(out, ",\"time\":\"%s\"}", when);
	fputc('\n', out);
}

/* One write(2): several runtimes may append to the same file, and a reader may look at any time. */
static int append(const struct oci_globals *globals, const char *text)
{
	_cleanup_fd_ int fd = -1;
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	int r;

	if (!out)
		return -ENOMEM;
	print_log(out, globals->log_json, text);
	r = fclose(out) == 0 ? 0 : -ENOMEM;
	fd = open(globals->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (r == 0 && fd < 0)
		r = -errno;
	if (r == 0)
		r = fd_write_all(fd, line, size);
	free(line);
	return r;
}

int oci_report(const struct oci_globals *globals, const struct error *err)
{
	char text[PLAIN_MAX];
	int r = 0;

	compose(text, err);
	if (globals && globals->log)
		r = append(globals, text);
	/* runc's default is --log /dev/stderr: then the same message twice would help nobody. */
	if (!globals || !globals->log || r < 0 || !str_equal(globals->log, "/dev/stderr"))
		print_line(text, "");
	if (r < 0) {
		snprintf(text, sizeof(text), "write the log %s: %s", globals->log, error_name(-r));
		print_line(text, "");
	}
	return 1;
}

void oci_warn(const struct oci_globals *globals, const char *format, ...)
{
	char text[PLAIN_MAX];
	va_list args;

	(void)globals;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_line(text, "warning: ");
}
