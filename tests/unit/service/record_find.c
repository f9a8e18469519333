/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "launcher/service/record.h"
#include "service_fixture.h"

TestSuite(record_find, .init = service_init, .fini = service_fini);

static void add(const char *name, const char *id)
{
	struct record record = service_record(name);

	memcpy(record.id, id, strlen(id));
	close(service_write(&record));
}

Test(record_find, lists_services_by_name_and_passes_over_the_rest)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct record *records;
	char path[128];
	size_t n;

	add("web", "01");
	add("db", "02");
	add("cache", "03");
	close(service_spill("broken", "{"));
	close(service_spill(".hidden", "{"));
	snprintf(path, sizeof(path), "%s/empty", service_dir);
	mkdir(path, 0700);
	cr_assert(zero(int, record_list(service_dir, arena, &records, &n, &err)), "%s", err.msg);
	cr_assert(eq(sz, n, 3));
	cr_assert(eq(str, records[0].name, "cache"));
	cr_assert(eq(str, records[1].name, "db"));
	cr_assert(eq(str, records[2].name, "web"));
}

Test(record_find, lists_more_than_fit_at_first)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct record *records;
	char name[16];
	size_t n;

	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "s%02d", i);
		add(name, "01");
	}
	cr_assert(zero(int, record_list(service_dir, arena, &records, &n, NULL)));
	cr_assert(eq(sz, n, 40));
	cr_assert(eq(str, records[39].name, "s39"));
}

Test(record_find, no_run_directory_is_no_service)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct record *records;
	size_t n = 7;

	cr_assert(zero(int, record_list("/nonexistent/kapsel", arena, &records, &n, &err)));
	cr_assert(zero(sz, n));
	cr_assert(zero(int, err.code));
}

Test(record_find, what_others_can_write_is_not_believed)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct error err = { 0 };
	struct record record, *records;
	char path[128];
	size_t n;

	add("web", "01");
	add("db", "02");
	snprintf(path, sizeof(path), "%s/web", service_dir);
	cr_assert(zero(int, chmod(path, 0770)));
	cr_assert(zero(int, record_list(service_dir, arena, &records, &n, &err)), "%s", err.msg);
	cr_assert(eq(sz, n, 1));
	cr_assert(eq(int, record_find(service_dir, "web", &record, &err), -ENOENT));
	cr_assert(eq(int, record_open(service_dir, "web", &err), -EPERM));

	cr_assert(zero(int, chmod(service_dir, 0777)));
	cr_assert(eq(int, record_list(service_dir, arena, &records, &n, &err), -EPERM));
	cr_assert(eq(int, record_find(service_dir, "db", &record, &err), -EPERM));
}

Test(record_find, a_directory_that_was_moved_is_no_service)
{
	char from[128], to[128];
	struct record record;

	add("web", "01");
	snprintf(from, sizeof(from), "%s/web", service_dir);
	snprintf(to, sizeof(to), "%s/web2", service_dir);
	cr_assert(zero(int, rename(from, to)));
	cr_assert(eq(int, record_find(service_dir, "web2", &record, NULL), -ENOENT));
}

Test(record_find, finds_by_name_id_and_beginning_of_an_id)
{
	struct error err = { 0 };
	struct record record;
	char id[RECORD_ID_SIZE];

	add("web", "0123456");
	add("db", "0123f");
	cr_assert(zero(int, record_find(service_dir, "web", &record, &err)));
	cr_assert(eq(str, record.name, "web"));
	strcpy(id, record.id);
	cr_assert(zero(int, record_find(service_dir, id, &record, &err)));
	cr_assert(eq(str, record.name, "web"));
	cr_assert(zero(int, record_find(service_dir, "0123f", &record, &err)));
	cr_assert(eq(str, record.name, "db"));
	cr_assert(eq(int, record_find(service_dir, "0123", &record, &err), -ENOTUNIQ));
	cr_assert(eq(int, record_find(service_dir, "012", &record, &err), -ENOENT));
}

Test(record_find, a_name_goes_before_an_id)
{
	struct record record;

	add("web", "beef");
	add("beef", "01");
	cr_assert(zero(int, record_find(service_dir, "beef", &record, NULL)));
	cr_assert(eq(str, record.name, "beef"));
}

Test(record_find, names_the_nearest_one)
{
	struct error err = { 0 };
	struct record record;

	add("frontend", "01");
	cr_assert(eq(int, record_find(service_dir, "frontned", &record, &err), -ENOENT));
	cr_assert(eq(str, err.msg, "find a service called frontned"));
	cr_assert(eq(str, err.remedy, "did you mean frontend?"));
}

Test(record_find, a_name_does_not_lead_elsewhere)
{
	struct error err = { 0 };
	char link[128];

	add("web", "01");
	snprintf(link, sizeof(link), "%s/link", service_dir);
	cr_assert(zero(int, symlink("web", link)));
	cr_assert(eq(int, record_open(service_dir, "../web", &err), -EINVAL));
	cr_assert(eq(int, record_open(service_dir, ".", &err), -EINVAL));
	cr_assert(eq(int, record_open(service_dir, "", &err), -EINVAL));
	cr_assert(lt(int, record_open(service_dir, "link", &err), 0));
}
