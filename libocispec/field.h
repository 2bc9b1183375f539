/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary of the field tables.
 *
 * A JSON object is described by one struct oci_object: its C struct's size and
 * a table with one line per key.  The reader, the writer, the round-trip tests
 * and the check against the official schemas all walk the same tables, so a key
 * is spelled once.  Other modules may describe documents of their own with it.
 *
 * The macros check at compile time that the member has the type its kind asks
 * for.  How a member looks in C:
 *
 *	OCI_BOOL        bool                 (absent: false)
 *	OCI_U16...      uintN_t, intN_t      (absent: 0, and not written)
 *	..._OPTIONAL    const T *            (absent: NULL)
 *	OCI_ENUM        enum, 0 is "absent"  (see names.h)
 *	OCI_STRING      const char *         (absent: NULL)
 *	OCI_OBJECT      struct x *           (absent: NULL)
 *	OCI_STRINGS     char **v; size_t n_v;     v[n_v] is NULL
 *	OCI_U32S        uint32_t *v; size_t n_v;
 *	OCI_ENUMS       enum x *v; size_t n_v;
 *	OCI_OBJECTS     struct x *v; size_t n_v;
 *	OCI_OBJECT_MAP  struct x *v; size_t n_v;  x begins with "const char *", the key
 *	OCI_KEY_SET     char **v; size_t n_v;     {"a": {}, "b": {}}: the keys
 *	OCI_STRING_MAP  struct oci_string_map
 *	OCI_REST        struct oci_string_map: the members of no other line, each as
 *			its JSON text, so that they outlive a read and a write
 *
 * A list that is there but empty has v != NULL and n_v == 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oci_names;
struct oci_object;

struct oci_string_pair {
	const char *key;
	const char *value;
};

struct oci_string_map {
	struct oci_string_pair *items;
	size_t n;
};

/* The value of KEY, or NULL. */
const char *oci_string_map_get(const struct oci_string_map *map, const char *key);

enum oci_kind {
	OCI_KIND_BOOL,
	OCI_KIND_U16,
	OCI_KIND_U32,
	OCI_KIND_U64,
	OCI_KIND_I32,
	OCI_KIND_I64,
	OCI_KIND_ENUM,
	OCI_KIND_STRING,
	OCI_KIND_OBJECT,
	OCI_KIND_STRINGS,
	OCI_KIND_U32S,
	OCI_KIND_ENUMS,
	OCI_KIND_OBJECTS,
	OCI_KIND_OBJECT_MAP,
	OCI_KIND_KEY_SET,
	OCI_KIND_STRING_MAP,
	OCI_KIND_REST,
};

enum oci_field_flags {
	/* A document without the key is refused; it is always written. */
	OCI_REQUIRED  = 1 << 0,
	/* Written even when it is zero or false. */
	OCI_ALWAYS    = 1 << 1,
	/* A list with nothing in it is refused. */
	OCI_NOT_EMPTY = 1 << 2,
	/* Set by the _OPTIONAL macros: the member points to its value. */
	OCI_POINTER   = 1 << 3,
};

/*
 * The form of a string beyond its type (of each element, for a list).  S ends with
 * a NUL; LEN is its length.  Returns NULL if it is fine, else what it should have
 * been: "a list of CPUs such as 0-3,7".
 */
typedef const char *oci_check(const char *s, size_t len);

struct oci_field {
	const char *key;
	uint8_t key_len;
	uint8_t kind;
	uint8_t flags;
	uint16_t offset;
	/* Of n_<member>, or of the map's n. */
	uint16_t count;
	/* Of what it holds: OCI_KIND_OBJECT*. */
	const struct oci_object *object;
	/* OCI_KIND_ENUM and OCI_KIND_ENUMS. */
	const struct oci_names *names;
	oci_check *check;
	/* Bounds of a number; both 0: those of its type. */
	int64_t min;
	uint64_t max;
};

struct oci_object {
	/* What an error calls it: "mount". */
	const char *name;
	/* Of the C struct. */
	size_t size;
	const struct oci_field *fields;
	size_t n_fields;
	/* The longest text taken for a document of this type; 0: OCI_MAX_SIZE. */
	size_t max_size;
};

