/* SPDX-License-Identifier: MIT */
/*
 * Settings that a person wrote: xengt.conf, a vGPU's options, the device model's arguments. What is
 * accepted means the same when it is printed and read again; what is not, is said in a sentence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/check.h"
#include "xengt/qemu/model_args.h"
#include "xengt/settings/config.h"

#define ARGS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int load(const char *text, size_t len, struct xengt_config *config, char *why,
		size_t why_len)
{
	int fd = memfd_create("xengt.conf", MFD_CLOEXEC), err;
	char path[64];

	ck_assert(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = xengt_config_load(path, config, why, why_len);
	close(fd);
	return err;
}

static char *print(const struct xengt_config *config, size_t *len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, len);

	ck_assert(to);
	xengt_config_print(config, to);
	ck_assert(!fclose(to) && text);
	return text;
}

static void file(const char *text, size_t len)
{
	struct xengt_config first, second;
	char why[256] = "", *one, *two;
	size_t one_len, two_len;

	if (load(text, len, &first, why, sizeof(why))) {
		ck_assert(why[0] && !strchr(why, '\n'));
		return;
	}
	one = print(&first, &one_len);
	if (load(one, one_len, &second, why, sizeof(why)))
		ck_abort_msg("%s\n%s", why, one);
	two = print(&second, &two_len);
	ck_assert(!strcmp(one, two));
	free(one);
	free(two);
}

static void options(const char *text)
{
	struct xengt_options first = xengt_options_default(), second = first;
	char why[256] = "", one[1024], two[1024];

	if (xengt_options_parse(text, &first, why, sizeof(why))) {
		ck_assert(why[0] && !strchr(why, '\n'));
		return;
	}
	xengt_options_print(&first, one, sizeof(one));
	if (xengt_options_parse(one, &second, why, sizeof(why)))
		ck_abort_msg("%s: %s", why, one);
	xengt_options_print(&second, two, sizeof(two));
	ck_assert(!strcmp(one, two));
}

/* The arguments are the lines. */
static void arguments(char *text)
{
	char *args[ARGS_MAX + 1], *rest = text;
	size_t nr = 0, at = 0;

	for (char *line; nr < ARGS_MAX && (line = strsep(&rest, "\n"));)
		args[nr++] = line;
	args[nr] = NULL;
	while (at < nr) {
		const char *name, *value;
		size_t took = xengt_model_arg(args + at, &name, &value);

		ck_assert(took >= 1 && took <= 2 && at + took <= nr);
		ck_assert(value || name || took == 1);
		at += took;
	}
	ck_assert(!xengt_model_arg(args + nr, &(const char *){ NULL }, &(const char *){ NULL }));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = malloc(size);
	ck_assert(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 3) {
	case 0:
		file(text, size - 1);
		break;
	case 1:
		options(text);
		break;
	default:
		arguments(text);
	}
	free(text);
	return 0;
}
