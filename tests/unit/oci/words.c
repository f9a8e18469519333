/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words of the command line with a meaning of their own: signals, sizes, durations; and net/dev. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "launcher/oci/commands/duration.h"
#include "launcher/oci/commands/network_stats.h"
#include "launcher/oci/commands/signals.h"
#include "launcher/oci/commands/update_flags.h"
#include "profiles/oci/oci_read.h"

Test(oci_words, know_a_signal_by_number_and_by_name_in_any_case)
{
	static const struct {
		const char *word;
		int number;
	} cases[] = {
		{ "9", SIGKILL },      { "KILL", SIGKILL }, { "SIGKILL", SIGKILL }, { "sigkill", SIGKILL },
		{ "Term", SIGTERM },   { "0", 0 },          { "64", 64 },           { "RTMIN", 34 },
		{ "SIGRTMIN+3", 37 },  { "rtmax", 64 },     { "SIGRTMAX-1", 63 },   { "CLD", SIGCHLD },
		{ "SIGRTMIN+30", 64 }, { "IOT", SIGABRT },
	};
	static const char *const wrong[] = { "",        "65",       "-9",     "KILLS",    "SIG",
					     "RTMIN-1", "RTMAX+1",  "RTMIN+", "RTMIN+31", "RTMIN1",
					     "9 ",      "SIGSIG11", "0x9",    "RTMAX-99" };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_assert(eq(int, signals_number(cases[i].word), cases[i].number), "%s", cases[i].word);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		cr_assert(eq(int, signals_number(wrong[i]), -EINVAL), "%s", wrong[i]);
}

Test(oci_words, read_sizes_as_docker_writes_them)
{
	static const struct {
		const char *word;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0 },
		{ "1024", 1024 },
		{ "1b", 1 },
		{ "4k", 4096 },
		{ "4K", 4096 },
		{ "4kb", 4096 },
		{ "4KiB", 4096 },
		{ "512m", 512ULL << 20 },
		{ "1.5g", 3ULL << 29 },
		{ "2 g", 2ULL << 30 },
		{ "1T", 1ULL << 40 },
		{ "-1", OCI_UNLIMITED },
		{ "8191p", 8191ULL << 50 },
	};
	static const char *const wrong[] = { "",    "m",    "-2",   "1x",  "1mm", "1.m",
					     ".5g", "1,5g", "0x10", "1 0", "1e3" };
	uint64_t bytes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cr_assert(zero(int, update_flags_bytes(cases[i].word, &bytes)), "%s", cases[i].word);
		cr_assert(eq(u64, bytes, cases[i].bytes), "%s", cases[i].word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		cr_assert(eq(int, update_flags_bytes(wrong[i], &bytes), -EINVAL), "%s", wrong[i]);
	cr_assert(eq(int, update_flags_bytes("8192p", &bytes), -ERANGE));
	cr_assert(eq(int, update_flags_bytes("99999999999999999999", &bytes), -ERANGE));
}

static int read_flag(const char *word, struct oci_resources *ret)
{
	const struct oci_command command = { .name = "update", .options = update_options };
	char *argv[] = { "update", word, NULL };
	struct oci_parse parse;

	oci_resources_init(ret);
	cr_assert(zero(int, oci_command_words(&command, 2, argv, &parse, NULL)), "%s", word);
	return update_flags_read(&parse, ret, NULL);
}

Test(oci_words, of_update_leave_a_zero_as_it_is)
{
	static const char *const words[] = { "--memory=0",       "--cpu-share=0",  "--cpu-quota=0",
					     "--blkio-weight=0", "--pids-limit=0", "--cpuset-cpus=" };
	struct oci_resources nothing, read;

	oci_resources_init(&nothing);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		cr_assert(zero(int, read_flag(words[i], &read)));
		cr_assert(eq(u64, read.cpu_shares, nothing.cpu_shares));
		cr_assert(eq(u64, read.cpu_quota, nothing.cpu_quota));
		cr_assert(eq(u64, read.io_weight, nothing.io_weight));
		cr_assert(not(read.pids_given));
		cr_assert(eq(ptr, read.cpus, NULL));
	}
}

