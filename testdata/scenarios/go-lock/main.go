// SPDX-License-Identifier: GPL-2.0-or-later

// ledger STAGES: goroutines that are each bound to a thread, as those are that call into C libraries. Each takes an entry from
// its channel, books it under one mutex and hands it on.
package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
)

var (
	books   sync.Mutex
	balance [256]int
)

func book(entry int) int {
	books.Lock()
	defer books.Unlock()
	for i := range balance {
		balance[i] += entry
	}
	return balance[entry&255]
}

func serve(from <-chan int, to chan<- int) {
	runtime.LockOSThread()
	for {
		to <- book(<-from)
	}
}

func main() {
	stages, _ := strconv.Atoi(os.Args[1])
	channels := make([]chan int, stages)

	for i := range channels {
		channels[i] = make(chan int, stages)
	}
	for i := range channels {
		go serve(channels[i], channels[(i+1)%stages])
		if i%2 == 0 {
			channels[i] <- i
		}
	}
	select {}
}
