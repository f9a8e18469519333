/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of /proc/PID/uid_map as two rows of boxes: ids inside above, the host's ids below. */
#include <inttypes.h>

#include "lab/exercises/result.h"
#include "lab/report/picture.h"

enum { WIDTH = 3200, HEIGHT = 1500, MAPS = 3, BOX = 400, GAP = 120, TOP = 240, BOTTOM = HEIGHT - 240 - BOX };

struct id_map {
	uint64_t inside, outside, count;
};

static const struct text inside = { "ids in the container", "IDs im Container" };
static const struct text outside = { "the same ids on this machine", "dieselben IDs auf dieser Maschine" };
static const struct text one = { "{1} is {2} on this machine. ", "{1} ist auf dieser Maschine {2}. " };
static const struct text title = { "User ids inside and outside", "User-IDs innen und aussen" };

/* Lines of three numbers (user_namespaces(7)); anything else ends the list. */
static size_t parse(const char *text, struct id_map *maps)
{
	size_t n = 0;
	int used;

	while (n < MAPS && sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64 "%n", &maps[n].inside,
				  &maps[n].outside, &maps[n].count, &used) == 3) {
		if (maps[n].count == 0 || maps[n].count > UINT32_MAX || maps[n].inside > UINT32_MAX ||
		    maps[n].outside > UINT32_MAX)
			break;
		n++;
		text += used;
	}
	return n;
}

static void range(char *buffer, size_t size, uint64_t from, uint64_t count)
{
	if (count == 1)
		snprintf(buffer, size, "%" PRIu64, from);
	else
		snprintf(buffer, size, "%" PRIu64 "\xe2\x80\x93%" PRIu64, from, from + count - 1);
}

static void describe(struct html *h, const struct id_map *maps, size_t n)
{
	char in[48], out[48];

	for (size_t i = 0; i < n; i++) {
		range(in, sizeof(in), maps[i].inside, maps[i].count);
		range(out, sizeof(out), maps[i].outside, maps[i].count);
		html_say(h, &one, in, out);
	}
}

static void draw_ids(struct html *h, const char *class, int x, int y, int width, uint64_t from,
		     uint64_t count)
{
	char number[24];

	picture_box(h, class, x, y, width, BOX, 50);
	picture_label(h, "ids", x + width / 2, y + (count == 1 ? BOX / 2 + 45 : BOX / 2 - 30));
	html_number(h, from);
	html_close(h, "text");
	if (count == 1)
		return;
	snprintf(number, sizeof(number), "\xe2\x80\x93 %" PRIu64, from + count - 1);
	picture_label(h, "ids", x + width / 2, y + BOX / 2 + 120);
	html_text(h, number);
	html_close(h, "text");
}

bool id_map_draw(struct html *h, const char *id, const struct result_run *run)
{
	struct picture picture = { id, WIDTH, HEIGHT, title };
	struct id_map maps[MAPS];
	size_t n = parse(run->uid_map ? run->uid_map : "", maps);
	int width;

	if (n == 0)
		return false;
	picture_open(h, &picture);
	describe(h, maps, n);
	picture_draw(h);
	picture_label(h, "middle", WIDTH / 2, TOP - 90);
	html_say(h, &inside, "", "");
	html_close(h, "text");
	width = (WIDTH - GAP * ((int)n + 1)) / (int)n;
	if (width > 1400)
		width = 1400;
	for (size_t i = 0; i < n; i++) {
		int x = (WIDTH - (int)n * width - ((int)n - 1) * GAP) / 2 + (int)i * (width + GAP);
		/* Root outside is the one thing to see here. */
		bool root = maps[i].outside == 0;

		picture_path(h, root ? "band root" : "band", "M%d %dh%dV%dh-%dz", x, TOP + BOX, width, BOTTOM,
			     width);
		draw_ids(h, "inside", x, TOP, width, maps[i].inside, maps[i].count);
		draw_ids(h, root ? "outside root" : "outside", x, BOTTOM, width, maps[i].outside,
			 maps[i].count);
	}
	picture_label(h, "middle", WIDTH / 2, HEIGHT - 60);
	html_say(h, &outside, "", "");
	html_close(h, "text");
	picture_close(h);
	return true;
}
