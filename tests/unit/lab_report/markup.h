/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Looks at a page as strictly as a parser of XML would, which browsers do not. */
#include <stdbool.h>
#include <stddef.h>

/** markup_fault() - Return: what is wrong with the nesting of the page's elements, NULL if nothing. */
const char *markup_fault(const char *page);

/** markup_count() - Return: how often @what stands in the page. */
size_t markup_count(const char *page, const char *what);

/** markup_keep() - Return: @text, which is freed when the test ends. */
char *markup_keep(char *text);

/** markup_part() - Return: the text from @from up to the next @to, kept; NULL: not there. */
char *markup_part(const char *page, const char *from, const char *to);

/** markup_ids_unique() - Return: whether each id="..." stands once. */
bool markup_ids_unique(const char *page);

/** markup_links_lead() - Return: whether each href="#x" has its id="x". */
bool markup_links_lead(const char *page);

/** markup_headings_in_order() - Return: whether h1 comes first and once, and no level is left out on the way
 * down. */
bool markup_headings_in_order(const char *page);
