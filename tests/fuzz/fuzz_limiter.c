/* The bytes steer a walk over the limiter's interface: see tests/ratelimit/walk.h. */
#include "walk.h"

#define STEP_BYTES 8 /* a step takes about so many */
#define STEPS_MOST 4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *at, *end;
};

static uint8_t next_byte(void *arg)
{
    struct bytes *bytes = arg;
    return bytes->at < bytes->end ? *bytes->at++ : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, data + size};
    struct walk_sums sums = {0};
    size_t n_steps = size / STEP_BYTES;
    walk_limiter(next_byte, &bytes, (uint32_t)(n_steps < STEPS_MOST ? n_steps : STEPS_MOST), &sums);
    return 0;
}
