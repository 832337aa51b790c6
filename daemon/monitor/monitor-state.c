/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What survives a restart: the diagnoses, how far audit records and logs were read, and the gaps.
 *
 * A short-lived child writes it: as a copy of the monitor at that moment it can take what still
 * waits for its other half as it is, and neither its memory nor a slow disk are the monitor's.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>

#include "daemon/core/clock.h"
#include "daemon/core/diagnosis-keep.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/journal.h"
#include "daemon/monitor/monitor-internal.h"
#include "daemon/monitor/state-file.h"

/* --- writing -------------------------------------------------------------- */

static int add_line(StateWriter *writer, const char *kind, json_object *object)
{
    int r = json_add(object, "kind", json_object_new_string(kind));

    return r < 0 ? r : state_writer_add(writer, object);
}

static int write_diagnoses(const Monitor *monitor, StateWriter *writer)
{
    for (size_t i = 0; i < store_count(monitor->store); i++) {
        _cleanup_json_ json_object *object = NULL;
        int r = diagnosis_keep(store_get(monitor->store, i), &object);

        if (r >= 0)
            r = json_add(object, "changed",
                         json_object_new_boolean(store_is_changed(monitor->store, i)));
        if (r >= 0)
            r = add_line(writer, "diagnosis", object);
        if (r < 0 && r != -EFBIG) /* one that is too large is left out */
            return r;
    }
    return 0;
}

static int add_position(json_object *object, dev_t device, ino_t inode, uint64_t offset)
{
    int r = json_add(object, "device", json_object_new_uint64(device));

    if (r >= 0)
        r = json_add(object, "inode", json_object_new_uint64(inode));
    return r < 0 ? r : json_add(object, "offset", json_object_new_uint64(offset));
}

static int write_logs(const Monitor *monitor, StateWriter *writer)
{
    FollowerPosition position;
    FollowerStatus status;
    int r = 0;

    for (size_t i = 0; monitor->follower && i < follower_count(monitor->follower) && r >= 0; i++) {
        _cleanup_json_ json_object *object = json_object_new_object();

        if (follower_get_status(monitor->follower, i, &status) < 0 ||
            follower_get_position(monitor->follower, i, &position) < 0 ||
            !utf8_is_valid(status.path))
            continue;
        r = json_add(object, "path", json_object_new_string(status.path));
        if (r >= 0)
            r = add_position(object, position.device, position.inode, position.offset);
        if (r >= 0)
            r = json_add(object, "fingerprint", json_object_new_uint64(position.fingerprint));
        if (r >= 0)
            r = add_line(writer, "log", object);
    }
    return r;
}

/* Without a journal to read, what an earlier run kept holds for the next. */
static int write_journal(const Monitor *monitor, StateWriter *writer)
{
    const JournalPosition position =
        monitor->journal ? journal_log_get_position(monitor->journal)
                         : (JournalPosition){monitor->journal_since_usec, monitor->journal_cursor};
    _cleanup_json_ json_object *object = NULL;
    int r;

    if (!position.cursor && position.since_usec == 0)
        return 0;
    object = json_object_new_object();
    r = json_add(object, "since", json_object_new_uint64(position.since_usec));
    if (r >= 0 && position.cursor)
        r = json_add(object, "cursor", json_object_new_string(position.cursor));
    return r < 0 ? r : add_line(writer, "journal", object);
}

/* Of a gap that is being read. */
static uint64_t found_so_far(const Monitor *monitor, const Gap *gap)
{
    BackfillResult result = {};

    if (monitor->backfill && monitor->backfill_gap == gap->id)
        backfill_get_result(monitor->backfill, &result);
    return result.denials;
}

