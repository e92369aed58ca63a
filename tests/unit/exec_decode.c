/* SPDX-License-Identifier: MIT */
/* What xengt decode prints, and what files it takes. */
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "core/hw/decode.h"
#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"
#include "xengt/cli/decode.h"

static char *decoded(const struct intel_gvt *gvt, enum gvt_engine engine, const u32 *dw, size_t nr,
		     size_t strange)
{
	size_t size;
	char *text;
	FILE *to = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(to);
	ck_assert_uint_eq(gvt_decode(gvt ? &gvt->regs : NULL, engine, dw, nr, to), strange);
	fclose(to);
	return text;
}

START_TEST(ring)
{
	static const u32 dw[] = {
		0,	    0x11000003, 0x2600, 0x2a,	    0x7014, 1,	    0x12400002,
		0x2358,	    0x1000,	0,	0x0e000002, 5,	    0x2000, 0,
		0x18800101, 0x5000,	0x1,	0x05000000, 0xdead,
	};
	static const char expect[] = "00000000  00000000  MI_NOOP\n"
				     "00000004  11000003  MI_LOAD_REGISTER_IMM, 5 dwords\n"
				     "00000008  00002600  write RCS0_RING_CS_GPR[0]\n"
				     "0000000c  0000002a\n"
				     "00000010  00007014  write COMMON_SLICE_CHICKEN2\n"
				     "00000014  00000001\n"
				     "00000018  12400002  MI_STORE_REGISTER_MEM, 4 dwords\n"
				     "0000001c  00002358  read RCS0_RING_TIMESTAMP\n"
				     "00000020  00001000  address 0x1000, GGTT\n"
				     "00000024  00000000\n"
				     "00000028  0e000002  MI_SEMAPHORE_WAIT, 4 dwords\n"
				     "0000002c  00000005\n"
				     "00000030  00002000  address 0x2000, PPGTT\n"
				     "00000034  00000000\n"
				     "00000038  18800101  MI_BATCH_BUFFER_START, 3 dwords\n"
				     "0000003c  00005000  address 0x100005000, PPGTT\n"
				     "00000040  00000001\n"
				     "00000044  05000000  MI_BATCH_BUFFER_END\n"
				     "1 dwords behind the batch's end\n";
	struct fake *f = fake_new();
	char *text = decoded(f->gvt, GVT_RCS0, dw, ARRAY_SIZE(dw), 0);

	ck_assert_str_eq(text, expect);
	free(text);
	fake_free(f);
}
END_TEST

START_TEST(strange)
{
	static const u32 dw[] = { 0x20000000, 0x10400001, 0, 0, 0x54f00008, 0x03800000 };
	char *text = decoded(NULL, GVT_RCS0, dw, ARRAY_SIZE(dw), 3);

	ck_assert_str_eq(text,
			 "00000000  20000000  no command of rcs\n"
			 "00000004  10400001  MI_STORE_DATA_IMM, 3 dwords (which it cannot have)\n"
			 "00000008  00000000\n"
			 "0000000c  00000000\n"
			 "00000010  54f00008  no command of rcs\n"
			 "00000014  03800000  MI_REPORT_HEAD\n");
	free(text);
	text = decoded(NULL, GVT_BCS0, dw + 4, 2, 2);
	ck_assert_str_eq(text, "00000000  54f00008  XY_SRC_COPY_BLT, 10 dwords, of which there are "
			       "2\n");
	free(text);
}
END_TEST

static ssize_t read_of(const void *bytes, size_t size, u32 **dw)
{
	FILE *from = fmemopen((void *)bytes, size, "r");
	char why[128] = "";
	ssize_t nr;

	ck_assert_ptr_nonnull(from);
	nr = decode_read(from, dw, why, sizeof(why));
	ck_assert(nr >= 0 || why[0]);
	fclose(from);
	return nr;
}

START_TEST(files)
{
	static const char text[] = "# dumped by hand\n0000: 0x11000001, 2600 ffffffff # a load\n"
				   "0010: 05000000\r\n";
	static const u32 want[] = { 0x11000001, 0x2600, 0xffffffff, 0x05000000 };
	u32 *dw;

	ck_assert_int_eq(read_of(text, strlen(text), &dw), 4);
	ck_assert_int_eq(memcmp(dw, want, sizeof(want)), 0);
	free(dw);
	/* The same as dwords, with a part of another one behind. */
	ck_assert_int_eq(read_of(want, sizeof(want) - 1, &dw), 3);
	ck_assert_int_eq(memcmp(dw, want, 3 * sizeof(*want)), 0);
	free(dw);
	ck_assert_int_eq(read_of("12 hello", 8, &dw), -1);
	ck_assert_int_eq(read_of("123456789", 9, &dw), -1);
	ck_assert_int_eq(read_of("-1", 2, &dw), -1);
	ck_assert_int_eq(read_of("\n", 1, &dw), 0);
	free(dw);
	ck_assert_int_eq(read_of("1 2 3 4 5", 9, &dw), 5);
	free(dw);
}
END_TEST

START_TEST(engines)
{
	for (int e = 0; e < GVT_NR_ENGINES; e++)
		ck_assert_int_eq(gvt_engine_by_class(gvt_engine_class(e)), e);
	ck_assert_int_eq(gvt_engine_by_class("ccs"), -1);
}
END_TEST

Suite *suite_exec_decode(void)
{
	const TTest *const tests[] = { ring, strange, files, engines };

	return unit_suite("decode", tests, ARRAY_SIZE(tests));
}
