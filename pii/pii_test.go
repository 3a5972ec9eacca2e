package pii_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"candor/pii"
)

// found is what is found in a text, as "type:text".
func found(text, language string) (out []string) {
	for _, s := range pii.Find(text, language) {
		out = append(out, fmt.Sprintf("%s:%s", s.Type, text[s.Start:s.End]))
	}
	return out
}

// TestFind has the types in the languages of the product. Want is all that is found.
func TestFind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		// Cards.
		{"Paid with 4111 1111 1111 1111.", "card:4111 1111 1111 1111"},
		{"5555-5555-5555-4444", "card:5555-5555-5555-4444"},
		{"378282246310005", "card:378282246310005"},
		{"Amex 3782 822463 10005", "card:3782 822463 10005"},
		{"minha tarjeta: 4111.1111.1111.1111", "card:4111.1111.1111.1111"},
		{"картка 4149 4993 9999 9995", "card:4149 4993 9999 9995"},
		{"my card 4111 1111 1111 1111 2027, cvv 123", "card:4111 1111 1111 1111|cvv:123"},
		{"cartão 5555555555554444 validade 12/28 código de segurança 321", "card:5555555555554444|card_expiry:12/28|cvv:321"},
		{"my card number is 4111 1111 1111 1112", "card:4111 1111 1111 1112"}, // mistyped, and said to be one
		{"Paid with 4111 1111 1111 1112.", ""},
		{"Order 1234567890123456", "reference:1234567890123456"},
		{"my order number is 4532015112830366", "reference:4532015112830366"}, // right by chance
		{"gift card number 6011000990139424", ""},
		{"4111 1111", ""},
		// Groups that follow each other by chance.
		{"Sold 4000 0000 0000 2 pieces", ""},
		{"42 4242 4242 4242 42", ""},
		{"9400 1000 0000 0000 0000 00", ""},
		{"4111 1111 1111 1111 1111", ""},
		{"invoice 41 11 11 11 11 11 11 11", ""},
		// Accounts.
		{"IBAN DE89 3704 0044 0532 0130 00 ok", "iban:DE89 3704 0044 0532 0130 00"},
		{"gb29nwbk60161331926819", "iban:gb29nwbk60161331926819"},
		{"UA213223130000026007233566001", "iban:UA213223130000026007233566001"},
		{"DE89 3704 0044 0532 0130 01", ""},
		{"bank account 12345678 sort code 12-34-56", "bank_account:12345678|bank_account:12-34-56"},
		{"agência 1234 conta 56789-0", "bank_account:1234|bank_account:56789-0"},
		{"my account number is 12345678", "account:12345678"}, // perhaps the shop's own
		// Government ids.
		{"Here's my SSN: 460-89-9847", "government_id:460-89-9847"},
		{"ssn 4569", "government_id:4569"},
		{"666-12-3456", "phone:666-12-3456"},
		{"meu CPF é 529.982.247-25", "government_id:529.982.247-25"},
		{"CPF 52998224725", "government_id:52998224725"},
		{"529.982.247-26", ""},
		{"CNPJ 11.222.333/0001-81", "government_id:11.222.333/0001-81"},
		{"DNI 12345678Z", "government_id:12345678Z"},
		{"NIE X1234567L", "government_id:X1234567L"},
		{"NIF 123456789", "government_id:123456789"},
		{"ІПН 3184710691", "government_id:3184710691"},
		{"ИНН 500100732259", "government_id:500100732259"},
		{"СНИЛС 112-233-445 95", "government_id:112-233-445 95"},
		{"my NI number is AB123456C", "government_id:AB123456C"},
		{"паспорт 45 08 123456", "passport:45 08 123456"},
		{"my passport number is X1234567", "passport:X1234567"},
		{"carteira de motorista 12345678901", "driving_licence:12345678901"},
		{"I will need my passport by 2027", ""},
		// Secrets.
		{"my password is hunter2!", "password:hunter2!"},
		{"senha: Flor2020", "password:Flor2020"},
		{"la contraseña es Perro123", "password:Perro123"},
		{"пароль: qwerty12", "password:qwerty12"},
		{"код подтверждения 482913", "password:482913"},
		{"my pin is 4821", "password:4821"},
		{"my password does not work", ""},
		{"мой пароль не работает", ""},
		{"minha senha não funciona", ""},
		{"the discount code 482913", ""},
		{"pin code 560001", "postcode:560001"},
		// Health.
		{"I have type 2 diabetes", "health:type 2 diabetes"},
		{"my wife is pregnant", "health:pregnant"},
		{"I'm allergic to peanuts", "health:allergic to peanuts"},
		{"estou grávida e preciso do berço", "health:grávida"},
		{"soy celíaca", "health:celíaca"},
		{"У меня диабет", "health:диабет"},
		{"Я вагітна, чи можна швидше?", "health:вагітна"},
		{"Принимаю антидепрессанты", "health:антидепрессанты"},
		{"I take metformin", "health:metformin"},
		{"Do you sell insulin?", ""},
		{"do you cover people with diabetes?", ""},
		{"this is a headache, I'm sick of waiting", ""},
		{"the room was closed due to covid measures", ""},
		{"a finales de los años sesenta, pero sin 1960 pruebas", ""},
		{"my partner has epilepsy", "health:epilepsy"},
		{"I am too low on funds and my battery is high", ""},
		// How to reach somebody.
		{"mail me at ana.silva+x@exemplo.com.br!", "email:ana.silva+x@exemplo.com.br"},
		{"call me on +55 11 91234-5678", "phone:+55 11 91234-5678"},
		{"They're not answering at 780-999-2181", "phone:780-999-2181"},
		{"телефон 067 123 45 67", "phone:067 123 45 67"},
		{"see https://shop.example/a?b=1.", "url:https://shop.example/a?b=1"},
		{"from 41.173.96.26 or 2001:db8::1", "ip:41.173.96.26|ip:2001:db8::1"},
		{"version 1.2.3.4.5", ""},
		{"MAC 00:1A:2B:3C:4D:5E", "mac:00:1A:2B:3C:4D:5E"},
		{"at 10:30:45 today", ""},
		// Who and where.
		{"My name is Anna Kowalska.", "person:Anna Kowalska"},
		{"Meu nome é João da Silva", "person:João da Silva"},
		{"me llamo María José", "person:María José"},
		{"мене звати Олена", "person:Олена"},
		{"меня зовут Дмитрий Петров", "person:Дмитрий Петров"},
		{"please ask Mr. Xoxtl", "person:Xoxtl"},
		{"i am robert", "person:robert"},
		{"My name is spelled wrong", ""},
		{"Will you mark my order as a gift in May?", ""},
		{"I live at 97 Barnes Road, Colorado Springs, CO 80922", "address:97 Barnes Road, Colorado Springs, CO 80922"},
		{"moro na Rua das Flores, 12", "address:Rua das Flores, 12"},
		{"ship to PSC 6293, Box 8158\nAPO AP 04336", "address:PSC 6293, Box 8158\nAPO AP 04336"},
		{"адрес: ул. Ленина, д. 5, кв. 12", "address:ул. Ленина, д. 5, кв. 12"},
		{"вул. Хрещатик 22", "address:вул. Хрещатик 22"},
		{"I have 2 items on the way", ""},
		{"my zip code is 90210", "postcode:90210"},
		{"CEP 01310-100", "postcode:01310-100"},
		{"I was born on 3 March 1990", "birth_date:3 March 1990"},
		{"a 79 year old", "age:79"},
		{"I work for Loveland Technologies", "organization:Loveland Technologies"},
		{"I'm in Canada", "place:Canada"},
	} {
		if got := strings.Join(found(tt.text, ""), "|"); got != tt.want {
			t.Errorf("%q\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

// TestHoldsCard holds what an import refuses.
func TestHoldsCard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Paid with 4111 1111 1111 1111.":   true,
		"5555-5555-5555-4444":              true,
		"378282246310005":                  true,
		"Paid with 4111 1111 1111 1112.":   false, // the check digit is wrong
		"Order 1234567890123456":           false, // of no scheme
		"Tracking RC48120937BR":            false,
		"Call +55 11 4002 8922":            false,
		"4111 1111":                        false,
		"IBAN DE89 3704 0044 0532 0130 00": false,
		// An amount and a date: their digits together are a Visa's number.
		"4000 0000 2024-11-05 28": false,
		"":                        false,
		strings.Repeat("x ", 40_000) + "4111111111111111": true,
	} {
		if got := pii.HoldsCard(text); got != want {
			t.Errorf("%.60q: %v", text, got)
		}
	}
}

// TestMask has what is hidden in each language, and what must not be.
func TestMask(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ language, text, want, kinds string }{
		{
			"en", "My card is 4242 4242 4242 4242, cvv 123, exp 12/27. Call +1 780 999 2181.",
			"My card is [card number ending 4242], cvv [card code], exp [card code]. Call +1 780 999 2181.", "card card_code",
		},
		{"pt-BR", "meu cpf é 529.982.247-25", "meu cpf é [documento de identidade]", "government_id"},
		{"es", "mi tarjeta 4242424242424242", "mi tarjeta [número de tarjeta que termina en 4242]", "card"},
		{"uk", "У мене діабет", "У мене [дані про здоров’я]", "health"},
		{"ru", "IBAN DE89370400440532013000", "IBAN [банковский счёт, последние цифры 3000]", "bank_account"},
		{"de", "sort code 12-34-56", "sort code [bank account]", "bank_account"}, // too short to show four
		{"", "my pin is 4821", "my pin is [password]", "password"},
		{"en", "Where is order FH-20431, tracking RC48120937BR? I'm Ana, ana@example.com, +44 20 7946 0958.", "", ""},
		{"en", "Refund R$ 1.299,00 of 12/03/2025, order #114-3941689-8772232, 1Z999AA10123456784", "", ""},
		{"en", "My account number is 12345678 and my address is 12 Main Street, London", "", ""},
		{"en", "I typed [card number ending 4242] myself", "", ""},
	} {
		if tt.want == "" {
			tt.want = tt.text
		}
		got, kinds := pii.Mask(tt.text, tt.language)
		if got != tt.want || strings.Trim(fmt.Sprint(kinds), "[]") != tt.kinds {
			t.Errorf("%q: %q, %v", tt.text, got, kinds)
		}
		if tt.kinds != "" && !slices.Equal(pii.Masked(got), kinds) {
			t.Errorf("%q: %v was hidden, %v is read off it", got, kinds, pii.Masked(got))
		}
		if again, more := pii.Mask(got, "en"); again != got || more != nil {
			t.Errorf("%q masked again: %q, %v", got, again, more)
		}
	}
}

