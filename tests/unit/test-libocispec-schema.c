/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables against the official JSON schemas: the same properties, types, bounds,
 * names and required keys, in both directions; and the good and bad documents that come
 * with the schemas.  What differs on purpose is listed here, with the reason.
 */
#include "tests/unit/tap.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#include "libocispec/arena.h"
#include "libocispec/image.h"
#include "libocispec/names.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/runtime.h"

/* Properties without a line: other systems'. */
static const char *const not_ours[] = {
	"config.solaris",
	"config.windows",
	"config.vm",
	"config.zos",
	"config.freebsd",
	"config.process.commandLine",
	"config.process.user.username",
	NULL,
};

/* Lines without a property. */
static const char *const ours_alone[] = {
	/* In the specification's text and Go types, not in the schema. */
	"features.linux.intelRdt.schemata",
	"features.linux.intelRdt.monitoring",
	"features.linux.memoryPolicy",
	"descriptor.platform",
	"manifest.config.platform",
	"manifest.layers.platform",
	"manifest.subject.platform",
	"index.subject.platform",
	"index.manifests.data",
	"index.manifests.artifactType",
	/* docker's. */
	"image config.config.Healthcheck",
	"image config.config.OnBuild",
	"image config.config.Shell",
	"image config.config.StopTimeout",
	NULL,
};

/* Strings that have no "enum" in the schema, but a closed set of values in the text. */
static const char *const closed_sets[] = {
	"config.process.rlimits.type",
	"config.linux.devices.type",
	"config.linux.resources.devices.type",
	NULL,
};

/* More names than in the schema: what engines send, and what runtimes report. */
static const char *const more_names[] = {
	"config.linux.rootfsPropagation",
	"state.status",
	NULL,
};

/* Bounds that the schema leaves to the text (or, for fileMode, sets too low). */
static const char *const own_bounds[] = {
	"config.hooks.prestart.timeout",
	"config.hooks.createRuntime.timeout",
	"config.hooks.createContainer.timeout",
	"config.hooks.startContainer.timeout",
	"config.hooks.poststart.timeout",
	"config.hooks.poststop.timeout",
	"config.process.oomScoreAdj",
	"config.linux.devices.fileMode",
	"state.pid",
	/* A descriptor like the others, which cannot be negative. */
	"index.manifests.size",
	NULL,
};

/* Closed by a check of the table instead of by names. */
static const char *const checked[] = {
	"layout.imageLayoutVersion",
	"image config.rootfs.type",
	NULL,
};

static bool is_in(const char *const *list, const char *path)
{
	for (; *list; list++)
		if (strcmp(*list, path) == 0)
			return true;
	return false;
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text;

	if (!f)
		return NULL;
	text = calloc(1, 1 << 20);
	*len = fread(text, 1, (1 << 20) - 1, f);
	(void)fclose(f);
	return text;
}

/* A schema file; they refer to each other, and stay loaded. */
struct file {
	char path[512];
	yajl_val root;
};

static struct file files[32];
static size_t n_files;

