/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words as a Containerfile's ENV, LABEL and their like have them: split at
 * blanks outside of quotes, then unquoted with variables filled in.  ESCAPE is
 * what takes the meaning from the character behind it: a backslash, or what
 * the directive "escape" says.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

/* Splits TEXT; quotes and escapes stay in the words. An open quote is -EINVAL. */
int words_split_by(const char *text, char escape, struct strvec *words, struct error *err);

/*
 * Appends WORD without its quotes, with $NAME and ${NAME} replaced by what ENV
 * ("NAME=value", NULL-terminated or NULL) says, and of these forms, where ":"
 * makes an empty value count as none, the word if there is
 *
 *	${NAME-word} ${NAME:-word}	no value
 *	${NAME+word} ${NAME:+word}	a value
 *	${NAME?word} ${NAME:?word}	no value: the message of the failure
 *
 * Words may have variables in turn.  Nothing is replaced in single quotes.
 */
int words_expand_by(const char *word, char escape, char *const *env, struct strbuf *out,
		    struct error *err);

static inline int words_split(const char *text, struct strvec *words, struct error *err)
{
	return words_split_by(text, '\\', words, err);
}

static inline int words_expand(const char *word, char *const *env, struct strbuf *out,
			       struct error *err)
{
	return words_expand_by(word, '\\', env, out, err);
}
