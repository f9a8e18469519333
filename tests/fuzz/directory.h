/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A directory in memory with the files that an input describes, for parsers of more than one file:
 *
 *	=== NAME            the lines behind it are the file's; NAME may lie in further directories
 *	=== NAME 0MODE      such a file, with this mode
 *	=== NAME/           an empty directory
 *	=== NAME -> TARGET  a symbolic link
 *
 * Nothing that an input says leads out of the directory: no name and no link has a "..", a link is a plain
 * name, and what a step back up could reach is removed before the next input.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/demand.h"

/**
 * directory_path() - made when it is first asked for, removed at the end
 *
 * It lies below $KAPSEL_FUZZ_SCRATCH, whose owner removes what a crash leaves, or in memory. Return: its
 * path.
 */
const char *directory_path(void);

/** directory_fd() - Return: its descriptor, which stays the directory's. */
int directory_fd(void);

/** directory_put() - (over)write one file; false for a name that can't be made. */
bool directory_put(const char *name, const void *data, size_t size);

/** directory_fill() - throw away what is in it, then make what the input describes. */
void directory_fill(const uint8_t *data, size_t size);

/**
 * directory_links() - make the links "NAME TARGET" that the lines of file @list name, in the directory @below
 *
 * A target may be anything: for readers that must not follow them, and are not let to.
 */
void directory_links(const char *list, const char *below);

/** directory_text() - what stands in file @name, terminated, for the target itself; NULL: no such file. */
char *directory_text(const char *name);
