/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/selinux/stored-booleans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/macro.h"
#include "daemon/selinux/policy-internal.h"

#define ENTRY_HEADER_SIZE 12u

/* The entries stand together. Around the one found last, others are found without a search
 * through types and attributes. */
#define NEIGHBOURHOOD (64u * 1024)

typedef struct Image {
    const unsigned char *bytes;
    size_t size;
    size_t last; /* where an entry was found; 0 before that */
} Image;

static bool is_entry(const Image *image, size_t at, size_t length, bool *ret_value)
{
    const unsigned char *header = image->bytes + at - ENTRY_HEADER_SIZE;
    uint32_t state = policy_image_number(header + 4);

    if (policy_image_number(header) == 0 || state > 1 || policy_image_number(header + 8) != length)
        return false;
    *ret_value = state == 1;
    return true;
}

/* Looks from `begin` up to `end`. Returns how many entries of that name there are, at most 2. */
static unsigned search(Image *image, const char *name, size_t begin, size_t end, bool *ret_value)
{
    size_t length = strlen(name);
    unsigned found = 0;

    if (begin < ENTRY_HEADER_SIZE)
        begin = ENTRY_HEADER_SIZE;
    while (begin < end && found < 2) {
        const unsigned char *at = memmem(image->bytes + begin, end - begin, name, length);
        size_t offset;

        if (!at)
            break;
        offset = (size_t)(at - image->bytes);
        if (is_entry(image, offset, length, ret_value)) {
            image->last = offset;
            found++;
        }
        begin = offset + 1;
    }
    return found;
}

static bool find(Image *image, const char *name, bool *ret_value)
{
    size_t begin = image->last > NEIGHBOURHOOD ? image->last - NEIGHBOURHOOD : 0;
    size_t end = image->size;

    if (image->last > 0) {
        if (end - image->last > NEIGHBOURHOOD)
            end = image->last + NEIGHBOURHOOD;
        if (search(image, name, begin, end, ret_value) == 1)
            return true;
    }
    return search(image, name, 0, image->size, ret_value) == 1;
}

int stored_booleans_compare(const Policy *loaded, const char *path, StoredBoolean **ret_differences,
                            size_t *ret_n)
{
    _cleanup_free_ StoredBoolean *differences = NULL;
    _cleanup_free_ void *bytes = NULL;
    Image image = {};
    size_t n = 0;
    int r;

    r = policy_image_read(path, &bytes, &image.size);
    if (r < 0)
        return r;
    image.bytes = bytes;
    for (uint32_t boolean = 1; boolean <= policy_n_booleans(loaded); boolean++) {
        const char *name = policy_boolean_name(loaded, boolean);
        StoredBoolean *larger;
        bool value;

        if (!name || !find(&image, name, &value) || value == policy_boolean_value(loaded, boolean))
            continue;
        larger = reallocarray(differences, n + 1, sizeof(*larger));
        if (!larger)
            return -ENOMEM;
        differences = larger;
        differences[n++] = (StoredBoolean){boolean, value};
    }
    *ret_differences = TAKE_POINTER(differences);
    *ret_n = n;
    return 0;
}
