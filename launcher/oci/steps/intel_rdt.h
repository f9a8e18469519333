/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The step for linux.intelRdt; a process that joins a container belongs into the same group. */
#include "launcher/step.h"

extern const struct step_type oci_step_intel_rdt;
