/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <time.h>

#include "oci_reading.h"
#include "profiles/json.h"

#define VERSION(v) "{\"ociVersion\":\"" v "\",\"root\":{\"path\":\"rootfs\"}}"

static struct oci_reading read_whole_text(const char *text)
{
	return oci_read_bytes(text, strlen(text));
}

Test(oci_config, reads_the_smallest_config_there_is)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("minimal");
	const struct oci *oci = &reading.oci;

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(same_text(oci->version, "1.0.0"));
	cr_assert(same_text(oci->bundle, "/bundle"));
	cr_assert(same_text(oci->rootfs, "/bundle/rootfs"));
	cr_assert(
		holds(!oci->process_given && !oci->rootfs_readonly && !oci->hostname && !oci->cgroups_path));
	cr_assert(oci->n_mounts == 0 && oci->annotations.n == 0 && !oci->seccomp_given);
	cr_assert(oci->resources.memory_limit == OCI_UNSET && !oci->resources.devices_given);
	for (size_t i = 0; i < OCI_NS_TYPES; i++)
		cr_assert(holds(!oci->namespaces[i].given));
	cr_assert(oci_annotation(oci, "x") == NULL);
}

Test(oci_config, reads_the_smallest_config_that_starts)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("start");
	const struct oci_process *process = &reading.oci.process;

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(same_text(reading.oci.rootfs, "/srv/rootfs"));
	cr_assert(reading.oci.process_given);
	cr_assert(eq(sz, process->args.n, 1));
	cr_assert(same_text(process->args.items[0], "sh"));
	cr_assert(process->args.items[1] == NULL);
	cr_assert(holds(!process->terminal && !process->capabilities.given && !process->oom_score_adj_given &&
			!process->user.umask_given && !process->scheduler.given &&
			!process->io_priority.given));
}

Test(oci_config, reads_every_top_level_member)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("full");
	const struct oci *oci = &reading.oci;

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(oci->rootfs_readonly);
	cr_assert(same_text(oci->hostname, "inside"));
	cr_assert(same_text(oci->domainname, "example.org"));
	cr_assert(eq(sz, oci->n_mounts, 5));
	cr_assert(eq(sz, oci->annotations.n, 3));
	cr_assert(same_text(oci_annotation(oci, "org.example.b"), "2"));
	cr_assert(same_text(oci_annotation(oci, "org.example.a"), ""));
	cr_assert(oci_annotation(oci, "org.example") == NULL);
	cr_assert(eq(sz, reading.warnings.n, 1));
	cr_assert(same_text(reading.warnings.items[0],
			    "config.json:16:43: process.capabilities.ambient[1]: unknown capability "
			    "\"CAP_FUTURE\" is left out"));
}

Test(oci_config, takes_null_for_absent_and_the_last_of_two_keys)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("nulls");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(same_text(reading.oci.version, "1.2.1"));
	cr_assert(holds(!reading.oci.process_given && !reading.oci.resources.devices_given &&
			!reading.oci.resources.pids_given && !reading.oci.seccomp_given &&
			!reading.oci.personality_given && !reading.oci.time_monotonic.given));
}

Test(oci_config, takes_the_last_of_two_keys_in_a_map)
{
	_cleanup_oci_ struct oci_reading reading =
		oci_read_more("\"annotations\":{\"b\":\"1\",\"a\":\"2\",\"b\":\"3\"}");

	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(eq(sz, reading.oci.annotations.n, 2));
	cr_assert(same_text(oci_annotation(&reading.oci, "b"), "3"));
}

Test(oci_config, accepts_every_first_major_version)
{
	static const char *const versions[] = {
		VERSION("1.0.0"), VERSION("1.0.2-dev"), VERSION("1.0.0-rc5+dev"),
		VERSION("1.3.0"), VERSION("1.2.1"),     VERSION("1.99.12+x-y.z"),
	};

	oci_accepts(read_whole_text, versions, ARRAY_SIZE(versions));
}

