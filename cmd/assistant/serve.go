package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
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
		log, err := newLogger(io.Err, c.LogLevel)
		if err != nil {
			return err
		}
		l, err := listen(cmd.Context(), c.Addr)
		if err != nil {
			return err
		}
		a, err := newApp(cmd.Context(), c, nil, log)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		log.Info("serving", "addr", l.Addr().String())
		return a.run(cmd.Context(), l)
	}
	return cmd
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
