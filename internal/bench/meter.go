package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// meter reads a growing count of processor time.
type meter func() time.Duration

// ownCPU is the processor time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // never happens with valid arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tick is the unit of /proc/PID/stat on every Linux that Go runs on (proc(5), USER_HZ).
const tick = 10 * time.Millisecond

// stat reads the fields of /proc/PID/stat from the third on, which follow the name in brackets.
func stat(pid int) []string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}

// cpuOf is the processor time of another process.
func cpuOf(pid int) meter {
	return func() time.Duration { return ticks(stat(pid), 11, 12) }
}

// cpuOfFamily is that of a process, its living children, and those it has waited for.
func cpuOfFamily(parent int) meter {
	return func() time.Duration {
		sum := ticks(stat(parent), 11, 12, 13, 14)
		dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
		for _, dir := range dirs {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			if f := stat(pid); len(f) > 1 && f[1] == strconv.Itoa(parent) {
				sum += ticks(f, 11, 12)
			}
		}
		return sum
	}
}

func both(a, b meter) meter { return func() time.Duration { return a() + b() } }

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // 0 for what is no number
	return n
}

func ticks(fields []string, which ...int) (sum time.Duration) {
	for _, i := range which {
		if i < len(fields) {
			n, _ := strconv.ParseInt(fields[i], 10, 64) // a number by the kernel's word
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

// memory reads a line of /proc/PID/status such as VmRSS or VmHWM, in MiB.
func memory(pid int, line string) float64 {
	text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	for l := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			kb, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kb / 1024
		}
	}
	return 0
}
