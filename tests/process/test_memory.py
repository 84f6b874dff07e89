from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

#: A large buffer that is freed raises the threshold of glibc; the next megabyte then comes from the heap, and stays there.
PROGRAM = """
import ctypes, sys
from headgate.process.memory import return_large_buffers
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Info
if sys.argv[1] == "set":
    assert return_large_buffers()
buffer = bytearray(20 * 2**20)
del buffer
before = libc.mallinfo2().hblks
buffer = bytearray(2**20)
print(libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc 2.33")
@pytest.mark.parametrize(("how", "mapped"), [("set", "1"), ("left", "0")])
def test_a_large_buffer_does_not_stay_in_the_heap(how: str, mapped: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, timeout=900, check=True)
    assert done.stdout.strip() == mapped
