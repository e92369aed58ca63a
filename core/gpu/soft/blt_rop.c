/* SPDX-License-Identifier: MIT */
/* Evaluating raster operations, many bits at a time. */
#include "core/gpu/soft/blt_rop.h"

#include <string.h>

typedef u64 word __attribute__((vector_size(16)));

/* A word in which all bits are bit @i of @rop. */
static inline word bit(u8 rop, u32 i)
{
	u64 all = -(u64)(rop >> i & 1);

	return (word){ all, all };
}

/* The bits of @one where @sel has ones, otherwise those of @zero. */
static inline word choose(word sel, word zero, word one)
{
	return zero ^ (sel & (zero ^ one));
}

/* The half of the truth table for one value of the pattern: bits @first to @first + 3 of @rop. */
static inline word half(u8 rop, u32 first, word s, word d)
{
	return choose(s, choose(d, bit(rop, first), bit(rop, first + 1)),
		      choose(d, bit(rop, first + 2), bit(rop, first + 3)));
}

static inline word get(const u8 *from)
{
	word w;

	memcpy(&w, from, sizeof(w));
	return w;
}

static inline void put(u8 *to, word w)
{
	memcpy(to, &w, sizeof(w));
}

/* @n is a multiple of a word. */
static void whole_words(u8 rop, u8 *out, const u8 *pattern, const u8 *source, const u8 *destination,
			u32 n)
{
	if (!blt_rop_needs_pattern(rop)) {
		for (u32 i = 0; i < n; i += sizeof(word))
			put(out + i, half(rop, 0, get(source + i), get(destination + i)));
		return;
	}
	for (u32 i = 0; i < n; i += sizeof(word)) {
		word s = get(source + i);
		word d = get(destination + i);

		put(out + i, choose(get(pattern + i), half(rop, 0, s, d), half(rop, 4, s, d)));
	}
}

void blt_rop(u8 rop, u8 *out, const u8 *pattern, const u8 *source, const u8 *destination, u32 n)
{
	u32 words = n & ~((u32)sizeof(word) - 1);
	u32 rest = n - words;
	u8 p[sizeof(word)] = { 0 };
	u8 s[sizeof(word)] = { 0 };
	u8 d[sizeof(word)] = { 0 };

	whole_words(rop, out, pattern, source, destination, words);
	if (!rest)
		return;
	memcpy(p, pattern + words, rest);
	memcpy(s, source + words, rest);
	memcpy(d, destination + words, rest);
	whole_words(rop, p, p, s, d, sizeof(word));
	memcpy(out + words, p, rest);
}
