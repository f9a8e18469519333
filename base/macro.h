/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Compiler attributes and the clean-up idiom. A variable marked _cleanup_fd_ is
 * closed when it leaves its scope; take_fd() and take_ptr() hand it over instead.
 */
#include <stddef.h>

#define _printf_(at, first) __attribute__((format(printf, at, first)))
#define _must_check_        __attribute__((warn_unused_result))
#define _noreturn_          __attribute__((noreturn))
#define _unused_            __attribute__((unused))
#define _cleanup_(function) __attribute__((cleanup(function)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define take_ptr(pointer)                                                                                    \
	__extension__({                                                                                      \
		__typeof__(pointer) *_source = &(pointer);                                                   \
		__typeof__(pointer) _taken = *_source;                                                       \
		*_source = NULL;                                                                             \
		_taken;                                                                                      \
	})
