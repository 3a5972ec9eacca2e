package answer

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
)

// TestHandover reads conversations of one customer: the last message is the one to
// answer, and what was said before comes before it.
func TestHandover(t *testing.T) {
	p := consent.DefaultPolicy()
	for _, tt := range []struct {
		name, language string
		said           []string
		reason         Reason
		topic          string
		say            []Phrase // of the phrases; a topic's own text comes before them
	}{
		{"a question", "en", []string{"When will my order arrive?"}, "", "", nil},
		{"a greeting", "en", []string{"hello"}, "", "", nil},
		{"a complaint", "en", []string{"my order arrived broken", "and the second one too"}, "", "", nil},
		{"a person", "en", []string{"I want to talk to a human"}, CustomerRequest, "", []Phrase{SayHandoff}},
		{"a person, in anger", "en", []string{"this bot is useless, get me someone"}, CustomerRequest, "", []Phrase{SayHandoff}},
		{"angry once", "en", []string{"this is ridiculous"}, "", "", []Phrase{SaySorry, SayPersonAnytime}},
		{"angry once, long ago", "en", []string{"this is ridiculous", "where is my order?", "and the lamp?"}, "", "", nil},
		{"angry twice", "en", []string{"this is ridiculous", "where is my order?", "you are useless"}, Frustration, "", []Phrase{SaySorry, SayHandoff}},
		{"angry twice, in two languages", "uk", []string{"this is ridiculous", "це жах"}, Frustration, "", []Phrase{SaySorry, SayHandoff}},
		{"angry so long ago that it does not count", "en", append(append([]string{"you are useless"}, slices.Repeat([]string{"and the lamp?"}, maxAngry)...), "this is ridiculous"), "", "", []Phrase{SaySorry, SayPersonAnytime}},
		{"a topic", "en", []string{"I will sue you over this kettle"}, PolicyTopic, "legal", []Phrase{SayHandoff}},
		{"a topic, and a person", "pt-BR", []string{"quero falar com um atendente ou vou ao Procon"}, PolicyTopic, "regulator", []Phrase{SayHandoff}},
		{"a topic in another language than was told", "en", []string{"хочу померти"}, PolicyTopic, "self_harm", []Phrase{SayHandoff}},
		{"a topic of which something is said", "es", []string{"ya no quiero vivir"}, PolicyTopic, "self_harm", []Phrase{SayHandoff}},
		{"a language that is not spoken", "de", []string{"agent please"}, CustomerRequest, "", []Phrase{SayHandoff}},
	} {
		text, before := tt.said[len(tt.said)-1], tt.said[:len(tt.said)-1]
		got := UnderstandAfter(p, text, before, tt.language).Handover(p, text, before, tt.language)
		want := Handover{Reason: tt.reason, Topic: tt.topic}
		for _, topic := range p.Topics {
			if topic.ID == tt.topic && topic.Say != nil {
				want.Say = append(want.Say, topic.Say.In(tt.language))
			}
		}
		for _, phrase := range tt.say {
			want.Say = append(want.Say, Say(phrase, consent.MatchLanguage(tt.language)))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	if got := (Intent{}).Handover(nil, "I will sue you", nil, "en"); got.Reason != "" {
		t.Errorf("without a policy: %+v", got)
	}
}

// TestDefaultTopics: a message of the kind that the default policy leaves to people is
// told, in every language, and one that only has a word of it is not.
func TestDefaultTopics(t *testing.T) {
	p := consent.DefaultPolicy()
	for language, said := range map[string]map[string][]string{
		"en": {
			"self_harm":   {"I want to kill myself", "honestly I'm better off dead", "I don't want to live any more"},
			"safety":      {"The charger caught fire last night", "my son had an allergic reaction to the bar", "It gave me an electric shock", "it smells of gas since the installation"},
			"legal":       {"You'll hear from my lawyer", "I am going to take you to court", "we are considering legal action"},
			"regulator":   {"I'll report this to the ombudsman", "I am reporting you to Trading Standards"},
			"press":       {"I'm a journalist at the Herald", "I will go to the press with this"},
			"fraud":       {"my account was hacked", "I'll file a chargeback", "I have been scammed"},
			"bereavement": {"My mother passed away, how do I close her account?", "the account holder is deceased"},
			"": {
				"Do you sell fire pits?", "Is this toy safe for children?", "my phone died after a week", "when does the court shoe come back in stock?", "Sue ordered the wrong size",
				"Which press do you recommend for garlic?", "was I charged twice?", "can you charge the battery back up?", "is this plant poisonous to cats?", "the late delivery fee",
			},
		},
		"pt-BR": {
			"self_harm": {"quero morrer", "não quero mais viver"}, "safety": {"o carregador pegou fogo", "levei um choque elétrico", "me queimei com a chaleira"},
			"legal": {"vou processar vocês", "meu advogado vai entrar em contato"}, "regulator": {"vou reclamar no Procon", "vou colocar no Reclame Aqui"},
			"press": {"sou jornalista da Folha"}, "fraud": {"caí em um golpe", "invadiram minha conta"}, "bereavement": {"meu pai faleceu mês passado", "minha mãe morreu"},
			"": {"quanto custa o carregador?", "o pedido morreu no caminho?", "vocês têm fogão a gás?", "como processar uma troca?"},
		},
		"es": {
			"self_harm": {"quiero morir", "ya no quiero seguir viviendo"}, "safety": {"el cargador se incendió", "tuvo una reacción alérgica", "me quemé con la tetera"},
			"legal": {"voy a demandarlos", "hablará con ustedes mi abogado"}, "regulator": {"quiero la hoja de reclamaciones", "iré a Profeco"},
			"press": {"soy periodista de El País"}, "fraud": {"me han estafado", "robaron mi identidad"}, "bereavement": {"mi padre murió en marzo", "falleció el titular de la cuenta"},
			"": {"¿cuánto cuesta el cargador?", "¿tienen cocinas de gas?", "la demanda de este producto es alta, ¿hay existencias?", "prensa de ajos"},
		},
		"uk": {
			"self_harm": {"не хочу жити", "думаю про самогубство"}, "safety": {"зарядка загорілася", "мене вдарило струмом", "дитина отруїлася"},
			"legal": {"я подам на вас до суду", "з вами зв'яжеться мій адвокат"}, "regulator": {"напишу в Держпродспоживслужбу", "звернуся до омбудсмена"},
			"press": {"я журналіст"}, "fraud": {"ви шахраї", "зламали мій акаунт"}, "bereavement": {"помер мій батько, як закрити рахунок?", "маю свідоцтво про смерть"},
			"": {"скільки коштує зарядка?", "чи є у вас газові плити?", "коли прийде посилка?"},
		},
		"ru": {
			"self_harm": {"не хочу жить", "думаю о самоубийстве"}, "safety": {"зарядка загорелась", "меня ударило током", "ребёнок отравился"},
			"legal": {"я подам на вас в суд", "с вами свяжется мой адвокат"}, "regulator": {"напишу в Роспотребнадзор", "пойду в прокуратуру"},
			"press": {"я журналист"}, "fraud": {"вы мошенники", "взломали мой аккаунт"}, "bereavement": {"умер мой отец, как закрыть счёт?", "есть свидетельство о смерти"},
			"": {"сколько стоит зарядка?", "есть ли у вас газовые плиты?", "когда придёт посылка?"},
		},
	} {
		for want, messages := range said {
			for _, m := range messages {
				if got, _ := topicOf(p, fold(m), language); got.ID != want {
					t.Errorf("%s: %q touches %q, want %q", language, m, got.ID, want)
				}
			}
		}
	}
	for _, topic := range p.Topics {
		for language, cues := range topic.Cues {
			for _, cue := range cues {
				if got, ok := topicOf(p, fold("x "+cue+" y"), language); !ok || got.ID != topic.ID {
					t.Errorf("the cue %q of %s in %s leads to %q", cue, topic.ID, language, got.ID)
				}
			}
		}
	}
}

// TestUnhelped: what was not found, not allowed and not understood are told apart.
func TestUnhelped(t *testing.T) {
	missing := func(r consent.Reason, relevant bool) []NotSearched {
		return []NotSearched{{Category: "profile", Reason: consent.NoConsent}, {Category: "orders", Reason: r, Relevant: relevant}}
	}
	for _, tt := range []struct {
		answer Answer
		want   Reason
	}{
		{Answer{Status: Declined}, MissingKnowledge},
		{Answer{Status: Declined, NotSearched: missing(consent.RefusedReason, true)}, ConsentMissing},
		{Answer{Status: Declined, NotSearched: missing(consent.NoConsent, true)}, ConsentMissing},
		{Answer{Status: Declined, NotSearched: missing(consent.NoConsent, false)}, MissingKnowledge},
		{Answer{Status: Declined, NotSearched: missing(consent.Anonymous, true)}, MissingKnowledge},
		{Answer{Status: Declined, NotSearched: missing(consent.Unavailable, true)}, MissingKnowledge},
		{Answer{Status: Clarify}, LowConfidence},
		{Answer{Status: NeedsConsent, NotSearched: missing(consent.NoConsent, true)}, ""},
		{Answer{Status: Answered}, ""},
		{Answer{Status: Partial}, ""},
		{Answer{Status: Smalltalk}, ""},
		{Answer{Status: Interrupted}, ""},
	} {
		if got := Unhelped(&tt.answer); got != tt.want {
			t.Errorf("%s with %v: %q, want %q", tt.answer.Status, tt.answer.NotSearched, got, tt.want)
		}
	}
}

// BenchmarkHandover is of a message of usual length, and of the longest.
func BenchmarkHandover(b *testing.B) {
	p := consent.DefaultPolicy()
	before := slices.Repeat([]string{"Where is my order, it was to be here on Monday?"}, maxAngry)
	for name, text := range map[string]string{
		"usual":   "I ordered two lamps last week and one of them came with a scratch, can I send it back?",
		"longest": strings.Repeat("I ordered two lamps last week ", longestMessage/30),
	} {
		b.Run(name, func(b *testing.B) {
			in := Understand(p, text, "en")
			for b.Loop() {
				in.Handover(p, text, before, "en")
			}
		})
	}
}
