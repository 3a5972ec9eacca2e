package extractive

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"candor/answer"
	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

const (
	maxSentences = 3
	// maxOwnText is the bytes of a short personal record, which is quoted whole:
	// what a shop keeps about an order in two sentences is the answer.
	maxOwnText = 400
)

// own is a personal record that may answer the question.
type own struct {
	retrieval.Record
	passage string
	date    time.Time
	matched float64 // the share of the question's particular words that it holds
	pending bool    // it is under way
}

// plain categories are those of which a question is plainly about the records
// themselves: "where is my order?" holds no word of the order it means.
var plain = map[consent.Category]bool{"orders": true, "billing": true, "support_history": true}

// fromRecords answers from the customer's own records.
func fromRecords(q *question, hits []retrieval.Hit) []answer.Sentence {
	records := q.candidates(hits)
	if len(records) == 0 {
		return nil
	}
	if q.list {
		return listRecords(q, records)
	}
	r := records[0]
	same := slices.DeleteFunc(slices.Clone(hits), func(h retrieval.Hit) bool { return h.Record.ID != r.ID })
	if r.matched == 0 && q.sameLanguage(r.Record) && len(q.numbers) == 0 && len(q.aspects) == 0 && (!plain[r.Category] || q.particular(r.Record)) {
		// The question is about something that the record does not mention.
		return fromTexts(q, same)
	}
	out := state(q, r)
	if len(out) == 0 {
		return quoteOwn(q, r, same)
	}
	if len(q.aspects) == 0 {
		// The text may say what the fields do not: "what is the gift message?"
		if quoted := fromTexts(q, same); q.covers(quoted, r.Record) > q.covers(out, r.Record) {
			return quoted
		}
	}
	return out
}

// candidates returns the records that the question may be about, the likeliest
// first.
func (q *question) candidates(hits []retrieval.Hit) []own {
	category := q.category(hits)
	if category == "" {
		return nil
	}
	var out []own
	for _, h := range hits {
		if h.Record.Category != category || slices.ContainsFunc(out, func(o own) bool { return o.ID == h.Record.ID }) {
			continue
		}
		out = append(out, own{
			Record: h.Record, passage: h.PassageID, date: answer.RecordDate(h.Record), matched: q.matches(h.Record), pending: underWay(h.Record),
		})
	}
	out = q.ofKind(out)
	if len(q.numbers) > 0 {
		// Who names an order means that one. Another one is no answer.
		return slices.DeleteFunc(out, func(o own) bool { return !q.names(o.Record) })
	}
	whereabouts := slices.ContainsFunc(q.aspects, func(a answer.Aspect) bool {
		return a == answer.AboutStatus || a == answer.AboutArrival || a == answer.AboutTracking
	})
	slices.SortStableFunc(out, func(a, b own) int {
		if c := cmp.Compare(b.matched, a.matched); c != 0 {
			return c
		}
		if whereabouts && a.pending != b.pending {
			if a.pending {
				return -1
			}
			return 1
		}
		return b.date.Compare(a.date)
	})
	return out
}

// category returns the category to answer from: the most relevant one of which
// records were found, or that of the best hit if the question cues none.
func (q *question) category(hits []retrieval.Hit) consent.Category {
	has := func(c consent.Category) bool {
		return slices.ContainsFunc(hits, func(h retrieval.Hit) bool { return h.Record.Category == c })
	}
	if refundWords.MatchString(strings.ToLower(q.Question)) && has("billing") && slices.Contains(q.Intent.Relevant, "billing") {
		return "billing"
	}
	for _, c := range q.Intent.Relevant {
		if has(c) {
			return c
		}
	}
	if len(q.Intent.Relevant) == 0 && len(hits) > 0 {
		return hits[0].Record.Category
	}
	return ""
}

// ofKind keeps the bills of the kind that the question names, if there are any.
func (q *question) ofKind(records []own) []own {
	lower := strings.ToLower(q.Question)
	kind := ""
	switch {
	case refundWords.MatchString(lower):
		kind = "refund"
	case invoiceWords.MatchString(lower):
		kind = "invoice"
	case paymentWords.MatchString(lower):
		kind = "payment"
	}
	var out []own
	for _, o := range records {
		if strings.EqualFold(o.Fields["kind"], kind) {
			out = append(out, o)
		}
	}
	if kind == "" || len(out) == 0 {
		return records
	}
	return out
}

