/* SPDX-License-Identifier: MIT */
/* Evaluating raster operations, many bits at a time. */
#include "core/softgpu/blt_rop.h"

#include <string.h>

typedef u64 word __attribute__((vector_size(16)));

/* All bits as bit @i of @rop. */
static inline word bit(u8 rop, u32 i)
{
	u64 all = -(u64)(rop >> i & 1);

	return (word){ all, all };
}

/* Bits of @one where @sel has ones, else of @zero. */
static inline word choose(word sel, word zero, word one)
{
	return zero ^ (sel & (zero ^ one));
}

static inline word evaluate(u8 rop, word p, word s, word d)
{
	word s0p0 = choose(d, bit(rop, 0), bit(rop, 1));
	word s1p0 = choose(d, bit(rop, 2), bit(rop, 3));
	word s0p1 = choose(d, bit(rop, 4), bit(rop, 5));
	word s1p1 = choose(d, bit(rop, 6), bit(rop, 7));

	return choose(p, choose(s, s0p0, s1p0), choose(s, s0p1, s1p1));
}

void blt_rop(u8 rop, u8 *out, const u8 *pattern, const u8 *source, const u8 *destination, u32 n)
{
	for (u32 i = 0; i < n; i += sizeof(word)) {
		u32 here = n - i < sizeof(word) ? n - i : (u32)sizeof(word);
		word p = { 0 };
		word s = { 0 };
		word d = { 0 };
		word r;

		if (here == sizeof(word)) {
			memcpy(&p, pattern + i, sizeof(word));
			memcpy(&s, source + i, sizeof(word));
			memcpy(&d, destination + i, sizeof(word));
			r = evaluate(rop, p, s, d);
			memcpy(out + i, &r, sizeof(word));
			continue;
		}
		memcpy(&p, pattern + i, here);
		memcpy(&s, source + i, here);
		memcpy(&d, destination + i, here);
		r = evaluate(rop, p, s, d);
		memcpy(out + i, &r, here);
	}
}
