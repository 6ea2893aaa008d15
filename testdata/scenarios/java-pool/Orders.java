// SPDX-License-Identifier: GPL-2.0-or-later
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/** Orders STAGES: as many threads as stages, far more than CPUs; an order is a little work at each stage, then it is the next one's. */
final class Orders {
	private static final int ROUNDS = 500;

	private final List<BlockingQueue<Integer>> queues = new ArrayList<>();

	private void work(int stage) {
		BlockingQueue<Integer> from = queues.get(stage);
		BlockingQueue<Integer> to = queues.get((stage + 1) % queues.size());

		try {
			for (;;) {
				int state = from.take();

				for (int i = 0; i < ROUNDS; i++)
					state = state * 1664525 + 1013904223;
				to.put(state);
			}
		} catch (InterruptedException stopped) {
			Thread.currentThread().interrupt();
		}
	}

	private void run(int stages) {
		ExecutorService pool = Executors.newFixedThreadPool(stages);

		for (int stage = 0; stage < stages; stage++)
			queues.add(new LinkedBlockingQueue<>());
		for (int stage = 0; stage < stages; stage++) {
			int mine = stage;

			pool.execute(() -> work(mine));
			if (stage % 2 == 0)
				queues.get(stage).add(stage);
		}
	}

	public static void main(String[] args) {
		new Orders().run(Integer.parseInt(args[0]));
		System.out.println("ready");
	}
}
