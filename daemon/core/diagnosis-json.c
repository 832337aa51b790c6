/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/diagnosis-json.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* json-c reports nothing but memory exhaustion, as NULL or a negative result. The helpers
 * below fold that into one flag, so that the building code reads as the format does. */
typedef struct Builder {
    bool failed;
} Builder;

static json_object *add(Builder *builder, json_object *parent, const char *key, json_object *value)
{
    if (!value || (parent && json_object_object_add(parent, key, value) < 0)) {
        json_object_put(value);
        builder->failed = true;
        return NULL;
    }
    return value;
}

static void add_string(Builder *builder, json_object *parent, const char *key, const char *text)
{
    if (text)
        add(builder, parent, key, json_object_new_string(text));
}

static void add_number(Builder *builder, json_object *parent, const char *key, uint64_t number)
{
    add(builder, parent, key, json_object_new_uint64(number));
}

static void add_bool(Builder *builder, json_object *parent, const char *key, bool value)
{
    add(builder, parent, key, json_object_new_boolean(value));
}

static void append(Builder *builder, json_object *array, json_object *value)
{
    if (!array || !value || json_object_array_add(array, value) < 0) {
        json_object_put(value);
        builder->failed = true;
    }
}

static void add_strings(Builder *builder, json_object *parent, const char *key, char *const *list,
                        size_t size)
{
    json_object *array = add(builder, parent, key, json_object_new_array());

    for (size_t i = 0; i < size && list[i]; i++)
        append(builder, array, json_object_new_string(list[i]));
}

static void add_words(Builder *builder, json_object *parent, const char *key, const char *text)
{
    _cleanup_strv_ char **words = strv_split(strempty(text), " ");

    if (words)
        add_strings(builder, parent, key, words, SIZE_MAX);
    else
        builder->failed = true;
}

static void add_type(Builder *builder, json_object *parent, const char *key, const char *context)
{
    size_t length;
    const char *type = context_type(context, &length);

    if (type)
        add(builder, parent, key, json_object_new_string_len(type, (int)length));
}

static json_object *access_to_json(Builder *builder, const Access *access)
{
    json_object *object = json_object_new_object();

    if (!object) {
        builder->failed = true;
        return NULL;
    }
    add_type(builder, object, "source_type", access->source_context);
    add_type(builder, object, "target_type", access->target_context);
    add_string(builder, object, "class", access->target_class);
    add_words(builder, object, "permissions", access->permissions);
    add_string(builder, object, "source_context", access->source_context);
    add_string(builder, object, "target_context", access->target_context);
    return object;
}

static json_object *action_to_json(Builder *builder, const Action *action)
{
    json_object *object = json_object_new_object();

    add_string(builder, object, "kind", action_kind_to_string(action->kind));
    switch (action->kind) {
    case ACTION_SET_BOOLEAN:
        add_string(builder, object, "name", action->name);
        add_bool(builder, object, "value", action->value);
        break;
    case ACTION_SET_PORT:
        add_string(builder, object, "protocol", action->protocol);
        add_number(builder, object, "low", action->low);
        add_number(builder, object, "high", action->high);
        add_string(builder, object, "type", action->type);
        break;
    case ACTION_SET_FILE_CONTEXT:
        add_string(builder, object, "regex", action->regex);
        add_string(builder, object, "file_type", action->file_type);
        add_string(builder, object, "type", action->type);
        break;
    case ACTION_RELABEL:
        add_string(builder, object, "path", action->path);
        add_bool(builder, object, "recursive", action->recursive);
        break;
    case ACTION_INSTALL_MODULE:
        add_string(builder, object, "name", action->name);
        add_string(builder, object, "cil", action->cil);
        break;
    case ACTION_ADVISE:
        add_string(builder, object, "text", action->text);
        add_strings(builder, object, "commands", action->commands, strv_length(action->commands));
        break;
    case ACTION_RELOAD_NGINX:
    case ACTION_KIND_COUNT:
        break;
    }
    return object;
}

static json_object *access_change_to_json(Builder *builder, const AccessChange *change)
{
    json_object *object = json_object_new_object();

    add_string(builder, object, "domain", change->domain);
    add_string(builder, object, "target_type", change->target_type);
    add_string(builder, object, "class", change->target_class);
    add_words(builder, object, "permissions", change->permissions);
    return object;
}

static void add_exposure(Builder *builder, json_object *parent, const Exposure *exposure)
{
    json_object *object, *ports, *gains;

    if (!exposure->known) {
        add_string(builder, parent, "exposure_unknown", "it was not computed");
        return;
    }
    object = add(builder, parent, "exposure", json_object_new_object());
    add_strings(builder, object, "domains", exposure->domains, strv_length(exposure->domains));
    add_number(builder, object, "domains_count", exposure->n_domains);
    add_strings(builder, object, "types", exposure->types, strv_length(exposure->types));
    add_number(builder, object, "types_count", exposure->n_types);
    ports = add(builder, object, "ports", json_object_new_array());
    for (size_t i = 0; i < exposure->n_ports; i++) {
        const PortRange *range = &exposure->ports[i];
        char text[16];

        if (range->low == range->high)
            (void)snprintf(text, sizeof(text), "%u", range->low);
        else
            (void)snprintf(text, sizeof(text), "%u-%u", range->low, range->high);
        append(builder, ports, json_object_new_string(text));
    }
    add_number(builder, object, "ports_count", exposure->ports_count);
    gains = add(builder, object, "gains", json_object_new_array());
    for (size_t i = 0; i < exposure->n_gains; i++)
        append(builder, gains, access_change_to_json(builder, &exposure->gains[i]));
    add_number(builder, object, "gains_count", exposure->gains_total);
}

