package answer

import "strings"

// A direction is where a word says that something goes: up (1) or down (-1). A
// star stands for any ending. Words that affirm ("associated", "required") go up.
var directions = func() endings {
	m := make(endings)
	m.put(1, `increas* rise* rising rose higher high more greater raise* raising grow* grew gain* elevat* enhanc* up upregul* promot*
		improv* better best stimulat* induc* activat* boost* enlarg* expand* expans* accelerat* facilitat* positive* benefi* effective* efficac*
		accurate* accuracy associat* link* correlat* relat* require* necessary necessit* essential* crucial* important* critical* depend*
		contribut* cause* causal lead leads leading led result* able succe* significant* support* susceptib* strong* rapid* fast* longer long
		prolong* large* major hyper* abundan* present presence overexpress* permit* allow* drive* driven driving mediat* possess* enabl*
		sustain* maintain* extend* common* frequent* worse* exacerbat* aggravat* risk* encourag* augment* amplif* potentiat* strengthen*
		trigger* elicit* evok* initiat* favor* favour* prefer* involve* interact* bind* bound recruit* express* produc* form* generat* yield*
		play* role* show* exhibit* display* undergo* influence* affect* impact* alter* modulat* regulat* determin* predict* likely convert*
		restor* rescue* recover* intact functional accumulat* proliferat* surviv* progress* develop* aid* help* assist* preserv* superior
		wide* rich enriched robust* substantial* considerabl* dramatic* marked* predominant* universal* always full* complete* every all
		most many several multiple numerous available include* contain* consist* safe feasible possible can valid* confirm*`)
	m.put(-1, `decreas* reduc* lower* low fewer less drop* fall* fell declin* loss lose* los* lost diminish* down downregul* inhibit*
		suppress* impair* prevent* block* attenuat* slow* shrink* shrank deplet* abrogat* negative* ineffective* inefficac* inaccurate*
		insensitiv* independent* unrelated unassociated unnecessary dispensable inverse* contrary opposite fail* lack* absen* deficien*
		deficit* without unable inability resist* weak* poor* rare* seldom minor minimal small* short* hypo* knockdown knockout silenc*
		delet* ablat* eliminat* abolish* disrupt* antagon* inactiv* restrict* limit* hinder* delay* protect* unlikely insignificant*
		nonsignificant counter* mitigat* dampen* blunt* ameliorat* alleviat* reliev* lessen* curtail* curb* repress* downmodulat* destabil*
		degrad* destroy* harm* detriment* adverse* toxic* compromis* hamper* impede* interfer* obstruct* halt* stop* arrest* ceas* end*
		withdraw* remov* exclud* omit* avoid* refus* reject* deny denies discourag* undermin* neutraliz* null mutant mutation* defect*
		dysfunction* abnormal* incomplete* partial* few inferior incapable impossible infeasible unsafe dissociat* uncoupl* unaffect*
		unchanged unalter* similar*`)
	return m
}()

func directionOf(folded string) int8 { return int8(directions.of(folded)) }

// endings maps words, and beginnings of words before a star, to a number other than 0.
type endings map[string]int

func (m endings) put(n int, words string) {
	for _, w := range strings.Fields(words) {
		m[w] = n
	}
}

// of is the number of the word or of its longest beginning; 0: it has none.
func (m endings) of(word string) int {
	if n, ok := m[word]; ok {
		return n
	}
	for i := len(word); i >= 2; i-- {
		if n, ok := m[word[:i]+"*"]; ok {
			return n
		}
	}
	return 0
}

// direct returns where each word of a text goes, turned round by each negation among
// the three words before it, and whether the text holds an odd number of negations,
// without those that are said of one word only.
func direct(words []trait) (signs []int8, negated bool) {
	signs = make([]int8, len(words))
	for i, w := range words {
		if w.negates && !w.narrow {
			negated = !negated
		}
		signs[i] = w.sign
		for k := max(0, i-3); k < i; k++ {
			if words[k].negates {
				signs[i] = -signs[i]
			}
		}
	}
	return signs, negated
}

