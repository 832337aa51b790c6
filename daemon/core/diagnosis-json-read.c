/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reading half of diagnosis-json.h. One rule throughout: a member of the wrong type, or too
 * many of them, is -EBADMSG; an absent optional one is left out.
 */
#include <errno.h>

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

static int read_string(json_object *object, const char *key, bool required, char **ret_text)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value))
        return required ? -EBADMSG : 0;
    if (!json_object_is_type(value, json_type_string) ||
        (size_t)json_object_get_string_len(value) > PLAN_CIL_MAX)
        return -EBADMSG;
    return string_replace(ret_text, json_object_get_string(value));
}

static int read_bool(json_object *object, const char *key, bool *ret_value)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_boolean))
        return -EBADMSG;
    *ret_value = json_object_get_boolean(value);
    return 0;
}

static int read_number(json_object *object, const char *key, uint64_t high, uint64_t *ret_number)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
        json_object_get_uint64(value) > high)
        return -EBADMSG;
    *ret_number = json_object_get_uint64(value);
    return 0;
}

static int read_port(json_object *object, const char *key, uint16_t *ret_port)
{
    uint64_t number = 0;
    int r = read_number(object, key, UINT16_MAX, &number);

    if (r >= 0)
        *ret_port = (uint16_t)number;
    return r;
}

/* NULL where it is absent or no array within the limit. */
static json_object *get_array(json_object *object, const char *key, size_t limit)
{
    json_object *array;

    if (!json_object_object_get_ex(object, key, &array) ||
        !json_object_is_type(array, json_type_array) || json_object_array_length(array) > limit)
        return NULL;
    return array;
}

