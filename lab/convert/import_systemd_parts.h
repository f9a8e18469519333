/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The translations that the table of import_systemd.c names, by topic. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct draft;
struct error;
struct syscall_list;
struct unit_setting;

struct systemd {
	struct draft *draft;
	struct error *err;
	int r; /* the first failure */
	const struct unit_setting *setting;

	/* What only several settings together say. */
	const char *user, *group;
	bool command, network, notify, bounding_given;
	uint64_t bounding, ambient;
	struct syscall_list *calls;
	bool filter_given, filter_allows;
};

/** systemd_lost() - the current line is lost, for that reason. */
void systemd_lost(struct systemd *systemd, const char *reason);

/** systemd_words() - Return: the words of the current value, NULL-terminated; NULL after a failure. */
const char *const *systemd_words(struct systemd *systemd);

/** systemd_true() - Return: whether the value is yes, true, on or 1. */
bool systemd_true(const char *value);

/* import_systemd_process.c */
void systemd_exec_start(struct systemd *systemd, const char *value);
void systemd_type(struct systemd *systemd, const char *value);
void systemd_user(struct systemd *systemd, const char *value);
void systemd_group(struct systemd *systemd, const char *value);
void systemd_supplementary_groups(struct systemd *systemd, const char *value);
void systemd_environment(struct systemd *systemd, const char *value);
void systemd_pass_environment(struct systemd *systemd, const char *value);
void systemd_working_directory(struct systemd *systemd, const char *value);
void systemd_root_directory(struct systemd *systemd, const char *value);
void systemd_umask(struct systemd *systemd, const char *value);
void systemd_description(struct systemd *systemd, const char *value);
void systemd_restart(struct systemd *systemd, const char *value);
void systemd_restart_sec(struct systemd *systemd, const char *value);
void systemd_start_limit_burst(struct systemd *systemd, const char *value);
void systemd_watchdog_sec(struct systemd *systemd, const char *value);
void systemd_timeout_stop_sec(struct systemd *systemd, const char *value);
void systemd_runtime_max_sec(struct systemd *systemd, const char *value);
void systemd_kill_signal(struct systemd *systemd, const char *value);
void systemd_standard_output(struct systemd *systemd, const char *value);
void systemd_standard_input(struct systemd *systemd, const char *value);
void systemd_syslog_identifier(struct systemd *systemd, const char *value);

/* import_systemd_sandbox.c */
void systemd_bounding(struct systemd *systemd, const char *value);
void systemd_ambient(struct systemd *systemd, const char *value);
void systemd_system_call_filter(struct systemd *systemd, const char *value);
void systemd_error_number(struct systemd *systemd, const char *value);
void systemd_private_network(struct systemd *systemd, const char *value);
void systemd_network_path(struct systemd *systemd, const char *value);
void systemd_address_families(struct systemd *systemd, const char *value);
void systemd_device_allow(struct systemd *systemd, const char *value);
void systemd_selinux(struct systemd *systemd, const char *value);
void systemd_apparmor(struct systemd *systemd, const char *value);
void systemd_write_execute(struct systemd *systemd, const char *value);
void systemd_sandbox_finish(struct systemd *systemd);

/* import_systemd_files.c */
void systemd_read_write_paths(struct systemd *systemd, const char *value);
void systemd_bind_paths(struct systemd *systemd, const char *value);
void systemd_bind_read_only_paths(struct systemd *systemd, const char *value);
void systemd_temporary_file_system(struct systemd *systemd, const char *value);
void systemd_private_tmp(struct systemd *systemd, const char *value);
void systemd_state_directory(struct systemd *systemd, const char *value);
void systemd_cache_directory(struct systemd *systemd, const char *value);
void systemd_logs_directory(struct systemd *systemd, const char *value);
void systemd_runtime_directory(struct systemd *systemd, const char *value);
void systemd_configuration_directory(struct systemd *systemd, const char *value);
void systemd_load_credential(struct systemd *systemd, const char *value);

/* import_systemd_limits.c */
void systemd_memory_max(struct systemd *systemd, const char *value);
void systemd_memory_high(struct systemd *systemd, const char *value);
void systemd_memory_swap_max(struct systemd *systemd, const char *value);
void systemd_tasks_max(struct systemd *systemd, const char *value);
void systemd_cpu_quota(struct systemd *systemd, const char *value);
void systemd_cpu_weight(struct systemd *systemd, const char *value);
void systemd_allowed_cpus(struct systemd *systemd, const char *value);
void systemd_limit_nofile(struct systemd *systemd, const char *value);
void systemd_limit_fsize(struct systemd *systemd, const char *value);
void systemd_limit_core(struct systemd *systemd, const char *value);
void systemd_limit_stack(struct systemd *systemd, const char *value);
void systemd_limit_memlock(struct systemd *systemd, const char *value);
void systemd_io_read_bandwidth(struct systemd *systemd, const char *value);
void systemd_io_write_bandwidth(struct systemd *systemd, const char *value);
