/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that survives: there and back, damaged in every byte, too large, too new, replaced. */
#include <errno.h>
#include <json-c/json_tokener.h>
#include <sys/stat.h>

#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/monitor/state-file.h"
#include "tests/unit/test.h"

static char directory[] = "/tmp/test-state-file.XXXXXX";
static char path[64], other[128];

static int setup(void **state)
{
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/state", directory);
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state", "state.new", "state.bad", "target"};

    for (size_t i = 0; i < ELEMENTS_OF(names); i++) {
        (void)snprintf(other, sizeof(other), "%s/%s", directory, names[i]);
        (void)remove(other);
    }
    return rmdir(directory);
}

static void add(StateWriter *writer, const char *json)
{
    _cleanup_json_ json_object *object = json_tokener_parse(json);

    assert_non_null(object);
    assert_int_equal(state_writer_add(writer, object), 0);
}

static void write_two(void)
{
    StateWriter *writer;

    assert_int_equal(state_writer_new(&writer, path), 0);
    add(writer, "{\"a\":\"line\\nbreak \xc3\xa4\"}");
    add(writer, "{\"b\":[1,2,{}]}");
    assert_int_equal(state_writer_commit(writer), 0);
    state_writer_free(writer);
}

static int collect(json_object *object, void *userdata)
{
    size_t *n = userdata;

    (*n)++;
    return json_object_is_type(object, json_type_object) ? 0 : -EINVAL;
}

static int read_file(void)
{
    size_t n = 0;
    int r = state_file_read(path, collect, &n);

    if (r == 0)
        assert_int_equal(n, 2);
    else
        assert_int_equal(n, 0); /* nothing of a damaged file is taken */
    return r;
}

static void test_round_trip(void **state)
{
    struct stat status;

    assert_int_equal(read_file(), -ENOENT);
    write_two();
    assert_int_equal(read_file(), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_not_committed(void **state)
{
    StateWriter *writer;

    write_two();
    assert_int_equal(state_writer_new(&writer, path), 0);
    add(writer, "{\"c\":1}");
    state_writer_free(writer);
    assert_int_equal(read_file(), 0);
    (void)snprintf(other, sizeof(other), "%s.new", path);
    assert_int_equal(access(other, F_OK), -1);
}

static char *slurp(size_t *ret_size)
{
    static char text[4096];
    FILE *stream = fopen(path, "re");

    assert_non_null(stream);
    *ret_size = fread(text, 1, sizeof(text), stream);
    (void)fclose(stream);
    return text;
}

static void spill(const char *text, size_t size)
{
    FILE *stream = fopen(path, "we");

    assert_non_null(stream);
    assert_int_equal(fwrite(text, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

/* Whatever byte is wrong, and wherever it was cut. */
static void test_damaged(void **state)
{
    char good[4096];
    size_t size;

    write_two();
    memcpy(good, slurp(&size), sizeof(good));
    for (size_t i = 0; i < size; i++) {
        int r;

        good[i] ^= 1;
        spill(good, size);
        r = read_file();
        /* A damaged version number may look like a newer one. */
        assert_true(r == -EBADMSG || r == -EPROTONOSUPPORT);
        good[i] ^= 1;
        spill(good, i);
        assert_int_equal(read_file(), -EBADMSG);
    }
    spill(good, size);
    assert_int_equal(read_file(), 0);
}

/* A right checksum over what is no JSON. */
static void spill_signed(const char *body)
{
    _cleanup_free_ char *text = format_string(
        "%send %016llx\n", body, (unsigned long long)hash_bytes(HASH_SEED, body, strlen(body)));

    assert_non_null(text);
    spill(text, strlen(text));
}

static void test_contents(void **state)
{
    spill_signed("nginx-selguard-state 1\n{\"a\":1}\n{}\n");
    assert_int_equal(read_file(), 0);
    spill_signed("nginx-selguard-state 1\n{\"a\":1\n");
    assert_int_equal(read_file(), -EBADMSG);
    spill_signed("nginx-selguard-state 1\n{} {}\n");
    assert_int_equal(read_file(), -EBADMSG);
    spill_signed("nginx-selguard-state 1\n[]\n");
    assert_int_equal(read_file(), -EBADMSG);
    spill_signed("nginx-selguard-state 1\n\n");
    assert_int_equal(read_file(), -EBADMSG);
    spill_signed("nginx-selguard-state 2\n{}\n{}\n");
    assert_int_equal(read_file(), -EPROTONOSUPPORT);
    spill_signed("nginx-selguard-state one\n{}\n{}\n");
    assert_int_equal(read_file(), -EBADMSG);
    spill_signed("something else\n{}\n{}\n");
    assert_int_equal(read_file(), -EBADMSG);
}

static void test_too_large(void **state)
{
    _cleanup_free_ char *long_text = malloc(STATE_LINE_MAX / 2 + 1);
    _cleanup_json_ json_object *large = NULL, *small = NULL;
    StateWriter *writer;
    size_t n = 0;

    assert_non_null(long_text);
    memset(long_text, 'x', STATE_LINE_MAX / 2);
    long_text[STATE_LINE_MAX / 2] = '\0';
    large = json_object_new_object();
    small = json_object_new_object();
    json_object_object_add(large, "text", json_object_new_string(long_text));
    assert_int_equal(state_writer_new(&writer, path), 0);
    while (state_writer_add(writer, large) == 0)
        n++;
    assert_true(n >= 4 && n <= STATE_FILE_SIZE_MAX / (STATE_LINE_MAX / 2));
    assert_int_equal(state_writer_add(writer, large), -EFBIG);
    assert_int_equal(state_writer_add(writer, small), 0);
    assert_int_equal(state_writer_commit(writer), 0);
    state_writer_free(writer);
    {
        size_t read = 0;

        assert_int_equal(state_file_read(path, collect, &read), 0);
        assert_int_equal(read, n + 1);
    }
    assert_int_equal(truncate(path, STATE_FILE_SIZE_MAX + 1), 0);
    assert_int_equal(read_file(), -EFBIG);
}

static void test_replaced(void **state)
{
    assert_int_equal(remove(path), 0);
    (void)snprintf(other, sizeof(other), "%s/target", directory);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(read_file(), -EINVAL);
    /* Writing replaces the link, not what it leads to. */
    write_two();
    assert_int_equal(access(other, F_OK), -1);
    assert_int_equal(read_file(), 0);

    assert_int_equal(remove(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(read_file(), -EINVAL);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(read_file(), -EINVAL);
    assert_int_equal(rmdir(path), 0);
}

static void test_set_aside(void **state)
{
    write_two();
    assert_int_equal(state_file_set_aside(path), 0);
    assert_int_equal(read_file(), -ENOENT);
    (void)snprintf(other, sizeof(other), "%s.bad", path);
    assert_int_equal(access(other, F_OK), 0);
    assert_int_equal(state_file_set_aside(path), -ENOENT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_not_committed),
        cmocka_unit_test(test_damaged),    cmocka_unit_test(test_contents),
        cmocka_unit_test(test_too_large),  cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_set_aside),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
