/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an image to a Policy: reading, libsepol, and back out of libsepol. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sepol/debug.h>
#include <sepol/handle.h>
#include <sepol/policydb.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/selinux/libsepol.h"
#include "daemon/selinux/policy-internal.h"
#include "daemon/selinux/policy.h"

/* The start of an image: magic, length and text of the target's name, version,
 * configuration; 32-bit little endian (libsepol, policydb_read). */
#define IMAGE_MAGIC          UINT32_C(0xf97cff8c)
#define IMAGE_MAGIC_MODULE   UINT32_C(0xf97cff8d)
#define IMAGE_MAGIC_PACKAGE  UINT32_C(0xf97cff8f)
#define IMAGE_TARGET         "SE Linux"
#define IMAGE_CONFIG_MLS     UINT32_C(1)
#define IMAGE_CONFIG_UNKNOWN UINT32_C(6)
#define IMAGE_HEADER_SIZE    (8 + sizeof(IMAGE_TARGET) - 1 + 8)

typedef struct ImageHeader {
    uint32_t version;
    uint32_t config;
} ImageHeader;

DEFINE_POINTER_CLEANUP(sepol_policydb_t, sepol_policydb_free, sepol_policydb_cleanup);
DEFINE_POINTER_CLEANUP(sepol_policy_file_t, sepol_policy_file_free, sepol_file_cleanup);
DEFINE_POINTER_CLEANUP(sepol_handle_t, sepol_handle_destroy, sepol_handle_cleanup);

static int fail(int error, char **ret_message, const char *format, ...) _printf_(3, 4);

static int fail(int error, char **ret_message, const char *format, ...)
{
    if (ret_message) {
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(ret_message, format, arguments) < 0)
            *ret_message = NULL;
        va_end(arguments);
    }
    return error;
}

uint32_t policy_image_number(const unsigned char *bytes)
{
    uint32_t number;

    memcpy(&number, bytes, sizeof(number));
    return le32toh(number);
}

static int check_header(const unsigned char *image, size_t size, ImageHeader *ret_header,
                        char **ret_message)
{
    uint32_t magic, length;
    ImageHeader header;
    int newest = sepol_policy_kern_vers_max();
    int oldest = sepol_policy_kern_vers_min();

    if (size < 8)
        return fail(-EBADMSG, ret_message, "the file is too short (%zu bytes) for a policy", size);
    magic = policy_image_number(image);
    if (magic == IMAGE_MAGIC_MODULE || magic == IMAGE_MAGIC_PACKAGE)
        return fail(-EBADMSG, ret_message,
                    "this is a policy module, not the policy that a kernel loads");
    if (magic != IMAGE_MAGIC)
        return fail(-EBADMSG, ret_message, "this is not a binary SELinux policy");

    length = policy_image_number(image + 4);
    if (length != strlen(IMAGE_TARGET) || size < IMAGE_HEADER_SIZE)
        return length > 64 || size < IMAGE_HEADER_SIZE
                   ? fail(-EBADMSG, ret_message, "the policy is truncated or corrupt at its header")
                   : fail(-EPROTONOSUPPORT, ret_message, "the policy is not for Linux");
    if (memcmp(image + 8, IMAGE_TARGET, length) != 0)
        return fail(-EPROTONOSUPPORT, ret_message, "the policy is not for Linux");

    header.version = policy_image_number(image + 8 + length);
    header.config = policy_image_number(image + 12 + length);
    if ((int64_t)header.version > newest)
        return fail(-EPROTONOSUPPORT, ret_message,
                    "the policy has version %u, libsepol here reads up to %d", header.version,
                    newest);
    if ((int64_t)header.version < oldest)
        return fail(-EPROTONOSUPPORT, ret_message,
                    "the policy has version %u, libsepol here reads from %d", header.version,
                    oldest);
    *ret_header = header;
    return 0;
}

/* Keeps libsepol's first message: the later ones say that the earlier made it stop. */
static void keep_message(void *data, sepol_handle_t *handle, const char *format, ...)
    _printf_(3, 4);

