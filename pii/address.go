package pii

import (
	"regexp"
	"strings"
)

var (
	// streetWords end the name of a street.
	streetWords = setOf(`street st road rd avenue ave av lane ln drive dr boulevard blvd way court ct place pl square sq terrace ter parkway pkwy
		highway hwy crescent cres close circle cir trail trl alley grove gardens gdns hill mews row walk loop pike plaza ridge pass quay wharf`)
	// plainStreets do so also in lower case.
	plainStreets = setOf("street st road rd avenue ave lane ln drive dr boulevard blvd parkway pkwy highway hwy terrace crescent")
	// streetTypes begin it.
	streetTypes = setOf(`rua avenida travessa alameda praca rodovia estrada largo calle plaza paseo carrer camino carretera callejon via viale corso piazza
		strada rue chemin route quai ul ulica вул вулиця вулиці проспект просп пр-т бульвар бул провулок пров площа шосе набережна ул улица улице пер переулок площадь шоссе набережная
		rúa avda c praça ronda`)
	// streetEndings end a street's name that is one word.
	streetEndings = []string{
		"strasse", "straße", "str", "gasse", "weg", "platz", "allee", "vej", "gade", "vaenget", "gata", "gatan", "vagen", "veien", "gaten", "katu", "tie", "kuja", "polku", "straat",
		"laan", "plein", "utca", "dreef", "kade", "singel", "dijk", "stig", "stien", "vangen", "vollen", "alle", "torget", "plass", "backen", "gotu", "ulice", "strada",
	}
	unitWords = setOf(`apt apartment suite ste unit flat floor fl room rm box building bldg # apto apartamento ap bloco bl andar piso puerta planta
		кв квартира кварт офис офіс корп корпус буд будинок дом под подъезд підʼїзд эт этаж поверх`)
	// lowerStops are words that are in no street's name in lower case.
	lowerStops = setOf(`the a an my your of in on to for with is are was at from i you we it this that and or not by per each more please thank no day days hours minutes week weeks month
		months year years times people person items dollars euros percent miles km gb mb`)
	// streetMiddles are words in lower case after a street's name: Rákóczi út 66.
	streetMiddles = setOf("u ut utja utca ter korut kapu str")
	direction     = setOf("n s e w ne nw se sw north south east west")
	zipForm       = regexp.MustCompile(`^(?:\d{5}-\d{3,4}|\d{4} ?[A-Z]{2}|\d{3} \d{2}|\d{3,6}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d)\b`)
	britishCode   = regexp.MustCompile(`^(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})\b`)
	cepForm       = regexp.MustCompile(`^\d{5}-\d{3}\b`)
	codeSaid      = regexp.MustCompile(`^(?i:\d{5}-\d{4}|\d{5}-\d{3}|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d|\d{4} ?[a-z]{2}|\d{3} \d{3}|\d{4,7})\b`)
)

// houseNumber reports whether a token can be a number of a house.
func houseNumber(t token) bool {
	return t.digits > 0 && t.digits <= 6 && t.letters <= 1
}

func streetEnding(word string) bool {
	for _, e := range streetEndings {
		if len(word) > len(e)+2 && strings.HasSuffix(word, e) {
			return true
		}
	}
	return false
}

// street is how far a street with its number goes.
type street struct {
	end int // the token after it
	// sure is whether it can be nothing else; otherwise something else must speak for it.
	sure bool
}

// streetNames returns the token after the words of a street's name from i on.
func (x *reading) streetNames(i, limit int) int {
	k := i
	for k < len(x.tokens) && k < i+limit {
		t := x.at(k)
		if k > i && strings.Contains(x.gap(k), "\n") {
			break
		}
		inName := x.capitalised(k) || particles[t.word] && t.name() || direction[t.word] || t.digits > 0 && t.letters == 2 ||
			k > i && (t.name() && t.upper || streetMiddles[t.word])
		if !inName || unitWords[t.word] {
			break
		}
		k++
		if x.at(k).word == "." && x.gap(k) == "" && t.letters <= 4 {
			k++
		}
	}
	return k
}

