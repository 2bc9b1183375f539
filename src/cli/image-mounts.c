/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image-mounts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "image/document.h"
#include "image/list.h"
#include "image/volume.h"

enum { CPU_PERIOD = 100000 };

void run_mounts_release(struct run_mounts *mounts)
{
	free(mounts->mounts);
	strvec_release(&mounts->volumes);
	oci_arena_release(&mounts->arena);
}

static struct oci_mount *push(struct run_mounts *mounts, const char *type, const char *source,
			      const char *destination)
{
	struct oci_mount *mount;

	mounts->mounts = xrealloc(mounts->mounts, mounts->n_mounts + 1, sizeof(*mounts->mounts));
	mount = &mounts->mounts[mounts->n_mounts++];
	*mount = (struct oci_mount){
		.type = document_strdup(&mounts->arena, type),
		.source = document_strdup(&mounts->arena, source),
		.destination = document_strdup(&mounts->arena, destination),
	};
	return mount;
}

static void add_option(struct run_mounts *mounts, struct oci_mount *mount, const char *option)
{
	list_add(&mounts->arena, &mount->options, &mount->n_options, option);
}

static int check_place(const char *option, const char *text, const char *place,
		       struct error *err)
{
	if (place && place[0] == '/' && place[1])
		return 0;
	return error_set(err, EINVAL, "%s %s: \"%s\" is no absolute path in the container",
			 option, text, place ? place : "");
}

/* --- -v ---------------------------------------------------------------------------- */