static const struct file *load(const char *path)
{
	char *text, message[256];
	size_t len;

	for (size_t i = 0; i < n_files; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	text = read_file(path, &len);
	if (!text || n_files == sizeof(files) / sizeof(files[0])) {
		printf("Bail out! %s cannot be read\n", path);
		exit(1);
	}
	(void)snprintf(files[n_files].path, sizeof(files[n_files].path), "%s", path);
	files[n_files].root = yajl_tree_parse(text, message, sizeof(message));
	free(text);
	if (!files[n_files].root) {
		printf("Bail out! %s: %s\n", path, message);
		exit(1);
	}
	return &files[n_files++];
}

/* A place in a schema, and the file that its references are relative to. */
struct node {
	const struct file *file;
	yajl_val val;
};

static yajl_val get(yajl_val object, const char *key)
{
	if (!object || !YAJL_IS_OBJECT(object))
		return NULL;
	for (size_t i = 0; i < object->u.object.len; i++)
		if (strcmp(object->u.object.keys[i], key) == 0)
			return object->u.object.values[i];
	return NULL;
}

static const char *get_string(yajl_val object, const char *key)
{
	yajl_val val = get(object, key);

	return val ? YAJL_GET_STRING(val) : NULL;
}

/* Follows "FILE#/a/b". */
static struct node follow(struct node from, const char *ref)
{
	const char *hash = strchrnul(ref, '#');
	struct node to = from;
	char path[1024], *part, *save = NULL;

	if (hash > ref) {
		const char *slash = strrchr(from.file->path, '/');

		(void)snprintf(path, sizeof(path), "%.*s/%.*s",
			       (int)(slash - from.file->path), from.file->path,
			       (int)(hash - ref), ref);
		to.file = load(path);
	}
	to.val = to.file->root;
	(void)snprintf(path, sizeof(path), "%s", *hash ? hash + 1 : "");
	for (part = strtok_r(path, "/", &save); part; part = strtok_r(NULL, "/", &save))
		to.val = get(to.val, part);
	return to;
}

/* Through references, and past the alternative "null". */
static struct node resolve(struct node node)
{
	for (;;) {
		const char *ref = get_string(node.val, "$ref");
		yajl_val any = get(node.val, "oneOf");

		if (!any)
			any = get(node.val, "anyOf");
		if (ref)
			node = follow(node, ref);
		else if (any)
			node.val = any->u.array.values[0];
		else
			return node;
	}
}

/* The properties and required keys of an object and of all that "allOf" adds to it. */
struct shape {
	const char *keys[64];
	struct node values[64];
	size_t n;
	const char *required[64];
	size_t n_required;
};

static void add_shape(struct shape *shape, struct node node)
{
	yajl_val properties, required, all;

	node = resolve(node);
	properties = get(node.val, "properties");
	required = get(node.val, "required");
	all = get(node.val, "allOf");
	for (size_t i = 0; properties && i < properties->u.object.len; i++) {
		shape->keys[shape->n] = properties->u.object.keys[i];
		shape->values[shape->n++] =
			(struct node) { node.file, properties->u.object.values[i] };
	}
	for (size_t i = 0; required && i < required->u.array.len; i++)
		shape->required[shape->n_required++] =
			YAJL_GET_STRING(required->u.array.values[i]);
	for (size_t i = 0; all && i < all->u.array.len; i++)
		add_shape(shape, (struct node) { node.file, all->u.array.values[i] });
}

static int compare_table(const struct oci_object *table, struct node node,
			 const char *path);

static int complain(const char *path, const char *what)
{
	printf("# %s: %s\n", path, what);
	return 1;
}

static int compare_names(const struct oci_names *names, yajl_val values, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < values->u.array.len; i++) {
		const char *name = YAJL_GET_STRING(values->u.array.values[i]);

		if (!oci_name_value(names, name, strlen(name)))
			return complain(path, name);
		n++;
	}
	if (n + 1 != names->n && !is_in(more_names, path))
		return complain(path, "has names that the schema lacks");
	return 0;
}

static int compare_string(const struct oci_field *field, bool is_enum, yajl_val schema,
			  const char *path)
{
	yajl_val values = get(schema, "enum");

	if (is_enum && values)
		return compare_names(field->names, values, path);
	if (is_enum)
		return is_in(closed_sets, path) ? 0 : complain(path, "is a plain string");
	if (values && !is_in(checked, path))
		return complain(path, "has an enum");
	if (is_in(checked, path))
		return field->check ? 0 : complain(path, "has no check");
	return 0;
}

/* As doubles: the image schemas round the ends of 64 bits. */
static int compare_bounds(const struct oci_field *field, yajl_val schema,
			  const char *path)
{
	yajl_val low = get(schema, "minimum"), high = get(schema, "maximum");
	int64_t min;
	uint64_t max;

	if (is_in(own_bounds, path))
		return 0;
	if (!low || !high)
		return complain(path, "has no bounds in the schema");
	oci_field_bounds(field, &min, &max);
	if ((double)min != strtod(YAJL_GET_NUMBER(low), NULL) ||
	    (double)max != strtod(YAJL_GET_NUMBER(high), NULL))
		return complain(path, "has other bounds");
	return 0;
}

