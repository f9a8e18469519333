/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Init's private procfs: detached, so that nothing can be mounted over a part of it
 * (CVE-2025-52881). Every setting that is written through it is checked to be on procfs
 * and read back.
 */
#include <stddef.h>

struct error;
struct run;

/** procfs_open() - make it; called once, before the capabilities go. 0 or -errno with *err filled. */
int procfs_open(struct run *run, struct error *err);

/** procfs_put() - write a file below the private procfs, after checking that it is one. 0 or -errno. */
int procfs_put(struct run *run, const char *path, const char *value, struct error *err);

/** procfs_get() - read one, without its trailing newline. 0 or -errno. */
int procfs_get(struct run *run, const char *path, char *buffer, size_t size, struct error *err);

/**
 * procfs_write() - write a setting below the private procfs and read it back
 * @path: relative: "sys/net/ipv4/ip_forward"
 *
 * Return: 0; -EBADE when the kernel reads back another value; -errno. *err is filled.
 */
int procfs_write(struct run *run, const char *path, const char *value, struct error *err);
