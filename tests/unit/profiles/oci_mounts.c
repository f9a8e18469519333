/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/mount.h>
#include <sys/mount.h>

#include "base/sys.h"
#include "oci_reading.h"
#include "profiles/oci/mount_options.h"

static struct oci_mount_flags parse(const char *type, const char *const *words)
{
	struct arena *arena = arena_new();
	struct spec_strings strings = { words, 0 };
	struct oci_mount_flags flags;
	static char data[256]; /* of the last call */

	while (words[strings.n])
		strings.n++;
	cr_assert(eq(int, mount_options_parse(type, &strings, arena, &flags, NULL), 0));
	snprintf(data, sizeof(data), "%s", flags.data);
	flags.data = data;
	arena_free(arena);
	return flags;
}
#define PARSE(...) parse(NULL, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

Test(oci_mounts, reads_every_member_of_a_mount)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("full");
	const struct oci_mount *mounts = reading.oci.mounts;

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(same_text(mounts[0].destination, "/proc"));
	cr_assert(same_text(mounts[0].type, "proc"));
	cr_assert(holds(!mounts[0].flags.bind));
	cr_assert(same_text(mounts[1].flags.data, "mode=755,size=65536k"));
	cr_assert(eq(u64, mounts[1].flags.attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME));

	cr_assert(same_text(mounts[2].destination, "/data"));
	cr_assert(same_text(mounts[2].source, "/bundle/volumes/data"));
	cr_assert(mounts[2].flags.bind && mounts[2].flags.recursive);
	cr_assert(eq(u64, mounts[2].flags.rec_attr_set, MOUNT_ATTR_RDONLY));
	cr_assert(eq(sz, mounts[2].flags.n_propagation, 2));
	cr_assert(eq(u64, mounts[2].flags.propagation[0], MS_SLAVE | MS_REC));
	cr_assert(eq(u64, mounts[2].flags.propagation[1], MS_SHARED));

	cr_assert(mounts[3].flags.idmap && mounts[3].flags.recursive_idmap);
	cr_assert(eq(sz, mounts[3].uid_maps.n, 1));
	cr_assert(eq(u32, mounts[3].gid_maps.items[0].host_id, 8000));
	cr_assert(mounts[4].flags.tmpcopyup);
}

Test(oci_mounts, makes_an_id_mapped_mount_of_one_with_mappings)
{
	_cleanup_oci_ struct oci_reading reading =
		oci_read_more("\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/s\","
			      "\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}],"
			      "\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]}]");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(reading.oci.mounts[0].flags.idmap && !reading.oci.mounts[0].flags.recursive_idmap);
}

Test(oci_mounts, leaves_the_source_of_a_file_system_alone)
{
	_cleanup_oci_ struct oci_reading reading =
		oci_read_more("\"mounts\":[{\"destination\":\"/x\",\"type\":\"tmpfs\",\"source\":\"shm\"},"
			      "{\"destination\":\"/y\",\"type\":\"tmpfs\"},"
			      "{\"destination\":\"/z\",\"type\":\"bind\",\"source\":\"/abs\"}]");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(same_text(reading.oci.mounts[0].source, "shm"));
	cr_assert(reading.oci.mounts[1].source == NULL);
	cr_assert(same_text(reading.oci.mounts[2].source, "/abs"));
}

Test(oci_mounts, refuses_what_can_not_be_mounted)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"mounts\":[{}]", "mounts[0].destination: missing" },
		{ "\"mounts\":[{\"destination\":\"\",\"type\":\"tmpfs\"}]",
		  "mounts[0].destination: is empty" },
		{ "\"mounts\":[{\"destination\":1}]",
		  "mounts[0].destination: expected a string, not an integer" },
		{ "\"mounts\":[{\"destination\":\"/x\"}]",
		  "mounts[0].type: missing, and no option says bind" },
		{ "\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\"}]",
		  "mounts[0].source: missing: a bind mount has one" },
		{ "\"mounts\":[{\"destination\":\"/x\",\"options\":[\"rbind\"]}]",
		  "mounts[0].source: missing: a bind mount has one" },
		{ "\"mounts\":[{\"destination\":\"/x\",\"type\":\"tmpfs\",\"options\":\"ro\"}]",
		  "mounts[0].options: expected an array, not a string" },
		{ "\"mounts\":[{\"destination\":\"/x\",\"type\":\"tmpfs\",\"options\":[1]}]",
		  "mounts[0].options[0]: expected a string, not an integer" },
		{ "\"mounts\":[{\"destination\":\"/x\",\"type\":\"tmpfs\",\"options\":[\"idmap\"]}]",
		  "mounts[0]: only a bind mount can be id-mapped" },
		{ "\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/\",\"options\":[\"idmap\"]}]",
		  "mounts[0]: an id-mapped mount needs mappings, or a user namespace that has them" },
		{ "\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/\","
		  "\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]}]",
		  "mounts[0].gidMappings: missing: an id-mapped mount has both" },
		{ "\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/\","
		  "\"gidMappings\":[{\"containerID\":0,\"hostID\":1}]}]",
		  "mounts[0].gidMappings[0].size: missing" },
	};

	oci_refuses(oci_read_more, mistakes, ARRAY_SIZE(mistakes));
}

