/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Compose files: each service is what a docker run line would say (docker.h). */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

struct arena;
struct draft;
struct error;
struct json;

struct compose {
	const char *name; /* of the file */
	const char *dir;  /* relative paths begin here */
	struct arena *arena;
	const struct json *root, *services; /* services->first, ->next: one a service */
	size_t n_services;
};

/** compose_parse() - read a text. Return: 0, or -errno with *err filled and the line in it. */
int compose_parse(const char *name, const char *text, size_t size, struct arena *arena, struct compose *ret,
		  struct error *err) _must_check_;

/** compose_read() - as compose_parse(), from a file. */
int compose_read(const char *path, struct arena *arena, struct compose *ret, struct error *err) _must_check_;

/** compose_service() - Return: the service at @index. */
const struct json *compose_service(const struct compose *compose, size_t index);

/** compose_choose() - whether @wanted is there; NULL: whether all can be written. 0 or -EINVAL. */
int compose_choose(const struct compose *compose, const char *wanted, bool to_dir, struct error *err)
	_must_check_;

/** compose_translate() - one service as a profile. Return: 0 or -errno with *err filled. */
int compose_translate(const struct compose *compose, size_t index, struct draft *draft, struct error *err)
	_must_check_;

/** compose_file_name() - Return: "DIR/NAME.kapsel.jsonc", or NULL when the name is none of a file. */
const char *compose_file_name(const struct compose *compose, size_t index, const char *dir);