// matches returns the share of the question's particular words that the record
// holds.
func (q *question) matches(r retrieval.Record) float64 {
	return share(q.specifics(r), termSet(everything(r), languageOf(r)))
}

// particular reports whether the question has particular words at all.
func (q *question) particular(r retrieval.Record) bool { return len(q.specifics(r)) > 0 }

// covers returns the share of the question's particular words that an answer
// from the record holds.
func (q *question) covers(sentences []answer.Sentence, r retrieval.Record) float64 {
	var texts []string
	for _, s := range sentences {
		texts = append(texts, s.Text)
	}
	return share(q.specifics(r), termSet(strings.Join(texts, "\n"), languageOf(r)))
}

// specifics returns the question's words without those that name the record's
// category: "order" tells no order from another.
func (q *question) specifics(r retrieval.Record) []string {
	language := languageOf(r)
	category := termSet(categoryWords[r.Category], language)
	return slices.DeleteFunc(content(q.Question, language), func(t string) bool { return category[t] })
}

func share(terms []string, set map[string]bool) float64 {
	held := 0.0
	for _, t := range terms {
		held += credit(t, set)
	}
	return held / float64(max(1, len(terms)))
}

// everything is all that a record says.
func everything(r retrieval.Record) string {
	parts := []string{r.Title, r.Text, r.Source.Ref}
	for k, v := range r.Fields {
		parts = append(parts, strings.ReplaceAll(k, "_", " ")+": "+v)
	}
	return strings.Join(parts, "\n")
}

// categoryWords name the records of a category, and what happens to them all.
var categoryWords = map[consent.Category]string{
	"orders": "order orders ordered package parcel delivery delivered deliver shipped shipping ship sent arrive arrived status total number tracking expected placed bought buy purchase last latest recent way " +
		"order pedido pedidos encomenda pacote entrega entregue enviado chegar chega comprei último última compra envío paquete llega llegar compré estado situação " +
		"замовлення посилка доставка прийде розкажи статус останнє заказ посылка придет расскажи последний",
	"billing": "invoice bill payment paid pay refund refunded charge charged amount status due last latest recent money fatura pagamento paguei reembolso cobrança valor factura pago pagué reembolso importe último última " +
		"рахунок платіж оплата повернення гроші останній счет платеж возврат деньги последний",
	"support_history": "ticket request complaint support contacted contact asked status open solved last latest recent outcome chamado reclamação atendimento solicitação consulta reclamación incidencia último última " +
		"звернення запит останнє обращение запрос последнее",
}

// names reports whether the record holds an identifier that the question names.
func (q *question) names(r retrieval.Record) bool {
	for _, t := range numberToken.FindAllString(everything(r), -1) {
		for _, n := range q.numbers {
			// "1042" names FJ-1042, as customers leave the letters out.
			if strings.EqualFold(strings.Trim(t, "#-_/."), n) || digits(t) != "" && digits(t) == digits(n) {
				return true
			}
		}
	}
	return false
}

func underWay(r retrieval.Record) bool {
	switch strings.ToLower(r.Fields["status"]) {
	case "", "delivered", "cancelled", "canceled", "returned", "refunded", "paid", "solved", "closed":
		return false
	}
	return true
}

// sameLanguage reports whether the record's words can be compared with the
// question's. Of a short record the language is often not known.
func (q *question) sameLanguage(r retrieval.Record) bool {
	l := languageOf(r)
	return l == "" || l == analysis.Base(q.Language)
}

