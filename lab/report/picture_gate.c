/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filter as a wall with a door: as wide as the part of all system calls that it lets through. */
#include <inttypes.h>

#include "lab/exercises/result.h"
#include "lab/report/picture.h"

enum { WIDTH = 3200, HEIGHT = 1060, REFUSED = 280, WALL = 440, THICK = 200, BELOW = 860 };

static const struct text title = { "The gate of system calls", "Das Tor der Systemaufrufe" };
static const struct text numbers = { "{1} of {2} system calls pass",
				     "{1} von {2} Systemaufrufen kommen durch" };
static const struct text refused = { "{1} does not", "{1} nicht" };
static const struct text kernel = { "the kernel", "der Kernel" };

static void draw_refused(struct html *h, const char *call, int door)
{
	int x = door + (WIDTH - door) / 2;
	char name[48];

	snprintf(name, sizeof(name), "%.24s()", call);
	picture_line(h, "attack", x, BELOW + 120, x, WALL + THICK + 70);
	picture_stop(h, x, WALL + THICK / 2);
	picture_label(h, "refused", x > WIDTH - 820 ? WIDTH - 820 : x, BELOW + 270);
	html_text(h, name);
	html_close(h, "text");
}

static bool known(const struct result_run *run)
{
	return run->calls_allowed != RESULT_UNKNOWN && run->calls_known != RESULT_UNKNOWN &&
	       run->calls_known > 0 && run->calls_allowed <= run->calls_known;
}

bool gate_draw(struct html *h, const char *id, const struct result_run *run, bool stopped)
{
	struct picture picture = { id, WIDTH, HEIGHT, title };
	const char *call = stopped && run->refused_call ? run->refused_call : "";
	char allowed[24], all[24];
	int door;

	if (!known(run))
		return false;
	door = (int)(run->calls_allowed * WIDTH / run->calls_known);
	snprintf(allowed, sizeof(allowed), "%" PRIu64, run->calls_allowed);
	snprintf(all, sizeof(all), "%" PRIu64, run->calls_known);
	picture.height += *call ? REFUSED : 0;
	picture_open(h, &picture);
	html_say(h, &numbers, allowed, all);
	if (*call) {
		html_text(h, ", ");
		html_say(h, &refused, call, "");
	}
	html_text(h, ".");
	picture_draw(h);
	picture_label(h, "middle", WIDTH / 2, 120);
	html_say(h, &kernel, "", "");
	html_close(h, "text");
	picture_box(h, "door", 0, WALL, door, THICK, 0);
	picture_box(h, "wall", door, WALL, WIDTH - door, THICK, 0);
	for (int x = 200; x < door - 100; x += 300)
		picture_path(h, "pass", "M%d %dv-560m-50 90l50 -100l50 100", x, BELOW);
	picture_label(h, "middle", WIDTH / 2, picture.height - 40);
	html_say(h, &numbers, allowed, all);
	html_close(h, "text");
	if (*call)
		draw_refused(h, call, door);
	picture_close(h);
	return true;
}
