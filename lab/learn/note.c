/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/learn/note.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/macro.h"
#include "base/path.h"
#include "lab/learn/note_rights.h"
#include "lab/learn/propose_places.h"

enum { HERE = -1 }; /* the path is relative to the working directory */

#define R ACCESS_READ
#define W ACCESS_WRITE
#define C ACCESS_CREATE
#define X ACCESS_EXEC

/* Which arguments are paths. A call with two has two rows. */
static const struct {
	short row;
	signed char dirfd, path; /* argument numbers; HERE */
	unsigned char access;
} path_calls[] = {
	{ SYSCALL_ROW_creat, HERE, 0, W | C },    { SYSCALL_ROW_mkdir, HERE, 0, C },
	{ SYSCALL_ROW_mkdirat, 0, 1, C },         { SYSCALL_ROW_rmdir, HERE, 0, C },
	{ SYSCALL_ROW_unlink, HERE, 0, C },       { SYSCALL_ROW_unlinkat, 0, 1, C },
	{ SYSCALL_ROW_rename, HERE, 0, C },       { SYSCALL_ROW_rename, HERE, 1, C },
	{ SYSCALL_ROW_renameat, 0, 1, C },        { SYSCALL_ROW_renameat, 2, 3, C },
	{ SYSCALL_ROW_renameat2, 0, 1, C },       { SYSCALL_ROW_renameat2, 2, 3, C },
	{ SYSCALL_ROW_link, HERE, 0, R },         { SYSCALL_ROW_link, HERE, 1, C },
	{ SYSCALL_ROW_linkat, 0, 1, R },          { SYSCALL_ROW_linkat, 2, 3, C },
	{ SYSCALL_ROW_symlink, HERE, 1, C },      { SYSCALL_ROW_symlinkat, 1, 2, C },
	{ SYSCALL_ROW_mknod, HERE, 0, C },        { SYSCALL_ROW_mknodat, 0, 1, C },
	{ SYSCALL_ROW_chmod, HERE, 0, W },        { SYSCALL_ROW_fchmodat, 0, 1, W },
	{ SYSCALL_ROW_fchmodat2, 0, 1, W },       { SYSCALL_ROW_chown, HERE, 0, W },
	{ SYSCALL_ROW_lchown, HERE, 0, W },       { SYSCALL_ROW_fchownat, 0, 1, W },
	{ SYSCALL_ROW_truncate, HERE, 0, W },     { SYSCALL_ROW_utime, HERE, 0, W },
	{ SYSCALL_ROW_utimes, HERE, 0, W },       { SYSCALL_ROW_futimesat, 0, 1, W },
	{ SYSCALL_ROW_utimensat, 0, 1, W },       { SYSCALL_ROW_setxattr, HERE, 0, W },
	{ SYSCALL_ROW_lsetxattr, HERE, 0, W },    { SYSCALL_ROW_removexattr, HERE, 0, W },
	{ SYSCALL_ROW_lremovexattr, HERE, 0, W }, { SYSCALL_ROW_execve, HERE, 0, X },
	{ SYSCALL_ROW_execveat, 0, 1, X },        { SYSCALL_ROW_chroot, HERE, 0, R },
};

#undef R
#undef W
#undef C
#undef X

/* Ends in "/" + @name, or is @name: "." and ".." are left to path_normalise(). */
static bool join(char *path, size_t size, const char *name)
{
	size_t used = strlen(path), length = strlen(name);

	if (used + 1 + length >= size)
		return false;
	path[used] = '/';
	memcpy(path + used + 1, name, length + 1);
	return true;
}