// state phrases a record from its fields: what was asked for first, then what
// else one would want to know.
func state(q *question, r own) []answer.Sentence {
	statements := answer.Statements(r.Record, q.Language)
	find := func(a answer.Aspect, lead bool) string {
		i := slices.IndexFunc(statements, func(s answer.Statement) bool { return s.About == a && s.Lead == lead })
		if i < 0 {
			return ""
		}
		return statements[i].Text
	}
	lead, about := "", answer.Aspect("")
	for _, a := range append(slices.Clone(q.aspects), answer.AboutStatus, answer.AboutPlaced, answer.AboutAmount, answer.AboutSummary) {
		if lead = find(a, true); lead != "" {
			about = a
			break
		}
	}
	if lead == "" {
		return nil
	}
	texts := []string{lead}
	if about != answer.AboutStatus && about != answer.AboutArrival {
		if s := find(answer.AboutStatus, true); s != "" && len(q.aspects) > 1 && slices.Contains(q.aspects, answer.AboutStatus) {
			texts = append(texts, s)
		}
	}
	for _, a := range append(slices.Clone(q.aspects), followUps[about]...) {
		s := find(a, false)
		if a != about && s != "" && len(texts) < maxSentences && !slices.Contains(texts, s) && !strings.Contains(lead, valueOf(s)) {
			texts = append(texts, s)
		}
	}
	out := make([]answer.Sentence, len(texts))
	for i, t := range texts {
		out[i] = r.cite(t, 1)
	}
	return out
}

// followUps are what goes with a fact.
var followUps = map[answer.Aspect][]answer.Aspect{
	answer.AboutStatus:   {answer.AboutArrival, answer.AboutTracking, answer.AboutOutcome, answer.AboutMethod},
	answer.AboutArrival:  {answer.AboutTracking},
	answer.AboutTracking: {answer.AboutArrival},
	answer.AboutPlaced:   {answer.AboutItems},
}

// valueOf is what a follow-up says after its label.
func valueOf(s string) string {
	_, v, _ := strings.Cut(s, ": ")
	return strings.TrimSuffix(v, ".")
}

// cite makes a sentence about the record, with the sentence of its text that is
// nearest to it as the quote.
func (r own) cite(text string, score float64) answer.Sentence {
	words := termSet(text, "")
	best, most := "", -1
	for _, s := range analysis.Sentences(r.Text) {
		n := 0
		for t := range termSet(s.Of(r.Text), "") {
			if words[t] {
				n++
			}
		}
		if n > most {
			best, most = s.Of(r.Text), n
		}
	}
	if best == "" {
		best = r.Text
	}
	return answer.Sentence{Text: text, Citations: []answer.Citation{{RecordID: r.ID, PassageID: r.passage, Quote: best, Score: score}}}
}

// listRecords says one line about each of the latest records.
func listRecords(q *question, records []own) []answer.Sentence {
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b own) int { return b.date.Compare(a.date) })
	var out []answer.Sentence
	for _, r := range records {
		if len(out) == maxSentences {
			break
		}
		statements := answer.Statements(r.Record, q.Language)
		if i := slices.IndexFunc(statements, func(s answer.Statement) bool { return s.About == answer.AboutSummary }); i >= 0 {
			out = append(out, r.cite(statements[i].Text, 1))
		} else if i := slices.IndexFunc(statements, func(s answer.Statement) bool { return s.Lead }); i >= 0 {
			out = append(out, r.cite(statements[i].Text, 1))
		} else if s := analysis.Sentences(r.Text); len(s) > 0 {
			out = append(out, quote(r.Record, r.passage, s[0], 1))
		}
	}
	return out
}

// quote makes a sentence of a span of a record's text.
func quote(r retrieval.Record, passage string, s analysis.Span, score float64) answer.Sentence {
	text := s.Of(r.Text)
	return answer.Sentence{Text: answer.Display(text), Citations: []answer.Citation{{RecordID: r.ID, PassageID: passage, Quote: text, Score: score}}}
}

// quoteOwn quotes a record that has no fields to speak of: all of a short one,
// of a longer one what fits the question, or its beginning.
func quoteOwn(q *question, r own, hits []retrieval.Hit) []answer.Sentence {
	sentences := slices.DeleteFunc(analysis.Sentences(r.Text), func(s analysis.Span) bool { return strings.HasPrefix(s.Of(r.Text), "#") })
	if len(r.Text) > maxOwnText || len(sentences) > maxSentences {
		if out := fromTexts(q, hits); len(out) > 0 {
			return out
		}
	}
	var out []answer.Sentence
	for _, s := range sentences[:min(maxSentences, len(sentences))] {
		out = append(out, quote(r.Record, r.passage, s, max(r.matched, .5)))
	}
	return out
}

func languageOf(r retrieval.Record) string {
	if l := analysis.Base(r.Language); l != "" {
		return l
	}
	return analysis.DetectLanguage(r.Title + "\n" + r.Text)
}
