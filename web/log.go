package web

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"math"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"candor/citation"
)

const (
	// logForever is for what never changes: an entry, and a hash of a tile.
	logForever = "public, max-age=31536000, immutable"
	// logNow is for the checkpoint, which a busy log replaces every second.
	logNow = "public, max-age=1"
)

// logRoutes serve the citation log to anybody, by C2SP tlog-tiles. Nothing in it says
// anything about a person.
func (s *Server) logRoutes() {
	open := func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
		return c.Next()
	}
	s.app.Get(citation.LogKeyPath, open, func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
		return c.SendString(s.Tree.Verifier() + "\n")
	})
	s.app.Get("/log/checkpoint", open, s.logCheckpoint)
	s.app.Get("/log/tile/*", open, s.logTile)
}

func (s *Server) logCheckpoint(c *fiber.Ctx) error {
	signed, err := s.Tree.Checkpoint(c.UserContext())
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, logNow)
	return c.Send(signed)
}

var errNoTile = huma.Error404NotFound("The log has no such tile.")

// logTile serves a tile, or as much of it as is asked for: what a tile begins with stays
// when it is full.
func (s *Server) logTile(c *fiber.Ctx) error {
	place, ok := citation.ParseTilePath(c.Params("*"))
	if !ok {
		return errNoTile
	}
	var data []byte
	var err error
	if place.Level == citation.EntriesLevel {
		data, err = s.logEntries(c, place)
	} else {
		data, err = s.Tree.Tile(c.UserContext(), place.Level, place.N, place.Width)
	}
	if errors.Is(err, citation.ErrNoTile) {
		return errNoTile
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEOctetStream)
	c.Set(fiber.HeaderCacheControl, logForever)
	return c.Send(data)
}

// logEntries returns leaves with the size of each before it, compressed where that is
// accepted.
func (s *Server) logEntries(c *fiber.Ctx, place citation.TilePlace) ([]byte, error) {
	leaves, err := s.Tree.Entries(c.UserContext(), place.N, place.Width)
	if err != nil {
		return nil, err
	}
	var bundle []byte
	for _, leaf := range leaves {
		if len(leaf) > math.MaxUint16 {
			return nil, errors.New("a leaf of the log is too large to be served")
		}
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(leaf)))
		bundle = append(bundle, leaf...)
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	// Without the header nothing is said to be accepted.
	if c.Get(fiber.HeaderAcceptEncoding) == "" || c.AcceptsEncodings("gzip") != "gzip" {
		return bundle, nil
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(bundle); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	c.Set(fiber.HeaderContentEncoding, "gzip")
	return packed.Bytes(), nil
}
