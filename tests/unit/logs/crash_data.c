/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/logs/crash_data.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { PIECE = 16384 };

uint32_t crash_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

void crash_data_make(struct crash_data *data, uint32_t seed, size_t lines)
{
	for (int s = 0; s < CRASH_STREAMS; s++) {
		char *out = data->bytes[s] = malloc(CRASH_DATA_MAX);

		cr_assert(out != NULL);
		for (size_t i = 0; i < lines; i++) {
			uint32_t kind = crash_random(&seed) % 16, room;
			uint32_t length = crash_random(&seed) % (kind == 0 ? 40000 : kind < 4 ? 3000 : 120);

			out += sprintf(out, "%d:%zu:", s, i);
			room = (uint32_t)(data->bytes[s] + CRASH_DATA_MAX - out);
			for (uint32_t j = 0; j < length && j + 2 < room; j++)
				*out++ = (char)(' ' + crash_random(&seed) % 95);
			if (i + 1 < lines)
				*out++ = '\n';
		}
		data->size[s] = (size_t)(out - data->bytes[s]);
	}
}

void crash_data_free(struct crash_data *data)
{
	for (int s = 0; s < CRASH_STREAMS; s++) {
		free(data->bytes[s]);
		data->bytes[s] = NULL;
		data->size[s] = 0;
	}
}

/* --- what came back ---------------------------------------------------------------- */

struct seen {
	struct crash_data came;
	size_t short_pieces[CRASH_STREAMS], wrong;
	const struct crash_data *wrote;
};

static void see(struct seen *seen, int stream, const char *text, size_t size)
{
	struct crash_data *came = &seen->came;

	if (came->size[stream] + size > CRASH_DATA_MAX) {
		seen->wrong++;
		return;
	}
	memcpy(came->bytes[stream] + came->size[stream], text, size);
	came->size[stream] += size;
	/* cut only where dockerd cuts: at a piece, or at the end */
	if ((size == 0 || text[size - 1] != '\n') && size != PIECE &&
	    came->size[stream] != seen->wrote->size[stream])
		seen->short_pieces[stream]++;
}

static void see_entry(const struct entry *entry, void *arg)
{
	struct seen *seen = arg;

	if (entry)
		see(seen, str_equal(entry->stream, "stderr"), entry->log, entry->log_size);
	else
		seen->wrong++;
}

/* TIME stdout F text */
static void see_cri_file(struct seen *seen, const char *path)
{
	size_t size = 0;
	char *text = slurp(path, &size), *line = text, *newline;

	for (; text && (newline = memchr(line, '\n', size - (size_t)(line - text))); line = newline + 1) {
		bool full = newline - line >= 40 && line[38] == 'F';

		if (newline - line < 40 || line[29] != 'Z' || (!full && line[38] != 'P') ||
		    (!str_starts(line + 30, " stdout ") && !str_starts(line + 30, " stderr "))) {
			seen->wrong++;
			continue;
		}
		see(seen, str_starts(line + 31, "stderr"), line + 40, (size_t)(newline - line) - 40 + full);
	}
	seen->wrong += text && line != text + size;
	free(text);
}

static void see_cri(struct seen *seen)
{
	char suffix[16];

	for (int slot = 99; slot > 0; slot--) {
		snprintf(suffix, sizeof(suffix), ".%d", slot);
		see_cri_file(seen, log_path(suffix));
	}
	see_cri_file(seen, fixture_log);
}

static void start_anew(struct crash_world *world)
{
	fixture_fini();
	fixture_init();
	world->options.path = fixture_log;
}

struct sums {
	uint64_t came, dropped, wrong;
};

static void sum_entry(const struct entry *entry, void *arg)
{
	struct sums *sums = arg;
	uint64_t dropped;

	if (!entry)
		sums->wrong++;
	else if (sscanf(entry->log, "kapsel: %lu bytes dropped\n", &dropped) == 1)
		sums->dropped += dropped;
	else
		sums->came += entry->log_size;
}

/* With on_full drop: what did not come was counted. */
static void check_sums(struct crash_world *world, const char *where)
{
	struct sums sums = { 0 };

	sums.wrong += visit_entries(sum_entry, &sums);
	cr_assert(zero(u64, sums.wrong), "%s", where);
	cr_assert(eq(u64, sums.dropped, log_writer_dropped(world->writer)), "%s", where);
	cr_assert(eq(u64, sums.came + sums.dropped, world->wrote.size[0] + world->wrote.size[1]), "%s",
		  where);
	cr_assert(eq(u64, sums.came + sums.dropped, log_writer_bytes(world->writer)), "%s", where);
	world->dropped += sums.dropped;
	start_anew(world);
}

static void check_bytes(struct crash_world *world, const char *where)
{
	struct seen seen = { .wrote = &world->wrote };

	for (int s = 0; s < CRASH_STREAMS; s++) {
		seen.came.bytes[s] = malloc(CRASH_DATA_MAX);
		cr_assert(seen.came.bytes[s] != NULL);
	}
	if (world->options.driver == SPEC_LOG_CRI)
		see_cri(&seen);
	else
		seen.wrong += visit_entries(see_entry, &seen);
	cr_assert(zero(sz, seen.wrong), "%s: %zu entries are broken", where, seen.wrong);
	for (int s = 0; s < CRASH_STREAMS; s++) {
		size_t at = 0;

		while (at < seen.came.size[s] && at < world->wrote.size[s] &&
		       seen.came.bytes[s][at] == world->wrote.bytes[s][at])
			at++;
		cr_assert(seen.came.size[s] == world->wrote.size[s] && at == world->wrote.size[s],
			  "%s: stream %d has %zu bytes of %zu, and differs from byte %zu", where, s,
			  seen.came.size[s], world->wrote.size[s], at);
		cr_assert(zero(sz, seen.short_pieces[s]), "%s: lines are cut where they should not be",
			  where);
	}
	crash_data_free(&seen.came);
	start_anew(world);
}

void crash_world_check(struct crash_world *world, const char *where)
{
	if (world->options.on_full == SPEC_FULL_DROP)
		check_sums(world, where);
	else
		check_bytes(world, where);
}
