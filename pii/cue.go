package pii

import "strings"

// cue is a set of kinds of words that announce personal data.
type cue uint64

const (
	cueCard cue = 1 << iota
	cueOtherCard
	cueCVV
	cueExpiry
	cueSSN
	cueCPF
	cueINN
	cueNIF
	cueNINO
	cueGovID
	cuePassport
	cueLicence
	cueBank
	cueAccount
	cuePassword
	cuePIN
	cueCode
	cuePhone
	cueBirth
	cuePostcode
	cueReference
	cueName
	cueIntro
	cueTitle
	cueWith
	cueAddress
	cueAt
	cueIn
	cueSelf
	cueSNILS
	cueRelation
)

// cuePhrases are folded phrases of at most three words. A word that ends with * stands
// for all that begin with it.
var cuePhrases = map[cue]string{
	cueCard: "card, cards, card number, card no, credit card, debit card, visa, mastercard, amex, cartao, tarjeta, карт*, кредитк*, pan",
	cueOtherCard: "gift card, gift cards, gift, loyalty card, membership card, sim card, id card, library card, store card, cartao presente, " +
		"tarjeta regalo, tarjeta de regalo, подарочн*, подарунков*, бонусн*, voucher, loyalty, membership",
	cueCVV: "cvv, cvv2, cvc, cvc2, cv2, ccv, csc, security code, card code, codigo de seguranca, codigo de seguridad, код безопасности, код безпеки",
	cueExpiry: "exp, expiry, expires, expiring, expiration, valid thru, valid until, good thru, validade, vencimento, vence, valida ate, caducidad, caduca, vencimiento, " +
		"срок действия, действительна до, термін дії, дійсна до",
	cueSSN:  "ssn, ssn number, social, social security, social security number, s s n, sin number, social insurance, social insurance number",
	cueCPF:  "cpf, cnpj, c p f",
	cueINN:  "инн, іпн, рнокпп, ідентифікаційн*, идентификационн*, налогоплательщик*, inn",
	cueNIF:  "nif, dni, nie, nipc, contribuinte, cif, n i f",
	cueNINO: "nino, ni number, national insurance, national insurance number, nhs, nhs number",
	cueGovID: "national id, national identity, identity card, id card, id number, identification number, government id, tax id, tax number, taxpayer, tin, ein, itin, " +
		"aadhaar, aadhar, pesel, curp, rfc, codice fiscale, rg, registro geral, identidade, documento de identidad, cedula, documento, titulo de eleitor, pis, снилс, " +
		"удостоверение личности, id карт*, посвідчення особи, utr, visa number, green card, medicare, medicaid",
	cueSNILS:    "снилс, snils",
	cuePassport: "passport, passports, passport number, passport no, passaporte, pasaporte, паспорт*, закордонн*, загранпаспорт*",
	cueLicence: "driver's license, drivers license, driver license, driving license, driver's licence, drivers licence, driving licence, driver licence, license number, licence number, " +
		"dl number, dl, cnh, carteira de motorista, carta de conducao, carnet de conducir, licencia de conducir, permiso de conducir, водительск*, водійськ*",
	cueBank: "bank account, bank account number, checking account, savings account, checking, routing, routing number, aba, sort code, bsb, swift, bic, iban, clabe, wire, " +
		"conta corrente, conta poupanca, conta bancaria, agencia, chave pix, cuenta bancaria, cuenta corriente, cuenta de ahorros, бик, корсчет, расчетный счет, банковский счет, " +
		"номер счета, банківськ*, банковск*, розрахунков*, расчетн*, номер рахунку",
	cueAccount:  "account, account number, account no, acct, acc, ac, ac no, a c, conta, cuenta, аккаунт*, счет, счета, рахун*",
	cuePassword: "password, passwords, passcode, passwd, pwd, passphrase, senha, contrasena, clave, пароль, пароля, паролем, login password",
	cuePIN:      "pin, pin number, pin no, пин, пін, пин-код, пін-код, пинкод, пінкод",
	cueCode: "otp, verification code, one-time code, one time code, one time password, one-time password, security code, auth code, authentication code, 2fa code, 2fa, sms code, login code, " +
		"codigo de verificacao, codigo de verificacion, codigo sms, codigo de autenticacao, код подтверждения, код из смс, смс-код, код підтвердження, код з смс, проверочный код",
	cuePhone: "phone, phone number, phone no, my number, meu numero, mi numero, мой номер, мій номер, telephone, tel, mobile, mobile number, cell, cellphone, call, called, calling, call me, contact number, contact no, contact, whatsapp, sms, text, fax, ph, dial, reach, ring, at, " +
		"telefone, celular, fone, ligue, ligar, zap, telefono, movil, llame, llamar, llamame, телефон*, тел, моб, мобильн*, мобільн*, звон*, дзвон*, подзвон*, позвон*, вайбер, viber",
	cueBirth: "born, birth, birthday, birthdate, date of birth, dob, d o b, bday, nascimento, nasci, nascido, nascida, aniversario, nacimiento, naci, cumpleanos, nacido, nacida, " +
		"рожден*, родил*, народж*, народив*, рождения",
	cuePostcode: "zip, zipcode, zip code, postcode, post code, postal code, postal, pincode, pin code, cep, codigo postal, индекс, индекса, індекс*, почтовый индекс",
	cueReference: "order, orders, order number, order no, tracking, tracking number, booking, booking number, confirmation, confirmation number, reference, ref, claim, claim number, claim id, " +
		"policy, policy number, policy id, invoice, invoice number, ticket, ticket number, case, case number, parcel, shipment, package, serial, serial number, imei, sku, item, model, part, reservation, pnr, " +
		"pedido, rastreio, rastreamento, protocolo, nota fiscal, fatura, reserva, encomenda, factura, rastreo, seguimiento, envio, guia, referencia, localizador, paquete, " +
		"заказ*, замовлен*, трек, трек-номер, трек-номера, накладн*, бронь, бронирован*, бронюван*, посылк*, посилк*, ттн, рахунок-фактура, квитанц*, заявк*, обращен*, серийн*, серійн*, артикул, barcode, isbn, ean",
	cueName: "my name is, name is, name's, my name, full name, name, names, call me, calls me, named, named him, named her, maiden name, name to, name as, signed, directed by, written by, sung by, " +
		"meu nome, nome, me chamo, chamo-me, nome e, mi nombre, nombre, me llamo, nombre es, меня зовут, мое имя, имя, фио, зовут, мене звати, звати, мене звуть, звуть, ім'я, піб, моє ім'я, прізвище, фамилия, apellido, sobrenome, " +
		"heard, from agent, cardholder, account holder, passenger, to the name",
	cueIntro: "i'm, im, i am, this is, it's, its, hi, hello, hey, dear, thanks, thank you, regards, sincerely, cheers, sou, sou o, sou a, aqui e o, aqui e a, ola, oi, soy, hola, " +
		"я, это, это я, це, привет, привіт, вітаю, здравствуйте, with, by, to, for, from, and, contact, ask, ask for, user, com, con, para, с, з",
	cueRelation: "kid, child, son, daughter, wife, husband, brother, sister, mother, father, friend, colleague, neighbor, neighbour, roommate, partner, boss, assistant, agent, " +
		"speak to, speak with, spoke to, spoke with, talked to, minha filha, meu filho, mi hijo, mi hija, minha esposa, meu marido, mi esposa, mi marido, моя дочь, мой сын, моя жена, мой муж, мій син, моя донька, моя дружина, мій чоловік",
	cueTitle: "mr, mrs, ms, miss, mx, dr, prof, professor, sir, madam, mister, doctor, sr, sra, srta, dna, dona, senhor, senhora, doutor, doutora, don, dona, senor, senora, senorita, pan, " +
		"пан, пані, панове, господин, госпожа, г-н, г-жа, доктор, dra",
	cueAddress: "address, addresses, addr, live at, live in, live on, lives at, lives in, lives on, lived in, lived at, living at, located at, located on, located in, moved to, move to, ship to, shipped to, deliver to, delivered to, " +
		"send to, sent to, return to, taxi to, meet me at, arrived at, is at, is on, user, offices at, endereco, moro na, moro no, moro em, direccion, vivo en, vivo na, enviar a, адрес*, живу, проживаю, мешкаю, доставк*, reside at, residing at, residence, domicilio, morada",
	cueAt: "at, on, in, to, enter on",
	cueIn: "in, from, to, at, of, near, to visit, visiting, visit, em, de, do, da, en, desde, para, из, в, до, з, із, у, через, during, university of, based in, serving, southern, northern, eastern, western",
	cueSelf: "i, i'm, im, i've, ive, my, me, mine, myself, eu, meu, minha, meus, minhas, tenho, sou, estou, tomo, sofro, yo, mi, mis, tengo, soy, estoy, padezco, sufro, mio, " +
		"я, мне, меня, мой, моя, мое, моё, мои, моего, моей, моему, мною, у меня, мені, мене, мій, моє, мої, моєї, моєму, diagnosed, diagnosticado, diagnosticada, diagnosticaron, diagnosticaram, диагноз, діагноз, our, nossa, nosso, nuestra, nuestro, наш, наша, нашего, нашої",
}

