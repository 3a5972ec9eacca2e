package extractive

import (
	"regexp"

	"candor/answer"
)

// aspectWords tell which of a record's facts a question asks for, in the order
// in which an answer would lead with them. They run on the lower-case question.
var aspectWords = []struct {
	aspect answer.Aspect
	words  *regexp.Regexp
}{
	{answer.AboutTracking, regexp.MustCompile(`\btracking (?:number|code|id|link|no)|track\w* #|número de (?:rastre|seguim)|c[oó]digo de (?:rastre|seguim)|rastreio|rastreamento|localizador|n[úu]mero de gu[ií]a|номер\S* (?:для )?(?:відстеж|отслеж)|трек|ттн|накладн`)},
	{answer.AboutDue, regexp.MustCompile(`\bdue\b|pay by|deadline|vencimento|\bvence|vencimiento|термін оплати|коли (?:треба |потрібно )?(?:оплат|сплат)|срок оплаты|когда (?:надо |нужно )?оплат|до какого`)},
	{answer.AboutMethod, regexp.MustCompile(`how did i pay|payment method|which card|what card|pa(?:id|y) with|forma de pag|método de pag|como (?:eu )?paguei|cómo pagué|qual cart|qué tarjeta|спос[оі]б\S* оплат|якою карт|какой карт|чим я (?:опла|запла)|чем я (?:опла|запла)`)},
	{answer.AboutArrival, regexp.MustCompile(`when (?:will|is|does|should|can|did|was)\b.*(?:arriv|come|deliver|get here|be here|expect|receive|get (?:it|my))|expected|\beta\b|how long (?:until|till|before|will)|arrive|quando (?:vai |vou )?(?:cheg|receb|entreg)|prazo de entrega|previs|cuándo (?:va a |voy a )?(?:lleg|recib|entreg)|коли (?:\S+ )?(?:прий|приб|достав|отрима|буде)|когда (?:\S+ )?(?:прид|приб|достав|получ|привез|будет)`)},
	{answer.AboutAmount, regexp.MustCompile(`how much|\bamount|total\b|\bcost|\bprice|\bsum\b|quanto (?:custou|paguei|foi|é|devo|gastei)|qual (?:o|foi o|é o) valor|valor\b|cuánto|importe|скільки (?:я |мені |коштув|кошту|запла|сплат)|сума|сколько (?:я |мне |стои|запла|стоит)|сумма`)},
	{answer.AboutItems, regexp.MustCompile(`what (?:did i|have i|was i|did we|i) (?:order|buy|bought|ordered|purchase)|what(?:'s| is| was| are) in (?:my|the)|which (?:items|products)|o que (?:eu )?(?:comprei|pedi|encomendei)|que itens|qué (?:compré|pedí|artículos|hay en)|що я (?:замов|куп)|які товари|что я (?:заказ|купил)|какие товары`)},
	{answer.AboutOutcome, regexp.MustCompile(`outcome|result|what (?:happened|was decided|did (?:you|they) (?:say|decide|do))|resolved|resultado|resolv|qué pasó|o que aconteceu|результат|чим (?:закінч|заверш)|чем (?:законч|заверш)|итог|вирішил|решил`)},
	{answer.AboutPlaced, regexp.MustCompile(`when did (?:i|we) (?:order|buy|place|purchase|contact|open|write|complain|pay|report)|when was (?:it|my order|the order|that) (?:placed|made|ordered|opened)|date of|quando (?:eu )?(?:comprei|pedi|fiz|paguei|reclamei|abri)|cuándo (?:compré|pedí|hice|pagué|reclamé|abrí)|коли я (?:замов|куп|опла|зверта|писа)|когда я (?:заказ|купил|опла|обраща|писал)`)},
	{answer.AboutStatus, regexp.MustCompile(`where(?:'s| is| are)|status|shipped|sent|on (?:its|the) way|dispatched|onde (?:está|estão|anda)|cadê|situação|enviado|dónde (?:está|están|anda)|estado|де (?:мо|зам|пос|мій)|статус|відправ|где (?:мо|зак|пос|мой)|отправ`)},
}

// trouble tells of something that went wrong with what was delivered. No record
// knows of it yet: what to do is in the articles.
var trouble = regexp.MustCompile(`\b(?:damaged|broken|faulty|defective|torn|ripped|leak(?:s|ing|ed)|wrong (?:item|size|colou?r|product))\b|` +
	`danificad|quebrad|defeituos|com defeito|rasgad|dañad|\brot[oa]s?\b|defectuos|пошкоджен|зламан|бракован|порван|повр?ежд[её]н|сломан|рваный`)

func aspectsOf(lower string) []answer.Aspect {
	if trouble.MatchString(lower) {
		return nil
	}
	var out []answer.Aspect
	for _, a := range aspectWords {
		if a.words.MatchString(lower) {
			out = append(out, a.aspect)
		}
	}
	return out
}

var (
	// listWords ask for several records.
	listWords = regexp.MustCompile(`\bhow many (?:\S+ )?(?:orders|invoices|bills|payments|refunds|tickets|requests|purchases|deliveries|parcels|packages)|\b(?:list|show|all|which|what are)\b.*\b(?:orders|invoices|bills|payments|refunds|tickets|requests|purchases|parcels|packages)|` +
		`\bmy (?:\S+ )?(?:orders|invoices|bills|payments|refunds|tickets|purchases|parcels|packages)\b|` +
		`quant[oa]s (?:pedidos|compras|faturas|encomendas|pagamentos|chamados)|meus (?:\S+ )?(?:pedidos|pagamentos|chamados|reembolsos|boletos)|minhas (?:\S+ )?(?:compras|faturas|encomendas|entregas)|` +
		`cu[aá]nt[oa]s (?:pedidos|compras|facturas|pagos|paquetes)|mis (?:\S+ )?(?:pedidos|compras|facturas|pagos|paquetes|reembolsos|tickets)|` +
		`скільки (?:\S+ )?(?:замовлень|рахунків|посилок|платежів|звернень)|мої (?:\S+ )?(?:замовлення|рахунки|посилки|платежі|звернення|покупки)|моїх (?:\S+ )?(?:замовлень|рахунків|посилок)|` +
		`сколько (?:\S+ )?(?:заказов|счетов|посылок|платежей|обращений)|мои (?:\S+ )?(?:заказы|счета|посылки|платежи|обращения|покупки)|моих (?:\S+ )?(?:заказов|счетов|посылок)`)

	refundWords  = regexp.MustCompile(`refund|money back|reembols|estorn|devolu\S+ (?:do|del) din|повернення кошт|повернут\S* гро|поверн\S+ кошт|возврат|верн\S+ деньг|деньги верн`)
	invoiceWords = regexp.MustCompile(`invoice|\bbills?\b|fatura|nota fiscal|boleto|factura|рахун|інвойс|фактур|счет|счёт|инвойс`)
	paymentWords = regexp.MustCompile(`payment|\bpaid\b|charged?\b|pagamento|paguei|cobr|\bpagos?\b|pagué|cargo|платіж|платеж|оплат|списал|списан`)
)
