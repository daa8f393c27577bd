package password

import (
	"runtime"
	"runtime/debug"
	"sync"
)

// Every memory-hard hash allocates its 19 MiB anew and leaves them to the garbage
// collector, which by itself lets two or three generations pile up for each slot:
// 39 to 58 MiB were measured where 19 were in use. So a hash collects its own memory
// before it gives up its slot, and the next one gets the same memory again. While
// hashes run, the collector is kept from starting on its own, since the sudden 19 MiB
// would have it run twice for each hash.

// percentWhileHashing lets the rest of the heap grow to ten times itself before a
// collection that no hash asked for. It is never reached in practice, because a hash
// ends every few hundredths of a second.
const percentWhileHashing = 1000

// pacer counts the hashes in flight in this process.
type pacer struct {
	mu      sync.Mutex
	running int
	percent int // the setting to return to
}

// collector is one for the process because the garbage collector's setting is.
var collector pacer

// hungry runs work that needs much memory for a short time.
func (p *pacer) hungry(work func()) {
	p.begin()
	defer p.end()
	work()
}

func (p *pacer) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == 0 {
		p.percent = debug.SetGCPercent(percentWhileHashing)
	}
	p.running++
}

func (p *pacer) end() {
	runtime.GC()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	if p.running == 0 {
		debug.SetGCPercent(p.percent)
	}
}