/* runtime-spec config.md "Linux mount options", and what runc and crun know beyond it. */
static const char *const all_words[] = {
	"acl",           "async",        "atime",       "bind",         "copy-symlink", "defaults",
	"dev",           "diratime",     "dirsync",     "exec",         "idmap",        "iversion",
	"lazytime",      "loud",         "mand",        "noacl",        "noatime",      "nodev",
	"nodiratime",    "noexec",       "noiversion",  "nolazytime",   "nomand",       "norelatime",
	"nostrictatime", "nosuid",       "nosymfollow", "private",      "ratime",       "rbind",
	"rdev",          "rdiratime",    "relatime",    "remount",      "rexec",        "ridmap",
	"rnoatime",      "rnodev",       "rnodiratime", "rnoexec",      "rnorelatime",  "rnostrictatime",
	"rnosuid",       "rnosymfollow", "ro",          "rprivate",     "rrelatime",    "rro",
	"rrw",           "rshared",      "rslave",      "rstrictatime", "rsuid",        "rsymfollow",
	"runbindable",   "rw",           "shared",      "silent",       "slave",        "strictatime",
	"suid",          "symfollow",    "sync",        "tmpcopyup",    "unbindable",
};

Test(oci_mounts, lists_each_option_once_and_sorted)
{
	const char *const *names = mount_options_names();

	for (size_t i = 0; i < ARRAY_SIZE(all_words); i++)
		cr_assert(same_text(names[i], all_words[i]));
	cr_assert(names[ARRAY_SIZE(all_words)] == NULL);
}

/* bsearch() finds nothing in a table that is not sorted: then a word would land in data. */
Test(oci_mounts, passes_no_word_of_the_table_to_the_file_system)
{
	for (const char *const *name = mount_options_names(); *name; name++) {
		struct oci_mount_flags flags = PARSE(*name);

		cr_assert(same_text(flags.data, ""), "%s", *name);
	}
}

Test(oci_mounts, joins_what_is_in_no_table)
{
	struct oci_mount_flags flags = PARSE("size=1m", "ro", "", "mode=700", "x-unknown", "Ro");

	cr_assert(same_text(flags.data, "size=1m,mode=700,x-unknown,Ro"));
}

Test(oci_mounts, lets_a_later_word_override_an_earlier_one)
{
	static const struct {
		const char *yes, *no;
		uint64_t bit;
	} pairs[] = {
		{ "ro", "rw", MOUNT_ATTR_RDONLY },
		{ "nosuid", "suid", MOUNT_ATTR_NOSUID },
		{ "nodev", "dev", MOUNT_ATTR_NODEV },
		{ "noexec", "exec", MOUNT_ATTR_NOEXEC },
		{ "nodiratime", "diratime", MOUNT_ATTR_NODIRATIME },
		{ "nosymfollow", "symfollow", MOUNT_ATTR_NOSYMFOLLOW },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		char recursive_yes[32], recursive_no[32];
		struct oci_mount_flags flags;

		flags = PARSE(pairs[i].yes);
		cr_expect(eq(u64, flags.attr_set, pairs[i].bit), "%s", pairs[i].yes);
		cr_expect(eq(u64, flags.attr_clear, 0), "%s", pairs[i].yes);
		flags = PARSE(pairs[i].yes, pairs[i].no);
		cr_expect(eq(u64, flags.attr_set, 0), "%s", pairs[i].no);
		cr_expect(eq(u64, flags.attr_clear, pairs[i].bit), "%s", pairs[i].no);
		flags = PARSE(pairs[i].no, pairs[i].yes);
		cr_expect(eq(u64, flags.attr_set, pairs[i].bit), "%s", pairs[i].yes);
		cr_expect(eq(u64, flags.attr_clear, 0), "%s", pairs[i].yes);

		snprintf(recursive_yes, sizeof(recursive_yes), "r%s", pairs[i].yes);
		snprintf(recursive_no, sizeof(recursive_no), "r%s", pairs[i].no);
		flags = PARSE(recursive_no, recursive_yes);
		cr_expect(eq(u64, flags.rec_attr_set, pairs[i].bit), "%s", recursive_yes);
		cr_expect(eq(u64, flags.rec_attr_clear | flags.attr_set | flags.attr_clear, 0), "%s",
			  recursive_yes);
		flags = PARSE(recursive_yes, recursive_no);
		cr_expect(eq(u64, flags.rec_attr_clear, pairs[i].bit), "%s", recursive_no);
		cr_expect(eq(u64, flags.rec_attr_set, 0), "%s", recursive_no);
	}
}

