/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/variant-json.h"

#include <ctype.h>
#include <errno.h>

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/macro.h"

#define DEPTH_MAX 16 /* D-Bus itself stops at 32 arrays and 32 structures */

static int read_value(sd_bus_message *message, unsigned depth, json_object **ret_object);

static char *snake_case(const char *key)
{
    char *converted = malloc(strlen(key) * 2 + 1), *end = converted;

    for (const char *p = key; converted && *p; p++) {
        if (isupper((unsigned char)*p) && p != key)
            *end++ = '_';
        *end++ = (char)tolower((unsigned char)*p);
    }
    if (converted)
        *end = '\0';
    return converted;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && streq(text + length - end_length, end);
}

/* Microseconds since the epoch, as the interfaces document them. */
static json_object *convert_time(const char *key, json_object *value)
{
    char text[TIMESTAMP_SIZE];

    if (!json_object_is_type(value, json_type_int) ||
        (!ends_with(key, "Seen") && !ends_with(key, "Time") && !ends_with(key, "Until")))
        return value;
    timestamp_format(json_object_get_uint64(value), text);
    json_object_put(value);
    return json_object_new_string(text);
}

static int read_entry(sd_bus_message *message, unsigned depth, json_object *object)
{
    _cleanup_free_ char *name = NULL;
    json_object *value = NULL;
    const char *key;
    int r = sd_bus_message_read_basic(message, 's', &key);

    if (r < 0)
        return r;
    r = read_value(message, depth, &value);
    if (r < 0)
        return r;
    name = snake_case(key);
    value = convert_time(key, value);
    if (!name || !value || json_object_object_add(object, name, value) < 0) {
        json_object_put(value);
        return -ENOMEM;
    }
    return 0;
}

static int read_dictionary(sd_bus_message *message, const char *contents, unsigned depth,
                           json_object **ret_object)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    int r = object ? sd_bus_message_enter_container(message, 'a', contents) : -ENOMEM;

    if (r < 0)
        return r;
    /* "{sv}" without its braces is what an entry holds. */
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        r = read_entry(message, depth, object);
        if (r >= 0)
            r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    if (r >= 0)
        r = sd_bus_message_exit_container(message);
    if (r < 0)
        return r;
    *ret_object = TAKE_POINTER(object);
    return 0;
}

/* Arrays and structures alike. */
static int read_sequence(sd_bus_message *message, char type, const char *contents, unsigned depth,
                         json_object **ret_object)
{
    _cleanup_json_ json_object *array = json_object_new_array();
    int r = array ? sd_bus_message_enter_container(message, type, contents) : -ENOMEM;

    while (r >= 0 && (r = sd_bus_message_at_end(message, /* complete= */ false)) == 0) {
        json_object *item = NULL;

        r = read_value(message, depth, &item);
        if (r >= 0 && json_object_array_add(array, item) < 0) {
            json_object_put(item);
            r = -ENOMEM;
        }
    }
    if (r >= 0)
        r = sd_bus_message_exit_container(message);
    if (r < 0)
        return r;
    *ret_object = TAKE_POINTER(array);
    return 0;
}

static int read_basic(sd_bus_message *message, char type, json_object **ret_object)
{
    union {
        uint8_t byte;
        int boolean;
        int16_t i16;
        uint16_t u16;
        int32_t i32;
        uint32_t u32;
        int64_t i64;
        uint64_t u64;
        double real;
        const char *text;
    } value;
    int r = sd_bus_message_read_basic(message, type, &value);

    if (r < 0)
        return r;
    switch (type) {
    case 'y':
        *ret_object = json_object_new_int(value.byte);
        break;
    case 'b':
        *ret_object = json_object_new_boolean(value.boolean);
        break;
    case 'n':
        *ret_object = json_object_new_int(value.i16);
        break;
    case 'q':
        *ret_object = json_object_new_int(value.u16);
        break;
    case 'i':
        *ret_object = json_object_new_int(value.i32);
        break;
    case 'u':
        *ret_object = json_object_new_uint64(value.u32);
        break;
    case 'x':
        *ret_object = json_object_new_int64(value.i64);
        break;
    case 't':
        *ret_object = json_object_new_uint64(value.u64);
        break;
    case 'd':
        *ret_object = json_object_new_double(value.real);
        break;
    case 's':
    case 'o':
    case 'g':
        *ret_object = json_object_new_string(value.text);
        break;
    default:
        return -EOPNOTSUPP; /* file descriptors */
    }
    return *ret_object ? 0 : -ENOMEM;
}

static int read_value(sd_bus_message *message, unsigned depth, json_object **ret_object)
{
    const char *contents;
    char type;
    int r = sd_bus_message_peek_type(message, &type, &contents);

    if (r <= 0)
        return r < 0 ? r : -EBADMSG;
    if (depth == DEPTH_MAX)
        return -E2BIG;
    switch (type) {
    case 'v':
        r = sd_bus_message_enter_container(message, 'v', contents);
        if (r >= 0)
            r = read_value(message, depth + 1, ret_object);
        return r < 0 ? r : sd_bus_message_exit_container(message);
    case 'a':
        if (streq(contents, "{sv}"))
            return read_dictionary(message, contents, depth + 1, ret_object);
        return read_sequence(message, type, contents, depth + 1, ret_object);
    case 'r':
        return read_sequence(message, type, contents, depth + 1, ret_object);
    default:
        return read_basic(message, type, ret_object);
    }
}

int variant_json_read(sd_bus_message *message, json_object **ret_object)
{
    return read_value(message, 0, ret_object);
}
