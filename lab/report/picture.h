/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The pictures of a run as inline SVG, each drawn from what that run left behind and from nothing else: where
 * a number is missing there is no picture. Lengths are tenths of a pixel, so that integers are exact enough.
 * Each picture has a title and a description in words for those who do not see it.
 */
#include <stdbool.h>

#include "base/macro.h"
#include "lab/report/html.h"

struct layers;
struct result_run;

/* How a picture begins. */
struct picture {
	const char *id; /* unique in the page */
	int width, height;
	struct text title;
};

/** picture_open() - begin a picture; what is written up to picture_draw() is its description. */
void picture_open(struct html *h, const struct picture *picture);

/** picture_draw() - end the description: shapes follow. */
void picture_draw(struct html *h);

/** picture_close() - end the picture. */
void picture_close(struct html *h);

/** picture_line() - a straight line. */
void picture_line(struct html *h, const char *class, int x1, int y1, int x2, int y2);

/** picture_box() - a rectangle with corners of @radius. */
void picture_box(struct html *h, const char *class, int x, int y, int width, int height, int radius);

/** picture_path() - the path that @format (SVG path data) and the numbers describe. */
void picture_path(struct html *h, const char *class, const char *format, ...) _printf_(3, 4);

/** picture_label() - begin a text at (@x, @y); html_text() and the like, then html_close(h, "text"). */
void picture_label(struct html *h, const char *class, int x, int y);

/** picture_stop() - the mark where something is stopped, a cross in a disc. */
void picture_stop(struct html *h, int x, int y);

/**
 * onion_draw() - the restrictions of a start as the layers of an onion, the attack as an arrow from its
 * middle
 * @id: unique in the page
 *
 * Return: whether there was something to draw.
 */
bool onion_draw(struct html *h, const char *id, const struct layers *layers);

/** onion_legend() - the layers that concern the attack, from the inside, with what the kernel said of each.
 */
void onion_legend(struct html *h, const struct layers *layers);

/** id_map_draw() - ids inside and on the host, from the lines of uid_map. Return: whether there were any. */
bool id_map_draw(struct html *h, const char *id, const struct result_run *run);

/** gauge_draw() - peak and limit of memory and processes, time held back. Return: whether the run tells any.
 */
bool gauge_draw(struct html *h, const char *id, const struct result_run *run);

/**
 * gate_draw() - how many system calls the filter lets through, and the one it refused
 * @stopped: whether that one was the attack; a probe also makes calls of its own, to tidy up for instance
 *
 * Return: whether the run tells the numbers.
 */
bool gate_draw(struct html *h, const char *id, const struct result_run *run, bool stopped);
