package conversation_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"candor/conversation"
)

// secret is what no stored image may hold: a place, a page for a browser.
const secret = `<script>steal("52.5200 N 13.4050 E")</script>`

func picture(t *testing.T, kind string) []byte {
	t.Helper()
	m := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.White, color.Black})
	m.SetColorIndex(3, 4, 1)
	var b bytes.Buffer
	var err error
	switch kind {
	case "png":
		err = png.Encode(&b, m)
	case "jpeg":
		err = jpeg.Encode(&b, m, nil)
	case "gif":
		err = gif.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func chunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// insert puts bytes into a file at a place.
func insert(file []byte, at int, what []byte) []byte {
	return bytes.Join([][]byte{file[:at], what, file[at:]}, nil)
}

// segment is a segment of a JPEG.
func segment(marker byte, body string) []byte {
	out := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2))
	return append(out, body...)
}

// exif is what a camera writes: how the photo lies, and where it was taken.
func exif(way byte) string {
	return "Exif\x00\x00II\x2a\x00\x08\x00\x00\x00\x02\x00" +
		"\x12\x01\x03\x00\x01\x00\x00\x00" + string(way) + "\x00\x00\x00" +
		"\x0e\x01\x02\x00\x10\x00\x00\x00\x26\x00\x00\x00" + "\x00\x00\x00\x00" + secret
}

