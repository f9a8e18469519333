/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "lab/exercises/lesson.h"
#include "lab/exercises/stage.h"

struct scene {
	const struct lesson *lesson;
	int (*act)(const struct lesson *lesson, struct stage *stage, void *arg);
	void *arg;
};

static int inside(struct sandbox *sandbox, void *arg)
{
	const struct scene *scene = arg;
	struct error err = { 0 };
	struct stage stage;
	int status = EXIT_LAUNCHER;

	if (stage_set(&stage, sandbox, scene->lesson->kapsel, scene->lesson->probe, &err) < 0)
		error_print(STDERR_FILENO, &err);
	else
		status = scene->act(scene->lesson, &stage, scene->arg);
	stage_clear(&stage);
	return status;
}

static void tell_root(const struct lesson *lesson)
{
	static const struct text text = {
		"kapsel lab: as root: containers run in namespaces of the lab's own (pid, mount,\n"
		"ipc, uts, network); what an exercise opens leads there, not to this machine.\n",
		"kapsel lab: als root: Container laufen in eigenen Namespaces des Labors (pid,\n"
		"mount, ipc, uts, network); was eine Übung öffnet, führt dorthin, nicht auf\n"
		"diese Maschine.\n",
	};

	if (!lesson->json && geteuid() == 0)
		fputs(text_in(&text, lesson->language), stderr);
}

int lesson_on_stage(const struct lesson *lesson,
		    int (*act)(const struct lesson *lesson, struct stage *stage, void *arg), void *arg)
{
	struct scene scene = { .lesson = lesson, .act = act, .arg = arg };
	struct error err = { 0 };
	int status = EXIT_LAUNCHER;

	tell_root(lesson);
	if (sandbox_run(inside, &scene, &status, &err) < 0) {
		error_print(STDERR_FILENO, &err);
		return EXIT_LAUNCHER;
	}
	return status;
}
