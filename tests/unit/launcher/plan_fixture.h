/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A spec as the defaults of a profile make it, and a host that has everything. */
#include "launcher/host.h"
#include "profiles/spec.h"

/** fixture_spec() - Return: what a profile with rootfs and command alone means. */
struct spec fixture_spec(void);

/** fixture_unlimited() - take away all that needs a cgroup. */
void fixture_unlimited(struct spec *spec);

/** fixture_host() - Return: a host that lacks nothing. */
struct host fixture_host(void);