enum {
	OCI_MAX_FIELDS = 64,
	OCI_MAX_DEPTH = 64,
	OCI_MAX_SIZE = 16 * 1024 * 1024,
};

/* The bounds of a number: those of the table, or else of its type. */
void oci_field_bounds(const struct oci_field *field, int64_t *min, uint64_t *max);

/* The size of one element of a list; 0 for what is no list. */
size_t oci_field_element_size(const struct oci_field *field);

/* clang-format off */

/* offsetof, refused by the compiler unless the member is a TYPE. */
#define OCI_OFFSET(s, member, type)                                                        \
	(offsetof(struct s, member) +                                                      \
	 0 * sizeof(char[__builtin_types_compatible_p(                                     \
				 __typeof__(((struct s *)NULL)->member), type)             \
				 ? 1                                                       \
				 : -1]))
/* The same for a member of any 4-byte integer type, which is what an enum is. */
#define OCI_OFFSET_ENUM(s, member)                                                         \
	(offsetof(struct s, member) +                                                      \
	 0 * sizeof(char[sizeof(((struct s *)NULL)->member) == sizeof(unsigned int) &&     \
					 (__typeof__(((struct s *)NULL)->member))1.5 == 1  \
				 ? 1                                                       \
				 : -1]))
#define OCI_COUNT(s, member) .count = OCI_OFFSET(s, n_##member, size_t)
#define OCI_KEY(k)           .key = (k), .key_len = sizeof(k) - 1

/* OCI_X(struct name without "struct", member, "key", flags[, sub-table]) */
#define OCI_SCALAR(k, type, s, m, keyname, fl, ...)                                        \
	{ OCI_KEY(keyname), .kind = (k), .flags = (fl), .offset = OCI_OFFSET(s, m, type),  \
	  __VA_ARGS__ }
#define OCI_BOOL(s, m, key, fl, ...) OCI_SCALAR(OCI_KIND_BOOL, bool, s, m, key, fl, __VA_ARGS__)
#define OCI_U16(s, m, key, fl, ...)  OCI_SCALAR(OCI_KIND_U16, uint16_t, s, m, key, fl, __VA_ARGS__)
#define OCI_U32(s, m, key, fl, ...)  OCI_SCALAR(OCI_KIND_U32, uint32_t, s, m, key, fl, __VA_ARGS__)
#define OCI_U64(s, m, key, fl, ...)  OCI_SCALAR(OCI_KIND_U64, uint64_t, s, m, key, fl, __VA_ARGS__)
#define OCI_I32(s, m, key, fl, ...)  OCI_SCALAR(OCI_KIND_I32, int32_t, s, m, key, fl, __VA_ARGS__)
#define OCI_I64(s, m, key, fl, ...)  OCI_SCALAR(OCI_KIND_I64, int64_t, s, m, key, fl, __VA_ARGS__)
#define OCI_STRING(s, m, key, fl, ...)                                                     \
	OCI_SCALAR(OCI_KIND_STRING, const char *, s, m, key, fl, __VA_ARGS__)

#define OCI_BOOL_OPTIONAL(s, m, key, ...)                                                  \
	OCI_SCALAR(OCI_KIND_BOOL, const bool *, s, m, key, OCI_POINTER, __VA_ARGS__)
#define OCI_U16_OPTIONAL(s, m, key, ...)                                                   \
	OCI_SCALAR(OCI_KIND_U16, const uint16_t *, s, m, key, OCI_POINTER, __VA_ARGS__)
#define OCI_U32_OPTIONAL(s, m, key, ...)                                                   \
	OCI_SCALAR(OCI_KIND_U32, const uint32_t *, s, m, key, OCI_POINTER, __VA_ARGS__)
#define OCI_U64_OPTIONAL(s, m, key, ...)                                                   \
	OCI_SCALAR(OCI_KIND_U64, const uint64_t *, s, m, key, OCI_POINTER, __VA_ARGS__)
