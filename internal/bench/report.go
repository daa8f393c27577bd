package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// report prints figures as they are found.
type report struct{ open string }

// group begins a heading.
func (r *report) group(name string) {
	if r.open != name {
		fmt.Printf("%s\n", name)
		r.open = name
	}
}

// aim is a bound and which side of it is good.
type aim struct {
	limit float64
	most  bool // the figure should be at most the limit; else at least
	unit  string
}

func atLeast(limit float64) aim             { return aim{limit: limit} }
func atMost(limit float64, unit string) aim { return aim{limit: limit, most: true, unit: unit} }

// figure prints one figure, whether it is as it should be, and what it was made from.
func (r *report) figure(name string, value float64, a aim, sides ...string) {
	sign, good := "≥", value >= a.limit
	if a.most {
		sign, good = "≤", value <= a.limit
	}
	verdict := "reached"
	if !good {
		verdict = "MISSED"
	}
	fmt.Printf("  %-58s %8s  %-7s (aim %s %s)\n", name, number(value)+a.unit, verdict, sign, number(a.limit)+a.unit)
	for _, s := range sides {
		fmt.Printf("      %s\n", s)
	}
}

// note prints a figure without an aim.
func (r *report) note(name string, value float64, sides ...string) {
	fmt.Printf("  %-58s %8s\n", name, number(value))
	for _, s := range sides {
		fmt.Printf("      %s\n", s)
	}
}

func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.2f", v), ".00")
}

// String tells a side of a ratio.
func (s sample) String() string {
	return fmt.Sprintf("%6.0f/s, %s CPU each, half within %s, 99 of 100 within %s",
		s.rate(), short(s.cpuEach()), short(s.p50), short(s.p99))
}

func short(d time.Duration) string {
	switch {
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// load is the machine's load averages, for whoever judges the noise.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
