/* SPDX-License-Identifier: MIT */
/* The table of ports, read as a driver reads it, by the published layout. */
#include <errno.h>
#include <string.h>

#include "core/display/vbt.h"
#include "tests/unit/unit.h"

static u32 get16(const u8 *at)
{
	return at[0] | (u32)at[1] << 8;
}

/* Finds a block as i915 does: by going from one to the next within what the header says. */
static const u8 *find_block(const u8 *vbt, u32 wanted, u32 *size)
{
	const u8 *bdb = vbt + get16(vbt + 28);
	u32 total = get16(bdb + 20), at = get16(bdb + 18);

	while (at + 3 < total) {
		*size = get16(bdb + at + 1);
		ck_assert_uint_le(at + 3 + *size, total);
		if (bdb[at] == wanted)
			return bdb + at + 3;
		at += 3 + *size;
	}
	ck_assert_uint_eq(at, total);
	return NULL;
}

static void assert_child(const u8 *child, u32 head)
{
	static const u8 port[] = { 7, 8, 9 }, aux[] = { 0x10, 0x20, 0x30 }, pin[] = { 5, 4, 6 };
	u32 type = get16(child + 2);

	ck_assert_uint_ne(type & 0x0004, 0); /* DisplayPort */
	ck_assert_uint_eq(type & 0x0010, 0); /* no TMDS, thus neither DVI nor HDMI */
	ck_assert_uint_eq(type & 0x1001, 0); /* neither internal, thus no panel, nor analogue */
	ck_assert_uint_ne(type & 0x0800, 0); /* no HDMI */
	ck_assert_uint_eq(child[16], port[head]);
	ck_assert_uint_eq(child[19], pin[head]);
	ck_assert_uint_eq(child[24] & 7, 2); /* DisplayPort alone */
	ck_assert_uint_eq(child[25], aux[head]);
	ck_assert_uint_ne(child[27] & 0x20, 0); /* an encoder of the GPU's own */
}

START_TEST(children)
{
	static u8 vbt[DISPLAY_VBT_MAX];

	for (u32 heads = 1; heads <= DISPLAY_HEADS; heads++) {
		u32 size, sum = 0;
		const u8 *block;
		int len;

		memset(vbt, 0xff, sizeof(vbt));
		len = display_vbt_make(vbt, sizeof(vbt), heads);
		ck_assert_int_gt(len, 0);
		ck_assert_mem_eq(vbt, "$VBT", 4);
		ck_assert_int_eq((int)get16(vbt + 24), len);
		ck_assert_mem_eq(vbt + get16(vbt + 28), "BIOS_DATA_BLOCK ", 16);
		ck_assert_uint_eq(get16(vbt + 28) + get16(vbt + get16(vbt + 28) + 20), (u32)len);
		for (int i = 0; i < len; i++)
			sum += vbt[i];
		ck_assert_uint_eq(sum & 0xff, 0);
		for (size_t i = (size_t)len; i < sizeof(vbt); i++)
			ck_assert_uint_eq(vbt[i], 0);

		block = find_block(vbt, 2, &size);
		ck_assert_ptr_nonnull(block);
		ck_assert_uint_eq(block[4], 33); /* what i915 expects of versions 111 to 194 */
		ck_assert_uint_eq(get16(vbt + 48 + 16), 186);
		ck_assert_uint_eq(size, 5 + heads * 33);
		for (u32 i = 0; i < heads; i++)
			assert_child(block + 5 + i * 33, i);
		block = find_block(vbt, 1, &size);
		ck_assert_ptr_nonnull(block);
		ck_assert_uint_eq(block[4] & 3, 0); /* neither CRT nor television */
		block = find_block(vbt, 12, &size);
		ck_assert_ptr_nonnull(block);
		for (u32 i = 0; i < size; i++)
			ck_assert_uint_eq(block[i], 0); /* no panel, which some bits would say */
		ck_assert_ptr_null(find_block(vbt, 40, &size));
	}
}
END_TEST

START_TEST(refused)
{
	u8 vbt[512];
	int len = display_vbt_make(vbt, sizeof(vbt), 3);

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(display_vbt_make(vbt, (size_t)len, 3), len);
	ck_assert_int_eq(display_vbt_make(vbt, (size_t)len - 1, 3), -ENOSPC);
	ck_assert_int_eq(display_vbt_make(vbt, 0, 1), -ENOSPC);
	ck_assert_int_eq(display_vbt_make(vbt, 65536, 1), -ENOSPC);
	ck_assert_int_eq(display_vbt_make(vbt, sizeof(vbt), 0), -EINVAL);
	ck_assert_int_eq(display_vbt_make(vbt, sizeof(vbt), 4), -EINVAL);
}
END_TEST

Suite *suite_display_vbt(void)
{
	const TTest *const tests[] = { children, refused };

	return unit_suite("display_vbt", tests, ARRAY_SIZE(tests));
}
