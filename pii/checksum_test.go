package pii

import (
	"strings"
	"testing"
)

// TestChecksums holds each check to numbers that are right, and to all that differ from
// one of them in a single digit: a sum that lets such a slip pass checks nothing.
func TestChecksums(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		valid   func(string) bool
		numbers string
		wrong   string
		blind   bool // one digit for another may pass, by the rule itself
	}{
		"luhn":    {luhn, "4111111111111111 5555555555554444 378282246310005 6011111111111117 3530111333300000 30569309025904 2200123456789019", "4111111111111112", false},
		"IBAN":    {validIBAN, "DE89370400440532013000 GB29NWBK60161331926819 ES9121000418450200051332 PT50000201231234567890154 UA213223130000026007233566001 BR1500000000000010932840814P2", "DE8937040044053201300 XX89370400440532013000 DE89 DE8937040044053201300a", false},
		"CPF":     {validCPF, "52998224725 11144477735", "11111111111 5299822472", false},
		"CNPJ":    {validCNPJ, "11222333000181 11444777000161", "00000000000000 1122233300018", false},
		"DNI":     {validDNI, "12345678Z X1234567L Y1234567X", "12345678A Q1234567L 1234567Z", false},
		"CIF":     {validCIF, "A58818501 B86561412 P2807900B", "A58818502 158818501 A5881850", true},
		"NIF":     {validNIF, "123456789 501964843", "023456789 12345678", true}, // two remainders share the digit 0
		"RNOKPP":  {validRNOKPP, "3184710691", "1111111111 318471069", true},     // so do they here
		"INN":     {validINN, "7707083893 500100732259", "0000000000 77070838", true},
		"SNILS":   {validSNILS, "11223344595", "11223344596 1122334459", false},
		"NHS":     {validNHS, "9434765919 4505577104", "9434765918 1111111111 943476591", false},
		"NINO":    {validNINO, "AB123456C JG103759A", "DB123456C AO123456C GB123456C AB123456E AB12345C AB12345XC", true}, // it has no check digit
		"SSN":     {validSSN, "460899847", "000899847 666899847 900899847 460009847 460890000 46089984", true},
		"schemes": {cardScheme, "4111111111111111 4222222222222 5555555555554444 2223003122003222 378282246310005 30569309025904 6011111111111117 3530111333300000 6240008631401148 2200123456789019 5067310000000002 6062825624254001", "411111111111111 1234567890123456 9400100000000000 411111111111", true},
	} {
		for n := range strings.FieldsSeq(tt.numbers) {
			if !tt.valid(n) {
				t.Errorf("%s: %s is right", name, n)
			}
			for i := range n {
				if tt.blind || n[i] < '0' || n[i] > '9' {
					continue
				}
				other := n[:i] + string('0'+(n[i]-'0'+1)%10) + n[i+1:]
				if tt.valid(other) {
					t.Errorf("%s: %s is taken for right", name, other)
				}
			}
		}
		for n := range strings.FieldsSeq(tt.wrong) {
			if tt.valid(n) {
				t.Errorf("%s: %s is wrong", name, n)
			}
		}
	}
}
