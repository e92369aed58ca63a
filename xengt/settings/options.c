/* SPDX-License-Identifier: MIT */
#include "xengt/settings/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct xengt_options xengt_options_default(void)
{
	struct xengt_options options = { 0 };

	xengt_setting_defaults(XENGT_IN_VGPU, &options);
	return options;
}

int xengt_options_set(struct xengt_options *options, const char *key, const char *value, char *why,
		      size_t why_len)
{
	return xengt_setting_set(XENGT_IN_VGPU, options, key, value, why, why_len);
}

static int parse_pair(char *pair, struct xengt_options *options, char *why, size_t why_len)
{
	char *value = strchr(pair, '=');

	if (!value) {
		snprintf(why, why_len, "'%s' is not of the form key=value", pair);
		return -EINVAL;
	}
	*value++ = '\0';
	return xengt_options_set(options, pair, value, why, why_len);
}

/* What an option says may stand in a line of a log. */
static bool is_one_line(const char *text)
{
	while (*text && (unsigned char)*text >= ' ' && *text != 0x7f)
		text++;
	return !*text;
}

int xengt_options_parse(const char *text, struct xengt_options *options, char *why, size_t why_len)
{
	char *copy = strdup(text), *rest = copy, *pair;
	int err = 0;

	if (!copy) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	if (!is_one_line(copy)) {
		snprintf(why, why_len, "the options have a control character");
		err = -EINVAL;
	}
	while (!err && (pair = strsep(&rest, ",")))
		if (*pair)
			err = parse_pair(pair, options, why, why_len);
	free(copy);
	return err;
}

void xengt_options_print(const struct xengt_options *options, char *text, size_t len)
{
	size_t at = 0;
	char value[64];

	text[0] = '\0';
	for (const struct xengt_setting *s = xengt_settings; s->name && at < len; s++) {
		if (!(s->where & XENGT_IN_VGPU) || !xengt_setting_is_set(s, options))
			continue;
		xengt_setting_print(s, options, value, sizeof(value));
		at += snprintf(text + at, len - at, "%s%s=%s", at ? "," : "", s->name, value);
	}
}
