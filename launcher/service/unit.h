/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A profile as units of systemd: a service that runs it, and a socket for each `listen` entry
 * (systemd.service(5), systemd.socket(5), systemd.exec(5)). docs/systemd.md says why each setting is there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/macro.h"

struct error;
struct spec;

enum { UNIT_NAME_MAX = 240 };

struct unit {
	const struct spec *spec;
	const char *name;    /* "kapsel-web", without ".service" */
	const char *program; /* absolute path of kapsel */
	const char *profile; /* absolute path */
};

/** unit_name_allowed() - Return: whether systemd takes "@name.service" as the name of a unit. */
bool unit_name_allowed(const char *name);

/**
 * unit_check() - whether a unit file can say all that is needed
 *
 * Return: 0, or -EINVAL with *err filled: a path or name with what units can't hold (unit_text.h).
 */
int unit_check(const struct unit *unit, struct error *err) _must_check_;

/** unit_print_service() - write NAME.service. Pure but for getenv() of the variables in env_from_host. */
void unit_print_service(const struct unit *unit, FILE *out);

/** unit_print_socket() - write the socket unit of spec->listen[@entry]. */
void unit_print_socket(const struct unit *unit, size_t entry, FILE *out);

/** unit_print_socket_name() - write its name: NAME.socket, or NAME-ENTRY.socket where there are several. */
void unit_print_socket_name(const struct unit *unit, size_t entry, FILE *out);

/** unit_warn() - write a line for each thing that works differently below systemd, or twice. */
void unit_warn(const struct unit *unit, FILE *out);