static void keep_message(void *data, sepol_handle_t *handle, const char *format, ...)
{
    char **message = data;
    va_list arguments;

    if (*message || sepol_msg_get_level(handle) != SEPOL_MSG_ERR)
        return;
    va_start(arguments, format);
    if (vasprintf(message, format, arguments) < 0)
        *message = NULL;
    va_end(arguments);
}

static int parse_image(void *image, size_t size, sepol_policydb_t **ret_db, char **ret_message)
{
    _cleanup_(sepol_handle_cleanup) sepol_handle_t *handle = NULL;
    _cleanup_(sepol_file_cleanup) sepol_policy_file_t *file = NULL;
    _cleanup_(sepol_policydb_cleanup) sepol_policydb_t *db = NULL;
    _cleanup_free_ char *reason = NULL;
    int r;

    handle = sepol_handle_create();
    if (!handle || sepol_policydb_create(&db) < 0 || sepol_policy_file_create(&file) < 0)
        return fail(-ENOMEM, ret_message, "out of memory");
    sepol_msg_set_callback(handle, keep_message, &reason);
    /* Some messages go to no handle and would be printed. */
    sepol_debug(0);

    /* Not sepol_policydb_from_image(), which destroys the database on a failure and leaves it
     * to be destroyed a second time. */
    sepol_policy_file_set_mem(file, image, size);
    sepol_policy_file_set_handle(file, handle);
    errno = 0;
    r = sepol_policydb_read(db, file);
    if (r < 0 || !db) {
        if (errno == ENOMEM)
            return fail(-ENOMEM, ret_message, "out of memory");
        return fail(-EBADMSG, ret_message, "the policy is truncated or corrupt%s%s",
                    reason ? ": " : "", reason ? reason : "");
    }
    *ret_db = TAKE_POINTER(db);
    return 0;
}

static int view(const policydb_t *db, Policy **ret_policy, char **ret_message)
{
    _cleanup_(policy_cleanup) Policy *policy = calloc(1, sizeof(*policy));
    const char *problem = NULL;
    int r;

    if (!policy)
        return fail(-ENOMEM, ret_message, "out of memory");
    r = policy_build(policy, db, &problem);
    if (r == -ENOMEM)
        return fail(r, ret_message, "out of memory");
    if (r < 0)
        return fail(r, ret_message, "the policy is corrupt: %s",
                    problem ? problem : "inconsistent");
    *ret_policy = TAKE_POINTER(policy);
    return 0;
}

static int load_parsed(const policydb_t *db, const ImageHeader *header, Policy **ret_policy,
                       char **ret_message)
{
    /* The structure is libsepol's own, without a promise across its versions. These
     * members lie at both ends of it and are known from the image. */
    if (db->policyvers != header->version ||
        (db->mls != 0) != ((header->config & IMAGE_CONFIG_MLS) != 0) ||
        db->handle_unknown != (header->config & IMAGE_CONFIG_UNKNOWN))
        return fail(-EPROTONOSUPPORT, ret_message,
                    "libsepol here lays its data out differently from the one this was built for");
    if (db->policy_type != POLICY_KERN)
        return fail(-EBADMSG, ret_message,
                    "this is a policy module, not the policy that a kernel loads");
    return view(db, ret_policy, ret_message);
}

int policy_view_compiled(const sepol_policydb_t *db, unsigned version, Policy **ret_policy)
{
    if (db->p.policyvers != version || db->p.mls != 0 ||
        db->p.handle_unknown != SEPOL_DENY_UNKNOWN || db->p.policy_type != POLICY_KERN)
        return -EBADMSG;
    return view(&db->p, ret_policy, /* ret_message= */ NULL);
}

