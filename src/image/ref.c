/* SPDX-License-Identifier: Apache-2.0 */
#include "image/ref.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { REPOSITORY_MAX = 255, TAG_MAX = 128 };

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
#define ALNUM LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Alphanumerics, separated by one of . or _, two of _, or any number of -. */
static bool is_path_component(const char *s, size_t len)
{
	const char *end = s + len;

	for (;;) {
		size_t word = strspn(s, LOWER);

		if (word == 0 || s + word > end)
			return false;
		s += word;
		if (s == end)
			return true;
		if (strncmp(s, "__", 2) == 0)
			s += 2;
		else if (*s == '.' || *s == '_')
			s++;
		else if (*s == '-')
			s += strspn(s, "-");
		else
			return false;
	}
}

/* Labels of letters, digits and "-", with a dot between two. */
static bool is_host(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((s[i] == '.' || s[i] == '-') &&
		    (i == 0 || i + 1 == len || (s[i] == '.' && s[i + 1] == '.')))
			return false;
	return len > 0;
}

/* A host name with a dot or a port, or localhost: what cannot be a path alone. */
static bool is_registry(const char *s, size_t len)
{
	size_t host = strspn(s, ALNUM ".-");
	size_t port;

	if (host > len || !is_host(s, host))
		return false;
	if (host == len)
		return memchr(s, '.', len) || (len == 9 && memcmp(s, "localhost", 9) == 0);
	if (s[host] != ':')
		return false;
	port = strspn(s + host + 1, "0123456789");
	return port > 0 && host + 1 + port == len;
}

static bool is_repository(const char *s)
{
	size_t len = strcspn(s, "/");

	if (strlen(s) > REPOSITORY_MAX)
		return false;
	if (s[len] == '/' && is_registry(s, len)) {
		s += len + 1;
		len = strcspn(s, "/");
	}
	for (;;) {
		if (!is_path_component(s, len))
			return false;
		if (s[len] == '\0')
			return true;
		s += len + 1;
		len = strcspn(s, "/");
	}
}

static bool is_tag(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= TAG_MAX && *s != '.' && *s != '-' &&
	       strspn(s, ALNUM "_.-") == len;
}

int image_ref_parse(const char *text, struct image_ref *ref, struct error *err)
{
	const char *slash = strrchr(text, '/');
	const char *colon = strrchr(text, ':');
	cleanup_free char *repository = NULL;
	const char *tag = "latest";

	if (strchr(text, '@'))
		return error_set(err, EINVAL,
				 "image name \"%.200s\": a digest cannot be part of a name here",
				 text);
	/* The colon of a port stands before a slash. */
	if (colon && (!slash || colon > slash))
		tag = colon + 1;
	else
		colon = text + strlen(text);
	repository = xstrndup(text, (size_t)(colon - text));
	if (!is_repository(repository)) {
		(void)error_set(err, EINVAL, "\"%.200s\" is not an image name", text);
		return error_hint(
			err,
			"use lower case letters and digits, separated by one of \".\", "
			"\"_\", \"-\" or \"/\", such as debian, my-app:1.0 or host:5000/team/app");
	}
	if (!is_tag(tag))
		return error_set(
			err, EINVAL,
			"image name \"%.200s\": \"%.140s\" is not a tag of letters, digits, _ . -",
			text, tag);
	ref->repository = take_ptr(repository);
	ref->tag = xstrdup(tag);
	return 0;
}

void image_ref_release(struct image_ref *ref)
{
	free(ref->repository);
	free(ref->tag);
	*ref = (struct image_ref)IMAGE_REF_INIT;
}

char *image_ref_normalize(const char *text, struct error *err)
{
	cleanup_image_ref struct image_ref ref = IMAGE_REF_INIT;

	if (image_ref_parse(text, &ref, err) < 0)
		return NULL;
	return xasprintf("%s:%s", ref.repository, ref.tag);
}
