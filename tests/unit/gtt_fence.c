/* SPDX-License-Identifier: MIT */
/* Tiled ranges of the aperture, against tiles as the manual draws them. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/tile_model.h"
#include "tests/unit/unit.h"

#define FLSH_CNTL 0x101008u
#define FENCE(n)  (0x100000u + 8 * (n))
#define APERTURE  MiB(64)
#define TILE_Y	  2u
#define RAM	  (FAKE_RAM_PAGES * GVT_PAGE_SIZE)

struct range {
	u32 first, last; /* pages */
	u32 pitch;	 /* bytes, of 128 each */
	bool y;
};

/* As i915 does: disable, write the high half, then the low half with the valid bit. */
static void set_fence(struct fake *f, u32 n, const struct range *r)
{
	fake_reg_write(f, FENCE(n), 0);
	fake_reg_write(f, FENCE(n) + 4, r->last << GVT_PAGE_SHIFT | (r->pitch / 128 - 1));
	fake_reg_write(f, FENCE(n), r->first << GVT_PAGE_SHIFT | (r->y ? TILE_Y : 0) | 1);
}

/* The byte of guest memory behind byte @offset of the aperture, or NULL. */
static u8 *model_byte(struct fake *f, u8 *ram, const struct range *r, u64 offset)
{
	u64 page = offset >> GVT_PAGE_SHIFT, entry;

	if (page >= r->first && page <= r->last) {
		struct model_surface s = { .pitch = (int)r->pitch,
					   .tiling = r->y ? MODEL_Y : MODEL_X };
		u64 at = offset - r->first * GVT_PAGE_SIZE;

		offset = r->first * GVT_PAGE_SIZE +
			 (u64)model_offset(&s, 4, (int)(at % r->pitch), (int)(at / r->pitch));
	}
	entry = f->vgpu->ggtt[offset >> GVT_PAGE_SHIFT];
	return entry & 1 ? ram + (entry & ~0xfffull) + offset % GVT_PAGE_SIZE : NULL;
}

static void check_read(struct fake *f, u8 *ram, const struct range *r, u64 offset, unsigned int n)
{
	u64 got = fake_read(f, FAKE_BAR2 + offset, n);

	for (unsigned int i = 0; i < n; i++) {
		const u8 *byte = model_byte(f, ram, r, offset + i);

		UNIT_CHECK((u8)(got >> 8 * i) == (byte ? *byte : 0),
			   "%s tiles of pitch 0x%x from page 0x%x: %u bytes at 0x%llx: 0x%llx",
			   r->y ? "Y" : "X", r->pitch, r->first, n, (unsigned long long)offset,
			   (unsigned long long)got);
	}
}

static void write_both(struct fake *f, u8 *ram, const struct range *r, u64 offset, unsigned int n,
		       u64 val)
{
	fake_write(f, FAKE_BAR2 + offset, n, val);
	for (unsigned int i = 0; i < n; i++) {
		u8 *byte = model_byte(f, ram, r, offset + i);

		if (byte)
			*byte = (u8)(val >> 8 * i);
	}
}

/* Rows of whole tiles, or with @odd anything that the registers can express. */
static struct range random_range(u64 *seed, bool odd)
{
	struct range r = { .y = unit_random(seed) & 1 };
	u32 tile = r.y ? 128 : 512, rows = r.y ? 32 : 8, pages;

	r.pitch = (1 + unit_random(seed) % 24) * tile;
	pages = r.pitch * rows / GVT_PAGE_SIZE;
	r.first = unit_random(seed) % 64;
	r.last = r.first + pages * (1 + unit_random(seed) % 8) - 1;
	if (odd) {
		r.pitch = (1 + unit_random(seed) % (unit_random(seed) & 1 ? 2048 : 16)) * 128;
		r.last = r.first + unit_random(seed) % 256;
	}
	if (unit_random(seed) % 4 == 0) { /* at the aperture's end */
		u32 up = APERTURE / GVT_PAGE_SIZE - 1 - r.last;

		r.first += up;
		r.last += up;
	}
	return r;
}

static const unsigned int widths[] = { 1, 2, 4, 8 };

