/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
#include "base/macro.h"
#include "base/str.h"
#include "launcher/oci/state.h"
#include "launcher/oci/state_fields.h"
#include "profiles/json_print.h"

#define FIELD(name, kind, member)                                                                            \
	{                                                                                                    \
		name, kind, offsetof(struct oci_state, member), sizeof(((struct oci_state *)NULL)->member)   \
	}

static const struct state_field fields[] = {
	FIELD("id", STATE_TEXT, id),
	FIELD("bundle", STATE_TEXT, bundle),
	FIELD("rootfs", STATE_TEXT, rootfs),
	FIELD("created", STATE_TEXT, created),
	FIELD("ociVersion", STATE_TEXT, oci_version),
	FIELD("owner", STATE_MAYBE, owner),
	FIELD("pid", STATE_PID, pid),
	FIELD("startTime", STATE_U64, start_time),
	FIELD("rootless", STATE_BOOL, rootless),
	FIELD("hasSeccomp", STATE_BOOL, has_seccomp),
	FIELD("startReads", STATE_BOOL, start_reads),
	FIELD("creating", STATE_BOOL, creating),
	FIELD("started", STATE_BOOL, started),
	FIELD("noPivot", STATE_BOOL, no_pivot),
	FIELD("noNewKeyring", STATE_BOOL, no_new_keyring),
	FIELD("rdtGroup", STATE_MAYBE, rdt_group),
	FIELD("notifySocket", STATE_MAYBE, notify_socket),
	FIELD("cgroupManager", STATE_MANAGER, cgroup.manager),
	FIELD("cgroupPath", STATE_CHARS, cgroup.path),
	FIELD("cgroupMount", STATE_CHARS, cgroup.mount),
	FIELD("systemdUnit", STATE_CHARS, cgroup.unit),
	FIELD("systemdSlice", STATE_CHARS, cgroup.slice),
	FIELD("systemdUser", STATE_BOOL, cgroup.user_manager),
};

const struct state_field *state_fields(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(fields);
	return fields;
}

const char *const *state_manager_names(void)
{
	static const char *const names[] = { "cgroupfs", "systemd", "disabled", NULL };

	return names;
}

static bool is_utf8(const char *text)
{
	const unsigned char *next = (const unsigned char *)text;
	size_t left = strlen(text), length;

	for (; left > 0; next += length, left -= length) {
		length = str_utf8_length(next, left);
		if (length == 0)
			return false;
	}
	return true;
}

static uint32_t code_point(const unsigned char *text, size_t length)
{
	uint32_t value = length == 1 ? text[0] : text[0] & (0x7fU >> length);

	for (size_t i = 1; i < length; i++)
		value = value << 6 | (text[i] & 0x3fU);
	return value;
}

/*
 * The reader refuses what a person reading a profile could be deceived by. An annotation may hold it, so
 * all but ASCII is escaped. A path may even be no UTF-8: that becomes an array of its bytes.
 */
static void write_text(FILE *out, const char *text)
{
	const unsigned char *next = (const unsigned char *)text;
	bool valid = is_utf8(text);
	size_t left = strlen(text), length;

	fputc(valid ? '"' : '[', out);
	for (; left > 0; next += length, left -= length) {
		uint32_t code;

		length = valid ? str_utf8_length(next, left) : 1;
		code = valid ? code_point(next, length) : next[0];
		if (!valid)
			fprintf(out, "%s%u", next == (const unsigned char *)text ? "" : ",", code);
		else if (code >= 0x10000)
			fprintf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
				0xdc00 + (code & 0x3ff));
		else if (code < 0x20 || code >= 0x7f || code == '"' || code == '\\')
			fprintf(out, "\\u%04x", code);
		else
			fputc((int)code, out);
	}
	fputc(valid ? '"' : ']', out);
}

