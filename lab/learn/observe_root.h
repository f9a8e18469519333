/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The observed workload's root file system: an overlay over the real one that keeps what is written in
 * memory. */
#include "lab/learn/observe_stage.h"

struct observe_root_made {
	const char *path; /* owned by the arena */
	enum observe_root kind;
	const char *remark; /* static: why it is not OWNED, "" */
};

/** observe_root_make() - make it below the stage's directory; for the stage only. Return: as far as it was
 * possible; at worst the real one, to be mounted read-only. */
struct observe_root_made observe_root_make(const struct observe_stage_options *options, struct arena *arena);
