/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* state.json, both ways by one table: what is written is what is read. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "launcher/logs/log_time.h"
#include "launcher/service/record.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"

enum { FILE_MAX_BYTES = 64 * 1024, VERSION = 1 };

enum kind { TEXT, BOOL, COUNT, EXIT, TIME, PID, PROCESS, STATUS, HEALTH, LIMIT, CORES };

struct field {
	const char *name;
	enum kind kind;
	size_t offset, size;
	bool required; /* without it the file says nothing */
};

#define MEMBER(member) offsetof(struct record, member), sizeof(((struct record *)0)->member)

static const struct field fields[] = {
	{ "name", TEXT, MEMBER(name), true },
	{ "id", TEXT, MEMBER(id), true },
	{ "boot_id", TEXT, MEMBER(boot_id), true },
	{ "status", STATUS, MEMBER(status), true },
	{ "supervisor", PROCESS, MEMBER(supervisor), true },
	{ "standby", PROCESS, MEMBER(standby), false },
	{ "init", PROCESS, MEMBER(init), false },
	{ "payload_pid", PID, MEMBER(payload_pid), false },
	{ "detached", BOOL, MEMBER(detached), false },
	{ "remove", BOOL, MEMBER(remove), false },
	{ "created", TIME, MEMBER(created_ns), false },
	{ "started", TIME, MEMBER(started_ns), false },
	{ "finished", TIME, MEMBER(finished_ns), false },
	{ "restarts", COUNT, MEMBER(restarts), false },
	{ "exit_status", EXIT, MEMBER(exit_status), false },
	{ "by_launcher", BOOL, MEMBER(by_launcher), false },
	{ "oom_killed", BOOL, MEMBER(oom_killed), false },
	{ "reason", TEXT, MEMBER(reason), false },
	{ "health", HEALTH, MEMBER(health), false },
	{ "health_failures", COUNT, MEMBER(health_failures), false },
	{ "health_output", TEXT, MEMBER(health_output), false },
	{ "ready", BOOL, MEMBER(ready), false },
	{ "status_text", TEXT, MEMBER(status_text), false },
	{ "profile_path", TEXT, MEMBER(profile), false },
	{ "command", TEXT, MEMBER(command), false },
	{ "rootfs", TEXT, MEMBER(rootfs), false },
	{ "cgroup", TEXT, MEMBER(cgroup), false },
	{ "log_driver", TEXT, MEMBER(log_driver), false },
	{ "log_path", TEXT, MEMBER(log_path), false },
	{ "events_path", TEXT, MEMBER(events_path), false },
	{ "labels", TEXT, MEMBER(labels), false },
	{ "user", TEXT, MEMBER(user), false },
	{ "host_id", COUNT, MEMBER(host_id), false },
	{ "network", TEXT, MEMBER(network), false },
	{ "memory_bytes", LIMIT, MEMBER(memory_bytes), false },
	{ "pids", LIMIT, MEMBER(pids), false },
	{ "cpu_cores", CORES, MEMBER(cpu_cores), false },
};

/* --- writing ---------------------------------------------------------------- */

static void print_time(FILE *out, uint64_t ns)
{
	char text[JSON_LINE_TIME_SIZE];

	if (ns == 0) {
		fputs("null", out);
		return;
	}
	log_time_format((int64_t)ns, text);
	fprintf(out, "\"%.*s\"", JSON_LINE_TIME_SIZE, text);
}

static void print_process(FILE *out, const struct record_process *process)
{
	if (process->pid == 0)
		fputs("null", out);
	else
		fprintf(out, "{\"pid\":%d,\"starttime\":%" PRIu64 "}", (int)process->pid, process->starttime);
}

/* JSON readers, our own too, hold no integer above INT64_MAX; no limit is that large. */
static void print_limit(FILE *out, uint64_t value)
{
	if (value > INT64_MAX)
		fputs("null", out);
	else
		fprintf(out, "%" PRIu64, value);
}

