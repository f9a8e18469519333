/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A profile as config.json of the OCI runtime-spec, for kapsel-oci, crun and runc. */
#include <stdbool.h>
#include <stdio.h>

struct error;
struct losses;
struct spec;

struct export_oci_options {
	bool rootless;            /* map the caller's own id only */
};

/** export_oci() - write config.json. Return: 0 or -errno with *err filled; @losses gets what it can't say. */
int export_oci(const struct spec *spec, const struct export_oci_options *options, FILE *out,
	       struct losses *losses, struct error *err);
