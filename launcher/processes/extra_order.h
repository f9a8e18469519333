/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What init is told about a further process: its arguments, and the environment that it gets. */
#include "base/macro.h"

struct error;
struct extra_order;
struct extra_request;
struct run;

/** extra_order_check() - whether a process can be asked for at all. 0, or -errno with *err filled. */
int extra_order_check(const struct run *run, const struct extra_request *request, struct error *err)
	_must_check_;

/**
 * extra_order_fill() - arguments and environment of an order that is all zero
 *
 * Return: 0, or -E2BIG with *err filled.
 */
int extra_order_fill(struct extra_order *order, const struct run *run, const struct extra_request *request,
		     struct error *err) _must_check_;