static void add_path(struct note *note, const struct note_reader *reader, int dirfd, uint64_t address,
		     unsigned int access)
{
	char name[PATH_MAX], joined[2 * PATH_MAX];
	struct note_path *to = &note->paths[note->n_paths];

	if (address == 0 || reader->string(reader->arg, address, name, sizeof(name)) < 0)
		return;      /* the kernel will say EFAULT or ENAMETOOLONG */
	if (name[0] == '\0') /* the descriptor itself (AT_EMPTY_PATH) */
		return;
	if (name[0] == '/') {
		joined[0] = '\0';
	} else if (reader->directory(reader->arg, dirfd, joined, PATH_MAX) < 0 || joined[0] != '/') {
		return;
	}
	if (!join(joined, sizeof(joined), name) || path_normalise(joined, to->path, sizeof(to->path)) < 0)
		return;
	to->access = access;
	note->n_paths++;
}

static unsigned int open_access(uint64_t flags)
{
	unsigned int access = 0;

	if (flags & O_PATH)
		return ACCESS_READ;
	if ((flags & O_TMPFILE) == O_TMPFILE)
		return ACCESS_CREATE | ACCESS_WRITE;
	if ((flags & O_ACCMODE) != O_WRONLY)
		access |= ACCESS_READ;
	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC))
		access |= ACCESS_WRITE;
	if (flags & O_CREAT)
		access |= ACCESS_CREATE;
	return access;
}

static void read_open(struct note *note, const uint64_t args[6], const struct note_reader *reader)
{
	struct open_how how = { 0 };

	if (note->row == SYSCALL_ROW_open)
		add_path(note, reader, AT_FDCWD, args[0], open_access(args[1]));
	else if (note->row == SYSCALL_ROW_openat)
		add_path(note, reader, (int)args[0], args[1], open_access(args[2]));
	else if (note->row == SYSCALL_ROW_openat2 &&
		 reader->bytes(reader->arg, args[2], &how, sizeof(how.flags)) == 0)
		add_path(note, reader, (int)args[0], args[1], open_access(how.flags));
}

static void read_paths(struct note *note, const uint64_t args[6], const struct note_reader *reader)
{
	for (size_t i = 0; i < ARRAY_SIZE(path_calls) && note->n_paths < ARRAY_SIZE(note->paths); i++)
		if (path_calls[i].row == note->row)
			add_path(note, reader,
				 path_calls[i].dirfd == HERE ? AT_FDCWD : (int)args[(int)path_calls[i].dirfd],
				 args[(int)path_calls[i].path], path_calls[i].access);
}

void note_read(int row, const uint64_t args[6], const struct note_reader *reader, struct note *ret)
{
	ret->row = row;
	ret->facts = 0;
	ret->capabilities = 0;
	ret->id = 0;
	ret->n_paths = 0;
	ret->address[0] = '\0';
	ret->bound = false;
	read_open(ret, args, reader);
	read_paths(ret, args, reader);
	note_rights(row, args, reader, ret);
	if (ret->bound && ret->address[0] == '/' && ret->n_paths == 0 &&
	    path_normalise(ret->address, ret->paths[0].path, sizeof(ret->paths[0].path)) == 0) {
		ret->paths[0].access = ACCESS_CREATE; /* the socket's file */
		ret->n_paths = 1;
	}
}

/* It fails either way, and is no reason to open the call. */
static bool is_in_vain(const struct note *note)
{
	for (size_t i = 0; i < note->n_paths; i++)
		if (!(note->paths[i].access & (ACCESS_WRITE | ACCESS_CREATE)) ||
		    !propose_places_is_image(note->paths[i].path))
			return false;
	return note->n_paths > 0;
}

void note_commit(struct observation *observation, const struct note *note, const char *comm)
{
	if (!is_in_vain(note))
		observation_call(observation, note->row, 1, comm);
	observation->facts |= note->facts;
	for (int i = 0; note->capabilities && i < 64; i++)
		if (note->capabilities & (UINT64_C(1) << i))
			observation_capability(observation, i, note->row);
	if (note->id > observation->highest_id)
		observation->highest_id = note->id;
	for (size_t i = 0; i < note->n_paths; i++)
		observation_path(observation, note->paths[i].path, note->paths[i].access, comm);
	if (note->address[0])
		observation_address(observation, note->address, note->bound, 1);
}