static json_object *fix_to_json(Builder *builder, const Fix *fix, size_t rank)
{
    json_object *object = json_object_new_object(), *actions, *commands, *proofs, *breaks;

    add_number(builder, object, "rank", rank);
    add_string(builder, object, "summary", fix->summary);
    actions = add(builder, object, "actions", json_object_new_array());
    commands = add(builder, object, "commands", json_object_new_array());
    for (size_t i = 0; i < fix->plan.n_actions; i++) {
        _cleanup_free_ char *command = action_to_command(&fix->plan.actions[i]);

        append(builder, actions, action_to_json(builder, &fix->plan.actions[i]));
        append(builder, commands, command ? json_object_new_string(command) : NULL);
    }
    proofs = add(builder, object, "proof", json_object_new_array());
    for (size_t i = 0; i < fix->n_proofs; i++) {
        json_object *proof = json_object_new_object();

        add(builder, proof, "access", access_to_json(builder, &fix->proofs[i].access));
        add_bool(builder, proof, "before", fix->proofs[i].before);
        add_bool(builder, proof, "after", fix->proofs[i].after);
        append(builder, proofs, proof);
    }
    add_bool(builder, object, "proven", fix->proven);
    add_string(builder, object, "caveat", fix->caveat);
    add_exposure(builder, object, &fix->exposure);
    breaks = add(builder, object, "breaks", json_object_new_array());
    for (size_t i = 0; i < fix->n_breaks; i++) {
        json_object *broken = json_object_new_object();

        add_string(builder, broken, "domain", fix->breaks[i].domain);
        add(builder, broken, "loses", access_change_to_json(builder, &fix->breaks[i]));
        append(builder, breaks, broken);
    }
    add_number(builder, object, "breaks_count", fix->breaks_total);
    add_bool(builder, object, "reversible", fix->reversible);
    return object;
}