// The phrases by their words.
var (
	cueWords   = make(map[string]cue)
	cueStems   = make(map[string]cue)
	cuePairs   = make(map[[2]string]cue)
	cueTriples = make(map[[3]string]cue)
)

func init() {
	for c, list := range cuePhrases {
		for phrase := range strings.SplitSeq(list, ",") {
			w := strings.Fields(fold(phrase))
			switch {
			case len(w) == 1 && strings.HasSuffix(w[0], "*"):
				cueStems[strings.TrimSuffix(w[0], "*")] |= c
			case len(w) == 1:
				cueWords[w[0]] |= c
			case len(w) == 2:
				cuePairs[[2]string(w)] |= c
			case len(w) == 3:
				cueTriples[[3]string(w)] |= c
			}
		}
	}
}

// readCues notes at the last word of each cue what it announces.
func (x *reading) readCues() {
	var before, last string
	for i := range x.tokens {
		t := &x.tokens[i]
		if t.letters == 0 && !strings.Contains("'’", t.word) {
			if t.word == "." || t.digits > 0 { // "d.o.b." reads as d o b
				continue
			}
			before, last = "", ""
			continue
		}
		t.cues = cueWords[t.word] | cuePairs[[2]string{last, t.word}] | cueTriples[[3]string{before, last, t.word}]
		if t.word[0] >= 0x80 {
			for n := 3 * 2; n <= len(t.word); n += 2 {
				t.cues |= cueStems[t.word[:n]]
			}
		}
		before, last = last, t.word
	}
}