/* Those that other tools give labels or ids by have no meaning without them. */
static int add_volume_option(struct run_mounts *mounts, struct oci_mount *mount,
			     const char *text, const char *option, struct error *err)
{
	static const char *const known[] = { "ro", "rw", "rprivate", "private", "rshared",
					     "shared", "rslave", "slave", "nosuid", "nodev",
					     "noexec" };
	static const char *const ignored[] = { "z", "Z", "cached", "delegated", "consistent",
					       "nocopy" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (streq(option, known[i])) {
			add_option(mounts, mount, option);
			return 0;
		}
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		if (streq(option, ignored[i]))
			return 0;
	return error_set(err, EINVAL, "-v %s: unknown option \"%s\"", text, option);
}

static int add_volume_options(struct run_mounts *mounts, struct oci_mount *mount,
			      const char *text, char *options, struct error *err)
{
	bool propagates = strstr(options, "shared");
	int r = 0;

	add_option(mounts, mount, "rbind");
	for (char *save = NULL, *option = strtok_r(options, ",", &save); r == 0 && option;
	     option = strtok_r(NULL, ",", &save))
		r = add_volume_option(mounts, mount, text, option, err);
	if (!propagates)
		add_option(mounts, mount, "rprivate");
	return r;
}

/* A mount of type "volume", of which the store makes a bind mount. */
static int add_named(struct run_mounts *mounts, const char *text, const char *name,
		     const char *place, char *options, struct error *err)
{
	if (volume_check_name(name, err) < 0)
		return error_context(err, "-v %s", text);
	return add_volume_options(mounts, push(mounts, "volume", name, place), text, options, err);
}

static int add_bind(struct run_mounts *mounts, const char *text, const char *source,
		    const char *place, char *options, struct error *err)
{
	int r = check_place("-v", text, place, err);

	if (r < 0)
		return r;
	if (source[0] != '/')
		return add_named(mounts, text, source, place, options, err);
	/* docker makes it. */
	if (mkdir(source, 0755) < 0 && errno != EEXIST && errno != EROFS)
		return error_sys(err, "mkdir", "-v %s: %s", text, source);
	return add_volume_options(mounts, push(mounts, "bind", source, place), text, options, err);
}

int run_mounts_add_volume(struct run_mounts *mounts, const char *text, struct error *err)
{
	cleanup_free char *copy = xstrdup(text);
	char *place = strchr(copy, ':'), *options;
	int r;

	if (!place) {
		r = check_place("-v", text, copy, err);
		if (r == 0)
			strvec_push(&mounts->volumes, copy);
		return r;
	}
	*place++ = '\0';
	options = strchr(place, ':');
	if (options)
		*options++ = '\0';
	return add_bind(mounts, text, copy, place, options ? options : (char[]){ "" }, err);
}

/* --- --mount ----------------------------------------------------------------------- */

struct mount_words {
	const char *type;
	const char *source;
	const char *target;
	const char *size;
	const char *mode;
	const char *propagation;
	bool readonly;
};

static bool is_true(const char *value)
{
	return !value || streq(value, "true") || streq(value, "1");
}

static int take_word(struct mount_words *words, const char *text, char *word, struct error *err)
{
	const struct {
		const char *name;
		const char **value;
	} names[] = {
		{ "type", &words->type },	      { "source", &words->source },
		{ "src", &words->source },	      { "target", &words->target },
		{ "destination", &words->target },    { "dst", &words->target },
		{ "tmpfs-size", &words->size },	      { "tmpfs-mode", &words->mode },
		{ "bind-propagation", &words->propagation },
	};
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	if (streq(word, "readonly") || streq(word, "ro")) {
		words->readonly = is_true(value);
		return 0;
	}
	for (size_t i = 0; value && i < ARRAY_SIZE(names); i++)
		if (streq(word, names[i].name)) {
			*names[i].value = value;
			return 0;
		}
	return error_set(err, EINVAL, "--mount %s: unknown word \"%s\"", text, word);
}

static int add_tmpfs_words(struct run_mounts *mounts, const struct mount_words *words,
			   struct error *err)
{
	struct oci_mount *mount = push(mounts, "tmpfs", "tmpfs", words->target);
	cleanup_free char *mode = xasprintf("mode=%s", words->mode ? words->mode : "1777");
	cleanup_free char *size = NULL;
	int64_t bytes;

	add_option(mounts, mount, "nosuid");
	add_option(mounts, mount, "nodev");
	add_option(mounts, mount, "noexec");
	add_option(mounts, mount, mode);
	if (words->readonly)
		add_option(mounts, mount, "ro");
	if (!words->size)
		return 0;
	if (run_parse_size("tmpfs-size", words->size, &bytes, err) < 0)
		return err->code;
	size = xasprintf("size=%lld", (long long)bytes);
	add_option(mounts, mount, size);
	return 0;
}

static int check_source(const char *text, const char *type, const char *source,
			struct error *err)
{
	struct stat st;

	if (streq(type, "volume"))
		return volume_check_name(source, err) < 0 ? error_context(err, "--mount %s", text)
							  : 0;
	if (!streq(type, "bind"))
		return error_set(err, EINVAL, "--mount %s: type bind, tmpfs or volume is known",
				 text);
	if (!source || source[0] != '/')
		return error_set(err, EINVAL, "--mount %s: the source is no absolute path", text);
	return stat(source, &st) < 0 ? error_sys(err, "stat", "--mount %s: %s", text, source) : 0;
}

static int add_words(struct run_mounts *mounts, const char *text,
		     const struct mount_words *words, struct error *err)
{
	const char *type = words->type ? words->type : "volume";
	struct oci_mount *mount;
	int r = check_place("--mount", text, words->target, err);

	if (r < 0)
		return r;
	if (streq(type, "tmpfs"))
		return add_tmpfs_words(mounts, words, err);
	if (streq(type, "volume") && !words->source) {
		strvec_push(&mounts->volumes, words->target);
		return 0;
	}
	r = check_source(text, type, words->source, err);
	if (r < 0)
		return r;
	mount = push(mounts, type, words->source, words->target);
	add_option(mounts, mount, "rbind");
	add_option(mounts, mount, words->propagation ? words->propagation : "rprivate");
	if (words->readonly)
		add_option(mounts, mount, "ro");
	return 0;
}

int run_mounts_add(struct run_mounts *mounts, const char *text, struct error *err)
{
	cleanup_free char *copy = xstrdup(text);
	struct mount_words words = { .type = NULL };
	int r = 0;

	for (char *save = NULL, *word = strtok_r(copy, ",", &save); r == 0 && word;
	     word = strtok_r(NULL, ",", &save))
		r = take_word(&words, text, word, err);
	return r < 0 ? r : add_words(mounts, text, &words, err);
}

/* --- --tmpfs ----------------------------------------------------------------------- */

int run_mounts_add_tmpfs(struct run_mounts *mounts, const char *text, struct error *err)
{
	cleanup_free char *place = xstrdup(text);
	char *options = strchr(place, ':');
	struct oci_mount *mount;
	int r;

	if (options)
		*options++ = '\0';
	r = check_place("--tmpfs", text, place, err);
	if (r < 0)
		return r;
	mount = push(mounts, "tmpfs", "tmpfs", place);
	for (size_t i = 0; i < 3; i++)
		add_option(mounts, mount, ((const char *[]){ "nosuid", "nodev", "noexec" })[i]);
	for (char *save = NULL, *option = options ? strtok_r(options, ",", &save) : NULL; option;
	     option = strtok_r(NULL, ",", &save))
		add_option(mounts, mount, option);
	return 0;
}

/* --- limits ------------------------------------------------------------------------ */

int run_parse_size(const char *option, const char *text, int64_t *bytes, struct error *err)
{
	static const char units[] = "bkmgt";
	char *end;
	double value = strtod(text, &end);
	const char *unit = *end ? strchr(units, *end | 0x20) : units;
	/* "512m", "512mb", "512mib" */
	size_t rest = *end ? strspn(end + 1, "iIbB") : 0;

	if (end == text || !unit || !isfinite(value) || value < 0 || (*end && end[1 + rest])) {
		(void)error_set(err, EINVAL, "--%s %s: not a size", option, text);
		return error_hint(err, "a number, with one of the units b, k, m, g");
	}
	value *= pow(1024, (double)(unit - units));
	if (value > 9e18)
		return error_set(err, ERANGE, "--%s %s: too large", option, text);
	*bytes = (int64_t)value;
	return 0;
}

int run_parse_cpus(const char *text, int64_t *quota, struct error *err)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !isfinite(value) || value < 0.01 || value > 1e6)
		return error_set(err, EINVAL, "--cpus %s: not a number of CPUs from 0.01 on",
				 text);
	*quota = (int64_t)(value * CPU_PERIOD + 0.5);
	return 0;
}
