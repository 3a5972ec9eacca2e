package pii

import "strings"

// notNames are words with a capital letter that are no part of a name.
var notNames = setOf(`i me mine our his her their a an the and or of for in on at to is are was my your please thanks thank hello hi hey dear yes no ok okay sir madam
	monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december
	mr mrs ms dr miss prof english spanish portuguese russian ukrainian street road avenue company bank card account order visa mastercard paypal
	french danish czech german polish american british italian dutch swedish norwegian finnish irish scottish welsh greek turkish japanese chinese korean indian mexican canadian australian brazilian argentinian european
	someone somebody nobody everyone everybody anyone baby labor day
	google amazon facebook whatsapp instagram iphone android apple samsung internet god christmas easter usps ups fedex dhl
	segunda terca quarta quinta sexta sabado domingo lunes martes miercoles jueves viernes sr sra obrigado obrigada gracias ola oi hola bom boa buenos buenas
	понедельник вторник среда четверг пятница суббота воскресенье понеділок вівторок середа четвер субота неділя спасибо дякую привет привіт добрый доброго здравствуйте
	да нет так ні я ви вы нова нова пошта новая почта украина україна россия росія приват монобанк сбербанк not new who what where when why how
	sent help this that it he she we they you there here can could would will do does did have has had but if as with from by`)

// notAfterName are words in lower case that follow "my name is" without being a name.
var notAfterName = setOf(`not wrong incorrect spelled misspelled spelt on in at is was to the a my for and correct different changed missing
	no nao esta está errado errada incorrecto incorrecta mal не неправильно указано вказано написано still also already now being shown listed under changing`)

var particles = setOf("de da do dos das del della di la le el al bin ibn ben van von der den ter ten y e af av zu du st dei degli delle des les del'")

// familySuffixes are how family names and patronymics of several languages end, of at
// least six letters.
var familySuffixes = []string{
	"ovich", "evich", "ovych", "evych", "ievich", "ovna", "evna", "ivna", "enko", "chuk", "czyk", "wicz", "owski", "ewski", "owska", "ewska", "inski", "insky", "ovsky", "skaya", "skyi",
	"sson", "ssen", "sdottir", "ovic", "evic", "ovski", "opoulos", "ides", "akis", "oglu", "yan", "dze", "shvili", "ova", "eva", "ieva", "nen", "sky", "ski", "ska", "ov", "ev", "ez", "dason",
	"ович", "евич", "івич", "ович", "овна", "евна", "івна", "ївна", "енко", "чук", "ов", "ев", "ський", "цький", "ська", "цька", "ский", "ская", "цкий", "ова", "ева", "єва", "янц", "дзе",
}

func familyLike(word string) bool {
	if len([]rune(word)) < 6 {
		return false
	}
	for _, s := range familySuffixes {
		if strings.HasSuffix(word, s) {
			return true
		}
	}
	return false
}

// nameAt reports what speaks for a token being part of a name: the lists it is in, or
// how it ends.
func (x *reading) nameAt(i int) listing {
	t := x.at(i)
	if !t.name() || notNames[t.word] {
		return 0
	}
	word := strings.TrimSuffix(t.word, "'s")
	l := lists(word) &^ (placeName | placeStart)
	if l == 0 && t.upper && familyLike(word) {
		l = family
	}
	return l
}

// capitalised reports whether a token's capital letter says anything: in a text all in
// capitals it does not.
func (x *reading) capitalised(i int) bool {
	t := x.at(i)
	return t.name() && t.upper && (!t.caps || t.letters > 3 && !x.shouted(i))
}

// shouted reports whether the words around a token are in capitals too.
func (x *reading) shouted(i int) bool {
	words, caps := 0, 0
	for k := max(0, i-4); k < min(len(x.tokens), i+5); k++ {
		if k != i && x.tokens[k].letters > 1 {
			words++
			if x.tokens[k].caps {
				caps++
			}
		}
	}
	return caps*2 > words
}

