/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/str.h"
#include "profiles/json.h"

struct json *json_get(const struct json *object, const char *name)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (struct json *member = object->first; member; member = member->next)
		if (str_equal(member->name, name))
			return member;
	return NULL;
}

struct json *json_find(const struct json *root, const char *path)
{
	struct json *value = NULL;

	while (root && *path) {
		size_t length = strcspn(path, ".");

		if (root->type != JSON_OBJECT)
			return NULL;
		for (value = root->first; value; value = value->next)
			if (strncmp(value->name, path, length) == 0 && value->name[length] == '\0')
				break;
		root = value;
		path += length;
		path += *path == '.';
	}
	return value;
}

void json_append(struct json *parent, struct json *value)
{
	if (parent->last)
		parent->last->next = value;
	else
		parent->first = value;
	parent->last = value;
	parent->n++;
}

const char *json_type_name(enum json_type type)
{
	switch (type) {
	case JSON_NULL:
		return "null";
	case JSON_BOOL:
		return "true or false";
	case JSON_INTEGER:
		return "an integer";
	case JSON_NUMBER:
		return "a number";
	case JSON_STRING:
		return "a string";
	case JSON_ARRAY:
		return "an array";
	case JSON_OBJECT:
		return "an object";
	}
	return "a value";
}
