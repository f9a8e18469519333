/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Readings that never were: services for the model, and a struct top around it. */
#include <stddef.h>

#include "launcher/service/sample.h"
#include "top/top.h"

enum { FIXTURE_MIB = 1024 * 1024 };

/* One service in its record, and its reading. */
struct fixture {
	struct record records[600];
	struct sample samples[600];
	size_t n;
};

/* Add a healthy service; the names have to come in order. Its sample. */
struct sample *fixture_add(struct fixture *fixture, const char *name);

/* The same services one second later: @cpu_percent of it were used by each. */
void fixture_later(const struct fixture *before, struct fixture *ret, unsigned int cpu_percent);

/* For TestSuite(..., .init = fixture_locale): UTF-8, UTC. */
void fixture_locale(void);

/* A struct top that shows @fixture, on a screen of the size that the fake has; nothing is read for it. */
void fixture_show(struct top *top, const struct fixture *fixture);

/* What the keys asked for (top_act, top_detail, top_follow). */
extern char fixture_acted[128]; /* "stop web" */
extern unsigned int fixture_details, fixture_follows;
