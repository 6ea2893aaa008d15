// SPDX-License-Identifier: GPL-2.0-or-later
import java.util.ArrayList;
import java.util.List;

/** Keeps sessions that take most of the heap, and replaces them one by one for ever. */
final class Sessions {
	private static final int LIVE_BYTES = 72 << 20;
	private static final int SESSION_BYTES = 1024;

	public static void main(String[] args) {
		List<byte[][]> live = new ArrayList<>();
		int sessions = LIVE_BYTES / SESSION_BYTES;

		for (int i = 0; i < sessions; i++)
			live.add(new byte[8][SESSION_BYTES / 16]);
		System.out.println("ready");
		for (int i = 0;; i = (i + 7919) % sessions)
			live.set(i, new byte[8][SESSION_BYTES / 16]);
	}
}
