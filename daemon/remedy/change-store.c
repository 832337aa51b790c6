/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/change-file.h"
#include "daemon/remedy/change-store.h"
#include "daemon/remedy/undo.h"

#define PENDING "pending"

/* --- what is not settled ------------------------------------------------ */

static bool is_pending(const ChangeRecord *record)
{
    return change_record_unfinished(record) || change_record_on_trial(record);
}

static int mark_pending(const ChangeStore *store, const char *name)
{
    _cleanup_close_ int fd =
        openat(store->pending_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    return fd < 0 || fsync(store->pending_fd) < 0 ? -errno : 0;
}

/* One that stays starts the service once more, for nothing. */
static void unmark_pending(const ChangeStore *store, const char *name)
{
    (void)unlinkat(store->pending_fd, name, 0);
}

/* --- the directory ------------------------------------------------------ */

void change_store_close(ChangeStore *store)
{
    for (size_t i = 0; i < store->n_records; i++)
        change_record_free(store->records[i]);
    free(store->records);
    strv_free(store->set_aside);
    if (store->directory_fd >= 0)
        (void)close(store->directory_fd);
    if (store->pending_fd >= 0)
        (void)close(store->pending_fd);
    *store = (ChangeStore){.directory_fd = -1, .pending_fd = -1};
}

static int records_insert(ChangeStore *store, ChangeRecord *record)
{
    ChangeRecord **grown =
        reallocarray(store->records, store->n_records + 1, sizeof(ChangeRecord *));

    if (!grown)
        return -ENOMEM;
    store->records = grown;
    store->records[store->n_records++] = record;
    if (record->id > store->last_id)
        store->last_id = record->id;
    return 0;
}

static int compare_records(const void *a, const void *b)
{
    const ChangeRecord *const *first = a;
    const ChangeRecord *const *second = b;

    return (*first)->id < (*second)->id ? -1 : (*first)->id > (*second)->id;
}

static int set_aside(ChangeStore *store, const char *name)
{
    _cleanup_free_ char *aside = format_string("%s.corrupt", name);

    if (!aside)
        return -ENOMEM;
    if (renameat(store->directory_fd, name, store->directory_fd, aside) < 0)
        return -errno;
    return strv_append(&store->set_aside, aside);
}

static int load_one(ChangeStore *store, const char *name)
{
    ChangeRecord *record = NULL;
    uint64_t id;
    int r;

    r = change_file_id(name, &id);
    if (r == -EINVAL)
        return 0;
    if (r < 0)
        return r;
    /* Its number is taken, whether or not it can be read. */
    if (id > store->last_id)
        store->last_id = id;
    r = change_file_read(store->directory_fd, name, &record);
    if (r == -ENOMEM)
        return r;
    if (r < 0 || !record || record->id != id) {
        change_record_free(record);
        return set_aside(store, name);
    }
    r = records_insert(store, record);
    if (r < 0)
        change_record_free(record);
    return r;
}

static int list_names(int directory_fd, char ***ret_names)
{
    int fd = fcntl(directory_fd, F_DUPFD_CLOEXEC, 0);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    _cleanup_strv_ char **names = NULL;
    int r = 0;

    if (!directory) {
        r = -errno;
        if (fd >= 0)
            (void)close(fd);
        return r;
    }
    rewinddir(directory);
    for (const struct dirent *entry; r >= 0 && (entry = readdir(directory));)
        r = strv_append(&names, entry->d_name);
    (void)closedir(directory);
    if (r >= 0)
        *ret_names = TAKE_POINTER(names);
    return r;
}

static int load_all(ChangeStore *store)
{
    _cleanup_strv_ char **names = NULL;
    /* First the names: setting files aside while reading the directory could show them twice. */
    int r = list_names(store->directory_fd, &names);

    STRV_FOREACH (name, r >= 0 ? names : NULL) {
        r = load_one(store, *name);
        if (r < 0)
            break;
    }
    if (r >= 0 && store->n_records > 1)
        qsort(store->records, store->n_records, sizeof(ChangeRecord *), compare_records);
    return r;
}

static int open_pending(ChangeStore *store)
{
    if (mkdirat(store->directory_fd, PENDING, 0700) < 0 && errno != EEXIST)
        return -errno;
    store->pending_fd =
        openat(store->directory_fd, PENDING, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return store->pending_fd < 0 ? -errno : 0;
}

/* Makes the marks fit the records: a crash between the two may have left one too many, and records
 * of an earlier version have none. */
static int settle_pending(const ChangeStore *store)
{
    _cleanup_strv_ char **names = NULL;
    int r = list_names(store->pending_fd, &names);

    STRV_FOREACH (name, r >= 0 ? names : NULL) {
        uint64_t id;
        bool wanted = false;

        if (change_file_id(*name, &id) < 0)
            continue;
        for (size_t i = 0; i < store->n_records && !wanted; i++)
            wanted = store->records[i]->id == id && is_pending(store->records[i]);
        if (!wanted)
            unmark_pending(store, *name);
    }
    for (size_t i = 0; r >= 0 && i < store->n_records; i++) {
        _cleanup_free_ char *name = NULL;

        if (!is_pending(store->records[i]))
            continue;
        name = change_file_name(store->records[i]->id);
        r = name ? mark_pending(store, name) : -ENOMEM;
    }
    return r;
}

int change_store_open(ChangeStore *ret_store, const char *path)
{
    _cleanup_(change_store_close) ChangeStore store = {.directory_fd = -1, .pending_fd = -1};
    struct stat status;
    int r;

    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return -errno;
    store.directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (store.directory_fd < 0)
        return -errno;
    if (fstat(store.directory_fd, &status) < 0)
        return -errno;
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    r = open_pending(&store);
    if (r >= 0)
        r = load_all(&store);
    if (r >= 0)
        r = settle_pending(&store);
    if (r < 0)
        return r;
    *ret_store = store;
    store = (ChangeStore){.directory_fd = -1, .pending_fd = -1};
    return 0;
}

static void forget_undo(const ChangeStore *store, const ChangeRecord *record)
{
    _cleanup_free_ char *id = format_string("%" PRIu64, record->id);

    if (id)
        undo_forget(store->directory_fd, id, record->plan.n_actions);
}

/* Makes room for one more. A record that is unfinished or in use stays in any case. */
static void prune(ChangeStore *store)
{
    while (store->n_records >= REMEDY_CHANGES_MAX) {
        _cleanup_free_ char *name = NULL;
        size_t victim = store->n_records;

        for (size_t i = 0; i < store->n_records && victim == store->n_records; i++)
            if (store->records[i]->pins == 0 && (store->records[i]->phase == CHANGE_FAILED ||
                                                 store->records[i]->phase == CHANGE_REVERTED))
                victim = i;
        for (size_t i = 0; i < store->n_records && victim == store->n_records; i++)
            if (store->records[i]->pins == 0 && store->records[i]->phase == CHANGE_APPLIED)
                victim = i;
        if (victim == store->n_records)
            return;
        name = change_file_name(store->records[victim]->id);
        if (!name || unlinkat(store->directory_fd, name, 0) < 0)
            return;
        forget_undo(store, store->records[victim]);
        change_record_free(store->records[victim]);
        memmove(&store->records[victim], &store->records[victim + 1],
                (store->n_records - victim - 1) * sizeof(ChangeRecord *));
        store->n_records--;
    }
}

int change_store_add(ChangeStore *store, ChangeRecord *record)
{
    int r;

    prune(store);
    record->id = store->last_id + 1;
    r = change_store_update(store, record);
    if (r < 0)
        return r;
    /* The file is there: the number is used up even if memory fails now. */
    store->last_id = record->id;
    return records_insert(store, record);
}

int change_store_update(ChangeStore *store, const ChangeRecord *record)
{
    _cleanup_free_ char *name = change_file_name(record->id);
    int r = name ? 0 : -ENOMEM;

    if (r >= 0 && is_pending(record))
        r = mark_pending(store, name);
    if (r >= 0)
        r = change_file_write(store->directory_fd, record);
    if (r >= 0 && !is_pending(record))
        unmark_pending(store, name);
    return r;
}

ChangeRecord *change_store_find(const ChangeStore *store, const char *id)
{
    uint64_t number;

    if (parse_number(id, 1, INT64_MAX, &number) < 0)
        return NULL;
    for (size_t i = 0; i < store->n_records; i++)
        if (store->records[i]->id == number)
            return store->records[i];
    return NULL;
}

int change_store_can_revert(const ChangeStore *store, const ChangeRecord *record, char **ret_why)
{
    char *why = NULL;
    int r;

    if (record->phase != CHANGE_APPLIED)
        why = format_string("Change %" PRIu64 " is %s; only an applied one can be reverted.",
                            record->id, change_phase_to_string(record->phase));
    for (size_t i = store->n_records; i > 0 && record->phase == CHANGE_APPLIED && !why; i--) {
        const ChangeRecord *later = store->records[i - 1];
        _cleanup_free_ char *key = NULL;

        if (later->id <= record->id || !change_record_in_force(later))
            continue;
        r = plan_common_object(&record->plan, &later->plan, &key);
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        why = format_string("Change %" PRIu64 " came later and touched the same %s: revert that "
                            "one first.",
                            later->id, key);
        if (!why)
            return -ENOMEM;
    }
    if (record->phase == CHANGE_APPLIED && !why)
        return 0;
    if (!why)
        return -ENOMEM;
    *ret_why = why;
    return -EPERM;
}

int change_store_can_keep(const ChangeRecord *record, char **ret_why)
{
    TrialClock clock = {};
    char *why;

    if (record->phase == CHANGE_APPLIED && trial_is_open(&record->trial) &&
        trial_clock_read(&clock) >= 0 && trial_remaining_usec(&record->trial, &clock) > 0)
        return 0;
    why = format_string("Change %" PRIu64 " is no trial in force.", record->id);
    if (!why)
        return -ENOMEM;
    *ret_why = why;
    return -EPERM;
}

const ChangeRecord *change_store_conflict(const ChangeStore *store, const Plan *plan)
{
    for (size_t i = 0; i < store->n_records; i++)
        if (is_pending(store->records[i]) &&
            plan_common_object(&store->records[i]->plan, plan, NULL) != 0)
            return store->records[i];
    return NULL;
}
