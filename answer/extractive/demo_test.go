package extractive

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/answer"
	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/retrieval/encoder/multilingual"
	"candor/retrieval/indextest"
)

// visited are questions of a visitor to the sample shop, the articles that
// answer them, and words that a right answer holds; no article: there is none.
var visited = []struct {
	language  string
	questions []struct{ text, articles, want string }
}{
	{"en", []struct{ text, articles, want string }{
		{"How do I return a jacket?", "kb-en-returns-30-days", "Print the label"},
		{"How long do I have to return a jacket?", "kb-en-returns-30-days", "within 30 days of delivery"},
		{"Can I return sale items?", "kb-en-returns-30-days", "You can return almost everything"},
		{"What is the warranty on tents?", "kb-en-warranty-2-years", "2 years"},
		{"How long is the warranty?", "kb-en-warranty-2-years", "2 years"},
		{"What does the warranty not cover?", "kb-en-warranty-2-years", "normal wear"},
		{"How do I make a warranty claim?", "kb-en-warranty-2-years", "Describe the fault"},
		{"Can I send gas cartridges by post?", "kb-en-gas-cartridges", "cannot post them"},
		{"How much is a gas cartridge?", "kb-en-gas-cartridges", "€4.50"},
		{"How do I clean a tent?", "kb-en-tent-care", "mild soap"},
		{"How much is shipping?", "kb-en-delivery-eu kb-en-delivery-uk kb-en-delivery-brazil", "free from"},
		{"Do you ship to Brazil?", "kb-en-delivery-countries kb-en-delivery-brazil", "Brazil"},
		{"Do you deliver to Norway?", "kb-en-delivery-countries", "We do not deliver"},
		{"How much is delivery to Germany?", "kb-en-delivery-eu", "€5.90"},
		{"How long does delivery to Portugal take?", "kb-en-delivery-eu", "3–5 working days"},
		{"How much does express delivery to the UK cost?", "kb-en-delivery-uk", "£12.50"},
		{"What are your opening hours?", "kb-en-shops-hours", "10:00 to 18:30"},
		{"Are you open on Sundays?", "kb-en-shops-hours", "closed on Sundays"},
		{"Where are your shops?", "kb-en-shops-hours", "Ghent"},
		{"How do I reset my password?", "kb-en-account-password", "Forgot password"},
		{"How do I delete my account?", "kb-en-account-create", "Close account"},
		{"Can I change my delivery address?", "kb-en-orders-change kb-en-account-address", "Within 60 minutes"},
		{"How do I cancel an order?", "kb-en-orders-cancel", "Cancel order"},
		{"When will I get my refund?", "kb-en-refunds-timing", "within 5 working days"},
		{"How long does a refund to PayPal take?", "kb-en-refunds-timing", "1–2 working days"},
		{"What payment methods do you accept?", "kb-en-payment-methods", "Visa"},
		{"Can I pay with PayPal?", "kb-en-payment-methods", "PayPal"},
		{"Can I pay cash on delivery?", "kb-en-payment-methods", "We do not offer"},
		{"My payment was declined, what should I do?", "kb-en-payment-problems", "check the expiry date"},
		{"My parcel is missing, what do I do?", "kb-en-delivery-late kb-en-delivery-missing", "contact us"},
		{"My jacket arrived damaged", "kb-en-delivery-damaged", "photo"},
		{"How do I find the right boot size?", "kb-en-size-boots", "Measure both feet"},
		{"What boot size is 26 cm?", "kb-en-size-boots", "41"},
		{"Do you have a student discount?", "kb-en-discount-student", "10% off"},
		{"How do I earn trail points?", "kb-en-trail-points", "1 point for each €1"},
		{"How long are trail points valid?", "kb-en-trail-points", "24 months"},
		{"Do you price match?", "kb-en-price-match", "for less within 14 days"},
		{"How do I unsubscribe from the newsletter?", "kb-en-account-newsletter", "Unsubscribe"},
		{"How long is a gift card valid?", "kb-en-gift-cards", "3 years"},
		{"How much does it cost to rent a tent?", "kb-en-rental-tents", "€9"},
		{"How do I wash my sleeping bag?", "kb-en-sleeping-bag-wash", "30 °C"},
		{"Can I use a stove inside a tent?", "kb-en-stove-safety", "carbon monoxide"},
		{"How do I get an invoice?", "kb-en-invoices", "Download it as a PDF"},
		{"How much does a new zip cost?", "kb-en-repairs", "€25"},
		{"Can I talk to you by phone?", "kb-en-contact-hours", "+32 9 000 01 40"},
		{"Can I buy old gear from you?", "kb-en-trade-in", "Second Trail"},
		{"What does the order status processing mean?", "kb-en-orders-status", "packing"},
		{"Which stoves are recalled?", "kb-en-safety-recall", "EM-2304"},
		{"Is my data used to train AI?", "kb-en-privacy-assistant", "not used to train"},
		{"What's your favourite colour?", "", ""},
		{"Can I rent a car?", "", ""},
		{"What is the capital of France?", "", ""},
		{"Who won the world cup?", "", ""},
		{"How do I bake a chocolate cake?", "", ""},
		{"Do you sell bicycles?", "", ""},
		{"What is the weather in Ghent tomorrow?", "", ""},
		{"How tall is the Eiffel tower?", "", ""},
		{"Are you hiring?", "", ""},
		{"Can you book me a hotel?", "", ""},
		{"What is the share price of your company?", "", ""},
		{"How do I train my dog to sit?", "", ""},
	}},
	{"pt-BR", []struct{ text, articles, want string }{
		{"Qual é o prazo para devolução?", "kb-pt-devolucao", "30 dias após a entrega"},
		{"Como devolvo um produto?", "kb-pt-devolucao", "Devolver itens"},
		{"Quanto custa a entrega?", "kb-pt-entrega", "R$ 24,90"},
		{"Quanto tempo demora a entrega?", "kb-pt-entrega", "3 a 8 dias"},
		{"Quanto tempo dura a garantia?", "kb-pt-garantia", "2 anos"},
		{"Como falo com uma pessoa por telefone?", "kb-pt-contato", "0800 000 0140"},
		{"Qual é a capital da França?", "", ""},
		{"Vocês vendem bicicletas?", "", ""},
	}},
	{"es", []struct{ text, articles, want string }{
		{"¿Cómo devuelvo un producto?", "kb-es-devoluciones", "Devolver artículos"},
		{"¿Cuántos días tengo para devolver?", "kb-es-devoluciones", "30 días"},
		{"¿Cuánto tarda el envío?", "kb-es-envio", "3 a 5 días"},
		{"¿Cuánto cuesta el envío exprés?", "kb-es-envio", "12,90 €"},
		{"¿Cuánto dura la garantía?", "kb-es-garantia", "2 años"},
		{"¿Qué talla de botas necesito?", "kb-es-tallas", "Mida los dos pies"},
		{"¿Puedo alquilar un coche?", "", ""},
	}},
	{"uk", []struct{ text, articles, want string }{
		{"Скільки коштує доставка?", "kb-uk-dostavka", "5,90 €"},
		{"Як повернути товар?", "kb-uk-povernennia", "Роздрукуйте етикетку"},
		{"Скільки триває гарантія?", "kb-uk-harantiia", "2 роки"},
		{"Чи доставляєте ви в Україну?", "kb-uk-dostavka", "Доставки до України поки що немає"},
		{"Який ваш номер телефону?", "kb-uk-kontakty", "+32 9 000 01 40"},
		{"Хто виграв чемпіонат світу?", "", ""},
	}},
	{"ru", []struct{ text, articles, want string }{
		{"Сколько длится гарантия?", "kb-ru-garantiya", "2 года"},
		{"Как вернуть товар?", "kb-ru-vozvrat", "Распечатайте этикетку"},
		{"Сколько стоит доставка?", "kb-ru-dostavka", "5,90 €"},
		{"Когда вернут деньги на карту?", "kb-ru-vozvrat", "3–5 рабочих дней"},
		{"Как выбрать размер ботинок?", "kb-ru-razmery", "Измерьте обе стопы"},
		{"Какая завтра погода?", "", ""},
	}},
}