Test(oci_words, of_update_know_what_unlimited_is)
{
	struct oci_resources read;

	cr_assert(zero(int, read_flag("--cpu-quota=-1", &read)));
	cr_assert(eq(u64, read.cpu_quota, OCI_UNLIMITED));
	cr_assert(zero(int, read_flag("--memory-swap=-1", &read)));
	cr_assert(eq(u64, read.memory_swap, OCI_UNLIMITED));
	cr_assert(zero(int, read_flag("--pids-limit=-1", &read)));
	cr_assert(read.pids_given);
	cr_assert(eq(i64, read.pids_limit, -1));
	cr_assert(zero(int, read_flag("--cpu-burst=0", &read)));
	cr_assert(zero(u64, read.cpu_burst));
}

Test(oci_words, of_update_are_refused_when_they_are_no_numbers)
{
	struct oci_resources read;

	cr_assert(eq(int, read_flag("--cpu-period=1s", &read), -EINVAL));
	cr_assert(eq(int, read_flag("--cpu-period=-1", &read), -EINVAL));
	cr_assert(eq(int, read_flag("--pids-limit=ten", &read), -EINVAL));
	cr_assert(eq(int, read_flag("--pids-limit=9223372036854775808", &read), -EINVAL));
	cr_assert(eq(int, read_flag("--memory=much", &read), -EINVAL));
}

Test(oci_words, read_durations_as_go_writes_them)
{
	static const struct {
		const char *word;
		uint64_t ms;
	} cases[] = { { "5s", 5000 },  { "300ms", 300 }, { "1m30s", 90000 },      { "1.5h", 5400000 },
		      { "2500us", 2 }, { ".5s", 500 },   { "1h1m1s1ms", 3661001 } };
	static const char *const wrong[] = { "",     "5",  "s",  "-5s",      "0s", "5 s",
					     "5sec", ".s", "1d", "9999999h", "1s-" };
	uint64_t ms = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cr_assert(zero(int, duration_parse(cases[i].word, &ms)), "%s", cases[i].word);
		cr_assert(eq(u64, ms, cases[i].ms), "%s", cases[i].word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		cr_assert(eq(int, duration_parse(wrong[i], &ms), -EINVAL), "%s", wrong[i]);
}

static char *print_network(const char *text)
{
	char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);

	network_stats_print(out, text);
	fclose(out);
	return printed;
}

Test(oci_words, of_net_dev_become_counters)
{
	char *printed =
		print_network("Inter-|   Receive                            |  Transmit\n"
			      " face |bytes    packets errs drop fifo frame compressed multicast|bytes\n"
			      "    lo:     100       1    2    3    0     0          0         0"
			      "      200       4    5    6    0     0       0          0\n"
			      "e\"0:1: 7 0 0 0 0 0 0 0 8 0 0 0 0 0 0 0\n"
			      "torn: 1 2 3\n");

	cr_assert(eq(str, printed,
		     "[{\"Name\":\"lo\",\"RxBytes\":100,\"RxPackets\":1,\"RxErrors\":2,\"RxDropped\":3,"
		     "\"TxBytes\":200,\"TxPackets\":4,\"TxErrors\":5,\"TxDropped\":6},"
		     "{\"Name\":\"e\\\"0:1\",\"RxBytes\":7,\"RxPackets\":0,\"RxErrors\":0,\"RxDropped\":0,"
		     "\"TxBytes\":8,\"TxPackets\":0,\"TxErrors\":0,\"TxDropped\":0}]"));
	free(printed);
	printed = print_network("");
	cr_assert(eq(str, printed, "[]"));
	free(printed);
}
