/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/report/picture.h"

#include <stdarg.h>

void picture_open(struct html *h, const struct picture *picture)
{
	char ids[200], id[100], view[64];

	snprintf(ids, sizeof(ids), "%.90s-t %.90s-d", picture->id, picture->id);
	snprintf(view, sizeof(view), "0 0 %d %d", picture->width, picture->height);
	html_open(h, "svg");
	html_attribute(h, "viewBox", view);
	html_attribute(h, "role", "img");
	html_attribute(h, "aria-labelledby", ids);
	html_open(h, "title");
	snprintf(id, sizeof(id), "%.90s-t", picture->id);
	html_attribute(h, "id", id);
	html_say(h, &picture->title, "", "");
	html_close(h, "title");
	html_open(h, "desc");
	snprintf(id, sizeof(id), "%.90s-d", picture->id);
	html_attribute(h, "id", id);
}

void picture_draw(struct html *h)
{
	html_close(h, "desc");
}

void picture_close(struct html *h)
{
	html_close(h, "svg");
}

void picture_line(struct html *h, const char *class, int x1, int y1, int x2, int y2)
{
	html_open(h, "line");
	html_attribute(h, "class", class);
	html_measure(h, "x1", x1);
	html_measure(h, "y1", y1);
	html_measure(h, "x2", x2);
	html_measure(h, "y2", y2);
	html_close(h, "line");
}

void picture_box(struct html *h, const char *class, int x, int y, int width, int height, int radius)
{
	html_open(h, "rect");
	html_attribute(h, "class", class);
	html_measure(h, "x", x);
	html_measure(h, "y", y);
	html_measure(h, "width", width);
	html_measure(h, "height", height);
	html_measure(h, "rx", radius);
	html_close(h, "rect");
}

void picture_path(struct html *h, const char *class, const char *format, ...)
{
	char data[256];
	va_list numbers;

	va_start(numbers, format);
	vsnprintf(data, sizeof(data), format, numbers);
	va_end(numbers);
	html_open(h, "path");
	html_attribute(h, "class", class);
	html_attribute(h, "d", data);
	html_close(h, "path");
}

void picture_label(struct html *h, const char *class, int x, int y)
{
	html_open(h, "text");
	html_attribute(h, "class", class);
	html_measure(h, "x", x);
	html_measure(h, "y", y);
}

void picture_stop(struct html *h, int x, int y)
{
	enum { RADIUS = 80, ARM = 34 };

	html_open(h, "circle");
	html_attribute(h, "class", "stopdisc");
	html_measure(h, "cx", x);
	html_measure(h, "cy", y);
	html_measure(h, "r", RADIUS);
	html_close(h, "circle");
	picture_path(h, "cross", "M%d %dL%d %dM%d %dL%d %d", x - ARM, y - ARM, x + ARM, y + ARM, x - ARM,
		     y + ARM, x + ARM, y - ARM);
}
