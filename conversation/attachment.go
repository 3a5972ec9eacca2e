package conversation

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"candor/identity"
)

// Attachment is a file that is sent with a message.
type Attachment struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"` // its media type: one of AttachmentTypes
	Size   int64  `json:"size"` // in bytes
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"` // in pixels, as it is stored
}

// StoredAttachment is an attachment and where it belongs.
type StoredAttachment struct {
	Attachment
	Conversation string
	Customer     identity.CustomerID
	Message      string           // that it was sent with; empty: none yet
	From         Author           // FromCustomer or FromAgent
	Staff        identity.StaffID // of an agent's
	Pieces       int
}

// AttachmentTypes are the media types that may be sent, each with the ending of its
// files' names.
var AttachmentTypes = map[string]string{
	"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif", pdfType: ".pdf",
}

const pdfType = "application/pdf"

// Limits of attachments.
const (
	MaxAttachment  = 10 << 20 // bytes of one
	MaxAttachments = 10       // in a message
	// MaxAttachmentsADay and MaxAttachmentBytesADay bound what a customer uploads in 24
	// hours, and likewise what an agent does for one customer.
	MaxAttachmentsADay     = 100
	MaxAttachmentBytesADay = 200 << 20
	// AttachmentPiece is how much of one is sealed at once, in bytes.
	AttachmentPiece = 256 << 10
	// AttachmentLife is for how long one is kept that no message was sent with.
	AttachmentLife = time.Hour

	maxPixels         = 64_000_000 // what a phone's camera makes, and a browser can show
	maxSide           = 30_000     // of an image, in pixels
	maxAttachmentName = 100        // code points
)

// Errors of attachments.
var (
	ErrNoFile             = errors.New("the file is empty")
	ErrAttachmentTooLarge = errors.New("the file is larger than 10 MB; send a smaller one")
	ErrAttachmentType     = errors.New("this kind of file can't be sent here; PNG, JPEG, WebP and GIF images and PDF files can")
	ErrAttachmentDamaged  = errors.New("the file is damaged or incomplete; save it anew and try again")
	ErrTooManyPixels      = errors.New("the image has too many pixels; send a smaller one")
	// ErrAttachmentGone refuses a message that names an attachment which was uploaded
	// too long ago, was sent already, or is somebody else's.
	ErrAttachmentGone = errors.New("a file of this message is not here any more, or was sent already; add it again")
	// ErrUploadedAgain ends an upload of which the same was begun anew meanwhile.
	ErrUploadedAgain       = errors.New("this file is being uploaded by another request; wait for that one, or add the file again")
	ErrTooManyAttachments  = errors.New("a message takes at most 10 files")
	ErrAttachmentAllowance = errors.New("as many files were sent as a day allows; try again tomorrow, or describe what they show")
)

// ReadAttachment returns what is kept of a file: what it is, by its content alone,
// under a name that is safe everywhere, and its bytes without what they tell of the
// device, the place and the programs that they come from.
//
// SECURITY: an image is put together again from the parts that show it. What stands
// before, between or behind them, such as a page for a browser, does not come along.
// A PDF is kept as it is, and given out as a file to save only.
func ReadAttachment(data []byte, name string) (Attachment, []byte, error) {
	switch {
	case len(data) == 0:
		return Attachment{}, nil, ErrNoFile
	case len(data) > MaxAttachment:
		return Attachment{}, nil, ErrAttachmentTooLarge
	}
	a := Attachment{Type: sniff(data)}
	if a.Type == "" {
		return a, nil, ErrAttachmentType
	}
	var err error
	if a.Type == pdfType {
		err = wholePDF(data)
	} else {
		data, err = a.image(data)
	}
	a.Name, a.Size = attachmentName(name, a.Type), int64(len(data))
	return a, data, err
}

// sniff returns the media type that a file begins like; empty if it is none of ours.
func sniff(data []byte) string {
	for _, x := range []struct{ magic, kind string }{
		{"\x89PNG\r\n\x1a\n", "image/png"},
		{"\xff\xd8\xff", "image/jpeg"},
		{"GIF87a", "image/gif"},
		{"GIF89a", "image/gif"},
		{"%PDF-1.", pdfType},
		{"%PDF-2.", pdfType},
	} {
		if bytes.HasPrefix(data, []byte(x.magic)) {
			return x.kind
		}
	}
	if len(data) >= 16 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP" {
		return "image/webp"
	}
	return ""
}

// image fills in the extent of an image, and returns it without what does not show it.
// The extent is looked at first: a small file may unpack to more than memory holds.
func (a *Attachment) image(data []byte) ([]byte, error) {
	type codec struct {
		config func([]byte) (image.Config, error)
		bare   func([]byte) ([]byte, error)
	}
	c := map[string]codec{
		"image/png":  {func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) }, barePNG},
		"image/jpeg": {func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) }, bareJPEG},
		"image/gif":  {func(b []byte) (image.Config, error) { return gif.DecodeConfig(bytes.NewReader(b)) }, bareGIF},
		"image/webp": {webpConfig, bareWebP},
	}[a.Type]
	size, err := c.config(data)
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, ErrAttachmentDamaged
	}
	if size.Width > maxSide || size.Height > maxSide || size.Width*size.Height > maxPixels {
		return nil, ErrTooManyPixels
	}
	bare, err := c.bare(data)
	if err != nil {
		return nil, err
	}
	if size, err = c.config(bare); err != nil || size.Width < 1 || size.Height < 1 {
		return nil, ErrAttachmentDamaged
	}
	a.Width, a.Height = size.Width, size.Height
	return bare, nil
}

// pdfEnd is within how many last bytes a PDF says that it ends, as readers look for it.
const pdfEnd = 1024

// wholePDF refuses a PDF that does not end like one (ISO 32000-2, 7.5.5).
func wholePDF(data []byte) error {
	tail := data[max(0, len(data)-pdfEnd):]
	end := bytes.LastIndex(tail, []byte("%%EOF"))
	if end < 0 || len(bytes.TrimSpace(bytes.Trim(tail[end+len("%%EOF"):], "\x00"))) > 0 || !bytes.Contains(tail, []byte("startxref")) {
		return ErrAttachmentDamaged
	}
	return nil
}

// attachmentName makes a name out of what somebody calls a file: its last part, of
// letters that show, with the ending that its content has.
func attachmentName(name, kind string) string {
	name = strings.ToValidUTF8(name, "")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*%;`, r):
			return '_'
		case unicode.IsSpace(r):
			return ' '
		// Among what does not show is what turns the order of letters round, so that
		// exe.gpj is read as jpg.exe.
		case !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	ending := AttachmentTypes[kind]
	stem, ok := withoutEnding(name, ending)
	if !ok && kind == "image/jpeg" {
		if stem, ok = withoutEnding(name, ".jpeg"); ok {
			ending = ".jpeg"
		}
	}
	if stem = strings.TrimRight(stem, ". "); stem == "" {
		stem = "file"
	}
	if most := maxAttachmentName - utf8.RuneCountInString(ending); utf8.RuneCountInString(stem) > most {
		stem = string([]rune(stem)[:most])
	}
	return stem + ending
}

// withoutEnding cuts an ending off a name, if it has it in any case.
func withoutEnding(name, ending string) (string, bool) {
	if n := len(name) - len(ending); n >= 0 && strings.EqualFold(name[n:], ending) {
		return name[:n], true
	}
	return name, false
}
