package answer

import "candor/consent"

// statementForm is a sentence with placeholders for fields. A part in brackets
// is left out if one of its fields is missing. Besides the record's own fields
// there are {state}, the status in words, and {noun}, what a bill is.
type statementForm struct {
	about  Aspect
	lead   bool
	kind   string // of a bill; empty: any
	status string // alternatives, separated by "|"; empty: any; "!" before them: any other
	text   consent.Text
}

// statementForms are tried in their order: for an aspect the first that fits.
var statementForms = map[consent.Category][]statementForm{
	"orders": {
		{AboutStatus, true, "", "processing", consent.Text{
			"en": "Your order[ {number}][ ({items})] is being prepared.", "pt-BR": "Seu pedido[ {number}][ ({items})] está em preparação.",
			"es": "Su pedido[ {number}][ ({items})] está en preparación.", "uk": "Ваше замовлення[ {number}][ ({items})] готують до відправлення.",
			"ru": "Ваш заказ[ {number}][ ({items})] готовят к отправке.",
		}},
		{AboutStatus, true, "", "shipped", consent.Text{
			"en": "Your order[ {number}][ ({items})] is on its way[ with {carrier}].", "pt-BR": "Seu pedido[ {number}][ ({items})] está a caminho[, pela {carrier}].",
			"es": "Su pedido[ {number}][ ({items})] está en camino[ con {carrier}].", "uk": "Ваше замовлення[ {number}][ ({items})] уже в дорозі[, перевізник: {carrier}].",
			"ru": "Ваш заказ[ {number}][ ({items})] уже в пути[, перевозчик: {carrier}].",
		}},
		{AboutStatus, true, "", "out_for_delivery", consent.Text{
			"en": "Your order[ {number}][ ({items})] is out for delivery[ with {carrier}].", "pt-BR": "Seu pedido[ {number}][ ({items})] saiu para entrega[, pela {carrier}].",
			"es": "Su pedido[ {number}][ ({items})] está en reparto[ con {carrier}].", "uk": "Ваше замовлення[ {number}][ ({items})] уже в кур’єра[, перевізник: {carrier}].",
			"ru": "Ваш заказ[ {number}][ ({items})] уже у курьера[, перевозчик: {carrier}].",
		}},
		{AboutStatus, true, "", "delivered", consent.Text{
			"en": "Your order[ {number}][ ({items})] was delivered[ on {delivered}].", "pt-BR": "Seu pedido[ {number}][ ({items})] foi entregue[ em {delivered}].",
			"es": "Su pedido[ {number}][ ({items})] se entregó[ el {delivered}].", "uk": "Ваше замовлення[ {number}][ ({items})] доставлено[ {delivered}].",
			"ru": "Ваш заказ[ {number}][ ({items})] доставлен[ {delivered}].",
		}},
		{AboutStatus, true, "", "cancelled|canceled", consent.Text{
			"en": "Your order[ {number}][ ({items})][, placed on {placed},] was cancelled.", "pt-BR": "Seu pedido[ {number}][ ({items})][, feito em {placed},] foi cancelado.",
			"es": "Su pedido[ {number}][ ({items})][, hecho el {placed},] fue cancelado.", "uk": "Ваше замовлення[ {number}][ ({items})][, оформлене {placed},] скасовано.", "ru": "Ваш заказ[ {number}][ ({items})][, оформленный {placed},] отменён.",
		}},
		{AboutStatus, true, "", "returned", consent.Text{
			"en": "Your order[ {number}][ ({items})][, placed on {placed},] was returned.", "pt-BR": "Seu pedido[ {number}][ ({items})][, feito em {placed},] foi devolvido.",
			"es": "Su pedido[ {number}][ ({items})][, hecho el {placed},] fue devuelto.", "uk": "Ваше замовлення[ {number}][ ({items})][, оформлене {placed},] повернуто.", "ru": "Ваш заказ[ {number}][ ({items})][, оформленный {placed},] возвращён.",
		}},
		{AboutStatus, true, "", "", consent.Text{
			"en": "The status of your order[ {number}] is: {status}.", "pt-BR": "A situação do seu pedido[ {number}] é: {status}.",
			"es": "El estado de su pedido[ {number}] es: {status}.", "uk": "Статус вашого замовлення[ {number}]: {status}.",
			"ru": "Статус вашего заказа[ {number}]: {status}.",
		}},
		{AboutArrival, true, "", "delivered", consent.Text{
			"en": "Your order[ {number}] was delivered on {delivered}.", "pt-BR": "Seu pedido[ {number}] foi entregue em {delivered}.",
			"es": "Su pedido[ {number}] se entregó el {delivered}.", "uk": "Ваше замовлення[ {number}] доставлено {delivered}.",
			"ru": "Ваш заказ[ {number}] доставлен {delivered}.",
		}},
		{AboutArrival, true, "", "!delivered|cancelled|canceled|returned", consent.Text{
			"en": "Your order[ {number}] is expected on {expected}.", "pt-BR": "A entrega do seu pedido[ {number}] está prevista para {expected}.",
			"es": "La entrega de su pedido[ {number}] está prevista para el {expected}.", "uk": "Очікувана дата доставки вашого замовлення[ {number}] – {expected}.",
			"ru": "Ожидаемая дата доставки вашего заказа[ {number}] – {expected}.",
		}},
		{AboutArrival, false, "", "!delivered|cancelled|canceled|returned", consent.Text{
			"en": "Expected delivery: {expected}.", "pt-BR": "Entrega prevista: {expected}.", "es": "Entrega prevista: {expected}.",
			"uk": "Очікувана доставка: {expected}.", "ru": "Ожидаемая доставка: {expected}.",
		}},
		{AboutTracking, true, "", "", consent.Text{
			"en": "The tracking number of your order[ {number}] is {tracking}[ ({carrier})].", "pt-BR": "O código de rastreamento do seu pedido[ {number}] é {tracking}[ ({carrier})].",
			"es": "El número de seguimiento de su pedido[ {number}] es {tracking}[ ({carrier})].", "uk": "Номер для відстеження вашого замовлення[ {number}]: {tracking}[ ({carrier})].",
			"ru": "Номер для отслеживания вашего заказа[ {number}]: {tracking}[ ({carrier})].",
		}},
		{AboutTracking, false, "", "", consent.Text{
			"en": "Tracking number: {tracking}.", "pt-BR": "Código de rastreamento: {tracking}.", "es": "Número de seguimiento: {tracking}.",
			"uk": "Номер для відстеження: {tracking}.", "ru": "Номер для отслеживания: {tracking}.",
		}},
		{AboutAmount, true, "", "", consent.Text{
			"en": "The total of your order[ {number}] is {total}.", "pt-BR": "O total do seu pedido[ {number}] é {total}.",
			"es": "El total de su pedido[ {number}] es {total}.", "uk": "Сума вашого замовлення[ {number}]: {total}.", "ru": "Сумма вашего заказа[ {number}]: {total}.",
		}},
		{AboutAmount, false, "", "", consent.Text{
			"en": "Total: {total}.", "pt-BR": "Total: {total}.", "es": "Total: {total}.", "uk": "Сума: {total}.", "ru": "Сумма: {total}.",
		}},
		{AboutItems, true, "", "", consent.Text{
			"en": "Your order[ {number}] contains: {items}.", "pt-BR": "Seu pedido[ {number}] contém: {items}.",
			"es": "Su pedido[ {number}] contiene: {items}.", "uk": "У вашому замовленні[ {number}]: {items}.", "ru": "В вашем заказе[ {number}]: {items}.",
		}},
		{AboutItems, false, "", "", consent.Text{
			"en": "Items: {items}.", "pt-BR": "Itens: {items}.", "es": "Artículos: {items}.", "uk": "Товари: {items}.", "ru": "Товары: {items}.",
		}},
		{AboutPlaced, true, "", "", consent.Text{
			"en": "Your order[ {number}] was placed on {placed}.", "pt-BR": "Seu pedido[ {number}] foi feito em {placed}.",
			"es": "Su pedido[ {number}] se hizo el {placed}.", "uk": "Ваше замовлення[ {number}] оформлено {placed}.", "ru": "Ваш заказ[ {number}] оформлен {placed}.",
		}},
		{AboutPlaced, false, "", "", consent.Text{
			"en": "Ordered on {placed}.", "pt-BR": "Pedido feito em {placed}.", "es": "Fecha del pedido: {placed}.",
			"uk": "Дата замовлення: {placed}.", "ru": "Дата заказа: {placed}.",
		}},
		{AboutSummary, true, "", "", consent.Text{
			"en": "Order[ {number}][ of {placed}][: {items}][, {total}] – {state}.", "pt-BR": "Pedido[ {number}][ de {placed}][: {items}][, {total}] – {state}.",
			"es": "Pedido[ {number}][ del {placed}][: {items}][, {total}] – {state}.", "uk": "Замовлення[ {number}][ від {placed}][: {items}][, {total}] – {state}.",
			"ru": "Заказ[ {number}][ от {placed}][: {items}][, {total}] – {state}.",
		}},
	},
	"billing": {
		{AboutStatus, true, "invoice", "paid", consent.Text{
			"en": "Your invoice[ {number}][ of {date}][ for {amount}] is paid.", "pt-BR": "Sua fatura[ {number}][ de {date}][, no valor de {amount},] está paga.",
			"es": "Su factura[ {number}][ del {date}][ por {amount}] está pagada.", "uk": "Ваш рахунок[ {number}][ від {date}][ на суму {amount}] сплачено.",
			"ru": "Ваш счёт[ {number}][ от {date}][ на сумму {amount}] оплачен.",
		}},
		{AboutStatus, true, "invoice", "open", consent.Text{
			"en": "Your invoice[ {number}][ of {date}][ for {amount}] is still open[ and is due on {due}].", "pt-BR": "Sua fatura[ {number}][ de {date}][, no valor de {amount},] está em aberto[ e vence em {due}].",
			"es": "Su factura[ {number}][ del {date}][ por {amount}] está pendiente de pago[ y vence el {due}].", "uk": "Ваш рахунок[ {number}][ від {date}][ на суму {amount}] ще не сплачено[, термін оплати – {due}].",
			"ru": "Ваш счёт[ {number}][ от {date}][ на сумму {amount}] ещё не оплачен[, срок оплаты – {due}].",
		}},
		{AboutStatus, true, "invoice", "pending", consent.Text{
			"en": "The payment of your invoice[ {number}][ of {date}][ for {amount}] is being processed.", "pt-BR": "O pagamento da sua fatura[ {number}][ de {date}][, no valor de {amount},] está em processamento.",
			"es": "El pago de su factura[ {number}][ del {date}][ por {amount}] se está procesando.", "uk": "Оплата вашого рахунку[ {number}][ від {date}][ на суму {amount}] обробляється.",
			"ru": "Оплата вашего счёта[ {number}][ от {date}][ на сумму {amount}] обрабатывается.",
		}},
		{AboutStatus, true, "invoice", "refunded", consent.Text{
			"en": "Your invoice[ {number}][ of {date}][ for {amount}] has been refunded.", "pt-BR": "Sua fatura[ {number}][ de {date}][, no valor de {amount},] foi reembolsada.",
			"es": "Su factura[ {number}][ del {date}][ por {amount}] ha sido reembolsada.", "uk": "Кошти за вашим рахунком[ {number}][ від {date}][ на суму {amount}] повернено.",
			"ru": "Деньги по вашему счёту[ {number}][ от {date}][ на сумму {amount}] возвращены.",
		}},
		{AboutStatus, true, "refund", "paid|refunded", consent.Text{
			"en": "Your refund[ {number}][ of {amount}][ for order {order}] was sent[ on {date}].", "pt-BR": "Seu reembolso[ {number}][ de {amount}][ do pedido {order}] foi enviado[ em {date}].",
			"es": "Su reembolso[ {number}][ de {amount}][ del pedido {order}] se envió[ el {date}].", "uk": "Повернення коштів[ {number}][ на суму {amount}][ за замовлення {order}] надіслано[ {date}].",
			"ru": "Возврат денег[ {number}][ на сумму {amount}][ за заказ {order}] отправлен[ {date}].",
		}},
		{AboutStatus, true, "refund", "pending|open", consent.Text{
			"en": "Your refund[ {number}][ of {amount}][ for order {order}] is on its way.[ It should arrive by {due}.]", "pt-BR": "Seu reembolso[ {number}][ de {amount}][ do pedido {order}] está em andamento.[ Deve chegar até {due}.]",
			"es": "Su reembolso[ {number}][ de {amount}][ del pedido {order}] está en curso.[ Debería llegar a más tardar el {due}.]", "uk": "Повернення коштів[ {number}][ на суму {amount}][ за замовлення {order}] ще триває.[ Кошти мають надійти до {due}.]",
			"ru": "Возврат денег[ {number}][ на сумму {amount}][ за заказ {order}] ещё выполняется.[ Деньги должны поступить до {due}.]",
		}},
		{AboutStatus, true, "payment", "paid", consent.Text{
			"en": "Your payment[ {number}][ of {amount}][ for order {order}] was received[ on {date}].", "pt-BR": "Seu pagamento[ {number}][ de {amount}][ do pedido {order}] foi recebido[ em {date}].",
			"es": "Su pago[ {number}][ de {amount}][ del pedido {order}] se recibió[ el {date}].", "uk": "Ваш платіж[ {number}][ на суму {amount}][ за замовлення {order}] отримано[ {date}].",
			"ru": "Ваш платёж[ {number}][ на сумму {amount}][ за заказ {order}] получен[ {date}].",
		}},
		{AboutStatus, true, "payment", "pending", consent.Text{
			"en": "Your payment[ {number}][ of {amount}][ on {date}] is being processed.", "pt-BR": "Seu pagamento[ {number}][ de {amount}][ em {date}] está em processamento.",
			"es": "Su pago[ {number}][ de {amount}][ del {date}] se está procesando.", "uk": "Ваш платіж[ {number}][ на суму {amount}][ від {date}] обробляється.",
			"ru": "Ваш платёж[ {number}][ на сумму {amount}][ от {date}] обрабатывается.",
		}},
		{AboutStatus, true, "payment", "open", consent.Text{
			"en": "Your payment[ {number}][ of {amount}] is still outstanding[ and is due on {due}].", "pt-BR": "Seu pagamento[ {number}][ de {amount}] ainda está em aberto[ e vence em {due}].",
			"es": "Su pago[ {number}][ de {amount}] sigue pendiente[ y vence el {due}].", "uk": "Ваш платіж[ {number}][ на суму {amount}] ще не здійснено[, термін – {due}].",
			"ru": "Ваш платёж[ {number}][ на сумму {amount}] ещё не внесён[, срок – {due}].",
		}},
		{AboutStatus, true, "payment", "refunded", consent.Text{
			"en": "Your payment[ {number}][ of {amount}][ on {date}] has been refunded.", "pt-BR": "Seu pagamento[ {number}][ de {amount}][ em {date}] foi reembolsado.",
			"es": "Su pago[ {number}][ de {amount}][ del {date}] ha sido reembolsado.", "uk": "Ваш платіж[ {number}][ на суму {amount}][ від {date}] повернено.",
			"ru": "Ваш платёж[ {number}][ на сумму {amount}][ от {date}] возвращён.",
		}},
		{AboutStatus, true, "", "", billingSummary},
		{AboutAmount, true, "", "", consent.Text{
			"en": "{noun}[ {number}][ of {date}]: {amount}.", "pt-BR": "{noun}[ {number}][ de {date}]: {amount}.", "es": "{noun}[ {number}][ del {date}]: {amount}.",
			"uk": "{noun}[ {number}][ від {date}]: {amount}.", "ru": "{noun}[ {number}][ от {date}]: {amount}.",
		}},
		{AboutAmount, false, "", "", consent.Text{
			"en": "Amount: {amount}.", "pt-BR": "Valor: {amount}.", "es": "Importe: {amount}.", "uk": "Сума: {amount}.", "ru": "Сумма: {amount}.",
		}},
		{AboutDue, true, "", "", consent.Text{
			"en": "{noun}[ {number}][ for {amount}] is due on {due}.", "pt-BR": "{noun}[ {number}][, {amount}], com vencimento em {due}.", "es": "{noun}[ {number}][, {amount}], con vencimiento el {due}.",
			"uk": "{noun}[ {number}][, {amount}], термін оплати – {due}.", "ru": "{noun}[ {number}][, {amount}], срок оплаты – {due}.",
		}},
		{AboutDue, false, "", "", consent.Text{
			"en": "Due date: {due}.", "pt-BR": "Vencimento: {due}.", "es": "Vencimiento: {due}.", "uk": "Термін оплати: {due}.", "ru": "Срок оплаты: {due}.",
		}},
		{AboutPlaced, true, "", "", consent.Text{
			"en": "{noun}[ {number}][ for {amount}] is dated {date}.", "pt-BR": "{noun}[ {number}][, {amount}], de {date}.", "es": "{noun}[ {number}][, {amount}], del {date}.",
			"uk": "{noun}[ {number}][, {amount}], від {date}.", "ru": "{noun}[ {number}][, {amount}], от {date}.",
		}},
		{AboutMethod, true, "", "", consent.Text{
			"en": "{noun}[ {number}][ for {amount}], payment method: {method}.", "pt-BR": "{noun}[ {number}][, {amount}], forma de pagamento: {method}.", "es": "{noun}[ {number}][, {amount}], forma de pago: {method}.",
			"uk": "{noun}[ {number}][, {amount}], спосіб оплати: {method}.", "ru": "{noun}[ {number}][, {amount}], способ оплаты: {method}.",
		}},
		{AboutMethod, false, "", "", consent.Text{
			"en": "Payment method: {method}.", "pt-BR": "Forma de pagamento: {method}.", "es": "Forma de pago: {method}.", "uk": "Спосіб оплати: {method}.", "ru": "Способ оплаты: {method}.",
		}},
		{AboutSummary, true, "", "", billingSummary},
	},
	"support_history": {
		{AboutStatus, true, "", "solved", consent.Text{
			"en": "Your request[ {number}][, “{subject}”,] was solved[ on {closed}].", "pt-BR": "Sua solicitação[ {number}][, “{subject}”,] foi resolvida[ em {closed}].",
			"es": "Su consulta[ {number}][, «{subject}»,] se resolvió[ el {closed}].", "uk": "Ваше звернення[ {number}][ «{subject}»] вирішено[ {closed}].",
			"ru": "Ваше обращение[ {number}][ «{subject}»] решено[ {closed}].",
		}},
		{AboutStatus, true, "", "open", consent.Text{
			"en": "Your request[ {number}][, “{subject}”,] is still open.[ It was opened on {opened}.]", "pt-BR": "Sua solicitação[ {number}][, “{subject}”,] ainda está aberta.[ Aberta em {opened}.]",
			"es": "Su consulta[ {number}][, «{subject}»,] sigue abierta.[ Se abrió el {opened}.]", "uk": "Ваше звернення[ {number}][ «{subject}»] ще відкрите.[ Відкрито {opened}.]",
			"ru": "Ваше обращение[ {number}][ «{subject}»] ещё открыто.[ Открыто {opened}.]",
		}},
		{AboutStatus, true, "", "", supportSummary},
		{AboutOutcome, true, "", "", consent.Text{
			"en": "The outcome of your request[ {number}][, “{subject}”]: {outcome}.", "pt-BR": "Resultado da sua solicitação[ {number}][, “{subject}”]: {outcome}.",
			"es": "Resultado de su consulta[ {number}][, «{subject}»]: {outcome}.", "uk": "Результат вашого звернення[ {number}][ «{subject}»]: {outcome}.",
			"ru": "Итог вашего обращения[ {number}][ «{subject}»]: {outcome}.",
		}},
		{AboutOutcome, false, "", "", consent.Text{
			"en": "Outcome: {outcome}.", "pt-BR": "Resultado: {outcome}.", "es": "Resultado: {outcome}.", "uk": "Результат: {outcome}.", "ru": "Итог: {outcome}.",
		}},
		{AboutPlaced, true, "", "", consent.Text{
			"en": "Your request[ {number}][, “{subject}”,] was opened on {opened}.", "pt-BR": "Sua solicitação[ {number}][, “{subject}”,] foi aberta em {opened}.",
			"es": "Su consulta[ {number}][, «{subject}»,] se abrió el {opened}.", "uk": "Ваше звернення[ {number}][ «{subject}»] відкрито {opened}.",
			"ru": "Ваше обращение[ {number}][ «{subject}»] открыто {opened}.",
		}},
		{AboutSummary, true, "", "", supportSummary},
	},
}

