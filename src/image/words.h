/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words as a Containerfile's ENV, LABEL and their like have them: split at
 * blanks outside of quotes, then unquoted with variables filled in.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

/* Splits TEXT; quotes and backslashes stay in the words. An open quote is -EINVAL. */
int words_split(const char *text, struct strvec *words, struct error *err);

/*
 * Appends WORD without its quotes, with $NAME, ${NAME}, ${NAME:-word} and
 * ${NAME:+word} replaced by what ENV ("NAME=value", NULL-terminated or NULL)
 * says.  Nothing is replaced in single quotes.
 */
int words_expand(const char *word, char *const *env, struct strbuf *out, struct error *err);
