/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/probe/print.h"

#include <stdio.h>

void print_member(const char *before, const char *key, const char *text)
{
	printf("%s\"%s\":\"", before, key);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}
