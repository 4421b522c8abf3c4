#include "cli/launch_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/terminal.h"

/* ---- Pipes -------------------------------------------------------------------------------------- */

static status open_relay(launch_relay *r, FILE *to, bool used, error_info *error) {
    int ends[2] = {-1, -1};
    if (used && (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0))
        return error_set(error, STATUS_INTERNAL, "cannot make a pipe: %s", strerror(errno));
    *r = (launch_relay){.to = to, .descriptor = fileno(to), .read_end = ends[0], .write_end = ends[1]};
    return STATUS_OK;
}

status launch_output_open(launch_output *o, error_info *error) {
    const launch_relay none = {.read_end = -1, .write_end = -1};
    *o = (launch_output){.draws = terminal_draws(STDERR_FILENO), .relays = {none, none}};
    RETURN_IF_FAILED(open_relay(&o->relays[0], stderr, o->draws, error));
    return open_relay(&o->relays[1], stdout, o->draws && isatty(STDOUT_FILENO), error);
}

static void tell_columns(void) {
    char columns[16];
    snprintf(columns, sizeof columns, "%d", terminal_columns(STDOUT_FILENO));
    setenv(LAUNCH_COLUMNS_VARIABLE, columns, true);
}

bool launch_output_attach(const launch_output *o) {
    unsetenv(LAUNCH_BAR_VARIABLE);
    unsetenv(LAUNCH_COLUMNS_VARIABLE);
    if (o->draws)
        setenv(LAUNCH_BAR_VARIABLE, "1", true);
    if (isatty(STDOUT_FILENO))
        tell_columns();
    for (int i = 0; i < LAUNCH_RELAYS; i++)
        if (o->relays[i].write_end >= 0 && dup2(o->relays[i].write_end, o->relays[i].descriptor) < 0)
            return false;
    return true;
}

static void close_end(int *end) {
    if (*end >= 0)
        close(*end);
    *end = -1;
}

void launch_output_forked(launch_output *o) {
    for (int i = 0; i < LAUNCH_RELAYS; i++)
        close_end(&o->relays[i].write_end);
}

void launch_output_poll(const launch_output *o, struct pollfd files[LAUNCH_RELAYS]) {
    for (int i = 0; i < LAUNCH_RELAYS; i++)
        files[i] = (struct pollfd){.fd = o->relays[i].read_end, .events = POLLIN};
}

/* ---- Lines -------------------------------------------------------------------------------------- */

/* The first `size` bytes that wait. */
static void pass(launch_relay *r, size_t size) {
    if (size == 0)
        return;
    log_pass(r->to, r->bytes, size);
    memmove(r->bytes, r->bytes + size, r->used - size);
    r->used -= size;
}

/* A line that is too long for the buffer is passed on in parts. */
static void pass_lines(launch_relay *r) {
    const char *last = memrchr(r->bytes, '\n', r->used);
    if (last != NULL)
        pass(r, (size_t)(last - r->bytes) + 1);
    if (r->used == sizeof r->bytes)
        pass(r, r->used);
}

static void pump(launch_relay *r) {
    while (r->read_end >= 0) {
        const ssize_t n = read(r->read_end, r->bytes + r->used, sizeof r->bytes - r->used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            close_end(&r->read_end); /* poll() would return at once, again and again */
        if (n <= 0)
            return;
        r->used += (size_t)n;
        pass_lines(r);
    }
}

void launch_output_pump(launch_output *o) {
    for (int i = 0; i < LAUNCH_RELAYS; i++)
        pump(&o->relays[i]);
}

/* ---- The row ------------------------------------------------------------------------------------ */

void launch_output_show(const launch_output *o, const progress_state *state) {
    if (o->draws && state->total > 0)
        progress_draw(state);
    else if (o->draws)
        progress_clear();
}

void launch_output_close(launch_output *o) {
    if (!o->draws)
        return;
    launch_output_pump(o);
    progress_clear();
    for (int i = 0; i < LAUNCH_RELAYS; i++) {
        pass(&o->relays[i], o->relays[i].used);
        close_end(&o->relays[i].read_end);
        close_end(&o->relays[i].write_end);
    }
}
