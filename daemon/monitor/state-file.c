/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/state-file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json_tokener.h>
#include <libgen.h>
#include <sys/stat.h>

#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

#define MAGIC "nginx-selguard-state "
#define END   "end "

struct StateWriter {
    char *path, *temporary;
    FILE *stream;
    uint64_t size, checksum;
};

/* --- writing -------------------------------------------------------------- */

static int put(StateWriter *writer, const char *text, size_t length)
{
    writer->checksum = hash_bytes(writer->checksum, text, length);
    writer->size += length;
    return fwrite(text, 1, length, writer->stream) == length ? 0 : -EIO;
}

int state_writer_new(StateWriter **ret_writer, const char *path)
{
    StateWriter *writer = calloc(1, sizeof(*writer));
    _cleanup_close_ int fd = -1;
    char first[64];
    int r = -ENOMEM;

    if (!writer)
        return -ENOMEM;
    writer->checksum = HASH_SEED;
    writer->path = strdup(path);
    writer->temporary = format_string("%s.new", path);
    if (!writer->path || !writer->temporary)
        goto fail;
    (void)unlink(writer->temporary);
    fd = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        r = -errno;
        goto fail;
    }
    writer->stream = fdopen(fd, "we");
    if (!writer->stream)
        goto fail;
    (void)take_fd(&fd);
    r = snprintf(first, sizeof(first), MAGIC "%u\n", STATE_FILE_VERSION);
    r = put(writer, first, (size_t)r);
    if (r < 0)
        goto fail;
    *ret_writer = writer;
    return 0;
fail:
    state_writer_free(writer);
    return r;
}

int state_writer_add(StateWriter *writer, json_object *object)
{
    const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
    size_t length = text ? strlen(text) : 0;
    int r;

    if (!text)
        return -ENOMEM;
    if (length >= STATE_LINE_MAX || writer->size + length + 128 > STATE_FILE_SIZE_MAX)
        return -EFBIG;
    r = put(writer, text, length);
    return r < 0 ? r : put(writer, "\n", 1);
}

static int sync_directory(const char *path)
{
    _cleanup_free_ char *copy = strdup(path);
    _cleanup_close_ int fd = -1;

    if (!copy)
        return -ENOMEM;
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int state_writer_commit(StateWriter *writer)
{
    if (fprintf(writer->stream, END "%016" PRIx64 "\n", writer->checksum) < 0 ||
        fflush(writer->stream) != 0 || fsync(fileno(writer->stream)) < 0)
        return errno > 0 ? -errno : -EIO;
    if (rename(writer->temporary, writer->path) < 0)
        return -errno;
    free(writer->temporary);
    writer->temporary = NULL;
    return sync_directory(writer->path);
}

StateWriter *state_writer_free(StateWriter *writer)
{
    if (!writer)
        return NULL;
    if (writer->stream)
        (void)fclose(writer->stream);
    if (writer->stream && writer->temporary)
        (void)unlink(writer->temporary);
    free(writer->temporary);
    free(writer->path);
    free(writer);
    return NULL;
}

/* --- reading -------------------------------------------------------------- */

static int read_whole(const char *path, char **ret_text, size_t *ret_size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    _cleanup_free_ char *text = NULL;
    struct stat status;
    size_t size = 0, wanted;

    if (fd < 0)
        return errno == ELOOP ? -EINVAL : -errno;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (status.st_size > (off_t)STATE_FILE_SIZE_MAX)
        return -EFBIG;
    wanted = (size_t)status.st_size;
    text = malloc(wanted + 1);
    if (!text)
        return -ENOMEM;
    while (size < wanted) {
        ssize_t n = read(fd, text + size, wanted - size);

        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        size += (size_t)n;
    }
    text[size] = '\0';
    *ret_text = TAKE_POINTER(text);
    *ret_size = size;
    return 0;
}

/* Returns the length of the part between the first line and the last, and where it begins. */
static int verify(const char *text, size_t size, size_t *ret_start, size_t *ret_end)
{
    char expected[sizeof(END) + 17];
    const char *newline;
    size_t length = sizeof(expected) - 1, start;
    uint64_t version;

    if (size < sizeof(MAGIC) || memcmp(text, MAGIC, sizeof(MAGIC) - 1) != 0)
        return -EBADMSG;
    newline = memchr(text, '\n', size);
    if (!newline)
        return -EBADMSG;
    start = (size_t)(newline - text) + 1;
    {
        _cleanup_free_ char *number =
            strndup(text + sizeof(MAGIC) - 1, start - 1 - (sizeof(MAGIC) - 1));

        if (!number)
            return -ENOMEM;
        if (parse_number(number, 1, UINT32_MAX, &version) < 0)
            return -EBADMSG;
    }
    if (version > STATE_FILE_VERSION)
        return -EPROTONOSUPPORT;
    if (size < start + length)
        return -EBADMSG;
    (void)snprintf(expected, sizeof(expected), END "%016" PRIx64 "\n",
                   hash_bytes(HASH_SEED, text, size - length));
    if (memcmp(text + size - length, expected, length) != 0)
        return -EBADMSG;
    *ret_start = start;
    *ret_end = size - length;
    return 0;
}

static int take_line(json_tokener *tokener, const char *line, size_t length,
                     StateFileHandler handler, void *userdata)
{
    _cleanup_json_ json_object *object = NULL;

    if (length == 0 || length >= STATE_LINE_MAX)
        return -EBADMSG;
    json_tokener_reset(tokener);
    object = json_tokener_parse_ex(tokener, line, (int)length);
    if (!object || json_tokener_get_error(tokener) != json_tokener_success ||
        !json_object_is_type(object, json_type_object))
        return -EBADMSG;
    return handler(object, userdata);
}

int state_file_read(const char *path, StateFileHandler handler, void *userdata)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0, at = 0, end = 0;
    json_tokener *tokener;
    int r = read_whole(path, &text, &size);

    if (r >= 0)
        r = verify(text, size, &at, &end);
    if (r < 0)
        return r;
    tokener = json_tokener_new();
    if (!tokener)
        return -ENOMEM;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    while (at < end && r >= 0) {
        const char *newline = memchr(text + at, '\n', end - at);
        size_t length = newline ? (size_t)(newline - (text + at)) : 0;

        r = newline ? take_line(tokener, text + at, length, handler, userdata) : -EBADMSG;
        at += length + 1;
    }
    json_tokener_free(tokener);
    return r;
}

int state_file_set_aside(const char *path)
{
    _cleanup_free_ char *target = format_string("%s.bad", path);

    if (!target)
        return -ENOMEM;
    return rename(path, target) < 0 ? -errno : 0;
}
