/* SPDX-License-Identifier: MIT */
/*
 * gpu-test: work for a guest's GPU, with the results read back and compared. A test runs in a
 * process of its own, with files of the device of its own and a limit of time.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/number.h"
#include "tests.h"

enum kind { FRIENDLY, HOSTILE, MEASURE };

static const struct test {
	const char *name;
	int (*run)(struct gpu *gpu, unsigned int count);
	enum kind kind;
	unsigned int count; /* how often, unless told otherwise */
	const char *about;
} tests[] = {
	{ "nop", test_nop, FRIENDLY, 100, "empty batches on each engine" },
	{ "store", test_store, FRIENDLY, 50, "stores, by softpin and by relocation" },
	{ "chain", test_chain, FRIENDLY, 16, "batches that jump and call" },
	{ "selfmod", test_selfmod, FRIENDLY, 20, "batches that patch themselves" },
	{ "reloc", test_reloc, FRIENDLY, 20, "relocations into many buffers" },
	{ "softpin", test_softpin, FRIENDLY, 1, "addresses at the ends of the space" },
	{ "contexts", test_contexts, FRIENDLY, 8, "32 contexts, taking turns" },
	{ "userptr", test_userptr, FRIENDLY, 8, "the program's own memory" },
	{ "fences", test_fences, FRIENDLY, 30, "engines that wait for one another" },
	{ "busy", test_busy, FRIENDLY, 5, "busy and idle, waits with a limit" },
	{ "aperture", test_aperture, FRIENDLY, 64, "buffers seen through the aperture (MiB)" },
	{ "color", test_color, FRIENDLY, 40, "rectangles filled" },
	{ "copy", test_copy, FRIENDLY, 60, "rectangles copied" },
	{ "big", test_big, FRIENDLY, 32, "fragmented and big buffers copied (MiB)" },
	{ "tiled", test_tiled, FRIENDLY, 4, "X and Y tiling" },
	{ "perf", test_perf, FRIENDLY, 20, "streams of performance counters, reports read" },
	{ "space", test_space, FRIENDLY, 4, "contexts that change their address space" },
	{ "loop", test_loop, HOSTILE, 1, "batches without end" },
	{ "garbage", test_garbage, HOSTILE, 8, "batches of noise" },
	{ "badaddr", test_badaddr, HOSTILE, 4, "stores to where nothing is" },
	{ "reset-stats", test_resets, HOSTILE, 1, "whose fault a reset was" },
	{ "bench", test_bench, MEASURE, 500, "requests a second, and the time of one" },
	{ "sync", test_sync, MEASURE, 500, "requests one at a time, for who counts from outside" },
	{ "flood", test_flood, MEASURE, 500, "requests at once, for the same" },
	{ "occupy", test_occupy, MEASURE, 5,
	  "an engine that is wanted all the time, for so many seconds" },
	{ "leaves", test_leaves, MEASURE, 20, "buffers of 1,000 pages come and go in a PPGTT" },
	{ "ggtt", test_ggtt, MEASURE, 20, "and in the GGTT, seen through the aperture" },
};

#define NR_TESTS (sizeof(tests) / sizeof(tests[0]))

/* In a child: what a test breaks, or leaves behind, is its own. */
static int one(const struct test *test, unsigned int count, uint32_t seed, unsigned int limit)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (!child) {
		struct gpu gpu;

		random_seed(seed);
		alarm(limit);
		gpu_open(&gpu);
		exit(test->run(&gpu, count ? count : test->count) != 0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		return ok(1, "%s: %s", test->name,
			  WTERMSIG(status) == SIGALRM ? "its time is over"
						      : strsignal(WTERMSIG(status)));
	return WEXITSTATUS(status);
}

static int usage(void)
{
	fprintf(stderr,
		"usage: gpu-test [-n COUNT] [-s SEED] [-l LIMIT] [-t SECONDS] TEST...\n"
		"COUNT: how often a test does it; LIMIT: seconds that one may take (300);\n"
		"SECONDS: the tests are repeated until they are over, each time with other data.\n"
		"all: those of well-behaved programs; hostile: those of others.\n");
	for (size_t i = 0; i < NR_TESTS; i++)
		fprintf(stderr, "  %-12s %s (%u)\n", tests[i].name, tests[i].about, tests[i].count);
	return 2;
}

static int wanted(const struct test *test, const char *word)
{
	if (!strcmp(word, "all"))
		return test->kind == FRIENDLY;
	if (!strcmp(word, "hostile"))
		return test->kind == HOSTILE;
	return !strcmp(word, test->name);
}

int main(int argc, char **argv)
{
	unsigned int count = 0, limit = 300, seconds = 0, rounds = 0, known = 0;
	uint32_t seed = 1;
	int64_t begin = now_ns();
	int bad = 0, option;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt(argc, argv, "n:s:l:t:")) != -1) {
		u64 value = 0;

		if (optarg && xengt_number(optarg, XENGT_EITHER, 0, UINT32_MAX, &value))
			return usage();
		switch (option) {
		case 'n':
			count = value;
			break;
		case 's':
			seed = value;
			break;
		case 'l':
			limit = value;
			break;
		case 't':
			seconds = value;
			break;
		default:
			return usage();
		}
	}
	do {
		for (int word = optind; word < argc; word++)
			for (size_t i = 0; i < NR_TESTS; i++)
				if (wanted(&tests[i], argv[word])) {
					bad |= one(&tests[i], count, seed + rounds, limit);
					known++;
				}
		rounds++;
	} while (known && !bad && now_ns() - begin < seconds * SECOND);
	if (!known)
		return usage();
	if (seconds)
		ok(bad, "%u rounds", rounds);
	return bad;
}
