"""Memory that was freed goes back to the system."""

from __future__ import annotations

import ctypes

#: Bytes. glibc begins with 128 KiB and raises it, up to 32 MiB, with every larger buffer that is freed.
LARGE_BUFFER = 256 * 1024
_M_MMAP_THRESHOLD = -3  # malloc.h


def return_large_buffers() -> bool:
    """Give every freed buffer of `LARGE_BUFFER` bytes and more back at once, for the rest of this process.

    Inference and compaction free large buffers of ever changing sizes; by default they stay in the heap, where the next larger one does
    not fit (mallopt(3), M_MMAP_THRESHOLD).

    Returns:
        Whether the allocator took it: glibc does. Others are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_MMAP_THRESHOLD, LARGE_BUFFER) == 1
