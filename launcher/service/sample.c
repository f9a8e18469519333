/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

enum { NANOSECONDS = 1000000000, PROCS_MAX_BYTES = 64 * 1024 };

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

/*
 * The size of /proc/<pid>/fd is the number of open descriptors since 6.2, and may be asked for by
 * everybody; listing them would need the right to trace the process.
 */
static uint64_t count_descriptors(int group)
{
	char text[PROCS_MAX_BYTES], path[48], *save = NULL;
	uint64_t sum = 0;
	struct stat st;

	if (fd_read_file(group, "cgroup.procs", text, sizeof(text)) < 0)
		return USAGE_ABSENT;
	for (char *pid = strtok_r(text, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save)) {
		snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
		if (stat(path, &st) == 0)
			sum += (uint64_t)st.st_size;
	}
	return sum > 0 ? sum : USAGE_ABSENT;
}

static int read_interfaces(const struct record *record, struct arena *arena, struct sample *ret,
			   struct error *err)
{
	char text[NETWORK_TEXT_MAX];
	struct network_interface next, *list;
	const char *at = text;
	size_t n = 0;

	if (network_read(record->init.pid, text) < 0 || !record_process_lives(&record->init))
		return 0; /* gone, or another's */
	ret->network_known = true;
	while (network_next(&at, &next))
		n += !str_equal(next.name, "lo");
	list = arena_array(arena, n, sizeof(*list));
	if (!list)
		return error_set(err, ENOMEM, "read the network interfaces of %s", record->name);
	ret->interfaces = list;
	for (at = text; network_next(&at, &next);)
		if (!str_equal(next.name, "lo"))
			list[ret->n_interfaces++] = next;
	return 0;
}

static int read_network(const struct record *record, struct arena *arena, struct sample *ret,
			struct error *err)
{
	/* With the host's namespace the numbers would be everybody's. */
	if (str_equal(record->network, "host") || record->init.pid <= 0)
		return 0;
	/* There is nothing but lo. */
	if (str_equal(record->network, "none") || str_equal(record->network, "loopback")) {
		ret->network_known = true;
		return 0;
	}
	return read_interfaces(record, arena, ret, err);
}

int sample_read(const char *run_dir, const struct record *record, unsigned int parts, struct arena *arena,
		struct sample *ret, struct error *err)
{
	_cleanup_fd_ int dir = -1, group = -1;

	*ret = (struct sample){ .record = record, .descriptors = USAGE_ABSENT };
	usage_clear(&ret->usage);
	if (parts & SAMPLE_COUNTERS) {
		dir = record_open(run_dir, record->name, NULL);
		if (dir >= 0 && counters_read(dir, &ret->counters) < 0)
			ret->counters = (struct counters){ 0 };
	}
	if (record_alive(record) && record->cgroup[0])
		group = open(record->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (group >= 0)
		usage_read(group, parts & USAGE_ALL, &ret->usage);
	ret->taken_us = now_ns(CLOCK_MONOTONIC) / 1000;
	ret->taken_ns = now_ns(CLOCK_REALTIME);
	if (group >= 0 && (parts & SAMPLE_DESCRIPTORS))
		ret->descriptors = count_descriptors(group);
	if ((parts & SAMPLE_NETWORK) && record_alive(record))
		return read_network(record, arena, ret, err);
	return 0;
}

static int find_records(const char *run_dir, char *const *names, size_t n_names, struct arena *arena,
			struct record **ret, size_t *ret_n, struct error *err)
{
	struct record *records;

	if (n_names == 0)
		return record_list(run_dir, arena, ret, ret_n, err);
	records = arena_array(arena, n_names, sizeof(*records));
	if (!records)
		return error_set(err, ENOMEM, "read the records");
	for (size_t i = 0; i < n_names; i++) {
		int r = record_find(run_dir, names[i], &records[i], err);

		if (r < 0)
			return r;
	}
	*ret = records;
	*ret_n = n_names;
	return 0;
}

int sample_list(const char *run_dir, char *const *names, size_t n_names, bool alive_only, unsigned int parts,
		struct arena *arena, struct sample **ret, size_t *ret_n, struct error *err)
{
	struct record *records = NULL;
	struct sample *samples;
	size_t n_records = 0, n = 0;
	int r = find_records(run_dir, names, n_names, arena, &records, &n_records, err);

	if (r < 0)
		return r;
	samples = arena_array(arena, n_records, sizeof(*samples));
	if (!samples)
		return error_set(err, ENOMEM, "read the services");
	for (size_t i = 0; i < n_records; i++) {
		if (n_names == 0 && alive_only && !record_alive(&records[i]))
			continue;
		r = sample_read(run_dir, &records[i], parts, arena, &samples[n], err);
		if (r < 0)
			return r;
		n++;
	}
	*ret = samples;
	*ret_n = n;
	return 0;
}

void sample_traffic(const struct sample *sample, uint64_t *ret_received, uint64_t *ret_sent)
{
	*ret_received = *ret_sent = 0;
	for (size_t i = 0; i < sample->n_interfaces; i++) {
		*ret_received += sample->interfaces[i].received.bytes;
		*ret_sent += sample->interfaces[i].sent.bytes;
	}
}

uint64_t sample_host_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) < 0 ? 0 : (uint64_t)info.totalram * info.mem_unit;
}