// TestMaskKeepsWhatSupportNeeds masks numbers of orders and parcels as shops and
// carriers write them, two thousand of each.
func TestMaskKeepsWhatSupportNeeds(t *testing.T) {
	t.Parallel()
	n := uint64(1)
	digits := func(count int) string {
		out := make([]byte, count)
		for i := range out {
			n = n*6364136223846793005 + 1442695040888963407
			out[i] = '0' + byte(n>>33%10)
		}
		return string(out)
	}
	for name, make := range map[string]func() string{
		"a shop's order":    func() string { return "Where is my order " + digits(8) + "?" },
		"Amazon's":          func() string { return "order " + digits(3) + "-" + digits(7) + "-" + digits(7) },
		"sixteen digits":    func() string { return "order number " + digits(16) },
		"twelve, of FedEx":  func() string { return "tracking " + digits(12) },
		"fifteen, of FedEx": func() string { return "tracking number: " + digits(15) },
		"USPS's in groups": func() string {
			return "94" + digits(2) + " " + digits(4) + " " + digits(4) + " " + digits(4) + " " + digits(4) + " " + digits(2)
		},
		"UPS's":                func() string { return "1Z" + digits(3) + "AA" + digits(10) },
		"a postal one":         func() string { return "RC" + digits(9) + "BR arrived" },
		"Nova Poshta's":        func() string { return "ТТН " + digits(14) },
		"a Brazilian invoice":  func() string { return "nota fiscal " + digits(9) },
		"a telephone":          func() string { return "call +44 20 " + digits(4) + " " + digits(4) },
		"a Brazilian one":      func() string { return "(11) 9" + digits(4) + "-" + digits(4) },
		"an amount and a date": func() string { return "R$ 1." + digits(3) + ",00 em 12/0" + digits(1) + "/2025" },
	} {
		masked := 0
		for range 2_000 {
			text := make()
			if got, _ := pii.Mask(text, "en"); got != text {
				if masked++; masked < 4 {
					t.Logf("%s: %q", name, got)
				}
			}
		}
		if masked > 0 {
			t.Errorf("%s: %d of 2000 are masked", name, masked)
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, text := range []string{
		"", "My card is 4242 4242 4242 4242, cvv 123", "у меня диабет, паспорт 45 08 123456", "IBAN DE89370400440532013000",
		"[card number ending 4242", "\xff4111111111111111\xfe", "J\u0301ose\u0301 5 rue de la Paix", "DNI 12345678Z",
		"97 barnes road colorado springs co 80922", "::1 [] 1.1.1.1.1 a@b@c.com +(1)",
	} {
		f.Add(text, "en")
	}
	f.Fuzz(func(t *testing.T, text, language string) {
		last := 0
		for _, s := range pii.Find(text, language) {
			if s.Start < last || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("%q: a span of %d to %d after %d", text, s.Start, s.End, last)
			}
			if last = s.End; utf8.ValidString(text) && !utf8.ValidString(text[s.Start:s.End]) {
				t.Fatalf("%q: a span cuts a character: %q", text, text[s.Start:s.End])
			}
		}
		masked, kinds := pii.Mask(text, language)
		if (len(kinds) == 0) != (masked == text) {
			t.Fatalf("%q: %q, %v", text, masked, kinds)
		}
		if again, more := pii.Mask(masked, language); again != masked {
			t.Fatalf("%q, masked again: %q, %v", masked, again, more)
		}
	})
}

// TestParts finds what is at each place of a text that is read in parts.
func TestParts(t *testing.T) {
	t.Parallel()
	for _, filler := range []string{"x ", "й", "4 ", "\xff", "x\n"} {
		for at := 32<<10 - 40; at < 32<<10+20; at += 13 {
			text := strings.Repeat(filler, at/len(filler)) + "x card 4111 1111 1111 1111"
			text += strings.Repeat(" x", 20<<10)
			masked, kinds := pii.Mask(text, "en")
			if len(kinds) != 1 || !strings.Contains(masked, "card [card number ending 1111] x") {
				t.Errorf("after %d bytes of %q: %v", at, filler, kinds)
			}
		}
	}
}

// TestLongText finds what is in ten megabytes, in a time that grows with them and no
// faster.
func TestLongText(t *testing.T) {
	if testing.Short() {
		t.Skip("10 MB of text")
	}
	const line = "Olá, my order 12345 of R$ 1.299,00 came late; call +55 11 91234-5678, Ana Kowalska.\n"
	text := strings.Repeat(line, 10<<20/len(line)) + "card 4111111111111111"
	start := time.Now()
	if !pii.HoldsCard(text) {
		t.Error("the card at the end of 10 MB is not found")
	}
	masked, kinds := pii.Mask(text, "en")
	if !strings.HasSuffix(masked, "[card number ending 1111]") || !slices.Equal(kinds, []pii.Kind{pii.HidCard}) {
		t.Errorf("it ends %q, %v", masked[len(masked)-30:], kinds)
	}
	if took := time.Since(start); took > 5*time.Minute {
		t.Errorf("10 MB took %v", took)
	}
	// What could be tried again and again at every byte.
	for _, hard := range []string{"1 ", "1-", "A ", "a@", "[", "1.", "Rua de ", ":", "DE89 ", "'", "I have "} {
		start := time.Now()
		pii.Mask(strings.Repeat(hard, 1<<18/len(hard)), "en")
		if took := time.Since(start); took > 2*time.Minute {
			t.Errorf("256 kB of %q took %v", hard, took)
		}
	}
}

func BenchmarkMask(b *testing.B) {
	const text = "Hi, I'm Ana Kowalska. My order FH-20431 of 12 March has not come, and I paid with 4242 4242 4242 4242. Call me at +55 11 91234-5678."
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		pii.Mask(text, "en")
	}
}
