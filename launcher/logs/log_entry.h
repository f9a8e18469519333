/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One line of a log, taken apart: a json-file object (ours or dockerd's, keys in any order) or a
 * CRI line, "TIME stdout F text" (kubelet's, podman's k8s-file). By hand and without a tree, since
 * a log has millions of them. The bytes come from the workload, or from whoever could write
 * to the file: nothing in here trusts them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "launcher/logs/log_writer.h"

struct log_entry {
	const char *text; /* decoded; not NUL-terminated, NUL may be in it */
	size_t text_size;
	enum log_stream stream;
	const char *attrs; /* the JSON object as it stands in the line; size 0: none */
	size_t attrs_size;
	const char *time; /* as it stands in the line; size 0: none */
	size_t time_size;
	bool json;
};

/**
 * log_entry_parse() - take one line apart
 * @line, @size: without its newline
 * @scratch: room for @size + 1 bytes, for the decoded text
 * @ret: points into @line and @scratch
 *
 * An entry whose text does not end with a newline is continued by the next one of its stream; a full CRI
 * line gets its newline. Escapes that are no character become U+FFFD.
 * Return: 0, or -EINVAL for a line that is neither form.
 */
int log_entry_parse(const char *line, size_t size, char *scratch, struct log_entry *ret) _must_check_;

/** log_entry_ends_line() - Return: whether the workload's line is complete with this entry. */
static inline bool log_entry_ends_line(const struct log_entry *entry)
{
	return entry->text_size > 0 && entry->text[entry->text_size - 1] == '\n';
}

/**
 * log_entry_time() - the entry's time in nanoseconds
 *
 * Return: 0, or -EINVAL when it has none or one that can't be read.
 */
int log_entry_time(const struct log_entry *entry, int64_t *ret_ns) _must_check_;

/**
 * log_entry_details() - the attributes as docker shows them: "k=v,k=v", both percent-encoded
 * @out: room for 3 * entry->attrs_size bytes; no NUL is written
 *
 * In the order of the line, which is sorted by key. Return: bytes written, 0 without attributes.
 */
size_t log_entry_details(const struct log_entry *entry, char *out) _must_check_;
