"use strict";
// Zoom, search and titles of the flame graph that holds this script. Frames are <g class="f" data-s="start"
// data-w="weight">, parents before children; names from the host are only ever set as text.
(function () {
	const SVG = "http://www.w3.org/2000/svg", XHTML = "http://www.w3.org/1999/xhtml";
	const NARROWEST = 0.1, WIDTH_LEAST = 640;
	const svg = document.currentScript.ownerSVGElement;
	const pad = Number(svg.dataset.pad);
	const layer = svg.getElementById("frames"), details = svg.getElementById("details");
	const head = svg.getElementById("head");
	const frames = Array.from(layer.children, frameOf);
	const root = frames[0], frameOfGroup = new Map(frames.map(function (frame) { return [frame.g, frame]; }));
	let character = Number(svg.dataset.char);
	let width = svg.width.baseVal.value;
	let zoomed = root, sought = "";

	function frameOf(g) {
		const title = g.querySelector("title").textContent;
		const rect = g.querySelector("rect");
		return {
			g, rect, title,
			name: title.slice(0, title.lastIndexOf(" \u2014 ")),
			label: g.querySelector("text"),
			start: Number(g.dataset.s),
			weight: Number(g.dataset.w),
			y: Number(rect.getAttribute("y")),
		};
	}

	function element(parent, space, name, attributes, text) {
		const made = document.createElementNS(space, name);
		for (const key in attributes)
			made.setAttribute(key, attributes[key]);
		if (text)
			made.textContent = text;
		parent.append(made);
		return made;
	}

	// ---- layout ----

	function holds(outer, inner) {
		return outer.start <= inner.start && outer.y >= inner.y &&
			outer.start + outer.weight >= inner.start + inner.weight;
	}

	function isWide(c) {
		return c.codePointAt(0) >= 0x1000;
	}

	function fitted(name, columns) {
		let text = "", left = columns;
		for (const c of name) {
			left -= isWide(c) ? 2 : 1;
			if (left < 0)
				return [...text].slice(0, -1).join("") + "\u2026";
			text += c;
		}
		return text;
	}

	function layLabel(frame, x, w) {
		const columns = w > 8 ? Math.floor((w - 6) / character) : 0;
		if (columns < 3) {
			if (frame.label)
				frame.label.textContent = "";
			return;
		}
		frame.label ??= element(frame.g, SVG, "text", { y: frame.y + 13 });
		frame.label.setAttribute("x", x + 3);
		frame.label.textContent = fitted(frame.name, columns);
	}

	function layFrame(frame, px) {
		const isBase = frame !== zoomed && holds(frame, zoomed);
		const w = isBase ? width - 2 * pad : frame.weight * px;
		const x = isBase ? pad : pad + (frame.start - zoomed.start) * px;
		const shown = isBase || (holds(zoomed, frame) && (w >= NARROWEST || frame === zoomed));
		frame.g.style.display = shown ? "" : "none";
		if (!shown)
			return;
		frame.g.classList.toggle("base", isBase);
		frame.rect.setAttribute("x", x.toFixed(2));
		frame.rect.setAttribute("width", w.toFixed(2));
		layLabel(frame, x, w);
	}

	function layFrames() {
		const px = (width - 2 * pad) / Math.max(zoomed.weight, 1);
		for (const frame of frames)
			layFrame(frame, px);
	}

	// ---- controls ----

	function makeButton(text, action) {
		const g = element(head, SVG, "g", { class: "button", role: "button" });
		element(g, SVG, "rect", { width: 88, height: 26, rx: 4 });
		element(g, SVG, "text", { x: 44, y: 17 }, text);
		g.addEventListener("click", action);
		return g;
	}

	function makeBox() {
		const holder = element(head, SVG, "foreignObject", { y: 12, width: 220, height: 26 });
		const input = element(holder, XHTML, "input", {
			class: "search", type: "text", placeholder: "Search (Ctrl-F)", "aria-label": "Search",
			spellcheck: "false",
		});
		input.addEventListener("input", function () { search(input.value); });
		return { holder, input };
	}

	const found = element(head, SVG, "text", { class: "found", y: 54 }, "");
	const resetter = makeButton("Reset zoom", function () { zoom(root); });
	const box = makeBox();

	function layControls() {
		svg.setAttribute("width", width);
		svg.setAttribute("viewBox", "0 0 " + width + " " + svg.height.baseVal.value);
		svg.getElementById("tool").setAttribute("x", width - pad);
		box.holder.setAttribute("x", width - pad - 220);
		found.setAttribute("x", width - pad);
		resetter.setAttribute("transform", "translate(" + (width - pad - 220 - 96) + ",12)");
		resetter.style.display = zoomed === root ? "none" : "";
	}

	function fitWindow() {
		if (svg === document.documentElement)
			width = Math.max(window.innerWidth || width, WIDTH_LEAST);
		layControls();
		layFrames();
	}

	function keepHeadInView() {
		if (svg === document.documentElement)
			head.setAttribute("transform", "translate(0," + window.scrollY + ")");
	}

	// ---- zoom, search, what is in the address ----

	function remember() {
		const words = [];
		if (zoomed !== root)
			words.push("zoom=" + frames.indexOf(zoomed));
		if (sought)
			words.push("search=" + encodeURIComponent(sought));
		try {
			history.replaceState(null, "", "#" + words.join("&"));
		} catch (error) {
			// a document that has no address of its own
		}
	}

	function zoom(frame) {
		zoomed = frame;
		layControls();
		layFrames();
		showFound();
		remember();
	}

	// Of the frame that is zoomed to: what lies in matching frames, each moment counted once.
	function matchedWeight() {
		let sum = 0, until = 0;
		const hits = frames.filter(function (frame) {
			return frame.hit && (holds(zoomed, frame) || holds(frame, zoomed));
		});
		hits.sort(function (a, b) { return a.start - b.start || b.weight - a.weight; });
		for (const hit of hits) {
			const from = Math.max(hit.start, until, zoomed.start);
			const to = Math.min(hit.start + hit.weight, zoomed.start + zoomed.weight);
			sum += Math.max(to - from, 0);
			until = Math.max(until, to);
		}
		return sum;
	}

	function showFound() {
		const pct = 100 * matchedWeight() / Math.max(zoomed.weight, 1);
		const of = zoomed === root ? "" : " of this";
		found.textContent = sought ? "matched: " + pct.toFixed(2) + " %" + of : "";
	}

	function search(word) {
		const needle = word.toLowerCase();
		sought = word;
		for (const frame of frames) {
			frame.hit = needle !== "" && frame.name.toLowerCase().includes(needle);
			frame.g.classList.toggle("hit", frame.hit);
		}
		layer.classList.toggle("searched", needle !== "");
		showFound();
		remember();
	}

	function reset() {
		box.input.value = "";
		search("");
		box.input.blur();
		zoom(root);
	}

	function applyAddress() {
		const words = new URLSearchParams(location.hash.slice(1).replace(/\+/g, "%2B"));
		zoomed = frames[Number(words.get("zoom"))] || root;
		box.input.value = words.get("search") || "";
		fitWindow();
		search(box.input.value);
	}

	// ---- events ----

	function frameAt(target) {
		return frameOfGroup.get(target.closest("g.f"));
	}

	layer.addEventListener("click", function (event) {
		const frame = frameAt(event.target);
		if (frame)
			zoom(frame);
	});
	layer.addEventListener("mouseover", function (event) {
		const frame = frameAt(event.target);
		details.textContent = frame ? frame.title : "";
	});
	layer.addEventListener("mouseleave", function () { details.textContent = ""; });
	window.addEventListener("resize", fitWindow);
	window.addEventListener("scroll", keepHeadInView);
	window.addEventListener("hashchange", applyAddress);
	window.addEventListener("keydown", function (event) {
		if (event.key === "Escape") {
			reset();
		} else if (event.key === "F3" || (event.key === "f" && (event.ctrlKey || event.metaKey))) {
			event.preventDefault();
			box.input.focus();
			box.input.select();
		}
	});

	svg.classList.add("live");
	applyAddress();
	if (svg === document.documentElement)
		window.scrollTo(0, svg.height.baseVal.value);
})();
