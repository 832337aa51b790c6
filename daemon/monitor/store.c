/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/store.h"

#include <errno.h>

#include "daemon/core/diagnosis-json.h"
#include "daemon/core/macro.h"
#include "daemon/diagnose/incident.h"
#include "daemon/diagnose/peer.h"
#include "daemon/diagnose/summary.h"

typedef struct Entry {
    Diagnosis *diagnosis;
    bool unanalyzed;
    bool changed;          /* a change was made for it that no analysis has judged yet */
    uint64_t checked_usec; /* when store_recheck() marked it last */
} Entry;

typedef struct Signature {
    uint64_t content; /* of the denial; 0: unused */
    char id[DIAGNOSIS_ID_SIZE];
} Signature;

struct Store {
    Entry entries[DIAGNOSES_MAX]; /* oldest first */
    size_t n_entries;
    size_t last_hit; /* storms ask for the same one again and again */
    Signature signatures[STORE_SIGNATURES];
    StoreObserver observer;
    StoreStatistics statistics;
};

int store_new(Store **ret_store, const StoreObserver *observer)
{
    Store *store = calloc(1, sizeof(*store));

    if (!store)
        return -ENOMEM;
    if (observer)
        store->observer = *observer;
    *ret_store = store;
    return 0;
}

Store *store_free(Store *store)
{
    if (!store)
        return NULL;
    for (size_t i = 0; i < store->n_entries; i++)
        diagnosis_free(store->entries[i].diagnosis);
    free(store);
    return NULL;
}

int store_restore(Store *store, Diagnosis *diagnosis, bool changed)
{
    int r = store_find(store, diagnosis->id)    ? -EEXIST
            : store->n_entries == DIAGNOSES_MAX ? -E2BIG
                                                : 0;

    if (r < 0) {
        diagnosis_free(diagnosis);
        return r;
    }
    store->entries[store->n_entries++] =
        (Entry){.diagnosis = diagnosis, .unanalyzed = true, .changed = changed};
    return 0;
}

bool store_is_changed(const Store *store, size_t index)
{
    return index < store->n_entries && store->entries[index].changed;
}

void store_mute(Store *store)
{
    store->observer = (StoreObserver){};
}

static void notify_changed(Store *store, Entry *entry)
{
    if (store->observer.changed)
        store->observer.changed(entry->diagnosis, store->observer.userdata);
}

static void set_state(Store *store, Entry *entry, DiagnosisState state)
{
    DiagnosisState before = entry->diagnosis->state;

    entry->diagnosis->state = state;
    if (state != before && store->observer.moved)
        store->observer.moved(entry->diagnosis, before, store->observer.userdata);
}

static Entry *find_entry(Store *store, const char *id)
{
    if (store->last_hit < store->n_entries &&
        streq(store->entries[store->last_hit].diagnosis->id, id))
        return &store->entries[store->last_hit];
    for (size_t i = 0; i < store->n_entries; i++) {
        if (streq(store->entries[i].diagnosis->id, id)) {
            store->last_hit = i;
            return &store->entries[i];
        }
    }
    return NULL;
}

static void remove_entry(Store *store, Entry *entry)
{
    size_t index = (size_t)(entry - store->entries);

    if (store->observer.removed)
        store->observer.removed(entry->diagnosis, store->observer.userdata);
    diagnosis_free(entry->diagnosis);
    store->n_entries--;
    memmove(entry, entry + 1, (store->n_entries - index) * sizeof(*entry));
}

static unsigned eviction_rank(const Diagnosis *diagnosis)
{
    switch (diagnosis->state) {
    case DIAGNOSIS_DISMISSED:
        return 0;
    case DIAGNOSIS_RESOLVED:
    case DIAGNOSIS_VERIFIED:
        return 1;
    default:
        return 2;
    }
}

/* What is settled goes first, and what was not seen for longest. */
static void evict_one(Store *store)
{
    Entry *victim = &store->entries[0];

    for (size_t i = 1; i < store->n_entries; i++) {
        Entry *entry = &store->entries[i];
        unsigned rank = eviction_rank(entry->diagnosis);
        unsigned victim_rank = eviction_rank(victim->diagnosis);

        if (rank < victim_rank || (rank == victim_rank && entry->diagnosis->last_seen_usec <
                                                              victim->diagnosis->last_seen_usec))
            victim = entry;
    }
    store->statistics.evicted++;
    remove_entry(store, victim);
}

/* Either half of a socket's story may come first. */
static void share_peers(Store *store, Entry *newest)
{
    for (size_t i = 0; i < store->n_entries; i++) {
        Entry *entry = &store->entries[i];

        (void)diagnosis_learn_peer(newest->diagnosis, entry->diagnosis);
        if (diagnosis_learn_peer(entry->diagnosis, newest->diagnosis) > 0) {
            entry->unanalyzed = true;
            notify_changed(store, entry);
        }
    }
}