static int compare_map(const struct oci_field *field, yajl_val patterns,
		       const struct node *node, const char *path)
{
	struct node value = { node->file, patterns->u.object.values[0] };
	const char *type = get_string(resolve(value).val, "type");
	bool is_string = type && strcmp(type, "string") == 0;

	if (field->kind != (is_string ? OCI_KIND_STRING_MAP : OCI_KIND_KEY_SET))
		return complain(path, "is another kind of map");
	return 0;
}

static int compare_object(const struct oci_field *field, struct node node,
			  const char *path)
{
	yajl_val patterns = get(node.val, "patternProperties");
	yajl_val additional = get(node.val, "additionalProperties");

	if (patterns)
		return compare_map(field, patterns, &node, path);
	if (additional) {
		if (field->kind != OCI_KIND_OBJECT_MAP)
			return complain(path, "is a map of objects");
		return compare_table(field->object,
				     (struct node) { node.file, additional }, path);
	}
	if (field->kind != OCI_KIND_OBJECT)
		return complain(path, "is an object");
	return compare_table(field->object, node, path);
}

static int compare_array(const struct oci_field *field, struct node node,
			 const char *path)
{
	struct node items = resolve((struct node) { node.file, get(node.val, "items") });
	const char *type = get_string(items.val, "type");

	switch (field->kind) {
	case OCI_KIND_OBJECTS:
		return compare_table(field->object, items, path);
	case OCI_KIND_U32S:
		return type && strcmp(type, "integer") == 0
			       ? compare_bounds(field, items.val, path)
			       : complain(path, "holds no integers");
	case OCI_KIND_STRINGS:
	case OCI_KIND_ENUMS:
		return type && strcmp(type, "string") == 0
			       ? compare_string(field, field->kind == OCI_KIND_ENUMS,
						items.val, path)
			       : complain(path, "holds no strings");
	default:
		return complain(path, "is an array");
	}
}

static int compare_field(const struct oci_field *field, struct node node,
			 const char *path)
{
	const char *type;

	node = resolve(node);
	type = get_string(node.val, "type");
	if (!type || strcmp(type, "object") == 0)
		return compare_object(field, node, path);
	if (strcmp(type, "array") == 0)
		return compare_array(field, node, path);
	if (strcmp(type, "boolean") == 0)
		return field->kind == OCI_KIND_BOOL ? 0 : complain(path, "is a boolean");
	if (strcmp(type, "string") == 0) {
		if (field->kind != OCI_KIND_STRING && field->kind != OCI_KIND_ENUM)
			return complain(path, "is a string");
		return compare_string(field, field->kind == OCI_KIND_ENUM, node.val,
				      path);
	}
	if (field->kind < OCI_KIND_U16 || field->kind > OCI_KIND_I64)
		return complain(path, "is an integer");
	return compare_bounds(field, node.val, path);
}

static const struct oci_field *find(const struct oci_object *table, const char *key)
{
	for (size_t i = 0; i < table->n_fields; i++)
		if (strcmp(table->fields[i].key, key) == 0)
			return &table->fields[i];
	return NULL;
}

static bool has(const char *const *list, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], key) == 0)
			return true;
	return false;
}

/* Every line has its property, and is required where that is. */
static int compare_lines(const struct oci_object *table, const struct shape *shape,
			 const char *path)
{
	int wrong = 0;

	for (size_t i = 0; i < table->n_fields; i++) {
		const struct oci_field *field = &table->fields[i];
		bool required = has(shape->required, shape->n_required, field->key);
		char at[512];

		(void)snprintf(at, sizeof(at), "%s.%s", path, field->key);
		if (field->kind == OCI_KIND_REST)
			continue;
		if (!has(shape->keys, shape->n, field->key) && !is_in(ours_alone, at))
			wrong += complain(at, "is not in the schema");
		if (required != !!(field->flags & OCI_REQUIRED))
			wrong += complain(at,
					  required ? "is required" : "is not required");
	}
	return wrong;
}

static size_t n_compared;