var billingSummary = consent.Text{
	"en": "{noun}[ {number}][ of {date}][: {amount}] – {state}.", "pt-BR": "{noun}[ {number}][ de {date}][: {amount}] – {state}.", "es": "{noun}[ {number}][ del {date}][: {amount}] – {state}.",
	"uk": "{noun}[ {number}][ від {date}][: {amount}] – {state}.", "ru": "{noun}[ {number}][ от {date}][: {amount}] – {state}.",
}

var supportSummary = consent.Text{
	"en": "Request[ {number}][ of {opened}][: “{subject}”] – {state}.", "pt-BR": "Solicitação[ {number}][ de {opened}][: “{subject}”] – {state}.", "es": "Consulta[ {number}][ del {opened}][: «{subject}»] – {state}.",
	"uk": "Звернення[ {number}][ від {opened}][: «{subject}»] – {state}.", "ru": "Обращение[ {number}][ от {opened}][: «{subject}»] – {state}.",
}

// kindWords name what a bill is, at the beginning of a sentence.
var kindWords = map[string]consent.Text{
	"invoice": {"en": "Invoice", "pt-BR": "Fatura", "es": "Factura", "uk": "Рахунок", "ru": "Счёт"},
	"refund":  {"en": "Refund", "pt-BR": "Reembolso", "es": "Reembolso", "uk": "Повернення коштів", "ru": "Возврат денег"},
	"payment": {"en": "Payment", "pt-BR": "Pagamento", "es": "Pago", "uk": "Платіж", "ru": "Платёж"},
}

