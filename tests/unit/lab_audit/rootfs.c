/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A root file system with one planted thing of each kind, and with traps. */
#include "lab/audit/rootfs.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/str.h"
#include "fixture.h"

struct tree {
	char path[32];
};

static void below(const struct tree *tree, const char *name, char path[static 256])
{
	snprintf(path, 256, "%s/%s", tree->path, name);
}

static void file(const struct tree *tree, const char *name, mode_t mode, const char *text)
{
	char path[256];
	FILE *out;

	below(tree, name, path);
	for (char *at = path + strlen(tree->path) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		mkdir(path, 0755);
	}
	out = fopen(path, "w");
	cr_assert(out != NULL, "%s", path);
	fputs(text, out);
	fclose(out);
	cr_assert(eq(int, chmod(path, mode), 0));
}

static void link_to(const struct tree *tree, const char *name, const char *target)
{
	char path[256];

	below(tree, name, path);
	cr_assert(eq(int, symlink(target, path), 0), "%s", path);
}

static struct tree tree_open(void)
{
	struct tree tree;

	strcpy(tree.path, "/tmp/kapsel-rootfs-XXXXXX");
	umask(0022);
	cr_assert(mkdtemp(tree.path) != NULL);
	return tree;
}

static void tree_close(const struct tree *tree)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", tree->path);
	cr_assert(eq(int, system(command), 0)); /* a fixed name that mkdtemp() made */
}

static struct rootfs *scan(const struct tree *tree)
{
	struct rootfs *rootfs = NULL;
	struct error err = { 0 };

	cr_assert(eq(int, rootfs_scan(tree->path, &rootfs, &err), 0), "%s", err.msg);
	return rootfs;
}

static bool found(const struct rootfs *rootfs, enum rootfs_kind kind, const char *path)
{
	for (size_t i = 0; i < rootfs->found[kind].n; i++)
		if (str_equal(rootfs->found[kind].items[i].path, path))
			return true;
	return false;
}

