/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `learn` is told. A line "= CALL ARGUMENT..." begins a notification, whose caller's memory follows
 * (an argument below its size is an address in it); "= address" a socket address; all else is an observation
 * as a file, and behind a line "---" a second one, for a merge. What was read is written and read again as
 * the same, and the profile proposed from it is one that kapsel takes (of notifications none is: it is slow).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "lab/learn/note.h"
#include "lab/learn/observation_file.h"
#include "lab/learn/propose.h"
#include "lab/learn/propose_print.h"
#include "launcher/commands/vocabulary.h"
#include "profiles/profile.h"
#include "tests/fuzz/demand.h"

enum { ARGUMENTS = 6 };

/* What the workload ran with: next to nothing, or what a proposal may keep. */
static const char *const present_texts[] = {
	"{ \"kapsel\": 1, \"name\": \"web\", \"rootfs\": \"/srv/web\", \"command\": [\"/usr/sbin/web\"] }",
	"{ \"kapsel\": 1, \"name\": \"web\", \"rootfs\": \"/srv/web\", \"command\": [\"/usr/sbin/web\"],"
	" \"user\": { \"uid\": 33, \"gid\": 33 }, \"network\": \"host\", \"capabilities\": [\"KILL\"],"
	" \"exec\": { \"allow\": [\"/bin/sh\"] }, \"allow_jit\": true, \"syscalls\": { \"on_violation\": \"errno\" },"
	" \"secrets\": { \"key\": { \"source\": \"/k\" } },"
	" \"listen\": { \"http\": { \"stream\": \"0.0.0.0:80\", \"fd\": 3 } },"
	" \"mounts\": { \"/data\": { \"type\": \"bind\", \"source\": \"/d\" },"
	" \"/tmp\": { \"type\": \"tmpfs\", \"size\": \"1MiB\" }, \"/old\": { \"type\": \"tmpfs\", \"size\": \"1MiB\" } },"
	" \"limits\": { \"memory\": \"64MiB\", \"core\": \"1MiB\" } }",
};

/* --- an observation -------------------------------------------------------------------------- */

static int read_one(const char *text, size_t size, struct observation *observation)
{
	_cleanup_fd_ int fd = memfd_create("observation", MFD_CLOEXEC);
	char path[FD_PATH_MAX];
	struct error err = { 0 };
	int r;

	demand(fd >= 0 && fd_write_all(fd, text, size) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = observation_file_read(path, observation, &err);
	demand((r < 0) == (err.msg[0] != '\0'));
	return r;
}

static char *write_one(const struct observation *observation)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	demand(out != NULL);
	observation_file_write(observation, out);
	demand(fclose(out) == 0);
	demand_harmless(text, size);
	demand_json(text, size);
	return text;
}

static const struct spec *read_profile(const char *text, struct arena *arena)
{
	static struct vocabulary vocabulary;
	static struct findings findings;
	const struct profile_options options = { .vocabulary = &vocabulary };
	struct source *source = arena_alloc(arena, sizeof(*source));
	const struct spec *spec = NULL;

	demand(source != NULL);
	vocabulary_fill(&vocabulary);
	findings = (struct findings){ 0 };
	*source = (struct source){ .name = "web", .text = arena_strdup(arena, text), .size = strlen(text) };
	if (profile_read_text(source, &options, arena, &findings, &spec) < 0) {
		fprintf(stderr, "%s\n", text);
		findings_print(stderr, &findings, false);
		abort();
	}
	return spec;
}

/* An image that has every file whose name has an even length: nothing is asked of this machine. */
static bool has(void *arg, const char *path)
{
	(void)arg;
	return strlen(path) % 2 == 0;
}

static void make_proposal(const struct observation *observation, struct arena *arena)
{
	const struct propose_image image = { has, has, NULL };
	const struct propose_options options = { .exact = observation->runs % 2,
						 .keep = observation->runs & 2,
						 .no_limits = observation->runs & 4 };
	const struct spec *present =
		read_profile(present_texts[observation->runs / 8 % ARRAY_SIZE(present_texts)], arena);
	struct proposal *proposal = arena_alloc(arena, sizeof(*proposal));
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct printed printed;

	demand(proposal && out);
	demand(propose(observation, present, &options, &image, arena, proposal) == 0);
	propose_print(proposal, out);
	demand(fclose(out) == 0);
	demand_harmless(text, size);
	read_profile(text, arena);
	free(text);
	demand(propose_print_diff(proposal, "web.kapsel.jsonc", printed_begin(&printed)) == 0);
	printed_end(&printed, false);
}

