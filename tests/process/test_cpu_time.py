from __future__ import annotations

import os
import subprocess
import sys
import time

from headgate.process.cpu_time import cpu_seconds, family_cpu_seconds

#: Works for half a second of its own processor time in a child of a child, tells so, and waits to be ended.
WORKS = """
import subprocess, sys, time
work = "import time\\nwhile time.process_time() < 0.5: pass\\nprint('worked', flush=True)\\ntime.sleep(60)"
subprocess.run([sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"])
"""


def test_a_familys_time_counts_what_children_of_children_use_while_they_run() -> None:
    process = subprocess.Popen([sys.executable, "-c", WORKS], stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "worked\n"
        own, family = cpu_seconds(process.pid), family_cpu_seconds(process.pid)
        assert own is not None
        assert family is not None
        assert family - own > 0.45
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def test_children_that_have_ended_stay_counted() -> None:
    before = cpu_seconds(os.getpid())
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], check=True)
    after = cpu_seconds(os.getpid())
    assert before is not None
    assert after is not None
    assert after - before > 0.45


def test_a_process_that_is_gone_has_no_time() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    assert cpu_seconds(process.pid) is None
    assert family_cpu_seconds(process.pid) is None


def test_waiting_costs_no_processor_time() -> None:
    before = time.process_time()
    used = cpu_seconds(os.getpid())
    time.sleep(0.2)
    again = cpu_seconds(os.getpid())
    assert used is not None
    assert again is not None
    assert again - used <= time.process_time() - before + 0.05  # /proc counts in hundredths
