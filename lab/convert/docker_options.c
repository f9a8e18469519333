/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/convert/docker.h"

#include <errno.h>

#include "base/error.h"
#include "base/str.h"
#include "lab/convert/docker_parts.h"
#include "lab/convert/draft.h"
#include "profiles/spec.h"

#define V      true
#define SWITCH false
#define CLIENT "it is about Docker's client, not about the container"
#define NO_NETWORK                                                                                           \
	"kapsel makes no network: prepare a network namespace and use \"network\": { \"mode\": \"join\" }"
#define NO_V2   "cgroup v2 has no such limit"
#define WINDOWS "it is for Windows"

/* clang-format off */
static const struct docker_option table[] = {
	{ "add-host", 0, V, NULL, "put the line into /etc/hosts of the root file system" },
	{ "annotation", 0, V, NULL, "it is for OCI runtimes" },
	{ "attach", 'a', V, NULL, CLIENT },
	{ "blkio-weight", 0, V, NULL, "kapsel limits disks by rate (\"limits.io\"), not by weight" },
	{ "blkio-weight-device", 0, V, NULL, "kapsel limits disks by rate (\"limits.io\"), not by weight" },
	{ "cap-add", 0, V, docker_cap_add, NULL },
	{ "cap-drop", 0, V, docker_cap_drop, NULL },
	{ "cgroup-parent", 0, V, NULL, "kapsel places its own groups; under systemd use Slice= of the unit" },
	{ "cgroupns", 0, V, docker_cgroupns, NULL },
	{ "cidfile", 0, V, NULL, "the name is the id" },
	{ "cpu-count", 0, V, NULL, WINDOWS },
	{ "cpu-percent", 0, V, NULL, WINDOWS },
	{ "cpu-period", 0, V, docker_cpu_period, NULL },
	{ "cpu-quota", 0, V, docker_cpu_quota, NULL },
	{ "cpu-rt-period", 0, V, NULL, NO_V2 },
	{ "cpu-rt-runtime", 0, V, NULL, NO_V2 },
	{ "cpu-shares", 'c', V, docker_cpu_shares, NULL },
	{ "cpus", 0, V, docker_cpus, NULL },
	{ "cpuset-cpus", 0, V, docker_cpuset_cpus, NULL },
	{ "cpuset-mems", 0, V, NULL, "kapsel does not bind to memory nodes" },
	{ "detach", 'd', SWITCH, NULL, "say it at the start: kapsel run -d" },
	{ "detach-keys", 0, V, NULL, CLIENT },
	{ "device", 0, V, docker_device, NULL },
	{ "device-cgroup-rule", 0, V, NULL, "name the device itself in \"devices\"" },
	{ "device-read-bps", 0, V, docker_read_bps, NULL },
	{ "device-read-iops", 0, V, docker_read_iops, NULL },
	{ "device-write-bps", 0, V, docker_write_bps, NULL },
	{ "device-write-iops", 0, V, docker_write_iops, NULL },
	{ "disable-content-trust", 0, SWITCH, NULL, CLIENT },
	{ "dns", 0, V, NULL, "put a resolv.conf into the root file system" },
	{ "dns-opt", 0, V, NULL, "put a resolv.conf into the root file system" },
	{ "dns-option", 0, V, NULL, "put a resolv.conf into the root file system" },
	{ "dns-search", 0, V, NULL, "put a resolv.conf into the root file system" },
	{ "domainname", 0, V, NULL, "kapsel sets the host name only" },
	{ "entrypoint", 0, V, docker_entrypoint, NULL },
	{ "env", 'e', V, docker_env, NULL },
	{ "env-file", 0, V, docker_env_file, NULL },
	{ "expose", 0, V, NULL, NULL }, /* says nothing without a network of containers */
	{ "gpus", 0, V, NULL, "name each device in \"devices\", and bind the driver's libraries" },
	{ "group-add", 0, V, docker_group_add, NULL },
	{ "health-cmd", 0, V, docker_health_cmd, NULL },
	{ "health-interval", 0, V, docker_health_interval, NULL },
	{ "health-retries", 0, V, docker_health_retries, NULL },
	{ "health-start-interval", 0, V, NULL, "kapsel checks in one interval" },
	{ "health-start-period", 0, V, docker_health_start_period, NULL },
	{ "health-timeout", 0, V, docker_health_timeout, NULL },
	{ "hostname", 'h', V, docker_hostname, NULL },
	{ "init", 0, SWITCH, NULL, NULL }, /* kapsel always has one */
	{ "interactive", 'i', SWITCH, docker_interactive, NULL },
	{ "io-maxbandwidth", 0, V, NULL, WINDOWS },
	{ "io-maxiops", 0, V, NULL, WINDOWS },
	{ "ip", 0, V, NULL, NO_NETWORK },
	{ "ip6", 0, V, NULL, NO_NETWORK },
	{ "ipc", 0, V, docker_ipc, NULL },
	{ "isolation", 0, V, NULL, WINDOWS },
	{ "kernel-memory", 0, V, NULL, "the kernel's memory counts as the container's: limits.memory" },
	{ "label", 'l', V, docker_label, NULL },
	{ "label-file", 0, V, docker_label_file, NULL },
	{ "link", 0, V, NULL, "Docker itself gave it up; use a socket in a directory that both bind" },
	{ "link-local-ip", 0, V, NULL, NO_NETWORK },
	{ "log-driver", 0, V, docker_log_driver, NULL },
	{ "log-opt", 0, V, docker_log_opt, NULL },
	{ "mac-address", 0, V, NULL, NO_NETWORK },
	{ "memory", 'm', V, docker_memory, NULL },
	{ "memory-reservation", 0, V, NULL, "kapsel protects no memory from others" },
	{ "memory-swap", 0, V, docker_memory_swap, NULL },
	{ "memory-swappiness", 0, V, NULL, NO_V2 },
	{ "mount", 0, V, docker_mount, NULL },
	{ "name", 0, V, docker_name, NULL },
	{ "net", 0, V, docker_network, NULL },
	{ "net-alias", 0, V, NULL, NO_NETWORK },
	{ "network", 0, V, docker_network, NULL },
	{ "network-alias", 0, V, NULL, NO_NETWORK },
	{ "no-healthcheck", 0, SWITCH, NULL, NULL },
	{ "oom-kill-disable", 0, SWITCH, NULL, NO_V2 },
	{ "oom-score-adj", 0, V, NULL, "limits.memory decides, and kills the container as a whole" },
	{ "pid", 0, V, docker_pid, NULL },
	{ "pids-limit", 0, V, docker_pids_limit, NULL },
	{ "platform", 0, V, NULL, "it chooses the image: unpack the right one" },
	{ "privileged", 0, SWITCH, docker_privileged, NULL },
	{ "publish", 'p', V, docker_publish, NULL },
	{ "publish-all", 'P', SWITCH, NULL, "name each port in \"listen\"" },
	{ "pull", 0, V, NULL, "kapsel has no images: unpack it yourself" },
	{ "quiet", 'q', SWITCH, NULL, CLIENT },
	{ "read-only", 0, SWITCH, docker_read_only, NULL },
	{ "restart", 0, V, docker_restart, NULL },
	{ "rm", 0, SWITCH, NULL, NULL }, /* nothing stays of a run anyway */
	{ "runtime", 0, V, NULL, "kapsel is the runtime" },
	{ "security-opt", 0, V, docker_security_opt, NULL },
	{ "shm-size", 0, V, docker_shm_size, NULL },
	{ "sig-proxy", 0, SWITCH, NULL, CLIENT },
	{ "stop-signal", 0, V, docker_stop_signal, NULL },
	{ "stop-timeout", 0, V, docker_stop_timeout, NULL },
	{ "storage-opt", 0, V, NULL, "kapsel has no storage of its own" },
	{ "sysctl", 0, V, docker_sysctl, NULL },
	{ "tmpfs", 0, V, docker_tmpfs, NULL },
	{ "tty", 't', SWITCH, NULL, "a workload has no terminal; kapsel enter gives one for looking" },
	{ "ulimit", 0, V, docker_ulimit, NULL },
	{ "use-api-socket", 0, SWITCH, NULL, "Docker's socket is the host: it has no place in a container" },
	{ "user", 'u', V, docker_user, NULL },
	{ "userns", 0, V, docker_userns, NULL },
	{ "uts", 0, V, docker_uts, NULL },
	{ "volume", 'v', V, docker_volume, NULL },
	{ "volume-driver", 0, V, NULL, "bind a directory instead" },
	{ "volumes-from", 0, V, NULL, "bind the same directories" },
	{ "workdir", 'w', V, docker_workdir, NULL },
};
/* clang-format on */

