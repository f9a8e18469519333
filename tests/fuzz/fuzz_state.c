/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * State files: what is read back of a service (record.h) and of an OCI container (state.h), whatever
 * somebody made of the file. An input that begins with "=== " is a whole run directory (directory.h), any
 * other the one file; it can hold several of them (pieces.h). What was read is written and read again: the
 * same must come back.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "launcher/oci/state.h"
#include "launcher/service/counters.h"
#include "launcher/service/record.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/pieces.h"

static void check_record(struct record *record)
{
	static struct record again;
	struct error err = { 0 };

	demand(strnlen(record->name, sizeof(record->name)) < sizeof(record->name));
	demand(strnlen(record->reason, sizeof(record->reason)) < sizeof(record->reason));
	(void)record_alive(record);
	(void)record_status_name(record->status);
	(void)record_health_name(record->health);
	if (record->status == RECORD_LOST) {
		demand(record_write(directory_fd(), record, &err) < 0);
		record->status = RECORD_EXITED;
	}
	/* What is missing in the file is empty in the record, which can't be written as missing. */
	if (record_write(directory_fd(), record, &err) == 0 && record->name[0] && record->id[0] &&
	    record_read(directory_fd(), &again, &err) == 0)
		demand(strcmp(record->name, again.name) == 0 && strcmp(record->reason, again.reason) == 0 &&
		       record->host_id == again.host_id && record->created_ns == again.created_ns);
}

/* Whatever the file held, it is the supervisor's afterwards, and as it was if it was one. */
static void map_counters(void)
{
	struct counters before, after, *mapped = NULL;
	struct error err = { 0 };

	demand(counters_read(directory_fd(), &before) == 0);
	if (counters_map(directory_fd(), &mapped, &err) < 0) {
		demand(err.msg[0] != '\0');
		return;
	}
	mapped->starts++;
	demand(counters_read(directory_fd(), &after) == 0 && after.starts == before.starts + 1 &&
	       after.log_bytes == before.log_bytes);
	demand(counters_unmap(mapped) == NULL);
}

static void read_file(void)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	static struct record record;
	struct counters counters;
	struct oci_state state, again;
	struct error err = { 0 };

	demand(arena != NULL);
	memset(&state, 0, sizeof(state));
	if (oci_state_read(directory_fd(), arena, &state, &err) == 0) {
		demand(oci_state_json(&state, oci_state_status(&state), arena) != NULL);
		demand(oci_state_write(directory_fd(), &state, &err) == 0);
		demand(oci_state_read(directory_fd(), arena, &again, &err) == 0);
		demand(strcmp(state.id, again.id) == 0 && strcmp(state.bundle, again.bundle) == 0 &&
		       state.annotations.n == again.annotations.n && state.pid == again.pid);
		return;
	}
	demand(err.msg[0] != '\0');
	err = (struct error){ 0 };
	if (record_read(directory_fd(), &record, &err) == 0)
		check_record(&record);
	else
		demand(err.msg[0] != '\0');
	(void)counters_read(directory_fd(), &counters);
	map_counters();
}

static void read_directory(void)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct oci_state_root root = { .path = directory_path(), .given = true };
	static struct record found;
	struct record *records;
	struct error err = { 0 };
	struct counters counters;
	struct oci_state state;
	size_t n;

	demand(arena != NULL);
	demand(record_list(directory_path(), arena, &records, &n, &err) == 0);
	for (size_t i = 0; i < n; i++) {
		_cleanup_fd_ int fd = record_open(directory_path(), records[i].name, &err);

		demand(fd >= 0 && (i == 0 || strcmp(records[i - 1].name, records[i].name) < 0));
		(void)!counters_read(fd, &counters);
		demand(record_find(directory_path(), records[i].name, &found, &err) == 0);
		(void)!record_find(directory_path(), records[i].id, &found, &err);
	}
	(void)!record_find(directory_path(), "we", &found, &err);
	(void)!record_find(directory_path(), "8b2e", &found, &err);
	for (size_t i = 0; i < n; i++) {
		_cleanup_fd_ int fd = oci_state_open(&root, records[i].name, &err);

		if (fd >= 0)
			(void)!oci_state_read(fd, arena, &state, &err);
	}
}

static void judge(const uint8_t *data, size_t size)
{
	directory_fill(data, size);
	if (size > 4 && memcmp(data, "=== ", 4) == 0) {
		read_directory();
		return;
	}
	demand(directory_put("state.json", data, size) && directory_put("counters", data, size));
	read_file();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pieces_each(data, size, judge);
	return 0;
}
