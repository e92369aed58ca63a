/* SPDX-License-Identifier: MIT */
/* String instructions on registers: both directions of data, both directions of the addresses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

#define BYTES 96u

/* Moves @bytes from @from to @to by one instruction of @width; @down: from the highest on. */
static void rep_move(volatile void *to, const volatile void *from, unsigned int bytes,
		     unsigned int width, int down)
{
	unsigned long count = bytes / width, skip = down ? bytes - width : 0;
	volatile char *di = (volatile char *)to + skip;
	const volatile char *si = (const volatile char *)from + skip;

	if (down)
		__asm__ volatile("std" ::: "cc");
	switch (width) {
	case 1:
		__asm__ volatile("rep movsb" : "+D"(di), "+S"(si), "+c"(count)::"memory");
		break;
	case 2:
		__asm__ volatile("rep movsw" : "+D"(di), "+S"(si), "+c"(count)::"memory");
		break;
	case 4:
		__asm__ volatile("rep movsl" : "+D"(di), "+S"(si), "+c"(count)::"memory");
		break;
	default:
		__asm__ volatile("rep movsq" : "+D"(di), "+S"(si), "+c"(count)::"memory");
	}
	__asm__ volatile("cld" ::: "cc");
}

static int try_width(volatile uint8_t *regs, unsigned int width, int down, uint8_t *out,
		     uint8_t *in)
{
	int bad;

	for (unsigned int i = 0; i < BYTES; i++) {
		out[i] = i * 7 + width * 31 + down;
		in[i] = 0;
	}
	rep_move(regs, out, BYTES, width, down);
	rep_move(in, regs, BYTES, width, down);
	bad = memcmp(in, out, BYTES) != 0;
	printf("%s rep movs of %u bytes each, %s\n", bad ? "not ok" : "ok", width,
	       down ? "downwards" : "upwards");
	return bad;
}

static int try_fill(volatile uint8_t *regs)
{
	volatile uint8_t *di = regs;
	unsigned long count = BYTES / 4;
	unsigned int wrong = 0;

	__asm__ volatile("rep stosl" : "+D"(di), "+c"(count) : "a"(0xa5c3f00du) : "memory");
	for (unsigned int i = 0; i < BYTES; i += 4)
		wrong += *(volatile uint32_t *)(regs + i) != 0xa5c3f00du;
	printf("%s rep stos\n", wrong ? "not ok" : "ok");
	return wrong != 0;
}

/* vgpu-test rep */
int cmd_rep(int argc, char **argv)
{
	volatile uint8_t *regs = vgpu_bar0() + TRAPPED_SCRATCH;
	/* Across a page of memory, so that one instruction's data is in two frames. */
	uint8_t *pages = aligned_alloc(4096, 4 * 4096);
	int bad = 0;

	(void)argc;
	(void)argv;
	if (!pages)
		die("memory");
	for (unsigned int width = 1; width <= 8; width *= 2)
		for (int down = 0; down < 2; down++)
			bad |= try_width(regs, width, down, pages + 4096 - 40,
					 pages + 3 * 4096 - 48);
	return bad | try_fill(regs);
}
