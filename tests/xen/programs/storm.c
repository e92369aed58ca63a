/* SPDX-License-Identifier: MIT */
/* Accesses without end, or for a number of them, checking that none is lost. */
#include <stdio.h>
#include <stdlib.h>

#include "device.h"

/* vgpu-test storm [COUNT [LANE]]: COUNT 0 or none: for ever. LANE keeps several apart. */
int cmd_storm(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	unsigned int lane = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	volatile uint32_t *reg = (volatile uint32_t *)(vgpu_bar0() + TRAPPED_SCRATCH) + lane;
	unsigned long wrong = 0;

	puts("storm begins");
	for (unsigned long i = 0; !count || i < count; i++) {
		*reg = (uint32_t)i;
		wrong += *reg != (uint32_t)i;
	}
	printf("%s %lu writes and reads, %lu wrong\n", wrong ? "not ok" : "ok", count, wrong);
	return wrong != 0;
}

/* vgpu-test direct COUNT: only reads of a register in a page that is read without a trap. */
int cmd_direct(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	volatile uint32_t *reg = (volatile uint32_t *)(vgpu_bar0() + DIRECT_SCRATCH);
	uint32_t sum = 0;

	for (unsigned long i = 0; i < count; i++)
		sum += *reg;
	printf("%lu reads, sum 0x%x\n", count, sum);
	return 0;
}
