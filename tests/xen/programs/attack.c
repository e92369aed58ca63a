/* SPDX-License-Identifier: MIT */
/*
 * What a guest's root does to waste another guest's time: much work in one instruction. And what
 * another guest's accesses cost meanwhile.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

#define ITEMS	       1024u
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define COMMAND	       0x04u
#define BAR0	       0x10u
#define RESET	       0x79u /* the byte of the device control register with the reset's bit */
#define FENCES	       0x100000u

struct victim {
	unsigned int slot;
	volatile uint8_t *regs;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* One instruction writes ITEMS bytes to the byte at @offset of configuration space. */
static void config_bytes(const struct victim *v, unsigned int offset, const uint8_t *from)
{
	unsigned long count = ITEMS;

	outl(1u << 31 | v->slot << 11 | (offset & ~3u), CONFIG_ADDRESS);
	__asm__ volatile("rep outsb"
			 : "+S"(from), "+c"(count)
			 : "d"(CONFIG_DATA + (offset & 3))
			 : "memory");
}

static void resets(const struct victim *v)
{
	uint8_t items[ITEMS];

	memset(items, 0x80, sizeof(items));
	config_bytes(v, RESET, items);
}

/* The last item leaves it on. */
static void decoding(const struct victim *v)
{
	uint8_t items[ITEMS];

	for (unsigned int i = 0; i < ITEMS; i++)
		items[i] = i % 2 ? 6 : 0;
	config_bytes(v, COMMAND, items);
}

static void moves(const struct victim *v)
{
	unsigned long count = ITEMS;
	uint32_t items[ITEMS], was, *from = items;

	outl(1u << 31 | v->slot << 11 | BAR0, CONFIG_ADDRESS);
	was = inl(CONFIG_DATA);
	for (unsigned int i = 0; i < ITEMS; i++)
		items[i] = i % 2 ? was : was ^ 0x1000000;
	__asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(CONFIG_DATA) : "memory");
}

static void fences(const struct victim *v)
{
	volatile uint8_t *to = v->regs + FENCES;
	unsigned long count = 64;

	__asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(0x00ff0001) : "memory");
}

static const struct {
	const char *name;
	void (*once)(const struct victim *v);
} attacks[] = {
	{ "resets", resets },
	{ "decoding", decoding },
	{ "moves", moves },
	{ "fences", fences },
};

/* vgpu-test attack NAME SECONDS: the driver is not loaded. */
int cmd_attack(int argc, char **argv)
{
	double until = now() + (argc > 2 ? strtod(argv[2], NULL) : 10), worst = 0;
	struct victim v = { .regs = vgpu_whole_bar0() };
	unsigned long count = 0;

	v.slot = vgpu_slot();
	if (iopl(3))
		die("iopl");
	for (size_t i = 0; argc > 1 && i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (strcmp(argv[1], attacks[i].name))
			continue;
		for (double before = now(), after; before < until; before = after, count++) {
			attacks[i].once(&v);
			after = now();
			worst = after - before > worst ? after - before : worst;
		}
		printf("ok %s: %lu times, the longest took %.1f ms\n", argv[1], count, worst * 1e3);
		return 0;
	}
	fprintf(stderr, "usage: vgpu-test attack resets|decoding|moves|fences SECONDS\n");
	return 2;
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* vgpu-test worst SECONDS: trapped reads, one after the other, and the longest of them. */
int cmd_worst(int argc, char **argv)
{
	volatile uint32_t *reg = (volatile uint32_t *)(vgpu_bar0() + TRAPPED_SCRATCH);
	double until = now() + (argc > 1 ? strtod(argv[1], NULL) : 10);
	unsigned int nr = 0, max = 1 << 22;
	float *us = malloc(max * sizeof(*us));

	if (!us)
		die("memory");
	for (double before = now(), after; before < until && nr < max; before = after) {
		(void)*reg;
		after = now();
		us[nr++] = (float)((after - before) * 1e6);
	}
	qsort(us, nr, sizeof(*us), by_size);
	printf("%u trapped reads: median %.1f us, 99 %% %.1f us, worst %.1f us\n", nr, us[nr / 2],
	       us[nr - 1 - nr / 100], us[nr - 1]);
	free(us);
	return 0;
}