static void write_field(FILE *out, const struct state_field *field, const struct oci_state *state)
{
	const void *value = (const char *)state + field->offset;
	const char *const *text = value;

	if (field->kind == STATE_MAYBE && !*text)
		return;
	fprintf(out, "\"%s\":", field->name);
	switch (field->kind) {
	case STATE_TEXT:
	case STATE_MAYBE:
		write_text(out, *text);
		break;
	case STATE_CHARS:
		write_text(out, value);
		break;
	case STATE_BOOL:
		fputs(*(const bool *)value ? "true" : "false", out);
		break;
	case STATE_PID:
		fprintf(out, "%d", (int)*(const pid_t *)value);
		break;
	case STATE_U64:
		fprintf(out, "%" PRIu64, *(const uint64_t *)value);
		break;
	case STATE_MANAGER:
		write_text(out, state_manager_names()[*(const enum cgroup_manager *)value]);
		break;
	}
	fputs(",\n", out);
}

static void write_state(FILE *out, const struct oci_state *state)
{
	fprintf(out, "{\"version\":%d,\n", STATE_VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		write_field(out, &fields[i], state);
	fputs("\"namespaces\":[", out);
	for (size_t i = 0; i < ARRAY_SIZE(state->namespaces); i++)
		fprintf(out, "%s%" PRIu64, i > 0 ? "," : "", state->namespaces[i]);
	/* Names in an object could be no more than what JSON allows there: pairs have no such limit. */
	fputs("],\n\"annotations\":[", out);
	for (size_t i = 0; i < state->annotations.n; i++) {
		fputs(i > 0 ? ",\n[" : "[", out);
		write_text(out, state->annotations.items[i].name);
		fputc(',', out);
		write_text(out, state->annotations.items[i].value);
		fputc(']', out);
	}
	fputs("]}\n", out);
}

static int check_complete(const struct oci_state *state, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].kind == STATE_TEXT &&
		    !*(const char *const *)(const void *)((const char *)state + fields[i].offset))
			return error_set(err, EINVAL, "state.json without %s", fields[i].name);
	return 0;
}

static int replace_file(int dir_fd, const char *text, size_t size, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	int r;

	fd = openat(dir_fd, ".state.json", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(err, errno, "create state.json");
	r = fd_write_all(fd, text, size);
	if (r == 0 && renameat(dir_fd, ".state.json", dir_fd, "state.json") < 0)
		r = -errno;
	if (r == 0)
		return 0;
	unlinkat(dir_fd, ".state.json", 0);
	return error_set(err, -r, "write state.json");
}

int oci_state_write(int dir_fd, const struct oci_state *state, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int r = check_complete(state, err);

	if (r < 0)
		return r;
	out = open_memstream(&text, &size);
	if (!out)
		return error_set(err, errno, "write state.json");
	write_state(out, state);
	if (fclose(out) != 0)
		r = error_set(err, ENOMEM, "write state.json");
	else
		r = replace_file(dir_fd, text, size, err);
	free(text);
	return r;
}

static void print_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, ",\"%s\":", name);
	json_print_string(out, text ? text : "");
}

char *oci_state_json(const struct oci_state *state, enum oci_status status, struct arena *arena)
{
	char *text = NULL, *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("{\"ociVersion\":", out);
	json_print_string(out, state->oci_version ? state->oci_version : "");
	print_text(out, "id", state->id);
	fprintf(out, ",\"pid\":%d", status == OCI_STATUS_STOPPED ? 0 : (int)state->pid);
	print_text(out, "status", oci_status_name(status));
	print_text(out, "bundle", state->bundle);
	print_text(out, "rootfs", state->rootfs);
	print_text(out, "created", state->created);
	fputs(",\"annotations\":{", out);
	for (size_t i = 0; i < state->annotations.n; i++) {
		fputs(i > 0 ? "," : "", out);
		json_print_string(out, state->annotations.items[i].name);
		fputc(':', out);
		json_print_string(out, state->annotations.items[i].value);
	}
	fputc('}', out);
	print_text(out, "owner", state->owner);
	fputc('}', out);
	if (fclose(out) == 0)
		result = arena_memdup(arena, text, size);
	free(text);
	return result;
}
