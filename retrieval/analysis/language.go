package analysis

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Scores of the evidence for a language. A function word or a letter that one
// language alone has is proof enough on its own; a word ending needs company.
const (
	letterScore = 2.0
	wordScore   = 1.0
	endingScore = 0.4

	minScore  = 1.0  // less evidence than this is none
	minMargin = 0.25 // of the best score, over the second
	maxDetect = 4096 // bytes that are looked at; more would not change the mind
)

// DetectLanguage returns the language of a text: one of Languages, or "" if
// the text does not tell or is in another language.
//
// It is made for chat questions of a few words: it counts the letters, function
// words, common chat words and word endings that are characteristic of each
// language. French, Italian and German are known only so that they are not
// taken for one of ours. Where languages share all of a short text ("cancelar
// pedido") it is "" rather than a guess.
func DetectLanguage(text string) string {
	if len(text) > maxDetect {
		cut := maxDetect
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	scores := make(map[string]float64)
	latin, cyrillic, words := 0, 0, 0
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return !unicode.IsLetter(r) && r != '\'' && r != '’' && r != 'ʼ' && !unicode.Is(unicode.Mn, r)
	}) {
		words++
		w := strings.Trim(fold(word), "'")
		for _, r := range w {
			switch {
			case r >= 0x400 && r <= 0x52F:
				cyrillic++
			case unicode.Is(unicode.Latin, r):
				latin++
			}
			for language, letters := range letterEvidence {
				if strings.ContainsRune(letters, r) {
					scores[language] += letterScore
				}
			}
		}
		for _, language := range wordEvidence[w] {
			// A word that languages share says less about each.
			scores[language] += wordScore / float64(len(wordEvidence[w]))
		}
		if utf8.RuneCountInString(w) >= 5 {
			for language, endings := range endingEvidence {
				for _, e := range endings {
					if strings.HasSuffix(w, e) {
						scores[language] += endingScore
						break
					}
				}
			}
		}
	}
	for _, r := range text {
		if r == '¿' || r == '¡' {
			scores["es"] += letterScore
		}
	}
	// Ukrainian goes no 30 letters without one of its own letters.
	if scores["uk"] == 0 || !strings.ContainsAny(text, "іїєґІЇЄҐ") {
		scores["ru"] += min(float64(cyrillic)/30, 1)
	}
	// A quoted name in the other alphabet does not change the language.
	for language := range scores {
		if isCyrillic := language == "uk" || language == "ru" || language == "be"; isCyrillic != (cyrillic > latin) {
			delete(scores, language)
		}
	}
	best, second, name := 0.0, 0.0, ""
	for _, language := range evidenced {
		switch s := scores[language]; {
		case s > best:
			best, second, name = s, best, language
		case s > second:
			second = s
		}
	}
	// In a long text a handful of known words is chance.
	if best < minScore || best < 0.08*float64(words) || best-second < minMargin*best {
		return ""
	}
	return Base(name)
}

// evidenced lists the languages with evidence, in the order that ties keep.
var evidenced = []string{"en", "pt", "es", "uk", "ru", "fr", "it", "de", "be"}

// letterEvidence holds the letters that, among evidenced languages, only one has.
var letterEvidence = map[string]string{
	"pt": "ãõ",
	"es": "ñ",
	"uk": "іїєґ",
	"ru": "ыэъё",
	"fr": "œèûù",
	"de": "ßä",
	"be": "ў",
}

// endingEvidence holds endings of longer words that are typical of a language
// and rare in its neighbours.
var endingEvidence = map[string][]string{
	"en": {"ing", "tion", "tions", "ght", "ould", "ness", "ship", "ful", "ly", "ment", "ments", "ies", "ted", "sed", "red", "wn"},
	"pt": {"ção", "ções", "ão", "ões", "cao", "coes", "agem", "eiro", "eira", "inho", "inha", "mente", "amos", "ência", "ável", "ário", "ários", "ade", "ades", "ível", "ei", "ou", "ais", "eis", "lh", "nho"},
	"es": {"ción", "ciones", "cion", "miento", "mientos", "mente", "amos", "ero", "illo", "illa", "encia", "able", "ible", "dad", "dades", "ería", "aje", "ué", "aste", "ís", "ndo"},
	"uk": {"ння", "ться", "ість", "ують", "ого", "ими", "ий", "ого", "ати", "ити", "увати", "ів", "ок", "ька", "ське", "ий"},
	"ru": {"ние", "ния", "тся", "ться", "ость", "ует", "ого", "ыми", "ий", "ать", "ить", "ешь", "ете", "ение", "ов", "ская", "ое", "ая"},
	"fr": {"eux", "ment", "tion", "aux", "oir", "ette", "ais", "ait", "eur"},
	"it": {"zione", "zioni", "mente", "are", "ere", "ato", "ata", "etto"},
	"de": {"ung", "ungen", "lich", "keit", "heit", "isch", "en", "cht"},
}

