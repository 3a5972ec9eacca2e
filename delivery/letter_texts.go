package delivery

import "candor/consent"

// letterTexts are the mails. Each says why it comes, what to do, and how it ends.
var letterTexts = map[Kind]letterText{
	Unread: {
		subject: consent.Text{
			"en":    "{brand}: there is an answer for you",
			"pt-BR": "{brand}: há uma resposta para você",
			"es":    "{brand}: hay una respuesta para usted",
			"uk":    "{brand}: для вас є відповідь",
			"ru":    "{brand}: для вас есть ответ",
		},
		body: consent.Text{
			"en": "Hello,\n\na person at {brand} has answered you in the chat. Read the answer there:\n\n{link}\n\n" +
				"You get this mail because you left this address in the chat. We use it for nothing else. " +
				"To stop these mails, open the chat and remove your address.\n",
			"pt-BR": "Olá,\n\numa pessoa da {brand} respondeu a você no chat. Leia a resposta lá:\n\n{link}\n\n" +
				"Você recebe este e-mail porque deixou este endereço no chat. Não o usamos para mais nada. " +
				"Para não receber mais, abra o chat e remova seu endereço.\n",
			"es": "Hola:\n\nUna persona de {brand} le ha respondido en el chat. Lea la respuesta allí:\n\n{link}\n\n" +
				"Recibe este correo porque dejó esta dirección en el chat. No la usamos para nada más. " +
				"Para no recibir más, abra el chat y quite su dirección.\n",
			"uk": "Вітаємо!\n\nПрацівник компанії {brand} відповів вам у чаті. Прочитайте відповідь там:\n\n{link}\n\n" +
				"Ви отримали цей лист, бо залишили цю адресу в чаті. Ми не використовуємо її ні для чого іншого. " +
				"Щоб більше не отримувати листів, відкрийте чат і видаліть свою адресу.\n",
			"ru": "Здравствуйте!\n\nСотрудник компании {brand} ответил вам в чате. Прочитайте ответ там:\n\n{link}\n\n" +
				"Вы получили это письмо, потому что оставили этот адрес в чате. Мы не используем его ни для чего другого. " +
				"Чтобы больше не получать писем, откройте чат и удалите свой адрес.\n",
		},
	},
	Invitation: {
		subject: consent.Text{
			"en":    "Your account at the desk",
			"pt-BR": "Sua conta no atendimento",
			"es":    "Su cuenta en el puesto de atención",
			"uk":    "Ваш обліковий запис служби підтримки",
			"ru":    "Ваша учётная запись службы поддержки",
		},
		body: consent.Text{
			"en": "Hello,\n\nthere is an account for you. Choose a password to begin:\n\n{link}\n\n" +
				"The link can be used once, within 7 days. If you did not expect it, you need to do nothing.\n",
			"pt-BR": "Olá,\n\nhá uma conta para você. Escolha uma senha para começar:\n\n{link}\n\n" +
				"O link pode ser usado uma vez, em até 7 dias. Se você não esperava por ele, não precisa fazer nada.\n",
			"es": "Hola:\n\nHay una cuenta para usted. Elija una contraseña para empezar:\n\n{link}\n\n" +
				"El enlace se puede usar una vez, en un plazo de 7 días. Si no lo esperaba, no tiene que hacer nada.\n",
			"uk": "Вітаємо!\n\nДля вас створено обліковий запис. Щоб почати, оберіть пароль:\n\n{link}\n\n" +
				"Посиланням можна скористатися один раз протягом 7 днів. Якщо ви його не очікували, нічого робити не потрібно.\n",
			"ru": "Здравствуйте!\n\nДля вас создана учётная запись. Чтобы начать, выберите пароль:\n\n{link}\n\n" +
				"Ссылкой можно воспользоваться один раз в течение 7 дней. Если вы её не ждали, ничего делать не нужно.\n",
		},
	},
	Reset: {
		subject: consent.Text{
			"en":    "Choose another password",
			"pt-BR": "Escolha outra senha",
			"es":    "Elija otra contraseña",
			"uk":    "Оберіть інший пароль",
			"ru":    "Выберите другой пароль",
		},
		body: consent.Text{
			"en": "Hello,\n\nsomebody asked for another password for your account. Choose it here:\n\n{link}\n\n" +
				"The link can be used once, within an hour; you are signed out everywhere then. " +
				"If it was not you, you need to do nothing: your password stays as it is.\n",
			"pt-BR": "Olá,\n\nalguém pediu outra senha para sua conta. Escolha-a aqui:\n\n{link}\n\n" +
				"O link pode ser usado uma vez, em até uma hora; depois disso você sai de todas as sessões. " +
				"Se não foi você, não precisa fazer nada: sua senha continua a mesma.\n",
			"es": "Hola:\n\nAlguien pidió otra contraseña para su cuenta. Elíjala aquí:\n\n{link}\n\n" +
				"El enlace se puede usar una vez, en el plazo de una hora; después se cerrarán todas sus sesiones. " +
				"Si no fue usted, no tiene que hacer nada: su contraseña sigue igual.\n",
			"uk": "Вітаємо!\n\nХтось попросив змінити пароль до вашого облікового запису. Оберіть його тут:\n\n{link}\n\n" +
				"Посиланням можна скористатися один раз протягом години; після цього всі ваші сеанси буде завершено. " +
				"Якщо це були не ви, нічого робити не потрібно: пароль залишиться тим самим.\n",
			"ru": "Здравствуйте!\n\nКто-то попросил сменить пароль к вашей учётной записи. Выберите его здесь:\n\n{link}\n\n" +
				"Ссылкой можно воспользоваться один раз в течение часа; после этого все ваши сеансы будут завершены. " +
				"Если это были не вы, ничего делать не нужно: пароль останется прежним.\n",
		},
	},
}
