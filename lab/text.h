/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Texts for people, in the two languages of the lab. German follows Swiss spelling: "ss", no "ß". */

enum text_language { TEXT_ENGLISH, TEXT_GERMAN };

struct text {
	const char *en;
	const char *de; /* NULL: a word that both languages share */
};

/** text_in() - Return: the text in that language. */
static inline const char *text_in(const struct text *text, enum text_language language)
{
	return language == TEXT_GERMAN && text->de ? text->de : text->en;
}