Test(oci_config, refuses_other_versions_and_what_is_none)
{
	static const struct oci_mistake mistakes[] = {
		{ VERSION("0.5.0-dev"),
		  "ociVersion: version \"0.5.0-dev\" of the runtime-spec is not supported, 1.x.y are" },
		{ VERSION("2.0.0"),
		  "ociVersion: version \"2.0.0\" of the runtime-spec is not supported, 1.x.y are" },
		{ VERSION("10.0.0"),
		  "ociVersion: version \"10.0.0\" of the runtime-spec is not supported, 1.x.y are" },
		{ VERSION("1"), "ociVersion: \"1\" is not a version like \"1.3.0\"" },
		{ VERSION("1.0"), "ociVersion: \"1.0\" is not a version like \"1.3.0\"" },
		{ VERSION("1.0.0.0"), "ociVersion: \"1.0.0.0\" is not a version like \"1.3.0\"" },
		{ VERSION("1.02.0"), "ociVersion: \"1.02.0\" is not a version like \"1.3.0\"" },
		{ VERSION("1.0.0-"), "ociVersion: \"1.0.0-\" is not a version like \"1.3.0\"" },
		{ VERSION("1.0.0-a..b"), "ociVersion: \"1.0.0-a..b\" is not a version like \"1.3.0\"" },
		{ VERSION("v1.0.0"), "ociVersion: \"v1.0.0\" is not a version like \"1.3.0\"" },
		{ VERSION(""), "ociVersion: \"\" is not a version like \"1.3.0\"" },
		{ "{\"root\":{\"path\":\"r\"}}", "ociVersion: missing" },
		{ "{\"ociVersion\":null,\"root\":{\"path\":\"r\"}}", "ociVersion: missing" },
		{ "{\"ociVersion\":1,\"root\":{\"path\":\"r\"}}",
		  "ociVersion: expected a string, not an integer" },
	};

	oci_refuses(read_whole_text, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_config, demands_a_root)
{
	static const struct oci_mistake mistakes[] = {
		{ "{\"ociVersion\":\"1.0.0\"}", "root: missing" },
		{ "{\"ociVersion\":\"1.0.0\",\"root\":{}}", "root.path: missing" },
		{ "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}", "root.path: is empty" },
		{ "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":7}}",
		  "root.path: expected a string, not an integer" },
		{ "{\"ociVersion\":\"1.0.0\",\"root\":[]}", "root: expected an object, not an array" },
		{ "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\",\"readonly\":\"yes\"}}",
		  "root.readonly: expected true or false, not a string" },
	};

	oci_refuses(read_whole_text, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_config, refuses_a_wrong_type_for_each_part)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"process\":[]", "process: expected an object, not an array" },
		{ "\"hostname\":1", "hostname: expected a string, not an integer" },
		{ "\"domainname\":{}", "domainname: expected a string, not an object" },
		{ "\"mounts\":{}", "mounts: expected an array, not an object" },
		{ "\"mounts\":[\"/x\"]", "mounts[0]: expected an object, not a string" },
		{ "\"mounts\":[null]", "mounts[0]: expected an object, not null" },
		{ "\"hooks\":[]", "hooks: expected an object, not an array" },
		{ "\"hooks\":{\"prestart\":{}}", "hooks.prestart: expected an array, not an object" },
		{ "\"annotations\":[]", "annotations: expected an object, not an array" },
		{ "\"annotations\":{\"a\":1}", "annotations.a: expected a string, not an integer" },
		{ "\"annotations\":{\"\":\"x\"}", "annotations: has an empty key" },
		{ "\"linux\":\"yes\"", "linux: expected an object, not a string" },
	};

	oci_refuses(oci_read_more, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_config, demands_a_namespace_for_what_would_change_the_host)
{
	static const struct oci_mistake mistakes[] = {
		{ "\"hostname\":\"x\"", "hostname: needs a uts namespace of the container's own" },
		{ "\"domainname\":\"x\"", "domainname: needs a uts namespace of the container's own" },
		{ "\"linux\":{\"netDevices\":{\"eth0\":{}}}", "linux.netDevices: needs a network namespace" },
		{ "\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]}",
		  "linux.uidMappings: needs a user namespace" },
		{ "\"linux\":{\"timeOffsets\":{\"boottime\":{\"secs\":1}}}",
		  "linux.timeOffsets: needs a new time namespace" },
		{ "\"linux\":{\"sysctl\":{\"net.core.somaxconn\":\"1\"}}",
		  "linux.sysctl.net.core.somaxconn: would change the host: the container has no network "
		  "namespace" },
		{ "\"linux\":{\"namespaces\":[{\"type\":\"network\"}],\"sysctl\":{\"kernel.shmmax\":\"1\"}}",
		  "linux.sysctl.kernel.shmmax: would change the host: the container has no ipc namespace" },
		{ "\"linux\":{\"namespaces\":[{\"type\":\"network\"}],\"sysctl\":{\"vm.swappiness\":\"1\"}}",
		  "linux.sysctl.vm.swappiness: would change the host: no namespace has this setting of its own" },
		{ "\"linux\":{\"namespaces\":[{\"type\":\"ipc\"}],\"sysctl\":{\"kernel.shmmaxx\":\"1\"}}",
		  "linux.sysctl.kernel.shmmaxx: would change the host: no namespace has this setting of its "
		  "own" },
		{ "\"linux\":{\"namespaces\":[{\"type\":\"network\"}],\"sysctl\":{\"net/../kernel/x\":\"1\"}}",
		  "linux.sysctl.net/../kernel/x: is not the name of a kernel setting" },
	};

	oci_refuses(oci_read_more, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_config, accepts_settings_of_a_namespace_in_both_spellings)
{
	static const char *const texts[] = {
		"\"namespaces\":[{\"type\":\"network\"}],\"sysctl\":{\"net.core.somaxconn\":\"1\","
		"\"net/ipv4/conf/eno2.100/rp_filter\":\"0\"}",
		"\"namespaces\":[{\"type\":\"ipc\"}],\"sysctl\":{\"kernel.sem\":\"1\",\"fs.mqueue.msg_max\":\"1\","
		"\"kernel/shmmax\":\"1\"}",
		"\"namespaces\":[{\"type\":\"uts\",\"path\":\"/proc/1/ns/uts\"}],\"sysctl\":{\"kernel.domainname\":\"x\"}",
	};

	oci_accepts(oci_read_linux, texts, ARRAY_SIZE(texts));
}

Test(oci_config, says_file_line_and_column_first)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_corpus("mistakes");

	cr_assert(eq(int, reading.result, -EINVAL));
	cr_assert(eq(int, reading.err.code, EINVAL));
	cr_assert(same_text(reading.err.msg,
			    "config.json:1:94: linux.namespaces[1].type: unknown namespace \"nett\""));
	cr_assert(same_text(reading.err.remedy, ""));
}

