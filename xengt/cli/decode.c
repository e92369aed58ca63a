/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "core/base/number.h"
#include "core/hw/decode.h"
#include "core/hw/reg.h"
#include "xengt/cli/decode.h"

#define SIZE_LIMIT MiB(64)

/* Reads all of @from, and adds a zero byte. NULL, with @why, on failure. */
static char *slurp(FILE *from, size_t *size, char *why, size_t len)
{
	size_t room = KiB(64), have = 0;
	char *text = malloc(room + 1);

	while (text) {
		char *more;

		have += fread(text + have, 1, room - have, from);
		if (have < room)
			break;
		room *= 2;
		more = room <= SIZE_LIMIT ? realloc(text, room + 1) : NULL;
		if (!more)
			free(text);
		text = more;
	}
	if (!text) {
		snprintf(why, len, "more than %llu MiB", (unsigned long long)SIZE_LIMIT >> 20);
	} else if (ferror(from)) {
		snprintf(why, len, "%s", strerror(errno));
		free(text);
		text = NULL;
	} else {
		text[have] = '\0';
		*size = have;
	}
	return text;
}

static bool is_text(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!isprint((unsigned char)text[i]) && !isspace((unsigned char)text[i]))
			return false;
	return true;
}

/* Converts words in place: there are at most half as many dwords as characters, plus one. */
static ssize_t parse(char *text, u32 *dw, char *why, size_t len)
{
	size_t nr = 0;

	for (char *line, *lines = text; (line = strsep(&lines, "\n"));) {
		line[strcspn(line, "#")] = '\0';
		for (char *word, *words = line; (word = strsep(&words, " \t\r\v\f,"));) {
			size_t digits = strlen(word);
			u64 val;

			if (!digits || word[digits - 1] == ':')
				continue;
			if (xengt_number(word, XENGT_HEX, 0, UINT32_MAX, &val)) {
				snprintf(why, len, "'%.40s' is no hexadecimal dword", word);
				return -1;
			}
			dw[nr++] = val;
		}
	}
	return nr;
}

ssize_t decode_read(FILE *from, u32 **dw, char *why, size_t len)
{
	size_t size;
	char *text = slurp(from, &size, why, len);
	ssize_t nr = -1;

	if (!text)
		return -1;
	*dw = calloc(size / 2 + 1, sizeof(**dw));
	if (!*dw) {
		snprintf(why, len, "%s", strerror(errno));
	} else if (is_text(text, size)) {
		nr = parse(text, *dw, why, len);
	} else {
		nr = size / sizeof(**dw);
		memcpy(*dw, text, nr * sizeof(**dw));
	}
	if (nr < 0) {
		free(*dw);
		*dw = NULL;
	}
	free(text);
	return nr;
}

int decode_run(const char *path, const char *engine)
{
	int number = gvt_engine_by_class(engine);
	struct gvt_regs *regs;
	char why[128];
	ssize_t nr;
	FILE *from;
	u32 *dw;
	int err;

	if (number < 0) {
		fprintf(stderr, "xengt: there is no engine '%s', but rcs, bcs, vcs and vecs\n",
			engine);
		return 2;
	}
	from = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!from) {
		fprintf(stderr, "xengt: %s: %s\n", path, strerror(errno));
		return 1;
	}
	nr = decode_read(from, &dw, why, sizeof(why));
	if (from != stdin)
		fclose(from);
	if (nr < 0) {
		fprintf(stderr, "xengt: %s: %s\n", path, why);
		return 1;
	}
	regs = calloc(1, sizeof(*regs));
	if (regs && gvt_regs_build(regs)) {
		gvt_regs_free(regs);
		free(regs);
		regs = NULL;
	}
	err = gvt_decode(regs, number, dw, nr, stdout) != 0;
	if (regs)
		gvt_regs_free(regs);
	free(regs);
	free(dw);
	return err;
}
