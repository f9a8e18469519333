/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A profile while an importer makes it: a JSON tree that grows, what could not be carried over, and
 * what its author should know. Running out of memory is noted once and told at the end, so that the
 * translations read as lists.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macro.h"
#include "lab/convert/losses.h"
#include "profiles/json.h"

struct arena;
struct error;
struct findings;

struct draft {
	struct arena *arena;
	struct json *root;
	struct losses losses, notes;
	const char *rootfs; /* --rootfs, absolute; NULL: not given */
	const char *source; /* "docker run nginx", for the comment on top */
	bool exhausted;
	struct json spare; /* what setters write to once memory is exhausted */
};

/** draft_init() - an empty profile. Return: 0 or -ENOMEM. */
int draft_init(struct draft *draft, struct arena *arena) _must_check_;

/** draft_object() - Return: the object @name in @parent, made where it is missing. Never NULL. */
struct json *draft_object(struct draft *draft, struct json *parent, const char *name);

/** draft_array() - Return: the array @name in @parent, made where it is missing. Never NULL. */
struct json *draft_array(struct draft *draft, struct json *parent, const char *name);

/** draft_string() - set @name in @parent, or append to it where @name is NULL. The text is copied. */
void draft_string(struct draft *draft, struct json *parent, const char *name, const char *text);

/** draft_add() - append a string to an array that may be in it already. */
void draft_add(struct draft *draft, struct json *array, const char *text);

/** draft_number() - set an integer. */
void draft_number(struct draft *draft, struct json *parent, const char *name, int64_t number);

/** draft_real() - set a number with a fraction of at most four digits. */
void draft_real(struct draft *draft, struct json *parent, const char *name, double number);

/** draft_bool() - set true or false. */
void draft_bool(struct draft *draft, struct json *parent, const char *name, bool value);

/** draft_size() - set bytes, in the largest unit that says them exactly; SPEC_UNLIMITED: "unlimited". */
void draft_size(struct draft *draft, struct json *parent, const char *name, uint64_t bytes);

/** draft_duration() - set a time, in the largest unit that says it exactly. */
void draft_duration(struct draft *draft, struct json *parent, const char *name, uint64_t ms);

/** draft_lost() - note what can't be carried over. */
void draft_lost(struct draft *draft, const char *format, ...) _printf_(2, 3);

/** draft_note() - note what was carried over, and works differently. */
void draft_note(struct draft *draft, const char *format, ...) _printf_(2, 3);

/** draft_env() - set a variable; a name that looks like a secret gets a note. */
void draft_env(struct draft *draft, const char *name, const char *value);

/**
 * draft_name() - set the container's name, as far as the language has it
 *
 * Upper case becomes lower case, and what else is not allowed '-'; then a note says so.
 */
void draft_name(struct draft *draft, const char *name);

/**
 * draft_command() - set the command; a program without a path is looked for in the root file system
 * @argv: @n arguments
 */
void draft_command(struct draft *draft, const char *const *argv, size_t n);

/**
 * draft_user() - set uid and gid from "1000", "1000:1000" or names of the root file system
 * @what: how the loss calls it
 */
void draft_user(struct draft *draft, const char *what, const char *text);

/** draft_capability() - open one; "CAP_" and lower case are understood. Return: whether it is known. */
bool draft_capability(struct draft *draft, const char *name);

/** draft_finish() - put the keys into the order of the language. */
void draft_finish(struct draft *draft);

/** draft_print() - write the profile, what was lost and noted as comments on top. */
void draft_print(const struct draft *draft, FILE *out);

/**
 * draft_check() - read what was made as kapsel reads a profile
 * @ret_missing: what the author must add, as a sentence; NULL: nothing
 *
 * Return: 0 or -errno; -EINVAL when @findings has errors.
 */
int draft_check(struct draft *draft, struct findings *findings, const char **ret_missing) _must_check_;
