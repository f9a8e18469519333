/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/compose.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "lab/convert/yaml_tree.h"

int compose_parse(const char *name, const char *text, size_t size, struct arena *arena, struct compose *ret,
		  struct error *err)
{
	struct json *root = NULL;
	int r = yaml_tree_parse(name, text, size, arena, &root, err);

	if (r < 0)
		return r;
	*ret = (struct compose){ .name = name, .dir = ".", .arena = arena, .root = root };
	if (root->type != JSON_OBJECT)
		return error_set(err, EINVAL, "read %s: not a compose file: it has no keys", name);
	ret->services = json_get(root, "services");
	if (!ret->services || ret->services->type != JSON_OBJECT || ret->services->n == 0)
		return error_set(err, EINVAL, "read %s: it has no \"services\"", name);
	ret->n_services = ret->services->n;
	for (const struct json *service = ret->services->first; service; service = service->next)
		if (service->type != JSON_OBJECT)
			return error_set(err, EINVAL, "read %s:%zu: the service \"%s\" is not a mapping",
					 name, service->place.offset, service->name);
	return 0;
}

int compose_read(const char *path, struct arena *arena, struct compose *ret, struct error *err)
{
	char *text = arena_alloc(arena, YAML_FILE_MAX), dir[PATH_MAX], *slash;
	ssize_t n = text ? fd_read_file(AT_FDCWD, path, text, YAML_FILE_MAX) : -ENOMEM;
	int r;

	if (n < 0)
		return error_set(err, (int)-n, "read the compose file %s", path);
	r = compose_parse(path, text, (size_t)n, arena, ret, err);
	if (r < 0)
		return r;
	if (!realpath(path, dir))
		return error_set(err, errno, "find the directory of %s", path);
	slash = strrchr(dir, '/');
	slash[slash == dir] = '\0';
	ret->dir = arena_strdup(arena, dir);
	return ret->dir ? 0 : error_set(err, ENOMEM, "read %s", path);
}

const struct json *compose_service(const struct compose *compose, size_t index)
{
	const struct json *service = compose->services->first;

	while (index-- > 0 && service)
		service = service->next;
	return service;
}

int compose_choose(const struct compose *compose, const char *wanted, bool to_dir, struct error *err)
{
	char names[300] = "";
	size_t used = 0;

	if (wanted && json_get(compose->services, wanted))
		return 0;
	if (!wanted && (to_dir || compose->n_services == 1))
		return 0;
	for (const struct json *service = compose->services->first; service && used < sizeof(names);
	     service = service->next)
		used += (size_t)snprintf(names + used, sizeof(names) - used, " %s", service->name);
	if (wanted)
		error_set(err, EINVAL, "find the service \"%s\" in %s", wanted, compose->name);
	else
		error_set(err, EINVAL, "import %zu services of %s at once", compose->n_services,
			  compose->name);
	return error_remedy(err, "name one, or give --output-dir:%s", names);
}

const char *compose_file_name(const struct compose *compose, size_t index, const char *dir)
{
	const struct json *service = compose_service(compose, index);
	const char *name = service ? service->name : "";

	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return NULL;
	return name[0] && name[0] != '.' ? arena_printf(compose->arena, "%s/%s.kapsel.jsonc", dir, name)
					 : NULL;
}
