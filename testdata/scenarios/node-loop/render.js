// SPDX-License-Identifier: GPL-2.0-or-later
// Renders pages one after the other in the event loop; requests would wait meanwhile.
"use strict";

const rows = Array.from({ length: 500 }, (_, id) => ({ id, name: "row " + id, total: id * 17 }));

function renderPage() {
	return JSON.stringify(rows.map((row) => ({ ...row, label: row.name.toUpperCase() }))).length;
}

(function serve() {
	renderPage();
	setImmediate(serve);
})();
