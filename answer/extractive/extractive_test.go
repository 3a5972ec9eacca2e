package extractive

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"candor/answer"
	"candor/consent"
	"candor/retrieval"
)

func article(id, language, title, text string) retrieval.Record {
	return retrieval.Record{ID: id, Title: title, Text: text, Language: language, Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge}
}

var helpCentre = newCorpus([]retrieval.Record{
	article("returns", "en", "Returning an order", "## How long you have\n\nYou can return most items within **30 days** of delivery. Sale items can be returned within 14 days.\n\n"+
		"## How to return\n\nTo send something back:\n\n1. Open [your orders](https://fjell.example/orders) and choose the item.\n2. Print the label.\n3. Drop the parcel at any post office.\n\nReturns are free within Europe."),
	article("delivery", "en", "Delivery times and costs", "| Country | Cost |\n| --- | --- |\n| Norway | €4.90 |\n| Portugal | €9.90 |\n\nParcels arrive within 3 to 5 business days. Express delivery takes one day and costs €19.00."),
	article("care", "en", "Caring for oiled wood", "Wipe the table with a dry cloth. Oil it twice a year. Use only the oil that came with it."),
	article("gift", "en", "Gift cards: questions and answers", "**Do gift cards expire?**\n\nNo, they never do.\n\n**Can I pay part of an order with one?**\n\nYes. The rest can be paid by card."),
	article("staff", "en", "Password resets", "Call reset_customer_password with the id. You can reset your password on the sign-in page [doc_17]."),
	article("devolucoes", "pt-BR", "Trocas e devoluções", "O prazo para devolver um produto é de 30 dias. O reembolso é feito em até 7 dias úteis."),
	article("envios", "es", "Envíos a Canarias", "Los envíos a Canarias tardan entre 7 y 10 días. El coste es de 12,90 €."),
	article("oplata", "uk", "Способи оплати", "Ми приймаємо картки Visa та Mastercard. Оплатити замовлення можна також при отриманні."),
	article("garantiya", "ru", "Гарантия", "Гарантия на мебель действует два года. Чек нужно сохранить."),
})

func TestKnowledge(t *testing.T) {
	for _, tt := range []struct{ name, question, language, want string }{
		{"a sentence, without its markup", "How long do I have to return an item?", "en", "You can return most items within 30 days of delivery."},
		{"the steps of a list with what introduces them", "How do I send something back?", "en", "To send something back: 1. Open your orders and choose the item. 2. Print the label. 3. Drop the parcel at any post office."},
		{"a table row", "What does delivery to Portugal cost?", "en", "Portugal: €9.90."},
		{"the kind of value that was asked for", "How long does express delivery take?", "en", "Express delivery takes one day and costs €19.00."},
		{"the answer to a question, not the question", "Do gift cards expire?", "en", "No, they never do."},
		{"a synonym", "How do I look after my oiled wood table?", "en", "Wipe the table with a dry cloth."},
		{"of a product that the general article does not name", "Can I return a table?", "en", "You can return most items within 30 days of delivery."},
		{"nothing that was written for staff", "How can I reset my password?", "en", "You can reset your password on the sign-in page"},
		{"pt", "Qual é o prazo para devolver um produto?", "pt-BR", "O prazo para devolver um produto é de 30 dias."},
		{"es", "¿Cuánto tardan los envíos a Canarias?", "es", "Los envíos a Canarias tardan entre 7 y 10 días."},
		{"uk", "Чи приймаєте ви картки Visa?", "uk", "Ми приймаємо картки Visa та Mastercard."},
		{"ru", "Сколько действует гарантия на мебель?", "ru", "Гарантия на мебель действует два года."},
		{"silence", "Do you repair bicycles?", "en", ""},
		{"silence about a near thing", "Do you deliver to the moon on Sundays?", "en", ""},
		{"silence pt", "Vocês vendem bicicletas?", "pt-BR", ""},
		{"silence ru", "Какая завтра погода?", "ru", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := text(ask(t, tt.question, tt.language, helpCentre.search(tt.question, tt.language, "")))
			if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("%s\ngot  %q\nwant %q", tt.question, got, tt.want)
			}
		})
	}
}

// What the customer's own records say comes first; an article joins in only
// where the question asks how something is done.
func TestOwnRecordsAndKnowledge(t *testing.T) {
	cites := func(question string) []string {
		hits := append(slices.Clone(shop), helpCentre.search(question, "en", "")...)
		var ids []string
		for _, s := range ask(t, question, "en", hits) {
			if id := s.Citations[0].RecordID; !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		return ids
	}
	for _, tt := range []struct {
		question string
		want     []string
	}{
		{"When will my parcel arrive?", []string{"rec_way"}},
		{"How do I return an order?", []string{"returns"}},
		{"How do I return order FJ-1001?", []string{"rec_old", "returns"}},
	} {
		if got := cites(tt.question); !slices.Equal(got, tt.want) {
			t.Errorf("%s cites %v, want %v", tt.question, got, tt.want)
		}
	}
}

func TestAnswerStops(t *testing.T) {
	hits := helpCentre.search("How do I send something back?", "en", "")
	r := answer.Request{Question: "How do I send something back?", Language: "en", Intent: answer.Intent{HowTo: true}, Hits: hits}
	stop := errors.New("stop")
	calls := 0
	if err := (Answerer{}).Answer(t.Context(), r, func(answer.Sentence) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Answerer{}).Answer(ctx, r, func(answer.Sentence) error { t.Error("called"); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := (Answerer{}).Answer(t.Context(), answer.Request{Question: "?"}, func(answer.Sentence) error { t.Error("called"); return nil }); err != nil {
		t.Error(err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("where is my order?", "Order 1 was shipped.\n\n- a\n- b:", "en")
	f.Add("12345 \xff", "| a |\n|---|\n# x", "")
	f.Fuzz(func(t *testing.T, question, body, language string) {
		r := article("a", language, "Title", strings.ToValidUTF8(body, ""))
		own := hit(retrieval.Record{ID: "b", Category: "orders", Text: r.Text, Fields: map[string]string{"status": question, "number": body}})
		hits := append(newCorpus([]retrieval.Record{r}).search(question, language, ""), own)
		ask(t, question, language, hits)
	})
}
