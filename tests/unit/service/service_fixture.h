/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the tests of services share: a run directory of their own, services in it, what is in a file. */
#include <stddef.h>

#include "base/error.h"
#include "launcher/host.h"
#include "launcher/service/record.h"

/* The directory of this test; set by service_init(). */
extern char service_dir[64];

/* For TestSuite(..., .init = service_init, .fini = service_fini) */
void service_init(void);
void service_fini(void);

/* A record that this very process supervises, running since now. */
struct record service_record(const char *name);

/* Make <service_dir>/<name> and write its record. Its descriptor. */
int service_write(const struct record *record);

/* The same with any text as its state.json. */
int service_spill(const char *name, const char *text);

/* A host whose places are in service_dir. */
struct host service_host(void);

/* The file's content, NUL-terminated; to be freed. NULL: it isn't there. */
char *service_slurp(const char *path);