// does are words in lower case that follow who it is that did something.
var does = setOf("called calls said says told wrote asked lives lived works worked signed sent promised answered ligou disse falou mora llamo dijo vive позвонил позвонила сказал сказала живет подзвонив сказав сказала живе")

// sequence returns the token after the last of what could be a name from i on.
func (x *reading) sequence(i int) int {
	end := i + 1
	for end < len(x.tokens) && end < i+5 && strings.Trim(x.gap(end), " ") == "" {
		t := x.at(end)
		switch {
		case unitWords[t.word] || streetTypes[t.word]:
			return end
		case strings.HasSuffix(x.s[:x.at(end-1).end], "'s"), strings.HasSuffix(x.s[:x.at(end-1).end], "’s"):
			return end
		case t.letters == 1 && t.upper && t.word != "i" && t.word != "я" && x.gap(end) == " " && x.at(end+1).word == "." && x.capitalised(end+2):
			end += 2 // an initial and its point
		case t.letters == 1 && t.upper && t.word != "i" && t.word != "я" && x.gap(end) == " " && x.capitalised(end+1):
			end++
		case x.gap(end) == " " && x.capitalised(end) && !notNames[t.word] && t.cues&cueTitle == 0:
			end++
		case particles[t.word] && !t.upper && x.gap(end) == " " && x.capitalised(end+1) && !notNames[x.at(end+1).word]:
			end += 2
		case particles[t.word] && particles[x.at(end+1).word] && x.capitalised(end+2):
			end += 3
		default:
			return end
		}
	}
	return end
}

// person finds names: behind the words that announce one, and by the lists of names
// where a capital letter or the words around speak for one.
func (x *reading) person(i int) (candidate, bool) {
	t := x.at(i)
	if !t.name() || t.letters < 2 || notNames[t.word] || x.joined(i) && !strings.Contains("-(/\"", x.at(i-1).word) || t.cues&cueTitle != 0 {
		return none, false
	}
	l := x.nameAt(i)
	announced := x.introduced(i)
	if !x.capitalised(i) {
		return x.lowerName(i, l, announced)
	}
	end := x.sequence(i)
	var all listing
	for k := i; k < end; k++ {
		all |= x.nameAt(k)
	}
	weight := 0
	place := x.placeAt(i)
	inPlace := place >= end-i && (x.at(i-1).cues&cueIn != 0 || l&(given|givenOrWord) == 0)
	switch {
	case announced == cueName || announced == cueTitle:
		weight = said
	case inPlace || place >= end-i && place > 1:
		return none, false
	case announced == cueRelation, announced == cueIntro && all != 0:
		weight = listed
	case l&given != 0, l&family != 0 && (!t.initial || end-i > 1 || t.letters > 4):
		weight = listed
	case l != 0 && t.initial && (x.at(end).word == ":" || does[x.at(end).word]), t.initial && end-i == 1 && does[x.at(end).word]:
		weight = listed // "Anna: hello", "Rose called"
	case l&givenOrWord != 0 && (!t.initial || all&(given|family) != 0 && end-i > 1):
		weight = listed
	case end-i > 1 && all&(given|family) != 0 && !t.initial:
		weight = listed
	default:
		return none, false
	}
	return span(t.start, x.nameEnd(end-1), Person, weight)
}

// nameEnd is where a name ends whose last token is k, without the 's behind it.
func (x *reading) nameEnd(k int) int {
	end := x.at(k).end
	for _, s := range []string{"'s", "’s", "ʼs"} {
		if strings.HasSuffix(x.s[:end], s) {
			return end - len(s)
		}
	}
	return end
}

