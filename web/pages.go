package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"candor/identity"
)

//go:embed dist
var dist embed.FS

// contentPolicy lets a page load from its own origin only, and frame nothing
// but it; images that it has read with a bearer are blobs. Trusted Types make a
// string that reaches an HTML sink an error.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"frame-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors "

// gpcSince is since when the Global Privacy Control is honoured as it is now.
const gpcSince = "2026-11-22"

func (s *Server) pages() {
	s.app.Get("/loader.js", file("loader.js"))
	s.app.Get("/assets/:file", func(c *fiber.Ctx) error { return file(path.Base(c.Params("file")))(c) })
	s.app.Get("/widget", s.widget)
	s.app.Get("/desk", page("desk.html"))
	s.app.Get("/staff/password", page("staff.html"))
	for _, path := range []string{"", "/quality", "/requests", "/sources", "/incidents", "/access-log", "/desk", "/report", "/queues", "/replies", "/team", "/webhooks"} {
		s.app.Get("/admin"+path, page("admin.html"))
	}
	s.app.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	s.app.Get("/readyz", s.ready)
	s.app.Get("/metrics", adaptor.HTTPHandler(s.Metrics))
	s.app.Get("/.well-known/gpc.json", func(c *fiber.Ctx) error {
		return c.JSON(fiber.Map{"gpc": true, "lastUpdate": gpcSince})
	})
	s.app.Get("/asyncapi.yaml", func(c *fiber.Ctx) error {
		c.Set("Content-Type", "application/yaml")
		return c.Send(s.AsyncAPI)
	})
	if s.Demo != nil {
		s.app.Get("/", func(c *fiber.Ctx) error { return c.Redirect("/demo") })
		s.app.Get("/demo", page("demo.html"))
	}
}

// page serves a page that nothing may frame.
func page(name string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Set("Content-Security-Policy", contentPolicy+"'none'")
		return file(name)(c)
	}
}

// widget serves the chat, which only the site's own pages may frame. While the
// database is away those are the origins that were read last: the chat then comes
// up, and says how things stand.
func (s *Server) widget(c *fiber.Ctx) error {
	id := identity.SiteID(c.Query("site"))
	site, err := s.Directory.Site(c.UserContext(), id)
	origins := site.Origins
	switch {
	case err == nil:
		s.framers.Store(id, origins)
	case away(err):
		last, ok := s.framers.Load(id)
		if !ok {
			return err
		}
		origins = last.([]string)
	default:
		return err
	}
	c.Set("Content-Security-Policy", contentPolicy+strings.Join(append([]string{"'self'"}, origins...), " "))
	return file("widget.html")(c)
}

// file serves a built file. Its name is stable, so browsers ask each time
// whether it has changed.
func file(name string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b, err := dist.ReadFile("dist/" + name)
		if err != nil {
			return fiber.NewError(fiber.StatusNotFound)
		}
		sum := sha256.Sum256(b)
		tag := `"` + hex.EncodeToString(sum[:8]) + `"`
		c.Set("ETag", tag)
		c.Set("Cache-Control", "no-cache")
		if c.Get("If-None-Match") == tag {
			return c.SendStatus(fiber.StatusNotModified)
		}
		kind := mime.TypeByExtension(path.Ext(name))
		if kind == "" {
			kind = "text/plain; charset=utf-8"
		}
		c.Set("Content-Type", kind)
		return c.Send(b)
	}
}
