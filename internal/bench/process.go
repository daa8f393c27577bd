package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"sallyport/internal/config"
	"sallyport/internal/password"
	"sallyport/internal/porttest"
)

const (
	population = 10_000
	crowd      = 32
	hashMemory = 19 // MiB
)

// process measures the program itself, as it is built for release: its size, its start,
// its memory.
func (b *bench) process(ctx context.Context) error {
	b.report.group("The program")
	binary := b.path("sallyport")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/sallyport")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	b.report.figure("stripped binary", float64(info.Size())/1e6, atMost(30, " MB"))

	dir, s, err := b.folder(ctx, "process", "", population)
	if err != nil {
		return err
	}
	if err := s.db.Close(); err != nil {
		return err
	}
	var starts []time.Duration
	var idle []float64
	for range b.rounds {
		p, took, err := startBinary(ctx, binary, dir)
		if err != nil {
			return err
		}
		starts = append(starts, took)
		time.Sleep(time.Second)
		idle = append(idle, memory(p.cmd.Process.Pid, "VmRSS"))
		if err := p.terminate(); err != nil {
			return err
		}
	}
	b.report.figure(fmt.Sprintf("start to ready, %d users", population), ms(median(starts)), atMost(150, " ms"))
	b.report.figure("memory, idle", median(idle)*1.048576, atMost(40, " MB"))
	return b.crowded(ctx, s, binary, dir)
}

// crowded measures the memory of 32 sign-ins at once.
func (b *bench) crowded(ctx context.Context, s *stage, binary, dir string) error {
	var grown, peaks []float64
	for round := range min(3, b.rounds) {
		p, _, err := startBinary(ctx, binary, dir)
		if err != nil {
			return err
		}
		time.Sleep(time.Second)
		pid := p.cmd.Process.Pid
		idle := memory(pid, "VmRSS")
		wires, err := dialAll(p.addr, crowd)
		if err == nil {
			_, err = burst(crowd, crowd, p.cpu, func(c, i int) error {
				return wires[c].signIn(config.LocalURL(p.addr).Host, s.people[round*crowd+i])
			})
			hangUp(wires)
		}
		peak := memory(pid, "VmHWM")
		if err := errors.Join(err, p.terminate()); err != nil {
			return err
		}
		grown, peaks = append(grown, peak-idle), append(peaks, peak)
	}
	slots := float64(password.New(password.Config{}).Stats().Slots)
	b.report.figure("peak memory of 32 sign-ins at once, beyond idle", median(grown), atMost(1.5*slots*hashMemory, " MiB"),
		fmt.Sprintf("peak %.1f MiB, %.0f hashing slots of %d MiB", median(peaks), slots, hashMemory))
	return nil
}

// startBinary starts the program as an operator would and returns how long it took until
// it said that it is ready.
func startBinary(ctx context.Context, binary, dir string) (*child, time.Duration, error) {
	ports, err := porttest.Pick(1)
	if err != nil {
		return nil, 0, err
	}
	addr := ports[0].String()
	cmd := exec.CommandContext(ctx, binary, "serve")
	cmd.Env = []string{
		"SALLYPORT_LISTEN=" + addr, "SALLYPORT_PUBLIC_URL=" + config.LocalURL(addr).String(),
		"SALLYPORT_DATABASE=sqlite:" + stageFile(dir), "SALLYPORT_KEY_FILE=" + stageKey(dir), "SALLYPORT_LOG_LEVEL=warn",
	}
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	p := &child{cmd: cmd, addr: addr, cpu: cpuOf(cmd.Process.Pid)}
	for time.Since(start) < 10*time.Second {
		if w, err := dial(addr); err == nil {
			_, err = w.want(http.StatusOK, get(addr, "/readyz", ""))
			_ = w.c.Close() // it was for one question
			if err == nil {
				return p, time.Since(start), nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return nil, 0, errors.Join(errors.New("the program was not ready within ten seconds"), p.terminate())
}

func (c *child) terminate() error {
	return errors.Join(c.cmd.Process.Signal(syscall.SIGTERM), c.cmd.Wait())
}
