package export

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"
	"time"

	"candor/consent"
	"candor/conversation"
	"candor/retrieval"
)

//go:embed page.html
var pageText string

// pageTemplate holds the pieces of the page. Each is written on its own, so that
// the page may be longer than memory.
//
// SECURITY: what is written into it was said by customers, sites and models. The
// template escapes all of it, and the page allows no script.
var pageTemplate = template.Must(template.New("page").Parse(pageText))

// colour is what a site's own colour may be.
var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// say returns a text in the customer's language; one that is not known is its own
// last part, as programs have it.
func (a *archive) say(key string) string {
	t, ok := words[key]
	if !ok {
		return key[strings.LastIndexByte(key, '/')+1:]
	}
	return strings.NewReplacer("{brand}", a.owner.Brand, "{date}", a.time(a.made)).Replace(t.In(a.language))
}

// time writes a time for people, in UTC as in the other files.
func (a *archive) time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// brand puts the site's name into a text of the policy.
func (a *archive) brand(t consent.Text) string {
	return strings.ReplaceAll(t.In(a.language), "{brand}", a.owner.Brand)
}

// recipient names a recipient; one that the policy does not name any more by the
// last part of its id.
func (a *archive) recipient(id consent.Recipient) string {
	if r, ok := a.Gate.Policy().Recipient(id); ok {
		return a.brand(r.Label)
	}
	return string(id[strings.LastIndexByte(string(id), ':')+1:])
}

// to is the cell of a recipient, which says so where it is outside the house.
func (a *archive) to(id consent.Recipient) cell {
	c := cell{Text: a.recipient(id)}
	if a.Gate.Policy().ThirdParty(id) {
		c.More = []string{a.say("outside")}
	}
	return c
}

func (a *archive) category(id consent.Category) string {
	if c, ok := a.Gate.Policy().Category(id); ok {
		return a.brand(c.Label)
	}
	return string(id)
}

func (a *archive) purpose(id consent.Purpose) string {
	for _, p := range a.Gate.Policy().Purposes {
		if p.ID == id {
			return a.brand(p.Label)
		}
	}
	return string(id)
}

func (a *archive) categories(all []consent.Category) string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = a.category(c)
	}
	return strings.Join(names, ", ")
}

// person names who did something.
func (a *archive) person(p *Person) string {
	switch {
	case p == nil:
		return ""
	case p.Name != "":
		return p.Name
	}
	return a.say("who/" + p.Kind)
}

