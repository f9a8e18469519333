/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Observations made by hand, an image made of a list of names, and profiles to begin with. */
#include <stdbool.h>

#include "lab/learn/propose.h"

struct arena;
struct spec;

/** scene_saw() - the workload called it so many times. */
void scene_saw(struct observation *observation, const char *call, unsigned int times);

/** scene_spec() - a profile that allows @base, read from text with @more members. Ends the test if it is
 * wrong. */
const struct spec *scene_spec(struct arena *arena, const char *more);

/** scene_image() - an image with these directories ("/x/") and files ("/x"), NULL-terminated. */
struct propose_image scene_image(const char *const *names);

/** scene_has_word() - whether it is among the words of syscalls.allow. */
bool scene_has_word(const struct propose_words *words, const char *word);
