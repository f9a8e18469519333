/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_zeroed(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

Test(arena, aligns_every_size_for_any_type)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	cr_assert(arena != NULL);
	for (size_t size = 0; size < 100; size++) {
		void *piece = arena_alloc(arena, size);

		cr_assert(piece != NULL);
		cr_assert(zero(u64, (uintptr_t)piece % alignof(max_align_t)), "%zu bytes", size);
	}
}

/* Every piece is filled: one that overlapped an earlier one would not be zeroed, or would destroy it. */
Test(arena, hands_out_zeroed_pieces_that_do_not_overlap)
{
	enum { PIECES = 2000 };
	_cleanup_arena_ struct arena *arena = arena_new();
	unsigned char *pieces[PIECES];

	cr_assert(arena != NULL);
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = arena_alloc(arena, 1 + i % 97);
		cr_assert(pieces[i] != NULL);
		cr_assert(is_zeroed(pieces[i], 1 + i % 97), "piece %zu", i);
		memset(pieces[i], (int)(1 + i % 255), 1 + i % 97);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t j = 0; j < 1 + i % 97; j++)
			cr_assert(eq(int, pieces[i][j], (int)(1 + i % 255)), "piece %zu, byte %zu", i, j);
}

Test(arena, serves_what_is_larger_than_its_pieces)
{
	const size_t sizes[] = { 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 1 << 20, 8 << 20 };
	_cleanup_arena_ struct arena *arena = arena_new();

	cr_assert(arena != NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned char *big = arena_alloc(arena, sizes[i]), *small;

		cr_assert(big != NULL);
		cr_assert(is_zeroed(big, sizes[i]), "%zu bytes", sizes[i]);
		memset(big, 0xff, sizes[i]);
		small = arena_alloc(arena, 8);
		cr_assert(small != NULL);
		cr_assert(is_zeroed(small, 8));
	}
}

Test(arena, refuses_sizes_that_overflow)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	cr_assert(arena != NULL);
	cr_assert(arena_alloc(arena, SIZE_MAX) == NULL);
	cr_assert(arena_alloc(arena, SIZE_MAX / 2 + 1) == NULL);
	cr_assert(arena_array(arena, SIZE_MAX, 2) == NULL);
	cr_assert(arena_array(arena, 2, SIZE_MAX) == NULL);
	/* The product is 16 when it wraps around. */
	cr_assert(arena_array(arena, SIZE_MAX / 16 + 2, 16) == NULL);
	cr_assert(arena_memdup(arena, "", SIZE_MAX) == NULL);
	cr_assert(arena_alloc(arena, 1) != NULL, "still of use afterwards");
}

Test(arena, makes_arrays_of_nothing)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	cr_assert(arena != NULL);
	cr_assert(arena_array(arena, 0, 8) != NULL);
	cr_assert(arena_array(arena, 8, 0) != NULL);
	cr_assert(arena_array(arena, SIZE_MAX, 0) != NULL);
}

Test(arena, copies_bytes_and_puts_a_nul_behind)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char text[] = "ab\0cd";
	char *copy, *empty, *string;

	cr_assert(arena != NULL);
	copy = arena_memdup(arena, text, 5);
	empty = arena_memdup(arena, NULL, 0);
	string = arena_strdup(arena, text);
	cr_assert(copy != NULL && empty != NULL && string != NULL);
	memset(text, 'x', sizeof(text));
	cr_assert(zero(int, memcmp(copy, "ab\0cd", 6)));
	cr_assert(eq(str, empty, ""));
	cr_assert(eq(str, string, "ab"));
}

Test(arena, prints_strings_of_any_length)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	char *text;

	cr_assert(arena != NULL);
	text = arena_printf(arena, "%s-%d", "a", 7);
	cr_assert(text != NULL);
	cr_assert(eq(str, text, "a-7"));
	text = arena_printf(arena, "%s", "");
	cr_assert(text != NULL);
	cr_assert(eq(str, text, ""));
	text = arena_printf(arena, "%40000d", 5);
	cr_assert(text != NULL);
	cr_assert(eq(sz, strlen(text), 40000));
	cr_assert(eq(chr, text[39999], '5'));
}

Test(arena, frees_nothing_when_there_is_none)
{
	cr_assert(arena_free(NULL) == NULL);
	cr_assert(arena_free(arena_new()) == NULL);
}