// stateWords are the known statuses in words; another is shown as it is.
var stateWords = map[consent.Category]map[string]consent.Text{
	"orders": {
		"processing":       {"en": "being prepared", "pt-BR": "em preparação", "es": "en preparación", "uk": "готується", "ru": "готовится"},
		"shipped":          {"en": "on its way", "pt-BR": "a caminho", "es": "en camino", "uk": "у дорозі", "ru": "в пути"},
		"out_for_delivery": {"en": "out for delivery", "pt-BR": "saiu para entrega", "es": "en reparto", "uk": "у кур’єра", "ru": "у курьера"},
		"delivered":        {"en": "delivered", "pt-BR": "entregue", "es": "entregado", "uk": "доставлено", "ru": "доставлен"},
		"cancelled":        {"en": "cancelled", "pt-BR": "cancelado", "es": "cancelado", "uk": "скасовано", "ru": "отменён"},
		"canceled":         {"en": "cancelled", "pt-BR": "cancelado", "es": "cancelado", "uk": "скасовано", "ru": "отменён"},
		"returned":         {"en": "returned", "pt-BR": "devolvido", "es": "devuelto", "uk": "повернено", "ru": "возвращён"},
	},
	"billing": {
		"paid":     {"en": "paid", "pt-BR": "pago", "es": "pagado", "uk": "сплачено", "ru": "оплачено"},
		"open":     {"en": "not paid yet", "pt-BR": "em aberto", "es": "pendiente de pago", "uk": "не сплачено", "ru": "не оплачено"},
		"pending":  {"en": "being processed", "pt-BR": "em processamento", "es": "en proceso", "uk": "обробляється", "ru": "обрабатывается"},
		"refunded": {"en": "refunded", "pt-BR": "reembolsado", "es": "reembolsado", "uk": "повернено", "ru": "возвращено"},
	},
	"support_history": {
		"solved": {"en": "solved", "pt-BR": "resolvido", "es": "resuelta", "uk": "вирішено", "ru": "решено"},
		"open":   {"en": "open", "pt-BR": "em aberto", "es": "abierta", "uk": "відкрите", "ru": "открыто"},
	},
}