func (x *reading) street(i int) (street, bool) {
	t := x.at(i)
	switch {
	case houseNumber(t):
		return x.streetAfterNumber(i)
	case streetTypes[t.word] || t.word == "c" && x.at(i+1).word == "/":
		k := i + 1
		for x.at(k).word == "." || x.at(k).word == "/" {
			k++
		}
		end := x.streetNames(k, 5)
		if end == k && x.at(k).name() && !lowerStops[x.at(k).word] { // "rua das flores 12"
			end = x.lowerStreet(k)
			if n := x.number(end); n == end {
				return street{}, false
			}
		}
		if end == k {
			return street{}, false
		}
		if n := x.number(end); n > end {
			return street{n, true}, true
		}
		return street{end, false}, true
	case x.capitalised(i) || x.at(i).name() && streetEnding(t.word):
		end := max(x.streetNames(i, 4), i+1)
		if n := x.number(end); n > end {
			return street{n, streetEnding(x.lastWord(end)) || plainStreets[x.at(n).word]}, true
		}
	}
	return street{}, false
}

// lowerStreet returns the token after a street's name in lower case: particles, then a
// word, and what particles add.
func (x *reading) lowerStreet(i int) int {
	k := i
	for k < i+5 && particles[x.at(k).word] {
		k++
	}
	if t := x.at(k); !t.name() || lowerStops[t.word] || plainStreets[t.word] {
		return i
	}
	for k++; k < i+6 && particles[x.at(k).word] && x.at(k+1).name(); k += 2 {
	}
	return k
}

// lastWord is the last word before token end.
func (x *reading) lastWord(end int) string {
	if x.at(end-1).letters == 0 {
		end--
	}
	return x.at(end - 1).word
}

// number returns the token after a house's number at i, or i.
func (x *reading) number(i int) int {
	k := i
	if w := x.at(k).word; w == "," && x.gap(k) == "" {
		k++
	}
	if w := x.at(k).word; w == "no" || w == "nº" || w == "n" || w == "num" || w == "numero" || w == "д" || w == "буд" || w == "дом" || w == "будинок" || w == "№" || w == "#" {
		k++
		if x.at(k).word == "." || x.at(k).word == "º" || x.at(k).word == "°" {
			k++
		}
	}
	if t := x.at(k); houseNumber(t) && t.digits <= 5 && !strings.Contains(x.gap(k), "\n") {
		k++
		if t := x.at(k); houseNumber(t) && t.digits <= 4 && unitWords[x.at(k+1).word] {
			k++
		}
		if x.at(k).word == "." && x.gap(k) == "" && (strings.Contains(x.gap(k+1), "\n") || unitWords[x.at(k+1).word]) {
			k++
		}
		return k
	}
	return i
}

func (x *reading) streetAfterNumber(i int) (street, bool) {
	k := i + 1
	if x.at(k).word == "," {
		k++
	}
	if houseNumber(x.at(k)) && !strings.Contains(x.gap(k), "\n") { // the number of a building, and of the house in its street
		k++
	}
	if x.joined(i) {
		return street{}, false
	}
	if streetTypes[x.at(k).word] {
		if s, ok := x.street(k); ok {
			s.sure = true
			return s, true
		}
		if e := x.lowerStreet(k + 1); e > k+1 {
			return street{e, true}, true
		}
	}
	end := x.streetNames(k, 6)
	for e := end; e > k+1; e-- { // the last word that ends a street's name
		w := x.at(e - 1)
		if w.word == "." && e-1 > k+1 {
			w = x.at(e - 2)
		}
		if streetWords[w.word] {
			return street{e, true}, true
		}
	}
	if end == k { // without capital letters
		for e := k; e < k+4 && x.at(e).letters > 0 && !lowerStops[x.at(e).word]; e++ {
			if e > k && plainStreets[x.at(e).word] {
				if x.at(e+1).word == "." {
					e++
				}
				return street{e + 1, true}, true
			}
		}
		if !x.at(k).name() || lowerStops[x.at(k).word] {
			return street{}, false
		}
		end = k + 1
		if n := x.number(end); n > end && (streetEnding(x.at(k).word) || unitWords[x.at(n).word]) {
			return street{n, true}, true
		}
		return street{}, false
	}
	if n := x.number(end); n > end {
		if streetWords[x.at(n).word] { // "Whitchurch 90 St."
			return street{n, true}, true
		}
		return street{n, streetEnding(x.lastWord(end))}, true
	}
	if streetEnding(x.lastWord(end)) {
		return street{end, true}, true
	}
	if x.at(i).digits >= 1 && end-k <= 4 {
		return street{end, false}, true
	}
	return street{}, false
}

