/* SPDX-License-Identifier: Apache-2.0 */
#include "systemd/property.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A signature has at most 255 characters. */
enum { MAX_NAME = 256 };

const char *words_next(struct words *words)
{
	return *words->v ? *words->v++ : NULL;
}

/* The length of the first complete type, which the runtime has checked. */
static size_t type_length(const char *signature)
{
	size_t n = 1;

	if (*signature == 'a')
		return 1 + type_length(signature + 1);
	if (*signature == '(') {
		while (signature[n] && signature[n] != ')')
			n += type_length(signature + n);
		n += signature[n] == ')';
	}
	return n;
}

static int append_basic(sd_bus_message *m, char type, const char *text)
{
	long long number = strtoll(text, NULL, 10);

	switch (type) {
	case 'b':
		return sd_bus_message_append(m, "b", strcmp(text, "true") == 0);
	case 'y':
		return sd_bus_message_append(m, "y", (int)(uint8_t)number);
	case 'n':
		return sd_bus_message_append(m, "n", (int)(int16_t)number);
	case 'q':
		return sd_bus_message_append(m, "q", (int)(uint16_t)number);
	case 'i':
		return sd_bus_message_append(m, "i", (int32_t)number);
	case 'u':
		return sd_bus_message_append(m, "u", (uint32_t)number);
	case 'x':
		return sd_bus_message_append(m, "x", (int64_t)number);
	case 't':
		return sd_bus_message_append(m, "t", (uint64_t)strtoull(text, NULL, 10));
	case 'd':
		return sd_bus_message_append(m, "d", strtod(text, NULL));
	case 's':
	case 'o':
	case 'g':
		return sd_bus_message_append_basic(m, type, text);
	default:
		return -EINVAL;
	}
}

static int append_value(sd_bus_message *m, const char *signature, struct words *words);

/* A container around the types of INSIDE, COUNT times all of them. */
static int append_container(sd_bus_message *m, char kind, const char *inside, unsigned long count,
			    struct words *words)
{
	int r = sd_bus_message_open_container(m, kind, inside);

	for (unsigned long i = 0; r >= 0 && i < count; i++)
		for (const char *type = inside; r >= 0 && *type; type += type_length(type))
			r = append_value(m, type, words);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const char *signature, struct words *words)
{
	size_t n = type_length(signature);
	char inside[MAX_NAME];
	const char *word;

	if (*signature == '(') {
		(void)snprintf(inside, sizeof(inside), "%.*s", (int)n - 2, signature + 1);
		return append_container(m, 'r', inside, 1, words);
	}
	word = words_next(words);
	if (!word)
		return -EINVAL;
	if (*signature != 'a')
		return append_basic(m, *signature, word);
	(void)snprintf(inside, sizeof(inside), "%.*s", (int)n - 1, signature + 1);
	return append_container(m, 'a', inside, strtoul(word, NULL, 10), words);
}

/* Passes over a value. */
static void skip_value(const char *signature, struct words *words)
{
	const char *word;

	if (*signature == '(') {
		for (signature++; *signature && *signature != ')';
		     signature += type_length(signature))
			skip_value(signature, words);
		return;
	}
	word = words_next(words);
	for (unsigned long n = *signature == 'a' && word ? strtoul(word, NULL, 10) : 0; n > 0; n--)
		skip_value(signature + 1, words);
}

/* "252.39-1" or "v256": the number; a version without one is new. */
static unsigned long manager_version(sd_bus *bus)
{
	char *text = NULL;
	unsigned long version = 0;

	if (sd_bus_get_property_string(bus, DESTINATION, MANAGER_PATH, MANAGER, "Version", NULL,
				       &text) >= 0)
		version = strtoul(text + strcspn(text, "0123456789"), NULL, 10);
	free(text);
	return version ? version : UINT32_MAX;
}

static int append_property(sd_bus *bus, sd_bus_message *m, struct words *words)
{
	const char *full_name = words_next(words), *signature = words_next(words);
	char name[MAX_NAME];
	const char *since;
	int r;

	if (!signature || type_length(signature) != strlen(signature))
		return -EINVAL;
	since = strchr(full_name, '@');
	if (since && manager_version(bus) < strtoul(since + 1, NULL, 10)) {
		skip_value(signature, words);
		return 0;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(full_name, "@"), full_name);
	r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", name);
	if (r >= 0)
		r = append_container(m, 'v', signature, 1, words);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int properties_append(sd_bus *bus, sd_bus_message *m, struct words words)
{
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	while (r >= 0 && *words.v)
		r = append_property(bus, m, &words);
	return r < 0 ? r : sd_bus_message_close_container(m);
}
