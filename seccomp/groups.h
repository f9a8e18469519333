/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * System call names, numbers and the @groups that a profile can open. The table knows
 * every call of x86-64 and aarch64 up to the newest kernel it was written for, also those
 * that libseccomp is too old to know.
 */
#include <stdbool.h>
#include <stddef.h>

struct syscall_group {
	const char *name;         /* "@base" */
	const char *description;  /* one line: what it opens */
	const char *const *calls; /* names, NULL-terminated */
};

/** groups_all() - Return: the table of @ret_n groups. */
const struct syscall_group *groups_all(size_t *ret_n);

/** groups_find() - Return: the group of that name ("@base"), or NULL. */
const struct syscall_group *groups_find(const char *name);

/** syscall_number() - Return: the number on this architecture, or -1: unknown, -2: known, but not on this
 * architecture. */
int syscall_number(const char *name);

/** syscall_name() - Return: the name of @nr on this architecture, or NULL. */
const char *syscall_name(int nr);

/** syscall_names() - Return: all known names, sorted, @ret_n of them; for "did you mean" and list. */
const char *const *syscall_names(size_t *ret_n);

/** syscall_never() - Return: whether no workload has a reason for @nr (module loading, kexec): killed. */
bool syscall_never(int nr);

/**
 * syscall_absent() - Return: whether @nr is known but answered with ENOSYS
 *
 * So that libraries fall back: clone3, io_uring_setup, ...
 */
bool syscall_absent(int nr);

/**
 * groups_of() - the first group that contains the call, for "the profile line that would allow it"
 *
 * Return: the group's name, or NULL.
 */
const char *groups_of(const char *name);
