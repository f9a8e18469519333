/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/convert/export_oci.h"
#include "lab/convert/export_oci_parts.h"
#include "lab/convert/losses.h"
#include "lab/convert/writer.h"
#include "profiles/spec.h"

enum { TMPFS_PAGE = 4096, TMPFS_INODES_MIN = 16 };

static void begin_mount(struct writer *writer, const char *target, const char *type, const char *source)
{
	writer_open_flat(writer, NULL, '{');
	writer_string(writer, "destination", target);
	writer_string(writer, "type", type);
	writer_string(writer, "source", source);
	writer_open(writer, "options", '[');
}

static void end_mount(struct writer *writer)
{
	writer_close(writer, ']');
	writer_close(writer, '}');
}

static void write_option(struct writer *writer, const char *option)
{
	writer_string(writer, NULL, option);
}

bool export_oci_full_proc(const struct spec *spec)
{
	/* crun and runc write sysctls through the container's own /proc. */
	return spec->proc == SPEC_PROC_FULL || spec->sysctls.n > 0;
}

static void write_proc(const struct export_oci_parts *parts)
{
	struct writer *writer = parts->writer;

	begin_mount(writer, "/proc", "proc", "proc");
	write_option(writer, "nosuid");
	write_option(writer, "nodev");
	write_option(writer, "noexec");
	write_option(writer, "hidepid=2");
	if (!export_oci_full_proc(parts->spec))
		write_option(writer, "subset=pid");
	end_mount(writer);
}

/* The runtime puts the nodes in. */
static void write_dev(const struct export_oci_parts *parts)
{
	begin_mount(parts->writer, "/dev", "tmpfs", "tmpfs");
	write_option(parts->writer, "nosuid");
	write_option(parts->writer, "noexec");
	write_option(parts->writer, "mode=755");
	write_option(parts->writer, "size=64k");
	write_option(parts->writer, "ro"); /* crun and runc do that last, when the nodes are in */
	end_mount(parts->writer);
}

static void write_tmpfs(const struct export_oci_parts *parts, const struct spec_mount *mount)
{
	uint64_t inodes = mount->inodes;
	char option[64];

	if (inodes == SPEC_UNSET)
		inodes = mount->size_bytes / TMPFS_PAGE;
	if (inodes < TMPFS_INODES_MIN && mount->inodes == SPEC_UNSET)
		inodes = TMPFS_INODES_MIN;
	snprintf(option, sizeof(option), "size=%" PRIu64, mount->size_bytes);
	write_option(parts->writer, option);
	snprintf(option, sizeof(option), "nr_inodes=%" PRIu64, inodes);
	write_option(parts->writer, option);
	snprintf(option, sizeof(option), "mode=%04o", (unsigned int)mount->mode);
	write_option(parts->writer, option);
	/* Made by the container's root, where kapsel makes it as the user. */
	snprintf(option, sizeof(option), "uid=%u", parts->spec->user.uid);
	write_option(parts->writer, option);
	snprintf(option, sizeof(option), "gid=%u", parts->spec->user.gid);
	write_option(parts->writer, option);
}

static void write_mount(const struct export_oci_parts *parts, const struct spec_mount *mount)
{
	bool bind = mount->type == SPEC_MOUNT_BIND;
	struct writer *writer = parts->writer;

	begin_mount(writer, mount->target, bind ? "bind" : "tmpfs", bind ? mount->source : "tmpfs");
	if (bind)
		write_option(writer, mount->recursive ? "rbind" : "bind");
	write_option(writer, "nosuid");
	write_option(writer, "nodev");
	if (!mount->exec)
		write_option(writer, "noexec");
	write_option(writer, mount->write ? "rw" : "ro");
	if (bind)
		write_option(writer, "rprivate");
	else
		write_tmpfs(parts, mount);
	end_mount(writer);
}

int export_oci_mounts(const struct export_oci_parts *parts, struct error *err)
{
	const struct spec *spec = parts->spec;
	int r = 0;

	writer_open(parts->writer, "mounts", '[');
	write_proc(parts);
	write_dev(parts);
	for (size_t i = 0; r == 0 && i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		if (mount->idmap)
			r = losses_add(parts->losses,
				       "mounts.%s.idmap: runc 1.1 knows no id-mapped mounts; owners on disk "
				       "are not shifted",
				       mount->target);
		if (mount->optional && access(mount->source, F_OK) < 0) {
			if (r == 0)
				r = losses_add(parts->losses,
					       "mounts.%s: optional, and %s is not there; a bundle can't ask "
					       "again later",
					       mount->target, mount->source);
			continue;
		}
		write_mount(parts, mount);
	}
	writer_close(parts->writer, ']');
	return r < 0 ? error_set(err, -r, "note what a bundle can't say") : 0;
}
