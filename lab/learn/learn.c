/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/learn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "lab/commands/commands.h"
#include "lab/learn/learn_place.h"
#include "lab/learn/observation_file.h"
#include "lab/learn/observe_filter.h"
#include "lab/learn/observe_stage.h"
#include "lab/learn/observe_watch.h"
#include "lab/learn/propose.h"
#include "lab/learn/propose_print.h"
#include "lab/output.h"
#include "profiles/spec.h"

static void remark_root(const struct observe_stage *stage)
{
	switch (stage->root) {
	case OBSERVE_ROOT_OWNED:
		break;
	case OBSERVE_ROOT_SHARED:
	case OBSERVE_ROOT_SKELETON:
		fprintf(stderr,
			"kapsel: while learning, the root can be written below /run, /tmp, /data and /var, "
			"and where "
			"its owners let it: %s\n",
			stage->remark);
		break;
	case OBSERVE_ROOT_READONLY:
		fprintf(stderr,
			"kapsel: while learning, the root is read-only: %s; what it tries to write is seen, "
			"and "
			"fails\n",
			stage->remark);
		break;
	}
}

static void remark_end(const struct observe_end *end)
{
	if (end->stopped)
		fprintf(stderr, "kapsel: watched for %.1f s, %" PRIu64 " calls\n", (double)end->ran_ms / 1000,
			end->watched);
	else
		fprintf(stderr,
			"kapsel: it ended after %.1f s with status %d; %" PRIu64 " calls were watched\n",
			(double)end->ran_ms / 1000, end->status, end->watched);
}

static int observe(const struct learn_options *options, struct observation *observation,
		   const struct spec *known, struct arena *arena, struct error *err)
{
	_cleanup_learn_place_ struct learn_place place = LEARN_PLACE_EMPTY;
	struct observe_filter *filter = arena_alloc(arena, sizeof(*filter));
	struct observe_stage stage = { .pidfd = -1 };
	struct observe_end end = { 0 };
	int r = filter ? learn_place_make(options->spec, &place, err)
		       : error_set(err, ENOMEM, "prepare to learn");

	if (r < 0)
		return r;
	filter->listener = observe_stage_filter_path(place.directory, arena);
	filter->every = options->exact && !options->quick;
	if (known)
		observe_filter_know(filter, known);
	const struct observe_stage_options stage_options = {
		.bundle = { .spec = options->spec,
			    .ids = &place.ids,
			    .filter = filter,
			    .rootfs = options->rootfs ? options->rootfs : options->spec->rootfs,
			    .n_listen = options->spec->n_listen },
		.kapsel = lab_kapsel(),
		.directory = place.directory,
		.listener = place.listener,
		.output = place.output[1],
		.listen_fds = place.listen_fds,
	};
	r = filter->listener ? observe_stage_start(&stage_options, arena, &stage, err)
			     : error_set(err, ENOMEM, "prepare to learn");
	if (r < 0)
		return r;
	fd_close(&place.output[1]);
	remark_root(&stage);
	r = observe_watch(
		&(struct observe_watch_options){ .stage = &stage,
						 .ids = &place.ids,
						 .listener = place.listener,
						 .output = place.output[0],
						 .duration_ms = options->duration_ms,
						 .stop_signal = options->spec->stop_signal,
						 .stop_timeout_ms = options->spec->stop_timeout_ms },
		observation, &end, err);
	fd_close(&stage.pidfd);
	if (r == 0 && !end.started) {
		error_set(err, ECHILD, "start %s to learn from it", options->spec->command.items[0]);
		return error_remedy(err, "what was said about it stands above");
	}
	if (r == 0)
		remark_end(&end);
	observation->runs++;
	return r;
}