Test(oci_config, proposes_the_word_that_was_probably_meant)
{
	_cleanup_oci_ struct oci_reading reading = oci_read_linux("\"namespaces\":[{\"type\":\"netwrok\"}]");

	cr_assert(same_text(reading.err.remedy, "did you mean network?"));
}

Test(oci_config, leaves_the_result_alone_after_a_mistake)
{
	struct oci oci = { .rootfs = "untouched" };
	struct arena *arena = arena_new();
	const char *text = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"mounts\":1}";

	cr_assert(eq(int, oci_read_text("/b", "c", text, strlen(text), arena, &oci, NULL, NULL), -EINVAL));
	cr_assert(same_text(oci.rootfs, "untouched"));
	arena_free(arena);
}

/* Each beginning of a config is refused, in one line, as an error of syntax with its place. */
Test(oci_config, refuses_a_config_that_was_cut_off_anywhere)
{
	size_t size;
	_cleanup_free_ char *text = oci_corpus("start", &size);

	while (text[size - 1] != '}')
		size--;
	for (size_t cut = 0; cut < size; cut++) {
		_cleanup_oci_ struct oci_reading reading = oci_read_bytes(text, cut);

		cr_assert(eq(int, reading.result, -EINVAL), "cut at %zu", cut);
		cr_assert(str_starts(reading.err.msg, "config.json:1:"), "cut at %zu: %s", cut,
			  reading.err.msg);
		cr_assert(holds(!strchr(reading.err.msg, '\n')));
	}
}