static int compare_table(const struct oci_object *table, struct node node,
			 const char *path)
{
	struct shape shape = { .n = 0 };
	int wrong = 0;

	add_shape(&shape, node);
	for (size_t i = 0; i < shape.n; i++) {
		const struct oci_field *field = find(table, shape.keys[i]);
		char at[512];

		(void)snprintf(at, sizeof(at), "%s.%s", path, shape.keys[i]);
		if (is_in(not_ours, at))
			continue;
		n_compared++;
		wrong += field ? compare_field(field, shape.values[i], at)
			       : complain(at, "has no line");
	}
	return wrong + compare_lines(table, &shape, path);
}

static void test_tables(const char *dir)
{
	static const struct {
		const struct oci_object *table;
		const char *schema;
		/* Fewer properties than this, and the schema was not understood. */
		size_t at_least;
	} pairs[] = {
		{ &oci_config_object, "runtime-spec/config-schema.json", 200 },
		{ &oci_state_object, "runtime-spec/state-schema.json", 6 },
		{ &oci_features_object, "runtime-spec/features-schema.json", 30 },
		{ &oci_layout_object, "image-spec/image-layout-schema.json", 1 },
		{ &oci_descriptor_object, "image-spec/content-descriptor.json", 7 },
		{ &oci_index_object, "image-spec/image-index-schema.json", 20 },
		{ &oci_manifest_object, "image-spec/image-manifest-schema.json", 25 },
		{ &oci_image_config_object, "image-spec/config-schema.json", 25 },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char path[512];
		const struct file *file;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, pairs[i].schema);
		file = load(path);
		n_compared = 0;
		ok_named(compare_table(pairs[i].table, (struct node) { file, file->root },
				       pairs[i].table->name) == 0,
			 "%s: the tables agree with the schema", pairs[i].table->name);
		ok_named(n_compared >= pairs[i].at_least, "%s: %zu properties compared",
			 pairs[i].table->name, n_compared);
	}
}

static int read_example(const struct oci_object *table, const char *path,
			struct oci_error *err)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	void *out = calloc(1, table->size);
	size_t len = 0;
	char *text = read_file(path, &len);
	int r = oci_read(&arena, table, text, len, path, out, err);

	free(text);
	free(out);
	oci_arena_release(&arena);
	return r;
}

static void test_directory(const struct oci_object *table, const char *dir, bool good)
{
	struct oci_error err = OCI_ERROR_INIT;
	DIR *d = opendir(dir);
	struct dirent *entry;
	int n = 0;

	while (d && (entry = readdir(d))) {
		char path[1024];
		int r;

		if (entry->d_name[0] == '.')
			continue;
		n++;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		r = read_example(table, path, &err);
		ok_named(good ? r == 0 : r < 0, "%s is %s", entry->d_name,
			 good ? "accepted" : "refused");
		if (r < 0)
			printf("# %s\n", err.msg);
	}
	if (d)
		(void)closedir(d);
	ok_named(n > 0, "%s: there are %s examples", table->name, good ? "good" : "bad");
}

static void test_examples(const char *dir)
{
	static const struct {
		const struct oci_object *table;
		const char *name;
	} kinds[] = {
		{ &oci_config_object, "config" },
		{ &oci_state_object, "state" },
		{ &oci_features_object, "features" },
	};
	char path[512];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/runtime-spec/test/%s/good", dir,
			       kinds[i].name);
		test_directory(kinds[i].table, path, true);
		(void)snprintf(path, sizeof(path), "%s/runtime-spec/test/%s/bad", dir,
			       kinds[i].name);
		test_directory(kinds[i].table, path, false);
	}
}

int main(void)
{
	const char *dir = getenv("OCI_SCHEMA_DIR"), *srcdir = getenv("srcdir");
	char path[400], file[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/../shared/oci-schema",
		       srcdir ? srcdir : ".");
	if (!dir)
		dir = path;
	(void)snprintf(file, sizeof(file), "%s/runtime-spec/config-schema.json", dir);
	f = fopen(file, "re");
	if (!f)
		tap_skip_all("the official schemas are not there (set OCI_SCHEMA_DIR)");
	(void)fclose(f);
	test_tables(dir);
	test_examples(dir);
	for (size_t i = 0; i < n_files; i++)
		yajl_tree_free(files[i].root);
	return tap_done();
}
