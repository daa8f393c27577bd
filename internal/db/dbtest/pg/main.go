// Command pg runs a command with a temporary PostgreSQL server, so that all test packages share one:
//
//	go run ./internal/db/dbtest/pg -- go test ./...
//
// It sets SALLYPORT_TEST_POSTGRES for the command (and leaves a server that is set already alone), passes
// interrupts on, stops the server and ends with the command's exit code.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"sallyport/internal/db/dbtest"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: pg -- command [argument …]")
		os.Exit(2)
	}
	code, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pg:", err)
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	// The command is in our process group and gets the interrupt too; we only have to outlive it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv(dbtest.EnvPostgres) == "" {
		c, err := dbtest.StartCluster(ctx)
		if err != nil {
			return 1, err
		}
		defer func() {
			if e := c.Stop(); e != nil && err == nil {
				fmt.Fprintln(os.Stderr, "pg: stop:", e)
			}
		}()
		cmd.Env = append(os.Environ(), dbtest.EnvPostgres+"="+c.DSN())
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
