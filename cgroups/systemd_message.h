/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The helper's translation of a request's properties (systemd_request.h) into a D-Bus message.
 */
#include <stdbool.h>

#include "base/macro.h"

struct error;
struct sd_bus_message;

/**
 * systemd_message_properties() - append an array a(sv) of all properties
 * @at, @end: the request's strings from the first property on
 * @optional: also those whose name starts with "?"
 *
 * Return: 0, -EPROTO when they are not of the form that the header describes, -errno.
 */
int systemd_message_properties(struct sd_bus_message *message, const char *at, const char *end, bool optional,
			       struct error *err) _must_check_;