/* Takes the image over: it is not needed beside libsepol's data, which is larger. */
static int load_image(void *taken_image, size_t size, Policy **ret_policy, char **ret_message)
{
    _cleanup_free_ void *image = taken_image;
    _cleanup_(sepol_policydb_cleanup) sepol_policydb_t *db = NULL;
    ImageHeader header = {};
    int r;

    r = check_header(image, size, &header, ret_message);
    if (r < 0)
        return r;
    r = parse_image(image, size, &db, ret_message);
    if (r < 0 || !db)
        return r;
    free(TAKE_POINTER(image));
    return load_parsed(&db->p, &header, ret_policy, ret_message);
}

int policy_load_memory(const void *image, size_t size, Policy **ret_policy, char **ret_message)
{
    void *copy;

    if (size > POLICY_FILE_SIZE_MAX)
        return fail(-EFBIG, ret_message, "the policy is larger than %u MiB",
                    POLICY_FILE_SIZE_MAX >> 20);
    copy = malloc(size > 0 ? size : 1);
    if (!copy)
        return fail(-ENOMEM, ret_message, "out of memory");
    if (size > 0)
        memcpy(copy, image, size);
    return load_image(copy, size, ret_policy, ret_message);
}

/* Reads rather than maps: a file that shrinks meanwhile must not raise SIGBUS. */
static int read_file(int fd, size_t expected, void **ret_image, size_t *ret_size)
{
    _cleanup_free_ unsigned char *image = NULL;
    size_t room = expected + 1;
    size_t size = 0;

    image = malloc(room);
    if (!image)
        return -ENOMEM;
    for (;;) {
        ssize_t n = read(fd, image + size, room - size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        size += (size_t)n;
        if (size > POLICY_FILE_SIZE_MAX)
            return -EFBIG;
        if (size == room) {
            unsigned char *larger = realloc(image, room * 2);

            if (!larger)
                return -ENOMEM;
            image = larger;
            room *= 2;
        }
    }
    *ret_image = TAKE_POINTER(image);
    *ret_size = size;
    return 0;
}

static int open_and_read(const char *path, void **ret_image, size_t *ret_size, char **ret_message)
{
    _cleanup_close_ int fd = -1;
    struct stat status;
    int r;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        r = -errno;
        /* selinuxfs lets one process read the policy at a time. */
        return fail(r, ret_message, "cannot open the policy %s: %s%s", path, strerror(-r),
                    r == -EBUSY ? " (another process is reading it)" : "");
    }
    if (fstat(fd, &status) < 0) {
        r = -errno;
        return fail(r, ret_message, "cannot read the policy %s: %s", path, strerror(-r));
    }
    if (!S_ISREG(status.st_mode))
        return fail(-EBADMSG, ret_message, "the policy %s is not a regular file", path);
    if (status.st_size > (off_t)POLICY_FILE_SIZE_MAX)
        return fail(-EFBIG, ret_message, "the policy is larger than %u MiB",
                    POLICY_FILE_SIZE_MAX >> 20);

    r = read_file(fd, (size_t)status.st_size, ret_image, ret_size);
    if (r == -EFBIG)
        return fail(r, ret_message, "the policy is larger than %u MiB", POLICY_FILE_SIZE_MAX >> 20);
    if (r < 0)
        return fail(r, ret_message, "cannot read the policy %s: %s", path, strerror(-r));
    return 0;
}

int policy_load_file(const char *path, Policy **ret_policy, char **ret_message)
{
    void *image = NULL;
    size_t size = 0;
    int r = open_and_read(path, &image, &size, ret_message);

    return r < 0 ? r : load_image(image, size, ret_policy, ret_message);
}

int policy_image_read(const char *path, void **ret_image, size_t *ret_size)
{
    _cleanup_free_ void *image = NULL;
    ImageHeader header;
    size_t size = 0;
    int r = open_and_read(path, &image, &size, /* ret_message= */ NULL);

    if (r >= 0)
        r = check_header(image, size, &header, /* ret_message= */ NULL);
    if (r < 0)
        return r == -EPROTONOSUPPORT ? -EBADMSG : r;
    *ret_image = TAKE_POINTER(image);
    *ret_size = size;
    return 0;
}