var postBox = regexp.MustCompile(`^(?i:(?:PSC \d{1,5},? Box \d{1,6}|Unit \d{1,6},? Box \d{1,6}|(?:USS|USNS|USNV|USCGC) \w+|P\.? ?O\.? Box \d{1,6}|caixa postal \d{1,6}|apartado(?: de correos| postal)? \d{1,6}|а/я \d{1,6})(?:[\s,]+[AFD]PO,? A[AEP],? \d{5})?)`)

// address finds a postal address: a street with its number, and as much of the rest as
// follows.
func (x *reading) address(i int) (candidate, bool) {
	t := x.at(i)
	if t.letters+t.digits == 0 || x.joined(i) || !t.upper && t.digits == 0 && !streetTypes[t.word] && t.word != "corner" && t.word != "the" && !streetEnding(t.word) && t.word != "а" && t.word != "apartado" && t.word != "caixa" {
		return none, false
	}
	if box := postBox.FindString(x.from(i, 100)); box != "" {
		end := x.tokenAt(i, t.start+len(box))
		return span(t.start, x.at(x.rest(end, true)-1).end, Address, checked)
	}
	if c, ok := x.corner(i); ok {
		return c, ok
	}
	// "Apt. 675 62314 Mellemvej 32"
	k := i
	if unitWords[t.word] {
		if u := x.unit(i); u > i {
			k = u
		}
	}
	s, ok := x.street(k)
	if !ok {
		return none, false
	}
	end := x.rest(s.end, s.sure)
	cued := x.near(i, 4, cueAddress)
	code := end > s.end && x.at(end-1).digits >= 2 && x.at(end-1).number() && !unitWords[x.at(end-2).word] && x.at(end-2).word != "."
	unit := unitWords[x.at(s.end).word]
	goesOn := unit && end > s.end || code && end-s.end >= 2 && houseNumber(t)
	if !s.sure && !cued && !goesOn {
		return none, false
	}
	// A name and a number is what a cue must vouch for.
	if !s.sure && !unit && !code && !houseNumber(t) && !x.near(i, 2, cueAddress) {
		return none, false
	}
	if k != i && !s.sure && !code {
		return none, false
	}
	return span(t.start, x.at(end-1).end, Address, said)
}

// tokenAt is the token that begins at the byte or after it.
func (x *reading) tokenAt(i, at int) int {
	for i < len(x.tokens) && x.at(i).start < at {
		i++
	}
	return i
}

// corner finds "the corner of A and B".
func (x *reading) corner(i int) (candidate, bool) {
	k := i
	if x.at(k).word == "the" {
		k++
	}
	if x.at(k).word != "corner" || x.at(k+1).word != "of" {
		return none, false
	}
	and := k + 2
	for and < k+9 && x.at(and).letters+x.at(and).digits+len(x.at(and).word) > 0 && x.at(and).word != "and" && x.at(and).word != "&" {
		and++
	}
	end := x.streetNames(and+1, 4)
	if end == and+1 || x.at(and).word != "and" && x.at(and).word != "&" {
		return none, false
	}
	if n := x.number(end); n > end {
		end = n
	}
	return span(x.at(i).start, x.at(end-1).end, Address, said)
}