static int write_gaps(const Monitor *monitor, StateWriter *writer)
{
    int r = 0;

    for (size_t i = 0; i < monitor->gaps.n_gaps && r >= 0; i++) {
        const Gap *gap = &monitor->gaps.gaps[i];
        _cleanup_json_ json_object *object = json_object_new_object();
        const struct {
            const char *key;
            uint64_t value;
        } numbers[] = {{"from", gap->from_usec},
                       {"to", gap->to_usec},
                       {"lost", gap->lost},
                       {"found", gap->found + found_so_far(monitor, gap)}};

        r = json_add(object, "cause", json_object_new_string(gap_cause_to_string(gap->cause)));
        if (r >= 0)
            r = json_add(object, "state", json_object_new_string(gap_state_to_string(gap->state)));
        if (r >= 0)
            r = json_add(object, "reason", json_object_new_string(gap->reason));
        for (size_t k = 0; k < ELEMENTS_OF(numbers) && r >= 0; k++)
            r = json_add(object, numbers[k].key, json_object_new_uint64(numbers[k].value));
        if (r >= 0)
            r = add_line(writer, "gap", object);
    }
    return r;
}

static int write_checkpoint(const Monitor *monitor, StateWriter *writer)
{
    static SeenEvent events[AUDIT_SEEN_RECENT];
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *list = json_object_new_array();
    uint64_t since, drained = monitor->drained_usec;
    size_t n = seen_events_recent(pipeline_seen(monitor->pipeline), events, &since);
    int r = json_add(object, "events", list);

    /* Whatever the kernel had said by then was taken. */
    if (drained > since + AUDIT_SEEN_SPAN_USEC)
        since = drained - AUDIT_SEEN_SPAN_USEC;
    /* What was before the first run is no business of ours. */
    if (since > 0 && since < monitor->losses_since_usec)
        since = monitor->losses_since_usec;
    if (r >= 0)
        r = json_add(object, "since", json_object_new_uint64(since));
    if (r >= 0)
        r = add_position(object, monitor->log_position.device, monitor->log_position.inode,
                         monitor->log_position.offset);
    for (size_t i = 0; i < n && r >= 0; i++) {
        if (events[i].time_usec < since)
            continue;
        r = json_append(list, json_object_new_uint64(events[i].time_usec));
        if (r >= 0)
            r = json_append(list, json_object_new_uint64(events[i].serial));
    }
    return r < 0 ? r : add_line(writer, "checkpoint", object);
}

static int write_state(const Monitor *monitor)
{
    StateWriter *writer;
    int r = state_writer_new(&writer, monitor->state_path);

    if (r < 0)
        return r;
    r = write_checkpoint(monitor, writer);
    if (r >= 0)
        r = write_gaps(monitor, writer);
    if (r >= 0)
        r = write_logs(monitor, writer);
    if (r >= 0)
        r = write_journal(monitor, writer);
    if (r >= 0)
        r = write_diagnoses(monitor, writer);
    if (r >= 0)
        r = state_writer_commit(writer);
    state_writer_free(writer);
    return r;
}

static void show_result(Monitor *monitor, int error)
{
    monitor_set_problem(monitor, PROBLEM_STATE, error != 0 ? strerror(error) : NULL);
}

_Noreturn static void child_main(Monitor *monitor)
{
    int r;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "selguard-state");
    store_mute(monitor->store);
    pipeline_flush(monitor->pipeline);
    r = write_state(monitor);
    _exit(r < 0 && -r <= UINT8_MAX ? -r : r < 0 ? EIO : 0);
}

static int on_saved(sd_event_source *source _unused_, const siginfo_t *info, void *userdata)
{
    Monitor *monitor = userdata;

    monitor->saver_source = sd_event_source_disable_unref(monitor->saver_source);
    monitor->saver = 0;
    show_result(monitor, info->si_code == CLD_EXITED ? info->si_status : EIO);
    if (monitor->state_dirty) {
        monitor->state_dirty = false;
        monitor_state_changed(monitor);
    }
    return 0;
}

int monitor_on_save_due(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
    Monitor *monitor = userdata;
    pid_t pid;
    int r;

    if (monitor->saver > 0) { /* a slow disk */
        monitor->state_dirty = true;
        return 0;
    }
    /* The checkpoint is the better the less waits in the socket. */
    monitor_receive_audit(monitor);
    pid = fork();
    if (pid == 0)
        child_main(monitor);
    if (pid < 0) {
        show_result(monitor, errno);
        return 0;
    }
    monitor->saver = pid;
    monitor->saved_usec = clock_usec(CLOCK_REALTIME);
    r = sd_event_add_child(monitor->event, &monitor->saver_source, pid, WEXITED, on_saved, monitor);
    if (r < 0) {
        (void)waitpid(pid, NULL, 0);
        monitor->saver = 0;
    }
    return 0;
}

