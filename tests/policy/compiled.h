/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A compiled policy taken apart without our engine: libsepol reads it, and every rule in force
 * is expanded into single types. Slow and large, and simple enough to be held against.
 *
 * Types and classes go by numbers that are the same for every policy of the process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/hypothesis.h"

typedef struct Compiled Compiled;

/* NULL if libsepol cannot read it. */
Compiled *compiled_load(const char *path);
Compiled *compiled_free(Compiled *compiled);
DEFINE_POINTER_CLEANUP(Compiled, compiled_free, compiled_cleanup);

/* The number of a name; names are never forgotten. */
uint32_t name_number(const char *name);
const char *name_text(uint32_t number);

bool compiled_has_type(const Compiled *compiled, uint32_t type);
/* What rules in force allow; 0 for names that the policy lacks. Bits as in the policy. */
uint32_t compiled_allowed(const Compiled *compiled, uint32_t source, uint32_t target,
                          uint32_t class);
/* Every access with its permissions. */
typedef void (*CompiledSink)(uint32_t source, uint32_t target, uint32_t class, uint32_t permissions,
                             void *userdata);
void compiled_for_each(const Compiled *compiled, CompiledSink sink, void *userdata);
/* The type of a port: of the first record that has it, else of the initial SID. */
uint32_t compiled_port_type(const Compiled *compiled, PortProtocol protocol, uint16_t port);
/* name_connect and name_bind of the protocol's socket class; both policies of a comparison must
 * number them alike. */
uint32_t compiled_port_permissions(const Compiled *compiled, PortProtocol protocol);
/* Types, attributes left out; the numbers belong to the Compiled. */
size_t compiled_types(const Compiled *compiled, const uint32_t **ret_types);
