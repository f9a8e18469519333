/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Writes HTML and cannot write anything else: what a caller hands in is text or the value of an attribute,
 *and both are escaped on the way out. There is no function for a piece of ready markup, so that no caller can
 *forget it; what a probe answers comes from a process that is assumed to be hostile. A start tag stays open
 *until the first text, child or end, so attributes follow their element in the code, too.
 *
 *	html_open(h, "p");
 *	html_attribute(h, "class", "reason");
 *	html_text(h, result->reason);
 *	html_close(h, "p");
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lab/text.h"

enum { HTML_DEPTH_MAX = 32 };

struct html {
	FILE *out; /* the caller's */
	enum text_language language;
	const char *open[HTML_DEPTH_MAX]; /* the elements that are not closed yet, outermost first */
	size_t depth;
	bool in_tag; /* the last start tag still takes attributes */
	bool broken; /* an element was closed that was not the last one: a mistake of ours */
};

/** html_open() - begin an element; @tag is a literal and stays ours until html_close(). */
void html_open(struct html *h, const char *tag);

/** html_attribute() - add an attribute to the element that was just opened. */
void html_attribute(struct html *h, const char *name, const char *value);

/** html_measure() - as html_attribute(), for the coordinates and lengths of a picture. */
void html_measure(struct html *h, const char *name, int value);

/** html_close() - end the innermost element, which must be a @tag. */
void html_close(struct html *h, const char *tag);

/** html_void() - end the start tag of an element that has no content and no end tag: meta, br. */
void html_void(struct html *h, const char *tag);

/**
 * html_text() - write @text so that a reader sees every byte of it
 *
 * Markup becomes text. Control bytes, invalid UTF-8 and the characters that turn the direction of writing
 * round (which can make a line read as something else) are shown as \xHH or \uHHHH. Newline and tab stay.
 */
void html_text(struct html *h, const char *text);

/** html_number() - write @number in decimal. */
void html_number(struct html *h, uint64_t number);

/** html_say() - write @text in the page's language; "{1}" and "{2}" in it are replaced by @first and @second.
 */
void html_say(struct html *h, const struct text *text, const char *first, const char *second);

/** html_element() - a whole element; @class may be NULL. */
void html_element(struct html *h, const char *tag, const char *class, const char *text);

/** html_word() - a whole element with a fixed text; @class may be NULL. */
void html_word(struct html *h, const char *tag, const char *class, const struct text *text);

/** html_css() - a part of the style sheet, the one thing that is not escaped: only for literals without a
 * "<". */
void html_css(struct html *h, const char *css);

/** html_begin() - the document type, before everything else. */
void html_begin(struct html *h);
