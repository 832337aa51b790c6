/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/diagnosis-keep.h"

#include <ctype.h>
#include <errno.h>

#include "daemon/core/json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* One row for each member that is kept; both directions read the same table. */
typedef enum MemberKind {
    MEMBER_STRING, /* char *; left out where NULL */
    MEMBER_LIST,   /* char *[count], NULL-terminated where shorter */
    MEMBER_NUMBER, /* uint64_t */
    MEMBER_INT,    /* int, from -1 to count */
    MEMBER_BOOL,
} MemberKind;

typedef struct Member {
    const char *key;
    MemberKind kind;
    size_t offset;
    size_t count;
} Member;

#define AT(member)   offsetof(Diagnosis, member)
#define LIST(member) MEMBER_LIST, AT(member), ELEMENTS_OF(((Diagnosis *)NULL)->member)

static const Member members[] = {
    {"id", MEMBER_STRING, AT(id), 0},
    {"summary", MEMBER_STRING, AT(summary), 0},
    {"count", MEMBER_NUMBER, AT(count), 0},
    {"first_seen", MEMBER_NUMBER, AT(first_seen_usec), 0},
    {"last_seen", MEMBER_NUMBER, AT(last_seen_usec), 0},
    {"permissive", MEMBER_BOOL, AT(permissive), 0},
    {"source_context", MEMBER_STRING, AT(access.source_context), 0},
    {"target_context", MEMBER_STRING, AT(access.target_context), 0},
    {"class", MEMBER_STRING, AT(access.target_class), 0},
    {"permissions", MEMBER_STRING, AT(access.permissions), 0},
    {"have_access", MEMBER_BOOL, AT(have_access), 0},
    {"program", MEMBER_STRING, AT(program), 0},
    {"exe", MEMBER_STRING, AT(exe), 0},
    {"ambiguous", MEMBER_BOOL, AT(ambiguous), 0},
    {"disagreement", MEMBER_STRING, AT(disagreement), 0},
    {"denied", MEMBER_BOOL, AT(denied), 0},
    {"operation", MEMBER_STRING, AT(operation), 0},
    {"errno", MEMBER_INT, AT(error), UINT16_MAX},
    {"port", MEMBER_INT, AT(port), UINT16_MAX},
    {"protocol", MEMBER_STRING, AT(protocol), 0},
    {"pid", MEMBER_INT, AT(pid), INT32_MAX},
    {"log_level", MEMBER_STRING, AT(log_level), 0},
    {"in_request", MEMBER_BOOL, AT(in_request), 0},
    {"component", MEMBER_STRING, AT(component), 0},
    {"peer_context", MEMBER_STRING, AT(peer_context), 0},
    {"path", MEMBER_STRING, AT(path), 0},
    {"path_from_log", MEMBER_BOOL, AT(path_from_log), 0},
    {"inode", MEMBER_NUMBER, AT(inode), 0},
    {"ioctl_command", MEMBER_INT, AT(ioctl_command), UINT16_MAX},
    {"servers", LIST(servers)},
    {"hosts", LIST(hosts)},
    {"requests", LIST(requests)},
    {"upstreams", LIST(upstreams)},
    {"lines", LIST(lines)},
    {"evidence", LIST(evidence)},
    {"context_usec", MEMBER_NUMBER, AT(context_usec), 0},
    {"asked_usec", MEMBER_NUMBER, AT(asked_usec), 0},
    {"evidence_usec", MEMBER_NUMBER, AT(evidence_usec), 0},
};

/* --- writing -------------------------------------------------------------- */

static json_object *list_to_json(char *const *list, size_t count)
{
    json_object *array = json_object_new_array();

    for (size_t i = 0; array && i < count && list[i]; i++) {
        if (json_append(array, json_object_new_string(list[i])) < 0) {
            json_object_put(array);
            return NULL;
        }
    }
    return array;
}

static int keep_member(json_object *object, const Member *member, const char *at)
{
    const char *text;

    switch (member->kind) {
    case MEMBER_STRING:
        text = *(char *const *)(const void *)at;
        return text ? json_add(object, member->key, json_object_new_string(text)) : 0;
    case MEMBER_LIST:
        return json_add(object, member->key, list_to_json((const void *)at, member->count));
    case MEMBER_NUMBER:
        return json_add(object, member->key,
                        json_object_new_uint64(*(const uint64_t *)(const void *)at));
    case MEMBER_INT:
        return json_add(object, member->key, json_object_new_int(*(const int *)(const void *)at));
    case MEMBER_BOOL:
        return json_add(object, member->key,
                        json_object_new_boolean(*(const bool *)(const void *)at));
    }
    return -EINVAL;
}

