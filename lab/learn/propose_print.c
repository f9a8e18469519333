/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/propose_print.h"

#include <inttypes.h>
#include <string.h>

#include "base/macro.h"
#include "base/str.h"
#include "lab/learn/propose.h"
#include "lab/learn/propose_limits.h"
#include "profiles/capabilities.h"
#include "profiles/json.h"
#include "profiles/json_print.h"
#include "profiles/spec.h"
#include "seccomp/syscall_table.h"

struct printer {
	const struct proposal *proposal;
	FILE *out;
	bool first; /* no member was written yet */
};

/* A comment ends with its line: what comes from outside has no line end in it (observation.c). */
static void comment(FILE *out, const char *why)
{
	if (why && why[0])
		fprintf(out, " // %s", why);
}

static void member(struct printer *printer, const char *key)
{
	fputs(printer->first ? "\n\t" : ",\n\n\t", printer->out);
	json_print_string(printer->out, key);
	fputs(": ", printer->out);
	printer->first = false;
}

static bool is_learned(const char *key)
{
	static const char *const keys[] = {
		"$schema",      "kapsel",       "extends",   "syscalls",
		"exec",         "capabilities", "allow_jit", "allow_nested_namespaces",
		"allow_ptrace", "mounts",       "limits",    "network",
		"user",
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_equal(key, keys[i]))
			return true;
	return false;
}

static void print_kept(struct printer *printer)
{
	const struct json *value = printer->proposal->present->tree;

	for (value = value ? value->first : NULL; value; value = value->next) {
		if (is_learned(value->name))
			continue;
		member(printer, value->name);
		json_print_value(printer->out, value, 1);
	}
}

static void print_user(struct printer *printer)
{
	const struct json *user = json_get(printer->proposal->present->tree, "user"), *value;
	uint32_t range = printer->proposal->host_range;
	const char *separator = "";

	if (!user && range == 0)
		return;
	member(printer, "user");
	fputs("{", printer->out);
	for (value = user ? user->first : NULL; value; value = value->next) {
		if (range > 0 && str_equal(value->name, "host_range"))
			continue;
		fprintf(printer->out, "%s\n\t\t", separator);
		json_print_string(printer->out, value->name);
		fputs(": ", printer->out);
		json_print_value(printer->out, value, 2);
		separator = ",";
	}
	if (range > 0)
		fprintf(printer->out, "%s\n\t\t\"host_range\": %u // it uses the id %u", separator, range,
			printer->proposal->observation->highest_id);
	fputs("\n\t}", printer->out);
}

static void print_words(struct printer *printer)
{
	const struct propose_words *words = &printer->proposal->words;
	const struct json *answer = json_find(printer->proposal->present->tree, "syscalls.on_violation");

	member(printer, "syscalls");
	fprintf(printer->out, "{ // %zu calls; Docker's default list has %zu\n\t\t\"allow\": [",
		printer->proposal->n_allowed, printer->proposal->n_docker);
	for (size_t i = 0; i < words->n; i++) {
		fputs("\n\t\t\t", printer->out);
		json_print_string(printer->out, words->items[i].word);
		fputs(i + 1 < words->n ? "," : "", printer->out);
		comment(printer->out, words->items[i].why);
	}
	fputs("\n\t\t]", printer->out);
	if (answer && str_equal(answer->text, "errno"))
		fputs(",\n\t\t\"on_violation\": \"errno\"", printer->out);
	fputs("\n\t}", printer->out);
}

static void print_exec(struct printer *printer)
{
	const struct proposal *proposal = printer->proposal;

	if (proposal->n_exec == 0)
		return;
	member(printer, "exec");
	fputs("{\n\t\t\"allow\": [", printer->out);
	for (size_t i = 0; i < proposal->n_exec; i++) {
		fputs("\n\t\t\t", printer->out);
		json_print_string(printer->out, proposal->exec[i]);
		fputs(i + 1 < proposal->n_exec ? "," : "", printer->out);
		comment(printer->out, proposal->exec_why[i]);
	}
	fputs("\n\t\t]\n\t}", printer->out);
}

static void print_capabilities(struct printer *printer)
{
	const struct proposal *proposal = printer->proposal;
	const struct observation *observation = proposal->observation;
	uint64_t left = proposal->capabilities;

	if (left == 0)
		return;
	member(printer, "capabilities");
	fputs("[", printer->out);
	for (int i = 0; i < 64; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if (!(left & bit))
			continue;
		left &= ~bit;
		fprintf(printer->out, "\n\t\t\"%s\"%s // %s", capabilities_name(i), left ? "," : "",
			observation->capabilities & bit ? syscall_rows[observation->capability_rows[i]].name
							: "as before");
		if (bit == UINT64_C(1) << 10) /* CAP_NET_BIND_SERVICE */
			fputs(" of a port below 1024; with \"listen\" it is not needed", printer->out);
	}
	fputs("\n\t]", printer->out);
}

static void print_switch(struct printer *printer, const char *key, bool on, const char *why)
{
	if (!on)
		return;
	member(printer, key);
	fputs("true", printer->out);
	fprintf(printer->out, " /* %s */", why);
}