static void print_field(FILE *out, const struct field *field, const struct record *record)
{
	const void *at = (const char *)record + field->offset;

	switch (field->kind) {
	case TEXT:
		json_print_string(out, at);
		break;
	case BOOL:
		fputs(*(const bool *)at ? "true" : "false", out);
		break;
	case COUNT:
	case LIMIT:
		print_limit(out, *(const uint64_t *)at);
		break;
	case EXIT:
		if (record->finished_ns == 0)
			fputs("null", out);
		else
			fprintf(out, "%d", *(const int *)at);
		break;
	case PID:
		fprintf(out, "%d", *(const int *)at);
		break;
	case TIME:
		print_time(out, *(const uint64_t *)at);
		break;
	case PROCESS:
		print_process(out, at);
		break;
	case STATUS:
		json_print_string(out, record_status_name(record->status));
		break;
	case HEALTH:
		json_print_string(out, record_health_name(record->health));
		break;
	case CORES:
		if (*(const double *)at > 0)
			fprintf(out, "%.3f", *(const double *)at);
		else
			fputs("null", out);
		break;
	}
}

static int write_whole(int dir, const char *text, size_t size, struct error *err)
{
	_cleanup_fd_ int fd =
		openat(dir, "state.json.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return error_set(err, errno, "create state.json.new");
	r = fd_write_all(fd, text, size);
	if (r == 0 && renameat(dir, "state.json.new", dir, "state.json") < 0)
		r = -errno;
	if (r == 0)
		return 0;
	unlinkat(dir, "state.json.new", 0);
	return error_set(err, -r, "write state.json");
}

int record_write(int dir, const struct record *record, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int r;

	if (record->status == RECORD_LOST)
		return error_set(err, EINVAL, "write down that %s is lost", record->name);
	out = open_memstream(&text, &size);
	if (!out)
		return error_set(err, ENOMEM, "format state.json");
	fprintf(out, "{\"version\":%d", VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fprintf(out, ",\n\"%s\":", fields[i].name);
		print_field(out, &fields[i], record);
	}
	fputs("}\n", out);
	r = fclose(out) == 0 ? write_whole(dir, text, size, err)
			     : error_set(err, ENOMEM, "format state.json");
	free(text);
	return r;
}

/* --- reading ---------------------------------------------------------------- */

/* A newer kapsel may write longer texts: cut, but not in the middle of a character. */
static void read_text(char *ret, size_t size, const char *text)
{
	size_t length = strnlen(text, size);

	if (length == size) {
		length--;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(ret, text, length);
	ret[length] = '\0';
}

static int read_u64(const struct json *value, uint64_t *ret)
{
	if (value->type != JSON_INTEGER || value->integer < 0)
		return -EINVAL;
	*ret = (uint64_t)value->integer;
	return 0;
}

static int read_int(const struct json *value, int *ret)
{
	if (value->type != JSON_INTEGER || value->integer < 0 || value->integer > INT32_MAX)
		return -EINVAL;
	*ret = (int)value->integer;
	return 0;
}

static int read_time(const struct json *value, uint64_t *ret)
{
	int64_t ns;

	if (value->type != JSON_STRING || log_time_parse(value->text, strlen(value->text), &ns) < 0 || ns < 0)
		return -EINVAL;
	*ret = (uint64_t)ns;
	return 0;
}

static int read_process(const struct json *value, struct record_process *ret)
{
	const struct json *pid = json_get(value, "pid"), *starttime = json_get(value, "starttime");

	if (value->type != JSON_OBJECT || !pid || !starttime || read_int(pid, &ret->pid) < 0)
		return -EINVAL;
	return read_u64(starttime, &ret->starttime);
}

static int read_status(const struct json *value, struct record *ret)
{
	for (int i = RECORD_STARTING; value->type == JSON_STRING && i < RECORD_LOST; i++) {
		if (str_equal(value->text, record_status_name((enum record_status)i))) {
			ret->status = (enum record_status)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_health(const struct json *value, struct record *ret)
{
	for (int i = RECORD_HEALTH_NONE; value->type == JSON_STRING && i <= RECORD_UNHEALTHY; i++) {
		if (str_equal(value->text, record_health_name((enum record_health)i))) {
			ret->health = (enum record_health)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_cores(const struct json *value, double *ret)
{
	if (!(value->type & (JSON_INTEGER | JSON_NUMBER)) || !(value->number >= 0 && value->number < 1e6))
		return -EINVAL;
	*ret = value->number;
	return 0;
}

static int read_field(const struct field *field, const struct json *value, struct record *ret)
{
	void *at = (char *)ret + field->offset;

	switch (field->kind) {
	case TEXT:
		if (value->type != JSON_STRING)
			return -EINVAL;
		read_text(at, field->size, value->text);
		return 0;
	case BOOL:
		if (value->type != JSON_BOOL)
			return -EINVAL;
		*(bool *)at = value->boolean;
		return 0;
	case COUNT:
	case LIMIT:
		return read_u64(value, at);
	case EXIT:
	case PID:
		return read_int(value, at);
	case TIME:
		return read_time(value, at);
	case PROCESS:
		return read_process(value, at);
	case STATUS:
		return read_status(value, ret);
	case HEALTH:
		return read_health(value, ret);
	case CORES:
		return read_cores(value, at);
	}
	return -EINVAL;
}

static int read_fields(const struct json *root, struct record *ret, struct error *err)
{
	*ret = (struct record){ .memory_bytes = UINT64_MAX, .pids = UINT64_MAX };
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct json *value = json_get(root, fields[i].name);
		const bool empty = !value || value->type == JSON_NULL;

		/* null is what a number or a time is that is not known (yet). */
		if (empty && !fields[i].required)
			continue;
		if (empty && value && fields[i].kind == PROCESS)
			continue;
		if (empty || read_field(&fields[i], value, ret) < 0)
			return error_set(err, EINVAL, "read state.json: \"%s\" is %s", fields[i].name,
					 value ? "not what it should be" : "missing");
	}
	return 0;
}

static int parse(char *text, size_t size, struct arena *arena, struct record *ret, struct error *err)
{
	struct findings *findings = arena_alloc(arena, sizeof(*findings));
	const struct source source = { .name = "state.json", .text = text, .size = size };
	struct json *root = NULL;
	int r;

	if (!findings)
		return error_set(err, ENOMEM, "read state.json");
	r = json_parse(&source, JSON_STRICT, arena, findings, &root);
	if (r == -ENOMEM)
		return error_set(err, ENOMEM, "read state.json");
	if (r < 0)
		return error_set(err, EINVAL, "read state.json: %s",
				 findings->n > 0 ? findings->items[0].message : "it is no JSON");
	return read_fields(root, ret, err);
}

static int read_once(int dir, struct arena *arena, struct record *ret, struct error *err)
{
	char *text = arena_alloc(arena, FILE_MAX_BYTES);
	ssize_t size;

	if (!text)
		return error_set(err, ENOMEM, "read state.json");
	size = fd_read_file(dir, "state.json", text, FILE_MAX_BYTES);
	if (size == -ENOENT)
		return -ENOENT;
	if (size < 0)
		return error_set(err, (int)-size, "read state.json");
	return parse(text, (size_t)size, arena, ret, err);
}

static bool is_lost(const struct record *record)
{
	char boot_id[sizeof(record->boot_id) + 1];
	ssize_t size;

	if (record->status == RECORD_EXITED)
		return false;
	size = fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id));
	if (size > 0) {
		boot_id[strcspn(boot_id, "\n")] = '\0';
		if (!str_equal(boot_id, record->boot_id))
			return true;
	}
	return !record_process_lives(&record->supervisor) && !record_process_lives(&record->standby);
}

int record_read(int dir, struct record *ret, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	int r;

	if (!arena)
		return error_set(err, ENOMEM, "read state.json");
	r = read_once(dir, arena, ret, err);
	if (r < 0 || !is_lost(ret))
		return r;
	/* It may have ended in the meantime, with a last word: the processes were looked at after the file.
	 */
	r = read_once(dir, arena, ret, err);
	if (r == 0 && is_lost(ret))
		ret->status = RECORD_LOST;
	return r;
}