// readArticles reads the articles of the sample shop.
func readArticles() ([]retrieval.Record, error) {
	f, err := os.Open(filepath.Join("..", "..", "cmd", "assistant", "demodata", "knowledge.jsonl"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []retrieval.Record
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var a struct{ ID, Title, Text, Language, Visibility string }
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, err
		}
		out = append(out, retrieval.Record{
			ID: a.ID, Site: "shop", Title: a.Title, Text: a.Text, Language: a.Language,
			Category: consent.Knowledge, Visibility: retrieval.Visibility(a.Visibility),
		})
	}
	return out, nil
}

// shopIndex is the sample shop's help centre with its meaning, made once for all tests.
var shopIndex = sync.OnceValues(func() (*retrieval.Searcher, error) {
	e, err := multilingual.Encoder()
	if err != nil {
		return nil, err
	}
	articles, err := readArticles()
	if err != nil {
		return nil, err
	}
	store := indextest.NewStore()
	store.Embedder = e
	store.Put(articles...)
	return retrieval.NewSearcher(embedded.New(store, embedded.Options{Space: e.Space()}), store).ByMeaning(e, nil), nil
})

// meant is the answerer of all these tests, so that each sentence is embedded once.
var meant = sync.OnceValues(func() (Answerer, error) {
	e, err := multilingual.Encoder()
	return New(e), err
})

