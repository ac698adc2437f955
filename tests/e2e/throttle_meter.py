"""Time, limits and counts of the throttling servers: how much is allowed in which time, what was
asked in any such time, and what too many throttles lead to."""
import asyncio
import collections
import time


class Clock:
    def __init__(self, speed=1):
        self.speed, self.start = speed, time.monotonic()

    def now(self):
        return (time.monotonic() - self.start) * self.speed

    async def sleep(self, seconds):
        await asyncio.sleep(seconds / self.speed)


class Meter:
    """n events per window, counted in one of four ways: the last window ("sliding"), that of the
    clock ("fixed"), a token bucket ("bucket"), or the last window with the refused ones ("all")."""

    def __init__(self, n, how="sliding", window=60):
        self.n, self.how, self.window = n, how, window
        self.times, self.tokens, self.filled = collections.deque(), float(n), 0.0
        self.slot, self.used = -1, 0

    def change(self, n):
        self.n = n

    def take(self, now):
        if self.how == "bucket":
            self.tokens = min(self.n, self.tokens + (now - self.filled) * self.n / self.window)
            self.filled = now
            if self.tokens < 1:
                return False
            self.tokens -= 1
            return True
        if self.how == "fixed":
            if int(now // self.window) != self.slot:
                self.slot, self.used = int(now // self.window), 0
            self.used += 1
            return self.used <= self.n
        while self.times and self.times[0] <= now - self.window:
            self.times.popleft()
        fine = len(self.times) < self.n
        if fine or self.how == "all":
            self.times.append(now)
        return fine

    def wait(self, now):
        """Seconds until it says yes again."""
        if self.how == "bucket":
            return (1 - self.tokens) * self.window / self.n
        if self.how == "fixed":
            return self.window - now % self.window
        return max(self.times[0] + self.window - now, 0) if self.times else 0


class Most:
    """The most events in any window, of what really happened."""

    def __init__(self, window=60):
        self.window, self.times, self.most = window, collections.deque(), 0

    def add(self, now):
        self.times.append(now)
        while self.times[0] <= now - self.window:
            self.times.popleft()
        self.most = max(self.most, len(self.times))


class Escalation:
    """Too many throttles within a minute: connections are dropped; still more: a block of
    minutes, doubled each time."""

    def __init__(self, drops=10, block=25, minutes=10):
        self.drops, self.block, self.minutes = drops, block, minutes
        self.times, self.until, self.n_blocks = collections.deque(), 0, 0

    def throttled(self, now):
        self.times.append(now)
        while self.times[0] <= now - 60:
            self.times.popleft()
        if len(self.times) >= self.block and now >= self.until:
            self.until = now + self.minutes * 60 * 2 ** self.n_blocks
            self.n_blocks += 1

    def state(self, now):
        if now < self.until:
            return "block"
        while self.times and self.times[0] <= now - 60:
            self.times.popleft()
        return "drop" if len(self.times) >= self.drops else None
