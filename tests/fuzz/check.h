/* SPDX-License-Identifier: MIT */
/* What the unit tests' helpers use of Check, where there is no runner: what fails, aborts. */
#ifndef TESTS_FUZZ_CHECK_H
#define TESTS_FUZZ_CHECK_H

#include <stdio.h>
#include <stdlib.h>

typedef struct Suite Suite;
typedef struct TTest TTest;

#define ck_abort_msg(...)                     \
	do {                                  \
		fprintf(stderr, __VA_ARGS__); \
		fputc('\n', stderr);          \
		abort();                      \
	} while (0)

#define ck_assert(expr)                      \
	do {                                 \
		if (!(expr))                 \
			ck_abort_msg(#expr); \
	} while (0)

#define ck_assert_int_eq(a, b)	 ck_assert((a) == (b))
#define ck_assert_uint_le(a, b)	 ck_assert((a) <= (b))
#define ck_assert_ptr_eq(a, b)	 ck_assert((a) == (b))
#define ck_assert_ptr_nonnull(a) ck_assert(a)
#define ck_assert_uint_eq(a, b)	 ck_assert((a) == (b))
#define ck_assert_ptr_ne(a, b)	 ck_assert((a) != (b))

#endif
