/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A layer's system call filter, on top of the config's. The two become one program: what the layer refuses it
 * answers itself, all else goes on to the config's part. So neither must allow seccomp(2) for the other's
 * sake, and nothing of the config is weakened. Only where the config has a listener, which is handed over by
 * calls that the layer may refuse, they are loaded one after the other.
 *
 * A refused call gets an errno: nobody stays to listen. exec is Landlock's.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sys.h"
#include "launcher/host.h"
#include "launcher/oci/layer.h"
#include "launcher/oci/run.h"
#include "launcher/oci/steps/layer.h"
#include "profiles/oci/oci_read.h"
#include "seccomp/filter.h"
#include "seccomp/oci_filter_join.h"

static struct spec filter_spec(const struct run *run)
{
	static const char *const any[] = { "*", NULL };
	static const char *const by_landlock[] = { "/", NULL };
	const struct spec *layer = run->oci->layer->spec;
	const struct oci_process *process = run->oci->process;

	return (struct spec){
		.syscalls = layer->syscalls,
		.on_violation = layer->on_violation,
		.allow_jit = layer->allow_jit,
		.allow_nested_namespaces = layer->allow_nested_namespaces,
		.allow_ptrace = layer->allow_ptrace,
		.capabilities = process->capabilities.permitted & process->capabilities.bounding,
		.exec_allow = { spec_exec_any(layer) ? any : by_landlock, 1 },
		.user = { .uid = process->user.uid, .gid = process->user.gid },
	};
}

static int layer_seccomp_prepare(const struct step *step, struct run *run, struct error *err)
{
	const struct spec spec = filter_spec(run);
	const struct filter_options options = {
		.exec_fd = -1,
		.cache_dir = run->host->cache_dir[0] ? run->host->cache_dir : NULL,
	};
	int r = filter_build(&spec, &options, run->arena, &run->filter, err);

	(void)step;
	if (r < 0)
		return r;
	run->oci->layer_joined = run->oci->oci_filter.program && !run->oci->oci_filter.notify;
	return run->oci->layer_joined ? oci_filter_join(&run->filter, run->arena, &run->oci->oci_filter, err)
				      : 0;
}

static int load(const struct filter *filter, struct error *err)
{
	struct sock_fprog program = { .len = (unsigned short)filter->n, .filter = filter->program };

	if (sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 0;
	error_set(err, errno, "load the system call filter of the profile");
	return error_remedy(err, "a config with a seccomp listener must allow seccomp(2) and prctl(2)");
}

static int layer_seccomp_apply(const struct step *step, struct run *run, struct error *err)
{
	bool alone = !run->oci->oci_filter.program;
	int r = run->oci->layer_joined ? 0 : load(&run->filter, err);

	(void)step;
	if (r < 0)
		return r;
	/* Without the filter the kernel would look at the arguments: EINVAL. A listener might wait for us. */
	if ((alone || run->oci->layer_joined) && !run->oci->layer->spec->allow_nested_namespaces &&
	    (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS))
		return error_set(err, EBADE, "the system call filter of the profile is not in force");
	return STEP_DONE;
}

static int layer_seccomp_verify(const struct step *step, const struct run *run,
				const struct evidence *evidence, char report[STEP_REPORT_MAX],
				struct error *err)
{
	(void)step, (void)evidence, (void)err;
	snprintf(report, STEP_REPORT_MAX, "%zu calls allowed, %s at start", run->filter.n_open,
		 run->oci->layer_joined ? "loaded with the config's" : "loaded");
	return STEP_DONE;
}

static void layer_seccomp_explain(const struct step *step, const struct spec *spec, FILE *out)
{
	(void)step;
	fprintf(out, "as the profile %s says, on top of the config",
		oci_annotation(spec->oci, OCI_LAYER_ANNOTATION));
}

const struct step_type oci_step_layer_seccomp = {
	.name = "layer-seccomp",
	.blocks = "system calls that the profile doesn't allow, whatever the config does",
	.source = "seccomp(2)",
	.phase = PHASE_SEAL,
	.prepare = layer_seccomp_prepare,
	.apply = layer_seccomp_apply,
	.verify = layer_seccomp_verify,
	.explain = layer_seccomp_explain,
	.wanted = oci_layer_wanted,
};
