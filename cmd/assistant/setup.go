package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/identity"
	"candor/store"
)

// withStore runs fn on the store of the configuration. It may run beside a
// server: the database takes one writer at a time, and the policy in force is
// the server's to change.
func withStore(cmd *cobra.Command, io Stdio, fn func(ctx context.Context, c Config, s *store.Store) error) error {
	c, err := loadConfig(cmd, io.Env)
	if err != nil {
		return err
	}
	if _, err := loadPolicy(c); err != nil {
		return err
	}
	s, err := openStore(cmd.Context(), c)
	if err != nil {
		return err
	}
	return errors.Join(fn(cmd.Context(), c, s), s.Close())
}

var storeFlags = []string{"data_dir", "database", "keys", "policy"}

func initCommand(io Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a data folder, with its database and its keys, and a configuration file",
		Args:  cobra.NoArgs,

		Annotations: map[string]string{makesConfig: "true"},
	}
	addFlags(cmd.Flags(), storeFlags...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, io, func(_ context.Context, c Config, _ *store.Store) error {
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "data folder    %s\n", c.DataDir)
			if c.MasterKey == "" {
				fmt.Fprintf(out, "master key     %s (keep a copy elsewhere: without it nothing can be read)\n", c.path("master.key"))
			}
			file, _ := cmd.Flags().GetString("config")
			if file == "" {
				file = "candor.yaml"
			}
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, os.ErrExist) {
				fmt.Fprintf(out, "configuration  %s (was there, left as it is)\n", file)
			} else if err != nil {
				return fmt.Errorf("write the configuration: %w", err)
			} else {
				_, err = f.WriteString(configFile(c, storeFlags...))
				if err := errors.Join(err, f.Close()); err != nil {
					return fmt.Errorf("write the configuration: %w", err)
				}
				fmt.Fprintf(out, "configuration  %s\n", file)
			}
			fmt.Fprint(out, "\nNext:\n  assistant site add shop --name \"My Shop\" --origin https://shop.example\n"+
				"  assistant staff add me@shop.example --role admin\n  assistant import knowledge articles.jsonl --site shop\n  assistant serve\n")
			return nil
		})
	}
	return cmd
}

var siteID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func siteCommand(io Stdio) *cobra.Command {
	group := &cobra.Command{Use: "site", Short: "Sites that the assistant serves"}
	add := &cobra.Command{
		Use: "add ID", Short: "Add a site, and print its keys once", Args: cobra.ExactArgs(1),
		Example: `  assistant site add shop --name "My Shop" --origin https://shop.example`,
	}
	addFlags(add.Flags(), storeFlags...)
	name := add.Flags().String("name", "", "The brand, as customers know it (default: the id)")
	origins := add.Flags().StringSlice("origin", nil, "Origin of the site's pages, scheme://host[:port]; may be repeated")
	accent := add.Flags().String("accent", "", "The site's colour, #rrggbb")
	law := add.Flags().String("jurisdiction", "", "The policy's profile for its customers, such as eu-gdpr or br-lgpd (default: the policy's first)")
	add.RunE = func(cmd *cobra.Command, args []string) error {
		site := identity.Site{
			ID: identity.SiteID(args[0]), Name: *name, Origins: *origins, Accent: *accent, Jurisdiction: *law, Secret: []byte(identity.NewSecret("sec")),
		}
		if site.Name == "" {
			site.Name = args[0]
		}
		if err := checkSite(site); err != nil {
			return err
		}
		key, browser := identity.NewSecret("sk"), identity.NewSecret("bk")
		return withStore(cmd, io, func(ctx context.Context, c Config, s *store.Store) error {
			policy, err := loadPolicy(c)
			if err != nil {
				return err
			}
			if site.Jurisdiction != "" && policy.Profile(site.Jurisdiction).ID != site.Jurisdiction {
				return fmt.Errorf("the policy has no jurisdiction %q", site.Jurisdiction)
			}
			if err := s.AddSite(ctx, site, key); err != nil {
				return err
			}
			if err := s.RotateBrowserKey(ctx, site.ID, browser); err != nil {
				return err
			}
			origin := c.PublicURL
			if origin == "" {
				origin = "http://" + c.Addr
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "site             %s\nserver key       %s\nbrowser key      %s\nidentity secret  %s\n\n", site.ID, key, browser, site.Secret)
			fmt.Fprintf(out, "They are shown this once. The server key imports records and reports consents; the\n"+
				"browser key may stand in a page, and only withdraws; the secret signs identity tokens\n"+
				"(JWT, HS256, at most 5 minutes, with sub, iat, exp and jti; age_band and jurisdiction if\n"+
				"you know them). On the site's pages:\n\n"+
				"  <script src=%q data-site=%q data-identity-url=\"/candor-identity\" async></script>\n",
				strings.TrimSuffix(origin, "/")+"/loader.js", site.ID)
			return nil
		})
	}
	list := &cobra.Command{Use: "list", Short: "List the sites", Args: cobra.NoArgs}
	addFlags(list.Flags(), storeFlags...)
	list.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, io, func(ctx context.Context, _ Config, s *store.Store) error {
			sites, err := s.Sites(ctx)
			for _, x := range sites {
				fmt.Fprintf(cmd.OutOrStdout(), "%-20s %-30s %s\n", x.ID, x.Name, strings.Join(x.Origins, " "))
			}
			return err
		})
	}
	group.AddCommand(add, list)
	return group
}

