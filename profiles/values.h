/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Values with units: sizes, times, modes, cores, signals, paths. A unit is written in the
 * value, and what other tools read in three ways is refused with both readings.
 *
 * The functions that take findings report at the value's place and return whether *ret
 * was set. @key bounds the value and names it in messages.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

struct arena;
struct findings;
struct json;
struct key;
struct place;

/** values_parse_size() - "64MiB", "10MB" to bytes. Return: 0, -EINVAL, or -ERANGE above INT64_MAX. */
int values_parse_size(const char *text, uint64_t *ret) _must_check_;

/** values_parse_duration() - "1h30min", "500ms" to milliseconds. Return: 0, -EINVAL, or -ERANGE above ten
 * years. */
int values_parse_duration(const char *text, uint64_t *ret) _must_check_;

/** values_parse_mode() - "0755". Return: 0 or -EINVAL. */
int values_parse_mode(const char *text, mode_t *ret) _must_check_;

/** values_parse_signal() - "SIGTERM", "SIGRTMIN+3". Return: the number, or -EINVAL. */
int values_parse_signal(const char *text) _must_check_;

/** values_size() - bytes; SPEC_UNLIMITED for "unlimited" where the key allows it. */
bool values_size(struct findings *findings, const struct key *key, const struct json *value, uint64_t *ret);

/** values_count() - a count; SPEC_UNLIMITED for "unlimited" where the key allows it. */
bool values_count(struct findings *findings, const struct key *key, const struct json *value, uint64_t *ret);

/** values_cores() - cores, 0.01 to 4096; 0 for "unlimited". */
bool values_cores(struct findings *findings, const struct key *key, const struct json *value, double *ret);

/** values_duration() - milliseconds, as @key's bounds are. */
bool values_duration(struct findings *findings, const struct key *key, const struct json *value,
		     uint64_t *ret);

/** values_mode() - mode bits. */
bool values_mode(struct findings *findings, const struct key *key, const struct json *value, mode_t *ret);

/** values_signal() - a signal's number. */
bool values_signal(struct findings *findings, const struct json *value, int *ret);

/**
 * values_path() - an absolute path, normalised: without ".", "//" and a trailing "/"
 * @what:  how messages call it
 * @place: where it was written
 *
 * ".." is refused: what it means depends on links. Return: the path in @arena; NULL with
 * a finding, or without one when memory is exhausted.
 */
char *values_path(struct findings *findings, struct arena *arena, const char *what, const struct place *place,
		  const char *text);

/** values_plain() - Return: whether @text has no control character; else a finding was added. */
bool values_plain(struct findings *findings, const char *what, const struct place *place, const char *text);

/** values_is_port() - Return: whether @text is a port number, 1 to 65535. */
bool values_is_port(const char *text);

/**
 * values_inet_problem() - judge "192.0.2.1:80" or "[::1]:80"
 *
 * Names are not resolved: what they mean can change. Return: what is wrong with it, NULL
 * when nothing is.
 */
const char *values_inet_problem(const char *address);
