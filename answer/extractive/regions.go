package extractive

import "candor/retrieval/analysis"

// regions maps the terms of places to those of the name of what they are a part
// of, by language: who asks about Germany is answered by what is said of the
// European Union. They are the member states, as of 2026.
var regions = func() map[string]map[string][]string {
	m := make(map[string]map[string][]string)
	for language, names := range map[string][2]string{
		"en": {"European Union", `Austria Belgium Bulgaria Croatia Cyprus Czechia Denmark Estonia Finland France Germany Greece Hungary
			Ireland Italy Latvia Lithuania Luxembourg Malta Netherlands Holland Poland Portugal Romania Slovakia Slovenia Spain Sweden`},
		"pt": {"União Europeia", `Áustria Bélgica Bulgária Croácia Chipre Tchéquia Dinamarca Estônia Finlândia França Alemanha Grécia Hungria
			Irlanda Itália Letônia Lituânia Luxemburgo Malta Holanda Polônia Portugal Romênia Eslováquia Eslovênia Espanha Suécia`},
		"es": {"Unión Europea", `Austria Bélgica Bulgaria Croacia Chipre Chequia Dinamarca Estonia Finlandia Francia Alemania Grecia Hungría
			Irlanda Italia Letonia Lituania Luxemburgo Malta Holanda Polonia Portugal Rumanía Eslovaquia Eslovenia España Suecia`},
		"uk": {"Європейський Союз", `Австрія Бельгія Болгарія Хорватія Кіпр Чехія Данія Естонія Фінляндія Франція Німеччина Греція Угорщина
			Ірландія Італія Латвія Литва Люксембург Мальта Нідерланди Польща Португалія Румунія Словаччина Словенія Іспанія Швеція`},
		"ru": {"Европейский союз", `Австрия Бельгия Болгария Хорватия Кипр Чехия Дания Эстония Финляндия Франция Германия Греция Венгрия
			Ирландия Италия Латвия Литва Люксембург Мальта Нидерланды Польша Португалия Румыния Словакия Словения Испания Швеция`},
	} {
		var union []string
		for _, t := range analysis.Terms(names[0], language) {
			union = append(union, t.Text)
		}
		m[language] = make(map[string][]string)
		for member := range termSet(names[1], language) {
			m[language][member] = union
		}
	}
	return m
}()
