/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launcher/oci/rdt_schemata.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

enum { SCHEMATA_MAX = 16384 };

static bool given(const char *text)
{
	return text && *text;
}

bool rdt_schemata_given(const struct oci_intel_rdt *config)
{
	return given(config->l3_cache_schema) || given(config->mem_bw_schema) || config->schemata.n > 0;
}

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

/* Append the lines of @text, without empty ones, and with @no_bandwidth without "MB:". */
static size_t append(char *to, size_t used, const char *text, bool no_bandwidth)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length > 0 && !(no_bandwidth && str_starts(skip_spaces(text), "MB:"))) {
			memcpy(to + used, text, length);
			used += length;
			to[used++] = '\n';
		}
		text += length + (text[length] == '\n');
	}
	return used;
}

char *rdt_schemata_combine(const struct oci_intel_rdt *config, struct arena *arena)
{
	const char *l3_cache = given(config->l3_cache_schema) ? config->l3_cache_schema : "";
	const char *mem_bw = given(config->mem_bw_schema) ? config->mem_bw_schema : "";
	char *text = arena_alloc(arena, strlen(l3_cache) + strlen(mem_bw) + 3);
	size_t used;

	if (!text)
		return NULL;
	used = append(text, 0, l3_cache, *mem_bw != '\0');
	append(text, used, mem_bw, false);
	return text;
}

static char *join_schemata(const struct spec_strings *schemata, struct arena *arena)
{
	size_t size = 1, used = 0;
	char *text;

	for (size_t i = 0; i < schemata->n; i++)
		size += strlen(schemata->items[i]) + 1;
	text = arena_alloc(arena, size);
	for (size_t i = 0; text && i < schemata->n; i++)
		used = append(text, used, schemata->items[i], false);
	return text;
}

/* A number as text: the kernel pads with spaces and zeros, and takes "0x". */
static const char *significant(const char *text, size_t *ret_length)
{
	text = skip_spaces(text);
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	while (text[0] == '0' && strchr("0123456789abcdefABCDEF", text[1]) && text[1])
		text++;
	*ret_length = strcspn(text, ";\n \t=");
	return text;
}

static bool same_number(const char *a, const char *b)
{
	size_t n, m;

	a = significant(a, &n);
	b = significant(b, &m);
	return n == m && n > 0 && strncasecmp(a, b, n) == 0;
}

/* Return: behind "NAME:" of the line with that name, or NULL. */
static const char *find_resource(const char *kernel, const char *name, size_t length)
{
	while (*kernel) {
		kernel = skip_spaces(kernel);
		if (strncmp(kernel, name, length) == 0 && kernel[length] == ':')
			return kernel + length + 1;
		kernel += strcspn(kernel, "\n");
		kernel += *kernel == '\n';
	}
	return NULL;
}

static bool has_domain(const char *kernel, const char *domain)
{
	size_t value = strcspn(domain, "=;\n");

	if (domain[value] != '=')
		return false;
	while (*kernel && *kernel != '\n') {
		size_t equals = strcspn(kernel, "=;\n");

		if (kernel[equals] == '=' && same_number(kernel, domain))
			return same_number(kernel + equals + 1, domain + value + 1);
		kernel += strcspn(kernel, ";\n");
		kernel += *kernel == ';';
	}
	return false;
}

bool rdt_schemata_match(const char *kernel, const char *line)
{
	size_t length;

	line = skip_spaces(line);
	length = strcspn(line, ":\n");
	if (line[length] != ':')
		return false;
	kernel = find_resource(kernel, line, length);
	line += length + 1;
	if (!kernel || !*skip_spaces(line) || *skip_spaces(line) == '\n')
		return false;
	while (*line && *line != '\n') {
		if (!has_domain(kernel, line))
			return false;
		line += strcspn(line, ";\n");
		line += *line == ';';
	}
	return true;
}

