# SPDX-License-Identifier: GPL-2.0-or-later
"""counters.py THREADS: threads that count, as far as the interpreter's lock lets them."""
import sys
import threading


def count():
    number = 0
    while True:
        number = (number * 31 + 7) % 1000003


for _ in range(int(sys.argv[1])):
    threading.Thread(target=count, daemon=True).start()
threading.Event().wait()
