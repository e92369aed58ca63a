/* SPDX-License-Identifier: MIT */
/*
 * What the audit of commands costs, beside memcpy of the same bytes in the same run:
 * tests/bench/scan [ROUNDS]. Each figure is the least of some rounds. To be built without
 * sanitizers.
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

/* States and draws, up to the batch's end. */
static size_t golden(u32 *dw)
{
	u32 at = 0;

	gvt_scan_end(GVT_RCS0, golden_gen9, ARRAY_SIZE(golden_gen9), &at);
	memcpy(dw, golden_gen9, (at - 1) * sizeof(*dw));
	return at - 1;
}

/* Of the processor's time, that others on the machine do not count. */
static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* @nr dwords of @piece over and over, whole pieces, idle dwords behind. */
static void fill(u32 *dw, u32 nr, const u32 *piece, size_t len)
{
	memset(dw, 0, nr * sizeof(*dw));
	for (u32 at = 0; at + len <= nr; at += len)
		memcpy(dw + at, piece, len * sizeof(*dw));
}

static void measure(const struct intel_gvt *gvt, const char *name, enum gvt_engine engine, u32 nr,
		    const u32 *piece, size_t len, unsigned int rounds)
{
	u64 scan_ns = ~0ull, copy_ns = ~0ull, each = LARGE / nr;
	u32 *dw = malloc(nr * sizeof(*dw)), *to = malloc(nr * sizeof(*dw));
	struct gvt_scan_counts counts = { 0 };
	const struct gvt_scan scan = {
		.gvt = gvt,
		.engine = engine,
		.limit = 0xfc000000,
		.counts = &counts,
	};
	struct gvt_scan_fault fault;
	double bytes = nr * sizeof(*dw), seconds;

	fill(dw, nr, piece, len);
	memcpy(to, dw, nr * sizeof(*dw));
	for (unsigned int r = 0; r < rounds; r++) {
		u64 start = now(), ns;

		for (u64 i = 0; i < each; i++) {
			memcpy(to, dw, nr * sizeof(*dw));
			__asm__ volatile("" : : "r"(to) : "memory");
		}
		ns = (now() - start) / each;
		copy_ns = ns < copy_ns ? ns : copy_ns;
		start = now();
		for (u64 i = 0; i < each; i++)
			if (gvt_scan_ring(&scan, dw, nr, &fault)) {
				printf("%s: %s at 0x%x\n", name, fault.why, fault.offset);
				exit(1);
			}
		ns = (now() - start) / each;
		scan_ns = ns < scan_ns ? ns : scan_ns;
	}
	seconds = scan_ns / 1e9;
	printf("%-10s %5u KiB  %8.2f GB/s  %8.2f GB/s  %6.3f  %8.1f ns\n", name, nr / 256,
	       bytes / seconds / 1e9, (double)bytes / copy_ns, (double)copy_ns / scan_ns,
	       (double)scan_ns * counts.runs / counts.commands);
	free(dw);
	free(to);
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? atoi(argv[1]) : 100;
	static const struct intel_gvt_mpt none;
	u32 states[ARRAY_SIZE(golden_gen9)], mix[4096];
	size_t nr_states = golden(states), nr_mix = 0;
	struct intel_gvt *gvt;

	if (intel_gvt_init(&none, NULL, NULL, &gvt))
		return 1;
	/* All of it: states and registers as they are sent once, and thirty requests. */
	memcpy(mix, states, nr_states * sizeof(u32));
	nr_mix += nr_states;
	memcpy(mix + nr_mix, registers, sizeof(registers));
	nr_mix += ARRAY_SIZE(registers);
	for (int i = 0; i < 30; i++, nr_mix += ARRAY_SIZE(request))
		memcpy(mix + nr_mix, request, sizeof(request));

	puts("commands   bytes      audit          memcpy         ratio   a command");
	for (u32 nr = SMALL; nr <= LARGE; nr *= LARGE / SMALL) {
		measure(gvt, "mix", GVT_RCS0, nr, mix, nr_mix, rounds);
		measure(gvt, "requests", GVT_RCS0, nr, request, ARRAY_SIZE(request), rounds);
		measure(gvt, "states", GVT_RCS0, nr, states, nr_states, rounds);
		measure(gvt, "registers", GVT_RCS0, nr, registers, ARRAY_SIZE(registers), rounds);
		measure(gvt, "blits", GVT_BCS0, nr, blit, ARRAY_SIZE(blit), rounds);
		measure(gvt, "idle", GVT_VCS0, nr, (const u32[]){ 0 }, 1, rounds);
	}
	intel_gvt_exit(gvt);
	return 0;
}
