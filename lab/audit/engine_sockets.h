/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Sockets by which whoever reaches them starts a container, or a service, with all rights. */

/* Their usual paths, NULL-terminated. */
extern const char *const engine_sockets[];
