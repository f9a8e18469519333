/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The steps of an OCI container, in their order; run with the same plan_apply() and plan_call() as a
 * profile's. */
#include <stdbool.h>

#include "launcher/plan.h"

/**
 * oci_plan_build() - the steps that @spec->oci means, for create, or for exec into a running container
 *
 * @keep_keyring: --no-new-keyring
 *
 * Changes nothing. What the config asks for and this machine can't do is refused here or by the step's
 * prepare. Return: 0 or -errno.
 */
int oci_plan_build(const struct spec *spec, const struct host *host, bool exec, bool keep_keyring,
		   struct plan *ret, struct error *err);
