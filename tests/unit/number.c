/* SPDX-License-Identifier: MIT */
/* Numbers as people and programs write them, and texts that only look like one. */
#include <errno.h>
#include <string.h>

#include "core/base/number.h"
#include "tests/unit/unit.h"

#define MOST (~0ull)

/* A number that is the whole text, in each base: its value, or the errno. */
START_TEST(whole)
{
	enum { BAD = EINVAL, FAR = ERANGE };
	static const struct {
		const char *text;
		struct {
			int err;
			u64 val;
		} expect[3]; /* by enum xengt_base */
	} cases[] = {
		{ "0", { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
		{ "7", { { 0, 7 }, { 0, 7 }, { 0, 7 } } },
		{ "21", { { 0, 21 }, { 0, 0x21 }, { 0, 21 } } },
		{ "9a", { { BAD }, { 0, 0x9a }, { BAD } } },
		{ "0x10", { { BAD }, { 0, 16 }, { 0, 16 } } },
		{ "0XfF", { { BAD }, { 0, 255 }, { 0, 255 } } },
		{ "00x10", { { BAD }, { BAD }, { BAD } } },
		/* Octal numbers in C, but not to people. */
		{ "007", { { 0, 7 }, { 0, 7 }, { BAD } } },
		{ "00", { { 0, 0 }, { 0, 0 }, { BAD } } },
		{ "08", { { 0, 8 }, { 0, 8 }, { BAD } } },
		{ "0x007", { { BAD }, { 0, 7 }, { 0, 7 } } },
		{ "18446744073709551615", { { 0, MOST }, { FAR }, { 0, MOST } } },
		{ "18446744073709551616", { { FAR }, { FAR }, { FAR } } },
		{ "99999999999999999999999", { { FAR }, { FAR }, { FAR } } },
		{ "ffffffffffffffff", { { BAD }, { 0, MOST }, { BAD } } },
		{ "0xffffffffffffffff", { { BAD }, { 0, MOST }, { 0, MOST } } },
		{ "0x10000000000000000", { { BAD }, { FAR }, { FAR } } },
		/* Too many digits for the type, and in the end no number. */
		{ "99999999999999999999999x", { { BAD }, { BAD }, { BAD } } },
		{ "", { { BAD }, { BAD }, { BAD } } },
		{ "0x", { { BAD }, { BAD }, { BAD } } },
		{ "0xg", { { BAD }, { BAD }, { BAD } } },
		{ "x10", { { BAD }, { BAD }, { BAD } } },
		{ "+21", { { BAD }, { BAD }, { BAD } } },
		{ "-21", { { BAD }, { BAD }, { BAD } } },
		{ "-0", { { BAD }, { BAD }, { BAD } } },
		{ " 21", { { BAD }, { BAD }, { BAD } } },
		{ "21 ", { { BAD }, { BAD }, { BAD } } },
		{ "\t21", { { BAD }, { BAD }, { BAD } } },
		{ "21\n", { { BAD }, { BAD }, { BAD } } },
		{ "2 1", { { BAD }, { BAD }, { BAD } } },
		{ "21M", { { BAD }, { BAD }, { BAD } } },
		{ "1_024", { { BAD }, { BAD }, { BAD } } },
		{ "10.5", { { BAD }, { BAD }, { BAD } } },
		{ "1e3", { { BAD }, { 0, 0x1e3 }, { BAD } } },
		{ "+0x10", { { BAD }, { BAD }, { BAD } } },
		{ "0x-1", { { BAD }, { BAD }, { BAD } } },
		{ "0x 1", { { BAD }, { BAD }, { BAD } } },
		{ "0x0x1", { { BAD }, { BAD }, { BAD } } },
		{ "\xd9\xa1", { { BAD }, { BAD }, { BAD } } }, /* ARABIC-INDIC DIGIT ONE */
		{ "inf", { { BAD }, { BAD }, { BAD } } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (enum xengt_base base = XENGT_DECIMAL; base <= XENGT_EITHER; base++) {
			int err = cases[i].expect[base].err;
			u64 want = cases[i].expect[base].val, val = 4711;

			ck_assert_msg(xengt_number(cases[i].text, base, 0, MOST, &val) == -err,
				      "'%s', base %u", cases[i].text, base);
			ck_assert_msg(val == (err ? 4711 : want), "'%s', base %u: %llu",
				      cases[i].text, base, (unsigned long long)val);
		}
}
END_TEST

START_TEST(ranges)
{
	static const struct {
		const char *text;
		u64 min, max;
		int err;
	} cases[] = {
		{ "16", 16, 31, 0 },
		{ "31", 16, 31, 0 },
		{ "15", 16, 31, ERANGE },
		{ "32", 16, 31, ERANGE },
		{ "0", 0, 0, 0 },
		{ "1", 0, 0, ERANGE },
		{ "0x1f", 16, 31, 0 },
		{ "0x20", 16, 31, ERANGE },
		{ "4294967312", 16, 31, ERANGE },
		{ "18446744073709551632", 16, 31, ERANGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 val;

		ck_assert_msg(xengt_number(cases[i].text, XENGT_EITHER, cases[i].min, cases[i].max,
					   &val) == -cases[i].err,
			      "'%s' from %llu to %llu", cases[i].text,
			      (unsigned long long)cases[i].min, (unsigned long long)cases[i].max);
	}
}
END_TEST

/* A number at the start of a text: the caller reads what comes after it. */
START_TEST(in_text)
{
	static const struct {
		const char *text, *rest;
		enum xengt_base base;
		u64 max;
		int err;
		u64 val;
	} cases[] = {
		{ "640x480", "x480", XENGT_DECIMAL, 4096, 0, 640 },
		{ "0x480", "x480", XENGT_DECIMAL, 4096, 0, 0 },
		{ "10.1,id=a", ".1,id=a", XENGT_HEX, 31, 0, 16 },
		{ "0x10.1", ".1", XENGT_HEX, 31, 0, 16 },
		{ "12/name", "/name", XENGT_DECIMAL, 99, 0, 12 },
		{ "12", "", XENGT_DECIMAL, 12, 0, 12 },
		{ "13", "13", XENGT_DECIMAL, 12, ERANGE, 0 },
		{ "18446744073709551616,", "18446744073709551616,", XENGT_DECIMAL, MOST, ERANGE,
		  0 },
		{ "+5,", "+5,", XENGT_DECIMAL, 99, EINVAL, 0 },
		{ " 5,", " 5,", XENGT_DECIMAL, 99, EINVAL, 0 },
		{ ",5", ",5", XENGT_DECIMAL, 99, EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *at = cases[i].text;
		u64 val = 0;

		ck_assert_msg(xengt_number_at(&at, cases[i].base, cases[i].max, &val) ==
				      -cases[i].err,
			      "'%s'", cases[i].text);
		ck_assert_str_eq(at, cases[i].rest);
		ck_assert_uint_eq(val, cases[i].val);
	}
}
END_TEST

Suite *suite_number(void)
{
	const TTest *const tests[] = { whole, ranges, in_text };

	return unit_suite("number", tests, ARRAY_SIZE(tests));
}
