/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/audit/socket.h"
#include "daemon/core/macro.h"
#include "tests/unit/audit/capture.h"

#define AVC                                                                                        \
    "audit(1795379754.628:52): avc:  denied  { read } for  pid=352 comm=\"nginx\" "                \
    "scontext=u:r:httpd_t:s0 tcontext=u:object_r:etc_t:s0 tclass=file permissive=0"

typedef struct Fixture {
    Capture capture;
    AuditAssembler *assembler;
    AuditSocket *audit_socket;
    int peer;
} Fixture;

static bool unnamed_sender(const struct sockaddr_storage *sender, socklen_t length)
{
    return length == 0;
}

static int setup_type(void **state, int type)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));
    AuditSink sink;
    int pair[2];

    if (!fixture || socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    sink = capture_sink(&fixture->capture);
    if (audit_assembler_new(&fixture->assembler, &sink, 0) < 0 ||
        audit_socket_take_unchecked(pair[0], unnamed_sender, &fixture->audit_socket) < 0)
        return -1;
    fixture->peer = pair[1];
    *state = fixture;
    return 0;
}

static int setup(void **state)
{
    return setup_type(state, SOCK_SEQPACKET);
}

static int setup_datagram(void **state)
{
    return setup_type(state, SOCK_DGRAM);
}

static int teardown(void **state)
{
    Fixture *fixture = *state;

    audit_socket_free(fixture->audit_socket);
    audit_assembler_free(fixture->assembler);
    capture_clear(&fixture->capture);
    if (fixture->peer >= 0)
        (void)close(fixture->peer);
    free(fixture);
    return 0;
}

/* A datagram with `stated` as its nlmsg_len. */
static void send_stated(int fd, uint16_t type, const char *payload, size_t length, uint32_t stated)
{
    struct nlmsghdr header = {.nlmsg_len = stated, .nlmsg_type = type};
    struct iovec vectors[] = {{&header, sizeof(header)}, {(char *)(uintptr_t)payload, length}};
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 2};

    assert_int_equal(sendmsg(fd, &message, 0), sizeof(header) + length);
}

static void send_record(int fd, uint16_t type, const char *payload)
{
    size_t length = strlen(payload);

    send_stated(fd, type, payload, length, (uint32_t)(length + NLMSG_HDRLEN));
}

static void test_event(void **state)
{
    Fixture *fixture = *state;

    send_record(fixture->peer, 1400, AVC);
    send_record(fixture->peer, 1300, "audit(1795379754.628:52): syscall=42 exit=-13 exe=\"/x\"");
    send_record(fixture->peer, 1320, "audit(1795379754.628:52): ");
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 100, 0), 0);
    assert_int_equal(fixture->capture.n_denials, 1);
    assert_int_equal(fixture->capture.denials[0]->syscall, 42);
    assert_int_equal(audit_assembler_statistics(fixture->assembler)->records, 3);
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 100, 0), 0);
}

static void test_batches(void **state)
{
    Fixture *fixture = *state;
    const AuditStatistics *statistics = audit_assembler_statistics(fixture->assembler);

    for (int i = 0; i < 100; i++)
        send_record(fixture->peer, 1300, "audit(1795379754.628:52): x");
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 70, 0), 1);
    assert_int_equal(statistics->records, 70);
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 30, 0), 1);
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 30, 0), 0);
    assert_int_equal(statistics->records, 100);
}

static void test_framing(void **state)
{
    static const char payload[] = AVC;
    static const uint32_t length = sizeof(payload) - 1;
    static const struct {
        uint32_t stated;
        bool valid;
    } cases[] = {
        {length + NLMSG_HDRLEN, true},
        {length, true}, /* without the header, as some kernel paths have it */
        {length + NLMSG_HDRLEN + 1, false},
        {UINT32_MAX, false},
        {length - 1, false},
        {NLMSG_HDRLEN, false},
        {0, false},
    };
    Fixture *fixture = *state;
    const AuditStatistics *statistics = audit_assembler_statistics(fixture->assembler);

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        uint64_t malformed = statistics->malformed;
        size_t events = fixture->capture.n_events;

        send_stated(fixture->peer, 1400, payload, length, cases[i].stated);
        send_record(fixture->peer, 1320, "audit(1795379754.628:52): ");
        assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 9, 0), 0);
        assert_int_equal(fixture->capture.n_events - events, cases[i].valid);
        assert_int_equal(statistics->malformed - malformed, !cases[i].valid);
    }
}