static void plant(const struct tree *tree)
{
	char path[256];

	file(tree, "usr/bin/passwd", 04755, "x");
	file(tree, "usr/bin/wall", 02755, "x");
	file(tree, "usr/bin/bash", 0755, "x");
	file(tree, "usr/bin/apt", 0755, "x");
	file(tree, "usr/bin/gcc", 0755, "x");
	file(tree, "usr/bin/curl", 0755, "x");
	file(tree, "usr/sbin/sshd", 0755, "x");
	file(tree, "usr/sbin/cron", 0755, "x");
	file(tree, "root/.ssh/id_ed25519", 0600, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	file(tree, "etc/tls/server.pem", 0600, "-----BEGIN RSA PRIVATE KEY-----\n");
	file(tree, "root/.aws/credentials", 0600, "[default]\n");
	file(tree, "root/.bash_history", 0600, "ls\n");
	file(tree, "srv/open", 0666, "x");
	below(tree, "srv/all", path);
	mkdir(path, 0755);
	chmod(path, 0777);
	link_to(tree, "srv/up", "../../etc/shadow");
	link_to(tree, "srv/absolute", "/etc/nowhere-in-the-tree");
}

Test(rootfs, finds_one_of_each)
{
	struct tree tree = tree_open();
	struct rootfs *rootfs;

	plant(&tree);
	rootfs = scan(&tree);
	cr_expect(found(rootfs, ROOTFS_SETUID, "/usr/bin/passwd"));
	cr_expect(found(rootfs, ROOTFS_SETUID, "/usr/bin/wall"));
	cr_expect(found(rootfs, ROOTFS_SHELLS, "/usr/bin/bash"));
	cr_expect(found(rootfs, ROOTFS_PACKAGES, "/usr/bin/apt"));
	cr_expect(found(rootfs, ROOTFS_BUILD, "/usr/bin/gcc"));
	cr_expect(found(rootfs, ROOTFS_NETWORK, "/usr/bin/curl"));
	cr_expect(found(rootfs, ROOTFS_REMOTE, "/usr/sbin/sshd"));
	cr_expect(found(rootfs, ROOTFS_SERVICES, "/usr/sbin/cron"));
	cr_expect(found(rootfs, ROOTFS_KEYS, "/root/.ssh/id_ed25519"));
	cr_expect(found(rootfs, ROOTFS_KEYS, "/etc/tls/server.pem"));
	cr_expect(found(rootfs, ROOTFS_CREDENTIALS, "/root/.aws/credentials"));
	cr_expect(found(rootfs, ROOTFS_HISTORY, "/root/.bash_history"));
	cr_expect(found(rootfs, ROOTFS_WORLD_FILES, "/srv/open"));
	cr_expect(found(rootfs, ROOTFS_WORLD_DIRS, "/srv/all"));
	cr_expect(found(rootfs, ROOTFS_LINKS, "/srv/up"));
	cr_expect(found(rootfs, ROOTFS_LINKS, "/srv/absolute"));
	cr_expect(lt(u32, rootfs_score(rootfs), 20));
	rootfs_free(rootfs);
	tree_close(&tree);
}

Test(rootfs, finds_nothing_in_a_tree_of_one_program)
{
	struct tree tree = tree_open();
	struct rootfs *rootfs;

	file(&tree, "app/server", 0755, "x");
	file(&tree, "etc/ssl/certs/ca.pem", 0644, "-----BEGIN CERTIFICATE-----\n");
	file(&tree, "etc/ssl/public.key", 0644, "-----BEGIN PUBLIC KEY-----\n");
	file(&tree, "app/bash", 0644, "a text about a shell");
	file(&tree, "usr/bin/bash.txt", 0644, "another one");
	link_to(&tree, "app/current", "../app/server");
	link_to(&tree, "app/mtab", "/proc/self/mounts");
	link_to(&tree, "app/inside", "/app/server");
	file(&tree, "tmp/x", 0644, "");
	{
		char path[256];

		below(&tree, "tmp", path);
		chmod(path, 01777);
	}
	rootfs = scan(&tree);
	for (int kind = 0; kind < ROOTFS_KINDS; kind++)
		cr_expect(eq(sz, rootfs->found[kind].n, 0), "%s: %s",
			  rootfs_type_of((enum rootfs_kind)kind)->id,
			  rootfs->found[kind].n ? rootfs->found[kind].items[0].path : "");
	cr_expect(eq(u32, rootfs_score(rootfs), 100));
	rootfs_free(rootfs);
	tree_close(&tree);
}

/* A directory that is a link to the outside would lead the walk there; so would one to itself, for ever. */
Test(rootfs, follows_no_link)
{
	struct tree tree = tree_open(), outside = tree_open();
	struct rootfs *rootfs;

	file(&outside, "root/.ssh/id_rsa", 0600, "-----BEGIN RSA PRIVATE KEY-----\n");
	link_to(&tree, "out", outside.path);
	link_to(&tree, "self", ".");
	link_to(&tree, "id_rsa", "out/root/.ssh/id_rsa");
	rootfs = scan(&tree);
	cr_expect(eq(sz, rootfs->found[ROOTFS_KEYS].n, 0));
	cr_expect(eq(u64, rootfs->n_dirs, 1));
	cr_expect(eq(u64, rootfs->n_files, 3));
	cr_expect(found(rootfs, ROOTFS_LINKS, "/out"));
	rootfs_free(rootfs);
	tree_close(&tree);
	tree_close(&outside);
}

Test(rootfs, does_not_wait_for_a_fifo_that_is_called_a_key)
{
	struct tree tree = tree_open();
	struct rootfs *rootfs;
	char path[256];

	below(&tree, "server.key", path);
	cr_assert(eq(int, mkfifo(path, 0600), 0));
	rootfs = scan(&tree);
	cr_expect(eq(sz, rootfs->found[ROOTFS_KEYS].n, 0));
	rootfs_free(rootfs);
	tree_close(&tree);
}

Test(rootfs, goes_no_deeper_than_its_descriptors_reach)
{
	struct tree tree = tree_open();
	struct rootfs *rootfs;
	char name[1024] = "";

	for (int i = 0; i < 80; i++)
		strcat(name, "d/");
	strcat(name, "f");
	{
		char command[2048];

		snprintf(command, sizeof(command), "cd '%s' && mkdir -p %.1000s", tree.path, name);
		cr_assert(eq(int, system(command), 0)); /* a fixed name that mkdtemp() made */
	}
	rootfs = scan(&tree);
	cr_expect(eq(u64, rootfs->n_unreadable, 1));
	rootfs_free(rootfs);
	tree_close(&tree);
}

Test(rootfs, finds_nodes_and_file_capabilities_as_root)
{
	struct vfs_cap_data capability = { .magic_etc = VFS_CAP_REVISION_2 };
	struct tree tree = tree_open();
	struct rootfs *rootfs;
	char node[256], program[256];

	capability.data[0].permitted = 1U << CAP_NET_RAW;
	below(&tree, "null", node);
	file(&tree, "app/ping", 0755, "x");
	below(&tree, "app/ping", program);
	if (mknod(node, S_IFCHR | 0600, makedev(1, 3)) < 0 ||
	    setxattr(program, "security.capability", &capability, XATTR_CAPS_SZ_2, 0) < 0) {
		tree_close(&tree);
		cr_skip_test("needs root for a device node and a file capability");
	}
	rootfs = scan(&tree);
	cr_expect(found(rootfs, ROOTFS_DEVICES, "/null"));
	cr_expect(found(rootfs, ROOTFS_CAPABLE, "/app/ping"));
	rootfs_free(rootfs);
	tree_close(&tree);
}

Test(rootfs, that_is_no_directory_is_an_error_with_a_remedy)
{
	struct rootfs *rootfs = NULL;
	struct error err = { 0 };

	cr_assert(eq(int, rootfs_scan("/etc/passwd", &rootfs, &err), -ENOTDIR));
	cr_assert(same_text(err.msg, "open the root file system /etc/passwd"));
	cr_assert(err.remedy[0] != '\0');
}
