/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/observation.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { INDEX_FIRST = 256 };

#define ODD_NAME "(a name that is not text)"

struct observation *observation_new(void)
{
	struct observation *observation = calloc(1, sizeof(*observation));

	if (!observation)
		return NULL;
	observation->index = malloc(INDEX_FIRST * sizeof(*observation->index));
	if (!observation->index) {
		free(observation);
		return NULL;
	}
	observation->n_index = INDEX_FIRST;
	memset(observation->index, 0xff, INDEX_FIRST * sizeof(*observation->index));
	return observation;
}

struct observation *observation_free(struct observation *observation)
{
	if (!observation)
		return NULL;
	for (size_t i = 0; i < observation->n_paths; i++)
		free(observation->paths[i].path);
	free(observation->paths);
	free(observation->index);
	free(observation);
	return NULL;
}

/* A process chooses its own name: only plain characters go on. */
static void copy_comm(char *to, const char *comm)
{
	size_t n = 0;

	for (; comm && comm[n] && n < OBSERVATION_COMM_MAX - 1; n++)
		to[n] = comm[n] > ' ' && comm[n] < 0x7f && comm[n] != '*' ? comm[n] : '_';
	to[n] = '\0';
}

void observation_call(struct observation *observation, int row, uint64_t count, const char *comm)
{
	struct observed_call *call = &observation->calls[row];

	if (call->count == 0)
		copy_comm(call->comm, comm);
	call->count += count;
}

static uint64_t hash(const char *text)
{
	uint64_t value = 14695981039346656037U; /* FNV-1a */

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 1099511628211U;
	return value;
}

static size_t *slot_of(const struct observation *observation, const char *path)
{
	size_t mask = observation->n_index - 1, i = hash(path) & mask;

	while (observation->index[i] != SIZE_MAX &&
	       !str_equal(observation->paths[observation->index[i]].path, path))
		i = (i + 1) & mask;
	return &observation->index[i];
}

static bool grow_index(struct observation *observation)
{
	size_t n = observation->n_index * 2, *old = observation->index, *grown = malloc(n * sizeof(*grown));

	if (!grown)
		return false;
	memset(grown, 0xff, n * sizeof(*grown));
	observation->index = grown;
	observation->n_index = n;
	for (size_t i = 0; i < observation->n_paths; i++)
		*slot_of(observation, observation->paths[i].path) = i;
	free(old);
	return true;
}

static bool grow_paths(struct observation *observation)
{
	size_t room = observation->n_paths_room ? observation->n_paths_room * 2 : 64;
	struct observed_path *grown;

	if (observation->n_paths < observation->n_paths_room)
		return true;
	grown = reallocarray(observation->paths, room, sizeof(*grown));
	if (!grown)
		return false;
	observation->paths = grown;
	observation->n_paths_room = room;
	return true;
}

/*
 * Names are the workload's own bytes, and a profile is UTF-8 text that people read. A name
 * with a control byte, or that is no text, stands for "something in that directory".
 */
static void make_printable(const char *path, char *ret, size_t size)
{
	size_t n = 0, slash = 0;

	while (path[n]) {
		size_t length = str_utf8_length((const unsigned char *)path + n, strlen(path + n));
		unsigned char first = (unsigned char)path[n];

		if (length == 0 || first < ' ' || first == 0x7f ||
		    (length == 2 && first == 0xc2 && (unsigned char)path[n + 1] < 0xa0) ||
		    str_direction_mark((const unsigned char *)path + n, length) || n + length >= size) {
			snprintf(ret, size, "%.*s/" ODD_NAME, (int)slash, path);
			return;
		}
		if (first == '/')
			slash = n;
		n += length;
	}
	memcpy(ret, path, n + 1);
}

static struct observed_path *add_path(struct observation *observation, const char *path, const char *comm)
{
	struct observed_path *entry;
	char *copy;

