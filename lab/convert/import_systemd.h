/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A service unit as a profile: systemd.exec(5), systemd.service(5), systemd.resource-control(5). A socket
 * unit beside it becomes "listen".
 */
#include "base/macro.h"

struct arena;
struct draft;
struct error;
struct unit_file;

/** import_systemd() - translate the unit at @path. Return: 0 or -errno with *err filled. */
int import_systemd(struct draft *draft, const char *path, struct error *err) _must_check_;

/**
 * import_systemd_units() - translate units that were read
 * @sockets: NULL: none
 *
 * Return: 0 or -errno with *err filled.
 */
int import_systemd_units(struct draft *draft, const struct unit_file *service,
			 const struct unit_file *sockets, struct error *err) _must_check_;
