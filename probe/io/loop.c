#include "probe/io/loop.h"

#include "probe/io/loop_internal.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct signal_watch {
    uv_signal_t uv;
    struct signal_watch *next;
    void (*cb)(void *arg, int signum);
    void *arg;
};

struct mxp_timer {
    uv_timer_t uv;
    struct mxp_loop *loop;
    uint64_t due_ms;
    void (*cb)(void *arg);
    void *arg;
};

struct mxp_waker {
    uv_async_t uv;
    void (*cb)(void *arg);
    void *arg;
};

struct mxp_loop *mxp_loop_new(double speed)
{
    struct mxp_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    if (uv_loop_init(&loop->uv)) {
        free(loop);
        return NULL;
    }
    /* A peer that went away is told by the write's result, never by a signal. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* the limit of a file's size: a failed write, as a full disk is */
    loop->uv.data = loop;
    loop->speed = speed > 0 ? speed : 1;
    loop->start_ms = uv_now(&loop->uv);
    mxp_buf_init(&loop->plain, MXP_LOOP_BUF_CAP);
    mxp_buf_init(&loop->cipher, MXP_LOOP_BUF_CAP);
    return loop;
}

static void signal_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct mxp_loop *mxp_loop_free(struct mxp_loop *loop)
{
    if (!loop)
        return NULL;
    struct signal_watch *watch = loop->signals;
    while (watch) {
        struct signal_watch *next = watch->next;
        uv_close((uv_handle_t *)&watch->uv, signal_closed);
        watch = next;
    }
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    mxp_buf_free(&loop->plain);
    mxp_buf_free(&loop->cipher);
    free(loop);
    return NULL;
}

struct uv_loop_s *mxp_loop_uv(struct mxp_loop *loop)
{
    return &loop->uv;
}

uint64_t mxp_loop_now_ms(const struct mxp_loop *loop)
{
    uint64_t real = uv_now(&loop->uv) - loop->start_ms;
    return 1 + (uint64_t)((double)real * loop->speed);
}

uint64_t mxp_loop_unix_s(const struct mxp_loop *loop)
{
    (void)loop;
    return (uint64_t)time(NULL);
}

/* Rounded up: nothing may fire before its time. */
uint64_t mxp_loop_delay_ms(const struct mxp_loop *loop, uint64_t due_ms)
{
    uint64_t now = mxp_loop_now_ms(loop);
    if (due_ms <= now)
        return 0;
    return (uint64_t)ceil((double)(due_ms - now) / loop->speed);
}

void mxp_loop_run(struct mxp_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void mxp_loop_stop(struct mxp_loop *loop)
{
    uv_stop(&loop->uv);
}

static void timer_fired(uv_timer_t *uv)
{
    struct mxp_timer *timer = uv->data;
    /* With a fast clock the rounding of one real millisecond may fall short. */
    if (mxp_loop_now_ms(timer->loop) < timer->due_ms) {
        uv_timer_start(uv, timer_fired, 1, 0);
        return;
    }
    timer->due_ms = UINT64_MAX;
    timer->cb(timer->arg);
}

struct mxp_timer *mxp_timer_new(struct mxp_loop *loop, void (*cb)(void *arg), void *arg)
{
    struct mxp_timer *timer = calloc(1, sizeof *timer);
    if (!timer)
        return NULL;
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    timer->loop = loop;
    timer->due_ms = UINT64_MAX;
    timer->cb = cb;
    timer->arg = arg;
    return timer;
}

void mxp_timer_set(struct mxp_timer *timer, uint64_t due_ms)
{
    timer->due_ms = due_ms;
    if (due_ms == UINT64_MAX)
        uv_timer_stop(&timer->uv);
    else
        uv_timer_start(&timer->uv, timer_fired, mxp_loop_delay_ms(timer->loop, due_ms), 0);
}

static void free_data(uv_handle_t *handle)
{
    free(handle->data);
}

struct mxp_timer *mxp_timer_free(struct mxp_timer *timer)
{
    if (timer)
        uv_close((uv_handle_t *)&timer->uv, free_data);
    return NULL;
}

static void signal_came(uv_signal_t *uv, int signum)
{
    struct signal_watch *watch = uv->data;
    watch->cb(watch->arg, signum);
}

int mxp_loop_on_signal(struct mxp_loop *loop, int signum, void (*cb)(void *arg, int signum),
                       void *arg)
{
    struct signal_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return MXP_ENOMEM;
    watch->cb = cb;
    watch->arg = arg;
    uv_signal_init(&loop->uv, &watch->uv);
    watch->uv.data = watch;
    watch->next = loop->signals;
    loop->signals = watch;
    uv_unref((uv_handle_t *)&watch->uv);
    return uv_signal_start(&watch->uv, signal_came, signum) ? MXP_EINVAL : 0;
}

static void woken(uv_async_t *uv)
{
    struct mxp_waker *waker = uv->data;
    waker->cb(waker->arg);
}

struct mxp_waker *mxp_waker_new(struct mxp_loop *loop, void (*cb)(void *arg), void *arg)
{
    struct mxp_waker *waker = calloc(1, sizeof *waker);
    if (!waker)
        return NULL;
    if (uv_async_init(&loop->uv, &waker->uv, woken)) {
        free(waker);
        return NULL;
    }
    waker->uv.data = waker;
    waker->cb = cb;
    waker->arg = arg;
    uv_unref((uv_handle_t *)&waker->uv);
    return waker;
}

void mxp_waker_wake(struct mxp_waker *waker)
{
    uv_async_send(&waker->uv);
}

struct mxp_waker *mxp_waker_free(struct mxp_waker *waker)
{
    if (waker)
        uv_close((uv_handle_t *)&waker->uv, free_data);
    return NULL;
}
