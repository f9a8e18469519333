/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A directory for compiled filters that each test has anew, and what may befall the entries in it. */
#include <stddef.h>
#include <sys/types.h>

enum { CACHE_DIR_PATH_MAX = 512 };

extern char cache_dir[];

/** cache_dir_make() - of a suite's .init */
void cache_dir_make(void);

/** cache_dir_remove() - of a suite's .fini: it goes with all entries. */
void cache_dir_remove(void);

/** cache_dir_entries() - Return: how many there are; @path is the last one's. */
size_t cache_dir_entries(char path[CACHE_DIR_PATH_MAX]);

/** cache_dir_entry() - the one entry there is, or fail the test. Return: its size in bytes. */
off_t cache_dir_entry(char path[CACHE_DIR_PATH_MAX]);

/** cache_dir_change() - turn a bit of the byte at offset @at. */
void cache_dir_change(const char *path, off_t at);
