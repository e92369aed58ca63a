/* SPDX-License-Identifier: MIT */
/* Accesses until told to end, checking that none is lost. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "device.h"

static volatile sig_atomic_t over;

static void end(int signal)
{
	(void)signal;
	over = 1;
}

/* vgpu-test storm [LANE]: until SIGTERM; then says what came of it. LANE keeps several apart. */
int cmd_storm(int argc, char **argv)
{
	unsigned int lane = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	volatile uint32_t *reg = (volatile uint32_t *)(vgpu_bar0() + TRAPPED_SCRATCH) + lane;
	unsigned long count = 0, wrong = 0;

	signal(SIGTERM, end);
	puts("storm begins");
	for (; !over; count++) {
		*reg = (uint32_t)count;
		wrong += *reg != (uint32_t)count;
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
