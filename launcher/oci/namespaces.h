/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The eight kinds of namespaces: names, flags, and opening those that are given by path. */
#include <stddef.h>
#include <stdint.h>

#include "profiles/oci/oci.h"

struct error;
struct oci_run;
struct oci_user;

/** oci_namespaces_index() - Return: the kind's index in run_namespace_names and struct proof. */
size_t oci_namespaces_index(enum oci_namespace_type type);

/** oci_namespaces_flag() - Return: CLONE_NEW*. */
uint64_t oci_namespaces_flag(enum oci_namespace_type type);

/**
 * oci_namespaces_prepare() - which namespaces are new, and open those that are joined
 *
 * Return: 0 or -errno; a path that is not a namespace of its kind is refused.
 */
int oci_namespaces_prepare(struct oci_run *run, struct error *err);

/**
 * oci_namespaces_join() - setns(2) into all that are given by path, in an order that works
 *
 * Namespaces of the host's user namespace can be joined only before the container's user namespace is;
 * those that belong to the latter only after. Return: 0 or -errno.
 */
int oci_namespaces_join(const struct oci_run *run, struct error *err);

/** oci_namespaces_keep_hidden() - undumpable, and bound to the runtime's life, after a change of ids. 0 or
 * -errno. */
int oci_namespaces_keep_hidden(struct error *err);

/**
 * oci_namespaces_become_root() - the ids of the root of the own user namespace, with all capabilities kept
 * @user: whose ids must do where 0 isn't mapped
 *
 * The process stays hidden. Return: 0 or -errno.
 */
int oci_namespaces_become_root(const struct oci_user *user, struct error *err);