static void test_bad_datagrams(void **state)
{
    static char large[12000];
    Fixture *fixture = *state;
    const AuditStatistics *statistics = audit_assembler_statistics(fixture->assembler);

    assert_int_equal(send(fixture->peer, "short", 5, 0), 5);
    send_record(fixture->peer, 1400, "");
    send_record(fixture->peer, 1400, "no stamp");
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 9, 0), 0);
    assert_int_equal(statistics->malformed, 3);

    memset(large, 'x', sizeof(large));
    memcpy(large, AVC, sizeof(AVC) - 1);
    send_stated(fixture->peer, 1400, large, sizeof(large), sizeof(large) + NLMSG_HDRLEN);
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 9, 0), 0);
    assert_int_equal(statistics->truncated, 1);
    assert_int_equal(statistics->malformed, 3);

    /* NULs after the text, as a C string would have, and inside. */
    send_stated(fixture->peer, 1400, AVC "\0\0", sizeof(AVC) + 1, sizeof(AVC) + 1 + NLMSG_HDRLEN);
    send_stated(fixture->peer, 1400, "audit(1.000:1): a\0vc:  denied", 29, 29 + NLMSG_HDRLEN);
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 9, 0), 0);
    assert_int_equal(audit_assembler_flush(fixture->assembler), 0);
    assert_int_equal(fixture->capture.n_denials, 1);
}

static void test_sink_error(void **state)
{
    Fixture *fixture = *state;

    fixture->capture.result = -EIO;
    send_record(fixture->peer, 1400, AVC);
    send_record(fixture->peer, 1320, "audit(1795379754.628:52): ");
    send_record(fixture->peer, 1400, AVC);
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 9, 0), -EIO);
    /* The rest of the batch was taken all the same. */
    assert_int_equal(audit_assembler_statistics(fixture->assembler)->records, 3);
    assert_false(audit_assembler_is_idle(fixture->assembler));
}

static void test_peer_gone(void **state)
{
    Fixture *fixture = *state;

    send_record(fixture->peer, 1400, AVC);
    (void)close(fixture->peer);
    fixture->peer = -1;
    assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 9, 0), -EPIPE);
    assert_int_equal(audit_assembler_statistics(fixture->assembler)->records, 1);
}

static bool no_sender(const struct sockaddr_storage *sender, socklen_t length)
{
    return false;
}

static void test_wrong_sender(void **state)
{
    Fixture *fixture = *state;
    AuditSocket *other;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(audit_socket_take_unchecked(pair[0], no_sender, &other), 0);
    send_record(pair[1], 1400, AVC);
    assert_int_equal(audit_socket_receive(other, fixture->assembler, 9, 0), 0);
    assert_int_equal(audit_assembler_statistics(fixture->assembler)->wrong_sender, 1);
    assert_int_equal(audit_assembler_statistics(fixture->assembler)->records, 0);
    assert_true(audit_assembler_is_idle(fixture->assembler));
    audit_socket_free(other);
    (void)close(pair[1]);
}

static void test_sender_check(void **state)
{
    static const struct {
        struct sockaddr_nl address;
        socklen_t length;
        bool valid;
    } cases[] = {
        {{.nl_family = AF_NETLINK, .nl_groups = 1}, sizeof(struct sockaddr_nl), true},
        {{.nl_family = AF_NETLINK, .nl_groups = 3}, sizeof(struct sockaddr_nl), true},
        {{.nl_family = AF_NETLINK, .nl_groups = 0}, sizeof(struct sockaddr_nl), false},
        {{.nl_family = AF_NETLINK, .nl_groups = 2}, sizeof(struct sockaddr_nl), false},
        {{.nl_family = AF_NETLINK, .nl_groups = 1, .nl_pid = 1}, sizeof(struct sockaddr_nl), false},
        {{.nl_family = AF_UNIX, .nl_groups = 1}, sizeof(struct sockaddr_nl), false},
        {{.nl_family = AF_NETLINK, .nl_groups = 1}, sizeof(struct sockaddr_nl) - 1, false},
        {{.nl_family = AF_NETLINK, .nl_groups = 1}, 0, false},
    };

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        struct sockaddr_storage storage = {0};

        memcpy(&storage, &cases[i].address, sizeof(cases[i].address));
        assert_int_equal(audit_sender_is_kernel(&storage, cases[i].length), cases[i].valid);
    }
}

