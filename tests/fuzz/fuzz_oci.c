/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whatever is in a config.json, a process.json or the resources of an update: reading it must
 * never crash, must either fill the result or say what is wrong, and what it accepted must
 * keep what the headers promise to the steps. An input can hold several texts (pieces.h).
 */
#include <linux/mount.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "profiles/oci/oci_read.h"
#include "tests/fuzz/demand.h"
#include "tests/fuzz/pieces.h"

static void check_result(int r, const struct error *err)
{
	demand(r <= 0);
	demand((r == 0) == (err->msg[0] == '\0'));
	demand(r == 0 || strncmp(err->msg, "fuzz.json", 9) == 0);
}

static void check_strings(const struct spec_strings *strings)
{
	for (size_t i = 0; i < strings->n; i++)
		demand(strings->items[i] != NULL);
	demand(strings->n == 0 || strings->items[strings->n] == NULL);
}

static void check_process(const struct oci_process *process)
{
	demand(process->cwd && process->cwd[0] == '/');
	demand(process->args.n > 0);
	check_strings(&process->args);
	check_strings(&process->env);
	for (size_t i = 0; i < process->n_rlimits; i++)
		demand(process->rlimits[i].name && process->rlimits[i].soft <= process->rlimits[i].hard);
	for (size_t i = 0; i < process->user.n_groups; i++)
		demand(process->user.groups[i] != (gid_t)-1);
	demand(process->user.uid != (uid_t)-1 && process->user.gid != (gid_t)-1);
}

static void check_mount(const struct oci_mount *mount)
{
	const struct oci_mount_flags *flags = &mount->flags;

	demand(mount->destination && mount->destination[0] == '/' && flags->data);
	demand(mount->type || flags->bind || flags->remount || flags->n_propagation > 0);
	demand(!flags->bind || flags->remount || mount->source[0] == '/');
	demand((flags->attr_set & flags->attr_clear & ~(uint64_t)MOUNT_ATTR__ATIME) == 0);
	demand((flags->rec_attr_set & flags->rec_attr_clear & ~(uint64_t)MOUNT_ATTR__ATIME) == 0);
	demand(!(flags->attr_set & MOUNT_ATTR__ATIME) || (flags->attr_clear & MOUNT_ATTR__ATIME));
	demand((flags->super_set & flags->super_clear) == 0);
	demand((mount->uid_maps.n > 0) == (mount->gid_maps.n > 0));
}

static void check_seccomp(const struct oci_seccomp *seccomp)
{
	check_strings(&seccomp->architectures);
	for (size_t i = 0; i < seccomp->n_rules; i++) {
		demand(seccomp->rules[i].names.n > 0);
		for (size_t j = 0; j < seccomp->rules[i].n_args; j++)
			demand(seccomp->rules[i].args[j].index < 6 && seccomp->rules[i].args[j].op > 0);
	}
}

static void check_config(const struct oci *oci, struct arena *arena)
{
	struct spec spec;

	demand(strncmp(oci->version, "1.", 2) == 0 && oci->rootfs[0] == '/');
	if (oci->process_given)
		check_process(&oci->process);
	for (size_t i = 0; i < oci->n_mounts; i++)
		check_mount(&oci->mounts[i]);
	if (oci->seccomp_given)
		check_seccomp(&oci->seccomp);
	for (size_t i = 0; i < oci->annotations.n; i++)
		demand(oci_annotation(oci, oci->annotations.items[i].name) ==
		       oci->annotations.items[i].value);
	for (size_t i = 0; i < oci->n_devices; i++)
		demand(oci->devices[i].path[0] == '/' && strchr("cbp", oci->devices[i].type));
	for (size_t kind = 0; kind < OCI_HOOK_KINDS; kind++)
		for (size_t i = 0; i < oci->hooks[kind].n; i++)
			demand(oci->hooks[kind].items[i].path[0] == '/');
	demand(oci_to_spec(oci, "fuzz", arena, &spec, NULL) == 0 && spec.oci == oci && spec.hostname);
}

static void judge(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct arena *arena = arena_new();
	struct error err = { 0 };
	struct oci_warnings warnings;
	struct oci oci;
	struct oci_process process;
	struct oci_resources resources;
	int r;

	demand(arena != NULL);
	r = oci_read_text("/bundle", "fuzz.json", text, size, arena, &oci, &warnings, &err);
	check_result(r, &err);
	if (r == 0)
		check_config(&oci, arena);
	demand(warnings.n <= OCI_WARNINGS_MAX);
	err.msg[0] = '\0';
	r = oci_read_process("fuzz.json", text, size, arena, &process, NULL, &err);
	check_result(r, &err);
	if (r == 0)
		check_process(&process);
	err.msg[0] = '\0';
	r = oci_read_resources("fuzz.json", text, size, arena, &resources, &err);
	check_result(r, &err);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pieces_each(data, size, judge);
	return 0;
}
