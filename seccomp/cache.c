/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/macro.h"
#include "seccomp/filter.h"
#include "seccomp/policy.h"

/* Raised with each change of the compiler, so that no release runs another one's code. */
enum { CACHE_FORMAT = 2 };

static const char magic[8] = "KAPSELF\n";

/* The file: this, the program, the key. */
struct cache_header {
	char magic[8];
	uint32_t n;        /* instructions */
	uint32_t key_size; /* bytes */
	uint32_t crc;      /* of the program; the key is compared byte by byte */
	uint32_t zero;
};

enum {
	CACHE_FILE_MAX =
		sizeof(struct cache_header) + BPF_MAXINSNS * sizeof(struct sock_filter) + CACHE_KEY_MAX,
	CACHE_NAME_MAX = 48,
	POLICY_KEY_MAX = 12288,
};

/* The key of a policy in the making. */
struct policy_key {
	char *text; /* room for POLICY_KEY_MAX */
	size_t size;
};

static void key_byte(struct policy_key *key, char byte)
{
	if (key->size < POLICY_KEY_MAX)
		key->text[key->size++] = byte;
}

static void key_hex(struct policy_key *key, uint32_t value)
{
	int shift = 28;

	while (shift > 0 && (value >> shift) == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		key_byte(key, "0123456789abcdef"[(value >> shift) & 15]);
	key_byte(key, ' ');
}

/*
 * FNV-1a by words of 8 bytes, since keys of container engines have 10 KB and more, with the
 * high half mixed down. It only names the file, the key itself decides.
 */
static uint64_t key_hash(const char *text, size_t size)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t word = 0;

		memcpy(&word, text + i, size - i < sizeof(word) ? size - i : sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x100000001b3);
		hash ^= hash >> 32;
	}
	return hash;
}

static void key_rule(struct policy_key *key, const struct argument_rule *rule,
		     const struct argument_values *values)
{
	for (const char *c = rule->call; *c; c++)
		key_byte(key, *c);
	key_byte(key, ' ');
	key_hex(key, (uint32_t)rule->answer);
	for (size_t i = 0; i < ARGUMENT_TESTS_MAX && rule->tests[i].op != ARGUMENT_END; i++) {
		key_hex(key, rule->tests[i].op);
		key_hex(key, rule->tests[i].index);
		key_hex(key, rule->tests[i].mask);
		key_hex(key, argument_value(&rule->tests[i], values));
	}
	key_byte(key, '\n');
}

void cache_key_set(struct cache_key *key, const char *text, size_t size)
{
	*key = (struct cache_key){ .text = text, .size = size, .hash = key_hash(text, size) };
}

void cache_key_versions(char *line, size_t size)
{
	const struct scmp_version *version = seccomp_version();

	snprintf(line, size, "kapsel %s format %d arch %x libseccomp %u.%u.%u\n", KAPSEL_VERSION,
		 CACHE_FORMAT, seccomp_arch_native(), version ? version->major : 0,
		 version ? version->minor : 0, version ? version->micro : 0);
}

int cache_key_fill(struct cache_key *ret_key, const struct policy *policy,
		   const struct filter_options *options, struct arena *arena)
{
	struct policy_key key = { .text = arena_alloc(arena, POLICY_KEY_MAX) };
	size_t n;

	*ret_key = (struct cache_key){ 0 };
	if (!key.text)
		return -ENOMEM;
	cache_key_versions(key.text, POLICY_KEY_MAX);
	n = strlen(key.text);
	key.size = n + (size_t)snprintf(key.text + n, POLICY_KEY_MAX - n,
					"notify %d violation %d exec %d %d %d\n", options->notify,
					(int)policy->on_violation, policy->exec_once, options->exec_fd,
					options->exec_held);
	for (size_t row = 0; row < SYSCALL_ROWS; row++) {
		if (syscall_row_number(row) < 0)
			continue;
		key_byte(&key, "akdxu"[policy->verdicts[row]]);
		key_hex(&key, (uint32_t)syscall_row_number(row));
	}
	key_byte(&key, '\n');
	for (size_t i = 0; i < policy->n_rules; i++)
		key_rule(&key, policy->rules[i], &policy->values);
	/* A key that didn't fit wouldn't be complete. */
	if (key.size < POLICY_KEY_MAX)
		cache_key_set(ret_key, key.text, key.size);
	return 0;
}

