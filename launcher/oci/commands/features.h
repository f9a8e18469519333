/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
#include <stdbool.h>

/* Whether this build can talk to systemd: the build picks the file that says so. */
extern const bool features_systemd;
