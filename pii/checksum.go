package pii

import "strings"

// Check digits and number ranges, each with where its rule is written.

// luhn is the check of ISO/IEC 7812-1, Annex B.
func luhn(n string) bool {
	sum := 0
	for i := range len(n) {
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// cardScheme reports whether a number has the first digits and the length of a payment
// scheme (ISO/IEC 7812 issuer ranges): Visa, Mastercard, American Express, Diners Club,
// Discover, JCB, UnionPay, Mir, Elo, Hipercard.
func cardScheme(n string) bool {
	long := len(n) >= 16 && len(n) <= 19
	switch {
	case len(n) < 13:
		return false
	case n[0] == '4':
		return len(n) == 13 || len(n) == 16 || len(n) == 19
	case n[:2] >= "51" && n[:2] <= "55", n[:4] >= "2221" && n[:4] <= "2720":
		return len(n) == 16
	case n[:2] == "34", n[:2] == "37":
		return len(n) == 15
	case n[:3] >= "300" && n[:3] <= "305", n[:2] == "36", n[:2] == "38", n[:2] == "39":
		return len(n) == 14 || n[0] == '3' && long
	case n[:4] >= "3528" && n[:4] <= "3589", n[:4] == "6011", n[:3] >= "644" && n[:3] <= "649", n[:2] == "65", n[:2] == "62":
		return long
	case n[:4] >= "2200" && n[:4] <= "2204":
		return long
	case n[:4] == "1800", n[:4] == "2131":
		return len(n) == 15
	case n[:4] == "5067", n[:4] == "5090", n[:6] == "504175", n[:6] == "636297", n[:6] == "636368", n[:6] == "606282":
		return len(n) == 16
	}
	return false
}

// ibanLength is how long an account's number is by country (SWIFT IBAN registry).
var ibanLength = func() map[string]int {
	out := make(map[string]int)
	for s := range strings.FieldsSeq("AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 " +
		"GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IS26 IT27 JO30 KW30 KZ20 LB28 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 " +
		"PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SE24 SI19 SK24 SM27 TN24 TR26 UA29 VA22 VG24 XK20") {
		out[s[:2]] = int(s[2]-'0')*10 + int(s[3]-'0')
	}
	return out
}()

// validIBAN is the check of ISO 13616 by ISO 7064 MOD 97-10. The number is in capitals,
// without spaces.
func validIBAN(n string) bool {
	if len(n) < 15 || ibanLength[n[:2]] != len(n) {
		return false
	}
	rest := 0
	for i := range len(n) {
		switch c := n[(i+4)%len(n)]; {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}

// weighted is the sum of digits times weights.
func weighted(n string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(n[i]-'0') * w
	}
	return sum
}

// digit reports whether the digit at i is d.
func digit(n string, i, d int) bool { return int(n[i]-'0') == d }

// same reports whether all digits are one: right by most sums, and nobody's.
func same(n string) bool { return n == "" || strings.Count(n, n[:1]) == len(n) }

// validSSN is the rule of the US Social Security Administration: no area 000, 666 or
// 9xx, no group 00, no serial 0000. There is no check digit.
func validSSN(n string) bool {
	return len(n) == 9 && n[:3] != "000" && n[:3] != "666" && n[0] != '9' && n[3:5] != "00" && n[5:] != "0000"
}

// validCPF checks the two digits modulo 11 of a Brazilian person's number (Receita Federal).
func validCPF(n string) bool {
	if len(n) != 11 || same(n) {
		return false
	}
	check := func(sum int) int { return sum * 10 % 11 % 10 }
	return digit(n, 9, check(weighted(n, 10, 9, 8, 7, 6, 5, 4, 3, 2))) &&
		digit(n, 10, check(weighted(n, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)))
}

// validCNPJ checks the two digits modulo 11 of a Brazilian company's number.
func validCNPJ(n string) bool {
	if len(n) != 14 || same(n) {
		return false
	}
	check := func(sum int) int {
		if sum %= 11; sum < 2 {
			return 0
		}
		return 11 - sum
	}
	return digit(n, 12, check(weighted(n, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))) &&
		digit(n, 13, check(weighted(n, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)))
}

// validDNI checks the letter modulo 23 of a Spanish DNI or NIE (Ministerio del Interior).
func validDNI(n string) bool {
	if len(n) != 9 {
		return false
	}
	n = strings.NewReplacer("X", "0", "Y", "1", "Z", "2").Replace(n[:1]) + n[1:]
	v := 0
	for _, c := range n[:8] {
		if c < '0' || c > '9' {
			return false
		}
		v = v*10 + int(c-'0')
	}
	return n[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[v%23]
}

// validCIF checks the control character of a Spanish company's NIF.
func validCIF(n string) bool {
	if len(n) != 9 || !strings.Contains("ABCDEFGHJNPQRSUVW", n[:1]) {
		return false
	}
	sum := 0
	for i := 1; i < 8; i++ {
		if n[i] < '0' || n[i] > '9' {
			return false
		}
		d := int(n[i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	control := (10 - sum%10) % 10
	return digit(n, 8, control) || n[8] == "JABCDEFGHI"[control]
}

// validNIF checks the digit modulo 11 of a Portuguese taxpayer's number.
func validNIF(n string) bool {
	if len(n) != 9 || !strings.Contains("1235689", n[:1]) && n[:2] != "45" {
		return false
	}
	check := 11 - weighted(n, 9, 8, 7, 6, 5, 4, 3, 2)%11
	if check > 9 {
		check = 0
	}
	return digit(n, 8, check)
}

// validRNOKPP checks the last digit of a Ukrainian taxpayer's number.
func validRNOKPP(n string) bool {
	if len(n) != 10 || same(n) {
		return false
	}
	sum := -int(n[0]-'0') + weighted(n[1:], 5, 7, 9, 4, 6, 10, 5, 7)
	return digit(n, 9, ((sum%11)+11)%11%10)
}

// validINN checks the digits modulo 11 of a Russian taxpayer's number: 10 digits of a
// company, 12 of a person.
func validINN(n string) bool {
	if same(n) {
		return false
	}
	switch len(n) {
	case 10:
		return digit(n, 9, weighted(n, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10)
	case 12:
		return digit(n, 10, weighted(n, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10) &&
			digit(n, 11, weighted(n, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10)
	}
	return false
}

// validSNILS checks the last two digits of a Russian pension insurance number.
func validSNILS(n string) bool {
	if len(n) != 11 || same(n) {
		return false
	}
	return int(n[9]-'0')*10+int(n[10]-'0') == weighted(n, 9, 8, 7, 6, 5, 4, 3, 2, 1)%101%100
}

// validNINO is the form of a British National Insurance number (HMRC NIM39110), in
// capitals without spaces.
func validNINO(n string) bool {
	if len(n) != 9 || strings.ContainsAny(n[:2], "DFIQUV") || n[1] == 'O' || n[8] < 'A' || n[8] > 'D' {
		return false
	}
	switch n[:2] {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return strings.Trim(n[2:8], "0123456789") == "" && strings.Trim(n[:2], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// validNHS checks the digit modulo 11 of a British NHS number.
func validNHS(n string) bool {
	if len(n) != 10 || same(n) {
		return false
	}
	check := 11 - weighted(n, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11
	return check == 11 && digit(n, 9, 0) || check < 10 && digit(n, 9, check)
}
