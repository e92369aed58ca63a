/* SPDX-License-Identifier: MIT */
/* The options of a guest's vGPU, as people write them. */
#include <errno.h>

#include "tests/unit/unit.h"
#include "xengt/settings/options.h"

START_TEST(defaults)
{
	struct xengt_options o = xengt_options_default();

	ck_assert_uint_eq(o.aperture_mib, 256);
	ck_assert_uint_eq(o.fences, 32);
	ck_assert_uint_eq(o.slot, 0);
	ck_assert_uint_eq(o.read_through, 1);
}
END_TEST

START_TEST(accepted)
{
	static const struct {
		const char *text;
		struct xengt_options expect;
	} cases[] = {
		{ "", { 256, 32, 0, 1, 1024, 8 } },
		{ ",,", { 256, 32, 0, 1, 1024, 8 } },
		{ "aperture_mb=64", { 64, 32, 0, 1, 1024, 8 } },
		{ "aperture_mb=1024", { 1024, 32, 0, 1, 1024, 8 } },
		{ "aperture_mb=0x80", { 128, 32, 0, 1, 1024, 8 } },
		{ "low_gm_mb=512", { 512, 32, 0, 1, 1024, 8 } },
		{ "high_gm_mb=448", { 256, 32, 0, 1, 448, 8 } },
		{ "fences=1", { 256, 1, 0, 1, 1024, 8 } },
		{ "fences=32", { 256, 32, 0, 1, 1024, 8 } },
		{ "slot=1", { 256, 32, 1, 1, 1024, 8 } },
		{ "slot=31", { 256, 32, 31, 1, 1024, 8 } },
		{ "read_through=off", { 256, 32, 0, 0, 1024, 8 } },
		{ "read_through=on", { 256, 32, 0, 1, 1024, 8 } },
		{ "read_through=0", { 256, 32, 0, 0, 1024, 8 } },
		{ "low_gm_mb=64,high_gm_mb=448,fences=4", { 64, 4, 0, 1, 448, 8 } },
		{ "memory_mb=16,weight=1,cap=100", { 256, 32, 0, 1, 16, 1, 100 } },
		{ "memory_mb=1048576,weight=16,cap=0", { 256, 32, 0, 1, 1048576, 16 } },
		{ "audit_user=on", { 256, 32, 0, 1, 1024, 8, .audit_user = 1 } },
		{ "audit_user=on,audit_user=off", { 256, 32, 0, 1, 1024, 8 } },
		{ "heads=3", { 256, 32, 0, 1, 1024, 8, .heads = 3 } },
		{ "type=i915-GVTg_V5_8", { 256, 32, 0, 1, 1024, 8, .type = "i915-GVTg_V5_8" } },
		{ "uuid=A0B1C2D3-0123-4567-89ab-CDEFcdef0011",
		  { 256, 32, 0, 1, 1024, 8, .uuid = "a0b1c2d3-0123-4567-89ab-cdefcdef0011" } },
		{ "slot=4,aperture_mb=128,read_through=off,fences=8,", { 128, 8, 4, 0, 1024, 8 } },
		{ "fences=4,fences=8", { 256, 8, 0, 1, 1024, 8 } }, /* the last one counts */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct xengt_options o = xengt_options_default();
		char why[256] = "";

		ck_assert_msg(!xengt_options_parse(cases[i].text, &o, why, sizeof(why)), "%s: %s",
			      cases[i].text, why);
		ck_assert_mem_eq(&o, &cases[i].expect, sizeof(o));
	}
}
END_TEST

#define OPTIONS                                                                              \
	"type, uuid, slot, aperture_mb, memory_mb, fences, weight, cap, audit_user, heads, " \
	"read_through"