func byMeaning(t testing.TB) Answerer {
	t.Helper()
	a, err := meant()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// shopSearch searches the sample shop's help centre by words and by meaning, as a
// visitor.
func shopSearch(t testing.TB) func(question, language string, before ...string) answer.Request {
	t.Helper()
	search, err := shopIndex()
	if err != nil {
		t.Fatal(err)
	}
	scope, err := indextest.NewGate().Scope(t.Context(), identity.Principal{Kind: identity.Visitor, Site: "shop"}, consent.Answers)
	if err != nil {
		t.Fatal(err)
	}
	return func(question, language string, before ...string) answer.Request {
		lang := consent.MatchLanguage(language)
		in := answer.UnderstandAfter(policy, question, before, lang)
		found, err := search.Search(t.Context(), scope, in.Query(question, language, before, time.Time{}), 24)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Request{Question: question, Language: lang, Brand: "Fjell", Intent: in, Hits: found.Hits}
	}
}

// TestVisitor asks the sample shop's help centre through the search that
// production uses, and answers by words alone and by meaning too. The golden files hold
// the answers, to be read as a customer would.
func TestVisitor(t *testing.T) {
	search := shopSearch(t)
	for name, a := range map[string]Answerer{"visitor.golden": {}, "visitor_meaning.golden": byMeaning(t)} {
		var report strings.Builder
		var right, answerable, answered, silent int
		for _, set := range visited {
			for _, q := range set.questions {
				out := say(t, a, search(q.text, set.language))
				got, from := text(out), "-"
				if len(out) > 0 {
					from = out[0].Citations[0].RecordID
				}
				verdict := "right"
				switch {
				case q.articles == "":
					if silent++; got != "" {
						answered++
						verdict = "answers"
					}
				case strings.Contains(got, q.want) && strings.Contains(" "+q.articles+" ", " "+from+" "):
					answerable++
					right++
				default:
					answerable++
					if verdict = "wrong"; got == "" {
						verdict = "silent"
					}
				}
				fmt.Fprintf(&report, "%-7s %s | %s\n        %s\n", verdict, q.text, from, got)
			}
		}
		fmt.Fprintf(&report, "right %d of %d; answered %d of %d that have no answer\n", right, answerable, answered, silent)
		golden(t, name, report.String())
	}
}