/* Reads and writes of any width and alignment, in the range and around its ends. */
static void random_range_is_tiled(u64 seed, bool odd)
{
	struct fake *f = fake_vgpu();
	struct range r = random_range(&seed, odd);
	u8 *ram = malloc(RAM);
	u64 begin = r.first * GVT_PAGE_SIZE, bytes = (r.last - r.first + 1) * GVT_PAGE_SIZE;

	for (u32 i = 0; i < RAM; i += 8)
		memcpy(f->ram + i, &(u64){ unit_random(&seed) }, 8);
	for (u32 page = 0; page < 1024; page++) {
		u32 at = r.first > 8 ? r.first - 8 + page : page;
		u64 gfn = 64 + unit_random(&seed) % (FAKE_RAM_PAGES - 64);

		fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8ull * at, 8,
			   gfn << GVT_PAGE_SHIFT | (unit_random(&seed) % 16 != 0));
	}
	fake_reg_write(f, FLSH_CNTL, 1);
	set_fence(f, unit_random(&seed) % 32, &r);
	memcpy(ram, f->ram, RAM);
	for (u32 i = 0; i < 3000; i++) {
		unsigned int n = widths[unit_random(&seed) % 4];
		u64 offset = begin + unit_random(&seed) % bytes;

		if (i % 16 == 0)
			offset = begin + (i % 32 ? bytes : 0) - unit_random(&seed) % 9;
		if (offset > APERTURE - n)
			continue;
		if (i & 1)
			write_both(f, ram, &r, offset, n, unit_random(&seed));
		else
			check_read(f, ram, &r, offset, n);
	}
	UNIT_CHECK(!memcmp(ram, f->ram, RAM), "memory is not what was written, pitch 0x%x",
		   r.pitch);
	free(ram);
	fake_free(f);
}

START_TEST(tiled_as_drawn)
{
	random_range_is_tiled(1000 + _i, false);
}
END_TEST

/* Pitches of no whole tiles, ranges of no whole rows: as modelled, and never outside the GGTT. */
START_TEST(tiled_oddly)
{
	random_range_is_tiled(2000 + _i, true);
}
END_TEST

/* Offsets worked out by hand, for a pitch of 1,024 bytes. */
START_TEST(corners)
{
	static const struct {
		u32 x, y, at[2]; /* in X tiles, in Y tiles */
	} bytes[] = {
		{ 0, 0, { 0, 0 } },
		{ 511, 0, { 0x1ff, 0x3e0f } },
		{ 512, 0, { 0x1000, 0x4000 } },
		{ 0, 1, { 0x200, 0x10 } },
		{ 16, 0, { 0x10, 0x200 } },
		{ 1023, 7, { 0x1fff, 0x7e7f } },
		{ 0, 8, { 0x2000, 0x80 } },
		{ 127, 31, { 0x6e7f, 0xfff } },
		{ 0, 32, { 0x8000, 0x8000 } },
	};
	struct fake *f = fake_vgpu();
	struct range r = { .first = 16, .last = 79, .pitch = 1024 };

	for (u32 i = 0; i < 64; i++)
		fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8ull * (16 + i), 8,
			   (0x100ull + i) << GVT_PAGE_SHIFT | 1);
	fake_reg_write(f, FLSH_CNTL, 1);
	for (u32 y = 0; y < 2; y++) {
		/* The range stays the same, and its tiling changes. */
		r.y = y;
		set_fence(f, 3, &r);
		for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
			u8 *to = f->ram + 0x100000 + bytes[i].at[y], was = *to;

			fake_write(f, FAKE_BAR2 + 0x10000 + bytes[i].y * 1024 + bytes[i].x, 1,
				   was + 1u);
			UNIT_CHECK(*to == (u8)(was + 1), "%s: (%u, %u)", y ? "Y" : "X", bytes[i].x,
				   bytes[i].y);
		}
	}
	/* With another pitch, rows begin elsewhere. */
	r.pitch = 2048;
	set_fence(f, 3, &r);
	fake_write(f, FAKE_BAR2 + 0x10000 + 2048, 1, 0x5a);
	ck_assert_uint_eq(f->ram[0x100010], 0x5a);
	fake_free(f);
}
END_TEST

static int written(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	u64 *seen = track->priv_data;

	(void)data;
	seen[0] = gpa;
	seen[1] = (u64)bytes;
	return 0;
}

/* A handler sees writes to a tracked page behind a fence as well. */
START_TEST(tracked_behind_a_fence)
{
	const struct range r = { .first = 0, .last = 7, .pitch = 128, .y = true };
	struct fake *f = fake_vgpu();
	u64 seen[2] = { 0 };

	for (u32 i = 0; i < 8; i++)
		fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8ull * i, 8,
			   (0x100ull + i) << GVT_PAGE_SHIFT | 1);
	fake_reg_write(f, FLSH_CNTL, 1);
	set_fence(f, 0, &r);
	intel_vgpu_register_page_track(f->vgpu, 0x101, written, seen);
	/* Row 33, byte 18 is in the second tile, second column. */
	fake_write(f, FAKE_BAR2 + 33 * 128 + 18, 4, 0x12345678);
	ck_assert_uint_eq(seen[0], 0x101000 + 0x200 + 0x10 + 2);
	ck_assert_uint_eq(seen[1], 4);
	intel_vgpu_unregister_page_track(f->vgpu, 0x101);
	fake_free(f);
}
END_TEST

Suite *suite_gtt_fence(void)
{
	Suite *s = suite_create("gtt_fence");
	TCase *tc = tcase_create("gtt_fence");

	tcase_add_loop_test(tc, tiled_as_drawn, 0, 24);
	tcase_add_loop_test(tc, tiled_oddly, 0, 24);
	tcase_add_test(tc, corners);
	tcase_add_test(tc, tracked_behind_a_fence);
	suite_add_tcase(s, tc);
	return s;
}
