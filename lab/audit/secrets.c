/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/secrets.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "base/str.h"

static bool ends(const char *text, const char *end)
{
	size_t length = strlen(text), part = strlen(end);

	return length >= part && strcasecmp(text + length - part, end) == 0;
}

bool secrets_name(const char *name)
{
	static const char *const parts[] = {
		"PASSWORD", "PASSWD",  "PASSPHRASE", "TOKEN",      "SECRET",
		"APIKEY",   "API_KEY", "API-KEY",    "CREDENTIAL", "PRIVATE_KEY"
	};
	static const char *const tails[] = { "_KEY", "_PASS", "_PWD", "-KEY" };

	/* PASSWORD_FILE names a file: that is how it should be. */
	if (ends(name, "_FILE") || ends(name, "-FILE") || ends(name, "_PATH") || ends(name, "PUBLIC_KEY"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcasestr(name, parts[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++)
		if (ends(name, tails[i]))
			return true;
	return false;
}

bool secrets_value(const char *value)
{
	static const struct {
		const char *start;
		size_t least; /* bytes in all */
	} forms[] = {
		{ "-----BEGIN ", 40 }, { "AKIA", 20 },     { "ASIA", 20 },  { "ghp_", 30 },
		{ "github_pat_", 30 }, { "glpat-", 20 },   { "xoxb-", 30 }, { "xoxp-", 30 },
		{ "sk_live_", 24 },    { "eyJhbGci", 60 }, { "AIza", 35 },  { "npm_", 36 },
	};
	const char *at;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (str_starts(value, forms[i].start) && strlen(value) >= forms[i].least)
			return true;
	/* postgres://user:password@host */
	at = strstr(value, "://");
	if (at) {
		const char *colon = strpbrk(at + 3, ":/@");
		const char *end = colon && *colon == ':' ? strpbrk(colon + 1, "@/") : NULL;

		return end && *end == '@' && end > colon + 1;
	}
	return false;
}

bool secrets_suspicious(const char *name, const char *value)
{
	return *value && (secrets_name(name) || secrets_value(value));
}