int diagnosis_keep(const Diagnosis *diagnosis, json_object **ret_object)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    const struct {
        const char *key, *word;
    } words[] = {
        {"verdict", verdict_to_string(diagnosis->verdict)},
        {"cause", cause_to_string(diagnosis->cause)},
        {"state", diagnosis_state_to_string(diagnosis->state)},
        {"target", target_kind_to_string(diagnosis->target_kind)},
    };
    int r = object ? 0 : -ENOMEM;

    for (size_t i = 0; i < ELEMENTS_OF(members) && r >= 0; i++)
        r = keep_member(object, &members[i], (const char *)diagnosis + members[i].offset);
    for (size_t i = 0; i < ELEMENTS_OF(words) && r >= 0; i++)
        r = json_add(object, words[i].key, json_object_new_string(words[i].word));
    if (r >= 0)
        *ret_object = TAKE_POINTER(object);
    return r;
}

/* --- reading -------------------------------------------------------------- */

static int read_text(json_object *value, char **ret_text)
{
    const char *text;

    if (!json_object_is_type(value, json_type_string))
        return -EBADMSG;
    text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value) ||
        strlen(text) > DIAGNOSIS_TEXT_MAX || !utf8_is_valid(text))
        return -EBADMSG;
    return string_replace(ret_text, text);
}

static int read_list(json_object *value, char **list, size_t count)
{
    if (!json_object_is_type(value, json_type_array) || json_object_array_length(value) > count)
        return -EBADMSG;
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        int r = read_text(json_object_array_get_idx(value, i), &list[i]);

        if (r < 0)
            return r;
    }
    return 0;
}

static int read_number(json_object *value, int64_t low, int64_t high, int64_t *ret_number)
{
    int64_t number;

    if (!json_object_is_type(value, json_type_int))
        return -EBADMSG;
    number = json_object_get_int64(value);
    if (number < low || number > high)
        return -EBADMSG;
    *ret_number = number;
    return 0;
}

static int restore_member(json_object *value, const Member *member, char *at)
{
    int64_t number = 0;
    int r;

    switch (member->kind) {
    case MEMBER_STRING:
        return read_text(value, (void *)at);
    case MEMBER_LIST:
        return read_list(value, (void *)at, member->count);
    case MEMBER_NUMBER:
        r = read_number(value, 0, INT64_MAX, &number);
        *(uint64_t *)(void *)at = (uint64_t)number;
        return r;
    case MEMBER_INT:
        r = read_number(value, -1, (int64_t)member->count, &number);
        *(int *)(void *)at = (int)number;
        return r;
    case MEMBER_BOOL:
        if (!json_object_is_type(value, json_type_boolean))
            return -EBADMSG;
        *(bool *)(void *)at = json_object_get_boolean(value);
        return 0;
    }
    return -EBADMSG;
}

static int restore_words(json_object *object, Diagnosis *diagnosis)
{
    return verdict_from_string(json_get_text(object, "verdict"), &diagnosis->verdict) < 0 ||
                   cause_from_string(json_get_text(object, "cause"), &diagnosis->cause) < 0 ||
                   diagnosis_state_from_string(json_get_text(object, "state"), &diagnosis->state) <
                       0 ||
                   target_kind_from_string(json_get_text(object, "target"),
                                           &diagnosis->target_kind) < 0
               ? -EBADMSG
               : 0;
}

/* The id becomes part of a D-Bus path. */
static bool is_plausible(const Diagnosis *diagnosis)
{
    const Access *access = &diagnosis->access;

    if (!diagnosis->id || strlen(diagnosis->id) != 16 || diagnosis->count == 0)
        return false;
    for (const char *at = diagnosis->id; *at; at++)
        if (!isxdigit((unsigned char)*at))
            return false;
    return !diagnosis->have_access || (access->source_context && access->target_context &&
                                       access->target_class && access->permissions);
}

int diagnosis_restore(json_object *object, Diagnosis **ret_diagnosis)
{
    Diagnosis *diagnosis;
    int r;

    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    diagnosis = diagnosis_new();
    if (!diagnosis)
        return -ENOMEM;
    r = restore_words(object, diagnosis);
    for (size_t i = 0; i < ELEMENTS_OF(members) && r >= 0; i++) {
        json_object *value = json_get(object, members[i].key);

        if (value)
            r = restore_member(value, &members[i], (char *)diagnosis + members[i].offset);
    }
    if (r >= 0 && !is_plausible(diagnosis))
        r = -EBADMSG;
    if (r < 0) {
        diagnosis_free(diagnosis);
        return r;
    }
    *ret_diagnosis = diagnosis;
    return 0;
}
