/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What an error in the log means under a profile: errno by errno, and place by place. */
#include <stdbool.h>

#include "base/macro.h"
#include "lab/why/why.h"
#include "lab/why/why_path.h"

/* No errno: what getaddrinfo(3) says. */
enum { EAI_AGAIN_ERROR = 100000 };

struct why_error {
	const char *text; /* as it stands in a line, in any case of letters */
	int number;       /* errno */
	enum why_error_kind {
		WHY_ERROR_PATH,    /* about a path, or about rights */
		WHY_ERROR_SPACE,   /* about the room of a mount */
		WHY_ERROR_LIMIT,   /* about a limit of the process */
		WHY_ERROR_NETWORK, /* about what can be reached */
		WHY_ERROR_LIBRARY, /* the dynamic linker's */
	} kind;
};

struct why_error_found {
	const struct why_error *error;
	const struct why_log_line *line;
	bool has_path;
	char path[WHY_PATH_MAX]; /* absolute, inside */
	struct why_path place;   /* only with why->spec */
};

/** why_errors_describe() - fill @cause. Return: false where the error says nothing about the restrictions. */
bool why_errors_describe(struct why *why, const struct why_error_found *found, struct why_cause *cause);

/** why_errors_network() - for WHY_ERROR_NETWORK, and for a connection that was not permitted; as above. */
bool why_errors_network(struct why *why, const struct why_error_found *found, struct why_cause *cause);

/** why_errors_path() - for WHY_ERROR_PATH and WHY_ERROR_SPACE, by errno and place; as above. */
bool why_errors_path(struct why *why, const struct why_error_found *found, struct why_cause *cause);
