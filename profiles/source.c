/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "profiles/findings.h"

struct source_position source_position(const struct place *place)
{
	const struct source *source = place ? place->source : NULL;
	struct source_position position = { .line = 1, .column = 1 };
	size_t offset, end;

	if (!source || !source->text)
		return (struct source_position){ 0 };

	offset = place->offset < source->size ? place->offset : source->size;
	for (size_t i = 0; i < offset; i++) {
		/* A continuation byte is part of the code point before it. */
		if (source->text[i] == '\n') {
			position.line++;
			position.column = 1;
		} else if (((unsigned char)source->text[i] & 0xc0) != 0x80) {
			position.column++;
		}
	}
	end = place->length < source->size - offset ? offset + place->length : source->size;
	position.end_column = position.column;
	for (size_t i = offset; i < end && source->text[i] != '\n'; i++)
		if (((unsigned char)source->text[i] & 0xc0) != 0x80)
			position.end_column++;
	return position;
}

bool source_trusted(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == getuid()) && (st->st_mode & 022) == 0;
}

static int refuse_untrusted(const struct source_request *request, struct findings *findings,
			    const struct stat *st)
{
	bool foreign = st->st_uid != 0 && st->st_uid != getuid();
	struct finding *finding;

	if (foreign) {
		finding = findings_add(findings, FINDING_ERROR, "E020", request->included_from,
				       "\"%s\" belongs to user %u, neither to root nor to you", request->name,
				       (unsigned int)st->st_uid);
		finding_help(finding, "chown root '%s', after reading what is in it", request->name);
	} else {
		finding = findings_add(findings, FINDING_ERROR, "E020", request->included_from,
				       "\"%s\" can be written by others (mode %04o)", request->name,
				       (unsigned int)st->st_mode & 07777);
		finding_help(finding, "chmod go-w '%s', after reading what is in it", request->name);
	}
	finding_note(finding,
		     "whoever can write a profile decides what the service may do (kapsel explain E020)");
	return -EINVAL;
}

static int refuse_open(const struct source_request *request, struct findings *findings, int errnum)
{
	struct finding *finding;

	if (errnum == ELOOP) {
		finding = findings_add(findings, FINDING_ERROR, "E020", request->included_from,
				       "\"%s\" is a symbolic link", request->name);
		finding_help(finding,
			     "name the file itself: a link can be turned to another file at any time");
		return -EINVAL;
	}
	findings_add(findings, FINDING_ERROR, "E019", request->included_from, "can't read \"%s\": %s",
		     request->name, strerrordesc_np(errnum));
	return -EINVAL;
}

static int refuse_size(const struct source_request *request, struct findings *findings)
{
	findings_add(findings, FINDING_ERROR, "E037", request->included_from, "\"%s\" is larger than 1 MiB",
		     request->name);
	return -EINVAL;
}

int source_open(const struct source_request *request, struct findings *findings, struct stat *ret_stat)
{
	_cleanup_fd_ int fd = openat(request->dirfd, request->path,
				     O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return refuse_open(request, findings, errno);
	if (fstat(fd, ret_stat) < 0)
		return refuse_open(request, findings, errno);
	if (!S_ISREG(ret_stat->st_mode)) {
		findings_add(findings, FINDING_ERROR, "E020", request->included_from,
			     "\"%s\" is not a regular file", request->name);
		return -EINVAL;
	}
	if (request->check_owner && !source_trusted(ret_stat))
		return refuse_untrusted(request, findings, ret_stat);
	return take_fd(&fd);
}

int source_read(int fd, const struct source_request *request, struct arena *arena, struct findings *findings,
		struct source **ret)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	size_t size = 0, room;
	struct stat st;
	char *text;

	if (!source)
		return -ENOMEM;
	if (fstat(fd, &st) < 0)
		return refuse_open(request, findings, errno);
	if (st.st_size > SOURCE_SIZE_MAX)
		return refuse_size(request, findings);
	/* One byte more than there is tells a file that grows apart; arena_alloc() gives zeroes. */
	room = (size_t)st.st_size + 1;
	text = arena_alloc(arena, room + 1);
	if (!text)
		return -ENOMEM;
	while (size < room) {
		ssize_t got = read(fd, text + size, room - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refuse_open(request, findings, errno);
		if (got == 0)
			break;
		size += (size_t)got;
	}
	if (size == room) {
		findings_add(findings, FINDING_ERROR, "E019", request->included_from,
			     "\"%s\" grows while it is read", request->name);
		return -EINVAL;
	}
	source->name = arena_strdup(arena, request->name);
	if (!source->name)
		return -ENOMEM;
	source->text = text;
	source->size = size;
	source->included_from = request->included_from;
	*ret = source;
	return 0;
}
