package pii

import "strings"

// Words for conditions and treatments; * as in cuePhrases. Words that are mostly said in
// another sense (a headache, sick, operation) are left out: hiding what a customer asks
// for would help nobody.
const (
	conditions = `diabet*, asthma, asthmatic, cancer, tumor, tumour, leukemia, leukaemia, lymphoma, chemotherapy, chemo, hiv, hepatitis, epilep*, schizophren*, bipolar,
		depression, anxiety disorder, panic attacks, panic disorder, ptsd, adhd, autism, autistic, dementia, alzheimer, alzheimer's, parkinson, parkinson's, multiple sclerosis,
		a stroke, heart attack, heart disease, heart failure, heart condition, hypertension, high blood pressure, low blood pressure, arthritis, migraine, migraines, fibromyalgia, lupus,
		celiac, coeliac, crohn's, crohns, eczema, psoriasis, endometriosis, pregnant, pregnancy, miscarriage, an abortion, in vitro, pneumonia, bronchitis, tuberculosis, covid, covid-19,
		kidney disease, kidney failure, dialysis, anemia, anaemia, hypothyroidism, thyroid, allergic, allergy, allergies, herpes, std, gonorrhea, syphilis, hemorrhoids, ulcer,
		eating disorder, anorexia, bulimia, mental illness, blood pressure, blood sugar, cholesterol, surgery, transplant, pacemaker, broken leg, broken arm, concussion, infertility,
		asma, asmatico, asmatica, tumores, leucemia, quimioterapia, radioterapia, vih, sida, com aids, tenho aids, hepatite, epileps*, esquizofren*, depressao, depresion, tdah, autis*,
		esclerose multipla, esclerosis multiple, avc, infarto, enfarte, hipertens*, hipertenso, hipertensa, pressao alta, presion alta, artrite, artritis, enxaqueca, enxaquecas, migrana, migranas, fibromialgia,
		celiaco, celiaca, eczema, psoriase, psoriasis, endometriose, gravida, gestante, gravidez, embarazada, embarazo, aborto, pneumonia, neumonia, bronquite, bronquitis, tuberculose, tuberculosis,
		insuficiencia renal, hemodialise, dialisis, hipotireoidismo, hipotiroidismo, tireoide, tiroides, alergico, alergica, alergia, alergias, cirurgia, cirugia, marcapasso, marcapasos, colesterol,
		doenca, enfermedad, discapacidad,
		діабет*, диабет*, астм*, рак, раку, рака, раком, онкол*, пухлин*, опухол*, лейкем*, лейкоз*, хіміотерап*, химиотерап*, віл, вич, снід, сніду, спид, спидом, гепатит*, епілепс*, эпилепс*, шизофрен*,
		депресі*, депресс*, біполяр*, биполяр*, аутизм*, аутист*, деменці*, деменци*, альцгеймер*, паркінсон*, паркинсон*, інсульт*, инсульт*, інфаркт*, инфаркт*, гіперто*, гиперто*, артрит*, мігрен*, мигрен*,
		псоріаз*, псориаз*, вагітн*, беременн*, аборт*, пневмоні*, пневмони*, бронхіт*, бронхит*, туберкульоз*, туберкулез*, ковід*, ковид*, діаліз*, диализ*, анемі*, анеми*, алергі*, алергік*, аллерги*,
		епілепті*, інвалідн*, инвалидн*, високий тиск, высокое давление, щитоподібн*, щитовидн*`
	medicines = `insulin, metformin, antidepressant*, prozac, zoloft, sertraline, fluoxetine, xanax, alprazolam, ritalin, adderall, oxycodone, morphine, methadone, warfarin, statins, lisinopril, amlodipine,
		levothyroxine, omeprazole, prednisone, antibiotics, amoxicillin, ibuprofen, aspirin, paracetamol, viagra, ozempic, tramadol, diazepam, valium,
		insulina, metformina, antidepressiv*, antidepresiv*, fluoxetina, sertralina, rivotril, clonazepam, losartana, losartan, antibiotico, antibioticos, ibuprofeno, omeprazol,
		інсулін*, инсулин*, метформін*, метформин*, антидепресант*, антидепрессант*, антибіотик*, антибиотик*, ібупрофен*, ибупрофен*, еналаприл*, эналаприл*`
	// having is what is said of oneself or a relative with a condition.
	having = `i have, i've, ive, i had, i got, i suffer, suffer, suffering, i am, i'm, im, i was, my, mine, diagnosed, have had, have been, we have, our, he has, she has, living with,
		tenho, tive, sou, estou, fui, sofro, minha, meu, minhas, meus, nossa, nosso, diagnosticado, diagnosticada, ela tem, ele tem,
		tengo, tuve, soy, estoy, padezco, sufro, mi, mis, nuestra, nuestro,
		у меня, у мене, у моей, у моего, у моєї, у мого, у нас, болею, страдаю, хворію, страждаю, маю, мой, моя, моё, мое, моей, моему, моего, мій, моє, моєї, моєму, мого, мої, диагноз, діагноз, поставили, переніс, перенесла, перенес, я`
	taking = `take, taking, took, on, using, prescribed, prescription, medication, medicine, tomo, tomando, tomar, receitou, receitado, uso, recetado, receto, recetaron, принимаю, приймаю, пью, п'ю, колю, выписали, призначили, прописали, назначили`
	// others are who is meant when it is not oneself.
	others = `about, sobre, acerca, о, об, про, question, cover, covers, covered, coverage, sell, if, whether, patients, people, someone, charity, donate, donation, research, book, study, insurance, policy, news, song, film, movie, cobre, cobrem, vende, vendem, vendeis, venden, hearing, awareness,
		cubre, seguro, se, si, pacientes, personas, pessoas, livro, libro, продаете, продаєте, покрыва*, покрива*, продаж*, страховк*, если, якщо, людей, пациент*, пацієнт*, книг*, zodiac, horoscope, cancer insurance, hunger, great`
)

