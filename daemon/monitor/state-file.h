/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file of JSON objects that survives a power cut: written beside the old one, synced, and put
 * in its place by a rename. One object a line, between a line that names the format and one with
 * a checksum over all before it:
 *
 *   nginx-selguard-state 1
 *   {"kind":"diagnosis",…}
 *   end 0123456789abcdef
 *
 * Reading verifies the whole before the first object is handed out.
 */
#pragma once

#include <json-c/json_object.h>
#include <stdint.h>

#define STATE_FILE_VERSION 1u

typedef struct StateWriter StateWriter;

/* Starts writing beside `path`. 0 or a negative errno. */
int state_writer_new(StateWriter **ret_writer, const char *path);
/* Adds an object. -EFBIG if the file would become larger than STATE_FILE_SIZE_MAX: the object is
 * left out, and a smaller one may follow. Or -errno of writing. */
int state_writer_add(StateWriter *writer, json_object *object);
/* Makes it durable and puts it in place. After an error the old file is as it was. */
int state_writer_commit(StateWriter *writer);
/* Removes what was not committed. Accepts and returns NULL. */
StateWriter *state_writer_free(StateWriter *writer);

/* Called for each object, which stays the reader's. A negative return ends the reading. */
typedef int (*StateFileHandler)(json_object *object, void *userdata);

/* Hands out all objects. Returns 0; -ENOENT; -EBADMSG for a damaged file, -EFBIG for one too
 * large, -EPROTONOSUPPORT for a newer format, -EINVAL for what is no regular file; another errno
 * of reading; or what the handler returned. */
int state_file_read(const char *path, StateFileHandler handler, void *userdata);

/* Renames it to PATH.bad, in place of an earlier one. 0 or -errno. */
int state_file_set_aside(const char *path);