static void print_network(struct printer *printer)
{
	const struct proposal *proposal = printer->proposal;
	const struct json *network = json_get(proposal->present->tree, "network");

	if (!network || proposal->no_network)
		return;
	member(printer, "network");
	json_print_value(printer->out, network, 1);
}

static void print_mount(struct printer *printer, const char *separator, const char *target)
{
	fprintf(printer->out, "%s\n\t\t", separator);
	json_print_string(printer->out, target);
	fputs(": ", printer->out);
}

static void print_tmpfs(struct printer *printer, const char *target, const struct json *old, bool exec)
{
	uint64_t bytes = propose_tmpfs_bytes(printer->proposal, target);
	char size[32];

	propose_limits_size(bytes, size);
	fprintf(printer->out, "{ \"type\": \"tmpfs\", \"size\": \"%s\"", size);
	if (exec)
		fputs(", \"exec\": true", printer->out);
	for (const struct json *value = old ? old->first : NULL; value; value = value->next) {
		if (str_equal(value->name, "type") || str_equal(value->name, "size") ||
		    str_equal(value->name, "inodes"))
			continue;
		fputs(", ", printer->out);
		json_print_string(printer->out, value->name);
		fputs(": ", printer->out);
		json_print_value(printer->out, value, 2);
	}
	fputs(" }", printer->out);
}

static void print_present_mounts(struct printer *printer, const char **separator)
{
	const struct spec *spec = printer->proposal->present;
	const struct json *mounts = json_get(spec->tree, "mounts");

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		const struct json *old = json_get(mounts, mount->target);

		if (!old || !propose_is_kept(printer->proposal, mount->target))
			continue;
		print_mount(printer, *separator, mount->target);
		if (mount->type == SPEC_MOUNT_BIND || printer->proposal->options.keep)
			json_print_value(printer->out, old, 2);
		else
			print_tmpfs(printer, mount->target, old, false);
		*separator = ",";
	}
}

static void print_mounts(struct printer *printer)
{
	const struct proposal *proposal = printer->proposal;
	const char *separator = "";
	bool any = proposal->places.n > 0;

	for (size_t i = 0; i < proposal->present->n_mounts; i++)
		any = any || propose_is_kept(proposal, proposal->present->mounts[i].target);
	if (!any)
		return;
	member(printer, "mounts");
	fputs("{", printer->out);
	print_present_mounts(printer, &separator);
	for (size_t i = 0; i < proposal->places.n; i++) {
		const struct propose_place *place = &proposal->places.items[i];

		fprintf(printer->out, "%s\n\t\t// %s", separator, place->why);
		if (place->source)
			fputs("; the image has files there: copy them to a directory that is the workload's",
			      printer->out);
		print_mount(printer, "", place->target);
		if (place->source) {
			fputs("{ \"type\": \"bind\", \"source\": ", printer->out);
			json_print_string(printer->out, place->source);
			fprintf(printer->out, ", \"write\": true%s }", place->exec ? ", \"exec\": true" : "");
		} else {
			print_tmpfs(printer, place->target, NULL, place->exec);
		}
		separator = ",";
	}
	fputs("\n\t}", printer->out);
}

static void limit(struct printer *printer, const char **separator, const char *key, const char *value,
		  const char *why)
{
	if (*separator)
		fprintf(printer->out, ",%s%s", **separator ? " // " : "", *separator);
	fprintf(printer->out, "\n\t\t\"%s\": %s", key, value);
	*separator = why;
}

static void limit_size(struct printer *printer, const char **separator, const char *key, uint64_t bytes,
		       const char *why)
{
	char size[32], text[40];

	if (bytes == SPEC_UNSET)
		return;
	propose_limits_size(bytes, size);
	snprintf(text, sizeof(text), bytes == 0 ? "%.1s" : "\"%s\"", bytes == 0 ? "0" : size);
	limit(printer, separator, key, text, why);
}

static void limit_count(struct printer *printer, const char **separator, const char *key, uint64_t count,
			const char *why)
{
	char text[32];

	if (count == SPEC_UNSET)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, count);
	limit(printer, separator, key, text, why);
}

