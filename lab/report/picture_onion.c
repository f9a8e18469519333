/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Half an onion: the process sits at the bottom in the middle, the machine is outside. Innermost and thick
 * are the restrictions that the attack meets, in the order in which they answer; around them lie all others
 * of the start.
 */
#include "base/str.h"
#include "lab/exercises/result.h"
#include "lab/report/layers.h"
#include "lab/report/picture.h"

enum {
	WIDTH = 3200,
	HEIGHT = 1960,
	CENTRE_X = WIDTH / 2,
	CENTRE_Y = 1740,
	INNER = 440,
	OUTER = 1460,
	WEIGHT = 5, /* a layer that concerns the attack is as thick as so many others */
	MARKS = 6,  /* numbered layers; the table names fewer */
};

/* Where the numbers stand on their layers: thousandths, at 14, 32, 50, 66, 22 and 41 degrees. */
static const struct {
	int across, up;
} places[MARKS] = { { 970, 242 }, { 848, 530 }, { 643, 766 }, { 407, 914 }, { 927, 375 }, { 755, 656 } };

static const char *const classes[] = {
	[LAYER_OTHER] = "ring",         [LAYER_PASSED] = "ring stands", [LAYER_OPENED] = "ring opened",
	[LAYER_ABSENT] = "ring absent", [LAYER_STOPS] = "ring stops",   [LAYER_BEHIND] = "ring stands",
	[LAYER_MAYBE] = "ring stands",
};

static const struct picture onion = {
	.width = WIDTH,
	.height = HEIGHT,
	.title = { "The attack and the layers around the process",
		   "Der Angriff und die Schichten um den Prozess" },
};

static const struct text layers_text = {
	"{1} restrictions surround the process. In the way of this attack: {2}.",
	"{1} Einschränkungen umgeben den Prozess. Diesem Angriff im Weg: {2}.",
};
static const struct text stops_text = { " {1} stops it.", " {1} hält ihn auf." };
static const struct text opened_text = { " {1} was opened for this run.",
					 " {1} wurde für diesen Lauf geöffnet." };
static const struct text works_text = { " The attack works.", " Der Angriff gelingt." };
static const struct text machine = { "this machine", "diese Maschine" };
static const struct text process = { "process", "Prozess" };

static void describe(struct html *h, const struct layers *layers)
{
	char all[24], some[24];

	snprintf(all, sizeof(all), "%zu", layers->n - layers->n_absent);
	snprintf(some, sizeof(some), "%zu", layers->n_concerned - layers->n_absent);
	html_say(h, &layers_text, all, some);
	if (layers->opened)
		html_say(h, &opened_text, layers->opened, "");
	if (layers->stops)
		html_say(h, &stops_text, layers->stops, "");
	if (layers->works)
		html_say(h, &works_text, "", "");
}

static void draw_ring(struct html *h, enum layer_role role, int radius, int thickness)
{
	/* A door of 20 degrees where the arrow goes through: sine and cosine of 80 degrees. */
	int door = radius * 174 / 1000, lintel = CENTRE_Y - radius * 985 / 1000;

	html_open(h, "path");
	html_attribute(h, "class", classes[role]);
	html_measure(h, "stroke-width", thickness);
	if (role == LAYER_OPENED || role == LAYER_ABSENT) {
		char data[160];

		snprintf(data, sizeof(data), "M%d %dA%d %d 0 0 1 %d %dM%d %dA%d %d 0 0 1 %d %d",
			 CENTRE_X - radius, CENTRE_Y, radius, radius, CENTRE_X - door, lintel,
			 CENTRE_X + door, lintel, radius, radius, CENTRE_X + radius, CENTRE_Y);
		html_attribute(h, "d", data);
	} else {
		char data[80];

		snprintf(data, sizeof(data), "M%d %dA%d %d 0 0 1 %d %d", CENTRE_X - radius, CENTRE_Y, radius,
			 radius, CENTRE_X + radius, CENTRE_Y);
		html_attribute(h, "d", data);
	}
	html_close(h, "path");
}

