/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observation_file.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "lab/learn/observation.h"

static char path[] = "/tmp/observed-XXXXXX";

static void begin(void)
{
	int fd = mkstemp(path);

	cr_assert(ge(int, fd, 0));
	close(fd);
}

static void end(void)
{
	unlink(path);
}

TestSuite(observation_file, .init = begin, .fini = end);

static void write_file(const char *text)
{
	FILE *out = fopen(path, "w");

	cr_assert(ne(ptr, out, NULL));
	fputs(text, out);
	cr_assert(zero(int, fclose(out)));
}

Test(observation_file, reads_back_all_that_it_wrote)
{
	struct observation *one = observation_new(), *two = observation_new();
	struct error err = { 0 };
	FILE *out = fopen(path, "w");

	cr_assert(ne(ptr, one, NULL));
	cr_assert(ne(ptr, two, NULL));
	cr_assert(ne(ptr, out, NULL));
	observation_call(one, SYSCALL_ROW_mkdir, 3, "web");
	observation_path(one, "/tmp/\"\xc3\xa9\"", ACCESS_CREATE | ACCESS_EXEC, "web")->size_bytes = 17;
	observation_address(one, "[::1]:80", true, 2);
	observation_capability(one, CAP_CHOWN, SYSCALL_ROW_fchown);
	one->facts = FACT_THREADS | FACT_FILES;
	one->highest_id = 33;
	one->runs = 2;
	one->peaks = (struct observed_peaks){ 1, 2, 3, 4, 5 };
	observation_file_write(one, out);
	cr_assert(zero(int, fclose(out)));

	cr_assert(zero(int, observation_file_read(path, two, &err)), "%s", err.msg);
	cr_assert(eq(u64, two->calls[SYSCALL_ROW_mkdir].count, 3));
	cr_assert(eq(str, two->calls[SYSCALL_ROW_mkdir].comm, "web"));
	cr_assert(eq(sz, two->n_paths, 1));
	cr_assert(eq(str, two->paths[0].path, "/tmp/\"\xc3\xa9\""));
	cr_assert(eq(uint, two->paths[0].access, ACCESS_CREATE | ACCESS_EXEC));
	cr_assert(eq(u64, two->paths[0].size_bytes, 17));
	cr_assert(eq(str, two->addresses[0].text, "[::1]:80"));
	cr_assert(two->addresses[0].bound);
	cr_assert(eq(u64, two->capabilities, UINT64_C(1) << CAP_CHOWN));
	cr_assert(eq(int, two->capability_rows[CAP_CHOWN], SYSCALL_ROW_fchown));
	cr_assert(eq(uint, two->facts, FACT_THREADS | FACT_FILES));
	cr_assert(eq(uint, two->highest_id, 33));
	cr_assert(eq(u64, two->runs, 2));
	cr_assert(zero(int, memcmp(&one->peaks, &two->peaks, sizeof(one->peaks))));
	observation_free(one);
	observation_free(two);
}

Test(observation_file, refuses_what_is_not_an_observation_and_says_which_file)
{
	static const char *const texts[] = {
		"", "{}", "[]", "{\"kapsel_observation\": 99}", "{\"kapsel_observation\": \"1\"}", "not json"
	};
	struct observation *seen = observation_new();

	cr_assert(ne(ptr, seen, NULL));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct error err = { 0 };

		write_file(texts[i]);
		cr_assert(eq(int, observation_file_read(path, seen, &err), -EINVAL), "%s", texts[i]);
		cr_assert(ne(ptr, strstr(err.msg, path), NULL));
	}
	observation_free(seen);
}

Test(observation_file, ignores_what_has_a_wrong_type)
{
	struct observation *seen = observation_new();
	struct error err = { 0 };

	cr_assert(ne(ptr, seen, NULL));
	write_file("{\"kapsel_observation\": 1, \"calls\": [{\"name\": \"nosuch\"}, 3, {\"name\": 4}], "
		   "\"paths\": "
		   "[{\"path\": \"relative\"}, {\"path\": \"/x\", \"access\": 255}], "
		   "\"peaks\": [], \"addresses\": {}}");
	cr_assert(zero(int, observation_file_read(path, seen, &err)), "%s", err.msg);
	cr_assert(eq(sz, seen->n_paths, 1));
	cr_assert(eq(uint, seen->paths[0].access, 15));
	observation_free(seen);
}

Test(observation_file, has_only_paths_that_a_profile_can_name)
{
	struct observation *seen = observation_new();
	struct error err = { 0 };

	cr_assert(ne(ptr, seen, NULL));
	write_file("{\"kapsel_observation\": 1, \"paths\": [{\"path\": \"/u/../bin//tool\", \"access\": 8}, "
		   "{\"path\": \"/../../etc/./x\", \"access\": 2}]}");
	cr_assert(zero(int, observation_file_read(path, seen, &err)), "%s", err.msg);
	cr_assert(eq(sz, seen->n_paths, 2));
	cr_expect(eq(str, seen->paths[0].path, "/bin/tool"));
	cr_expect(eq(str, seen->paths[1].path, "/etc/x"));
	observation_free(seen);
}

Test(observation_file, stands_beside_the_profile)
{
	char name[64];

	cr_assert(zero(int, observation_file_beside("/x/web.kapsel.jsonc", name, sizeof(name))));
	cr_assert(eq(str, name, "/x/web.observed.json"));
	cr_assert(zero(int, observation_file_beside("web.observed.json", name, sizeof(name))));
	cr_assert(eq(str, name, "web.observed.json"));
	cr_assert(zero(int, observation_file_beside("web", name, sizeof(name))));
	cr_assert(eq(str, name, "web.observed.json"));
	cr_assert(eq(int, observation_file_beside("a-name-that-is-long", name, 10), -ENAMETOOLONG));
}
