/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The text of one profile file, and places in it. A profile decides what a service may
 * do, so whoever can write the file owns the service: it is opened once, never through a
 * symbolic link, and refused when others could have written it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/macro.h"

struct arena;
struct findings;

enum { SOURCE_SIZE_MAX = 1024 * 1024 };

/* Place of a value in a source text. */
struct place {
	const struct source *source; /* NULL: no file */
	size_t offset, length;       /* bytes */
};

/* A text that was read, kept for the excerpts. */
struct source {
	const char *name; /* as the user wrote it */
	const char *text;
	size_t size;
	const struct place *included_from; /* the extends entry, NULL: top */
};

/* Lines and columns count from 1, columns in code points; end_column is one past the place. */
struct source_position {
	size_t line, column, end_column;
};

/** source_position() - Return: where @place is; all zero without a source. */
struct source_position source_position(const struct place *place);

struct source_request {
	int dirfd;                         /* as for openat(2) */
	const char *path;                  /* opened below dirfd */
	const char *name;                  /* how it is called in findings */
	const struct place *included_from; /* NULL: top */
	bool check_owner;                  /* refuse what others than root and the caller could write */
};

/**
 * source_open() - open a profile file and judge who may have written it
 * @ret_stat: its state, for telling files apart
 *
 * Follows open(2): O_NOFOLLOW and O_NONBLOCK, so that neither a planted link nor a FIFO
 * does harm. Return: a descriptor; -ENOENT without a finding when there is no such file;
 * -EINVAL with a finding.
 */
int source_open(const struct source_request *request, struct findings *findings, struct stat *ret_stat)
	_must_check_;

/**
 * source_read() - read the opened file whole
 * @ret: owned by @arena, its text is NUL-terminated
 *
 * Return: 0, -EINVAL with a finding, -ENOMEM.
 */
int source_read(int fd, const struct source_request *request, struct arena *arena, struct findings *findings,
		struct source **ret) _must_check_;

/** source_trusted() - Return: whether only root and the caller can write what @st describes. */
bool source_trusted(const struct stat *st);
