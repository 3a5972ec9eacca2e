package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"candor/identity"
)

func serveCommand(io Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve sites from a configuration",
		Long: "Serve runs the assistant, the desk and the admin pages from a configuration.\n" +
			"Set it up first:  assistant init,  assistant site add,  assistant staff add",
		Args: cobra.NoArgs,
	}
	addFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, io.Env)
		if err != nil {
			return err
		}
		if err := c.checkDesks(); err != nil {
			return err
		}
		log, err := newLogger(io.Err, c.LogLevel)
		if err != nil {
			return err
		}
		l, err := listen(cmd.Context(), c.Addr)
		if err != nil {
			return err
		}
		a, err := whenThere(cmd.Context(), log, func() (*app, error) { return newApp(cmd.Context(), c, nil, log) })
		if err != nil {
			return errors.Join(err, l.Close())
		}
		log.Info("serving", "addr", l.Addr().String(), "replica", a.store.ID)
		return a.run(cmd.Context(), l)
	}
	return cmd
}

// startPatience is how long a start waits for a database that is starting too.
const startPatience = 30 * time.Second

// whenThere opens an app, and waits for its database where that is away.
func whenThere(ctx context.Context, log *slog.Logger, open func() (*app, error)) (*app, error) {
	for deadline := time.Now().Add(startPatience); ; {
		a, err := open()
		if !errors.Is(err, identity.ErrUnavailable) || time.Now().After(deadline) {
			return a, err
		}
		log.Warn("waiting for the database", "error", err)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program: choose another --addr", addr)
	}
	return l, err
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			version := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				version = info.Main.Version
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						version += " " + s.Value
					}
				}
			}
			fmt.Fprintln(cmd.OutOrStdout(), "assistant", version)
		},
	}
}