Test(oci_mounts, takes_the_mode_of_atime_for_one_value_and_not_for_bits)
{
	static const struct {
		const char *words[3];
		uint64_t mode;
	} cases[] = {
		{ { "noatime" }, MOUNT_ATTR_NOATIME },
		{ { "relatime" }, MOUNT_ATTR_RELATIME },
		{ { "strictatime" }, MOUNT_ATTR_STRICTATIME },
		{ { "noatime", "strictatime" }, MOUNT_ATTR_STRICTATIME },
		{ { "strictatime", "noatime" }, MOUNT_ATTR_NOATIME },
		{ { "strictatime", "relatime" }, MOUNT_ATTR_RELATIME },
		{ { "atime" }, MOUNT_ATTR_RELATIME },
		{ { "noatime", "atime" }, MOUNT_ATTR_RELATIME },
		{ { "strictatime", "atime" }, MOUNT_ATTR_STRICTATIME },
		{ { "strictatime", "nostrictatime" }, MOUNT_ATTR_RELATIME },
		{ { "noatime", "nostrictatime" }, MOUNT_ATTR_NOATIME },
		{ { "noatime", "norelatime" }, MOUNT_ATTR_NOATIME },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *first = cases[i].words[0], *second = cases[i].words[1];
		char recursive[2][32] = { "r", "r" };
		struct oci_mount_flags flags = second ? PARSE(first, second) : PARSE(first);

		cr_expect(eq(u64, flags.attr_set, cases[i].mode), "%s %s", first, second);
		cr_expect(eq(u64, flags.attr_clear, MOUNT_ATTR__ATIME), "%s %s", first, second);
		strcat(recursive[0], first);
		strcat(recursive[1], second ? second : first);
		flags = PARSE(recursive[0], recursive[1]);
		cr_expect(eq(u64, flags.rec_attr_set, cases[i].mode), "r: %s %s", first, second);
		cr_expect(eq(u64, flags.rec_attr_clear, MOUNT_ATTR__ATIME), "r: %s %s", first, second);
	}
}

Test(oci_mounts, sets_and_clears_flags_of_the_file_system)
{
	static const struct {
		const char *yes, *no;
		uint64_t bit;
	} pairs[] = {
		{ "sync", "async", MS_SYNCHRONOUS },
		{ "mand", "nomand", MS_MANDLOCK },
		{ "lazytime", "nolazytime", MS_LAZYTIME },
		{ "silent", "loud", MS_SILENT },
		{ "iversion", "noiversion", MS_I_VERSION },
		{ "acl", "noacl", MS_POSIXACL },
		{ "ro", "rw", MS_RDONLY },
	};
	struct oci_mount_flags flags;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		flags = PARSE(pairs[i].no, pairs[i].yes);
		cr_expect(eq(u64, flags.super_set, pairs[i].bit), "%s", pairs[i].yes);
		cr_expect(eq(u64, flags.super_clear, 0), "%s", pairs[i].yes);
		flags = PARSE(pairs[i].yes, pairs[i].no);
		cr_expect(eq(u64, flags.super_set, 0), "%s", pairs[i].no);
		cr_expect(eq(u64, flags.super_clear, pairs[i].bit), "%s", pairs[i].no);
	}
	flags = PARSE("dirsync", "defaults");
	cr_assert(eq(u64, flags.super_set, MS_DIRSYNC));
}

Test(oci_mounts, keeps_the_last_four_propagations_in_their_order)
{
	struct oci_mount_flags flags = PARSE("unbindable", "rprivate", "slave", "rshared", "runbindable");

	cr_assert(eq(sz, flags.n_propagation, 4));
	cr_assert(eq(u64, flags.propagation[0], MS_PRIVATE | MS_REC));
	cr_assert(eq(u64, flags.propagation[1], MS_SLAVE));
	cr_assert(eq(u64, flags.propagation[2], MS_SHARED | MS_REC));
	cr_assert(eq(u64, flags.propagation[3], MS_UNBINDABLE | MS_REC));
}

Test(oci_mounts, knows_what_is_no_flag_of_the_kernel)
{
	static const char *const none[] = { NULL };
	struct oci_mount_flags flags = PARSE("remount", "copy-symlink", "tmpcopyup");

	cr_assert(flags.remount && flags.copy_symlink && flags.tmpcopyup && !flags.bind && !flags.idmap);
	flags = PARSE("ridmap", "idmap");
	cr_assert(flags.idmap && !flags.recursive_idmap);
	flags = PARSE("rbind", "bind");
	cr_assert(flags.bind && !flags.recursive);
	flags = parse("bind", none);
	cr_assert(flags.bind && !flags.recursive);
	flags = parse("tmpfs", none);
	cr_assert(holds(!flags.bind));
}