void monitor_state_changed(Monitor *monitor)
{
    int enabled = SD_EVENT_OFF;

    if (!monitor->state_path || !monitor->save_timer)
        return;
    if (sd_event_source_get_enabled(monitor->save_timer, &enabled) >= 0 && enabled != SD_EVENT_OFF)
        return;
    (void)sd_event_source_set_time_relative(monitor->save_timer, STATE_SAVE_DELAY_USEC);
    (void)sd_event_source_set_enabled(monitor->save_timer, SD_EVENT_ONESHOT);
}

void monitor_refresh_state(Monitor *monitor)
{
    uint64_t now = clock_usec(CLOCK_REALTIME);

    if (now > monitor->saved_usec + STATE_REFRESH_USEC || now < monitor->saved_usec)
        monitor_state_changed(monitor);
}

void monitor_save_last(Monitor *monitor)
{
    int r;

    if (!monitor->state_path)
        return;
    if (monitor->saver > 0) {
        monitor->saver_source = sd_event_source_disable_unref(monitor->saver_source);
        (void)waitpid(monitor->saver, NULL, 0);
        monitor->saver = 0;
    }
    monitor_receive_audit(monitor);
    pipeline_flush(monitor->pipeline);
    r = write_state(monitor);
    if (r < 0)
        journal_log(LOG_WARNING, NULL, NULL, "What was found cannot be kept: %s", strerror(-r));
}

/* --- reading -------------------------------------------------------------- */

typedef struct Loading {
    Monitor *monitor;
    unsigned int refused;
    bool have_checkpoint;
    uint64_t since_usec;
    AuditLogPosition position;
} Loading;

