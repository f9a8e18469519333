/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The members of the @groups, as data; groups.c looks things up in it. */
#include <stddef.h>

struct syscall_group;

/** group_table() - Return: the table of @ret_n groups, in the order in which they are suggested. */
const struct syscall_group *group_table(size_t *ret_n);

/** group_never_calls() - Return: names that no workload has a reason to call, NULL-terminated. */
const char *const *group_never_calls(void);

/** group_absent_calls() - Return: names answered as if the kernel lacked them, NULL-terminated. */
const char *const *group_absent_calls(void);

/* The members of @docker-default, NULL-terminated; a file of its own for its length. */
extern const char *const group_docker_default[];
