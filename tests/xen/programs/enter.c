/* SPDX-License-Identifier: MIT */
/* A driver in place of i915 (which must be unloaded) that gives its GPU all memory there is. */
#include <stdio.h>
#include <stdlib.h>

#include "device.h"

#define GGTT_AT	  (8u << 20)
#define FLSH_CNTL 0x101008u
#define APERTURE  0x10000ul /* entries that it shows, at most */
#define FLUSHES	  16	    /* what led nowhere before is tried again, so many at each */

/* vgpu-test enter FIRST NR: frames become entries of the GGTT, behind those of the aperture. */
int cmd_enter(int argc, char **argv)
{
	unsigned long first = argc > 2 ? strtoul(argv[1], NULL, 0) : 0;
	unsigned long nr = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	volatile uint8_t *bar = vgpu_whole_bar0();

	if (!nr || first + nr > (1ul << 20) - APERTURE) {
		fprintf(stderr, "usage: vgpu-test enter FIRST NR, up to 0xf0000\n");
		return 2;
	}
	for (unsigned long i = first; i < first + nr; i++)
		*(volatile uint64_t *)(bar + GGTT_AT + 8 * (APERTURE + i)) = (uint64_t)i << 12 | 1;
	for (int n = 0; n < FLUSHES; n++)
		*(volatile uint32_t *)(bar + FLSH_CNTL) = 1;
	printf("ok %lu frames entered\n", nr);
	return 0;
}