static int file_name(const char *path, char ret[PATH_MAX], struct error *err)
{
	int r = snprintf(ret, PATH_MAX, "%s/schemata", path);

	return r > 0 && r < PATH_MAX ? 0 : error_set(err, ENAMETOOLONG, "open the schemata of %s", path);
}

/* All of @lines but those whose resource stands in @later: what is written last is what would hold. */
static int compare_lines(const char *kernel, const char *lines, const char *later, const char *path,
			 struct error *err)
{
	while (*lines) {
		const char *start = skip_spaces(lines);
		size_t length = strcspn(lines, "\n");

		if (!find_resource(later, start, strcspn(start, ":\n")) &&
		    !rdt_schemata_match(kernel, lines)) {
			error_set(err, EINVAL, "use the resctrl group %s: it has not the shares \"%.*s\"",
				  path, (int)(length < 200 ? length : 200), lines);
			return error_remedy(err, "a group that exists is not changed: give another closID");
		}
		lines += length + (lines[length] == '\n');
	}
	return 0;
}

int rdt_schemata_compare(const struct oci_intel_rdt *config, const char *path, struct arena *arena,
			 struct error *err)
{
	char *combined = rdt_schemata_combine(config, arena), *last = join_schemata(&config->schemata, arena);
	char *kernel = arena_alloc(arena, SCHEMATA_MAX), file[PATH_MAX];
	int r = file_name(path, file, err);
	ssize_t got;

	if (r < 0)
		return r;
	if (!combined || !last || !kernel)
		return error_set(err, ENOMEM, "compare the resctrl group");
	got = fd_read_file(AT_FDCWD, file, kernel, SCHEMATA_MAX);
	if (got < 0)
		return error_set(err, (int)-got, "read %s", file);
	r = compare_lines(kernel, combined, last, path, err);
	return r == 0 ? compare_lines(kernel, last, "", path, err) : r;
}

static int write_text(const char *root, const char *path, const char *text, struct error *err)
{
	char file[PATH_MAX], status[PATH_MAX], said[256];
	int r = file_name(path, file, err);

	if (r < 0 || *text == '\0')
		return r;
	r = fd_write_file(AT_FDCWD, file, text);
	if (r == 0)
		return 0;
	error_set(err, -r, "write \"%.*s\" to %s", (int)strcspn(text, "\n"), text, file);
	/* The kernel says there in words what it did not like. */
	snprintf(status, sizeof(status), "%s/info/last_cmd_status", root);
	if (fd_read_file(AT_FDCWD, status, said, sizeof(said)) <= 0)
		return r;
	said[strcspn(said, "\n")] = '\0';
	return error_remedy(err, "the kernel says: %s", said);
}

int rdt_schemata_write(const struct oci_intel_rdt *config, const char *root, const char *path,
		       struct arena *arena, struct error *err)
{
	char *combined = rdt_schemata_combine(config, arena), *last = join_schemata(&config->schemata, arena);
	int r;

	if (!combined || !last)
		return error_set(err, ENOMEM, "write the shares of the resctrl group");
	r = write_text(root, path, combined, err);
	return r == 0 ? write_text(root, path, last, err) : r;
}

static int change_one(const char *root, const char *path, const char *prefix, const char *value,
		      struct error *err)
{
	char line[1024];
	int r;

	if (!given(value))
		return 0;
	r = snprintf(line, sizeof(line), "%s%s\n", str_starts(value, prefix) ? "" : prefix, value);
	if (r < 0 || (size_t)r >= sizeof(line))
		return error_set(err, E2BIG, "write shares of more than %zu characters", sizeof(line));
	return write_text(root, path, line, err);
}

int rdt_schemata_change(const char *root, const char *path, const char *l3_cache, const char *mem_bw,
			struct error *err)
{
	int r = change_one(root, path, "L3:", l3_cache, err);

	return r == 0 ? change_one(root, path, "MB:", mem_bw, err) : r;
}