static int read_strings(json_object *object, const char *key, size_t limit, char ***ret_list)
{
    json_object *array = get_array(object, key, limit);

    if (!array)
        return -EBADMSG;
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *item = json_object_array_get_idx(array, i);

        if (!json_object_is_type(item, json_type_string))
            return -EBADMSG;
        if (strv_append(ret_list, json_object_get_string(item)) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int read_words(json_object *object, const char *key, char **ret_text)
{
    _cleanup_strv_ char **words = NULL;
    int r = read_strings(object, key, DENIAL_PERMISSIONS_MAX, &words);

    if (r < 0)
        return r;
    *ret_text = strv_join(words, " ");
    return *ret_text ? 0 : -ENOMEM;
}

static int read_access(json_object *object, Access *ret_access)
{
    Access access = {};
    int r;

    if ((r = read_string(object, "source_context", true, &access.source_context)) < 0 ||
        (r = read_string(object, "target_context", true, &access.target_context)) < 0 ||
        (r = read_string(object, "class", true, &access.target_class)) < 0 ||
        (r = read_words(object, "permissions", &access.permissions)) < 0) {
        access_clear(&access);
        return r;
    }
    *ret_access = access;
    return 0;
}

static int read_action(json_object *object, Action *action)
{
    _cleanup_free_ char *kind = NULL;
    int r = read_string(object, "kind", true, &kind);

    if (r < 0)
        return r;
    if (action_kind_from_string(kind, &action->kind) < 0)
        return -EBADMSG;
    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        r = read_string(object, "name", true, &action->name);
        return r < 0 ? r : read_bool(object, "value", &action->value);
    case ACTION_SET_PORT:
        if ((r = read_string(object, "protocol", true, &action->protocol)) < 0 ||
            (r = read_port(object, "low", &action->low)) < 0 ||
            (r = read_port(object, "high", &action->high)) < 0)
            return r;
        return read_string(object, "type", true, &action->type);
    case ACTION_SET_FILE_CONTEXT:
        if ((r = read_string(object, "regex", true, &action->regex)) < 0 ||
            (r = read_string(object, "file_type", true, &action->file_type)) < 0)
            return r;
        return read_string(object, "type", true, &action->type);
    case ACTION_RELABEL:
        r = read_string(object, "path", true, &action->path);
        return r < 0 ? r : read_bool(object, "recursive", &action->recursive);
    case ACTION_INSTALL_MODULE:
        r = read_string(object, "name", true, &action->name);
        return r < 0 ? r : read_string(object, "cil", true, &action->cil);
    case ACTION_ADVISE:
        r = read_string(object, "text", true, &action->text);
        return r < 0 ? r : read_strings(object, "commands", PLAN_ACTIONS_MAX, &action->commands);
    case ACTION_RELOAD_NGINX:
        return 0;
    case ACTION_KIND_COUNT:
        break;
    }
    return -EBADMSG;
}

static int read_access_change(json_object *object, AccessChange *change)
{
    int r;

    if ((r = read_string(object, "domain", true, &change->domain)) < 0 ||
        (r = read_string(object, "target_type", true, &change->target_type)) < 0 ||
        (r = read_string(object, "class", true, &change->target_class)) < 0)
        return r;
    return read_words(object, "permissions", &change->permissions);
}

/* "80" or "3000-3001". */
static int read_port_range(const char *text, PortRange *ret_range)
{
    _cleanup_strv_ char **ends = strv_split(text, "-");
    const size_t n = strv_length(ends);
    uint64_t low = 0, high = 0;

    if (!ends)
        return -ENOMEM;
    if (n < 1 || n > 2 || parse_number(ends[0], 0, UINT16_MAX, &low) < 0 ||
        parse_number(ends[n - 1], low, UINT16_MAX, &high) < 0)
        return -EBADMSG;
    *ret_range = (PortRange){(uint16_t)low, (uint16_t)high};
    return 0;
}

/* Reads an array of access changes; `inner` is the key below each element, or NULL. */
static int read_access_changes(json_object *array, const char *inner, AccessChange **ret_changes,
                               size_t *ret_n)
{
    size_t n = json_object_array_length(array);

    if (n == 0)
        return 0;
    *ret_changes = calloc(n, sizeof(**ret_changes));
    if (!*ret_changes)
        return -ENOMEM;
    *ret_n = n;
    for (size_t i = 0; i < n; i++) {
        json_object *item = json_object_array_get_idx(array, i);
        int r;

        if (inner && !json_object_object_get_ex(item, inner, &item))
            return -EBADMSG;
        r = read_access_change(item, &(*ret_changes)[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_exposure(json_object *object, Exposure *exposure)
{
    _cleanup_strv_ char **ports = NULL;
    json_object *gains = get_array(object, "gains", EXPOSURE_GAINS_MAX);
    uint64_t n_domains = 0, n_types = 0, n_ports = 0, n_gains = 0;
    int r;

    if (!gains)
        return -EBADMSG;
    if ((r = read_strings(object, "domains", EXPOSURE_TYPES_MAX, &exposure->domains)) < 0 ||
        (r = read_strings(object, "types", EXPOSURE_TYPES_MAX, &exposure->types)) < 0 ||
        (r = read_strings(object, "ports", EXPOSURE_PORTS_MAX, &ports)) < 0 ||
        (r = read_number(object, "domains_count", UINT32_MAX, &n_domains)) < 0 ||
        (r = read_number(object, "types_count", UINT32_MAX, &n_types)) < 0 ||
        (r = read_number(object, "ports_count", UINT32_MAX, &n_ports)) < 0 ||
        (r = read_number(object, "gains_count", UINT64_MAX, &n_gains)) < 0)
        return r;
    exposure->n_domains = n_domains;
    exposure->n_types = n_types;
    exposure->ports_count = (uint32_t)n_ports;
    exposure->gains_total = n_gains;
    exposure->ports = calloc(strv_length(ports) + 1, sizeof(*exposure->ports));
    if (!exposure->ports)
        return -ENOMEM;
    STRV_FOREACH (text, ports) {
        r = read_port_range(*text, &exposure->ports[exposure->n_ports]);
        if (r < 0)
            return r;
        exposure->n_ports++;
    }
    exposure->known = true;
    return read_access_changes(gains, NULL, &exposure->gains, &exposure->n_gains);
}

static int read_proofs(json_object *array, Fix *fix)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *item = json_object_array_get_idx(array, i), *inner;
        bool before = false, after = false;
        Access access = {};
        int r;

        if (!json_object_object_get_ex(item, "access", &inner))
            return -EBADMSG;
        if ((r = read_bool(item, "before", &before)) < 0 ||
            (r = read_bool(item, "after", &after)) < 0 || (r = read_access(inner, &access)) < 0)
            return r;
        r = fix_add_proof(fix, &access, before, after);
        if (r >= 0)
            r = plan_add_access(&fix->plan, &access);
        access_clear(&access);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_fix(json_object *object, Fix *fix)
{
    json_object *actions = get_array(object, "actions", PLAN_ACTIONS_MAX);
    json_object *proofs = get_array(object, "proof", PLAN_ACCESSES_MAX);
    json_object *breaks = get_array(object, "breaks", EXPOSURE_GAINS_MAX);
    json_object *exposure;
    uint64_t breaks_total = 0;
    int r;

    if (!actions || !proofs || !breaks)
        return -EBADMSG;
    if ((r = read_string(object, "summary", true, &fix->summary)) < 0 ||
        (r = read_string(object, "caveat", false, &fix->caveat)) < 0 ||
        (r = read_number(object, "breaks_count", UINT32_MAX, &breaks_total)) < 0 ||
        (r = read_bool(object, "proven", &fix->proven)) < 0 ||
        (r = read_bool(object, "reversible", &fix->reversible)) < 0)
        return r;
    fix->breaks_total = breaks_total;
    for (size_t i = 0; i < json_object_array_length(actions); i++) {
        Action action = {};

        r = read_action(json_object_array_get_idx(actions, i), &action);
        if (r >= 0)
            r = plan_add_action(&fix->plan, &action);
        action_clear(&action);
        if (r < 0)
            return r;
    }
    r = read_proofs(proofs, fix);
    if (r >= 0)
        r = read_access_changes(breaks, "loses", &fix->breaks, &fix->n_breaks);
    if (r >= 0 && json_object_object_get_ex(object, "exposure", &exposure))
        r = read_exposure(exposure, &fix->exposure);
    return r;
}

static int read_refusals(json_object *array, Diagnosis *diagnosis)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *item = json_object_array_get_idx(array, i);
        _cleanup_free_ char *action = NULL, *reason = NULL;
        int r;

        if ((r = read_string(item, "action", true, &action)) < 0 ||
            (r = read_string(item, "reason", true, &reason)) < 0 ||
            (r = diagnosis_add_refusal(diagnosis, action, reason)) < 0)
            return r;
    }
    return 0;
}

static int read_place(json_object *object, ConfigPlace *place)
{
    uint64_t line = 0;
    int r;

    if ((r = read_string(object, "directive", true, &place->directive)) < 0 ||
        (r = read_string(object, "value", true, &place->value)) < 0 ||
        (r = read_string(object, "context", true, &place->context)) < 0 ||
        (r = read_string(object, "server", false, &place->server)) < 0 ||
        (r = read_string(object, "location", false, &place->location)) < 0 ||
        (r = read_string(object, "upstream", false, &place->upstream)) < 0 ||
        (r = read_string(object, "file", true, &place->file)) < 0 ||
        (r = read_number(object, "line", UINT32_MAX, &line)) < 0)
        return r;
    place->line = (unsigned)line;
    return 0;
}

static int read_places(json_object *nginx, Diagnosis *diagnosis)
{
    json_object *array = get_array(nginx, "places", DIAGNOSIS_PLACES_MAX);
    uint64_t total = 0;
    int r = array ? read_number(nginx, "places_count", UINT32_MAX, &total) : -EBADMSG;

    if (r >= 0)
        r = read_bool(nginx, "asked_for", &diagnosis->asked_for);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++)
        r = read_place(json_object_array_get_idx(array, i),
                       &diagnosis->places[diagnosis->n_places++]);
    diagnosis->places_total = total;
    return r;
}

static int read_fixes(json_object *array, Diagnosis *diagnosis)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        Fix fix = {};
        int r = read_fix(json_object_array_get_idx(array, i), &fix);

        if (r >= 0)
            r = diagnosis_add_fix(diagnosis, &fix);
        fix_clear(&fix);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_enums(json_object *object, Diagnosis *diagnosis)
{
    _cleanup_free_ char *verdict = NULL, *cause = NULL;
    int r;

    if ((r = read_string(object, "verdict", true, &verdict)) < 0 ||
        (r = read_string(object, "cause", true, &cause)) < 0)
        return r;
    if (verdict_from_string(verdict, &diagnosis->verdict) < 0 ||
        cause_from_string(cause, &diagnosis->cause) < 0)
        return -EBADMSG;
    return 0;
}

static int read_peer(json_object *object, Diagnosis *diagnosis)
{
    json_object *target;

    return json_object_object_get_ex(object, "target", &target)
               ? read_string(target, "peer_context", false, &diagnosis->peer_context)
               : 0;
}

static int read_obstacle(json_object *parent, Obstacle *obstacle)
{
    json_object *object;
    int r;

    if (!json_object_object_get_ex(parent, "permissions", &object))
        return 0;
    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    if ((r = read_string(object, "user", true, &obstacle->user)) < 0 ||
        (r = read_string(object, "path", true, &obstacle->path)) < 0 ||
        (r = read_string(object, "mode", true, &obstacle->mode)) < 0 ||
        (r = read_string(object, "missing", true, &obstacle->missing)) < 0)
        return r;
    return read_string(object, "refused_by", true, &obstacle->rule);
}

static int read_all(json_object *object, Diagnosis *diagnosis)
{
    json_object *fixes = get_array(object, "fixes", DIAGNOSIS_FIXES_MAX);
    json_object *refused = get_array(object, "refused", DIAGNOSIS_FIXES_MAX);
    json_object *withheld = get_array(object, "withheld", DIAGNOSIS_FIXES_MAX);
    _cleanup_strv_ char **notes = NULL;
    int r;

    if (!fixes || !refused)
        return -EBADMSG;
    if ((r = read_enums(object, diagnosis)) < 0 ||
        (r = read_string(object, "summary", true, &diagnosis->summary)) < 0 ||
        (r = read_peer(object, diagnosis)) < 0 ||
        (r = read_bool(object, "allowed_now", &diagnosis->allowed_now)) < 0 ||
        (r = read_bool(object, "analyzed", &diagnosis->analyzed)) < 0 ||
        (r = read_obstacle(object, &diagnosis->obstacle)) < 0 ||
        (r = read_strings(object, "notes", DIAGNOSIS_EVIDENCE_MAX, &notes)) < 0)
        return r;
    STRV_FOREACH (note, notes) {
        r = diagnosis_remember(diagnosis->notes, ELEMENTS_OF(diagnosis->notes), *note);
        if (r < 0)
            return r;
    }
    diagnosis->withheld = withheld != NULL;
    r = read_fixes(withheld ? withheld : fixes, diagnosis);
    if (r >= 0)
        r = read_places(json_get(object, "nginx"), diagnosis);
    return r < 0 ? r : read_refusals(refused, diagnosis);
}

int diagnosis_read_analysis(Diagnosis *diagnosis, json_object *object)
{
    Diagnosis *read = diagnosis_new();
    int r;

    if (!read)
        return -ENOMEM;
    r = json_object_is_type(object, json_type_object) ? read_all(object, read) : -EBADMSG;
    if (r < 0) {
        diagnosis_free(read);
        return r;
    }
    diagnosis_clear_analysis(diagnosis);
    free(diagnosis->summary);
    diagnosis->summary = TAKE_POINTER(read->summary);
    if (read->peer_context) {
        free(diagnosis->peer_context);
        diagnosis->peer_context = TAKE_POINTER(read->peer_context);
    }
    diagnosis->asked_for = read->asked_for;
    if (read->asked_for)
        diagnosis->asked_usec = diagnosis->last_seen_usec;
    diagnosis->verdict = read->verdict;
    diagnosis->cause = read->cause;
    diagnosis->allowed_now = read->allowed_now;
    diagnosis->obstacle = read->obstacle;
    read->obstacle = (Obstacle){};
    diagnosis->analyzed = read->analyzed;
    diagnosis->fixes = TAKE_POINTER(read->fixes);
    diagnosis->n_fixes = read->n_fixes;
    read->n_fixes = 0;
    diagnosis->withheld = read->withheld;
    memcpy(diagnosis->places, read->places, sizeof(diagnosis->places));
    diagnosis->n_places = read->n_places;
    diagnosis->places_total = read->places_total;
    read->n_places = 0;
    diagnosis->refusals = TAKE_POINTER(read->refusals);
    diagnosis->n_refusals = read->n_refusals;
    read->n_refusals = 0;
    memcpy(diagnosis->notes, read->notes, sizeof(diagnosis->notes));
    memset(read->notes, 0, sizeof(read->notes));
    diagnosis_free(read);
    return 0;
}
