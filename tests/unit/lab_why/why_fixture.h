/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the tests of `why` share: places of their own, events and files in them, an explanation of made-up
 * facts. */
#include <stddef.h>

#include "lab/why/why.h"
#include "launcher/host.h"

/* The directory of this test; set by why_init(). */
extern char why_dir[64];
extern struct arena *why_arena;

/* For TestSuite(..., .init = why_init, .fini = why_fini) */
void why_init(void);
void why_fini(void);

/* A host whose places are in why_dir. */
struct host why_host(void);

/* Append a line to the events of "web": TIME is 2026-01-01T00:00:SECONDZ. */
void why_event(unsigned int second, const char *id, const char *kind, const char *members);

/* A file in why_dir, whose directories are made. Return: its path, in a static buffer. */
const char *why_file(const char *name, const void *content, size_t size, unsigned int mode);

/* An end of which nothing is known but its exit status. */
struct why_end why_plain_end(int status);

/* Explain @end with these lines in the log. */
struct why why_of(const struct why_end *end, const struct spec *spec, const char *const *lines, size_t n);

/* The cause of that kind, or a failed test. */
const struct why_cause *why_the(const struct why *why, const char *id);
