/* The transport between threads: order, addresses, time-outs, concurrency. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "sweep/transport_local.h"

enum { WORKERS = 4, MESSAGES = 2000 };

static void messages_arrive_in_order_from_their_sender(void **state) {
    (void)state;
    local_hub *hub;
    assert_int_equal(local_hub_create(&hub, WORKERS, NULL), STATUS_OK);
    transport *coordinator = local_hub_endpoint(hub, TRANSPORT_COORDINATOR),
              *worker = local_hub_endpoint(hub, 2);
    assert_int_equal(coordinator->send(coordinator, 2, "first", 6, NULL), STATUS_OK);
    assert_int_equal(coordinator->send(coordinator, 2, "", 0, NULL), STATUS_OK);
    assert_int_equal(worker->send(worker, TRANSPORT_COORDINATOR, "answer", 7, NULL), STATUS_OK);
    arena into = {0};
    bool received;
    int peer;
    size_t size;
    assert_int_equal(worker->receive(worker, 0, &received, &peer, &into, &size, NULL), STATUS_OK);
    assert_true(received);
    assert_int_equal(peer, TRANSPORT_COORDINATOR);
    assert_int_equal(size, 6);
    assert_memory_equal(into.memory, "first", sizeof "first");
    assert_int_equal(worker->receive(worker, 0, &received, &peer, &into, &size, NULL), STATUS_OK);
    assert_true(received);
    assert_int_equal(size, 0);
    assert_int_equal(coordinator->receive(coordinator, 1, &received, &peer, &into, &size, NULL), STATUS_OK);
    assert_int_equal(peer, 2);
    assert_memory_equal(into.memory, "answer", sizeof "answer");
    arena_release(&into);
    local_hub_destroy(&hub);
}

static void nothing_comes_when_nothing_was_sent(void **state) {
    (void)state;
    local_hub *hub;
    assert_int_equal(local_hub_create(&hub, 1, NULL), STATUS_OK);
    transport *worker = local_hub_endpoint(hub, 0);
    arena into = {0};
    bool received = true;
    int peer;
    size_t size;
    assert_int_equal(worker->receive(worker, 0, &received, &peer, &into, &size, NULL), STATUS_OK);
    assert_false(received);
    received = true;
    assert_int_equal(worker->receive(worker, 0.01, &received, &peer, &into, &size, NULL), STATUS_OK);
    assert_false(received);
    local_hub_destroy(&hub);
    local_hub_destroy(&hub);
}

static void unknown_peers_are_refused_and_unread_messages_freed(void **state) {
    (void)state;
    local_hub *hub;
    assert_int_equal(local_hub_create(&hub, 2, NULL), STATUS_OK);
    transport *worker = local_hub_endpoint(hub, 0);
    assert_int_not_equal(worker->send(worker, 2, "x", 1, NULL), STATUS_OK);
    assert_int_not_equal(worker->send(worker, -2, "x", 1, NULL), STATUS_OK);
    assert_int_equal(worker->send(worker, 1, "x", 1, NULL), STATUS_OK);
    assert_int_equal(worker->send(worker, 1, "y", 1, NULL), STATUS_OK);
    local_hub_destroy(&hub);
}

static void *send_numbers(void *endpoint) {
    transport *t = endpoint;
    for (int i = 0; i < MESSAGES; i++)
        if (t->send(t, TRANSPORT_COORDINATOR, &i, sizeof i, NULL) != STATUS_OK)
            return NULL;
    return endpoint;
}

static void many_senders_lose_nothing(void **state) {
    (void)state;
    local_hub *hub;
    assert_int_equal(local_hub_create(&hub, WORKERS, NULL), STATUS_OK);
    pthread_t threads[WORKERS];
    for (int w = 0; w < WORKERS; w++)
        assert_int_equal(pthread_create(&threads[w], NULL, send_numbers, local_hub_endpoint(hub, w)), 0);
    transport *coordinator = local_hub_endpoint(hub, TRANSPORT_COORDINATOR);
    arena into = {0};
    int next[WORKERS] = {0};
    for (int i = 0; i < WORKERS * MESSAGES; i++) {
        bool received;
        int peer, number;
        size_t size;
        assert_int_equal(coordinator->receive(coordinator, 60, &received, &peer, &into, &size, NULL),
                         STATUS_OK);
        assert_true(received);
        memcpy(&number, into.memory, sizeof number);
        assert_int_equal(number, next[peer]++);
    }
    for (int w = 0; w < WORKERS; w++) {
        void *fine;
        pthread_join(threads[w], &fine);
        assert_non_null(fine);
    }
    arena_release(&into);
    local_hub_destroy(&hub);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_arrive_in_order_from_their_sender),
        cmocka_unit_test(nothing_comes_when_nothing_was_sent),
        cmocka_unit_test(unknown_peers_are_refused_and_unread_messages_freed),
        cmocka_unit_test(many_senders_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
