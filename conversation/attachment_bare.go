package conversation

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"slices"
)

// The functions here put an image together from the parts that show it. Each refuses
// what does not follow its format to the end (ErrAttachmentDamaged).

// pngKept are the chunks of a PNG that change how it looks, with those of an animation
// (W3C PNG, third edition). Texts, times, places and thumbnails are none.
var pngKept = []string{
	"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI", "bKGD", "pHYs",
	"acTL", "fcTL", "fdAT",
}

const pngHead = 8 // bytes of its signature

func barePNG(data []byte) ([]byte, error) {
	out := slices.Clone(data[:pngHead])
	shows := false
	for rest := data[pngHead:]; len(rest) >= 12; {
		n := uint64(binary.BigEndian.Uint32(rest))
		if n > uint64(len(rest)-12) {
			break
		}
		kind, end := string(rest[4:8]), int(n)+12
		if crc32.ChecksumIEEE(rest[4:end-4]) != binary.BigEndian.Uint32(rest[end-4:]) {
			break
		}
		if slices.Contains(pngKept, kind) {
			out = append(out, rest[:end]...)
		}
		shows = shows || kind == "IDAT"
		if kind == "IEND" {
			if !shows {
				break
			}
			return out, nil
		}
		rest = rest[end:]
	}
	return nil, ErrAttachmentDamaged
}

// Markers of JPEG (ITU-T T.81, table B.1) that are looked at here.
const (
	jpegTEM  = 0x01
	jpegRST0 = 0xd0
	jpegRST7 = 0xd7
	jpegSOI  = 0xd8
	jpegEOI  = 0xd9
	jpegSOS  = 0xda
	jpegAPP0 = 0xe0
	jpegAPP1 = 0xe1
	jpegAPP2 = 0xe2
	jpegAPPE = 0xee
	jpegAPPF = 0xef
	jpegCOM  = 0xfe
)

// bareJPEG keeps which way up a photo is, and of the rest of what a camera writes
// nothing: it says where and when the photo was taken, and holds another, smaller one.
func bareJPEG(data []byte) ([]byte, error) {
	out := []byte{0xff, jpegSOI}
	shows := false
	for i := 2; ; {
		for i+1 < len(data) && data[i] == 0xff && data[i+1] == 0xff {
			i++ // what fills up before a marker
		}
		if i+1 >= len(data) || data[i] != 0xff {
			return nil, ErrAttachmentDamaged
		}
		marker := data[i+1]
		switch {
		case marker == jpegEOI:
			if !shows {
				return nil, ErrAttachmentDamaged
			}
			return append(out, 0xff, jpegEOI), nil
		case marker == jpegTEM, marker >= jpegRST0 && marker <= jpegRST7:
			out, i = append(out, 0xff, marker), i+2
			continue
		case marker == jpegSOI || i+4 > len(data):
			return nil, ErrAttachmentDamaged
		}
		end := i + 2 + int(binary.BigEndian.Uint16(data[i+2:]))
		if end < i+4 || end > len(data) {
			return nil, ErrAttachmentDamaged
		}
		out = append(out, jpegSegment(marker, data[i:end])...)
		i = end
		if marker == jpegSOS {
			shows = true
			// What is drawn goes on to the next marker that is none of its own.
			for i+1 < len(data) && (data[i] != 0xff || data[i+1] == 0 || data[i+1] >= jpegRST0 && data[i+1] <= jpegRST7) {
				i++
			}
			out = append(out, data[end:i]...)
		}
	}
}

// jpegSegment returns what is kept of a segment, which begins with its marker.
func jpegSegment(marker byte, segment []byte) []byte {
	body := segment[4:]
	switch {
	case marker == jpegAPP0 && bytes.HasPrefix(body, []byte("JFIF\x00")) && len(body) >= 14:
		// Without its thumbnail.
		kept := append([]byte{0xff, jpegAPP0, 0, 16}, body[:12]...)
		return append(kept, 0, 0)
	case marker == jpegAPP2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")), marker == jpegAPPE && bytes.HasPrefix(body, []byte("Adobe")):
		return segment // what the colours mean
	case marker == jpegAPP1:
		if way, ok := orientation(body); ok {
			return uprightSegment(way)
		}
		return nil
	case marker >= jpegAPP0 && marker <= jpegAPPF, marker == jpegCOM:
		return nil
	}
	return segment
}

const exifHead = "Exif\x00\x00"

// orientationTag is which way up a photo is: 1 to 8 (Exif 3.0, 4.6.5).
const orientationTag = 0x0112

// orientation reads which way up a photo is out of the body of an APP1 segment, if it
// says anything but upright.
func orientation(body []byte) (way uint16, ok bool) {
	tiff, found := bytes.CutPrefix(body, []byte(exifHead))
	if !found || len(tiff) < 8 {
		return 0, false
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0, false
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0, false
		}
		if order.Uint16(entries) == orientationTag {
			way = order.Uint16(entries[8:])
			return way, way >= 2 && way <= 8
		}
		entries = entries[12:]
	}
	return 0, false
}

