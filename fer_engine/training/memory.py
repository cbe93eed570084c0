"""Memory that a training step gives back and wants again, a few milliseconds later."""

import ctypes
import sys

# Parameters of mallopt(3), from glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_LARGEST_INT = 2**31 - 1


def keep_freed_memory() -> bool:
    """Have the C library keep freed memory instead of giving it back to the system; returns whether it could.

    glibc maps each large block anew, and the system zeroes every page of it at its first use. A training step
    allocates the same large blocks as the step before: kept, they cost nothing (net5 and net2 train 1.4 times as
    fast). Does nothing where the C library is another one. The process's memory stays at its peak.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl has none
        return False
    return all([mallopt(_MMAP_MAX, 0), mallopt(_TRIM_THRESHOLD, _LARGEST_INT), mallopt(_TOP_PAD, 64 * 2**20)])
