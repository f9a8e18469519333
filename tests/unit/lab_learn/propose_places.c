/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/propose_places.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/arena.h"
#include "scene.h"

static struct arena *arena;
static struct observation *seen;
static struct propose_places places;

static const char *const names[] = { "/",          "/run/",     "/run/web/",     "/tmp/",
				     "/var/",      "/var/lib/", "/var/lib/web/", "/data/",
				     "/data/seed", "/etc/",     "/usr/lib/",     "/var/lib/web/sub/",
				     "/srv/",      NULL };

static void begin(void)
{
	arena = arena_new();
	seen = observation_new();
	cr_assert(ne(ptr, arena, NULL));
	cr_assert(ne(ptr, seen, NULL));
}

static void end(void)
{
	observation_free(seen);
	arena_free(arena);
}

TestSuite(propose_places, .init = begin, .fini = end);

static void wrote(const char *path, uint64_t bytes)
{
	struct observed_path *entry = observation_path(seen, path, ACCESS_WRITE | ACCESS_CREATE, "web");

	cr_assert(ne(ptr, entry, NULL));
	entry->size_bytes = bytes;
}

static void choose(const char *profile)
{
	struct propose_image image = scene_image(names);

	cr_assert(zero(int, propose_places(seen, scene_spec(arena, profile), &image, arena, &places)));
}

Test(propose_places, is_the_directory_of_what_was_written)
{
	wrote("/run/web.pid", 3);
	choose("");
	cr_assert(eq(sz, places.n, 1));
	cr_assert(eq(str, places.items[0].target, "/run"));
	cr_assert(eq(ptr, places.items[0].source, NULL));
	cr_assert(eq(u64, places.items[0].used_bytes, 4096), "a file takes whole pages");
}

Test(propose_places, is_one_for_a_tree_that_the_workload_made)
{
	wrote("/tmp/a", 0);
	wrote("/tmp/a/b", 0);
	wrote("/tmp/a/b/c", 10000);
	choose("");
	cr_assert(eq(sz, places.n, 1));
	cr_assert(eq(str, places.items[0].target, "/tmp"));
	cr_assert(eq(u64, places.items[0].used_bytes, 12288));
}

Test(propose_places, keeps_a_directory_of_the_image_below_a_tmpfs_that_would_hide_it)
{
	wrote("/run/web.pid", 3);
	wrote("/run/web/socket", 0);
	choose("");
	cr_assert(eq(sz, places.n, 2));
	cr_assert(eq(str, places.items[0].target, "/run"));
	cr_assert(eq(str, places.items[1].target, "/run/web"));
}

Test(propose_places, leaves_the_image_read_only_and_says_so)
{
	wrote("/etc/web.conf", 3);
	wrote("/usr/lib/x.pyc", 3);
	wrote("/top", 1);
	choose("");
	cr_assert(zero(sz, places.n));
	cr_assert(eq(sz, places.n_remarks, 3));
	cr_assert(eq(str, places.remarks[0], "/etc was to be written by web: it stays read-only"));
}

Test(propose_places, has_nothing_to_say_about_what_the_profile_has_writable)
{
	wrote("/data/x", 3);
	choose("\"mounts\": { \"/data\": { \"type\": \"bind\", \"source\": \"/srv/d\", \"write\": true } }");
	cr_assert(zero(sz, places.n));
	cr_assert(zero(sz, places.n_remarks));
}

Test(propose_places, does_not_overrule_a_read_only_mount)
{
	wrote("/data/x", 3);
	choose("\"mounts\": { \"/data\": { \"type\": \"bind\", \"source\": \"/srv/d\" } }");
	cr_assert(zero(sz, places.n));
	cr_assert(eq(sz, places.n_remarks, 1));
	cr_assert(ne(ptr, strstr(places.remarks[0], "mounted read-only"), NULL));
}

Test(propose_places, binds_a_directory_whose_files_a_tmpfs_would_hide)
{
	cr_assert(ne(ptr, observation_path(seen, "/data/seed", ACCESS_READ, "web"), NULL));
	wrote("/data/new", 3);
	choose("");
	cr_assert(eq(sz, places.n, 1));
	cr_assert(eq(str, places.items[0].source, "/srv/rootfs/web/data"));
}

Test(propose_places, covers_dev_shm_and_no_other_part_of_dev)
{
	wrote("/dev/shm/x", 3);
	wrote("/dev/null", 0);
	wrote("/proc/self/oom_score_adj", 0);
	choose("");
	cr_assert(eq(sz, places.n, 1));
	cr_assert(eq(str, places.items[0].target, "/dev/shm"));
}

Test(propose_places, lets_programs_be_executed_where_they_were)
{
	wrote("/tmp/made", 100);
	cr_assert(ne(ptr, observation_path(seen, "/tmp/made", ACCESS_EXEC, "web"), NULL));
	choose("");
	cr_assert(eq(sz, places.n, 1));
	cr_assert(places.items[0].exec);
}

Test(propose_places, says_when_a_directory_is_missing)
{
	wrote("/nowhere/x", 0);
	choose("");
	cr_assert(zero(sz, places.n));
	cr_assert(ne(ptr, strstr(places.remarks[0], "no such directory"), NULL));
}

Test(propose_places, does_not_take_a_name_for_its_beginning)
{
	cr_assert(propose_places_within("/run/a", "/run"));
	cr_assert(propose_places_within("/run", "/run"));
	cr_assert(not(propose_places_within("/runner", "/run")));
	cr_assert(propose_places_within("/x", "/"));
}

Test(propose_places, makes_room_for_the_mount_point_of_secrets)
{
	choose("\"secrets\": { \"a\": { \"source\": \"/etc/a\" } }");
	cr_assert(eq(sz, places.n, 1));
	cr_assert(eq(str, places.items[0].target, "/run"));
}

Test(propose_places, leaves_the_place_of_secrets_to_kapsel)
{
	static const char *const with_secrets[] = { "/run/", "/run/secrets/", NULL };
	struct propose_image image = scene_image(with_secrets);
	const struct spec *spec = scene_spec(arena, "\"secrets\": { \"a\": { \"source\": \"/etc/a\" } }");

	wrote("/run/secrets/a", 3);
	cr_assert(zero(int, propose_places(seen, spec, &image, arena, &places)));
	cr_assert(zero(sz, places.n));
	cr_assert(eq(sz, places.n_remarks, 1));
	cr_assert(ne(ptr, strstr(places.remarks[0], "/run/secrets"), NULL));
}