// webp is a lossless picture of one colour, with what a phone adds.
func webp(extra bool) []byte {
	riff := func(kind string, body []byte) []byte {
		out := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
		if out = append(out, body...); len(body)%2 == 1 {
			out = append(out, 0)
		}
		return out
	}
	// Signature, then 14 bits each of width and height less one.
	lossless := riff("VP8L", append(binary.LittleEndian.AppendUint32([]byte{0x2f}, 39|29<<14), 0x07, 0x10, 0x11, 0x11, 0x88, 0x88, 0xfe, 0x07, 0))
	body := append([]byte("WEBP"), lossless...)
	if extra {
		head := riff("VP8X", []byte{0x08 | 0x04, 0, 0, 0, 39, 0, 0, 29, 0, 0})
		body = bytes.Join([][]byte{[]byte("WEBP"), head, lossless, riff("EXIF", []byte(secret)), riff("XMP ", []byte(secret))}, nil)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

const pdf = "%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\nxref\n0 1\ntrailer<</Size 1/Root 1 0 R>>\nstartxref\n44\n%%EOF\n"

// TestAttachmentsAreBare: what shows an image is kept, and nothing else of the file.
func TestAttachmentsAreBare(t *testing.T) {
	p, j, g := picture(t, "png"), picture(t, "jpeg"), picture(t, "gif")
	extension := append([]byte{0x21, 0xfe, byte(len(secret))}, append([]byte(secret), 0)...)
	for name, file := range map[string][]byte{
		"x.png":  append(insert(insert(p, 33, chunk("tEXt", []byte(secret))), 33, chunk("eXIf", []byte(exif(1)))), "<html>"+secret...),
		"y.jpeg": append(insert(insert(j, 2, segment(0xe1, exif(6))), 2, segment(0xfe, secret)), secret...),
		"z.gif":  append(insert(g, 13+6, extension), secret...),
		"w.webp": append(webp(true), secret...),
	} {
		a, kept, err := conversation.ReadAttachment(file, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a.Width != 40 || a.Height != 30 || a.Name != name || a.Size != int64(len(kept)) {
			t.Errorf("%s: %+v of %d bytes", name, a, len(kept))
		}
		if bytes.Contains(kept, []byte("script")) || bytes.Contains(kept, []byte("52.52")) {
			t.Errorf("%s still holds what does not show it", name)
		}
		if a.Type != "image/webp" { // the standard library has no decoder of it
			was, _, _ := image.Decode(bytes.NewReader(file))
			is, _, err := image.Decode(bytes.NewReader(kept))
			if err != nil || was.At(3, 4) != is.At(3, 4) || was.Bounds() != is.Bounds() {
				t.Errorf("%s does not look the same: %v", name, err)
			}
		}
		if again, twice, err := conversation.ReadAttachment(kept, name); err != nil || again != a || !bytes.Equal(twice, kept) {
			t.Errorf("%s, read again: %+v, %v", name, again, err)
		}
	}
	_, kept, err := conversation.ReadAttachment(insert(j, 2, segment(0xe1, exif(6))), "photo.jpg")
	if err != nil || !bytes.Contains(kept, []byte("\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06")) {
		t.Errorf("a photo does not say any more which way up it is: %v", err)
	}
	if _, kept, _ := conversation.ReadAttachment(insert(j, 2, segment(0xe1, exif(1))), "photo.jpg"); bytes.Contains(kept, []byte("Exif")) {
		t.Error("an upright photo keeps its Exif")
	}
	if a, kept, err := conversation.ReadAttachment([]byte(pdf), "a bill.PDF"); err != nil || a.Type != "application/pdf" || a.Name != "a bill.pdf" || string(kept) != pdf {
		t.Errorf("a PDF: %+v, %v", a, err)
	}
}

// TestAttachmentsAreRefused: what is none of the kinds, or only begins like one.
func TestAttachmentsAreRefused(t *testing.T) {
	huge := func(file []byte, at int, extent ...byte) []byte {
		out := bytes.Clone(file)
		copy(out[at:], extent)
		return out
	}
	p, j, g := picture(t, "png"), picture(t, "jpeg"), picture(t, "gif")
	bomb := huge(p, 16, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	frame := bytes.Index(j, []byte{0xff, 0xc0})
	flipped := bytes.Clone(p)
	flipped[len(flipped)-20] ^= 1
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":                {nil, conversation.ErrNoFile},
		"too long by one":        {append(bytes.Clone(p), make([]byte, conversation.MaxAttachment+1-len(p))...), conversation.ErrAttachmentTooLarge},
		"a picture of 4 Gpixels": {bomb, conversation.ErrTooManyPixels},
		"a JPEG of 4 Gpixels":    {huge(j, frame+5, 0xff, 0xff, 0xff, 0xff), conversation.ErrTooManyPixels},
		"a GIF of 4 Gpixels":     {huge(g, 6, 0xff, 0xff, 0xff, 0xff), conversation.ErrTooManyPixels},
		"SVG":                    {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`), conversation.ErrAttachmentType},
		"SVG after a blank":      {[]byte("\n<?xml version='1.0'?><svg/>"), conversation.ErrAttachmentType},
		"a page":                 {[]byte("<!doctype html>" + secret), conversation.ErrAttachmentType},
		"a program":              {[]byte("MZ\x90\x00"), conversation.ErrAttachmentType},
		"an archive":             {[]byte("PK\x03\x04"), conversation.ErrAttachmentType},
		"a script called PNG":    {[]byte("\x89PNG\r\n\x1a\n" + secret), conversation.ErrAttachmentDamaged},
		"half a PNG":             {p[:len(p)-12], conversation.ErrAttachmentDamaged},
		"a PNG with a wrong sum": {flipped, conversation.ErrAttachmentDamaged},
		"half a JPEG":            {j[:len(j)-2], conversation.ErrAttachmentDamaged},
		"half a GIF":             {g[:len(g)-3], conversation.ErrAttachmentDamaged},
		"half a WebP":            {webp(false)[:30], conversation.ErrAttachmentDamaged},
		"GIF that is a script":   {[]byte("GIF89a\x28\x00\x1e\x00\x00\x00\x00" + secret), conversation.ErrAttachmentDamaged},
		"half a PDF":             {[]byte(pdf[:60]), conversation.ErrAttachmentDamaged},
		"a PDF and a page":       {[]byte(pdf + secret), conversation.ErrAttachmentDamaged},
	} {
		if _, _, err := conversation.ReadAttachment(c.file, "x.png"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAttachmentNames(t *testing.T) {
	for name, want := range map[string]string{
		"../../etc/passwd":             "passwd.png",
		`C:\Users\maya\shot.PNG`:       "shot.png",
		"invoice.png.exe":              "invoice.png.exe.png",
		"gnp.\u202Eexe":                "gnp.exe.png",
		"":                             "file.png",
		"...":                          "file.png",
		"/":                            "file.png",
		"a\x00b\nc\"d\r\n\tX-Evil: 1":  "ab c_d X-Evil_ 1.png",
		"\xff\xfebad":                  "bad.png",
		"чек за палатку.png":           "чек за палатку.png",
		strings.Repeat("я", 300):       strings.Repeat("я", 96) + ".png",
		"%2e%2e%2fx":                   "_2e_2e_2fx.png",
		"  spaced   out .png":          "spaced out.png",
		"page.html; filename=evil.svg": "page.html_ filename=evil.svg.png",
	} {
		if a, _, err := conversation.ReadAttachment(picture(t, "png"), name); err != nil || a.Name != want {
			t.Errorf("%q is called %q, want %q (%v)", name, a.Name, want, err)
		}
	}
}

// FuzzAttachment: whatever is sent, what is kept is of the kind that it says, and reads
// the same again.
func FuzzAttachment(f *testing.F) {
	for _, seed := range []string{"\x89PNG\r\n\x1a\n", "GIF89a", "\xff\xd8\xff\xe1", pdf, string(webp(true))} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, kept, err := conversation.ReadAttachment(data, "x")
		if err != nil {
			return
		}
		if again, twice, err := conversation.ReadAttachment(kept, "x"); err != nil || again.Type != a.Type || !bytes.Equal(kept, twice) {
			t.Errorf("what is kept of a %s reads as %+v: %v", a.Type, again, err)
		}
	})
}
