package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// sample is one burst of equal operations.
type sample struct {
	ops      int
	took     time.Duration
	cpu      time.Duration // of whatever the burst's meter watches
	p50, p99 time.Duration // of one operation

	beyond time.Duration // CPU of one operation of the first side less that of one here: the median of the rounds' differences
}

func (s sample) rate() float64          { return float64(s.ops) / s.took.Seconds() }
func (s sample) cpuEach() time.Duration { return s.cpu / time.Duration(max(1, s.ops)) }

// burst runs op for 0 … n-1, spread over so many clients that each wait for their answer
// before they go on. Any error fails the burst: a figure with failures in it is none.
func burst(clients, n int, cpu meter, op func(client, i int) error) (sample, error) {
	times := make([]time.Duration, n)
	failures := make([]error, clients)
	var next atomic.Int64
	var wg sync.WaitGroup
	cpuBefore, start := cpu(), time.Now()
	for c := range clients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				began := time.Now()
				if err := op(c, i); err != nil {
					failures[c] = fmt.Errorf("operation %d of %d: %w", i, n, err)
					return
				}
				times[i] = time.Since(began)
			}
		}()
	}
	wg.Wait()
	s := sample{ops: n, took: time.Since(start), cpu: cpu() - cpuBefore}
	if err := errors.Join(failures...); err != nil {
		return s, err
	}
	slices.Sort(times)
	s.p50, s.p99 = times[n/2], times[min(n-1, n*99/100)]
	return s, nil
}

// side measures one side of a ratio once; round counts from 0.
type side func(round int) (sample, error)

// byTurns measures both sides by turns, after one round that does not count, and returns
// the median of the rounds' ratios and each side's median round.
func byTurns(rounds int, a, b side) (ratio float64, as, bs sample, err error) {
	ratios, middles, err := allByTurns(rounds, a, b)
	if err != nil {
		return 0, as, bs, err
	}
	return ratios[0], middles[0], middles[1], nil
}

// allByTurns is byTurns for one side beside several others: the ratios are the first side's to each other one.
func allByTurns(rounds int, sides ...side) (ratios []float64, middles []sample, err error) {
	all, quotients, beyond := make([][]sample, len(sides)), make([][]float64, len(sides)), make([][]time.Duration, len(sides))
	for round := range rounds + 1 {
		for i, side := range sides {
			one, err := side(round)
			if err != nil {
				return nil, nil, err
			}
			if round > 0 {
				all[i] = append(all[i], one)
				first := all[0][round-1]
				quotients[i], beyond[i] = append(quotients[i], first.rate()/one.rate()), append(beyond[i], first.cpuEach()-one.cpuEach())
			}
		}
	}
	for i := range sides {
		m := middle(all[i])
		m.beyond = median(beyond[i])
		middles = append(middles, m)
		if i > 0 {
			ratios = append(ratios, median(quotients[i]))
		}
	}
	return ratios, middles, nil
}

func median[T int64 | float64 | time.Duration](v []T) T {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

// middle gives the median of each measure, which need not be of one burst.
func middle(all []sample) sample {
	var took, cpu, p50, p99 []time.Duration
	for _, s := range all {
		took, cpu = append(took, s.took), append(cpu, s.cpu)
		p50, p99 = append(p50, s.p50), append(p99, s.p99)
	}
	return sample{ops: all[0].ops, took: median(took), cpu: median(cpu), p50: median(p50), p99: median(p99)}
}
