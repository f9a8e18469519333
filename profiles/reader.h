/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * From the merged tree to the spec, one topic a file. A value that is absent comes from
 * the key table's default; one of the wrong type was complained about by keys_check()
 * and is passed over here.
 *
 * In all functions @in is the object that holds the key (NULL: absent, so the default
 * counts) and @path the key's path in the table, whose last part is the member's name.
 */
#include <stdbool.h>
#include <stdint.h>

#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/keys.h"
#include "profiles/profile.h"
#include "profiles/spec.h"
#include "profiles/values.h"

struct reader {
	struct arena *arena;
	struct findings *findings;
	const struct profile_options *options;
	const struct json *root;
	const char *file;
	struct spec *spec;
	bool exhausted; /* an allocation failed */
};

/* Topics, in the order in which they are read. */
void reader_identity(struct reader *reader); /* name, description, labels, hostname */
void reader_process(struct reader *reader);  /* command, workdir, env, umask, stdin, stop */
void reader_user(struct reader *reader);
void reader_mounts(struct reader *reader);  /* rootfs and mounts */
void reader_files(struct reader *reader);   /* secrets, devices, proc */
void reader_network(struct reader *reader); /* share_host, network, listen */
void reader_rights(struct reader *reader);  /* capabilities, allow_*, syscalls, exec, labels of LSMs */
void reader_sysctls(struct reader *reader);
void reader_limits(struct reader *reader);
void reader_log(struct reader *reader);
void reader_service(struct reader *reader); /* restart, health, notify, watchdog, events */

/** reader_layer() - instead of all of these: what counts in a layer over an OCI container; the rest is
 * refused. */
void reader_layer(struct reader *reader);

/** reader_get() - Return: the member of @in that @path names, NULL when absent or NULL @in. */
const struct json *reader_get(const struct json *in, const char *path);

/** reader_alloc() - Return: @n zeroed elements of @size, or NULL and reader->exhausted. */
void *reader_alloc(struct reader *reader, size_t n, size_t size);

bool reader_bool(struct reader *reader, const struct json *in, const char *path);
int64_t reader_integer(struct reader *reader, const struct json *in, const char *path);
uint64_t reader_size(struct reader *reader, const struct json *in, const char *path);
uint64_t reader_count(struct reader *reader, const struct json *in, const char *path);
uint64_t reader_duration(struct reader *reader, const struct json *in, const char *path);
mode_t reader_mode(struct reader *reader, const struct json *in, const char *path);

/** reader_word() - Return: the index of the value among @words (NULL-terminated, the table's words), 0 if
 * unknown. */
unsigned int reader_word(struct reader *reader, const struct json *in, const char *path,
			 const char *const *words);

/** reader_string() - Return: the string, without control characters; NULL when absent or wrong. */
const char *reader_string(struct reader *reader, const struct json *in, const char *path);

/** reader_path() - Return: the normalised absolute path; the default or NULL when absent or wrong. */
const char *reader_path(struct reader *reader, const struct json *in, const char *path);

/** reader_socket() - as reader_path(), and short enough for the address of a socket (unix(7)). */
const char *reader_socket(struct reader *reader, const struct json *in, const char *path);

/**
 * reader_strings() - an array of strings
 * @check: called for each item, may be NULL; whether to take it
 */
struct spec_strings reader_strings(struct reader *reader, const struct json *in, const char *path,
				   bool (*check)(struct reader *reader, const struct json *item));

/** reader_error() - add an error; see findings_add(). */
struct finding *reader_error(struct reader *reader, const char *code, const struct place *place,
			     const char *format, ...) _printf_(4, 5);