START_TEST(refused)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "fast", "'fast' is not of the form key=value" },
		{ "fences=4,fast", "'fast' is not of the form key=value" },
		{ "colour=blue", "'colour' is no option of a vGPU (" OPTIONS " are)" },
		{ "=4", "'' is no option of a vGPU (" OPTIONS " are)" },
		{ "aperture_mb=", "aperture_mb=: it takes a power of two from 64 to 1024" },
		{ "aperture_mb=96", "aperture_mb=96: it takes a power of two from 64 to 1024" },
		{ "aperture_mb=32", "aperture_mb=32: it takes a power of two from 64 to 1024" },
		{ "aperture_mb=2048", "aperture_mb=2048: it takes a power of two from 64 to 1024" },
		{ "low_gm_mb=-64", "low_gm_mb=-64: it takes a power of two from 64 to 1024" },
		{ "aperture_mb=64M", "aperture_mb=64M: it takes a power of two from 64 to 1024" },
		{ "fences=0", "fences=0: it takes a number from 1 to 32" },
		{ "fences=33", "fences=33: it takes a number from 1 to 32" },
		{ "fences=-1", "fences=-1: it takes a number from 1 to 32" },
		{ "fences=99999999999999999999",
		  "fences=99999999999999999999: it takes a number from 1 to 32" },
		{ "fences=4294967300", "fences=4294967300: it takes a number from 1 to 32" },
		{ "slot=0", "slot=0: it takes a number from 1 to 31" },
		{ "slot=32", "slot=32: it takes a number from 1 to 31" },
		{ "slot=0x", "slot=0x: it takes a number from 1 to 31" },
		{ "read_through=yes", "read_through=yes: it takes on or off, or 1 or 0" },
		{ "read_through=2", "read_through=2: it takes on or off, or 1 or 0" },
		{ "memory_mb=15", "memory_mb=15: it takes a number from 16 to 1048576" },
		{ "weight=0", "weight=0: it takes a number from 1 to 16" },
		{ "cap=101", "cap=101: it takes a number from 0 to 100" },
		{ "type=", "type=: it takes 1 to 31 characters" },
		{ "type=12345678901234567890123456789012",
		  "type=12345678901234567890123456789012: it takes 1 to 31 characters" },
		{ "uuid=", "uuid=: it takes a UUID" },
		{ "uuid=a0b1c2d3-0123-4567-89ab-cdefcdef001",
		  "uuid=a0b1c2d3-0123-4567-89ab-cdefcdef001: it takes a UUID" },
		{ "uuid=a0b1c2d3-0123-4567-89ab-cdefcdef00111",
		  "uuid=a0b1c2d3-0123-4567-89ab-cdefcdef00111: it takes a UUID" },
		{ "uuid=a0b1c2d3-0123-4567-89ab0cdefcdef001",
		  "uuid=a0b1c2d3-0123-4567-89ab0cdefcdef001: it takes a UUID" },
		{ "uuid=../../../../../etc/passwd0000000000",
		  "uuid=../../../../../etc/passwd0000000000: it takes a UUID" },
		{ "type=a\nslot=1", "the options have a control character" },
		{ "slot\x1b=1", "the options have a control character" },
		{ "id=4", "'id' is no option of a vGPU (" OPTIONS " are)" },
		{ "slot=010", "slot=010: it takes a number from 1 to 31" },
		{ "slot=+10", "slot=+10: it takes a number from 1 to 31" },
		{ "slot= 10", "slot= 10: it takes a number from 1 to 31" },
		{ "slot=10 ", "slot=10 : it takes a number from 1 to 31" },
		/* A leading blank would hide the sign from a careless check. */
		{ "fences= -4294967292", "fences= -4294967292: it takes a number from 1 to 32" },
		{ "slot= -18446744073709551612",
		  "slot= -18446744073709551612: it takes a number from 1 to 31" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct xengt_options o = xengt_options_default();
		char why[256] = "";

		ck_assert_msg(xengt_options_parse(cases[i].text, &o, why, sizeof(why)) == -EINVAL,
			      "'%s' was taken", cases[i].text);
		ck_assert_str_eq(why, cases[i].why);
	}
}
END_TEST

/* Printed options are read back as the same options. */
START_TEST(printed)
{
	static const char *const texts[] = {
		"slot=7,aperture_mb=64,memory_mb=384,fences=4,weight=2,cap=30,audit_user=on,"
		"heads=3,read_through=off",
		"type=x,uuid=a0b1c2d3-0123-4567-89ab-cdefcdef0011,aperture_mb=1024",
		"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct xengt_options o = xengt_options_default(), again = { 0 };
		char text[512], why[256];

		ck_assert_int_eq(xengt_options_parse(texts[i], &o, why, sizeof(why)), 0);
		xengt_options_print(&o, text, sizeof(text));
		ck_assert_msg(!xengt_options_parse(text, &again, why, sizeof(why)), "%s", why);
		ck_assert_mem_eq(&o, &again, sizeof(o));
		if (!i)
			ck_assert_str_eq(text, texts[i]);
	}
}
END_TEST

START_TEST(made_uuids)
{
	char uuid[XENGT_UUID_MAX], other[XENGT_UUID_MAX], parsed[XENGT_UUID_MAX];

	ck_assert_int_eq(xengt_uuid_make(uuid), 0);
	ck_assert_int_eq(xengt_uuid_make(other), 0);
	ck_assert_str_ne(uuid, other);
	ck_assert_int_eq(xengt_uuid_parse(uuid, parsed), 0);
	ck_assert_str_eq(uuid, parsed);
	ck_assert_int_eq(uuid[14], '4');
	/* 32 digits are a name, as any other. */
	ck_assert_int_eq(xengt_uuid_parse("a0b1c2d30123456789abcdefcdef0011", parsed), -EINVAL);
}
END_TEST

/* The message is cut to its buffer. */
START_TEST(short_room)
{
	struct xengt_options o = xengt_options_default();
	char why[8] = "1234567";

	ck_assert_int_eq(xengt_options_parse("colour=blue", &o, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "'colour");
}
END_TEST

Suite *suite_options(void)
{
	const TTest *const tests[] = {
		defaults, accepted, refused, printed, made_uuids, short_room
	};

	return unit_suite("options", tests, ARRAY_SIZE(tests));
}
