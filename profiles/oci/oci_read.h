/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * config.json and its kin to values. As the runtime-spec demands: unknown keys are
 * ignored, unknown values are errors that name the place ("config.json:12:8:
 * linux.namespaces[2].type: unknown namespace \"nett\""). One error, the first.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "profiles/oci/oci.h"

struct arena;
struct error;
struct spec;

enum { OCI_FILE_MAX = 4 * 1024 * 1024 };

/* What reading warned of: capabilities that the kernel doesn't know, and the like. */
enum { OCI_WARNINGS_MAX = 8 };
struct oci_warnings {
	const char *items[OCI_WARNINGS_MAX];
	size_t n;
};

/**
 * oci_read_file() - read and check <bundle>/config.json or another file
 * @bundle: absolute path of the bundle; relative paths in the file are taken from it
 * @file:   path of the file as to be shown in messages and opened
 * @warnings: NULL is allowed
 *
 * Return: 0 or -errno with *err filled (EINVAL for what is wrong in it).
 */
int oci_read_file(const char *bundle, const char *file, struct arena *arena, struct oci *ret,
		  struct oci_warnings *warnings, struct error *err) _must_check_;

/** oci_read_text() - as oci_read_file(), from memory; @file names it in messages. */
int oci_read_text(const char *bundle, const char *file, const char *text, size_t size, struct arena *arena,
		  struct oci *ret, struct oci_warnings *warnings, struct error *err) _must_check_;

/** oci_read_process() - a process.json, as exec --process gives it: config.json's "process" alone. */
int oci_read_process(const char *file, const char *text, size_t size, struct arena *arena,
		     struct oci_process *ret, struct oci_warnings *warnings, struct error *err) _must_check_;

/** oci_read_resources() - an object linux.resources alone, as update --resources gives it. */
int oci_read_resources(const char *file, const char *text, size_t size, struct arena *arena,
		       struct oci_resources *ret, struct error *err) _must_check_;

/** oci_resources_init() - nothing given. */
void oci_resources_init(struct oci_resources *ret);

/**
 * oci_to_spec() - what both front ends share, as a spec: name, command, env, workdir, host name, umask,
 * sysctls, labels, namespaces, capabilities, no_new_privs
 * @id: the container's
 *
 * Namespaces are the new ones, not those that are joined. A host name that is not given is "". spec->env
 * lacks what has no '=', which execve(2) passes on nevertheless: oci->process.env is what the workload gets.
 * ret->oci points to @oci. Return: 0 or -ENOMEM.
 */
int oci_to_spec(const struct oci *oci, const char *id, struct arena *arena, struct spec *ret,
		struct error *err) _must_check_;

/** oci_annotation() - Return: the value of annotation @name, or NULL. */
const char *oci_annotation(const struct oci *oci, const char *name);