static bool is_learned_limit(const struct proposal *proposal, const char *key)
{
	const struct {
		const char *key;
		bool learned;
	} limits[] = {
		{ "memory", proposal->options.no_limits || proposal->memory_bytes != SPEC_UNSET },
		{ "memory_high", proposal->options.no_limits },
		{ "swap", proposal->options.no_limits },
		{ "cpu", proposal->options.no_limits },
		{ "pids", proposal->options.no_limits || proposal->pids != SPEC_UNSET },
		{ "open_files", proposal->open_files != SPEC_UNSET },
		{ "file_size", proposal->file_size_bytes != SPEC_UNSET },
		{ "locked_memory", proposal->locked_bytes != SPEC_UNSET },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (str_equal(limits[i].key, key))
			return limits[i].learned;
	return false;
}

static void print_limits(struct printer *printer)
{
	const struct proposal *proposal = printer->proposal;
	const struct observed_peaks *peaks = &proposal->observation->peaks;
	const struct json *old = json_get(proposal->present->tree, "limits");
	const char *separator = NULL;
	char memory[64], pids[64], files[64], size[64];

	snprintf(memory, sizeof(memory), "its peak was %.1f MiB", (double)peaks->memory_bytes / (1 << 20));
	snprintf(pids, sizeof(pids), "its peak was %" PRIu64 ", and kapsel's init", peaks->pids);
	snprintf(files, sizeof(files), "the highest descriptor was %" PRIu64, peaks->open_files - 1);
	snprintf(size, sizeof(size),
		 peaks->file_size_bytes ? "the largest had %" PRIu64 " bytes" : "it wrote none",
		 peaks->file_size_bytes);
	member(printer, "limits");
	fputs("{", printer->out);
	if (proposal->options.no_limits) {
		limit(printer, &separator, "memory", "\"unlimited\"", memory);
		limit(printer, &separator, "swap", "\"unlimited\"", "");
		limit(printer, &separator, "cpu", "\"unlimited\"", "");
		limit(printer, &separator, "pids", "\"unlimited\"", pids);
	} else {
		limit_size(printer, &separator, "memory", proposal->memory_bytes, memory);
		limit_count(printer, &separator, "pids", proposal->pids, pids);
	}
	limit_count(printer, &separator, "open_files", proposal->open_files, files);
	limit_size(printer, &separator, "file_size", proposal->file_size_bytes, size);
	limit_size(printer, &separator, "locked_memory", proposal->locked_bytes,
		   "memory that it keeps out of swap");
	for (const struct json *value = old ? old->first : NULL; value; value = value->next) {
		if (is_learned_limit(proposal, value->name))
			continue;
		limit(printer, &separator, value->name, "", "");
		json_print_value(printer->out, value, 2);
	}
	if (separator)
		comment(printer->out, separator);
	fputs("\n\t}", printer->out);
}

static void print_refused(const struct proposal *proposal, FILE *out)
{
	static const short rows[] = {
		SYSCALL_ROW_io_uring_setup, SYSCALL_ROW_mount,   SYSCALL_ROW_bpf,
		SYSCALL_ROW_keyctl,         SYSCALL_ROW_add_key, SYSCALL_ROW_userfaultfd
	};
	const struct observation *observation = proposal->observation;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (observation->calls[rows[i]].count > 0)
			fprintf(out, "//   %s called %s: look whether it has to\n",
				observation->calls[rows[i]].comm, syscall_rows[rows[i]].name);
	if (observation->facts & FACT_CLOSED)
		fputs("//   it asked for what no key opens (a device node, or a socket of a rare family)\n",
		      out);
	if (observation->n_paths_left_out > 0)
		fprintf(out, "//   %zu accesses found no place here: more than %d paths\n",
			observation->n_paths_left_out, OBSERVATION_PATHS_MAX);
}

/* A port that it binds is better bound by the launcher, which only its owner can decide. */
static void print_addresses(const struct proposal *proposal, FILE *out)
{
	const struct observation *observation = proposal->observation;

	for (size_t i = 0; i < observation->n_addresses; i++) {
		const struct observed_address *address = &observation->addresses[i];
		bool unix_socket = address->text[0] == '/' || address->text[0] == '@';

		fprintf(out, "//   it %s %s", address->bound ? "binds" : "connects to", address->text);
		if (address->bound && !unix_socket)
			fprintf(out,
				": if it can take a socket over, "
				"\"listen\": { \"a\": { \"stream\": \"%s\" } } "
				"needs no network",
				address->text);
		else if (address->bound && address->text[0] == '/')
			fputs(": for clients outside, make its directory a bind mount with \"write\": true",
			      out);
		fputc('\n', out);
	}
}

static void print_head(const struct proposal *proposal, FILE *out)
{
	fprintf(out,
		"// Learned by kapsel learn from %" PRIu64
		" run%s. What was not exercised is not open: error paths,\n"
		"// reloads and rare requests are worth a run with --merge.\n",
		proposal->observation->runs, proposal->observation->runs == 1 ? "" : "s");
	print_addresses(proposal, out);
	for (size_t i = 0; i < proposal->places.n_remarks; i++)
		fprintf(out, "//   %s\n", proposal->places.remarks[i]);
	print_refused(proposal, out);
}

void propose_print(const struct proposal *proposal, FILE *out)
{
	struct printer printer = { proposal, out, false };

	print_head(proposal, out);
	fputs("{\n\t\"kapsel\": 1", out);
	print_kept(&printer);
	print_user(&printer);
	print_network(&printer);
	print_mounts(&printer);
	print_words(&printer);
	print_exec(&printer);
	print_capabilities(&printer);
	print_switch(&printer, "allow_jit", proposal->jit, "it makes memory executable that can be written");
	print_switch(&printer, "allow_nested_namespaces", proposal->nested, "it makes namespaces");
	print_switch(&printer, "allow_ptrace", proposal->ptrace, "its processes look into each other");
	print_limits(&printer);
	fputs("\n}\n", out);
}
