/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The readers behind facts_read(), one topic a file. */
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

struct arena;
struct facts;
struct facts_limit;
struct facts_map;
struct facts_mounts;
struct facts_source;

/** facts_text() - read a file below /proc/PID whole. Return: bytes, or -errno. */
ssize_t facts_text(int process, const char *name, struct arena *arena, char **ret) _must_check_;

/** facts_parse_map() - the text of a uid_map; a line of another form is -EBADMSG. 0 or -errno. */
int facts_parse_map(const char *text, struct facts_map *ret) _must_check_;

/** facts_parse_limits() - the text of /proc/PID/limits. @ret: FACTS_RLIMITS of them. 0 or -EBADMSG. */
int facts_parse_limits(const char *text, struct facts_limit *ret) _must_check_;

/** facts_parse_mounts() - the text of mountinfo. @text: changed, must live as long. 0 or -errno. */
int facts_parse_mounts(char *text, struct arena *arena, struct facts_mounts *ret) _must_check_;

/** facts_read_mounts() - mounts of the process and of the host. */
void facts_read_mounts(const struct facts_source *source, int process, struct arena *arena,
		       struct facts *facts);

/** facts_read_group() - what its cgroup limits. */
void facts_read_group(const struct facts_source *source, int process, struct arena *arena,
		      struct facts *facts);

/** facts_read_memory() - environment, arguments and mappings: what lies in its memory. */
void facts_read_memory(int process, struct arena *arena, struct facts *facts);

/** facts_read_network() - interfaces and listening sockets. After facts_read_descriptors(). */
void facts_read_network(const struct facts_source *source, int process, struct arena *arena,
			struct facts *facts);

/** facts_read_descriptors() - what its open descriptors lead to. After the mounts. */
void facts_read_descriptors(int process, struct facts *facts);

/** facts_read_root() - what its root directory offers; a hostile tree. */
void facts_read_root(int process, struct facts *facts);

/** facts_append() - put @word behind the others in @list, and "…" where it has no more room. */
void facts_append(char *list, size_t size, const char *word);
