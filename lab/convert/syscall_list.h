/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Lists of system calls by name, as other tools write them, as a short "syscalls.allow". */
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "seccomp/syscall_table.h"

struct draft;
struct error;

struct syscall_list {
	bool rows[SYSCALL_ROWS]; /* which calls are allowed */
};

/** syscall_list_add() - allow a call. Return: whether the name is known. */
bool syscall_list_add(struct syscall_list *list, const char *name);

/** syscall_list_remove() - take a call back. */
void syscall_list_remove(struct syscall_list *list, const char *name);

/**
 * syscall_list_write() - write "syscalls.allow": groups that fit whole, largest first, then names
 *
 * What no workload may call is lost.
 */
void syscall_list_write(struct syscall_list *list, struct draft *draft);

/**
 * syscall_list_read_docker() - a seccomp profile in Docker's JSON form
 *
 * Return: 0 or -errno with *err filled.
 */
int syscall_list_read_docker(struct draft *draft, const char *path, struct error *err) _must_check_;
