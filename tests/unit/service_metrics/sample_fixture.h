/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Readings whose numbers are all known and all different, so that a mix-up shows. */
#include "launcher/service/sample.h"

/* A running service with every number. Points into @record, which is filled. */
struct sample full_sample(struct record *record);

/* A service that ended, without a cgroup. */
struct sample ended_sample(struct record *record);
