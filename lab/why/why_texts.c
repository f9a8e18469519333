/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel tells an errno to the workload alone. What the workload made of it stands in its last lines,
 * mostly in the standard texts of strerror(3): with the path beside it and the profile's mounts that says
 * what was closed.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "lab/why/why.h"
#include "lab/why/why_errors.h"
#include "lab/why/why_path.h"
#include "profiles/spec.h"

enum { LIKELY_MAX = 5 };

/* "sh: /x: not found", at the end of a line: elsewhere it is anybody's word. */
#define SHELL_NOT_FOUND ": not found"

/* glibc's texts, musl's where they differ, and words of shells, loaders and resolvers; the longer first. */
static const struct why_error errors[] = {
	{ "error while loading shared libraries", ENOENT, WHY_ERROR_LIBRARY },
	{ "Error loading shared library", ENOENT, WHY_ERROR_LIBRARY },
	{ "Temporary failure in name resolution", EAI_AGAIN_ERROR, WHY_ERROR_NETWORK },
	{ "Name or service not known", EAI_AGAIN_ERROR, WHY_ERROR_NETWORK },
	{ "Could not resolve host", EAI_AGAIN_ERROR, WHY_ERROR_NETWORK },
	{ "bad address '", EAI_AGAIN_ERROR, WHY_ERROR_NETWORK },
	{ "Network is unreachable", ENETUNREACH, WHY_ERROR_NETWORK },
	{ "Network unreachable", ENETUNREACH, WHY_ERROR_NETWORK },
	{ "No route to host", EHOSTUNREACH, WHY_ERROR_NETWORK },
	{ "Host is unreachable", EHOSTUNREACH, WHY_ERROR_NETWORK },
	{ "Cannot assign requested address", EADDRNOTAVAIL, WHY_ERROR_NETWORK },
	{ "Address not available", EADDRNOTAVAIL, WHY_ERROR_NETWORK },
	{ "Network is down", ENETDOWN, WHY_ERROR_NETWORK },
	{ "Connection refused", ECONNREFUSED, WHY_ERROR_NETWORK },
	{ "Address family not supported", EAFNOSUPPORT, WHY_ERROR_NETWORK },
	{ "Read-only file system", EROFS, WHY_ERROR_PATH },
	{ "No space left on device", ENOSPC, WHY_ERROR_SPACE },
	{ "Permission denied", EACCES, WHY_ERROR_PATH },
	{ "Operation not permitted", EPERM, WHY_ERROR_PATH },
	{ "Exec format error", ENOEXEC, WHY_ERROR_PATH },
	{ "cannot execute", ENOEXEC, WHY_ERROR_PATH },
	{ "No such file or directory", ENOENT, WHY_ERROR_PATH },
	{ "Too many open files", EMFILE, WHY_ERROR_LIMIT },
	{ "No file descriptors available", EMFILE, WHY_ERROR_LIMIT },
	{ "File too large", EFBIG, WHY_ERROR_LIMIT },
	{ "File size limit exceeded", EFBIG, WHY_ERROR_LIMIT },
	{ "Cannot allocate memory", ENOMEM, WHY_ERROR_LIMIT },
	{ "Out of memory", ENOMEM, WHY_ERROR_LIMIT },
	{ "Resource temporarily unavailable", EAGAIN, WHY_ERROR_LIMIT },
	{ "Function not implemented", ENOSYS, WHY_ERROR_PATH },
	{ SHELL_NOT_FOUND, ENOENT, WHY_ERROR_PATH },
};

static const struct why_error *find_error(const struct why_log_line *line, size_t *ret_at)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		const char *found = strcasestr(line->text, errors[i].text);

		if (found &&
		    (!str_equal(errors[i].text, SHELL_NOT_FOUND) || str_equal(found, SHELL_NOT_FOUND))) {
			*ret_at = (size_t)(found - line->text);
			return &errors[i];
		}
	}
	return NULL;
}

/* That call was refused, which is certain, and the text is the program's word for it. */
static bool was_refused(const struct why *why, const struct why_error *error)
{
	for (size_t i = 0; i < why->end->n_denials; i++)
		if (error->number < EAI_AGAIN_ERROR &&
		    str_equal(why->end->denials[i].answer, error_name(error->number)))
			return true;
	return false;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && str_equal(a, b));
}

/* What says the same with the same line: this is then but another sign of it. */
static struct why_cause *find_told(struct why *why, const struct why_cause *new)
{
	for (size_t i = 0; i + 1 < why->n; i++)
		if (same(why->causes[i].id, new->id) && same(why->causes[i].line, new->line) &&
		    (new->line || same(why->causes[i].what, new->what)))
			return &why->causes[i];
	return NULL;
}

static bool add_line(struct why *why, const struct why_log_line *line, const struct why_error *error,
		     size_t at)
{
	/* A name alone may be anything; one that could not be found is not worth a guess. */
	const char *workdir = why->spec && error->number != ENOENT ? why->spec->workdir : NULL;
	struct why_error_found found = { .error = error };
	struct why_cause *cause = why_add(why, error_name(error->number), false), *told;

	if (!cause)
		return false;
	found.has_path = why_path_find(line->text, line->size, at, workdir, found.path);
	if (found.has_path && why->spec)
		why_path_look(why->spec, found.path, &found.place);
	found.line = line;
	/* What it can't make a sentence of is no cause. */
	if (!why_errors_describe(why, &found, cause)) {
		why->n--;
		return false;
	}
	told = find_told(why, cause);
	if (told) {
		why->n--;
		why_evidence(told, why_quote(why, line, at));
		return false;
	}
	why_evidence(cause, why_quote(why, line, at));
	return true;
}

void why_texts_add(struct why *why)
{
	size_t added = 0;

	for (size_t i = why->log->n; i-- > 0 && added < LIKELY_MAX;) {
		const struct why_log_line *line = &why->log->lines[i];
		const struct why_error *error;
		size_t at;

		error = find_error(line, &at);
		if (error && !was_refused(why, error))
			added += add_line(why, line, error, at);
	}
}

const char *why_texts_line(struct why *why, const char *name)
{
	for (size_t i = why->log->n; i-- > 0;) {
		size_t at;
		const struct why_error *error = find_error(&why->log->lines[i], &at);

		if (error && error->number < EAI_AGAIN_ERROR && str_equal(error_name(error->number), name))
			return why_quote(why, &why->log->lines[i], at);
	}
	return NULL;
}