static int add_entry(Store *store, const Incident *incident)
{
    Diagnosis *diagnosis;
    int r = incident_to_diagnosis(incident, &diagnosis);

    if (r < 0)
        return r;
    if (store->n_entries == DIAGNOSES_MAX)
        evict_one(store);
    store->last_hit = store->n_entries;
    store->entries[store->n_entries++] = (Entry){.diagnosis = diagnosis, .unanalyzed = true};
    if (diagnosis->target_kind == TARGET_SOCKET)
        share_peers(store, &store->entries[store->n_entries - 1]);
    if (store->observer.added)
        store->observer.added(diagnosis, store->observer.userdata);
    return 0;
}

/* In a storm the two halves of an operation may miss each other; then a failure without its
 * denial is no second problem. */
static Entry *find_explanation(Store *store, const Failure *failure)
{
    for (size_t i = 0; i < store->n_entries; i++)
        if (diagnosis_explains_failure(store->entries[i].diagnosis, failure))
            return &store->entries[i];
    return NULL;
}

/* A failure that was reported alone turns out to have a denial: it is no problem of its own. */
static void retract_failure(Store *store, const Failure *failure)
{
    const Incident alone = {.failure = failure};
    char id[DIAGNOSIS_ID_SIZE];
    Entry *entry;

    incident_signature(&alone, id);
    entry = find_entry(store, id);
    if (!entry)
        return;
    if (--entry->diagnosis->count == 0)
        remove_entry(store, entry);
    else
        notify_changed(store, entry);
}

/* A denial that was reported without its path: with it, it may be another problem. Whether it is
 * taken back, and so not counted any more. */
static bool retract_denial(Store *store, const Incident *incident)
{
    const Incident alone = {.denial = incident->denial};
    char before[DIAGNOSIS_ID_SIZE], id[DIAGNOSIS_ID_SIZE];
    Entry *entry;

    incident_signature(&alone, before);
    incident_signature(incident, id);
    if (streq(before, id))
        return false;
    entry = find_entry(store, before);
    if (!entry)
        return false;
    if (--entry->diagnosis->count == 0)
        remove_entry(store, entry);
    else
        notify_changed(store, entry);
    return true;
}

static Entry *find_of_denial(Store *store, const Denial *denial)
{
    for (size_t i = store->n_entries; i-- > 0;)
        if (diagnosis_explains_denial(store->entries[i].diagnosis, denial))
            return &store->entries[i];
    return NULL;
}

/* incident_signature(), once for denials of the same content. */
static void sign(Store *store, const Incident *incident, char ret_id[DIAGNOSIS_ID_SIZE])
{
    const uint64_t content = incident->denial && incident_signature_is_of_denial(incident)
                                 ? incident->denial->content
                                 : 0;
    Signature *known = &store->signatures[content % STORE_SIGNATURES];

    if (content == 0) {
        incident_signature(incident, ret_id);
        return;
    }
    if (known->content != content) {
        incident_signature(incident, known->id);
        known->content = content;
    }
    memcpy(ret_id, known->id, DIAGNOSIS_ID_SIZE);
}

static void reopen(Store *store, Entry *entry)
{
    switch (entry->diagnosis->state) {
    case DIAGNOSIS_APPLIED:
    case DIAGNOSIS_VERIFIED:
    case DIAGNOSIS_RESOLVED:
        set_state(store, entry, DIAGNOSIS_RECURRED);
        entry->changed = false;
        entry->unanalyzed = true;
        break;
    default:
        break;
    }
}

static int fold(Store *store, const Incident *given)
{
    Incident whole = *given;
    const Incident *incident = &whole;
    char id[DIAGNOSIS_ID_SIZE];
    Entry *entry;
    int r;

    if (incident->denial_reported && retract_denial(store, incident))
        whole.denial_reported = false;

    if (incident->failure_reported)
        retract_failure(store, incident->failure);
    if (!incident->denial) {
        entry = find_explanation(store, incident->failure);
        if (entry) {
            r = diagnosis_add_context(entry->diagnosis, incident->failure);
            notify_changed(store, entry);
            return r;
        }
    }
    sign(store, incident, id);
    entry = find_entry(store, id);
    if (!entry && !incident->failure)
        entry = find_of_denial(store, incident->denial);
    if (!entry) {
        whole.denial_reported = false; /* wherever it was counted */
        return add_entry(store, incident);
    }
    r = diagnosis_fold_incident(entry->diagnosis, incident);
    if (!incident->denial_reported)
        reopen(store, entry);
    notify_changed(store, entry);
    return r;
}

int store_take_incident(Store *store, const Incident *incident)
{
    int r;

    store->statistics.incidents++;
    if (!incident_is_relevant(incident)) {
        store->statistics.irrelevant++;
        return 0;
    }
    r = fold(store, incident);
    if (r < 0)
        store->statistics.dropped++;
    return r;
}

bool store_has_unanalyzed(const Store *store)
{
    for (size_t i = 0; i < store->n_entries; i++)
        if (store->entries[i].unanalyzed)
            return true;
    return false;
}