#define OCI_I32_OPTIONAL(s, m, key, ...)                                                   \
	OCI_SCALAR(OCI_KIND_I32, const int32_t *, s, m, key, OCI_POINTER, __VA_ARGS__)
#define OCI_I64_OPTIONAL(s, m, key, ...)                                                   \
	OCI_SCALAR(OCI_KIND_I64, const int64_t *, s, m, key, OCI_POINTER, __VA_ARGS__)

#define OCI_ENUM(s, m, keyname, fl, table)                                                 \
	{ OCI_KEY(keyname), .kind = OCI_KIND_ENUM, .flags = (fl),                          \
	  .offset = OCI_OFFSET_ENUM(s, m), .names = &(table) }
#define OCI_OBJECT(s, m, keyname, fl, table)                                               \
	{ OCI_KEY(keyname), .kind = OCI_KIND_OBJECT, .flags = (fl),                        \
	  .offset = offsetof(struct s, m) +                                                \
		    0 * sizeof(*((struct s *)NULL)->m), .object = &(table) }

#define OCI_STRINGS(s, m, keyname, fl, ...)                                                \
	{ OCI_KEY(keyname), .kind = OCI_KIND_STRINGS, .flags = (fl),                       \
	  .offset = OCI_OFFSET(s, m, char **), OCI_COUNT(s, m), __VA_ARGS__ }
#define OCI_KEY_SET(s, m, keyname, fl)                                                     \
	{ OCI_KEY(keyname), .kind = OCI_KIND_KEY_SET, .flags = (fl),                       \
	  .offset = OCI_OFFSET(s, m, char **), OCI_COUNT(s, m) }
#define OCI_U32S(s, m, keyname, fl)                                                        \
	{ OCI_KEY(keyname), .kind = OCI_KIND_U32S, .flags = (fl),                          \
	  .offset = OCI_OFFSET(s, m, uint32_t *), OCI_COUNT(s, m) }
#define OCI_ENUMS(s, m, keyname, fl, table)                                                \
	{ OCI_KEY(keyname), .kind = OCI_KIND_ENUMS, .flags = (fl),                         \
	  .offset = offsetof(struct s, m) +                                                \
		    0 * sizeof(char[sizeof(*((struct s *)NULL)->m) ==                      \
						    sizeof(unsigned int)                   \
					    ? 1                                            \
					    : -1]),                                        \
	  OCI_COUNT(s, m), .names = &(table) }
#define OCI_OBJECTS(s, m, keyname, fl, table)                                              \
	{ OCI_KEY(keyname), .kind = OCI_KIND_OBJECTS, .flags = (fl),                       \
	  .offset = offsetof(struct s, m) + 0 * sizeof(*((struct s *)NULL)->m),            \
	  OCI_COUNT(s, m), .object = &(table) }
#define OCI_OBJECT_MAP(s, m, keyname, fl, table)                                           \
	{ OCI_KEY(keyname), .kind = OCI_KIND_OBJECT_MAP, .flags = (fl),                    \
	  .offset = offsetof(struct s, m) + 0 * sizeof(*((struct s *)NULL)->m),            \
	  OCI_COUNT(s, m), .object = &(table) }
#define OCI_STRING_MAP(s, m, keyname, fl)                                                  \
	{ OCI_KEY(keyname), .kind = OCI_KIND_STRING_MAP, .flags = (fl),                    \
	  .offset = OCI_OFFSET(s, m, struct oci_string_map),                               \
	  .count = offsetof(struct s, m.n) }
/* At most one in a table, and its last line. */
#define OCI_REST(s, m)                                                                     \
	{ OCI_KEY(""), .kind = OCI_KIND_REST,                                              \
	  .offset = OCI_OFFSET(s, m, struct oci_string_map), .count = offsetof(struct s, m.n) }

#define OCI_TABLE(what, s, table, ...)                                                     \
	{ .name = (what), .size = sizeof(struct s), .fields = (table),                     \
	  .n_fields = sizeof(table) / sizeof((table)[0]), __VA_ARGS__ }

/* clang-format on */
