/* SPDX-License-Identifier: MIT */
/*
 * Accesses of each width at each alignment, in registers that trap and in registers that are read
 * directly, against a copy in plain memory.
 */
#include <stdio.h>
#include <string.h>

#include "device.h"

#define ROOM 24u

static uint64_t load(const volatile uint8_t *at, unsigned int width)
{
	switch (width) {
	case 1:
		return *at;
	case 2:
		return *(const volatile uint16_t *)at;
	case 4:
		return *(const volatile uint32_t *)at;
	default:
		return *(const volatile uint64_t *)at;
	}
}

static void store(volatile uint8_t *at, unsigned int width, uint64_t value)
{
	switch (width) {
	case 1:
		*at = value;
		break;
	case 2:
		*(volatile uint16_t *)at = value;
		break;
	case 4:
		*(volatile uint32_t *)at = value;
		break;
	default:
		*(volatile uint64_t *)at = value;
	}
}

static int try_area(const char *name, volatile uint8_t *area)
{
	uint8_t model[ROOM];
	uint64_t value = 0x0123456789abcdefull;
	unsigned int tried = 0, wrong = 0;

	for (unsigned int i = 0; i < ROOM; i += 4) {
		*(volatile uint32_t *)(area + i) = 0x11111111u * (i / 4 + 1);
		memset(model + i, 0x11 * (i / 4 + 1), 4);
	}
	for (unsigned int width = 1; width <= 8; width *= 2) {
		for (unsigned int at = 0; at + width <= ROOM && at < 16; at++) {
			value = value * 6364136223846793005ull + 1442695040888963407ull;
			store(area + at, width, value);
			memcpy(model + at, &value, width);
			for (unsigned int look = 1; look <= 8; look *= 2) {
				for (unsigned int from = 0; from + look <= ROOM; from += look) {
					uint64_t is = load(area + from, look), should = 0;

					memcpy(&should, model + from, look);
					tried++;
					if (is == should)
						continue;
					if (wrong++ < 5)
						printf("%s: after %u bytes at +%u, %u bytes at +%u "
						       "are 0x%llx, should be 0x%llx\n",
						       name, width, at, look, from,
						       (unsigned long long)is,
						       (unsigned long long)should);
				}
			}
		}
	}
	printf("%s %s: %u reads compared, %u wrong\n", wrong ? "not ok" : "ok", name, tried, wrong);
	return wrong != 0;
}

/* vgpu-test access */
int cmd_access(int argc, char **argv)
{
	volatile uint8_t *regs = vgpu_bar0();
	int bad = 0;

	(void)argc;
	(void)argv;
	bad |= try_area("widths in trapped registers", regs + TRAPPED_SCRATCH);
	bad |= try_area("widths in directly read registers", regs + DIRECT_SCRATCH);
	return bad;
}