static void draw_mark(struct html *h, size_t mark, int radius)
{
	int x, y;

	if (mark >= MARKS)
		return;
	x = CENTRE_X + radius * places[mark].across / 1000;
	y = CENTRE_Y - radius * places[mark].up / 1000;
	html_open(h, "circle");
	html_attribute(h, "class", "mark");
	html_measure(h, "cx", x);
	html_measure(h, "cy", y);
	html_measure(h, "r", 75);
	html_close(h, "circle");
	picture_label(h, "marktext", x, y + 38);
	html_number(h, mark + 1);
	html_close(h, "text");
}

/* Return: the radius of the ring that stops the attack, 0 if none. */
static int draw_rings(struct html *h, const struct layers *layers, bool marks)
{
	int parts = (int)(layers->n + layers->n_concerned * (WEIGHT - 1));
	int at = 0, stop = 0;

	for (size_t i = 0; i < layers->n; i++) {
		enum layer_role role = layers->layer[i].role;
		int weight = i < layers->n_concerned ? WEIGHT : 1;
		int inner = INNER + (OUTER - INNER) * at / parts;
		int outer = INNER + (OUTER - INNER) * (at + weight) / parts;
		int radius = (inner + outer) / 2;

		if (!marks)
			draw_ring(h, role, radius, (outer - inner) * 7 / 10);
		else if (i < layers->n_concerned)
			draw_mark(h, i, radius);
		if (role == LAYER_STOPS)
			stop = radius;
		at += weight;
	}
	return stop;
}

static void draw_attack(struct html *h, const struct layers *layers, int stop)
{
	int tip = 190;

	if (stop)
		tip = CENTRE_Y - stop + 60;
	else if (!layers->works) /* stopped, and nothing tells where: no arrow is better than a wrong one */
		return;
	picture_line(h, "attack", CENTRE_X, CENTRE_Y - 100, CENTRE_X, tip + 80);
	if (stop)
		picture_stop(h, CENTRE_X, CENTRE_Y - stop);
	else
		picture_path(h, "attackhead", "M%d %dl-80 150h160z", CENTRE_X, tip);
}

bool onion_draw(struct html *h, const char *id, const struct layers *layers)
{
	struct picture picture = onion;
	int stop;

	if (layers->n == 0)
		return false;
	picture.id = id;
	picture_open(h, &picture);
	describe(h, layers);
	picture_draw(h);
	stop = draw_rings(h, layers, false);
	draw_attack(h, layers, stop);
	draw_rings(h, layers, true);
	html_open(h, "circle");
	html_attribute(h, "class", "process");
	html_measure(h, "cx", CENTRE_X);
	html_measure(h, "cy", CENTRE_Y);
	html_measure(h, "r", 90);
	html_close(h, "circle");
	picture_label(h, "middle", CENTRE_X, HEIGHT - 40);
	html_say(h, &process, "", "");
	html_close(h, "text");
	picture_label(h, "middle", CENTRE_X, 120);
	html_say(h, &machine, "", "");
	html_close(h, "text");
	picture_close(h);
	return true;
}

void onion_legend(struct html *h, const struct layers *layers)
{
	static const struct {
		const char *class;
		struct text text;
	} roles[] = {
		[LAYER_PASSED] = { "role", { "let it through", "liess ihn durch" } },
		[LAYER_OPENED] = { "role opened", { "opened for this run", "für diesen Lauf geöffnet" } },
		[LAYER_ABSENT] = { "role opened", { "not there in this run", "fehlt in diesem Lauf" } },
		[LAYER_STOPS] = { "role stops", { "stopped it", "hielt ihn auf" } },
		[LAYER_BEHIND] = { "role", { "stands behind", "steht dahinter" } },
		[LAYER_MAYBE] = { "role", { "may have stopped it", "kann ihn aufgehalten haben" } },
	};

	html_open(h, "ol");
	html_attribute(h, "class", "legend");
	for (size_t i = 0; i < layers->n_concerned; i++) {
		const struct layer *layer = &layers->layer[i];

		html_open(h, "li");
		html_element(h, "strong", NULL, layer->name);
		html_text(h, " ");
		html_word(h, "span", roles[layer->role].class, &roles[layer->role].text);
		if (*layer->report)
			html_element(h, "code", "said", layer->report);
		html_close(h, "li");
	}
	html_close(h, "ol");
}
