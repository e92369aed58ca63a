/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of a guest's actions on its graphics memory, against the model.
 *
 * GTT_SEED and GTT_SEQUENCES in the environment choose other sequences than the usual ones. A
 * sequence that fails is run again in parts, each in a process of its own, until no step can be
 * left out. The remaining steps are printed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/gtt_model.h"
#include "tests/unit/unit.h"

#define STEPS_MAX 48u
#define PARTS	  8u /* loops of the test, each with its own sequences */

static u64 setting(const char *name, u64 usual)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : usual;
}

static u64 nth_seed(u64 part)
{
	return setting("GTT_SEED", 1) * 1000003 + part * 7919 + 17;
}

static size_t make_steps(u64 *seed, struct gtt_op *ops)
{
	size_t nr = 4 + unit_random(seed) % (STEPS_MAX - 4);

	for (size_t i = 0; i < nr; i++) {
		u64 r = unit_random(seed);

		memcpy(&ops[i], &r, sizeof(ops[i]));
		/* Few different tables and roots, so that steps meet. */
		if (unit_random(seed) % 8)
			ops[i].a = nr % 4 | (ops[i].a & (nr & 4 ? 0x40 : 1));
	}
	return nr;
}

static void run(struct gtt_model *m, const struct gtt_op *ops, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		gtt_model_step(m, &ops[i]);
	gtt_model_end(m);
}

/* Runs the steps in a process of its own, without its output. True: it ended well. */
static bool passes(bool ggtt, const struct gtt_op *ops, size_t nr)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct gtt_model *m;
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		m = gtt_model_new(ggtt);
		run(m, ops, nr);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Leaves out ever smaller pieces, as long as the rest still fails. */
static size_t shrink(bool ggtt, struct gtt_op *ops, size_t nr)
{
	struct gtt_op less[STEPS_MAX];

	for (size_t piece = nr / 2; piece; piece /= 2)
		for (size_t at = 0; at + piece <= nr;) {
			memcpy(less, ops, at * sizeof(*ops));
			memcpy(less + at, ops + at + piece, (nr - at - piece) * sizeof(*ops));
			if (passes(ggtt, less, nr - piece)) {
				at += piece;
				continue;
			}
			nr -= piece;
			memcpy(ops, less, nr * sizeof(*ops));
		}
	return nr;
}

static void report(bool ggtt, u64 seed, struct gtt_op *ops, size_t nr)
{
	char text[64];

	if (passes(ggtt, ops, nr)) {
		fprintf(stderr, "seed %llu fails only after others\n", (unsigned long long)seed);
	} else {
		nr = shrink(ggtt, ops, nr);
		fprintf(stderr, "seed %llu, shrunk to %zu steps:\n", (unsigned long long)seed, nr);
		for (size_t i = 0; i < nr; i++) {
			gtt_model_describe(&ops[i], text, sizeof(text));
			fprintf(stderr, "  %s\n", text);
		}
	}
	/* Once more in this process, for its message. */
	run(gtt_model_new(ggtt), ops, nr);
}

START_TEST(like_the_model)
{
	u64 sequences = setting("GTT_SEQUENCES", 1200) / PARTS, seed = nth_seed(_i), was;
	u64 *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct gtt_op ops[STEPS_MAX];
	int status;
	pid_t pid;

	*at = seed;
	pid = fork();
	if (!pid) {
		struct gtt_model *m = gtt_model_new(_i == 0);
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		/* Without traps, each flush compares the whole table of 8 MiB: run fewer. */
		for (u64 n = 0; n < (_i ? sequences : sequences / 4); n++) {
			size_t nr;

			*at = seed;
			nr = make_steps(&seed, ops);
			run(m, ops, nr);
		}
		gtt_model_free(m);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		was = *at;
		report(_i == 0, was, ops, make_steps(at, ops));
		ck_abort_msg("sequences failed from seed %llu on", (unsigned long long)was);
	}
	munmap(at, 4096);
}
END_TEST

Suite *suite_gtt_property(void)
{
	Suite *suite = suite_create("gtt_property");
	TCase *tcase = tcase_create("gtt_property");

	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, like_the_model, 0, PARTS);
	suite_add_tcase(suite, tcase);
	return suite;
}
