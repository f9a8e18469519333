/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Metrics as files for node_exporter's textfile collector: kapsel_NAME.prom for each service, each
 * appearing whole, and gone when its service is gone.
 */
#include <stddef.h>

#include "base/macro.h"

struct error;
struct sample;

/* The first line of every file that is ours to replace and to remove. */
#define METRICS_TEXTFILE_MARK "# written by kapsel metrics --textfile\n"

/**
 * metrics_textfile_write() - write one file for each of the samples, through a temporary one beside it
 * @directory: exists; it may belong to somebody else (Debian: prometheus), whose links are not followed
 * @cgroup_mount: as metrics_print() takes it
 *
 * Return: 0 or -errno with *err filled; what was written before stays.
 */
int metrics_textfile_write(const char *directory, const struct sample *samples, size_t n,
			   const char *cgroup_mount, struct error *err) _must_check_;

/**
 * metrics_textfile_clean() - remove files of ours whose service is not among @names, and temporary ones
 * that a killed process left
 *
 * A file without our first line is somebody else's and stays.
 * Return: 0 or -errno with *err filled.
 */
int metrics_textfile_clean(const char *directory, const char *const *names, size_t n, struct error *err)
	_must_check_;
