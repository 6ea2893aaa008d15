// SPDX-License-Identifier: GPL-2.0-or-later

// catalog: keeps a tree of many small nodes alive and makes short-lived ones for ever, with an eager collector.
package main

import "runtime/debug"

type node struct {
	left, right *node
	price       int
}

func grow(depth int) *node {
	if depth == 0 {
		return &node{price: 1}
	}
	return &node{left: grow(depth - 1), right: grow(depth - 1), price: depth}
}

func main() {
	debug.SetGCPercent(10)
	catalog := grow(19)
	for {
		query := grow(10)
		catalog.price += query.left.price
	}
}