// readme explains the archive in plain words.
func (a *archive) readme(_ context.Context, w io.Writer) error {
	var b strings.Builder
	title := a.say("title")
	fmt.Fprintf(&b, "%s\n%s\n%s\n\n%s\n\n%s\n\n%s\n\n%s:\n\n", title, strings.Repeat("=", len([]rune(title))), a.say("made"),
		a.say("intro"), a.say("private"), a.say("elsewhere"), a.say("files"))
	for _, name := range fileOrder {
		fmt.Fprintf(&b, "  %-19s %s\n", name, a.say("file/"+name))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// pageWriter writes the pieces of the page, until one fails.
type pageWriter struct {
	w   io.Writer
	err error
}

func (p *pageWriter) put(piece string, data any) {
	if p.err == nil {
		p.err = pageTemplate.ExecuteTemplate(p.w, piece, data)
	}
}

// section writes a heading, and rows below column names if there are any columns;
// rows calls its argument for every row.
func (p *pageWriter) section(a *archive, id string, columns []string, rows func(row func(any) error) error) {
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = a.say(c)
	}
	p.put("section", map[string]any{"ID": id, "Title": a.say(id)})
	empty := true
	err := rows(func(data any) error {
		if empty {
			empty = false
			p.put("open", heads)
		}
		piece := "row"
		if len(columns) == 0 {
			piece = id
		}
		p.put(piece, data)
		return p.err
	})
	if p.err == nil {
		p.err = err
	}
	if empty {
		p.put("empty", a.say("none"))
	} else {
		p.put("close", heads)
	}
	p.put("end", nil)
}

type fact struct{ Name, Value string }

type entry struct{ Name, Text string }

// index writes everything as one page for people.
func (a *archive) index(ctx context.Context, w io.Writer, events []consent.Event) error {
	p := &pageWriter{w: w}
	accent := a.owner.Accent
	if !colour.MatchString(accent) {
		accent = "#0b6e4f"
	}
	facts := []fact{{a.say("id"), string(a.owner.ID)}, {a.say("since"), a.time(a.owner.Since)}}
	if a.owner.Subject != "" {
		facts = append([]fact{{a.say("subject"), a.owner.Subject}}, facts...)
	}
	var parts, files []entry
	for _, s := range []string{"choices", "history", "records", "conversations", "usage", "recipients", "requests", "files"} {
		parts = append(parts, entry{s, a.say(s)})
	}
	for _, f := range fileOrder {
		files = append(files, entry{f, a.say("file/" + f)})
	}
	p.put("head", map[string]any{
		"Language": a.language, "Title": a.say("title"), "Made": a.say("made"), "Intro": a.say("intro"),
		"Notes": []string{a.say("private"), a.say("elsewhere")}, "Facts": facts, "Parts": parts, "Accent": accent,
	})
	choices, err := a.Gate.Choices(ctx, a.who, a.language)
	if err != nil {
		return err
	}
	p.section(a, "choices", []string{"purpose", "data", "recipient", "state", "since", "until"}, func(row func(any) error) error {
		for _, c := range choices.Choices {
			if err := row(cells(a.purpose(c.Purpose), a.category(c.Category), a.recipient(c.Recipient),
				a.say("state/"+string(c.State)), a.time(c.Since), a.time(c.Expires))); err != nil {
				return err
			}
		}
		return nil
	})
	p.section(a, "history", []string{"when", "purpose", "data", "recipient", "state", "until", "proof"}, func(row func(any) error) error {
		for _, e := range events {
			r := cells(a.time(e.At), a.purpose(e.Purpose), a.category(e.Category), a.recipient(e.Recipient),
				a.say("state/"+string(e.State)), a.time(e.Expires))
			r = append(r, cell{Text: a.say("proof"), File: receiptName(e)})
			if err := row(r); err != nil {
				return err
			}
			if err := a.tick(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	p.section(a, "records", nil, func(row func(any) error) error {
		return a.eachRecord(ctx, func(r retrieval.Held) error {
			if err := row(a.recordPiece(r)); err != nil {
				return err
			}
			return a.tick(ctx)
		})
	})
	p.section(a, "conversations", nil, func(row func(any) error) error { return a.talks(ctx, p, row) })
	p.section(a, "usage", []string{"when", "what", "data", "who"}, func(row func(any) error) error {
		return a.eachUse(ctx, func(u Use) error { return row(a.usePiece(u)) })
	})
	p.section(a, "recipients", []string{"who", "data", "times", "first", "last"}, func(row func(any) error) error {
		for _, x := range a.went.list(a) {
			var who cell
			if x.Recipient != "" {
				who = a.to(x.Recipient)
			}
			if x.Who != nil {
				who.Text = strings.TrimPrefix(who.Text+": "+a.person(x.Who), ": ")
			}
			rest := cells(a.categories(x.Categories), fmt.Sprint(x.Count), a.time(x.First), a.time(x.Last))
			if err := row(append([]cell{who}, rest...)); err != nil {
				return err
			}
		}
		return nil
	})
	p.section(a, "requests", []string{"when", "what", "state", "due"}, func(row func(any) error) error {
		return a.eachRequest(ctx, func(r consent.Request) error {
			return row(cells(a.time(r.At), a.say("request/"+string(r.Kind)), a.say("status/"+string(r.Status)), a.time(r.Due)))
		})
	})
	p.section(a, "files", nil, func(row func(any) error) error {
		for _, f := range files {
			if err := row(f); err != nil {
				return err
			}
		}
		return nil
	})
	p.put("foot", nil)
	return p.err
}

// cell is a cell of a table, with the file that it leads to, and smaller lines below.
type cell struct {
	Text string
	File string
	More []string
}

func cells(texts ...string) []cell {
	out := make([]cell, len(texts))
	for i, t := range texts {
		out[i].Text = t
	}
	return out
}

func (a *archive) recordPiece(r retrieval.Held) any {
	source := []string{}
	for _, s := range []string{r.Source.System, r.Source.Ref, r.Source.URL} {
		if s != "" {
			source = append(source, s)
		}
	}
	piece := map[string]any{
		"Category": a.category(r.Category), "Title": r.Title, "Text": r.Text, "Fields": r.Fields, "At": a.time(r.CollectedAt),
		"From": a.say("source"), "Source": strings.Join(source, " · "), "ID": r.ID,
	}
	if r.Disputed {
		piece["Disputed"] = a.say("disputed")
	} else if r.Hidden {
		piece["Disputed"] = a.say("hidden")
	}
	return piece
}

// talks writes the conversations with their messages.
func (a *archive) talks(ctx context.Context, p *pageWriter, row func(any) error) error {
	all, err := a.Source.ConversationsOf(ctx, a.who.Customer)
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := row(map[string]any{"At": a.time(c.Created), "ID": c.ID}); err != nil {
			return err
		}
		err := a.eachMessage(ctx, c, func(m conversation.Message) error {
			who := a.say("from/" + string(m.From))
			if m.Name != "" {
				who = m.Name
			}
			p.put("message", map[string]any{
				"Who": who, "From": m.From, "At": a.time(m.At), "Text": m.Text(), "Data": a.categories(m.Categories()), "Files": attached(m),
			})
			return p.err
		})
		if err != nil {
			return err
		}
		notes, err := a.Source.NotesOf(ctx, c)
		if err != nil {
			return err
		}
		for _, n := range notes {
			p.put("message", map[string]any{"Who": a.say("note") + " · " + n.Name, "From": "note", "At": a.time(n.At), "Text": n.Text, "Data": "", "Files": nil})
		}
		p.put("message-end", nil)
	}
	return nil
}

// usePiece says what was done in a row of the table.
func (a *archive) usePiece(u Use) []cell {
	what := cell{Text: a.say("kind/" + string(u.Kind))}
	if u.Kind == Deletion {
		what.More = []string{fmt.Sprintf("%d × %s", u.Count, a.say("what/"+string(u.What)))}
	}
	if u.Reason != "" {
		what.More = append(what.More, a.say("reason/"+u.Reason))
	}
	data := cell{Text: a.categories(u.Categories)}
	for _, r := range u.Records {
		title := r.Title
		if title == "" {
			title = a.say("gone")
		}
		data.More = append(data.More, title)
	}
	who := cell{Text: a.person(u.Who)}
	if u.Recipient != "" && u.Who == nil {
		who = a.to(u.Recipient)
	}
	return []cell{{Text: a.time(u.At)}, what, data, who}
}
