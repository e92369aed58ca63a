/* SPDX-License-Identifier: MIT */
#include "xengt/xlcfg.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/types.h"

/* A value; those of a list have the same name. The last setting of a name counts. */
struct item {
	char *name, *value;
	struct item *next;
};

struct xlcfg {
	struct item *first;
};

struct reader {
	struct xlcfg *cfg;
	const char *at;
	unsigned int line;
	const char *wrong;
};

static void forget(struct xlcfg *cfg, const char *name)
{
	struct item **link = &cfg->first;

	while (*link) {
		struct item *item = *link;

		if (name && strcmp(item->name, name)) {
			link = &item->next;
			continue;
		}
		*link = item->next;
		free(item->name);
		free(item->value);
		free(item);
	}
}

/* Takes @value. */
static void add(struct reader *r, const char *name, char *value)
{
	struct item *item = calloc(1, sizeof(*item)), **link = &r->cfg->first;

	if (item)
		item->name = strdup(name);
	if (!item || !item->name || !value) {
		r->wrong = r->wrong ? r->wrong : "out of memory";
		free(item);
		free(value);
		return;
	}
	item->value = value;
	while (*link)
		link = &(*link)->next;
	*link = item;
}

/* Blanks and comments; ends of lines too, where they mean nothing. */
static void skip(struct reader *r, bool lines)
{
	for (;; r->at++) {
		if (*r->at == '#')
			r->at += strcspn(r->at, "\n");
		if (*r->at == '\n' && lines)
			r->line++;
		else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r')
			return;
	}
}

/* A string in quotes: a backslash takes what follows as it is, but for ends of lines and tabs. */
static char *quoted(struct reader *r)
{
	char end = *r->at++, *text = malloc(strlen(r->at) + 1);
	size_t len = 0;

	while (text && *r->at && *r->at != end && *r->at != '\n') {
		char c = *r->at++;

		if (c == '\\' && *r->at && *r->at != '\n') {
			c = *r->at++;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		text[len++] = c;
	}
	if (text)
		text[len] = '\0';
	if (*r->at++ != end) {
		r->at--;
		r->wrong = "a string has no end";
	}
	return text;
}

static char *word(struct reader *r)
{
	size_t len = 0;
	char *text;

	while (isalnum((unsigned char)r->at[len]) || r->at[len] == '_' || r->at[len] == '.')
		len++;
	text = strndup(r->at, len);
	r->at += len;
	return text;
}

static void take_value(struct reader *r, const char *name)
{
	if (*r->at == '"' || *r->at == '\'')
		add(r, name, quoted(r));
	else if (isdigit((unsigned char)*r->at))
		add(r, name, word(r));
	else
		r->wrong = "a value is a string in quotes, a number, or a list of them";
}

/* Lists within a list are one with it. */
static void take_list(struct reader *r, const char *name)
{
	unsigned int depth = 0;

	do {
		if (*r->at == '[') {
			depth++;
			r->at++;
		} else if (*r->at == ']') {
			depth--;
			r->at++;
		} else if (*r->at == ',') {
			r->at++;
		} else {
			take_value(r, name);
		}
		if (depth)
			skip(r, true);
		if (depth && !*r->at)
			r->wrong = "a list has no end";
	} while (depth && !r->wrong);
}

static void take_setting(struct reader *r)
{
	char *name;

	if (!islower((unsigned char)*r->at)) {
		r->wrong = "a line is name = value";
		return;
	}
	name = word(r);
	if (!name) {
		r->wrong = "out of memory";
		return;
	}
	skip(r, false);
	if (!strncmp(r->at, "+=", 2))
		r->at++;
	else
		forget(r->cfg, name);
	if (*r->at == '=') {
		r->at++;
		skip(r, false);
		if (*r->at == '[')
			take_list(r, name);
		else
			take_value(r, name);
	} else {
		r->wrong = "a line is name = value";
	}
	skip(r, false);
	if (!r->wrong && *r->at && *r->at != '\n' && *r->at != ';')
		r->wrong = "something stands behind the value";
	free(name);
}

static int parse(struct xlcfg *cfg, const char *text, const char *path, char *why, size_t why_len)
{
	struct reader r = { .cfg = cfg, .at = text, .line = 1 };

	for (;;) {
		skip(&r, true);
		if (!*r.at)
			return 0;
		if (*r.at == ';')
			r.at++;
		else
			take_setting(&r);
		if (r.wrong)
			break;
	}
	snprintf(why, why_len, "%s:%u: %s", path, r.line, r.wrong);
	return -EINVAL;
}

int xlcfg_read(const char *path, struct xlcfg **out, char *why, size_t why_len)
{
	struct xlcfg *cfg = calloc(1, sizeof(*cfg));
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t len = -1;
	int err = 0;

	/* All of it, since there is no such character in a configuration. */
	if (cfg && file)
		len = getdelim(&text, &room, '\0', file);
	if (!cfg || !file || (len < 0 && !feof(file))) {
		err = errno ? -errno : -EIO;
		snprintf(why, why_len, "%s: %s", path, strerror(-err));
	}
	if (len > 0)
		err = parse(cfg, text, path, why, why_len);
	free(text);
	if (file)
		fclose(file);
	if (err)
		xlcfg_free(cfg);
	else
		*out = cfg;
	return err;
}

void xlcfg_free(struct xlcfg *cfg)
{
	if (cfg)
		forget(cfg, NULL);
	free(cfg);
}

const char *xlcfg_item(const struct xlcfg *cfg, const char *name, size_t at)
{
	for (const struct item *item = cfg->first; item; item = item->next)
		if (!strcmp(item->name, name) && !at--)
			return item->value;
	return NULL;
}

const char *xlcfg_string(const struct xlcfg *cfg, const char *name)
{
	return xlcfg_item(cfg, name, 0);
}

long xlcfg_number(const struct xlcfg *cfg, const char *name, long otherwise)
{
	const char *value = xlcfg_string(cfg, name);
	char *end;
	long n;

	if (!value)
		return otherwise;
	n = strtol(value, &end, 0);
	return end == value || *end ? otherwise : n;
}
