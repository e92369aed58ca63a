/* SPDX-License-Identifier: MIT */
/*
 * What the audit of commands costs, beside memcpy of the same bytes in the same run:
 *   tests/bench/scan [ROUNDS]         nanoseconds; each figure is the least of some rounds
 *   tests/bench/scan --instructions   what valgrind's callgrind counts inside gvt_scan_ring()
 * To be built without sanitizers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/exec/scan.h"
#include "core/gvt.h"
#include "tests/unit/exec_golden.h"

#define SMALL 4096u	      /* dwords: the ring of a context */
#define LARGE GVT_SCAN_DWORDS /* the most: beyond the nearer caches */

/* What i915 puts into a ring for a request: invalidate, begin, batch, seqno, interrupt. */
static const u32 request[] = {
	0x7a000004, 0x0014147c, 0x00000080, 0,		0,	    0,
	0x10400002, 0xfbe0f0c0, 0,	    1,		0x02800000, 0x00000000,
	0x04000001, 0,		0x18800101, 0x00100000, 0x00000001, 0,
	0x04000000, 0,		0x7a000004, 0x001010a1, 0,	    0,
	0,	    0,		0x7a000004, 0x01104080, 0xfbe0f0c8, 0,
	2,	    0,		0x01000000, 0x04000001, 0x02800000, 0,
};

/* A copy: what clients of the blitter send. */
static const u32 blit[] = {
	0x54f00808, 0x03cc1000, 0, 0x04000400, 0x00200000, 0, 0,
	0x1000,	    0x00400000, 0, 0x13004002, 0x00001004, 0, 7,
};

/* Workarounds, as they are sent once for each context. */
static const u32 registers[] = {
	0x11000015, 0x2088, 1, 0x2090, 1, 0x7014, 1, 0xe4f0, 1, 0x7300, 1, 0xe194,
	1,	    0x7004, 1, 0xe188, 1, 0xe184, 1, 0xe180, 1, 0x2580, 1, 0,
};

struct row {
	const char *name;
	enum gvt_engine engine;
	u32 dw[4096]; /* one piece, that a ring holds over and over */
	u32 len;
};

static void add(struct row *row, const u32 *dw, size_t len)
{
	memcpy(row->dw + row->len, dw, len * sizeof(*dw));
	row->len += len;
}

enum { MIX, REQUESTS, STATES, REGISTERS, BLITS, IDLE, NR_ROWS };

static void make_rows(struct row *rows)
{
	static const char *const names[] = {
		[MIX] = "mix",	     [REQUESTS] = "requests",
		[STATES] = "states", [REGISTERS] = "registers",
		[BLITS] = "blits",   [IDLE] = "idle",
	};
	u32 states = 0;

	for (int i = 0; i < NR_ROWS; i++)
		rows[i].name = names[i];
	rows[BLITS].engine = GVT_BCS0;
	rows[IDLE].engine = GVT_VCS0;
	/* States and draws, without the batch's end. */
	gvt_scan_end(GVT_RCS0, golden_gen9, ARRAY_SIZE(golden_gen9), &states);
	add(&rows[STATES], golden_gen9, states - 1);
	add(&rows[REQUESTS], request, ARRAY_SIZE(request));
	add(&rows[REGISTERS], registers, ARRAY_SIZE(registers));
	add(&rows[BLITS], blit, ARRAY_SIZE(blit));
	add(&rows[IDLE], (const u32[]){ 0 }, 1);
	/* All of it: states and registers as they are sent once, and thirty requests. */
	add(&rows[MIX], golden_gen9, states - 1);
	add(&rows[MIX], registers, ARRAY_SIZE(registers));
	for (int i = 0; i < 30; i++)
		add(&rows[MIX], request, ARRAY_SIZE(request));
}

/* @nr dwords of @row, whole pieces, idle dwords behind. */
static void fill(u32 *dw, u32 nr, const struct row *row)
{
	memset(dw, 0, nr * sizeof(*dw));
	for (u32 at = 0; at + row->len <= nr; at += row->len)
		memcpy(dw + at, row->dw, row->len * sizeof(*dw));
}

/* Of the processor's time, that others on the machine do not count. */
static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void least(u64 *ns, u64 start)
{
	u64 took = now() - start;

	*ns = took < *ns ? took : *ns;
}

