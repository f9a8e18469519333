/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

int error_set(struct error *err, int errnum, const char *format, ...)
{
	va_list args;

	if (errnum <= 0)
		errnum = EINVAL;
	if (!err)
		return -errnum;

	err->code = errnum;
	err->remedy[0] = '\0';
	va_start(args, format);
	vsnprintf(err->msg, sizeof(err->msg), format, args);
	va_end(args);
	return -errnum;
}

int error_remedy(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return -EINVAL;

	va_start(args, format);
	vsnprintf(err->remedy, sizeof(err->remedy), format, args);
	va_end(args);
	return err->code > 0 ? -err->code : -EINVAL;
}

const char *error_name(int errnum)
{
	const char *name = strerrorname_np(errnum);

	return name ? name : "E?";
}

void error_print(int fd, const struct error *err)
{
	char step[sizeof(err->step) * 2];
	char msg[sizeof(err->msg) * 2];
	char remedy[sizeof(err->remedy) * 2];
	const char *text = strerrordesc_np(err->code);

	str_escape(step, sizeof(step), err->step);
	str_escape(msg, sizeof(msg), err->msg);
	str_escape(remedy, sizeof(remedy), err->remedy);
	dprintf(fd, "kapsel: %s%s%s: %s (%s)\n", step, step[0] ? ": " : "", msg, error_name(err->code),
		text ? text : "unknown error");
	if (remedy[0])
		dprintf(fd, "  = help: %s\n", remedy);
}