static bool image_has(void *arg, const char *path, mode_t type)
{
	_cleanup_fd_ int fd = path_open_in_root(*(int *)arg, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static bool image_has_file(void *arg, const char *path)
{
	return image_has(arg, path, S_IFREG);
}

static bool image_has_directory(void *arg, const char *path)
{
	return image_has(arg, path, S_IFDIR);
}

static int save(const char *path, const struct proposal *proposal, const struct observation *observation,
		struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int r;

	if (!out)
		return error_set(err, errno, "write %s", path);
	if (proposal)
		propose_print(proposal, out);
	else
		observation_file_write(observation, out);
	r = fclose(out) != 0 ? error_set(err, ENOMEM, "write %s", path)
			     : output_save(path, NULL, text, size, err);
	free(text);
	return r;
}

static int save_observation(const struct learn_options *options, const struct observation *observation,
			    struct error *err)
{
	const char *beside = options->output ? options->output : options->merge;
	char path[PATH_MAX];

	if (!beside)
		return 0;
	if (observation_file_beside(beside, path, sizeof(path)) < 0)
		return error_set(err, ENAMETOOLONG, "name the observation of %s", beside);
	return save(path, NULL, observation, err);
}

static int report(const struct learn_options *options, const struct observation *observation,
		  struct arena *arena, struct error *err)
{
	const char *rootfs = options->rootfs ? options->rootfs : options->spec->rootfs;
	_cleanup_fd_ int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct propose_image image = { image_has_file, image_has_directory, &root };
	const struct propose_options how = { options->exact, options->quick, options->no_limits };
	struct proposal *proposal = arena_alloc(arena, sizeof(*proposal));
	int r = proposal ? propose(observation, options->spec, &how, &image, arena, proposal) : -ENOMEM;

	if (r < 0)
		return error_set(err, -r, "propose a profile");
	if (options->output) {
		r = save(options->output, proposal, observation, err);
		if (r < 0)
			return r;
	} else {
		propose_print(proposal, stdout);
	}
	if (options->profile &&
	    propose_print_diff(proposal, options->profile, options->output ? stdout : stderr) < 0)
		return error_set(err, ENOMEM, "compare with %s", options->profile);
	fprintf(stderr, "kapsel: the profile allows %zu system calls; Docker's default list has %zu",
		proposal->n_allowed, proposal->n_docker);
	if (options->profile)
		fprintf(stderr, ", %s %zu", options->profile, proposal->n_before);
	fputc('\n', stderr);
	return save_observation(options, observation, err);
}

/* What the earlier observation would open counts as known in a second pass, beside the profile's own. */
static const struct spec *known_calls(const struct learn_options *options, const struct observation *earlier,
				      struct arena *arena)
{
	struct propose_words *words = arena_alloc(arena, sizeof(*words));
	struct spec *known = arena_alloc(arena, sizeof(*known));
	const char **names;

	if (!words || !known || propose_calls(earlier, options->spec, false, true, arena, words) < 0)
		return NULL;
	*known = *options->spec;
	names = arena_array(arena, words->n + 1, sizeof(*names));
	for (size_t i = 0; names && i < words->n; i++)
		names[i] = words->items[i].word;
	known->syscalls = (struct spec_strings){ names, names ? words->n : 0 };
	return names ? known : NULL;
}

int learn(const struct learn_options *options, struct arena *arena, struct error *err)
{
	_cleanup_observation_ struct observation *observation = observation_new();
	const struct spec *known = NULL;
	char path[PATH_MAX];
	int r = 0;

	if (!observation)
		return error_set(err, ENOMEM, "prepare to learn");
	if (options->merge && observation_file_beside(options->merge, path, sizeof(path)) < 0)
		r = error_set(err, ENAMETOOLONG, "name the observation of %s", options->merge);
	else if (options->merge)
		r = observation_file_read(path, observation, err);
	if (r == 0 && options->quick) {
		known = known_calls(options, observation, arena);
		r = known ? 0 : error_set(err, ENOMEM, "prepare to learn");
	}
	if (r == 0)
		r = observe(options, observation, known, arena, err);
	return r < 0 ? r : report(options, observation, arena, err);
}
