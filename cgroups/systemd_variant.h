/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A property's value as annotations write it, in GVariant's text form: 'text', true,
 * uint64 5, ['a', 'b']. What unit properties need: basic types and arrays of them.
 */
#include "base/macro.h"

struct error;
struct systemd_request;

/**
 * systemd_variant_add() - parse one property and append name, signature and value
 * @name: letters and digits; one that ends in "Sec" but not in "USec" takes seconds, and becomes the
 *        "USec" property with a million times the value, as the other runtimes have it
 * @text: a number without a type is an int32
 *
 * Return: 0 or -EINVAL with *err filled.
 */
int systemd_variant_add(const char *name, const char *text, struct systemd_request *request,
			struct error *err) _must_check_;

/**
 * systemd_variant_name() - the property that an annotation's name means
 * @ret: SYSTEMD_NAME_MAX bytes
 *
 * Return: 1 if the value is in seconds and the property in microseconds, 0 if not, -EINVAL for
 * what can't be a property's name.
 */
int systemd_variant_name(const char *name, char *ret) _must_check_;
