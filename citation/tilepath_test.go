package citation

import "testing"

func TestTilePath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]TilePlace{
		"0/000":                     {0, 0, 256},
		"0/x001/x234/067":           {0, 1234067, 256},
		"3/999.p/1":                 {3, 999, 1},
		"63/x001/000.p/255":         {63, 1000, 255},
		"entries/000":               {EntriesLevel, 0, 256},
		"entries/x001/x000/000.p/7": {EntriesLevel, 1000000, 7},
	} {
		got, ok := ParseTilePath(path)
		if !ok || got != want {
			t.Errorf("%s: %+v, %t, want %+v", path, got, ok, want)
		}
		if p := want.Path(); p != path {
			t.Errorf("the path of %+v is %s, want %s", want, p, path)
		}
	}
	// Every tile has one address, so that caches keep it once.
	for _, path := range []string{
		"", "0", "0/", "/000", "0/0", "0/00", "0/0000", "0/x000/001", "0/001/", "0/x001", "0/x001x/000", "0/001/000", "00/000", "+1/000", "64/000", "-1/000",
		"data/000", "entries", "entries/1", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p", "0/000.p/1.p/1", "0/-01", "0/ 01",
		"0/x001/x000/x000/x000/x000/x000/x000/000", "0/../000", "0/000?w=1",
	} {
		if got, ok := ParseTilePath(path); ok {
			t.Errorf("%q reads as %+v", path, got)
		}
	}
}
