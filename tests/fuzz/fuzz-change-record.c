/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of changes, as they lie on disk. What was read is written and read alike. */
#include <errno.h>
#include <json-c/json_tokener.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/change-record.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static char *to_text(const ChangeRecord *record)
{
    _cleanup_json_ json_object *object = NULL;
    char *text;

    require(change_record_to_json(record, &object) == 0);
    text = strdup(json_object_to_json_string(object));
    require(text != NULL);
    return text;
}

static void check_record(ChangeRecord *record)
{
    _cleanup_free_ char *text = to_text(record), *again = NULL;
    _cleanup_json_ json_object *object = json_tokener_parse(text);
    ChangeRecord *copy = NULL;

    require(record->phase < CHANGE_PHASE_COUNT && record->result && record->message &&
            record->user && record->reason && record->diagnosis_id && record->keep.user &&
            record->keep.reason && record->revert.user && record->revert.reason);
    require(record->plan.n_actions <= PLAN_ACTIONS_MAX);
    for (size_t i = 0; i < record->plan.n_actions; i++) {
        _cleanup_free_ char *state =
            action_state_to_text(&record->plan.actions[i], &record->before[i]);

        require(state != NULL);
    }
    require(object && change_record_from_json(object, &copy) == 0);
    again = to_text(copy);
    require(streq(text, again));
    change_record_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_json_ json_object *object = NULL;
    _cleanup_free_ char *text = strndup((const char *)data, size);
    ChangeRecord *record = NULL;
    int r;

    if (!text)
        return 0;
    object = json_tokener_parse(text);
    if (!object)
        return 0;
    r = change_record_from_json(object, &record);
    require(r == 0 ? record != NULL : r == -EBADMSG && !record);
    if (record)
        check_record(record);
    change_record_free(record);
    return 0;
}
