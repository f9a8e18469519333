/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/docker.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/draft.h"
#include "profiles/findings.h"
#include "profiles/json.h"
#include "profiles/json_print.h"

enum { WORDS_MAX = 64 };

struct result {
	struct arena *arena;
	struct draft draft;
	struct error err;
	int r;
};

static struct result import(const char *line)
{
	struct result result = { .arena = arena_new() };
	const char *words[WORDS_MAX + 1] = { NULL };
	char *rest = arena_strdup(result.arena, line);

	for (size_t n = 0; rest && n < WORDS_MAX; n++)
		words[n] = strsep(&rest, " ");
	cr_assert(zero(int, draft_init(&result.draft, result.arena)));
	result.draft.rootfs = "/srv/rootfs";
	result.r = docker_run(&result.draft, words, &result.err);
	draft_finish(&result.draft);
	return result;
}

/* The value at a path as JSON, "" without one; the caller's to free. */
static char *value(const struct result *result, const char *path)
{
	const struct json *found = json_find(result->draft.root, path);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (found)
		json_print_value(out, found, 0);
	fclose(out);
	return text;
}

Test(docker, translates_each_option)
{
	static const struct {
		const char *line, *path, *value;
	} rows[] = {
		{ "-m 128m", "limits.memory", "\"128MiB\"" },
		{ "-m128m --memory-swap 128m", "limits.swap", "" },
		{ "-m 128m --memory-swap=192m", "limits.swap", "\"64MiB\"" },
		{ "-m 128m --memory-swap -1", "limits.swap", "\"unlimited\"" },
		{ "--cpus 1.5", "limits.cpu", "1.5" },
		{ "--cpu-quota 25000", "limits.cpu", "0.25" },
		{ "--cpu-quota 25000 --cpu-period 50000", "limits.cpu", "0.5" },
		{ "--cpu-shares=512", "limits.cpu_weight", "50" },
		{ "-c 1024", "limits.cpu_weight", "100" },
		{ "--cpuset-cpus=2-3", "limits.cpus", "\"2-3\"" },
		{ "--pids-limit 50", "limits.pids", "50" },
		{ "--pids-limit -1", "limits.pids", "\"unlimited\"" },
		{ "--ulimit nofile=1024", "limits.open_files", "1024" },
		{ "--ulimit core=0:0", "limits.core", "0" },
		{ "--ulimit memlock=-1:-1", "limits.locked_memory", "\"unlimited\"" },
		{ "--device-write-bps /dev/sda:1mb", "limits.io./dev/sda.write_bps", "\"1MiB\"" },
		{ "--restart on-failure:10", "restart.max", "10" },
		{ "--restart=unless-stopped", "restart.policy", "\"always\"" },
		{ "--log-driver syslog", "log.driver", "\"syslog\"" },
		{ "--log-opt mode=non-blocking", "log.on_full", "\"drop\"" },
		{ "--stop-signal 3", "stop.signal", "\"SIGQUIT\"" },
		{ "--stop-signal quit", "stop.signal", "\"SIGQUIT\"" },
		{ "--stop-timeout 90", "stop.timeout", "\"90s\"" },
		{ "--network none", "network", "\"loopback\"" },
		{ "--net=host", "network", "\"host\"" },
		{ "-u 1000:100", "user.gid", "100" },
		{ "-eA=b=c", "env.A", "\"b=c\"" },
		{ "-h web1", "hostname", "\"web1\"" },
		{ "--cap-add cap_chown --cap-add KILL", "capabilities", "[\"CHOWN\", \"KILL\"]" },
		{ "--ipc host --uts=host", "share_host", "[\"ipc\", \"uts\"]" },
		{ "--device /dev/fuse:/dev/fuse:r", "devices./dev/fuse", "\"r\"" },
		{ "-it", "stdin", "\"inherit\"" },
		{ "-i=false", "stdin", "" },
		{ "--sysctl net.core.somaxconn=1", "sysctls", "{\n\t\"net.core.somaxconn\": \"1\"\n}" },
		{ "--health-interval 1m30s", "health.interval", "\"90s\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char line[256], *text;
		struct result result;

		snprintf(line, sizeof(line), "docker run %s image /bin/x", rows[i].line);
		result = import(line);
		cr_assert(zero(int, result.r), "%s: %s", line, result.err.msg);
		text = value(&result, rows[i].path);
		cr_assert(eq(str, text, rows[i].value), "%s: %s is %s", line, rows[i].path, text);
		free(text);
		arena_free(result.arena);
	}
}

Test(docker, refuses_what_means_nothing)
{
	static const struct {
		const char *line, *message, *remedy;
	} rows[] = {
		{ "docker run --memroy 3 x", "\"memroy\": docker run has no such option",
		  "did you mean --memory?" },
		{ "docker run -Z x", "\"-Z\"", "" },
		{ "docker run --privileged x", "the host's root", "--cap-add" },
		{ "docker run -m 12q x", "--memory \"12q\"", "" },
		{ "docker run --ulimit nofiles=1 x", "no such limit", "" },
		{ "docker run --cap-add FLY x", "no such capability", "" },
		{ "docker run -m", "its value is missing", "" },
		{ "docker run", "find the image", "" },
		{ "docker run --memory-swap 1g x", "give --memory, too", "" },
		{ "docker run -m 2g --memory-swap 1g x", "not less than --memory", "" },
		{ "docker run -v /a:b x", "must be absolute", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct result result = import(rows[i].line);

		cr_assert(lt(int, result.r, 0), "%s", rows[i].line);
		cr_assert(not(eq(ptr, strstr(result.err.msg, rows[i].message), NULL)), "%s: %s", rows[i].line,
			  result.err.msg);
		cr_assert(not(eq(ptr, strstr(result.err.remedy, rows[i].remedy), NULL)), "%s",
			  result.err.remedy);
		arena_free(result.arena);
	}
}

Test(docker, says_what_is_lost)
{
	static const char *const lines[] = {
		"-d",
		"-t",
		"--gpus all",
		"--network bridge1",
		"-v data:/d",
		"--security-opt seccomp=unconfined",
		"--dns 1.1.1.1",
		"--log-driver fluentd",
		"--userns host",
		"-p 80",
		"-p 8000-8010:8000-8010",
		"--oom-score-adj 5",
		"--cap-add ALL",
		"--device /dev/a:/dev/b",
		"--pid container:x",
		"--cpuset-mems 0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char line[256];
		struct result result;

		snprintf(line, sizeof(line), "docker run %s image /bin/x", lines[i]);
		result = import(line);
		cr_assert(zero(int, result.r), "%s: %s", line, result.err.msg);
		cr_assert(eq(sz, result.draft.losses.n, 1), "%s: %zu losses", line, result.draft.losses.n);
		arena_free(result.arena);
	}
}

Test(docker, makes_profiles_that_kapsel_takes)
{
	static const char *const lines[] = {
		"docker run nginx /usr/sbin/nginx",
		"sudo docker container run --rm -dit --name x -m 64m -p 80:80 -p [::1]:81:81/udp "
		"-v /srv:/srv:ro "
		"--tmpfs /run:size=1m,mode=755 --mount type=tmpfs,target=/t,tmpfs-size=2m --mount "
		"type=bind,source=/srv/a,target=/a,readonly --shm-size 1m --read-only "
		"-u 10:10 nginx /bin/nginx -g x",
		"podman run --pid host --restart always --health-cmd true --health-retries 2 x /bin/x",
		"docker run --group-add 27 --stop-signal INT --entrypoint /bin/e x a b",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct result result = import(lines[i]);
		struct findings findings = { 0 };
		const char *missing = NULL;

		cr_assert(zero(int, result.r), "%s: %s", lines[i], result.err.msg);
		cr_assert(zero(int, draft_check(&result.draft, &findings, &missing)), "%s: %s", lines[i],
			  findings.n ? findings.items[0].message : "");
		cr_assert(eq(ptr, missing, NULL));
		arena_free(result.arena);
	}
}

Test(docker, asks_for_what_only_the_author_knows)
{
	struct result result = import("docker run nginx");
	struct findings findings = { 0 };
	const char *missing = NULL;

	cr_assert(zero(int, draft_check(&result.draft, &findings, &missing)));
	cr_assert(not(eq(ptr, strstr(missing, "\"command\""), NULL)));
	cr_assert(eq(ptr, json_get(result.draft.root, "command"), NULL));
	arena_free(result.arena);
}
