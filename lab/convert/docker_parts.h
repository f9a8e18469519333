/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The translations that the table of docker_options.c names, by topic. */
struct docker;

/* docker_limits.c */
void docker_memory(struct docker *docker, const char *value);
void docker_memory_swap(struct docker *docker, const char *value);
void docker_cpus(struct docker *docker, const char *value);
void docker_cpu_quota(struct docker *docker, const char *value);
void docker_cpu_period(struct docker *docker, const char *value);
void docker_cpu_shares(struct docker *docker, const char *value);
void docker_cpuset_cpus(struct docker *docker, const char *value);
void docker_pids_limit(struct docker *docker, const char *value);
void docker_ulimit(struct docker *docker, const char *value);
void docker_read_bps(struct docker *docker, const char *value);
void docker_write_bps(struct docker *docker, const char *value);
void docker_read_iops(struct docker *docker, const char *value);
void docker_write_iops(struct docker *docker, const char *value);
void docker_limits_finish(struct docker *docker);

/* docker_mounts.c */
void docker_volume(struct docker *docker, const char *value);
void docker_mount(struct docker *docker, const char *value);
void docker_tmpfs(struct docker *docker, const char *value);
void docker_shm_size(struct docker *docker, const char *value);
void docker_device(struct docker *docker, const char *value);
void docker_read_only(struct docker *docker, const char *value);

/* docker_rights.c */
void docker_cap_add(struct docker *docker, const char *value);
void docker_cap_drop(struct docker *docker, const char *value);
void docker_security_opt(struct docker *docker, const char *value);
void docker_privileged(struct docker *docker, const char *value);
void docker_user(struct docker *docker, const char *value);
void docker_group_add(struct docker *docker, const char *value);
void docker_sysctl(struct docker *docker, const char *value);
void docker_ipc(struct docker *docker, const char *value);
void docker_pid(struct docker *docker, const char *value);
void docker_uts(struct docker *docker, const char *value);
void docker_userns(struct docker *docker, const char *value);
void docker_cgroupns(struct docker *docker, const char *value);

/* docker_process.c */
void docker_env(struct docker *docker, const char *value);
void docker_env_file(struct docker *docker, const char *value);
void docker_workdir(struct docker *docker, const char *value);
void docker_name(struct docker *docker, const char *value);
void docker_hostname(struct docker *docker, const char *value);
void docker_label(struct docker *docker, const char *value);
void docker_label_file(struct docker *docker, const char *value);
void docker_entrypoint(struct docker *docker, const char *value);
void docker_interactive(struct docker *docker, const char *value);
void docker_network(struct docker *docker, const char *value);
void docker_publish(struct docker *docker, const char *value);

/* docker_service.c */
void docker_restart(struct docker *docker, const char *value);
void docker_log_driver(struct docker *docker, const char *value);
void docker_log_opt(struct docker *docker, const char *value);
void docker_health_cmd(struct docker *docker, const char *value);
void docker_health_interval(struct docker *docker, const char *value);
void docker_health_timeout(struct docker *docker, const char *value);
void docker_health_start_period(struct docker *docker, const char *value);
void docker_health_retries(struct docker *docker, const char *value);
void docker_stop_signal(struct docker *docker, const char *value);
void docker_stop_timeout(struct docker *docker, const char *value);
