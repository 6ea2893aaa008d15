# SPDX-License-Identifier: GPL-2.0-or-later
"""Eight threads that compute, one at a time; ends by itself after half a minute."""
import threading
import time

END = time.time() + 30


def compute():
    total = 0
    while time.time() < END:
        for i in range(1000):
            total += i * i


for _ in range(8):
    threading.Thread(target=compute).start()
