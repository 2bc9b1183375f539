/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations of config.json that are properties of the unit. */
#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"
#include "libocispec/runtime.h"
#include "linux/cgroup-systemd.h"

static bool is_name(const char *name)
{
	size_t n = 0;

	while (isalnum((unsigned char)name[n]))
		n++;
	return n >= 3 && !name[n] && isalpha((unsigned char)name[0]);
}

/* "TimeoutStopSec" is not a property but a setting: the property counts microseconds. */
static bool is_in_seconds(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && str_has_suffix(name, "Sec") && islower((unsigned char)name[n - 4]);
}

static int set_seconds(struct systemd_properties *props, const char *name,
		       const char *signature, const char *value, struct error *err)
{
	cleanup_free char *usec_name = xasprintf("%.*sUSec", (int)strlen(name) - 3, name);
	double seconds;

	if (strlen(signature) != 1 || !strchr("ynqiuxtd", *signature))
		return error_set(err, EINVAL, "a number of seconds expected");
	seconds = strtod(value, NULL);
	if (seconds < 0 || seconds > 1e12)
		return error_set(err, EINVAL, "%s seconds cannot be", value);
	strvec_pushf(&systemd_properties_add(props, usec_name, "t")->values, "%llu",
		     (unsigned long long)(seconds * 1e6 + 0.5));
	return 0;
}

static int from_annotation(struct systemd_properties *props, const char *name, const char *text,
			   struct error *err)
{
	cleanup_strbuf struct strbuf signature = STRBUF_INIT;
	cleanup_strvec struct strvec values = STRVEC_INIT;
	int r;

	if (!is_name(name))
		return error_set(err, EINVAL, "\"%s\" is not the name of a property", name);
	if (streq(name, "PIDs") || streq(name, "Slice") || streq(name, "Delegate"))
		return error_set(err, EINVAL, "%s is not for annotations to set", name);
	r = systemd_variant_parse(text, &signature, &values, err);
	if (r < 0)
		return error_hint(err, "the value is GVariant text, such as \"uint64 1000\", "
				       "\"true\" or \"'text'\"");
	if (is_in_seconds(name))
		return set_seconds(props, name, signature.buf, values.v[0], err);
	strvec_pushv(&systemd_properties_add(props, name, signature.buf)->values, values.v);
	return 0;
}

int systemd_properties_from_annotations(struct systemd_properties *props,
					const struct oci_string_map *annotations,
					struct error *err)
{
	for (size_t i = 0; annotations && i < annotations->n; i++) {
		const struct oci_string_pair *pair = &annotations->items[i];
		const char *name = str_skip_prefix(pair->key, SYSTEMD_ANNOTATION_PREFIX);
		int r;

		if (!name)
			continue;
		r = from_annotation(props, name, pair->value, err);
		if (r < 0) {
			(void)error_pointer(err, "annotations[\"%s\"]", pair->key);
			return error_context(err, "annotation %s: \"%s\"", pair->key, pair->value);
		}
	}
	return 0;
}