// terms are phrases of folded words, by their first word.
type terms struct {
	phrases map[string][][]string
	stems   map[string]bool
}

func termsOf(list string) terms {
	out := terms{make(map[string][][]string), make(map[string]bool)}
	for phrase := range strings.SplitSeq(list, ",") {
		w := strings.Fields(fold(phrase))
		if stem, ok := strings.CutSuffix(w[0], "*"); ok {
			out.stems[stem] = true
			continue
		}
		out.phrases[w[0]] = append(out.phrases[w[0]], w)
	}
	return out
}

// at returns how many tokens from i are one of the terms; 0: none.
func (d terms) at(x *reading, i int) int {
	word, best := x.at(i).word, 0
	for _, phrase := range d.phrases[word] {
		n := 0
		for n < len(phrase) && x.at(i+n).word == phrase[n] {
			n++
		}
		if n == len(phrase) {
			best = max(best, n)
		}
	}
	for n := 3; best == 0 && n <= len(word); n++ {
		if d.stems[word[:n]] {
			best = 1
		}
	}
	return best
}

var (
	conditionTerms, medicineTerms = termsOf(conditions), termsOf(medicines)
	havingTerms, takingTerms      = termsOf(having), termsOf(taking)
	otherTerms                    = termsOf(others)
	degrees                       = setOf("type 1 2 i ii stage 3 4 iv chronic severe acute mild tipo estagio grau cronica cronico grave severa severo хроническ хронічн")
	particularAllergy             = setOf("to the a al la las el los à ao aos as o os de на")
)

// healthReach is how many words lie at most between "I have" and what somebody has.
const healthReach = 7

// health finds conditions, treatments and medicines that are said of oneself or of
// somebody close. A question about a product, a policy or people in general is none.
func (x *reading) health(string) (out []candidate) {
	for i := 0; i < len(x.tokens); i++ {
		if x.at(i).letters < 2 {
			continue
		}
		n, said := conditionTerms.at(x, i), havingTerms
		if n == 0 {
			n, said = medicineTerms.at(x, i), takingTerms
		}
		if n == 0 || !x.personal(i, said) {
			continue
		}
		first, last := i, i+n-1
		for first > 0 && degrees[x.at(first-1).word] && !strings.Contains(x.gap(first), "\n") {
			first--
		}
		// What somebody is allergic to.
		if strings.HasPrefix(x.at(i).word, "allerg") || strings.HasPrefix(x.at(i).word, "alerg") || strings.HasPrefix(x.at(i).word, "алерг") || strings.HasPrefix(x.at(i).word, "аллерг") {
			k := last + 1
			for particularAllergy[x.at(k).word] {
				k++
			}
			if k > last+1 && x.at(k).name() {
				last = k
			}
		}
		c, _ := span(x.at(first).start, x.at(last).end, Health, checked)
		out = append(out, c)
		i = last
	}
	return out
}

// personal reports whether of the words before i, in its sentence, the closest that says
// whose something is says that it is one's own.
func (x *reading) personal(i int, own terms) bool {
	for k := i - 1; k >= 0 && k >= i-healthReach; k-- {
		t := x.at(k)
		if t.letters == 0 && strings.Contains(".!?;", t.word) {
			break
		}
		if n := own.at(x, k); n > 0 && k+n <= i {
			return true
		}
		if otherTerms.at(x, k) > 0 {
			return false
		}
	}
	return false
}