size_t store_count_unanalyzed(const Store *store)
{
    size_t n = 0;

    for (size_t i = 0; i < store->n_entries; i++)
        n += store->entries[i].unanalyzed;
    return n;
}

size_t store_count_unanswered(const Store *store)
{
    size_t n = 0;

    for (size_t i = 0; i < store->n_entries; i++)
        n += store->entries[i].unanalyzed && !store->entries[i].diagnosis->analyzed;
    return n;
}

static bool comes_before(const Diagnosis *a, const Diagnosis *b)
{
    if (a->analyzed != b->analyzed)
        return !a->analyzed;
    return a->analyzed && a->last_seen_usec > b->last_seen_usec;
}

Diagnosis *store_next_unanalyzed(Store *store)
{
    Entry *next = NULL;

    for (size_t i = 0; i < store->n_entries; i++) {
        Entry *entry = &store->entries[i];

        if (entry->unanalyzed && (!next || comes_before(entry->diagnosis, next->diagnosis)))
            next = entry;
    }
    if (!next)
        return NULL;
    next->unanalyzed = false;
    return next->diagnosis;
}

static void judge(Store *store, Entry *entry)
{
    const Diagnosis *diagnosis = entry->diagnosis;

    if (diagnosis->state == DIAGNOSIS_DISMISSED)
        return;
    if (!diagnosis->have_access && diagnosis->verdict != VERDICT_BLOCKED_BY_PERMISSIONS)
        return;
    if (diagnosis->allowed_now) {
        if (entry->changed)
            set_state(store, entry, DIAGNOSIS_VERIFIED);
        else if (diagnosis->state != DIAGNOSIS_VERIFIED)
            set_state(store, entry, DIAGNOSIS_RESOLVED);
        return;
    }
    if (diagnosis->state == DIAGNOSIS_VERIFIED || diagnosis->state == DIAGNOSIS_RESOLVED) {
        set_state(store, entry, DIAGNOSIS_OPEN);
        entry->changed = false;
    }
}

int store_take_analysis(Store *store, const char *id, json_object *analysis)
{
    Entry *entry = find_entry(store, id);
    int r;

    if (!entry)
        return -ENOENT;
    r = diagnosis_read_analysis(entry->diagnosis, analysis);
    if (r < 0)
        return r;
    judge(store, entry);
    notify_changed(store, entry);
    return 0;
}

void store_invalidate(Store *store)
{
    for (size_t i = 0; i < store->n_entries; i++)
        store->entries[i].unanalyzed = true;
}

/* Kept out by file modes, which nobody announces a change of. */
static bool is_kept_out(const Diagnosis *diagnosis)
{
    return diagnosis->verdict == VERDICT_BLOCKED_BY_PERMISSIONS && !diagnosis->have_access &&
           (diagnosis->state == DIAGNOSIS_OPEN || diagnosis->state == DIAGNOSIS_RECURRED);
}

bool store_recheck(Store *store, uint64_t now_usec)
{
    bool any = false;

    for (size_t i = 0; i < store->n_entries; i++) {
        Entry *entry = &store->entries[i];
        const uint64_t seen_usec = entry->diagnosis->last_seen_usec;
        const uint64_t age_usec = now_usec > seen_usec ? now_usec - seen_usec : 0;
        uint64_t pause_usec = age_usec / STORE_RECHECK_FRACTION;

        if (pause_usec < STORE_RECHECK_USEC)
            pause_usec = STORE_RECHECK_USEC;
        if (!is_kept_out(entry->diagnosis))
            continue;
        /* A clock that was set back asks at once. */
        if (now_usec >= entry->checked_usec && now_usec - entry->checked_usec < pause_usec)
            continue;
        entry->checked_usec = now_usec;
        entry->unanalyzed = any = true;
    }
    return any;
}

int store_take_change(Store *store, const char *id, StoreChange change)
{
    Entry *entry = find_entry(store, id);

    if (!entry)
        return -ENOENT;
    entry->changed = change == STORE_CHANGE_APPLIED;
    set_state(store, entry, change == STORE_CHANGE_APPLIED ? DIAGNOSIS_APPLIED : DIAGNOSIS_OPEN);
    entry->unanalyzed = true;
    notify_changed(store, entry);
    return 0;
}

int store_dismiss(Store *store, const char *id)
{
    Entry *entry = find_entry(store, id);

    if (!entry)
        return -ENOENT;
    set_state(store, entry, DIAGNOSIS_DISMISSED);
    notify_changed(store, entry);
    return 0;
}

size_t store_count(const Store *store)
{
    return store->n_entries;
}

Diagnosis *store_get(const Store *store, size_t index)
{
    return index < store->n_entries ? store->entries[index].diagnosis : NULL;
}

Diagnosis *store_find(const Store *store, const char *id)
{
    for (size_t i = 0; i < store->n_entries; i++)
        if (streq(store->entries[i].diagnosis->id, id))
            return store->entries[i].diagnosis;
    return NULL;
}

const StoreStatistics *store_statistics(const Store *store)
{
    return &store->statistics;
}