// unit returns the token after a flat, a suite or a box at i, or i.
func (x *reading) unit(i int) int {
	if !unitWords[x.at(i).word] {
		return i
	}
	k := i + 1
	for x.at(k).word == "." || x.at(k).word == "#" {
		k++
	}
	if t := x.at(k); t.digits > 0 || t.letters == 1 {
		return k + 1
	}
	return i
}

// rest returns the token after the last that goes on an address: a flat, a town, a
// state, a code, a country.
func (x *reading) rest(i int, sure bool) int {
	end, named := i, 0
	for k := i; k < len(x.tokens) && k < i+16; {
		t := x.at(k)
		blank := strings.Count(x.gap(k), "\n") > 1
		if blank {
			break
		}
		if u := x.unit(k); u > k {
			k, end, named = u, u, 0
			continue
		}
		if t.word == "," || t.word == "-" || t.word == "–" || t.word == "." && strings.Contains(x.gap(k+1), "\n") && k == i {
			k++
			continue
		}
		if t.digits > 0 {
			form := zipForm.FindString(x.from(k, 12))
			if form == "" || !x.alone(k, t.start+len(form)) || t.digits < 2 {
				if !strings.Contains(x.gap(k), "\n") && x.at(k-1).word != "," {
					break
				}
				k++ // a region that is a number
				continue
			}
			k = x.tokenAt(k, t.start+len(form))
			end = k
			if n := x.placeAt(k); n > 0 && x.capitalised(k) {
				return k + n
			}
			if x.at(k).word == "," && x.placeAt(k+1) > 0 {
				return k + 1 + x.placeAt(k+1)
			}
			if named > 0 || k >= len(x.tokens) || !x.at(k).upper || x.at(k).initial {
				return end
			}
			continue
		}
		if n := x.placeAt(k); n > 0 && t.upper {
			k, end, named = k+n, k+n, named+1
			continue
		}
		afterBreak := k == i || x.at(k-1).word == "," || strings.Contains(x.gap(k), "\n") || unitEnded(x, k)
		switch {
		case t.name() && t.upper && (!t.initial || strings.Contains(x.gap(k), "\n")) && (sure || afterBreak || named > 0):
			if t.cues&(cueTitle|cuePhone|cueCard) != 0 && !t.caps {
				return end
			}
			k++
			named++
			// A town is part of it; a word that merely begins the next sentence is not.
			if afterBreak && x.at(k-2).word == "," || t.caps && t.letters >= 2 || strings.Contains(x.gap(k-1), "\n") {
				end = k
			} else if named > 1 && end == k-1 {
				end = k
			}
			if x.at(k).word == "." && t.letters <= 2 {
				k++
			}
		case particles[t.word] && x.at(k+1).upper && named > 0:
			k++
		case t.word == "nan":
			k++
		default:
			// Without capital letters a town is believed for the code behind it.
			for e := k; e < k+6 && e < len(x.tokens); e++ {
				if z := x.at(e); z.number() && (z.digits == 5 || z.digits == 6) && e > k {
					return e + 1
				} else if !z.name() && z.word != "," || lowerStops[z.word] {
					break
				}
			}
			return end
		}
	}
	return end
}

// unitEnded reports whether the token before k is the number of a flat or a house.
func unitEnded(x *reading, k int) bool { return k > 0 && x.at(k-1).digits > 0 }

// postcode finds codes by themselves: in a form of their own, or said to be one.
func (x *reading) postcode(i int) (candidate, bool) {
	t := x.at(i)
	if t.digits == 0 || x.joined(i) {
		return none, false
	}
	s := x.from(i, 12)
	form := britishCode.FindString(s)
	if form == "" {
		form = cepForm.FindString(s)
	}
	weight := shaped
	if x.announced(i, cuePostcode) {
		form, weight = codeSaid.FindString(s), said
	}
	// A state and five digits: "CO 80922".
	if p := x.at(i - 1); form == "" && t.number() && t.digits == 5 && p.caps && p.letters == 2 && x.at(i-2).word == "," {
		form = x.s[t.start:t.end]
	}
	if form == "" || !x.alone(i, t.start+len(form)) {
		return none, false
	}
	return span(t.start, t.start+len(form), Postcode, weight)
}
