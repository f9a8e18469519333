/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An OCI bundle as `import` reads it: "config.json" in the directory that the input describes (directory.h);
 * and "seccomp.json", a list of system calls in Docker's form. What can't be translated is told, and what
 * comes out is a profile that can be judged.
 */
#include "base/arena.h"
#include "lab/convert/import_oci.h"
#include "lab/convert/syscall_list.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/fuzz_import.h"

static void begin(struct draft *draft, struct arena *arena)
{
	demand(draft_init(draft, arena) == 0);
	draft->source = "fuzz";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char path[128];
	struct error err = { 0 };
	struct draft draft;

	demand(arena != NULL);
	directory_fill(data, size);
	begin(&draft, arena);
	check_import(&draft, import_oci(&draft, directory_path(), &err), &err);
	err = (struct error){ 0 };
	begin(&draft, arena);
	snprintf(path, sizeof(path), "%s/seccomp.json", directory_path());
	check_import(&draft, syscall_list_read_docker(&draft, path, &err), &err);
	return 0;
}
