/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/service/metrics_request.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

/* Quality values in thousandths (RFC 9110, 12.4.2). */
enum { QUALITY_MAX = 1000 };

bool metrics_request_complete(const char *text, size_t size)
{
	return memmem(text, size, "\r\n\r\n", 4) || memmem(text, size, "\n\n", 2);
}

/* Cut the next line off, with LF or CRLF at its end. Return: NULL at the end of the text. */
static char *next_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*text = end + 1;
	*end = '\0';
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	return line;
}

/* No control byte but a tab stands in a well-formed head; NUL would hide what follows it. */
static bool is_clean(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f)
			return false;
	}
	return true;
}

/* "0.75" is 750; anything else that begins a parameter's value is 0, the least. */
static int parse_quality(const char *text)
{
	int value = 0, scale = QUALITY_MAX;

	if (*text == '1')
		return QUALITY_MAX;
	if (text[0] != '0' || text[1] != '.')
		return 0;
	for (text += 2; *text >= '0' && *text <= '9' && scale > 1; text++) {
		scale /= 10;
		value += (*text - '0') * scale;
	}
	return value;
}

/* The quality that one element of Accept, @length bytes, gives: QUALITY_MAX without a "q". */
static int find_quality(const char *element, size_t length)
{
	for (size_t i = 0; i + 2 < length; i++) {
		size_t at = i + 1;

		if (element[i] != ';')
			continue;
		while (at < length && (element[at] == ' ' || element[at] == '\t'))
			at++;
		if (at + 1 < length && (element[at] == 'q' || element[at] == 'Q') && element[at + 1] == '=')
			return parse_quality(element + at + 2);
	}
	return QUALITY_MAX;
}

/* Prometheus asks for several versions of OpenMetrics, then for text/plain, then for anything. */
static enum metrics_form choose_form(const char *accept)
{
	static const char open_type[] = "application/openmetrics-text", text_type[] = "text/plain";
	int open = 0, text = 0;

	while (*accept) {
		size_t length = strcspn(accept, ","), skip = strspn(accept, " \t");
		const char *element = accept + skip;
		int quality = skip < length ? find_quality(element, length - skip) : 0;

		if (strncasecmp(element, open_type, strlen(open_type)) == 0 && quality > open)
			open = quality;
		if (strncasecmp(element, text_type, strlen(text_type)) == 0 && quality > text)
			text = quality;
		accept += length + (accept[length] == ',');
	}
	return open > 0 && open >= text ? METRICS_OPENMETRICS : METRICS_TEXT;
}

/* The path of a target that may be a whole address ("http://host/metrics") and have a query. */
static bool is_metrics(char *target)
{
	char *path = target;

	if (strncasecmp(target, "http://", 7) == 0)
		path = strchr(target + 7, '/');
	if (!path)
		return false;
	path[strcspn(path, "?")] = '\0';
	return str_equal(path, "/metrics");
}

/* Return: the status that the first line asks for. */
static int parse_first(char *line, struct metrics_request *ret, bool *ret_host_needed)
{
	char *target = strchr(line, ' '), *version = target ? strrchr(line, ' ') : NULL;

	if (!target || version == target || target == line || strchr(target + 1, ' ') != version)
		return 400;
	*target++ = '\0';
	*version++ = '\0';
	if (!str_starts(version, "HTTP/") || strlen(version) != strlen("HTTP/1.1"))
		return 400;
	if (!str_equal(version, "HTTP/1.1") && !str_equal(version, "HTTP/1.0"))
		return 505;
	*ret_host_needed = str_equal(version, "HTTP/1.1");
	ret->head = str_equal(line, "HEAD");
	if (!is_metrics(target))
		return 404;
	return ret->head || str_equal(line, "GET") ? 200 : 405;
}

/* Return: the value of a header line of that name, or NULL. */
static const char *header_value(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncasecmp(line, name, length) != 0 || line[length] != ':')
		return NULL;
	return line + length + 1 + strspn(line + length + 1, " \t");
}

void metrics_request_parse(char *text, size_t size, struct metrics_request *ret)
{
	char *next = text, *line = is_clean(text, size) ? next_line(&next) : NULL;
	bool host_needed = false;
	unsigned int hosts = 0;

	*ret = (struct metrics_request){ .status = 400 };
	if (!line)
		return;
	ret->status = parse_first(line, ret, &host_needed);
	while ((line = next_line(&next)) && *line) {
		const char *accept = header_value(line, "Accept");

		if (strcspn(line, ": \t") == 0 || line[strcspn(line, ": \t")] != ':')
			ret->status = 400; /* also a folded line, which nobody may send */
		if (accept)
			ret->form = choose_form(accept);
		hosts += header_value(line, "Host") != NULL;
	}
	if (host_needed && hosts != 1)
		ret->status = 400;
}