Test(oci_config, refuses_what_is_no_json_in_one_line)
{
	static const struct oci_mistake mistakes[] = {
		{ "", "the file is empty" },
		{ "[]", "expected an object, not an array" },
		{ "{]", "expected a key or \"}\"" },
		{ "{}\n{}", "expected the end of the file" },
		{ "{\"a\":\"\\ud800\"}", "half of a surrogate pair is not a character" },
		{ "{\"a\":\"\\u0000\"}", "a string can't contain a NUL character" },
		{ "{\"a\":\"\xff\"}", "not valid UTF-8" },
		{ "// comment\n{}", "expected an object" },
	};

	oci_refuses(read_whole_text, mistakes, ARRAY_SIZE(mistakes));
}

Test(oci_config, keeps_a_limit_on_depth_values_and_size)
{
	enum { DEEP = 2 * (JSON_LENIENT_DEPTH_MAX + 1) };
	char text[DEEP + 8] = "{\"a\":";
	char *large = calloc(1, OCI_FILE_MAX + 2);
	_cleanup_oci_ struct oci_reading deep = { 0 }, many = { 0 }, big = { 0 };

	for (size_t i = 0; i < JSON_LENIENT_DEPTH_MAX; i++)
		strcat(text, "[");
	deep = oci_read_bytes(text, strlen(text));
	cr_assert(same_text(oci_message(&deep), "nested deeper than 128 levels"));

	strcpy(large, "{\"a\":[0");
	for (size_t i = 7; i < 7 + 2 * JSON_LENIENT_VALUES_MAX; i += 2)
		memcpy(large + i, ",0", 2);
	many = oci_read_bytes(large, strlen(large));
	cr_assert(same_text(oci_message(&many), "more than 200000 values"));

	memset(large, ' ', OCI_FILE_MAX + 1);
	big = oci_read_bytes(large, OCI_FILE_MAX + 1);
	cr_assert(eq(int, big.result, -EFBIG));
	free(large);
}

Test(oci_config, reads_a_file_and_names_one_that_is_not_there)
{
	struct arena *arena = arena_new();
	struct error err = { 0 };
	struct oci oci;

	cr_assert(eq(int, oci_read_file("/b", OCI_CORPUS_DIR "/minimal", arena, &oci, NULL, &err), 0));
	cr_assert(same_text(oci.rootfs, "/b/rootfs"));
	cr_assert(eq(int, oci_read_file("/b", "/nowhere/config.json", arena, &oci, NULL, &err), -ENOENT));
	cr_assert(same_text(err.msg, "open /nowhere/config.json"));
	cr_assert(eq(int, oci_read_file("/b", "/", arena, &oci, NULL, &err), -EISDIR));
	arena_free(arena);
}

/* As large as what Docker writes: all calls one by one. A quadratic scan would need seconds. */
Test(oci_config, reads_a_large_config_in_linear_time)
{
	enum { RULES = 20000, SIZE = 2 * 1024 * 1024 };
	char *text = calloc(1, SIZE);
	size_t used = (size_t)sprintf(
		text, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"annotations\":{");
	_cleanup_oci_ struct oci_reading reading = { 0 };
	struct timespec before, after;

	for (int i = 0; i < RULES; i++)
		used += (size_t)sprintf(text + used, "%s\"k%d\":\"\"", i ? "," : "", RULES - i);
	used += (size_t)sprintf(
		text + used, "},\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[");
	for (int i = 0; i < RULES; i++)
		used += (size_t)sprintf(text + used, "%s{\"names\":[\"c%d\"],\"action\":\"SCMP_ACT_LOG\"}",
					i ? "," : "", i);
	used += (size_t)sprintf(text + used, "]}}}");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	reading = oci_read_bytes(text, used);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	cr_assert(eq(int, reading.result, 0), "%s", reading.err.msg);
	cr_assert(eq(sz, reading.oci.seccomp.n_rules, RULES));
	cr_assert(eq(sz, reading.oci.annotations.n, RULES));
	cr_assert(after.tv_sec - before.tv_sec < 3);
	free(text);
}
