/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The device filter: a BPF_PROG_TYPE_CGROUP_DEVICE program on the container's group
 * (cgroup v2 has no device controller; admin-guide/cgroup-v2.rst "Device controller").
 * Allows what is listed, refuses the rest, mknod included.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_insn;
struct error;

struct device_rule {
	bool block; /* b, otherwise c */
	uint32_t major, minor;
	bool any_major, any_minor;
	bool read, write, mknod;
	bool deny; /* refuse these accesses unless a rule before this one has allowed them */
};

enum {
	DEVICES_INSNS_MAX = 1024,
	DEVICES_INSNS_RULE_MAX = 12, /* what one rule takes at most */
	DEVICES_INSNS_FRAME = 8,     /* what a program takes without rules */
};

/**
 * devices_compile() - rules to BPF; anything not matched is denied
 * @insns: DEVICES_INSNS_MAX elements
 *
 * Rules add up: one that allows reading and one that allows writing the same device
 * together allow opening it for both. Each kind of access is decided by the first rule
 * that matches it. Pure.
 *
 * Return: number of instructions, or -E2BIG.
 */
int devices_compile(const struct device_rule *rules, size_t n_rules, struct bpf_insn *insns);

/** devices_compile_to() - as devices_compile(), for @max elements at @insns. */
int devices_compile_to(const struct device_rule *rules, size_t n_rules, struct bpf_insn *insns, size_t max);

/**
 * devices_load() - load a compiled program
 *
 * Return: its fd (O_CLOEXEC) or -errno: -EPERM without CAP_BPF or CAP_SYS_ADMIN in the initial namespace.
 */
int devices_load(const struct bpf_insn *insns, size_t n_insns, struct error *err);

/**
 * devices_attach() - attach to the group, alone: no further program may be attached below it
 *
 * A program of ours that is there already is replaced in one go, so there is no moment
 * without one. Programs of the groups above (systemd's DeviceAllow=) stay in force too.
 * Return: 0 or -errno.
 */
int devices_attach(int cgroup_fd, int program_fd, struct error *err);

/**
 * devices_attach_shared() - attach to the group, beside programs of others
 *
 * Groups below may get programs of their own, as containers inside of the container need; access is
 * allowed where all programs allow it. A program of ours that is there already is replaced in one go.
 * Return: 0 or -errno.
 */
int devices_attach_shared(int cgroup_fd, int program_fd, struct error *err);

/** devices_attached() - Return: number of device programs on the group (BPF_PROG_QUERY) or -errno. */
int devices_attached(int cgroup_fd);
