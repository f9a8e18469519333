/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/report/layers.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/macro.h"
#include "lab/exercises/exercise.h"
#include "lab/exercises/result.h"

/* mount-tmpfs is stopped by "seccomp capabilities landlock", in this order; the start applies them in
 * another. */
static struct result_layer hard[] = {
	{ "hostname", "b" }, { "capabilities", "0" }, { "landlock", "6" }, { "seccomp", "176" }
};
static struct result_layer open[] = {
	{ "hostname", "a" }, { "capabilities", "0" }, { "landlock", "6" }, { "seccomp", "200" }
};
static struct result_probe worked = { "mount-tmpfs", "OK", 0, "", "", "", "" };
static struct result_probe refused = { "mount-tmpfs", "EPERM", -1, "EPERM", "", "", "" };
static struct result_probe unknown = { "no-such-probe", "EPERM", -1, "EPERM", "", "", "" };
static struct exercise exercise = { .key = "capabilities" };

static struct result make(struct result_probe *in_open, struct result_probe *in_hard)
{
	return (struct result){
		.exercise = &exercise,
		.open = { .probes = in_open, .n_probes = 1, .layers = open, .n_layers = ARRAY_SIZE(open) },
		.hard = { .probes = in_hard, .n_probes = 1, .layers = hard, .n_layers = ARRAY_SIZE(hard) },
	};
}

Test(lab_layers, stand_in_the_order_in_which_they_answer)
{
	struct result result = make(&worked, &refused);
	struct layers layers;

	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(sz, layers.n, 4));
	cr_assert(eq(sz, layers.n_concerned, 3));
	cr_assert(eq(str, layers.layer[0].name, "seccomp"));
	cr_assert(eq(str, layers.layer[1].name, "capabilities"));
	cr_assert(eq(str, layers.layer[2].name, "landlock"));
	cr_assert(eq(str, layers.layer[3].name, "hostname"));
	cr_assert(eq(int, layers.layer[3].role, LAYER_OTHER));
}

Test(lab_layers, the_one_that_differs_stopped_the_hard_run)
{
	struct result result = make(&worked, &refused);
	struct layers layers;

	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(str, layers.stops, "seccomp"));
	cr_assert(eq(ptr, layers.opened, NULL));
	cr_assert(eq(int, layers.layer[0].role, LAYER_STOPS));
	cr_assert(eq(int, layers.layer[1].role, LAYER_BEHIND));
}

Test(lab_layers, the_one_that_differs_was_opened_and_the_rest_let_the_attack_through)
{
	struct result result = make(&worked, &refused);
	struct layers layers;

	layers_of(&result, &result.open, &layers);
	cr_assert(layers.works);
	cr_assert(eq(ptr, layers.stops, NULL));
	cr_assert(eq(str, layers.opened, "seccomp"));
	cr_assert(eq(int, layers.layer[0].role, LAYER_OPENED));
	cr_assert(eq(int, layers.layer[2].role, LAYER_PASSED));
}

Test(lab_layers, the_next_one_answers_when_the_opened_one_is_not_the_last)
{
	struct result result = make(&refused, &refused);
	struct layers layers;

	layers_of(&result, &result.open, &layers);
	cr_assert(eq(str, layers.opened, "seccomp"));
	cr_assert(eq(str, layers.stops, "capabilities"));
	cr_assert(eq(int, layers.layer[2].role, LAYER_BEHIND));
}

Test(lab_layers, those_before_the_one_that_stops_let_the_attack_through)
{
	static struct result_layer other[] = { { "seccomp", "176" },
					       { "capabilities", "SYS_ADMIN" },
					       { "landlock", "6" } };
	struct result result = make(&worked, &refused);
	struct layers layers;

	result.open.layers = other;
	result.open.n_layers = ARRAY_SIZE(other);
	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(str, layers.stops, "capabilities"));
	cr_assert(eq(int, layers.layer[0].role, LAYER_PASSED));
	cr_assert(eq(int, layers.layer[2].role, LAYER_BEHIND));
}

Test(lab_layers, none_is_named_when_nothing_differs_and_both_runs_open_something)
{
	struct result result = make(&worked, &refused);
	struct layers layers;

	exercise.common = "{}";
	result.open.layers = hard;
	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(ptr, layers.stops, NULL));
	cr_assert(eq(int, layers.layer[0].role, LAYER_MAYBE));
}

