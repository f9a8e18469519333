/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* runtime-spec config.md "POSIX-platform Hooks" */
#include "profiles/json.h"
#include "profiles/oci/parse.h"

static const char *const kinds[OCI_HOOK_KINDS] = {
	[OCI_HOOK_PRESTART] = "prestart",
	[OCI_HOOK_CREATE_RUNTIME] = "createRuntime",
	[OCI_HOOK_CREATE_CONTAINER] = "createContainer",
	[OCI_HOOK_START_CONTAINER] = "startContainer",
	[OCI_HOOK_POSTSTART] = "poststart",
	[OCI_HOOK_POSTSTOP] = "poststop",
};

static void parse_hook(struct oci_reader *reader, const struct json *item, struct oci_hook *ret)
{
	const struct json *path = oci_value_need(reader, item, "path", JSON_STRING);
	const struct json *timeout = oci_value_get(reader, item, "timeout", JSON_INTEGER);

	ret->path = path ? path->text : "";
	if (path && path->text[0] != '/')
		oci_value_fail(reader, path, NULL, "\"%.100s\" is not an absolute path", path->text);
	ret->args = oci_value_strings(reader, item, "args");
	ret->env = oci_value_strings(reader, item, "env");
	ret->timeout_s = (unsigned int)oci_value_number(reader, item, "timeout", INT32_MAX, 0);
	if (timeout && ret->timeout_s == 0)
		oci_value_fail(reader, timeout, NULL, "must be greater than 0");
}

void oci_parse_hooks(struct oci_reader *reader, const struct json *hooks, struct oci *ret)
{
	for (size_t kind = 0; kind < OCI_HOOK_KINDS; kind++) {
		const struct json *array = oci_value_objects(reader, hooks, kinds[kind]);
		struct oci_hook *list = oci_value_room(reader, array, sizeof(*list));
		size_t n = 0;

		if (!list)
			continue;
		for (const struct json *item = array->first; item; item = item->next)
			parse_hook(reader, item, &list[n++]);
		ret->hooks[kind] = (struct oci_hook_list){ list, n };
	}
}
