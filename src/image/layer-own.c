/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer brought itself, see struct layer_tree: little is remembered of much. */
#include <string.h>

#include "image/layer-tree.h"

static bool is_flat(const struct layer_tree *tree)
{
	return tree->target->shape == LAYER_FLAT;
}

bool layer_tree_is_fresh(const struct layer_tree *tree, const char *path)
{
	return path_set_has_parent(&tree->fresh, path) || path_set_has(&tree->fresh, path);
}

bool layer_tree_is_own(const struct layer_tree *tree, const char *path)
{
	return !is_flat(tree) || layer_tree_is_fresh(tree, path) ||
	       path_set_has(&tree->own, path);
}

bool layer_tree_is_implied(const struct layer_tree *tree, const char *path)
{
	return path_set_has(&tree->implied, path);
}

void layer_tree_add_own(struct layer_tree *tree, const char *path)
{
	if (is_flat(tree) && !path_set_has(&tree->fresh, path))
		path_set_add(&tree->own, path);
	path_set_remove(&tree->implied, path);
}

void layer_tree_add_fresh(struct layer_tree *tree, const char *path)
{
	if (is_flat(tree) && !layer_tree_is_fresh(tree, path))
		path_set_add(&tree->fresh, path);
}

void layer_tree_pass(struct layer_tree *tree, const char *path)
{
	if (!is_flat(tree) || layer_tree_is_fresh(tree, path))
		return;
	for (size_t len = strlen(path); len > 0; len--) {
		if (path[len] && path[len] != '/')
			continue;
		if (path_set_has_n(&tree->own, path, len))
			break;
		path_set_add_n(&tree->own, path, len);
	}
}
