/* SPDX-License-Identifier: Apache-2.0 */
/* Texts made from the tables: help and shell completion. All return heap strings. */
#pragma once

#include "cli/command.h"

char *help_of_program(const struct program *program);
char *help_of_command(const struct program *program, const struct command *command);

/* A completion function for bash. */
char *completion_for_bash(const struct program *program);