// opposites are pairs of which a sentence cannot say one where its source says the
// other, in folded words of five languages; "_" joins the words of a phrase.
var opposites = func() endings {
	m := make(endings)
	for i, pair := range [][2]string{
		{
			"free gratis gratuit* безкоштовн* бесплатн* free_of_charge at_no_cost sem_custo sin_coste sin_costo",
			"cost costs costing fee fees charge charged charges paid chargeable surcharge custa custam custo taxa tarifa cobrado cuesta cuestan coste cargo tasa платн* коштує коштують стоит стоят платит* плата комісі* комисси*",
		},
		{
			"at_least minimum no_less_than not_less_than minimo_de pelo_menos no_minimo al_menos como_minimo por_lo_menos щонайменше не_менше принаймні мінімум минимум не_менее как_минимум по_меньшей_мере",
			"up_to at_most maximum no_more_than not_more_than no_maximo maximo_de ate_no_maximo como_maximo a_lo_sumo no_mas_de не_більше щонайбільше максимум не_более самое_большее",
		},
		{
			"before prior earlier antes перед раніше раньше до_того",
			"after following later depois apos despues tras після пізніше после позже",
		},
		{
			"more higher increas* rise* rises above over greater larger longer mais maior aument* acima mas mayor encima більше вище збільш* зроста* понад більший довше больше выше увелич* раст* свыше дольше",
			"fewer less lower decreas* reduc* falls below under smaller shorter menos menor diminu* abaixo debajo disminu* менше нижче зменш* знижу* нижчий коротше меньше ниже уменьш* снижа* короче",
		},
		{
			"must required mandatory obligatory have_to has_to obrigatori* deve devem obligatori* debe deben обов'язков* обовязков* потрібно повинн* мусить обязательн* должен должн* необходимо",
			"optional optionally voluntary opcional* facultativ* необов'язков* необовязков* необязательн* may",
		},
		{
			"allow* permit* accepted accept accepts possible able can permitid* aceit* aceptamos acepta aceptan posible podem puede дозвол* приймає* можлив* можна разреш* принима* возможн* можно",
			"forbid* forbidden prohibit* refus* refuse reject* declin* impossible proibid* recus* prohibid* rechaz* imposible заборон* неможлив* відхил* запрещ* невозможн* отклон* cannot unable",
		},
		{
			"include* inclu* inclui incluye включ* вход* содерж*",
			"exclud* excep* exclu* exceto excepto salvo unless apart_from крім окрім кроме исключ*",
		},
		{"open opens opening abre abrem abren відкри* откры*", "close* closing fecha* cierra* cerrad* закри* закры*"},
		{"start* begin* began comeca* inicia* empieza* comienza* почина* початок начина* начало", "end ends ended ending expire* finish* termina* acaba* vence* закінч* завершу* заканчива* истека*"},
		{"earliest soonest", "latest"},
		{"first primeir* primer* перш* перв*", "last ultim* останн* последн*"},
		{"online internet онлайн", "in_store in_shop na_loja en_tienda у_магазині в_магазине"},
		{"business working uteis habiles laborables робоч* рабоч* банківськ* банковск*", "calendar consecutive corridos naturales календарн*"},
		{"always sempre siempre завжди всегда", "never nunca jamais jamas ніколи никогда"},
		{"new unused unworn unopened novo novos nuevo nuevos нов*", "used worn opened second_hand usad* вживан* подержан*"},
		{"inside within dentro в_межах в_пределах", "outside fora fuera поза_межами за_пределами"},
		{"automatic* automatiqu* автоматич*", "manual* вручну вручную"},
		{"same_day", "next_day"},
		{"enable* enabled activate* turn_on ativ* activar habilit* увімкн* включит*", "disable* deactivate* turn_off desativ* desactiv* deshabilit* вимкн* отключ*"},
		{"safe safely seguro segura безпечн* безопасн*", "unsafe dangerous perigos* peligros* небезпечн* опасн*"},
		{"valid valida valido дійсн* действительн*", "invalid invalid* недійсн* недействительн*"},
		{"succe* exito* успішн* успешн*", "fail* falh* fall* невдал* неудачн*"},
	} {
		m.put(i+1, pair[0])
		m.put(-i-1, pair[1])
	}
	return m
}()

// opposed reports whether one of two folded texts says a thing of which the other
// says only the opposite.
func opposed(a, b string) int {
	x, y := sidesOf(a), sidesOf(b)
	n := 0
	for pair, side := range x {
		if other, ok := y[pair]; ok && side*other == -1 {
			n++
		}
	}
	return n
}

// sidesOf returns the sides of opposites that a folded text takes: 1, -1, or 0 where
// it takes both.
func sidesOf(folded string) map[int]int {
	sides := make(map[int]int)
	words := strings.Fields(folded)
	for i, w := range words {
		n := opposites.of(w)
		for k := min(3, len(words)-i); k > 1; k-- {
			if phrase, ok := opposites[strings.Join(words[i:i+k], "_")]; ok {
				n = phrase
				break
			}
		}
		if n == 0 {
			continue
		}
		side := 1
		if n < 0 {
			n, side = -n, -1
		}
		if before, seen := sides[n]; seen && before != side {
			side = 0
		}
		sides[n] = side
	}
	return sides
}