// wordEvidence maps a word to the languages it is evidence for: the stop words
// and the common words of a support chat.
var wordEvidence = func() map[string][]string {
	evidence := make(map[string][]string)
	add := func(language, list string) {
		for _, w := range strings.Fields(list) {
			w = fold(w)
			for _, form := range []string{w, unaccent(w), strings.ReplaceAll(w, "'", "")} {
				if !contains(evidence[form], language) {
					evidence[form] = append(evidence[form], language)
				}
			}
		}
	}
	for _, language := range Languages {
		add(language, stopWords[language])
	}
	for language, list := range chatWords {
		add(language, list)
	}
	return evidence
}()

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// chatWords are words that a customer's question often holds, beside stop
// words. They are our own lists; those of fr, it, de and be are decoys.
var chatWords = map[string]string{
	"en": `order orders refund return delivery shipping package parcel card account bank payment pay paid bill invoice
		price cost money much many long want need know tell give get got make take find found help show see look
		change cancel close open set start stop work working worked send sent received receive buy bought still never
		always today tomorrow yesterday tonight day days week month year time now new old first last next great good
		bad best better different wrong right sure really thing things something anything everything someone people
		name number phone call email address password login support customer service people question answer yes going
		went come came say said mean word way available item items store shop book booking flight hotel car credit
		charge fee rate balance transfer status track tracking where's there anybody nobody around because please lost
		stolen arrive arrived late broken missing every another since ago back without whose ever been meal song music
		play alarm timer weather list translate called were english spanish french`,
	"pt": `pedido pedidos reembolso devolução devolver entrega frete encomenda pacote cartão conta banco pagamento pagar
		paguei fatura boleto preço custa dinheiro quero queria preciso gostaria saber dizer fazer fez feito ver
		mudar trocar cancelar fechar abrir começar parar funciona comprar comprei recebi receber chegou chega chegar
		ainda nunca sempre hoje amanhã ontem agora dia dias semana mês ano anos tempo novo nova primeiro último última
		próximo melhor errado certo coisa alguém ninguém nome número telefone endereço senha atendimento atendente
		cliente pessoa pergunta resposta sim loja prazo minha meu consigo conseguir trabalho curso alunos foi ajuda
		ajudar pode falar onde aonde até lá então porém ao pela pelo numa dela dele isso você vocês tô tá né seu sua
		produto troca nota fiscal rastrear rastreio rastreamento cadê obrigado quantos quanto qual`,
	"es": `pedido pedidos reembolso devolución devolver entrega envío paquete tarjeta cuenta banco pago pagar pagué
		factura precio cuesta dinero quiero quería necesito gustaría saber decir hacer hizo hecho ver cambiar cancelar
		cerrar abrir empezar funciona comprar compré recibí recibir llegó llega llegar todavía aún nunca siempre hoy
		mañana ayer ahora día días semana mes año años tiempo nuevo nueva primero último última próximo mejor
		equivocado cosa alguien nadie nombre número teléfono dirección contraseña atención agente cliente persona
		pregunta respuesta tienda plazo consigo puedo puedes podría trabajo ayuda ayudar hablar dónde cuál cuáles
		entonces pero producto cambio rastrear seguimiento gracias ustedes usted ciudad fue fueron siglo durante
		hacia hasta desde mediante`,
	"uk": `замовлення замовлень повернення повернути гроші коштів доставка доставку посилка посилку картка картку рахунок
		банк оплата оплатити платіж ціна коштує хочу хотів хотіла потрібно треба знати сказати зробити дивитись змінити
		скасувати закрити відкрити працює купити купив купила отримав отримала отримати прийшло прийде досі ніколи
		завжди сьогодні завтра вчора зараз тепер день дні днів тиждень місяць рік новий нова перший останній наступний
		краще неправильно щось хтось ніхто ім'я номер телефон адреса пароль підтримка оператор клієнт людина людиною
		питання відповідь так магазин чому звідки скільки допоможіть допомога поговорити розмір знижка дякую`,
	"ru": `заказ заказа заказы заказов возврат вернуть деньги денег доставка доставку посылка посылку карта карту счет
		счёт банк оплата оплатить платеж цена стоит хочу хотел хотела нужно надо знать сказать сделать смотреть
		изменить отменить закрыть открыть работает купить купил купила получил получила получить пришло придет пришел
		никогда всегда сегодня завтра вчера сейчас теперь день дни дней неделя неделю месяц год году новый новая первый
		последний следующий лучше неправильно что-то кто-то никто имя номер телефон адрес пароль поддержка оператор
		клиент человек человеком вопрос ответ магазин почему откуда сколько помогите помощь поговорить размер скидка
		спасибо были стал стала кто кем чему какова каково каковы насколько`,
	"fr": `le la les des du de un une et est sont dans pour je vous nous ils elle il ce cette ces mon ma mes votre vos
		notre sur avec pas ne que qui quoi où comment quand combien pourquoi puis mais ou au aux être avoir fait très
		plus bonjour merci commande livraison remboursement c'est j'ai quel quelle`,
	"it": `il lo la gli le un una di del della dei delle e è sono nel nella per io tu noi voi loro questo questa mio mia
		miei vostro con non che chi cosa dove come quando quanto perché ma o al alla essere avere fatto molto più ciao
		buongiorno grazie ordine spedizione rimborso ho hai ha quale`,
	"de": `der die das ein eine einen einem einer und ist sind nicht ich sie wir ihr mein meine meinen mit auf für von zu
		zum zur im den dem des wie was wo wann warum wer kann haben hat bin war werden wird noch auch nur bitte danke
		hallo bestellung lieferung rückerstattung es`,
	"be": `і ў не на з што як гэта я мы вы яны быў была для па да ад калі дзе чаму`,
}

// Common returns words that are common in questions and articles of customer
// service in a language: a general frequency table starts from them. It is nil
// for an unknown language.
func Common(language string) []string {
	if language = Base(language); language == "" {
		return nil // the decoys' lists are not for others
	}
	return strings.Fields(chatWords[language])
}