// uprightSegment is an Exif segment that says which way up a photo is, and nothing else.
func uprightSegment(way uint16) []byte {
	out := append([]byte{0xff, jpegAPP1, 0, 0}, exifHead...)
	out = append(out, "MM\x00\x2a\x00\x00\x00\x08\x00\x01"...) // one entry
	out = binary.BigEndian.AppendUint16(out, orientationTag)
	out = append(out, 0, 3, 0, 0, 0, 1) // one number of two bytes
	out = binary.BigEndian.AppendUint16(out, way)
	out = append(out, 0, 0, 0, 0, 0, 0) // and no further directory
	binary.BigEndian.PutUint16(out[2:], uint16(len(out)-2))
	return out
}

// bareGIF keeps the pictures of a GIF and how they follow each other, and no comments
// (GIF89a specification, W3C).
func bareGIF(data []byte) ([]byte, error) {
	at := 13
	if len(data) < at {
		return nil, ErrAttachmentDamaged
	}
	if data[10]&0x80 != 0 {
		at += 3 << (data[10]&7 + 1) // the colours
	}
	if at > len(data) {
		return nil, ErrAttachmentDamaged
	}
	out := slices.Clone(data[:at])
	shows := false
	for at < len(data) {
		begin := at
		switch data[at] {
		case 0x3b: // the end
			if !shows {
				return nil, ErrAttachmentDamaged
			}
			return append(out, 0x3b), nil
		case 0x2c: // a picture
			shows = true
			if at+10 > len(data) {
				return nil, ErrAttachmentDamaged
			}
			flags := data[at+9]
			if at += 10; flags&0x80 != 0 {
				at += 3 << (flags&7 + 1)
			}
			at++ // how it is packed
		case 0x21: // an extension
			at += 2
		default:
			return nil, ErrAttachmentDamaged
		}
		end, ok := gifBlocks(data, at)
		if !ok {
			return nil, ErrAttachmentDamaged
		}
		if block := data[begin:end]; keptGIF(block) {
			out = append(out, block...)
		}
		at = end
	}
	return nil, ErrAttachmentDamaged
}

// gifBlocks returns where a chain of blocks ends that begins at a place.
func gifBlocks(data []byte, at int) (end int, ok bool) {
	for at < len(data) {
		n := int(data[at])
		at += 1 + n
		if n == 0 {
			return at, true
		}
	}
	return 0, false
}

// keptGIF is whether a block of a GIF is a picture, or says how it is shown.
func keptGIF(block []byte) bool {
	if block[0] != 0x21 {
		return true
	}
	switch block[1] {
	case 0xf9: // how long, and over what
		return true
	case 0xff: // of a program: only how often it is repeated
		return bytes.HasPrefix(block[2:], []byte("\x0bNETSCAPE2.0"))
	}
	return false
}

// webpKept are the chunks of a WebP that show it (RFC 9649, 2.7); Exif and XMP are not.
// Which way up a photo is stands in its Exif alone, and phones do not write WebP.
var webpKept = []string{"VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"}

// webpMeta are the flags of VP8X that there is Exif or XMP.
const webpMeta = 0x08 | 0x04

const webpHead = 12

func bareWebP(data []byte) ([]byte, error) {
	total := uint64(binary.LittleEndian.Uint32(data[4:])) + 8
	if total > uint64(len(data)) || total < webpHead {
		return nil, ErrAttachmentDamaged
	}
	out := slices.Clone(data[:webpHead])
	shows := false
	for rest := data[webpHead:total]; len(rest) > 0; {
		if len(rest) < 8 {
			return nil, ErrAttachmentDamaged
		}
		n := uint64(binary.LittleEndian.Uint32(rest[4:]))
		n += n & 1 // it is filled up
		if n > uint64(len(rest)-8) {
			return nil, ErrAttachmentDamaged
		}
		kind, chunk := string(rest[:4]), rest[:8+n]
		if slices.Contains(webpKept, kind) {
			out = append(out, chunk...)
			if kind == "VP8X" && n > 0 {
				out[len(out)-int(n)] &^= webpMeta
			}
		}
		shows = shows || kind == "VP8 " || kind == "VP8L" || kind == "ANMF"
		rest = rest[len(chunk):]
	}
	if !shows {
		return nil, ErrAttachmentDamaged
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}

// webpConfig reads the extent of a WebP off its first chunk (RFC 9649, 2.5 to 2.7;
// RFC 6386, 9.1).
func webpConfig(data []byte) (image.Config, error) {
	if len(data) < webpHead+18 {
		return image.Config{}, ErrAttachmentDamaged
	}
	body := data[webpHead+8:]
	var c image.Config
	switch string(data[webpHead : webpHead+4]) {
	case "VP8 ":
		if string(body[3:6]) != "\x9d\x01\x2a" {
			return c, ErrAttachmentDamaged
		}
		c.Width = int(binary.LittleEndian.Uint16(body[6:]) & 0x3fff)
		c.Height = int(binary.LittleEndian.Uint16(body[8:]) & 0x3fff)
	case "VP8L":
		bits := binary.LittleEndian.Uint32(body[1:])
		if body[0] != 0x2f {
			return c, ErrAttachmentDamaged
		}
		c.Width, c.Height = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
	case "VP8X":
		c.Width = int(uint32(body[4])|uint32(body[5])<<8|uint32(body[6])<<16) + 1
		c.Height = int(uint32(body[7])|uint32(body[8])<<8|uint32(body[9])<<16) + 1
	default:
		return c, ErrAttachmentDamaged
	}
	return c, nil
}
