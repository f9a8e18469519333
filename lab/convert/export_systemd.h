/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A profile as a unit that runs the command without kapsel, under systemd's own sandboxing
 * (systemd.exec(5), systemd.resource-control(5)). "kapsel generate systemd" is the other thing: a unit
 * that runs kapsel.
 */
#include <stdio.h>

#include "base/macro.h"

struct error;
struct losses;
struct spec;

/** export_systemd() - write NAME.service. Return: 0 or -errno with *err filled; @losses gets what it can't
 * say. */
int export_systemd(const struct spec *spec, FILE *out, struct losses *losses, struct error *err) _must_check_;

/** export_systemd_sandbox() - the part of [Service] that closes things. Return: 0 or -errno. */
int export_systemd_sandbox(const struct spec *spec, FILE *out, struct losses *losses, struct error *err)
	_must_check_;

/** export_systemd_losses() - note what a unit has no word for. Return: 0 or -ENOMEM. */
int export_systemd_losses(const struct spec *spec, struct losses *losses) _must_check_;