Test(lab_layers, one_that_the_open_run_lacks_is_shown_as_absent)
{
	struct result result = make(&worked, &refused);
	struct layers layers;

	result.open.n_layers--; /* without seccomp */
	layers_of(&result, &result.open, &layers);
	cr_assert(eq(sz, layers.n_concerned, 3));
	cr_assert(eq(sz, layers.n_absent, 1));
	cr_assert(eq(int, layers.layer[0].role, LAYER_ABSENT));
	cr_assert(eq(str, layers.layer[0].report, ""));
	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(sz, layers.n_absent, 0));
	cr_assert(eq(str, layers.stops, "seccomp"));
}

Test(lab_layers, a_difference_outside_of_the_list_is_what_was_opened)
{
	static struct result_layer one[] = { { "umask", "0022" }, { "seccomp", "176" } };
	static struct result_layer other[] = { { "umask", "0077" }, { "seccomp", "176" } };
	struct result result = make(&worked, &refused);
	struct layers layers;

	result.open.layers = one;
	result.hard.layers = other;
	result.open.n_layers = result.hard.n_layers = 2;
	layers_of(&result, &result.open, &layers);
	cr_assert(eq(str, layers.opened, "umask"));
	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(str, layers.stops, "umask"));
	cr_assert(eq(int, layers.layer[0].role, LAYER_PASSED));
}

Test(lab_layers, one_that_only_the_open_run_has_was_opened)
{
	static struct result_layer more[] = { { "mount", "/tmp tmpfs rw" },
					      { "landlock", "6" },
					      { "seccomp", "176" } };
	struct result result = make(&worked, &refused);
	struct layers layers;

	result.open.layers = more;
	result.open.n_layers = 3;
	result.hard.layers = more + 1;
	result.hard.n_layers = 2;
	layers_of(&result, &result.open, &layers);
	cr_assert(eq(str, layers.opened, "mount"));
	cr_assert(eq(sz, layers.n_absent, 0));
	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(sz, layers.n, 2));
	cr_assert(eq(str, layers.stops, "seccomp"));
}

Test(lab_layers, a_key_that_no_report_shows_names_its_restriction)
{
	struct result result = make(&refused, &refused);
	struct layers layers;

	exercise.common = "{}";
	exercise.key = "syscalls.on_violation";
	result.open.layers = hard;
	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(str, layers.stops, "seccomp"));
	layers_of(&result, &result.open, &layers);
	cr_assert(eq(str, layers.stops, "seccomp"), "it still stands, in another manner");
}

/* connect-host-loopback is stopped by the network and by Landlock, and the answer tells by which. */
static struct result_layer with_network[] = { { "network", "only lo" },
					      { "landlock", "7" },
					      { "seccomp", "176" } };
static struct result_layer other_network[] = { { "network", "lo, up" },
					       { "landlock", "7" },
					       { "seccomp", "176" } };
static struct result_probe connected = {
	"connect-host-loopback", "ECONNREFUSED", -1, "ECONNREFUSED", "", "", ""
};
static struct result_probe denied = { "connect-host-loopback", "EACCES", -1, "EACCES", "", "", "" };

Test(lab_layers, an_answer_belongs_to_one_that_can_give_it)
{
	struct result result = make(&connected, &denied);
	struct layers layers;

	result.open.layers = other_network;
	result.hard.layers = with_network;
	result.open.n_layers = result.hard.n_layers = 3;
	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(str, layers.stops, "landlock"));
	for (size_t i = 0; i < layers.n_concerned; i++)
		if (strcmp(layers.layer[i].name, "network") == 0)
			cr_assert(eq(int, layers.layer[i].role, LAYER_BEHIND));
	layers_of(&result, &result.open, &layers);
	cr_assert(eq(str, layers.stops, "network"));
}

Test(lab_layers, of_an_attack_outside_of_the_table_have_no_role)
{
	struct result result = make(&unknown, &unknown);
	struct layers layers;

	layers_of(&result, &result.hard, &layers);
	cr_assert(eq(sz, layers.n_concerned, 0));
}

Test(lab_layers, names_of_the_run_are_no_difference)
{
	struct result result = make(&worked, &refused);

	cr_assert(layers_same(&result, "hostname"));
	cr_assert(not(layers_same(&result, "seccomp")));
	cr_assert(layers_same(&result, "landlock"));
}
