/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What attempts share: notes about what was seen, places to attack, second
 * children. Everything here leaves errno as it found it unless it says otherwise.
 */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "lab/probe/probe.h"

/** attempt_note() - set the evidence. */
void attempt_note(struct outcome *out, const char *format, ...) _printf_(2, 3);

/** attempt_untestable() - say that the attempt proves nothing here. Return: -1. */
long attempt_untestable(struct outcome *out, const char *format, ...) _printf_(2, 3);

/** attempt_step() - note which step of an attempt failed. Return: -1, so that it can end one. */
long attempt_step(struct outcome *out, const char *step);

/** attempt_kernel_before() - Return: whether uname(2) says a release older than @major.@minor. */
bool attempt_kernel_before(unsigned int major, unsigned int minor);

/** attempt_directory() - Return: an existing directory that a mount could cover. */
const char *attempt_directory(void);

/**
 * attempt_path() - a fresh name in a directory where files can be created
 * @buffer: PATH_MAX bytes; without such a directory the name lies in /tmp
 *
 * $PROBE_DIR, when set, is the only directory tried.
 */
void attempt_path(char *buffer);

/** attempt_file() - create such a file. Return: fd or -1 with errno; the name is in @buffer. */
int attempt_file(char *buffer);

/**
 * attempt_exec() - fork and execveat(@dirfd, @path, @argv, {}, @flags); where fork is refused, execute it
 * here
 *
 * Return: exit status of the program (0 to 255), or -1 with execveat's errno or out->signal.
 */
long attempt_exec(int dirfd, const char *path, const char *const argv[], int flags, struct outcome *out);

/**
 * attempt_own_path() - where this program stands
 * @buffer: PATH_MAX bytes
 *
 * Without a procfs the name that it was called by, if that is absolute. Return: 0 or -1 with errno.
 */
int attempt_own_path(char *buffer);

/** attempt_copy_self() - write this program into @fd. Return: 0 or -1 with errno. */
int attempt_copy_self(int fd);
