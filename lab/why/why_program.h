/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Why the kernel answers "no such file" or "exec format error" for a program that is there. */
#include <stddef.h>

/**
 * why_program_look() - look at an existing regular file as execve(2) would
 * @top, @path: the file, by a path inside of this directory
 * @root: where its interpreter is looked for
 * @ret: what is wrong, "" for nothing
 *
 * For the command of a profile the launcher has done this; here it is a program that the workload executes.
 */
void why_program_look(int top, const char *path, int root, char *ret, size_t size);
