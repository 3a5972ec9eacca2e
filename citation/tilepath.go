package citation

import (
	"fmt"
	"strconv"
	"strings"
)

// EntriesLevel is the level of a TilePlace that holds leaves and not hashes.
const EntriesLevel = -1

// TilePlace names a tile, or the beginning of one, by its path.
type TilePlace struct {
	Level int   // EntriesLevel: leaves
	N     int64 // of its level
	Width int   // hashes or leaves, from 1 to TileWidth
}

// Path returns the path by C2SP tlog-tiles, below tile/: 0/x001/x234/067.p/5.
func (p TilePlace) Path() string {
	path := fmt.Sprintf("%03d", p.N%1000)
	for n := p.N / 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	level := strconv.Itoa(p.Level)
	if p.Level == EntriesLevel {
		level = "entries"
	}
	if p.Width < TileWidth {
		path += ".p/" + strconv.Itoa(p.Width)
	}
	return level + "/" + path
}

// ParseTilePath reads what Path returns, and nothing else: every tile has one address.
func ParseTilePath(path string) (p TilePlace, ok bool) {
	level, rest, _ := strings.Cut(path, "/")
	p.Width = TileWidth
	if n, width, partial := strings.Cut(rest, ".p/"); partial {
		rest = n
		p.Width, _ = strconv.Atoi(width)
	}
	if level == "entries" {
		p.Level = EntriesLevel
	} else if p.Level, _ = strconv.Atoi(level); p.Level < 0 || p.Level > 63 {
		return TilePlace{}, false
	}
	const digits = 18 // of any number that is no overflow
	n := strings.ReplaceAll(strings.ReplaceAll(rest, "x", ""), "/", "")
	if len(n) > digits {
		return TilePlace{}, false
	}
	p.N, _ = strconv.ParseInt(n, 10, 64)
	if p.N < 0 || p.N >= maxSize || p.Width < 1 || p.Width > TileWidth || p.Path() != path {
		return TilePlace{}, false
	}
	return p, true
}