	if (observation->n_paths >= OBSERVATION_PATHS_MAX || !grow_paths(observation) ||
	    (observation->n_paths * 2 >= observation->n_index && !grow_index(observation)))
		return NULL;
	copy = strdup(path);
	if (!copy)
		return NULL;
	*slot_of(observation, path) = observation->n_paths;
	entry = &observation->paths[observation->n_paths++];
	*entry = (struct observed_path){ .path = copy };
	copy_comm(entry->comm, comm);
	return entry;
}

struct observed_path *observation_path(struct observation *observation, const char *path, unsigned int access,
				       const char *comm)
{
	char printable[PATH_MAX + sizeof(ODD_NAME) + 1];
	struct observed_path *entry;
	size_t at;

	make_printable(path, printable, sizeof(printable));
	at = *slot_of(observation, printable);
	entry = at == SIZE_MAX ? add_path(observation, printable, comm) : &observation->paths[at];
	if (!entry) {
		observation->n_paths_left_out++;
		return NULL;
	}
	entry->access |= access;
	entry->count++;
	return entry;
}

const struct observed_path *observation_find(const struct observation *observation, const char *path)
{
	size_t at = *slot_of(observation, path);

	return at == SIZE_MAX ? NULL : &observation->paths[at];
}

void observation_address(struct observation *observation, const char *text, bool bound, uint64_t count)
{
	struct observed_address *address;
	char printable[OBSERVATION_ADDRESS_MAX];

	str_escape(printable, sizeof(printable), text);
	for (size_t i = 0; i < observation->n_addresses; i++) {
		address = &observation->addresses[i];
		if (address->bound == bound && str_equal(address->text, printable)) {
			address->count += count;
			return;
		}
	}
	if (observation->n_addresses == OBSERVATION_ADDRESSES_MAX)
		return;
	address = &observation->addresses[observation->n_addresses++];
	*address = (struct observed_address){ .bound = bound, .count = count };
	memcpy(address->text, printable, sizeof(printable));
}

void observation_capability(struct observation *observation, int capability, int row)
{
	if (observation->capabilities & (UINT64_C(1) << capability))
		return;
	observation->capabilities |= UINT64_C(1) << capability;
	observation->capability_rows[capability] = row;
}

static void keep_higher(uint64_t *value, uint64_t other)
{
	if (other > *value)
		*value = other;
}

void observation_merge(struct observation *observation, const struct observation *other)
{
	for (int row = 0; row < SYSCALL_ROWS; row++)
		if (other->calls[row].count > 0)
			observation_call(observation, row, other->calls[row].count, other->calls[row].comm);
	observation->facts |= other->facts;
	for (int i = 0; i < 64; i++)
		if (other->capabilities & (UINT64_C(1) << i))
			observation_capability(observation, i, other->capability_rows[i]);
	if (other->highest_id > observation->highest_id)
		observation->highest_id = other->highest_id;
	for (size_t i = 0; i < other->n_paths; i++) {
		const struct observed_path *from = &other->paths[i];
		struct observed_path *to =
			observation_path(observation, from->path, from->access, from->comm);

		if (!to)
			continue;
		to->count += from->count - 1;
		keep_higher(&to->size_bytes, from->size_bytes);
	}
	observation->n_paths_left_out += other->n_paths_left_out;
	for (size_t i = 0; i < other->n_addresses; i++)
		observation_address(observation, other->addresses[i].text, other->addresses[i].bound,
				    other->addresses[i].count);
	keep_higher(&observation->peaks.memory_bytes, other->peaks.memory_bytes);
	keep_higher(&observation->peaks.pids, other->peaks.pids);
	keep_higher(&observation->peaks.open_files, other->peaks.open_files);
	keep_higher(&observation->peaks.file_size_bytes, other->peaks.file_size_bytes);
	keep_higher(&observation->peaks.locked_bytes, other->peaks.locked_bytes);
	observation->runs += other->runs;
}
