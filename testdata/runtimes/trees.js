// SPDX-License-Identifier: GPL-2.0-or-later
// One event loop that makes garbage; ends by itself after half a minute.
const end = Date.now() + 30000;

function makeTree(depth) {
	return depth ? { left: makeTree(depth - 1), right: makeTree(depth - 1) } : { value: 1 };
}

while (Date.now() < end)
	globalThis.sink = makeTree(14);