const struct docker_option *docker_option(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (str_equal(table[i].name, name))
			return &table[i];
	return NULL;
}

static const struct docker_option *by_letter(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].letter == letter)
			return &table[i];
	return NULL;
}

void docker_init(struct docker *docker, struct draft *draft, struct error *err)
{
	*docker = (struct docker){
		.draft = draft, .err = err, .memory = SPEC_UNSET, .memory_swap = SPEC_UNSET
	};
}

void docker_fail(struct docker *docker, const char *name, const char *value, const char *reason)
{
	if (docker->r == 0)
		docker->r =
			value ? error_set(docker->err, EINVAL, "read --%s \"%s\": %s", name, value, reason)
			      : error_set(docker->err, EINVAL, "read --%s: %s", name, reason);
}

void docker_apply(struct docker *docker, const struct docker_option *option, const char *value)
{
	if (docker->r < 0)
		return;
	if (!option->takes_value && (str_equal(value, "false") || str_equal(value, "0")))
		return;
	if (option->apply)
		option->apply(docker, value);
	else if (option->lost && option->takes_value)
		draft_lost(docker->draft, "--%s %s: %s", option->name, value, option->lost);
	else if (option->lost)
		draft_lost(docker->draft, "--%s: %s", option->name, option->lost);
}

static int unknown(const char *word, struct error *err)
{
	const char *names[ARRAY_SIZE(table)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		names[i] = table[i].name;
	near = str_nearest(word + strspn(word, "-"), names, ARRAY_SIZE(table));
	error_set(err, EINVAL, "read \"%s\": docker run has no such option", word);
	return near ? error_remedy(err, "did you mean --%s?", near) : -EINVAL;
}

static int no_value(const char *name, struct error *err)
{
	return error_set(err, EINVAL, "read --%s: its value is missing", name);
}

/* "--name value", "--name=value". Return: words used, or -errno. */
static int long_option(struct docker *docker, const char *const *argv)
{
	const char *name = argv[0] + 2, *equals = strchr(name, '=');
	char text[64];
	const struct docker_option *option;
	size_t length = equals ? (size_t)(equals - name) : strlen(name);

	if (length >= sizeof(text))
		return unknown(argv[0], docker->err);
	memcpy(text, name, length);
	text[length] = '\0';
	option = docker_option(text);
	if (!option)
		return unknown(text, docker->err);
	if (option->takes_value && !equals && !argv[1])
		return no_value(text, docker->err);
	docker_apply(docker, option, equals ? equals + 1 : option->takes_value ? argv[1] : "true");
	return option->takes_value && !equals ? 2 : 1;
}

/* "-it", "-m128m", "-m 128m", "-m=128m". Return: words used, or -errno. */
static int short_options(struct docker *docker, const char *const *argv)
{
	for (const char *letter = argv[0] + 1; *letter; letter++) {
		const struct docker_option *option = by_letter(*letter);
		const char *value = letter + 1;

		if (!option)
			return unknown((const char[]){ '-', *letter, '\0' }, docker->err);
		if (!option->takes_value && *value != '=') {
			docker_apply(docker, option, "true");
			continue;
		}
		if (*value == '=')
			value++;
		else if (!*value)
			value = argv[1];
		if (!value)
			return no_value(option->name, docker->err);
		docker_apply(docker, option, value);
		return value == argv[1] ? 2 : 1;
	}
	return 1;
}

static const char *const *skip_program(const char *const *argv)
{
	if (argv[0] && str_equal(argv[0], "sudo"))
		argv++;
	if (argv[0] && (str_equal(argv[0], "docker") || str_equal(argv[0], "podman")))
		argv++;
	if (argv[0] && str_equal(argv[0], "container"))
		argv++;
	if (argv[0] && (str_equal(argv[0], "run") || str_equal(argv[0], "create")))
		argv++;
	return argv;
}

int docker_run(struct draft *draft, const char *const *argv, struct error *err)
{
	struct docker docker;
	size_t n = 0;

	docker_init(&docker, draft, err);
	argv = skip_program(argv);
	while (argv[0] && argv[0][0] == '-' && argv[0][1]) {
		int used;

		if (str_equal(argv[0], "--")) {
			argv++;
			break;
		}
		used = argv[0][1] == '-' ? long_option(&docker, argv) : short_options(&docker, argv);
		if (used < 0)
			return used;
		if (docker.r < 0)
			return docker.r;
		argv += used;
	}
	if (!argv[0]) {
		error_set(err, EINVAL, "find the image in the command line");
		return error_remedy(err, "as in: kapsel import docker-run -- docker run -m 128m nginx");
	}
	docker.image = argv[0];
	while (argv[1 + n])
		n++;
	return docker_finish(&docker, argv + 1, n);
}
