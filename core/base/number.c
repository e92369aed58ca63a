/* SPDX-License-Identifier: MIT */
#include "core/base/number.h"

#include <errno.h>

/* The value of digit @c, or 16 when it is none. */
static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Reads the digits at *@text and moves *@text behind them; -ERANGE: too large for @n. */
static int scan(const char **text, enum xengt_base base, u64 *n)
{
	const char *at = *text;
	bool prefix = base != XENGT_DECIMAL && at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
	unsigned int radix = prefix || base == XENGT_HEX ? 16 : 10;
	bool over = false;

	if (prefix)
		at += 2;
	if (digit(*at) >= radix)
		return -EINVAL;
	if (base == XENGT_EITHER && !prefix && *at == '0' && digit(at[1]) < radix)
		return -EINVAL;
	for (*n = 0; digit(*at) < radix; at++) {
		over |= *n > (~0ull - digit(*at)) / radix;
		*n = *n * radix + digit(*at);
	}
	*text = at;
	return over ? -ERANGE : 0;
}

int xengt_number_at(const char **text, enum xengt_base base, u64 max, u64 *val)
{
	const char *at = *text;
	u64 n;
	int err = scan(&at, base, &n);

	if (!err && n > max)
		err = -ERANGE;
	if (err)
		return err;
	*text = at;
	*val = n;
	return 0;
}

int xengt_number(const char *text, enum xengt_base base, u64 min, u64 max, u64 *val)
{
	u64 n;
	int err = scan(&text, base, &n);

	if (err != -EINVAL && *text)
		err = -EINVAL;
	else if (!err && (n < min || n > max))
		err = -ERANGE;
	if (!err)
		*val = n;
	return err;
}
