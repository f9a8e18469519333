/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The container's cgroup in the course of create and exec: who makes it when, and what is written into it. */
struct error;
struct run;

/** oci_group_resolve() - where it shall be: fill run->oci->state->cgroup, whose manager is set. 0 or -errno.
 */
int oci_group_resolve(struct run *run, struct error *err);

/**
 * oci_group_prepare() - before the process: with cgroupfs make and limit the group
 *
 * run->cgroup_fd is open if it exists already. 0 or -errno.
 */
int oci_group_prepare(struct run *run, struct error *err);

/** oci_group_join() - exec: open the container's group for the process that joins. 0 or -errno. */
int oci_group_join(struct run *run, struct error *err);

/**
 * oci_group_attach() - the process exists and waits: put it into its group if clone3 could not, with systemd
 * make the scope around it, and give the group to the container where the spec says so. 0 or -errno.
 */
int oci_group_attach(struct run *run, struct error *err);

/** oci_group_seal() - the set-up is done: from here on the device filter holds. 0 or -errno. */
int oci_group_seal(struct run *run, struct error *err);
