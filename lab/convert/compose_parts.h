/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The keys of a service that are more than an option of docker run. */
#include <stddef.h>

#include "lab/convert/docker.h"

struct compose;
struct json;

struct service {
	struct docker docker;
	const struct compose *compose;
	const char *key; /* that is being translated */
	const char *const *entry, *const *command;
	size_t n_entry, n_command;
};

/** compose_lost() - the value is lost, for that reason. */
void compose_lost(struct service *service, const struct json *value, const char *reason);

/** compose_text() - Return: the text of a word; NULL where it is none, or has a variable in it. */
const char *compose_text(struct service *service, const struct json *value);

/** compose_option() - translate as an option of docker run; NULL value: nothing. */
void compose_option(struct service *service, const char *option, const char *value);

/** compose_each() - one option for a word, or for each of a list or mapping. */
void compose_each(struct service *service, const char *option, const struct json *value);

/** compose_words() - Return: a list, or a text cut into words, @ret_n of them. */
const char *const *compose_words(struct service *service, const struct json *value, size_t *ret_n);

void compose_command(struct service *service, const struct json *value);
void compose_configs(struct service *service, const struct json *value);
void compose_deploy(struct service *service, const struct json *value);
void compose_entrypoint(struct service *service, const struct json *value);
void compose_env_file(struct service *service, const struct json *value);
void compose_healthcheck(struct service *service, const struct json *value);
void compose_image(struct service *service, const struct json *value);
void compose_logging(struct service *service, const struct json *value);
void compose_ports(struct service *service, const struct json *value);
void compose_secrets(struct service *service, const struct json *value);
void compose_stop_grace_period(struct service *service, const struct json *value);
void compose_ulimits(struct service *service, const struct json *value);
void compose_volumes(struct service *service, const struct json *value);