var accentColour = regexp.MustCompile(`^(#[0-9a-fA-F]{6})?$`)

func checkSite(s identity.Site) error {
	if !siteID.MatchString(string(s.ID)) {
		return fmt.Errorf("the site id %q is not lower-case letters, digits and hyphens", s.ID)
	}
	if !accentColour.MatchString(s.Accent) {
		return fmt.Errorf("the colour %q is not #rrggbb", s.Accent)
	}
	for _, o := range s.Origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != o {
			return fmt.Errorf("the origin %q is not scheme://host[:port]", o)
		}
	}
	return nil
}

func keyCommand(io Stdio) *cobra.Command {
	group := &cobra.Command{Use: "key", Short: "Keys of sites"}
	rotate := &cobra.Command{
		Use: "rotate [SITE]", Short: "Replace a site's server key or identity secret, or the master key; the old one stops working",
		Long: "Rotate replaces the server key of a site, with --browser the key of its pages, or with\n" +
			"--secret the secret that its identity tokens are signed with. With --master, and no site, it replaces the key that wraps the\n" +
			"customers' keys; the server must be stopped for that.",
		Args: cobra.MaximumNArgs(1),
	}
	addFlags(rotate.Flags(), storeFlags...)
	secret := rotate.Flags().Bool("secret", false, "Replace the secret of identity tokens instead of the server key")
	browser := rotate.Flags().Bool("browser", false, "Replace the browser key of the site's pages instead of the server key")
	master := rotate.Flags().Bool("master", false, "Replace the master key")
	rotate.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case *secret && *browser:
			return errors.New("--secret and --browser go one at a time")
		case *master && (len(args) > 0 || *secret || *browser):
			return errors.New("the master key belongs to no site: --master goes alone")
		case *master:
			return rotateMaster(cmd, io)
		case len(args) == 0:
			return errors.New("name a site, or --master")
		}
		return withStore(cmd, io, func(ctx context.Context, _ Config, s *store.Store) error {
			id := identity.SiteID(args[0])
			if *secret {
				fresh := identity.NewSecret("sec")
				if err := s.RotateSecret(ctx, id, []byte(fresh)); err != nil {
					return fmt.Errorf("site %s: %w", id, err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "identity secret  %s\n", fresh)
				return nil
			}
			if *browser {
				fresh := identity.NewSecret("bk")
				if err := s.RotateBrowserKey(ctx, id, fresh); err != nil {
					return fmt.Errorf("site %s: %w", id, err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "browser key  %s\n", fresh)
				return nil
			}
			fresh := identity.NewSecret("sk")
			if err := s.RotateServerKey(ctx, id, fresh); err != nil {
				return fmt.Errorf("site %s: %w", id, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "server key  %s\n", fresh)
			return nil
		})
	}
	group.AddCommand(rotate)
	return group
}

func staffCommand(io Stdio) *cobra.Command {
	group := &cobra.Command{Use: "staff", Short: "People who work at the desk and review the log"}
	add := &cobra.Command{
		Use: "add EMAIL", Short: "Add a member of staff", Args: cobra.ExactArgs(1),
		Long: "Add makes an account. The password is read from standard input with --password-stdin;\n" +
			"with --invite they choose it themselves; otherwise one is made and printed once.",
	}
	addFlags(add.Flags(), append([]string{"addr", "public_url", "smtp", "smtp_from"}, storeFlags...)...)
	roles := add.Flags().StringSlice("role", []string{string(identity.RoleAgent)}, "agent, supervisor, reviewer, privacy, analyst, auditor or admin; may be repeated")
	name := add.Flags().String("name", "", "Name, as customers read it (default: the address before the @)")
	languages := add.Flags().StringSlice("language", nil, "Language that they speak, BCP 47; may be repeated")
	stdin := add.Flags().Bool("password-stdin", false, "Read the password from standard input")
	invite := add.Flags().Bool("invite", false, "Make no password: they choose it themselves, by a link that is mailed, or printed once where there is no mail")
	add.RunE = func(cmd *cobra.Command, args []string) error {
		m := identity.StaffMember{
			ID: identity.StaffID(identity.NewID("stf")), Email: strings.ToLower(args[0]), Name: *name, Languages: *languages,
		}
		if a, err := mail.ParseAddress(m.Email); err != nil || a.Address != m.Email {
			return fmt.Errorf("%q is not an e-mail address", args[0])
		}
		if m.Name == "" {
			m.Name, _, _ = strings.Cut(m.Email, "@")
		}
		for _, r := range *roles {
			if !slices.Contains(identity.Roles, identity.Role(r)) {
				return fmt.Errorf("there is no role %q", r)
			}
			m.Roles = append(m.Roles, identity.Role(r))
		}
		if err := identity.CheckAccount(m.Name, m.Roles); err != nil {
			return err
		}
		if *invite {
			if *stdin {
				return errors.New("--invite lets them choose their password: leave out --password-stdin")
			}
			return withStore(cmd, io, func(ctx context.Context, c Config, s *store.Store) error {
				return inviteStaff(ctx, cmd.OutOrStdout(), c, s, m)
			})
		}
		password := identity.NewSecret("pw")[3:27]
		if *stdin {
			line, err := bufio.NewReader(io.In).ReadString('\n')
			if err != nil && line == "" {
				return errors.New("there is no password on standard input")
			}
			password = strings.TrimRight(line, "\r\n")
			if err := identity.CheckNewPassword(password, m.Email); err != nil {
				return err
			}
		}
		var err error
		if m.Password, err = identity.HashPassword(password); err != nil {
			return err
		}
		return withStore(cmd, io, func(ctx context.Context, _ Config, s *store.Store) error {
			if err := s.AddStaff(ctx, m); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "account   %s (%s)\n", m.Email, strings.Join(*roles, ", "))
			if !*stdin {
				fmt.Fprintf(cmd.OutOrStdout(), "password  %s\n", password)
			}
			return nil
		})
	}
	token := &cobra.Command{
		Use: "token EMAIL", Short: "Make an API token with which a program speaks for a member of staff", Args: cobra.ExactArgs(1),
	}
	addFlags(token.Flags(), storeFlags...)
	token.RunE = func(cmd *cobra.Command, args []string) error {
		return withStore(cmd, io, func(ctx context.Context, _ Config, s *store.Store) error {
			m, err := s.StaffByEmail(ctx, strings.ToLower(args[0]))
			if err != nil {
				return fmt.Errorf("there is no account %s", args[0])
			}
			fresh := identity.NewSecret("at")
			if err := s.AddAPIToken(ctx, m.ID, fresh); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "API token  %s\n", fresh)
			return nil
		})
	}
	group.AddCommand(add, token)
	return group
}