static void observe(const char *text, size_t size)
{
	_cleanup_observation_ struct observation *observation = observation_new(), *again = observation_new();
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *second = memmem(text, size, "\n---\n", 5);
	size_t first = second ? (size_t)(second - text) : size;
	char *written, *rewritten;

	demand(observation && again && arena);
	if (read_one(text, first, observation) < 0)
		return;
	demand(observation->n_paths <= OBSERVATION_PATHS_MAX &&
	       observation->n_addresses <= OBSERVATION_ADDRESSES_MAX);
	if (second && read_one(second + 5, size - first - 5, observation) == 0)
		demand(observation->runs >= again->runs);
	written = write_one(observation);
	demand(read_one(written, strlen(written), again) == 0);
	rewritten = write_one(again);
	demand(strcmp(written, rewritten) == 0);
	free(written);
	free(rewritten);
	make_proposal(observation, arena);
}

/* --- a notification -------------------------------------------------------------------------- */

struct memory {
	const char *bytes;
	size_t size;
};

static int take_bytes(void *arg, uint64_t address, void *buffer, size_t size)
{
	const struct memory *memory = arg;

	if (address >= memory->size || memory->size - address < size)
		return -EFAULT;
	memcpy(buffer, memory->bytes + address, size);
	return 0;
}

static int take_string(void *arg, uint64_t address, char *buffer, size_t size)
{
	const struct memory *memory = arg;
	const char *from, *end;

	if (address >= memory->size)
		return -EFAULT;
	from = memory->bytes + address;
	end = memchr(from, '\0', memory->size - address);
	if (!end || (size_t)(end - from) >= size)
		return -ENAMETOOLONG;
	memcpy(buffer, from, (size_t)(end - from) + 1);
	return 0;
}

static int take_directory(void *arg, int dirfd, char *buffer, size_t size)
{
	(void)arg;
	if (dirfd == 9)
		return -EBADF;
	snprintf(buffer, size, "%s", dirfd == AT_FDCWD ? "/work" : dirfd == 8 ? "(deleted)" : "/");
	return 0;
}

static int take_ids(void *arg, uint32_t *ret_uid, uint32_t *ret_gid)
{
	const struct memory *memory = arg;

	*ret_uid = *ret_gid = memory->size % 2 ? 0 : 1000;
	return memory->size % 7 ? 0 : -ESRCH;
}

static void check_note(const struct note *note)
{
	demand(note->n_paths <= ARRAY_SIZE(note->paths));
	for (size_t i = 0; i < note->n_paths; i++)
		demand(note->paths[i].path[0] == '/' && !strstr(note->paths[i].path, "/../"));
	demand(strnlen(note->address, sizeof(note->address)) < sizeof(note->address));
	demand((note->facts & ~(unsigned int)FACT_ALL) == 0);
}

static void notify(char *line, const char *rest, size_t size)
{
	_cleanup_observation_ struct observation *observation = observation_new();
	struct memory memory = { rest, size };
	const struct note_reader reader = { take_bytes, take_string, take_directory, take_ids, &memory };
	const char *word = strsep(&line, " ");
	static struct note note;
	uint64_t args[ARGUMENTS] = { 0 };
	int row = syscall_row_find(word);

	demand(observation != NULL);
	for (size_t i = 0; i < ARGUMENTS && line; i++)
		args[i] = strtoull(strsep(&line, " "), NULL, 0);
	if (row < 0)
		return;
	note_read(row, args, &reader, &note);
	check_note(&note);
	note_commit(observation, &note, "a\033[31m\"b");
	free(write_one(observation));
}

static void take_address(const char *bytes, size_t size)
{
	char text[OBSERVATION_ADDRESS_MAX];

	if (note_address(bytes, size, text, sizeof(text)) == 0)
		demand(strnlen(text, sizeof(text)) < sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *end;

	demand(copy != NULL);
	memcpy(copy, data, size);
	copy[size] = '\0';
	end = memchr(copy, '\n', size);
	if (!str_starts(copy, "= ") || !end) {
		observe(copy, size);
	} else {
		size_t left = size - (size_t)(end + 1 - copy);

		*end = '\0';
		if (str_equal(copy, "= address"))
			take_address(end + 1, left);
		else
			notify(copy + 2, end + 1, left);
	}
	free(copy);
	return 0;
}
