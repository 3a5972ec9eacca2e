package web

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"candor/conversation"
	"candor/identity"
)

// attachmentPolicy is for a file that is opened by itself: it runs nothing, loads
// nothing, and belongs to no origin.
const attachmentPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"

// downloadTime bounds how long a file is read for one reader.
const downloadTime = 5 * time.Minute

// isUpload reports whether a request brings a file of a conversation.
func isUpload(method, path string) bool {
	return method == http.MethodPost && strings.HasSuffix(path, "/attachments") &&
		(strings.HasPrefix(path, "/api/conversations/") || strings.HasPrefix(path, "/api/desk/conversations/"))
}

type uploadInput struct {
	ID      string `path:"id"`
	Name    string `query:"name" doc:"What its owner calls the file"`
	RawBody []byte `contentType:"application/octet-stream"`
}

type uploadOutput struct {
	Body conversation.Attachment
}

type attachmentInput struct {
	ID         string `path:"id"`
	Attachment string `path:"attachment"`
}

func (s *Server) attachmentRoutes() {
	const what = "PNG, JPEG, WebP, GIF or PDF by content, at most 10 MB; what it tells of place and device is removed from images. " +
		"It is sent with a message within the hour, or removed."
	binary := make(map[string]*huma.MediaType)
	for kind := range conversation.AttachmentTypes {
		binary[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	file := map[string]*huma.Response{"200": {Description: "The file", Content: binary}}
	register(s, customers, huma.Operation{
		OperationID: "upload", Method: http.MethodPost, Path: "/api/conversations/{id}/attachments",
		Summary: "Upload a file to send with a message", Description: what, DefaultStatus: http.StatusCreated,
		Middlewares: huma.Middlewares{s.limitUploads},
	}, func(ctx context.Context, who identity.Principal, in *uploadInput) (*uploadOutput, error) {
		a, err := s.Exchange.Upload(ctx, who, in.ID, in.Name, in.RawBody)
		return &uploadOutput{a}, err
	})
	register(s, customers, huma.Operation{
		OperationID: "attachment", Method: http.MethodGet, Path: "/api/conversations/{id}/attachments/{attachment}",
		Summary: "A file of my conversation", Responses: file, DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, who identity.Principal, in *attachmentInput) (*archiveOutput, error) {
		return s.download(func(life context.Context) (conversation.Attachment, io.Reader, error) {
			return s.Exchange.Attachment(ctx, life, who, in.ID, in.Attachment)
		})
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "deskUpload", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/attachments",
		Summary: "Upload a file to send with a reply", Description: what, DefaultStatus: http.StatusCreated,
	}, func(ctx context.Context, who identity.Principal, in *uploadInput) (*uploadOutput, error) {
		a, err := s.DeskExchange.Upload(ctx, who, in.ID, in.Name, in.RawBody)
		return &uploadOutput{a}, err
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "deskAttachment", Method: http.MethodGet, Path: "/api/desk/conversations/{id}/attachments/{attachment}",
		Summary: "A file of a conversation, as far as its customer lets people see it", Responses: file, DefaultStatus: http.StatusOK,
	}, func(ctx context.Context, who identity.Principal, in *attachmentInput) (*archiveOutput, error) {
		return s.download(func(life context.Context) (conversation.Attachment, io.Reader, error) {
			return s.DeskExchange.Attachment(ctx, life, who, in.ID, in.Attachment)
		})
	})
}

// limitUploads bounds how fast files come from one address: visitors cost nothing to
// make, and each may fill a disk a little.
func (s *Server) limitUploads(ctx huma.Context, next func(huma.Context)) {
	if d := s.limits.wait("files from "+humafiber.Unwrap(ctx).IP(), 1, 60); d > 0 {
		s.writeErr(ctx, tooMany(d))
		return
	}
	next(ctx)
}

// download sends a file while it is read, piece by piece, and for as long as it may be:
// where a piece cannot be read any more the connection is cut.
//
// SECURITY: whatever the file is, a browser takes it for what it says, runs nothing of it
// and keeps none of it. Only images are shown in place.
func (s *Server) download(open func(life context.Context) (conversation.Attachment, io.Reader, error)) (*archiveOutput, error) {
	life, end := context.WithTimeout(s.life, downloadTime) // the request's own time ends before the file is sent
	a, r, err := open(life)
	if err != nil {
		end()
		return nil, err
	}
	how := "attachment"
	if strings.HasPrefix(a.Type, "image/") {
		how = "inline"
	}
	return &archiveOutput{func(ctx huma.Context) {
		c := humafiber.Unwrap(ctx)
		ctx.SetStatus(http.StatusOK)
		c.Set("Content-Type", a.Type)
		c.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": a.Name}))
		c.Set("Content-Security-Policy", attachmentPolicy)
		c.Set("Cross-Origin-Resource-Policy", "same-origin")
		c.Context().SetBodyStream(&download{r, end}, int(a.Size))
	}}, nil
}

// download is a file that is being sent.
type download struct {
	io.Reader
	end context.CancelFunc
}

func (d *download) Close() error {
	d.end()
	return nil
}