static int get_number(json_object *object, const char *key, uint64_t *ret_number)
{
    json_object *value = json_get(object, key);

    if (!value || !json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
        return -EBADMSG;
    *ret_number = json_object_get_uint64(value);
    return 0;
}

static int load_diagnosis(Loading *loading, json_object *object)
{
    json_object *changed = json_get(object, "changed");
    Diagnosis *diagnosis;
    int r = diagnosis_restore(object, &diagnosis);

    return r < 0 ? r
                 : store_restore(loading->monitor->store, diagnosis,
                                 changed && json_object_is_type(changed, json_type_boolean) &&
                                     json_object_get_boolean(changed));
}

static int load_log(Loading *loading, json_object *object)
{
    uint64_t device, inode, offset, fingerprint;
    FollowerPosition position;
    int r = get_number(object, "device", &device);

    if (r >= 0)
        r = get_number(object, "inode", &inode);
    if (r >= 0)
        r = get_number(object, "offset", &offset);
    if (r >= 0 && offset > INT64_MAX)
        r = -EBADMSG;
    if (r >= 0)
        r = get_number(object, "fingerprint", &fingerprint);
    if (r < 0)
        return r;
    position = (FollowerPosition){device, inode, offset, fingerprint};
    return follower_remember(loading->monitor->follower, json_get_text(object, "path"), &position);
}

static int load_journal(Loading *loading, json_object *object)
{
    Monitor *monitor = loading->monitor;
    const char *cursor = json_get_text(object, "cursor");
    int r = get_number(object, "since", &monitor->journal_since_usec);

    if (r >= 0 && strlen(cursor) > JOURNAL_CURSOR_MAX)
        r = -EBADMSG;
    return r < 0 ? r : string_replace(&monitor->journal_cursor, *cursor ? cursor : NULL);
}

static int load_gap(Loading *loading, json_object *object)
{
    Gap gap = {};
    int r = gap_cause_from_string(json_get_text(object, "cause"), &gap.cause);

    if (r >= 0)
        r = gap_state_from_string(json_get_text(object, "state"), &gap.state);
    if (r >= 0)
        r = get_number(object, "from", &gap.from_usec);
    if (r >= 0)
        r = get_number(object, "to", &gap.to_usec);
    if (r >= 0)
        r = get_number(object, "lost", &gap.lost);
    if (r >= 0)
        r = get_number(object, "found", &gap.found);
    if (r < 0 || !utf8_is_valid(json_get_text(object, "reason")))
        return -EBADMSG;
    (void)snprintf(gap.reason, sizeof(gap.reason), "%s", json_get_text(object, "reason"));
    gap_list_restore(&loading->monitor->gaps, &gap);
    return 0;
}

static int load_checkpoint(Loading *loading, json_object *object)
{
    SeenEvents *seen = pipeline_seen(loading->monitor->pipeline);
    json_object *list = json_get(object, "events");
    uint64_t device, inode, offset;
    int r = get_number(object, "since", &loading->since_usec);

    if (r >= 0)
        r = get_number(object, "device", &device);
    if (r >= 0)
        r = get_number(object, "inode", &inode);
    if (r >= 0)
        r = get_number(object, "offset", &offset);
    if (r < 0)
        return r;
    if (offset > INT64_MAX || json_length(list) > 2 * (size_t)AUDIT_SEEN_RECENT)
        return -EBADMSG;
    loading->position = (AuditLogPosition){device, inode, offset};
    loading->have_checkpoint = loading->since_usec > 0;
    /* The newest stands first. */
    for (size_t i = json_length(list) / 2; i > 0; i--)
        (void)seen_events_add(
            seen, json_object_get_uint64(json_object_array_get_idx(list, 2 * i - 2)),
            json_object_get_uint64(json_object_array_get_idx(list, 2 * i - 1)), SEEN_KEPT);
    return 0;
}

static int load_line(json_object *object, void *userdata)
{
    static const struct {
        const char *kind;
        int (*load)(Loading *loading, json_object *object);
    } kinds[] = {
        {"diagnosis", load_diagnosis},   {"log", load_log},
        {"journal", load_journal},       {"gap", load_gap},
        {"checkpoint", load_checkpoint},
    };
    Loading *loading = userdata;
    const char *kind = json_get_text(object, "kind");

    for (size_t i = 0; i < ELEMENTS_OF(kinds); i++) {
        int r;

        if (!streq(kinds[i].kind, kind))
            continue;
        r = kinds[i].load(loading, object);
        if (r == -ENOMEM)
            return r;
        loading->refused += r < 0;
        return 0;
    }
    loading->refused++;
    return 0;
}

static const char *explain(int error)
{
    return error == -EBADMSG           ? "it is damaged"
           : error == -EPROTONOSUPPORT ? "a newer version wrote it"
           : error == -EFBIG           ? "it is too large"
           : error == -EINVAL          ? "it is no regular file"
                                       : strerror(-error);
}

int monitor_load_state(Monitor *monitor)
{
    Loading loading = {.monitor = monitor};
    int r;

    /* The kernel's stamps are of whole milliseconds. */
    monitor->losses_since_usec = clock_usec(CLOCK_REALTIME) / USEC_PER_MSEC * USEC_PER_MSEC;
    if (!monitor->state_path)
        return 0;
    r = state_file_read(monitor->state_path, load_line, &loading);
    if (r == -ENOMEM)
        return r;
    if (r < 0 && r != -ENOENT) {
        int aside = state_file_set_aside(monitor->state_path);

        journal_log(LOG_WARNING, MESSAGE_STATE_REFUSED, NULL,
                    "What an earlier run found cannot be read and was set aside: %s%s%s",
                    explain(r), aside < 0 ? "; setting it aside failed: " : "",
                    aside < 0 ? strerror(-aside) : "");
    }
    if (loading.refused > 0)
        journal_log(LOG_WARNING, MESSAGE_STATE_REFUSED, NULL,
                    "Of what an earlier run found, entries that were not understood: %u",
                    loading.refused);
    if (!loading.have_checkpoint)
        return 0;
    /* Without an audit socket nothing comes, and the checkpoint holds for the next run. */
    monitor->losses_since_usec = loading.since_usec;
    monitor->drained_usec = loading.since_usec + AUDIT_SEEN_SPAN_USEC;
    monitor->log_position = loading.position;
    if (monitor->audit)
        monitor_begin_stopped_gap(monitor, loading.since_usec, &loading.position);
    return 0;
}
