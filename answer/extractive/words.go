package extractive

import (
	"strings"

	"candor/retrieval/analysis"
)

// termSet returns the terms of a text, each in the form in which synonyms and
// irregular forms meet.
func termSet(text, language string) map[string]bool {
	set := make(map[string]bool)
	for _, t := range analysis.Terms(text, language) {
		set[canonical(t.Text, language)] = true
	}
	return set
}

// content returns the terms of a text that say what it is about, in their
// order, each once.
func content(text, language string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, t := range analysis.Terms(text, language) {
		surface := strings.ToLower(text[t.Start:t.End])
		c := canonical(t.Text, language)
		if seen[c] || analysis.IsStop(t.Text, language) || analysis.IsStop(surface, language) || chaff[surface] {
			continue
		}
		seen[c] = true
		out = append(out, c)
	}
	return out
}

// credit is how well a set of terms holds a term: 1 as it is, less as a longer
// or shorter form of it that the stemmer did not bring together.
func credit(t string, set map[string]bool) float64 {
	if set[t] {
		return 1
	}
	const shortest = 5
	if len(t) < shortest || strings.ContainsAny(t, "0123456789") {
		return 0
	}
	for s := range set {
		if len(s) < shortest {
			continue
		}
		if longer := max(len(s), len(t)); longer-min(len(s), len(t)) <= 2 && (strings.HasPrefix(s, t) || strings.HasPrefix(t, s)) {
			return .8
		}
	}
	return 0
}

// termsByLanguage analyses lists of words, by language.
func termsByLanguage(lists map[string]string) map[string]map[string]bool {
	m := make(map[string]map[string]bool)
	for language, list := range lists {
		m[language] = termSet(list, language)
	}
	return m
}

func canonical(term, language string) string {
	if c, ok := synonyms[analysis.Base(language)][term]; ok {
		return c
	}
	return term
}

// synonyms maps a term to the first of its line: irregular forms that no
// stemmer knows, and words that customers and help centres use for each other.
var synonyms = func() map[string]map[string]string {
	m := make(map[string]map[string]string)
	for language, lines := range map[string]string{
		"en": `lose lost loss
			buy bought purchase purchased
			pay paid payment
			send sent post posted mail
			spend spent
			steal stolen
			forget forgot forgotten
			choose chosen chose
			freeze frozen
			withdraw withdrawn withdrew
			keep kept
			break broken damaged defective faulty
			begin began begun start
			fee cost price charge
			phone mobile smartphone
			ship deliver delivery shipment
			parcel package
			change edit update modify
			refund reimburse reimbursement
			cancel cancellation cancelation
			authorize authorise
			receive arrive
			minimum least
			maximum most
			travel trip abroad
			login signin
			error issue problem
			shop store
			late delay delayed missing overdue
			delete close closure
			valid expire expiry expiration
			contact reach talk speak call`,
		"pt": `comprar compra adquirir
			taxa custo preço tarifa
			enviar envio entregar entrega frete
			trocar troca substituir
			alterar mudar atualizar
			reembolso reembolsar estorno
			cancelar cancelamento
			devolver devolução devolvo devolve
			pacote encomenda
			quebrado danificado defeito`,
		"es": `comprar compra adquirir
			tarifa coste costo precio
			enviar envío entregar entrega
			cambiar modificar actualizar
			reembolso reembolsar
			cancelar anular cancelación
			devolver devolución devuelvo devuelve
			paquete envío
			roto dañado defectuoso`,
		"uk": `ціна вартість коштувати
			доставка доставити доставляти доставляєте доставляємо
			повернути повернення
			гроші грошей кошти
			скасувати скасування
			змінити зміна
			купити покупка
			пошкоджений зламаний`,
		"ru": `цена стоимость стоить
			доставка доставить доставлять доставляете доставляем
			вернуть возврат
			деньги денег средства
			отменить отмена
			изменить изменение
			купить покупка
			поврежденный сломанный`,
	} {
		m[language] = make(map[string]string)
		for line := range strings.Lines(lines) {
			terms := analysis.Terms(line, language)
			for _, t := range terms {
				if _, ok := m[language][t.Text]; !ok {
					m[language][t.Text] = terms[0].Text
				}
			}
		}
	}
	return m
}()

// chaff are words of questions that are no stop words and say nothing about
// what is asked.
var chaff = func() map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(`
		want wants wanted need needs know tell help get gets getting got give like find show explain question possible able way ways thing things going
		much many long often kind kinds type types exactly actually really currently please would could now today wondering wonder curious understand say said mean means
		anything something someone somebody everything one ones happen happens wish let see look make information info details detail regarding concerning name define describe
		quero queria gostaria preciso saber dizer ajuda ajudar pode poderia posso favor quanto quantos quanta quantas tipo tipos jeito coisa existe existem
		fazer faz faço forma sobre nome chama chamado
		quiero quisiera necesito saber decir ayuda ayudar puede puedo podría favor cuánto cuánta cuántos cuántas cuanto cuantos tipo tipos manera cosa existe existen
		hacer hace hago forma sobre nombre llama llamado
		хочу хотів хотіла треба потрібно знати скажіть підкажіть допоможіть можна скільки який яка яке які спосіб річ
		хотел хотела надо нужно знать скажите подскажите помогите можно сколько какой какая какое какие способ вещь зовут называется`) {
		m[w] = true
	}
	return m
}()