static void audit(const struct intel_gvt *gvt, const struct row *row, u32 *dw, u32 nr,
		  struct gvt_scan_counts *counts)
{
	const struct gvt_scan scan = {
		.gvt = gvt,
		.engine = row->engine,
		.limit = 0xfc000000,
		.counts = counts,
	};
	struct gvt_scan_fault fault;

	if (gvt_scan_ring(&scan, dw, nr, &fault)) {
		printf("%s: %s at 0x%x\n", row->name, fault.why, fault.offset);
		exit(1);
	}
}

static void measure(const struct intel_gvt *gvt, const struct row *row, u32 nr, u64 rounds)
{
	u64 scan_ns = ~0ull, copy_ns = ~0ull, clock_ns = ~0ull;
	u32 *dw = malloc(nr * sizeof(*dw)), *to = malloc(nr * sizeof(*dw));
	struct gvt_scan_counts counts = { 0 };
	double bytes = nr * sizeof(*dw);

	if (!dw || !to)
		exit(1);
	for (u64 i = 0; i < rounds * (LARGE / nr); i++) {
		/* Anew each time: the audit puts right what stands there. */
		fill(dw, nr, row);
		least(&clock_ns, now());
		u64 start = now();
		memcpy(to, dw, nr * sizeof(*dw));
		__asm__ volatile("" : : "r"(to) : "memory");
		least(&copy_ns, start);
		start = now();
		audit(gvt, row, dw, nr, &counts);
		least(&scan_ns, start);
	}
	scan_ns -= clock_ns;
	copy_ns -= clock_ns;
	printf("%-10s %5u KiB  %8.2f GB/s  %8.2f GB/s  %6.3f  %8.1f ns\n", row->name, nr / 256,
	       bytes / scan_ns, bytes / copy_ns, (double)copy_ns / scan_ns,
	       (double)scan_ns * counts.runs / counts.commands);
	free(dw);
	free(to);
}

/* One audit of a ring's size of @row; what callgrind's run looks at. */
static void once(const struct intel_gvt *gvt, const struct row *row, struct gvt_scan_counts *counts)
{
	static u32 dw[SMALL];

	fill(dw, SMALL, row);
	audit(gvt, row, dw, SMALL, counts);
}

static void instructions(const struct intel_gvt *gvt, const char *program, const struct row *row)
{
	struct gvt_scan_counts counts = { 0 };
	char line[512], command[512];
	unsigned long long all = 0;
	FILE *run;

	snprintf(command, sizeof(command),
		 "valgrind --tool=callgrind --toggle-collect=gvt_scan_ring "
		 "--callgrind-out-file=/dev/null '%s' --once %s 2>&1",
		 program, row->name);
	run = popen(command, "r");
	while (run && fgets(line, sizeof(line), run))
		if (strstr(line, "Collected : "))
			all = strtoull(strstr(line, " : ") + 3, NULL, 10);
	if (!run || pclose(run) || !all) {
		printf("%s: %s\n", row->name, "valgrind does not say");
		exit(1);
	}
	once(gvt, row, &counts);
	printf("%-10s %12.1f %12.2f %12.1f\n", row->name, (double)all / counts.commands,
	       (double)all / counts.dwords,
	       counts.registers ? (double)all / counts.registers : 0.0);
}

int main(int argc, char **argv)
{
	static const struct intel_gvt_mpt none;
	static struct row rows[NR_ROWS];
	bool counted = argc > 1 && !strcmp(argv[1], "--instructions");
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : 100;
	struct intel_gvt *gvt;

	make_rows(rows);
	if (intel_gvt_init(&none, NULL, NULL, NULL, &gvt))
		return 1;
	if (argc > 2 && !strcmp(argv[1], "--once")) {
		struct gvt_scan_counts counts = { 0 };

		for (int i = 0; i < NR_ROWS; i++)
			if (!strcmp(argv[2], rows[i].name))
				once(gvt, &rows[i], &counts);
	} else if (counted) {
		puts("instructions  a command      a dword   a register");
		for (int i = 0; i < NR_ROWS; i++)
			instructions(gvt, argv[0], &rows[i]);
	} else {
		puts("commands   bytes      audit          memcpy         ratio   a command");
		for (u32 nr = SMALL; nr <= LARGE; nr *= LARGE / SMALL)
			for (int i = 0; i < NR_ROWS; i++)
				measure(gvt, &rows[i], nr, rounds);
	}
	intel_gvt_exit(gvt);
	return 0;
}