void timestamp_format(uint64_t time_usec, char ret_text[TIMESTAMP_SIZE])
{
    time_t seconds = (time_t)(time_usec / USEC_PER_SEC);
    struct tm tm;
    size_t length;

    if (!gmtime_r(&seconds, &tm)) {
        ret_text[0] = '\0';
        return;
    }
    length = strftime(ret_text, TIMESTAMP_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(ret_text + length, TIMESTAMP_SIZE - length, ".%03uZ",
                   (unsigned)(time_usec % USEC_PER_SEC / USEC_PER_MSEC));
}

static void add_time(Builder *builder, json_object *parent, const char *key, uint64_t time_usec)
{
    char text[TIMESTAMP_SIZE];

    timestamp_format(time_usec, text);
    add_string(builder, parent, key, text);
}

static void add_newest(Builder *builder, json_object *parent, const char *key, char *const *list,
                       size_t size)
{
    size_t used = 0;

    while (used < size && list[used])
        used++;
    if (used > 0)
        add_string(builder, parent, key, list[used - 1]);
}

static void add_target(Builder *builder, json_object *parent, const Diagnosis *diagnosis)
{
    json_object *target = add(builder, parent, "target", json_object_new_object());

    add_string(builder, target, "kind", target_kind_to_string(diagnosis->target_kind));
    if (diagnosis->port >= 0)
        add_number(builder, target, "port", (uint64_t)diagnosis->port);
    add_string(builder, target, "protocol", diagnosis->protocol);
    add_string(builder, target, "path", diagnosis->path);
    if (diagnosis->path)
        add_bool(builder, target, "path_from_log", diagnosis->path_from_log);
    add_string(builder, target, "peer_context", diagnosis->peer_context);
    if (diagnosis->ioctl_command > 0)
        add_number(builder, target, "ioctl_command", (uint64_t)diagnosis->ioctl_command);
}

static void add_places(Builder *builder, json_object *nginx, const Diagnosis *diagnosis)
{
    json_object *places = add(builder, nginx, "places", json_object_new_array());

    for (size_t i = 0; i < diagnosis->n_places; i++) {
        const ConfigPlace *place = &diagnosis->places[i];
        json_object *object = json_object_new_object();

        add_string(builder, object, "directive", place->directive);
        add_string(builder, object, "value", place->value);
        add_string(builder, object, "context", place->context);
        add_string(builder, object, "server", place->server);
        add_string(builder, object, "location", place->location);
        add_string(builder, object, "upstream", place->upstream);
        add_string(builder, object, "file", place->file);
        add_number(builder, object, "line", place->line);
        append(builder, places, object);
    }
    add_number(builder, nginx, "places_count", diagnosis->places_total);
}

static void add_nginx(Builder *builder, json_object *parent, const Diagnosis *diagnosis)
{
    json_object *nginx = add(builder, parent, "nginx", json_object_new_object());
    const struct {
        const char *newest, *all;
        char *const *list;
    } context[] = {
        {"server", "servers", diagnosis->servers},
        {"host", "hosts", diagnosis->hosts},
        {"request", "requests", diagnosis->requests},
        {"upstream", "upstreams", diagnosis->upstreams},
    };

    for (size_t i = 0; i < ELEMENTS_OF(context); i++) {
        add_newest(builder, nginx, context[i].newest, context[i].list, DIAGNOSIS_REQUESTS_MAX);
        add_strings(builder, nginx, context[i].all, context[i].list, DIAGNOSIS_REQUESTS_MAX);
    }
    add_strings(builder, nginx, "lines", diagnosis->lines, ELEMENTS_OF(diagnosis->lines));
    add_places(builder, nginx, diagnosis);
    add_bool(builder, nginx, "asked_for", diagnosis->asked_for);
    add_bool(builder, nginx, "ambiguous", diagnosis->ambiguous);
    add_string(builder, nginx, "disagreement", diagnosis->disagreement);
}

static void add_obstacle(Builder *builder, json_object *parent, const Obstacle *obstacle)
{
    json_object *object;

    if (!obstacle->path)
        return;
    object = add(builder, parent, "permissions", json_object_new_object());
    add_string(builder, object, "user", obstacle->user);
    add_string(builder, object, "path", obstacle->path);
    add_string(builder, object, "mode", obstacle->mode);
    add_string(builder, object, "missing", obstacle->missing);
    add_string(builder, object, "refused_by", obstacle->rule);
}

int diagnosis_to_json(const Diagnosis *diagnosis, json_object **ret_object)
{
    Builder builder = {};
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *fixes, *refused;

    if (!object)
        return -ENOMEM;
    add_string(&builder, object, "id", diagnosis->id);
    add_string(&builder, object, "verdict", verdict_to_string(diagnosis->verdict));
    add_string(&builder, object, "cause", cause_to_string(diagnosis->cause));
    add_string(&builder, object, "state", diagnosis_state_to_string(diagnosis->state));
    add_string(&builder, object, "summary", strempty(diagnosis->summary));
    add_number(&builder, object, "count", diagnosis->count);
    add_time(&builder, object, "first_seen", diagnosis->first_seen_usec);
    add_time(&builder, object, "last_seen", diagnosis->last_seen_usec);
    add_bool(&builder, object, "permissive", diagnosis->permissive);
    add_bool(&builder, object, "analyzed", diagnosis->analyzed);
    add_bool(&builder, object, "allowed_now", diagnosis->allowed_now);
    add_string(&builder, object, "program", diagnosis->program);
    add_string(&builder, object, "exe", diagnosis->exe);
    if (diagnosis->have_access)
        add(&builder, object, "access", access_to_json(&builder, &diagnosis->access));
    if (diagnosis->operation) {
        json_object *failure = add(&builder, object, "failure", json_object_new_object());

        add_string(&builder, failure, "operation", diagnosis->operation);
        add_number(&builder, failure, "errno", (uint64_t)diagnosis->error);
    }
    add_target(&builder, object, diagnosis);
    add_nginx(&builder, object, diagnosis);
    add_obstacle(&builder, object, &diagnosis->obstacle);
    fixes = add(&builder, object, "fixes", json_object_new_array());
    if (diagnosis->withheld)
        fixes = add(&builder, object, "withheld", json_object_new_array());
    for (size_t i = 0; i < diagnosis->n_fixes; i++)
        append(&builder, fixes, fix_to_json(&builder, &diagnosis->fixes[i], i + 1));
    refused = add(&builder, object, "refused", json_object_new_array());
    for (size_t i = 0; i < diagnosis->n_refusals; i++) {
        json_object *refusal = json_object_new_object();

        add_string(&builder, refusal, "action", diagnosis->refusals[i].action);
        add_string(&builder, refusal, "reason", diagnosis->refusals[i].reason);
        append(&builder, refused, refusal);
    }
    add_strings(&builder, object, "notes", diagnosis->notes, ELEMENTS_OF(diagnosis->notes));
    add_strings(&builder, object, "evidence", diagnosis->evidence,
                ELEMENTS_OF(diagnosis->evidence));

    if (builder.failed)
        return -ENOMEM;
    *ret_object = TAKE_POINTER(object);
    return 0;
}

int diagnosis_json_force(json_object *object, bool force)
{
    json_object *withheld = json_get(object, "withheld");
    int r = 0;

    if (!withheld)
        return 0;
    if (force) {
        r = json_add(object, "fixes", json_object_get(withheld));
        if (r >= 0)
            r = json_add(object, "forced", json_object_new_boolean(true));
    }
    json_object_object_del(object, "withheld");
    return r;
}