/* Nobody but the caller can have put anything into it. */
static int open_dir(const char *dir)
{
	_cleanup_fd_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & 07777) != 0700)
		return -EPERM;
	return take_fd(&fd);
}

static void name_of(const struct cache_key *key, char name[CACHE_NAME_MAX])
{
	snprintf(name, CACHE_NAME_MAX, "%016llx.bpf", (unsigned long long)key->hash);
}

static bool is_whole(const struct cache_header *header, size_t size, const struct cache_key *key)
{
	const unsigned char *content = (const unsigned char *)(header + 1);
	size_t program_size;

	if (size < sizeof(*header) || memcmp(header->magic, magic, sizeof(magic)) != 0 || header->zero != 0)
		return false;
	if (header->n == 0 || header->n > BPF_MAXINSNS || header->key_size != key->size)
		return false;
	program_size = header->n * sizeof(struct sock_filter);
	if (size != sizeof(*header) + program_size + key->size)
		return false;
	return memcmp(content + program_size, key->text, key->size) == 0 &&
	       crc32(0, content, (uInt)program_size) == header->crc;
}

int cache_read(const char *dir, const struct cache_key *key, struct arena *arena,
	       struct sock_filter **ret_program, size_t *ret_n)
{
	_cleanup_fd_ int dirfd = open_dir(dir);
	_cleanup_fd_ int fd = -1;
	struct cache_header *header;
	char name[CACHE_NAME_MAX];
	struct stat st;
	ssize_t size;

	if (dirfd < 0)
		return dirfd;
	if (key->size == 0 || key->size > CACHE_KEY_MAX)
		return -ENOENT;
	name_of(key, name);
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return -EPERM;
	if (st.st_size < (off_t)sizeof(*header) || st.st_size > (off_t)CACHE_FILE_MAX)
		return -EBADMSG;

	header = arena_alloc(arena, (size_t)st.st_size);
	if (!header)
		return -ENOMEM;
	size = read(fd, header, (size_t)st.st_size);
	if (size < 0)
		return -errno;
	if (!is_whole(header, (size_t)size, key))
		return -EBADMSG;
	*ret_program = (struct sock_filter *)(header + 1);
	*ret_n = header->n;
	return 0;
}

static int write_entry(int fd, const struct cache_key *key, const struct sock_filter *program, size_t n)
{
	size_t size = n * sizeof(*program);
	struct cache_header header = { .n = (uint32_t)n, .key_size = (uint32_t)key->size };
	int r;

	memcpy(header.magic, magic, sizeof(magic));
	header.crc = (uint32_t)crc32(0, (const unsigned char *)program, (uInt)size);
	r = fd_write_all(fd, &header, sizeof(header));
	if (r == 0)
		r = fd_write_all(fd, program, size);
	if (r == 0)
		r = fd_write_all(fd, key->text, key->size);
	return r;
}

void cache_write(const char *dir, const struct cache_key *key, const struct sock_filter *program, size_t n)
{
	_cleanup_fd_ int dirfd = -1;
	_cleanup_fd_ int fd = -1;
	char temporary[CACHE_NAME_MAX + 16], name[CACHE_NAME_MAX];

	if (key->size == 0 || key->size > CACHE_KEY_MAX)
		return;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return;
	dirfd = open_dir(dir);
	if (dirfd < 0)
		return;
	name_of(key, name);
	snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid());
	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		/* Left behind by a process of the same number that was killed. */
		if (errno == EEXIST)
			unlinkat(dirfd, temporary, 0);
		return;
	}
	if (write_entry(fd, key, program, n) < 0 || renameat(dirfd, temporary, dirfd, name) < 0)
		unlinkat(dirfd, temporary, 0);
}
