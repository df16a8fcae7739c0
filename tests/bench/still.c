/* Preloaded into a function under Callgrind: it is fifty times as slow there, and would run into
 * its own time limits. So no time passes for it after it has first looked at a clock. */

#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct timespec first[2];

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
    return (int)syscall(SYS_clock_gettime, clock, now);
  if (first[clock].tv_sec == 0)
    syscall(SYS_clock_gettime, clock, &first[clock]);
  *now = first[clock];
  return 0;
}
