/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ring of batches, one for each step of the reader. Over a pair of sockets go single bytes: to
 * this process one for each batch that was filled, back one for each that may be filled again. The
 * memory has the same address in both, so that the failures' strings need no translation.
 */
#include "daemon/monitor/lines-ahead.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/core/failure.h"
#include "daemon/core/limits.h"

#define BATCHES 4u
/* What a step of the reader makes at most, or nearly: a line of a failure has 80 bytes and more,
 * and its texts are at most the line twice. A batch that is full is handed over before its step is
 * at its end. */
#define BATCH_FAILURES 1024u
#define BATCH_TEXT     (4u * LINE_READER_STEP)

typedef struct Batch {
    Failure failures[BATCH_FAILURES];
    size_t n_failures;
    char text[BATCH_TEXT];
    size_t used;
    uint64_t lines, lines_skipped;
    PipelineStatistics parsed;
    int result; /* of line_reader_step() */
} Batch;

struct LinesAhead {
    pid_t pid;
    int fd;
    Batch *batches;
    size_t next;
};

/* --- in the child ------------------------------------------------------- */

typedef struct Filler {
    int fd;
    Batch *batches;
    size_t n_filled, n_free; /* batches, since the beginning; that may be filled now */
    Pipeline *pipeline;
    PipelineStatistics before;
    const char *path;
} Filler;

static Batch *current(const Filler *filler)
{
    return &filler->batches[filler->n_filled % BATCHES];
}

/* The reader of the batches is gone when nothing can be sent to it or heard of it. */
static void begin_batch(Filler *filler)
{
    Batch *batch = current(filler);
    char byte;

    if (filler->n_free == 0) {
        if (read(filler->fd, &byte, 1) != 1)
            _exit(EXIT_FAILURE);
        filler->n_free++;
    }
    batch->n_failures = batch->used = 0;
    batch->lines = batch->lines_skipped = 0;
    filler->before = *pipeline_statistics(filler->pipeline);
}

static void end_batch(Filler *filler, int result)
{
    const PipelineStatistics *after = pipeline_statistics(filler->pipeline);
    const PipelineStatistics *before = &filler->before;
    Batch *batch = current(filler);

    batch->result = result;
    batch->parsed = (PipelineStatistics){
        .lines = after->lines - before->lines,
        .failures = after->failures - before->failures,
        .foreign = after->foreign - before->foreign,
        .open_evicted = after->open_evicted - before->open_evicted,
    };
    if (send(filler->fd, "", 1, MSG_NOSIGNAL) != 1)
        _exit(EXIT_FAILURE);
    filler->n_filled++;
    filler->n_free--;
}

static bool put_failure(Batch *batch, const Failure *failure)
{
    size_t used;

    if (batch->n_failures == BATCH_FAILURES ||
        !failure_copy_into(failure, &batch->failures[batch->n_failures], batch->text + batch->used,
                           sizeof(batch->text) - batch->used, &used))
        return false;
    batch->used += used;
    batch->n_failures++;
    return true;
}

static void parse_line(const char *line, size_t length, bool too_long, void *userdata)
{
    Filler *filler = userdata;
    Failure failure;

    current(filler)->lines++;
    if (too_long) {
        current(filler)->lines_skipped++;
        return;
    }
    if (!pipeline_parse_line(filler->pipeline, filler->path, NULL, line, length, &failure) ||
        put_failure(current(filler), &failure))
        return;
    end_batch(filler, 1);
    begin_batch(filler);
    (void)put_failure(current(filler), &failure); /* an empty one has room for any line */
}

_Static_assert(BATCH_TEXT >= 3 * NGINX_LINE_LENGTH_MAX, "a line and its parts must fit");

_Noreturn static void child_main(LineReader *reader, Filler *filler)
{
    int r;

    (void)prctl(PR_SET_NAME, "selguard-lines");
    do {
        begin_batch(filler);
        r = line_reader_step(reader, parse_line, filler);
        end_batch(filler, r);
    } while (r > 0);
    _exit(EXIT_SUCCESS);
}

/* --- in the parent ------------------------------------------------------ */

int lines_ahead_start(LineReader *reader, Pipeline *pipeline, const char *path,
                      LinesAhead **ret_ahead)
{
    LinesAhead *ahead = calloc(1, sizeof(*ahead));
    int fds[2], r;

    if (!ahead)
        return -ENOMEM;
    ahead->fd = -1;
    ahead->batches = mmap(NULL, BATCHES * sizeof(Batch), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ahead->batches == MAP_FAILED) {
        r = -errno;
        free(ahead);
        return r;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
        r = -errno;
        lines_ahead_free(ahead);
        return r;
    }
    ahead->fd = fds[0];
    ahead->pid = fork();
    if (ahead->pid == 0) {
        Filler filler = {
            .fd = fds[1],
            .batches = ahead->batches,
            .n_free = BATCHES,
            .pipeline = pipeline,
            .path = path,
        };

        (void)close(fds[0]);
        child_main(reader, &filler);
    }
    r = ahead->pid < 0 ? -errno : 0;
    (void)close(fds[1]);
    if (r < 0)
        lines_ahead_free(ahead);
    else
        *ret_ahead = ahead;
    return r;
}

LinesAhead *lines_ahead_free(LinesAhead *ahead)
{
    if (!ahead)
        return NULL;
    if (ahead->fd >= 0)
        (void)close(ahead->fd);
    if (ahead->pid > 0) {
        (void)kill(ahead->pid, SIGKILL); /* it may wait for a file system */
        (void)waitpid(ahead->pid, NULL, 0);
    }
    (void)munmap(ahead->batches, BATCHES * sizeof(Batch));
    free(ahead);
    return NULL;
}

int lines_ahead_step(LinesAhead *ahead, Pipeline *pipeline, uint64_t *lines,
                     uint64_t *lines_skipped)
{
    const Batch *batch = &ahead->batches[ahead->next % BATCHES];
    int result;
    char byte;
    ssize_t n;

    do
        n = read(ahead->fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        return -EPIPE;
    pipeline_add_parsed(pipeline, &batch->parsed);
    for (size_t i = 0; i < batch->n_failures; i++)
        pipeline_take_failure(pipeline, &batch->failures[i]);
    *lines += batch->lines;
    *lines_skipped += batch->lines_skipped;
    result = batch->result;
    ahead->next++;
    /* After the last batch nobody listens. */
    (void)send(ahead->fd, "", 1, MSG_NOSIGNAL);
    return result;
}