static void test_take_refuses(void **state)
{
    AuditSocket *audit_socket = NULL;
    int pair[2], pipes[2], fd;

    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(audit_socket_take(pair[0], &audit_socket), -EPROTOTYPE);
    assert_int_equal(audit_socket_take_unchecked(pair[0], NULL, &audit_socket), -EINVAL);
    assert_true(fcntl(pair[0], F_GETFD) >= 0); /* still ours */
    (void)close(pair[0]);
    (void)close(pair[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(audit_socket_take_unchecked(pair[0], no_sender, &audit_socket), -EPROTOTYPE);
    (void)close(pair[0]);
    (void)close(pair[1]);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    assert_int_equal(audit_socket_take(pipes[0], &audit_socket), -ENOTSOCK);
    assert_int_equal(audit_socket_take(-1, &audit_socket), -EBADF);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd >= 0) {
        assert_int_equal(audit_socket_take(fd, &audit_socket), -EPROTOTYPE);
        (void)close(fd);
    }
    assert_null(audit_socket);
    assert_null(audit_socket_free(NULL));
}

/* A real netlink socket of the right protocol; it needs no membership to be taken. */
static void test_take_netlink(void **state)
{
    AuditSocket *audit_socket;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

    if (fd < 0)
        skip();
    assert_int_equal(audit_socket_take(fd, &audit_socket), 0);
    assert_int_equal(audit_socket_fd(audit_socket), fd);
    assert_true(audit_socket_buffer_size(audit_socket) > 0);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    audit_socket_free(audit_socket);
}

/* Another process' datagram on a real netlink socket: it has a port id. */
static void test_netlink_user_sender(void **state)
{
    Fixture *fixture = *state;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    socklen_t length = sizeof(address);
    AuditSocket *receiver;
    char data[NLMSG_HDRLEN + sizeof(AVC) - 1];
    struct nlmsghdr header = {.nlmsg_len = sizeof(data), .nlmsg_type = 1400};
    int from, to = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);

    if (to < 0)
        skip();
    from = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
    assert_true(from >= 0);
    assert_int_equal(bind(to, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(to, (struct sockaddr *)&address, &length), 0);
    memcpy(data, &header, sizeof(header));
    memcpy(data + NLMSG_HDRLEN, AVC, sizeof(AVC) - 1);
    assert_int_equal(
        sendto(from, data, sizeof(data), 0, (struct sockaddr *)&address, sizeof(address)),
        sizeof(data));
    assert_int_equal(audit_socket_take_unchecked(to, audit_sender_is_kernel, &receiver), 0);
    assert_int_equal(audit_socket_receive(receiver, fixture->assembler, 9, 0), 0);
    assert_int_equal(audit_assembler_statistics(fixture->assembler)->wrong_sender, 1);
    assert_true(audit_assembler_is_idle(fixture->assembler));
    audit_socket_free(receiver);
    (void)close(from);
}

/* Overflow of a real netlink socket's buffer by multicast. */
static void test_netlink_loss(void **state)
{
    Fixture *fixture = *state;
    const AuditStatistics *statistics = audit_assembler_statistics(fixture->assembler);
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
    const int size = 2048;
    AuditSocket *receiver;
    char data[400] = {0};
    struct nlmsghdr header = {.nlmsg_len = sizeof(data), .nlmsg_type = 1300};
    int from, to = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
    uint64_t received;

    if (to < 0)
        skip();
    if (bind(to, (struct sockaddr *)&address, sizeof(address)) < 0) {
        (void)close(to);
        skip();
    }
    from = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
    assert_true(from >= 0);
    assert_int_equal(setsockopt(to, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
    assert_int_equal(audit_socket_take_unchecked(to, audit_sender_is_kernel, &receiver), 0);
    memcpy(data, &header, sizeof(header));
    for (int i = 0; i < 50; i++) /* fails for want of a receiver at port 0, after the group */
        (void)sendto(from, data, sizeof(data), 0, (struct sockaddr *)&address, sizeof(address));
    assert_int_equal(audit_socket_receive(receiver, fixture->assembler, 100, 0), 0);
    received = statistics->wrong_sender; /* they did not come from the kernel */
    if (received == 0) {
        /* Multicast needs privileges that this test does not have. */
        audit_socket_free(receiver);
        (void)close(from);
        skip();
    }
    assert_int_equal(statistics->loss_episodes, 1);
    assert_int_equal(statistics->lost_records, 50 - received);
    audit_socket_free(receiver);
    (void)close(from);
}

static void test_type_filter(void **state)
{
    static const struct {
        uint16_t type;
        bool wanted;
    } types[] = {
        {1400, true},  {1300, true},  {1302, true},  {1306, true}, {1307, true},    {1320, true},
        {1327, true},  {1403, true},  {1404, true},  {1405, true}, {1107, false},   {1130, false},
        {1301, false}, {1401, false}, {1406, false}, {0, false},   {0x7805, false},
    };
    Fixture *fixture = *state;
    const AuditStatistics *statistics = audit_assembler_statistics(fixture->assembler);

    assert_int_equal(audit_socket_filter_types(audit_socket_fd(fixture->audit_socket)), 0);
    for (size_t i = 0; i < ELEMENTS_OF(types); i++) {
        uint64_t records = statistics->records;

        send_record(fixture->peer, types[i].type, "audit(1795379754.628:52): x");
        assert_int_equal(audit_socket_receive(fixture->audit_socket, fixture->assembler, 9, 0), 0);
        assert_int_equal(statistics->records - records, types[i].wanted);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_event),
        TEST(test_batches),
        TEST(test_framing),
        TEST(test_bad_datagrams),
        TEST(test_sink_error),
        TEST(test_peer_gone),
        TEST(test_wrong_sender),
        cmocka_unit_test(test_sender_check),
        cmocka_unit_test(test_take_refuses),
        cmocka_unit_test(test_take_netlink),
        TEST(test_netlink_user_sender),
        TEST(test_netlink_loss),
        cmocka_unit_test_setup_teardown(test_event, setup_datagram, teardown),
        cmocka_unit_test_setup_teardown(test_type_filter, setup_datagram, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
