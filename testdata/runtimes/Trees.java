// SPDX-License-Identifier: GPL-2.0-or-later
/** Four threads that make garbage; ends by itself after half a minute. */
public class Trees {
	static volatile Object sink;

	static Object tree(int depth) {
		return depth == 0 ? new int[4] : new Object[] { tree(depth - 1), tree(depth - 1) };
	}

	public static void main(String[] args) throws InterruptedException {
		long end = System.currentTimeMillis() + 30000;
		Thread[] threads = new Thread[4];
		for (int i = 0; i < threads.length; i++) {
			threads[i] = new Thread(() -> {
				while (System.currentTimeMillis() < end)
					sink = tree(12);
			}, "maker-" + i);
			threads[i].start();
		}
		for (Thread thread : threads)
			thread.join();
	}
}
