/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/host.h"
#include "launcher/oci/layer.h"
#include "profiles/oci/oci.h"
#include "profiles/profile.h"
#include "tests/unit/base/scratch.h"

static struct arena *arena;

static void make_arena(void)
{
	arena = arena_new();
	cr_assert(ne(ptr, arena, NULL));
}

static void free_arena(void)
{
	arena = arena_free(arena);
}

TestSuite(oci_layer, .init = make_arena, .fini = free_arena);

static void put(const char *dir, const char *name, const char *text)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	cr_assert(fd >= 0);
	cr_assert(zero(int, fchmod(fd, 0644)));
	cr_assert(zero(int, fd_write_all(fd, text, strlen(text))));
	close(fd);
}

static struct oci with_annotation(const char *annotation, const char *value)
{
	struct spec_pair *pair = arena_alloc(arena, sizeof(*pair));

	*pair = (struct spec_pair){ annotation, value };
	return (struct oci){ .annotations = { .items = pair, .n = 1 } };
}

static int read_from(const char *dir, const struct oci *oci, const struct oci_layer **ret, struct error *err)
{
	const char *const dirs[] = { "/nonexistent", dir, NULL };

	*err = (struct error){ 0 };
	return oci_layer_read_from(dirs, oci, arena, ret, err);
}

Test(oci_layer, is_none_without_the_annotation)
{
	struct oci oci = with_annotation("run.oci.handler", "x");
	const struct oci_layer *layer = (const void *)"";
	struct error err;

	cr_assert(zero(int, read_from("/", &oci, &layer, &err)));
	cr_assert(eq(ptr, (void *)(uintptr_t)layer, NULL));
}

Test(oci_layer, takes_no_name_that_leads_elsewhere)
{
	static const char *const names[] = { "",     ".",   "..",    "../x", "/x",       "a/../x", "x/",
					     "a..b", ".x",  "a b",   "a\tb", "a\nb",     "a\\b",   "\xc3\xa4",
					     "~",    "a;b", "$HOME", "*",    "%2e%2e%2f" };
	_cleanup_scratch_ struct scratch scratch = scratch_new();

	/* Were the name taken as it is, this would be found. */
	put(scratch.path, "x.kapsel.jsonc", "{ \"kapsel\": 1 }");
	put(scratch.path, ".x.kapsel.jsonc", "{ \"kapsel\": 1 }");
	put(scratch.path, "a..b.kapsel.jsonc", "{ \"kapsel\": 1 }");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct oci oci = with_annotation(OCI_LAYER_ANNOTATION, names[i]);
		const struct oci_layer *layer;
		struct error err;

		cr_assert(eq(int, read_from(scratch.path, &oci, &layer, &err), -EINVAL), "%s", names[i]);
		cr_assert(strstr(err.msg, OCI_LAYER_ANNOTATION) != NULL, "%s", err.msg);
	}
}

Test(oci_layer, limits_the_length_of_a_name)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	char name[66], file[128];

	for (size_t length = 64; length <= 65; length++) {
		const struct oci_layer *layer;
		struct error err;
		struct oci oci;

		memset(name, 'a', length);
		name[length] = '\0';
		snprintf(file, sizeof(file), "%s.kapsel.jsonc", name);
		put(scratch.path, file, "{ \"kapsel\": 1 }");
		oci = with_annotation(OCI_LAYER_ANNOTATION, name);
		cr_assert(eq(int, read_from(scratch.path, &oci, &layer, &err), length == 64 ? 0 : -EINVAL));
	}
}

Test(oci_layer, refuses_other_annotations_of_ours)
{
	static const char *const names[] = { "org.kapsel.", "org.kapsel.profiles", "org.kapsel.Profile",
					     "org.kapsel.profile.extra" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct oci oci = with_annotation(names[i], "x");
		const struct oci_layer *layer;
		struct error err;

		cr_assert(eq(int, read_from("/", &oci, &layer, &err), -EINVAL), "%s", names[i]);
		cr_assert(strstr(err.msg, names[i]) != NULL, "%s", err.msg);
	}
}

Test(oci_layer, says_where_a_missing_profile_would_be)
{
	struct oci oci = with_annotation(OCI_LAYER_ANNOTATION, "A-z_0.9");
	const struct oci_layer *layer;
	struct error err;

	cr_assert(eq(int, read_from("/nowhere", &oci, &layer, &err), -EINVAL));
	cr_assert(strstr(err.remedy, "/nonexistent/A-z_0.9.kapsel.jsonc") != NULL, "%s", err.remedy);
}

Test(oci_layer, is_closed_where_the_profile_says_nothing)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	struct oci oci = with_annotation(OCI_LAYER_ANNOTATION, "empty");
	const struct oci_layer *layer;
	struct error err;

	put(scratch.path, "empty.kapsel.jsonc", "{ \"kapsel\": 1 }");
	cr_assert(zero(int, read_from(scratch.path, &oci, &layer, &err)), "%s", err.msg);
	cr_assert(zero(u64, layer->spec->capabilities));
	cr_assert(zero(sz, layer->spec->exec_allow.n));
	cr_assert(eq(sz, layer->spec->syscalls.n, 1));
	cr_assert(eq(int, layer->spec->on_violation, SPEC_VIOLATION_KILL));
	cr_assert(not(any(layer->spec->allow_jit, layer->spec->allow_ptrace,
			  layer->spec->allow_nested_namespaces, layer->spec->allow_setuid,
			  layer->places_listed)));
}

