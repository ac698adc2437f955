/*
 * [io] The event loop and its clock: libuv wrapped so that the rest of the house sees
 * milliseconds and callbacks. The clock is monotonic, starts at 1 and may run faster
 * than the world's (speed > 1, simulations only): every time that crosses this border
 * is in loop time.
 */
#ifndef MXP_PROBE_LOOP_H
#define MXP_PROBE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct uv_loop_s;
struct mxp_loop;
struct mxp_timer;
struct mxp_waker;

/* speed: loop milliseconds per real one; 1 is the real clock. NULL: no memory. */
struct mxp_loop *mxp_loop_new(double speed);
/* Runs until the closing handles are gone, then frees. */
struct mxp_loop *mxp_loop_free(struct mxp_loop *loop); /* NULL */
struct uv_loop_s *mxp_loop_uv(struct mxp_loop *loop);  /* for the [io] files */

uint64_t mxp_loop_now_ms(const struct mxp_loop *loop); /* cached at the loop's turn */
uint64_t mxp_loop_unix_s(const struct mxp_loop *loop); /* the world's clock */

/* Run until stop is called or nothing is left to wait for. */
void mxp_loop_run(struct mxp_loop *loop);
void mxp_loop_stop(struct mxp_loop *loop);

/* A timer that is set again and again. due_ms is absolute, UINT64_MAX disarms it; a due
 * time in the past fires on the loop's next turn. Never fires inside set. */
struct mxp_timer *mxp_timer_new(struct mxp_loop *loop, void (*cb)(void *arg), void *arg);
void mxp_timer_set(struct mxp_timer *timer, uint64_t due_ms);
struct mxp_timer *mxp_timer_free(struct mxp_timer *timer); /* NULL */

/* Call cb on the loop's thread when the signal arrives. The loop owns it; it does not keep
 * the loop running. 0 or MXP_ENOMEM. */
int mxp_loop_on_signal(struct mxp_loop *loop, int signum, void (*cb)(void *arg, int signum),
                       void *arg);

/* Call cb soon, from any thread (wakes the loop). The waker does not keep the loop running. */
struct mxp_waker *mxp_waker_new(struct mxp_loop *loop, void (*cb)(void *arg), void *arg);
void mxp_waker_wake(struct mxp_waker *waker);
struct mxp_waker *mxp_waker_free(struct mxp_waker *waker); /* NULL; on the loop's thread */

#endif
