/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/remedy/change-file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json_tokener.h>
#include <sys/stat.h>

#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"

#define FILE_PREFIX "change-"
#define FILE_SUFFIX ".json"

/* Deep enough for any record, too shallow for an attack on the parser's stack. */
#define JSON_DEPTH_MAX 16

char *change_file_name(uint64_t id)
{
    return format_string(FILE_PREFIX "%06" PRIu64 FILE_SUFFIX, id);
}

int change_file_id(const char *name, uint64_t *ret_id)
{
    _cleanup_free_ char *digits = NULL;
    size_t length = strlen(name);
    size_t affixes = strlen(FILE_PREFIX) + strlen(FILE_SUFFIX);

    if (length <= affixes || strncmp(name, FILE_PREFIX, strlen(FILE_PREFIX)) != 0 ||
        !streq(name + length - strlen(FILE_SUFFIX), FILE_SUFFIX))
        return -EINVAL;
    digits = strndup(name + strlen(FILE_PREFIX), length - affixes);
    if (!digits)
        return -ENOMEM;
    return parse_number(digits, 1, INT64_MAX, ret_id) < 0 ? -EINVAL : 0;
}

int change_file_read(int directory_fd, const char *name, ChangeRecord **ret_record)
{
    _cleanup_close_ int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_object *object = NULL;
    json_tokener *tokener;
    struct stat status;
    size_t length = 0;
    bool complete;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_size <= 0 ||
        status.st_size > (off_t)REMEDY_CHANGE_RECORD_MAX)
        return -EBADMSG;
    text = malloc((size_t)status.st_size);
    if (!text)
        return -ENOMEM;
    while (length < (size_t)status.st_size) {
        ssize_t n = read(fd, text + length, (size_t)status.st_size - length);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            return -EBADMSG;
        if (n > 0)
            length += (size_t)n;
    }

    tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    if (!tokener)
        return -ENOMEM;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    object = json_tokener_parse_ex(tokener, text, (int)length);
    complete = json_tokener_get_error(tokener) == json_tokener_success;
    json_tokener_free(tokener);
    return complete ? change_record_from_json(object, ret_record) : -EBADMSG;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            data += n;
            length -= (size_t)n;
        }
    }
    return 0;
}

int change_file_write(int directory_fd, const ChangeRecord *record)
{
    _cleanup_free_ char *name = change_file_name(record->id);
    _cleanup_free_ char *temporary = name ? format_string(".%s.new", name) : NULL;
    _cleanup_json_ json_object *object = NULL;
    _cleanup_close_ int fd = -1;
    const char *text;
    size_t length;
    int r;

    if (!temporary)
        return -ENOMEM;
    r = change_record_to_json(record, &object);
    if (r < 0)
        return r;
    text = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
    if (!text)
        return -ENOMEM;

    fd = openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                0600);
    if (fd < 0)
        return -errno;
    r = write_all(fd, text, length);
    if (r >= 0)
        r = write_all(fd, "\n", 1);
    if (r >= 0 && fsync(fd) < 0)
        r = -errno;
    if (r >= 0 && renameat(directory_fd, temporary, directory_fd, name) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlinkat(directory_fd, temporary, 0);
        return r;
    }
    return fsync(directory_fd) < 0 ? -errno : 0;
}