Test(oci_layer, refuses_every_key_that_tightens_nothing)
{
	static const char *const keys[] = {
		"\"rootfs\": \"/r\"",
		"\"command\": [\"/c\"]",
		"\"limits\": { \"memory\": \"1MiB\" }",
		"\"user\": { \"uid\": 1 }",
		"\"env\": {}",
		"\"network\": \"none\"",
		"\"log\": {}",
		"\"on_missing\": \"warn\"",
		"\"allow_setuid\": true",
		"\"apparmor\": \"x\"",
		"\"syscalls\": { \"on_violation\": \"log\" }",
		"\"mounts\": { \"/x\": { \"type\": \"tmpfs\", \"size\": 4096 } }",
		"\"mounts\": { \"x\": { \"write\": true } }",
		"\"mounts\": { \"/x/../y\": { \"write\": true } }",
		"\"no_such_key\": 1",
	};
	_cleanup_scratch_ struct scratch scratch = scratch_new();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct oci oci = with_annotation(OCI_LAYER_ANNOTATION, "x");
		const struct oci_layer *layer;
		struct error err;
		char text[256];

		snprintf(text, sizeof(text), "{ \"kapsel\": 1, %s }", keys[i]);
		put(scratch.path, "x.kapsel.jsonc", text);
		cr_assert(eq(int, read_from(scratch.path, &oci, &layer, &err), -EINVAL), "%s", keys[i]);
		cr_assert(strstr(err.msg, "x.kapsel.jsonc:1:") != NULL, "%s", err.msg);
	}
}

Test(oci_layer, comes_back_from_its_copy_as_it_was)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci oci = with_annotation(OCI_LAYER_ANNOTATION, "child");
	const struct oci_layer *layer, *kept;
	struct error err;

	put(scratch.path, "parent.jsonc",
	    "{ \"kapsel\": 1, \"capabilities\": [\"KILL\"], \"allow_jit\": true, "
	    "\"exec\": { \"allow\": [\"/bin/\\u00e4\\n\\\"\"] } }");
	put(scratch.path, "child.kapsel.jsonc",
	    "// with a comment\n{ \"kapsel\": 1, \"extends\": \"parent.jsonc\", \"allow_jit\": null, "
	    "\"mounts\": { \"/data\": { \"write\": true }, \"/x\": {} } }");
	cr_assert(eq(int, read_from(scratch.path, &oci, &layer, &err), -EINVAL)); /* a line feed in a path */
	put(scratch.path, "parent.jsonc",
	    "{ \"kapsel\": 1, \"capabilities\": [\"KILL\"], \"allow_jit\": true, "
	    "\"exec\": { \"allow\": [\"/bin/\\u00e4\\\"\"] } }");
	cr_assert(zero(int, read_from(scratch.path, &oci, &layer, &err)), "%s", err.msg);
	cr_assert(zero(int, oci_layer_keep(layer, fd, &err)), "%s", err.msg);
	cr_assert(zero(int, oci_layer_kept(&oci, fd, arena, &kept, &err)), "%s", err.msg);
	cr_assert(eq(u64, kept->spec->capabilities, UINT64_C(1) << 5));
	cr_assert(not(kept->spec->allow_jit));
	cr_assert(kept->places_listed);
	cr_assert(eq(sz, kept->spec->n_mounts, 2));
	cr_assert(eq(str, (char *)(uintptr_t)kept->spec->mounts[0].target, "/data"));
	cr_assert(all(kept->spec->mounts[0].write, not(kept->spec->mounts[1].write)));
	cr_assert(eq(str, (char *)(uintptr_t)kept->spec->exec_allow.items[0], "/bin/\xc3\xa4\""));
}

Test(oci_layer, is_missed_when_its_copy_is_gone)
{
	_cleanup_scratch_ struct scratch scratch = scratch_new();
	_cleanup_fd_ int fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci oci = with_annotation(OCI_LAYER_ANNOTATION, "x");
	const struct oci_layer *kept;
	struct error err = { 0 };

	cr_assert(eq(int, oci_layer_kept(&oci, fd, arena, &kept, &err), -EINVAL));
	cr_assert(eq(ptr, (void *)(uintptr_t)kept, NULL));
}

Test(oci_layer, only_takes_away)
{
	const uint64_t config = 0xf0f0, profile = 0xff00;
	const struct spec said = { .capabilities = profile, .allow_jit = true };
	const struct oci_layer layer = { .name = "x", .spec = &said };
	struct host host = { .landlock_abi = 1 };
	struct error err = { 0 };
	struct spec spec = { .capabilities = config, .allow_setuid = true, .allow_jit = true };
	struct oci oci = { .process.capabilities = { true, config, config, config, config, config } };
	const struct oci_capabilities *caps = &oci.process.capabilities;

	cr_assert(zero(int, oci_layer_apply(&layer, &host, &oci, &spec, &err)));
	cr_assert(oci.process.no_new_privileges);
	cr_assert(not(spec.allow_setuid));
	cr_assert(spec.allow_jit);
	cr_assert(all(eq(u64, spec.capabilities, 0xf000), eq(u64, caps->bounding, 0xf000),
		      eq(u64, caps->effective, 0xf000), eq(u64, caps->permitted, 0xf000),
		      eq(u64, caps->inheritable, 0xf000), eq(u64, caps->ambient, 0xf000)));
}

Test(oci_layer, is_refused_on_a_kernel_without_landlock)
{
	const struct spec said = { 0 };
	const struct oci_layer layer = { .name = "x", .spec = &said };
	struct host host = { .landlock_abi = 0 };
	struct error err = { 0 };
	struct oci oci = { 0 };
	struct spec spec = { 0 };

	cr_assert(eq(int, oci_layer_apply(&layer, &host, &oci, &spec, &err), -ENOTSUP));
	cr_assert(zero(int, oci_layer_apply(NULL, &host, &oci, &spec, &err)));
}