// introduced returns the strongest cue right before a token: of a name, a title, or
// words after which names are frequent.
func (x *reading) introduced(i int) cue {
	k := i - 1
	if p := x.at(k); k >= 0 && p.word == "." && x.at(k-1).cues&cueTitle != 0 {
		return cueTitle
	}
	for skipped := 0; k >= 0 && skipped < 3; k, skipped = k-1, skipped+1 {
		t := x.at(k)
		if k == i-1 && t.cues&cueTitle != 0 {
			return cueTitle
		}
		if t.cues&cueName != 0 {
			return cueName
		}
		if k == i-1 && t.cues&cueRelation != 0 {
			return cueRelation
		}
		if k == i-1 && t.cues&cueIntro != 0 {
			return cueIntro
		}
		if t.word != ":" && t.word != "is" && t.word != "é" && t.word != "e" && t.word != "es" && t.word != "-" && t.word != "\"" && t.word != "," {
			return 0
		}
	}
	return 0
}

// lowerName finds names in chats without capital letters.
func (x *reading) lowerName(i int, l listing, announced cue) (candidate, bool) {
	t := x.at(i)
	next := x.nameAt(i + 1)
	if x.gap(i+1) != " " {
		next = 0
	}
	end := i + 1
	if next&(given|family) != 0 {
		end++
	}
	whole := i == 0 && end == len(x.tokens)
	switch {
	case announced == cueName && x.at(i-1).cues&cueName != 0 && x.at(i-1).word == "name":
		// "the name rose" is no cue
	case (announced == cueName || announced == cueTitle || announced == cueRelation) && l != 0,
		(announced == cueIntro || announced == cueRelation) && l&given != 0:
		return span(t.start, x.nameEnd(end-1), Person, listed)
	case announced == cueName && !notAfterName[t.word] && (end == len(x.tokens) || strings.Contains(".,!and y e и і та", x.at(end).word)):
		return span(t.start, x.nameEnd(end-1), Person, listed)
	case whole && l&(given|family) != 0, l&given != 0 && next&(given|family) != 0,
		l&given != 0 && t.letters >= 5 && x.placeAt(i) == 0:
		return span(t.start, x.nameEnd(end-1), Person, listed)
	}
	return none, false
}

// partners reports whether tokens are family names, at most one of them a first name too.
func (x *reading) partners(tokens ...int) bool {
	first := 0
	for _, i := range tokens {
		l := x.nameAt(i)
		if l&family == 0 || !x.capitalised(i) {
			return false
		}
		if l&given != 0 {
			first++
		}
	}
	return first < 2
}

var organizationEnds = setOf(`inc ltd llc corp corporation gmbh plc group technologies technology investments partners holdings industries
	associates consulting solutions systems services foundation orchestra ltda lda bv ag oy ab srl spa llp`)

// organization finds companies by how their names end.
func (x *reading) organization(i int) (candidate, bool) {
	if !x.capitalised(i) || notNames[x.at(i).word] || i > 0 && x.gap(i) == " " && x.capitalised(i-1) && !x.at(i-1).initial {
		return none, false
	}
	end := x.sequence(i)
	// "Baker, Jones and Smith": a firm of partners, none with a first name.
	if k := i; end == i+1 && x.at(k+1).word == "," && (x.at(k+3).word == "and" || x.at(k+3).word == "&") && x.partners(k, k+2, k+4) {
		return span(x.at(i).start, x.at(k+4).end, Organization, said)
	}
	for k := end - 1; k > i; k-- {
		if organizationEnds[x.at(k).word] {
			return span(x.at(i).start, x.at(k).end, Organization, said)
		}
	}
	if t := x.at(end); end-i >= 1 && t.word == "," && organizationEnds[x.at(end+1).word] {
		return span(x.at(i).start, x.at(end+1).end, Organization, said)
	}
	return none, false
}

// place finds countries and cities.
func (x *reading) place(i int) (candidate, bool) {
	t := x.at(i)
	if !x.capitalised(i) || x.joined(i) {
		return none, false
	}
	if n := x.placeAt(i); n > 0 {
		return span(t.start, x.nameEnd(i+n-1), Place, listed)
	}
	if x.at(i-1).cues&cueIn != 0 && !notNames[t.word] && !t.initial && x.nameAt(i) == 0 {
		return span(t.start, x.nameEnd(x.sequence(i)-1), Place, shaped)
	}
	return none, false
}
